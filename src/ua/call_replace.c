/* SPDX-License-Identifier: MIT */
/*
 * INVITE with Replaces, from us: RFC 3891 4 and 5, MOBILITY C6 d. It goes to the far end's address of
 * record, where its registration leads to where it is now. "Require: replaces" sees to it that nothing
 * rings anywhere. When it is accepted, the call goes on in the dialog that it has formed.
 *
 * While it is under way, the far end may have accepted it without our knowing: so the tries share a
 * Call-ID and a tag, a 2xx to any of them is taken as long as the call is in the dialog that they
 * replace, and a BYE in that dialog is not believed at once.
 */
#include "ua/call_replace.h"

#include "base/assert.h"
#include "base/str.h"
#include "txn/timing.h"
#include "ua/call.h"

#define BYE_PAUSE TERN_SECONDS(4) /* a 2xx that is lost comes again within: T2 */
#define MET_LATER TERN_MS(200)    /* what was sent before that should have arrived */

/* ---- who may be found ---- */

static bool is_literal(const struct tn_uri *uri)
{
    tern_addr addr;
    return uri->host_is_ipv6 || tern_addr_parse(uri->host, &addr) == 0;
}

/* A Contact that is good from everywhere (RFC 5627 3), else the address of record. */
static bool find_target(const struct tn_call *call, struct tn_name_addr *remote, struct tn_uri *out)
{
    tern_str gr;
    if (tn_name_addr_parse(tn_text_view(&call->dialog.remote), remote) != 0) return false;
    bool given = tn_uri_parse(tn_text_view(&call->dialog.remote_target), out) == 0;
    if (given && tn_uri_param(out, TERN_STR("gr"), &gr)) return true;
    *out = remote->uri;
    return out->scheme == TN_SCHEME_SIP || out->scheme == TN_SCHEME_SIPS;
}

bool tn_call_may_replace(const struct tn_call *call)
{
    const struct tn_account *account = call->account;
    struct tn_name_addr remote;
    struct tn_uri target, own;
    if (call->dialog.peer_lacks_replaces || call->dialog.state != TN_DIALOG_CONFIRMED) return false;
    if (!find_target(call, &remote, &target)) return false;
    if (account->proxy.len > 0 || account->service_route.len > 0) return true;
    if (!is_literal(&target)) return true;
    /* An address that does not say where somebody is, but where his registrar is. */
    return account->registrar.len > 0 && tn_uri_parse(tn_text_view(&account->uri), &own) == 0 &&
           tn_str_ieq(own.host, target.host) && own.port == target.port;
}

/* ---- the INVITE ---- */

static void bye_timer_fired(struct tn_timer *timer);

void tn_call_replace_init(struct tn_call *call)
{
    tn_timer_init(&call->replace.timer, 0, bye_timer_fired);
}

static int form_dialog(struct tn_call *call, tern_str target)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_call_replace *r = &call->replace;
    char call_id[24];
    struct tn_buf local;
    tn_random_token(&ep->ctx.random, call_id, sizeof(call_id));
    tn_buf_init(&local, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_account_put_name(call->account, &local);
    struct tn_dialog_uac opts = {
        .local = tn_buf_view(&local),
        .remote = tn_text_view(&call->dialog.remote),
        .target = target,
        .call_id = {call_id, sizeof(call_id)},
        .first_cseq = tn_random_below(&ep->ctx.random, 1u << 16),
    };
    int err = local.err;
    if (!err) err = tn_dialog_init_uac(&r->dialog, &ep->ctx, &opts);
    tn_buf_fini(&local);
    if (err) return err;
    r->dialog.secure = r->dialog.secure || call->dialog.secure;
    tn_map_insert(
        &ep->replaces, &r->node,
        tn_call_dialog_hash(ep, tn_text_view(&r->dialog.call_id), tn_dialog_local_tag(&r->dialog)));
    return 0;
}

