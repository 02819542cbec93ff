/* SPDX-License-Identifier: MIT */
#include "base/pack.h"

#include <string.h>

#include "base/bytes.h"

enum { HEADER = 6, NUMBER_MAX = 8, ADDR_BYTES = 24 };

static void fail(struct tn_pack *p, int err)
{
    if (!p->err) p->err = err;
}

void tn_pack_write(struct tn_pack *p, struct tn_buf *out, tern_time origin)
{
    *p = (struct tn_pack){.out = out, .origin = origin};
}

void tn_pack_read(struct tn_pack *p, tern_str in, const struct tern_allocator *alloc,
                  tern_time origin)
{
    *p = (struct tn_pack){.in = in, .alloc = alloc, .origin = origin};
}

/* ---- members ---- */

static void put_header(struct tn_buf *out, uint16_t tag, uint32_t len)
{
    uint8_t header[HEADER];
    tn_put16(header, tag);
    tn_put32(header + 2, len);
    tn_buf_bytes(out, header, sizeof(header));
}

static void put(struct tn_pack *p, uint16_t tag, const void *value, size_t len)
{
    if (len > UINT32_MAX) {
        fail(p, TERN_ENOBUF);
        return;
    }
    put_header(p->out, tag, (uint32_t)len);
    tn_buf_bytes(p->out, value, len);
}

/* The next member with this tag, from `*cursor` on. @return false: none, or `in` is malformed */
static bool find(struct tn_pack *p, uint16_t tag, size_t *cursor, tern_str *value)
{
    const uint8_t *bytes = (const uint8_t *)p->in.ptr;
    while (!p->err && *cursor < p->in.len) {
        size_t left = p->in.len - *cursor;
        uint32_t len = left >= HEADER ? tn_get32(bytes + *cursor + 2) : 0;
        if (left < HEADER || len > left - HEADER) {
            fail(p, TERN_EPARSE);
            return false;
        }
        bool found = tn_get16(bytes + *cursor) == tag;
        *value = (tern_str){p->in.ptr + *cursor + HEADER, len};
        *cursor += HEADER + len;
        if (found) return true;
    }
    return false;
}

static bool find_first(struct tn_pack *p, uint16_t tag, tern_str *value)
{
    size_t cursor = 0;
    return find(p, tag, &cursor, value);
}

/* ---- values ---- */

static void put_number(struct tn_pack *p, uint16_t tag, uint64_t value)
{
    uint8_t bytes[NUMBER_MAX];
    size_t len = 0;
    for (uint64_t rest = value; rest > 0; rest >>= 8)
        len++;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
    if (len > 0) put(p, tag, bytes, len);
}

uint64_t tn_pack_number(struct tn_pack *p, uint16_t tag, uint64_t value, uint64_t max)
{
    tern_str bytes;
    uint64_t read = 0;
    if (!tn_pack_reads(p)) {
        put_number(p, tag, value);
        return value;
    }
    if (!find_first(p, tag, &bytes)) return p->err ? value : 0;
    for (size_t i = 0; i < bytes.len && i < NUMBER_MAX; i++)
        read = read << 8 | (uint8_t)bytes.ptr[i];
    if (bytes.len > NUMBER_MAX || read > max) {
        fail(p, TERN_EPARSE);
        return value;
    }
    return read;
}

bool tn_pack_bool(struct tn_pack *p, uint16_t tag, bool value)
{
    return tn_pack_number(p, tag, value, 1) != 0;
}

uint32_t tn_pack_u32(struct tn_pack *p, uint16_t tag, uint32_t value)
{
    return (uint32_t)tn_pack_number(p, tag, value, UINT32_MAX);
}

