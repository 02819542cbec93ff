/* SPDX-License-Identifier: MIT */
/* INFO and OPTIONS inside a call: RFC 6086 4, RFC 3261 11, MOBILITY S6. */
#include <string.h>

#include "base/mutant.h"
#include "base/options.h"
#include "base/str.h"
#include "ua/call.h"
#include "wire/sip/chars.h"

#define BLOCKED   TERN_MS(1000) /* until it is looked at again, unless a refresh ends before */
#define PAUSE     TERN_MS(500) /* after the first that came to nothing, then twice that, and so on */
#define TRIES_MAX 6            /* 31 s in all */
#define ACCEPTED  "Accept: application/sdp"

struct ask {
    struct tn_list node;
    uint32_t number;
    enum tn_method method;
    tern_str content_type, body;
    char text[];
};

static void timer_fired(struct tn_timer *timer)
{
    tn_call_asks_pump(TN_OWNER(timer, struct tn_call, asks.timer));
}

void tn_call_asks_init(struct tn_call *call)
{
    tn_list_init(&call->asks.list);
    tn_timer_init(&call->asks.timer, 0, timer_fired);
}

static struct ask *first(struct tn_call *call)
{
    return TN_OWNER(call->asks.list.next, struct ask, node);
}

static void give_up(struct tn_call *call)
{
    tn_request_abandon(&call->ep->txns, call->asks.request);
    call->asks.request = 0;
}

static void remove_first(struct tn_call *call)
{
    struct ask *ask = first(call);
    tn_list_remove(&ask->node);
    tn_free(&call->ep->ctx.alloc, ask);
    call->asks.tries = 0;
}

void tn_call_asks_drop(struct tn_call *call)
{
    give_up(call);
    tn_timer_cancel(&call->ep->ctx, &call->asks.timer);
    while (!tn_list_empty(&call->asks.list))
        remove_first(call);
}

/* ---- sending ---- */

/* Its audio may be awaited still: then the far end knows where we are. */
static bool is_moving(const struct tn_call *call)
{
    return tn_call_task_active(&call->task) && call->task.state != TN_CALL_VERIFYING;
}

static bool may_ask(const struct tn_call *call)
{
    if (call->refresh_request != 0 || call->replace.invite != 0) return false;
    return call->life == TN_LIFE_ACTIVE && !is_moving(call) && !call->ep->mob.paused;
}

