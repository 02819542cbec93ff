/* SPDX-License-Identifier: MIT */
#include "txn/machine.h"

#include "base/mutant.h"

void tn_hold_init(struct tn_hold_timer *timer, int event, void (*fire)(struct tn_timer *timer))
{
    tn_timer_init(&timer->timer, event, fire);
    timer->left = TERN_TIME_NEVER;
}

void tn_hold_arm(const struct tn_machine *m, struct tn_hold_timer *timer, tern_time delay)
{
    if (m->paused) {
        timer->left = delay;
    } else {
        tn_timer_arm(m->ctx, &timer->timer, delay);
    }
}

void tn_hold_cancel(const struct tn_machine *m, struct tn_hold_timer *timer)
{
    timer->left = TERN_TIME_NEVER;
    tn_timer_cancel(m->ctx, &timer->timer);
}

void tn_hold_apply(const struct tn_machine *m, struct tn_hold_timer *timer)
{
    if (m->paused && tn_timer_armed(&timer->timer)) {
        timer->left = tn_timer_due(&timer->timer) - m->ctx->now;
        if (timer->left < 0) timer->left = 0;
        tn_timer_cancel(m->ctx, &timer->timer);
    } else if (!m->paused && timer->left != TERN_TIME_NEVER) {
        if (!TN_MUTANT(LOST_TIMER)) tn_timer_arm(m->ctx, &timer->timer, timer->left);
        timer->left = TERN_TIME_NEVER;
    }
}
