/* SPDX-License-Identifier: MIT */
/*
 * The called end's 2xx, repeated until the ACK comes: RFC 3261 13.3.1.4. On
 * every transport, end to end: at T1, doubling to T2, for 64*T1 in all.
 */
#ifndef TN_SESSION_REPEAT_H
#define TN_SESSION_REPEAT_H

#include "core/ctx.h"

enum tn_repeat_step {
    TN_REPEAT_SEND, /* send it again */
    TN_REPEAT_OVER, /* 64*T1 have passed without an ACK */
};

struct tn_repeat {
    struct tn_ctx *ctx;
    struct tn_timer timer;
    tern_time delay;
    tern_time deadline;
};

/* `fire`: then ask tn_repeat_timer() what to do. */
void tn_repeat_init(struct tn_repeat *repeat, struct tn_ctx *ctx,
                    void (*fire)(struct tn_timer *timer));
/* The first 2xx has been sent. */
void tn_repeat_start(struct tn_repeat *repeat);
enum tn_repeat_step tn_repeat_timer(struct tn_repeat *repeat);
/* It was sent out of turn, by a new path: the interval begins anew (MOBILITY S4). */
void tn_repeat_anew(struct tn_repeat *repeat);
bool tn_repeat_running(const struct tn_repeat *repeat);
void tn_repeat_stop(struct tn_repeat *repeat);

#endif
