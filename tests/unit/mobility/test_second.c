/* SPDX-License-Identifier: MIT */
/* Where a second flow to the registrar may stand (RFC 5626 4.2, MOBILITY technique 5). */
#include "mobility/mobility.h"
#include "tern_test.h"

static tern_addr at(const char *text)
{
    tern_addr addr;
    CHECK_EQ(tern_addr_parse((tern_str){text, strlen(text)}, &addr), 0);
    return addr;
}

static void add(struct tern_network *network, const char *addr, uint32_t interface, int32_t better,
                uint16_t flags)
{
    struct tern_net_address *a = &network->addresses[network->address_count++];
    *a = (struct tern_net_address){.addr = at(addr),
                                   .prefix_len = 24,
                                   .kind = TERN_LINK_WIFI,
                                   .flags = flags,
                                   .interface = interface,
                                   .preference = better};
}

static void add_route(struct tern_network *network, uint32_t interface, uint32_t metric)
{
    network->routes[network->route_count++] =
        (struct tern_net_route){.interface = interface, .metric = metric};
}

static bool stands_at(const struct tern_network *network, const char *where)
{
    tern_addr found = tn_mob_second_path(network, at("10.0.1.1"), at("192.0.2.9"));
    if (where == NULL) return found.family == TERN_FAMILY_NONE;
    return tern_addr_same_host(found, at(where));
}

static void it_stands_on_the_best_of_the_other_interfaces(void)
{
    struct tern_network network = {0};
    add(&network, "10.0.1.1", 1, 30, 0);
    CHECK(stands_at(&network, NULL));
    add(&network, "10.0.1.2", 1, 20, 0); /* on the same interface: it goes with the first */
    CHECK(stands_at(&network, NULL));
    add(&network, "10.0.3.1", 3, 5, 0);
    CHECK(stands_at(&network, "10.0.3.1"));
    add(&network, "10.0.4.1", 4, 10, 0);
    CHECK(stands_at(&network, "10.0.4.1"));
}

static void an_address_that_is_not_for_new_things_is_passed_over(void)
{
    struct tern_network network = {0};
    add(&network, "10.0.1.1", 1, 30, 0);
    add(&network, "10.0.3.1", 3, 10, TERN_NET_TENTATIVE);
    add(&network, "10.0.4.1", 4, 10, TERN_NET_DEPRECATED);
    CHECK(stands_at(&network, NULL));
}

static void an_interface_without_a_way_to_the_server_is_none(void)
{
    struct tern_network network = {0};
    add(&network, "10.0.1.1", 1, 30, 0);
    add(&network, "10.0.3.1", 3, 10, 0);
    add_route(&network, 1, 100);
    CHECK(stands_at(&network, NULL));
    add_route(&network, 3, 600);
    CHECK(stands_at(&network, "10.0.3.1"));
}

static void beside_an_address_that_is_gone_there_is_none(void)
{
    struct tern_network network = {0};
    add(&network, "10.0.3.1", 3, 10, 0);
    CHECK(stands_at(&network, NULL));
}

int main(int argc, char **argv)
{
    const struct test tests[] = {
        TEST(it_stands_on_the_best_of_the_other_interfaces),
        TEST(an_address_that_is_not_for_new_things_is_passed_over),
        TEST(an_interface_without_a_way_to_the_server_is_none),
        TEST(beside_an_address_that_is_gone_there_is_none),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
