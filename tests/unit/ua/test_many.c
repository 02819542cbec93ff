/* SPDX-License-Identifier: MIT */
/* Many accounts and calls on one connection: what happens to one happens to all in one instant. */
#include "world.h"

#define MANY 24

static struct world world;
static struct host *server, *alice, *bob;
static tern_account accounts[MANY];

static void quiet(struct tern_endpoint_opts *opts)
{
    opts->sip_events = false;
}

static void over_tcp(struct tern_account_opts *opts)
{
    opts->transport = TERN_TRANSPORT_TCP;
}

static void meet(void)
{
    struct tern_server_opts opts;
    char uri[64], user[16];
    world_start(&world, TERN_MS(25));
    server = world_host(&world, "server", NULL, quiet);
    tern_server_opts_init(&opts);
    opts.domain = TERN_STR("example.com");
    CHECK_EQ(tern_server_attach(server->ep, &opts), 0);
    CHECK_EQ(tern_server_add_user(server->ep, TERN_STR("bob"), TERN_STR("secret")), 0);
    host_network(server, "10.0.0.9", NULL);
    server->talks = false;
    alice = world_host(&world, "alice", "10.0.1.1", quiet);
    bob = world_host(&world, "bob", "10.0.2.1", quiet);
    CHECK_EQ(tern_endpoint_start(server->ep, world.now), 0);
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    CHECK_EQ(tern_endpoint_start(bob->ep, world.now), 0);
    world_run(&world, TERN_MS(100)); /* all listen */
    for (int i = 0; i < MANY; i++) {
        snprintf(user, sizeof(user), "a%d", i);
        snprintf(uri, sizeof(uri), "sip:a%d@example.com", i);
        CHECK_EQ(
            tern_server_add_user(server->ep, (tern_str){user, strlen(user)}, TERN_STR("secret")),
            0);
        accounts[i] = host_account(alice, uri, "sip:10.0.0.9;transport=tcp", over_tcp);
    }
    host_account(bob, "sip:bob@example.com", "sip:10.0.0.9;transport=tcp", over_tcp);
    world_run(&world, TERN_SECONDS(3));
    for (int i = 0; i < MANY; i++) {
        struct tern_account_info info;
        CHECK_EQ(tern_account_get_info(alice->ep, accounts[i], &info), 0);
        CHECK_EQ(info.state, TERN_REGISTRATION_REGISTERED);
    }
}

static void talk(void)
{
    meet();
    for (int i = 0; i < MANY; i++) {
        alice->account = accounts[i];
        host_call(alice, "bob");
    }
    world_run(&world, TERN_SECONDS(3));
    CHECK_EQ(alice->answered, MANY);
}

static void all_move_when_the_address_is_replaced(void)
{
    talk();
    host_network(alice, "10.0.3.1", NULL);
    world_run(&world, TERN_SECONDS(10));
    CHECK_EQ(alice->completed, 1);
    CHECK_EQ(alice->last_completed.status, TERN_IP_CHANGE_SUCCESS);
    CHECK_EQ(alice->last_completed.totals.accounts, MANY);
    CHECK_EQ(alice->last_completed.totals.calls_kept, MANY);
    CHECK_EQ(alice->ended, 0);
    world_end(&world);
}

static void all_move_while_the_old_address_stands(void)
{
    talk();
    host_network(alice, "10.0.3.1", "10.0.1.1");
    world_run(&world, TERN_SECONDS(10));
    CHECK_EQ(alice->completed, 1);
    CHECK_EQ(alice->last_completed.totals.accounts, MANY);
    CHECK_EQ(alice->last_completed.totals.calls_kept, MANY);
    world_end(&world);
}

/* The server goes while all of them are on their way: everything fails at once, and is tried again. */
static void all_wait_while_the_server_is_gone(void)
{
    talk();
    host_network(alice, "10.0.3.1", NULL);
    world_run(&world, TERN_MS(60));
    host_network(server, NULL, NULL);
    world_run(&world, TERN_SECONDS(12));
    host_network(server, "10.0.0.9", NULL);
    world_run(&world, TERN_SECONDS(45));
    CHECK_EQ(alice->completed, 1);
    CHECK_EQ(alice->last_completed.totals.accounts, MANY);
    CHECK_EQ(alice->ended, 0);
    world_end(&world);
}

static void all_are_hung_up_and_removed(void)
{
    talk();
    host_network(alice, "10.0.3.1", NULL);
    for (int i = 0; i < MANY; i++)
        CHECK_EQ(tern_account_remove(alice->ep, world.now, accounts[i]), 0);
    CHECK_EQ(alice->ended, 0);
    world_run(&world, TERN_SECONDS(3));
    CHECK_EQ(alice->ended, MANY);
    CHECK_EQ(bob->ended, MANY);
    CHECK_EQ(alice->completed, 1);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(all_move_when_the_address_is_replaced),
        TEST(all_move_while_the_old_address_stands),
        TEST(all_wait_while_the_server_is_gone),
        TEST(all_are_hung_up_and_removed),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
