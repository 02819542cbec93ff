/* SPDX-License-Identifier: MIT */
/* IP changes of a phone with a registrar and proxy in the path, over UDP and TCP. */
#include "world.h"

#define REGISTRAR_UDP "sip:10.0.0.9"
#define REGISTRAR_TCP "sip:10.0.0.9;transport=tcp"

static struct world world;
static struct host *server, *alice, *bob;
static bool over_tcp;
static void (*tune_alice)(struct tern_account_opts *opts);

static void as_server(struct tern_endpoint_opts *opts)
{
    opts->sip_events = false;
}

static void tune(struct tern_account_opts *opts)
{
    if (over_tcp) opts->transport = TERN_TRANSPORT_TCP;
    if (tune_alice) tune_alice(opts);
}

static void tune_bob(struct tern_account_opts *opts)
{
    if (over_tcp) opts->transport = TERN_TRANSPORT_TCP;
}

static void meet(void)
{
    struct tern_server_opts opts;
    world_start(&world, TERN_MS(25));
    server = world_host(&world, "server", NULL, as_server);
    tern_server_opts_init(&opts);
    opts.domain = TERN_STR("example.com");
    CHECK_EQ(tern_server_attach(server->ep, &opts), 0);
    CHECK_EQ(tern_server_add_user(server->ep, TERN_STR("alice"), TERN_STR("secret")), 0);
    CHECK_EQ(tern_server_add_user(server->ep, TERN_STR("bob"), TERN_STR("secret")), 0);
    host_network(server, "10.0.0.9", NULL);
    server->talks = false;
    alice = world_host(&world, "alice", "10.0.1.1", NULL);
    bob = world_host(&world, "bob", "10.0.2.1", NULL);
    CHECK_EQ(tern_endpoint_start(server->ep, world.now), 0);
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    CHECK_EQ(tern_endpoint_start(bob->ep, world.now), 0);
    const char *registrar = over_tcp ? REGISTRAR_TCP : REGISTRAR_UDP;
    host_account(alice, "sip:alice@example.com", registrar, tune);
    host_account(bob, "sip:bob@example.com", registrar, tune_bob);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    CHECK_EQ(bob->registration, TERN_REGISTRATION_REGISTERED);
}

static void talk(void)
{
    meet();
    host_call(alice, "bob");
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(bob->answered, 1);
}

static void still_talking(void)
{
    uint64_t a = alice->heard, b = bob->heard;
    world_run(&world, TERN_SECONDS(1));
    CHECK(alice->heard > a + 40);
    CHECK(bob->heard > b + 40);
    CHECK_EQ(alice->ended, 0);
    CHECK_EQ(bob->ended, 0);
}

static void address_is_replaced_at_once(void)
{
    for (int tcp = 0; tcp < 2; tcp++) {
        over_tcp = tcp;
        talk();
        host_network(alice, "10.0.3.1", NULL);
        world_run(&world, TERN_SECONDS(6));
        if (getenv("WORLD_PRINT")) host_print(alice);
        CHECK_EQ(alice->completed, 1);
        CHECK_EQ(alice->last_completed.status, TERN_IP_CHANGE_SUCCESS);
        CHECK_EQ(alice->last_completed.totals.calls_kept, 1);
        CHECK_EQ(alice->last_completed.totals.accounts, 1);
        still_talking();
        world_end(&world);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(address_is_replaced_at_once),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
