/* SPDX-License-Identifier: MIT */
#include "wire/rtp/rtcp.h"

#include <tern/err.h>

#include "../../../tern_test.h"

static char bytes[512];
static struct tn_buf buf;

static tern_str written(void)
{
    tern_str text;

    CHECK_EQ(tn_buf_end(&buf, &text), 0);
    return text;
}

/* RFC 3550 6.1: report first, then CNAME; here with a BYE behind it. */
static void a_compound_packet_survives_print_and_parse(void)
{
    const struct tn_rtcp sender = {.ssrc = 7,
                                   .ntp = UINT64_C(0x123456789abcdef0),
                                   .rtp_timestamp = 1600,
                                   .packets = 10,
                                   .bytes = 1600};
    const struct tn_rtcp_report report = {9, 25, -3, 0x10005, 80, 0xaabbccdd, 65536};
    struct tn_rtcp part;

    tn_buf_fixed(&buf, bytes, sizeof(bytes));
    tn_rtcp_print_sr(&buf, &sender, &report, 1);
    tn_rtcp_print_cname(&buf, 7, TERN_STR("a1b2c3d4"));
    tn_rtcp_print_bye(&buf, 7);
    tern_str rest = written();
    CHECK_EQ(tn_rtcp_check(rest), 0);

    CHECK_EQ(tn_rtcp_next(&rest, &part), 1);
    CHECK_EQ(part.type, TN_RTCP_SR);
    CHECK_EQ(part.ssrc, 7);
    CHECK(part.ntp == sender.ntp);
    CHECK_EQ(part.packets, 10);
    CHECK_EQ(part.report_count, 1);
    struct tn_rtcp_report read = tn_rtcp_report_at(&part, 0);
    CHECK_EQ(read.ssrc, report.ssrc);
    CHECK_EQ(read.fraction_lost, report.fraction_lost);
    CHECK_EQ(read.lost, report.lost);
    CHECK_EQ(read.highest_sequence, report.highest_sequence);
    CHECK_EQ(read.jitter, report.jitter);
    CHECK_EQ(read.lsr, report.lsr);
    CHECK_EQ(read.dlsr, report.dlsr);

    CHECK_EQ(tn_rtcp_next(&rest, &part), 1);
    CHECK_EQ(part.type, TN_RTCP_SDES);
    CHECK_EQ(part.cname.len, 8);
    CHECK(memcmp(part.cname.ptr, "a1b2c3d4", 8) == 0);

    CHECK_EQ(tn_rtcp_next(&rest, &part), 1);
    CHECK_EQ(part.type, TN_RTCP_BYE);
    CHECK_EQ(tn_rtcp_source_at(&part, 0), 7);
    CHECK_EQ(tn_rtcp_next(&rest, &part), 0);
}

/* RFC 3550 6.5: each length of CNAME leaves at least one zero and ends on a word. */
static void a_cname_of_any_length_is_padded(void)
{
    static const char name[] = "abcdefghijklmnop";
    struct tn_rtcp part;

    for (size_t len = 0; len <= 16; len++) {
        tn_buf_fixed(&buf, bytes, sizeof(bytes));
        tn_rtcp_print_rr(&buf, 1, NULL, 0);
        tn_rtcp_print_cname(&buf, 1, (tern_str){name, len});
        tern_str rest = written();
        CHECK_EQ(rest.len % 4, 0);
        CHECK_EQ(rest.ptr[rest.len - 1], 0);
        CHECK_EQ(tn_rtcp_check(rest), 0);
        CHECK_EQ(tn_rtcp_next(&rest, &part), 1);
        CHECK_EQ(tn_rtcp_next(&rest, &part), 1);
        CHECK_EQ(part.cname.len, len);
    }
}

/* RFC 3550 6.4.1: 24 bits, not wrapped. */
static void the_cumulative_loss_is_clamped(void)
{
    static const struct {
        int32_t lost, want;
    } cases[] = {{0, 0}, {-1, -1}, {8388607, 8388607}, {9000000, 8388607}, {-9000000, -8388608}};
    struct tn_rtcp part;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_rtcp_report report = {.lost = cases[i].lost};
        tn_buf_fixed(&buf, bytes, sizeof(bytes));
        tn_rtcp_print_rr(&buf, 1, &report, 1);
        tern_str rest = written();
        CHECK_EQ(tn_rtcp_next(&rest, &part), 1);
        CHECK_EQ(tn_rtcp_report_at(&part, 0).lost, cases[i].want);
    }
}

/* RFC 3550 A.2 */
static void compounds_that_do_not_add_up_are_refused(void)
{
    static const struct {
        uint8_t bytes[16];
        size_t len;
    } cases[] = {
        {{0}, 0},
        {{0x80, 201, 0}, 3},
        {{0x80, 202, 0, 1, 0, 0, 0, 1}, 8},                   /* SDES first */
        {{0x40, 201, 0, 1, 0, 0, 0, 1}, 8},                   /* version 1 */
        {{0x80, 201, 0, 2, 0, 0, 0, 1}, 8},                   /* longer than it is */
        {{0x80, 201, 0, 1, 0, 0, 0, 1, 0x80}, 9},             /* a byte too many */
        {{0xa0, 201, 0, 1, 0, 0, 0, 0}, 8},                   /* padding of nothing */
        {{0xa0, 201, 0, 1, 0, 0, 0, 8}, 8},                   /* padding over the header */
        {{0xa0, 201, 0, 1, 0, 0, 0, 4, 0x80, 203, 0, 0}, 12}, /* padding in the middle */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tern_str compound = {(const char *)cases[i].bytes, cases[i].len};
        CHECK_EQ(tn_rtcp_check(compound), TERN_EPARSE);
    }
}

static void a_bad_or_unknown_part_does_not_spoil_the_next(void)
{
    static const uint8_t compound[] = {
        0x81, 201, 0, 1, 0, 0, 0, 1,                 /* RR whose report is missing */
        0x80, 207, 0, 1, 1, 2, 3, 4,                 /* XR: not ours */
        0x82, 203, 0, 1, 0, 0, 0, 5,                 /* BYE of two, with one */
        0x81, 203, 0, 2, 0, 0, 0, 6, 2, 'o', 'k', 0, /* BYE with a reason */
    };
    tern_str rest = {(const char *)compound, sizeof(compound)};
    struct tn_rtcp part;

    CHECK_EQ(tn_rtcp_check(rest), 0);
    CHECK_EQ(tn_rtcp_next(&rest, &part), TERN_EPARSE);
    CHECK_EQ(tn_rtcp_next(&rest, &part), 1);
    CHECK_EQ(part.type, TN_RTCP_OTHER);
    CHECK_EQ(tn_rtcp_next(&rest, &part), TERN_EPARSE);
    CHECK_EQ(tn_rtcp_next(&rest, &part), 1);
    CHECK_EQ(part.reason.len, 2);
    CHECK_EQ(tn_rtcp_next(&rest, &part), 0);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_compound_packet_survives_print_and_parse),
        TEST(a_cname_of_any_length_is_padded),
        TEST(the_cumulative_loss_is_clamped),
        TEST(compounds_that_do_not_add_up_are_refused),
        TEST(a_bad_or_unknown_part_does_not_spoil_the_next),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
