/* SPDX-License-Identifier: MIT */
#include "wire/sdp/crypto.h"

#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

/* ---- base64 ---- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void tn_base64_print(struct tn_buf *buf, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i += 3) {
        size_t rest = len - i;
        uint32_t group = (uint32_t)bytes[i] << 16;
        if (rest > 1) group |= (uint32_t)bytes[i + 1] << 8;
        if (rest > 2) group |= bytes[i + 2];
        tn_buf_char(buf, digits[group >> 18 & 63]);
        tn_buf_char(buf, digits[group >> 12 & 63]);
        tn_buf_char(buf, rest > 1 ? digits[group >> 6 & 63] : '=');
        tn_buf_char(buf, rest > 2 ? digits[group & 63] : '=');
    }
}

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    return c == '/' ? 63 : -1;
}

/* Digits without their padding; TERN_EPARSE where there is too much of it. */
static int cut_padding(tern_str *text)
{
    size_t len = text->len, padding = 0;

    while (len > 0 && text->ptr[len - 1] == '=') {
        len--;
        padding++;
    }
    if (padding > 0 && (padding > 2 || text->len % 4 != 0)) return TERN_EPARSE;
    text->len = len;
    return len % 4 == 1 ? TERN_EPARSE : 0;
}

int tn_base64_parse(tern_str text, uint8_t *out, size_t cap, size_t *len)
{
    uint32_t bits = 0;
    unsigned held = 0; /* bits that wait for a byte to be full */
    size_t n = 0;

    if (cut_padding(&text) != 0) return TERN_EPARSE;
    if (text.len / 4 * 3 + (text.len % 4 * 3) / 4 > cap) return TERN_ENOBUF;
    for (size_t i = 0; i < text.len; i++) {
        int digit = digit_of(text.ptr[i]);
        if (digit < 0) return TERN_EPARSE;
        bits = (bits << 6 | (uint32_t)digit) & 0xfff;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        out[n++] = (uint8_t)(bits >> held);
    }
    if (bits & ((1u << held) - 1)) return TERN_EPARSE;
    *len = n;
    return 0;
}

/* ---- one line ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* The next word, and what stands behind it. */
static tern_str next_word(tern_str *rest)
{
    size_t start = 0, end;

    while (start < rest->len && is_space(rest->ptr[start]))
        start++;
    for (end = start; end < rest->len && !is_space(rest->ptr[end]);)
        end++;
    tern_str word = tn_str_sub(*rest, start, end - start);
    *rest = tn_str_from(*rest, end);
    return word;
}

static void obstruct(struct tn_sdes *sdes, tern_str by)
{
    if (!sdes->usable) return;
    sdes->usable = false;
    sdes->obstacle = by;
}

/* "2^n" or a number of packets. */
static int read_lifetime(tern_str text, uint64_t *out)
{
    uint64_t n;

    if (tn_str_starts(text, TERN_STR("2^"))) {
        if (!tn_str_u64(tn_str_from(text, 2), TN_SDES_LIFE_MAX, &n)) return TERN_EPARSE;
        *out = (uint64_t)1 << n;
        return 0;
    }
    if (!tn_str_u64(text, (uint64_t)1 << TN_SDES_LIFE_MAX, &n) || n == 0) return TERN_EPARSE;
    *out = n;
    return 0;
}

/* "value:length"; RFC 4568 6.1: the length is of 1 to 128 bytes. */
static bool is_mki(tern_str text)
{
    tern_str length, value = tn_str_cut(text, ':', &length);
    uint64_t n;

    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9') return false;
    }
    return value.len > 0 && tn_str_u64(length, 128, &n) && n > 0;
}

/* key||salt ["|" lifetime] ["|" MKI ":" length] */
static int read_key(tern_str text, struct tn_sdes *sdes)
{
    tern_str rest, more, key = tn_str_cut(text, '|', &rest);

    int err = tn_base64_parse(key, sdes->key, sizeof(sdes->key), &sdes->key_len);
    if (err || sdes->key_len == 0) return TERN_EPARSE;
    if (key.len == text.len) return 0;
    tern_str first = tn_str_cut(rest, '|', &more);
    if (tn_str_find(first, ':') == SIZE_MAX) {
        if (read_lifetime(first, &sdes->lifetime) != 0) return TERN_EPARSE;
        if (first.len == rest.len) return 0;
        rest = more;
    }
    if (!is_mki(rest)) return TERN_EPARSE;
    sdes->mki = rest;
    obstruct(sdes, rest); /* packets would have to carry it */
    return 0;
}

