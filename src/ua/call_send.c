/* SPDX-License-Identifier: MIT */
/*
 * Requests that a call sends inside its dialog: refreshes (re-INVITE, UPDATE)
 * and ACK.
 */
#include "base/assert.h"
#include "base/mutant.h"
#include "base/str.h"
#include "txn/timing.h"
#include "ua/call.h"
#include "ua/reach.h"

int tn_call_send(struct tn_call *call, enum tn_method method, uint32_t tag, bool prepare,
                 uint64_t *id)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_buf scratch, reason;
    struct tn_request_opts opts = {
        .owner = {TN_OWNER_CALL, tag, call->id},
        .method = method,
        .transport = call->transport,
        .auth = &call->account->auth,
        .headers = prepare ? tn_ep_capability_lines() : (tern_str){NULL, 0},
        .prepare = prepare,
        .no_failover = true,
    };
    if (tag == TN_TAG_REFRESH && !(call->refresh.in_flight & TN_INTENT_VIA)) {
        opts.from_addr = call->signalling_local;
    }
    tn_call_put_end_reason(call, &reason);
    if (method == TN_METHOD_BYE) opts.headers = tn_buf_view(&reason);
    tn_buf_init(&scratch, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    int err = tn_dialog_request(&call->dialog, &scratch, &opts);
    if (!err) tn_call_way_aim(call, &opts);
    if (!err) err = tn_request_start(&ep->txns, &opts, id);
    tn_buf_fini(&scratch);
    tn_buf_fini(&reason);
    return err;
}

/* RFC 3261 13.2.2.4: a request of its own, outside any transaction, once for each 2xx. */
void tn_call_send_ack(struct tn_call *call, uint32_t cseq, tern_str body)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_buf scratch;
    struct tn_request_opts opts = {
        .owner = {TN_OWNER_CALL, TN_TAG_ACK, call->id},
        .method = TN_METHOD_ACK,
        .transport = call->transport,
        .auth = call->account ? &call->account->auth : NULL, /* RFC 3261 22.1 */
        .body = body,
    };
    if (body.len > 0) opts.content_type = TERN_STR("application/sdp");
    tn_request_abandon(&ep->txns, call->ack);
    call->ack = 0;
    tn_buf_init(&scratch, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    int err = tn_dialog_request(&call->dialog, &scratch, &opts);
    if (!err) tn_call_way_aim_ack(call, cseq, &opts);
    call->ack_cseq = cseq;
    opts.cseq = &call->ack_cseq;
    /* An ACK that cannot be sent now is asked for again by the next 2xx. */
    if (!err) (void)!tn_request_start(&ep->txns, &opts, &call->ack);
    tn_buf_fini(&scratch);
}

static bool is_unsent(const struct tn_call *call, uint64_t request)
{
    struct tn_request_path path;

    return request != 0 && tn_request_path(&call->ep->txns, request, &path) && path.cseq == 0;
}

/* An UPDATE to where they were is likely lost. If it is not, its answer says no more than this has. */
static bool is_astray(const struct tn_call *call)
{
    struct tn_request_path path;

    if (call->refresh.state != TN_REFRESH_UPDATING) return false;
    return tn_request_path(&call->ep->txns, call->refresh_request, &path) && path.sent;
}

/* Without memory it goes to where the far end was, times out, and is made anew. */
void tn_call_retarget(struct tn_call *call, struct tn_dialog *dialog, uint64_t request)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_buf scratch;
    struct tn_request_opts opts = {0};
    tn_buf_init(&scratch, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    if (tn_dialog_request(dialog, &scratch, &opts) == 0) {
        tn_call_way_aim(call, &opts);
        (void)!tn_request_retarget(&ep->txns, request, &opts);
    }
    tn_buf_fini(&scratch);
}

int tn_call_take_target(struct tn_call *call, const struct tn_msg *msg)
{
    bool moves = tn_dialog_target_moves(&call->dialog, msg);
    int err = tn_dialog_refresh_target(&call->dialog, msg);
    tn_snapshot_changed(call->ep);
    if (!moves || err) return err;
    /* An ACK that waits for a connection to where it was: the next 2xx asks for it again. */
    tn_request_abandon(&call->ep->txns, call->ack);
    call->ack = 0;
    /* Nor does a refresh go there that has not left: it is made anew, to where they are. */
    if (is_unsent(call, call->refresh_request) || is_astray(call)) tn_call_drop_refresh(call);
    if (call->refresh_request) tn_call_retarget(call, &call->dialog, call->refresh_request);
    tn_call_update_retarget(call, &call->dialog);
    tn_call_asks_new_dialog(call);
    return 0;
}

