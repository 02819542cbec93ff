/* SPDX-License-Identifier: MIT */
#include "pair.h"

struct peer alice, bob;
bool (*wire_drops)(struct peer *from);
bool wire_refuses;
bool (*wire_ignores)(tern_addr remote);
int allocations_left = -1;
int blocks;

static bool failed_once;
static struct {
    uint32_t alice, bob;
} links[LINKS_MAX];
static size_t link_count;

/* ---- memory ---- */

static void *failing_resize(void *user, void *ptr, size_t size)
{
    (void)user;
    if (size == 0) {
        blocks -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if (allocations_left == 0) {
        failed_once = true;
        allocations_left = -1;
        return NULL;
    }
    if (allocations_left > 0) allocations_left--;
    blocks += ptr == NULL;
    return realloc(ptr, size);
}

void with_each_failure(void (*scenario)(void))
{
    for (int n = 0;; n++) {
        CHECK(n < 5000);
        failed_once = false;
        allocations_left = n;
        scenario();
        allocations_left = -1;
        CHECK_EQ(blocks, 0);
        if (!failed_once) return;
    }
}

/* ---- set up ---- */

tern_addr addr(const char *text)
{
    tern_addr out = {0};
    CHECK_EQ(tern_addr_parse(tn_str(text), &out), 0);
    return out;
}

struct tn_target udp_to(const char *text)
{
    return (struct tn_target){.transport = TERN_TRANSPORT_UDP, .addr = addr(text)};
}

struct tn_target tcp_to(const char *text)
{
    return (struct tn_target){.transport = TERN_TRANSPORT_TCP, .addr = addr(text)};
}

void set_address(struct peer *peer, const char *address)
{
    struct tern_network network = {0};

    if (*address) {
        network.address_count = 1;
        network.addresses[0].addr = addr(address);
        network.addresses[0].prefix_len = 24;
        network.addresses[0].interface = 1;
    }
    tn_net_set_network(&peer->net, &network);
    tn_net_sync_listeners(&peer->net, false, 0);
}

static void open_peer(struct peer *peer, struct peer *other, const char *address)
{
    static const struct tern_allocator allocator = {NULL, failing_resize};
    const struct tn_net_opts opts = {.port = 5060};
    uint8_t seed[32] = {peer == &alice ? 1 : 2};
    int left = allocations_left;

    allocations_left = -1; /* how these rooms fail is their own test */
    memset(peer, 0, sizeof(*peer));
    peer->other = other;
    CHECK_EQ(tn_ctx_init(&peer->ctx, &allocator, seed), 0);
    tn_ctx_enter(&peer->ctx, TERN_SECONDS(1000));
    CHECK_EQ(tn_net_init(&peer->net, &peer->ctx, &opts), 0);
    set_address(peer, address);
    tn_net_start(&peer->net);
    CHECK_EQ(tn_txns_init(&peer->txns, &peer->ctx, &peer->net, TERN_STR("Tern/test")), 0);
    peer->running = true;
    allocations_left = left;
}

void pair_open(void)
{
    int left = allocations_left;

    wire_drops = NULL;
    wire_refuses = false;
    wire_ignores = NULL;
    link_count = 0;
    open_peer(&alice, &bob, "192.0.2.1");
    open_peer(&bob, &alice, "192.0.2.2");
    allocations_left = -1;
    pump();
    allocations_left = left;
}

static void close_peer(struct peer *peer)
{
    forget_records(peer);
    tn_txns_fini(&peer->txns);
    tn_net_fini(&peer->net);
    tn_ctx_fini(&peer->ctx);
    peer->running = false;
}

void pair_close(void)
{
    close_peer(&alice);
    close_peer(&bob);
}

/* ---- effects ---- */

unsigned final_status(void)
{
    const struct tn_effect *effect = last_record(&alice, TN_EFFECT_RESPONSE);
    return effect ? effect->msg->status : 0;
}

int failure(void)
{
    const struct tn_effect *effect = last_record(&alice, TN_EFFECT_FAILED);
    return effect ? effect->code : -1;
}

void forget_records(struct peer *peer)
{
    for (size_t i = 0; i < peer->record_count; i++)
        tn_msg_unref(peer->records[i].msg);
    peer->record_count = 0;
}

size_t count_records(const struct peer *peer, enum tn_effect_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < peer->record_count; i++)
        n += peer->records[i].kind == kind;
    return n;
}

