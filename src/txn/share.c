/* SPDX-License-Identifier: MIT */
/*
 * How many server transactions there may be, in number and in bytes, and whose: a flood from one
 * address leaves half of the room, one from feigned addresses leaves a quarter to those that we know.
 */
#include <tern/err.h>

#include "txn/limits.h"
#include "txn/txn_impl.h"

static void set_most(struct tn_txns *txns, uint32_t most)
{
    txns->servers_most = most;
    txns->hosts.most = TN_SERVERS_OF_HOST(most);
}

int tn_share_init(struct tn_txns *txns)
{
    uint8_t key[16];

    tn_random_bytes(&txns->ctx->random, key, sizeof(key));
    int err = tn_tally_init(&txns->hosts, &txns->ctx->alloc, key, 0);
    tn_wipe(key, sizeof(key));
    set_most(txns, TN_SERVERS_MAX);
    return err;
}

void tn_txns_limit(struct tn_txns *txns, uint32_t calls)
{
    uint64_t most = (uint64_t)calls * TN_SERVERS_PER_CALL;

    if (most < TN_SERVERS_LEAST) most = TN_SERVERS_LEAST;
    set_most(txns, most < TN_SERVERS_MAX ? (uint32_t)most : TN_SERVERS_MAX);
}

static size_t bytes_of(const struct tn_msg *request)
{
    return sizeof(struct tn_server) + sizeof(*request) + request->raw.len +
           request->header_count * sizeof(request->headers[0]);
}

int tn_share_take(struct tn_txns *txns, const struct tn_msg *request,
                  const struct tn_origin *origin)
{
    uint32_t most = txns->servers_most;
    size_t bytes = bytes_of(request);

    if (!tn_net_knows(txns->net, origin->flow)) most = TN_SERVERS_OF_STRANGERS(most);
    if (txns->servers.count >= most) return TERN_ELIMIT;
    if (txns->server_bytes + bytes > (size_t)most * TN_SERVER_BYTES) return TERN_ELIMIT;
    int err = tn_tally_take(&txns->hosts, origin->source);
    if (!err) txns->server_bytes += bytes;
    return err;
}

void tn_share_give(struct tn_txns *txns, const struct tn_msg *request, tern_addr host)
{
    txns->server_bytes -= bytes_of(request);
    tn_tally_give(&txns->hosts, host);
}

void tn_share_text(struct tn_txns *txns, size_t before, size_t after)
{
    txns->server_bytes = txns->server_bytes - before + after;
}

bool tn_share_tells(struct tn_txns *txns, uint64_t flow)
{
    tern_time now = txns->ctx->now;

    if (tn_net_knows(txns->net, flow)) return true;
    if (txns->refusals_due < now) txns->refusals_due = now;
    if (txns->refusals_due - now >= TN_REFUSAL_BURST) return false;
    txns->refusals_due += TN_REFUSAL_INTERVAL;
    return true;
}
