/* SPDX-License-Identifier: MIT */
/* UPDATE that says where we are, in early and in confirmed dialogs: RFC 3311, MOBILITY C7. */
#include "ua/update.h"

#include "base/mutant.h"
#include "ua/call.h"

#define FIRST_PAUSE TERN_MS(500)
#define TRIES_MAX   6
/* A caller may not have had a 180 that is not acknowledged: then it does not know the dialog yet. */
#define UNKNOWN_MAX 3

static void try_again(struct tn_timer *timer)
{
    struct tn_call *call = TN_OWNER(timer, struct tn_call, update.timer);
    tn_call_tell_target(call);
    tn_call_early_check(call);
}

static void offer_again(struct tn_timer *timer)
{
    struct tn_call *call = TN_OWNER(timer, struct tn_call, update.pause);
    tn_call_tell_audio(call);
    tn_call_early_check(call);
}

void tn_call_update_init(struct tn_call *call)
{
    tn_timer_init(&call->update.timer, 0, try_again);
    tn_timer_init(&call->update.pause, 0, offer_again);
}

/* It may have arrived, and may yet be accepted. */
static void give_up(struct tn_call *call, struct tn_update *update)
{
    if (update->request == 0) return;
    tn_request_abandon(&call->ep->txns, update->request);
    update->request = 0;
    update->open = true;
    update->audio_open = update->audio_open || update->offers;
    tn_call_update_withdraw(call, update);
}

void tn_call_update_stop(struct tn_call *call)
{
    tn_timer_cancel(&call->ep->ctx, &call->update.timer);
    tn_timer_cancel(&call->ep->ctx, &call->update.pause);
}

void tn_call_update_fini(struct tn_call *call)
{
    tn_call_update_stop(call);
    give_up(call, &call->update.own);
    tn_call_update_forget_first(call);
}

void tn_call_update_new_dialog(struct tn_call *call)
{
    give_up(call, &call->update.own);
    call->update.own = (struct tn_update){0};
}

void tn_call_update_overtaken(struct tn_call *call)
{
    struct tn_update *own = &call->update.own;
    own->told = (tern_addr){0};
    if (own->request && !tern_addr_same_host(own->contact, call->contact_local)) give_up(call, own);
}

void tn_call_update_leave(struct tn_call *call, struct tn_early *early)
{
    give_up(call, &early->update);
}

void tn_call_update_stays(struct tn_call *call, struct tn_early *early)
{
    struct tn_update *own = &call->update.own;
    struct tn_request_path path;
    uint64_t request = early->update.request;
    give_up(call, own);
    /* One that waits for a connection goes where the answer says that they are, and is made anew. */
    if (request && tn_request_path(&call->ep->txns, request, &path) && path.cseq == 0)
        give_up(call, &early->update);
    if (early->update.offers) give_up(call, &early->update); /* the answer has overtaken it */
    *own = early->update;
    early->update = (struct tn_update){0};
    tn_request_count_by(&call->ep->txns, call->update.own.request, &call->dialog.local_cseq);
    if (own->told.family == TERN_FAMILY_NONE) return;
    call->contact_local = call->signalling_local = own->told;
}

void tn_call_update_yield(struct tn_call *call)
{
    if (call->update.own.offers) give_up(call, &call->update.own);
    for (uint32_t i = 0; i < call->earlies.count; i++) {
        struct tn_update *update = &call->earlies.list[i]->update;
        if (update->offers) give_up(call, update);
    }
}

/* ---- sending ---- */

static void send(struct tn_call *call, struct tn_dialog *dialog, struct tn_update *update)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_buf scratch;
    struct tn_request_opts opts = {
        .owner = {TN_OWNER_CALL, TN_TAG_UPDATE, call->id},
        .method = TN_METHOD_UPDATE,
        .transport = call->transport,
        .auth = &call->account->auth,
        .headers = tn_ep_capability_lines(),
        .prepare = true,
        .no_failover = true,
    };
    tn_buf_init(&scratch, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    int err = tn_dialog_request(dialog, &scratch, &opts);
    if (!err) tn_call_way_aim(call, &opts);
    /* Without memory it is left out: the refresh, or the answer, says the same. */
    if (!err) (void)!tn_request_start(&ep->txns, &opts, &update->request);
    tn_buf_fini(&scratch);
}

/* By a GRUU, which leads to us wherever we are. */
static bool is_found(const struct tn_call *call)
{
    return call->contact_gruu && !call->contact_open;
}

/*
 * Who was told of one address by UPDATE, and then of the one before by our 2xx, takes that for an old 2xx,
 * which came late.
 */
