/* SPDX-License-Identifier: MIT */
#include "session/refresh.h"

#include "base/assert.h"
#include "base/mutant.h"

#define BIT(state)      (1u << (state))
#define GLARE_MAX       8                /* in a row; two honest ends meet at most a few times */
#define RETRY_AFTER_MAX TERN_SECONDS(10) /* MOBILITY C7 */

static const unsigned successors[TN_REFRESH_STATES] = {
    [TN_REFRESH_IDLE] = BIT(TN_REFRESH_UPDATING) | BIT(TN_REFRESH_INVITING),
    [TN_REFRESH_UPDATING] = BIT(TN_REFRESH_IDLE) | BIT(TN_REFRESH_WAITING),
    [TN_REFRESH_INVITING] = BIT(TN_REFRESH_IDLE) | BIT(TN_REFRESH_WAITING),
    [TN_REFRESH_WAITING] = BIT(TN_REFRESH_IDLE),
};

/* The only writer of the state, of the timer, and of what is in flight. */
static void enter(struct tn_refresh *refresh, enum tn_refresh_state next, uint32_t in_flight)
{
    TN_ASSERT(successors[refresh->state] & BIT(next));
    tn_trace(refresh->ctx, "refresh", 0, tn_refresh_state_name(refresh->state),
             tn_refresh_state_name(next));
    refresh->state = next;
    refresh->in_flight = in_flight;
    tn_timer_cancel(refresh->ctx, &refresh->timer);
}

void tn_refresh_init(struct tn_refresh *refresh, struct tn_ctx *ctx, bool owns_call_id,
                     void (*fire)(struct tn_timer *timer))
{
    *refresh = (struct tn_refresh){.ctx = ctx, .owns_call_id = owns_call_id};
    tn_timer_init(&refresh->timer, 0, fire);
}

void tn_refresh_fini(struct tn_refresh *refresh)
{
    if (refresh->ctx) tn_timer_cancel(refresh->ctx, &refresh->timer);
}

void tn_refresh_want(struct tn_refresh *refresh, uint32_t intents)
{
    refresh->wanted |= intents;
}

bool tn_refresh_pending(const struct tn_refresh *refresh)
{
    return refresh->state == TN_REFRESH_UPDATING || refresh->state == TN_REFRESH_INVITING;
}

bool tn_refresh_by_update(const struct tn_refresh *refresh, bool may_update)
{
    return may_update && !refresh->update_refused && !(refresh->wanted & TN_INTENT_INVITE);
}

bool tn_refresh_next(struct tn_refresh *refresh, bool may_update, bool *update, uint32_t *intents)
{
    if (refresh->state != TN_REFRESH_IDLE || refresh->wanted == 0) return false;
    *intents = refresh->wanted;
    *update = tn_refresh_by_update(refresh, may_update);
    refresh->wanted = 0;
    enter(refresh, *update ? TN_REFRESH_UPDATING : TN_REFRESH_INVITING, *intents);
    return true;
}

/* RFC 3261 14.1: the owner of the Call-ID waits 2.1 to 4 s, the other end 0 to 2 s; units of 10 ms. */
static tern_time glare_pause(struct tn_refresh *refresh)
{
    struct tn_random *random = &refresh->ctx->random;
    if (refresh->owns_call_id) return TERN_MS(2100) + TERN_MS(10) * tn_random_below(random, 191);
    return TERN_MS(10) * tn_random_below(random, 201);
}

static enum tn_refresh_outcome wait_and_retry(struct tn_refresh *refresh, tern_time pause)
{
    if (refresh->glare_count++ >= GLARE_MAX) {
        enter(refresh, TN_REFRESH_IDLE, 0);
        refresh->glare_count = 0;
        return TN_REFRESH_FAILED;
    }
    refresh->wanted |= refresh->in_flight;
    enter(refresh, TN_REFRESH_WAITING, 0);
    tn_timer_arm(refresh->ctx, &refresh->timer, pause);
    return TN_REFRESH_AGAIN;
}

enum tn_refresh_outcome tn_refresh_answer(struct tn_refresh *refresh, int code,
                                          tern_time retry_after)
{
    TN_ASSERT(tn_refresh_pending(refresh));
    if (code == 491 && !TN_MUTANT(GLARE_FINAL))
        return wait_and_retry(refresh, glare_pause(refresh));
    if (code == 500 && retry_after > 0) {
        return wait_and_retry(refresh,
                              retry_after < RETRY_AFTER_MAX ? retry_after : RETRY_AFTER_MAX);
    }
    bool by_update = refresh->state == TN_REFRESH_UPDATING;
    if (by_update && (code == 405 || code == 501)) refresh->update_refused = true;
    /* An UPDATE that fails for a reason of its own is tried as re-INVITE before it counts. */
    if (by_update && (code == 405 || code == 501 || code == 488 || code == 504)) {
        refresh->wanted |= refresh->in_flight | TN_INTENT_INVITE;
        enter(refresh, TN_REFRESH_IDLE, 0);
        return TN_REFRESH_AGAIN;
    }
    refresh->glare_count = 0;
    enter(refresh, TN_REFRESH_IDLE, 0);
    return code >= 200 && code < 300 ? TN_REFRESH_DONE : TN_REFRESH_FAILED;
}

void tn_refresh_drop(struct tn_refresh *refresh)
{
    if (refresh->state == TN_REFRESH_IDLE) return;
    refresh->wanted |= refresh->in_flight;
    enter(refresh, TN_REFRESH_IDLE, 0);
}

void tn_refresh_timer(struct tn_refresh *refresh)
{
    TN_ASSERT(refresh->state == TN_REFRESH_WAITING);
    enter(refresh, TN_REFRESH_IDLE, 0);
}

const char *tn_refresh_state_name(enum tn_refresh_state state)
{
    switch (state) {
    case TN_REFRESH_IDLE: return "idle";
    case TN_REFRESH_UPDATING: return "updating";
    case TN_REFRESH_INVITING: return "inviting";
    case TN_REFRESH_WAITING: return "waiting";
    case TN_REFRESH_STATES: break;
    }
    TN_UNREACHABLE();
}
