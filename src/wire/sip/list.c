/* SPDX-License-Identifier: MIT */
/*
 * Comma lists: RFC 3261 7.3.1. A comma inside quotes, angle brackets or a comment divides nothing.
 * A comment starts after a blank only: a URI without brackets may have '(' in its user part.
 */
#include "wire/sip/list.h"

#include <string.h>

#include "wire/sip/chars.h"

/* Index behind the quoted-string that starts at `at`; the end where it has no partner. */
static size_t after_quotes(tern_str s, size_t at)
{
    for (size_t i = at + 1; i < s.len; i++) {
        if (s.ptr[i] == '\\') {
            i++;
        } else if (s.ptr[i] == '"') {
            return i + 1;
        }
    }
    return s.len;
}

static size_t after_brackets(tern_str s, size_t at)
{
    const char *close = memchr(s.ptr + at, '>', s.len - at);

    return close != NULL ? (size_t)(close - s.ptr) + 1 : s.len;
}

/* Comments nest (RFC 3261 25.1). */
static size_t after_comment(tern_str s, size_t at)
{
    size_t depth = 0;

    for (size_t i = at; i < s.len; i++) {
        if (s.ptr[i] == '\\') {
            i++;
        } else if (s.ptr[i] == '(') {
            depth++;
        } else if (s.ptr[i] == ')' && --depth == 0) {
            return i + 1;
        }
    }
    return s.len;
}

static size_t element_len(tern_str s)
{
    size_t i = 0;

    if (memchr(s.ptr, ',', s.len) == NULL) return s.len; /* most lists have one element */
    while (i < s.len && s.ptr[i] != ',') {
        if (s.ptr[i] == '"') {
            i = after_quotes(s, i);
        } else if (s.ptr[i] == '<') {
            i = after_brackets(s, i);
        } else if (s.ptr[i] == '(' && (i == 0 || tn_is_blank(s.ptr[i - 1]))) {
            i = after_comment(s, i);
        } else {
            i++;
        }
    }
    return i;
}

bool tn_list_take(tern_str *rest, tern_str *element)
{
    while (rest->len > 0) {
        size_t len = element_len(*rest);
        tern_str found = tn_trim_blank((tern_str){rest->ptr, len});
        tn_skip(rest, len < rest->len ? len + 1 : len);
        if (found.len == 0) continue;
        *element = found;
        return true;
    }
    return false;
}
