/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *resize_with_libc(void *user, void *ptr, size_t size)
{
    (void)user;
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, size);
}

static void *resize(const struct tern_allocator *a, void *ptr, size_t size)
{
    if (!a || !a->resize) return resize_with_libc(NULL, ptr, size);
    return a->resize(a->user, ptr, size);
}

struct tern_allocator tn_default_allocator(void)
{
    struct tern_allocator a = {NULL, resize_with_libc};
    return a;
}

void *tn_alloc(const struct tern_allocator *a, size_t size)
{
    size_t bytes = size ? size : 1; /* size 0 would mean: free */
    void *ptr = resize(a, NULL, bytes);
    if (ptr) memset(ptr, 0, bytes);
    return ptr;
}

void *tn_resize(const struct tern_allocator *a, void *ptr, size_t size)
{
    return resize(a, ptr, size);
}

void tn_free(const struct tern_allocator *a, void *ptr)
{
    if (ptr) (void)resize(a, ptr, 0);
}

void tn_wipe(void *ptr, size_t size)
{
    volatile unsigned char *p = ptr;
    while (size--)
        *p++ = 0;
}