const struct tn_effect *last_record(const struct peer *peer, enum tn_effect_kind kind)
{
    for (size_t i = peer->record_count; i-- > 0;)
        if (peer->records[i].kind == kind) return &peer->records[i];
    return NULL;
}

static void record(struct peer *peer, const struct tn_effect *effect)
{
    CHECK(peer->record_count < RECORDS_MAX);
    peer->records[peer->record_count++] = *effect;
    if (peer->user) peer->user(peer, effect);
}

static bool dispatch(struct peer *peer)
{
    struct tn_effect effect;

    if (!tn_next_effect(&peer->ctx, &effect)) return false;
    if (effect.kind == TN_EFFECT_MESSAGE) {
        tn_txns_message(&peer->txns, effect.msg, effect.flow);
    } else if (effect.kind == TN_EFFECT_FLOW_UP) {
        tn_txns_flow_up(&peer->txns, effect.id);
    } else if (effect.kind == TN_EFFECT_FLOW_DOWN) {
        tn_txns_flow_down(&peer->txns, effect.id);
    } else if (effect.owner.kind == TN_OWNER_REQUEST) {
        tn_request_effect(&peer->txns, &effect);
    } else {
        record(peer, &effect);
        return true;
    }
    tn_msg_unref(effect.msg);
    return true;
}

/* ---- the wire ---- */

static uint32_t partner(const struct peer *from, uint32_t stream)
{
    for (size_t i = 0; i < link_count; i++) {
        if (from == &alice && links[i].alice == stream) return links[i].bob;
        if (from == &bob && links[i].bob == stream) return links[i].alice;
    }
    return 0;
}

static void forget_link(const struct peer *from, uint32_t stream)
{
    for (size_t i = 0; i < link_count; i++) {
        if ((from == &alice ? links[i].alice : links[i].bob) != stream) continue;
        links[i] = links[--link_count];
        return;
    }
}

static bool lives_at(const struct peer *peer, tern_addr address)
{
    return tn_net_has_local(&peer->net, address);
}

static void carry_datagram(struct peer *from, const struct tern_output *out)
{
    struct peer *to = from->other;
    struct tern_datagram d = {.socket = to->net.udp_socket,
                              .local = out->remote,
                              .remote = out->local,
                              .data = out->data.ptr,
                              .len = out->data.len};

    d.remote.port = from->net.udp_port;
    if (wire_drops && wire_drops(from)) return;
    if (lives_at(to, out->remote)) tn_net_datagram(&to->net, &d);
}

static void connect_streams(struct peer *from, const struct tern_output *out)
{
    static uint16_t port = 40000;
    struct peer *to = from->other;
    tern_addr local = out->local;
    uint32_t stream;

    from->connects++;
    if (wire_ignores && wire_ignores(out->remote)) return;
    local.port = ++port;
    for (size_t i = 0; !wire_refuses && i < to->listener_count; i++) {
        if (!tern_addr_same_host(to->listeners[i].local, out->remote)) continue;
        if (!lives_at(to, out->remote)) break;
        if (tn_net_stream_accepted(&to->net, to->listeners[i].id, out->remote, local, &stream)) {
            break;
        }
        CHECK(link_count < LINKS_MAX);
        links[link_count].alice = from == &alice ? out->id : stream;
        links[link_count++].bob = from == &bob ? out->id : stream;
        tn_net_stream_opened(&from->net, out->id, local, out->remote);
        return;
    }
    tn_net_stream_closed(&from->net, out->id, TERN_STR("refused"));
}

static void note_message(struct peer *from, const struct tern_output *out)
{
    if (out->data.len < 20) return; /* keep-alive */
    CHECK(out->data.len < sizeof(from->last));
    memcpy(from->last, out->data.ptr, out->data.len);
    from->last[out->data.len] = 0;
    from->last_len = out->data.len;
    from->last_transport = out->type == TERN_OUT_DATAGRAM ? TERN_TRANSPORT_UDP : TERN_TRANSPORT_TCP;
    from->last_local = out->local;
    from->sent++;
}

static void note_lookup(struct peer *from, const struct tern_output *out)
{
    CHECK(from->lookup_count < LINKS_MAX);
    from->lookups[from->lookup_count].id = out->id;
    from->lookups[from->lookup_count].type = out->dns_type;
    snprintf(from->lookups[from->lookup_count++].name, sizeof(from->lookups[0].name), "%.*s",
             (int)out->data.len, out->data.ptr);
}

