/* SPDX-License-Identifier: MIT */
/* The codec on the messages of RFC 5769 and RFC 8489 B.1, and on what is wrong with others. */
#include "wire/stun/stun.h"

#include <tern/err.h>

#include "base/str.h"
#include "tern_test.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static char text[2048];
static struct tn_buf buf;

static tern_str vector(const char *name)
{
    static char bytes[1024];
    char path[512];

    snprintf(path, sizeof(path), "%s/%s.bin", TERN_VECTORS, name);
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    return (tern_str){bytes, len};
}

static struct tn_stun parsed(tern_str datagram)
{
    struct tn_stun msg;

    CHECK(tn_stun_is_message(datagram));
    CHECK_EQ(tn_stun_parse(datagram, &msg), 0);
    return msg;
}

static tern_addr addr(const char *s)
{
    tern_addr a;

    CHECK_EQ(tern_addr_parse(tn_str(s), &a), 0);
    return a;
}

static void begin(enum tn_stun_class kind)
{
    const struct tn_stun head = {
        .kind = kind, .method = TN_STUN_BINDING, .id = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};

    tn_buf_fixed(&buf, text, sizeof(text));
    tn_stun_print_header(&buf, &head);
}

static tern_str written(void)
{
    tern_str s;

    CHECK_EQ(tn_buf_end(&buf, &s), 0);
    return s;
}

/* RFC 5769 2.1 */
static void the_sample_request_is_read(void)
{
    struct tn_stun msg = parsed(vector("rfc5769/request"));
    uint16_t types[4];
    tern_str value;
    uint32_t priority;
    uint64_t tie_breaker;

    CHECK_EQ(msg.kind, TN_STUN_REQUEST);
    CHECK_EQ(msg.method, TN_STUN_BINDING);
    CHECK_EQ(msg.id[0], 0xb7);
    CHECK_EQ(msg.id[11], 0xae);
    CHECK(msg.fingerprint);
    CHECK(msg.integrity != 0);
    CHECK(tn_stun_find(&msg, TN_STUN_USERNAME, &value));
    CHECK(tn_str_eq(value, TERN_STR("evtj:h6vY")));
    CHECK(tn_stun_find(&msg, TN_STUN_SOFTWARE, &value));
    CHECK(tn_str_eq(value, TERN_STR("STUN test client")));
    CHECK_EQ(tn_stun_u32(&msg, TN_STUN_PRIORITY, &priority), 0);
    CHECK_EQ(priority, 0x6e0001ff);
    CHECK_EQ(tn_stun_u64(&msg, TN_STUN_ICE_CONTROLLED, &tie_breaker), 0);
    CHECK(tie_breaker == UINT64_C(0x932ff9b151263b36));
    CHECK(!tn_stun_find(&msg, TN_STUN_USE_CANDIDATE, &value));
    CHECK_EQ(tn_stun_unknown(&msg, types, COUNT(types)), 0);
}

