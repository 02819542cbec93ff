/* SPDX-License-Identifier: MIT */
/* Nets behind nets, NATs behind NATs (RFC 4787, RFC 6888), and tunnels. */
#include "rig.h"

#include "tern_test.h"

static void set_down(uint32_t net, bool down)
{
    struct tern_sim_path path = tern_sim_net_get(sim, net);
    path.down = down;
    tern_sim_net_set(sim, net, &path);
}

/* Nets 1 and 2 behind 3; the server is on 4. */
static void begin_behind_one_router(void)
{
    rig_begin(4, 3);
    CHECK_EQ(tern_sim_net_behind(sim, 1, 3), 0);
    CHECK_EQ(tern_sim_net_behind(sim, 2, 3), 0);
    rig_plug(1, 1, "10.1.0.1", 0);
    rig_plug(2, 2, "10.2.0.2", 0);
    rig_plug(3, 4, "198.51.100.9", 0);
}

static void a_packet_passes_each_net_on_its_way_once(void)
{
    static const struct {
        uint32_t from, to;
        const char *local, *remote;
        tern_time takes;
    } cases[] = {
        {1, 3, "10.1.0.1", "198.51.100.9", TERN_MS(30)}, /* 1, 3, 4 */
        {3, 2, "198.51.100.9", "10.2.0.2", TERN_MS(30)},
        {1, 2, "10.1.0.1", "10.2.0.2", TERN_MS(30)}, /* turns round in 3 */
    };
    begin_behind_one_router();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tern_time before = tern_sim_now(sim);
        CHECK(rig_reaches(cases[i].from, cases[i].local, cases[i].remote, cases[i].to));
        CHECK_EQ(rig_last(cases[i].to, FAKE_RECEIVED)->now - before, cases[i].takes);
    }
    rig_end();
}

static void a_router_that_is_down_takes_both_nets_behind_it_down(void)
{
    begin_behind_one_router();
    set_down(3, true);
    CHECK(!rig_reaches(1, "10.1.0.1", "198.51.100.9", 3));
    CHECK(!rig_reaches(2, "10.2.0.2", "198.51.100.9", 3));
    CHECK(!rig_reaches(1, "10.1.0.1", "10.2.0.2", 2));
    set_down(3, false);
    CHECK(rig_reaches(1, "10.1.0.1", "198.51.100.9", 3));
    rig_end();
}

static void the_queue_of_a_shared_up_link_is_shared(void)
{
    begin_behind_one_router();
    struct tern_sim_path path = {.rate_bps = 8000, .queue_bytes = 100};
    tern_sim_net_set(sim, 3, &path);
    CHECK(rig_reaches(1, "10.1.0.1", "198.51.100.9", 3));
    for (int i = 0; i < 8; i++) /* 33 bytes of 1000 a second, each */
        fake_want(hosts[1], (struct tern_output){.type = TERN_OUT_DATAGRAM,
                                                 .id = 1,
                                                 .local = rig_addr("10.1.0.1"),
                                                 .remote = rig_addr("198.51.100.9:5060"),
                                                 .data = TERN_STR("hello")});
    tern_sim_touch(sim, 1);
    (void)rig_reaches(2, "10.2.0.2", "198.51.100.9", 3); /* finds it full */
    CHECK(fake_count(hosts[3], FAKE_RECEIVED) < 8);
    for (size_t i = 0, n = fake_count(hosts[3], FAKE_RECEIVED); i < n; i++) {
        const struct fake_input *got = fake_nth(hosts[3], FAKE_RECEIVED, i);
        CHECK(tern_addr_same_host(got->remote, rig_addr("10.1.0.1")));
    }
    rig_end();
}

static void nets_do_not_stand_in_a_ring(void)
{
    rig_begin(6, 0);
    CHECK_EQ(tern_sim_net_behind(sim, 1, 1), TERN_ELIMIT);
    CHECK_EQ(tern_sim_net_behind(sim, 1, 2), 0);
    CHECK_EQ(tern_sim_net_behind(sim, 2, 3), 0);
    CHECK_EQ(tern_sim_net_behind(sim, 3, 1), TERN_ELIMIT);
    CHECK_EQ(tern_sim_net_behind(sim, 3, 4), 0);
    CHECK_EQ(tern_sim_net_behind(sim, 4, 5), TERN_ELIMIT);
    CHECK_EQ(tern_sim_net_behind(sim, 5, 1), TERN_ELIMIT);
    CHECK_EQ(tern_sim_net_behind(sim, 7, 1), TERN_EINVAL);
    CHECK_EQ(tern_sim_net_behind(sim, 1, 7), TERN_EINVAL);
    rig_end();
}