void tn_call_acknowledge_late(struct tn_call *call, const struct tn_msg *rsp)
{
    (void)!tn_call_take_target(call, rsp); /* as in refresh_accepted() */
    tn_call_send_ack(call, rsp->cseq.number, (tern_str){NULL, 0});
}

/* ---- refresh ---- */

#define HOLD_INTENTS (TN_INTENT_OFFER | TN_INTENT_CONTACT | TN_INTENT_VIA | TN_INTENT_INVITE)

void tn_call_say_hold(struct tn_call *call, bool hold)
{
    if (hold != call->hold_agreed) call->hold_open = true;
}

/* Until the far end has accepted a request that says so: what the user wants, and where we are. */
static bool is_hold_untold(const struct tn_call *call)
{
    return call->hold != call->hold_agreed || call->hold_open;
}

/* RFC 6141 3.4: what nobody has answered may be cancelled. A late 2xx is acknowledged. */
static void give_up_request(struct tn_call *call)
{
    bool ours = call->life == TN_LIFE_ACTIVE || call->refresh_request != 0;
    if (tn_offer_state(&call->offer) == TN_OFFER_LOCAL && ours) {
        tn_offer_rollback(&call->offer);
    }
    if (call->refresh.state == TN_REFRESH_INVITING) {
        (void)!tn_request_cancel(&call->ep->txns, call->refresh_request);
        call->asked_until = call->ep->ctx.now + 64 * TN_T1;
    }
    tn_request_abandon(&call->ep->txns, call->refresh_request);
    call->refresh_request = 0;
    call->refresh_local = (tern_addr){0};
}

void tn_call_drop_refresh(struct tn_call *call)
{
    give_up_request(call);
    tn_refresh_drop(&call->refresh);
}

void tn_call_refresh_told(struct tn_call *call)
{
    if (!is_hold_untold(call)) tn_refresh_forget(&call->refresh);
}

void tn_call_meet(struct tn_call *call, const struct tn_msg *request)
{
    bool moves = tn_dialog_target_moves(&call->dialog, request);
    if (call->life != TN_LIFE_ACTIVE) tn_call_update_meet(call, moves);
    if (!tn_refresh_met(&call->refresh, moves)) return;
    give_up_request(call);
    tn_refresh_yield(&call->refresh);
}

void tn_call_settled(struct tn_call *call)
{
    tn_refresh_settled(&call->refresh);
    tn_call_pump_refresh(call);
}

static void take_no(struct tn_call *call)
{
    call->hold_open = false;
    if (call->hold == call->hold_agreed || call->hold != call->refresh_hold) return;
    call->hold = call->hold_agreed; /* it is as it was */
    tn_call_timer_media(call);
    tn_call_tell_media(call);
}

/*
 * Nobody has answered, and it has to be said: again after a pause, and meanwhile where the far end is
 * registered. It may have moved while we did, before the call was up (MOBILITY C6 d).
 */
static void later(struct tn_call *call, uint32_t intents)
{
    tn_refresh_later(&call->refresh, intents);
    if (call->life != TN_LIFE_ACTIVE || TN_MUTANT(NO_LADDER)) return;
    if (tn_call_may_replace(call)) tn_call_replace(call);
}

/* What was refused may be the address: once it is offered in the other family (MOBILITY S16). */
static bool may_change_family(struct tn_call *call, uint8_t offered)
{
    uint8_t other = offered == TERN_FAMILY_IPV4 ? TERN_FAMILY_IPV6 : TERN_FAMILY_IPV4;
    if (!call->refresh_offers || call->family.refused || offered == TERN_FAMILY_NONE) return false;
    if (tn_reach_source(&call->ep->network, other).family != other) return false;
    call->family.refused = offered;
    return true;
}

