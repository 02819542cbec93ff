/* SPDX-License-Identifier: MIT */
#include "base/str.h"

#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

tern_str tn_str(const char *z)
{
    tern_str s = {z, z ? strlen(z) : 0};
    return s;
}

bool tn_str_eq(tern_str a, tern_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool tn_str_ieq(tern_str a, tern_str b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i])) return false;
    }
    return true;
}

int tn_str_cmp(tern_str a, tern_str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.ptr, b.ptr, common) : 0;
    if (order) return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool tn_str_starts(tern_str s, tern_str prefix)
{
    return s.len >= prefix.len && tn_str_eq(tn_str_sub(s, 0, prefix.len), prefix);
}

tern_str tn_str_trim(tern_str s)
{
    while (s.len > 0 && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

tern_str tn_str_from(tern_str s, size_t start)
{
    return tn_str_sub(s, start, SIZE_MAX);
}

tern_str tn_str_sub(tern_str s, size_t start, size_t len)
{
    if (start > s.len) start = s.len;
    if (len > s.len - start) len = s.len - start;
    tern_str part = {start ? s.ptr + start : s.ptr, len};
    return part;
}

size_t tn_str_find(tern_str s, char c)
{
    const char *found = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return found ? (size_t)(found - s.ptr) : SIZE_MAX;
}

tern_str tn_str_cut(tern_str s, char sep, tern_str *rest)
{
    size_t at = tn_str_find(s, sep);
    *rest = tn_str_from(s, at == SIZE_MAX ? s.len : at + 1);
    return tn_str_sub(s, 0, at);
}

bool tn_str_u64(tern_str s, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;

    if (s.len == 0) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (digit > max || value > (max - digit) / 10) return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool tn_str_u32(tern_str s, uint32_t *out)
{
    uint64_t value;
    if (!tn_str_u64(s, UINT32_MAX, &value)) return false;
    *out = (uint32_t)value;
    return true;
}

/* Bytes of the character at the front of `s`, 0 where it is none: RFC 3629 4. */
static size_t utf8_length(tern_str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    unsigned low = 0x80, high = 0xbf;
    size_t len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

    if (p[0] < 0x80) return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4 || s.len < len) return 0;
    if (p[0] == 0xe0) low = 0xa0;  /* no longer form of a shorter one */
    if (p[0] == 0xed) high = 0x9f; /* no half of a pair of UTF-16 */
    if (p[0] == 0xf0) low = 0x90;
    if (p[0] == 0xf4) high = 0x8f;
    if (p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < len; i++)
        if (p[i] < 0x80 || p[i] > 0xbf) return 0;
    return len;
}

bool tn_str_is_line(tern_str s)
{
    while (s.len > 0) {
        unsigned char c = (unsigned char)s.ptr[0];
        size_t len = utf8_length(s);
        bool is_c1 = len == 2 && c == 0xc2 && (unsigned char)s.ptr[1] < 0xa0;
        if (len == 0 || c < 0x20 || c == 0x7f || is_c1) return false;
        s = tn_str_from(s, len);
    }
    return true;
}