/* RFC 4568 6.1: several keys take turns, told apart by their MKI. */
static int read_keys(tern_str text, struct tn_sdes *sdes)
{
    tern_str others, first = tn_str_cut(text, ';', &others);
    tern_str info, method = tn_str_cut(first, ':', &info);

    if (!tn_str_ieq(method, TERN_STR("inline")) || info.len == 0) return TERN_EPARSE;
    if (read_key(info, sdes) != 0) return TERN_EPARSE;
    if (first.len == text.len) return 0;
    if (others.len == 0) return TERN_EPARSE;
    obstruct(sdes, others);
    return 0;
}

/* RFC 4568 6.3: the window is a hint, KDR=0 is the default, "-" marks what may be passed over. */
static bool is_harmless(tern_str param)
{
    return tn_str_starts(param, TERN_STR("WSH=")) || tn_str_eq(param, TERN_STR("KDR=0")) ||
           tn_str_starts(param, TERN_STR("-"));
}

static void read_params(tern_str text, struct tn_sdes *sdes)
{
    sdes->params = text = tn_str_trim(text);
    while (text.len > 0) {
        tern_str param = next_word(&text);
        if (!is_harmless(param)) obstruct(sdes, param);
    }
}

static int parse(tern_str value, struct tn_sdes *sdes)
{
    uint64_t tag;

    if (!tn_str_u64(next_word(&value), TN_SDES_TAG_MAX, &tag)) return TERN_EPARSE;
    sdes->tag = (uint32_t)tag;
    sdes->usable = true;
    sdes->suite = next_word(&value);
    if (sdes->suite.len == 0) return TERN_EPARSE;
    if (read_keys(next_word(&value), sdes) != 0) return TERN_EPARSE;
    read_params(value, sdes);
    return 0;
}

int tn_sdes_parse(tern_str value, struct tn_sdes *out)
{
    struct tn_sdes sdes;

    memset(&sdes, 0, sizeof(sdes));
    int err = parse(value, &sdes);
    if (!err) *out = sdes;
    tn_sdes_wipe(&sdes);
    return err;
}

static void print_lifetime(struct tn_buf *buf, uint64_t lifetime)
{
    unsigned power = 0;

    while (power < TN_SDES_LIFE_MAX && lifetime >> power > 1)
        power++;
    tn_buf_char(buf, '|');
    if (lifetime == (uint64_t)1 << power) {
        tn_buf_z(buf, "2^");
        tn_buf_u64(buf, power);
    } else {
        tn_buf_u64(buf, lifetime);
    }
}

void tn_sdes_print(const struct tn_sdes *sdes, struct tn_buf *buf)
{
    tn_buf_u64(buf, sdes->tag);
    tn_buf_char(buf, ' ');
    tn_buf_str(buf, sdes->suite);
    tn_buf_z(buf, " inline:");
    tn_base64_print(buf, sdes->key, sdes->key_len);
    if (sdes->lifetime) print_lifetime(buf, sdes->lifetime);
    if (sdes->mki.len > 0) {
        tn_buf_char(buf, '|');
        tn_buf_str(buf, sdes->mki);
    }
    if (sdes->params.len > 0) {
        tn_buf_char(buf, ' ');
        tn_buf_str(buf, sdes->params);
    }
}

void tn_sdes_wipe(struct tn_sdes *sdes)
{
    tn_wipe(sdes, sizeof(*sdes));
}

/* ---- all of a stream ---- */

static bool has_tag(const struct tn_sdes *lines, size_t count, uint32_t tag)
{
    for (size_t i = 0; i < count; i++) {
        if (lines[i].tag == tag) return true;
    }
    return false;
}

size_t tn_sdes_read(const struct tn_sdp_media *media, struct tn_sdes *out, size_t cap)
{
    size_t count = 0;

    for (const struct tn_sdp_attr *a = media->attrs; a != NULL && count < cap; a = a->next) {
        if (!tn_str_eq(a->name, TERN_STR("crypto"))) continue;
        if (tn_sdes_parse(a->value, &out[count]) != 0) continue;
        if (!has_tag(out, count, out[count].tag)) count++;
    }
    return count;
}
