/* SPDX-License-Identifier: MIT */
/*
 * An INVITE with Replaces that comes: RFC 3891 3, MOBILITY C6 d. The call that it names goes on in the
 * dialog that it forms, at once.
 *
 * Who may do that (RFC 3891 8): it has to know the Call-ID and both tags of the dialog, which are
 * random; its From is the far end of the call; and it comes by TLS where the dialog did. Whoever has
 * read all that on a way in the clear could as well send BYE, or a re-INVITE, inside the dialog: nothing
 * is given away that was not lost before. That another person takes the far end's place is a transfer,
 * which the application decides on: until it can, that is refused with 403.
 */
#include "base/str.h"
#include "ua/call.h"

/*
 * So often is an INVITE of theirs refused for ours, where ours goes first. Who has got ours does not send
 * another; after two pauses, of half a second and more, it is not going to: they are not where it leads,
 * as their registration has failed, and have found us.
 */
#define MET_MAX 2

static void refuse(struct tern_endpoint *ep, const struct tn_effect *effect, unsigned status)
{
    tn_ep_refuse(ep, effect->id, status, (tern_str){NULL, 0});
}

/* RFC 4028 9 */
static void refuse_interval(struct tn_call *call, const struct tn_effect *effect)
{
    struct tn_buf lines;
    tn_buf_init(&lines, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_call_timer_put_refusal(call, &lines);
    tn_ep_refuse(call->ep, effect->id, 422, tn_buf_view(&lines));
    tn_buf_fini(&lines);
}

void tn_put_replaces_lines(struct tn_buf *lines, const struct tn_dialog *dialog)
{
    struct tn_replaces replaces = tn_replaces_of(dialog);
    tn_buf_z(lines, "Require: replaces\r\nReplaces: ");
    tn_put_replaces(lines, &replaces);
    tn_buf_z(lines, "\r\n");
}

/* ---- which call ---- */

static enum tn_replaces_place place_in(const struct tn_call *call)
{
    if (call->ended_told) return TN_REPLACES_ENDED;
    bool up = call->life == TN_LIFE_ACTIVE || call->life == TN_LIFE_ANSWERING;
    return up ? TN_REPLACES_CURRENT : TN_REPLACES_EARLY;
}

/* NULL: none that stands; `*place` says why. */
static struct tn_call *find(const struct tern_endpoint *ep, const struct tn_replaces *replaces,
                            enum tn_replaces_place *place, const struct tn_dialog **named)
{
    struct tn_call *call = tn_call_named(ep, replaces);
    *place = TN_REPLACES_NOTHING;
    if (call != NULL) {
        *place = place_in(call);
        *named = &call->dialog;
        return call;
    }
    call = tn_call_replacing(ep, replaces->call_id, replaces->to_tag);
    if (call != NULL) {
        *place = call->ended_told ? TN_REPLACES_ENDED : TN_REPLACES_PENDING;
        *named = &call->replace.dialog;
        return call;
    }
    const struct tn_fork *past = tn_fork_named(ep, replaces);
    if (past == NULL) return NULL;
    call = tn_call_by_id(ep, past->heir);
    *place = call && place_in(call) == TN_REPLACES_CURRENT ? TN_REPLACES_PAST : TN_REPLACES_ENDED;
    *named = &past->dialog;
    return call;
}

static bool is_secured(const struct tn_call *call, const struct tn_effect *effect)
{
    const struct tn_flow *flow = tn_net_get(&call->ep->net, effect->flow);
    bool tls = flow && flow->key.transport == TERN_TRANSPORT_TLS;
    return tls || (call->transport != TERN_TRANSPORT_TLS && !call->dialog.secure);
}

static unsigned judge(const struct tn_call *call, const struct tn_effect *effect,
                      const struct tn_replaces *replaces, enum tn_replaces_place place,
                      const struct tn_dialog *named)
{
    const struct tn_msg *invite = effect->msg;
    struct tn_replaces_facts facts = {.place = place};
    if (call != NULL) {
        const struct tn_dialog *now = &call->dialog;
        facts.same_person = tn_replaces_is_person(now, &invite->from.uri);
        facts.secured = is_secured(call, effect);
        facts.ours_open = call->replace.invite != 0;
        facts.we_win = tn_replaces_wins(named);
        facts.in_vain = call->replace.met >= MET_MAX;
        facts.formed_by_us = now->is_uac;
        facts.same_leg = tn_str_eq(invite->call_id, tn_text_view(&now->call_id)) &&
                         tn_str_eq(invite->from_tag, tn_text_view(&now->remote_tag));
        facts.newer = invite->cseq.number > call->replace.leg_cseq;
        facts.confirmed = !tn_repeat_running(&call->repeat);
    }
    return tn_replaces_judge(replaces, &facts);
}

/* ---- the place is taken ---- */

/* What a dialog leaves with the call. */
struct leg {
    struct tn_dialog dialog;
    uint64_t invite_txn;
    enum tern_transport transport;
    tern_addr hop, contact, signalling;
};

static struct leg leg_of(const struct tn_call *call)
{
    return (struct leg){call->dialog, call->invite_txn,    call->transport,
                        call->hop,    call->contact_local, call->signalling_local};
}

static void set_leg(struct tn_call *call, const struct leg *leg)
{
    call->dialog = leg->dialog;
    call->invite_txn = leg->invite_txn;
    call->transport = leg->transport;
    call->hop = leg->hop;
    call->contact_local = leg->contact;
    call->signalling_local = leg->signalling;
}

static void come_by(struct tn_call *call, const struct tn_effect *effect)
{
    const struct tn_flow *flow = tn_net_get(&call->ep->net, effect->flow);
    call->invite_txn = effect->id;
    if (flow == NULL) return;
    call->transport = flow->key.transport;
    call->hop = flow->peer;
    call->answer_hop = flow->peer;
    call->answer_from = flow->key.local;
    call->answer_flow = call->dialog.came_by = flow->id;
}

static unsigned take_offer(struct tn_call *call, const struct tn_msg *invite)
{
    if (tn_offer_state(&call->offer) == TN_OFFER_LOCAL) tn_offer_rollback(&call->offer);
    call->offerless = !tn_call_has_sdp(invite);
    if (call->offerless) return 0;
    switch (tn_offer_take(&call->offer, invite->body)) {
    case 0: return 0;
    case TERN_EPARSE: return 400;
    case TERN_ENOMEM: return 500;
    default: return 488;
    }
}

static int answer(struct tn_call *call)
{
    struct tn_buf body;
    tn_buf_init(&body, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    int err = tn_call_describe(call, &body);
    if (!err) err = tn_call_respond_2xx(call, call->invite_txn, tn_buf_view(&body));
    tn_buf_fini(&body);
    if (err) tn_offer_rollback(&call->offer);
    return err;
}

/* From here on the call is in this dialog. `acknowledged`: the old one was confirmed by both. */
static void go_on(struct tn_call *call, struct leg *old, const struct tn_effect *effect)
{
    struct tern_endpoint *ep = call->ep;
    bool was_answering = call->life == TN_LIFE_ANSWERING;
    bool acknowledged = !tn_repeat_running(&call->repeat);
    tn_dialog_confirm(&call->dialog);
    tn_call_index_dialog(call);
    tn_server_set_owner(&ep->txns, effect->id, (struct tn_owner){TN_OWNER_CALL, 0, call->id});
    tn_net_know(&ep->net, effect->flow);
    call->replace.leg_cseq = effect->msg->cseq.number;
    tn_call_in_new_dialog(call, false);
    tn_fork_replaced(call->account, old->transport, &old->dialog, call->id, acknowledged);
    tn_repeat_stop(&call->repeat);
    tn_repeat_start(&call->repeat);
    if (was_answering) {
        tn_call_enter(call, TN_LIFE_ACTIVE);
        tn_call_tell_answered(call);
    }
    if (!call->offerless) tn_call_tell_media(call);
    tn_mob_was_replaced(&ep->mob, ep->ctx.now, &call->task, tn_stream_remote(&call->stream));
}

static unsigned take_place(struct tn_call *call, const struct tn_effect *effect)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_dialog fresh;
    int err = tn_dialog_init_uas(&fresh, &ep->ctx, effect->msg);
    if (err) return err == TERN_EINVAL ? 400 : 500;
    unsigned status = tn_call_timer_take(call, effect->msg);
    if (status) {
        tn_dialog_fini(&fresh);
        return status;
    }
    tn_call_drop_refresh(call);
    tn_call_replace_drop(call);
    struct leg old = leg_of(call);
    status = take_offer(call, effect->msg);
    if (!status) {
        call->dialog = fresh;
        come_by(call, effect);
        if (answer(call) != 0) status = 500;
        if (status) set_leg(call, &old);
    }
    if (status) {
        tn_dialog_fini(&fresh);
        return status;
    }
    go_on(call, &old, effect);
    return 0;
}

/*
 * We have hung up, and our BYE is looking for them where they were: now they say where they are. The
 * 603 may be held back, by a proxy that waits for where else they were called.
 */
static void follow_with_bye(struct tn_call *call, const struct tn_effect *effect)
{
    if (!tn_replaces_is_person(&call->dialog, &effect->msg->from.uri)) return;
    if (is_secured(call, effect)) tn_call_bye_follow(call, effect->msg);
}

bool tn_call_replaced_invite(struct tern_endpoint *ep, const struct tn_effect *effect)
{
    const struct tn_hdr *line = tn_msg_header(effect->msg, TN_HDR_REPLACES, 0);
    struct tn_replaces replaces;
    enum tn_replaces_place place;
    const struct tn_dialog *named = NULL;
    if (line == NULL) return false;
    if (tn_msg_header(effect->msg, TN_HDR_REPLACES, 1) != NULL ||
        tn_replaces_parse(line->value, &replaces) != 0) {
        refuse(ep, effect, 400);
        return true;
    }
    struct tn_call *call = find(ep, &replaces, &place, &named);
    unsigned status = judge(call, effect, &replaces, place, named);
    if (!status) status = take_place(call, effect);
    if (status == 422) {
        refuse_interval(call, effect);
    } else if (status) {
        refuse(ep, effect, status);
    }
    if (status == 491) tn_call_replace_met(call);
    if (status == 603 && call != NULL) follow_with_bye(call, effect);
    if (call != NULL && !call->ended_told) tn_call_pump_refresh(call);
    return true;
}
