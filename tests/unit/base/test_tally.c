/* SPDX-License-Identifier: MIT */
/* Tallies: what one host may hold, and that the books are balanced. */
#include "base/tally.h"

#include <tern/err.h>

#include "base/alloc.h"
#include "base/str.h"
#include "tern_test.h"

static const uint8_t key[16] = {1};

static tern_addr addr(const char *text)
{
    tern_addr out = {0};
    CHECK_EQ(tern_addr_parse(tn_str(text), &out), 0);
    return out;
}

static void one_host_gets_no_more_than_its_share(void)
{
    struct tern_allocator alloc = tn_default_allocator();
    struct tn_tally tally;

    CHECK_EQ(tn_tally_init(&tally, &alloc, key, 2), 0);
    CHECK_EQ(tn_tally_take(&tally, addr("192.0.2.1:5060")), 0);
    CHECK_EQ(tn_tally_take(&tally, addr("192.0.2.1:40000")), 0);
    CHECK_EQ(tn_tally_take(&tally, addr("192.0.2.1:40001")), TERN_ELIMIT);
    CHECK_EQ(tn_tally_take(&tally, addr("192.0.2.2:5060")), 0);
    tn_tally_give(&tally, addr("192.0.2.1:1"));
    CHECK_EQ(tn_tally_count(&tally, addr("192.0.2.1")), 1);
    CHECK_EQ(tn_tally_take(&tally, addr("192.0.2.1:40002")), 0);
    tn_tally_give(&tally, addr("192.0.2.1"));
    tn_tally_give(&tally, addr("192.0.2.1"));
    tn_tally_give(&tally, addr("192.0.2.2"));
    CHECK_EQ(tn_tally_count(&tally, addr("192.0.2.1")), 0);
    CHECK_EQ(tally.hosts.count, 0);
    tn_tally_fini(&tally);
}

static void an_ipv6_host_is_its_64(void)
{
    struct tern_allocator alloc = tn_default_allocator();
    struct tn_tally tally;

    CHECK_EQ(tn_tally_init(&tally, &alloc, key, 1), 0);
    CHECK_EQ(tn_tally_take(&tally, addr("2001:db8:0:1::1")), 0);
    CHECK_EQ(tn_tally_take(&tally, addr("2001:db8:0:1:ffff::2")), TERN_ELIMIT);
    CHECK_EQ(tn_tally_take(&tally, addr("2001:db8:0:2::1")), 0);
    tn_tally_give(&tally, addr("2001:db8:0:1::9"));
    tn_tally_give(&tally, addr("2001:db8:0:2::9"));
    tn_tally_fini(&tally);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(one_host_gets_no_more_than_its_share),
        TEST(an_ipv6_host_is_its_64),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
