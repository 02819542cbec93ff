/* SPDX-License-Identifier: MIT */
/* What stood still without a network goes on when there is one, whichever it is (MOBILITY S17). */
#include "phones.h"

/* An INVITE to nobody is repeated, and given up after 32 s: transactions have their timers. */
static void transactions_run(void)
{
    alice->ended = 0;
    size_t line = alice->log_count;
    host_call(alice, "sip:nobody@10.9.9.9");
    world_run(&world, TERN_SECONDS(40));
    CHECK_EQ(host_count(alice, ">* INVITE", line), 6);
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(alice->last_ended.cause, TERN_END_NO_ANSWER);
}

static void transactions_resume_when_the_same_address_comes_back_late(void)
{
    FOR_EACH_TRANSPORT
    {
        talk();
        CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
        world_run(&world, TERN_SECONDS(1));
        host_network(alice, NULL, NULL);
        world_run(&world, TERN_SECONDS(400)); /* beyond offline_window_ms */
        host_network(alice, at(1), NULL);
        world_run(&world, TERN_SECONDS(60));
        CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
        each_generation_has_one_completed(alice);
        if (over == TERN_TRANSPORT_UDP) transactions_run();
        world_end(&world);
    }
}

/* Nothing is left that could move: the network alone must wake what is paused. */
static void transactions_resume_after_the_only_call_has_ended(void)
{
    for (int n = 1; n <= 3; n += 2) {
        talk_directly();
        host_network(alice, NULL, NULL);
        world_run(&world, TERN_SECONDS(1));
        CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
        world_run(&world, TERN_SECONDS(1));
        host_network(alice, at(n), NULL);
        world_run(&world, TERN_SECONDS(5));
        CHECK_EQ(bob->ended, 1);
        transactions_run();
        world_end(&world);
    }
}

static bool first_bye(struct host *host, const char *text, size_t len)
{
    if (len < 4 || memcmp(text, "BYE ", 4) != 0) return false;
    host->drop = NULL;
    return true;
}

/* No proxy and no account that moves: the BYE itself asks for the new path (MOBILITY S7). */
static void a_bye_in_flight_between_two_addresses_arrives(void)
{
    for (int ms = -20; ms <= 60; ms += 20) {
        talk_directly();
        bob->drop = first_bye;
        CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
        if (ms >= 0) host_network(alice, NULL, NULL);
        world_run(&world, TERN_MS(ms >= 0 ? ms : 0));
        host_network(alice, at(3), NULL);
        world_run(&world, TERN_SECONDS(40));
        CHECK_EQ(bob->ended, 1);
        CHECK_EQ(alice->ended, 1);
        host_rests(alice);
        world_end(&world);
    }
}

/* A network that swallows everything: the next one is tried at once, whatever the back-off says. */
static void another_network_is_tried_at_once(void)
{
    meet_server();
    alice = world_host(&world, "alice", at(1), NULL);
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    host_account(alice, "sip:alice@example.com", registrar_uri(), NULL);
    world_run(&world, TERN_SECONDS(600));
    CHECK(alice->registration != TERN_REGISTRATION_REGISTERED);
    host_network(server, at(9), NULL);
    host_network(alice, at(3), NULL);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    world_end(&world);
}

/* A host always has this one; it does not count as a network. */
static void a_loopback_address_alone_is_no_network(void)
{
    over = TERN_TRANSPORT_UDP;
    meet_server();
    host_network(server, at(9), NULL);
    alice = world_host(&world, "alice", NULL, NULL);
    host_network(alice, "127.0.0.1", NULL);
    alice->network.addresses[0].kind = TERN_LINK_LOOPBACK;
    CHECK_EQ(tern_set_network(alice->ep, world.now, &alice->network), 0);
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    host_account(alice, "sip:alice@example.com", registrar_uri(), NULL);
    world_run(&world, TERN_SECONDS(200));
    CHECK_EQ(alice->registration, TERN_REGISTRATION_WAITING);
    host_network(alice, at(1), "127.0.0.1");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(transactions_resume_when_the_same_address_comes_back_late),
        TEST(transactions_resume_after_the_only_call_has_ended),
        TEST(a_bye_in_flight_between_two_addresses_arrives),
        TEST(another_network_is_tried_at_once),
        TEST(a_loopback_address_alone_is_no_network),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
