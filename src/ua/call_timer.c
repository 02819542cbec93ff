/* SPDX-License-Identifier: MIT */
/*
 * The session timer of a call (RFC 4028), and its far end's silence. The machines are in session/timer.h
 * and session/silence.h; their refreshes are intents of session/refresh.h like all others, so that what a
 * handover sends, or a hold, is the refresh, too.
 */
#include "ua/call_timer.h"

#include "ua/call.h"

#define RAN_OUT "SIP ;cause=408 ;text=\"Session timer expired\""
#define SILENT  "SIP ;cause=408 ;text=\"No audio, no answer\""

static void refresh(struct tn_call *call)
{
    tn_refresh_want(&call->refresh, TN_INTENT_SESSION);
    tn_call_pump_refresh(call);
}

/* RFC 4028 10: the BYE says why. */
static void end(struct tn_call *call, tern_str told, tern_str reason)
{
    if (call->end_reason.len == 0) { /* without memory it goes without saying */
        (void)!tn_text_set(&call->ep->ctx.alloc, &call->end_reason, told);
    }
    tn_call_end(call, TERN_END_UNREACHABLE, 408, reason);
}

static void session_fired(struct tn_timer *timer)
{
    struct tn_call *call = TN_OWNER(timer, struct tn_call, timer.session.timer);
    switch (tn_session_timer_fire(&call->timer.session, !call->ep->mob.paused)) {
    case TN_SESSION_WAIT: return;
    case TN_SESSION_REFRESH: refresh(call); return;
    case TN_SESSION_END:
        end(call, TERN_STR(RAN_OUT),
            TERN_STR("the session timer ran out: the far end has not been heard of"));
        return;
    }
}

/* ---- silence ---- */

static void tell(struct tn_call *call, bool silent)
{
    struct tern_event event = {.type = TERN_EV_CALL_SILENT};
    if (call->ended_told) return;
    event.u.silent =
        (struct tern_ev_call_silent){.call = {call->id}, .silent = silent, .last = TERN_TIME_NEVER};
    if (call->stream_ready) event.u.silent.last = tn_stream_last_heard(&call->stream);
    tn_ep_event(call->ep, &event);
}

static void silence_fired(struct tn_timer *timer)
{
    struct tn_call *call = TN_OWNER(timer, struct tn_call, timer.silence.timer);
    bool excused = call->ep->mob.paused || tn_call_task_active(&call->task);
    tern_time last =
        call->stream_ready ? tn_stream_last_heard(&call->stream) : (tern_time)TERN_TIME_NEVER;
    switch (tn_silence_fire(&call->timer.silence, last, excused)) {
    case TN_SILENCE_TELL:
        tell(call, true);
        refresh(call);
        return;
    case TN_SILENCE_ASK: refresh(call); return;
    case TN_SILENCE_BACK: tell(call, false); return;
    case TN_SILENCE_END:
        end(call, TERN_STR(SILENT), TERN_STR("the far end is silent and answers nothing"));
        return;
    case TN_SILENCE_WAIT: return;
    }
}

/* Whoever is to be taken off hold has to answer that, or is missed as if he talked. */
void tn_call_timer_media(struct tn_call *call)
{
    const struct tn_media_plan *plan = tn_offer_plan(&call->offer);
    bool resumes = call->hold_agreed && !call->hold;
    bool expected = call->life == TN_LIFE_ACTIVE && plan->active && (plan->listen || resumes);
    if (tn_silence_expect(&call->timer.silence, expected) == TN_SILENCE_BACK) tell(call, false);
}

void tn_call_timer_heard(struct tn_call *call)
{
    if (tn_silence_heard(&call->timer.silence) == TN_SILENCE_BACK) tell(call, false);
}

void tn_call_timer_alive(struct tn_call *call)
{
    tn_silence_answered(&call->timer.silence);
}

/* ---- both ---- */

void tn_call_timer_init(struct tn_call *call)
{
    const struct tn_account *account = call->account;
    tn_session_timer_init(&call->timer.session, &call->ep->ctx, session_fired);
    tn_session_timer_want(&call->timer.session, account->session_expires_s, account->min_se_s);
    tn_silence_init(&call->timer.silence, &call->ep->ctx, silence_fired);
    call->timer.silence.timeout = TERN_SECONDS(account->media_timeout_s);
    call->timer.silence.grace = TERN_MS(account->ip_change.offline_window_ms);
}

void tn_call_timer_stop(struct tn_call *call)
{
    tn_session_timer_stop(&call->timer.session);
    tn_silence_fini(&call->timer.silence);
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
    return tn_session_timer_due(&call->timer.session) ||
           call->timer.silence.state == TN_SILENCE_ASKING;
}
