/* SPDX-License-Identifier: MIT */
/* TLS flows: whose connection may carry what we say. */
#include "base/alloc.h"
#include "crypto/cert.h"
#include "crypto/tls.h"
#include "world.h"

static struct tn_tls_ctx *tls;

static void start(void)
{
    const struct tern_allocator alloc = tn_default_allocator();
    const struct tn_cert_opts names = {.days = 1};
    struct tn_tls_opts opts = {.no_verify = false};
    struct tn_buf cert, key;

    tn_buf_init(&cert, &alloc, TN_CERT_PEM_MAX);
    tn_buf_init(&key, &alloc, TN_CERT_PEM_MAX);
    CHECK_EQ(tn_cert_make(&names, &cert, &key), 0);
    opts.ca_pem = opts.cert_pem = tn_buf_view(&cert);
    opts.key_pem = tn_buf_view(&key);
    CHECK_EQ(tn_tls_ctx_new(&alloc, &opts, &tls), 0);
    tn_buf_fini(&cert);
    tn_buf_wipe(&key);
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

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_connection_that_came_in_over_tls_carries_nothing_it_was_not_named_for),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
