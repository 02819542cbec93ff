/* SPDX-License-Identifier: MIT */
/*
 * Server transaction of every other method: RFC 3261 17.2.2. Each cell says
 * what is done and, after the arrow, where to.
 *
 *              request  send 1xx  send final  J
 * TRYING       drop     send>PRO  send>COM    >T
 * PROCEEDING   resend   send      send>COM    >T
 * COMPLETED    resend   -         -           >T
 *
 * Timer J runs from the start: soon after 64*T1 nobody listens any more (RFC 4320 3), and a
 * transaction whose user has no memory for an answer must end as well.
 *
 * DEVIATION: a transport error ends nothing, see ist.h.
 */
#ifndef TN_TXN_NIST_H
#define TN_TXN_NIST_H

#include "txn/machine.h"

enum tn_nist_state {
    TN_NIST_TRYING,
    TN_NIST_PROCEEDING,
    TN_NIST_COMPLETED,
    TN_NIST_TERMINATED,
    TN_NIST_STATES,
};

enum tn_nist_event {
    TN_NIST_EV_REQUEST, /* retransmission */
    TN_NIST_EV_SEND_1XX,
    TN_NIST_EV_SEND_FINAL,
    TN_NIST_EV_TIMER_J, /* nobody listens, or repeats, any more */
    TN_NIST_EVENTS,
};

struct tn_nist {
    struct tn_machine m;
    enum tn_nist_state state;
    struct tn_timer j;
};

/* `t` must stay put until TERMINATED. */
void tn_nist_start(struct tn_nist *t, const struct tn_machine *m);
/* @return enum tn_do, or-ed */
unsigned tn_nist_step(struct tn_nist *t, enum tn_nist_event event);
/* Cancels the timer, whatever the state. */
void tn_nist_stop(struct tn_nist *t);
/* Whose timer has fired. */
struct tn_nist *tn_nist_of(struct tn_timer *timer);

const char *tn_nist_state_name(enum tn_nist_state state);

#endif