/* RFC 5769 2.2 and 2.3 */
static void mixed_addresses_of_both_families_are_read(void)
{
    static const char *const cases[][2] = {
        {"rfc5769/ipv4_response", "192.0.2.1:32853"},
        {"rfc5769/ipv6_response", "[2001:db8:1234:5678:11:2233:4455:6677]:32853"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tn_stun msg = parsed(vector(cases[i][0]));
        tern_addr mapped;
        CHECK_EQ(msg.kind, TN_STUN_SUCCESS);
        CHECK(msg.fingerprint);
        CHECK_EQ(tn_stun_address(&msg, TN_STUN_XOR_MAPPED_ADDRESS, &mapped), 0);
        CHECK(tern_addr_equal(mapped, addr(cases[i][1])));
        CHECK_EQ(tn_stun_address(&msg, TN_STUN_MAPPED_ADDRESS, &mapped), TERN_ENOTFOUND);
    }
}

/* RFC 5769 2.2: written as there, but for the padding, which the RFC fills with a space. */
static void the_sample_response_is_written(void)
{
    tern_str want = vector("rfc5769/ipv4_response"), covered;
    struct tn_stun_covered claimed;
    struct tn_stun msg = parsed(want);

    CHECK(tn_stun_covered(&msg, TN_STUN_MESSAGE_INTEGRITY, &claimed));
    tn_buf_fixed(&buf, text, sizeof(text));
    tn_stun_print_header(&buf, &msg);
    tn_stun_print(&buf, TN_STUN_SOFTWARE, TERN_STR("test vector"));
    tn_stun_print_address(&buf, TN_STUN_XOR_MAPPED_ADDRESS, addr("192.0.2.1:32853"));
    text[35] = ' ';
    covered = tn_stun_print_covered(&buf, claimed.mac.len);
    CHECK_EQ(covered.len, TN_STUN_HEADER + claimed.rest.len);
    CHECK(memcmp(covered.ptr, claimed.header, TN_STUN_HEADER) == 0);
    CHECK(memcmp(covered.ptr + TN_STUN_HEADER, claimed.rest.ptr, claimed.rest.len) == 0);
    tn_stun_print(&buf, TN_STUN_MESSAGE_INTEGRITY, claimed.mac);
    tn_stun_print_fingerprint(&buf);
    CHECK(tn_str_eq(written(), want));
}

/* RFC 5769 2.4, RFC 8489 B.1 */
static void long_term_requests_are_read(void)
{
    struct tn_stun_covered covered;
    struct tn_stun msg = parsed(vector("rfc5769/long_term_request"));
    uint16_t types[4];
    tern_str value;

    CHECK(!msg.fingerprint);
    CHECK(tn_stun_find(&msg, TN_STUN_REALM, &value));
    CHECK(tn_str_eq(value, TERN_STR("example.org")));
    CHECK(tn_stun_find(&msg, TN_STUN_NONCE, &value));
    CHECK(tn_str_eq(value, TERN_STR("f//499k954d6OL34oL9FSTvy64sA")));
    CHECK(!tn_stun_covered(&msg, TN_STUN_MESSAGE_INTEGRITY_SHA256, &covered));

    msg = parsed(vector("rfc8489/long_term_request"));
    CHECK(tn_stun_find(&msg, TN_STUN_USERHASH, &value));
    CHECK_EQ(value.len, 32);
    CHECK(!tn_stun_covered(&msg, TN_STUN_MESSAGE_INTEGRITY, &covered));
    CHECK(tn_stun_covered(&msg, TN_STUN_MESSAGE_INTEGRITY_SHA256, &covered));
    CHECK_EQ(covered.mac.len, TN_STUN_SHA256);
    CHECK_EQ(tn_stun_unknown(&msg, types, COUNT(types)), 0);
}

static void class_and_method_share_the_type(void)
{
    static const struct {
        enum tn_stun_class kind;
        uint16_t method;
        uint8_t type[2];
    } cases[] = {
        {TN_STUN_REQUEST, 1, {0x00, 0x01}},    {TN_STUN_INDICATION, 1, {0x00, 0x11}},
        {TN_STUN_SUCCESS, 1, {0x01, 0x01}},    {TN_STUN_ERROR, 1, {0x01, 0x11}},
        {TN_STUN_REQUEST, 0xff, {0x02, 0xef}}, {TN_STUN_ERROR, 0xff, {0x03, 0xff}},
        {TN_STUN_REQUEST, 3, {0x00, 0x03}},    {TN_STUN_REQUEST, 0x10, {0x00, 0x20}},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct tn_stun head = {.kind = cases[i].kind, .method = cases[i].method};
        tn_buf_fixed(&buf, text, sizeof(text));
        tn_stun_print_header(&buf, &head);
        CHECK(memcmp(written().ptr, cases[i].type, 2) == 0);
        struct tn_stun msg = parsed(written());
        CHECK_EQ(msg.kind, cases[i].kind);
        CHECK_EQ(msg.method, cases[i].method);
    }
}

/* RFC 7983 7, RFC 5626 8 */
static void other_protocols_are_not_taken_for_it(void)
{
    const tern_str others[] = {
        {"", 0},
        TERN_STR("\r\n\r\n"),
        TERN_STR("OPTIONS sip:a@192.0.2.1 SIP/2.0\r\n\r\n"),
        TERN_STR("\x16\xfe\xfd\0\x21\x12\xa4\x42wwwwwwwwwwwwwwww"), /* DTLS */
        TERN_STR("\x80\0\0\x01\x21\x12\xa4\x42wwwwwwwwwwwwwwww"),   /* RTP */
        TERN_STR("\x04\x01\0\0\x21\x12\xa4\x42wwwwwwwwwwww"),       /* nobody */
        TERN_STR("\0\x01\0\0\x21\x12\xa4\x42wwwwwwwwwww"),          /* short by one */
        TERN_STR("\0\x01\0\0wwwwwwwwwwwwwwww"),                     /* RFC 3489 */
    };
    struct tn_stun msg;

    for (size_t i = 0; i < COUNT(others); i++) {
        CHECK(!tn_stun_is_message(others[i]));
        CHECK_EQ(tn_stun_parse(others[i], &msg), TERN_EPARSE);
    }
}

#define HEAD(len)  "\0\x01\0" len "\x21\x12\xa4\x42wwwwwwwwwwww"
#define SHA1_ZEROS "zzzzzzzzzzzzzzzzzzzz"

static void malformed_messages_are_refused(void)
{
    const tern_str cases[] = {
        TERN_STR(HEAD("\4")),                                  /* less than it says */
        TERN_STR(HEAD("\0") "wwww"),                           /* more */
        TERN_STR(HEAD("\2") "ww"),                             /* not a multiple of 4 */
        TERN_STR(HEAD("\4") "\0\6\0\1"),                       /* no room for its value */
        TERN_STR(HEAD("\x08") "\0\6\0\5wwww"),                 /* … nor for this */
        TERN_STR(HEAD("\x08") "\0\6\xff\xffwwww"),             /* … nor this */
        TERN_STR(HEAD("\x08") "\x80\x28\0\4wwww"),             /* wrong fingerprint */
        TERN_STR(HEAD("\4") "\x80\x28\0\0"),                   /* none in it */
        TERN_STR(HEAD("\x0c") "\x80\x28\0\4wwww\x80\x22\0\0"), /* not last */
        TERN_STR(HEAD("\x08") "\0\x08\0\4wwww"),               /* integrity, short */
        TERN_STR(HEAD("\x18") "\0\x1c\0\x12" SHA1_ZEROS),      /* SHA-256 cut by a half */
        TERN_STR(HEAD("\x10") "\0\x1c\0\x0cwwwwwwwwwwww"),     /* … cut too much */
    };
    struct tn_stun msg = {.method = 77};

    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK(tn_stun_is_message(cases[i]));
        CHECK_EQ(tn_stun_parse(cases[i], &msg), TERN_EPARSE);
        CHECK_EQ(msg.method, 77);
    }
}

