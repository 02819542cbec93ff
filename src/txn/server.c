/* SPDX-License-Identifier: MIT */
/* Server transactions: requests matched, answered, repeated; CANCEL (RFC 3261 9.2, 17.2). */
#include <string.h>

#include <tern/err.h>

#include "base/assert.h"
#include "base/str.h"
#include "txn/limits.h"
#include "txn/txn_impl.h"

static bool is_invite(const struct tn_server *server)
{
    return server->request->method == TN_METHOD_INVITE;
}

static struct tn_server *get(const struct tn_txns *txns, uint64_t id)
{
    return tn_slots_get(&txns->servers, id);
}

/* ---- carrying out what the machines decide ---- */

static void emit(struct tn_server *server, enum tn_effect_kind kind, struct tn_msg *msg)
{
    tn_emit(server->txns->ctx, (struct tn_effect){.kind = kind,
                                                  .owner = server->owner,
                                                  .id = kind == TN_EFFECT_ACK ? 0 : server->id,
                                                  .flow = server->origin.flow,
                                                  .msg = msg ? tn_msg_ref(msg) : NULL});
}

static void send_last(struct tn_server *server, bool again)
{
    const tern_str text = {server->text, server->text_len};
    tn_origin_send(server->txns, server->request, &server->origin, text, again);
}

static void keep_text(struct tn_server *server, unsigned status, struct tn_buf *text)
{
    tn_share_text(server->txns, server->text_len, text->len);
    tn_free(&server->txns->ctx->alloc, server->text);
    server->status = status;
    server->text = text->ptr;
    server->text_len = text->len;
}

/* Without memory there is no 100: the peer repeats its INVITE and asks again. */
static void send_trying(struct tn_server *server)
{
    const struct tn_response trying = {.status = 100};
    struct tn_buf out;

    tn_buf_init(&out, &server->txns->ctx->alloc, TN_MSG_SIZE_MAX);
    if (tn_put_response(server->txns, server->request, server->origin.source, &trying, &out) != 0) {
        tn_buf_fini(&out);
        return;
    }
    keep_text(server, trying.status, &out);
    send_last(server, false);
}

static bool terminated(const struct tn_server *server)
{
    return is_invite(server) ? server->machine.ist.state == TN_IST_TERMINATED
                             : server->machine.nist.state == TN_NIST_TERMINATED;
}

/* `msg`: the ACK to deliver. The transaction may be gone afterwards. */
static void perform(struct tn_server *server, unsigned actions, struct tn_msg *msg)
{
    if (actions & TN_DO_SEND) send_last(server, true);
    if (actions & TN_DO_TRYING) send_trying(server);
    if (actions & TN_DO_DELIVER) emit(server, TN_EFFECT_ACK, msg);
    if (actions & TN_DO_TIMEOUT) emit(server, TN_EFFECT_SERVER_TIMEOUT, NULL);
    if (!terminated(server)) return;
    emit(server, TN_EFFECT_SERVER_ENDED, NULL);
    tn_server_free(server);
}

static void on_ist_timer(struct tn_timer *timer)
{
    struct tn_server *server = TN_OWNER(tn_ist_of(timer), struct tn_server, machine.ist);
    perform(server, tn_ist_step(&server->machine.ist, (enum tn_ist_event)timer->event), NULL);
}

static void on_nist_timer(struct tn_timer *timer)
{
    struct tn_server *server = TN_OWNER(tn_nist_of(timer), struct tn_server, machine.nist);
    perform(server, tn_nist_step(&server->machine.nist, (enum tn_nist_event)timer->event), NULL);
}

/* ---- a refusal that is owed ---- */

/*
 * Whoever has refused an INVITE thinks no more of it, and an INVITE that nobody answers would stay for ever:
 * no timer ends it (RFC 3261 17.2.1). What the headers were to say, 500 does not have to.
 */
static void owe(struct tn_server *server, const struct tn_response *rsp)
{
    struct tn_ctx *ctx = server->txns->ctx;
    char *tag = server->owed.tag;
    if (!is_invite(server) || rsp->status < 300) return;
    server->owed.status = rsp->headers.len > 0 ? 500 : rsp->status;
    tn_random_token(&ctx->random, tag, TN_OWED_TAG);
    if (rsp->to_tag.len == TN_OWED_TAG) memcpy(tag, rsp->to_tag.ptr, TN_OWED_TAG);
    tn_timer_arm(ctx, &server->owed.timer, TN_OWED_AGAIN);
}

static void pay(struct tn_timer *timer)
{
    const struct tn_server *server = TN_OWNER(timer, struct tn_server, owed.timer);
    char tag[TN_OWED_TAG];
    memcpy(tag, server->owed.tag, sizeof(tag));
    const struct tn_response rsp = {.status = server->owed.status, .to_tag = {tag, sizeof(tag)}};
    (void)!tn_server_respond(server->txns, server->id, &rsp); /* or it is owed still */
}

/* ---- a transaction's life ---- */

