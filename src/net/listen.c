/* SPDX-License-Identifier: MIT */
#include "net/listen.h"

#include <string.h>

#include "base/assert.h"
#include "base/mutant.h"
#include "crypto/tls.h"
#include "net/impl.h"

#define BIT(n) (1U << (n))

static const unsigned successors[TN_LISTEN_STATES] = {
    [TN_LISTEN_CLOSED] = BIT(TN_LISTEN_OPENING) | BIT(TN_LISTEN_HELD) | BIT(TN_LISTEN_WAITING),
    [TN_LISTEN_HELD] = BIT(TN_LISTEN_OPENING) | BIT(TN_LISTEN_WAITING) | BIT(TN_LISTEN_CLOSED),
    [TN_LISTEN_WAITING] = BIT(TN_LISTEN_OPENING) | BIT(TN_LISTEN_HELD) | BIT(TN_LISTEN_WAITING) |
                          BIT(TN_LISTEN_CLOSED),
    [TN_LISTEN_OPENING] = BIT(TN_LISTEN_WAITING) | BIT(TN_LISTEN_OPEN) | BIT(TN_LISTEN_FAILED) |
                          BIT(TN_LISTEN_CLOSED),
    [TN_LISTEN_OPEN] = BIT(TN_LISTEN_WAITING) | BIT(TN_LISTEN_FAILED) | BIT(TN_LISTEN_CLOSED),
    [TN_LISTEN_FAILED] = BIT(TN_LISTEN_OPENING) | BIT(TN_LISTEN_HELD) | BIT(TN_LISTEN_WAITING) |
                         BIT(TN_LISTEN_CLOSED),
};

const char *tn_listen_state_name(enum tn_listen_state state)
{
    static const char *const names[TN_LISTEN_STATES] = {
        [TN_LISTEN_CLOSED] = "closed",   [TN_LISTEN_HELD] = "held", [TN_LISTEN_WAITING] = "waiting",
        [TN_LISTEN_OPENING] = "opening", [TN_LISTEN_OPEN] = "open", [TN_LISTEN_FAILED] = "failed",
    };
    return names[state];
}

static void enter(struct tn_listener *l, enum tn_listen_state next)
{
    struct tn_ctx *ctx = l->net->ctx;

    TN_ASSERT(successors[l->state] & BIT(next));
    tn_trace(ctx, "listener", l->socket, tn_listen_state_name(l->state),
             tn_listen_state_name(next));
    l->state = next;
    tn_timer_cancel(ctx, &l->timer);
    if (next == TN_LISTEN_WAITING) tn_timer_arm(ctx, &l->timer, l->delay);
    if (next == TN_LISTEN_FAILED) tn_timer_arm(ctx, &l->timer, l->pause);
}

static void tell(struct tn_listener *l, bool open, tern_str reason)
{
    struct tn_news head = {.flag = open,
                           .failed = l->state == TN_LISTEN_FAILED,
                           .key = {.transport = l->transport, .local = l->local}};

    head.key.local.port = l->port;
    if (!tn_news_add(&l->net->impl->listener_news, &l->net->ctx->alloc, &head, reason)) {
        l->net->ctx->out_of_memory = true;
    }
}

/* ---- ports ---- */

/* Where the port of the listeners of this kind is kept; NULL: UDP. */
static uint16_t *stream_port(const struct tn_listener *l)
{
    if (l->transport == TERN_TRANSPORT_TCP) return &l->net->tcp_port;
    if (l->transport == TERN_TRANSPORT_TLS) return &l->net->tls_port;
    return NULL;
}

/* RFC 3261 19.1.2: 5061 beside 5060, and so the one after any port that was asked for. */
static uint16_t asked_port(const struct tn_listener *l)
{
    const struct tn_net *net = l->net;

    if (l->transport != TERN_TRANSPORT_TLS) return net->port_wanted;
    if (net->impl->opts.tls_port) return net->impl->opts.tls_port;
    return net->port_wanted && net->port_wanted < UINT16_MAX ? net->port_wanted + 1 : 0;
}

/* The same port again after a pause, and the same for TCP as for UDP, where we are free to choose. */
static uint16_t port_for(const struct tn_listener *l)
{
    uint16_t asked = asked_port(l), known = stream_port(l) ? *stream_port(l) : 0;

    if (asked || known) return asked ? asked : known;
    if (l->transport == TERN_TRANSPORT_TLS) return 0;
    return l->port_taken ? 0 : l->net->udp_port;
}

