/* SPDX-License-Identifier: MIT */
/* From facts to a snapshot. */
#include "../../../drivers/uv/snapshot.h"
#include "drive.h"
#include "tern_test.h"

static struct tn_uv_facts facts;
static struct tern_network network;

static void add_link(uint32_t index, const char *name, bool usable)
{
    struct tn_uv_fact_link link = {.index = index, .usable = usable};

    link.loopback = strcmp(name, "lo") == 0;
    strncpy(link.name, name, sizeof(link.name) - 1);
    tn_uv_facts_add_link(&facts, &link);
}

static void add_address(uint32_t interface, const char *text)
{
    struct tn_uv_fact_address address = {.interface = interface, .prefix_len = 24};

    address.addr = drive_addr(text);
    tn_uv_facts_add_address(&facts, &address);
}

static void add_route(uint32_t interface, const char *to, uint8_t bits, uint32_t metric)
{
    struct tern_net_route route = {.interface = interface, .prefix_len = bits, .metric = metric};

    route.destination = drive_addr(to);
    tn_uv_facts_add_route(&facts, &route);
}

static void build(void)
{
    tn_uv_snapshot_build(&facts, &network);
}

static bool has(const char *text)
{
    return tern_network_find(&network, drive_addr(text)) != NULL;
}

static void the_name_says_what_a_link_is(void)
{
    static const struct {
        const char *name;
        bool tunnel;
        enum tern_link_kind kind;
    } cases[] = {
        {"wlan0", true, TERN_LINK_WIFI},         {"wlp3s0", false, TERN_LINK_WIFI},
        {"lte0", true, TERN_LINK_CELLULAR},      {"wwan0", false, TERN_LINK_CELLULAR},
        {"wwp0s20u4", true, TERN_LINK_CELLULAR}, {"rmnet_data0", true, TERN_LINK_CELLULAR},
        {"eth0", false, TERN_LINK_ETHERNET},     {"enp0s31f6", false, TERN_LINK_ETHERNET},
        {"tun0", true, TERN_LINK_VPN},           {"wg0", true, TERN_LINK_VPN},
        {"ppp0", true, TERN_LINK_VPN},           {"company", true, TERN_LINK_VPN},
        {"docker0", false, TERN_LINK_OTHER},     {"br0", false, TERN_LINK_OTHER},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_uv_fact_link link = {.tunnel = cases[i].tunnel};
        strncpy(link.name, cases[i].name, sizeof(link.name) - 1);
        CHECK_EQ(tn_uv_link_kind(&link), cases[i].kind);
    }
}

static void the_order_of_the_facts_does_not_show(void)
{
    static struct tern_network first;

    for (int turn = 0; turn < 2; turn++) {
        tn_uv_facts_clear(&facts);
        for (int i = 0; i < 4; i++) {
            int which = turn ? 3 - i : i;
            static const char *const links[] = {"lo", "eth0", "wlan0", "lte0"};
            static const char *const addresses[] = {"127.0.0.1", "192.0.2.1", "198.51.100.1",
                                                    "203.0.113.1"};
            add_link((uint32_t)which + 1, links[which], true);
            add_address((uint32_t)which + 1, addresses[which]);
            if (which > 0) add_route((uint32_t)which + 1, "0.0.0.0", 0, (uint32_t)which * 100);
        }
        build();
        if (turn == 0) first = network;
    }
    CHECK_EQ(memcmp(&first, &network, sizeof(first)), 0);
    CHECK_EQ(network.address_count, 4);
    CHECK_EQ(network.addresses[0].kind, TERN_LINK_ETHERNET);
    CHECK_EQ(network.addresses[1].kind, TERN_LINK_WIFI);
    CHECK_EQ(network.addresses[2].kind, TERN_LINK_CELLULAR);
    CHECK_EQ(network.addresses[3].kind, TERN_LINK_LOOPBACK);
    CHECK_EQ(network.routes[0].metric, 100);
    CHECK(strcmp(network.addresses[1].name, "wlan0") == 0);
}

static void a_link_that_is_down_has_no_addresses_and_no_routes(void)
{
    tn_uv_facts_clear(&facts);
    add_link(2, "wlan0", false);
    add_link(3, "lte0", true);
    add_address(2, "192.0.2.1");
    add_address(3, "203.0.113.1");
    add_address(4, "198.51.100.1"); /* a link that nobody told us about */
    add_route(2, "0.0.0.0", 0, 100);
    add_route(3, "0.0.0.0", 0, 600);
    build();
    CHECK_EQ(network.address_count, 1);
    CHECK(has("203.0.113.1"));
    CHECK_EQ(network.route_count, 1);
    CHECK_EQ(network.routes[0].interface, 3);
}

static void link_local_addresses_count_only_where_there_is_nothing_else(void)
{
    tn_uv_facts_clear(&facts);
    add_link(1, "lo", true);
    add_link(2, "eth0", true);
    add_address(1, "127.0.0.1");
    add_address(2, "fe80::1");
    add_route(2, "fe80::", 64, 256);
    build();
    CHECK(has("fe80::1"));
    CHECK_EQ(network.route_count, 0);
    add_address(2, "192.0.2.1");
    build();
    CHECK(!has("fe80::1"));
    CHECK(has("192.0.2.1"));
}

static void what_exceeds_the_snapshot_is_what_is_wanted_least(void)
{
    char text[64];

    tn_uv_facts_clear(&facts);
    add_link(1, "docker0", true);
    add_link(2, "eth0", true);
    for (int i = 0; i < 200; i++) {
        snprintf(text, sizeof(text), "10.0.%d.1", i);
        add_address(1, text);
        snprintf(text, sizeof(text), "10.1.%d.0", i);
        add_route(2, text, 32, 0);
    }
    add_address(2, "192.0.2.1");
    add_route(2, "0.0.0.0", 0, 100);
    build();
    CHECK_EQ(network.address_count, TERN_NET_ADDRESSES_MAX);
    CHECK(has("192.0.2.1"));
    CHECK_EQ(network.route_count, TERN_NET_ROUTES_MAX);
    CHECK_EQ(network.routes[0].prefix_len, 0);
}

static void a_router_s_table_counts_as_unknown(void)
{
    tn_uv_facts_clear(&facts);
    add_link(2, "eth0", true);
    add_address(2, "192.0.2.1");
    for (int i = 0; i < TN_UV_ROUTES_MAX + 1; i++) {
        add_route(2, "198.51.100.0", 24, (uint32_t)i);
    }
    build();
    CHECK_EQ(network.route_count, 0);
    CHECK_EQ(network.address_count, 1);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_name_says_what_a_link_is),
        TEST(the_order_of_the_facts_does_not_show),
        TEST(a_link_that_is_down_has_no_addresses_and_no_routes),
        TEST(link_local_addresses_count_only_where_there_is_nothing_else),
        TEST(what_exceeds_the_snapshot_is_what_is_wanted_least),
        TEST(a_router_s_table_counts_as_unknown),
    };

    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
