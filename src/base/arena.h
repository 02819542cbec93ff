/* SPDX-License-Identifier: MIT */
/* Memory that dies all at once: a parsed message and everything that belongs to it. */
#ifndef TN_BASE_ARENA_H
#define TN_BASE_ARENA_H

#include <tern/types.h>

struct tn_arena_chunk;

struct tn_arena {
    const struct tern_allocator *alloc;
    struct tn_arena_chunk *chunks;
    char *next; /* free bytes of the newest chunk */
    size_t left;
    size_t used;  /* bytes handed out */
    size_t limit; /* never more than this */
};

/** `first`/`first_size`: caller-owned memory to use before any chunk; may be NULL/0. */
void tn_arena_init(struct tn_arena *arena, const struct tern_allocator *alloc, size_t limit,
                   void *first, size_t first_size);
void tn_arena_fini(struct tn_arena *arena);

/** @return zeroed memory aligned for any type, or NULL over the limit or without memory. */
void *tn_arena_alloc(struct tn_arena *arena, size_t size);

/** Copies text. @return 0, or TERN_ENOMEM with `out` untouched. Empty text needs no memory. */
TERN_CHECK int tn_arena_dup(struct tn_arena *arena, tern_str text, tern_str *out);

#endif
