/* SPDX-License-Identifier: MIT */
/* Requests from the far end inside the dialog: BYE, re-INVITE, UPDATE and the rest. */
#include "base/assert.h"
#include "base/str.h"
#include "ua/call.h"

static void refuse(struct tn_call *call, uint64_t txn, unsigned status, tern_str headers)
{
    struct tn_response rsp = {.status = status, .headers = headers};
    (void)!tn_server_respond(&call->ep->txns, txn, &rsp);
}

/* RFC 3261 14.2, RFC 3311 5.2: come again in 0 to 10 s. */
static void refuse_for_now(struct tn_call *call, uint64_t txn)
{
    char line[32];
    struct tn_buf buf;
    tn_buf_fixed(&buf, line, sizeof(line));
    tn_put_header_number(&buf, TN_HDR_RETRY_AFTER, tn_random_below(&call->ep->ctx.random, 11));
    refuse(call, txn, 500, tn_buf_view(&buf));
}

/* The session's time is too short for us: RFC 4028 9. */
static void refuse_brief(struct tn_call *call, uint64_t txn)
{
    char line[32];
    struct tn_buf buf;
    tn_buf_fixed(&buf, line, sizeof(line));
    tn_call_timer_put_refusal(call, &buf);
    refuse(call, txn, 422, tn_buf_view(&buf));
}

static void answer_plain(struct tn_call *call, uint64_t txn)
{
    struct tn_response rsp = {.status = 200, .headers = tn_ep_capability_lines()};
    (void)!tn_server_respond(&call->ep->txns, txn, &rsp);
}

static void hung_up(struct tn_call *call, const struct tn_msg *bye)
{
    struct tern_endpoint *ep = call->ep;
    if (call->life == TN_LIFE_INCOMING) { /* RFC 3261 15.1.2 */
        struct tn_response rsp = {.status = 487, .to_tag = tn_dialog_local_tag(&call->dialog)};
        (void)!tn_server_respond(&ep->txns, call->invite_txn, &rsp);
    }
    tn_repeat_stop(&call->repeat);
    tn_call_drop_refresh(call);
    tn_call_tell_remote_end(call, bye, 0, TERN_STR("the far end hung up"));
    if (call->life == TN_LIFE_CALLING || call->life == TN_LIFE_RINGING) {
        tn_request_abandon(&ep->txns, call->invite);
        call->invite = 0;
    }
    bool own_bye = call->life == TN_LIFE_LEAVING && call->request != 0;
    if (call->life != TN_LIFE_GONE && !own_bye) {
        tn_call_enter(call, TN_LIFE_GONE);
    }
    tn_call_reap(call);
}

static void bye(struct tn_call *call, const struct tn_effect *effect)
{
    answer_plain(call, effect->id);
    if (!tn_call_replace_outlives(call, effect->msg)) hung_up(call, effect->msg);
}

void tn_call_bye_before(struct tn_call *call, const struct tn_msg *bye)
{
    bool theirs = call->life == TN_LIFE_ACTIVE && !call->dialog.is_uac;
    if (theirs && tn_repeat_running(&call->repeat)) hung_up(call, bye);
}

bool tn_call_has_sdp(const struct tn_msg *msg)
{
    return msg->body.len > 0 && tn_msg_has_body_type(msg, TERN_STR("application/sdp"));
}

unsigned tn_call_take_offer(struct tn_call *call, tern_str body)
{
    switch (tn_offer_take(&call->offer, body)) {
    case 0: return 0;
    case TERN_ESTATE: return tn_offer_state(&call->offer) == TN_OFFER_LOCAL ? 491 : 500;
    case TERN_EPARSE: return 400;
    case TERN_ENOMEM: return 500;
    default: return 488;
    }
}

