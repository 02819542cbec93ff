/* SPDX-License-Identifier: MIT */
/* The NAT64 prefix, asked for: RFC 7050. */
#include <string.h>

#include "world.h"

/* @return how many questions were answered, in this way: the prefix, nothing, or not at all */
enum answer { PREFIX, NOTHING, FAILURE };
static unsigned answered(enum answer how)
{
    const struct tern_dns_record record = {
        .type = TERN_DNS_AAAA, .ttl_s = 60, .addr = addr("64:ff9b::192.0.0.170")};
    struct tern_output out;
    unsigned count = 0;

    while (next_output(TERN_OUT_RESOLVE, &out)) {
        CHECK_EQ(out.dns_type, TERN_DNS_AAAA);
        CHECK_EQ(out.data.len, strlen("ipv4only.arpa"));
        tn_locate_resolved(&net, out.id, &record, how == PREFIX, how == FAILURE);
        count++;
    }
    return count;
}

static void seek(void)
{
    world_start_open("2001:db8::1");
    tn_pref64_seek(&net);
}

/* The name servers come a moment after the address: the network is not without IPv4 for that. */
static void name_servers_that_fail_are_asked_again(void)
{
    seek();
    CHECK_EQ(answered(FAILURE), 1);
    pass(TERN_MS(1990));
    CHECK_EQ(answered(FAILURE), 0);
    pass(TERN_MS(20));
    CHECK_EQ(answered(FAILURE), 1);
    pass(TERN_SECONDS(4));
    CHECK_EQ(answered(PREFIX), 1);
    CHECK_EQ(net.network.nat64_len, 96);
    pass(TERN_SECONDS(300));
    CHECK_EQ(answered(PREFIX), 0);
    world_stop();
}

static void they_are_not_asked_for_ever(void)
{
    unsigned count = 0;

    seek();
    for (int i = 0; i < 400; i++) {
        count += answered(FAILURE);
        pass(TERN_SECONDS(1));
    }
    CHECK_EQ(count, 7);
    tn_pref64_seek(&net); /* another network */
    CHECK_EQ(answered(PREFIX), 1);
    CHECK_EQ(net.network.nat64_len, 96);
    world_stop();
}

static void that_there_is_none_is_an_answer(void)
{
    seek();
    CHECK_EQ(answered(NOTHING), 1);
    pass(TERN_SECONDS(300));
    CHECK_EQ(answered(NOTHING), 0);
    CHECK_EQ(net.network.nat64_len, 0);
    world_stop();
}

static void with_ipv4_nobody_asks(void)
{
    world_start_open("192.0.2.1 2001:db8::1");
    tn_pref64_seek(&net);
    CHECK_EQ(answered(PREFIX), 0);
    world_stop();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(name_servers_that_fail_are_asked_again),
        TEST(they_are_not_asked_for_ever),
        TEST(that_there_is_none_is_an_answer),
        TEST(with_ipv4_nobody_asks),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
