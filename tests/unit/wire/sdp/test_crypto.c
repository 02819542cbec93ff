/* SPDX-License-Identifier: MIT */
#include "wire/sdp/crypto.h"

#include "../../../tern_test.h"
#include "base/alloc.h"
#include "base/str.h"

#define KEY_A "PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR" /* of RFC 4568 4 */
#define KEY_B "MTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5QUJjZGVm"
#define KEY_C "QUJjZGVmMTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5"

static bool is(tern_str got, const char *want)
{
    return tn_str_eq(got, tn_str(want));
}

/* RFC 4648 10. */
static void base64_is_that_of_the_rfc(void)
{
    static const struct {
        const char *plain, *coded;
    } cases[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[32];
        uint8_t bytes[8];
        struct tn_buf buf;
        size_t len = 99, plain_len = strlen(cases[i].plain);
        tn_buf_fixed(&buf, text, sizeof(text));
        tn_base64_print(&buf, (const uint8_t *)cases[i].plain, plain_len);
        CHECK(is(tn_buf_view(&buf), cases[i].coded));
        CHECK_EQ(tn_base64_parse(tn_str(cases[i].coded), bytes, plain_len, &len), 0);
        CHECK_EQ(len, plain_len);
        CHECK(memcmp(bytes, cases[i].plain, len) == 0);
        if (plain_len > 0) {
            CHECK_EQ(tn_base64_parse(tn_str(cases[i].coded), bytes, plain_len - 1, &len),
                     TERN_ENOBUF);
        }
    }
}

static void what_is_no_base64_is_refused(void)
{
    static const char *const cases[] = {
        "Z",     "Zg=",  "Zg===",    "=",     "====", "Zh==",    "Zm9=",
        "Zm 9v", "Zm9-", "Zg==Zg==", "Zm9v=", "Z===", "Zm9vYmF="};
    uint8_t bytes[16];
    size_t len;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_EQ(tn_base64_parse(tn_str(cases[i]), bytes, sizeof(bytes), &len), TERN_EPARSE);
    CHECK_EQ(tn_base64_parse(TERN_STR("Zg"), bytes, sizeof(bytes), &len), 0); /* INTEROP */
}

