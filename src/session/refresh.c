/* SPDX-License-Identifier: MIT */
#include "session/refresh.h"

#include "base/assert.h"
#include "base/mutant.h"

#define BIT(state)      (1u << (state))
#define GLARE_MAX       8 /* in a row; two honest ends meet at most a few times */
#define GLARE_DOUBLINGS 2
#define RETRY_AFTER_MAX TERN_SECONDS(10) /* MOBILITY C7 */
#define YIELD_TIME      TERN_MS(4500)    /* longer than the far end waits after 491 */
#define LATER_FIRST     TERN_MS(500)     /* doubling, as MOBILITY has it for all that is repeated */
#define LATER_MAX       6                /* doublings: 32 s */

static const unsigned successors[TN_REFRESH_STATES] = {
    [TN_REFRESH_IDLE] =
        BIT(TN_REFRESH_UPDATING) | BIT(TN_REFRESH_INVITING) | BIT(TN_REFRESH_WAITING),
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
    refresh->met_count = 0;
    refresh->yielded = false;
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

bool tn_refresh_due(const struct tn_refresh *refresh)
{
    return refresh->state == TN_REFRESH_IDLE && refresh->wanted != 0;
}

bool tn_refresh_next(struct tn_refresh *refresh, bool may_update, bool *update, uint32_t *intents)
{
    if (!tn_refresh_due(refresh)) return false;
    *intents = refresh->wanted;
    *update = tn_refresh_by_update(refresh, may_update);
    refresh->wanted = 0;
    enter(refresh, *update ? TN_REFRESH_UPDATING : TN_REFRESH_INVITING, *intents);
    return true;
}

/* The third time and from then on. */
static unsigned doublings_after(unsigned count)
{
    unsigned doublings = count > 1 ? count - 1 : 0;
    return doublings < GLARE_DOUBLINGS ? doublings : GLARE_DOUBLINGS;
}

/* The owner of the Call-ID waits 2.1 to 4 s, the other end 0 to 2 s; units of 10 ms. */
tern_time tn_refresh_glare_pause(struct tn_random *random, bool owns_call_id)
{
    if (owns_call_id) return TERN_MS(2100) + TERN_MS(10) * tn_random_below(random, 191);
    return TERN_MS(10) * tn_random_below(random, 201);
}

/*
 * Whom it does not help twice does not cross with another one's request: that one waits for
 * something else, as a caller for a 2xx that is lost, and is asked less and less often.
 */
static tern_time glare_pause(struct tn_refresh *refresh)
{
    return tn_refresh_glare_pause(&refresh->ctx->random, refresh->owns_call_id)
           << doublings_after(refresh->glare_count);
}

static enum tn_refresh_outcome wait_and_retry(struct tn_refresh *refresh, tern_time pause)
{
    if (refresh->glare_count++ >= GLARE_MAX) {
        enter(refresh, TN_REFRESH_IDLE, 0);
        refresh->glare_count = 0;
        return TN_REFRESH_UNANSWERED;
    }
    refresh->wanted |= refresh->in_flight;
    enter(refresh, TN_REFRESH_WAITING, 0);
    tn_timer_arm(refresh->ctx, &refresh->timer, pause);
    return TN_REFRESH_AGAIN;
}

/*
 * Nothing, or what proxies say in the far end's place while it cannot be reached. A request that
 * has timed out may have been carried out (RFC 3261 8.1.3.1, 12.2.1.2).
 */
static enum tn_refresh_outcome classify(int code)
{
    if (code >= 200 && code < 300) return TN_REFRESH_DONE;
    if (code == 0 || code == 408 || code == 430 || code == 480) return TN_REFRESH_UNANSWERED;
    bool later = code >= 500 && code < 600 && code != 501 && code != 505;
    return later ? TN_REFRESH_UNANSWERED : TN_REFRESH_REFUSED;
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
    enum tn_refresh_outcome outcome = classify(code);
    if (outcome == TN_REFRESH_DONE) refresh->yield_count = 0;
    if (outcome == TN_REFRESH_DONE) refresh->later_count = 0; /* a refusal may be put off, too */
    enter(refresh, TN_REFRESH_IDLE, 0);
    return outcome;
}

void tn_refresh_later(struct tn_refresh *refresh, uint32_t intents)
{
    refresh->wanted |= intents;
    if (refresh->state == TN_REFRESH_WAITING) return;
    enter(refresh, TN_REFRESH_WAITING, 0);
    tn_timer_arm(refresh->ctx, &refresh->timer, LATER_FIRST << refresh->later_count);
    if (refresh->later_count < LATER_MAX) refresh->later_count++;
}

bool tn_refresh_met(struct tn_refresh *refresh, bool moved)
{
    return tn_refresh_pending(refresh) && (++refresh->met_count > 1 || moved);
}

void tn_refresh_yield(struct tn_refresh *refresh)
{
    refresh->wanted |= refresh->in_flight;
    enter(refresh, TN_REFRESH_WAITING, 0);
    refresh->yielded = true;
    /* As the far end, whose pauses grow with each 491. */
    tn_timer_arm(refresh->ctx, &refresh->timer,
                 YIELD_TIME << doublings_after(refresh->yield_count++));
}

void tn_refresh_settled(struct tn_refresh *refresh)
{
    refresh->yield_count = 0;
    if (refresh->state == TN_REFRESH_WAITING && refresh->yielded)
        enter(refresh, TN_REFRESH_IDLE, 0);
}

void tn_refresh_drop(struct tn_refresh *refresh)
{
    if (refresh->state == TN_REFRESH_IDLE) return;
    refresh->wanted |= refresh->in_flight;
    enter(refresh, TN_REFRESH_IDLE, 0);
}

void tn_refresh_new_dialog(struct tn_refresh *refresh, bool owns_call_id)
{
    tn_refresh_drop(refresh);
    refresh->owns_call_id = owns_call_id;
    refresh->update_refused = false;
    refresh->glare_count = refresh->yield_count = refresh->later_count = 0;
}

void tn_refresh_forget(struct tn_refresh *refresh)
{
    refresh->wanted = 0;
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
