/* SPDX-License-Identifier: MIT */
#include "wire/rtp/rtp.h"

#include <tern/err.h>

#include "wire/rtp/event.h"

#include "../../../tern_test.h"

#define VIEW(bytes) ((tern_str){(const char *)(bytes), sizeof(bytes)})

/* RFC 3550 5.1: each field where the figure has it. */
static void a_plain_packet_is_read_field_by_field(void)
{
    static const uint8_t bytes[] = {0x80, 0x88, 0x12, 0x34, 0x01, 0x02, 0x03,
                                    0x04, 0xde, 0xad, 0xbe, 0xef, 0x11, 0x22};
    struct tn_rtp rtp;

    CHECK_EQ(tn_rtp_parse(VIEW(bytes), &rtp), 0);
    CHECK(rtp.marker);
    CHECK_EQ(rtp.payload_type, 8);
    CHECK_EQ(rtp.sequence, 0x1234);
    CHECK_EQ(rtp.timestamp, 0x01020304);
    CHECK_EQ(rtp.ssrc, 0xdeadbeef);
    CHECK_EQ(rtp.csrc_count, 0);
    CHECK_EQ(rtp.payload.len, 2);
    CHECK_EQ(rtp.payload.ptr[1], 0x22);
}

/* RFC 3550 5.3.1 and 5.1: CSRC list, extension and padding are cut from the payload. */
static void csrc_extension_and_padding_are_not_payload(void)
{
    static const uint8_t bytes[] = {
        0xb2, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0xa0, 0x00, 0x00, 0x00, 0x01, /* header */
        0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x03,                         /* two CSRC */
        0xbe, 0xde, 0x00, 0x01, 0x01, 0x02, 0x03, 0x04,                         /* extension */
        0x55, 0x66, 0x00, 0x00, 0x03,                                           /* payload */
    };
    struct tn_rtp rtp;
    uint8_t again[sizeof(bytes)];

    CHECK_EQ(tn_rtp_parse(VIEW(bytes), &rtp), 0);
    CHECK_EQ(rtp.csrc_count, 2);
    CHECK_EQ(rtp.csrc[1], 3);
    CHECK_EQ(rtp.extension_profile, 0xbede);
    CHECK_EQ(rtp.extension.len, 4);
    CHECK_EQ(rtp.padding, 3);
    CHECK_EQ(rtp.payload.len, 2);
    CHECK_EQ(tn_rtp_print(&rtp, again, sizeof(again)), sizeof(bytes));
    CHECK(memcmp(again, bytes, sizeof(bytes)) == 0);
    CHECK_EQ(tn_rtp_print(&rtp, again, sizeof(again) - 1), TERN_ENOBUF);
}

static void packets_that_lie_about_their_length_are_refused(void)
{
    static const struct {
        uint8_t first, last;
        size_t len;
    } cases[] = {
        {0x80, 0, 11}, /* shorter than the header */
        {0x40, 0, 12}, /* version 1 */
        {0x81, 0, 12}, /* a CSRC that is not there */
        {0x8f, 0, 71}, /* fifteen, one byte short */
        {0x90, 0, 12}, /* an extension that is not there */
        {0x90, 1, 16}, /* its length says one word more */
        {0xa0, 0, 13}, /* no padding at all */
        {0xa0, 2, 13}, /* more padding than bytes */
        {0xa0, 0, 12}, /* nothing to hold the count */
    };
    struct tn_rtp rtp;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t bytes[80] = {cases[i].first};
        bytes[cases[i].len - 1] = cases[i].last;
        CHECK_EQ(tn_rtp_parse((tern_str){(const char *)bytes, cases[i].len}, &rtp), TERN_EPARSE);
    }
    CHECK_EQ(tn_rtp_parse((tern_str){NULL, 0}, &rtp), TERN_EPARSE);
}

static void what_no_packet_can_say_is_not_printed(void)
{
    uint8_t bytes[64];
    struct tn_rtp type = {.payload_type = 128}, csrc = {.csrc_count = 16};
    struct tn_rtp extension = {.extended = true, .extension = TERN_STR("abc")};

    CHECK_EQ(tn_rtp_print(&type, bytes, sizeof(bytes)), TERN_EINVAL);
    CHECK_EQ(tn_rtp_print(&csrc, bytes, sizeof(bytes)), TERN_EINVAL);
    CHECK_EQ(tn_rtp_print(&extension, bytes, sizeof(bytes)), TERN_EINVAL);
}

/* RFC 5761 4 */
static void rtcp_is_told_from_rtp_on_one_port(void)
{
    static const uint8_t sr[] = {0x80, 200}, marked[] = {0x80, 0x80}, pcma[] = {0x80, 8};

    CHECK(tn_rtp_is_rtcp(VIEW(sr)));
    CHECK(!tn_rtp_is_rtcp(VIEW(marked)));
    CHECK(!tn_rtp_is_rtcp(VIEW(pcma)));
    CHECK(!tn_rtp_is_rtcp((tern_str){(const char *)sr, 1}));
}

/* RFC 4733 2.3 */
static void a_telephone_event_is_read_and_written(void)
{
    static const uint8_t bytes[] = {11, 0x8a, 0x03, 0x20};
    uint8_t again[TN_EVENT_LENGTH];
    struct tn_event event;

    CHECK_EQ(tn_event_parse(VIEW(bytes), &event), 0);
    CHECK_EQ(event.code, 11);
    CHECK(event.end);
    CHECK_EQ(event.volume, 10);
    CHECK_EQ(event.duration, 800);
    tn_event_print(&event, again);
    CHECK(memcmp(again, bytes, sizeof(bytes)) == 0);
    CHECK_EQ(tn_event_parse((tern_str){(const char *)bytes, 3}, &event), TERN_EPARSE);
}

/* RFC 4733 3.2, table 3 */
static void digits_and_event_codes_name_each_other(void)
{
    static const char digits[] = "0123456789*#ABCD";

    for (int code = 0; code < 16; code++) {
        CHECK_EQ(tn_event_code(digits[code]), code);
        CHECK_EQ(tn_event_digit((uint8_t)code), digits[code]);
    }
    CHECK_EQ(tn_event_code('b'), 13);
    CHECK_EQ(tn_event_code('E'), -1);
    CHECK_EQ(tn_event_code('\0'), -1);
    CHECK_EQ(tn_event_digit(16), '\0');
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_plain_packet_is_read_field_by_field),
        TEST(csrc_extension_and_padding_are_not_payload),
        TEST(packets_that_lie_about_their_length_are_refused),
        TEST(what_no_packet_can_say_is_not_printed),
        TEST(rtcp_is_told_from_rtp_on_one_port),
        TEST(a_telephone_event_is_read_and_written),
        TEST(digits_and_event_codes_name_each_other),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