static void reinvite(struct tn_call *call, const struct tn_effect *effect)
{
    struct tn_buf body;
    if (call->life == TN_LIFE_INCOMING || (call->life == TN_LIFE_ANSWERING && call->offerless)) {
        refuse_for_now(call, effect->id); /* 14.2: the one before is not settled */
        return;
    }
    /* RFC 5407 3.1.4: who asks anew has our 2xx, and its ACK was lost. */
    if (call->life == TN_LIFE_ANSWERING) tn_call_in_confirmed(call);
    if (tn_repeat_running(&call->repeat)) {
        /* Answered, but the ACK has not come: who asks anew has lost our 2xx (MOBILITY S5, S6). */
        tn_repeat_stop(&call->repeat);
        if (call->offerless) tn_offer_rollback(&call->offer);
    }
    if (call->life != TN_LIFE_ACTIVE || call->refresh.state == TN_REFRESH_INVITING) {
        /* 14.2: 491 also while our first INVITE waits for the 2xx that this has overtaken. */
        bool busy = call->life == TN_LIFE_ACTIVE || call->life == TN_LIFE_CALLING ||
                    call->life == TN_LIFE_RINGING;
        tn_call_meet(call, effect->msg);
        refuse(call, effect->id, busy ? 491 : 481, (tern_str){NULL, 0});
        tn_call_bye_follow(call, effect->msg);
        return;
    }
    if (tn_call_timer_take(call, effect->msg) != 0) {
        refuse_brief(call, effect->id);
        return;
    }
    call->offerless = !tn_call_has_sdp(effect->msg);
    unsigned status = 0;
    if (call->offerless && tn_offer_state(&call->offer) != TN_OFFER_STABLE) status = 491;
    if (!call->offerless) status = tn_call_take_offer(call, effect->msg->body);
    if (status) {
        if (status == 491) tn_call_meet(call, effect->msg);
        refuse(call, effect->id, status, (tern_str){NULL, 0});
        return;
    }
    if (tn_call_take_target(call, effect->msg) != 0) {
        tn_offer_rollback(&call->offer);
        refuse(call, effect->id, 400, (tern_str){NULL, 0});
        return;
    }
    call->invite_txn = effect->id;
    tn_server_set_owner(&call->ep->txns, effect->id, (struct tn_owner){TN_OWNER_CALL, 0, call->id});
    tn_buf_init(&body, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    int err = tn_call_describe(call, &body);
    if (!err) err = tn_call_respond_2xx(call, effect->id, tn_buf_view(&body));
    tn_buf_fini(&body);
    if (err) {
        tn_offer_rollback(&call->offer);
        refuse(call, effect->id, 500, (tern_str){NULL, 0});
        return;
    }
    tn_repeat_start(&call->repeat);
    tn_refresh_settled(&call->refresh);
    if (!call->offerless) tn_call_tell_media(call);
}

static bool lasts(const struct tn_call *call)
{
    return call->life == TN_LIFE_ANSWERING || call->life == TN_LIFE_ACTIVE;
}

static int answer_update(struct tn_call *call, uint64_t txn, bool with_offer)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_media_plan plan;
    struct tn_buf body, contact, headers;
    int err = 0;
    tern_addr local = tn_call_answer_contact(call, txn);
    tn_buf_init(&body, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_init(&contact, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_init(&headers, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_str(&headers, tn_ep_capability_lines());
    if (lasts(call)) tn_call_timer_put_answer(call, &headers);
    if (with_offer) {
        struct tn_offer_local media = tn_call_offer_local(call, local);
        tn_call_say_hold(call, media.hold);
        err = tn_offer_answer(&call->offer, &media, &body, &plan);
        if (!err) tn_call_apply_plan(call, &plan, media.from);
        if (!err && !lasts(call)) call->media_told = media.from;
    }
    tn_call_put_contact(call, call->transport, local, &contact);
    struct tn_response rsp = {
        .status = 200,
        .to_tag = tn_dialog_local_tag(&call->dialog),
        .contact = tn_buf_view(&contact),
        .headers = tn_buf_view(&headers),
        .content_type = body.len > 0 ? TERN_STR("application/sdp") : (tern_str){NULL, 0},
        .body = tn_buf_view(&body),
    };
    if (!err) err = contact.err ? contact.err : headers.err;
    if (!err) err = tn_server_respond(&ep->txns, txn, &rsp);
    if (!err && lasts(call)) tn_call_timer_agreed(call);
    tn_buf_fini(&body);
    tn_buf_fini(&contact);
    tn_buf_fini(&headers);
    if (err) return err;
    call->contact_local = call->signalling_local = local;
    if (call->update.own.told.family) call->update.own.told = local;
    return 0;
}

/* Of the dialog that the request is in: a fork's moves nobody but itself. */
static int take_target(struct tn_call *call, const struct tn_msg *msg)
{
    struct tn_dialog *dialog = tn_early_dialog(call, msg);
    if (dialog != &call->dialog) {
        int err = tn_dialog_refresh_target(dialog, msg);
        if (err || !tn_dialog_matches_request(&call->dialog, msg)) return err;
    }
    return tn_call_take_target(call, msg);
}

/* What the INVITE has offered is what another fork answers, whatever is agreed with this one. */
static unsigned keep_first(struct tn_call *call)
{
    bool agreed = tn_offer_state(&call->offer) == TN_OFFER_STABLE;
    return agreed && tn_call_update_keep_first(call) != 0 ? 500 : 0;
}

/* RFC 3311 5.2. Before the INVITE's answer, an UPDATE with an offer finds ours or theirs pending. */
static void update(struct tn_call *call, const struct tn_effect *effect)
{
    bool with_offer = tn_call_has_sdp(effect->msg);
    struct tn_dialog *dialog = tn_early_dialog(call, effect->msg);
    bool moves = tn_dialog_target_moves(dialog, effect->msg);
    if (call->life != TN_LIFE_INCOMING && call->life != TN_LIFE_ANSWERING &&
        call->life != TN_LIFE_ACTIVE && call->life != TN_LIFE_RINGING) {
        refuse(call, effect->id, 481, (tern_str){NULL, 0});
        tn_call_bye_follow(call, effect->msg);
        return;
    }
    if (tn_call_timer_take(call, effect->msg) != 0) {
        refuse_brief(call, effect->id);
        return;
    }
    if (with_offer && call->life == TN_LIFE_RINGING &&
        tn_call_prack_other(call, effect->msg->from_tag)) {
        refuse(call, effect->id, 491, (tern_str){NULL, 0}); /* the session is another fork's */
        return;
    }
    unsigned status = 0;
    if (with_offer && call->life == TN_LIFE_RINGING) status = keep_first(call);
    if (with_offer && !status) status = tn_call_take_offer(call, effect->msg->body);
    /* An answer of ours that may be lost is to be followed by no other (RFC 3261 13.2.1). */
    if (with_offer && !status && call->life == TN_LIFE_INCOMING && !call->prack.settled) {
        tn_offer_rollback(&call->offer);
        status = 500;
    }
    if (status == 500) {
        refuse_for_now(call, effect->id);
        return;
    }
    if (!status && take_target(call, effect->msg) != 0) status = 400;
    if (!status && answer_update(call, effect->id, with_offer) != 0) status = 500;
    if (status) {
        if (with_offer && tn_offer_state(&call->offer) == TN_OFFER_REMOTE) {
            tn_offer_rollback(&call->offer);
        }
        if (status == 491) tn_call_meet(call, effect->msg);
        refuse(call, effect->id, status, (tern_str){NULL, 0});
        return;
    }
    if (moves && dialog != &call->dialog) {
        tn_call_prack_retarget(call, dialog);
        tn_call_update_retarget(call, dialog);
    }
    /* An offer of the caller's has our answer before it, whose ACK was lost (RFC 3311 5.1). */
    bool has_answer = with_offer && call->life == TN_LIFE_ANSWERING && !call->offerless &&
                      !call->prack.settled; /* by a PRACK, before any 2xx */
    if (has_answer) tn_call_in_confirmed(call);
    if (with_offer && call->life == TN_LIFE_ACTIVE) tn_call_tell_media(call);
    tn_call_settled(call);
    if (with_offer) tn_call_update_settled(call);
}

void tn_call_request(struct tn_call *call, const struct tn_effect *effect)
{
    struct tern_endpoint *ep = call->ep;
    const struct tn_flow *flow = tn_net_get(&ep->net, effect->flow);
    struct tn_dialog *dialog = tn_early_dialog(call, effect->msg);
    TN_ASSERT(dialog);
    if (tn_dialog_take_cseq(dialog, effect->msg) != 0) {
        refuse(call, effect->id, 500, (tern_str){NULL, 0});
        return;
    }
    tn_call_timer_alive(call);
    tn_mob_call_alive(&ep->mob, ep->ctx.now, &call->task);
    if (flow) {
        tn_call_way_heard(call, effect->msg, flow);
        call->hop = flow->peer;
        dialog->came_by = flow->id;
    }
    call->prack.known = true;
    bool refreshes = effect->msg->method == TN_METHOD_UPDATE;
    /* A PRACK may be of a call given up. */
    if (call->life == TN_LIFE_ANSWERING && refreshes) call->prack.heard = true;
    switch (effect->msg->method) {
    case TN_METHOD_BYE: bye(call, effect); return;
    case TN_METHOD_INVITE: reinvite(call, effect); return;
    case TN_METHOD_UPDATE: update(call, effect); return;
    case TN_METHOD_OPTIONS: answer_plain(call, effect->id); return;
    case TN_METHOD_INFO: tn_call_take_info(call, effect); return;
    case TN_METHOD_PRACK: tn_call_prack_request(call, effect); return;
    case TN_METHOD_OTHER:
    case TN_METHOD_ACK:
    case TN_METHOD_CANCEL:
    case TN_METHOD_REGISTER:
    case TN_METHOD_MESSAGE:
    case TN_METHOD_REFER:
    case TN_METHOD_NOTIFY:
    case TN_METHOD_SUBSCRIBE:
    case TN_METHOD_PUBLISH: refuse(call, effect->id, 405, tn_ep_capability_lines()); return;
    }
}
