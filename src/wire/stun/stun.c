/* SPDX-License-Identifier: MIT */
/* Reading a message: RFC 8489 5, 6.3, 14. */
#include "wire/stun/stun.h"

#include <string.h>

#include <tern/err.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "wire/stun/impl.h"

enum { FIRST_BYTE_MAX = 3 }; /* RFC 7983 7 */

static const uint8_t *bytes_of(tern_str s)
{
    return (const uint8_t *)s.ptr;
}

bool tn_stun_is_message(tern_str datagram)
{
    const uint8_t *p = bytes_of(datagram);

    return datagram.len >= TN_STUN_HEADER && p[0] <= FIRST_BYTE_MAX &&
           tn_get32(p + TN_STUN_COOKIE_AT) == TN_STUN_COOKIE;
}

/* ---- attributes ---- */

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

static bool fits(tern_str rest)
{
    return rest.len >= TN_STUN_ATTRIBUTE &&
           padded(tn_get16(bytes_of(rest) + 2)) <= rest.len - TN_STUN_ATTRIBUTE;
}

bool tn_stun_next(tern_str *rest, enum tn_stun_type *type, tern_str *value)
{
    if (!fits(*rest)) return false;
    const uint8_t *p = bytes_of(*rest);
    size_t len = tn_get16(p + 2), whole = TN_STUN_ATTRIBUTE + padded(len);
    *type = (enum tn_stun_type)tn_get16(p);
    *value = (tern_str){rest->ptr + TN_STUN_ATTRIBUTE, len};
    rest->ptr += whole;
    rest->len -= whole;
    return true;
}

bool tn_stun_find(const struct tn_stun *msg, enum tn_stun_type type, tern_str *value)
{
    tern_str rest = msg->attributes, candidate;
    enum tn_stun_type found;

    while (tn_stun_next(&rest, &found, &candidate)) {
        if (found != type) continue;
        *value = candidate;
        return true;
    }
    return false;
}

/* ---- the message ---- */

/* The class is in bits 4 and 8 of the type, the method around them. */
static void parse_type(unsigned type, struct tn_stun *out)
{
    out->kind = (enum tn_stun_class)((type >> 4 & 1) | (type >> 7 & 2));
    out->method = (uint16_t)((type & 0xf) | (type >> 1 & 0x70) | (type >> 2 & 0x80));
}

static int check_fingerprint(tern_str text, size_t at, tern_str value)
{
    bool last = at + TN_STUN_ATTRIBUTE + 4 == text.len;

    if (!last || value.len != 4) return TERN_EPARSE;
    tern_str rest = {text.ptr + TN_STUN_HEADER, at - TN_STUN_HEADER};
    uint32_t crc = tn_stun_crc(bytes_of(text), text.len - TN_STUN_HEADER, rest);
    return tn_get32(bytes_of(value)) == (crc ^ TN_STUN_FINGER_MASK) ? 0 : TERN_EPARSE;
}

static bool is_sha256_length(size_t len)
{
    return len >= TN_STUN_SHA256_MIN && len <= TN_STUN_SHA256 && len % 4 == 0;
}

/* The attributes that close a message. What else stands behind the first of them does not count. */
static int close_with(struct tn_stun *msg, enum tn_stun_type type, size_t at, tern_str value)
{
    switch ((unsigned)type) {
    case TN_STUN_MESSAGE_INTEGRITY:
        if (msg->integrity || msg->integrity_sha256) return 0;
        if (value.len != TN_STUN_SHA1) return TERN_EPARSE;
        msg->integrity = at;
        return 0;
    case TN_STUN_MESSAGE_INTEGRITY_SHA256:
        if (msg->integrity_sha256) return 0;
        if (!is_sha256_length(value.len)) return TERN_EPARSE;
        msg->integrity_sha256 = at;
        return 0;
    case TN_STUN_FINGERPRINT:
        msg->fingerprint = true;
        return check_fingerprint(msg->text, at, value);
    default: return 0;
    }
}

static bool is_closed(const struct tn_stun *msg)
{
    return msg->integrity || msg->integrity_sha256 || msg->fingerprint;
}

static int parse_attributes(struct tn_stun *msg)
{
    tern_str rest = {msg->text.ptr + TN_STUN_HEADER, msg->text.len - TN_STUN_HEADER}, value;
    size_t at = TN_STUN_HEADER, end = at;
    enum tn_stun_type type;

    while (tn_stun_next(&rest, &type, &value)) {
        int err = close_with(msg, type, at, value);
        if (err) return err;
        at = msg->text.len - rest.len;
        if (!is_closed(msg)) end = at;
    }
    if (rest.len > 0) return TERN_EPARSE;
    msg->attributes = (tern_str){msg->text.ptr + TN_STUN_HEADER, end - TN_STUN_HEADER};
    return 0;
}

int tn_stun_parse(tern_str datagram, struct tn_stun *out)
{
    const uint8_t *p = bytes_of(datagram);
    struct tn_stun msg = {.text = datagram};

    if (!tn_stun_is_message(datagram)) return TERN_EPARSE;
    size_t body = tn_get16(p + TN_STUN_LENGTH_AT);
    if (body != datagram.len - TN_STUN_HEADER || body % 4 != 0) return TERN_EPARSE;
    parse_type(tn_get16(p), &msg);
    memcpy(msg.id, p + TN_STUN_ID_AT, TN_STUN_ID);
    int err = parse_attributes(&msg);
    if (err) return err;
    *out = msg;
    return 0;
}

