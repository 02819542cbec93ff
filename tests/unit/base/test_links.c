/* SPDX-License-Identifier: MIT */
/* Policies of links: tables of policies, snapshots and destinations. */
#include "base/links.h"

#include <tern/err.h>

#include "base/str.h"
#include "tern_test.h"

enum { LO = 1, ETH, WIFI, WIFI2, LTE, TUN };

static const struct {
    const char *name;
    uint8_t kind;
    const char *address;
    int32_t preference;
    uint32_t metric;
} links[] = {
    [LO] = {"lo", TERN_LINK_LOOPBACK, "127.0.0.1", 0, 0},
    [ETH] = {"eth0", TERN_LINK_ETHERNET, "10.2.0.5", 40, 100},
    [WIFI] = {"wlan0", TERN_LINK_WIFI, "10.3.0.5", 30, 600},
    [WIFI2] = {"wlan1", TERN_LINK_WIFI, "10.4.0.5", 30, 500},
    [LTE] = {"wwan0", TERN_LINK_CELLULAR, "10.5.0.5", 20, 700},
    [TUN] = {"tun0", TERN_LINK_VPN, "10.6.0.5", 10, 50},
};

static struct tern_network net;
static struct tern_link_policy policy;

static tern_addr addr(const char *text)
{
    tern_addr a = {0};
    CHECK_EQ(tern_addr_parse(tn_str(text), &a), 0);
    return a;
}

static struct tern_net_route *route(const char *to, uint8_t prefix_len, uint32_t interface,
                                    uint32_t metric)
{
    struct tern_net_route *r = &net.routes[net.route_count++];

    r->destination = addr(to);
    r->prefix_len = prefix_len;
    r->interface = interface;
    r->metric = metric;
    return r;
}

static struct tern_net_address *plug(uint32_t interface, bool with_route)
{
    struct tern_net_address *a = &net.addresses[net.address_count++];

    a->addr = addr(links[interface].address);
    a->prefix_len = 24;
    a->kind = links[interface].kind;
    a->interface = interface;
    a->preference = links[interface].preference;
    snprintf(a->name, sizeof(a->name), "%s", links[interface].name);
    if (interface == LTE) a->flags = TERN_NET_METERED;
    if (with_route) route("0.0.0.0", 0, interface, links[interface].metric);
    return a;
}

static void start(void)
{
    memset(&net, 0, sizeof(net));
    tern_link_policy_init(&policy);
}

/* "wlan0" is a name, "=wifi" is a kind. */
static void put(struct tern_link_match *list, uint8_t *count, const char *text)
{
    struct tern_link_match *match = &list[(*count)++];

    memset(match, 0, sizeof(*match));
    if (text[0] != '=') {
        snprintf(match->name, sizeof(match->name), "%s", text);
        return;
    }
    while (strcmp(tern_link_kind_name((enum tern_link_kind)match->kind), text + 1) != 0)
        match->kind++;
}

static void order(const char *text)
{
    put(policy.order, &policy.order_count, text);
}

static void never(const char *text)
{
    put(policy.never, &policy.never_count, text);
}

/* `want` 0: nothing leads there. */
static void check_link(const char *to, uint32_t want)
{
    struct tern_network out;
    struct tern_link_policy taken;
    tern_addr got;

    CHECK_EQ(tn_links_take(&policy, &taken), 0);
    tern_link_policy_apply(&taken, &net, &out);
    int err = tern_network_source(&out, addr(to), &got);
    CHECK_EQ(err, want ? 0 : TERN_ENOROUTE);
    if (!err && want) {
        const struct tern_net_address *a = tern_network_find(&out, got);
        printf("  %s by %s\n", to, a->name);
        CHECK_EQ(a->interface, want);
    }
}

static void without_a_policy_the_snapshot_is_what_it_was(void)
{
    struct tern_network out;

    start();
    plug(WIFI, true);
    plug(LTE, true);
    memset(&out, 7, sizeof(out));
    tern_link_policy_apply(&policy, &net, &out);
    CHECK_EQ(memcmp(&out, &net, sizeof(out)), 0);
    CHECK_EQ(tn_links_tier(&out, addr("8.8.8.8")), 0);
}

