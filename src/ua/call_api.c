/* SPDX-License-Identifier: MIT */
/* The functions of tern/call.h. */
#include <string.h>

#include "base/mutant.h"
#include "base/options.h"
#include "base/str.h"
#include "ua/call.h"

#define DIGIT_MS 160 /* what telephones send for a key pressed shortly */

/* "bob", "bob@example.com" or a whole URI; the account's domain where none is given. */
static int put_target(const struct tn_account *account, tern_str target, struct tn_buf *out)
{
    struct tn_uri uri;
    tern_str text;
    target = tn_str_trim(target);
    bool whole = tn_str_ieq(tn_str_sub(target, 0, 4), TERN_STR("sip:")) || tn_uri_is_sips(target);
    /* Another scheme is no user name. */
    if (!whole && tn_str_find(target, ':') < tn_str_find(target, '@')) return TERN_EINVAL;
    if (!whole) tn_buf_z(out, account->sips ? "sips:" : "sip:");
    tn_buf_str(out, target);
    if (!whole && tn_str_find(target, '@') == SIZE_MAX) {
        tn_buf_char(out, '@');
        tn_buf_str(out, tn_text_view(&account->domain));
    }
    int err = tn_buf_end(out, &text);
    if (err) return err;
    if (target.len == 0 || tn_uri_parse(text, &uri) != 0) return TERN_EINVAL;
    tern_str method;
    if (uri.headers.len > 0 || tn_uri_param(&uri, TERN_STR("method"), &method)) {
        return TERN_EINVAL; /* RFC 3261 19.1.1: not in a Request-URI */
    }
    if (uri.host.len == 0) return TERN_EINVAL;
    if (uri.scheme == TN_SCHEME_SIPS && !account->ep->tls) return TERN_EUNSUPPORTED;
    return uri.scheme == TN_SCHEME_SIP || uri.scheme == TN_SCHEME_SIPS ? 0 : TERN_EINVAL;
}

