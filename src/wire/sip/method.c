/* SPDX-License-Identifier: MIT */
/* Methods: RFC 3261 7.1 and the extensions that Tern knows by name. Case matters. */
#include <string.h>

#include "base/assert.h"
#include "wire/sip/msg.h"

#define TEXT(id, name) [TN_METHOD_##id] = {name, sizeof(name) - 1},
static const tern_str names[] = {TN_METHOD_MAP(TEXT)};
#undef TEXT

#define METHODS (sizeof(names) / sizeof(names[0]))

enum tn_method tn_method_parse(tern_str name)
{
    for (size_t i = 1; i < METHODS; i++) {
        if (names[i].len == name.len && memcmp(names[i].ptr, name.ptr, name.len) == 0) {
            return (enum tn_method)i;
        }
    }
    return TN_METHOD_OTHER;
}

tern_str tn_method_name(enum tn_method method)
{
    TN_ASSERT(method > TN_METHOD_OTHER);
    TN_ASSERT(method < METHODS);
    return names[method];
}