static tern_addr told_last(const struct tn_call *call)
{
    bool any = call->life == TN_LIFE_ANSWERING && call->update.own.told.family;
    return any ? call->update.own.told : call->contact_local;
}

/* What the far end of this dialog has of us is not where `source` says we are. */
static bool is_to_be_told(struct tn_call *call, const struct tn_dialog *dialog,
                          const struct tn_update *update, tern_addr source)
{
    bool early = dialog != &call->dialog && update->told.family != TERN_FAMILY_NONE;
    tern_addr told = early ? update->told : told_last(call);
    bool knows = is_found(call) || (!update->open && tern_addr_same_host(told, source));
    return !knows || tn_call_update_wants_offer(call, dialog, update, source);
}

static void tell(struct tn_call *call, struct tn_dialog *dialog, struct tn_update *update)
{
    tern_addr source;
    if (!dialog->peer_update) return;
    if (tern_network_source(&call->ep->network, call->hop, &source) != 0) return;
    if (update->request != 0) {
        bool says = tern_addr_same_host(update->contact, source);
        if (says && tn_call_update_is_right(call, update)) return;
        give_up(call, update);
    }
    if (!is_to_be_told(call, dialog, update, source)) return;
    update->contact = source; /* its port is known when it leaves */
    update->contact.port = call->contact_local.port;
    send(call, dialog, update);
}

/* Before the answer there is no re-INVITE to take its place. */
static bool is_allowed(const struct tn_call *call)
{
    const struct tern_account_ip_change *policy = &call->account->ip_change;
    bool early = call->life == TN_LIFE_INCOMING || call->life == TN_LIFE_RINGING;
    return (policy->use_update || early) && !policy->hangup_calls &&
           (policy->reinvite_flags & TERN_CALL_UPDATE_CONTACT) && !call->ended_told;
}

/* It rings: who may not know of the dialog hears of it first, by the new path (MOBILITY S3). */
static void tell_caller(struct tn_call *call)
{
    tern_addr source;
    if (call->ring_status == 0) return;
    if (tern_network_source(&call->ep->network, call->hop, &source) != 0) return;
    bool moved = !is_found(call) && !tern_addr_same_host(call->contact_local, source);
    bool rings = call->answer_wanted == 0;
    if (moved && rings && !call->prack.known && !tn_reliable_waits(&call->prack.reliable)) {
        tn_call_ring(call, call->ring_status);
    }
    tell(call, &call->dialog, &call->update.own);
}

/* MOBILITY S2, S14: the INVITE stays where it is, as long as its answer can come there. */
static bool stands(const struct tn_call *call)
{
    struct tn_request_path path;
    if (call->invite == 0 || !tn_request_path(&call->ep->txns, call->invite, &path)) return false;
    return tn_net_has_local(&call->ep->net, path.local);
}

static void tell_callees(struct tn_call *call)
{
    if (!stands(call)) return;
    for (uint32_t i = 0; i < call->earlies.count; i++) {
        struct tn_early *early = call->earlies.list[i];
        tell(call, &early->dialog, &early->update);
    }
}

void tn_call_tell_target(struct tn_call *call)
{
    if (!is_allowed(call)) return;
    switch (call->life) {
    case TN_LIFE_INCOMING: tell_caller(call); return;
    case TN_LIFE_RINGING: tell_callees(call); return;
    case TN_LIFE_ANSWERING:
    case TN_LIFE_ACTIVE:
        if (call->refresh_request != 0 || call->refresh.update_refused) return;
        if (is_found(call)) return;
        tell(call, &call->dialog, &call->update.own);
        return;
    case TN_LIFE_PREPARING:
    case TN_LIFE_CALLING:
    case TN_LIFE_CANCELLING:
    case TN_LIFE_LEAVING:
    case TN_LIFE_GONE:
    case TN_LIVES: return;
    }
}

static bool is_due(struct tn_call *call, const struct tn_dialog *dialog,
                   const struct tn_update *update)
{
    tern_addr source;
    if (!dialog->peer_update) return false;
    if (tern_network_source(&call->ep->network, call->hop, &source) != 0) return false;
    return update->request != 0 || is_to_be_told(call, dialog, update, source);
}

bool tn_call_update_is_due(struct tn_call *call)
{
    if (!is_allowed(call)) return false;
    if (call->life == TN_LIFE_INCOMING) {
        return call->ring_status != 0 && is_due(call, &call->dialog, &call->update.own);
    }
    if (call->life != TN_LIFE_RINGING || !stands(call)) return false;
    for (uint32_t i = 0; i < call->earlies.count; i++) {
        const struct tn_early *early = call->earlies.list[i];
        if (is_due(call, &early->dialog, &early->update)) return true;
    }
    return false;
}

