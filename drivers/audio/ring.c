/* SPDX-License-Identifier: MIT */
#include "ring.h"

#include <string.h>

size_t ring_used(const struct ring *ring)
{
    /* Read position first: it never passes the write position that is read after it. */
    size_t read = atomic_load_explicit(&ring->read, memory_order_acquire);

    return atomic_load_explicit(&ring->written, memory_order_acquire) - read;
}

size_t ring_write(struct ring *ring, const int16_t *pcm, size_t count)
{
    size_t at = atomic_load_explicit(&ring->written, memory_order_relaxed);
    size_t room = RING_SIZE - (at - atomic_load_explicit(&ring->read, memory_order_acquire));

    if (count > room) count = room;
    size_t start = at % RING_SIZE;
    size_t first = count < RING_SIZE - start ? count : RING_SIZE - start;
    memcpy(ring->samples + start, pcm, first * sizeof(*pcm));
    memcpy(ring->samples, pcm + first, (count - first) * sizeof(*pcm));
    atomic_store_explicit(&ring->written, at + count, memory_order_release);
    return count;
}

size_t ring_read(struct ring *ring, int16_t *pcm, size_t count)
{
    size_t at = atomic_load_explicit(&ring->read, memory_order_relaxed);
    size_t used = atomic_load_explicit(&ring->written, memory_order_acquire) - at;

    if (count > used) count = used;
    size_t start = at % RING_SIZE;
    size_t first = count < RING_SIZE - start ? count : RING_SIZE - start;
    if (pcm) {
        memcpy(pcm, ring->samples + start, first * sizeof(*pcm));
        memcpy(pcm + first, ring->samples, (count - first) * sizeof(*pcm));
    }
    atomic_store_explicit(&ring->read, at + count, memory_order_release);
    return count;
}
