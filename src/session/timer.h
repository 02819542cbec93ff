/* SPDX-License-Identifier: MIT */
/*
 * How long a session lasts without a refresh: RFC 4028, both roles. Any 2xx to an INVITE or UPDATE of
 * the dialog, a handover's included, agrees anew: on the interval, and on who refreshes.
 *
 *            agreed: ours  theirs   none   time is over       the same, offline  a network again
 * UNLIMITED          >OUR  >THEIRS  -      -                  -                  -
 * OURS               >OUR  >THEIRS  >UNL   >ASKED refresh     >ASKED refresh     -
 * ASKED              >OUR  >THEIRS  >UNL   >OVER end          >OVERDUE           refresh, little left: 32 s
 * THEIRS             >OUR  >THEIRS  >UNL   >OVER end          >OVERDUE           little left: >ASKED refresh
 * OVERDUE            >OUR  >THEIRS  >UNL   -                  -                  >ASKED refresh
 * OVER               -     -        -      -                  -                  -
 *
 * OURS lasts up to half of the interval: somewhat less, drawn at random, so that calls which began (or
 * were moved) together are not refreshed together. The others end min(32 s, a third) before the end of
 * the interval, as section 10 has it; without a network nothing is ended (MOBILITY C4), and whoever
 * comes back late asks at once whether the far end still has the call.
 */
#ifndef TN_SESSION_TIMER_H
#define TN_SESSION_TIMER_H

#include "core/ctx.h"
#include "wire/sip/msg.h"

#define TN_SESSION_EXPIRES_MIN_S 90u /* RFC 4028 5: nobody may ask for less */

enum tn_session_state {
    TN_SESSION_UNLIMITED, /* nobody has asked for a limit */
    TN_SESSION_OURS,      /* we refresh it, later */
    TN_SESSION_ASKED,     /* we refresh it: the request is out, or waits to be sent */
    TN_SESSION_THEIRS,    /* the far end refreshes it */
    TN_SESSION_OVERDUE,   /* its time was over while there was no network */
    TN_SESSION_OVER,
    TN_SESSION_STATES,
};

enum tn_session_act {
    TN_SESSION_WAIT,
    TN_SESSION_REFRESH, /* send UPDATE or re-INVITE */
    TN_SESSION_END,     /* BYE */
};

/* What a message says of it. */
struct tn_session_terms {
    bool supported;      /* its sender has "timer" in Supported */
    uint32_t interval_s; /* Session-Expires; 0: not said */
    enum tn_refresher refresher;
    uint32_t min_s; /* Min-SE; 0: not said */
};

struct tn_session_timer {
    struct tn_ctx *ctx;
    enum tn_session_state state;
    struct tn_timer timer;
    tern_time expires;               /* the last moment for a refresh; NEVER: unlimited */
    uint32_t interval_s;             /* agreed on; 0: none */
    uint32_t wanted_s, least_s;      /* as the account asks */
    uint32_t floor_s;                /* the largest Min-SE of the far end and its proxies */
    uint32_t asked_s;                /* in our last request */
    unsigned raised;                 /* by 422s in a row */
    struct tn_session_terms request; /* of the INVITE of theirs that is to be answered */
};

/* `fire`: then ask tn_session_timer_fire(). `wanted_s` 0: ask for no limit; do as the far end asks. */
void tn_session_timer_init(struct tn_session_timer *timer, struct tn_ctx *ctx,
                           void (*fire)(struct tn_timer *timer));
void tn_session_timer_want(struct tn_session_timer *timer, uint32_t wanted_s, uint32_t least_s);
/* For good: the call is over. */
void tn_session_timer_stop(struct tn_session_timer *timer);

struct tn_session_terms tn_session_terms_read(const struct tn_msg *msg);

/* ---- as the client ---- */

/* Lines for an INVITE or UPDATE of ours. */
void tn_session_timer_put_request(struct tn_session_timer *timer, struct tn_buf *lines);
/* A 2xx to it. */
void tn_session_timer_answered(struct tn_session_timer *timer,
                               const struct tn_session_terms *terms);
/* 422. @return whether to ask once more, for as long as it wants (section 7.3) */
bool tn_session_timer_raise(struct tn_session_timer *timer, const struct tn_session_terms *terms);

/* ---- as the server ---- */

/* An INVITE or UPDATE of theirs; kept until it is answered. @return 0, or 422 */
unsigned tn_session_timer_take(struct tn_session_timer *timer,
                               const struct tn_session_terms *terms);
/* The line for the 422. */
void tn_session_timer_put_refusal(const struct tn_session_timer *timer, struct tn_buf *lines);
/* Lines for the 2xx, which is in force when it has been sent: then tn_session_timer_agreed(). */
void tn_session_timer_put_answer(const struct tn_session_timer *timer, struct tn_buf *lines);
void tn_session_timer_agreed(struct tn_session_timer *timer);

/* ---- time ---- */

enum tn_session_act tn_session_timer_fire(struct tn_session_timer *timer, bool online);
enum tn_session_act tn_session_timer_online(struct tn_session_timer *timer);
/* A refresh is due and has not been accepted yet. */
bool tn_session_timer_due(const struct tn_session_timer *timer);

const char *tn_session_state_name(enum tn_session_state state);

#endif
