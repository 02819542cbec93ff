/* SPDX-License-Identifier: MIT */
/* Which packets are tied to an interface: those that the kernel would send by another one. */
#include <string.h>

#include <tern/links.h>

#include "../../../drivers/uv/driver.h"
#include "drive.h"
#include "tern_test.h"

enum { LO = 1, ETH, WIFI };

static struct tern_network system_network;

static void plug(uint32_t interface, const char *text, enum tern_link_kind kind)
{
    struct tern_net_address *a = &system_network.addresses[system_network.address_count++];

    a->addr = drive_addr(text);
    a->prefix_len = a->addr.family == TERN_FAMILY_IPV4 ? 24 : 64;
    a->interface = interface;
    a->kind = (uint8_t)kind;
}

static void route(uint32_t interface, const char *to, uint8_t bits, uint32_t metric)
{
    struct tern_net_route *r = &system_network.routes[system_network.route_count++];

    r->destination = drive_addr(to);
    r->prefix_len = bits;
    r->interface = interface;
    r->metric = metric;
}

/* Two default routes of each family; the kernel likes Ethernet better. */
static void start(void)
{
    memset(&system_network, 0, sizeof(system_network));
    plug(LO, "127.0.0.1", TERN_LINK_LOOPBACK);
    plug(ETH, "10.2.0.5", TERN_LINK_ETHERNET);
    plug(ETH, "2001:db8:2::5", TERN_LINK_ETHERNET);
    plug(WIFI, "10.3.0.5", TERN_LINK_WIFI);
    plug(WIFI, "2001:db8:3::5", TERN_LINK_WIFI);
    route(ETH, "0.0.0.0", 0, 100);
    route(WIFI, "0.0.0.0", 0, 600);
    route(ETH, "::", 0, 100);
    route(WIFI, "::", 0, 600);
    route(WIFI, "10.3.0.0", 24, 0);
}

static void what_the_kernel_would_send_elsewhere_is_tied(void)
{
    static const struct {
        const char *local, *remote;
        uint32_t pin;
    } cases[] = {
        {"10.2.0.5", "198.51.100.1", 0},       {"10.3.0.5", "198.51.100.1", WIFI},
        {"2001:db8:2::5", "2001:db8:9::1", 0}, {"2001:db8:3::5", "2001:db8:9::1", WIFI},
        {"10.3.0.5", "10.3.0.77", 0},          {"10.2.0.5", "10.3.0.77", ETH},
        {"10.3.0.5", "10.2.0.5", 0},     /* this host: by loopback */
        {"127.0.0.1", "127.0.0.1", 0},   /* the same */
        {"10.9.0.5", "198.51.100.1", 0}, /* not ours: the kernel refuses it by itself */
    };

    start();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t pin =
            tn_uv_pin(&system_network, drive_addr(cases[i].local), drive_addr(cases[i].remote));
        printf("  %s to %s\n", cases[i].local, cases[i].remote);
        CHECK_EQ(pin, cases[i].pin);
    }
}

/* The kernel knows nothing of the policy: what it chooses of is the network as it was given. */
static void what_a_policy_chooses_is_tied_to_its_link(void)
{
    struct tern_link_policy policy;
    struct tern_network chosen;
    tern_addr local, remote = drive_addr("198.51.100.1");

    start();
    tern_link_policy_init(&policy);
    policy.order[policy.order_count++].kind = TERN_LINK_WIFI;
    for (int never = 0; never < 2; never++) {
        policy.only_listed = never;
        tern_link_policy_apply(&policy, &system_network, &chosen);
        CHECK_EQ(tern_network_source(&chosen, remote, &local), 0);
        CHECK(tern_addr_same_host(local, drive_addr("10.3.0.5")));
        CHECK_EQ(tn_uv_pin(&system_network, local, remote), WIFI);
        CHECK_EQ(tn_uv_pin(&chosen, local, remote), 0);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(what_the_kernel_would_send_elsewhere_is_tied),
        TEST(what_a_policy_chooses_is_tied_to_its_link),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
