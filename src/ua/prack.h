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

#include "base/text.h"
#include "session/reliable.h"

#define TN_PRACKS_MAX                                                                              \
    2 /* under way at once in an early dialog: mostly the one before has arrived */

struct tn_buf;
struct tn_call;
struct tn_dialog;
struct tn_early;
struct tn_effect;

struct tn_call_prack {
    /* called */
    struct tn_reliable_peer peer;
    struct tn_reliable reliable;
    unsigned wanted;   /* provisional status that waits for the PRACK, or for the audio; 0: none */
    tern_addr contact; /* in the last one */
    tern_addr path;    /* where it left from last */
    bool known;        /* the caller has sent something inside the dialog: it knows of it */
    bool heard;        /* and an UPDATE since our 2xx */
    /* either end */
    bool described; /* offer and answer were exchanged by a provisional answer */
    bool settled;   /* and reliably, and it was acknowledged: an UPDATE may have an offer */
    /* calling */
    struct tn_text agreed_with; /* To tag of the early dialog that it was exchanged in */
    struct tn_text answer;      /* of the early dialog that is being confirmed */
};

struct tn_prack_sent {
    uint64_t request; /* 0: none */
    bool describes;   /* for one with an offer or answer */
};

/* The calling end's, one for each early dialog. */
struct tn_early_prack {
    struct tn_reliable_seen seen;
    struct tn_prack_sent sent[TN_PRACKS_MAX]; /* the last one first */
    bool describes;        /* the last one that was taken has an offer or answer */
    bool failed;           /* nobody has answered the last: it is sent anew when it is asked for */
    struct tn_text answer; /* its own answer to our offer, where another was first */
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
/* The network has changed. */
void tn_call_ring_moved(struct tn_call *call);

/* ---- calling ---- */

/* What the INVITE says of it. */
void tn_call_prack_put_option(const struct tn_call *call, struct tn_buf *headers);
/* A new offer goes out, or the call is made anew: nothing is agreed by a provisional answer. */
void tn_call_prack_start(struct tn_call *call);
/*
 * A provisional answer in this early dialog (NULL: there was no room for it): its description is
 * taken, and it is acknowledged.
 *
 * @return whether it says anything new; `*early_media`: it goes with audio
 */
bool tn_call_prack_take(struct tn_call *call, struct tn_early *early, const struct tn_msg *rsp,
                        bool *early_media);
void tn_call_prack_effect(struct tn_call *call, const struct tn_effect *effect);
/* Whether a 2xx with this tag is from another than who has sent the description that is in force. */
bool tn_call_prack_other(const struct tn_call *call, tern_str remote_tag);
/* The early dialog is about to go; `stays`: it becomes the call's dialog. */
void tn_call_prack_leave(struct tn_call *call, struct tn_early *early, bool stays);

/* The far end of this early dialog is elsewhere now: PRACKs that wait for it go there. */
void tn_call_prack_retarget(struct tn_call *call, struct tn_dialog *dialog);

/* ---- either ---- */

/* The network has changed: what waits for an answer goes out by the new path (MOBILITY S13). */
void tn_call_prack_moved(struct tn_call *call);

#endif
