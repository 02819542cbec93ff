/* SPDX-License-Identifier: MIT */
#include "session/timer.h"

#include "base/assert.h"
#include "base/mutant.h"

#define BIT(state) (1u << (state))
#define AGREED     (BIT(TN_SESSION_UNLIMITED) | BIT(TN_SESSION_OURS) | BIT(TN_SESSION_THEIRS))
#define MARGIN     TERN_SECONDS(32) /* section 10; and what a request has to be answered in */
#define RAISES_MAX 4                /* who wants more each time is not asked for ever */
#define LONGEST_S  (7 * 86400u)     /* nothing is gained by counting further */
#define SPREAD     8 /* OURS ends within the last eighth of the interval's first half */

static const unsigned successors[TN_SESSION_STATES] = {
    [TN_SESSION_UNLIMITED] = AGREED | BIT(TN_SESSION_OVER),
    [TN_SESSION_OURS] = AGREED | BIT(TN_SESSION_ASKED) | BIT(TN_SESSION_OVER),
    [TN_SESSION_ASKED] =
        AGREED | BIT(TN_SESSION_ASKED) | BIT(TN_SESSION_OVERDUE) | BIT(TN_SESSION_OVER),
    [TN_SESSION_THEIRS] =
        AGREED | BIT(TN_SESSION_ASKED) | BIT(TN_SESSION_OVERDUE) | BIT(TN_SESSION_OVER),
    [TN_SESSION_OVERDUE] = AGREED | BIT(TN_SESSION_ASKED) | BIT(TN_SESSION_OVER),
    [TN_SESSION_OVER] = BIT(TN_SESSION_OVER),
};

/* The only writer of the state and of the timer. `until` NEVER: the state has no end of its own. */
static void enter(struct tn_session_timer *timer, enum tn_session_state next, tern_time until)
{
    TN_ASSERT(successors[timer->state] & BIT(next));
    tn_trace(timer->ctx, "session", 0, tn_session_state_name(timer->state),
             tn_session_state_name(next));
    timer->state = next;
    tn_timer_cancel(timer->ctx, &timer->timer);
    if (until == TERN_TIME_NEVER) return;
    tern_time now = timer->ctx->now;
    tn_timer_arm(timer->ctx, &timer->timer, until > now ? until - now : 0);
}

void tn_session_timer_init(struct tn_session_timer *timer, struct tn_ctx *ctx,
                           void (*fire)(struct tn_timer *timer))
{
    *timer = (struct tn_session_timer){.ctx = ctx, .expires = TERN_TIME_NEVER};
    timer->least_s = TN_SESSION_EXPIRES_MIN_S;
    tn_timer_init(&timer->timer, 0, fire);
}

void tn_session_timer_want(struct tn_session_timer *timer, uint32_t wanted_s, uint32_t least_s)
{
    timer->least_s = least_s > TN_SESSION_EXPIRES_MIN_S ? least_s : TN_SESSION_EXPIRES_MIN_S;
    timer->wanted_s = wanted_s;
    if (wanted_s > 0 && wanted_s < timer->least_s) timer->wanted_s = timer->least_s;
}

void tn_session_timer_stop(struct tn_session_timer *timer)
{
    if (timer->ctx) enter(timer, TN_SESSION_OVER, TERN_TIME_NEVER);
}

struct tn_session_terms tn_session_terms_read(const struct tn_msg *msg)
{
    struct tn_session_terms terms = {.interval_s = 0};
    struct tn_session_expires expires;
    const struct tn_hdr *header = tn_msg_header(msg, TN_HDR_SESSION_EXPIRES, 0);
    terms.supported = tn_msg_list_has(msg, TN_HDR_SUPPORTED, TERN_STR("timer"));
    if (header != NULL && tn_session_expires_parse(header->value, &expires) == 0) {
        terms.interval_s = expires.seconds;
        terms.refresher = expires.refresher;
    }
    header = tn_msg_header(msg, TN_HDR_MIN_SE, 0);
    if (header != NULL && tn_session_expires_parse(header->value, &expires) == 0) {
        terms.min_s = expires.seconds;
    }
    return terms;
}

static uint32_t at_least(uint32_t value, uint32_t least)
{
    return value > least ? value : least;
}

/* Both ends keep the largest Min-SE that they have met (section 7.4). */
static void heed(struct tn_session_timer *timer, uint32_t min_s)
{
    uint32_t bounded = min_s < LONGEST_S ? min_s : LONGEST_S;
    timer->floor_s = at_least(timer->floor_s, bounded);
}

