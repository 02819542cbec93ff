/* SPDX-License-Identifier: MIT */
/*
 * A lock-free ring of samples between one writer and one reader, each in a
 * thread of its own. Neither ever waits: what does not fit is refused.
 */
#ifndef TERN_AUDIO_RING_H
#define TERN_AUDIO_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define RING_SIZE 16384 /* 340 ms at 48 kHz; a power of two */

struct ring {
    _Atomic size_t written, read; /* ever; they wrap together */
    int16_t samples[RING_SIZE];
};

/** How many samples wait. For the reader it may grow, for the writer shrink, at any moment. */
size_t ring_used(const struct ring *ring);
/** Writer only. @return how many of `count` found room */
size_t ring_write(struct ring *ring, const int16_t *pcm, size_t count);
/** Reader only. @return how many were there; `pcm` NULL throws them away */
size_t ring_read(struct ring *ring, int16_t *pcm, size_t count);

#endif
