/* SPDX-License-Identifier: MIT */
/*
 * How a call's media sockets look from outside a NAT, as STUN servers say, and what SDP makes of it.
 * No offer or answer waits for that: what is learnt when the call is up is told where it matters, that
 * is, as long as nothing is heard of the far end (MOBILITY S20).
 */
#ifndef TN_UA_CALL_STUN_H
#define TN_UA_CALL_STUN_H

#include "nat/stun_client.h"

struct tn_call;
struct tn_effect;
struct tn_offer_local;

/* Of a call. */
struct tn_call_stun {
    struct tn_stun_client rtp, rtcp;
    tern_addr told; /* the RTP address in our last description */
    tern_time told_at;
    tern_time minded_at; /* a silence */
    bool distrusted;     /* what was said by STUN has led nobody to us */
};

/* The sockets are open. */
void tn_call_stun_start(struct tn_call *call);
void tn_call_stun_stop(struct tn_call *call);
/* Audio leaves by another path: it may look otherwise. */
void tn_call_stun_moved(struct tn_call *call);
/* Puts what is known into a description that is about to be made. */
void tn_call_stun_describe(struct tn_call *call, struct tn_offer_local *local);
bool tn_call_stun_datagram(struct tn_call *call, const struct tern_datagram *datagram);
/* TN_EFFECT_STUN, and when the call has become active. */
void tn_call_stun_check(struct tn_call *call);
/*
 * There was nothing to play: a far end that is not heard is looked into (MOBILITY S20).
 *
 * @return whether anything was done
 */
bool tn_call_mind_silence(struct tn_call *call);

#endif
