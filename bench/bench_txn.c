/* SPDX-License-Identifier: MIT */
/*
 * How fast client transactions come and go: created, sent (the output drained, as a driver does) and
 * destroyed. Prints rates and the machine, judges nothing.
 */
#include <stdio.h>

#include "base/str.h"
#include "measure.h"
#include "txn/txn.h"

#define SAMPLES   5
#define SECONDS   0.2
#define BATCH     1000
#define BUDGET_US 1.0

static const char rest[] = "Max-Forwards: 70\r\n"
                           "From: \"Alice\" <sip:alice@atlanta.example.com>;tag=9fxced76sl\r\n"
                           "To: \"Bob\" <sip:bob@biloxi.example.com>\r\n"
                           "Call-ID: 3848276298220188511@atlanta.example.com\r\n"
                           "CSeq: 2 OPTIONS\r\n"
                           "Contact: <sip:alice@192.0.2.1:5060>\r\n"
                           "User-Agent: Tern\r\n"
                           "Content-Length: 0\r\n\r\n";

static struct tn_ctx ctx;
static struct tn_net net;
static struct tn_txns txns;
static uint64_t alive[65536];

static void drain(void)
{
    struct tern_output out;

    while (tn_next_output(&ctx, &out))
        if (out.type == TERN_OUT_UDP_OPEN) tn_net_socket_opened(&net, out.id, 5060);
}

static void start_world(void)
{
    static const uint8_t seed[32] = {1};
    const struct tn_net_opts opts = {.port = 5060, .no_tcp = true};
    static struct tern_network network;

    network.address_count = 1;
    network.addresses[0].prefix_len = 24;
    network.addresses[0].interface = 1;
    require(tern_addr_parse(TERN_STR("192.0.2.1"), &network.addresses[0].addr) == 0, "address");
    require(tn_ctx_init(&ctx, NULL, seed) == 0, "context");
    require(tn_net_init(&net, &ctx, &opts) == 0, "net");
    tn_net_set_network(&net, &network);
    tn_net_start(&net);
    drain();
    require(tn_txns_init(&txns, &ctx, &net, TERN_STR("Tern")) == 0, "transactions");
}

static uint64_t start_one(tern_addr remote, enum tn_method method)
{
    const struct tn_client_opts opts = {
        .method = method,
        .target = {TERN_TRANSPORT_UDP, remote},
        .start_line = method == TN_METHOD_INVITE
                          ? TERN_STR("INVITE sip:bob@biloxi.example.com SIP/2.0")
                          : TERN_STR("OPTIONS sip:bob@biloxi.example.com SIP/2.0"),
        .rest = {rest, sizeof(rest) - 1},
    };
    uint64_t id;

    require(tn_client_start(&txns, &opts, &id) == 0, "start");
    return id;
}

/* With `standing` others alive, as in a busy endpoint: the oldest goes for each that comes. */
static void bench(const char *name, enum tn_method method, size_t standing)
{
    struct samples each = {0};
    size_t oldest = 0;
    tern_addr remote;

    require(tern_addr_parse(TERN_STR("192.0.2.2:5060"), &remote) == 0, "address");
    for (size_t i = 0; i < standing; i++)
        alive[i] = start_one(remote, method);
    for (int sample = 0; sample < SAMPLES; sample++) {
        unsigned long count = 0;
        double start = cpu_now(), spent;
        do {
            for (int i = 0; i < BATCH; i++, count++) {
                uint64_t id = start_one(remote, method);
                tn_client_abandon(&txns, standing ? alive[oldest] : id);
                alive[oldest] = id;
                if (standing) oldest = (oldest + 1) % standing;
                if (i % 32 == 0) drain();
            }
            tn_ctx_enter(&ctx, ctx.now + 1);
            spent = cpu_now() - start;
        } while (spent < SECONDS);
        samples_add(&each, spent / (double)count);
    }
    for (size_t i = 0; i < standing; i++)
        tn_client_abandon(&txns, alive[i]);
    drain();
    double median_s = samples_median(&each);
    printf("%-8s %6zu alive ", name, standing);
    samples_print(&each, 1e6, 3);
    printf(" us each  %5.2f of the budget  %5.2f million/s\n", median_s * 1e6 / BUDGET_US,
           1e-6 / median_s);
}

int main(void)
{
    print_machine();
    printf("budget: %.1f us each, a million a second; median of %d samples (least to most)\n",
           BUDGET_US, SAMPLES);
    start_world();
    bench("OPTIONS", TN_METHOD_OPTIONS, 0);
    bench("OPTIONS", TN_METHOD_OPTIONS, 20000);
    bench("INVITE", TN_METHOD_INVITE, 20000);
    tn_txns_fini(&txns);
    tn_net_fini(&net);
    tn_ctx_fini(&ctx);
    return 0;
}