bool tn_call_update_is_under_way(const struct tn_call *call)
{
    bool any = call->update.own.request != 0 || tn_timer_armed(&call->update.timer) ||
               tn_timer_armed(&call->update.pause);
    for (uint32_t i = 0; i < call->earlies.count; i++)
        any = any || call->earlies.list[i]->update.request != 0;
    return any;
}

bool tn_call_update_may_offer(const struct tn_call *call)
{
    if (!is_allowed(call)) return false;
    if (call->life == TN_LIFE_INCOMING) {
        return call->dialog.peer_update && tn_call_update_is_settled(call, &call->dialog);
    }
    if (call->life != TN_LIFE_RINGING || !stands(call)) return false;
    for (uint32_t i = 0; i < call->earlies.count; i++) {
        const struct tn_dialog *dialog = &call->earlies.list[i]->dialog;
        if (dialog->peer_update && tn_call_update_is_settled(call, dialog)) return true;
    }
    return false;
}

static bool wants_offer(struct tn_call *call)
{
    const struct tn_update *own = &call->update.own;
    tern_addr local = call->contact_local;
    if (call->life == TN_LIFE_INCOMING) {
        return tn_call_update_wants_offer(call, &call->dialog, own, local);
    }
    for (uint32_t i = 0; call->life == TN_LIFE_RINGING && i < call->earlies.count; i++) {
        const struct tn_early *early = call->earlies.list[i];
        if (tn_call_update_wants_offer(call, &early->dialog, &early->update, local)) return true;
    }
    return false;
}

void tn_call_tell_audio(struct tn_call *call)
{
    if (wants_offer(call)) tn_call_tell_target(call);
}

void tn_call_update_moved(struct tn_call *call)
{
    if (call->life == TN_LIFE_ACTIVE) return; /* mobility has the call refreshed */
    call->update.tries = 0;
    call->update.refused = call->update.offered = false;
    tn_call_update_stop(call);
    tn_call_tell_target(call);
}

void tn_call_update_settled(struct tn_call *call)
{
    tn_timer_cancel(&call->ep->ctx, &call->update.pause);
    tn_call_tell_audio(call);
    tn_call_early_check(call);
}

void tn_call_update_retarget(struct tn_call *call, struct tn_dialog *dialog)
{
    const struct tn_update *update = &call->update.own;
    if (dialog != &call->dialog) update = &TN_OWNER(dialog, struct tn_early, dialog)->update;
    if (update->request) tn_call_retarget(call, dialog, update->request);
}

/* ---- what becomes of it ---- */

/* Whose request it is; `*dialog`: the dialog that it is in. */
static struct tn_update *find(struct tn_call *call, uint64_t request, struct tn_dialog **dialog)
{
    *dialog = &call->dialog;
    if (call->update.own.request == request) return &call->update.own;
    for (uint32_t i = 0; i < call->earlies.count; i++) {
        *dialog = &call->earlies.list[i]->dialog;
        if (call->earlies.list[i]->update.request == request) return &call->earlies.list[i]->update;
    }
    return NULL;
}

