/* SPDX-License-Identifier: MIT */
/*
 * The jitter buffer: half a second of G.711, stored at the place that the
 * timestamp says. Hence packets of any length, reordering and duplicates need
 * no thought: a sample is there or it is not.
 *
 * It says when what should be played; how a change of speed or a gap sounds is
 * the playout's affair (playout.h).
 */
#ifndef TN_MEDIA_JITTER_H
#define TN_MEDIA_JITTER_H

#include "media/delay.h"
#include "media/plan.h"

struct tn_jitter {
    struct tn_delay delay;
    bool started;
    uint32_t play; /* timestamp of the next sample to be played */
    uint32_t end;  /* after the newest sample that is stored */
    uint32_t dry;  /* samples before `play` that were due but not there, with nothing after */
    int32_t lag;   /* smoothed: how far play is behind the play point; positive is too late */
    uint8_t pause; /* frames until the speed may change again */
    bool wild;     /* the last packet was from another time, ending at ... */
    uint32_t wild_end;
    uint64_t late, duplicate, wild_count; /* packets */
    uint64_t filled[TN_RING / 64];        /* a bit each sample */
    uint64_t alaw[TN_RING / 64];
    uint8_t bytes[TN_RING];
};

struct tn_jitter_packet {
    uint32_t timestamp;
    enum tn_codec codec;
    tern_str payload; /* TN_PACKET_MIN..TN_PACKET_MAX bytes */
};

/* What to do about the speed for the next frame. */
enum tn_jitter_advice {
    TN_JITTER_STEADY,
    TN_JITTER_SHORTEN, /* two frames are there */
    TN_JITTER_STRETCH, /* one frame is there */
    TN_JITTER_JUMPED,  /* the play point has moved: what follows does not fit what was */
    TN_JITTER_HOLD,    /* nothing is there, and time should pass without moving on */
};

void tn_jitter_init(struct tn_jitter *jitter);
/* Forget the audio and the far end's clock; keep counts and the measured jitter. */
void tn_jitter_reset(struct tn_jitter *jitter);

void tn_jitter_put(struct tn_jitter *jitter, const struct tn_jitter_packet *packet, tern_time now);

/* Once before each frame is read. `quiet`: a change of speed would hardly be heard. */
enum tn_jitter_advice tn_jitter_advise(struct tn_jitter *jitter, tern_time now, bool quiet);
/* How many of the next `max` samples are alike: all there, or all missing. max > 0. */
size_t tn_jitter_run(const struct tn_jitter *jitter, size_t max, bool *there);
/* Decode from the play point on; the samples must be there. Does not consume. */
void tn_jitter_peek(const struct tn_jitter *jitter, int16_t *pcm, size_t count);
/* Move the play point. */
void tn_jitter_consume(struct tn_jitter *jitter, size_t count);

/* Stored and not yet played, in samples, holes included. */
uint32_t tn_jitter_depth(const struct tn_jitter *jitter);

#endif
