/* SPDX-License-Identifier: MIT */
/* Writing a message (RFC 8489 6.1, 14), and what both ways compute: the CRC and the mixed address. */
#include <string.h>

#include <tern/err.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "wire/stun/impl.h"

/* ---- shared ---- */

/* Half a byte at a time: sixteen words of table, a quarter of the work of single bits. */
static uint32_t crc_step(uint32_t crc, const uint8_t *p, size_t len)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };

    for (size_t i = 0; i < len; i++) {
        crc = crc >> 4 ^ table[(crc ^ p[i]) & 15];
        crc = crc >> 4 ^ table[(crc ^ p[i] >> 4) & 15];
    }
    return crc;
}

uint32_t tn_stun_crc(const uint8_t header[TN_STUN_HEADER], size_t body, tern_str rest)
{
    uint8_t first[TN_STUN_HEADER];

    memcpy(first, header, sizeof(first));
    tn_put16(first + TN_STUN_LENGTH_AT, (uint16_t)body);
    uint32_t crc = crc_step(UINT32_MAX, first, sizeof(first));
    return ~crc_step(crc, (const uint8_t *)rest.ptr, rest.len);
}

void tn_stun_mix(tern_addr *addr, const uint8_t id[TN_STUN_ID])
{
    uint8_t mask[16];
    size_t len = addr->family == TERN_FAMILY_IPV4 ? 4 : sizeof(mask);

    tn_put32(mask, TN_STUN_COOKIE);
    memcpy(mask + 4, id, TN_STUN_ID);
    addr->port = (uint16_t)(addr->port ^ TN_STUN_COOKIE >> 16);
    for (size_t i = 0; i < len; i++)
        addr->ip[i] = (uint8_t)(addr->ip[i] ^ mask[i]);
}

/* ---- writing ---- */

static void set_body(struct tn_buf *buf, size_t body)
{
    if (buf->err) return;
    TN_ASSERT(buf->len >= TN_STUN_HEADER);
    if (body > TN_STUN_BODY_MAX) {
        buf->err = TERN_ENOBUF;
        return;
    }
    tn_put16((uint8_t *)buf->ptr + TN_STUN_LENGTH_AT, (uint16_t)body);
}

static size_t body_of(const struct tn_buf *buf)
{
    return buf->len - TN_STUN_HEADER;
}

void tn_stun_print_header(struct tn_buf *buf, const struct tn_stun *msg)
{
    uint8_t header[TN_STUN_HEADER] = {0};
    unsigned kind = msg->kind, method = msg->method;

    TN_ASSERT(buf->len == 0);
    TN_ASSERT(method <= TN_STUN_METHOD_MAX);
    tn_put16(header, (uint16_t)((method & 0xf) | (method & 0x70) << 1 | (method & 0x80) << 2 |
                                (kind & 1) << 4 | (kind & 2) << 7));
    tn_put32(header + TN_STUN_COOKIE_AT, TN_STUN_COOKIE);
    memcpy(header + TN_STUN_ID_AT, msg->id, TN_STUN_ID);
    tn_buf_bytes(buf, header, sizeof(header));
}

void tn_stun_print_binding(struct tn_buf *buf, const uint8_t id[TN_STUN_ID])
{
    struct tn_stun req = {.kind = TN_STUN_REQUEST, .method = TN_STUN_BINDING};

    memcpy(req.id, id, sizeof(req.id));
    tn_stun_print_header(buf, &req);
}

void tn_stun_print(struct tn_buf *buf, enum tn_stun_type type, tern_str value)
{
    static const uint8_t zeros[3];
    uint8_t head[TN_STUN_ATTRIBUTE];

    if (value.len > TN_STUN_BODY_MAX) {
        if (!buf->err) buf->err = TERN_ENOBUF;
        return;
    }
    tn_put16(head, (uint16_t)type);
    tn_put16(head + 2, (uint16_t)value.len);
    tn_buf_bytes(buf, head, sizeof(head));
    tn_buf_str(buf, value);
    tn_buf_bytes(buf, zeros, (4 - value.len % 4) % 4);
    set_body(buf, body_of(buf));
}

void tn_stun_print_address(struct tn_buf *buf, enum tn_stun_type type, tern_addr addr)
{
    uint8_t value[20] = {0};
    bool ipv4 = addr.family == TERN_FAMILY_IPV4;
    size_t len = ipv4 ? 4 : 16;

    TN_ASSERT(addr.family != TERN_FAMILY_NONE);
    if (buf->err) return;
    if (type == TN_STUN_XOR_MAPPED_ADDRESS)
        tn_stun_mix(&addr, (const uint8_t *)buf->ptr + TN_STUN_ID_AT);
    value[1] = ipv4 ? TN_STUN_IPV4 : TN_STUN_IPV6;
    tn_put16(value + 2, addr.port);
    memcpy(value + 4, addr.ip, len);
    tn_stun_print(buf, type, (tern_str){(const char *)value, 4 + len});
}

void tn_stun_print_u32(struct tn_buf *buf, enum tn_stun_type type, uint32_t value)
{
    uint8_t bytes[4];

    tn_put32(bytes, value);
    tn_stun_print(buf, type, (tern_str){(const char *)bytes, sizeof(bytes)});
}

void tn_stun_print_u64(struct tn_buf *buf, enum tn_stun_type type, uint64_t value)
{
    uint8_t bytes[8];

    tn_put32(bytes, (uint32_t)(value >> 32));
    tn_put32(bytes + 4, (uint32_t)value);
    tn_stun_print(buf, type, (tern_str){(const char *)bytes, sizeof(bytes)});
}

void tn_stun_print_error(struct tn_buf *buf, unsigned code, tern_str reason)
{
    uint8_t value[4 + TN_STUN_REASON_MAX] = {0};

    TN_ASSERT(code >= 300 && code <= 699);
    if (reason.len > TN_STUN_REASON_MAX) reason.len = TN_STUN_REASON_MAX;
    value[2] = (uint8_t)(code / 100);
    value[3] = (uint8_t)(code % 100);
    if (reason.len > 0) memcpy(value + 4, reason.ptr, reason.len);
    tn_stun_print(buf, TN_STUN_ERROR_CODE, (tern_str){(const char *)value, 4 + reason.len});
}

void tn_stun_print_unknown(struct tn_buf *buf, const uint16_t *types, size_t count)
{
    uint8_t value[2 * TN_STUN_UNKNOWN_MAX];

    TN_ASSERT(count <= TN_STUN_UNKNOWN_MAX);
    for (size_t i = 0; i < count; i++)
        tn_put16(value + 2 * i, types[i]);
    tn_stun_print(buf, TN_STUN_UNKNOWN_ATTRIBUTES, (tern_str){(const char *)value, 2 * count});
}

tern_str tn_stun_print_covered(struct tn_buf *buf, size_t mac_len)
{
    static const tern_str none = {NULL, 0};

    set_body(buf, body_of(buf) + TN_STUN_ATTRIBUTE + mac_len);
    return buf->err ? none : tn_buf_view(buf);
}

void tn_stun_print_fingerprint(struct tn_buf *buf)
{
    if (buf->err) return;
    TN_ASSERT(buf->len >= TN_STUN_HEADER);
    tern_str rest = {buf->ptr + TN_STUN_HEADER, body_of(buf)};
    uint32_t crc =
        tn_stun_crc((const uint8_t *)buf->ptr, body_of(buf) + TN_STUN_ATTRIBUTE + 4, rest);
    tn_stun_print_u32(buf, TN_STUN_FINGERPRINT, crc ^ TN_STUN_FINGER_MASK);
}