/* ---- what was agreed ---- */

static void agree(struct tn_session_timer *timer, uint32_t interval_s, bool ours)
{
    timer->interval_s = interval_s;
    timer->raised = 0;
    if (timer->state == TN_SESSION_OVER) return;
    if (interval_s == 0) {
        timer->expires = TERN_TIME_NEVER;
        enter(timer, TN_SESSION_UNLIMITED, TERN_TIME_NEVER);
        return;
    }
    tern_time now = timer->ctx->now, interval = TERN_SECONDS(interval_s), third = interval / 3;
    timer->expires = now + interval - (third < MARGIN ? third : MARGIN);
    if (!ours) {
        enter(timer, TN_SESSION_THEIRS, timer->expires);
        return;
    }
    uint32_t spread_ms = interval_s * (1000 / 2 / SPREAD); /* at most 37,800,000 */
    tern_time early = TERN_MS(tn_random_below(&timer->ctx->random, spread_ms));
    enter(timer, TN_SESSION_OURS, now + interval / 2 - early);
}

/* ---- as the client ---- */

static bool is_ours(const struct tn_session_timer *timer)
{
    return timer->state == TN_SESSION_OURS || timer->state == TN_SESSION_ASKED ||
           timer->state == TN_SESSION_OVERDUE;
}

static void put_interval(struct tn_buf *lines, uint32_t seconds, enum tn_refresher refresher)
{
    char text[48];
    struct tn_buf value;
    tn_buf_fixed(&value, text, sizeof(text));
    tn_buf_u64(&value, seconds);
    if (refresher == TN_REFRESHER_UAC) tn_buf_z(&value, ";refresher=uac");
    if (refresher == TN_REFRESHER_UAS) tn_buf_z(&value, ";refresher=uas");
    tn_put_header(lines, TN_HDR_SESSION_EXPIRES, tn_buf_view(&value));
}

/* Sections 7.1, 7.4: who refreshes stays so; in the first request the far end chooses. */
void tn_session_timer_put_request(struct tn_session_timer *timer, struct tn_buf *lines)
{
    bool running = timer->interval_s > 0;
    uint32_t seconds = running ? timer->interval_s : timer->wanted_s;
    enum tn_refresher refresher = TN_REFRESHER_NONE;
    if (seconds == 0) return;
    seconds = at_least(seconds, timer->floor_s);
    if (running) refresher = is_ours(timer) ? TN_REFRESHER_UAC : TN_REFRESHER_UAS;
    timer->asked_s = seconds;
    put_interval(lines, seconds, refresher);
    uint32_t least = at_least(timer->least_s, timer->floor_s);
    if (least > TN_SESSION_EXPIRES_MIN_S) tn_put_header_number(lines, TN_HDR_MIN_SE, least);
}

/*
 * Section 7.2: without Session-Expires there is no limit any more. An interval that nobody may ask for
 * would have us refresh without end; an answer that does not say who refreshes leaves it to us.
 */
void tn_session_timer_answered(struct tn_session_timer *timer, const struct tn_session_terms *terms)
{
    uint32_t seconds = terms->interval_s;
    if (seconds > 0) seconds = at_least(seconds, TN_SESSION_EXPIRES_MIN_S);
    agree(timer, seconds < LONGEST_S ? seconds : LONGEST_S, terms->refresher != TN_REFRESHER_UAS);
}

bool tn_session_timer_raise(struct tn_session_timer *timer, const struct tn_session_terms *terms)
{
    if (terms->min_s <= timer->asked_s || terms->min_s > LONGEST_S) return false;
    if (timer->asked_s == 0 || timer->raised >= RAISES_MAX) return false;
    timer->raised++;
    heed(timer, terms->min_s);
    return true;
}

/* ---- as the server ---- */

/* Section 9: only who knows Min-SE can be refused by it. */
unsigned tn_session_timer_take(struct tn_session_timer *timer, const struct tn_session_terms *terms)
{
    if (terms->supported && terms->interval_s > 0 && terms->interval_s < timer->least_s) return 422;
    heed(timer, terms->min_s);
    timer->request = *terms;
    return 0;
}

void tn_session_timer_put_refusal(const struct tn_session_timer *timer, struct tn_buf *lines)
{
    tn_put_header_number(lines, TN_HDR_MIN_SE, timer->least_s);
}

