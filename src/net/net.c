/* SPDX-License-Identifier: MIT */
/* The room as a whole: it composes listeners, flows and look-ups. */
#include "net/net.h"

#include <string.h>

#include "base/assert.h"
#include "net/impl.h"
#include "net/locate.h"
#include "wire/sip/msg.h"

enum { SIPS_PORT = 5061 };

int tn_net_init(struct tn_net *net, struct tn_ctx *ctx, const struct tn_net_opts *opts)
{
    uint8_t key[16];

    memset(net, 0, sizeof(*net));
    struct tn_net_impl *impl = tn_alloc(&ctx->alloc, sizeof(*impl));
    if (!impl) return TERN_ENOMEM;
    tn_random_bytes(&ctx->random, key, sizeof(key));
    if (tn_map_init(&net->by_key, &ctx->alloc, key) != 0) goto no_keys;
    if (tn_map_init(&impl->by_stream, &ctx->alloc, key) != 0) goto no_streams;
    if (tn_tally_init(&impl->callers, &ctx->alloc, key, TN_STREAMS_PER_HOST) != 0) goto no_tally;
    if (tn_tally_init(&impl->shaking, &ctx->alloc, key, TN_SHAKING_PER_HOST) != 0) goto no_shaking;
    net->ctx = ctx;
    net->impl = impl;
    net->port_wanted = opts->port;
    tn_slots_init(&net->flows, &ctx->alloc, TN_UDP_FLOWS_MAX + TN_STREAMS_MAX);
    impl->net = net;
    impl->opts = *opts;
    tn_listeners_init(&impl->listeners);
    tn_udp_init(net);
    tn_list_init(&impl->keepers);
    tn_news_init(&impl->sip_news);
    tn_news_init(&impl->listener_news);
    tn_dns_init(net);
    tn_pref64_init(net);
    tn_domains_init(net);
    ctx->unref = tn_msg_unref;
    return 0;

no_shaking:
    tn_tally_fini(&impl->callers);
no_tally:
    tn_map_fini(&impl->by_stream);
no_streams:
    tn_map_fini(&net->by_key);
no_keys:
    tn_free(&ctx->alloc, impl);
    return TERN_ENOMEM;
}

void tn_net_fini(struct tn_net *net)
{
    struct tn_net_impl *impl = net->impl;
    struct tn_flow_impl *f;
    uint32_t cursor = 0;

    if (!impl) return;
    while ((f = tn_slots_each(&net->flows, &cursor)) != NULL)
        tn_flow_free(net, f, true);
    tn_slots_fini(&net->flows);
    tn_udp_fini(net);
    tn_listeners_fini(net);
    tn_pref64_fini(net);
    tn_dns_fini(net);
    tn_domains_fini(net);
    tn_news_fini(&impl->sip_news, &net->ctx->alloc);
    tn_news_fini(&impl->listener_news, &net->ctx->alloc);
    tn_tally_fini(&impl->callers);
    tn_tally_fini(&impl->shaking);
    tn_map_fini(&impl->by_stream);
    tn_map_fini(&net->by_key);
    tn_free(&net->ctx->alloc, impl);
    net->impl = NULL;
}

uint32_t tn_net_next_id(struct tn_net *net)
{
    uint32_t *last = &net->impl->last_id;

    (*last)++;
    if (*last == 0) *last = 1;
    return *last;
}

void tn_net_set_network(struct tn_net *net, const struct tern_network *network)
{
    net->network = *network;
}

bool tn_net_has_local(const struct tn_net *net, tern_addr local)
{
    return tern_network_find(&net->network, local) != NULL;
}

bool tn_net_is_port(const struct tn_net *net, uint16_t port)
{
    return port != 0 && (port == net->udp_port || port == net->tcp_port || port == net->tls_port);
}

/* ---- flows, of either kind ---- */

static int choose_local(const struct tn_net *net, tern_addr remote, tern_addr from, tern_addr *out)
{
    if (from.family == remote.family && tn_net_has_local(net, from)) {
        *out = from;
        out->port = 0;
        return 0;
    }
    return tern_network_source(&net->network, remote, out);
}

/* Until the socket has been open once, nobody knows what Via would have to say. */
static bool knows_port(const struct tn_net *net)
{
    return net->udp_port != 0 && !net->impl->opts.no_udp;
}

/* Where only an address is known, it is the server that has proved to be there. */
static uint64_t domain_of(const struct tn_net *net, const struct tn_target *target)
{
    if (target->transport != TERN_TRANSPORT_TLS) return 0;
    return target->domain ? target->domain : tn_domain_at(net, target->addr);
}

