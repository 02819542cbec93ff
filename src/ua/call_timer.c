/* SPDX-License-Identifier: MIT */
/*
 * The session timer of a call: RFC 4028. The machine is in session/timer.h; its refreshes are intents
 * of session/refresh.h like all others, so that what a handover sends, or a hold, is the refresh, too.
 */
#include "ua/call_timer.h"

#include "ua/call.h"

#define RAN_OUT "SIP ;cause=408 ;text=\"Session timer expired\""

static void refresh(struct tn_call *call)
{
    tn_refresh_want(&call->refresh, TN_INTENT_SESSION);
    tn_call_pump_refresh(call);
}

/* Section 10: the BYE says why. */
static void end(struct tn_call *call)
{
    if (call->end_reason.len == 0) { /* without memory it goes without saying */
        (void)!tn_text_set(&call->ep->ctx.alloc, &call->end_reason, TERN_STR(RAN_OUT));
    }
    tn_call_end(call, TERN_END_UNREACHABLE, 408,
                TERN_STR("the session timer ran out: the far end has not been heard of"));
}

static void session_fired(struct tn_timer *timer)
{
    struct tn_call *call = TN_OWNER(timer, struct tn_call, timer.session.timer);
    switch (tn_session_timer_fire(&call->timer.session, !call->ep->mob.paused)) {
    case TN_SESSION_WAIT: return;
    case TN_SESSION_REFRESH: refresh(call); return;
    case TN_SESSION_END: end(call); return;
    }
}

void tn_call_timer_init(struct tn_call *call)
{
    const struct tn_account *account = call->account;
    tn_session_timer_init(&call->timer.session, &call->ep->ctx, session_fired);
    tn_session_timer_want(&call->timer.session, account->session_expires_s, account->min_se_s);
}

void tn_call_timer_stop(struct tn_call *call)
{
    tn_session_timer_stop(&call->timer.session);
}

/* Before the call is answered, an UPDATE agrees on nothing that lasts. */
static bool has_session(const struct tn_call *call, enum tn_method method)
{
    if (method == TN_METHOD_INVITE) return true;
    return call->life == TN_LIFE_ANSWERING || call->life == TN_LIFE_ACTIVE;
}

void tn_call_timer_put_request(struct tn_call *call, struct tn_buf *lines)
{
    tn_session_timer_put_request(&call->timer.session, lines);
}

void tn_call_timer_answered(struct tn_call *call, const struct tn_msg *rsp)
{
    if (!has_session(call, rsp->method)) return;
    struct tn_session_terms terms = tn_session_terms_read(rsp);
    tn_session_timer_answered(&call->timer.session, &terms);
}

bool tn_call_timer_raise(struct tn_call *call, const struct tn_msg *rsp)
{
    if (rsp->status != 422) return false;
    struct tn_session_terms terms = tn_session_terms_read(rsp);
    return tn_session_timer_raise(&call->timer.session, &terms);
}

unsigned tn_call_timer_take(struct tn_call *call, const struct tn_msg *request)
{
    struct tn_session_terms terms = tn_session_terms_read(request);
    return tn_session_timer_take(&call->timer.session, &terms);
}

void tn_call_timer_put_refusal(struct tn_call *call, struct tn_buf *lines)
{
    tn_session_timer_put_refusal(&call->timer.session, lines);
}

void tn_call_timer_put_answer(struct tn_call *call, struct tn_buf *lines)
{
    tn_session_timer_put_answer(&call->timer.session, lines);
}

void tn_call_timer_agreed(struct tn_call *call)
{
    tn_session_timer_agreed(&call->timer.session);
}

/* What a handover is about to send is the refresh: it goes with that, at its pace. */
void tn_call_timer_online(struct tn_call *call)
{
    enum tn_session_act act = tn_session_timer_online(&call->timer.session);
    if (act == TN_SESSION_REFRESH && !tn_call_task_active(&call->task)) refresh(call);
}

bool tn_call_timer_due(const struct tn_call *call)
{
    return tn_session_timer_due(&call->timer.session);
}
