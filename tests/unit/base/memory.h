/* SPDX-License-Identifier: MIT */
/* An allocator that counts, and whose n-th call fails. */
#ifndef TEST_MEMORY_H
#define TEST_MEMORY_H

#include <stdbool.h>
#include <stdlib.h>

#include <tern/types.h>

struct memory {
    int calls;    /* that asked for memory */
    int fail_at;  /* this call fails, counted from 1; 0 for none */
    int blocks;   /* not yet freed */
    bool used_up; /* every call fails */
};

static void *memory_resize(void *user, void *ptr, size_t size)
{
    struct memory *m = user;

    if (size == 0) {
        m->blocks -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if (++m->calls == m->fail_at || m->used_up) return NULL;
    m->blocks += ptr == NULL;
    return realloc(ptr, size);
}

static inline struct tern_allocator memory_allocator(struct memory *m)
{
    struct tern_allocator a = {m, memory_resize};
    return a;
}

#endif