/* Section 9: theirs may be made shorter, down to the Min-SE that came with it, and never longer. */
static uint32_t answer_interval(const struct tn_session_timer *timer)
{
    const struct tn_session_terms *asked = &timer->request;
    uint32_t least = at_least(asked->min_s, TN_SESSION_EXPIRES_MIN_S);
    uint32_t seconds = timer->wanted_s;
    if (asked->interval_s == 0) return seconds > 0 ? at_least(seconds, least) : 0;
    if (seconds == 0 || seconds > asked->interval_s) seconds = asked->interval_s;
    seconds = at_least(seconds, least);
    return seconds < LONGEST_S ? seconds : LONGEST_S;
}

/* Section 9, table 2. Where it is for us to say, nothing changes; at first, whoever calls refreshes. */
static enum tn_refresher answer_refresher(const struct tn_session_timer *timer)
{
    const struct tn_session_terms *asked = &timer->request;
    if (!asked->supported) return TN_REFRESHER_UAS;
    if (asked->refresher != TN_REFRESHER_NONE) return asked->refresher;
    return is_ours(timer) ? TN_REFRESHER_UAS : TN_REFRESHER_UAC;
}

void tn_session_timer_put_answer(const struct tn_session_timer *timer, struct tn_buf *lines)
{
    uint32_t seconds = answer_interval(timer);
    enum tn_refresher refresher = answer_refresher(timer);
    if (seconds == 0) return;
    put_interval(lines, seconds, refresher);
    if (refresher == TN_REFRESHER_UAC) tn_put_header(lines, TN_HDR_REQUIRE, TERN_STR("timer"));
}

void tn_session_timer_agreed(struct tn_session_timer *timer)
{
    agree(timer, answer_interval(timer), answer_refresher(timer) == TN_REFRESHER_UAS);
}

/* ---- time ---- */

enum tn_session_act tn_session_timer_fire(struct tn_session_timer *timer, bool online)
{
    switch (timer->state) {
    case TN_SESSION_OURS:
        enter(timer, TN_SESSION_ASKED, timer->expires);
        return TN_MUTANT(SESSION_STALE) ? TN_SESSION_WAIT : TN_SESSION_REFRESH;
    case TN_SESSION_ASKED:
    case TN_SESSION_THEIRS:
        enter(timer, online ? TN_SESSION_OVER : TN_SESSION_OVERDUE, TERN_TIME_NEVER);
        return online ? TN_SESSION_END : TN_SESSION_WAIT;
    case TN_SESSION_UNLIMITED:
    case TN_SESSION_OVERDUE:
    case TN_SESSION_OVER:
    case TN_SESSION_STATES: break;
    }
    TN_UNREACHABLE(); /* these have no timer */
}

enum tn_session_act tn_session_timer_online(struct tn_session_timer *timer)
{
    tern_time now = timer->ctx->now, enough = now + MARGIN;
    switch (timer->state) {
    case TN_SESSION_OVERDUE:
        timer->expires = enough;
        enter(timer, TN_SESSION_ASKED, enough);
        return TN_SESSION_REFRESH;
    case TN_SESSION_ASKED:
        if (timer->expires < enough) timer->expires = enough;
        enter(timer, TN_SESSION_ASKED, timer->expires);
        return TN_SESSION_REFRESH;
    case TN_SESSION_THEIRS:
        if (timer->expires >= enough) return TN_SESSION_WAIT;
        timer->expires = enough;
        enter(timer, TN_SESSION_ASKED, enough);
        return TN_SESSION_REFRESH;
    case TN_SESSION_UNLIMITED:
    case TN_SESSION_OURS:
    case TN_SESSION_OVER:
    case TN_SESSION_STATES: break;
    }
    return TN_SESSION_WAIT;
}

bool tn_session_timer_due(const struct tn_session_timer *timer)
{
    return timer->state == TN_SESSION_ASKED;
}

const char *tn_session_state_name(enum tn_session_state state)
{
    switch (state) {
    case TN_SESSION_UNLIMITED: return "unlimited";
    case TN_SESSION_OURS: return "ours";
    case TN_SESSION_ASKED: return "asked";
    case TN_SESSION_THEIRS: return "theirs";
    case TN_SESSION_OVERDUE: return "overdue";
    case TN_SESSION_OVER: return "over";
    case TN_SESSION_STATES: break;
    }
    TN_UNREACHABLE();
}