static void of_two_default_routes_the_policy_chooses_and_the_metric_between_equals(void)
{
    for (int with_routes = 0; with_routes < 2; with_routes++) {
        static const struct {
            const char *order[3];
            uint32_t want, want_without_routes;
        } cases[] = {
            {{NULL}, ETH, ETH},
            {{"=wifi"}, WIFI2, WIFI},
            {{"=cellular", "=wifi"}, LTE, LTE},
            {{"=ethernet", "=wifi"}, ETH, ETH},
            {{"wlan0"}, WIFI, WIFI},
            {{"=wifi", "wlan1"}, WIFI, WIFI}, /* a name counts for more than its kind */
            {{"=vpn", "wwan0"}, LTE, LTE},    /* what is not there is passed over */
            {{"=other"}, ETH, ETH},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            start();
            for (uint32_t link = ETH; link <= LTE; link++)
                plug(link, with_routes);
            for (size_t n = 0; n < 3 && cases[i].order[n]; n++)
                order(cases[i].order[n]);
            check_link("8.8.8.8", with_routes ? cases[i].want : cases[i].want_without_routes);
        }
    }
}

static void a_longer_route_goes_on_to_win(void)
{
    start();
    plug(ETH, true);
    plug(WIFI, true);
    route("10.2.0.0", 24, ETH, 0);
    route("198.51.100.0", 24, ETH, 0);
    order("=wifi");
    check_link("8.8.8.8", WIFI);
    check_link("10.2.0.77", ETH);
    check_link("198.51.100.1", ETH);
    route("198.51.100.0", 24, WIFI, 900);
    check_link("198.51.100.1", WIFI);
}

static void what_is_never_used_is_as_if_it_were_not_there(void)
{
    start();
    plug(LO, false);
    plug(WIFI, true);
    plug(LTE, true);
    route("198.51.100.0", 24, WIFI, 0);
    route("10.3.0.0", 24, WIFI, 0);
    never("=wifi");
    check_link("8.8.8.8", LTE);
    check_link("198.51.100.1", LTE);
    check_link("10.3.0.77", LTE); /* not even what is on that link */
    check_link("127.0.0.1", LO);
    never("wwan0");
    check_link("8.8.8.8", 0);
    check_link("10.3.0.77", 0);
    check_link("127.0.0.1", LO);
}

static void never_and_order_meet_name_before_kind(void)
{
    static const struct {
        const char *order, *never;
        uint32_t want;
    } cases[] = {
        {"wlan1", "=wifi", WIFI2}, {"=wifi", "wlan1", WIFI}, {"wlan1", "wlan1", WIFI},
        {"=wifi", "=wifi", ETH},   {"=wifi", NULL, WIFI2},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start();
        plug(WIFI, true)->preference = 30;
        plug(WIFI2, true);
        if (cases[i].want == ETH) plug(ETH, true);
        order(cases[i].order);
        if (cases[i].never) never(cases[i].never);
        check_link("8.8.8.8", cases[i].want);
    }
}

static void only_what_is_listed(void)
{
    start();
    plug(LO, false);
    plug(ETH, true);
    plug(LTE, true);
    order("=wifi");
    policy.only_listed = true;
    check_link("8.8.8.8", 0);
    check_link("127.0.0.1", LO);
    plug(WIFI, true);
    check_link("8.8.8.8", WIFI);
}

static void metered_links_come_last_or_not_at_all(void)
{
    start();
    plug(LTE, true);
    plug(WIFI, true)->flags = TERN_NET_METERED;
    order("=cellular");
    check_link("8.8.8.8", LTE);
    policy.metered = TERN_METERED_AVOID;
    check_link("8.8.8.8", LTE); /* both are */
    plug(WIFI2, true);
    check_link("8.8.8.8", WIFI2);
    net.addresses[2].flags = TERN_NET_TENTATIVE;
    check_link("8.8.8.8", LTE);
    policy.metered = TERN_METERED_NEVER;
    check_link("8.8.8.8", 0);
    net.addresses[1].flags = 0;
    check_link("8.8.8.8", WIFI);
}