/* Two homes behind one carrier, RFC 6888. */
static void begin_behind_two_nats(struct tern_sim_nat carrier)
{
    begin_behind_one_router();
    rig_nat(1, (struct tern_sim_nat){0}, "100.64.0.1");
    rig_nat(2, (struct tern_sim_nat){0}, "100.64.0.2");
    rig_nat(3, carrier, "203.0.113.1");
}

static void nats_behind_a_nat_translate_twice_both_ways(void)
{
    begin_behind_two_nats((struct tern_sim_nat){0});
    CHECK(rig_reaches(1, "10.1.0.1", "198.51.100.9", 3));
    CHECK(tern_addr_same_host(rig_last(3, FAKE_RECEIVED)->remote, rig_addr("203.0.113.1")));
    tern_time before = tern_sim_now(sim);
    CHECK(rig_answers(3, 1));
    CHECK_EQ(rig_last(1, FAKE_RECEIVED)->now - before, TERN_MS(30));
    CHECK(!rig_reaches(3, "198.51.100.9", "10.1.0.1", 1));
    CHECK(!rig_reaches(3, "198.51.100.9", "100.64.0.1", 1));
    tern_sim_net_rebind(sim, 1); /* the inner one forgets: the outer does not help */
    const struct fake_input *got = rig_last(3, FAKE_RECEIVED);
    char text[TERN_ADDR_TEXT_MAX];
    CHECK(!rig_reaches(3, "198.51.100.9", tern_addr_print(got->remote, text), 1));
    rig_end();
}

/* Inside of the carrier's net they meet without it. */
static void two_homes_behind_one_carrier_reach_each_other(void)
{
    begin_behind_two_nats((struct tern_sim_nat){0});
    CHECK(rig_reaches(2, "10.2.0.2", "198.51.100.9", 3)); /* makes bindings */
    CHECK(rig_reaches(2, "10.2.0.2", "100.64.0.1:20000", 1) == false);
    CHECK(rig_reaches(1, "10.1.0.1", "100.64.0.2:20000", 2));
    CHECK(tern_addr_same_host(rig_last(2, FAKE_RECEIVED)->remote, rig_addr("100.64.0.1")));
    CHECK(rig_answers(2, 1));
    rig_end();
}

/* RFC 4787 REQ-9 */
static void a_nat_hairpins_unless_it_does_not(void)
{
    for (int no = 0; no < 2; no++) {
        begin_behind_two_nats((struct tern_sim_nat){.no_hairpin = no});
        CHECK(rig_reaches(2, "10.2.0.2", "198.51.100.9", 3));
        const struct fake_input *got = rig_last(3, FAKE_RECEIVED);
        char text[TERN_ADDR_TEXT_MAX];
        CHECK_EQ(rig_reaches(1, "10.1.0.1", tern_addr_print(got->remote, text), 2), !no);
        if (!no)
            CHECK(tern_addr_same_host(rig_last(2, FAKE_RECEIVED)->remote, rig_addr("203.0.113.1")));
        rig_end();
    }
}

static void a_nat_translates_the_families_that_it_has_an_address_for(void)
{
    for (int both = 0; both < 2; both++) {
        rig_begin(2, 2);
        rig_plug(1, 1, "10.1.0.1", 0);
        rig_plug(1, 1, "2001:db8:1::1", 0);
        rig_plug(2, 2, "198.51.100.9", 0);
        rig_plug(2, 2, "2001:db8:2::9", 0);
        struct tern_sim_nat nat = {0};
        if (both) nat.outside6 = rig_addr("2001:db8:ffff::1");
        rig_nat(1, nat, "203.0.113.1");
        CHECK(rig_reaches(1, "10.1.0.1", "198.51.100.9", 2));
        CHECK(tern_addr_same_host(rig_last(2, FAKE_RECEIVED)->remote, rig_addr("203.0.113.1")));
        CHECK(rig_reaches(1, "2001:db8:1::1", "2001:db8:2::9", 2));
        CHECK(tern_addr_same_host(rig_last(2, FAKE_RECEIVED)->remote,
                                  rig_addr(both ? "2001:db8:ffff::1" : "2001:db8:1::1")));
        CHECK(rig_answers(2, 1));
        CHECK_EQ(rig_reaches(2, "2001:db8:2::9", "2001:db8:1::1", 1), !both);
        rig_end();
    }
}

/* ---- tunnels ---- */

