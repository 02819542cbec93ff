/* SPDX-License-Identifier: MIT */
/* RFC 4291 2.2 text in, RFC 5952 text out. */
#include <tern/err.h>
#include <tern/network.h>

#include "base/buf.h"
#include "base/str.h"
#include "tern_test.h"

static void addresses_are_read_and_printed_in_canonical_form(void)
{
    static const struct {
        const char *text, *printed;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"192.0.2.1:5060", "192.0.2.1:5060"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255:65535", "255.255.255.255:65535"},
        {"192.0.2.1:0", "192.0.2.1"},
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"[::1]", "::1"},
        {"[::1]:5060", "[::1]:5060"},
        {"2001:DB8::1", "2001:db8::1"},
        {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
        /* RFC 5952 4.2.2: one zero word is not shortened */
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        /* RFC 5952 4.2.3: the longest run, and the first of equals */
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
        {"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        {"[::ffff:192.0.2.1]:9", "[::ffff:192.0.2.1]:9"},
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        {"1:2:3:4:5:6:7.8.9.10", "1:2:3:4:5:6:708:90a"},
        {"fe80::1%3", "fe80::1%3"},
        {"[fe80::1%4294967295]:65535", "[fe80::1%4294967295]:65535"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tern_addr addr, again;
        char text[TERN_ADDR_TEXT_MAX];
        CHECK_EQ(tern_addr_parse(tn_str(cases[i].text), &addr), 0);
        printf("  %s\n", tern_addr_print(addr, text));
        CHECK(strcmp(text, cases[i].printed) == 0);
        CHECK_EQ(tern_addr_parse(tn_str(text), &again), 0);
        CHECK(tern_addr_equal(addr, again));
    }
}

static void what_is_no_address_is_refused_and_leaves_the_result_alone(void)
{
    static const char *const cases[] = {
        "",
        "1",
        "1.2.3",
        "1.2.3.4.",
        "1.2.3.4.5",
        ".1.2.3",
        "1.2.3.256",
        "1.2.3.04",
        "1.2.3.0004",
        "1.2.3.4:",
        "1.2.3.4:x",
        "1.2.3.4:65536",
        "1..2.3",
        "1.2.3.-4",
        "1.2.3.4 ",
        " 1.2.3.4",
        "[1.2.3.4]",
        "1.2.3.4:5:6",
        ":",
        ":::",
        "1:2",
        "::1::",
        ":1::2",
        "1::2:",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4::5:6:7:8",
        "::12345",
        "::g",
        "::1.2.3",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3.4:5",
        "[::1",
        "::1]",
        "[]",
        "[::1]5060",
        "[::1]:",
        "[::1]:123456",
        "[::1]:5060x",
        "fe80::1%",
        "fe80::1%eth0",
        "fe80::1%4294967296",
        "example.com",
        "[[::1]]",
        "1.2.3.4:000080",
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tern_addr addr = {.family = 77};
        printf("  \"%s\"\n", cases[i]);
        CHECK_EQ(tern_addr_parse(tn_str(cases[i]), &addr), TERN_EPARSE);
        CHECK_EQ(addr.family, 77);
    }
}

static void random_ipv6_addresses_survive_print_and_parse(void)
{
    uint64_t seed = 7;

    for (int i = 0; i < 20000; i++) {
        tern_addr addr = {.family = TERN_FAMILY_IPV6}, again;
        char text[TERN_ADDR_TEXT_MAX];
        for (int k = 0; k < 16; k++) {
            seed = seed * UINT64_C(6364136223846793005) + 1;
            uint8_t byte = (uint8_t)(seed >> 40);
            addr.ip[k] = (seed >> 60) < 9 ? 0 : byte; /* zeros often, for the gaps */
        }
        addr.port = (uint16_t)(seed >> 20);
        CHECK_EQ(tern_addr_parse(tn_str(tern_addr_print(addr, text)), &again), 0);
        CHECK(tern_addr_equal(addr, again));
    }
}

static void a_host_for_messages_has_brackets_and_neither_port_nor_scope(void)
{
    static const struct {
        const char *text, *host;
    } cases[] = {
        {"192.0.2.1:5060", "192.0.2.1"},
        {"[2001:db8::1]:5060", "[2001:db8::1]"},
        {"fe80::1%7", "[fe80::1]"},
    };
    char memory[64];
    struct tn_buf buf;

    tn_buf_fixed(&buf, memory, sizeof(memory));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tern_addr addr;
        tern_str host;
        CHECK_EQ(tern_addr_parse(tn_str(cases[i].text), &addr), 0);
        tn_buf_reset(&buf);
        tn_buf_host(&buf, addr);
        CHECK_EQ(tn_buf_end(&buf, &host), 0);
        CHECK(tn_str_eq(host, tn_str(cases[i].host)));
    }
    tn_buf_reset(&buf);
    tn_buf_host(&buf, (tern_addr){0});
    CHECK_EQ(buf.len, 0);
}

static void comparison_looks_at_the_port_only_where_it_says_so(void)
{
    tern_addr a, b, c;

    CHECK_EQ(tern_addr_parse(TERN_STR("[fe80::1%2]:1"), &a), 0);
    CHECK_EQ(tern_addr_parse(TERN_STR("[fe80::1%2]:2"), &b), 0);
    CHECK_EQ(tern_addr_parse(TERN_STR("[fe80::1%3]:1"), &c), 0);
    CHECK(tern_addr_equal(a, a));
    CHECK(!tern_addr_equal(a, b));
    CHECK(tern_addr_same_host(a, b));
    CHECK(!tern_addr_same_host(a, c));
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(addresses_are_read_and_printed_in_canonical_form),
        TEST(what_is_no_address_is_refused_and_leaves_the_result_alone),
        TEST(random_ipv6_addresses_survive_print_and_parse),
        TEST(a_host_for_messages_has_brackets_and_neither_port_nor_scope),
        TEST(comparison_looks_at_the_port_only_where_it_says_so),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