/* Will this one say what port the other gets? */
static bool is_about_to_open(const struct tn_listener *l, const struct tn_listener *other)
{
    bool udp = l->transport == TERN_TRANSPORT_UDP;

    if (other->transport == TERN_TRANSPORT_TLS && l->transport != TERN_TRANSPORT_TLS) return false;
    if (other->transport != TERN_TRANSPORT_TLS && l->transport == TERN_TRANSPORT_TLS) return false;
    return l->state == TN_LISTEN_OPENING || (udp && l->state == TN_LISTEN_WAITING);
}

static bool must_hold(const struct tn_listener *l)
{
    if (l->transport == TERN_TRANSPORT_UDP || port_for(l) != 0) return false;
    TN_LIST_FOR(node, &l->net->impl->listeners.list)
    {
        const struct tn_listener *other = TN_OWNER(node, struct tn_listener, link);
        if (other != l && is_about_to_open(other, l)) return true;
    }
    return false;
}

static void go_or_hold(struct tn_listener *l)
{
    tn_listener_step(l, must_hold(l) ? TN_LISTEN_EV_HOLD : TN_LISTEN_EV_GO, (tern_str){NULL, 0});
}

/* The port that they wait for may be known now, or never will be. */
static void release_held(struct tn_net *net)
{
    TN_LIST_FOR(node, &net->impl->listeners.list)
    {
        struct tn_listener *l = TN_OWNER(node, struct tn_listener, link);
        if (l->state == TN_LISTEN_HELD && !must_hold(l)) go_or_hold(l);
    }
}

static size_t count_open(const struct tn_net *net, enum tern_transport transport)
{
    size_t count = 0;

    TN_LIST_FOR(node, &net->impl->listeners.list)
    {
        const struct tn_listener *l = TN_OWNER(node, struct tn_listener, link);
        count += l->transport == transport && l->state == TN_LISTEN_OPEN;
    }
    return count;
}

/* ---- what the machine does ---- */

static void open_socket(struct tn_listener *l)
{
    bool udp = l->transport == TERN_TRANSPORT_UDP;

    l->port = port_for(l);
    l->socket = tn_net_next_id(l->net);
    if (udp) l->net->udp_socket = l->socket;
    struct tern_output out = {.type = udp ? TERN_OUT_UDP_OPEN : TERN_OUT_LISTEN,
                              .id = l->socket,
                              .local = l->local,
                              .port = l->port};
    out.local.port = 0;
    tn_output(l->net->ctx, &out);
}

static void forget_socket(struct tn_listener *l)
{
    l->socket = 0;
    if (l->transport != TERN_TRANSPORT_UDP) return;
    l->net->udp_socket = 0;
    l->net->udp_open = false;
}

static void close_socket(struct tn_listener *l)
{
    bool udp = l->transport == TERN_TRANSPORT_UDP;
    struct tern_output out = {.type = udp ? TERN_OUT_UDP_CLOSE : TERN_OUT_UNLISTEN,
                              .id = l->socket};

    tn_output(l->net->ctx, &out);
    forget_socket(l);
}

static void became_open(struct tn_listener *l)
{
    struct tn_net *net = l->net;

    l->pause = 0;
    l->port_taken = false;
    if (l->transport == TERN_TRANSPORT_UDP) {
        net->udp_port = l->port;
        net->udp_open = true;
        tn_udp_opened(net);
    } else {
        *stream_port(l) = l->port;
    }
    tell(l, true, (tern_str){NULL, 0});
}

/* The pauses double. A port that nobody asked for is not insisted on. */
static void became_failed(struct tn_listener *l, tern_str reason)
{
    forget_socket(l);
    l->port_taken = asked_port(l) == 0;
    if (stream_port(l) && count_open(l->net, l->transport) == 0) *stream_port(l) = 0;
    tell(l, false, reason);
}

static tern_time next_pause(const struct tn_listener *l)
{
    tern_time least = l->delay > TN_LISTEN_PAUSE_MIN ? l->delay : TN_LISTEN_PAUSE_MIN;
    tern_time pause = l->pause ? 2 * l->pause : least;

    return pause < TN_LISTEN_PAUSE_MAX ? pause : TN_LISTEN_PAUSE_MAX;
}

static void close_open(struct tn_listener *l, enum tn_listen_state next, tern_str why)
{
    enter(l, next);
    close_socket(l);
    tell(l, false, why);
}

static void step_opening(struct tn_listener *l, enum tn_listen_event event, tern_str reason)
{
    switch (event) {
    case TN_LISTEN_EV_OPENED:
        enter(l, TN_LISTEN_OPEN);
        became_open(l);
        return;
    case TN_LISTEN_EV_FAILED:
        l->pause = next_pause(l);
        enter(l, TN_LISTEN_FAILED);
        became_failed(l, reason);
        return;
    case TN_LISTEN_EV_REOPEN:
        enter(l, TN_LISTEN_WAITING);
        close_socket(l);
        return;
    case TN_LISTEN_EV_STOP:
        enter(l, TN_LISTEN_CLOSED);
        close_socket(l);
        return;
    case TN_LISTEN_EV_GO:
    case TN_LISTEN_EV_HOLD:
    case TN_LISTEN_EVENTS: return;
    }
}