/* ---- what attributes hold ---- */

static bool parse_address(tern_str value, tern_addr *out)
{
    const uint8_t *p = bytes_of(value);
    tern_addr addr = {0};

    if (value.len < 4) return false;
    size_t len = value.len - 4;
    if (p[1] == TN_STUN_IPV4 && len == 4) addr.family = TERN_FAMILY_IPV4;
    if (p[1] == TN_STUN_IPV6 && len == 16) addr.family = TERN_FAMILY_IPV6;
    if (addr.family == TERN_FAMILY_NONE) return false;
    addr.port = tn_get16(p + 2);
    memcpy(addr.ip, p + 4, len);
    *out = addr;
    return true;
}

int tn_stun_address(const struct tn_stun *msg, enum tn_stun_type type, tern_addr *out)
{
    tern_addr addr;
    tern_str value;

    if (!tn_stun_find(msg, type, &value)) return TERN_ENOTFOUND;
    if (!parse_address(value, &addr)) return TERN_EPARSE;
    if (type == TN_STUN_XOR_MAPPED_ADDRESS) tn_stun_mix(&addr, msg->id);
    *out = addr;
    return 0;
}

int tn_stun_u32(const struct tn_stun *msg, enum tn_stun_type type, uint32_t *out)
{
    tern_str value;

    if (!tn_stun_find(msg, type, &value)) return TERN_ENOTFOUND;
    if (value.len != 4) return TERN_EPARSE;
    *out = tn_get32(bytes_of(value));
    return 0;
}

int tn_stun_u64(const struct tn_stun *msg, enum tn_stun_type type, uint64_t *out)
{
    tern_str value;

    if (!tn_stun_find(msg, type, &value)) return TERN_ENOTFOUND;
    if (value.len != 8) return TERN_EPARSE;
    *out = (uint64_t)tn_get32(bytes_of(value)) << 32 | tn_get32(bytes_of(value) + 4);
    return 0;
}

int tn_stun_error(const struct tn_stun *msg, unsigned *code, tern_str *reason)
{
    tern_str value;

    if (!tn_stun_find(msg, TN_STUN_ERROR_CODE, &value)) return TERN_ENOTFOUND;
    if (value.len < 4) return TERN_EPARSE;
    unsigned hundreds = bytes_of(value)[2] & 7, number = bytes_of(value)[3];
    if (hundreds < 3 || hundreds > 6 || number > 99) return TERN_EPARSE;
    *code = hundreds * 100 + number;
    *reason = (tern_str){value.ptr + 4, value.len - 4};
    return 0;
}

static bool is_known(enum tn_stun_type type)
{
    switch ((unsigned)type) {
    case TN_STUN_MAPPED_ADDRESS:
    case TN_STUN_USERNAME:
    case TN_STUN_MESSAGE_INTEGRITY:
    case TN_STUN_ERROR_CODE:
    case TN_STUN_UNKNOWN_ATTRIBUTES:
    case TN_STUN_REALM:
    case TN_STUN_NONCE:
    case TN_STUN_MESSAGE_INTEGRITY_SHA256:
    case TN_STUN_PASSWORD_ALGORITHM:
    case TN_STUN_USERHASH:
    case TN_STUN_XOR_MAPPED_ADDRESS:
    case TN_STUN_PRIORITY:
    case TN_STUN_USE_CANDIDATE: return true;
    default: return type >= TN_STUN_OPTIONAL;
    }
}

size_t tn_stun_unknown(const struct tn_stun *msg, uint16_t *types, size_t max)
{
    tern_str rest = msg->attributes, value;
    enum tn_stun_type type;
    size_t count = 0;

    while (count < max && tn_stun_next(&rest, &type, &value))
        if (!is_known(type)) types[count++] = (uint16_t)type;
    return count;
}

/* ---- integrity ---- */

bool tn_stun_covered(const struct tn_stun *msg, enum tn_stun_type type, struct tn_stun_covered *out)
{
    TN_ASSERT(type == TN_STUN_MESSAGE_INTEGRITY || type == TN_STUN_MESSAGE_INTEGRITY_SHA256);
    size_t at = type == TN_STUN_MESSAGE_INTEGRITY ? msg->integrity : msg->integrity_sha256;
    if (at == 0) return false;
    const char *attribute = msg->text.ptr + at;
    size_t len = tn_get16((const uint8_t *)attribute + 2);
    memcpy(out->header, msg->text.ptr, TN_STUN_HEADER);
    tn_put16(out->header + TN_STUN_LENGTH_AT,
             (uint16_t)(at - TN_STUN_HEADER + TN_STUN_ATTRIBUTE + len));
    out->rest = (tern_str){msg->text.ptr + TN_STUN_HEADER, at - TN_STUN_HEADER};
    out->mac = (tern_str){attribute + TN_STUN_ATTRIBUTE, len};
    return true;
}