/* The sign stands in the lowest bit; 1 is added, so that "now" differs from "never". */
tern_time tn_pack_time(struct tn_pack *p, uint16_t tag, tern_time value)
{
    const uint64_t most = (uint64_t)INT64_MAX / 4;
    uint64_t said = 0;
    if (!tn_pack_reads(p) && value != TERN_TIME_NEVER) {
        tern_time since = value - p->origin;
        uint64_t amount = since < 0 ? (uint64_t)-since : (uint64_t)since;
        if (amount > most) amount = most;
        said = (amount << 1 | (since < 0)) + 1;
    }
    said = tn_pack_number(p, tag, said, most * 2 + 2);
    if (!tn_pack_reads(p) || p->err) return value;
    if (said == 0) return TERN_TIME_NEVER;
    tern_time amount = (tern_time)((said - 1) >> 1);
    return (said - 1) & 1 ? p->origin - amount : p->origin + amount;
}

void tn_pack_bytes(struct tn_pack *p, uint16_t tag, void *bytes, size_t len)
{
    tern_str value;
    if (!tn_pack_reads(p)) {
        put(p, tag, bytes, len);
        return;
    }
    if (!find_first(p, tag, &value)) {
        if (!p->err) memset(bytes, 0, len);
    } else if (value.len != len) {
        fail(p, TERN_EPARSE);
    } else if (len > 0) {
        memcpy(bytes, value.ptr, len);
    }
}

static bool is_addr(const uint8_t *bytes)
{
    return bytes[0] == TERN_FAMILY_NONE || bytes[0] == TERN_FAMILY_IPV4 ||
           bytes[0] == TERN_FAMILY_IPV6;
}

/* What its family has no room for is nothing, whoever has written it. */
static tern_addr addr_of(const uint8_t bytes[ADDR_BYTES])
{
    tern_addr addr = {.family = bytes[0]};
    if (addr.family == TERN_FAMILY_NONE) return addr;
    addr.port = tn_get16(bytes + 2);
    addr.scope = tn_get32(bytes + 4);
    memcpy(addr.ip, bytes + 8, addr.family == TERN_FAMILY_IPV4 ? 4 : sizeof(addr.ip));
    return addr;
}

void tn_pack_addr(struct tn_pack *p, uint16_t tag, tern_addr *addr)
{
    uint8_t bytes[ADDR_BYTES] = {addr->family};
    tn_put16(bytes + 2, addr->port);
    tn_put32(bytes + 4, addr->scope);
    memcpy(bytes + 8, addr->ip, sizeof(addr->ip));
    if (!tn_pack_reads(p) && addr->family == TERN_FAMILY_NONE) return;
    tn_pack_bytes(p, tag, bytes, sizeof(bytes));
    if (!tn_pack_reads(p) || p->err) return;
    if (!is_addr(bytes)) {
        fail(p, TERN_EPARSE);
        return;
    }
    *addr = addr_of(bytes);
}

tern_str tn_pack_str(struct tn_pack *p, uint16_t tag, tern_str value)
{
    tern_str read = {NULL, 0};
    if (tn_pack_reads(p)) {
        bool found = find_first(p, tag, &read);
        if (p->err) return value;
        return found ? read : (tern_str){NULL, 0};
    }
    if (value.len > 0) put(p, tag, value.ptr, value.len);
    return value;
}

void tn_pack_text(struct tn_pack *p, uint16_t tag, struct tn_text *text)
{
    tern_str value = tn_pack_str(p, tag, tn_text_view(text));
    if (!tn_pack_reads(p) || p->err) return;
    if (tn_text_set(p->alloc, text, value) != 0) fail(p, TERN_ENOMEM);
}

/* ---- records inside ---- */

bool tn_pack_begin(struct tn_pack *p, uint16_t tag, size_t *cursor, struct tn_pack *inner)
{
    *inner = *p;
    if (tn_pack_reads(p)) return find(p, tag, cursor, &inner->in);
    put_header(p->out, tag, 0);
    *cursor = p->out->len; /* where it begins: its length goes in front */
    inner->in = (tern_str){NULL, p->out->len};
    return true;
}

void tn_pack_end(struct tn_pack *p, struct tn_pack *inner)
{
    if (inner->err) fail(p, inner->err);
    if (tn_pack_reads(p) || p->out->err) return;
    size_t len = p->out->len - inner->in.len;
    if (len > UINT32_MAX) {
        fail(p, TERN_ENOBUF);
        return;
    }
    tn_put32((uint8_t *)p->out->ptr + inner->in.len - 4, (uint32_t)len);
}