/* RFC 4568 4, 5.2, 7.1.1, 9.2 and others; which of them a phone without MKI and FEC can use. */
static void each_line_is_read_and_says_whether_it_is_of_use(void)
{
    static const struct {
        const char *line;
        uint32_t tag;
        const char *suite;
        uint64_t lifetime;
        const char *mki, *params, *obstacle;
    } cases[] = {
        {"1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A, 1, "AES_CM_128_HMAC_SHA1_80", 0, "", "", ""},
        {"1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "|2^20|1:32", 1, "AES_CM_128_HMAC_SHA1_80",
         1u << 20, "1:32", "", "1:32"},
        {"1 AES_CM_128_HMAC_SHA1_32 inline:" KEY_A "|1048577", 1, "AES_CM_128_HMAC_SHA1_32",
         1048577, "", "", ""},
        {"7 AES_CM_128_HMAC_SHA1_32 inline:" KEY_A "|1:4", 7, "AES_CM_128_HMAC_SHA1_32", 0, "1:4",
         "", "1:4"},
        {"2 F8_128_HMAC_SHA1_80 inline:" KEY_B "|2^20|1:4;inline:" KEY_C
         "|2^20|2:4 FEC_ORDER=FEC_SRTP",
         2, "F8_128_HMAC_SHA1_80", 1u << 20, "1:4", "FEC_ORDER=FEC_SRTP", "1:4"},
        {"2 AES_CM_128_HMAC_SHA1_80 inline:" KEY_B ";inline:" KEY_C, 2, "AES_CM_128_HMAC_SHA1_80",
         0, "", "", "inline:" KEY_C},
        {"001 AES_256_CM_HMAC_SHA1_80 inline:" KEY_B " UNENCRYPTED_SRTCP", 1,
         "AES_256_CM_HMAC_SHA1_80", 0, "", "UNENCRYPTED_SRTCP", "UNENCRYPTED_SRTCP"},
        {"999999999  AEAD_AES_128_GCM\tinline:" KEY_B "  WSH=64 KDR=0  -later=1 ", 999999999,
         "AEAD_AES_128_GCM", 0, "", "WSH=64 KDR=0  -later=1", ""},
        {"3 X INLINE:" KEY_B " WSH=64 KDR=4", 3, "X", 0, "", "WSH=64 KDR=4", "KDR=4"},
        {"3 X inline:" KEY_B " UNAUTHENTICATED_SRTP", 3, "X", 0, "", "UNAUTHENTICATED_SRTP",
         "UNAUTHENTICATED_SRTP"},
        {"3 X inline:" KEY_B " unknown", 3, "X", 0, "", "unknown", "unknown"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_sdes sdes;
        CHECK_EQ(tn_sdes_parse(tn_str(cases[i].line), &sdes), 0);
        CHECK_EQ(sdes.tag, cases[i].tag);
        CHECK(is(sdes.suite, cases[i].suite));
        CHECK_EQ(sdes.key_len, 30);
        CHECK_EQ(sdes.lifetime, cases[i].lifetime);
        CHECK(is(sdes.mki, cases[i].mki));
        CHECK(is(sdes.params, cases[i].params));
        CHECK(is(sdes.obstacle, cases[i].obstacle));
        CHECK_EQ(sdes.usable, cases[i].obstacle[0] == '\0');
    }
}

static void a_malformed_line_is_refused_and_leaves_nothing(void)
{
    static const char *const cases[] = {
        "",
        "1",
        "1 AES_CM_128_HMAC_SHA1_80",
        "x AES_CM_128_HMAC_SHA1_80 inline:" KEY_A,
        "-1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A,
        "1000000000 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A,
        "1 AES_CM_128_HMAC_SHA1_80 inline:",
        "1 AES_CM_128_HMAC_SHA1_80 inline",
        "1 AES_CM_128_HMAC_SHA1_80 outline:" KEY_A,
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "!",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "|",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "|0",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "|2^49",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "|2^",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "|281474976710657",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "|2^20|",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "|2^20|1",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "|2^20|1:0",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "|2^20|1:129",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "|2^20|x:4",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "|2^20|1:4|",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A ";",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A KEY_A KEY_A,
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_sdes sdes = {.tag = 4711};
        CHECK_EQ(tn_sdes_parse(tn_str(cases[i]), &sdes), TERN_EPARSE);
        CHECK_EQ(sdes.tag, 4711);
    }
}

static void a_line_is_printed_as_it_was_read(void)
{
    static const char *const cases[] = {
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A,
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "|2^20|1:32",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "|2^48",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_A "|1000 WSH=64 -x",
        "2 AES_CM_128_HMAC_SHA1_80 inline:" KEY_B "|1:4",
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        struct tn_buf buf;
        struct tn_sdes sdes;
        CHECK_EQ(tn_sdes_parse(tn_str(cases[i]), &sdes), 0);
        tn_buf_fixed(&buf, text, sizeof(text));
        tn_sdes_print(&sdes, &buf);
        CHECK(is(tn_buf_view(&buf), cases[i]));
    }
}

static void of_a_stream_the_good_lines_come_in_order_and_a_tag_once(void)
{
    static const char sdp_text[] =
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        "a=crypto:9 AEAD_AES_128_GCM inline:" KEY_A "\r\n" /* not for the session part */
        "m=audio 4000 RTP/SAVP 0\r\n"
        "a=crypto:1 AEAD_AES_256_GCM inline:" KEY_A "\r\n"
        "a=crypto:2 broken\r\n"
        "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:" KEY_B "\r\n"
        "a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:" KEY_C "\r\n"
        "a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:" KEY_C "\r\n";
    struct tern_allocator alloc = tn_default_allocator();
    struct tn_sdes lines[TN_SDES_LINES_MAX];
    struct tn_arena arena;
    struct tn_sdp sdp;

    tn_arena_init(&arena, &alloc, TN_SDP_ARENA_MAX, NULL, 0);
    CHECK_EQ(tn_sdp_parse(&arena, tn_str(sdp_text), &sdp), 0);
    CHECK_EQ(tn_sdes_read(&sdp.media[0], lines, TN_SDES_LINES_MAX), 3);
    CHECK(is(lines[0].suite, "AEAD_AES_256_GCM"));
    CHECK(is(lines[1].suite, "AES_CM_128_HMAC_SHA1_80"));
    CHECK_EQ(lines[2].tag, 3);
    CHECK_EQ(tn_sdes_read(&sdp.media[0], lines, 2), 2);
    tn_arena_fini(&arena);
}

static void a_wiped_key_is_gone(void)
{
    static const struct tn_sdes nothing;
    struct tn_sdes sdes;

    CHECK_EQ(tn_sdes_parse(TERN_STR("1 X inline:" KEY_A), &sdes), 0);
    tn_sdes_wipe(&sdes);
    CHECK(memcmp(sdes.key, nothing.key, sizeof(sdes.key)) == 0);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(base64_is_that_of_the_rfc),
        TEST(what_is_no_base64_is_refused),
        TEST(each_line_is_read_and_says_whether_it_is_of_use),
        TEST(a_malformed_line_is_refused_and_leaves_nothing),
        TEST(a_line_is_printed_as_it_was_read),
        TEST(of_a_stream_the_good_lines_come_in_order_and_a_tag_once),
        TEST(a_wiped_key_is_gone),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
