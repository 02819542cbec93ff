/* SPDX-License-Identifier: MIT */
/* A call's life: made, found, ended, freed. Table in ua/call.h. */
#include "ua/call.h"
#include "ua/second.h"

#include <string.h>

#include "base/assert.h"
#include "base/mutant.h"
#include "base/str.h"
#include "net/keepalive.h"

#define BIT(life) (1u << (life))

static const unsigned successors[TN_LIVES] = {
    /* A snapshot's calls begin where they were. */
    [TN_LIFE_PREPARING] =
        BIT(TN_LIFE_CALLING) | BIT(TN_LIFE_ACTIVE) | BIT(TN_LIFE_LEAVING) | BIT(TN_LIFE_GONE),
    [TN_LIFE_CALLING] = BIT(TN_LIFE_RINGING) | BIT(TN_LIFE_ACTIVE) | BIT(TN_LIFE_CANCELLING) |
                        BIT(TN_LIFE_LEAVING) | BIT(TN_LIFE_GONE),
    [TN_LIFE_RINGING] =
        BIT(TN_LIFE_ACTIVE) | BIT(TN_LIFE_CANCELLING) | BIT(TN_LIFE_LEAVING) | BIT(TN_LIFE_GONE),
    [TN_LIFE_INCOMING] =
        BIT(TN_LIFE_ANSWERING) | BIT(TN_LIFE_ACTIVE) | BIT(TN_LIFE_LEAVING) | BIT(TN_LIFE_GONE),
    [TN_LIFE_ANSWERING] = BIT(TN_LIFE_ACTIVE) | BIT(TN_LIFE_LEAVING) | BIT(TN_LIFE_GONE),
    [TN_LIFE_ACTIVE] = BIT(TN_LIFE_LEAVING) | BIT(TN_LIFE_GONE),
    [TN_LIFE_CANCELLING] = BIT(TN_LIFE_LEAVING) | BIT(TN_LIFE_GONE),
    [TN_LIFE_LEAVING] = BIT(TN_LIFE_GONE),
    [TN_LIFE_GONE] = 0,
};

static const char *const names[TN_LIVES] = {
    [TN_LIFE_PREPARING] = "preparing",
    [TN_LIFE_CALLING] = "calling",
    [TN_LIFE_RINGING] = "ringing",
    [TN_LIFE_INCOMING] = "incoming",
    [TN_LIFE_ANSWERING] = "answering",
    [TN_LIFE_ACTIVE] = "active",
    [TN_LIFE_CANCELLING] = "cancelling",
    [TN_LIFE_LEAVING] = "leaving",
    [TN_LIFE_GONE] = "gone",
};

void tn_call_no_stranger(struct tn_call *call)
{
    if (call->stranger) call->ep->strangers--;
    call->stranger = false;
}

/* The only writer of `life`. */
void tn_call_enter(struct tn_call *call, enum tn_call_life next)
{
    struct tn_ctx *ctx = &call->ep->ctx;
    TN_ASSERT(successors[call->life] & BIT(next));
    tn_trace(ctx, "call", call->id, names[call->life], names[next]);
    call->life = next;
    tn_snapshot_changed(call->ep);
    tn_call_no_stranger(call);
    if (next >= TN_LIFE_ANSWERING) {
        tn_reliable_final(&call->prack.reliable);
        tn_timer_cancel(ctx, &call->answer_timer);
        tn_timer_cancel(ctx, &call->ring_timer);
        tn_call_probe_stop(call);
    }
    if (next == TN_LIFE_ACTIVE && call->answered == TERN_TIME_NEVER) call->answered = ctx->now;
    if (next == TN_LIFE_ACTIVE) tn_call_timer_media(call);
}

/* ---- finding ---- */

struct tn_call *tn_call_by_id(const struct tern_endpoint *ep, uint64_t id)
{
    return tn_slots_get(&ep->calls, id);
}

struct tn_call *tn_call_find(const struct tern_endpoint *ep, tern_call handle)
{
    struct tn_call *call = tn_call_by_id(ep, handle.id);
    return call && !call->ended_told ? call : NULL;
}

uint64_t tn_call_dialog_hash(const struct tern_endpoint *ep, tern_str call_id, tern_str local_tag)
{
    return tn_map_hash(&ep->dialogs, call_id.ptr, call_id.len) ^
           tn_map_hash(&ep->dialogs, local_tag.ptr, local_tag.len);
}

void tn_call_index_dialog(struct tn_call *call)
{
    struct tern_endpoint *ep = call->ep;
    tn_map_remove(&ep->dialogs, &call->dialog_node);
    tn_map_insert(&ep->dialogs, &call->dialog_node,
                  tn_call_dialog_hash(ep, tn_text_view(&call->dialog.call_id),
                                      tn_dialog_local_tag(&call->dialog)));
}