static void a_tunnel_dies_silently_with_what_it_rides_over(void)
{
    rig_begin(3, 2);
    rig_plug(1, 1, "10.1.0.1", 10);
    rig_plug(1, 3, "10.9.0.1", 20);
    rig_plug(2, 2, "198.51.100.9", 0);
    CHECK_EQ(tern_sim_ride(sim, 1, rig_addr("10.9.0.1"), rig_addr("10.1.0.1")), 0);
    CHECK_EQ(tern_sim_ride(sim, 1, rig_addr("10.9.0.7"), rig_addr("10.1.0.1")), TERN_EINVAL);
    tern_time before = tern_sim_now(sim);
    CHECK(rig_reaches(1, "10.9.0.1", "198.51.100.9", 2));
    CHECK_EQ(rig_last(2, FAKE_RECEIVED)->now - before, TERN_MS(30)); /* nets 3, 1 and 2 */
    CHECK(tern_addr_same_host(rig_last(2, FAKE_RECEIVED)->remote, rig_addr("10.9.0.1")));
    CHECK(rig_answers(2, 1));
    set_down(1, true);
    CHECK(!rig_reaches(1, "10.9.0.1", "198.51.100.9", 2));
    set_down(1, false);
    tern_sim_unplug(sim, 1, rig_addr("10.1.0.1"));
    rig_plug(1, 2, "198.51.100.1", 10);
    CHECK(!rig_reaches(1, "10.9.0.1", "198.51.100.9", 2));
    CHECK(!rig_answers(2, 1));
    CHECK_EQ(fake_count(hosts[1], FAKE_SEND_FAILED), 0);
    CHECK_EQ(tern_sim_ride(sim, 1, rig_addr("10.9.0.1"), rig_addr("198.51.100.1")), 0);
    CHECK(rig_reaches(1, "10.9.0.1", "198.51.100.9", 2)); /* it has roamed */
    rig_end();
}

/* RFC 4862 5.4 */
static void an_address_in_duplicate_detection_neither_sends_nor_receives(void)
{
    rig_begin(2, 2);
    rig_plug(2, 2, "198.51.100.9", 0);
    struct tern_net_address a = {.addr = rig_addr("10.1.0.1"), .flags = TERN_NET_TENTATIVE};
    CHECK_EQ(tern_sim_plug(sim, 1, 1, &a), 0);
    CHECK(!rig_reaches(1, "10.1.0.1", "198.51.100.9", 2));
    CHECK_EQ(fake_count(hosts[1], FAKE_SEND_FAILED), 1);
    CHECK(!rig_reaches(2, "198.51.100.9", "10.1.0.1", 1));
    a.flags = 0;
    CHECK_EQ(tern_sim_plug(sim, 1, 1, &a), 0);
    CHECK_EQ(tern_sim_network(sim, 1)->address_count, 1);
    CHECK(rig_reaches(1, "10.1.0.1", "198.51.100.9", 2));
    rig_end();
}

static void what_is_injected_comes_from_whoever_it_says(void)
{
    static const char forged[] = "forged";
    tern_addr at = rig_addr("10.1.0.1:5060"), as = rig_addr("203.0.113.66:40000");
    struct tern_datagram forgery = {
        .local = at, .remote = as, .data = forged, .len = sizeof(forged)};
    rig_begin(1, 1);
    rig_plug(1, 1, "10.1.0.1", 0);
    CHECK_EQ(tern_sim_inject(sim, 1, &forgery), 0);
    tern_time before = tern_sim_now(sim);
    rig_run(TERN_MS(1));
    const struct fake_input *got = rig_last(1, FAKE_RECEIVED);
    CHECK(got != NULL);
    CHECK_EQ(got->now, before);
    CHECK(tern_addr_equal(got->remote, as));
    CHECK_EQ(got->data.len, sizeof(forged));
    size_t count = fake_count(hosts[1], FAKE_RECEIVED);
    forgery.local.port = 9; /* nothing is open there */
    CHECK_EQ(tern_sim_inject(sim, 1, &forgery), 0);
    forgery.local = rig_addr("10.1.0.2:5060"); /* nobody's */
    CHECK_EQ(tern_sim_inject(sim, 1, &forgery), 0);
    rig_run(TERN_MS(1));
    CHECK_EQ(fake_count(hosts[1], FAKE_RECEIVED), count);
    CHECK_EQ(tern_sim_inject(sim, 9, &forgery), TERN_EINVAL);
    forgery.remote.port = 0;
    CHECK_EQ(tern_sim_inject(sim, 1, &forgery), TERN_EINVAL);
    rig_end();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_packet_passes_each_net_on_its_way_once),
        TEST(a_router_that_is_down_takes_both_nets_behind_it_down),
        TEST(the_queue_of_a_shared_up_link_is_shared),
        TEST(nets_do_not_stand_in_a_ring),
        TEST(nats_behind_a_nat_translate_twice_both_ways),
        TEST(two_homes_behind_one_carrier_reach_each_other),
        TEST(a_nat_hairpins_unless_it_does_not),
        TEST(a_nat_translates_the_families_that_it_has_an_address_for),
        TEST(a_tunnel_dies_silently_with_what_it_rides_over),
        TEST(an_address_in_duplicate_detection_neither_sends_nor_receives),
        TEST(what_is_injected_comes_from_whoever_it_says),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
