/* SPDX-License-Identifier: MIT */
/*
 * Numeric addresses: reading RFC 4291 2.2 text, writing RFC 5952 text. A link-local scope is
 * written and read as "%<interface index>" (RFC 4007 11), except in tn_buf_host(), whose text
 * goes to other hosts, for which our interface index means nothing.
 */
#include <string.h>

#include <tern/err.h>
#include <tern/network.h>

#include "base/buf.h"
#include "base/str.h"

enum { WORDS = 8, NO_GAP = 99 };

/* Leading zeros are refused: some readers take them for octal. */
static bool parse_ipv4(tern_str s, uint8_t ip[4])
{
    uint8_t bytes[4];

    for (int i = 0; i < 4; i++) {
        tern_str part = tn_str_cut(s, '.', &s);
        uint64_t value;
        if (part.len > 3 || (part.len > 1 && part.ptr[0] == '0')) return false;
        if (!tn_str_u64(part, 255, &value)) return false;
        if (i == 3 && s.ptr != part.ptr + part.len) return false; /* something follows */
        bytes[i] = (uint8_t)value;
    }
    memcpy(ip, bytes, sizeof(bytes));
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool parse_word(tern_str s, uint8_t out[2])
{
    unsigned value = 0;

    if (s.len == 0 || s.len > 4) return false;
    for (size_t i = 0; i < s.len; i++) {
        int digit = hex_digit(s.ptr[i]);
        if (digit < 0) return false;
        value = value << 4 | (unsigned)digit;
    }
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return true;
}

/* Opens the "::" that stands before byte `gap`, when `count` bytes were read. */
static bool expand_gap(const uint8_t *bytes, size_t count, size_t gap, uint8_t ip[16])
{
    if (gap == NO_GAP && count != 16) return false;
    if (gap != NO_GAP && count > 14) return false;
    if (gap == NO_GAP) gap = count;
    memset(ip, 0, 16);
    memcpy(ip, bytes, gap);
    memcpy(ip + 16 - (count - gap), bytes + gap, count - gap);
    return true;
}

static bool parse_ipv6(tern_str s, uint8_t ip[16])
{
    uint8_t bytes[16];
    size_t count = 0, gap = NO_GAP;

    if (tn_str_starts(s, TERN_STR("::"))) {
        gap = 0;
        s = tn_str_from(s, 2);
    }
    while (s.len > 0) {
        tern_str rest, word = tn_str_cut(s, ':', &rest);
        bool last = word.len == s.len;
        if (last && tn_str_find(word, '.') != SIZE_MAX) {
            if (count > 12 || !parse_ipv4(word, bytes + count)) return false;
            count += 4;
            break;
        }
        if (count > 14 || !parse_word(word, bytes + count)) return false;
        count += 2;
        if (last) break;
        if (rest.len == 0) return false; /* a single colon at the end */
        if (rest.ptr[0] == ':') {
            if (gap != NO_GAP) return false;
            gap = count;
            rest = tn_str_from(rest, 1);
        }
        s = rest;
    }
    return expand_gap(bytes, count, gap, ip);
}

static bool parse_scoped_ipv6(tern_str s, tern_addr *out)
{
    size_t percent = tn_str_find(s, '%');

    out->family = TERN_FAMILY_IPV6;
    if (!parse_ipv6(tn_str_sub(s, 0, percent), out->ip)) return false;
    return percent == SIZE_MAX || tn_str_u32(tn_str_from(s, percent + 1), &out->scope);
}

static bool parse_port(tern_str s, tern_addr *out)
{
    uint64_t port;

    if (s.len < 2 || s.len > 6 || s.ptr[0] != ':') return false;
    if (!tn_str_u64(tn_str_from(s, 1), UINT16_MAX, &port)) return false;
    out->port = (uint16_t)port;
    return true;
}

int tern_addr_parse(tern_str text, tern_addr *out)
{
    tern_addr addr;
    size_t colon = tn_str_find(text, ':');
    bool ok;

    memset(&addr, 0, sizeof(addr));
    if (text.len > 0 && text.ptr[0] == '[') {
        size_t close = tn_str_find(text, ']');
        if (close == SIZE_MAX) return TERN_EPARSE;
        tern_str port = tn_str_from(text, close + 1);
        ok = parse_scoped_ipv6(tn_str_sub(text, 1, close - 1), &addr) &&
             (port.len == 0 || parse_port(port, &addr));
    } else if (colon != SIZE_MAX && tn_str_find(tn_str_from(text, colon + 1), ':') != SIZE_MAX) {
        ok = parse_scoped_ipv6(text, &addr);
    } else {
        addr.family = TERN_FAMILY_IPV4;
        ok = parse_ipv4(tn_str_sub(text, 0, colon), addr.ip) &&
             (colon == SIZE_MAX || parse_port(tn_str_from(text, colon), &addr));
    }
    if (!ok) return TERN_EPARSE;
    *out = addr;
    return 0;
}

static void print_ipv4(struct tn_buf *buf, const uint8_t *ip)
{
    for (int i = 0; i < 4; i++) {
        if (i > 0) tn_buf_char(buf, '.');
        tn_buf_u64(buf, ip[i]);
    }
}

static unsigned word_at(const uint8_t *ip, int i)
{
    return (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
}

static void print_word(struct tn_buf *buf, unsigned word)
{
    uint8_t digits[4] = {(uint8_t)(word >> 12), (word >> 8) & 15, (word >> 4) & 15, word & 15};
    int i = 0;

    while (i < 3 && digits[i] == 0)
        i++;
    for (; i < 4; i++)
        tn_buf_char(buf, "0123456789abcdef"[digits[i]]);
}

/* RFC 5952 4.2.2 and 4.2.3: the first of the longest runs of at least two zero words. */
static int find_zeros(const uint8_t *ip, int *length)
{
    int best = WORDS, best_length = 1;

    for (int i = 0; i < WORDS; i++) {
        int n = 0;
        while (i + n < WORDS && word_at(ip, i + n) == 0)
            n++;
        if (n > best_length) {
            best = i;
            best_length = n;
        }
    }
    *length = best < WORDS ? best_length : 0;
    return best;
}

static void print_ipv6(struct tn_buf *buf, const uint8_t *ip)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    int length, zeros = find_zeros(ip, &length);

    if (memcmp(ip, mapped, sizeof(mapped)) == 0) { /* RFC 5952 5 */
        tn_buf_z(buf, "::ffff:");
        print_ipv4(buf, ip + 12);
        return;
    }
    for (int i = 0; i < WORDS; i++) {
        if (i == zeros) {
            tn_buf_z(buf, "::");
            i += length - 1;
            continue;
        }
        if (i > 0 && i != zeros + length) tn_buf_char(buf, ':');
        print_word(buf, word_at(ip, i));
    }
}

void tn_buf_host(struct tn_buf *buf, tern_addr addr)
{
    if (addr.family == TERN_FAMILY_IPV4) print_ipv4(buf, addr.ip);
    if (addr.family != TERN_FAMILY_IPV6) return;
    tn_buf_char(buf, '[');
    print_ipv6(buf, addr.ip);
    tn_buf_char(buf, ']');
}

const char *tern_addr_print(tern_addr addr, char *text)
{
    struct tn_buf buf;
    bool brackets = addr.family == TERN_FAMILY_IPV6 && addr.port;

    tn_buf_fixed(&buf, text, TERN_ADDR_TEXT_MAX - 1);
    if (brackets) tn_buf_char(&buf, '[');
    if (addr.family == TERN_FAMILY_IPV4) print_ipv4(&buf, addr.ip);
    if (addr.family == TERN_FAMILY_IPV6) {
        print_ipv6(&buf, addr.ip);
        if (addr.scope) tn_buf_char(&buf, '%');
        if (addr.scope) tn_buf_u64(&buf, addr.scope);
    }
    if (brackets) tn_buf_char(&buf, ']');
    if (addr.family != TERN_FAMILY_NONE && addr.port) {
        tn_buf_char(&buf, ':');
        tn_buf_u64(&buf, addr.port);
    }
    text[buf.len] = '\0';
    return text;
}

bool tern_addr_same_host(tern_addr a, tern_addr b)
{
    return a.family == b.family && a.scope == b.scope && memcmp(a.ip, b.ip, sizeof(a.ip)) == 0;
}

bool tern_addr_equal(tern_addr a, tern_addr b)
{
    return a.port == b.port && tern_addr_same_host(a, b);
}
