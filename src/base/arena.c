/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdalign.h>
#include <string.h>

#include <tern/err.h>

#include "base/alloc.h"

enum {
    ALIGN = alignof(max_align_t),
    CHUNK_BYTES = 4096, /* an ordinary INVITE, parsed, needs one */
};

struct tn_arena_chunk {
    alignas(max_align_t) struct tn_arena_chunk *next;
};

static void skip_to_alignment(struct tn_arena *arena)
{
    size_t skip = (ALIGN - (uintptr_t)arena->next % ALIGN) % ALIGN;
    if (skip > arena->left) skip = arena->left;
    arena->next += skip;
    arena->left -= skip;
}

void tn_arena_init(struct tn_arena *arena, const struct tern_allocator *alloc, size_t limit,
                   void *first, size_t first_size)
{
    memset(arena, 0, sizeof(*arena));
    arena->alloc = alloc;
    arena->limit = limit;
    if (!first) return;
    arena->next = first;
    arena->left = first_size;
    skip_to_alignment(arena);
}

void tn_arena_fini(struct tn_arena *arena)
{
    struct tn_arena_chunk *chunk = arena->chunks;

    while (chunk) {
        struct tn_arena_chunk *next = chunk->next;
        tn_free(arena->alloc, chunk);
        chunk = next;
    }
    tn_arena_init(arena, arena->alloc, arena->limit, NULL, 0);
}

/* A big request gets a chunk of its own size; what is left of the old chunk is given up. */
static bool add_chunk(struct tn_arena *arena, size_t need)
{
    size_t room = CHUNK_BYTES - sizeof(struct tn_arena_chunk);
    if (need > room) room = need;

    struct tn_arena_chunk *chunk = tn_alloc(arena->alloc, sizeof(*chunk) + room);
    if (!chunk) return false;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->next = (char *)(chunk + 1);
    arena->left = room;
    return true;
}

void *tn_arena_alloc(struct tn_arena *arena, size_t size)
{
    if (size > arena->limit - arena->used || size > SIZE_MAX - CHUNK_BYTES) return NULL;
    size_t padded = size ? (size + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
    if (padded > arena->left && !add_chunk(arena, padded)) return NULL;

    void *ptr = arena->next;
    arena->next += padded;
    arena->left -= padded;
    arena->used += size;
    memset(ptr, 0, size); /* the caller's first block need not be zeroed */
    return ptr;
}

int tn_arena_dup(struct tn_arena *arena, tern_str text, tern_str *out)
{
    char *copy = NULL;

    if (text.len > 0) {
        copy = tn_arena_alloc(arena, text.len);
        if (!copy) return TERN_ENOMEM;
        memcpy(copy, text.ptr, text.len);
    }
    out->ptr = copy;
    out->len = text.len;
    return 0;
}
