/* SPDX-License-Identifier: MIT */
/*
 * INVITE client transaction: RFC 3261 17.1.1, with the Accepted state of
 * RFC 6026 7.2. Each cell says what is done and, after the arrow, where to.
 *
 *              1xx         2xx         300-699       A       B       D     M     error   cancel  lost
 * CALLING      deliver>PRO deliver>ACC ack+del.>COM  resend  tell>T  -     -     tell>T  -       -
 * PROCEEDING   deliver     deliver>ACC ack+del.>COM  cancel  tell>T  -     -     tell    start B start A
 * COMPLETED    drop        drop        ack           -       -       >T    -     >T      -       -
 * ACCEPTED     drop        deliver     drop          -       -       -     >T    ignore  -       -
 *
 * An error in PROCEEDING ends nothing (figure 5): the answer may come by another connection. The user
 * hears of it. "lost": a CANCEL has found no way, or failed on it; A then asks for it once more.
 * B in PROCEEDING runs only after a CANCEL: 64*T1 later the INVITE counts as
 * cancelled (RFC 3261 9.1). An error in COMPLETED means that the ACK did not
 * get out; the user has its answer already and is not told again.
 */
#ifndef TN_TXN_ICT_H
#define TN_TXN_ICT_H

#include "txn/machine.h"

enum tn_ict_state {
    TN_ICT_CALLING,
    TN_ICT_PROCEEDING,
    TN_ICT_COMPLETED,
    TN_ICT_ACCEPTED,
    TN_ICT_TERMINATED,
    TN_ICT_STATES,
};

enum tn_ict_event {
    TN_ICT_EV_1XX,
    TN_ICT_EV_2XX,
    TN_ICT_EV_3XX_6XX,
    TN_ICT_EV_TIMER_A, /* retransmit */
    TN_ICT_EV_TIMER_B, /* no answer */
    TN_ICT_EV_TIMER_D, /* end of wait for retransmitted 300-699 */
    TN_ICT_EV_TIMER_M, /* end of wait for retransmitted 2xx */
    TN_ICT_EV_TRANSPORT_ERROR,
    TN_ICT_EV_CANCEL_SENT,
    TN_ICT_EV_CANCEL_LOST,
    TN_ICT_EVENTS,
};

struct tn_ict {
    struct tn_machine m;
    enum tn_ict_state state;
    tern_time a_delay; /* present value of timer A */
    struct tn_hold_timer a, b;
    struct tn_timer linger; /* D or M */
};

/* The caller has sent the INVITE. `t` must stay put until TERMINATED. */
void tn_ict_start(struct tn_ict *t, const struct tn_machine *m);
/* @return enum tn_do, or-ed */
unsigned tn_ict_step(struct tn_ict *t, enum tn_ict_event event);
void tn_ict_pause(struct tn_ict *t, bool paused);
/* CALLING: without timer A from now on. */
void tn_ict_hush(struct tn_ict *t);
/* Cancels the timers, whatever the state. */
void tn_ict_stop(struct tn_ict *t);
/* Whose timer has fired. */
struct tn_ict *tn_ict_of(struct tn_timer *timer);

const char *tn_ict_state_name(enum tn_ict_state state);

#endif
