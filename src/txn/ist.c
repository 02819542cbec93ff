/* SPDX-License-Identifier: MIT */
#include "txn/ist.h"

#include "base/assert.h"
#include "txn/timing.h"

#define BIT(state) (1u << (state))

static const unsigned successors[TN_IST_STATES] = {
    [TN_IST_PROCEEDING] = BIT(TN_IST_PROCEEDING) | BIT(TN_IST_COMPLETED) | BIT(TN_IST_ACCEPTED),
    [TN_IST_COMPLETED] = BIT(TN_IST_CONFIRMED) | BIT(TN_IST_TERMINATED),
    [TN_IST_CONFIRMED] = BIT(TN_IST_TERMINATED),
    [TN_IST_ACCEPTED] = BIT(TN_IST_TERMINATED),
    [TN_IST_TERMINATED] = 0,
};

static void wait(struct tn_ist *t, enum tn_ist_event event, tern_time delay)
{
    t->wait.event = (int)event;
    tn_timer_arm(t->m.ctx, &t->wait, delay);
}

/* The only writer of t->state. Timers belong to states, so they are set here and nowhere else. */
static unsigned enter(struct tn_ist *t, enum tn_ist_state next, unsigned actions)
{
    TN_ASSERT(successors[t->state] & BIT(next));
    tn_trace(t->m.ctx, "ist", t->m.id, tn_ist_state_name(t->state), tn_ist_state_name(next));
    t->state = next;
    tn_ist_stop(t);
    if (next == TN_IST_CONFIRMED) wait(t, TN_IST_EV_TIMER_I, t->m.reliable ? 0 : TN_TIMER_I);
    if (next == TN_IST_ACCEPTED) tn_hold_arm(&t->m, &t->l, TN_TIMER_L);
    if (next == TN_IST_COMPLETED) {
        if (!t->m.reliable) tn_hold_arm(&t->m, &t->g, t->g_delay);
        tn_hold_arm(&t->m, &t->h, TN_TIMER_H);
    }
    return actions;
}

static unsigned resend(struct tn_ist *t)
{
    t->g_delay *= 2;
    if (t->g_delay > TN_T2) t->g_delay = TN_T2;
    tn_hold_arm(&t->m, &t->g, t->g_delay);
    return TN_DO_SEND;
}

/* clang-format off */
unsigned tn_ist_step(struct tn_ist *t, enum tn_ist_event event)
{
    switch ((int)t->state) {
    case TN_IST_PROCEEDING:
        switch ((int)event) {
        case TN_IST_EV_INVITE:       return TN_DO_SEND;
        case TN_IST_EV_SEND_1XX:     return enter(t, TN_IST_PROCEEDING, TN_DO_SEND);
        case TN_IST_EV_SEND_2XX:     return enter(t, TN_IST_ACCEPTED, TN_DO_SEND);
        case TN_IST_EV_SEND_3XX_6XX: return enter(t, TN_IST_COMPLETED, TN_DO_SEND);
        case TN_IST_EV_ACK:          return TN_DO_NOTHING;
        case TN_IST_EV_TIMER_TRYING: return enter(t, TN_IST_PROCEEDING, TN_DO_TRYING);
        default: break;
        }
        break;

    case TN_IST_COMPLETED:
        switch ((int)event) {
        case TN_IST_EV_INVITE:       return TN_DO_SEND;
        case TN_IST_EV_ACK:          return enter(t, TN_IST_CONFIRMED, TN_DO_NOTHING);
        case TN_IST_EV_TIMER_G:      return resend(t);
        case TN_IST_EV_TIMER_H:      return enter(t, TN_IST_TERMINATED, TN_DO_TIMEOUT);
        default: break;
        }
        break;

    case TN_IST_CONFIRMED:
        switch ((int)event) {
        case TN_IST_EV_INVITE:
        case TN_IST_EV_ACK:          return TN_DO_NOTHING;
        case TN_IST_EV_TIMER_I:      return enter(t, TN_IST_TERMINATED, TN_DO_NOTHING);
        default: break;
        }
        break;

    case TN_IST_ACCEPTED:
        switch ((int)event) {
        case TN_IST_EV_INVITE:       return TN_DO_NOTHING; /* the user repeats the 2xx */
        case TN_IST_EV_SEND_2XX:     return TN_DO_SEND;
        case TN_IST_EV_ACK:          return TN_DO_DELIVER;
        case TN_IST_EV_TIMER_L:      return enter(t, TN_IST_TERMINATED, TN_DO_NOTHING);
        default: break;
        }
        break;

    case TN_IST_TERMINATED: return TN_DO_NOTHING;
    default: break;
    }
    TN_UNREACHABLE(); /* a timer fired in a state that does not own it */
}
/* clang-format on */

void tn_ist_start(struct tn_ist *t, const struct tn_machine *m)
{
    t->m = *m;
    t->state = TN_IST_PROCEEDING;
    t->g_delay = TN_T1;
    tn_hold_init(&t->g, TN_IST_EV_TIMER_G, m->fire);
    tn_hold_init(&t->h, TN_IST_EV_TIMER_H, m->fire);
    tn_hold_init(&t->l, TN_IST_EV_TIMER_L, m->fire);
    tn_timer_init(&t->wait, TN_IST_EV_TIMER_TRYING, m->fire);
    wait(t, TN_IST_EV_TIMER_TRYING, TN_TRYING_DELAY);
}

void tn_ist_pause(struct tn_ist *t, bool paused)
{
    t->m.paused = paused;
    tn_hold_apply(&t->m, &t->g);
    tn_hold_apply(&t->m, &t->h);
    tn_hold_apply(&t->m, &t->l);
}

void tn_ist_stop(struct tn_ist *t)
{
    tn_hold_cancel(&t->m, &t->g);
    tn_hold_cancel(&t->m, &t->h);
    tn_hold_cancel(&t->m, &t->l);
    tn_timer_cancel(t->m.ctx, &t->wait);
}

struct tn_ist *tn_ist_of(struct tn_timer *timer)
{
    if (timer->event == TN_IST_EV_TIMER_G) return TN_OWNER(timer, struct tn_ist, g.timer);
    if (timer->event == TN_IST_EV_TIMER_H) return TN_OWNER(timer, struct tn_ist, h.timer);
    if (timer->event == TN_IST_EV_TIMER_L) return TN_OWNER(timer, struct tn_ist, l.timer);
    return TN_OWNER(timer, struct tn_ist, wait);
}

const char *tn_ist_state_name(enum tn_ist_state state)
{
    switch (state) {
    case TN_IST_PROCEEDING: return "proceeding";
    case TN_IST_COMPLETED: return "completed";
    case TN_IST_CONFIRMED: return "confirmed";
    case TN_IST_ACCEPTED: return "accepted";
    case TN_IST_TERMINATED: return "terminated";
    case TN_IST_STATES: break;
    }
    TN_UNREACHABLE();
}
