/* SPDX-License-Identifier: MIT */
/*
 * UDP flows: (local, remote) on the one socket. They are made when somebody sends, or when a SIP
 * message comes in, and go quietly when unused: nobody's word for a source address can fill the
 * memory, and flows that we asked for outlive those that only came in.
 */
#include <string.h>

#include "base/assert.h"
#include "base/str.h"
#include "net/binding.h"
#include "net/impl.h"
#include "wire/sip/msg.h"
#include "wire/stun/stun.h"

/* A datagram that waits for the socket. */
struct waiting {
    struct tn_list link;
    uint64_t flow;
    size_t len;
    char data[];
};

static struct tn_flow_impl *oldest(const struct tn_list *list)
{
    return tn_list_empty(list) ? NULL : TN_OWNER(list->next, struct tn_flow_impl, lru);
}

static void expire(struct tn_net *net, const struct tn_list *list, tern_time idle)
{
    struct tn_flow_impl *f;

    while ((f = oldest(list)) != NULL && net->ctx->now - f->last_used >= idle)
        tn_flow_free(net, f, true);
}

static void sweep(struct tn_timer *timer)
{
    struct tn_udp *udp = TN_OWNER(timer, struct tn_udp, sweep);
    struct tn_net *net = TN_OWNER(udp, struct tn_net_impl, udp)->net;

    expire(net, &udp->theirs, TN_UDP_FLOW_IDLE);
    expire(net, &udp->ours, TN_UDP_FLOW_IDLE_OURS);
    if (udp->count > 0) tn_timer_arm(net->ctx, timer, TN_UDP_SWEEP);
}

void tn_udp_init(struct tn_net *net)
{
    struct tn_udp *udp = &net->impl->udp;

    tn_list_init(&udp->ours);
    tn_list_init(&udp->theirs);
    tn_list_init(&udp->waiting);
    tn_timer_init(&udp->sweep, 0, sweep);
}

static void drop_waiting(struct tn_net *net, struct waiting *w)
{
    tn_list_remove(&w->link);
    net->impl->udp.waiting_count--;
    tn_free(&net->ctx->alloc, w);
}

void tn_udp_fini(struct tn_net *net)
{
    struct tn_udp *udp = &net->impl->udp;

    tn_timer_cancel(net->ctx, &udp->sweep);
    TN_LIST_FOR(node, &udp->waiting)
    {
        drop_waiting(net, TN_OWNER(node, struct waiting, link));
    }
}

void tn_udp_detach(struct tn_net *net, struct tn_flow_impl *f)
{
    tn_list_remove(&f->lru);
    net->impl->udp.count--;
}

void tn_udp_touch(struct tn_net *net, struct tn_flow_impl *f, bool ours)
{
    struct tn_udp *udp = &net->impl->udp;

    f->last_used = net->ctx->now;
    f->ours = f->ours || ours;
    tn_list_remove(&f->lru);
    tn_list_push(f->ours ? &udp->ours : &udp->theirs, &f->lru);
}

static void make_room(struct tn_net *net)
{
    struct tn_udp *udp = &net->impl->udp;

    if (udp->count < TN_UDP_FLOWS_MAX) return;
    struct tn_flow_impl *f = oldest(&udp->theirs);
    if (!f) f = oldest(&udp->ours);
    TN_ASSERT(f);
    tn_flow_free(net, f, true);
}

int tn_udp_flow(struct tn_net *net, const struct tn_flow_key *key, struct tn_flow_impl **out)
{
    struct tn_udp *udp = &net->impl->udp;
    struct tn_flow_impl *f = tn_flow_find(net, key);

    if (f) {
        *out = f;
        return 0;
    }
    make_room(net);
    int err = tn_flow_new(net, key, &f);
    if (err) return err;
    udp->count++;
    f->flow.open = true;
    tn_list_push(&udp->theirs, &f->lru);
    if (!tn_timer_armed(&udp->sweep)) tn_timer_arm(net->ctx, &udp->sweep, TN_UDP_SWEEP);
    *out = f;
    return 0;
}

/* ---- out ---- */

static void send_now(struct tn_net *net, const struct tn_flow_key *key, tern_str data)
{
    struct tern_output out = {.type = TERN_OUT_DATAGRAM,
                              .id = net->udp_socket,
                              .local = key->local,
                              .remote = key->remote,
                              .data = data};
    tn_output(net->ctx, &out);
}

/* While the socket is being opened again, which takes milliseconds, a retransmission later would
 * cost half a second. */
