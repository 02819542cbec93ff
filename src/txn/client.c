/* SPDX-License-Identifier: MIT */
/* Client transactions: requests sent, answers matched (RFC 3261 17.1.3), CANCEL, TCP for size. */
#include <string.h>

#include <tern/err.h>

#include "base/assert.h"
#include "base/mutant.h"
#include "base/str.h"
#include "txn/limits.h"
#include "txn/txn_impl.h"

static struct tn_client *get(const struct tn_txns *txns, uint64_t id)
{
    return tn_slots_get(&txns->clients, id);
}

static bool is_invite(const struct tn_client *client)
{
    return client->method == TN_METHOD_INVITE;
}

uint64_t tn_client_hash(const struct tn_txns *txns, tern_str branch)
{
    return tn_map_hash(&txns->client_map, branch.ptr, branch.len);
}

/* RFC 3261 17.1.3: by the branch, and the method, since a CANCEL has the INVITE's branch. */
struct tn_client *tn_client_find(const struct tn_txns *txns, const struct tn_msg *response)
{
    uint64_t hash = tn_client_hash(txns, response->via.branch);

    for (struct tn_map_node *node = tn_map_first(&txns->client_map, hash); node;
         node = tn_map_next(node)) {
        struct tn_client *client = TN_OWNER(node, struct tn_client, by_branch);
        if (!tn_str_eq(client->branch, response->via.branch)) continue;
        if (tn_str_eq(client->method_text, response->cseq.method)) return client;
    }
    return NULL;
}

/* ---- carrying out what the machines decide ---- */

static bool terminated(const struct tn_client *client)
{
    return is_invite(client) ? client->machine.ict.state == TN_ICT_TERMINATED
                             : client->machine.nict.state == TN_NICT_TERMINATED;
}

static bool stands(const struct tn_client *client)
{
    const struct tn_net *net = client->txns->net;
    const struct tn_flow *flow = tn_net_get(net, client->flow);
    return flow && tn_net_has_local(net, flow->key.local);
}

/* ACK and CANCEL go the INVITE's way, or a new one where that is gone (MOBILITY S2, S10). */
static void cancel_again(struct tn_client *invite);

static int way_of(const struct tn_client *invite, uint64_t *out)
{
    struct tn_net *net = invite->txns->net;

    if (stands(invite)) {
        *out = invite->flow;
        return 0;
    }
    return tn_net_flow(net, &invite->target, invite->from, out);
}

static void send_ack(struct tn_client *client, const struct tn_msg *response)
{
    struct tn_txns *txns = client->txns;
    struct tn_buf out;
    uint64_t flow;

    tn_buf_init(&out, &txns->ctx->alloc, TN_MSG_SIZE_MAX);
    /* Without memory, or a way: the far end repeats its response and asks again. */
    if (tn_put_ack(client, response, &out) == 0 && way_of(client, &flow) == 0) {
        int lost = tn_net_send(txns->net, flow, tn_buf_view(&out), false);
        (void)lost;
    }
    tn_buf_fini(&out);
}

/* A 2xx that nobody waits for any more still needs its ACK and BYE: ua sees to that. */
static void deliver(struct tn_client *client, struct tn_msg *msg)
{
    struct tn_effect effect = {.kind = TN_EFFECT_TXN_RESPONSE,
                               .owner = client->owner,
                               .id = client->id,
                               .flow = client->flow};

    TN_ASSERT(msg);
    if (client->owner.kind == TN_OWNER_NONE) {
        if (!is_invite(client) || msg->status < 200 || msg->status > 299) return;
        effect.kind = TN_EFFECT_STRAY_RESPONSE;
        effect.id = 0;
    }
    effect.msg = tn_msg_ref(msg);
    tn_emit(client->txns->ctx, effect);
}

static void tell_failure(struct tn_client *client, enum tn_failure failure)
{
    if (client->owner.kind == TN_OWNER_NONE) return;
    tn_emit(client->txns->ctx, (struct tn_effect){.kind = TN_EFFECT_TXN_FAILED,
                                                  .owner = client->owner,
                                                  .id = client->id,
                                                  .flow = client->flow,
                                                  .code = (int)failure});
}

