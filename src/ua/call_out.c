/* SPDX-License-Identifier: MIT */
/* Outgoing calls, up to the ACK: RFC 3261 13.2. */
#include "base/assert.h"
#include "base/mutant.h"
#include "base/str.h"
#include "dialog/routes.h"
#include "txn/timing.h"
#include "ua/call.h"

#define REDIRECTS_MAX 5 /* a chain of 3xx longer than this is a loop */

/* ---- the INVITE ---- */

/*
 * Where the INVITE goes: the outbound proxy, the registrar's service route, or, for a target in
 * our own domain, the registrar, which is that domain's proxy; else where the target's name leads.
 */
static int put_route(const struct tn_account *account, const struct tn_uri *target,
                     struct tn_buf *route, tern_str *next_hop)
{
    tern_str proxy = tn_text_view(&account->proxy), value, text;
    struct tn_uri uri;
    if (proxy.len > 0 && tn_uri_parse(proxy, &uri) == 0) {
        tn_buf_char(route, '<');
        tn_buf_str(route, proxy);
        if (!tn_uri_param(&uri, TERN_STR("lr"), &value)) tn_buf_z(route, ";lr");
        tn_buf_char(route, '>');
        if (account->service_route.len > 0) { /* RFC 3608 6.1: behind the preloaded ones */
            tn_buf_z(route, ", ");
            tn_buf_str(route, tn_text_view(&account->service_route));
        }
        *next_hop = proxy;
        return tn_buf_end(route, &text);
    }
    if (account->service_route.len > 0) {
        tn_buf_str(route, tn_text_view(&account->service_route));
        tn_routes_first(tn_text_view(&account->service_route), next_hop);
        return tn_buf_end(route, &text);
    }
    struct tn_uri aor;
    if (account->registrar.len > 0 && tn_uri_parse(tn_text_view(&account->uri), &aor) == 0 &&
        tn_str_ieq(aor.host, target->host) && aor.port == target->port) {
        *next_hop = tn_text_view(&account->registrar);
    }
    return 0;
}