struct tn_call *tn_call_for_request(const struct tern_endpoint *ep, const struct tn_msg *request)
{
    if (request->to_tag.len == 0) return NULL;
    uint64_t hash = tn_call_dialog_hash(ep, request->call_id, request->to_tag);
    struct tn_map_node *node = tn_map_first(&ep->dialogs, hash);
    for (; node != NULL; node = tn_map_next(node)) {
        struct tn_call *call = TN_OWNER(node, struct tn_call, dialog_node);
        if (tn_early_dialog(call, request)) return call;
    }
    return NULL;
}

struct tn_call *tn_call_named(const struct tern_endpoint *ep, const struct tn_replaces *replaces)
{
    uint64_t hash = tn_call_dialog_hash(ep, replaces->call_id, replaces->to_tag);
    struct tn_map_node *node = tn_map_first(&ep->dialogs, hash);
    for (; node != NULL; node = tn_map_next(node)) {
        struct tn_call *call = TN_OWNER(node, struct tn_call, dialog_node);
        if (tn_replaces_names(replaces, &call->dialog)) return call;
    }
    return NULL;
}

/* By our tag alone: another fork's answer has a remote tag that we do not know. */
struct tn_call *tn_call_for_response(const struct tern_endpoint *ep, const struct tn_msg *response)
{
    uint64_t hash = tn_call_dialog_hash(ep, response->call_id, response->from_tag);
    struct tn_map_node *node = tn_map_first(&ep->dialogs, hash);
    for (; node != NULL; node = tn_map_next(node)) {
        struct tn_call *call = TN_OWNER(node, struct tn_call, dialog_node);
        if (tn_str_eq(response->call_id, tn_text_view(&call->dialog.call_id)) &&
            tn_str_eq(response->from_tag, tn_dialog_local_tag(&call->dialog))) {
            return call;
        }
    }
    return NULL;
}

/* ---- birth and death ---- */

static void repeat_fired(struct tn_timer *timer)
{
    struct tn_call *call = TN_OWNER(timer, struct tn_call, repeat.timer);
    if (tn_repeat_timer(&call->repeat) == TN_REPEAT_SEND) {
        /* Stale: the transaction has ended, and the ACK is the only thing left to wait for. */
        if (!TN_MUTANT(OK_ONCE)) (void)!tn_server_repeat(&call->ep->txns, call->invite_txn);
        return;
    }
    tn_call_in_timeout(call);
}

static void refresh_fired(struct tn_timer *timer)
{
    struct tn_call *call = TN_OWNER(timer, struct tn_call, refresh.timer);
    tn_refresh_timer(&call->refresh);
    tn_call_pump_refresh(call);
}

static void answer_fired(struct tn_timer *timer)
{
    struct tn_call *call = TN_OWNER(timer, struct tn_call, answer_timer);
    if (call->life == TN_LIFE_LEAVING) {
        tn_call_bye_timer(call);
        return;
    }
    /* 13.3.1: an invitation that has run out is answered 487. */
    tn_call_end(call, TERN_END_NO_ANSWER, call->incoming ? 487 : 480, TERN_STR("nobody answered"));
}

static void ring_fired(struct tn_timer *timer)
{
    struct tn_call *call = TN_OWNER(timer, struct tn_call, ring_timer);
    if (call->incoming) {
        tn_call_ring(call, call->ring_status);
    } else {
        tn_call_out_timer(call);
    }
}

int tn_call_new(struct tern_endpoint *ep, struct tn_account *account, bool incoming,
                struct tn_call **out)
{
    if (ep->calls_visible >= ep->max_calls) return TERN_ELIMIT;
    struct tn_call *call = tn_alloc(&ep->ctx.alloc, sizeof(*call));
    if (call == NULL) return TERN_ENOMEM;
    call->ep = ep;
    call->account = account;
    call->incoming = incoming;
    call->life = incoming ? TN_LIFE_INCOMING : TN_LIFE_PREPARING;
    call->started = ep->ctx.now;
    call->answered = call->last_out = TERN_TIME_NEVER;
    tn_call_task_init(&call->task);
    tn_refresh_init(&call->refresh, &ep->ctx, !incoming, refresh_fired);
    tn_call_replace_init(call);
    tn_repeat_init(&call->repeat, &ep->ctx, repeat_fired);
    tn_call_timer_init(call);
    tn_call_prack_init(call);
    tn_call_update_init(call);
    tn_call_way_init(call);
    tn_call_asks_init(call);
    tn_timer_init(&call->answer_timer, 0, answer_fired);
    tn_timer_init(&call->ring_timer, 0, ring_fired);
    tn_call_probe_init(call);