static void every_changed_bit_breaks_the_fingerprint(void)
{
    tern_str good = vector("rfc5769/request");
    struct tn_stun msg;
    char bad[128];

    for (size_t bit = 0; bit < 8 * good.len; bit++) {
        memcpy(bad, good.ptr, good.len);
        bad[bit / 8] = (char)(bad[bit / 8] ^ 1 << bit % 8);
        if (tn_stun_parse((tern_str){bad, good.len}, &msg) != 0) continue;
        CHECK(!msg.fingerprint); /* its own type was changed */
    }
}

static void a_cut_message_is_refused(void)
{
    tern_str good = vector("rfc5769/request");
    struct tn_stun msg;

    for (size_t len = 0; len < good.len; len++)
        CHECK_EQ(tn_stun_parse((tern_str){good.ptr, len}, &msg), TERN_EPARSE);
}

/* RFC 8489 14.5 and 14.6 */
static void what_follows_an_integrity_does_not_count(void)
{
    static const char mac[TN_STUN_SHA256];
    struct tn_stun_covered covered;
    tern_str value;

    begin(TN_STUN_REQUEST);
    tn_stun_print(&buf, TN_STUN_USERNAME, TERN_STR("a"));
    tn_stun_print(&buf, TN_STUN_MESSAGE_INTEGRITY, (tern_str){mac, TN_STUN_SHA1});
    tn_stun_print(&buf, TN_STUN_USE_CANDIDATE, (tern_str){NULL, 0});
    tn_stun_print(&buf, TN_STUN_MESSAGE_INTEGRITY_SHA256, (tern_str){mac, TN_STUN_SHA256});
    tn_stun_print(&buf, TN_STUN_MESSAGE_INTEGRITY, (tern_str){mac, 4});
    tn_stun_print_fingerprint(&buf);
    struct tn_stun msg = parsed(written());
    CHECK(tn_stun_find(&msg, TN_STUN_USERNAME, &value));
    CHECK(!tn_stun_find(&msg, TN_STUN_USE_CANDIDATE, &value));
    CHECK(msg.fingerprint);
    CHECK_EQ(msg.integrity, 28);
    CHECK(tn_stun_covered(&msg, TN_STUN_MESSAGE_INTEGRITY, &covered));
    CHECK_EQ(covered.header[3], 8 + 24);
    CHECK_EQ(covered.rest.len, 8);
    CHECK(tn_stun_covered(&msg, TN_STUN_MESSAGE_INTEGRITY_SHA256, &covered));
    CHECK_EQ(covered.header[3], 8 + 24 + 4 + 36);
    CHECK_EQ(covered.rest.len, 8 + 24 + 4);
}

