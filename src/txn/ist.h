/* SPDX-License-Identifier: MIT */
/*
 * INVITE server transaction: RFC 3261 17.2.1, with the Accepted state of
 * RFC 6026 7.1. Each cell says what is done and, after the arrow, where to.
 *
 *             INVITE  send 1xx  send 2xx  send 3-6xx  ACK      trying  G       H       I    L
 * PROCEEDING  resend  send      send>ACC  send>COM    drop     100     -       -       -    -
 * COMPLETED   resend  -         -         -           >CON     -       resend  tell>T  -    -
 * CONFIRMED   drop    -         -         -           drop     -       -       -       >T   -
 * ACCEPTED    drop    -         send      -           deliver  -       -       -       -    >T
 *
 * DEVIATION: RFC 3261 17.2.4 tells the user of a transport error. Here it does
 * not end anything: each send works the way back out anew, so that the next one
 * may succeed from another address.
 */
#ifndef TN_TXN_IST_H
#define TN_TXN_IST_H

#include "txn/machine.h"

enum tn_ist_state {
    TN_IST_PROCEEDING,
    TN_IST_COMPLETED,
    TN_IST_CONFIRMED,
    TN_IST_ACCEPTED,
    TN_IST_TERMINATED,
    TN_IST_STATES,
};

enum tn_ist_event {
    TN_IST_EV_INVITE, /* retransmission */
    TN_IST_EV_SEND_1XX,
    TN_IST_EV_SEND_2XX,
    TN_IST_EV_SEND_3XX_6XX,
    TN_IST_EV_ACK,
    TN_IST_EV_TIMER_TRYING, /* the user takes long to answer */
    TN_IST_EV_TIMER_G,      /* retransmit */
    TN_IST_EV_TIMER_H,      /* no ACK */
    TN_IST_EV_TIMER_I,      /* end of wait for retransmitted ACK */
    TN_IST_EV_TIMER_L,      /* end of wait for retransmitted INVITE */
    TN_IST_EVENTS,
};

struct tn_ist {
    struct tn_machine m;
    enum tn_ist_state state;
    tern_time g_delay;            /* present value of timer G */
    struct tn_hold_timer g, h, l; /* L too: the user repeats its 2xx by the transaction */
    struct tn_timer wait;         /* TRYING or I */
};

/* `t` must stay put until TERMINATED. */
void tn_ist_start(struct tn_ist *t, const struct tn_machine *m);
/* @return enum tn_do, or-ed */
unsigned tn_ist_step(struct tn_ist *t, enum tn_ist_event event);
void tn_ist_pause(struct tn_ist *t, bool paused);
/* Cancels the timers, whatever the state. */
void tn_ist_stop(struct tn_ist *t);
/* Whose timer has fired. */
struct tn_ist *tn_ist_of(struct tn_timer *timer);

const char *tn_ist_state_name(enum tn_ist_state state);

#endif
