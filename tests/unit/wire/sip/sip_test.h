/* SPDX-License-Identifier: MIT */
/* What the tests of this folder share: text compared with sight of it, an allocator that counts. */
#ifndef SIP_TEST_H
#define SIP_TEST_H

#include "base/alloc.h"
#include "base/str.h"
#include "tern_test.h"
#include "wire/sip/msg.h"

#define CHECK_STR(got, want) check_str((got), (want), __FILE__, __LINE__)

static inline void check_str(tern_str got, const char *want, const char *file, int line)
{
    if (tn_str_eq(got, tn_str(want))) return;
    fprintf(stderr, "%s:%d: \"%.*s\", want \"%s\"\n", file, line, (int)got.len, got.ptr, want);
    abort();
}

/* Counts allocations and lets the one numbered `fail_at` fail (from 1; 0: none). */
struct counting {
    unsigned calls, live, fail_at;
};

static inline void *counting_resize(void *user, void *ptr, size_t size)
{
    struct counting *counting = user;

    if (size == 0) {
        if (ptr != NULL) counting->live--;
        free(ptr);
        return NULL;
    }
    if (++counting->calls == counting->fail_at) return NULL;
    if (ptr == NULL) counting->live++;
    return realloc(ptr, size);
}

static inline struct tern_allocator counting_allocator(struct counting *counting)
{
    struct tern_allocator alloc = {counting, counting_resize};
    return alloc;
}

#endif