static void start_machine(struct tn_server *server)
{
    struct tn_machine m = {
        .ctx = server->txns->ctx,
        .id = server->id,
        .reliable = server->origin.transport != TERN_TRANSPORT_UDP,
        .paused = server->txns->paused,
    };

    if (is_invite(server)) {
        m.fire = on_ist_timer;
        tn_ist_start(&server->machine.ist, &m);
    } else {
        m.fire = on_nist_timer;
        tn_nist_start(&server->machine.nist, &m);
    }
}

static struct tn_server *open_server(struct tn_txns *txns, struct tn_msg *msg,
                                     const struct tn_origin *origin)
{
    if (tn_share_take(txns, msg, origin) != 0) return NULL;
    struct tn_server *server = tn_alloc(&txns->ctx->alloc, sizeof(*server));
    if (!server || tn_slots_add(&txns->servers, server, &server->id) != 0) {
        tn_free(&txns->ctx->alloc, server);
        tn_share_give(txns, msg, origin->source);
        return NULL;
    }
    server->host = origin->source;
    server->txns = txns;
    server->request = tn_msg_ref(msg);
    server->origin = *origin;
    tn_map_insert(&txns->server_map, &server->by_key, tn_server_hash(txns, msg, msg->method));
    if (msg->to_tag.len == 0) {
        tn_map_insert(&txns->merge_map, &server->by_request, tn_merge_hash(txns, msg));
    }
    tn_timer_init(&server->owed.timer, 0, pay);
    start_machine(server);
    tn_txns_count(txns);
    return server;
}

void tn_server_free(struct tn_server *server)
{
    struct tn_txns *txns = server->txns;

    if (is_invite(server)) {
        tn_ist_stop(&server->machine.ist);
    } else {
        tn_nist_stop(&server->machine.nist);
    }
    tn_timer_cancel(txns->ctx, &server->owed.timer);
    tn_map_remove(&txns->server_map, &server->by_key);
    tn_map_remove(&txns->merge_map, &server->by_request);
    tn_slots_remove(&txns->servers, server->id);
    tn_share_text(txns, server->text_len, 0);
    tn_share_give(txns, server->request, server->host);
    tn_msg_unref(server->request);
    tn_free(&txns->ctx->alloc, server->text);
    tn_free(&txns->ctx->alloc, server);
    tn_txns_count(txns);
}

void tn_server_pause(struct tn_server *server, bool paused)
{
    if (is_invite(server)) tn_ist_pause(&server->machine.ist, paused);
}

/* ---- messages ---- */

static void repeated(struct tn_server *server, const struct tn_origin *origin)
{
    server->origin.flow = origin->flow; /* the peer may have come by a new connection */
    server->origin.source = origin->source;
    server->origin.local = origin->local;
    unsigned actions = is_invite(server) ? tn_ist_step(&server->machine.ist, TN_IST_EV_INVITE)
                                         : tn_nist_step(&server->machine.nist, TN_NIST_EV_REQUEST);
    perform(server, actions, NULL);
}

static void take_ack(struct tn_txns *txns, struct tn_msg *msg, uint64_t flow)
{
    struct tn_server *invite = tn_server_find(txns, msg, TN_METHOD_INVITE);

    if (invite) {
        perform(invite, tn_ist_step(&invite->machine.ist, TN_IST_EV_ACK), msg);
        return;
    }
    tn_emit(txns->ctx,
            (struct tn_effect){.kind = TN_EFFECT_ACK, .flow = flow, .msg = tn_msg_ref(msg)});
}

/* RFC 3261 21.5.4; nothing is kept, so that a flood costs no memory. */
static void refuse(struct tn_txns *txns, const struct tn_msg *msg, uint64_t flow)
{
    char line[32];
    struct tn_buf retry;

    if (!tn_share_tells(txns, flow)) {
        txns->ctx->stats.messages_dropped++;
        return;
    }
    tn_buf_fixed(&retry, line, sizeof(line));
    tn_put_header_number(&retry, TN_HDR_RETRY_AFTER,
                         TN_REFUSAL_AFTER_S +
                             tn_random_below(&txns->ctx->random, TN_REFUSAL_AFTER_S));
    const struct tn_response busy = {.status = 503, .headers = tn_buf_view(&retry)};
    tn_txns_reply(txns, msg, flow, &busy);
}

/* RFC 3261 9.2: 200 even where the final response is out already; then it has no further effect. */
static void take_cancel(struct tn_txns *txns, struct tn_msg *msg, const struct tn_origin *origin)
{
    struct tn_server *invite = tn_server_find(txns, msg, TN_METHOD_INVITE);
    const struct tn_response answer = {.status = invite ? 200 : 481};
    struct tn_server *cancel = open_server(txns, msg, origin);

    if (!cancel || tn_server_respond(txns, cancel->id, &answer) != 0) {
        if (cancel) tn_server_free(cancel);
        tn_txns_reply(txns, msg, origin->flow, &answer);
    }
    if (invite && invite->machine.ist.state == TN_IST_PROCEEDING) {
        emit(invite, TN_EFFECT_CANCELLED, msg);
    }
}