static int form_dialog(struct tn_call *call, tern_str target)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_account *account = call->account;
    char call_id[24];
    struct tn_buf local, remote;
    tn_random_token(&ep->ctx.random, call_id, sizeof(call_id));
    tn_buf_init(&local, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_init(&remote, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_account_put_name(account, &local);
    tn_buf_char(&remote, '<');
    tn_buf_str(&remote, target);
    tn_buf_char(&remote, '>');
    struct tn_dialog_uac opts = {
        .local = tn_buf_view(&local),
        .remote = tn_buf_view(&remote),
        .target = target,
        .call_id = {call_id, sizeof(call_id)},
        .first_cseq = tn_random_below(&ep->ctx.random, 1u << 16),
    };
    int err = local.err ? local.err : remote.err;
    if (!err) err = tn_dialog_init_uac(&call->dialog, &ep->ctx, &opts);
    if (!err) err = tn_text_set(&ep->ctx.alloc, &call->peer, target);
    tn_buf_fini(&local);
    tn_buf_fini(&remote);
    return err;
}

static int make(struct tern_endpoint *ep, const struct tern_call_opts *opts, tern_str target,
                struct tn_call **out)
{
    struct tn_call *call;
    struct tn_account *account = tn_account_find(ep, opts->account);
    int err = tn_call_new(ep, account, false, &call);
    if (err) return err;
    call->transport = account->transport;
    call->no_offer = opts->no_offer;
    call->sips = tn_uri_is_sips(target);
    err = tn_text_set(&ep->ctx.alloc, &call->subject, opts->subject);
    if (!err) err = form_dialog(call, target);
    if (err) {
        tn_call_free(call);
        return err;
    }
    tn_call_index_dialog(call);
    tn_call_media_open(call);
    *out = call;
    return 0;
}

int tern_call_make(struct tern_endpoint *ep, tern_time now, const struct tern_call_opts *given,
                   tern_call *out)
{
    struct tern_call_opts opts = {0};
    struct tn_call *call;
    struct tn_buf target;
    int err = tn_options_take(given, &opts, sizeof(opts));
    if (err) return err;
    const struct tn_account *account = tn_account_find(ep, opts.account);
    if (account == NULL) return TERN_ESTALE;
    if (ep->state != TN_ENDPOINT_RUNNING) return TERN_ESTATE;
    tn_ep_enter(ep, now);
    tn_buf_init(&target, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    err = tn_str_is_line(opts.subject) ? 0 : TERN_EINVAL;
    if (!err) err = put_target(account, opts.target, &target);
    if (!err) err = make(ep, &opts, tn_buf_view(&target), &call);
    tn_buf_fini(&target);
    if (err) return err;
    *out = (tern_call){call->id};
    tn_ep_run(ep);
    return 0;
}

int tern_call_answer(struct tern_endpoint *ep, tern_time now, tern_call handle, int status)
{
    struct tn_call *call = tn_call_find(ep, handle);
    if (call == NULL) return TERN_ESTALE;
    if (status != 200 && (status < 180 || status > 183)) return TERN_EINVAL;
    if (call->life != TN_LIFE_INCOMING || call->answer_wanted) return TERN_ESTATE;
    tn_ep_enter(ep, now);
    tn_call_in_answer(call, (unsigned)status);
    tn_ep_run(ep);
    return 0;
}

int tern_call_hangup(struct tern_endpoint *ep, tern_time now, tern_call handle, int status)
{
    struct tn_call *call = tn_call_find(ep, handle);
    if (call == NULL) return TERN_ESTALE;
    if (status != 0 && (status < 400 || status > 699)) return TERN_EINVAL;
    tn_ep_enter(ep, now);
    int code = call->life == TN_LIFE_INCOMING && status == 0 ? 603 : status;
    tn_call_end(call, TERN_END_LOCAL, code, TERN_STR("hung up"));
    tn_ep_run(ep);
    return 0;
}

static bool valid_end(const struct tern_call_end_opts *opts)
{
    if (opts->status != 0 && (opts->status < 400 || opts->status > 699)) return false;
    if (opts->cause_of > TERN_CAUSE_OF_Q850 || !tn_str_is_line(opts->text)) return false;
    if (opts->cause == 0) return true;
    if (opts->cause_of == TERN_CAUSE_OF_Q850) return opts->cause <= 127;
    return opts->cause >= 100 && opts->cause <= 699;
}

static int keep_reason(struct tn_call *call, const struct tern_call_end_opts *opts)
{
    const struct tn_reason reason = {
        .protocol = opts->cause_of == TERN_CAUSE_OF_Q850 ? TERN_STR("Q.850") : TERN_STR("SIP"),
        .cause = opts->cause,
        .text = opts->text,
    };
    struct tn_buf value;
    tern_str text;
    if (opts->cause == 0 && opts->text.len == 0) return 0;
    tn_buf_init(&value, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_put_reason(&value, &reason);
    int err = tn_buf_end(&value, &text);
    if (!err) err = tn_text_set(&call->ep->ctx.alloc, &call->end_reason, text);
    tn_buf_fini(&value);
    return err;
}

int tern_call_end(struct tern_endpoint *ep, tern_time now, tern_call handle,
                  const struct tern_call_end_opts *given)
{
    struct tern_call_end_opts opts = {0};
    struct tn_call *call = tn_call_find(ep, handle);
    if (call == NULL) return TERN_ESTALE;
    int err = tn_options_take(given, &opts, sizeof(opts));
    if (!err && !valid_end(&opts)) err = TERN_EINVAL;
    if (!err) err = keep_reason(call, &opts);
    return err ? err : tern_call_hangup(ep, now, handle, opts.status);
}

static int want(struct tern_endpoint *ep, tern_time now, tern_call handle, uint32_t intents,
                int hold)
{
    struct tn_call *call = tn_call_find(ep, handle);
    if (call == NULL) return TERN_ESTALE;
    if (call->life != TN_LIFE_ACTIVE) return TERN_ESTATE;
    tn_ep_enter(ep, now);
    if (hold >= 0 && !TN_MUTANT(HOLD_IGNORED)) call->hold = hold != 0;
    tn_call_timer_media(call);
    tn_snapshot_changed(ep);
    tn_refresh_want(&call->refresh, intents);
    tn_call_pump_refresh(call);
    tn_ep_run(ep);
    return 0;
}

#define HOLD_INTENTS (TN_INTENT_OFFER | TN_INTENT_CONTACT | TN_INTENT_VIA)

int tern_call_hold(struct tern_endpoint *ep, tern_time now, tern_call call)
{
    return want(ep, now, call, HOLD_INTENTS | TN_INTENT_INVITE, 1);
}

int tern_call_resume(struct tern_endpoint *ep, tern_time now, tern_call call)
{
    return want(ep, now, call, HOLD_INTENTS | TN_INTENT_INVITE, 0);
}

int tern_call_reinvite(struct tern_endpoint *ep, tern_time now, tern_call call, uint32_t flags)
{
    if (flags == 0 || (flags & ~(uint32_t)TERN_CALL_REINVITE_DEFAULT)) return TERN_EINVAL;
    return want(ep, now, call, flags | TN_INTENT_INVITE, -1);
}

int tern_call_update(struct tern_endpoint *ep, tern_time now, tern_call call, uint32_t flags)
{
    if (flags == 0 || (flags & ~(uint32_t)TERN_CALL_REINVITE_DEFAULT)) return TERN_EINVAL;
    return want(ep, now, call, flags, -1);
}

int tern_call_dtmf(struct tern_endpoint *ep, tern_time now, tern_call handle, tern_str digits)
{
    struct tn_call *call = tn_call_find(ep, handle);
    if (call == NULL) return TERN_ESTALE;
    if (call->life != TN_LIFE_ACTIVE || !call->stream_ready) return TERN_ESTATE;
    for (size_t i = 0; i < digits.len; i++) {
        tern_str known = TERN_STR("0123456789*#ABCDabcd");
        if (tn_str_find(known, digits.ptr[i]) == SIZE_MAX) return TERN_EINVAL;
    }
    tn_ep_enter(ep, now);
    int err = 0;
    for (size_t i = 0; i < digits.len && !err; i++)
        err = tn_stream_dtmf(&call->stream, digits.ptr[i], DIGIT_MS);
    tn_ep_run(ep);
    return err;
}

/* ---- information ---- */

static enum tern_call_state public_state(const struct tn_call *call)
{
    switch (call->life) {
    case TN_LIFE_PREPARING:
    case TN_LIFE_CALLING: return TERN_CALL_CALLING;
    case TN_LIFE_RINGING: return TERN_CALL_RINGING;
    case TN_LIFE_INCOMING: return call->answer_wanted ? TERN_CALL_ANSWERING : TERN_CALL_INCOMING;
    case TN_LIFE_ANSWERING: return TERN_CALL_ANSWERING;
    case TN_LIFE_ACTIVE: return TERN_CALL_ACTIVE;
    case TN_LIFE_CANCELLING:
    case TN_LIFE_LEAVING:
    case TN_LIFE_GONE:
    case TN_LIVES: break;
    }
    return TERN_CALL_ENDING;
}

static void copy_text(char *out, size_t cap, const struct tn_text *text)
{
    size_t len = text->len < cap ? text->len : cap - 1;
    if (len > 0) memcpy(out, text->ptr, len);
    out[len] = '\0';
}

int tern_call_get_info(const struct tern_endpoint *ep, tern_call handle, struct tern_call_info *out)
{
    const struct tn_call *call = tn_call_find(ep, handle);
    if (call == NULL) return TERN_ESTALE;
    *out = (struct tern_call_info){
        .state = public_state(call),
        .account = {call->account->id},
        .incoming = call->incoming,
        .held_here = call->hold,
        .held_there = tn_offer_remote_hold(&call->offer),
        .moving = tn_call_task_active(&call->task),
        .codec = tn_call_codec(call),
        .started = call->started,
        .answered = call->answered,
        .local_media = call->media_local,
        .security = tn_call_security(call),
    };
    if (call->stream_ready) out->remote_media = tn_stream_remote(&call->stream);
    copy_text(out->peer, sizeof(out->peer), &call->peer);
    copy_text(out->call_id, sizeof(out->call_id), &call->dialog.call_id);
    return 0;
}

tern_call tern_call_next(const struct tern_endpoint *ep, tern_call handle)
{
    uint32_t cursor = tn_slots_cursor(handle.id);
    struct tn_call *call;
    while ((call = tn_slots_each(&ep->calls, &cursor)) != NULL) {
        if (!call->ended_told) return (tern_call){call->id};
    }
    return (tern_call){0};
}

const char *tern_call_state_name(enum tern_call_state state)
{
    switch (state) {
    case TERN_CALL_CALLING: return "calling";
    case TERN_CALL_RINGING: return "ringing";
    case TERN_CALL_INCOMING: return "incoming";
    case TERN_CALL_ANSWERING: return "answering";
    case TERN_CALL_ACTIVE: return "active";
    case TERN_CALL_ENDING: return "ending";
    }
    return "unknown";
}