static void refresh_ended(struct tn_call *call, int code, tern_time retry_after)
{
    struct tern_endpoint *ep = call->ep;
    uint8_t offered = call->refresh_local.family;
    call->refresh_request = 0;
    call->refresh_local = (tern_addr){0};
    if (code == 0 && tn_call_task_active(&call->task) && call->task.state != TN_CALL_REFRESHING &&
        call->task.state != TN_CALL_VERIFYING) { /* the path went; mobility will ask again */
        tn_refresh_drop(&call->refresh);
        return;
    }
    bool by_update = call->refresh.state == TN_REFRESH_UPDATING;
    bool moving = call->task.state == TN_CALL_REFRESHING;
    uint32_t asked_for = call->refresh.in_flight;
    enum tn_refresh_outcome outcome = tn_refresh_answer(&call->refresh, code, retry_after);
    bool by_proxy = tn_call_way_is_refused(call, code);
    if (outcome == TN_REFRESH_REFUSED && by_proxy) outcome = TN_REFRESH_UNANSWERED;
    if (outcome == TN_REFRESH_DONE) tn_call_timer_alive(call);
    if (outcome == TN_REFRESH_AGAIN) {
        if (!by_proxy) tn_mob_call_alive(&ep->mob, ep->ctx.now, &call->task);
        tn_call_pump_refresh(call);
        if (moving) tn_call_tell_target(call); /* MOBILITY C7: in the pause */
        return;
    }
    if (outcome == TN_REFRESH_REFUSED && code == 488 && may_change_family(call, offered)) {
        tn_refresh_want(&call->refresh, HOLD_INTENTS);
        tn_call_pump_refresh(call);
        return;
    }
    tn_mob_refreshed(&ep->mob, ep->ctx.now, &call->task, code, by_update, retry_after);
    if (moving && (call->task.state == TN_CALL_WAITING || call->task.state == TN_CALL_HELD_BACK ||
                   call->task.state == TN_CALL_QUEUED || call->task.state == TN_CALL_LOST)) {
        /* Mobility will ask again, for what it knows of. */
        if (is_hold_untold(call)) tn_refresh_want(&call->refresh, TN_INTENT_OFFER);
        return;
    }
    if (!moving && tn_call_way_retry(call, code)) {
        tn_refresh_want(&call->refresh, asked_for);
        tn_call_pump_refresh(call);
        return;
    }
    if (code == 481 && call->life == TN_LIFE_ANSWERING) { /* it has overtaken our 2xx */
        tn_refresh_later(&call->refresh, HOLD_INTENTS & ~(uint32_t)TN_INTENT_INVITE);
        return;
    }
    if (outcome == TN_REFRESH_REFUSED) call->contact_open = false;
    if (outcome == TN_REFRESH_REFUSED && call->refresh_offers) take_no(call);
    if (!moving && code == 481 &&
        !by_proxy) { /* RFC 3261 12.2.1.2: the peer does not know this call */
        tn_call_end(call, TERN_END_REMOTE, code, TERN_STR("the far end no longer knows the call"));
        return;
    }
    bool untold = is_hold_untold(call) || call->contact_open || tn_call_path_lost(call) ||
                  tn_refresh_due(&call->refresh); /* asked for meanwhile, by the same way */
    if (outcome == TN_REFRESH_UNANSWERED && untold) {
        later(call, HOLD_INTENTS);
        return;
    }
    if (outcome != TN_REFRESH_DONE && tn_call_timer_due(call)) {
        later(call, TN_INTENT_SESSION);
        return;
    }
    tn_call_pump_refresh(call);
}

/*
 * Only one INVITE or offer at a time in a dialog: RFC 3261 14.1, RFC 3311 5.1. While the ACK for our
 * 2xx is awaited, an UPDATE may be sent before the call is active, and nothing else. Where the
 * Contact of that 2xx is gone, no ACK will come: the far end hears where we are (MOBILITY S4, S6).
 */
