/* SPDX-License-Identifier: MIT */
#include "txn/nist.h"

#include "base/assert.h"
#include "txn/timing.h"

#define BIT(state) (1u << (state))
#define PATIENCE   (TN_TIMER_J + TN_T4) /* a proxy hears of its own time-out at 64*T1 */

static const unsigned successors[TN_NIST_STATES] = {
    [TN_NIST_TRYING] = BIT(TN_NIST_PROCEEDING) | BIT(TN_NIST_COMPLETED) | BIT(TN_NIST_TERMINATED),
    [TN_NIST_PROCEEDING] = BIT(TN_NIST_COMPLETED) | BIT(TN_NIST_TERMINATED),
    [TN_NIST_COMPLETED] = BIT(TN_NIST_TERMINATED),
    [TN_NIST_TERMINATED] = 0,
};

/* The only writer of t->state and of timer J. */
static unsigned enter(struct tn_nist *t, enum tn_nist_state next, unsigned actions)
{
    TN_ASSERT(successors[t->state] & BIT(next));
    tn_trace(t->m.ctx, "nist", t->m.id, tn_nist_state_name(t->state), tn_nist_state_name(next));
    t->state = next;
    if (next != TN_NIST_PROCEEDING) tn_nist_stop(t);
    if (next == TN_NIST_COMPLETED) {
        tn_timer_arm(t->m.ctx, &t->j, t->m.reliable ? 0 : TN_TIMER_J);
    }
    return actions;
}

/* clang-format off */
unsigned tn_nist_step(struct tn_nist *t, enum tn_nist_event event)
{
    switch ((int)t->state) {
    case TN_NIST_TRYING:
        switch ((int)event) {
        case TN_NIST_EV_REQUEST:    return TN_DO_NOTHING;
        case TN_NIST_EV_SEND_1XX:   return enter(t, TN_NIST_PROCEEDING, TN_DO_SEND);
        case TN_NIST_EV_SEND_FINAL: return enter(t, TN_NIST_COMPLETED, TN_DO_SEND);
        case TN_NIST_EV_TIMER_J:    return enter(t, TN_NIST_TERMINATED, TN_DO_NOTHING);
        default: break;
        }
        break;

    case TN_NIST_PROCEEDING:
        switch ((int)event) {
        case TN_NIST_EV_REQUEST:
        case TN_NIST_EV_SEND_1XX:   return TN_DO_SEND;
        case TN_NIST_EV_SEND_FINAL: return enter(t, TN_NIST_COMPLETED, TN_DO_SEND);
        case TN_NIST_EV_TIMER_J:    return enter(t, TN_NIST_TERMINATED, TN_DO_NOTHING);
        default: break;
        }
        break;

    case TN_NIST_COMPLETED:
        switch ((int)event) {
        case TN_NIST_EV_REQUEST:    return TN_DO_SEND;
        case TN_NIST_EV_TIMER_J:    return enter(t, TN_NIST_TERMINATED, TN_DO_NOTHING);
        default: break;
        }
        break;

    case TN_NIST_TERMINATED: return TN_DO_NOTHING;
    default: break;
    }
    TN_UNREACHABLE(); /* a timer fired in a state that does not own it */
}
/* clang-format on */

void tn_nist_start(struct tn_nist *t, const struct tn_machine *m)
{
    t->m = *m;
    t->state = TN_NIST_TRYING;
    tn_timer_init(&t->j, TN_NIST_EV_TIMER_J, m->fire);
    tn_timer_arm(m->ctx, &t->j, PATIENCE);
}

void tn_nist_stop(struct tn_nist *t)
{
    tn_timer_cancel(t->m.ctx, &t->j);
}

struct tn_nist *tn_nist_of(struct tn_timer *timer)
{
    return TN_OWNER(timer, struct tn_nist, j);
}

const char *tn_nist_state_name(enum tn_nist_state state)
{
    switch (state) {
    case TN_NIST_TRYING: return "trying";
    case TN_NIST_PROCEEDING: return "proceeding";
    case TN_NIST_COMPLETED: return "completed";
    case TN_NIST_TERMINATED: return "terminated";
    case TN_NIST_STATES: break;
    }
    TN_UNREACHABLE();
}