    struct tn_offer_opts opts;
    tn_call_offer_opts(ep, &opts);
    tn_call_secure_opts(account, &opts);
    int err = tn_offer_init(&call->offer, &opts);
    if (!err) err = tn_ep_event_reserve(ep, &call->last_event);
    if (!err) err = tn_slots_add(&ep->calls, call, &call->id);
    tn_net_watch(&ep->net, ep->calls.count > 0);
    if (err) {
        tn_ep_event_unreserve(ep, &call->last_event);
        tn_offer_fini(&call->offer);
        tn_free(&ep->ctx.alloc, call);
        return err;
    }
    if (account->calls++ == 0) {
        tn_registration_hasten(tn_account_reg(account));
        tn_second_check(account);
    }
    ep->calls_visible++;
    *out = call;
    return 0;
}

void tn_call_free(struct tn_call *call)
{
    struct tern_endpoint *ep = call->ep;
    tn_mob_call_gone(&ep->mob, ep->ctx.now, &call->task, 0);
    tn_call_replace_drop(call);
    tn_call_no_stranger(call);
    tn_request_abandon(&ep->txns, call->invite);
    tn_request_abandon(&ep->txns, call->request);
    tn_request_abandon(&ep->txns, call->refresh_request);
    tn_request_abandon(&ep->txns, call->ack);
    tn_repeat_stop(&call->repeat);
    tn_call_prack_fini(call);
    tn_call_update_fini(call);
    tn_call_way_fini(call);
    tn_call_asks_drop(call);
    tn_refresh_fini(&call->refresh);
    tn_call_timer_stop(call);
    tn_timer_cancel(&ep->ctx, &call->answer_timer);
    tn_timer_cancel(&ep->ctx, &call->ring_timer);
    tn_call_probe_fini(call);
    tn_call_media_close(call);
    tn_map_remove(&ep->dialogs, &call->dialog_node);
    tn_early_drop(call); /* how far each has counted goes into the trace */
    if (tn_call_may_be_answered(call)) {
        tn_fork_leave_trace(call->account, call->transport, &call->dialog);
    }
    tn_offer_fini(&call->offer);
    tn_dialog_fini(&call->dialog);
    tn_text_fini(&ep->ctx.alloc, &call->peer);
    tn_text_fini(&ep->ctx.alloc, &call->subject);
    tn_text_fini(&ep->ctx.alloc, &call->end_reason);
    tn_ep_event_unreserve(ep, &call->last_event);
    tn_slots_remove(&ep->calls, call->id);
    tn_net_watch(&ep->net, ep->calls.count > 0);
    if (!call->ended_told) ep->calls_visible--;
    struct tn_account *account = call->account;
    tn_free(&ep->ctx.alloc, call);
    if (--account->calls == 0) tn_second_check(account);
    tn_account_settle(account);
}

void tn_call_tell_ended(struct tn_call *call, enum tern_end_cause cause, int status,
                        tern_str reason)
{
    struct tern_endpoint *ep = call->ep;
    if (call->ended_told && !TN_MUTANT(LATE_EVENT)) return;
    struct tern_event event = {.type = TERN_EV_CALL_ENDED};
    event.u.ended = (struct tern_ev_call_ended){
        .call = {call->id},
        .cause = cause,
        .status = status,
        .reason = reason,
        .talked = call->answered == TERN_TIME_NEVER ? 0 : ep->ctx.now - call->answered,
    };
    if (call->stream_ready) tn_stream_stats(&call->stream, &event.u.ended.media);
    tn_ep_event_last(ep, &call->last_event, &event);
    call->ended_told = true;
    ep->calls_visible--;
    tn_early_leave(call, &call->probe.named); /* what we have asked for may never be answered */
    tn_forks_settle(call, NULL);
    /* A hang-up that mobility asked for counts when it is answered, not when it is sent. */
    if (call->task.state != TN_CALL_HANGING_UP) {
        tn_call_early_ended(call, cause, status);
        tn_mob_call_gone(&ep->mob, ep->ctx.now, &call->task, status);
    }
    tn_call_timer_stop(call);
    tn_call_asks_drop(call);
    tn_call_media_close(call);
}

/* Nothing is under way any more: neither a request of ours nor an answer that is repeated. */
void tn_call_reap(struct tn_call *call)
{
    struct tern_endpoint *ep = call->ep;
    if (!call->ended_told || call->life != TN_LIFE_GONE) return;
    if (call->request || call->refresh_request || tn_repeat_running(&call->repeat)) return;
    tn_call_free(call);
    tn_ep_check_stopped(ep);
}