static void prepare(struct tn_call *call, const struct tn_effect *effect, struct tn_update *update,
                    const struct tn_dialog *dialog)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_request_path path;
    struct tn_buf contact, body;
    int err = 0;
    if (!tn_request_path(&ep->txns, effect->id, &path)) return;
    update->contact = path.local;
    bool up = call->life == TN_LIFE_ANSWERING || call->life == TN_LIFE_ACTIVE;
    if (up && !tern_addr_same_host(path.local, call->contact_local)) call->contact_open = true;
    tn_buf_init(&contact, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_init(&body, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_call_put_contact(call, path.transport, path.local, &contact);
    if (update->offers || tn_call_update_wants_offer(call, dialog, update, path.local)) {
        err = tn_call_update_offer(call, update, path.local, &body);
    }
    struct tn_request_parts parts = {
        .contact = tn_buf_view(&contact),
        .content_type = body.len > 0 ? TERN_STR("application/sdp") : (tern_str){NULL, 0},
        .body = tn_buf_view(&body),
    };
    if (!err) err = contact.err ? contact.err : tn_request_send(&ep->txns, effect->id, &parts);
    tn_buf_fini(&contact);
    tn_buf_fini(&body);
    if (!err) return;
    give_up(call, update);
    tn_call_early_check(call);
}

static void accepted(struct tn_call *call, struct tn_update *update, struct tn_dialog *dialog,
                     const struct tn_msg *rsp)
{
    call->update.tries = 0;
    update->told = update->contact;
    update->open = false;
    if (dialog != &call->dialog) {
        (void)!tn_dialog_refresh_target(dialog, rsp);
    } else {
        (void)!tn_call_take_target(call, rsp);
        call->contact_local = update->contact;
        if (call->life == TN_LIFE_INCOMING) call->signalling_local = update->contact;
        if (call->refresh_request == 0) call->contact_open = false;
    }
    tn_call_update_take_answer(call, update, rsp);
    tn_call_tell_audio(call);
}

static void later(struct tn_call *call, tern_time at_least)
{
    if (call->update.tries >= TRIES_MAX) return;
    tern_time pause = FIRST_PAUSE << call->update.tries++;
    tn_timer_arm(&call->ep->ctx, &call->update.timer, pause < at_least ? at_least : pause);
}

/* 481: who has called does not ring any more (MOBILITY S3), if it can know of this dialog at all. */
static bool has_gone(const struct tn_call *call, const struct tn_msg *rsp)
{
    bool sure = call->prack.known || call->update.tries >= UNKNOWN_MAX;
    return rsp && rsp->status == 481 && call->life == TN_LIFE_INCOMING && sure;
}

static void end(struct tn_call *call)
{
    const struct tn_early_end end = {.code = 481, .reason = TERN_STR("the caller has gone")};
    tn_mob_early_ended(&call->ep->mob, call->ep->ctx.now, &call->task, &end);
    tn_call_end(call, TERN_END_REMOTE, 487, end.reason);
}

/* A caller that has lost our 2xx does not know of the dialog either. */
static bool may_know_later(const struct tn_call *call)
{
    return call->life == TN_LIFE_INCOMING || call->life == TN_LIFE_ANSWERING;
}

/* @return false: the Contact alone, at once */
static bool waits(struct tn_call *call, struct tn_update *update, const struct tn_msg *rsp)
{
    bool offered = update->offers;
    bool heard = rsp && rsp->status != 408 && rsp->status < 500;
    if (!heard) update->open = true; /* a proxy may have said it */
    if (!heard && offered) update->audio_open = true;
    tn_call_update_withdraw(call, update);
    return !offered || rsp == NULL || !tn_call_update_refused(call, rsp);
}

static void settle(struct tn_call *call, struct tn_update *update, struct tn_dialog *dialog,
                   const struct tn_msg *rsp)
{
    if (rsp && rsp->status < 300) {
        accepted(call, update, dialog, rsp);
    } else if (!waits(call, update, rsp)) {
        tn_call_tell_target(call);
    } else if (rsp && (rsp->status == 405 || rsp->status == 501)) {
        dialog->peer_update = false;
    } else if (rsp && rsp->status == 481) {
        if (may_know_later(call)) later(call, 0);
    } else if (rsp == NULL || rsp->status == 408 || rsp->status == 491 || rsp->status >= 500) {
        later(call, rsp ? tn_retry_after(rsp) : 0);
    }
}

void tn_call_update_effect(struct tn_call *call, const struct tn_effect *effect)
{
    struct tn_dialog *dialog;
    struct tn_update *update = find(call, effect->id, &dialog);
    if (update == NULL) return;
    if (effect->kind == TN_EFFECT_PREPARE) {
        prepare(call, effect, update, dialog);
        return;
    }
    const struct tn_msg *rsp = effect->kind == TN_EFFECT_RESPONSE ? effect->msg : NULL;
    if (rsp && rsp->status < 200) return;
    update->request = 0;
    if (has_gone(call, rsp)) {
        end(call);
        return;
    }
    settle(call, update, dialog, rsp);
    tn_call_early_told(call, rsp ? rsp->status : 0);
}

void tn_call_update_late(struct tn_call *call, const struct tn_msg *rsp)
{
    struct tn_early *early = tn_early_find(call, rsp->to_tag);
    struct tn_dialog *dialog = early ? &early->dialog : &call->dialog;
    bool ours = tn_dialog_matches_response(dialog, rsp) && rsp->cseq.number <= dialog->local_cseq;
    if (!ours || call->life >= TN_LIFE_CANCELLING) return;
    if (early) {
        (void)!tn_dialog_refresh_target(dialog, rsp); /* as in accepted() */
    } else if (dialog->state == TN_DIALOG_CONFIRMED) {
        (void)!tn_call_take_target(call, rsp);
    }
}