static unsigned step_error(struct tn_client *client)
{
    return is_invite(client) ? tn_ict_step(&client->machine.ict, TN_ICT_EV_TRANSPORT_ERROR)
                             : tn_nict_step(&client->machine.nict, TN_NICT_EV_TRANSPORT_ERROR);
}

static void use_flow(struct tn_client *client, uint64_t flow)
{
    client->moved |= client->flow != 0 && client->flow != flow;
    client->flow = flow;
    tn_list_remove(&client->by_flow);
    tn_list_push(tn_txns_of_flow(client->txns, flow), &client->by_flow);
}

/* A flow over UDP may have been forgotten while it was idle: the same one is made again. */
static int revive(struct tn_client *client)
{
    struct tn_net *net = client->txns->net;
    uint64_t flow;

    if (client->target.transport != TERN_TRANSPORT_UDP) return TERN_ESTALE;
    if (!tn_net_has_local(net, client->local)) return TERN_ENOROUTE;
    int err = tn_net_flow(net, &client->target, client->local, &flow);
    if (!err) use_flow(client, flow);
    return err;
}

/* What only did not fit just now counts as lost on the way. */
static unsigned resend(struct tn_client *client)
{
    const tern_str text = {client->text, client->text_len};
    int err = tn_net_get(client->txns->net, client->flow) ? 0 : revive(client);

    if (!err) err = tn_net_send(client->txns->net, client->flow, text, true);
    if (err == 0 || err == TERN_ENOMEM || err == TERN_ENOBUF) return TN_DO_NOTHING;
    return step_error(client);
}

/* Of an INVITE and its CANCEL, which share the branch, the other one; or NULL. */
static struct tn_client *twin_of(const struct tn_client *client, enum tn_method method)
{
    struct tn_map_node *node = tn_map_first(&client->txns->client_map, client->by_branch.hash);

    for (; node; node = tn_map_next(node)) {
        struct tn_client *twin = TN_OWNER(node, struct tn_client, by_branch);
        if (twin->method == method && tn_str_eq(twin->branch, client->branch)) return twin;
    }
    return NULL;
}

static void cancel_ended(const struct tn_client *cancel, enum tn_cancel how)
{
    struct tn_client *invite = twin_of(cancel, TN_METHOD_INVITE);

    if (!invite || invite->cancel != TN_CANCEL_SENT) return;
    invite->cancel = how;
    if (how != TN_CANCEL_WANTED || invite->machine.ict.state != TN_ICT_PROCEEDING) return;
    unsigned actions = tn_ict_step(&invite->machine.ict, TN_ICT_EV_CANCEL_LOST);
    TN_ASSERT(actions == TN_DO_NOTHING);
}

static void tell_cancel_answer(const struct tn_client *cancel, unsigned status)
{
    const struct tn_client *invite = twin_of(cancel, TN_METHOD_INVITE);

    if (!invite || invite->owner.kind == TN_OWNER_NONE) return;
    tn_emit(cancel->txns->ctx, (struct tn_effect){.kind = TN_EFFECT_CANCEL_ANSWERED,
                                                  .owner = invite->owner,
                                                  .id = invite->id,
                                                  .flow = cancel->flow,
                                                  .code = (int)status});
}

/* `msg`: the response to deliver. The transaction may be gone afterwards. */
static void perform(struct tn_client *client, unsigned actions, struct tn_msg *msg)
{
    if (actions & TN_DO_SEND) actions |= resend(client);
    if (actions & TN_DO_ACK) send_ack(client, msg);
    if (actions & TN_DO_DELIVER) deliver(client, msg);
    if (actions & TN_DO_TIMEOUT) tell_failure(client, TN_FAILURE_TIMEOUT);
    if (actions & TN_DO_FAIL) tell_failure(client, TN_FAILURE_TRANSPORT);
    if (actions & TN_DO_FAIL && client->method == TN_METHOD_CANCEL) {
        cancel_ended(client, TN_CANCEL_WANTED);
    }
    if (actions & TN_DO_CANCEL) cancel_again(client);
    if (terminated(client)) tn_client_free(client);
}

static void on_ict_timer(struct tn_timer *timer)
{
    struct tn_client *client = TN_OWNER(tn_ict_of(timer), struct tn_client, machine.ict);
    perform(client, tn_ict_step(&client->machine.ict, (enum tn_ict_event)timer->event), NULL);
}

