/* SPDX-License-Identifier: MIT */
/*
 * What the four machines have in common. A machine owns its state and timers
 * and answers each event with what is to be done; client.c and server.c do it,
 * and free the transaction when its machine reads TERMINATED.
 */
#ifndef TN_TXN_MACHINE_H
#define TN_TXN_MACHINE_H

#include "core/ctx.h"

/* In the order in which they are done; the state has changed before. */
enum tn_do {
    TN_DO_NOTHING = 0,
    TN_DO_SEND = 1,    /* the request, or the last response */
    TN_DO_ACK = 2,     /* answer a 300-699 response with ACK */
    TN_DO_TRYING = 4,  /* make and send a 100 */
    TN_DO_DELIVER = 8, /* hand the message to the user */
    TN_DO_TIMEOUT = 16,
    TN_DO_FAIL = 32,   /* tell the user: transport error */
    TN_DO_CANCEL = 64, /* the CANCEL once more */
};

/* A timer that stands still while there is no network (MOBILITY C4). */
struct tn_hold_timer {
    struct tn_timer timer;
    tern_time left; /* while held: what was left; else TERN_TIME_NEVER */
};

/* What every machine is started with. */
struct tn_machine {
    struct tn_ctx *ctx;
    uint64_t id;   /* for the trace */
    bool reliable; /* a stream underneath: no retransmission */
    bool paused;
    void (*fire)(struct tn_timer *timer); /* timer->event: event of the machine */
};

void tn_hold_init(struct tn_hold_timer *timer, int event, void (*fire)(struct tn_timer *timer));
void tn_hold_arm(const struct tn_machine *m, struct tn_hold_timer *timer, tern_time delay);
void tn_hold_cancel(const struct tn_machine *m, struct tn_hold_timer *timer);
/* To be called for each when m->paused has changed. */
void tn_hold_apply(const struct tn_machine *m, struct tn_hold_timer *timer);

#endif