static void leave(struct tn_call *call)
{
    tn_call_drop_refresh(call);
    tn_call_replace_drop(call);
    bool may_send = call->life != TN_LIFE_ANSWERING;
    tn_call_enter(call, TN_LIFE_LEAVING);
    if (may_send) tn_call_send_bye(call);
}

static void cancel(struct tn_call *call)
{
    tn_call_enter(call, TN_LIFE_CANCELLING);
    tern_str reason = tn_text_view(&call->end_reason);
    if (tn_request_cancel_because(&call->ep->txns, call->invite, reason) == 0) return;
    tn_request_abandon(&call->ep->txns, call->invite);
    call->invite = 0;
    tn_early_hang_up(call); /* it has failed: what has rung may have answered */
    tn_call_enter(call, TN_LIFE_GONE);
}

/* Without memory it goes without saying why. */
void tn_call_put_end_reason(const struct tn_call *call, struct tn_buf *line)
{
    tn_buf_init(line, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    if (call->end_reason.len > 0) {
        tn_put_header(line, TN_HDR_REASON, tn_text_view(&call->end_reason));
    }
    if (line->err) tn_buf_fini(line);
}

static void refuse(struct tn_call *call, unsigned status)
{
    struct tn_buf headers;
    tn_call_put_end_reason(call, &headers);
    struct tn_response rsp = {.status = status,
                              .to_tag = tn_dialog_local_tag(&call->dialog),
                              .headers = tn_buf_view(&headers)};
    (void)!tn_server_respond(&call->ep->txns, call->invite_txn, &rsp);
    tn_buf_fini(&headers);
    tn_mob_call_gone(&call->ep->mob, call->ep->ctx.now, &call->task, (int)status);
    tn_call_enter(call, TN_LIFE_GONE);
}

void tn_call_end(struct tn_call *call, enum tern_end_cause cause, int status, tern_str reason)
{
    enum tn_call_life life = call->life;
    bool refused_here = life == TN_LIFE_INCOMING;
    tn_call_tell_ended(call, cause, refused_here || cause != TERN_END_LOCAL ? status : 0, reason);
    switch (life) {
    case TN_LIFE_PREPARING: tn_call_enter(call, TN_LIFE_GONE); break;
    case TN_LIFE_CALLING:
    case TN_LIFE_RINGING: cancel(call); break;
    case TN_LIFE_INCOMING: refuse(call, status ? (unsigned)status : 603); break;
    case TN_LIFE_ANSWERING: /* RFC 3261 15: no BYE before the ACK, or before that has timed out,
                                which tn_call_in_ack() and tn_call_in_timeout() see to */
    case TN_LIFE_ACTIVE: leave(call); break;
    case TN_LIFE_CANCELLING:
    case TN_LIFE_LEAVING:
    case TN_LIFE_GONE: break;
    case TN_LIVES: TN_UNREACHABLE();
    }
    tn_call_reap(call);
}

/* ---- effects ---- */

void tn_call_effect(struct tn_call *call, const struct tn_effect *effect)
{
    if (effect->kind == TN_EFFECT_CANCELLED) {
        tn_call_in_cancelled(call, effect->msg);
        return;
    }
    if (effect->kind == TN_EFFECT_SERVER_TIMEOUT || effect->kind == TN_EFFECT_SERVER_ENDED) {
        return; /* the repetition of the 2xx keeps its own time */
    }
    if (effect->kind == TN_EFFECT_CANCEL_ANSWERED) {
        tn_call_out_cancel_answered(call, effect);
        return;
    }
    if (effect->kind == TN_EFFECT_STUN) {
        tn_call_stun_check(call);
        return;
    }
    if (effect->kind == TN_EFFECT_SECURITY) {
        tn_call_security_effect(call);
        return;
    }
    switch ((enum tn_call_tag)effect->owner.tag) {
    case TN_TAG_INVITE: tn_call_out_effect(call, effect); return;
    case TN_TAG_REFRESH: tn_call_refresh_effect(call, effect); return;
    case TN_TAG_BYE: tn_call_bye_effect(call, effect); return;
    case TN_TAG_PRACK: tn_call_prack_effect(call, effect); return;
    case TN_TAG_REPLACE: tn_call_replace_effect(call, effect); return;
    case TN_TAG_UPDATE: tn_call_update_effect(call, effect); return;
    case TN_TAG_ASK: tn_call_asks_effect(call, effect); return;
    case TN_TAG_ACK: return; /* nobody answers an ACK; if it was lost, the 2xx comes again */
    }
}
