/* SPDX-License-Identifier: MIT */
#include "txn/nict.h"

#include "base/assert.h"
#include "txn/timing.h"

#define BIT(state) (1u << (state))

static const unsigned successors[TN_NICT_STATES] = {
    [TN_NICT_TRYING] = BIT(TN_NICT_PROCEEDING) | BIT(TN_NICT_COMPLETED) | BIT(TN_NICT_TERMINATED),
    [TN_NICT_PROCEEDING] = BIT(TN_NICT_COMPLETED) | BIT(TN_NICT_TERMINATED),
    [TN_NICT_COMPLETED] = BIT(TN_NICT_TERMINATED),
    [TN_NICT_TERMINATED] = 0,
};

/* The only writer of t->state. E and F run on from TRYING into PROCEEDING. */
static unsigned enter(struct tn_nict *t, enum tn_nict_state next, unsigned actions)
{
    TN_ASSERT(successors[t->state] & BIT(next));
    tn_trace(t->m.ctx, "nict", t->m.id, tn_nict_state_name(t->state), tn_nict_state_name(next));
    t->state = next;
    if (next == TN_NICT_PROCEEDING) return actions;
    tn_nict_stop(t);
    if (next == TN_NICT_COMPLETED) {
        tn_timer_arm(t->m.ctx, &t->k, t->m.reliable ? 0 : TN_TIMER_K);
    }
    return actions;
}

static unsigned resend(struct tn_nict *t, tern_time delay)
{
    t->e_delay = delay < TN_T2 ? delay : TN_T2;
    tn_hold_arm(&t->m, &t->e, t->e_delay);
    return TN_DO_SEND;
}

/* clang-format off */
unsigned tn_nict_step(struct tn_nict *t, enum tn_nict_event event)
{
    switch ((int)t->state) {
    case TN_NICT_TRYING:
        switch ((int)event) {
        case TN_NICT_EV_1XX:     return enter(t, TN_NICT_PROCEEDING, TN_DO_DELIVER);
        case TN_NICT_EV_FINAL:   return enter(t, TN_NICT_COMPLETED, TN_DO_DELIVER);
        case TN_NICT_EV_TIMER_E: return resend(t, t->e_delay * 2);
        case TN_NICT_EV_TIMER_F: return enter(t, TN_NICT_TERMINATED, TN_DO_TIMEOUT);
        case TN_NICT_EV_TRANSPORT_ERROR: return enter(t, TN_NICT_TERMINATED, TN_DO_FAIL);
        default: break;
        }
        break;

    case TN_NICT_PROCEEDING:
        switch ((int)event) {
        case TN_NICT_EV_1XX:     return TN_DO_DELIVER;
        case TN_NICT_EV_FINAL:   return enter(t, TN_NICT_COMPLETED, TN_DO_DELIVER);
        case TN_NICT_EV_TIMER_E: return resend(t, TN_T2);
        case TN_NICT_EV_TIMER_F: return enter(t, TN_NICT_TERMINATED, TN_DO_TIMEOUT);
        case TN_NICT_EV_TRANSPORT_ERROR: return enter(t, TN_NICT_TERMINATED, TN_DO_FAIL);
        default: break;
        }
        break;

    case TN_NICT_COMPLETED:
        switch ((int)event) {
        case TN_NICT_EV_1XX:
        case TN_NICT_EV_FINAL:
        case TN_NICT_EV_TRANSPORT_ERROR: return TN_DO_NOTHING;
        case TN_NICT_EV_TIMER_K: return enter(t, TN_NICT_TERMINATED, TN_DO_NOTHING);
        default: break;
        }
        break;

    case TN_NICT_TERMINATED: return TN_DO_NOTHING;
    default: break;
    }
    TN_UNREACHABLE(); /* a timer fired in a state that does not own it */
}
/* clang-format on */

void tn_nict_start(struct tn_nict *t, const struct tn_machine *m)
{
    t->m = *m;
    t->state = TN_NICT_TRYING;
    t->e_delay = TN_T1;
    tn_hold_init(&t->e, TN_NICT_EV_TIMER_E, m->fire);
    tn_hold_init(&t->f, TN_NICT_EV_TIMER_F, m->fire);
    tn_timer_init(&t->k, TN_NICT_EV_TIMER_K, m->fire);
    if (!m->reliable) tn_hold_arm(&t->m, &t->e, t->e_delay);
    tn_hold_arm(&t->m, &t->f, TN_TIMER_F);
}

void tn_nict_pause(struct tn_nict *t, bool paused)
{
    t->m.paused = paused;
    tn_hold_apply(&t->m, &t->e);
    tn_hold_apply(&t->m, &t->f);
}

void tn_nict_stop(struct tn_nict *t)
{
    tn_hold_cancel(&t->m, &t->e);
    tn_hold_cancel(&t->m, &t->f);
    tn_timer_cancel(t->m.ctx, &t->k);
}

struct tn_nict *tn_nict_of(struct tn_timer *timer)
{
    if (timer->event == TN_NICT_EV_TIMER_E) return TN_OWNER(timer, struct tn_nict, e.timer);
    if (timer->event == TN_NICT_EV_TIMER_F) return TN_OWNER(timer, struct tn_nict, f.timer);
    return TN_OWNER(timer, struct tn_nict, k);
}

const char *tn_nict_state_name(enum tn_nict_state state)
{
    switch (state) {
    case TN_NICT_TRYING: return "trying";
    case TN_NICT_PROCEEDING: return "proceeding";
    case TN_NICT_COMPLETED: return "completed";
    case TN_NICT_TERMINATED: return "terminated";
    case TN_NICT_STATES: break;
    }
    TN_UNREACHABLE();
}
