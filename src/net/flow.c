/* SPDX-License-Identifier: MIT */
/* The table of flows, and the way up for what they bring. */
#include <string.h>

#include "base/assert.h"
#include "base/nat64.h"
#include "base/str.h"
#include "net/impl.h"
#include "wire/sip/msg.h"

/* By remote only: which local address fits is for the caller to say. */
static uint64_t hash_of(const struct tn_net *net, const struct tn_flow_key *key)
{
    uint8_t bytes[24] = {(uint8_t)key->transport, key->remote.family};

    memcpy(bytes + 2, &key->remote.port, sizeof(key->remote.port));
    memcpy(bytes + 4, &key->remote.scope, sizeof(key->remote.scope));
    memcpy(bytes + 8, key->remote.ip, sizeof(key->remote.ip));
    return tn_map_hash(&net->by_key, bytes, sizeof(bytes));
}

int tn_flow_new(struct tn_net *net, const struct tn_flow_key *key, struct tn_flow_impl **out)
{
    struct tn_flow_impl *f = tn_alloc(&net->ctx->alloc, sizeof(*f));

    if (!f) return TERN_ENOMEM;
    int err = tn_slots_add(&net->flows, f, &f->flow.id);
    if (err) {
        tn_free(&net->ctx->alloc, f);
        return err;
    }
    f->flow.key = *key;
    f->flow.peer = key->remote;
    (void)tn_nat64_extract(net->network.nat64_prefix, net->network.nat64_len, key->remote,
                           &f->flow.peer);
    f->flow.impl = f;
    f->flow.last_received = TERN_TIME_NEVER;
    f->last_used = net->ctx->now;
    tn_list_init(&f->lru);
    tn_map_insert(&net->by_key, &f->node, hash_of(net, key));
    net->ctx->stats.flows = net->flows.count;
    *out = f;
    return 0;
}

static bool fits(const struct tn_flow_impl *f, const struct tn_flow_key *key)
{
    const struct tn_flow_key *own = &f->flow.key;

    if (own->transport != key->transport || own->domain != key->domain) return false;
    if (!tern_addr_equal(own->remote, key->remote)) return false;
    if (f->stream && f->stream->state == TN_STREAM_LINGERING) return false;
    return key->local.family == TERN_FAMILY_NONE || tern_addr_same_host(own->local, key->local);
}

static bool is_proved(const struct tn_flow *flow, uint64_t came_by)
{
    return flow->key.transport != TERN_TRANSPORT_TLS || !flow->incoming || flow->id == came_by;
}

struct tn_flow_impl *tn_flow_find(struct tn_net *net, const struct tn_flow_key *key)
{
    return tn_flow_choose(net, key, 0);
}

/* Of several connections the one with the lowest number: the table's order means nothing. */
struct tn_flow_impl *tn_flow_choose(struct tn_net *net, const struct tn_flow_key *key,
                                    uint64_t came_by)
{
    struct tn_map_node *node = tn_map_first(&net->by_key, hash_of(net, key));
    struct tn_flow_impl *best = NULL;

    for (; node; node = tn_map_next(node)) {
        struct tn_flow_impl *f = TN_OWNER(node, struct tn_flow_impl, node);
        if (fits(f, key) && is_proved(&f->flow, came_by) && (!best || f->flow.id < best->flow.id))
            best = f;
    }
    return best;
}

uint64_t tn_net_caller(struct tn_net *net, tern_addr remote)
{
    const struct tn_flow_key key = {.transport = TERN_TRANSPORT_TLS, .remote = remote};
    struct tn_map_node *node = tn_map_first(&net->by_key, hash_of(net, &key));

    for (; node; node = tn_map_next(node)) {
        const struct tn_flow_impl *f = TN_OWNER(node, struct tn_flow_impl, node);
        if (fits(f, &key) && f->flow.incoming && f->flow.open) return f->flow.id;
    }
    return 0;
}

