/* SPDX-License-Identifier: MIT */
#include "txn/ict.h"

#include "base/assert.h"
#include "base/mutant.h"
#include "txn/timing.h"

#define BIT(state) (1u << (state))

/* Which states may follow which. step() says when; this says what is legal at all. */
static const unsigned successors[TN_ICT_STATES] = {
    [TN_ICT_CALLING] = BIT(TN_ICT_PROCEEDING) | BIT(TN_ICT_COMPLETED) | BIT(TN_ICT_ACCEPTED) |
                       BIT(TN_ICT_TERMINATED),
    [TN_ICT_PROCEEDING] = BIT(TN_ICT_COMPLETED) | BIT(TN_ICT_ACCEPTED) | BIT(TN_ICT_TERMINATED),
    [TN_ICT_COMPLETED] = BIT(TN_ICT_TERMINATED),
    [TN_ICT_ACCEPTED] = BIT(TN_ICT_TERMINATED),
    [TN_ICT_TERMINATED] = 0,
};

static void wait(struct tn_ict *t, enum tn_ict_event event, tern_time delay)
{
    t->linger.event = (int)event;
    tn_timer_arm(t->m.ctx, &t->linger, delay);
}

/* The only writer of t->state. Timers belong to states, so they are set here and nowhere else. */
static unsigned enter(struct tn_ict *t, enum tn_ict_state next, unsigned actions)
{
    TN_ASSERT(successors[t->state] & BIT(next));
    tn_trace(t->m.ctx, "ict", t->m.id, tn_ict_state_name(t->state), tn_ict_state_name(next));
    t->state = next;
    tn_ict_stop(t);
    if (next == TN_ICT_COMPLETED) wait(t, TN_ICT_EV_TIMER_D, t->m.reliable ? 0 : TN_TIMER_D);
    if (next == TN_ICT_ACCEPTED) wait(t, TN_ICT_EV_TIMER_M, TN_TIMER_M);
    return actions;
}

static unsigned resend(struct tn_ict *t)
{
    t->a_delay *= 2; /* 17.1.1.2: no ceiling; timer B ends the series */
    tn_hold_arm(&t->m, &t->a, t->a_delay);
    return TN_MUTANT(INVITE_ONCE) ? TN_DO_NOTHING : TN_DO_SEND;
}

/* The pause before the next CANCEL; B ends the series. */
static unsigned start_a(struct tn_ict *t)
{
    tn_hold_arm(&t->m, &t->a, t->a_delay);
    t->a_delay *= 2;
    return TN_DO_NOTHING;
}

static unsigned start_b(struct tn_ict *t)
{
    tn_hold_arm(&t->m, &t->b, TN_TIMER_B);
    return TN_DO_NOTHING;
}

