/* SPDX-License-Identifier: MIT */
/* A second flow that stands before it is needed: RFC 5626 4.2, MOBILITY techniques 4 and 5. */
#include "phones.h"

/* The preferred path goes: what is sent next leaves by a connection that is up. */
static void it_takes_the_place_of_the_first_in_one_round_trip(void)
{
    FOR_EACH_TRANSPORT
    {
        talk();
        host_network(alice, at(1), at(3));
        world_run(&world, TERN_SECONDS(3));
        CHECK(host_info(alice).outbound);
        CHECK(addr_is(host_info(alice).local, at(1)));
        CHECK(addr_is(host_info(alice).second, at(3)));
        size_t line = alice->log_count;
        host_network(alice, at(3), NULL);
        CHECK(host_count(alice, "> REGISTER", line) == 1); /* no handshake is waited for */
        CHECK(host_count(alice, "> UPDATE", line) == 1);
        world_run(&world, TERN_SECONDS(6));
        CHECK(addr_is(host_info(alice).local, at(3)));
        CHECK_EQ(host_info(alice).second.family, TERN_FAMILY_NONE);
        registered_only_at(at(3));
        still_talking();
        world_end(&world);
    }
}

static void it_goes_with_the_last_call(void)
{
    talk();
    host_network(alice, at(1), at(3));
    world_run(&world, TERN_SECONDS(3));
    CHECK(addr_is(host_info(alice).second, at(3)));
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_SECONDS(40));
    CHECK_EQ(host_info(alice).second.family, TERN_FAMILY_NONE);
    registered_only_at(at(1));
    world_end(&world);
}

static void off(struct tern_account_opts *opts)
{
    opts->second_flow = TERN_SECOND_FLOW_OFF;
}

static void it_is_made_only_where_the_account_wants_it(void)
{
    tune_alice = off;
    talk();
    host_network(alice, at(1), at(3));
    world_run(&world, TERN_SECONDS(3));
    CHECK_EQ(host_info(alice).second.family, TERN_FAMILY_NONE);
    tune_alice = NULL;
    world_end(&world);
}

int main(int argc, char **argv)
{
    const struct test tests[] = {
        TEST(it_takes_the_place_of_the_first_in_one_round_trip),
        TEST(it_goes_with_the_last_call),
        TEST(it_is_made_only_where_the_account_wants_it),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
