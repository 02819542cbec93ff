/* SPDX-License-Identifier: MIT */
/* RFC 6052 2.4, RFC 7050 3. */
#include <string.h>

#include "base/nat64.h"
#include "base/str.h"
#include "tern_test.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static tern_addr addr(const char *text)
{
    tern_addr out = {0};
    CHECK_EQ(tern_addr_parse(tn_str(text), &out), 0);
    return out;
}

/* RFC 6052 2.4, tables 2 and 3 */
static const struct {
    const char *prefix;
    uint8_t len;
    const char *embedded;
} vectors[] = {
    {"2001:db8::", 32, "2001:db8:c000:221::"},
    {"2001:db8:100::", 40, "2001:db8:1c0:2:21::"},
    {"2001:db8:122::", 48, "2001:db8:122:c000:2:2100::"},
    {"2001:db8:122:300::", 56, "2001:db8:122:3c0:0:221::"},
    {"2001:db8:122:344::", 64, "2001:db8:122:344:c0:2:2100::"},
    {"2001:db8:122:344::", 96, "2001:db8:122:344::192.0.2.33"},
    {"64:ff9b::", 96, "64:ff9b::192.0.2.33"},
};

static void addresses_are_embedded_as_the_rfc_shows(void)
{
    for (size_t i = 0; i < COUNT(vectors); i++) {
        tern_addr v4 = addr("192.0.2.33:5060"), back, prefix = addr(vectors[i].prefix);
        tern_addr v6 = tn_nat64_embed(prefix, vectors[i].len, v4);
        CHECK(tern_addr_same_host(v6, addr(vectors[i].embedded)));
        CHECK_EQ(v6.port, 5060);
        CHECK(tn_nat64_extract(prefix, vectors[i].len, v6, &back));
        CHECK(tern_addr_equal(back, v4));
    }
}

static void what_has_another_prefix_holds_no_address(void)
{
    tern_addr v4;
    CHECK(!tn_nat64_extract(addr("64:ff9b::"), 96, addr("2001:db8::1"), &v4));
    CHECK(!tn_nat64_extract(addr("2001:db8::"), 33, addr("2001:db8::1"), &v4));
    CHECK(!tn_nat64_extract(addr("2001:db8::"), 32, addr("192.0.2.1"), &v4));
    CHECK(!tn_nat64_extract(addr("2001:db8:122:344::"), 64, addr("2001:db8:122:344:1c0::"), &v4));
    CHECK(!tn_nat64_is_len(0));
    CHECK(tn_nat64_is_len(40));
}

static void the_prefix_is_found_in_the_answer_for_ipv4only_arpa(void)
{
    for (size_t i = 0; i < COUNT(vectors); i++) {
        tern_addr prefix = addr(vectors[i].prefix), found;
        const char *const known[] = {"192.0.0.170", "192.0.0.171"};
        for (size_t k = 0; k < 2; k++) {
            tern_addr v6 = tn_nat64_embed(prefix, vectors[i].len, addr(known[k]));
            CHECK_EQ(tn_nat64_discover(v6, &found), vectors[i].len);
            CHECK(tern_addr_equal(found, prefix));
        }
        tern_addr other = tn_nat64_embed(prefix, vectors[i].len, addr("192.0.0.172"));
        CHECK_EQ(tn_nat64_discover(other, &found), 0);
    }
}

static struct tern_network v6_only(void)
{
    struct tern_network n = {.address_count = 1};
    n.addresses[0] =
        (struct tern_net_address){.addr = addr("2001:db8:5::1"), .prefix_len = 64, .interface = 1};
    return n;
}

static void with_a_prefix_ipv4_is_reached_from_ipv6(void)
{
    struct tern_network n = v6_only();
    tern_addr source, remote = addr("192.0.2.33:5060");

    CHECK(tern_network_source(&n, remote, &source) != 0);
    CHECK(tern_addr_equal(tern_network_translate(&n, remote), remote));
    n.nat64_prefix = addr("64:ff9b::");
    n.nat64_len = 96;
    CHECK_EQ(tern_network_source(&n, remote, &source), 0);
    CHECK(tern_addr_equal(source, addr("2001:db8:5::1")));
    CHECK(tern_addr_equal(tern_network_translate(&n, remote), addr("[64:ff9b::c000:221]:5060")));
    CHECK(tern_addr_equal(tern_network_translate(&n, source), source));
    const char *const never[] = {"127.0.0.1", "169.254.1.1", "0.0.0.0"};
    for (size_t i = 0; i < COUNT(never); i++)
        CHECK(tern_network_source(&n, addr(never[i]), &source) != 0);
    /* an address of its own family is better */
    n.addresses[1] =
        (struct tern_net_address){.addr = addr("198.51.100.1"), .prefix_len = 24, .interface = 2};
    n.address_count = 2;
    CHECK_EQ(tern_network_source(&n, remote, &source), 0);
    CHECK(tern_addr_equal(source, addr("198.51.100.1")));
    CHECK(tern_addr_equal(tern_network_translate(&n, remote), remote));
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(addresses_are_embedded_as_the_rfc_shows),
        TEST(what_has_another_prefix_holds_no_address),
        TEST(the_prefix_is_found_in_the_answer_for_ipv4only_arpa),
        TEST(with_a_prefix_ipv4_is_reached_from_ipv6),
    };
    return run_tests(tests, COUNT(tests), argc, argv);
}
