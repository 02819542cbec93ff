/* SPDX-License-Identifier: MIT */
/*
 * Provisional answers that arrive for certain: RFC 3262. Who sends them (the called end) has one out
 * at a time, and repeats it until its PRACK has come: at T1, doubling each time, for 64*T1 in all.
 *
 *           sent      PRACK for it  other PRACK  timer              final
 * IDLE      >WAITING  -             - (481)      -                  .
 * WAITING   -         >IDLE         - (481)      send again, over   >LATE
 * LATE      -         >IDLE         - (481)      -                  .
 *
 * "-" is refused, "." does nothing. In LATE the INVITE has its final answer: nothing is repeated any
 * more, and a PRACK that was under way still finds what it is for (RFC 3262 3).
 *
 * Who receives them takes them in order, one early dialog apart from the other: struct tn_reliable_seen.
 */
#ifndef TN_SESSION_RELIABLE_H
#define TN_SESSION_RELIABLE_H

#include <tern/account.h>

#include "core/ctx.h"
#include "wire/sip/msg.h"

/* ---- whether ---- */

/* What an INVITE says of "100rel". */
struct tn_reliable_peer {
    bool supports;
    bool requires;
};

struct tn_reliable_peer tn_reliable_of(const struct tn_msg *invite);
/* @return 0, or the status that refuses the INVITE: 420 (we may not), 421 (it may not) */
unsigned tn_reliable_admit(enum tern_reliable policy, struct tn_reliable_peer peer);
/* Whether a provisional answer goes reliably; `describes`: with an offer or answer. */
bool tn_reliable_applies(enum tern_reliable policy, struct tn_reliable_peer peer, bool describes);

/* ---- the called end ---- */

enum tn_reliable_state {
    TN_RELIABLE_IDLE,
    TN_RELIABLE_WAITING, /* for the PRACK */
    TN_RELIABLE_LATE,    /* the same, and the final answer has been sent */
    TN_RELIABLE_STATES,
};

enum tn_reliable_step {
    TN_RELIABLE_SEND, /* send it again */
    TN_RELIABLE_OVER, /* 64*T1 have passed: the INVITE is refused with 5xx (RFC 3262 3) */
};

struct tn_reliable {
    struct tn_ctx *ctx;
    enum tn_reliable_state state;
    struct tn_timer timer;
    tern_time delay, deadline;
    uint32_t rseq;  /* of the last one; 0: none yet */
    uint32_t cseq;  /* of its INVITE */
    bool describes; /* it has an offer or answer: a 2xx has to wait */
};

/* `fire`: then ask tn_reliable_timer() what to do. */
void tn_reliable_init(struct tn_reliable *reliable, struct tn_ctx *ctx,
                      void (*fire)(struct tn_timer *timer));
void tn_reliable_fini(struct tn_reliable *reliable);
/* The RSeq of the next one. Drawn for the first; then one more each (RFC 3262 3). */
uint32_t tn_reliable_next(struct tn_reliable *reliable);
/* One was sent, in IDLE. */
void tn_reliable_sent(struct tn_reliable *reliable, uint32_t rseq, uint32_t cseq, bool describes);
enum tn_reliable_step tn_reliable_timer(struct tn_reliable *reliable);
/* There was no network, or it went out by a new path: time and interval begin anew (MOBILITY C4). */
void tn_reliable_anew(struct tn_reliable *reliable);
/* @return whether it is for the one that waits; else it is answered 481 */
bool tn_reliable_acknowledged(struct tn_reliable *reliable, const struct tn_rack *rack);
/* A final answer was sent. */
void tn_reliable_final(struct tn_reliable *reliable);
bool tn_reliable_waits(const struct tn_reliable *reliable);
/* RFC 3262 3: no 2xx before the PRACK for what describes the session. */
bool tn_reliable_holds_2xx(const struct tn_reliable *reliable);
const char *tn_reliable_state_name(enum tn_reliable_state state);

/* ---- the calling end ---- */

struct tn_reliable_seen {
    uint32_t cseq; /* of the INVITE that it is about; 0: nothing yet */
    uint32_t rseq; /* of the last that was taken */
};

enum tn_reliable_order {
    TN_RELIABLE_PLAIN,  /* not a reliable one */
    TN_RELIABLE_NEXT,   /* taken: acknowledge it */
    TN_RELIABLE_REPEAT, /* the last one once more: nothing new, but its PRACK may have been lost */
    TN_RELIABLE_ASTRAY, /* one before it is missing, or it is old: neither read nor acknowledged */
};

enum tn_reliable_order tn_reliable_take(struct tn_reliable_seen *seen, const struct tn_msg *rsp);

#endif