static void the_first_of_two_counts(void)
{
    tern_str value;

    begin(TN_STUN_REQUEST);
    tn_stun_print(&buf, TN_STUN_USERNAME, TERN_STR("first"));
    tn_stun_print(&buf, TN_STUN_USERNAME, TERN_STR("second"));
    struct tn_stun msg = parsed(written());
    CHECK(tn_stun_find(&msg, TN_STUN_USERNAME, &value));
    CHECK(tn_str_eq(value, TERN_STR("first")));
}

/* RFC 8489 6.3, 14 */
static void types_below_0x8000_have_to_be_known(void)
{
    uint16_t types[2] = {0};

    begin(TN_STUN_REQUEST);
    tn_stun_print(&buf, (enum tn_stun_type)0x0003,
                  TERN_STR("abcd")); /* RFC 3489's CHANGE-REQUEST */
    tn_stun_print(&buf, (enum tn_stun_type)0xc001, TERN_STR("x"));
    tn_stun_print(&buf, (enum tn_stun_type)0x7fff, TERN_STR("y"));
    tn_stun_print(&buf, (enum tn_stun_type)0x0000, TERN_STR("z"));
    struct tn_stun msg = parsed(written());
    CHECK_EQ(tn_stun_unknown(&msg, types, COUNT(types)), 2);
    CHECK_EQ(types[0], 0x0003);
    CHECK_EQ(types[1], 0x7fff);
}

static void every_kind_of_attribute_survives_print_and_parse(void)
{
    static const uint16_t unknown[] = {0x0003, 0x7fff, 0x0019};
    tern_addr got;
    tern_str value;
    unsigned code;
    uint32_t number;
    uint64_t wide;

    begin(TN_STUN_ERROR);
    tn_stun_print_address(&buf, TN_STUN_MAPPED_ADDRESS, addr("192.0.2.9:1"));
    tn_stun_print_address(&buf, TN_STUN_ALTERNATE_SERVER, addr("[2001:db8::7]:3478"));
    tn_stun_print_address(&buf, TN_STUN_XOR_MAPPED_ADDRESS, addr("[2001:db8::8]:65535"));
    tn_stun_print_error(&buf, 438, TERN_STR("Stale Nonce"));
    tn_stun_print_unknown(&buf, unknown, COUNT(unknown));
    tn_stun_print_u32(&buf, TN_STUN_PRIORITY, 0x80000001);
    tn_stun_print_u64(&buf, TN_STUN_ICE_CONTROLLING, UINT64_C(0x8000000000000001));
    tn_stun_print(&buf, TN_STUN_USE_CANDIDATE, (tern_str){NULL, 0});
    struct tn_stun msg = parsed(written());
    CHECK_EQ(tn_stun_address(&msg, TN_STUN_MAPPED_ADDRESS, &got), 0);
    CHECK(tern_addr_equal(got, addr("192.0.2.9:1")));
    CHECK_EQ(tn_stun_address(&msg, TN_STUN_ALTERNATE_SERVER, &got), 0);
    CHECK(tern_addr_equal(got, addr("[2001:db8::7]:3478")));
    CHECK_EQ(tn_stun_address(&msg, TN_STUN_XOR_MAPPED_ADDRESS, &got), 0);
    CHECK(tern_addr_equal(got, addr("[2001:db8::8]:65535")));
    CHECK_EQ(tn_stun_error(&msg, &code, &value), 0);
    CHECK_EQ(code, 438);
    CHECK(tn_str_eq(value, TERN_STR("Stale Nonce")));
    CHECK(tn_stun_find(&msg, TN_STUN_UNKNOWN_ATTRIBUTES, &value));
    CHECK(tn_str_eq(value, TERN_STR("\0\x03\x7f\xff\0\x19")));
    CHECK_EQ(tn_stun_u32(&msg, TN_STUN_PRIORITY, &number), 0);
    CHECK_EQ(number, 0x80000001);
    CHECK_EQ(tn_stun_u64(&msg, TN_STUN_ICE_CONTROLLING, &wide), 0);
    CHECK(wide == UINT64_C(0x8000000000000001));
    CHECK(tn_stun_find(&msg, TN_STUN_USE_CANDIDATE, &value));
    CHECK_EQ(value.len, 0);
}

