/* SPDX-License-Identifier: MIT */
#include "media/reception.h"

#include "../../tern_test.h"

static struct tn_reception reception;
static tern_time now;

static void start(uint16_t sequence)
{
    memset(&reception, 0, sizeof(reception));
    now = TERN_SECONDS(5);
    tn_reception_start(&reception, 7, sequence);
}

static bool hear(uint16_t sequence)
{
    struct tn_reception_packet packet = {sequence, sequence * 160u, true};

    now += TERN_MS(20);
    return tn_reception_packet(&reception, &packet, now);
}

static void hear_range(uint16_t first, int count)
{
    for (int i = 0; i < count; i++)
        CHECK(hear((uint16_t)(first + i)));
}

/* RFC 3550 A.3 */
static void loss_is_what_is_expected_less_what_came(void)
{
    struct tn_rtcp_report report;

    start(100);
    hear_range(100, 10);
    CHECK_EQ(tn_reception_lost(&reception), 0);
    hear_range(120, 10); /* ten are missing */
    CHECK_EQ(tn_reception_lost(&reception), 10);
    tn_reception_report(&reception, &report);
    CHECK_EQ(report.lost, 10);
    CHECK_EQ(report.fraction_lost, 10 * 256 / 30);
    CHECK_EQ(report.highest_sequence, 129);
    hear_range(130, 10);
    tn_reception_report(&reception, &report);
    CHECK_EQ(report.fraction_lost, 0); /* of this interval */
    CHECK_EQ(report.lost, 10);
}

static void late_and_doubled_packets_lower_the_loss(void)
{
    struct tn_rtcp_report report;

    start(0);
    hear_range(0, 5);
    hear_range(6, 1);
    CHECK(hear(5));
    CHECK_EQ(tn_reception_lost(&reception), 0);
    CHECK(hear(5));
    CHECK_EQ(tn_reception_lost(&reception), -1); /* RFC 3550 A.3: may be negative */
    tn_reception_report(&reception, &report);
    CHECK_EQ(report.lost, -1);
    CHECK_EQ(report.fraction_lost, 0);
}

static void the_sequence_number_wraps_into_cycles(void)
{
    struct tn_rtcp_report report;

    start(65000);
    hear_range(65000, 2000);
    tn_reception_report(&reception, &report);
    CHECK_EQ(report.highest_sequence, 65000 + 1999);
    CHECK_EQ(report.lost, 0);
}

/* RFC 3550 A.1 */
static void a_wild_number_is_refused_and_two_in_sequence_begin_anew(void)
{
    start(1000);
    hear_range(1000, 10);
    CHECK(!hear(30000));
    CHECK(!hear(40000));
    CHECK_EQ(tn_reception_lost(&reception), 0);
    hear_range(1010, 5);
    CHECK(!hear(50000));
    CHECK(hear(50001));
    hear_range(50002, 10);
    CHECK_EQ(tn_reception_lost(&reception), 0);
}

static void loss_is_summed_over_the_sources_of_a_call(void)
{
    start(0);
    hear_range(0, 1);
    hear_range(4, 1);
    CHECK_EQ(tn_reception_lost(&reception), 3);
    tn_reception_start(&reception, 8, 500);
    hear_range(500, 1);
    hear_range(502, 1);
    CHECK_EQ(tn_reception_lost(&reception), 4);
}

/* RFC 3550 A.8: a constant change of d between packets makes a jitter of d. */
static void jitter_settles_at_the_mean_change_of_transit(void)
{
    start(0);
    for (uint16_t i = 0; i < 500; i++) {
        struct tn_reception_packet packet = {i, i * 160u, true};
        now += i % 2 ? TERN_MS(10) : TERN_MS(30);
        CHECK(tn_reception_packet(&reception, &packet, now));
    }
    CHECK(reception.jitter >> 4 >= 76);
    CHECK(reception.jitter >> 4 <= 80); /* 10 ms */
}

static void a_clock_that_was_set_is_no_jitter(void)
{
    static const uint32_t jumps[] = {0x80000000, 0x7fffffff, 1000000, UINT32_MAX - 1000000};

    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        start(0);
        hear_range(0, 10);
        struct tn_reception_packet packet = {10, 1600 + jumps[i], true};
        now += TERN_MS(20);
        CHECK(tn_reception_packet(&reception, &packet, now));
        CHECK_EQ(reception.jitter, 0);
    }
}

static void continuity_allows_for_what_was_sent_into_the_void(void)
{
    start(10);
    hear_range(10, 1);
    CHECK(tn_reception_continues(&reception, 11, 0));
    CHECK(tn_reception_continues(&reception, 10 + 2999, 0));
    CHECK(!tn_reception_continues(&reception, 10 + 3000, 0));
    CHECK(tn_reception_continues(&reception, 10 + 3000, TERN_SECONDS(1)));
    CHECK(!tn_reception_continues(&reception, 10, 0));
    CHECK(!tn_reception_continues(&reception, 9, 0));
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(loss_is_what_is_expected_less_what_came),
        TEST(late_and_doubled_packets_lower_the_loss),
        TEST(the_sequence_number_wraps_into_cycles),
        TEST(a_wild_number_is_refused_and_two_in_sequence_begin_anew),
        TEST(loss_is_summed_over_the_sources_of_a_call),
        TEST(jitter_settles_at_the_mean_change_of_transit),
        TEST(a_clock_that_was_set_is_no_jitter),
        TEST(continuity_allows_for_what_was_sent_into_the_void),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