static int send(struct tn_call *call)
{
    struct tern_endpoint *ep = call->ep;
    const struct ask *ask = first(call);
    struct tn_buf scratch;
    bool options = ask->method == TN_METHOD_OPTIONS;
    struct tn_request_opts opts = {
        .owner = {TN_OWNER_CALL, TN_TAG_ASK, call->id},
        .method = ask->method,
        .transport = call->transport,
        .auth = &call->account->auth,
        .headers = options ? TERN_STR(ACCEPTED "\r\n") : (tern_str){NULL, 0},
        .content_type = ask->content_type,
        .body = ask->body,
        .no_failover = true,
    };
    tn_buf_init(&scratch, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    int err = tn_dialog_request(&call->dialog, &scratch, &opts);
    if (!err) tn_call_way_aim(call, &opts);
    if (!err) err = tn_request_start(&ep->txns, &opts, &call->asks.request);
    tn_buf_fini(&scratch);
    return err;
}

static void later(struct tn_call *call, tern_time least)
{
    tern_time pause = PAUSE << call->asks.tries++;
    tn_timer_arm(&call->ep->ctx, &call->asks.timer, pause < least ? least : pause);
}

static void reply(struct tn_call *call, const struct tn_msg *rsp)
{
    struct tern_event event = {.type = TERN_EV_CALL_RESPONSE};
    struct tern_ev_call_response *ev = &event.u.response;
    *ev = (struct tern_ev_call_response){.call = {call->id}, .number = first(call)->number};
    if (rsp) {
        const struct tn_hdr *type = tn_msg_header(rsp, TN_HDR_CONTENT_TYPE, 0);
        ev->status = (int)rsp->status;
        ev->reason = rsp->reason;
        if (type && rsp->body.len > 0) ev->content_type = type->value;
        ev->body = rsp->body;
    } else {
        ev->reason = TERN_STR("nobody has answered");
    }
    tn_ep_event(call->ep, &event);
    remove_first(call);
}

void tn_call_asks_pump(struct tn_call *call)
{
    struct tn_call_asks *asks = &call->asks;
    while (!tn_list_empty(&asks->list) && asks->request == 0) {
        if (!may_ask(call)) {
            tn_timer_arm(&call->ep->ctx, &asks->timer, BLOCKED);
            return;
        }
        tn_timer_cancel(&call->ep->ctx, &asks->timer);
        if (send(call) == 0) return;
        if (asks->tries < TRIES_MAX) {
            later(call, 0);
            return;
        }
        reply(call, NULL);
    }
}

/* ---- what becomes of it ---- */

/* `status` 0: no answer came. */
static bool may_try_again(struct tn_call *call, int status, enum tn_failure failure)
{
    if (call->asks.tries >= TRIES_MAX || TN_MUTANT(ASK_LOST)) return false;
    bool unwanted = call->way.by_server && tn_mob_is_servers_no(status);
    bool turned = (unwanted || tn_mob_is_unreached(status)) && tn_call_way_turn(call);
    if (turned) return true;
    switch (status) {
    case 0: return failure != TN_FAILURE_TIMEOUT || is_moving(call);
    case 408:
    case 430: /* RFC 5626: the flow to the far end has failed */
    case 480:
    case 491: /* it does not know yet that we have accepted its INVITE with Replaces */
    case 500: /* overtaken (RFC 3261 12.2.2), or a proxy that has no way to it just now */
    case 503:
    case 504: return true;
    case 404:
    case 410:
    case 481: return is_moving(call) || call->refresh_request != 0; /* it is about to be found */
    default: return false;
    }
}

void tn_call_asks_effect(struct tn_call *call, const struct tn_effect *effect)
{
    const struct tn_msg *rsp = effect->kind == TN_EFFECT_RESPONSE ? effect->msg : NULL;
    if (effect->id != call->asks.request || (rsp && rsp->status < 200)) return;
    call->asks.request = 0;
    if (may_try_again(call, rsp ? (int)rsp->status : 0, (enum tn_failure)effect->code)) {
        later(call, rsp ? tn_retry_after(rsp) : 0);
        return;
    }
    reply(call, rsp);
    tn_call_asks_pump(call);
}

void tn_call_asks_moved(struct tn_call *call)
{
    struct tn_request_path path;
    struct tn_call_asks *asks = &call->asks;
    if (tn_list_empty(&asks->list) || TN_MUTANT(ASK_LOST)) return;
    asks->tries = 0;
    bool known = asks->request && tn_request_path(&call->ep->txns, asks->request, &path);
    if (known && (path.cseq == 0 || tn_net_has_local(&call->ep->net, path.local))) return;
    give_up(call);
    tn_timer_arm(&call->ep->ctx, &asks->timer, 0); /* the refresh goes first */
}

void tn_call_asks_new_dialog(struct tn_call *call)
{
    if (tn_list_empty(&call->asks.list)) return;
    give_up(call);
    tn_timer_arm(&call->ep->ctx, &call->asks.timer, 0);
}

/* ---- the far end asks ---- */

static bool is_token(tern_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!tn_is_class(s.ptr[i], TN_CH_TOKEN)) return false;
    }
    return s.len > 0;
}

static bool is_media_type(tern_str text)
{
    tern_str subtype;
    tern_str type = tn_str_cut(tn_str_trim(text), '/', &subtype);
    return is_token(type) && is_token(subtype);
}

bool tn_is_media_type_list(tern_str text)
{
    tern_str rest;
    for (; text.len > 0; text = rest) {
        if (!is_media_type(tn_str_cut(text, ',', &rest))) return false;
    }
    return true;
}

static bool takes(const struct tern_endpoint *ep, const struct tn_msg *msg)
{
    tern_str rest, text = tn_text_view(&ep->info_types);
    for (; text.len > 0; text = rest) {
        tern_str type = tn_str_trim(tn_str_cut(text, ',', &rest));
        if (tn_msg_has_body_type(msg, type)) return true;
    }
    return false;
}