static void step_open(struct tn_listener *l, enum tn_listen_event event, tern_str reason)
{
    switch (event) {
    case TN_LISTEN_EV_FAILED:
        l->pause = next_pause(l);
        enter(l, TN_LISTEN_FAILED);
        became_failed(l, reason);
        return;
    case TN_LISTEN_EV_REOPEN: close_open(l, TN_LISTEN_WAITING, TERN_STR("opened again")); return;
    case TN_LISTEN_EV_STOP:
        close_open(l, TN_LISTEN_CLOSED, TERN_STR("its address is gone"));
        return;
    case TN_LISTEN_EV_GO:
    case TN_LISTEN_EV_HOLD:
    case TN_LISTEN_EV_OPENED:
    case TN_LISTEN_EVENTS: return;
    }
}

/* CLOSED, HELD, WAITING and FAILED have no socket. */
static void step_without_socket(struct tn_listener *l, enum tn_listen_event event)
{
    switch (event) {
    case TN_LISTEN_EV_GO:
        enter(l, TN_LISTEN_OPENING);
        open_socket(l);
        return;
    case TN_LISTEN_EV_HOLD:
        if (l->state != TN_LISTEN_HELD) enter(l, TN_LISTEN_HELD);
        return;
    case TN_LISTEN_EV_REOPEN: enter(l, TN_LISTEN_WAITING); return;
    case TN_LISTEN_EV_STOP:
        if (l->state != TN_LISTEN_CLOSED) enter(l, TN_LISTEN_CLOSED);
        return;
    case TN_LISTEN_EV_OPENED:
    case TN_LISTEN_EV_FAILED:
    case TN_LISTEN_EVENTS: return;
    }
}

void tn_listener_step(struct tn_listener *l, enum tn_listen_event event, tern_str reason)
{
    switch (l->state) {
    case TN_LISTEN_OPENING: step_opening(l, event, reason); return;
    case TN_LISTEN_OPEN: step_open(l, event, reason); return;
    case TN_LISTEN_CLOSED:
    case TN_LISTEN_HELD:
    case TN_LISTEN_WAITING:
    case TN_LISTEN_FAILED: step_without_socket(l, event); return;
    case TN_LISTEN_STATES: break;
    }
    TN_UNREACHABLE();
}

static void due(struct tn_timer *timer)
{
    go_or_hold(TN_OWNER(timer, struct tn_listener, timer));
}

/* ---- the set of them ---- */

void tn_listeners_init(struct tn_listeners *listeners)
{
    tn_list_init(&listeners->list);
}

static struct tn_listener *add(struct tn_net *net, enum tern_transport transport, tern_addr local)
{
    struct tn_listener *l = tn_alloc(&net->ctx->alloc, sizeof(*l));

    if (!l) {
        net->ctx->out_of_memory = true;
        return NULL;
    }
    l->net = net;
    l->transport = transport;
    l->local = local;
    tn_timer_init(&l->timer, 0, due);
    tn_list_push(&net->impl->listeners.list, &l->link);
    return l;
}

static void drop(struct tn_listener *l)
{
    struct tn_ctx *ctx = l->net->ctx;

    tn_timer_cancel(ctx, &l->timer);
    tn_list_remove(&l->link);
    tn_free(&ctx->alloc, l);
}

void tn_listeners_fini(struct tn_net *net)
{
    TN_LIST_FOR(node, &net->impl->listeners.list)
    {
        drop(TN_OWNER(node, struct tn_listener, link));
    }
}

struct tn_listener *tn_listener_by_socket(const struct tn_net *net, uint32_t socket)
{
    TN_LIST_FOR(node, &net->impl->listeners.list)
    {
        struct tn_listener *l = TN_OWNER(node, struct tn_listener, link);
        if (socket != 0 && l->socket == socket) return l;
    }
    return NULL;
}

static struct tn_listener *find(const struct tn_net *net, enum tern_transport transport,
                                tern_addr local)
{
    TN_LIST_FOR(node, &net->impl->listeners.list)
    {
        struct tn_listener *l = TN_OWNER(node, struct tn_listener, link);
        if (l->transport == transport && tern_addr_same_host(l->local, local)) return l;
    }
    return NULL;
}

static bool is_usable(const struct tn_net *net, tern_addr local)
{
    const struct tern_net_address *a = tern_network_find(&net->network, local);
    return a && !(a->flags & TERN_NET_TENTATIVE);
}