int tn_call_start_invite(struct tn_call *call, struct tn_dialog *dialog, uint32_t tag,
                         struct tn_buf *lines, uint64_t *id)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_buf scratch, route;
    struct tn_uri target;
    struct tn_request_opts opts = {
        .owner = {TN_OWNER_CALL, tag, call->id},
        .method = TN_METHOD_INVITE,
        .transport = call->account->transport,
        .auth = &call->account->auth,
        .prepare = true,
    };
    tn_buf_init(&scratch, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_init(&route, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    int err = tn_buf_end(lines, &opts.headers);
    if (!err) err = tn_dialog_request(dialog, &scratch, &opts);
    if (!err) err = tn_uri_parse(opts.uri, &target);
    if (!err) err = put_route(call->account, &target, &route, &opts.next_hop);
    if (!err) opts.route = tn_buf_view(&route);
    if (!err) err = tn_request_start(&ep->txns, &opts, id);
    tn_buf_fini(&scratch);
    tn_buf_fini(&route);
    return err;
}

int tn_call_out_invite(struct tn_call *call)
{
    struct tn_buf lines;
    tn_buf_init(&lines, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_str(&lines, tn_ep_capability_lines());
    tn_call_prack_put_option(call, &lines);
    call->probe.asks = call->probe.named.count > 0;
    if (call->probe.asks) {
        tn_put_replaces_lines(&lines, &call->probe.named.list[0]->dialog);
    }
    if (call->subject.len > 0) {
        tn_put_header(&lines, TN_HDR_SUBJECT, tn_text_view(&call->subject));
    }
    int err = tn_call_start_invite(call, &call->dialog, TN_TAG_INVITE, &lines, &call->invite);
    tn_buf_fini(&lines);
    return err;
}

void tn_call_out_sockets_ready(struct tn_call *call)
{
    struct tern_endpoint *ep = call->ep;
    if (call->life != TN_LIFE_PREPARING) return;
    tn_call_enter(call, TN_LIFE_CALLING);
    if (ep->mob.open) tn_call_out_moved(call);
    if (call->account->answer_timeout_s > 0) {
        tn_timer_arm(&ep->ctx, &call->answer_timer, TERN_SECONDS(call->account->answer_timeout_s));
    }
    if (tn_call_out_invite(call) == 0) return;
    tn_call_tell_ended(call, TERN_END_ERROR, 0, TERN_STR("out of memory"));
    tn_call_enter(call, TN_LIFE_GONE);
    tn_call_reap(call);
}

static void prepare_invite(struct tn_call *call, const struct tn_effect *effect)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_request_path path;
    struct tn_buf contact, body, headers;
    int err = 0;
    if (!tn_request_path(&ep->txns, effect->id, &path)) return;
    tn_call_prack_start(call);
    call->contact_local = call->signalling_local = path.local;
    call->transport = path.transport;
    call->hop = path.remote;
    tn_buf_init(&contact, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_init(&body, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_init(&headers, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_call_timer_put_request(call, &headers);
    if (!call->no_offer) {
        struct tn_offer_local local = tn_call_offer_local(call, path.local);
        if (tn_offer_state(&call->offer) == TN_OFFER_LOCAL) tn_offer_rollback(&call->offer);
        err = tn_offer_make(&call->offer, &local, &body);
        call->media_told = local.from;
    }
    tn_call_put_contact(call, path.transport, path.local, &contact);
    if (!err) err = contact.err;
    if (!err) err = headers.err;
    if (!err) {
        struct tn_request_parts parts = {
            .contact = tn_buf_view(&contact),
            .headers = tn_buf_view(&headers),
            .content_type = body.len > 0 ? TERN_STR("application/sdp") : (tern_str){NULL, 0},
            .body = tn_buf_view(&body),
        };
        err = tn_request_send(&ep->txns, effect->id, &parts);
    }
    tn_buf_fini(&contact);
    tn_buf_fini(&body);
    tn_buf_fini(&headers);
    if (err) tn_call_end(call, TERN_END_ERROR, 0, TERN_STR("the INVITE could not be made"));
}

/* ---- answers ---- */

static void tell_progress(struct tn_call *call, const struct tn_msg *rsp, bool early_media)
{
    if (rsp->status == 100 || call->ended_told) return;
    struct tern_event event = {.type = TERN_EV_CALL_PROGRESS};
    event.u.progress = (struct tern_ev_call_progress){
        .call = {call->id},
        .status = (int)rsp->status,
        .reason = rsp->reason.len > 0 ? rsp->reason : tn_reason_phrase(rsp->status),
        .early_media = early_media,
    };
    tn_ep_event(call->ep, &event);
}

static void provisional(struct tn_call *call, const struct tn_msg *rsp)
{
    if (call->life == TN_LIFE_CALLING && rsp->status > 100) tn_call_enter(call, TN_LIFE_RINGING);
    /* Who is to get a BYE may be elsewhere by now. */
    bool rings = rsp->status > 100;
    if (call->life == TN_LIFE_CANCELLING && rings) (void)tn_early_take(call, rsp);
    if (call->life != TN_LIFE_RINGING) return;
    bool early_media = false;
    if (rsp->to_tag.len > 0 && rsp->status > 100) {
        struct tn_early *early = tn_early_take(call, rsp);
        /* A 1xx that cannot be used as a dialog still says that it rings. */
        if (tn_dialog_take_response(&call->dialog, rsp) == 0 &&
            !tn_call_prack_take(call, early, rsp, &early_media)) {
            return;
        }
        if (call->life != TN_LIFE_RINGING) return; /* it cannot be talked with */
    }
    tell_progress(call, rsp, early_media);
}

/*
 * The description that goes with a 2xx: their answer to our offer, or their offer (then `ack_body`
 * gets our answer). A fork that is not the one which sent early media answers the offer anew.
 */
static int take_session(struct tn_call *call, const struct tn_msg *rsp, bool other_fork,
                        struct tn_media_plan *plan, struct tn_buf *ack_body)
{
    tern_str answer = rsp->body.len > 0 ? rsp->body : tn_text_view(&call->prack.answer);
    if (call->no_offer && !call->prack.described) {
        if (rsp->body.len == 0) return TERN_EPARSE;
        int err = tn_offer_take(&call->offer, rsp->body);
        if (err) return err;
        struct tn_offer_local local = tn_call_offer_local(call, call->contact_local);
        return tn_offer_answer(&call->offer, &local, ack_body, plan);
    }
    if (tn_offer_state(&call->offer) == TN_OFFER_STABLE) {
        if (!other_fork || answer.len == 0) {
            *plan = *tn_offer_plan(&call->offer);
            return 0;
        }
        int err = tn_offer_reopen(&call->offer);
        if (err) return err;
    }
    return tn_offer_take_answer(&call->offer, answer, plan);
}

void tn_call_out_acknowledge(struct tn_call *call, const struct tn_msg *rsp)
{
    struct tn_buf body;
    tn_buf_init(&body, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    bool answers = call->no_offer && !call->prack.described;
    if (answers && tn_offer_repeat(&call->offer, &body) != 0) tn_buf_reset(&body);
    tn_call_send_ack(call, rsp->cseq.number, tn_buf_view(&body));
    tn_buf_fini(&body);
}

void tn_call_tell_answered(struct tn_call *call)
{
    struct tern_event event = {.type = TERN_EV_CALL_ANSWERED};
    event.u.answered =
        (struct tern_ev_call_answered){.call = {call->id}, .codec = tn_call_codec(call)};
    tn_ep_event(call->ep, &event);
}

void tn_call_out_accepted(struct tn_call *call, const struct tn_msg *rsp)
{
    struct tn_media_plan plan;
    struct tn_buf ack_body;
    bool other_fork = tn_call_prack_other(call, rsp->to_tag);
    bool leaving = call->life == TN_LIFE_CANCELLING;
    call->invite_cseq = rsp->cseq.number;
    tn_early_confirm(call, rsp->to_tag);
    if (other_fork) tn_call_update_restore_first(call);
    tn_call_update_forget_first(call);
    tn_forks_settle(call, NULL);
    if (tn_dialog_take_response(&call->dialog, rsp) != 0) {
        /* Without a Contact: acknowledged and ended by the address that was called. */
        tn_call_tell_ended(call, TERN_END_ERROR, (int)rsp->status,
                           TERN_STR("the far end's answer makes no sense"));
        tn_call_send_ack(call, rsp->cseq.number, (tern_str){NULL, 0});
        tn_call_enter(call, TN_LIFE_LEAVING);
        tn_call_send_bye(call);
        tn_call_reap(call);
        return;
    }
    tn_call_update_retarget(call, &call->dialog);
    tn_buf_init(&ack_body, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    int err = take_session(call, rsp, other_fork, &plan, &ack_body);
    tn_call_send_ack(call, rsp->cseq.number, tn_buf_view(&ack_body));
    tn_buf_fini(&ack_body);
    if (leaving) { /* RFC 5407 3.1.2: CANCEL crossed the answer */
        uint32_t said = tn_fork_forget(call->ep, rsp);
        if (call->dialog.local_cseq < said) call->dialog.local_cseq = said;
        tn_call_enter(call, TN_LIFE_LEAVING);
        tn_call_send_bye(call);
        tn_call_reap(call);
        return;
    }
    tn_call_enter(call, TN_LIFE_ACTIVE);
    tn_call_timer_answered(call, rsp);
    if (err) {
        tn_call_end(call, TERN_END_ERROR, 488, TERN_STR("no common codec"));
        return;
    }
    tn_call_apply_plan(call, &plan, call->contact_local);
    tn_call_match_family(call, &plan, call->contact_local);
    tn_call_tell_answered(call);
    tn_call_check_path(call);
}

bool tn_call_may_be_answered(const struct tn_call *call)
{
    if (call->ep->ctx.now < call->asked_until) return true;
    if (!call->dialog.is_uac || call->refused ||
        call->signalling_local.family == TERN_FAMILY_NONE) {
        return false; /* or it was never sent */
    }
    if (call->answered == TERN_TIME_NEVER) return true;
    /* The 2xx to an INVITE with Replaces came later. */
    tern_time formed = call->replace.since > call->answered ? call->replace.since : call->answered;
    return call->ep->ctx.now < formed + 64 * TN_T1;
}

void tn_call_decline_fork(struct tn_call *call, const struct tn_msg *rsp)
{
    if (rsp->status < 200 || rsp->status >= 300 || rsp->method != TN_METHOD_INVITE) return;
    if (!call->dialog.is_uac && !tn_dialog_matches_response(&call->dialog, rsp)) return;
    if (tn_dialog_matches_response(&call->dialog, rsp)) {
        /* Once more, or late for a re-INVITE that was given up: ACK always (MOBILITY C8). */
        if (TN_MUTANT(ACK_ONCE)) return;
        if (rsp->cseq.number == call->invite_cseq) {
            tn_call_out_acknowledge(call, rsp);
        } else {
            tn_call_acknowledge_late(call, rsp);
        }
        return;
    }
    tn_fork_decline(call->account, call->transport, &call->dialog, rsp);
}

/* Who asked for "sips:" is not redirected to less; who did not, not to what we may lack. */
static bool may_lead_to(const struct tn_call *call, const struct tn_uri *uri)
{
    if (uri->scheme != TN_SCHEME_SIPS && (uri->scheme != TN_SCHEME_SIP || call->sips)) return false;
    if (uri->scheme == TN_SCHEME_SIPS && !call->ep->tls) return false;
    /* Headers in the URI would go into the Request-URI (19.1.1): such an address is passed over. */
    return uri->headers.len == 0;
}

/* RFC 3261 8.1.3.4: the first new address of the list, by q. */
static bool best_contact(const struct tn_call *call, const struct tn_msg *rsp, tern_str *out)
{
    struct tn_list_cursor cursor = {0};
    struct tn_name_addr contact;
    tern_str element, q, best_q = TERN_STR("");
    bool found = false;
    while (tn_msg_list_next(rsp, TN_HDR_CONTACT, &cursor, &element)) {
        if (tn_name_addr_parse(element, &contact) != 0 || contact.is_star) continue;
        if (!may_lead_to(call, &contact.uri)) continue;
        if (tn_str_eq(contact.uri.text, tn_text_view(&call->dialog.remote_target))) continue;
        if (!tn_params_get(contact.params, TERN_STR("q"), &q)) q = TERN_STR("1");
        if (found && tn_str_cmp(q, best_q) <= 0) continue;
        found = true;
        best_q = q;
        *out = contact.uri.text;
    }
    return found;
}

static bool redirected(struct tn_call *call, const struct tn_msg *rsp)
{
    tern_str target;
    if (call->life == TN_LIFE_CANCELLING || call->redirects >= REDIRECTS_MAX) return false;
    if (!best_contact(call, rsp, &target)) return false;
    call->redirects++;
    if (tn_text_set(&call->ep->ctx.alloc, &call->dialog.remote_target, target) != 0) return false;
    call->sips = call->dialog.secure = tn_uri_is_sips(target);
    tn_text_fini(&call->ep->ctx.alloc, &call->dialog.remote_tag);
    tn_text_fini(&call->ep->ctx.alloc, &call->dialog.routes);
    return tn_call_out_invite(call) == 0;
}

/* RFC 4028 7.3: the same call, with a session that lasts as long as somebody on the way wants. */
static bool asked_again(struct tn_call *call, const struct tn_msg *rsp)
{
    if (call->life == TN_LIFE_CANCELLING || !tn_call_timer_raise(call, rsp)) return false;
    tn_text_fini(&call->ep->ctx.alloc, &call->dialog.remote_tag);
    tn_text_fini(&call->ep->ctx.alloc, &call->dialog.routes);
    return tn_call_out_invite(call) == 0;
}

static void refused(struct tn_call *call, const struct tn_msg *rsp, enum tn_auth_result auth)
{
    call->invite = 0;
    tn_early_drop(call); /* RFC 3261 12.3 */
    if (tn_call_probe_refused(call, rsp->status)) return;
    if (asked_again(call, rsp)) return;
    if (rsp->status < 400 && redirected(call, rsp)) return;
    if (tn_call_out_again(call, (int)rsp->status, TN_FAILURE_NONE)) return;
    call->refused = true;
    tern_str reason = tn_auth_result_text(auth);
    if (reason.len == 0) reason = rsp->reason;
    if (reason.len == 0) reason = tn_reason_phrase(rsp->status);
    tn_call_early_ended(call, TERN_END_REFUSED, (int)rsp->status);
    tn_mob_call_gone(&call->ep->mob, call->ep->ctx.now, &call->task, (int)rsp->status);
    tn_call_tell_ended(call, TERN_END_REFUSED, (int)rsp->status, reason);
    tn_call_enter(call, TN_LIFE_GONE);
    tn_call_reap(call);
}

void tn_call_out_effect(struct tn_call *call, const struct tn_effect *effect)
{
    const struct tn_msg *rsp = effect->msg;
    if (effect->kind == TN_EFFECT_RESPONSE && rsp->status >= 200 && rsp->status < 300 &&
        call->life >= TN_LIFE_ACTIVE && call->life != TN_LIFE_CANCELLING) {
        tn_call_decline_fork(call, rsp); /* once more, or from another fork */
        return;
    }
    if (effect->id != call->invite) return;
    if (effect->kind == TN_EFFECT_RESPONSE) tn_call_probe_heard(call);
    if (effect->kind == TN_EFFECT_RESPONSE && rsp->status < 200) {
        tn_call_early_heard(call, rsp->status);
    }
    if (effect->kind == TN_EFFECT_PREPARE) {
        prepare_invite(call, effect);
    } else if (effect->kind == TN_EFFECT_FAILED) {
        tn_call_out_failed(call, effect);
    } else if (rsp->status < 200) {
        provisional(call, rsp);
    } else if (rsp->status < 300) {
        tn_call_out_accepted(call, rsp);
    } else {
        refused(call, rsp, (enum tn_auth_result)effect->code);
    }
}
