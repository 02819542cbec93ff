/* SPDX-License-Identifier: MIT */
/* Incoming calls, up to the ACK: RFC 3261 13.3. */
#include "base/assert.h"
#include "base/str.h"
#include "ua/call.h"

/* ---- the INVITE ---- */

static void tell_incoming(struct tn_call *call, const struct tn_msg *invite)
{
    const struct tn_hdr *subject = tn_msg_header(invite, TN_HDR_SUBJECT, 0);
    struct tn_buf display;
    tn_buf_init(&display, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_put_display_name(&display, invite->from.display);
    struct tern_event event = {.type = TERN_EV_CALL_INCOMING};
    event.u.incoming = (struct tern_ev_call_incoming){
        .call = {call->id},
        .account = {call->account->id},
        .from = invite->from.uri.text,
        .display_name = tn_buf_view(&display),
        .to = invite->to.uri.text,
        .subject = subject ? subject->value : (tern_str){NULL, 0},
    };
    tn_ep_event(call->ep, &event);
    tn_buf_fini(&display);
}

static unsigned take_offer(struct tn_call *call, const struct tn_msg *invite)
{
    if (!tn_call_has_sdp(invite)) {
        call->offerless = true;
        return 0;
    }
    switch (tn_offer_take(&call->offer, invite->body)) {
    case 0: return 0;
    case TERN_EPARSE: return 400;
    case TERN_ENOMEM: return 500;
    default: return 488;
    }
}

/* @return 0, or the status that refuses the call. */
static unsigned set_up(struct tn_call *call, const struct tn_effect *effect)
{
    struct tern_endpoint *ep = call->ep;
    const struct tn_msg *invite = effect->msg;
    const struct tn_flow *flow = tn_net_get(&ep->net, effect->flow);
    int err = tn_dialog_init_uas(&call->dialog, &ep->ctx, invite);
    if (err) return err == TERN_EINVAL ? 400 : 500;
    if (tn_text_set(&ep->ctx.alloc, &call->peer, invite->from.uri.text) != 0) return 500;
    call->invite_txn = effect->id;
    call->sips = invite->uri.scheme == TN_SCHEME_SIPS;
    unsigned status = tn_call_timer_take(call, invite);
    if (status) return status;
    if (flow) {
        call->transport = flow->key.transport;
        call->hop = call->answer_hop = flow->peer;
        call->answer_from = flow->key.local;
        call->answer_flow = flow->id;
        call->dialog.came_by = flow->id;
        call->contact_local = call->signalling_local = tn_net_sent_by(&ep->net, flow);
    }
    return take_offer(call, invite);
}

/* RFC 3261 13.3.1: as long as the caller says. A CANCEL may be lost: nothing rings for ever. */
static void limit_ringing(struct tn_call *call, const struct tn_msg *invite)
{
    uint32_t seconds, most = call->account->answer_timeout_s;
    if (most == 0 || most > TN_RINGING_MAX_S) most = TN_RINGING_MAX_S;
    if (!tn_msg_number(invite, TN_HDR_EXPIRES, &seconds) || seconds > most) seconds = most;
    tn_timer_arm(&call->ep->ctx, &call->answer_timer, TERN_SECONDS(seconds > 0 ? seconds : 1));
}

/* The application never hears of it. */
static void turn_away(struct tn_call *call, uint64_t txn, unsigned status)
{
    struct tn_buf headers;
    tn_buf_init(&headers, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_call_prack_put_refusal(status, &headers);
    if (status == 422) tn_call_timer_put_refusal(call, &headers);
    tn_ep_refuse(call->ep, txn, status, tn_buf_view(&headers));
    tn_buf_fini(&headers);
    call->ended_told = true;
    call->ep->calls_visible--;
    tn_call_free(call);
}

/*
 * A flood of calls must leave room, in calls and in ports, for those that we make and those of our
 * proxy: a quarter.
 */
static bool is_room_for_strangers(const struct tern_endpoint *ep)
{
    uint32_t most = (ep->rtp_port_max - ep->rtp_port_min + 1u) / 2;
    if (most > ep->max_calls) most = ep->max_calls;
    return ep->strangers < most - most / 4;
}

void tn_call_in_invite(struct tern_endpoint *ep, const struct tn_effect *effect)
{
    struct tn_call *call;
    bool stranger = !tn_net_knows(&ep->net, effect->flow);
    struct tn_account *account = tn_account_for_request(ep, effect->msg);
    if (account == NULL) {
        tn_ep_refuse(ep, effect->id, 404, (tern_str){NULL, 0});
        return;
    }
    int err = stranger && !is_room_for_strangers(ep) ? TERN_ELIMIT : 0;
    if (!err) err = tn_call_new(ep, account, true, &call);
    if (err) {
        tn_ep_refuse(ep, effect->id, err == TERN_ELIMIT ? 486 : 500, (tern_str){NULL, 0});
        return;
    }
    call->stranger = stranger;
    if (stranger) ep->strangers++;
    unsigned status = tn_call_prack_admit(call, effect->msg);
    if (!status) status = set_up(call, effect);
    if (status) {
        turn_away(call, effect->id, status);
        return;
    }
    tn_server_set_owner(&ep->txns, effect->id, (struct tn_owner){TN_OWNER_CALL, 0, call->id});
    tn_call_index_dialog(call);
    tn_call_media_open(call);
    tell_incoming(call, effect->msg);
    limit_ringing(call, effect->msg);
}

/* ---- the answer ---- */

/* NULL: no way. Where the address that the request came to is gone, it is another (MOBILITY S3). */
static const struct tn_flow *answer_flow(const struct tn_call *call, uint64_t txn)
{
    const struct tern_endpoint *ep = call->ep;
    return tn_net_get(&ep->net, tn_server_way(&ep->txns, txn));
}

/* Where the far end is to find us, as told last or just now, for as long as that address stands. */
static tern_addr decided_contact(const struct tn_call *call)
{
    const struct tn_update *update = &call->update.own;
    bool up = call->life == TN_LIFE_ANSWERING || call->life == TN_LIFE_ACTIVE;
    if (call->refresh_request && call->refresh_contact.family) return call->refresh_contact;
    if (update->request) return update->contact;
    return up ? call->contact_local : update->told;
}

tern_addr tn_call_answer_contact(struct tn_call *call, uint64_t txn)
{
    const struct tn_flow *flow = answer_flow(call, txn);
    tern_addr told = decided_contact(call);
    tern_addr local = flow ? tn_net_sent_by(&call->ep->net, flow) : call->contact_local;
    if (told.family == TERN_FAMILY_NONE || tern_addr_same_host(told, local)) return local;
    /* The way that it came by stands still, and a better one has been told of (MOBILITY S0, S3). */
    return tn_net_has_local(&call->ep->net, told) ? told : local;
}

int tn_call_respond_2xx(struct tn_call *call, uint64_t txn, tern_str body)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_buf contact, headers;
    const struct tn_msg *invite = tn_server_request(&ep->txns, txn);
    if (invite == NULL) return TERN_ESTALE;
    call->answered_cseq = invite->cseq.number;
    call->contact_local = call->signalling_local = tn_call_answer_contact(call, txn);
    tn_buf_init(&contact, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_call_put_contact(call, call->transport, call->contact_local, &contact);
    tn_buf_init(&headers, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_str(&headers, tn_ep_capability_lines());
    tn_call_timer_put_answer(call, &headers);
    struct tn_response rsp = {
        .status = 200,
        .to_tag = tn_dialog_local_tag(&call->dialog),
        .contact = tn_buf_view(&contact),
        .headers = tn_buf_view(&headers),
        .content_type = body.len > 0 ? TERN_STR("application/sdp") : (tern_str){NULL, 0},
        .body = body,
        .record_route = true,
    };
    int err = contact.err ? contact.err : headers.err;
    if (!err) err = tn_server_respond(&ep->txns, txn, &rsp);
    if (!err) tn_call_timer_agreed(call);
    tn_buf_fini(&contact);
    tn_buf_fini(&headers);
    return err;
}

int tn_call_describe(struct tn_call *call, struct tn_buf *body)
{
    struct tn_media_plan plan;
    tern_addr signalling = tn_call_answer_contact(call, call->invite_txn);
    struct tn_offer_local local = tn_call_offer_local(call, signalling);
    tn_call_say_hold(call, local.hold);
    if (tn_offer_state(&call->offer) != TN_OFFER_REMOTE) {
        call->media_told = local.from;
        return tn_offer_make(&call->offer, &local, body);
    }
    int err = tn_offer_answer(&call->offer, &local, body, &plan);
    if (!err) tn_call_apply_plan(call, &plan, local.from);
    if (!err) call->media_told = local.from;
    return err;
}

static void accept(struct tn_call *call)
{
    struct tn_buf body;
    tn_buf_init(&body, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    int err =
        call->prack.described ? tn_call_describe_again(call, &body) : tn_call_describe(call, &body);
    if (!err) err = tn_call_respond_2xx(call, call->invite_txn, tn_buf_view(&body));
    tn_buf_fini(&body);
    if (err) {
        tn_call_end(call, TERN_END_ERROR, 500, TERN_STR("the call could not be answered"));
        return;
    }
    tn_dialog_confirm(&call->dialog);
    tn_net_know(&call->ep->net, tn_server_flow(&call->ep->txns, call->invite_txn));
    tn_call_enter(call, TN_LIFE_ANSWERING);
    tn_repeat_start(&call->repeat);
    if (call->update.own.told.family) tn_call_tell_target(call);
}

/*
 * Without a network the answer waits: it would name addresses that are gone (MOBILITY S3); and while
 * the connection that it leaves by is not up, nobody knows the port that it will be reached by.
 */
static bool may_answer(struct tn_call *call)
{
    const struct tern_endpoint *ep = call->ep;
    tern_addr local = tn_call_answer_contact(call, call->invite_txn);
    if (tn_reliable_holds_2xx(&call->prack.reliable)) return false;
    if (!tn_call_media_ready(call) || !tn_net_has_local(&ep->net, local)) return false;
    const struct tn_flow *flow = answer_flow(call, call->invite_txn);
    return flow == NULL || flow->open;
}

void tn_call_in_answer(struct tn_call *call, unsigned status)
{
    call->prack.wanted = 0;
    if (status < 200) {
        tn_call_ring(call, status);
    } else if (may_answer(call)) {
        accept(call);
    } else {
        call->answer_wanted = status;
    }
}

void tn_call_in_ready(struct tn_call *call)
{
    tn_call_ring_ready(call);
    if (call->life == TN_LIFE_INCOMING && call->answer_wanted && may_answer(call)) accept(call);
}

/* ---- what follows ---- */

/* We hung up while the ACK was awaited. */
static void leave_now(struct tn_call *call)
{
    if (call->request == 0) tn_call_send_bye(call);
    tn_call_reap(call);
}

void tn_call_in_confirmed(struct tn_call *call)
{
    tn_repeat_stop(&call->repeat);
    tn_call_update_yield(call);
    tn_call_enter(call, TN_LIFE_ACTIVE);
    tn_call_tell_answered(call);
    tn_call_check_path(call);
}

/* The ACK for the INVITE or re-INVITE that we answered with 2xx. */
void tn_call_in_ack(struct tn_call *call, const struct tn_msg *ack)
{
    struct tn_media_plan plan;
    if (!tn_repeat_running(&call->repeat) || ack->cseq.number != call->answered_cseq) return;
    tn_repeat_stop(&call->repeat);
    if (call->life == TN_LIFE_LEAVING) {
        leave_now(call);
        return;
    }
    if (call->offerless && tn_offer_state(&call->offer) == TN_OFFER_LOCAL) {
        int err = tn_offer_take_answer(&call->offer, ack->body, &plan);
        if (err && err != TERN_EUNSUPPORTED) {
            tn_offer_rollback(&call->offer);
            if (call->life == TN_LIFE_ANSWERING) tn_call_enter(call, TN_LIFE_ACTIVE);
            tn_call_end(call, TERN_END_ERROR, 488, TERN_STR("the far end sent no usable answer"));
            return;
        }
        tn_call_apply_plan(call, &plan, call->contact_local);
        if (call->life == TN_LIFE_ACTIVE) tn_call_tell_media(call);
    }
    call->offerless = false;
    if (call->life == TN_LIFE_ANSWERING) tn_call_in_confirmed(call);
    tn_call_pump_refresh(call);
    tn_call_reap(call);
}

void tn_call_tell_remote_end(struct tn_call *call, const struct tn_msg *msg, int status,
                             tern_str otherwise)
{
    const struct tn_hdr *header = tn_msg_header(msg, TN_HDR_REASON, 0); /* RFC 3326 */
    struct tn_reason reason = {.cause = 0};
    struct tn_buf text;
    tn_buf_init(&text, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    if (header != NULL && tn_reason_parse(header->value, &reason) == 0) {
        tn_put_display_name(&text, reason.text);
    }
    tern_str told = text.len > 0 && text.err == 0 ? tn_buf_view(&text) : otherwise;
    tn_call_tell_ended(call, TERN_END_REMOTE, status, told);
    tn_buf_fini(&text);
}

void tn_call_in_cancelled(struct tn_call *call, const struct tn_msg *cancel)
{
    if (call->life != TN_LIFE_INCOMING) return; /* too late: it is answered */
    tn_call_tell_remote_end(call, cancel, 487, TERN_STR("the caller gave up"));
    struct tn_response rsp = {.status = 487, .to_tag = tn_dialog_local_tag(&call->dialog)};
    (void)!tn_server_respond(&call->ep->txns, call->invite_txn, &rsp);
    tn_call_enter(call, TN_LIFE_GONE);
    tn_call_reap(call);
}

/* RFC 3261 13.3.1.4: no ACK for a 2xx in 64*T1. A call that moves is kept (MOBILITY S4). */
void tn_call_in_timeout(struct tn_call *call)
{
    if (call->ep->mob.paused) { /* no network: nobody could have acknowledged (MOBILITY C4) */
        tn_repeat_start(&call->repeat);
        return;
    }
    if (call->life == TN_LIFE_ACTIVE) { /* it was a re-INVITE: ours says what holds (MOBILITY S6) */
        if (tn_offer_state(&call->offer) == TN_OFFER_LOCAL) tn_offer_rollback(&call->offer);
        call->offerless = false;
        tn_refresh_want(&call->refresh, TERN_CALL_REINVITE_DEFAULT | TN_INTENT_INVITE);
        tn_call_pump_refresh(call);
        return;
    }
    if (call->life == TN_LIFE_ANSWERING && call->prack.heard && call->prack.settled) {
        /* It is there, and its ACK was lost with a path (MOBILITY S4): ours finds out. */
        tn_call_in_confirmed(call);
        tn_refresh_want(&call->refresh, TERN_CALL_REINVITE_DEFAULT | TN_INTENT_INVITE);
        tn_call_pump_refresh(call);
        return;
    }
    if (call->life == TN_LIFE_ANSWERING) {
        tn_call_end(call, TERN_END_UNREACHABLE, 0, TERN_STR("the caller did not acknowledge"));
    }
    if (call->life == TN_LIFE_LEAVING) {
        leave_now(call);
        return;
    }
    tn_call_reap(call);
}
