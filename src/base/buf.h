/* SPDX-License-Identifier: MIT */
/*
 * A growing byte buffer that remembers its first failure: write all, check
 * once with tn_buf_end(). A fixed buffer writes into the caller's memory.
 */
#ifndef TN_BASE_BUF_H
#define TN_BASE_BUF_H

#include <tern/network.h>

struct tn_buf {
    const struct tern_allocator *alloc; /* NULL: fixed */
    char *ptr;
    size_t len, cap;
    size_t limit; /* a growing buffer never exceeds this */
    int err;      /* first failure: TERN_ENOMEM or TERN_ENOBUF */
    bool secret;  /* no memory is given back with its bytes in it */
};

void tn_buf_init(struct tn_buf *buf, const struct tern_allocator *alloc, size_t limit);
/* For keys and passwords: what it outgrows and what it ends with is wiped. */
void tn_buf_init_secret(struct tn_buf *buf, const struct tern_allocator *alloc, size_t limit);
void tn_buf_fixed(struct tn_buf *buf, char *ptr, size_t cap);
void tn_buf_fini(struct tn_buf *buf);  /* safe twice, no-op on fixed */
void tn_buf_reset(struct tn_buf *buf); /* empty, keeps the memory, forgets the failure */

void tn_buf_bytes(struct tn_buf *buf, const void *data, size_t len);
void tn_buf_str(struct tn_buf *buf, tern_str s);
void tn_buf_z(struct tn_buf *buf, const char *z);
void tn_buf_char(struct tn_buf *buf, char c);
void tn_buf_u64(struct tn_buf *buf, uint64_t n);
void tn_buf_i64(struct tn_buf *buf, int64_t n);
void tn_buf_hex(struct tn_buf *buf, const void *data, size_t len); /* lower case */
void tn_buf_hex32(struct tn_buf *buf, uint32_t n);                 /* eight digits */
void tn_buf_host(struct tn_buf *buf, tern_addr addr);              /* IPv6 in brackets, no port */
void tn_buf_consume(struct tn_buf *buf, size_t n); /* drops n bytes from the front */

static inline tern_str tn_buf_view(const struct tn_buf *buf)
{
    tern_str s = {buf->ptr, buf->len};
    return s;
}

/** @return 0 with `*out` the text, or the first failure with `out` untouched. */
TERN_CHECK int tn_buf_end(const struct tn_buf *buf, tern_str *out);

#endif
