/* SPDX-License-Identifier: MIT */
/* What RFC 3550 keeps about a source that is heard: sequence (A.1), loss (A.3), jitter (A.8). */
#ifndef TN_MEDIA_RECEPTION_H
#define TN_MEDIA_RECEPTION_H

#include "media/limits.h"
#include "wire/rtp/rtcp.h"

struct tn_reception {
    bool known; /* a source has been heard */
    bool timed; /* transit is valid */
    uint32_t ssrc;
    uint16_t max_sequence, base_sequence;
    uint32_t cycles;       /* of the sequence number, times 65536 */
    uint32_t bad_sequence; /* what would follow a wild packet; out of 16 bits for none */
    uint32_t received;
    uint32_t expected_prior, received_prior;
    uint32_t transit;
    uint32_t jitter;      /* timestamp units, times 16 */
    uint64_t lost_before; /* by sources heard earlier in this call */
};

struct tn_reception_packet {
    uint16_t sequence;
    uint32_t timestamp;
    bool audio; /* events keep their first timestamp: no jitter can be told from them */
};

/* A new source begins with this packet's sequence number. */
void tn_reception_start(struct tn_reception *reception, uint32_t ssrc, uint16_t sequence);
/* @return false for a wild sequence number, which is not counted; two in sequence start anew */
bool tn_reception_packet(struct tn_reception *reception, const struct tn_reception_packet *packet,
                         tern_time now);
/* Is this number near enough to what was heard? `silence`: since the last packet. */
bool tn_reception_continues(const struct tn_reception *reception, uint16_t sequence,
                            tern_time silence);
/* Cumulative, over all sources of the call; duplicates can make it negative for one source. */
int64_t tn_reception_lost(const struct tn_reception *reception);
/* Fills all but lsr and dlsr; begins a new interval for the fraction lost. */
void tn_reception_report(struct tn_reception *reception, struct tn_rtcp_report *out);

#endif
