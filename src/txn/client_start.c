/* SPDX-License-Identifier: MIT */
/* How a client transaction begins: its way, its text, TCP for size and back (RFC 3261 17.1.1.1, 18.1.1). */
#include <tern/err.h>

#include "base/assert.h"
#include "base/str.h"
#include "txn/client_impl.h"
#include "txn/limits.h"

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

/* Takes over the text, also on failure. */
int tn_client_launch(struct tn_txns *txns, const struct tn_client_plan *plan, struct tn_buf *text,
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
    tn_client_use_flow(client, plan->flow);
    client->local = plan->local;
    client->text = text->ptr;
    client->text_len = text->len;
    tn_list_init(&client->switched);
    if (plan->switched) tn_list_push(&txns->switched, &client->switched);
    find_parts(client);
    tn_map_insert(&txns->client_map, &client->by_branch, tn_client_hash(txns, client->branch));
    tn_client_start_machine(client);
    tn_txns_count(txns);
    *out = client;
    return 0;
}

/* ---- where to ---- */

static int compose(struct tn_txns *txns, struct tn_client_plan *plan,
                   const struct tn_request_text *text, struct tn_buf *out)
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
static void prefer_tcp(struct tn_txns *txns, const struct tn_request_text *text,
                       struct tn_client_plan *plan, struct tn_buf *out)
{
    struct tn_client_plan tcp = *plan;
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
static int prepare(struct tn_txns *txns, const struct tn_client_opts *opts,
                   struct tn_client_plan *plan, struct tn_buf *out)
{
    const struct tn_request_text text = {.start_line = opts->start_line, .rest = opts->rest};
    const struct tn_target *target = &opts->target;
    bool udp = target->transport == TERN_TRANSPORT_UDP;

    *plan = (struct tn_client_plan){
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
    struct tn_client_plan plan;
    struct tn_buf out;

    int err = prepare(txns, opts, &plan, &out);
    if (!err) err = tn_client_launch(txns, &plan, &out, &client);
    if (err) return err;
    *id = client->id;
    return 0;
}

int tn_client_send_stateless(struct tn_txns *txns, const struct tn_client_opts *opts)
{
    struct tn_client_plan plan;
    struct tn_buf out;

    int err = prepare(txns, opts, &plan, &out);
    if (err) return err;
    err = tn_net_send(txns->net, plan.flow, tn_buf_view(&out), false);
    tn_buf_fini(&out);
    return err == 0 || err == TERN_ENOMEM ? err : TERN_ENOROUTE;
}

/* The same transaction once more from its start, over UDP. @return false when there is no way */
bool tn_client_back_to_udp(struct tn_client *client)
{
    struct tn_txns *txns = client->txns;
    const tern_str whole = {client->text, client->text_len};
    const struct tn_request_text text = {.start_line = client->start_line,
                                         .rest = tn_str_from(whole, client->rest_at),
                                         .branch = client->branch};
    const struct tn_target udp = {.transport = TERN_TRANSPORT_UDP, .addr = client->target.addr};
    struct tn_client_plan plan = {.flow = 0};
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
    tn_client_use_flow(client, plan.flow);
    client->local = plan.local;
    client->target = udp;
    find_parts(client);
    tn_client_stop_machine(client);
    tn_client_start_machine(client);
    return true;
}
