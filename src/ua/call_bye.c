/* SPDX-License-Identifier: MIT */
/*
 * BYE until somebody has answered it: RFC 3261 15.1.1, MOBILITY S7. For the
 * application the call has ended by then. One that could not be delivered is
 * sent anew, as a new request, at once and then after 1, 2, 4, 8 and 16 s of
 * network time; without a way it waits for a change of the network, which
 * begins the count anew. Where the dialog's next hop is silent for two seconds, or fails, it goes by the account's
 * server (MOBILITY C6 c), and where that does not want it, by the dialog once more: who does not hear
 * of the end talks to nobody.
 */
#include "base/assert.h"
#include "base/mutant.h"
#include "ua/call.h"

#define TRIES_MAX 6 /* besides the first: 31 s in all */
#define TURNS_MAX 2
#define LEAST_MAX TERN_SECONDS(32)  /* a Retry-After beyond this is a refusal */
#define BYE_KEPT  TERN_SECONDS(300) /* as long as a call may be without a network */

static void over(struct tn_call *call, int status)
{
    tn_mob_call_gone(&call->ep->mob, call->ep->ctx.now, &call->task, status);
    if (call->life != TN_LIFE_GONE) tn_call_enter(call, TN_LIFE_GONE);
}

/* There is no way just now: the next network will show one. */
static void keep(struct tn_call *call)
{
    call->bye_kept = true;
    tn_timer_arm(&call->ep->ctx, &call->answer_timer, BYE_KEPT);
}

/* `least`: as the answer asks. */
static void try_later(struct tn_call *call, tern_time least)
{
    TN_ASSERT(call->bye_tries < TRIES_MAX);
    tern_time pause = call->bye_tries == 0 ? 0 : TERN_SECONDS(1) << (call->bye_tries - 1);
    call->bye_tries++;
    tn_timer_arm(&call->ep->ctx, &call->answer_timer, pause < least ? least : pause);
}

static bool may_turn(const struct tn_call *call)
{
    if (call->way.bye_turns >= TURNS_MAX || call->ep->mob.paused) return false;
    return call->way.by_server || tn_way_may_have_other(call->account, &call->dialog);
}

static void send(struct tn_call *call)
{
    if (tn_call_send(call, TN_METHOD_BYE, TN_TAG_BYE, false, &call->request) == 0) {
        /* What the server has got is not taken back: who is far answers late. */
        bool hurries = call->way.bye_turns == 0 && may_turn(call);
        if (hurries) tn_timer_arm(&call->ep->ctx, &call->answer_timer, tn_call_way_patience(call));
        return;
    }
    if (call->bye_tries < TRIES_MAX) {
        try_later(call, 0);
    } else {
        over(call, 0);
    }
}

/* By the other hop, as another request: the first may have got through. */
static void turn(struct tn_call *call)
{
    call->way.bye_turns++;
    (void)tn_call_way_turn(call);
    tn_request_abandon(&call->ep->txns, call->request);
    call->request = 0;
    send(call);
}

void tn_call_send_bye(struct tn_call *call)
{
    tn_timer_cancel(&call->ep->ctx, &call->answer_timer);
    call->way.bye_turns = 0;
    call->bye_tries = 0;
    call->bye_kept = false;
    send(call);
}

/* They move, and our BYE looks for them where they were: the next one goes to where they say (S7). */
void tn_call_bye_follow(struct tn_call *call, const struct tn_msg *msg)
{
    bool under_way = call->request != 0 || tn_timer_armed(&call->answer_timer);
    if (call->life != TN_LIFE_LEAVING || !under_way) return;
    if (!tn_dialog_target_moves(&call->dialog, msg)) return;
    if (tn_dialog_refresh_target(&call->dialog, msg) != 0) return;
    tn_request_abandon(&call->ep->txns, call->request);
    call->request = 0;
    tn_call_send_bye(call);
}

void tn_call_bye_timer(struct tn_call *call)
{
    if (call->bye_kept) {
        over(call, 0);
    } else if (call->request != 0) {
        if (may_turn(call)) turn(call);
    } else {
        send(call);
    }
    tn_call_reap(call);
}

/* 481, 408 and silence end the dialog as well as 2xx does (15.1.1). */
static bool may_be_tried_again(unsigned status)
{
    return status == 500 || status == 502 || status == 503 || status == 504;
}

/* A stream repeats nothing: the connection, or who is behind it, may have lost the one that was sent. */
static bool was_sent_once(const struct tn_call *call, uint64_t request)
{
    struct tn_request_path path;
    return tn_request_path(&call->ep->txns, request, &path) && path.transport != TERN_TRANSPORT_UDP;
}

static void failed(struct tn_call *call, uint64_t request, enum tn_failure failure)
{
    bool no_way = failure == TN_FAILURE_NO_ROUTE || failure == TN_FAILURE_UNRESOLVABLE;
    if (TN_MUTANT(BYE_LOST)) {
        over(call, 0);
    } else if (may_turn(call)) {
        turn(call);
    } else if (failure == TN_FAILURE_TIMEOUT && call->bye_tries < TRIES_MAX &&
               was_sent_once(call, request)) {
        call->bye_tries = TRIES_MAX; /* once more, and no more */
        send(call);
    } else if (failure == TN_FAILURE_TIMEOUT) {
        over(call, 0);
    } else if (call->ep->mob.paused) {
        keep(call);
    } else if (call->bye_tries < TRIES_MAX) {
        try_later(call, 0);
    } else if (no_way) {
        keep(call);
    } else {
        over(call, 0);
    }
}

static void answered(struct tn_call *call, const struct tn_msg *rsp)
{
    tern_time least = tn_retry_after(rsp);
    bool unwanted = call->way.by_server && tn_mob_is_servers_no((int)rsp->status);
    if (may_turn(call) && (unwanted || tn_mob_is_unreached((int)rsp->status))) {
        turn(call);
    } else if (may_be_tried_again(rsp->status) && call->bye_tries < TRIES_MAX &&
               least <= LEAST_MAX) {
        try_later(call, least);
    } else {
        over(call, (int)rsp->status);
    }
}

void tn_call_bye_effect(struct tn_call *call, const struct tn_effect *effect)
{
    bool is_answer = effect->kind == TN_EFFECT_RESPONSE;
    if (effect->id != call->request || (is_answer && effect->msg->status < 200)) return;
    call->request = 0;
    tn_timer_cancel(&call->ep->ctx, &call->answer_timer);
    if (call->life != TN_LIFE_LEAVING) {
        over(call, is_answer ? (int)effect->msg->status : 0);
    } else if (is_answer) {
        answered(call, effect->msg);
    } else {
        failed(call, effect->id, (enum tn_failure)effect->code);
    }
    tn_call_reap(call);
}