static bool may_refresh(const struct tn_call *call)
{
    if (call->ended_told || call->refresh_request != 0) return false;
    if (call->replace.invite != 0 || call->replace.bye_heard) return false;
    if (tn_offer_state(&call->offer) != TN_OFFER_STABLE) return false;
    bool answering = call->life == TN_LIFE_ANSWERING;
    if (!answering && call->life != TN_LIFE_ACTIVE) return false;
    if (!tn_repeat_running(&call->repeat)) return true;
    if (!tn_net_has_local(&call->ep->net, call->contact_local) || call->contact_open) return true;
    return answering && tn_refresh_by_update(&call->refresh, call->dialog.peer_update);
}

void tn_call_pump_refresh(struct tn_call *call)
{
    struct tern_endpoint *ep = call->ep;
    bool update;
    uint32_t intents;
    if (!may_refresh(call)) return;
    if (tn_refresh_due(&call->refresh)) {
        tn_refresh_want(&call->refresh, tn_mob_refresh_taken(&ep->mob, ep->ctx.now, &call->task));
    }
    if (!tn_refresh_next(&call->refresh, call->dialog.peer_update, &update, &intents)) return;
    call->refresh_contact = (tern_addr){0};
    int err = tn_call_send(call, update ? TN_METHOD_UPDATE : TN_METHOD_INVITE, TN_TAG_REFRESH, true,
                           &call->refresh_request);
    tn_call_way_asked(call);
    if (err) refresh_ended(call, 0, 0);
}

/* A Contact that has gone is repeated for no other reason than that the account asks for it. */
static bool says_where_we_are(const struct tn_call *call, uint32_t intents)
{
    bool may = call->account->ip_change.reinvite_flags & TERN_CALL_UPDATE_CONTACT;
    bool gone = !tn_net_has_local(&call->ep->net, call->contact_local);
    return (intents & TN_INTENT_CONTACT) || (may && gone);
}