static int keep(struct tn_net *net, struct tn_flow_impl *f, tern_str data)
{
    struct tn_udp *udp = &net->impl->udp;

    if (udp->waiting_count >= TN_UDP_WAITING_MAX) return TERN_ENOBUF;
    struct waiting *w = tn_alloc(&net->ctx->alloc, sizeof(*w) + data.len);
    if (!w) return TERN_ENOMEM;
    w->flow = f->flow.id;
    w->len = data.len;
    if (data.len > 0) memcpy(w->data, data.ptr, data.len);
    tn_list_push(&udp->waiting, &w->link);
    udp->waiting_count++;
    return 0;
}

int tn_udp_send(struct tn_net *net, struct tn_flow_impl *f, tern_str data)
{
    if (!tn_net_has_local(net, f->flow.key.local)) return TERN_ENOROUTE;
    if (!net->udp_open) return keep(net, f, data);
    send_now(net, &f->flow.key, data);
    return 0;
}

void tn_udp_reply(struct tn_net *net, const struct tn_flow_key *key, tern_str data)
{
    if (net->udp_open && tn_net_has_local(net, key->local)) send_now(net, key, data);
}

static void end_flows(struct tn_net *net, const struct tn_list *list)
{
    struct tn_flow_impl *f;

    while ((f = oldest(list)) != NULL)
        tn_flow_free(net, f, false);
}

void tn_udp_opened(struct tn_net *net)
{
    struct tn_udp *udp = &net->impl->udp;

    if (udp->flows_port != 0 && udp->flows_port != net->udp_port) {
        end_flows(net, &udp->ours);
        end_flows(net, &udp->theirs);
    }
    udp->flows_port = net->udp_port;
    TN_LIST_FOR(node, &udp->waiting)
    {
        struct waiting *w = TN_OWNER(node, struct waiting, link);
        const struct tn_flow *flow = tn_net_get(net, w->flow);
        tern_str data = {w->data, w->len};
        if (flow && tn_net_has_local(net, flow->key.local)) send_now(net, &flow->key, data);
        drop_waiting(net, w);
    }
}

/* ---- in ---- */

static bool is_keepalive(tern_str data)
{
    return data.len > 0 && data.len <= 4 && tn_str_trim(data).len == 0;
}

static bool is_multicast(tern_addr addr)
{
    return addr.family == TERN_FAMILY_IPV4 ? addr.ip[0] >= 224 : addr.ip[0] == 0xff;
}

/* Answers leave from where the datagram arrived, unless that was a group. */
static tern_addr answer_from(const struct tn_net *net, const struct tern_datagram *datagram)
{
    tern_addr local = datagram->local, source;

    if (local.family == TERN_FAMILY_NONE || is_multicast(local)) {
        if (tern_network_source(&net->network, datagram->remote, &source) == 0) local = source;
    }
    local.port = net->udp_port;
    return local;
}

/* The flow is made only for what is SIP. */
static void receive_message(struct tn_net *net, const struct tn_flow_key *key, tern_str text)
{
    struct tn_flow_impl *f;
    struct tn_msg *msg;

    if (tn_flow_parse(net, text, &msg) != 0) return;
    int err = tn_udp_flow(net, key, &f);
    if (err) {
        net->ctx->stats.messages_dropped++;
        net->ctx->out_of_memory = true;
        tn_msg_unref(msg);
        return;
    }
    tn_udp_touch(net, f, false);
    tn_flow_deliver(net, f, msg, text);
}

void tn_udp_heard(struct tn_net *net, const struct tn_flow_key *key)
{
    struct tn_flow_impl *f = tn_flow_find(net, key);

    if (!f) return;
    tn_udp_touch(net, f, false);
    f->flow.last_received = net->ctx->now;
}

void tn_net_datagram(struct tn_net *net, const struct tern_datagram *datagram)
{
    tern_str text = {datagram->data, datagram->len};
    struct tn_flow_key key = {.transport = TERN_TRANSPORT_UDP, .remote = datagram->remote};

    if (!net->udp_open || datagram->socket != net->udp_socket) return;
    key.local = answer_from(net, datagram);
    if (is_keepalive(text)) {
        tn_udp_heard(net, &key);
    } else if (!tn_stun_is_message(text)) {
        receive_message(net, &key, text);
    } else if (is_multicast(datagram->local)) { /* a whole group would answer the one sender */
        net->ctx->stats.messages_dropped++;
    } else {
        tn_binding_receive(net, &key, text);
    }
}

/* A driver that cannot say from where it was sending gives no local address: all of them. */
void tn_net_send_failed(struct tn_net *net, tern_addr local, tern_addr remote)
{
    struct tn_flow_key key = {.transport = TERN_TRANSPORT_UDP, .local = local, .remote = remote};
    struct tn_flow_impl *f;

    while ((f = tn_flow_find(net, &key)) != NULL)
        tn_flow_free(net, f, false);
}
