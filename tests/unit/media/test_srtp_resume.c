/* SPDX-License-Identifier: MIT */
/* RFC 3711 9.1 across a restart: a context goes on behind what it has reserved, and never meets itself. */
#include "../../tern_test.h"
#include "base/alloc.h"
#include "base/bytes.h"
#include "media/srtp.h"

#define SSRC    0xcafebabeu
#define RTP_LEN 172

static const enum tn_srtp_suite suites[] = {
    TN_SRTP_AES_CM_128_HMAC_SHA1_80,
    TN_SRTP_AES_256_CM_HMAC_SHA1_32,
    TN_SRTP_AEAD_AES_256_GCM,
};
#define FOR_EACH_SUITE for (size_t s_ = 0; s_ < sizeof(suites) / sizeof(suites[0]); s_++)
#define SUITE          suites[s_]

static uint8_t master[TN_SRTP_KEY_MAX] = {1, 2, 3};
static struct tern_allocator alloc;

static struct tn_srtp *new_key(enum tn_srtp_suite suite, bool outbound)
{
    struct tn_srtp *srtp;
    CHECK_EQ(tn_srtp_new(&alloc, suite, master, outbound, &srtp), 0);
    return srtp;
}

struct packet {
    uint8_t bytes[TN_SRTP_PACKET];
    size_t len;
};

static int seal(struct tn_srtp *srtp, uint16_t sequence, struct packet *packet)
{
    *packet = (struct packet){.bytes = {0x80}, .len = RTP_LEN};
    tn_put16(packet->bytes + 2, sequence);
    tn_put32(packet->bytes + 8, SSRC);
    return tn_srtp_protect(srtp, packet->bytes, &packet->len, sizeof(packet->bytes));
}

static int seal_rtcp(struct tn_srtp *srtp, struct packet *packet)
{
    *packet = (struct packet){.bytes = {0x80, 201, 0, 1}, .len = 8};
    tn_put32(packet->bytes + 4, SSRC);
    return tn_srtp_protect_rtcp(srtp, packet->bytes, &packet->len, sizeof(packet->bytes));
}

static enum tn_srtp_verdict open_packet(struct tn_srtp *srtp, const struct packet *packet)
{
    uint8_t clear[TN_SRTP_PACKET];
    size_t len;
    return tn_srtp_unprotect(srtp, (tern_str){(const char *)packet->bytes, packet->len}, clear,
                             &len);
}

static enum tn_srtp_verdict open_rtcp(struct tn_srtp *srtp, const struct packet *packet)
{
    uint8_t clear[TN_SRTP_PACKET];
    size_t len;
    return tn_srtp_unprotect_rtcp(srtp, (tern_str){(const char *)packet->bytes, packet->len}, clear,
                                  &len);
}

/* Sends `count` packets from there on, and has the far end, if there is one, hear the last. */
static uint16_t send(struct tn_srtp *from, struct tn_srtp *to, uint16_t sequence, uint32_t count)
{
    struct packet packet;
    for (uint32_t i = 0; i < count; i++)
        CHECK_EQ(seal(from, sequence++, &packet), 0);
    if (to) CHECK_EQ(open_packet(to, &packet), TN_SRTP_NEWEST);
    return sequence;
}

static void the_next_process_goes_on_where_the_reserve_ends_across_the_wrap(void)
{
    static const uint16_t starts[] = {100, 40000, 64000, 65530};
    FOR_EACH_SUITE
    for (size_t i = 0; i < 4; i++) {
        struct tn_srtp *first = new_key(SUITE, true), *far = new_key(SUITE, false);
        struct packet packet;
        uint16_t next = starts[i];
        for (int k = 0; k < 5; k++) /* over one wrap at least */
            next = send(first, far, (uint16_t)(next + 20000), 10);
        struct tn_srtp_places places = tn_srtp_reserve(first, SSRC, next);
        tn_srtp_limit(first, &places);
        CHECK_EQ(places.rtp.index & 0xffff, (uint16_t)(next + TN_SRTP_RESERVE));
        next = send(first, far, next, TN_SRTP_RESERVE);
        CHECK_EQ(seal(first, next, &packet), TERN_ELIMIT);
        tn_srtp_free(first);

        struct tn_srtp *second = new_key(SUITE, true);
        CHECK_EQ(tn_srtp_resume(second, &places), 0);
        CHECK_EQ(seal(second, (uint16_t)places.rtp.index, &packet), TERN_ELIMIT);
        CHECK(tn_srtp_reserve_low(second));
        places = tn_srtp_reserve(second, SSRC, (uint16_t)places.rtp.index);
        tn_srtp_limit(second, &places);
        CHECK(!tn_srtp_reserve_low(second));
        (void)send(second, far, next, TN_SRTP_RESERVE);
        tn_srtp_free(second);
        tn_srtp_free(far);
    }
}