static void answer(struct tn_call *call, uint64_t txn, unsigned status, tern_str headers)
{
    struct tn_response rsp = {.status = status, .headers = headers};
    (void)!tn_server_respond(&call->ep->txns, txn, &rsp);
}

/* RFC 6086 4.2.2 */
static void refuse_type(struct tn_call *call, uint64_t txn)
{
    struct tn_buf line;
    tern_str types = tn_text_view(&call->ep->info_types);
    tn_buf_init(&line, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_z(&line, ACCEPTED);
    if (types.len > 0) tn_buf_z(&line, ", ");
    tn_buf_str(&line, types);
    tn_buf_z(&line, "\r\n");
    answer(call, txn, 415, tn_buf_view(&line));
    tn_buf_fini(&line);
}

void tn_call_take_info(struct tn_call *call, const struct tn_effect *effect)
{
    const struct tn_msg *msg = effect->msg;
    const struct tn_hdr *type = tn_msg_header(msg, TN_HDR_CONTENT_TYPE, 0);
    bool wanted = msg->body.len > 0 && !call->ended_told;
    if (msg->body.len > 0 && !takes(call->ep, msg)) {
        refuse_type(call, effect->id);
        return;
    }
    answer(call, effect->id, 200, tn_ep_capability_lines());
    if (!wanted) return;
    struct tern_event event = {.type = TERN_EV_CALL_INFO};
    event.u.info = (struct tern_ev_call_info){{call->id}, type->value, msg->body};
    tn_ep_event(call->ep, &event);
}

/* ---- tern/call.h ---- */

void tern_call_request_opts_init_sized(struct tern_call_request_opts *opts, size_t size)
{
    const struct tern_call_request_opts defaults = {.method = TERN_CALL_REQUEST_INFO};
    tn_options_give(opts, size, &defaults, sizeof(defaults));
}

static bool is_valid(const struct tern_call_request_opts *opts)
{
    if (opts->method != TERN_CALL_REQUEST_INFO && opts->method != TERN_CALL_REQUEST_OPTIONS)
        return false;
    if (opts->body.len > TERN_CALL_REQUEST_BODY_MAX) return false;
    if (opts->content_type.len == 0) return opts->body.len == 0;
    tern_str params;
    tern_str type = tn_str_cut(opts->content_type, ';', &params);
    return opts->method == TERN_CALL_REQUEST_INFO && opts->body.len > 0 && is_media_type(type) &&
           tn_str_is_line(params);
}

static int keep(struct tn_call *call, const struct tern_call_request_opts *opts)
{
    size_t type = opts->content_type.len, body = opts->body.len;
    struct ask *ask = tn_alloc(&call->ep->ctx.alloc, sizeof(*ask) + type + body);
    if (ask == NULL) return TERN_ENOMEM;
    bool info = opts->method == TERN_CALL_REQUEST_INFO;
    ask->method = info ? TN_METHOD_INFO : TN_METHOD_OPTIONS;
    ask->number = ++call->asks.numbers;
    if (type > 0) memcpy(ask->text, opts->content_type.ptr, type);
    if (body > 0) memcpy(ask->text + type, opts->body.ptr, body);
    ask->content_type = (tern_str){ask->text, type};
    ask->body = (tern_str){ask->text + type, body};
    tn_list_push(&call->asks.list, &ask->node);
    return 0;
}

int tern_call_request(struct tern_endpoint *ep, tern_time now, tern_call handle,
                      const struct tern_call_request_opts *given, uint32_t *number)
{
    struct tern_call_request_opts opts = {0};
    struct tn_call *call = tn_call_find(ep, handle);
    if (call == NULL) return TERN_ESTALE;
    int err = tn_options_take(given, &opts, sizeof(opts));
    if (!err && !is_valid(&opts)) err = TERN_EINVAL;
    if (err) return err;
    if (call->life != TN_LIFE_ACTIVE) return TERN_ESTATE;
    bool idle = tn_list_empty(&call->asks.list);
    if (tn_list_count(&call->asks.list) >= TN_ASKS_MAX) return TERN_ELIMIT;
    tn_ep_enter(ep, now);
    err = keep(call, &opts);
    if (err) return err;
    *number = call->asks.numbers;
    if (idle) tn_call_asks_pump(call);
    tn_ep_run(ep);
    return 0;
}
