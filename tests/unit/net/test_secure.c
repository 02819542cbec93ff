/* SPDX-License-Identifier: MIT */
/* TLS flows: whose connection may carry what we say. */
#include "base/alloc.h"
#include "base/str.h"
#include "crypto/cert.h"
#include "crypto/tls.h"
#include "world.h"

static struct tn_tls_ctx *tls;

/* The engine's memory fails when the room's does. */
static void *resize_as_the_world(void *user, void *ptr, size_t size)
{
    const struct tern_allocator usual = tn_default_allocator();
    const struct tern_allocator *alloc = ctx.alloc.resize ? &ctx.alloc : &usual;

    (void)user;
    return alloc->resize(alloc->user, ptr, size);
}

static void start(void)
{
    const struct tern_allocator alloc = {NULL, resize_as_the_world};
    const tern_str name = TERN_STR("example.com");
    const struct tn_cert_opts names = {.names = &name, .name_count = 1, .days = 1};
    struct tn_tls_opts opts = {.no_verify = false};
    struct tn_buf cert, key;

    tn_buf_init(&cert, &alloc, TN_CERT_PEM_MAX);
    tn_buf_init_secret(&key, &alloc, TN_CERT_PEM_MAX);
    CHECK_EQ(tn_cert_make(&names, &cert, &key), 0);
    opts.ca_pem = opts.cert_pem = tn_buf_view(&cert);
    opts.key_pem = tn_buf_view(&key);
    CHECK_EQ(tn_tls_ctx_new(&alloc, &opts, &tls), 0);
    tn_buf_fini(&cert);
    tn_buf_fini(&key);
    world_start((struct tn_net_opts){.port = 5060, .tls_port = 5061, .tls = tls}, "192.0.2.1");
    tn_net_start(&net);
    open_all(5060);
    drain_effects();
}

static void stop(void)
{
    world_stop();
    tn_tls_ctx_free(tls);
}

static uint64_t accept_tls(const char *remote)
{
    uint32_t stream = 0, cursor = 0;
    const struct tn_flow *flow;

    TN_LIST_FOR(node, &net.impl->listeners.list)
    {
        const struct tn_listener *l = TN_OWNER(node, struct tn_listener, link);
        if (l->transport != TERN_TRANSPORT_TLS) continue;
        CHECK_EQ(
            tn_net_stream_accepted(&net, l->socket, addr("192.0.2.1:5061"), addr(remote), &stream),
            0);
    }
    flow = tn_net_each(&net, &cursor);
    CHECK(flow && flow->incoming);
    return flow->id;
}

/* RFC 5922 7.2, RFC 5923 9: a stranger can call from the very address that we are about to call. */
static void a_connection_that_came_in_over_tls_carries_nothing_it_was_not_named_for(void)
{
    struct tn_target target = {.transport = TERN_TRANSPORT_TLS};
    struct tern_output out;
    uint64_t id = 0;

    start();
    target.addr = addr("198.51.100.7:5061");
    uint64_t theirs = accept_tls("198.51.100.7:5061");
    CHECK_EQ(tn_net_flow(&net, &target, (tern_addr){0}, &id), 0);
    CHECK(id != theirs);
    CHECK(next_output(TERN_OUT_CONNECT, &out));
    CHECK(tern_addr_equal(out.remote, target.addr));

    target.came_by = theirs;
    CHECK_EQ(tn_net_flow(&net, &target, (tern_addr){0}, &id), 0);
    CHECK_EQ(id, theirs);
    tn_net_close(&net, theirs, true, true); /* one that has gone names nobody */
    CHECK_EQ(tn_net_flow(&net, &target, (tern_addr){0}, &id), 0);
    CHECK(id != theirs);
    stop();
}

/* RFC 5922 7.2: an attacker's domain may lead to our server's address, and he may stand in the way. */
static void a_domain_that_comes_later_does_not_take_over_an_address(void)
{
    tern_addr here = addr("198.51.100.7:5061"), there = addr("198.51.100.8:5061");

    start();
    uint64_t ours = tn_domain_intern(&net, TERN_STR("example.com"));
    uint64_t other = tn_domain_intern(&net, TERN_STR("other.example"));
    CHECK_EQ(tn_domain_at(&net, here), 0);
    tn_domain_proved(&net, ours, here);
    tn_domain_proved(&net, other, here);
    CHECK_EQ(tn_domain_at(&net, here), ours);
    tn_domain_proved(&net, ours, here); /* once more changes nothing */
    CHECK_EQ(tn_domain_at(&net, here), ours);
    tn_domain_proved(&net, ours, there); /* it has moved */
    CHECK_EQ(tn_domain_at(&net, here), other);
    CHECK_EQ(tn_domain_at(&net, there), ours);
    tn_domain_proved(&net, ours, here);
    CHECK_EQ(tn_domain_at(&net, here), other);
    stop();
}

/* ---- a server of ours at the other end ---- */

static uint64_t connect_tls(uint32_t *stream)
{
    const struct tn_target target = {.transport = TERN_TRANSPORT_TLS,
                                     .addr = addr("198.51.100.7:5061"),
                                     .domain = tn_domain_intern(&net, TERN_STR("example.com"))};
    struct tern_output out;
    uint64_t id = 0;

    CHECK_EQ(tn_net_flow(&net, &target, (tern_addr){0}, &id), 0);
    CHECK(next_output(TERN_OUT_CONNECT, &out));
    *stream = out.id;
    tn_net_stream_opened(&net, *stream, addr("192.0.2.1:33333"), target.addr);
    return id;
}

/* Carries bytes until neither has any. */
static void shake_hands(uint32_t stream, struct tn_tls *server)
{
    struct tern_output out;
    tern_str reply;

    while (next_output(TERN_OUT_WRITE, &out)) {
        CHECK_EQ(tn_tls_receive(server, out.data.ptr, out.data.len), 0);
        if (tn_tls_take(server, &reply)) stream_bytes(stream, reply);
    }
}

/* What is left out of a TLS stream breaks it: nothing that is said later could be read. */
static void a_connection_whose_engine_has_no_memory_is_given_up(void)
{
    bool broke = false;

    for (int n = 0; n < 6; n++) {
        struct tn_tls *server;
        uint32_t stream;
        start();
        CHECK_EQ(tn_tls_accept(tls, &server), 0);
        uint64_t id = connect_tls(&stream);
        shake_hands(stream, server);
        CHECK(tn_net_get(&net, id)->open);
        drain_effects();
        allocations_left = n;
        CHECK_EQ(tn_net_send(&net, id, request(), false), 0);
        allocations_left = -1;
        CHECK(tn_net_get(&net, id) != NULL); /* its sender may still look at it */
        bool lost = ctx.out_of_memory;
        pass(TERN_MS(1));
        if (lost && !tn_net_get(&net, id)) {
            broke = true;
            CHECK(tn_str_eq(tn_net_why_down(&net, id), TERN_STR("out of memory")));
        } else {
            ctx.out_of_memory = false;
            CHECK_EQ(tn_net_send(&net, id, request(), false), 0);
            CHECK(!ctx.out_of_memory); /* what can be lost is one message, not all */
        }
        tn_tls_free(server);
        stop();
    }
    CHECK(broke);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_domain_that_comes_later_does_not_take_over_an_address),
        TEST(a_connection_that_came_in_over_tls_carries_nothing_it_was_not_named_for),
        TEST(a_connection_whose_engine_has_no_memory_is_given_up),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