static void on_nict_timer(struct tn_timer *timer)
{
    struct tn_client *client = TN_OWNER(tn_nict_of(timer), struct tn_client, machine.nict);
    perform(client, tn_nict_step(&client->machine.nict, (enum tn_nict_event)timer->event), NULL);
}

/* ---- a transaction's life ---- */

static void start_machine(struct tn_client *client)
{
    struct tn_machine m = {
        .ctx = client->txns->ctx,
        .id = client->id,
        .reliable = client->target.transport != TERN_TRANSPORT_UDP,
        .paused = client->txns->paused,
    };

    if (is_invite(client)) {
        m.fire = on_ict_timer;
        tn_ict_start(&client->machine.ict, &m);
    } else {
        m.fire = on_nict_timer;
        tn_nict_start(&client->machine.nict, &m);
    }
}

static void stop_machine(struct tn_client *client)
{
    if (is_invite(client)) {
        tn_ict_stop(&client->machine.ict);
    } else {
        tn_nict_stop(&client->machine.nict);
    }
}

void tn_client_free(struct tn_client *client)
{
    struct tn_txns *txns = client->txns;

    if (!TN_MUTANT(LEFT_TIMER)) stop_machine(client);
    tn_list_remove(&client->by_flow);
    tn_list_remove(&client->switched);
    tn_map_remove(&txns->client_map, &client->by_branch);
    tn_slots_remove(&txns->clients, client->id);
    tn_free(&txns->ctx->alloc, client->cancel_reason);
    tn_free(&txns->ctx->alloc, client->text);
    tn_free(&txns->ctx->alloc, client);
    tn_txns_count(txns);
}

void tn_client_pause(struct tn_client *client, bool paused)
{
    if (is_invite(client)) {
        tn_ict_pause(&client->machine.ict, paused);
    } else {
        tn_nict_pause(&client->machine.nict, paused);
    }
}

/*
 * Finds the parts of a whole request: "METHOD … CRLF Via: …;branch=BRANCH;rport CRLF rest". The
 * branch is the first parameter of our own Via, or of the INVITE's that a CANCEL repeats.
 */
static void find_parts(struct tn_client *client)
{
    tern_str text = {client->text, client->text_len}, after;
    size_t line = tn_str_find(text, '\n');
    size_t via = tn_str_find(tn_str_from(text, line + 1), '\n');

    client->start_line = tn_str_sub(text, 0, line - 1);
    client->rest_at = line + 1 + via + 1;
    client->method_text = tn_str_cut(client->start_line, ' ', &after);
    tn_str_cut(tn_str_from(text, line + 1), '=', &after);
    client->branch = tn_str_sub(after, 0, TN_BRANCH_COOKIE.len + TN_BRANCH_LEN);
}

struct plan {
    struct tn_owner owner;
    enum tn_method method;
    struct tn_target target;
    tern_addr from;
    uint64_t flow;
    tern_addr local; /* of the flow */
    bool switched;
};

/* Takes over the text, also on failure. */
static int launch(struct tn_txns *txns, const struct plan *plan, struct tn_buf *text,
                  struct tn_client **out)
{
    struct tn_client *client = tn_alloc(&txns->ctx->alloc, sizeof(*client));
    int err = client ? tn_slots_add(&txns->clients, client, &client->id) : TERN_ENOMEM;

    if (!err) {
        err = tn_net_send(txns->net, plan->flow, tn_buf_view(text), false);
        if (err) tn_slots_remove(&txns->clients, client->id);
    }
    if (err) {
        tn_free(&txns->ctx->alloc, client);
        tn_buf_fini(text);
        return err == TERN_ENOMEM || err == TERN_ELIMIT ? err : TERN_ENOROUTE;
    }
    tn_net_know(txns->net, plan->flow);
    client->txns = txns;
    client->owner = plan->owner;
    client->method = plan->method;
    client->target = plan->target;
    client->from = plan->from;
    tn_list_init(&client->by_flow);
    use_flow(client, plan->flow);
    client->local = plan->local;
    client->text = text->ptr;
    client->text_len = text->len;
    tn_list_init(&client->switched);
    if (plan->switched) tn_list_push(&txns->switched, &client->switched);
    find_parts(client);
    tn_map_insert(&txns->client_map, &client->by_branch, tn_client_hash(txns, client->branch));
    start_machine(client);
    tn_txns_count(txns);
    *out = client;
    return 0;
}

