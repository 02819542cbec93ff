/* SPDX-License-Identifier: MIT */
/*
 * The account's server as next hop of requests in a dialog (MOBILITY C6 c, S7): the server stays out of
 * the path of calls, and the phones are walled off from each other when one has moved.
 */
#include "phones.h"

#define REFRESH TERN_IP_CHANGE_OP_REINVITE_CALL
#define REPLACE TERN_IP_CHANGE_OP_REPLACE_CALL

/* Requests that another phone has sent directly. */
static bool is_direct(struct host *host, const char *text, size_t len)
{
    static const char via[] = "\r\nVia: SIP/2.0/UDP 10.0.9.1";
    (void)host;
    if (memcmp(text, "SIP/2.0", 7) == 0) return false;
    for (size_t i = 0; i + sizeof(via) <= len; i++) {
        if (memcmp(text + i, "\r\nVia: ", 7) == 0) return memcmp(text + i, via, sizeof(via) - 1);
    }
    return false;
}

static void wall_off(void)
{
    alice->drop = bob->drop = is_direct;
}

static void talk_directly_routed(void)
{
    no_gruu = no_record_route = true;
    talk();
    no_gruu = no_record_route = false;
}

static const struct tern_ip_change_progress *
step(const struct host *host, enum tern_ip_change_op op, enum tern_ip_change_status status)
{
    int at = host_step(host, op, status, 0);
    return at < 0 ? NULL : &host->steps[at];
}

static void move(struct host *host, tern_time wait)
{
    wall_off();
    host_network(host, at(3), NULL);
    world_run(&world, wait);
}

static void what_the_far_end_does_not_get_goes_by_the_server(void)
{
    for (int callee = 0; callee < 2; callee++) {
        talk_directly_routed();
        struct host *mover = callee ? bob : alice;
        move(mover, TERN_SECONDS(2));
        CHECK(step(mover, REPLACE, TERN_IP_CHANGE_START) == NULL);
        const struct tern_ip_change_progress *told = step(mover, REFRESH, TERN_IP_CHANGE_SUCCESS);
        CHECK(told != NULL);
        CHECK(told->by_server);
        CHECK_EQ(told->attempt, 2);
        CHECK(!step(mover, REFRESH, TERN_IP_CHANGE_START)->by_server);
        CHECK(mover->longest_gap < TERN_MS(900));
        still_talking();
        each_generation_has_one_completed(mover);
        world_end(&world);
    }
}

/* 0.55 s of waiting, and two round trips: nothing of that for what follows. */
static void what_follows_goes_by_the_same_way_at_once(void)
{
    struct tern_call_info info;
    talk_directly_routed();
    move(alice, TERN_SECONDS(2));
    CHECK_EQ(tern_call_hold(alice->ep, world.now, alice->call), 0);
    world_run(&world, TERN_MS(200));
    CHECK_EQ(tern_call_get_info(bob->ep, bob->call, &info), 0);
    CHECK(info.held_there);
    CHECK_EQ(tern_call_hold(bob->ep, world.now, bob->call), 0); /* whom it came to by the server */
    world_run(&world, TERN_MS(200));
    CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
    CHECK(info.held_there);
    CHECK_EQ(tern_call_hangup(bob->ep, world.now, bob->call, 0), 0);
    world_run(&world, TERN_MS(200));
    CHECK_EQ(alice->ended, 1);
    host_rests(alice);
    host_rests(bob);
    world_end(&world);
}

/* A re-INVITE of the far end comes by the server, and so does the ACK for it. */
static void the_next_move_begins_there(void)
{
    talk_directly_routed();
    move(alice, TERN_SECONDS(2));
    host_network(alice, at(4), NULL);
    world_run(&world, TERN_MS(300));
    CHECK_EQ(alice->completed, 2);
    CHECK_EQ(alice->last_completed.totals.calls_kept, 1);
    still_talking();
    world_end(&world);
}

