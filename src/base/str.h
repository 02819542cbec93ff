/* SPDX-License-Identifier: MIT */
/* Borrowed text: compare, cut, convert. Case folding is ASCII only, as SIP asks (RFC 3261 7.3.1). */
#ifndef TN_BASE_STR_H
#define TN_BASE_STR_H

#include <tern/types.h>

tern_str tn_str(const char *z); /* NUL-terminated; NULL gives the empty text */
bool tn_str_eq(tern_str a, tern_str b);
bool tn_str_ieq(tern_str a, tern_str b);
int tn_str_cmp(tern_str a, tern_str b); /* bytewise order, for sorting and tie-breaks */
bool tn_str_starts(tern_str s, tern_str prefix);
tern_str tn_str_trim(tern_str s); /* space, tab, CR, LF at both ends */
tern_str tn_str_from(tern_str s, size_t start);
tern_str tn_str_sub(tern_str s, size_t start, size_t len);

/** One line of text: well-formed UTF-8 (RFC 3629 4) without control characters. May be empty. */
bool tn_str_is_line(tern_str s);

/** Index of the first `c`, or SIZE_MAX. */
size_t tn_str_find(tern_str s, char c);

/** Cuts at the first `sep`: left is before, `*rest` after. Without `sep`, all and empty. */
tern_str tn_str_cut(tern_str s, char sep, tern_str *rest);

/** All of `s` must be decimal digits (at least one) and the value at most `max`. */
bool tn_str_u64(tern_str s, uint64_t max, uint64_t *out);
bool tn_str_u32(tern_str s, uint32_t *out);

uint64_t tn_siphash(const uint8_t key[16], const void *data, size_t len); /* SipHash-2-4 */

#endif