static void prepare_refresh(struct tn_call *call, const struct tn_effect *effect)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_request_path path;
    struct tn_buf contact, body, headers;
    uint32_t intents = call->refresh.in_flight;
    bool update = call->refresh.state == TN_REFRESH_UPDATING;
    int err = 0;
    if (!tn_request_path(&ep->txns, effect->id, &path)) return;

    tn_buf_init(&contact, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_init(&body, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_init(&headers, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_call_timer_put_request(call, &headers);
    struct tn_offer_local local = tn_call_offer_local(call, path.local);
    call->refresh_offers = !update || (intents & TN_INTENT_OFFER);
    if (call->refresh_offers) {
        call->refresh_hold = local.hold;
        tn_call_say_hold(call, local.hold);
        if (tn_offer_state(&call->offer) == TN_OFFER_LOCAL) tn_offer_rollback(&call->offer);
        err = tn_offer_make(&call->offer, &local, &body);
    }
    call->refresh_local = local.from;
    if (call->refresh_offers) tn_mob_refresh_leaves(&call->task, local.from);
    call->refresh_contact = says_where_we_are(call, intents) ? path.local : call->contact_local;
    if (TN_MUTANT(OLD_CONTACT)) call->refresh_contact = call->contact_local;
    if (!tern_addr_same_host(call->refresh_contact, call->contact_local)) {
        call->contact_open = true;
    }
    call->refresh_path = path.local;
    call->hop = path.remote;
    const struct tn_hop hop = {path.remote, call->way.asked_server};
    tn_mob_call_goes(&call->task, &hop);
    tn_snapshot_changed(ep);
    if (!err) {
        tn_call_put_contact(call, path.transport, call->refresh_contact, &contact);
        struct tn_request_parts parts = {
            .contact = tn_buf_view(&contact),
            .headers = tn_buf_view(&headers),
            .content_type = body.len > 0 ? TERN_STR("application/sdp") : (tern_str){NULL, 0},
            .body = tn_buf_view(&body),
        };
        err = contact.err ? contact.err : headers.err;
        if (!err) err = tn_request_send(&ep->txns, effect->id, &parts);
    }
    tn_buf_fini(&contact);
    tn_buf_fini(&body);
    tn_buf_fini(&headers);
    if (!err) return;
    if (tn_offer_state(&call->offer) == TN_OFFER_LOCAL) tn_offer_rollback(&call->offer);
    tn_request_abandon(&ep->txns, effect->id);
    refresh_ended(call, 0, 0);
}

static void refresh_accepted(struct tn_call *call, const struct tn_msg *rsp)
{
    struct tn_media_plan plan;
    tern_addr local = call->refresh_local;
    bool invite = rsp->method == TN_METHOD_INVITE;
    tn_call_way_proved(call);
    /* Without memory for the new target the old one stays: the next refresh brings it again. */
    (void)!tn_call_take_target(call, rsp);
    if (invite) {
        tn_call_send_ack(call, rsp->cseq.number, (tern_str){NULL, 0});
        call->asked_until = call->ep->ctx.now + 64 * TN_T1;
    }
    call->contact_local = call->refresh_contact;
    call->contact_open = false;
    tn_call_update_overtaken(call);
    call->signalling_local = call->refresh_path;
    tn_call_timer_answered(call, rsp);
    if (call->refresh_offers) {
        call->hold_agreed = call->refresh_hold;
        call->hold_open = false;
    }
    if (tn_offer_state(&call->offer) == TN_OFFER_LOCAL) {
        int err = tn_offer_take_answer(&call->offer, rsp->body, &plan);
        if (err && err != TERN_EUNSUPPORTED) {
            tn_offer_rollback(&call->offer); /* nonsense: what was agreed before goes on */
        } else {
            tn_call_apply_plan(call, &plan, local);
            tn_call_match_family(call, &plan, local);
            /*
             * It answers an offer, so it has our 2xx; its ACK went to where we were (MOBILITY S4).
             * Unless ours was answered before the 2xx, by a PRACK: then only an INVITE proves it.
             */
            bool has_2xx = call->life != TN_LIFE_ANSWERING || !call->prack.settled || invite;
            if (has_2xx && call->life == TN_LIFE_ANSWERING) tn_call_in_confirmed(call);
            if (has_2xx) tn_repeat_stop(&call->repeat);
            tn_call_tell_media(call);
        }
    }
    refresh_ended(call, (int)rsp->status, 0);
}

/* The dialog that it belongs to may have been replaced since: then a fork stands for that. */
static void late_answer(struct tn_call *call, const struct tn_msg *rsp)
{
    if (tn_dialog_matches_response(&call->dialog, rsp)) {
        tn_call_acknowledge_late(call, rsp);
    } else {
        tn_fork_stray(call->ep, rsp);
    }
}

void tn_call_refresh_effect(struct tn_call *call, const struct tn_effect *effect)
{
    const struct tn_msg *rsp = effect->msg;
    if (effect->id != call->refresh_request) {
        if (effect->kind == TN_EFFECT_RESPONSE && rsp->method == TN_METHOD_INVITE &&
            rsp->status >= 200 && rsp->status < 300 && call->life != TN_LIFE_GONE) {
            late_answer(call, rsp);
        }
        return;
    }
    if (effect->kind == TN_EFFECT_PREPARE) {
        prepare_refresh(call, effect);
        return;
    }
    if (effect->kind == TN_EFFECT_RESPONSE && rsp->status < 200) return;
    if (effect->kind == TN_EFFECT_RESPONSE && rsp->status < 300) {
        refresh_accepted(call, rsp);
        tn_call_asks_pump(call);
        return;
    }
    if (tn_offer_state(&call->offer) == TN_OFFER_LOCAL) tn_offer_rollback(&call->offer);
    bool answered = effect->kind == TN_EFFECT_RESPONSE;
    if (answered && tn_call_timer_raise(call, rsp)) { /* 422: the same, with a longer interval */
        tn_call_drop_refresh(call);
        tn_call_pump_refresh(call);
        return;
    }
    refresh_ended(call, answered ? (int)rsp->status : 0, answered ? tn_retry_after(rsp) : 0);
    tn_call_asks_pump(call);
}

void tn_call_put_contact(struct tn_call *call, enum tern_transport transport, tern_addr local,
                         struct tn_buf *out)
{
    struct tn_reach reach = {transport, local, call->sips};
    tern_str gruu = tn_call_gruu(call);
    call->contact_gruu = gruu.len > 0;
    if (!call->contact_gruu) {
        tn_public_rewrite_call(call, &reach);
        tn_put_contact(out, tn_text_view(&call->account->user), &reach);
        return;
    }
    tn_buf_char(out, '<');
    tn_buf_str(out, gruu);
    tn_buf_char(out, '>');
}
