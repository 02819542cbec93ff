/* SPDX-License-Identifier: MIT */
/* Two streams, a clock and a wire between them, for the tests of the media room. */
#ifndef TERN_TEST_MEDIA_RIG_H
#define TERN_TEST_MEDIA_RIG_H

#include "media/stream.h"

#define SIDES       2
#define SOCKET_RTP  1 /* of side 0; side 1 has 3 and 4 */
#define SOCKET_RTCP 2

struct packet {
    uint32_t socket; /* of the sender */
    tern_addr local, remote;
    size_t len;
    uint8_t data[1300]; /* a flight of DTLS has 1200 */
};

struct rig {
    struct tn_ctx ctx;
    size_t allocations; /* since the rig was made */
    size_t fail_at;     /* this allocation fails; 0: none does */
    struct tn_stream side[SIDES];
    struct tn_media_plan plan[SIDES];
};

tern_addr addr_of(const char *text);
/* Both streams configured towards each other: 192.0.2.1:4000 and 192.0.2.2:5000, PCMU, events 101. */
void rig_start(struct rig *rig);
void rig_stop(struct rig *rig);
/* Moves the clock, firing timers on the way. */
void rig_advance(struct rig *rig, tern_time span);
/* The next packet in the outbox. */
bool rig_next(struct rig *rig, struct packet *out);
/* The same, RTP of this side only; others are thrown away. */
bool rig_next_rtp(struct rig *rig, int side, struct packet *out);
/* Gives a packet to a side as if from `from`. */
void rig_deliver(struct rig *rig, int to, const struct packet *packet, tern_addr from);
/* Delivers all that waits, sender to the other side, from the sender's address. */
void rig_exchange(struct rig *rig);
/* One frame of a 400 Hz tone from `side`, delivered to nobody. */
void rig_talk(struct rig *rig, int side, int16_t level);
/* One packet of `side`, taken off the wire. */
struct packet rig_say(struct rig *rig, int side);
/* `count` ticks of both sides talking and listening; @return frames heard by side 1 */
int rig_converse(struct rig *rig, int count);
struct tern_media_stats rig_stats(const struct rig *rig, int side);
/* Both plans with keys of that suite, made from `seed`; not configured yet. */
void rig_set_keys(struct rig *rig, enum tn_srtp_suite suite, uint8_t seed);
void rig_configure(struct rig *rig);
void fill_tone(int16_t *pcm, size_t count, uint32_t *phase, int16_t level);
int64_t energy(const int16_t *pcm, size_t count); /* mean amplitude */

#endif
