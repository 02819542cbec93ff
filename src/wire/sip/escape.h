/* SPDX-License-Identifier: MIT */
/* "%HH" escapes and name=value pairs inside URIs: RFC 3261 19.1.2 and 19.1.4. */
#ifndef TN_WIRE_SIP_ESCAPE_H
#define TN_WIRE_SIP_ESCAPE_H

#include <tern/types.h>

#include "wire/sip/chars.h"

/** The byte that "%HH" at `at` stands for, or -1 if none stands there. */
static inline int tn_escape_at(tern_str s, size_t at)
{
    if (s.ptr[at] != '%' || s.len - at < 3) return -1;
    int high = tn_hex_value(s.ptr[at + 1]), low = tn_hex_value(s.ptr[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

enum tn_case { TN_CASE_MATTERS, TN_CASE_IGNORED };

/** Equal once escapes are decoded, except those of reserved characters (RFC 3261 19.1.4). */
bool tn_escaped_equal(tern_str a, tern_str b, enum tn_case rule);

/** Walks name[=value] parts; start with `*rest` the list. @return false at the end */
bool tn_pair_next(tern_str *rest, char separator, tern_str *name, tern_str *value);

#endif
