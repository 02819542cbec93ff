/* SPDX-License-Identifier: MIT */
/*
 * What a call knows of its provisional answers, at either end: RFC 3262.
 *
 * Called: one is out at a time, and what the application says meanwhile waits. A 183 describes the
 * session (early media). Calling: each that comes reliably is acknowledged by a PRACK of its own,
 * which goes on by a new path when the network changes.
 */
#ifndef TN_UA_PRACK_H
#define TN_UA_PRACK_H

#include "session/reliable.h"

struct tn_call;

struct tn_call_prack {
    /* called */
    struct tn_reliable_peer peer;
    struct tn_reliable reliable;
    unsigned wanted;   /* provisional status that waits for the PRACK, or for the audio; 0: none */
    tern_addr contact; /* in the last one */
    bool known;        /* the caller has sent something inside the dialog: it knows of it */
    /* either end */
    bool described; /* a provisional answer has carried an offer or answer */
    bool settled;   /* and reliably, and it was acknowledged: an UPDATE may have an offer */
};

void tn_call_prack_init(struct tn_call *call);
void tn_call_prack_fini(struct tn_call *call);

/* ---- called ---- */

/* @return 0, or the status that refuses this INVITE */
unsigned tn_call_prack_admit(struct tn_call *call, const struct tn_msg *invite);
/* What 420 and 421 have to say. */
void tn_call_prack_put_refusal(unsigned status, struct tn_buf *headers);
/* A provisional answer, now or when the one before has been acknowledged. */
void tn_call_ring(struct tn_call *call, unsigned status);
/* What waited for the audio or for a network goes on. */
void tn_call_ring_ready(struct tn_call *call);
/* The body of the 2xx to a call whose provisional answers have described it. */
TERN_CHECK int tn_call_describe_again(struct tn_call *call, struct tn_buf *body);
void tn_call_prack_request(struct tn_call *call, const struct tn_effect *effect);

#endif
