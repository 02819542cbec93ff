/* SPDX-License-Identifier: MIT */
/* Source address selection: tables of snapshots and destinations. */
#include <tern/err.h>
#include <tern/network.h>

#include "base/str.h"
#include "tern_test.h"

enum { LO = 1, WIFI = 2, LTE = 3, VPN = 4 };

static struct tern_network net;

static tern_addr addr(const char *text)
{
    tern_addr a = {0};
    if (text) CHECK_EQ(tern_addr_parse(tn_str(text), &a), 0);
    return a;
}

static struct tern_net_address *add(const char *text, uint8_t prefix_len, uint32_t interface,
                                    int32_t preference)
{
    struct tern_net_address *a = &net.addresses[net.address_count++];

    memset(a, 0, sizeof(*a));
    a->addr = addr(text);
    a->prefix_len = prefix_len;
    a->interface = interface;
    a->preference = preference;
    if (interface == LO) a->kind = TERN_LINK_LOOPBACK;
    return a;
}

static struct tern_net_route *route(const char *to, uint8_t prefix_len, uint32_t interface,
                                    uint32_t metric)
{
    struct tern_net_route *r = &net.routes[net.route_count++];

    memset(r, 0, sizeof(*r));
    r->destination = addr(to);
    r->prefix_len = prefix_len;
    r->interface = interface;
    r->metric = metric;
    return r;
}

static void start(void)
{
    memset(&net, 0, sizeof(net));
}

/* `want` NULL: no route. */
static void check_source(const char *to, const char *want)
{
    tern_addr got = {.family = 77};
    int err = tern_network_source(&net, addr(to), &got);
    char text[TERN_ADDR_TEXT_MAX];

    printf("  %s <- %s\n", to, err ? "none" : tern_addr_print(got, text));
    CHECK_EQ(err, want ? 0 : TERN_ENOROUTE);
    if (want) CHECK(tern_addr_equal(got, addr(want)));
    if (!want) CHECK_EQ(got.family, 77);
}

