/* SPDX-License-Identifier: MIT */
/*
 * Client transaction of every other method: RFC 3261 17.1.2. Each cell says
 * what is done and, after the arrow, where to.
 *
 *              1xx          200-699      E           F       K     error
 * TRYING       deliver>PRO  deliver>COM  resend, *2  tell>T  -     tell>T
 * PROCEEDING   deliver      deliver>COM  resend, T2  tell>T  -     tell>T
 * COMPLETED    drop         drop         -           -       >T    ignore
 */
#ifndef TN_TXN_NICT_H
#define TN_TXN_NICT_H

#include "txn/machine.h"

enum tn_nict_state {
    TN_NICT_TRYING,
    TN_NICT_PROCEEDING,
    TN_NICT_COMPLETED,
    TN_NICT_TERMINATED,
    TN_NICT_STATES,
};

enum tn_nict_event {
    TN_NICT_EV_1XX,
    TN_NICT_EV_FINAL,
    TN_NICT_EV_TIMER_E, /* retransmit */
    TN_NICT_EV_TIMER_F, /* no answer */
    TN_NICT_EV_TIMER_K, /* end of wait for retransmitted responses */
    TN_NICT_EV_TRANSPORT_ERROR,
    TN_NICT_EVENTS,
};

struct tn_nict {
    struct tn_machine m;
    enum tn_nict_state state;
    tern_time e_delay; /* present value of timer E */
    struct tn_hold_timer e, f;
    struct tn_timer k;
};

/* The caller has sent the request. `t` must stay put until TERMINATED. */
void tn_nict_start(struct tn_nict *t, const struct tn_machine *m);
/* @return enum tn_do, or-ed */
unsigned tn_nict_step(struct tn_nict *t, enum tn_nict_event event);
void tn_nict_pause(struct tn_nict *t, bool paused);
/* Cancels the timers, whatever the state. */
void tn_nict_stop(struct tn_nict *t);
/* Whose timer has fired. */
struct tn_nict *tn_nict_of(struct tn_timer *timer);

const char *tn_nict_state_name(enum tn_nict_state state);

#endif
