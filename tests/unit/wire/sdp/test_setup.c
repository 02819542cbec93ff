/* SPDX-License-Identifier: MIT */
#include "wire/sdp/setup.h"

#include "../../../tern_test.h"
#include "base/alloc.h"
#include "base/str.h"

/* Of RFC 8122 5. */
#define SHA1 "4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB"
#define SHA256                                                                                     \
    "12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:"   \
    "3E:5D"
#define HEAD  "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
#define MEDIA "m=audio 4000 UDP/TLS/RTP/SAVP 0\r\n"

static struct tern_allocator alloc;
static struct tn_arena arena;
static struct tn_sdp sdp;

static void read_sdp(const char *text)
{
    alloc = tn_default_allocator();
    tn_arena_init(&arena, &alloc, TN_SDP_ARENA_MAX, NULL, 0);
    CHECK_EQ(tn_sdp_parse(&arena, tn_str(text), &sdp), 0);
}

static bool is(tern_str got, const char *want)
{
    return tn_str_eq(got, tn_str(want));
}

/* RFC 4145 4, RFC 5763 5. */
static void setup_is_read_at_both_levels_and_answered(void)
{
    static const struct {
        const char *text;
        enum tn_sdp_setup setup, answer;
    } cases[] = {
        {HEAD MEDIA, TN_SDP_SETUP_UNSAID, TN_SDP_SETUP_PASSIVE},
        {HEAD MEDIA "a=setup:actpass\r\n", TN_SDP_SETUP_ACTPASS, TN_SDP_SETUP_ACTIVE},
        {HEAD "a=setup:active\r\n" MEDIA, TN_SDP_SETUP_ACTIVE, TN_SDP_SETUP_PASSIVE},
        {HEAD "a=setup:active\r\n" MEDIA "a=setup:passive\r\n", TN_SDP_SETUP_PASSIVE,
         TN_SDP_SETUP_ACTIVE},
        {HEAD MEDIA "a=setup:holdconn\r\n", TN_SDP_SETUP_HOLDCONN, TN_SDP_SETUP_HOLDCONN},
        {HEAD MEDIA "a=setup:nonsense\r\n", TN_SDP_SETUP_UNSAID, TN_SDP_SETUP_PASSIVE},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        read_sdp(cases[i].text);
        enum tn_sdp_setup setup = tn_sdp_setup(&sdp, &sdp.media[0]);
        CHECK_EQ(setup, cases[i].setup);
        CHECK_EQ(tn_sdp_setup_answer(setup), cases[i].answer);
        tn_arena_fini(&arena);
    }
    CHECK(is(tn_sdp_setup_name(TN_SDP_SETUP_ACTPASS), "actpass"));
    CHECK(is(tn_sdp_setup_name(TN_SDP_SETUP_UNSAID), ""));
}

static void a_fingerprint_is_read_in_any_case_and_printed_in_one(void)
{
    static const char *const cases[] = {"SHA-1 " SHA1, "sha-1  " SHA1 " ",
                                        "sha-1 4a:ad:b9:b1:3f:82:18:3b:54:02:12:df:3e:5d:49:6b:19:"
                                        "e5:7c:ab"};
    struct tn_sdp_fingerprint first, print;

    CHECK_EQ(tn_sdp_fingerprint_parse(tn_str(cases[0]), &first), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        struct tn_buf buf;
        CHECK_EQ(tn_sdp_fingerprint_parse(tn_str(cases[i]), &print), 0);
        CHECK(tn_sdp_fingerprint_equal(&first, &print));
        tn_buf_fixed(&buf, text, sizeof(text));
        tn_sdp_fingerprint_print(&print, &buf);
        CHECK(is(tn_buf_view(&buf), "sha-1 " SHA1));
    }
    CHECK_EQ(tn_sdp_fingerprint_parse(TERN_STR("sha-256 " SHA256), &print), 0);
    CHECK(!tn_sdp_fingerprint_equal(&first, &print));
}

static void what_is_no_fingerprint_is_refused(void)
{
    static const char *const cases[] = {"",
                                        "sha-1",
                                        "sha-1 ",
                                        SHA1,
                                        "sha-256 " SHA1,
                                        "sha-1 " SHA256,
                                        "md5 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B",
                                        "sha-1 " SHA1 ":",
                                        "sha-1 4A-AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:"
                                        "E5:7C:AB",
                                        "sha-1 4G:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:"
                                        "E5:7C:AB"};
    struct tn_sdp_fingerprint print;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_EQ(tn_sdp_fingerprint_parse(tn_str(cases[i]), &print), TERN_EPARSE);
}

static void the_strongest_fingerprint_of_the_nearest_level_counts(void)
{
    static const struct {
        const char *text;
        size_t len; /* 0: none */
    } cases[] = {
        {HEAD MEDIA, 0},
        {HEAD "a=fingerprint:sha-1 " SHA1 "\r\n" MEDIA, 20},
        {HEAD "a=fingerprint:sha-1 " SHA1 "\r\na=fingerprint:sha-256 " SHA256 "\r\n" MEDIA, 32},
        {HEAD "a=fingerprint:sha-256 " SHA256 "\r\n" MEDIA "a=fingerprint:sha-1 " SHA1 "\r\n", 20},
        {HEAD MEDIA "a=fingerprint:md5 00\r\na=fingerprint:sha-256 " SHA256 "\r\n", 32},
        {HEAD "a=fingerprint:sha-1 " SHA1 "\r\n" MEDIA "a=fingerprint:md5 00\r\n", 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_sdp_fingerprint print = {.len = 0};
        read_sdp(cases[i].text);
        CHECK_EQ(tn_sdp_fingerprint(&sdp, &sdp.media[0], &print), cases[i].len > 0);
        CHECK_EQ(print.len, cases[i].len);
        tn_arena_fini(&arena);
    }
}

/* RFC 8842 4, RFC 5761 5.1.1. */
static void tls_id_and_rtcp_mux_belong_to_a_stream(void)
{
    read_sdp(HEAD "a=tls-id:01234567890123456789\r\na=rtcp-mux\r\n" MEDIA
                  "a=tls-id:abc3de65cddef001be82\r\na=rtcp-mux\r\n" MEDIA "a=tls-id:short\r\n" MEDIA
                  "a=tls-id:0123456789 0123456789\r\n");
    CHECK(is(tn_sdp_tls_id(&sdp.media[0]), "abc3de65cddef001be82"));
    CHECK(tn_sdp_rtcp_mux(&sdp.media[0]));
    CHECK(is(tn_sdp_tls_id(&sdp.media[1]), ""));
    CHECK(!tn_sdp_rtcp_mux(&sdp.media[1]));
    CHECK(is(tn_sdp_tls_id(&sdp.media[2]), ""));
    tn_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(setup_is_read_at_both_levels_and_answered),
        TEST(a_fingerprint_is_read_in_any_case_and_printed_in_one),
        TEST(what_is_no_fingerprint_is_refused),
        TEST(the_strongest_fingerprint_of_the_nearest_level_counts),
        TEST(tls_id_and_rtcp_mux_belong_to_a_stream),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
