/* SPDX-License-Identifier: MIT */
/* Calls without ports, names, a network or a listener, and calls over TCP. */
#include "world.h"

static struct world world;
static struct host *alice, *bob;
static enum tern_transport transport;

static void two_ports(struct tern_endpoint_opts *opts)
{
    opts->rtp_port_min = 10000;
    opts->rtp_port_max = 10001;
}

static void with_transport(struct tern_account_opts *opts)
{
    opts->transport = transport;
}

static void meet(const char *address, void (*tune)(struct tern_endpoint_opts *opts))
{
    if (transport == 0) transport = TERN_TRANSPORT_UDP;
    world_start(&world, TERN_MS(25));
    alice = world_host(&world, "alice", address, tune);
    bob = world_host(&world, "bob", "10.0.0.2", tune);
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    CHECK_EQ(tern_endpoint_start(bob->ep, world.now), 0);
    host_account(alice, "sip:alice@10.0.0.1", NULL, with_transport);
    host_account(bob, "sip:bob@10.0.0.2", NULL, with_transport);
    world_run(&world, TERN_MS(100));
}

static void part(void)
{
    host_rests(alice);
    host_rests(bob);
    world_end(&world);
}

static void without_free_ports_a_call_ends_with_an_error(void)
{
    meet("10.0.0.1", two_ports);
    tern_call first = host_call(alice, "sip:bob@10.0.0.2");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->answered, 1);
    host_call(alice, "sip:bob@10.0.0.2");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(alice->last_ended.cause, TERN_END_ERROR);
    host_call(bob, "sip:alice@10.0.0.1"); /* bob has none either */
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(bob->last_ended.cause, TERN_END_ERROR);
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, first, 0), 0);
    world_run(&world, TERN_SECONDS(1));
    host_call(alice, "sip:bob@10.0.0.2"); /* the ports are free again */
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->answered, 2);
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    part();
}

static void an_incoming_call_without_ports_is_500(void)
{
    meet("10.0.0.1", NULL);
    struct host *carol = world_host(&world, "carol", "10.0.0.3", two_ports);
    CHECK_EQ(tern_endpoint_start(carol->ep, world.now), 0);
    host_account(carol, "sip:carol@10.0.0.3", NULL, NULL);
    host_call(alice, "sip:carol@10.0.0.3");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->answered, 1);
    host_call(bob, "sip:carol@10.0.0.3");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(bob->last_ended.cause, TERN_END_REFUSED);
    CHECK_EQ(bob->last_ended.status, 500);
    CHECK_EQ(carol->ended, 1);
    CHECK_EQ(carol->last_ended.cause, TERN_END_ERROR);
    world_end(&world);
}

static void a_name_without_an_address_is_unreachable(void)
{
    meet("10.0.0.1", NULL);
    host_call(alice, "sip:bob@nowhere.invalid");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->last_ended.cause, TERN_END_UNREACHABLE);
    part();
}

static void without_a_network_a_call_is_unreachable(void)
{
    meet(NULL, NULL);
    host_call(alice, "sip:bob@10.0.0.2");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->last_ended.cause, TERN_END_UNREACHABLE);
    host_network(alice, "10.0.0.1", NULL);
    world_run(&world, TERN_SECONDS(1));
    host_call(alice, "sip:bob@10.0.0.2");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    part();
}

static void a_destination_of_another_family_is_unreachable(void)
{
    meet("10.0.0.1", NULL);
    host_call(alice, "sip:bob@[2001:db8::1]");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->last_ended.cause, TERN_END_UNREACHABLE);
    part();
}

static void a_call_over_tcp(void)
{
    transport = TERN_TRANSPORT_TCP;
    meet("10.0.0.1", NULL);
    transport = TERN_TRANSPORT_UDP;
    host_call(alice, "sip:bob@10.0.0.2");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(tern_call_hold(bob->ep, world.now, bob->call), 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK(alice->last_media.held_there);
    CHECK_EQ(tern_call_hangup(bob->ep, world.now, bob->call, 0), 0);
    world_run(&world, TERN_SECONDS(64));
    CHECK_EQ(alice->ended, 1);
    struct tern_stats stats;
    tern_get_stats(alice->ep, &stats);
    CHECK_EQ(stats.calls, 0);
    CHECK_EQ(stats.transactions, 0);
    world_end(&world);
}

/* Nobody listens at the other end's port: told at once. */
static void a_refused_connection_is_unreachable(void)
{
    transport = TERN_TRANSPORT_TCP;
    meet("10.0.0.1", NULL);
    transport = TERN_TRANSPORT_UDP;
    host_call(alice, "sip:bob@10.0.0.2:5999");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(alice->last_ended.cause, TERN_END_UNREACHABLE);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(without_free_ports_a_call_ends_with_an_error),
        TEST(an_incoming_call_without_ports_is_500),
        TEST(a_name_without_an_address_is_unreachable),
        TEST(without_a_network_a_call_is_unreachable),
        TEST(a_destination_of_another_family_is_unreachable),
        TEST(a_call_over_tcp),
        TEST(a_refused_connection_is_unreachable),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