/* clang-format off */
unsigned tn_ict_step(struct tn_ict *t, enum tn_ict_event event)
{
    switch ((int)t->state) {
    case TN_ICT_CALLING:
        switch ((int)event) {
        case TN_ICT_EV_1XX:     return enter(t, TN_ICT_PROCEEDING, TN_DO_DELIVER);
        case TN_ICT_EV_2XX:     return enter(t, TN_ICT_ACCEPTED, TN_DO_DELIVER);
        case TN_ICT_EV_3XX_6XX: return enter(t, TN_ICT_COMPLETED, TN_DO_ACK | TN_DO_DELIVER);
        case TN_ICT_EV_TIMER_A: return resend(t);
        case TN_ICT_EV_TIMER_B: return enter(t, TN_ICT_TERMINATED, TN_DO_TIMEOUT);
        case TN_ICT_EV_TRANSPORT_ERROR: return enter(t, TN_ICT_TERMINATED, TN_DO_FAIL);
        default: break;
        }
        break;

    case TN_ICT_PROCEEDING:
        switch ((int)event) {
        case TN_ICT_EV_1XX:     return TN_DO_DELIVER;
        case TN_ICT_EV_2XX:     return enter(t, TN_ICT_ACCEPTED, TN_DO_DELIVER);
        case TN_ICT_EV_3XX_6XX: return enter(t, TN_ICT_COMPLETED, TN_DO_ACK | TN_DO_DELIVER);
        case TN_ICT_EV_TIMER_B: return enter(t, TN_ICT_TERMINATED, TN_DO_TIMEOUT);
        case TN_ICT_EV_TRANSPORT_ERROR: return TN_DO_FAIL;
        case TN_ICT_EV_CANCEL_SENT: return start_b(t);
        case TN_ICT_EV_CANCEL_LOST: return start_a(t);
        case TN_ICT_EV_TIMER_A: return TN_DO_CANCEL;
        default: break;
        }
        break;

    case TN_ICT_COMPLETED:
        switch ((int)event) {
        case TN_ICT_EV_3XX_6XX: return TN_DO_ACK;
        case TN_ICT_EV_1XX:
        case TN_ICT_EV_2XX:     return TN_DO_NOTHING; /* late or forged: already decided */
        case TN_ICT_EV_TIMER_D:
        case TN_ICT_EV_TRANSPORT_ERROR: return enter(t, TN_ICT_TERMINATED, TN_DO_NOTHING);
        default: break;
        }
        break;

    case TN_ICT_ACCEPTED:
        switch ((int)event) {
        case TN_ICT_EV_2XX:     return TN_DO_DELIVER; /* each fork; the user ACKs */
        case TN_ICT_EV_1XX:
        case TN_ICT_EV_3XX_6XX: return TN_DO_NOTHING; /* RFC 6026 7.2: not passed on */
        case TN_ICT_EV_TIMER_M: return enter(t, TN_ICT_TERMINATED, TN_DO_NOTHING);
        case TN_ICT_EV_TRANSPORT_ERROR: return TN_DO_NOTHING; /* nothing of ours is in flight */
        default: break;
        }
        break;

    case TN_ICT_TERMINATED: return TN_DO_NOTHING;
    default: break;
    }
    TN_UNREACHABLE(); /* a timer fired in a state that does not own it */
}
/* clang-format on */

void tn_ict_start(struct tn_ict *t, const struct tn_machine *m)
{
    t->m = *m;
    t->state = TN_ICT_CALLING;
    t->a_delay = TN_T1;
    tn_hold_init(&t->a, TN_ICT_EV_TIMER_A, m->fire);
    tn_hold_init(&t->b, TN_ICT_EV_TIMER_B, m->fire);
    tn_timer_init(&t->linger, TN_ICT_EV_TIMER_D, m->fire);
    if (!m->reliable) tn_hold_arm(&t->m, &t->a, t->a_delay);
    tn_hold_arm(&t->m, &t->b, TN_TIMER_B);
}

void tn_ict_pause(struct tn_ict *t, bool paused)
{
    t->m.paused = paused;
    tn_hold_apply(&t->m, &t->a);
    tn_hold_apply(&t->m, &t->b);
}

void tn_ict_hush(struct tn_ict *t)
{
    if (t->state == TN_ICT_CALLING) tn_hold_cancel(&t->m, &t->a);
}

void tn_ict_stop(struct tn_ict *t)
{
    tn_hold_cancel(&t->m, &t->a);
    tn_hold_cancel(&t->m, &t->b);
    tn_timer_cancel(t->m.ctx, &t->linger);
}

struct tn_ict *tn_ict_of(struct tn_timer *timer)
{
    if (timer->event == TN_ICT_EV_TIMER_A) return TN_OWNER(timer, struct tn_ict, a.timer);
    if (timer->event == TN_ICT_EV_TIMER_B) return TN_OWNER(timer, struct tn_ict, b.timer);
    return TN_OWNER(timer, struct tn_ict, linger);
}

const char *tn_ict_state_name(enum tn_ict_state state)
{
    switch (state) {
    case TN_ICT_CALLING: return "calling";
    case TN_ICT_PROCEEDING: return "proceeding";
    case TN_ICT_COMPLETED: return "completed";
    case TN_ICT_ACCEPTED: return "accepted";
    case TN_ICT_TERMINATED: return "terminated";
    case TN_ICT_STATES: break;
    }
    TN_UNREACHABLE();
}
