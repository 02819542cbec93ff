/* SPDX-License-Identifier: MIT */
/* Two endpoints call each other directly. */
#include "world.h"

static struct world world;
static struct host *alice, *bob;

static void meet(void)
{
    world_start(&world, TERN_MS(25));
    alice = world_host(&world, "alice", "10.0.0.1", NULL);
    bob = world_host(&world, "bob", "10.0.0.2", NULL);
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    CHECK_EQ(tern_endpoint_start(bob->ep, world.now), 0);
    host_account(alice, "sip:alice@10.0.0.1", NULL, NULL);
    host_account(bob, "sip:bob@10.0.0.2", NULL, NULL);
}

static void talk(void)
{
    meet();
    host_call(alice, "sip:bob@10.0.0.2");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(bob->answered, 1);
}

static void a_call_is_answered_and_both_hear_each_other(void)
{
    talk();
    CHECK_EQ(alice->progress_status, 180);
    CHECK(alice->heard > 30);
    CHECK(bob->heard > 30);
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(bob->ended, 1);
    CHECK_EQ(bob->last_ended.cause, TERN_END_REMOTE);
    world_run(&world, TERN_SECONDS(60));
    struct tern_stats stats;
    tern_get_stats(alice->ep, &stats);
    CHECK_EQ(stats.calls, 0);
    CHECK_EQ(stats.transactions, 0);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_call_is_answered_and_both_hear_each_other),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