static int send(struct tn_call *call)
{
    struct tn_call_replace *r = &call->replace;
    struct tn_buf lines;
    tn_buf_init(&lines, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_str(&lines, tn_ep_capability_lines());
    tn_put_replaces_lines(&lines, &call->dialog);
    int err = tn_call_start_invite(call, &r->dialog, TN_TAG_REPLACE, &lines, &r->invite);
    tn_buf_fini(&lines);
    return err;
}

static void over(struct tn_call *call)
{
    tn_call_drop_refresh(call);
    tn_call_replace_drop(call);
    tn_call_tell_ended(call, TERN_END_REMOTE, 0, TERN_STR("the far end hung up"));
    if (call->life != TN_LIFE_GONE) tn_call_enter(call, TN_LIFE_GONE);
    tn_call_reap(call);
}

static void failed(struct tn_call *call, int code, tern_time retry_after)
{
    call->replace.invite = 0;
    call->refresh_local = (tern_addr){0};
    if (tn_offer_state(&call->offer) == TN_OFFER_LOCAL) tn_offer_rollback(&call->offer);
    bool moving = call->task.state == TN_CALL_REPLACING;
    if ((call->replace.bye_heard && code != 0 && code != 491) || (!moving && code == 603)) {
        over(call);
        return;
    }
    if (!moving)
        tn_refresh_later(&call->refresh, 0); /* what is wanted is asked for in the dialog */
    tn_mob_replaced(&call->ep->mob, call->ep->ctx.now, &call->task, code, retry_after);
}

/* It has not got through yet, and its way stands: the transaction, or the stream, sees to that. */
static bool is_on_its_way(const struct tn_call *call)
{
    const struct tern_endpoint *ep = call->ep;
    struct tn_request_path path;
    tern_addr source;
    return call->replace.invite != 0 && !call->replace.arrived &&
           tn_request_path(&ep->txns, call->replace.invite, &path) &&
           tern_network_source(&ep->network, path.remote, &source) == 0 &&
           tern_addr_same_host(source, path.local);
}

void tn_call_replace(struct tn_call *call)
{
    struct tn_call_replace *r = &call->replace;
    struct tn_name_addr remote;
    struct tn_uri target;
    TN_ASSERT(call->life == TN_LIFE_ACTIVE);
    if (is_on_its_way(call)) return;
    tn_call_drop_refresh(call);
    tn_call_replace_stop(call);
    int err = find_target(call, &remote, &target) ? 0 : TERN_EINVAL;
    if (!err && r->dialog.alloc == NULL) err = form_dialog(call, target.text);
    if (!err) err = send(call);
    r->sent = call->ep->ctx.now;
    r->arrived = false;
    if (err) failed(call, 0, 0);
}

void tn_call_replace_stop(struct tn_call *call)
{
    struct tn_call_replace *r = &call->replace;
    struct tern_endpoint *ep = call->ep;
    if (r->invite == 0) return;
    if (tn_offer_state(&call->offer) == TN_OFFER_LOCAL) tn_offer_rollback(&call->offer);
    call->refresh_local = (tern_addr){0};
    (void)!tn_request_cancel(&ep->txns, r->invite);
    tn_request_abandon(&ep->txns, r->invite);
    r->invite = 0;
}

void tn_call_replace_drop(struct tn_call *call)
{
    struct tn_call_replace *r = &call->replace;
    tn_timer_cancel(&call->ep->ctx, &r->timer);
    r->bye_heard = false;
    r->met = 0;
    if (r->dialog.alloc == NULL) return;
    tn_call_replace_stop(call);
    tn_map_remove(&call->ep->replaces, &r->node);
    tn_fork_leave_trace(call->account, r->transport, &r->dialog);
    tn_dialog_fini(&r->dialog);
    r->dialog = (struct tn_dialog){0};
}

void tn_call_replace_met(struct tn_call *call)
{
    call->replace.met++;
    if (call->ep->ctx.now - call->replace.sent < MET_LATER) return;
    tn_call_replace(call);
}

static void prepare(struct tn_call *call, const struct tn_effect *effect)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_request_path path;
    struct tn_buf contact, body, headers;
    if (!tn_request_path(&ep->txns, effect->id, &path)) return;
    tn_buf_init(&contact, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_init(&body, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_init(&headers, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_call_timer_put_request(call, &headers);
    struct tn_offer_local local = tn_call_offer_local(call, path.local);
    if (tn_offer_state(&call->offer) == TN_OFFER_LOCAL) tn_offer_rollback(&call->offer);
    int err = tn_offer_make(&call->offer, &local, &body);
    tn_call_say_hold(call, local.hold);
    call->refresh_hold = local.hold;
    call->refresh_local = local.from;
    call->refresh_contact = call->refresh_path = path.local;
    call->hop = path.remote;
    call->replace.transport = path.transport;
    tn_mob_refresh_leaves(&call->task, local.from);
    tn_call_put_contact(call, path.transport, path.local, &contact);
    if (!err) err = contact.err ? contact.err : headers.err;
    if (!err) {
        struct tn_request_parts parts = {
            .contact = tn_buf_view(&contact),
            .headers = tn_buf_view(&headers),
            .content_type = TERN_STR("application/sdp"),
            .body = tn_buf_view(&body),
        };
        err = tn_request_send(&ep->txns, effect->id, &parts);
    }
    tn_buf_fini(&contact);
    tn_buf_fini(&body);
    tn_buf_fini(&headers);
    if (!err) return;
    tn_request_abandon(&ep->txns, effect->id);
    failed(call, 0, 0);
}

/* ---- it is accepted ---- */

void tn_call_in_new_dialog(struct tn_call *call, bool owns_call_id)
{
    struct tern_endpoint *ep = call->ep;
    tn_request_abandon(&ep->txns, call->invite);
    tn_request_abandon(&ep->txns, call->ack);
    call->invite = call->ack = 0;
    call->no_offer = false;
    call->contact_open = false;
    call->replace.since = ep->ctx.now;
    call->replace.met = 0;
    tn_call_update_new_dialog(call);
    tn_call_way_anew(call);
    tn_call_asks_new_dialog(call);
    tn_refresh_new_dialog(&call->refresh, owns_call_id);
    tn_call_refresh_told(call);
}

/* The call goes on in `fresh`. Who has accepted that ends the old dialog (RFC 3891 3). */
static void go_on(struct tn_call *call, struct tn_dialog *fresh, const struct tn_msg *rsp)
{
    struct tn_dialog old = call->dialog;
    enum tern_transport transport = call->transport;
    tn_repeat_stop(&call->repeat);
    call->dialog = *fresh;
    tn_call_index_dialog(call);
    tn_timer_cancel(&call->ep->ctx, &call->replace.timer);
    call->replace.bye_heard = false;
    call->transport = call->replace.transport;
    call->contact_local = call->refresh_contact;
    call->signalling_local = call->refresh_path;
    call->invite_cseq = rsp->cseq.number;
    call->offerless = false;
    tn_call_in_new_dialog(call, true);
    tn_fork_replaced(call->account, transport, &old, call->id, false);
    tn_call_send_ack(call, rsp->cseq.number, (tern_str){NULL, 0});
    tn_call_timer_answered(call, rsp);
}

static void take_session(struct tn_call *call, const struct tn_msg *rsp)
{
    struct tn_media_plan plan;
    tern_addr local = call->refresh_local;
    call->refresh_local = (tern_addr){0};
    int err = tn_offer_take_answer(&call->offer, rsp->body, &plan);
    if (err && err != TERN_EUNSUPPORTED) {
        tn_offer_rollback(&call->offer); /* nonsense: what was agreed before goes on */
        return;
    }
    call->hold_agreed = call->refresh_hold;
    call->hold_open = false;
    tn_call_apply_plan(call, &plan, local);
    tn_call_refresh_told(call);
    tn_call_match_family(call, &plan, local);
    tn_call_tell_media(call);
}

static void accepted(struct tn_call *call, const struct tn_msg *rsp)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_call_replace *r = &call->replace;
    struct tn_dialog fresh = r->dialog;
    if (tn_dialog_take_response(&fresh, rsp) != 0) {
        r->dialog = fresh; /* the texts may have moved */
        failed(call, 0, 0);
        return;
    }
    r->invite = 0;
    r->dialog = (struct tn_dialog){0};
    tn_map_remove(&ep->replaces, &r->node);
    go_on(call, &fresh, rsp);
    take_session(call, rsp);
    call->task.remote = tn_stream_remote(&call->stream);
    tn_mob_replaced(&ep->mob, ep->ctx.now, &call->task, (int)rsp->status, 0);
    tn_call_pump_refresh(call);
}

/*
 * An earlier try, or one that was given up: the far end is in that dialog now, and so are we. What the
 * call's audio is to be is asked for in it, or by the try that is under way.
 */
static void accepted_late(struct tn_call *call, const struct tn_msg *rsp)
{
    struct tn_dialog fresh;
    if (tn_dialog_fork(&fresh, &call->replace.dialog, rsp) != 0) return;
    fresh.local_cseq = rsp->cseq.number;
    if (call->replace.invite == 0) tn_call_drop_refresh(call);
    go_on(call, &fresh, rsp);
    if (call->replace.invite != 0) return;
    tn_refresh_want(&call->refresh, TERN_CALL_REINVITE_DEFAULT);
    tn_call_pump_refresh(call);
}

bool tn_call_replace_stray(struct tern_endpoint *ep, const struct tn_msg *rsp)
{
    struct tn_call *call = tn_call_replacing(ep, rsp->call_id, rsp->from_tag);
    if (call == NULL || call->life != TN_LIFE_ACTIVE) return false;
    if (rsp->method != TN_METHOD_INVITE || rsp->status < 200 || rsp->status >= 300) return false;
    bool again = tn_dialog_matches_response(&call->dialog, rsp);
    bool same_leg = tn_str_eq(tn_text_view(&call->dialog.call_id), rsp->call_id);
    if (again || (same_leg && rsp->cseq.number < call->invite_cseq)) return false;
    accepted_late(call, rsp);
    return true;
}

void tn_call_replace_effect(struct tn_call *call, const struct tn_effect *effect)
{
    const struct tn_msg *rsp = effect->msg;
    if (effect->id != call->replace.invite) {
        bool late = effect->kind == TN_EFFECT_RESPONSE && rsp->status >= 200 && rsp->status < 300;
        if (late) tn_call_decline_fork(call, rsp);
        return;
    }
    if (effect->kind == TN_EFFECT_PREPARE) {
        prepare(call, effect);
    } else if (effect->kind != TN_EFFECT_RESPONSE) {
        failed(call, 0, 0);
    } else if (tn_call_timer_raise(call, rsp)) { /* 422: the same, with a longer interval */
        tn_call_replace_stop(call);
        tn_call_replace(call);
    } else if (rsp->status >= 300) {
        failed(call, (int)rsp->status, tn_retry_after(rsp));
    } else if (rsp->status >= 200) {
        accepted(call, rsp);
    } else {
        call->replace.arrived = true;
    }
}

/* ---- what else comes while it is under way ---- */

struct tn_call *tn_call_replacing(const struct tern_endpoint *ep, tern_str call_id, tern_str tag)
{
    struct tn_map_node *node = tn_map_first(&ep->replaces, tn_call_dialog_hash(ep, call_id, tag));
    for (; node != NULL; node = tn_map_next(node)) {
        struct tn_call_replace *r = TN_OWNER(node, struct tn_call_replace, node);
        struct tn_call *call = TN_OWNER(r, struct tn_call, replace);
        if (tn_str_eq(call_id, tn_text_view(&r->dialog.call_id)) &&
            tn_str_eq(tag, tn_dialog_local_tag(&r->dialog))) {
            return call;
        }
    }
    return NULL;
}

static void bye_timer_fired(struct tn_timer *timer)
{
    struct tn_call_replace *r = TN_OWNER(timer, struct tn_call_replace, timer);
    over(TN_OWNER(r, struct tn_call, replace));
}

bool tn_call_replace_outlives(struct tn_call *call, const struct tn_msg *bye)
{
    struct tn_call_replace *r = &call->replace;
    bool replaced = tn_fork_is_over(bye);
    bool under_way = r->invite != 0;
    /* One that was given up has been accepted all the same: its 2xx is on its way. */
    bool accepted = replaced && r->dialog.alloc != NULL;
    if (call->life != TN_LIFE_ACTIVE || (!under_way && !accepted)) return false;
    if (!r->bye_heard && !replaced) tn_timer_arm(&call->ep->ctx, &r->timer, BYE_PAUSE);
    if (!r->bye_heard && !under_way) tn_timer_arm(&call->ep->ctx, &r->timer, 64 * TN_T1);
    r->bye_heard = true;
    return true;
}

bool tn_call_replace_request(struct tern_endpoint *ep, const struct tn_effect *effect)
{
    struct tn_call *call = tn_call_replacing(ep, effect->msg->call_id, effect->msg->to_tag);
    bool bye = effect->msg->method == TN_METHOD_BYE;
    if (call == NULL || call->life != TN_LIFE_ACTIVE) return false;
    struct tn_response rsp = {.status = bye ? 200 : 491};
    (void)!tn_server_respond(&ep->txns, effect->id, &rsp);
    if (bye) over(call);
    return true;
}
