/* SPDX-License-Identifier: MIT */
/* Owned text: a copy that its owner frees. {0} is empty. */
#ifndef TN_BASE_TEXT_H
#define TN_BASE_TEXT_H

#include <tern/err.h>
#include <tern/types.h>

struct tn_text {
    char *ptr;
    size_t len;
};

/** Replaces the content by a copy. @return 0, or TERN_ENOMEM with the old content kept. */
TERN_CHECK int tn_text_set(const struct tern_allocator *a, struct tn_text *text, tern_str value);
void tn_text_fini(const struct tern_allocator *a, struct tn_text *text);

static inline tern_str tn_text_view(const struct tn_text *text)
{
    tern_str s = {text->ptr, text->len};
    return s;
}

#endif