/* ---- where to ---- */

static int compose(struct tn_txns *txns, struct plan *plan, const struct tn_request_text *text,
                   struct tn_buf *out)
{
    const struct tn_flow *flow = tn_net_get(txns->net, plan->flow);

    TN_ASSERT(flow);
    plan->local = flow->key.local;
    tn_buf_init(out, &txns->ctx->alloc, TN_MSG_SIZE_MAX);
    int err = tn_put_request(txns, flow, text, out);
    if (err) tn_buf_fini(out);
    return err;
}

/*
 * RFC 3261 18.1.1: too long for a datagram that nobody fragments, over TCP to the same place. Stays
 * with UDP when that fails at once, and goes back to it when it fails before it is connected.
 */
static void prefer_tcp(struct tn_txns *txns, const struct tn_request_text *text, struct plan *plan,
                       struct tn_buf *out)
{
    struct plan tcp = *plan;
    struct tn_buf longer;

    tcp.target.transport = TERN_TRANSPORT_TCP;
    if (tn_net_flow(txns->net, &tcp.target, tcp.from, &tcp.flow) != 0) return;
    if (compose(txns, &tcp, text, &longer) != 0) return;
    tcp.switched = !tn_net_get(txns->net, tcp.flow)->open && out->len <= TN_UDP_PAYLOAD_MAX;
    tn_buf_fini(out);
    *out = longer;
    *plan = tcp;
}

/* Finds the flow and prints the request. */
static int prepare(struct tn_txns *txns, const struct tn_client_opts *opts, struct plan *plan,
                   struct tn_buf *out)
{
    const struct tn_request_text text = {.start_line = opts->start_line, .rest = opts->rest};
    const struct tn_target *target = &opts->target;
    bool udp = target->transport == TERN_TRANSPORT_UDP;

    *plan = (struct plan){
        .owner = opts->owner, .method = opts->method, .target = *target, .from = opts->from};
    int err = tn_net_flow(txns->net, target, opts->from, &plan->flow);
    if (!err) err = compose(txns, plan, &text, out);
    if (err) return err;
    if (udp && !opts->transport_fixed && out->len > TN_UDP_REQUEST_MAX) {
        prefer_tcp(txns, &text, plan, out);
    }
    if (plan->target.transport != TERN_TRANSPORT_UDP || out->len <= TN_UDP_PAYLOAD_MAX) return 0;
    tn_buf_fini(out);
    return TERN_ENOBUF;
}

int tn_client_start(struct tn_txns *txns, const struct tn_client_opts *opts, uint64_t *id)
{
    struct tn_client *client;
    struct plan plan;
    struct tn_buf out;

    int err = prepare(txns, opts, &plan, &out);
    if (!err) err = launch(txns, &plan, &out, &client);
    if (err) return err;
    *id = client->id;
    return 0;
}

int tn_client_send_stateless(struct tn_txns *txns, const struct tn_client_opts *opts)
{
    struct plan plan;
    struct tn_buf out;

    int err = prepare(txns, opts, &plan, &out);
    if (err) return err;
    err = tn_net_send(txns->net, plan.flow, tn_buf_view(&out), false);
    tn_buf_fini(&out);
    return err == 0 || err == TERN_ENOMEM ? err : TERN_ENOROUTE;
}

