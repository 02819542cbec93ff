/* SPDX-License-Identifier: MIT */
#include "session/silence.h"

#include "base/assert.h"
#include "base/mutant.h"

#define BIT(state)    (1u << (state))
#define DOUBLINGS_MAX 4
#define GRACE_MIN     TERN_SECONDS(32) /* 64*T1: as long as the answer may take, and never nothing */

static const unsigned successors[TN_SILENCE_STATES] = {
    [TN_SILENCE_OFF] = BIT(TN_SILENCE_LISTENING),
    [TN_SILENCE_LISTENING] =
        BIT(TN_SILENCE_OFF) | BIT(TN_SILENCE_LISTENING) | BIT(TN_SILENCE_ASKING),
    [TN_SILENCE_ASKING] = BIT(TN_SILENCE_OFF) | BIT(TN_SILENCE_LISTENING) | BIT(TN_SILENCE_ASKING) |
                          BIT(TN_SILENCE_SILENT),
    [TN_SILENCE_SILENT] = BIT(TN_SILENCE_OFF) | BIT(TN_SILENCE_LISTENING) | BIT(TN_SILENCE_ASKING) |
                          BIT(TN_SILENCE_SILENT),
};

/* The only writer of the state and of the timer. */
static void enter(struct tn_silence *silence, enum tn_silence_state next, tern_time delay)
{
    TN_ASSERT(successors[silence->state] & BIT(next));
    if (silence->state != next) {
        tn_trace(silence->ctx, "silence", 0, tn_silence_state_name(silence->state),
                 tn_silence_state_name(next));
    }
    silence->state = next;
    tn_timer_cancel(silence->ctx, &silence->timer);
    if (delay != TERN_TIME_NEVER) tn_timer_arm(silence->ctx, &silence->timer, delay);
}

void tn_silence_init(struct tn_silence *silence, struct tn_ctx *ctx,
                     void (*fire)(struct tn_timer *timer))
{
    *silence = (struct tn_silence){.ctx = ctx};
    tn_timer_init(&silence->timer, 0, fire);
}

void tn_silence_fini(struct tn_silence *silence)
{
    if (silence->state != TN_SILENCE_OFF) enter(silence, TN_SILENCE_OFF, TERN_TIME_NEVER);
    silence->timeout = 0;
}

static void ask(struct tn_silence *silence)
{
    tern_time grace = silence->grace > GRACE_MIN ? silence->grace : GRACE_MIN;
    enter(silence, TN_SILENCE_ASKING, grace);
}

static bool was_told(const struct tn_silence *silence)
{
    return silence->state == TN_SILENCE_ASKING || silence->state == TN_SILENCE_SILENT;
}

enum tn_silence_act tn_silence_expect(struct tn_silence *silence, bool expected)
{
    bool told = was_told(silence);
    if (expected && silence->state == TN_SILENCE_OFF && silence->timeout > 0) {
        silence->since = silence->ctx->now;
        enter(silence, TN_SILENCE_LISTENING, silence->timeout);
    }
    if (expected || silence->state == TN_SILENCE_OFF) return TN_SILENCE_WAIT;
    enter(silence, TN_SILENCE_OFF, TERN_TIME_NEVER);
    return told ? TN_SILENCE_BACK : TN_SILENCE_WAIT;
}

enum tn_silence_act tn_silence_heard(struct tn_silence *silence)
{
    if (!was_told(silence)) return TN_SILENCE_WAIT;
    enter(silence, TN_SILENCE_LISTENING, silence->timeout);
    return TN_SILENCE_BACK;
}

void tn_silence_answered(struct tn_silence *silence)
{
    if (silence->state != TN_SILENCE_ASKING) return;
    unsigned doublings = silence->asked < DOUBLINGS_MAX ? silence->asked : DOUBLINGS_MAX;
    enter(silence, TN_SILENCE_SILENT, silence->timeout << doublings);
}

static enum tn_silence_act listened(struct tn_silence *silence, tern_time last)
{
    tern_time from = silence->since, now = silence->ctx->now;
    if (last != TERN_TIME_NEVER && last > from) from = last;
    if (now - from < silence->timeout) {
        enter(silence, TN_SILENCE_LISTENING, from + silence->timeout - now);
        return TN_SILENCE_WAIT;
    }
    silence->asked = 1;
    ask(silence);
    return TN_SILENCE_TELL;
}

enum tn_silence_act tn_silence_fire(struct tn_silence *silence, tern_time last, bool excused)
{
    TN_ASSERT(silence->state != TN_SILENCE_OFF);
    if (excused) {
        if (silence->state == TN_SILENCE_ASKING) {
            ask(silence);
        } else {
            enter(silence, silence->state, silence->timeout);
        }
        return TN_SILENCE_WAIT;
    }
    if (silence->state == TN_SILENCE_LISTENING) return listened(silence, last);
    if (silence->state == TN_SILENCE_ASKING) {
        return TN_MUTANT(DEAD_UNSEEN) ? TN_SILENCE_WAIT : TN_SILENCE_END;
    }
    silence->asked++;
    ask(silence);
    return TN_SILENCE_ASK;
}

const char *tn_silence_state_name(enum tn_silence_state state)
{
    switch (state) {
    case TN_SILENCE_OFF: return "off";
    case TN_SILENCE_LISTENING: return "listening";
    case TN_SILENCE_ASKING: return "asking";
    case TN_SILENCE_SILENT: return "silent";
    case TN_SILENCE_STATES: break;
    }
    TN_UNREACHABLE();
}
