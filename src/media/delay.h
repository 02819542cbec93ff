/* SPDX-License-Identifier: MIT */
/*
 * How long packets take, and how long to wait for them. A packet's transit is
 * its arrival minus its timestamp; only differences mean something. The
 * smallest transit of the last few seconds is the base; what a packet takes
 * longer is its jitter. The target covers all but the worst few percent.
 */
#ifndef TN_MEDIA_DELAY_H
#define TN_MEDIA_DELAY_H

#include "media/limits.h"

struct tn_delay {
    bool known;
    uint32_t least, least_before; /* of this window and the one before */
    tern_time window_began;
    tern_time counted; /* when the histogram last grew */
    uint32_t target;   /* samples */
    uint16_t histogram[TN_DELAY_BUCKETS];
};

/* Time in samples; wraps as timestamps do. */
static inline uint32_t tn_samples_of(tern_time time)
{
    return (uint32_t)((uint64_t)time * 8 / 1000);
}

void tn_delay_init(struct tn_delay *delay);
/* The base starts anew: the far end's clock was set, or it is another one. Jitter is kept. */
void tn_delay_rebase(struct tn_delay *delay);
void tn_delay_packet(struct tn_delay *delay, uint32_t timestamp, tern_time now);
/* Longer or shorter on its way than any jitter explains. False while nothing is known. */
bool tn_delay_is_wild(const struct tn_delay *delay, uint32_t timestamp, tern_time now);
/* The timestamp that should be played now; needs one packet before. */
uint32_t tn_delay_play_point(const struct tn_delay *delay, tern_time now);

#endif
