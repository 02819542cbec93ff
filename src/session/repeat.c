/* SPDX-License-Identifier: MIT */
#include "session/repeat.h"

#include "txn/timing.h"

void tn_repeat_init(struct tn_repeat *repeat, struct tn_ctx *ctx,
                    void (*fire)(struct tn_timer *timer))
{
    *repeat = (struct tn_repeat){.ctx = ctx};
    tn_timer_init(&repeat->timer, 0, fire);
}

void tn_repeat_start(struct tn_repeat *repeat)
{
    repeat->delay = TN_T1;
    repeat->deadline = repeat->ctx->now + 64 * TN_T1;
    tn_timer_arm(repeat->ctx, &repeat->timer, repeat->delay);
}

static void arm(struct tn_repeat *repeat)
{
    tern_time left = repeat->deadline - repeat->ctx->now;
    if (left < 0) left = 0;
    tn_timer_arm(repeat->ctx, &repeat->timer, repeat->delay < left ? repeat->delay : left);
}

enum tn_repeat_step tn_repeat_timer(struct tn_repeat *repeat)
{
    if (repeat->ctx->now >= repeat->deadline) return TN_REPEAT_OVER;
    repeat->delay = repeat->delay * 2 < TN_T2 ? repeat->delay * 2 : TN_T2;
    arm(repeat);
    return TN_REPEAT_SEND;
}

void tn_repeat_anew(struct tn_repeat *repeat)
{
    if (!tn_repeat_running(repeat)) return;
    repeat->delay = TN_T1;
    arm(repeat);
}

bool tn_repeat_running(const struct tn_repeat *repeat)
{
    return tn_timer_armed(&repeat->timer);
}

void tn_repeat_stop(struct tn_repeat *repeat)
{
    if (repeat->ctx) tn_timer_cancel(repeat->ctx, &repeat->timer);
}