/* Who likes Wi-Fi better than cellular does not ask to leave the tunnel. */
static void a_vpn_that_no_list_has_keeps_what_routing_gives_it(void)
{
    start();
    plug(WIFI, true);
    plug(LTE, true);
    plug(TUN, true);
    order("=wifi");
    check_link("8.8.8.8", TUN);
    never("=cellular");
    check_link("8.8.8.8", TUN);
    net.routes[2].metric = 1000; /* the tunnel is a last resort */
    check_link("8.8.8.8", WIFI);
    net.routes[2].metric = 650; /* before what is not used is not before the others */
    check_link("8.8.8.8", WIFI);
    net.routes[2].metric = 50;
    order("=vpn");
    check_link("8.8.8.8", WIFI);
    policy.order_count--;
    never("=vpn");
    check_link("8.8.8.8", WIFI);
}

static void an_address_that_may_be_used_for_new_things_beats_the_order(void)
{
    start();
    plug(WIFI, true)->flags = TERN_NET_DEPRECATED;
    plug(LTE, true);
    order("=wifi");
    check_link("8.8.8.8", LTE);
    net.addresses[1].flags = TERN_NET_TENTATIVE;
    check_link("8.8.8.8", WIFI);
}

static void the_tier_of_a_destination_is_that_of_its_link(void)
{
    struct tern_network out;

    start();
    plug(WIFI, true);
    plug(LTE, true)->addr = addr("2001:db8:5::5");
    net.routes[1].destination = addr("::");
    order("=wifi");
    tern_link_policy_apply(&policy, &net, &out);
    CHECK(tn_links_tier(&out, addr("192.0.2.1")) > tn_links_tier(&out, addr("2001:db8::1")));
    policy.order[0].kind = TERN_LINK_CELLULAR;
    tern_link_policy_apply(&policy, &net, &out);
    CHECK(tn_links_tier(&out, addr("192.0.2.1")) < tn_links_tier(&out, addr("2001:db8::1")));
}

static void extreme_preferences_stay_within_their_tier(void)
{
    start();
    plug(LTE, false)->preference = INT32_MAX;
    plug(WIFI, false)->preference = INT32_MIN;
    check_link("8.8.8.8", LTE);
    order("=wifi");
    check_link("8.8.8.8", WIFI);
}

static void a_bad_policy_is_refused(void)
{
    struct tern_link_policy taken;

    start();
    CHECK_EQ(tn_links_take(NULL, &taken), 0);
    CHECK_EQ(taken.order_count, 0);
    policy.order_count = TERN_LINK_MATCHES_MAX;
    policy.never_count = TERN_LINK_MATCHES_MAX;
    CHECK_EQ(tn_links_take(&policy, &taken), 0);
    policy.never_count++;
    CHECK_EQ(tn_links_take(&policy, &taken), TERN_EINVAL);
    policy.never_count = 1;
    policy.never[0].kind = TERN_LINK_LOOPBACK;
    CHECK_EQ(tn_links_take(&policy, &taken), TERN_EINVAL);
    policy.never[0].kind = TERN_LINK_VPN;
    memset(policy.order[3].name, 'x', sizeof(policy.order[3].name));
    CHECK_EQ(tn_links_take(&policy, &taken), TERN_EINVAL);
    policy.order_count = 3;
    CHECK_EQ(tn_links_take(&policy, &taken), 0);
    policy.metered = TERN_METERED_NEVER + 1;
    CHECK_EQ(tn_links_take(&policy, &taken), TERN_EINVAL);
    policy.metered = TERN_METERED_NEVER;
    policy.size = 3;
    CHECK_EQ(tn_links_take(&policy, &taken), TERN_EVERSION);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(without_a_policy_the_snapshot_is_what_it_was),
        TEST(of_two_default_routes_the_policy_chooses_and_the_metric_between_equals),
        TEST(a_longer_route_goes_on_to_win),
        TEST(what_is_never_used_is_as_if_it_were_not_there),
        TEST(never_and_order_meet_name_before_kind),
        TEST(only_what_is_listed),
        TEST(metered_links_come_last_or_not_at_all),
        TEST(a_vpn_that_no_list_has_keeps_what_routing_gives_it),
        TEST(an_address_that_may_be_used_for_new_things_beats_the_order),
        TEST(the_tier_of_a_destination_is_that_of_its_link),
        TEST(extreme_preferences_stay_within_their_tier),
        TEST(a_bad_policy_is_refused),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
