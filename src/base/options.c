/* SPDX-License-Identifier: MIT */
#include "base/options.h"

#include <string.h>

enum { SIZE_LIMIT = 65536 }; /* more is no struct of options, but memory that was not set */

int tn_options_take(const void *given, void *ours, size_t ours_size)
{
    const uint8_t *bytes = given;
    size_t size;

    memcpy(&size, given, sizeof(size));
    if (size < sizeof(size) || size > SIZE_LIMIT) return TERN_EVERSION;
    for (size_t i = ours_size; i < size; i++)
        if (bytes[i] != 0) return TERN_EVERSION;
    memcpy(ours, given, size < ours_size ? size : ours_size);
    return 0;
}

void tn_options_give(void *opts, size_t size, const void *defaults, size_t defaults_size)
{
    memset(opts, 0, size);
    memcpy(opts, defaults, size < defaults_size ? size : defaults_size);
    memcpy(opts, &size, sizeof(size));
}
