/* SPDX-License-Identifier: MIT */
/* Policies of links (tern/links.h) on whole endpoints: what is under way goes where they lead. */
#include "phones.h"

static struct tern_ev_network last_network;
static unsigned networks;

static void watch(struct host *host, const struct tern_event *event)
{
    if (host != alice || event->type != TERN_EV_NETWORK) return;
    last_network = event->u.network;
    networks++;
}

/* Ethernet at the first address and Wi-Fi at the second, which routing likes less. */
static void plug_both(void)
{
    host_network(alice, at(1), at(3));
    alice->network.addresses[0].kind = TERN_LINK_ETHERNET;
    alice->network.addresses[1].kind = TERN_LINK_WIFI;
    CHECK_EQ(tern_set_network(alice->ep, world.now, &alice->network), 0);
    world_run(&world, TERN_SECONDS(3));
    CHECK(addr_is(host_info(alice).local, at(1)));
}

static void set(const struct tern_link_policy *policy)
{
    CHECK_EQ(tern_set_link_policy(alice->ep, world.now, policy), 0);
    world_run(&world, TERN_SECONDS(6));
}

static struct tern_link_policy only(enum tern_link_kind kind)
{
    struct tern_link_policy policy;
    tern_link_policy_init(&policy);
    policy.order[policy.order_count++].kind = (uint8_t)kind;
    policy.only_listed = true;
    return policy;
}

static struct tern_link_policy first(enum tern_link_kind kind)
{
    struct tern_link_policy policy = only(kind);
    policy.only_listed = false;
    return policy;
}

static void a_call_moves_to_the_link_that_is_liked_better_and_back(void)
{
    FOR_EACH_TRANSPORT
    {
        talk();
        plug_both();
        struct tern_link_policy policy = first(TERN_LINK_WIFI);
        alice->longest_gap = bob->longest_gap = 0;
        set(&policy);
        CHECK(addr_is(host_info(alice).local, at(3)));
        CHECK(addr_is(host_info(alice).second, at(1))); /* kept warm while there is a call */
        moved(1);
        still_talking();
        CHECK(alice->longest_gap <= TERN_MS(21)); /* make before break */
        CHECK(bob->longest_gap <= TERN_MS(21));
        set(NULL);
        CHECK(addr_is(host_info(alice).local, at(1)));
        CHECK_EQ(bindings("alice", at(1)), 1);
        still_talking();
        each_generation_has_one_completed(alice);
        world_end(&world);
    }
}

static void a_link_that_is_switched_off_in_mid_call_is_left_at_once(void)
{
    FOR_EACH_TRANSPORT
    {
        talk();
        plug_both();
        struct tern_link_policy policy = only(TERN_LINK_WIFI);
        set(&policy);
        CHECK(addr_is(host_info(alice).local, at(3)));
        registered_only_at(at(3));
        still_talking();
        CHECK_EQ(tern_get_network(alice->ep)->address_count, 1);
        CHECK_EQ(tern_get_system_network(alice->ep)->address_count, 2);
        each_generation_has_one_completed(alice);
        world_end(&world);
    }
}

static void where_no_link_may_be_used_there_is_no_network_and_the_phone_is_told(void)
{
    FOR_EACH_TRANSPORT
    {
        talk();
        alice->watch = watch;
        networks = 0;
        struct tern_link_policy policy = only(TERN_LINK_CELLULAR);
        set(&policy);
        CHECK_EQ(networks, 1);
        CHECK(!last_network.usable);
        CHECK_EQ(last_network.addresses, 0);
        CHECK_EQ(last_network.excluded, 1);
        /* The link that the policy waits for comes, and then another policy. */
        host_network(alice, at(1), at(3));
        CHECK_EQ(networks, 2);
        CHECK_EQ(last_network.excluded, 2);
        alice->network.addresses[1].kind = TERN_LINK_CELLULAR;
        CHECK_EQ(tern_set_network(alice->ep, world.now, &alice->network), 0);
        world_run(&world, TERN_SECONDS(6));
        CHECK(last_network.usable);
        CHECK_EQ(last_network.excluded, 1);
        CHECK(addr_is(host_info(alice).local, at(3)));
        still_talking();
        set(NULL);
        CHECK(last_network.usable);
        CHECK_EQ(last_network.excluded, 0);
        CHECK(addr_is(host_info(alice).local, at(1)));
        still_talking();
        each_generation_has_one_completed(alice);
        world_end(&world);
    }
}

static struct tern_link_policy at_the_start;

static void with_policy(struct tern_endpoint_opts *opts)
{
    opts->links = &at_the_start;
}

static void an_endpoint_begins_with_a_policy(void)
{
    at_the_start = only(TERN_LINK_WIFI);
    tune_alice_endpoint = with_policy;
    meet_server();
    host_network(server, at(9), NULL);
    alice = world_host(&world, "alice", NULL, tune_alice_endpoint);
    tune_alice_endpoint = NULL;
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    host_account(alice, "sip:alice@example.com", registrar_uri(), tune_account);
    host_network(alice, at(1), NULL);
    world_run(&world, TERN_SECONDS(1));
    CHECK(alice->registration != TERN_REGISTRATION_REGISTERED);
    CHECK_EQ(host_count(alice, "> ", 0), 0);
    CHECK(tern_get_link_policy(alice->ep)->only_listed);
    alice->network.addresses[0].kind = TERN_LINK_WIFI;
    CHECK_EQ(tern_set_network(alice->ep, world.now, &alice->network), 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    world_end(&world);
}

static void a_policy_without_a_difference_moves_nothing(void)
{
    talk();
    alice->watch = watch;
    networks = 0;
    size_t line = alice->log_count;
    struct tern_link_policy policy = first(TERN_LINK_WIFI);
    CHECK_EQ(tern_set_link_policy(alice->ep, world.now, &policy), 0);
    CHECK_EQ(tern_set_link_policy(alice->ep, world.now, &policy), 0);
    world_run(&world, TERN_SECONDS(3));
    CHECK(networks <= 1);
    CHECK_EQ(host_count(alice, "> ", line), 0);
    policy.metered = 9;
    CHECK_EQ(tern_set_link_policy(alice->ep, world.now, &policy), TERN_EINVAL);
    still_talking();
    world_end(&world);
}

int main(int argc, char **argv)
{
    const struct test tests[] = {
        TEST(a_call_moves_to_the_link_that_is_liked_better_and_back),
        TEST(a_link_that_is_switched_off_in_mid_call_is_left_at_once),
        TEST(where_no_link_may_be_used_there_is_no_network_and_the_phone_is_told),
        TEST(an_endpoint_begins_with_a_policy),
        TEST(a_policy_without_a_difference_moves_nothing),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