static uint32_t address_count(const struct tn_net *net)
{
    uint32_t count = net->network.address_count;
    return count < TERN_NET_ADDRESSES_MAX ? count : TERN_NET_ADDRESSES_MAX;
}

static bool serves(const struct tn_net *net, enum tern_transport transport)
{
    const struct tn_net_opts *opts = &net->impl->opts;

    switch (transport) {
    case TERN_TRANSPORT_UDP: return !opts->no_udp;
    case TERN_TRANSPORT_TCP: return !opts->no_tcp;
    case TERN_TRANSPORT_TLS: return opts->tls && tn_tls_ctx_can_accept(opts->tls);
    }
    TN_UNREACHABLE();
}

/* The I-th listener that options and snapshot may ask for: UDP, then TCP, then TLS. */
static bool wanted(const struct tn_net *net, uint32_t i, enum tern_transport *transport,
                   tern_addr *local)
{
    uint32_t count = address_count(net);

    *local = (tern_addr){0};
    *transport = TERN_TRANSPORT_UDP;
    if (i == 0 || count == 0) return i == 0 && serves(net, *transport);
    *transport = i <= count ? TERN_TRANSPORT_TCP : TERN_TRANSPORT_TLS;
    *local = net->network.addresses[(i - 1) % count].addr;
    local->port = 0;
    return serves(net, *transport) && is_usable(net, *local);
}

static uint32_t most_wanted(const struct tn_net *net)
{
    return 1 + 2 * address_count(net);
}

static void stop_unwanted(struct tn_net *net)
{
    TN_LIST_FOR(node, &net->impl->listeners.list)
    {
        struct tn_listener *l = TN_OWNER(node, struct tn_listener, link);
        if (l->transport == TERN_TRANSPORT_UDP || is_usable(net, l->local)) continue;
        if (!TN_MUTANT(LEFT_LISTENER)) tn_listener_step(l, TN_LISTEN_EV_STOP, (tern_str){NULL, 0});
        drop(l);
    }
}

/* All of them close before the first one opens: their order of ports stays as it was. */
static void reopen_all(struct tn_net *net, tern_time delay)
{
    TN_LIST_FOR(node, &net->impl->listeners.list)
    {
        struct tn_listener *l = TN_OWNER(node, struct tn_listener, link);
        l->delay = delay;
        l->pause = 0;
        tn_listener_step(l, TN_LISTEN_EV_REOPEN, (tern_str){NULL, 0});
    }
}

void tn_net_sync_listeners(struct tn_net *net, bool reopen, tern_time delay)
{
    enum tern_transport transport;
    tern_addr local;

    if (!net->impl->started) return;
    stop_unwanted(net);
    if (reopen) reopen_all(net, delay);
    for (uint32_t i = 0, most = most_wanted(net); i < most; i++) {
        if (!wanted(net, i, &transport, &local) || find(net, transport, local)) continue;
        struct tn_listener *l = add(net, transport, local);
        if (!l) continue;
        l->delay = delay;
        go_or_hold(l);
    }
    release_held(net);
}

void tn_net_start(struct tn_net *net)
{
    net->impl->started = true;
    tn_net_sync_listeners(net, false, 0);
}

bool tn_net_listeners_ready(const struct tn_net *net)
{
    enum tern_transport transport;
    tern_addr local;

    if (!net->impl->started) return false;
    for (uint32_t i = 0, most = most_wanted(net); i < most; i++) {
        if (!wanted(net, i, &transport, &local)) continue;
        const struct tn_listener *l = find(net, transport, local);
        if (!l || l->state != TN_LISTEN_OPEN) return false;
    }
    return true;
}

size_t tn_net_listener_count(const struct tn_net *net)
{
    return count_open(net, TERN_TRANSPORT_UDP) + count_open(net, TERN_TRANSPORT_TCP) +
           count_open(net, TERN_TRANSPORT_TLS);
}

bool tn_net_owns_socket(const struct tn_net *net, uint32_t socket)
{
    return tn_listener_by_socket(net, socket) != NULL;
}

void tn_net_socket_opened(struct tn_net *net, uint32_t socket, uint16_t port)
{
    struct tn_listener *l = tn_listener_by_socket(net, socket);

    if (!l || l->state != TN_LISTEN_OPENING) return;
    l->port = port;
    tn_listener_step(l, TN_LISTEN_EV_OPENED, (tern_str){NULL, 0});
    release_held(net);
}

void tn_net_socket_failed(struct tn_net *net, uint32_t socket, tern_str reason)
{
    struct tn_listener *l = tn_listener_by_socket(net, socket);

    if (!l) return;
    tn_listener_step(l, TN_LISTEN_EV_FAILED, reason);
    release_held(net);
}
