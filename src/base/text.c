/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <string.h>

#include "base/alloc.h"

int tn_text_set(const struct tern_allocator *a, struct tn_text *text, tern_str value)
{
    char *copy = NULL;
    if (value.len > 0) {
        copy = tn_alloc(a, value.len);
        if (copy == NULL) return TERN_ENOMEM;
        memcpy(copy, value.ptr, value.len);
    }
    tn_free(a, text->ptr);
    *text = (struct tn_text){copy, value.len};
    return 0;
}

void tn_text_fini(const struct tern_allocator *a, struct tn_text *text)
{
    tn_free(a, text->ptr);
    *text = (struct tn_text){NULL, 0};
}