static void check_all(const char *const cases[][2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_source(cases[i][0], cases[i][1]);
}

#define CHECK_SOURCES(...)                                                                         \
    do {                                                                                           \
        static const char *const cases_[][2] = __VA_ARGS__;                                        \
        check_all(cases_, sizeof(cases_) / sizeof(cases_[0]));                                     \
    } while (0)

static void without_a_network_nothing_is_reached(void)
{
    tern_addr none = {0}, out;

    start();
    CHECK_SOURCES({{"192.0.2.1", NULL}, {"127.0.0.1", NULL}, {"2001:db8::1", NULL}});
    CHECK_EQ(tern_network_source(&net, none, &out), TERN_ENOROUTE);
    add("127.0.0.1", 8, LO, 0);
    add("::1", 128, LO, 0);
    CHECK_SOURCES({{"192.0.2.1", NULL}, {"2001:db8::1", NULL}, {"127.0.0.9", "127.0.0.1"}});
}

static void loopback_is_reached_from_loopback_with_and_without_routes(void)
{
    for (int routes = 0; routes < 2; routes++) {
        start();
        add("10.0.0.5", 8, WIFI, 100);
        add("127.0.0.1", 8, LO, 0);
        add("127.0.0.2", 8, LO, 5);
        add("::1", 128, LO, 0);
        add("2001:db8::5", 64, WIFI, 100);
        if (routes) {
            route("0.0.0.0", 0, WIFI, 0);
            route("127.0.0.0", 8, WIFI, 0);
            route("::", 0, WIFI, 0);
        }
        CHECK_SOURCES({
            {"127.0.0.3", "127.0.0.2"}, /* the higher preference */
            {"127.0.0.1", "127.0.0.1"}, /* our own address */
            {"127.255.0.1:5060", "127.0.0.2"},
            {"::1", "::1"},
        });
    }
}

static void a_foreign_address_on_the_loopback_interface_serves_loopback_as_a_last_choice(void)
{
    start();
    add("10.0.0.5", 24, WIFI, 100);
    add("192.0.2.77", 32, LO, 0);
    check_source("127.0.0.1", "192.0.2.77");
    add("127.0.0.1", 8, LO, -5);
    check_source("127.0.0.2", "127.0.0.1");
    check_source("198.51.100.1", "10.0.0.5");
}

static void one_of_our_own_addresses_is_reached_from_itself(void)
{
    start();
    add("10.0.0.5", 24, WIFI, 100);
    add("10.1.0.5", 24, LTE, 50);
    add("10.2.0.5", 24, VPN, 0)->flags = TERN_NET_TENTATIVE;
    route("0.0.0.0", 0, WIFI, 0);
    CHECK_SOURCES({
        {"10.1.0.5:5060", "10.1.0.5"},
        {"10.0.0.5", "10.0.0.5"},
        {"10.2.0.5", "10.0.0.5"},
    });
}

static void without_routes_the_link_decides_and_then_preference(void)
{
    start();
    add("192.168.1.5", 24, WIFI, 10);
    add("10.64.0.9", 10, LTE, 50);
    add("10.64.1.9", 24, VPN, 1);
    add("fd00::5", 64, WIFI, 10);
    add("2001:db8:1::5", 64, LTE, 5);
    CHECK_SOURCES({
        {"192.168.1.77", "192.168.1.5"},
        {"198.51.100.1", "10.64.0.9"},
        {"10.100.0.1", "10.64.0.9"},
        {"10.64.1.1", "10.64.1.9"},
        {"2001:db8:9::1", "2001:db8:1::5"}, /* same kind of address beats preference */
        {"fd00:1::1", "fd00::5"},
    });
}

static void the_longest_prefix_wins_and_then_the_metric(void)
{
    start();
    add("192.168.1.5", 24, WIFI, 100);
    add("10.64.0.9", 30, LTE, 50);
    add("172.16.0.2", 32, VPN, 200);
    route("0.0.0.0", 0, WIFI, 600);
    route("0.0.0.0", 0, LTE, 700);
    route("192.168.1.0", 24, WIFI, 600);
    route("198.51.0.0", 16, VPN, 50);
    route("198.51.100.0", 25, LTE, 900);
    route("203.0.113.7", 32, LTE, 900);
    CHECK_SOURCES({
        {"8.8.8.8", "192.168.1.5"},
        {"192.168.1.9", "192.168.1.5"},
        {"198.51.7.7", "172.16.0.2"},
        {"198.51.100.127", "10.64.0.9"},
        {"198.51.100.128", "172.16.0.2"},
        {"203.0.113.7", "10.64.0.9"},
        {"2001:db8::1", NULL}, /* no IPv6 here */
    });
}

static void a_route_names_its_source(void)
{
    start();
    add("192.168.1.5", 24, WIFI, 100);
    add("192.168.1.6", 24, WIFI, 50);
    add("203.0.113.1", 32, LO, 0); /* a service address on the loopback interface */
    route("0.0.0.0", 0, WIFI, 0)->source = addr("192.168.1.6");
    route("198.51.100.0", 24, WIFI, 0)->source = addr("203.0.113.1");
    route("198.18.0.0", 15, WIFI, 0)->source = addr("192.168.1.99"); /* not ours any more */
    CHECK_SOURCES({
        {"8.8.8.8", "192.168.1.6"},
        {"198.51.100.1", "203.0.113.1"},
        {"198.18.0.1", "192.168.1.5"},
    });
}

static void a_route_whose_interface_lost_its_address_is_passed_over(void)
{
    start();
    add("10.64.0.9", 30, LTE, 50);
    route("0.0.0.0", 0, WIFI, 100);
    route("192.0.2.0", 24, WIFI, 100);
    route("0.0.0.0", 0, LTE, 700);
    check_source("192.0.2.1", "10.64.0.9");
    net.addresses[0].flags = TERN_NET_TENTATIVE;
    check_source("192.0.2.1", NULL);
}

static void a_default_route_may_leave_the_family_open(void)
{
    start();
    add("10.0.0.5", 24, WIFI, 0);
    add("2001:db8::5", 64, WIFI, 0);
    memset(route("0.0.0.0", 0, WIFI, 0), 0, sizeof(tern_addr));
    CHECK_SOURCES({{"8.8.8.8", "10.0.0.5"}, {"2001:db8:1::1", "2001:db8::5"}});
}

static void an_address_in_duplicate_detection_is_never_used(void)
{
    start();
    add("10.0.0.5", 24, WIFI, 100)->flags = TERN_NET_TENTATIVE;
    check_source("10.0.0.1", NULL);
    add("10.9.0.5", 24, LTE, 0);
    check_source("10.0.0.1", "10.9.0.5");
    route("0.0.0.0", 0, WIFI, 0)->source = addr("10.0.0.5");
    check_source("10.0.0.1", NULL);
}

static void a_deprecated_address_is_the_last_resort(void)
{
    start();
    struct tern_net_address *old = add("10.0.0.5", 24, WIFI, 100);
    old->flags = TERN_NET_DEPRECATED;
    check_source("8.8.8.8", "10.0.0.5");
    add("10.0.0.6", 24, WIFI, 1);
    check_source("8.8.8.8", "10.0.0.6");
    check_source("10.0.0.9", "10.0.0.6");
    route("0.0.0.0", 0, WIFI, 0)->source = addr("10.0.0.5");
    check_source("8.8.8.8", "10.0.0.6");

    start();
    add("10.0.0.5", 24, WIFI, 100)->flags = TERN_NET_DEPRECATED;
    add("10.9.0.5", 24, LTE, 1);
    route("0.0.0.0", 0, WIFI, 1)->source = addr("10.0.0.5");
    route("0.0.0.0", 0, LTE, 9);
    route("192.0.2.0", 24, WIFI, 1);
    check_source("8.8.8.8", "10.9.0.5");
    check_source("192.0.2.1", "10.0.0.5"); /* only that way leads there */
}

static void link_local_destinations_stay_on_their_link(void)
{
    start();
    add("fe80::1%2", 64, WIFI, 100);
    add("fe80::1%3", 64, LTE, 50);
    add("2001:db8::5", 64, WIFI, 100);
    for (int routes = 0; routes < 2; routes++) {
        if (routes) {
            route("fe80::", 64, WIFI, 256);
            route("fe80::", 64, LTE, 256);
            route("::", 0, WIFI, 1024);
        }
        CHECK_SOURCES({
            {"fe80::99%2", "fe80::1%2"},
            {"fe80::99%3", "fe80::1%3"},
            {"fe80::99%4", NULL},
            {"fe80::99", "fe80::1%2"},
            {"2001:db8:7::1", "2001:db8::5"},
        });
    }
}

static void a_link_local_ipv6_address_reaches_nothing_global(void)
{
    start();
    add("fe80::1%2", 64, WIFI, 100);
    check_source("2001:db8::1", NULL);
    route("::", 0, WIFI, 1);
    check_source("2001:db8::1", NULL);
}

static void a_self_given_ipv4_address_comes_after_a_real_one(void)
{
    start();
    add("169.254.3.4", 16, WIFI, 100);
    check_source("8.8.8.8", "169.254.3.4");
    add("10.0.0.5", 24, WIFI, 1);
    check_source("8.8.8.8", "10.0.0.5");
    check_source("169.254.9.9", "169.254.3.4");
}

static void a_temporary_ipv6_address_wins_a_tie(void)
{
    start();
    add("2001:db8::5", 64, WIFI, 100);
    add("2001:db8::abcd", 64, WIFI, 100)->flags = TERN_NET_TEMPORARY;
    check_source("2001:db8:7::1", "2001:db8::abcd");
    net.addresses[0].preference = 101;
    check_source("2001:db8:7::1", "2001:db8::5");
}

static void counts_beyond_the_arrays_are_cut(void)
{
    start();
    add("10.0.0.5", 24, WIFI, 100);
    route("0.0.0.0", 0, WIFI, 1);
    net.address_count = UINT32_MAX;
    net.route_count = UINT32_MAX;
    check_source("8.8.8.8", "10.0.0.5");
    CHECK(!tern_network_find(&net, addr("10.0.0.6")));
    CHECK(tern_network_find(&net, addr("10.0.0.5:99")) == &net.addresses[0]);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(without_a_network_nothing_is_reached),
        TEST(loopback_is_reached_from_loopback_with_and_without_routes),
        TEST(a_foreign_address_on_the_loopback_interface_serves_loopback_as_a_last_choice),
        TEST(one_of_our_own_addresses_is_reached_from_itself),
        TEST(without_routes_the_link_decides_and_then_preference),
        TEST(the_longest_prefix_wins_and_then_the_metric),
        TEST(a_route_names_its_source),
        TEST(a_route_whose_interface_lost_its_address_is_passed_over),
        TEST(a_default_route_may_leave_the_family_open),
        TEST(an_address_in_duplicate_detection_is_never_used),
        TEST(a_deprecated_address_is_the_last_resort),
        TEST(link_local_destinations_stay_on_their_link),
        TEST(a_link_local_ipv6_address_reaches_nothing_global),
        TEST(a_self_given_ipv4_address_comes_after_a_real_one),
        TEST(a_temporary_ipv6_address_wins_a_tie),
        TEST(counts_beyond_the_arrays_are_cut),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
