/* SPDX-License-Identifier: MIT */
/*
 * Requests that change a confirmed session: re-INVITE (RFC 3261 14) and UPDATE
 * (RFC 3311). One at a time; what is wanted meanwhile is kept and merged, never
 * refused, and goes out when it can. Glare is settled here.
 *
 *              want       send         2xx    405/501 to UPDATE  491, 500+Retry-After  other   timer
 * IDLE         merge      >UPD >INV    -      -                  -                     -       -
 * UPDATING     merge      -            >IDLE  merge >IDLE        merge >WAI            >IDLE   -
 * INVITING     merge      -            >IDLE  -                  merge >WAI            >IDLE   -
 * WAITING      merge      -            -      -                  -                     -       >IDLE
 *
 *              later        yield        settled
 * IDLE         merge >WAI   -            -
 * UPDATING     -            merge >WAI   -
 * INVITING     -            merge >WAI   -
 * WAITING      merge        -            >IDLE when it had yielded
 *
 * The owner asks tn_refresh_next() what to send whenever the state is IDLE.
 */
#ifndef TN_SESSION_REFRESH_H
#define TN_SESSION_REFRESH_H

#include "core/ctx.h"

enum tn_refresh_state {
    TN_REFRESH_IDLE,
    TN_REFRESH_UPDATING,
    TN_REFRESH_INVITING,
    TN_REFRESH_WAITING,
    TN_REFRESH_STATES,
};

/* What a refresh is for; the values of enum tern_reinvite_flags and further ones. */
enum tn_refresh_intent {
    TN_INTENT_OFFER = 1,    /* a new offer: media address, hold */
    TN_INTENT_CONTACT = 2,  /* target refresh */
    TN_INTENT_VIA = 4,      /* from the new address */
    TN_INTENT_INVITE = 8,   /* with re-INVITE, whatever else would do */
    TN_INTENT_SESSION = 16, /* that there is one: session/timer.h */
};

enum tn_refresh_outcome {
    TN_REFRESH_DONE,       /* accepted */
    TN_REFRESH_AGAIN,      /* goes on by itself, later or by re-INVITE */
    TN_REFRESH_REFUSED,    /* a definite no: the session is as it was */
    TN_REFRESH_UNANSWERED, /* the far end may have heard of it or not, and may yet accept it */
};

struct tn_refresh {
    struct tn_ctx *ctx;
    enum tn_refresh_state state;
    struct tn_timer timer;
    uint32_t wanted;      /* intents that wait */
    uint32_t in_flight;   /* intents of the request under way */
    bool update_refused;  /* the peer said 405 or 501 to UPDATE */
    bool owns_call_id;    /* 14.1: decides who waits longer after 491 */
    bool yielded;         /* WAITING for the far end's request to be through */
    unsigned glare_count; /* in a row */
    unsigned yield_count; /* in a row, to a far end that does not come */
    unsigned later_count; /* in a row */
    unsigned met_count;   /* 491 given while this request is under way */
};

/* `fire` is called when the wait is over: call tn_refresh_timer(). */
void tn_refresh_init(struct tn_refresh *refresh, struct tn_ctx *ctx, bool owns_call_id,
                     void (*fire)(struct tn_timer *timer));
void tn_refresh_fini(struct tn_refresh *refresh);

/* RFC 3261 14.1: how long whoever got 491 for an offer waits. */
tern_time tn_refresh_glare_pause(struct tn_random *random, bool owns_call_id);

void tn_refresh_want(struct tn_refresh *refresh, uint32_t intents);
/* Whether tn_refresh_next() has something. */
bool tn_refresh_due(const struct tn_refresh *refresh);
/*
 * What to send now. @return false: nothing. With `*update` it is an UPDATE, for which `may_update`
 * (the peer allows it, no offer is pending) must hold. `*intents` is what it carries.
 */
bool tn_refresh_next(struct tn_refresh *refresh, bool may_update, bool *update, uint32_t *intents);
/* Whether it would be an UPDATE. */
bool tn_refresh_by_update(const struct tn_refresh *refresh, bool may_update);
/* The final answer; `code` 0: none came. `retry_after` 0: not said. */
enum tn_refresh_outcome tn_refresh_answer(struct tn_refresh *refresh, int code,
                                          tern_time retry_after);
/* Nobody answered: what is wanted of the far end is asked for once more, after a pause that grows. */
void tn_refresh_later(struct tn_refresh *refresh, uint32_t intents);
/*
 * The far end got 491 because a request of ours is under way; `moved`: it is at another address by
 * now. Once may be a crossing; who asks again has not got ours.
 *
 * @return whether to give way: drop the request, and call tn_refresh_yield()
 */
bool tn_refresh_met(struct tn_refresh *refresh, bool moved);
/* The request under way is given up in favour of the far end's; it is sent when that is through. */
void tn_refresh_yield(struct tn_refresh *refresh);
/* A request of the far end is through. */
void tn_refresh_settled(struct tn_refresh *refresh);
/* The request under way is dropped: its path is gone. What it was for is wanted again. */
void tn_refresh_drop(struct tn_refresh *refresh);
/* In another dialog: who owns its Call-ID; whether UPDATE is refused has yet to be seen. */
void tn_refresh_new_dialog(struct tn_refresh *refresh, bool owns_call_id);
/* What is wanted has come about in another way. */
void tn_refresh_forget(struct tn_refresh *refresh);
void tn_refresh_timer(struct tn_refresh *refresh);
bool tn_refresh_pending(const struct tn_refresh *refresh); /* a request is under way */

const char *tn_refresh_state_name(enum tn_refresh_state state);

#endif
