/* SPDX-License-Identifier: MIT */
/*
 * Whom we listen to, and hence where we send: symmetric RTP (RFC 4961) with a
 * guarded switch, so that media follows a far end that has moved or sits
 * behind a NAT, but not whoever can guess a port.
 *
 *   state       plan      current     early     first      repeat   proof
 *   SILENT      SILENT    -           -         FOLLOWING  -        -
 *   RENEWED     RENEWED   -           RENEWED*  FOLLOWING  -        -
 *   FOLLOWING   RENEWED   FOLLOWING*  -         PROVING    -        -
 *   PROVING     RENEWED   FOLLOWING*  -         PROVING    PROVING  FOLLOWING
 *
 *   state       claim      odd        newest     overtaken
 *   SILENT      -          SILENT     FOLLOWING  SILENT*
 *   RENEWED     -          RENEWED    FOLLOWING  RENEWED*
 *   FOLLOWING   FOLLOWING  FOLLOWING  FOLLOWING  FOLLOWING*
 *   PROVING     FOLLOWING  PROVING    FOLLOWING  PROVING*
 *
 *   plan     the plan names another address (the same one is no event)
 *   current  a packet of the accepted source
 *   early    from the source in use before the plan changed, which may be in flight still
 *   first    another source says something plausible
 *   repeat   the same again, in sequence, but not all of the guard is satisfied
 *   proof    TN_SOURCE_PROOF packets, the old source silent, the last move long enough ago
 *   claim    the announced source, with an SSRC of its own: the accepted one was a stranger,
 *            perhaps what is left of an earlier call on this port
 *   odd      implausible: wrong SSRC or sequence, or another address family
 *   newest     an authentic packet (SRTP) from elsewhere, with an index higher than all before: the
 *              far end is there now. One is enough, and as often as it likes: nobody else can make
 *              one, and whoever holds one back can show it once, until the next one comes
 *   overtaken  authentic, but an older index, or from an address family that the plan does not
 *              name: late on a path that was left
 *
 * Entering FOLLOWING by first, proof, claim or newest is a move: that packet and those with * are
 * played. Authentic packets are current and early by the same rule as others, and never first,
 * repeat, proof, claim: a new plan outranks for a moment what was sent before it.
 */
#ifndef TN_MEDIA_SOURCE_H
#define TN_MEDIA_SOURCE_H

#include "media/limits.h"

enum tn_source_state {
    TN_SOURCE_SILENT,    /* nobody was heard: whoever speaks plausibly first is it */
    TN_SOURCE_RENEWED,   /* the plan named a new address; nobody was heard since */
    TN_SOURCE_FOLLOWING, /* one source is accepted */
    TN_SOURCE_PROVING,   /* one is accepted, another one on trial */
    TN_SOURCE_STATES,
};

enum tn_source_event {
    TN_SOURCE_EV_PLAN,
    TN_SOURCE_EV_CURRENT,
    TN_SOURCE_EV_EARLY,
    TN_SOURCE_EV_FIRST,
    TN_SOURCE_EV_REPEAT,
    TN_SOURCE_EV_PROOF,
    TN_SOURCE_EV_CLAIM,
    TN_SOURCE_EV_ODD,
    TN_SOURCE_EV_NEWEST,
    TN_SOURCE_EV_OVERTAKEN,
    TN_SOURCE_EVENTS,
};

/* What SRTP says of a packet. */
enum tn_source_proof {
    TN_SOURCE_UNPROVEN, /* nothing: there is none */
    TN_SOURCE_PROVEN,   /* authentic, and newer than every one before */
    TN_SOURCE_OVERTAKEN,
};

enum tn_source_verdict {
    TN_SOURCE_IGNORE,
    TN_SOURCE_HOLD, /* on trial: keep the packet in case it passes */
    TN_SOURCE_PLAY,
    TN_SOURCE_MOVED, /* play it, and what was held */
};

struct tn_source {
    enum tn_source_state state;
    tern_addr announced; /* by the plan; family 0 before the first */
    tern_addr accepted;  /* FOLLOWING, PROVING; in RENEWED the one before */
    bool observed;       /* `accepted` was not what the plan said when it was accepted */
    bool replay;         /* RENEWED: `accepted` may be accepted again at once */
    tern_addr candidate; /* PROVING */
    uint16_t candidate_sequence;
    uint8_t candidate_count;
    tern_time last_heard; /* the accepted source; TERN_TIME_NEVER before */
    tern_time last_move, planned;
    uint32_t moves;
};

struct tn_source_packet {
    tern_addr remote;
    uint16_t sequence;
    bool plausible; /* same SSRC and continuous sequence, or a new SSRC that has been proven */
    bool new_ssrc;
    enum tn_source_proof proof;
};

void tn_source_init(struct tn_source *source);
/*
 * What the plan says now. Family 0 (hold of RFC 2543) changes nothing, and what was said last only where
 * nothing is heard from elsewhere.
 */
void tn_source_plan(struct tn_source *source, tern_addr announced, tern_time now);
enum tn_source_verdict tn_source_packet(struct tn_source *source,
                                        const struct tn_source_packet *packet, tern_time now);
/* Is this the accepted source? */
bool tn_source_is_current(const struct tn_source *source, tern_addr remote);
/* Is nobody accepted? */
bool tn_source_is_open(const struct tn_source *source);
/* May another SSRC from there become the far end's? */
bool tn_source_may_change_ssrc(const struct tn_source *source, tern_addr remote);
/* Where to send: the accepted source, else what was announced. */
tern_addr tn_source_target(const struct tn_source *source);
const char *tn_source_state_name(enum tn_source_state state);

#endif
