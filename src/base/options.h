/* SPDX-License-Identifier: MIT */
/* Option structs that grow: a newer header's unknown members must be zero (STYLE: ABI). */
#ifndef TN_BASE_OPTIONS_H
#define TN_BASE_OPTIONS_H

#include <tern/err.h>

/*
 * Copies an option struct of the caller's size into ours. `given` starts with a size_t.
 * @return 0, or TERN_EVERSION when members that we do not know are set, or the size makes no sense.
 */
TERN_CHECK int tn_options_take(const void *given, void *ours, size_t ours_size);

/** Sets `size` bytes of the caller's struct from our defaults, and its `size` member. */
void tn_options_give(void *opts, size_t size, const void *defaults, size_t defaults_size);

#endif