static void a_server_that_refuses_leaves_it_to_replaces(void)
{
    static const int codes[] = {403, 404, 480, 481, 483};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        talk_directly_routed();
        server_fault("UPDATE", codes[i]);
        tern_time began = world.now;
        move(alice, TERN_SECONDS(2));
        const struct tern_ip_change_progress *told = step(alice, REPLACE, TERN_IP_CHANGE_SUCCESS);
        CHECK(told != NULL);
        CHECK(told->since_change < TERN_MS(1500));
        CHECK(world.now > began);
        still_talking();
        world_end(&world);
    }
}

static void a_server_that_knows_no_update_gets_an_invite(void)
{
    talk_directly_routed();
    server_fault("UPDATE", 405);
    move(alice, TERN_SECONDS(2));
    CHECK(step(alice, REPLACE, TERN_IP_CHANGE_START) == NULL);
    CHECK(step(alice, REFRESH, TERN_IP_CHANGE_SUCCESS)->by_server);
    still_talking();
    world_end(&world);
}

static void a_bye_that_is_swallowed_goes_by_the_server(void)
{
    for (int callee = 0; callee < 2; callee++) {
        talk_directly_routed();
        struct host *who = callee ? bob : alice, *other = callee ? alice : bob;
        wall_off();
        CHECK_EQ(tern_call_hangup(who->ep, world.now, who->call, 0), 0);
        CHECK_EQ(who->ended + other->ended, 0);
        world_run(&world, TERN_MS(2500));
        CHECK_EQ(who->ended, 1);
        CHECK_EQ(other->ended, 1);
        CHECK_EQ(other->last_ended.cause, TERN_END_REMOTE);
        CHECK_EQ(host_count(who, "> BYE", 0), 2);
        host_rests(who);
        host_rests(other);
        world_end(&world);
    }
}

/* It does not want it: then by the dialog again, until nobody has answered for 32 s. */
static void a_bye_that_nobody_wants_ends_in_time(void)
{
    talk_directly_routed();
    wall_off();
    server_fault("BYE", 404);
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_SECONDS(40));
    struct tern_stats stats;
    tern_get_stats(alice->ep, &stats);
    CHECK_EQ(stats.calls, 0);
    world_end(&world);
}

/* Of two phones that have never had a way to each other. */
static void an_ack_that_does_not_arrive_goes_the_other_way(void)
{
    no_gruu = no_record_route = true;
    meet();
    wall_off();
    host_call(alice, "bob");
    world_run(&world, TERN_SECONDS(2));
    no_gruu = no_record_route = false;
    CHECK(host_count(alice, "> ACK", 0) > 2); /* one of them for the 407 */
    world_run(&world, TERN_SECONDS(40));
    still_talking();
    CHECK_EQ(tern_call_hold(bob->ep, world.now, bob->call), 0); /* no change of the network */
    world_run(&world, TERN_SECONDS(3));
    struct tern_call_info info;
    CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
    CHECK(info.held_there);
    world_end(&world);
}

static void a_dialog_that_leads_by_the_server_has_no_other_way(void)
{
    talk();
    server_fault("UPDATE", 0);
    host_network(alice, at(3), NULL);
    world_run(&world, TERN_MS(900));
    CHECK_EQ(host_count(alice, "> UPDATE", 0), 1);
    server_fault("BYE", 0);
    size_t from = alice->log_count;
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_SECONDS(4));
    CHECK_EQ(host_count(alice, "> BYE", from), 1);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(what_the_far_end_does_not_get_goes_by_the_server),
        TEST(what_follows_goes_by_the_same_way_at_once),
        TEST(the_next_move_begins_there),
        TEST(a_server_that_refuses_leaves_it_to_replaces),
        TEST(a_server_that_knows_no_update_gets_an_invite),
        TEST(a_bye_that_is_swallowed_goes_by_the_server),
        TEST(a_bye_that_nobody_wants_ends_in_time),
        TEST(an_ack_that_does_not_arrive_goes_the_other_way),
        TEST(a_dialog_that_leads_by_the_server_has_no_other_way),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