static void reports_go_on_behind_theirs(void)
{
    FOR_EACH_SUITE
    {
        struct tn_srtp *first = new_key(SUITE, true), *far = new_key(SUITE, false);
        struct packet packet;
        for (int i = 0; i < 700; i++)
            CHECK_EQ(seal_rtcp(first, &packet), 0);
        CHECK_EQ(open_rtcp(far, &packet), TN_SRTP_NEWEST);
        struct tn_srtp_places places = tn_srtp_reserve(first, SSRC, 7);
        tn_srtp_limit(first, &places);
        for (int i = 0; i < TN_SRTCP_RESERVE; i++)
            CHECK_EQ(seal_rtcp(first, &packet), 0);
        CHECK_EQ(seal_rtcp(first, &packet), TERN_ELIMIT);
        CHECK_EQ(open_rtcp(far, &packet), TN_SRTP_FORGED); /* it was not sealed */
        struct tn_srtp *second = new_key(SUITE, true);
        CHECK_EQ(tn_srtp_resume(second, &places), 0);
        CHECK_EQ(seal_rtcp(second, &packet), TERN_ELIMIT);
        tn_srtp_limit(second, NULL);
        CHECK_EQ(seal_rtcp(second, &packet), 0);
        CHECK_EQ(open_rtcp(far, &packet), TN_SRTP_NEWEST);
        tn_srtp_free(first);
        tn_srtp_free(second);
        tn_srtp_free(far);
    }
}

static void who_listens_again_takes_nothing_that_was_heard_and_finds_the_rollover(void)
{
    static const uint16_t heard[] = {300, 65000};
    FOR_EACH_SUITE
    for (size_t i = 0; i < 2; i++) {
        struct tn_srtp *far = new_key(SUITE, true), *first = new_key(SUITE, false);
        struct packet old, packet;
        (void)send(far, first, 1, 1);
        (void)send(far, first, 30000, 1);
        (void)send(far, first, 60000, 1);
        if (i == 0) (void)send(far, first, 100, 1); /* after a wrap */
        uint16_t next = send(far, first, heard[i], 1);
        CHECK_EQ(seal(far, next++, &old), 0);
        CHECK_EQ(open_packet(first, &old), TN_SRTP_NEWEST);
        struct tn_srtp_places places = tn_srtp_heard(first);
        tn_srtp_free(first);

        struct tn_srtp *second = new_key(SUITE, false);
        CHECK_EQ(tn_srtp_resume(second, &places), 0);
        CHECK_EQ(open_packet(second, &old), TN_SRTP_REPLAYED);
        next = send(far, second, (uint16_t)(next + 2000), 1); /* the second time behind a wrap */
        CHECK_EQ(open_packet(second, &old), TN_SRTP_REPLAYED);
        CHECK_EQ(seal(far, next, &packet), 0);
        CHECK_EQ(open_packet(second, &packet), TN_SRTP_NEWEST);
        CHECK_EQ(open_packet(second, &packet), TN_SRTP_REPLAYED);
        tn_srtp_free(second);
        tn_srtp_free(far);
    }
}

static void places_that_cannot_be_are_refused(void)
{
    static const struct tn_srtp_places wrong[] = {
        {.rtp = {.known = false}},
        {.rtp = {true, SSRC, 0}, .rtcp = {true, SSRC, 5}},
        {.rtp = {true, SSRC, 9}, .rtcp = {true, SSRC + 1, 5}},
        {.rtp = {true, SSRC, 9}, .rtcp = {true, SSRC, TN_SRTCP_RESUMED + 1}},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct tn_srtp *srtp = new_key(suites[0], true);
        CHECK_EQ(tn_srtp_resume(srtp, &wrong[i]), TERN_EPARSE);
        tn_srtp_free(srtp);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_next_process_goes_on_where_the_reserve_ends_across_the_wrap),
        TEST(reports_go_on_behind_theirs),
        TEST(who_listens_again_takes_nothing_that_was_heard_and_finds_the_rollover),
        TEST(places_that_cannot_be_are_refused),
    };
    alloc = tn_default_allocator();
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