/* The same transaction once more from its start, over UDP. @return false when there is no way */
static bool go_back_to_udp(struct tn_client *client)
{
    struct tn_txns *txns = client->txns;
    const tern_str whole = {client->text, client->text_len};
    const struct tn_request_text text = {.start_line = client->start_line,
                                         .rest = tn_str_from(whole, client->rest_at),
                                         .branch = client->branch};
    const struct tn_target udp = {.transport = TERN_TRANSPORT_UDP, .addr = client->target.addr};
    struct plan plan = {.flow = 0};
    struct tn_buf out;

    tn_list_remove(&client->switched);
    /* What Contact and SDP say was written for that address. */
    if (client->from.family && !tn_net_has_local(txns->net, client->from)) return false;
    if (tn_net_flow(txns->net, &udp, client->from, &plan.flow) != 0) return false;
    if (compose(txns, &plan, &text, &out) != 0) return false;
    if (tn_net_send(txns->net, plan.flow, tn_buf_view(&out), false) != 0) {
        tn_buf_fini(&out);
        return false;
    }
    tn_free(&txns->ctx->alloc, client->text);
    client->text = out.ptr;
    client->text_len = out.len;
    use_flow(client, plan.flow);
    client->local = plan.local;
    client->target = udp;
    find_parts(client);
    stop_machine(client);
    start_machine(client);
    return true;
}

/* No network, and nothing is lost by waiting: it goes on from wherever there is one (MOBILITY C4, S2). */
static bool may_wait(const struct tn_client *client)
{
    if (!is_invite(client) || !client->txns->paused) return false;
    return client->target.transport == TERN_TRANSPORT_UDP && client->owner.kind == TN_OWNER_REQUEST;
}

void tn_client_flow_down(struct tn_client *client)
{
    if (!tn_list_empty(&client->switched) && go_back_to_udp(client)) return;
    if (may_wait(client)) return;
    perform(client, step_error(client), NULL);
}

/* ---- answers and CANCEL ---- */

static int send_cancel(struct tn_client *invite)
{
    struct tn_txns *txns = invite->txns;
    struct plan plan = {.method = TN_METHOD_CANCEL, .target = invite->target, .from = invite->from};
    struct tn_client *cancel;
    struct tn_buf out;

    int err = way_of(invite, &plan.flow);
    if (err) return err;
    plan.local = tn_net_get(txns->net, plan.flow)->key.local;
    tn_buf_init(&out, &txns->ctx->alloc, TN_MSG_SIZE_MAX);
    err = tn_put_cancel(invite, &out);
    if (err) {
        tn_buf_fini(&out);
        return err;
    }
    err = launch(txns, &plan, &out, &cancel);
    if (err) return err;
    invite->cancel = TN_CANCEL_SENT;
    return 0;
}

/* What finds no way now is tried again: as A says, at the next 1xx, and when the network changes. */
static void cancel_again(struct tn_client *invite)
{
    if (invite->cancel != TN_CANCEL_WANTED || send_cancel(invite) == 0) return;
    unsigned actions = tn_ict_step(&invite->machine.ict, TN_ICT_EV_CANCEL_LOST);
    TN_ASSERT(actions == TN_DO_NOTHING);
}

/* 64*T1 after this the INVITE counts as cancelled, even where no CANCEL could be sent. */
static void cancel_now(struct tn_client *client)
{
    unsigned actions = tn_ict_step(&client->machine.ict, TN_ICT_EV_CANCEL_SENT);
    TN_ASSERT(actions == TN_DO_NOTHING);
    cancel_again(client);
}

/* The network has changed under the CANCEL: once more, from where we are now (MOBILITY S10). */
void tn_client_renew_cancel(struct tn_client *invite)
{
    if (!is_invite(invite) || invite->machine.ict.state != TN_ICT_PROCEEDING) return;
    struct tn_client *cancel = twin_of(invite, TN_METHOD_CANCEL);
    if (invite->cancel == TN_CANCEL_SENT && cancel && !stands(cancel)) {
        tn_client_free(cancel);
        invite->cancel = TN_CANCEL_WANTED;
    }
    cancel_again(invite);
}

int tn_client_probe(struct tn_txns *txns, uint64_t id)
{
    struct tn_client *client = get(txns, id);
    uint64_t flow;

    if (!client) return TERN_ESTALE;
    bool waits = is_invite(client) && (client->machine.ict.state == TN_ICT_CALLING ||
                                       client->machine.ict.state == TN_ICT_PROCEEDING);
    if (!waits || client->target.transport != TERN_TRANSPORT_UDP) return TERN_ESTATE;
    int err = tn_net_flow(txns->net, &client->target, (tern_addr){0}, &flow);
    if (err) return err;
    use_flow(client, flow);
    client->local = tn_net_get(txns->net, flow)->key.local;
    return tn_net_send(txns->net, flow, (tern_str){client->text, client->text_len}, true);
}

