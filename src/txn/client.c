/* SPDX-License-Identifier: MIT */
/* Client transactions: requests sent, answers matched (RFC 3261 17.1.3). */
#include <tern/err.h>

#include "base/assert.h"
#include "base/mutant.h"
#include "base/str.h"
#include "txn/client_impl.h"
#include "txn/limits.h"

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
    return tn_client_is_invite(client) ? client->machine.ict.state == TN_ICT_TERMINATED
                                       : client->machine.nict.state == TN_NICT_TERMINATED;
}

bool tn_client_stands(const struct tn_client *client)
{
    const struct tn_net *net = client->txns->net;
    const struct tn_flow *flow = tn_net_get(net, client->flow);
    return flow && tn_net_has_local(net, flow->key.local);
}

int tn_client_way(const struct tn_client *invite, uint64_t *out)
{
    struct tn_net *net = invite->txns->net;

    if (tn_client_stands(invite)) {
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
    if (tn_put_ack(client, response, &out) == 0 && tn_client_way(client, &flow) == 0) {
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
        if (!tn_client_is_invite(client) || msg->status < 200 || msg->status > 299) return;
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
    return tn_client_is_invite(client)
               ? tn_ict_step(&client->machine.ict, TN_ICT_EV_TRANSPORT_ERROR)
               : tn_nict_step(&client->machine.nict, TN_NICT_EV_TRANSPORT_ERROR);
}

void tn_client_use_flow(struct tn_client *client, uint64_t flow)
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
    if (!err) tn_client_use_flow(client, flow);
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

/* `msg`: the response to deliver. The transaction may be gone afterwards. */
static void perform(struct tn_client *client, unsigned actions, struct tn_msg *msg)
{
    if (actions & TN_DO_SEND) actions |= resend(client);
    if (actions & TN_DO_ACK) send_ack(client, msg);
    if (actions & TN_DO_DELIVER) deliver(client, msg);
    if (actions & TN_DO_TIMEOUT) tell_failure(client, TN_FAILURE_TIMEOUT);
    if (actions & TN_DO_FAIL) tell_failure(client, TN_FAILURE_TRANSPORT);
    if (actions & TN_DO_FAIL && client->method == TN_METHOD_CANCEL) {
        tn_cancel_ended(client, TN_CANCEL_WANTED);
    }
    if (actions & TN_DO_CANCEL) tn_cancel_again(client);
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

void tn_client_start_machine(struct tn_client *client)
{
    struct tn_machine m = {
        .ctx = client->txns->ctx,
        .id = client->id,
        .reliable = client->target.transport != TERN_TRANSPORT_UDP,
        .paused = client->txns->paused,
    };

    if (tn_client_is_invite(client)) {
        m.fire = on_ict_timer;
        tn_ict_start(&client->machine.ict, &m);
    } else {
        m.fire = on_nict_timer;
        tn_nict_start(&client->machine.nict, &m);
    }
}

void tn_client_stop_machine(struct tn_client *client)
{
    if (tn_client_is_invite(client)) {
        tn_ict_stop(&client->machine.ict);
    } else {
        tn_nict_stop(&client->machine.nict);
    }
}

void tn_client_free(struct tn_client *client)
{
    struct tn_txns *txns = client->txns;

    if (!TN_MUTANT(LEFT_TIMER)) tn_client_stop_machine(client);
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
    if (tn_client_is_invite(client)) {
        tn_ict_pause(&client->machine.ict, paused);
    } else {
        tn_nict_pause(&client->machine.nict, paused);
    }
}

/* No network, and nothing is lost by waiting: it goes on from wherever there is one (MOBILITY C4, S2). */
static bool may_wait(const struct tn_client *client)
{
    if (!tn_client_is_invite(client) || !client->txns->paused) return false;
    return client->target.transport == TERN_TRANSPORT_UDP && client->owner.kind == TN_OWNER_REQUEST;
}

void tn_client_flow_down(struct tn_client *client)
{
    if (!tn_list_empty(&client->switched) && tn_client_back_to_udp(client)) return;
    if (may_wait(client)) return;
    perform(client, step_error(client), NULL);
}

/* ---- answers ---- */

int tn_client_probe(struct tn_txns *txns, uint64_t id)
{
    struct tn_client *client = tn_client_get(txns, id);
    uint64_t flow;

    if (!client) return TERN_ESTALE;
    bool waits = tn_client_is_invite(client) && (client->machine.ict.state == TN_ICT_CALLING ||
                                                 client->machine.ict.state == TN_ICT_PROCEEDING);
    if (!waits || client->target.transport != TERN_TRANSPORT_UDP) return TERN_ESTATE;
    int err = tn_net_flow(txns->net, &client->target, (tern_addr){0}, &flow);
    if (err) return err;
    tn_client_use_flow(client, flow);
    client->local = tn_net_get(txns->net, flow)->key.local;
    return tn_net_send(txns->net, flow, (tern_str){client->text, client->text_len}, true);
}

void tn_client_hush(struct tn_txns *txns, uint64_t id)
{
    struct tn_client *client = tn_client_get(txns, id);

    if (client && tn_client_is_invite(client)) tn_ict_hush(&client->machine.ict);
}

static enum tn_ict_event ict_event(unsigned status)
{
    if (status < 200) return TN_ICT_EV_1XX;
    return status < 300 ? TN_ICT_EV_2XX : TN_ICT_EV_3XX_6XX;
}

void tn_client_response(struct tn_client *client, struct tn_msg *msg)
{
    if (!tn_client_is_invite(client)) {
        bool final = msg->status >= 200;
        if (final && client->method == TN_METHOD_CANCEL) {
            tn_cancel_ended(client, TN_CANCEL_ANSWERED);
            tn_cancel_tell_answer(client, msg->status);
        }
        enum tn_nict_event event = msg->status < 200 ? TN_NICT_EV_1XX : TN_NICT_EV_FINAL;
        perform(client, tn_nict_step(&client->machine.nict, event), msg);
        return;
    }
    unsigned actions = tn_ict_step(&client->machine.ict, ict_event(msg->status));
    if (client->cancel == TN_CANCEL_WANTED && client->machine.ict.state == TN_ICT_PROCEEDING) {
        tn_cancel_now(client);
    }
    perform(client, actions, msg);
}

/* It waits for its connection, and no word of it has left. */
static bool is_unsent(const struct tn_client *client)
{
    const struct tn_flow *flow = tn_net_get(client->txns->net, client->flow);
    return flow && !flow->open && !client->moved && client->machine.ict.state == TN_ICT_CALLING;
}

bool tn_client_has_left(const struct tn_txns *txns, uint64_t id)
{
    const struct tn_client *client = tn_client_get(txns, id);
    return client == NULL || !is_unsent(client);
}

/* Whether there is still something to be done for the far end's sake. */
static bool has_duties(const struct tn_client *client)
{
    if (!tn_client_is_invite(client) || is_unsent(client)) return false;
    return client->cancel != TN_CANCEL_NONE || client->machine.ict.state == TN_ICT_COMPLETED;
}

void tn_client_abandon(struct tn_txns *txns, uint64_t id)
{
    struct tn_client *client = tn_client_get(txns, id);

    if (!client) return;
    client->owner = (struct tn_owner){0};
    if (has_duties(client)) return;
    tn_net_take_back(txns->net, client->flow, (tern_str){client->text, client->text_len});
    tn_client_free(client);
}

const struct tn_flow *tn_client_flow(const struct tn_txns *txns, uint64_t id)
{
    const struct tn_client *client = tn_client_get(txns, id);
    return client ? tn_net_get(txns->net, client->flow) : NULL;
}

tern_str tn_client_branch(const struct tn_txns *txns, uint64_t id)
{
    const struct tn_client *client = tn_client_get(txns, id);
    return client ? client->branch : (tern_str){NULL, 0};
}
