/* SPDX-License-Identifier: MIT */
/*
 * Any input, as the record of a snapshot that is authentic: it is taken up whole, or nothing of it is;
 * and what was taken up lives on, and can be saved.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "ua/call.h"

#include <tern/snapshot.h>

#define REQUIRE(cond) ((cond) ? (void)0 : abort())
#define START         TERN_SECONDS(1000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int discard(void *user, const void *data, size_t len)
{
    (void)user, (void)data, (void)len;
    return 0;
}

static void drain(struct tern_endpoint *ep, tern_time now)
{
    struct tern_output out;
    struct tern_event event;
    for (int i = 0; i < 1000 && tern_next_output(ep, &out); i++) {
        if (out.type == TERN_OUT_UDP_OPEN || out.type == TERN_OUT_LISTEN)
            tern_socket_opened(ep, now, out.id, out.port ? out.port : 40000);
    }
    while (tern_next_event(ep, &event))
        continue;
}

/* A network, some time, another snapshot. */
static void live(struct tern_endpoint *ep)
{
    struct tern_snapshot_opts opts;
    struct tern_network network = {.address_count = 1};
    tern_time now = START;

    REQUIRE(tern_addr_parse(TERN_STR("10.0.0.2"), &network.addresses[0].addr) == 0);
    network.addresses[0].prefix_len = 24;
    network.addresses[0].interface = 1;
    REQUIRE(tern_endpoint_start(ep, now) == 0);
    REQUIRE(tern_set_network(ep, now, &network) == 0);
    for (int i = 0; i < 20; i++) {
        drain(ep, now);
        now += TERN_SECONDS(4);
        tern_advance(ep, now);
    }
    tern_snapshot_opts_init(&opts);
    opts.key[0] = 1;
    REQUIRE(tern_snapshot_save(ep, now, &opts, discard, NULL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tern_endpoint_opts opts;
    struct tern_snapshot_opts snapshot;
    struct tern_endpoint *ep;

    if (size > 16384) return 0;
    tern_endpoint_opts_init(&opts);
    opts.seed[0] = 1;
    opts.max_calls = 16;
    opts.max_accounts = 16;
    opts.tls_no_verify = true;
    REQUIRE(tern_endpoint_new(&opts, &ep) == 0);
    tern_snapshot_opts_init(&snapshot);
    tn_ep_enter(ep, START);
    int err = tn_snapshot_take(ep, &snapshot, (tern_str){(const char *)data, size});
    if (err == 0) {
        live(ep);
    } else {
        REQUIRE(ep->accounts.count == 0 && ep->calls.count == 0 && ep->forks.count == 0);
    }
    tern_endpoint_free(ep);
    return 0;
}
