/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <string.h>

#include <tern/err.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/str.h"

enum { FIRST_BYTES = 256 };

void tn_buf_init(struct tn_buf *buf, const struct tern_allocator *alloc, size_t limit)
{
    TN_ASSERT(alloc);
    memset(buf, 0, sizeof(*buf));
    buf->alloc = alloc;
    buf->limit = limit;
}

void tn_buf_init_secret(struct tn_buf *buf, const struct tern_allocator *alloc, size_t limit)
{
    tn_buf_init(buf, alloc, limit);
    buf->secret = true;
}

void tn_buf_fixed(struct tn_buf *buf, char *ptr, size_t cap)
{
    memset(buf, 0, sizeof(*buf));
    buf->ptr = ptr;
    buf->cap = cap;
    buf->limit = cap;
}

static void discard(struct tn_buf *buf)
{
    if (buf->secret && buf->cap > 0) tn_wipe(buf->ptr, buf->cap);
    tn_free(buf->alloc, buf->ptr);
}

void tn_buf_fini(struct tn_buf *buf)
{
    if (!buf->alloc) return;
    discard(buf);
    buf->ptr = NULL;
    buf->len = buf->cap = 0;
    buf->err = 0;
}

void tn_buf_reset(struct tn_buf *buf)
{
    buf->len = 0;
    buf->err = 0;
}

/* A resize may leave the bytes behind, where they were: what is secret moves by hand. */
static char *move(struct tn_buf *buf, size_t cap)
{
    if (!buf->secret) return tn_resize(buf->alloc, buf->ptr, cap);
    char *ptr = tn_alloc(buf->alloc, cap);
    if (!ptr) return NULL;
    if (buf->len > 0) memcpy(ptr, buf->ptr, buf->len);
    discard(buf);
    return ptr;
}

/* Doubles, so that many small writes cost few copies. */
static int grow(struct tn_buf *buf, size_t need)
{
    size_t cap = buf->cap ? buf->cap : FIRST_BYTES;

    while (cap < need)
        cap = cap > buf->limit / 2 ? buf->limit : cap * 2;
    if (cap > buf->limit) cap = buf->limit;
    char *ptr = move(buf, cap);
    if (!ptr) return TERN_ENOMEM;
    buf->ptr = ptr;
    buf->cap = cap;
    return 0;
}

/* Room for `len` more bytes, or NULL; the first failure sticks. */
static char *reserve(struct tn_buf *buf, size_t len)
{
    if (buf->err) return NULL;
    if (len > buf->limit - buf->len) {
        buf->err = TERN_ENOBUF;
        return NULL;
    }
    if (buf->len + len > buf->cap) {
        buf->err = grow(buf, buf->len + len);
        if (buf->err) return NULL;
    }
    return buf->ptr + buf->len;
}

void tn_buf_bytes(struct tn_buf *buf, const void *data, size_t len)
{
    if (len == 0) return;
    char *to = reserve(buf, len);
    if (!to) return;
    memcpy(to, data, len);
    buf->len += len;
}

void tn_buf_str(struct tn_buf *buf, tern_str s)
{
    tn_buf_bytes(buf, s.ptr, s.len);
}

void tn_buf_z(struct tn_buf *buf, const char *z)
{
    tn_buf_str(buf, tn_str(z));
}

void tn_buf_char(struct tn_buf *buf, char c)
{
    tn_buf_bytes(buf, &c, 1);
}

void tn_buf_u64(struct tn_buf *buf, uint64_t n)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    tn_buf_bytes(buf, digits + at, sizeof(digits) - at);
}

void tn_buf_i64(struct tn_buf *buf, int64_t n)
{
    if (n < 0) tn_buf_char(buf, '-');
    tn_buf_u64(buf, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

void tn_buf_hex(struct tn_buf *buf, const void *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = data;

    for (size_t i = 0; i < len; i++) {
        tn_buf_char(buf, digits[p[i] >> 4]);
        tn_buf_char(buf, digits[p[i] & 15]);
    }
}

void tn_buf_hex32(struct tn_buf *buf, uint32_t n)
{
    uint8_t bytes[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    tn_buf_hex(buf, bytes, sizeof(bytes));
}

void tn_buf_consume(struct tn_buf *buf, size_t n)
{
    TN_ASSERT(n <= buf->len);
    if (n == 0) return;
    memmove(buf->ptr, buf->ptr + n, buf->len - n);
    buf->len -= n;
}

int tn_buf_end(const struct tn_buf *buf, tern_str *out)
{
    if (buf->err) return buf->err;
    *out = tn_buf_view(buf);
    return 0;
}