void tn_server_message(struct tn_txns *txns, struct tn_msg *msg, const struct tn_origin *origin)
{
    if (msg->method == TN_METHOD_ACK) {
        take_ack(txns, msg, origin->flow);
        return;
    }
    struct tn_server *server = tn_server_find(txns, msg, msg->method);
    if (server) {
        repeated(server, origin);
        return;
    }
    if (msg->method == TN_METHOD_CANCEL) {
        take_cancel(txns, msg, origin);
        return;
    }
    server = open_server(txns, msg, origin);
    if (server) {
        emit(server, TN_EFFECT_REQUEST, msg);
    } else {
        refuse(txns, msg, origin->flow);
    }
}

/* ---- the user's side ---- */

const struct tn_msg *tn_server_request(const struct tn_txns *txns, uint64_t id)
{
    const struct tn_server *server = get(txns, id);
    return server ? server->request : NULL;
}

uint64_t tn_server_flow(const struct tn_txns *txns, uint64_t id)
{
    const struct tn_server *server = get(txns, id);
    return server ? server->origin.flow : 0;
}

uint64_t tn_server_way(const struct tn_txns *txns, uint64_t id)
{
    const struct tn_server *server = get(txns, id);
    uint64_t flow;

    if (!server || tn_origin_way(txns, server->request, &server->origin, &flow) != 0) return 0;
    return flow;
}

struct tn_owner tn_server_owner(const struct tn_txns *txns, uint64_t id)
{
    const struct tn_server *server = get(txns, id);
    return server ? server->owner : (struct tn_owner){.kind = TN_OWNER_NONE};
}

void tn_server_set_owner(struct tn_txns *txns, uint64_t id, struct tn_owner owner)
{
    struct tn_server *server = get(txns, id);
    if (server) server->owner = owner;
}

static bool may_answer(const struct tn_server *server, unsigned status)
{
    if (server->status < 200) return true;
    /* RFC 6026 7.1: a proxy passes on each fork's 2xx. */
    return is_invite(server) && server->machine.ist.state == TN_IST_ACCEPTED && status / 100 == 2;
}

static unsigned step_send(struct tn_server *server, unsigned status)
{
    if (!is_invite(server)) {
        return tn_nist_step(&server->machine.nist,
                            status < 200 ? TN_NIST_EV_SEND_1XX : TN_NIST_EV_SEND_FINAL);
    }
    enum tn_ist_event event = TN_IST_EV_SEND_3XX_6XX;
    if (status < 300) event = TN_IST_EV_SEND_2XX;
    if (status < 200) event = TN_IST_EV_SEND_1XX;
    return tn_ist_step(&server->machine.ist, event);
}

/* Takes over the text. */
static void answer(struct tn_server *server, unsigned status, struct tn_buf *text)
{
    keep_text(server, status, text);
    if (status >= 200) tn_timer_cancel(server->txns->ctx, &server->owed.timer);
    unsigned actions = step_send(server, status);
    TN_ASSERT(actions == TN_DO_SEND);
    send_last(server, false);
}

int tn_server_respond(struct tn_txns *txns, uint64_t id, const struct tn_response *rsp)
{
    struct tn_server *server = get(txns, id);
    struct tn_buf out;

    if (!server) return TERN_ESTALE;
    if (rsp->status < 100 || rsp->status > 699) return TERN_EINVAL;
    if (server->status >= 200) return TERN_ESTATE;
    tn_buf_init(&out, &txns->ctx->alloc, TN_MSG_SIZE_MAX);
    int err = tn_put_response(txns, server->request, server->origin.source, rsp, &out);
    if (err) {
        tn_buf_fini(&out);
        if (err == TERN_ENOMEM) owe(server, rsp);
        return err;
    }
    answer(server, rsp->status, &out);
    return 0;
}

int tn_server_forward(struct tn_txns *txns, uint64_t id, unsigned status, tern_str text)
{
    struct tn_server *server = get(txns, id);
    struct tn_buf out;
    tern_str copy;

    if (!server) return TERN_ESTALE;
    if (status < 100 || status > 699 || text.len == 0) return TERN_EINVAL;
    if (!may_answer(server, status)) return TERN_ESTATE;
    tn_buf_init(&out, &txns->ctx->alloc, TN_MSG_SIZE_MAX);
    tn_buf_str(&out, text);
    int err = tn_buf_end(&out, &copy);
    if (err) {
        tn_buf_fini(&out);
        return err;
    }
    answer(server, status, &out);
    return 0;
}

/* Over a stream nothing repeats it, and the connection that it left by has gone (RFC 3261 18.2.2). */
void tn_server_renew_refusal(struct tn_server *server)
{
    const struct tn_net *net = server->txns->net;
    const struct tn_flow *flow = tn_net_get(net, server->origin.flow);

    if (!is_invite(server) || server->machine.ist.state != TN_IST_COMPLETED) return;
    if (flow && tn_net_has_local(net, flow->key.local)) return;
    send_last(server, true);
}

int tn_server_repeat(struct tn_txns *txns, uint64_t id)
{
    struct tn_server *server = get(txns, id);

    if (!server) return TERN_ESTALE;
    if (server->text_len == 0) return TERN_ESTATE;
    send_last(server, true);
    return 0;
}