static void values_that_make_no_sense_are_refused(void)
{
    const tern_str addresses[] = {
        {NULL, 0},
        TERN_STR("\0\1\0"),
        TERN_STR("\0\1\0\1abc"),
        TERN_STR("\0\2\0\1abcd"),
        TERN_STR("\0\3\0\1abcd"),
        TERN_STR("\0\1\0\1abcdefghijklmnop"),
    };
    const tern_str errors[] = {
        TERN_STR("\0\0\4"),
        TERN_STR("\0\0\2\0"),
        TERN_STR("\0\0\7\0"),
        TERN_STR("\0\0\4\x64"),
    };
    tern_addr got;
    tern_str reason;
    unsigned code;
    uint32_t number;
    uint64_t wide;

    for (size_t i = 0; i < COUNT(addresses); i++) {
        begin(TN_STUN_SUCCESS);
        tn_stun_print(&buf, TN_STUN_XOR_MAPPED_ADDRESS, addresses[i]);
        struct tn_stun msg = parsed(written());
        CHECK_EQ(tn_stun_address(&msg, TN_STUN_XOR_MAPPED_ADDRESS, &got), TERN_EPARSE);
    }
    for (size_t i = 0; i < COUNT(errors); i++) {
        begin(TN_STUN_ERROR);
        tn_stun_print(&buf, TN_STUN_ERROR_CODE, errors[i]);
        tn_stun_print(&buf, TN_STUN_PRIORITY, errors[i]);
        tn_stun_print(&buf, TN_STUN_ICE_CONTROLLED, errors[i]);
        struct tn_stun msg = parsed(written());
        CHECK_EQ(tn_stun_error(&msg, &code, &reason), TERN_EPARSE);
        CHECK_EQ(tn_stun_u32(&msg, TN_STUN_PRIORITY, &number),
                 errors[i].len == 4 ? 0 : TERN_EPARSE);
        CHECK_EQ(tn_stun_u64(&msg, TN_STUN_ICE_CONTROLLED, &wide), TERN_EPARSE);
    }
}

static void a_message_that_does_not_fit_says_so(void)
{
    static char huge[TN_STUN_BODY_MAX + 1], room[2 * TN_STUN_BODY_MAX];
    const struct tn_stun head = {.kind = TN_STUN_REQUEST, .method = TN_STUN_BINDING};
    tern_str s = {huge, TN_STUN_BODY_MAX - TN_STUN_ATTRIBUTE};

    for (size_t cap = 0; cap < 64; cap++) {
        tn_buf_fixed(&buf, text, cap);
        tn_stun_print_header(&buf, &head);
        tn_stun_print_address(&buf, TN_STUN_XOR_MAPPED_ADDRESS, addr("[2001:db8::8]:1"));
        (void)tn_stun_print_covered(&buf, TN_STUN_SHA1);
        tn_stun_print_fingerprint(&buf);
        CHECK_EQ(tn_buf_end(&buf, &s), cap < 20 + 24 + 8 ? TERN_ENOBUF : 0);
    }
    for (size_t more = 0; more <= 5; more++) {
        tn_buf_fixed(&buf, room, sizeof(room));
        tn_stun_print_header(&buf, &head);
        tn_stun_print(&buf, TN_STUN_SOFTWARE,
                      (tern_str){huge, TN_STUN_BODY_MAX - TN_STUN_ATTRIBUTE + more});
        CHECK_EQ(tn_buf_end(&buf, &s), more == 0 ? 0 : TERN_ENOBUF);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_sample_request_is_read),
        TEST(mixed_addresses_of_both_families_are_read),
        TEST(the_sample_response_is_written),
        TEST(long_term_requests_are_read),
        TEST(class_and_method_share_the_type),
        TEST(other_protocols_are_not_taken_for_it),
        TEST(malformed_messages_are_refused),
        TEST(every_changed_bit_breaks_the_fingerprint),
        TEST(a_cut_message_is_refused),
        TEST(what_follows_an_integrity_does_not_count),
        TEST(the_first_of_two_counts),
        TEST(types_below_0x8000_have_to_be_known),
        TEST(every_kind_of_attribute_survives_print_and_parse),
        TEST(values_that_make_no_sense_are_refused),
        TEST(a_message_that_does_not_fit_says_so),
    };
    return run_tests(tests, COUNT(tests), argc, argv);
}
