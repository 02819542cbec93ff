/* SPDX-License-Identifier: MIT */
/* Name servers that see the world from inside, and those that nobody reaches. */
#include "rig.h"

#include "tern_test.h"

static void add(uint32_t net, const char *address)
{
    struct tern_dns_record record = {.type = TERN_DNS_A, .ttl_s = 60, .addr = rig_addr(address)};
    CHECK_EQ(tern_sim_dns_add_in(sim, net, TERN_STR("example.com"), &record), 0);
}

/* The address that host 1 is told; NULL: nothing, in a second. */
static const tern_addr *ask(void)
{
    size_t before = fake_count(hosts[1], FAKE_RESOLVED);
    fake_want(hosts[1], (struct tern_output){.type = TERN_OUT_RESOLVE,
                                             .id = 3,
                                             .dns_type = TERN_DNS_A,
                                             .data = TERN_STR("Example.COM")});
    rig_run(TERN_SECONDS(1));
    const struct fake_input *got = fake_nth(hosts[1], FAKE_RESOLVED, before);
    return got && got->count == 1 ? &got->records[0].addr : NULL;
}

static void check_told(const char *address)
{
    const tern_addr *got = ask();
    CHECK(got);
    CHECK(tern_addr_same_host(*got, rig_addr(address)));
}

static void begin(void)
{
    rig_begin(3, 1);
    add(0, "198.51.100.9");
    add(3, "10.9.0.9");
    rig_plug(1, 1, "10.1.0.1", 10);
}

static void the_most_preferred_address_decides_who_is_asked(void)
{
    begin();
    check_told("198.51.100.9");
    rig_plug(1, 3, "10.9.0.1", 20);
    check_told("10.9.0.9");
    rig_plug(1, 1, "10.1.0.1", 30);
    check_told("198.51.100.9");
    rig_end();
}

static void nobody_answers_through_a_net_that_is_down_or_a_dead_tunnel(void)
{
    begin();
    struct tern_sim_path path = {.down = true};
    tern_sim_net_set(sim, 1, &path);
    CHECK(ask() == NULL);
    CHECK_EQ(fake_count(hosts[1], FAKE_RESOLVED), 0);
    rig_plug(1, 3, "10.9.0.1", 20);
    check_told("10.9.0.9");
    CHECK_EQ(tern_sim_ride(sim, 1, rig_addr("10.9.0.1"), rig_addr("10.1.0.1")), 0);
    CHECK(ask() == NULL);
    rig_end();
}

static void without_an_address_a_look_up_fails_at_once(void)
{
    begin();
    tern_sim_unplug(sim, 1, (tern_addr){0});
    CHECK(ask() == NULL);
    CHECK(rig_last(1, FAKE_RESOLVED)->failed);
    rig_end();
}

static void an_answer_to_a_host_that_sleeps_is_lost(void)
{
    begin();
    tern_sim_dns_set(sim, TERN_MS(500), false);
    fake_want(hosts[1], (struct tern_output){.type = TERN_OUT_RESOLVE,
                                             .id = 3,
                                             .dns_type = TERN_DNS_A,
                                             .data = TERN_STR("example.com")});
    tern_sim_touch(sim, 1);
    tern_sim_suspend(sim, 1, tern_sim_now(sim) + TERN_SECONDS(2));
    rig_run(TERN_SECONDS(5));
    CHECK_EQ(fake_count(hosts[1], FAKE_RESOLVED), 0);
    check_told("198.51.100.9");
    rig_end();
}

static void a_net_that_is_not_there_has_no_names(void)
{
    struct tern_dns_record record = {.type = TERN_DNS_A, .addr = {.family = TERN_FAMILY_IPV4}};
    rig_begin(1, 0);
    CHECK_EQ(tern_sim_dns_add_in(sim, 2, TERN_STR("example.com"), &record), TERN_EINVAL);
    rig_end();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_most_preferred_address_decides_who_is_asked),
        TEST(nobody_answers_through_a_net_that_is_down_or_a_dead_tunnel),
        TEST(without_an_address_a_look_up_fails_at_once),
        TEST(an_answer_to_a_host_that_sleeps_is_lost),
        TEST(a_net_that_is_not_there_has_no_names),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
