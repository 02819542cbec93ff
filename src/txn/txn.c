/* SPDX-License-Identifier: MIT */
/* The layer as a whole: start and end, messages in, flows that fail, the pause. */
#include "txn/txn.h"

#include <string.h>

#include <tern/err.h>

#include "base/str.h"
#include "net/keepalive.h"
#include "txn/limits.h"
#include "txn/request_impl.h"
#include "txn/txn_impl.h"

static int init_maps(struct tn_txns *txns)
{
    struct tn_map *const maps[] = {&txns->client_map, &txns->server_map, &txns->merge_map};

    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        uint8_t key[16];
        tn_random_bytes(&txns->ctx->random, key, sizeof(key));
        int err = tn_map_init(maps[i], &txns->ctx->alloc, key);
        tn_wipe(key, sizeof(key));
        if (err) return err;
    }
    return 0;
}

static void fini_maps(struct tn_txns *txns)
{
    struct tn_map *const maps[] = {&txns->client_map, &txns->server_map, &txns->merge_map};

    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        if (maps[i]->buckets) tn_map_fini(maps[i]);
}

int tn_txns_init(struct tn_txns *txns, struct tn_ctx *ctx, struct tn_net *net, tern_str product)
{
    memset(txns, 0, sizeof(*txns));
    txns->ctx = ctx;
    txns->net = net;
    txns->product = product;
    tn_list_init(&txns->switched);
    for (size_t i = 0; i < TN_FLOW_LISTS; i++) {
        tn_list_init(&txns->by_flow[i]);
        tn_list_init(&txns->waiting[i]);
    }
    tn_slots_init(&txns->clients, &ctx->alloc, TN_CLIENTS_MAX);
    tn_slots_init(&txns->servers, &ctx->alloc, TN_SERVERS_MAX);
    tn_slots_init(&txns->requests, &ctx->alloc, TN_REQUESTS_MAX);
    int err = init_maps(txns);
    if (!err) err = tn_share_init(txns);
    if (err) fini_maps(txns);
    return err;
}

void tn_txns_fini(struct tn_txns *txns)
{
    struct tn_request *request;
    struct tn_client *client;
    struct tn_server *server;
    uint32_t cursor = 0;

    while ((request = tn_slots_each(&txns->requests, &cursor)) != NULL)
        tn_request_free(request);
    cursor = 0;
    while ((client = tn_slots_each(&txns->clients, &cursor)) != NULL)
        tn_client_free(client);
    cursor = 0;
    while ((server = tn_slots_each(&txns->servers, &cursor)) != NULL)
        tn_server_free(server);
    tn_slots_fini(&txns->requests);
    tn_slots_fini(&txns->clients);
    tn_slots_fini(&txns->servers);
    tn_tally_fini(&txns->hosts);
    fini_maps(txns);
    memset(txns, 0, sizeof(*txns));
}

void tn_txns_count(struct tn_txns *txns)
{
    txns->ctx->stats.transactions = txns->clients.count + txns->servers.count;
}

/* ---- input ---- */

/*
 * RFC 6026 8.4: only a 2xx to INVITE can matter to somebody whom no transaction knows; and one to an UPDATE
 * that was given up, which says where the far end is (RFC 3261 12.2.1.2).
 */
static void stray(struct tn_txns *txns, struct tn_msg *msg, uint64_t flow)
{
    bool refreshes = msg->method == TN_METHOD_INVITE || msg->method == TN_METHOD_UPDATE;
    if (!refreshes || msg->status < 200 || msg->status > 299) {
        txns->ctx->stats.messages_dropped++;
        return;
    }
    tn_emit(txns->ctx, (struct tn_effect){
                           .kind = TN_EFFECT_STRAY_RESPONSE, .flow = flow, .msg = tn_msg_ref(msg)});
}

/*
 * RFC 3581 4: our Via comes back with the address and port that its next hop has seen. What was
 * written for another address may have been seen from there, and is answered as it was then: a CANCEL
 * has its INVITE's Via, and an INVITE may be repeated by another path. A REGISTER is neither.
 */
static void note_mapping(struct tn_txns *txns, const struct tn_msg *msg, uint64_t flow)
{
    const struct tn_flow *f = tn_net_get(txns->net, flow);
    tern_str host = msg->via.received.len > 0 ? msg->via.received : msg->via.host;
    tern_addr said, mapped;

    if (!f || msg->via.rport == 0 || tern_addr_parse(host, &mapped) != 0) return;
    if (tern_addr_parse(msg->via.host, &said) != 0) return;
    if (!tern_addr_same_host(said, f->key.local)) return;
    mapped.port = msg->via.rport;
    tn_net_mapped(txns->net, flow, mapped);
}