bool tn_net_is_reached(const struct tn_net *net, tern_addr local)
{
    const struct tn_flow *flow;
    uint32_t cursor = 0;

    if (tn_net_is_port(net, local.port)) return true;
    while ((flow = tn_net_each(net, &cursor)) != NULL)
        if (tern_addr_equal(flow->key.local, local)) return true;
    return false;
}

struct tn_flow_impl *tn_flow_get(const struct tn_net *net, uint64_t id)
{
    return tn_slots_get(&net->flows, id);
}

void tn_net_know(struct tn_net *net, uint64_t id)
{
    struct tn_flow_impl *f = tn_flow_get(net, id);
    if (f) f->known = true;
}

bool tn_net_knows(const struct tn_net *net, uint64_t id)
{
    const struct tn_flow_impl *f = tn_flow_get(net, id);
    return f && (f->known || (f->stream && !f->flow.incoming));
}

void tn_flow_blame(struct tn_net *net, const struct tn_flow_impl *f, tern_str reason)
{
    struct tn_obituary *o = &net->impl->dead[net->impl->dead_next++ % TN_OBITUARIES];

    o->flow = f->flow.id;
    o->len = reason.len < TN_REASON_MAX ? reason.len : TN_REASON_MAX;
    memcpy(o->reason, reason.ptr, o->len);
}

tern_str tn_net_why_down(const struct tn_net *net, uint64_t id)
{
    for (size_t i = 0; i < TN_OBITUARIES; i++) {
        const struct tn_obituary *o = &net->impl->dead[i];
        if (id != 0 && o->flow == id) return (tern_str){o->reason, o->len};
    }
    return (tern_str){NULL, 0};
}

void tn_flow_free(struct tn_net *net, struct tn_flow_impl *f, bool quiet)
{
    uint64_t id = f->flow.id;

    tn_slots_remove(&net->flows, id);
    net->ctx->stats.flows = net->flows.count;
    tn_map_remove(&net->by_key, &f->node);
    tn_keep_free(f);
    if (f->stream) {
        tn_conn_free(net, f->stream);
    } else {
        tn_udp_detach(net, f);
    }
    tn_free(&net->ctx->alloc, f);
    if (quiet) return;
    struct tn_effect down = {
        .kind = TN_EFFECT_FLOW_DOWN, .id = id, .flow = id, .code = TN_FAILURE_TRANSPORT};
    tn_emit(net->ctx, down);
}

/* ---- the way up ---- */

void tn_net_tell(struct tn_net *net, const struct tn_news *head, tern_str text)
{
    if (!net->impl->opts.sip_events) return;
    struct tn_news *news = tn_news_add(&net->impl->sip_news, &net->ctx->alloc, head, text);
    if (!news) return;
    size_t len = tn_blank_credentials(news->text, news->len);
    net->impl->sip_news.bytes -= news->len - len;
    news->len = len;
}

static int count_dropped(struct tn_net *net, int err)
{
    net->ctx->stats.messages_dropped++;
    if (err == TERN_ENOMEM) net->ctx->out_of_memory = true;
    return err;
}

int tn_flow_parse(struct tn_net *net, tern_str text, struct tn_msg **out)
{
    struct tn_msg *msg;
    int err = tn_msg_parse(&net->ctx->alloc, text, &msg);

    if (err) return count_dropped(net, err);
    if (msg->defect_status && !msg->is_request) {
        tn_msg_unref(msg);
        return count_dropped(net, TERN_EPARSE);
    }
    *out = msg;
    return 0;
}

void tn_flow_deliver(struct tn_net *net, struct tn_flow_impl *f, struct tn_msg *msg, tern_str text)
{
    struct tn_news head = {.key = f->flow.key};

    net->ctx->stats.messages_in++;
    f->flow.last_received = f->last_used = net->ctx->now;
    tn_net_tell(net, &head, text);
    struct tn_effect up = {
        .kind = TN_EFFECT_MESSAGE, .id = f->flow.id, .flow = f->flow.id, .msg = msg};
    tn_emit(net->ctx, up);
}
