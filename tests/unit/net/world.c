/* SPDX-License-Identifier: MIT */
#include "world.h"

#include "base/str.h"

struct tn_ctx ctx;
struct tn_net net;
int allocations_left = -1;

static bool failed_once;

const char options_text[] = "OPTIONS sip:a@192.0.2.1 SIP/2.0\r\n"
                            "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKabc;rport\r\n"
                            "Max-Forwards: 70\r\n"
                            "From: <sip:b@example.com>;tag=1\r\n"
                            "To: <sip:a@example.com>\r\n"
                            "Call-ID: 1@example.com\r\n"
                            "CSeq: 1 OPTIONS\r\n"
                            "Content-Length: 0\r\n\r\n";

const char response_text[] = "SIP/2.0 200 OK\r\n"
                             "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKabc\r\n"
                             "From: <sip:b@example.com>;tag=1\r\n"
                             "To: <sip:a@example.com>;tag=2\r\n"
                             "Call-ID: 1@example.com\r\n"
                             "CSeq: 1 OPTIONS\r\n"
                             "Content-Length: 0\r\n\r\n";

tern_str request(void)
{
    return tn_str(options_text);
}

static void *failing_resize(void *user, void *ptr, size_t size)
{
    (void)user;
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    if (allocations_left == 0) {
        failed_once = true;
        allocations_left = -1; /* one only */
        return NULL;
    }
    if (allocations_left > 0) allocations_left--;
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
        if (!failed_once) return;
    }
}

tern_addr addr(const char *text)
{
    tern_addr a = {0};
    if (*text) CHECK_EQ(tern_addr_parse(tn_str(text), &a), 0);
    return a;
}

void world_network(const char *addresses)
{
    struct tern_network network = {0};
    tern_str rest = tn_str(addresses);

    while (rest.len > 0) {
        tern_str one = tn_str_cut(rest, ' ', &rest);
        struct tern_net_address *a = &network.addresses[network.address_count++];
        CHECK_EQ(tern_addr_parse(one, &a->addr), 0);
        a->prefix_len = a->addr.family == TERN_FAMILY_IPV4 ? 24 : 64;
        a->interface = network.address_count;
    }
    tn_net_set_network(&net, &network);
}

void world_start(struct tn_net_opts opts, const char *addresses)
{
    static const struct tern_allocator failing = {NULL, failing_resize};
    uint8_t seed[32] = {1};
    int left = allocations_left;

    allocations_left = -1; /* how the context fails is core's test */
    CHECK_EQ(tn_ctx_init(&ctx, &failing, seed), 0);
    tn_ctx_enter(&ctx, TERN_SECONDS(1));
    CHECK_EQ(tn_net_init(&net, &ctx, &opts), 0);
    allocations_left = left;
    world_network(addresses);
}

void world_stop(void)
{
    tn_net_fini(&net);
    tn_ctx_fini(&ctx);
}

void open_all(uint16_t port)
{
    struct tern_output out;

    while (tn_next_output(&ctx, &out)) {
        if (out.type != TERN_OUT_UDP_OPEN && out.type != TERN_OUT_LISTEN) continue;
        tn_net_socket_opened(&net, out.id, out.port ? out.port : port);
    }
}

void world_start_open(const char *addresses)
{
    struct tn_net_opts opts = {.port = 5060};

    world_start(opts, addresses);
    tn_net_start(&net);
    open_all(5060);
    drain_outputs();
    drain_effects();
}

void pass(tern_time time)
{
    tern_time until = ctx.now + time;

    for (int n = 0; n < 100000 && tn_ctx_deadline(&ctx) <= until; n++) {
        tn_ctx_enter(&ctx, tn_ctx_deadline(&ctx));
        while (tn_ctx_fire(&ctx)) {
        }
    }
    tn_ctx_enter(&ctx, until);
}

bool next_output(enum tern_output_type type, struct tern_output *out)
{
    while (tn_next_output(&ctx, out))
        if (out->type == type) return true;
    return false;
}

size_t count_outputs(enum tern_output_type type)
{
    struct tern_output out;
    size_t count = 0;

    while (next_output(type, &out))
        count++;
    return count;
}

void drain_outputs(void)
{
    struct tern_output out;

    while (tn_next_output(&ctx, &out)) {
    }
}

int next_effect(struct tn_effect *out)
{
    if (!tn_next_effect(&ctx, out)) return -1;
    tn_msg_unref(out->msg);
    return (int)out->kind;
}

size_t count_effects(enum tn_effect_kind kind)
{
    struct tn_effect effect;
    size_t count = 0;
    int got;

    while ((got = next_effect(&effect)) >= 0)
        count += got == (int)kind;
    return count;
}

void drain_effects(void)
{
    struct tn_effect effect;

    while (next_effect(&effect) >= 0) {
    }
}

void datagram(const char *local, const char *remote, tern_str text)
{
    struct tern_datagram d = {.socket = net.udp_socket,
                              .local = addr(local),
                              .remote = addr(remote),
                              .data = text.ptr,
                              .len = text.len};
    tn_net_datagram(&net, &d);
}

uint32_t accept_from(const char *remote)
{
    uint32_t stream = 0, listener = 0;

    TN_LIST_FOR(node, &net.impl->listeners.list)
    {
        const struct tn_listener *l = TN_OWNER(node, struct tn_listener, link);
        if (l->transport == TERN_TRANSPORT_TCP && !listener) listener = l->socket;
    }
    if (tn_net_stream_accepted(&net, listener, addr("192.0.2.1:5060"), addr(remote), &stream)) {
        return 0;
    }
    return stream;
}

void stream_bytes(uint32_t stream, tern_str text)
{
    tn_net_stream_received(&net, stream, text.ptr, text.len);
}