static void take_response(struct tn_txns *txns, struct tn_msg *msg, uint64_t flow)
{
    struct tn_client *client = tn_client_find(txns, msg);

    if (client) {
        if (client->flow == flow && !client->moved && msg->method == TN_METHOD_REGISTER)
            note_mapping(txns, msg, flow);
        tn_client_response(client, msg);
    } else {
        stray(txns, msg, flow);
    }
}

void tn_txns_reply(struct tn_txns *txns, const struct tn_msg *request, uint64_t flow,
                   const struct tn_response *rsp)
{
    struct tn_origin origin = tn_origin_of(txns, request, flow);
    struct tn_buf out;

    if (request->method == TN_METHOD_ACK) return;
    tn_buf_init(&out, &txns->ctx->alloc, TN_MSG_SIZE_MAX);
    if (tn_put_response(txns, request, origin.source, rsp, &out) == 0) {
        tn_origin_send(txns, request, &origin, tn_buf_view(&out), false);
    }
    tn_buf_fini(&out);
}

void tn_txns_message(struct tn_txns *txns, struct tn_msg *msg, uint64_t flow)
{
    if (msg->defect_status && (!msg->is_request || msg->method == TN_METHOD_ACK)) {
        txns->ctx->stats.messages_dropped++;
    } else if (msg->defect_status) {
        const struct tn_response rsp = {.status = msg->defect_status,
                                        .reason = tn_str(msg->defect)};
        tn_txns_reply(txns, msg, flow, &rsp);
    } else if (msg->is_request) {
        const struct tn_origin origin = tn_origin_of(txns, msg, flow);
        tn_server_message(txns, msg, &origin);
    } else {
        take_response(txns, msg, flow);
    }
}

/* Flows are numbered in turn: the lowest bits spread them evenly. */
struct tn_list *tn_txns_of_flow(struct tn_txns *txns, uint64_t flow)
{
    return &txns->by_flow[flow % TN_FLOW_LISTS];
}

struct tn_list *tn_txns_waiting_for(struct tn_txns *txns, uint64_t flow)
{
    return &txns->waiting[flow % TN_FLOW_LISTS];
}

/* One, since an attempt that is told may end others of its request: begin anew after each. */
struct tn_attempt *tn_txns_next_waiting(struct tn_txns *txns, uint64_t flow)
{
    TN_LIST_FOR(node, tn_txns_waiting_for(txns, flow))
    {
        struct tn_attempt *attempt = TN_OWNER(node, struct tn_attempt, link);
        if (attempt->flow == flow) return attempt;
    }
    return NULL;
}

/* Server transactions look for a flow at each send, and so need not be told. */
void tn_txns_flow_down(struct tn_txns *txns, uint64_t flow)
{
    struct tn_attempt *attempt;

    TN_LIST_FOR(node, tn_txns_of_flow(txns, flow))
    {
        struct tn_client *client = TN_OWNER(node, struct tn_client, by_flow);
        if (client->flow == flow) tn_client_flow_down(client);
    }
    while ((attempt = tn_txns_next_waiting(txns, flow)) != NULL)
        tn_request_flow_down(attempt);
}

/* A connection that stands is no reason any more to go back to UDP (RFC 3261 18.1.1). */
void tn_txns_flow_up(struct tn_txns *txns, uint64_t flow)
{
    struct tn_attempt *attempt;

    TN_LIST_FOR(node, &txns->switched)
    {
        struct tn_client *client = TN_OWNER(node, struct tn_client, switched);
        if (client->flow == flow) tn_list_remove(&client->switched);
    }
    while ((attempt = tn_txns_next_waiting(txns, flow)) != NULL)
        tn_request_flow_up(attempt);
}

void tn_txns_cancels_moved(struct tn_txns *txns)
{
    struct tn_client *client;
    uint32_t cursor = 0;

    while ((client = tn_slots_each(&txns->clients, &cursor)) != NULL)
        tn_client_renew_cancel(client);
}

void tn_txns_moved(struct tn_txns *txns)
{
    struct tn_server *server;
    uint32_t cursor = 0;

    tn_txns_cancels_moved(txns);
    while ((server = tn_slots_each(&txns->servers, &cursor)) != NULL)
        tn_server_renew_refusal(server);
}

void tn_txns_pause(struct tn_txns *txns, bool paused)
{
    struct tn_client *client;
    struct tn_server *server;
    uint32_t cursor = 0;

    if (txns->paused == paused) return;
    txns->paused = paused;
    while ((client = tn_slots_each(&txns->clients, &cursor)) != NULL)
        tn_client_pause(client, paused);
    cursor = 0;
    while ((server = tn_slots_each(&txns->servers, &cursor)) != NULL)
        tn_server_pause(server, paused);
}