static void carry(struct peer *from, const struct tern_output *out)
{
    uint32_t there = partner(from, out->id);

    switch ((int)out->type) {
    case TERN_OUT_UDP_OPEN: tn_net_socket_opened(&from->net, out->id, 5060); return;
    case TERN_OUT_LISTEN:
        CHECK(from->listener_count < LINKS_MAX);
        from->listeners[from->listener_count].id = out->id;
        from->listeners[from->listener_count++].local = out->local;
        tn_net_socket_opened(&from->net, out->id, 5060);
        return;
    case TERN_OUT_DATAGRAM:
        note_message(from, out);
        carry_datagram(from, out);
        return;
    case TERN_OUT_CONNECT: connect_streams(from, out); return;
    case TERN_OUT_WRITE:
        note_message(from, out);
        if (there) tn_net_stream_received(&from->other->net, there, out->data.ptr, out->data.len);
        return;
    case TERN_OUT_DISCONNECT:
        from->disconnects++;
        forget_link(from, out->id);
        if (there) tn_net_stream_closed(&from->other->net, there, TERN_STR("closed"));
        return;
    case TERN_OUT_RESOLVE: note_lookup(from, out); return;
    default: return;
    }
}

void cut_streams(void)
{
    while (link_count > 0) {
        uint32_t a = links[0].alice, b = links[0].bob;
        links[0] = links[--link_count];
        tn_net_stream_closed(&alice.net, a, TERN_STR("cut"));
        tn_net_stream_closed(&bob.net, b, TERN_STR("cut"));
    }
}

static bool pump_peer(struct peer *peer)
{
    struct tern_output out;
    bool busy = dispatch(peer);

    if (!busy && tn_next_output(&peer->ctx, &out)) {
        carry(peer, &out);
        busy = true;
    }
    return busy;
}

void pump(void)
{
    for (int n = 0; n < 100000; n++) {
        bool busy = pump_peer(&alice);
        busy = pump_peer(&bob) || busy;
        if (!busy) return;
    }
    CHECK(false); /* the peers never rest */
}

static tern_time next_due(void)
{
    tern_time a = tn_ctx_deadline(&alice.ctx), b = tn_ctx_deadline(&bob.ctx);
    return a < b ? a : b;
}

void pass(tern_time time)
{
    tern_time end = alice.ctx.now + time;

    pump();
    for (;;) {
        tern_time due = next_due();
        if (due > end) break;
        tn_ctx_enter(&alice.ctx, due);
        tn_ctx_enter(&bob.ctx, due);
        while (tn_ctx_fire(&alice.ctx))
            pump();
        while (tn_ctx_fire(&bob.ctx))
            pump();
        pump();
    }
    tn_ctx_enter(&alice.ctx, end);
    tn_ctx_enter(&bob.ctx, end);
}

/* ---- small helps ---- */

void inject(struct peer *peer, const char *remote, const char *text)
{
    struct tern_datagram d = {.socket = peer->net.udp_socket,
                              .local = peer->net.network.addresses[0].addr,
                              .remote = addr(remote),
                              .data = text,
                              .len = strlen(text)};
    d.local.port = 5060;
    tn_net_datagram(&peer->net, &d);
    pump();
}

bool last_has(const struct peer *peer, const char *part)
{
    return strstr(peer->last, part) != NULL;
}

uint64_t send_request(enum tn_method method, struct tn_target target, size_t body_len)
{
    static char rest[66000];
    static char line[64];
    static unsigned number;
    tern_str name = tn_method_name(method);
    struct tn_client_opts opts = {
        .owner = {TN_OWNER_PROXY, 7, 77}, .method = method, .target = target};
    uint64_t id = 0;

    opts.start_line.ptr = line;
    opts.start_line.len = (size_t)snprintf(line, sizeof(line), "%.*s sip:bob@192.0.2.2 SIP/2.0",
                                           (int)name.len, name.ptr);
    opts.rest.ptr = rest;
    opts.rest.len = (size_t)snprintf(
        rest, 1000,
        "Max-Forwards: 70\r\nRoute: <sip:192.0.2.2;lr>\r\n"
        "From: \"Alice\" <sip:alice@192.0.2.1>;tag=a%u\r\nTo: <sip:bob@192.0.2.2>\r\n"
        "Call-ID: call%u\r\nCSeq: 17 %.*s\r\nContent-Length: %zu\r\n\r\n",
        number, number, (int)name.len, name.ptr, body_len);
    number++;
    memset(rest + opts.rest.len, 'x', body_len);
    opts.rest.len += body_len;
    if (tn_client_start(&alice.txns, &opts, &id) != 0) return 0;
    pump();
    return id;
}
