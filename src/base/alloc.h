/* SPDX-License-Identifier: MIT */
/* Memory through the allocator that the application configured. */
#ifndef TN_BASE_ALLOC_H
#define TN_BASE_ALLOC_H

#include <tern/types.h>

/** The C library's allocator; used where the application gives none. */
struct tern_allocator tn_default_allocator(void);

/** @return zeroed memory, or NULL when there is none. */
void *tn_alloc(const struct tern_allocator *a, size_t size);

/** As realloc(3). On failure the old block stays. New bytes are not zeroed. */
void *tn_resize(const struct tern_allocator *a, void *ptr, size_t size);

/** NULL is allowed. */
void tn_free(const struct tern_allocator *a, void *ptr);

/** Overwrites secrets in a way that the compiler keeps. */
void tn_wipe(void *ptr, size_t size);

#endif