void tn_client_hush(struct tn_txns *txns, uint64_t id)
{
    struct tn_client *client = get(txns, id);

    if (client && is_invite(client)) tn_ict_hush(&client->machine.ict);
}

static enum tn_ict_event ict_event(unsigned status)
{
    if (status < 200) return TN_ICT_EV_1XX;
    return status < 300 ? TN_ICT_EV_2XX : TN_ICT_EV_3XX_6XX;
}

void tn_client_response(struct tn_client *client, struct tn_msg *msg)
{
    if (!is_invite(client)) {
        bool final = msg->status >= 200;
        if (final && client->method == TN_METHOD_CANCEL) {
            cancel_ended(client, TN_CANCEL_ANSWERED);
            tell_cancel_answer(client, msg->status);
        }
        enum tn_nict_event event = msg->status < 200 ? TN_NICT_EV_1XX : TN_NICT_EV_FINAL;
        perform(client, tn_nict_step(&client->machine.nict, event), msg);
        return;
    }
    unsigned actions = tn_ict_step(&client->machine.ict, ict_event(msg->status));
    if (client->cancel == TN_CANCEL_WANTED && client->machine.ict.state == TN_ICT_PROCEEDING) {
        cancel_now(client);
    }
    perform(client, actions, msg);
}

static int want_cancel(struct tn_client *client, tern_str reason)
{
    if (reason.len > 0) {
        client->cancel_reason = tn_alloc(&client->txns->ctx->alloc, reason.len);
        if (!client->cancel_reason) return TERN_ENOMEM;
        memcpy(client->cancel_reason, reason.ptr, reason.len);
        client->cancel_reason_len = reason.len;
    }
    client->cancel = TN_CANCEL_WANTED;
    return 0;
}

int tn_client_cancel(struct tn_txns *txns, uint64_t id, tern_str reason)
{
    struct tn_client *client = get(txns, id);
    int err = 0;

    if (!client) return TERN_ESTALE;
    if (!is_invite(client)) return TERN_EINVAL;
    enum tn_ict_state state = client->machine.ict.state;
    if (state != TN_ICT_CALLING && state != TN_ICT_PROCEEDING) return TERN_ESTATE;
    if (client->cancel == TN_CANCEL_NONE) err = want_cancel(client, reason);
    if (err) return err;
    if (client->cancel == TN_CANCEL_SENT) tn_client_renew_cancel(client);
    if (client->cancel == TN_CANCEL_WANTED && state == TN_ICT_PROCEEDING) cancel_now(client);
    return 0;
}

/* It waits for its connection, and no word of it has left. */
static bool is_unsent(const struct tn_client *client)
{
    const struct tn_flow *flow = tn_net_get(client->txns->net, client->flow);
    return flow && !flow->open && !client->moved && client->machine.ict.state == TN_ICT_CALLING;
}

bool tn_client_has_left(const struct tn_txns *txns, uint64_t id)
{
    const struct tn_client *client = get(txns, id);
    return client == NULL || !is_unsent(client);
}

/* Whether there is still something to be done for the far end's sake. */
static bool has_duties(const struct tn_client *client)
{
    if (!is_invite(client) || is_unsent(client)) return false;
    return client->cancel != TN_CANCEL_NONE || client->machine.ict.state == TN_ICT_COMPLETED;
}

void tn_client_abandon(struct tn_txns *txns, uint64_t id)
{
    struct tn_client *client = get(txns, id);

    if (!client) return;
    client->owner = (struct tn_owner){0};
    if (has_duties(client)) return;
    tn_net_take_back(txns->net, client->flow, (tern_str){client->text, client->text_len});
    tn_client_free(client);
}

const struct tn_flow *tn_client_flow(const struct tn_txns *txns, uint64_t id)
{
    const struct tn_client *client = get(txns, id);
    return client ? tn_net_get(txns->net, client->flow) : NULL;
}

tern_str tn_client_branch(const struct tn_txns *txns, uint64_t id)
{
    const struct tn_client *client = get(txns, id);
    return client ? client->branch : (tern_str){NULL, 0};
}