static int stream_flow(struct tn_net *net, const struct tn_flow_key *key, uint64_t came_by,
                       struct tn_flow_impl **out)
{
    *out = tn_flow_choose(net, key, came_by);
    return *out ? 0 : tn_conn_connect(net, key, out);
}

int tn_net_flow(struct tn_net *net, const struct tn_target *target, tern_addr from, uint64_t *id)
{
    struct tn_target to = *target;
    to.addr = tern_network_translate(&net->network, to.addr);
    struct tn_flow_key key = {
        .transport = to.transport, .remote = to.addr, .domain = domain_of(net, target)};
    bool udp = key.transport == TERN_TRANSPORT_UDP;
    struct tn_flow_impl *f;

    int err = choose_local(net, key.remote, from, &key.local);
    if (err) return err;
    if (udp && !knows_port(net)) return TERN_ENOROUTE;
    if (udp) key.local.port = net->udp_port;
    err = udp ? tn_udp_flow(net, &key, &f) : stream_flow(net, &key, target->came_by, &f);
    if (err) return err;
    if (udp) tn_udp_touch(net, f, true);
    f->last_used = net->ctx->now;
    *id = f->flow.id;
    return 0;
}

const struct tn_flow *tn_net_get(const struct tn_net *net, uint64_t id)
{
    const struct tn_flow_impl *f = tn_flow_get(net, id);
    return f ? &f->flow : NULL;
}

bool tn_net_is_securing(const struct tn_net *net, uint64_t id)
{
    const struct tn_flow_impl *f = tn_flow_get(net, id);
    return f && f->stream && f->stream->state == TN_CONN_SECURING;
}

void tn_net_close_unused(struct tn_net *net, uint64_t id)
{
    const struct tn_flow_impl *f = tn_flow_get(net, id);

    if (!f || !f->stream || f->flow.incoming || f->stream->state >= TN_CONN_OPEN) return;
    if (f->stream->pending.len == 0) tn_net_close(net, id, true, true);
}

const struct tn_flow *tn_net_each(const struct tn_net *net, uint32_t *cursor)
{
    const struct tn_flow_impl *f = tn_slots_each(&net->flows, cursor);
    return f ? &f->flow : NULL;
}

tern_addr tn_net_sent_by(const struct tn_net *net, const struct tn_flow *flow)
{
    tern_addr addr = flow->key.local;

    switch (flow->key.transport) {
    case TERN_TRANSPORT_UDP: addr.port = net->udp_port; break;
    case TERN_TRANSPORT_TCP: addr.port = net->tcp_port ? net->tcp_port : addr.port; break;
    case TERN_TRANSPORT_TLS: addr.port = net->tls_port ? net->tls_port : addr.port; break;
    }
    if (addr.port != 0) return addr;
    /* Neither listener nor connection has a port yet: the one that the listener is to have. */
    if (flow->key.transport == TERN_TRANSPORT_TLS) {
        addr.port = net->impl->opts.tls_port ? net->impl->opts.tls_port : SIPS_PORT;
    } else {
        addr.port = net->port_wanted ? net->port_wanted : net->udp_port;
    }
    return addr;
}

int tn_net_send(struct tn_net *net, uint64_t id, tern_str message, bool retransmission)
{
    struct tn_flow_impl *f = tn_flow_get(net, id);
    struct tn_news head = {.flag = true, .retransmission = retransmission};

    if (!f) return TERN_ESTALE;
    int err = f->stream ? tn_conn_send(net, f, message) : tn_udp_send(net, f, message);
    if (err) return err;
    if (!f->stream) tn_udp_touch(net, f, false);
    net->ctx->stats.messages_out++;
    net->ctx->stats.retransmissions_out += retransmission;
    head.key = f->flow.key;
    tn_net_tell(net, &head, message);
    return 0;
}

void tn_net_take_back(struct tn_net *net, uint64_t id, tern_str message)
{
    struct tn_flow_impl *f = tn_flow_get(net, id);
    if (f && f->stream) tn_conn_take_back(f, message);
}

void tn_net_close(struct tn_net *net, uint64_t id, bool abort, bool quiet)
{
    struct tn_flow_impl *f = tn_flow_get(net, id);

    if (!f) return;
    if (f->stream) tn_conn_disconnect(net, f, abort);
    tn_flow_free(net, f, quiet);
}
