/* SPDX-License-Identifier: MIT */
/*
 * A record as bytes: members with a number and a length each, so that a reader passes over those it
 * does not know, and finds nothing (zero, empty) where an older writer had none.
 *
 *   member = tag (16 bits) length (32 bits) value        all in network byte order
 *   value  = a number in as few bytes as it needs | bytes | members
 *
 * One function for each struct does both: it says every member once, and what it says is written, or
 * is read, by how the packer was made.
 *
 *     call->hold = tn_pack_bool(p, TAG_HOLD, call->hold);
 *
 * A tag means the same for ever, within its record. Zero, false and empty are not written. The first
 * failure is kept in `err`; after it, reading gives what was there before.
 */
#ifndef TN_BASE_PACK_H
#define TN_BASE_PACK_H

#include "base/buf.h"
#include "base/text.h"

struct tn_pack {
    struct tn_buf *out;                 /* NULL: reading */
    tern_str in;                        /* reading: the members of this record */
    const struct tern_allocator *alloc; /* reading: for owned text */
    tern_time origin;                   /* times are said from here */
    int err;                            /* TERN_EPARSE, TERN_ENOMEM */
};

/* The caller has made `out`, and looks at its failure. */
void tn_pack_write(struct tn_pack *p, struct tn_buf *out, tern_time origin);
/* `in` must stay: bytes are given as views into it. */
void tn_pack_read(struct tn_pack *p, tern_str in, const struct tern_allocator *alloc,
                  tern_time origin);

static inline bool tn_pack_reads(const struct tn_pack *p)
{
    return p->out == NULL;
}

/* A number above `max` is TERN_EPARSE. */
uint64_t tn_pack_number(struct tn_pack *p, uint16_t tag, uint64_t value, uint64_t max);
bool tn_pack_bool(struct tn_pack *p, uint16_t tag, bool value);
uint32_t tn_pack_u32(struct tn_pack *p, uint16_t tag, uint32_t value);
/* TERN_TIME_NEVER is what is not written. */
tern_time tn_pack_time(struct tn_pack *p, uint16_t tag, tern_time value);
void tn_pack_addr(struct tn_pack *p, uint16_t tag, tern_addr *addr);
/* Exactly `len` bytes; all zero where they are missing. */
void tn_pack_bytes(struct tn_pack *p, uint16_t tag, void *bytes, size_t len);
tern_str tn_pack_str(struct tn_pack *p, uint16_t tag, tern_str value);
void tn_pack_text(struct tn_pack *p, uint16_t tag, struct tn_text *text);

/*
 * A record inside, or the next of several with the same tag. Writing: begins one. Reading: looks from
 * `*cursor` on, which is 0 at first. @return false: there is none. Every true is ended.
 */
bool tn_pack_begin(struct tn_pack *p, uint16_t tag, size_t *cursor, struct tn_pack *inner);
void tn_pack_end(struct tn_pack *p, struct tn_pack *inner);

#endif
