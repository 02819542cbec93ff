/* SPDX-License-Identifier: MIT */
/* The integrity of the messages in RFC 5769 and RFC 8489 B.1: the codec and the HMAC together. */
#include "base/str.h"
#include "crypto/hash.h"
#include "crypto/hmac.h"
#include "tern_test.h"
#include "wire/stun/stun.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* The user name of RFC 5769 2.4, and the password as it is after preparation. */
#define MATRIX                                                                                     \
    "\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9:example.org:"        \
    "TheMatrIX"

static const struct {
    const char *name, *password; /* `password`: with colons a long-term one, whose MD5 is the key */
    enum tn_stun_type type;
    enum tn_hmac hmac;
} cases[] = {
    {"rfc5769/request", "VOkJxbRl1RmTxUk/WvJxBt", TN_STUN_MESSAGE_INTEGRITY, TN_HMAC_SHA1},
    {"rfc5769/ipv4_response", "VOkJxbRl1RmTxUk/WvJxBt", TN_STUN_MESSAGE_INTEGRITY, TN_HMAC_SHA1},
    {"rfc5769/ipv6_response", "VOkJxbRl1RmTxUk/WvJxBt", TN_STUN_MESSAGE_INTEGRITY, TN_HMAC_SHA1},
    {"rfc5769/long_term_request", MATRIX, TN_STUN_MESSAGE_INTEGRITY, TN_HMAC_SHA1},
    {"rfc8489/long_term_request", MATRIX, TN_STUN_MESSAGE_INTEGRITY_SHA256, TN_HMAC_SHA256},
};

static char message[1024];

static tern_str vector(const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s.bin", TERN_VECTORS, name);
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    size_t len = fread(message, 1, sizeof(message), file);
    fclose(file);
    return (tern_str){message, len};
}

/* RFC 8489 9.1.1 and 9.2.2 */
static tern_str key_of(const char *password)
{
    static char key[64];
    char hex[TN_HASH_HEX_MAX];
    tern_str s = tn_str(password);

    if (tn_str_find(s, ':') == SIZE_MAX) return s;
    CHECK_EQ(tn_hash_hex(TN_HASH_MD5, &s, 1, hex), 32);
    for (size_t i = 0; i < 16; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};
        key[i] = (char)strtoul(digits, NULL, 16);
    }
    return (tern_str){key, 16};
}

static bool is_genuine(tern_str text, size_t i)
{
    struct tn_stun_covered covered;
    uint8_t mac[TN_HMAC_MAX];
    struct tn_stun msg;

    if (tn_stun_parse(text, &msg) != 0) return false;
    if (!tn_stun_covered(&msg, cases[i].type, &covered)) return false;
    tern_str pieces[] = {{(const char *)covered.header, TN_STUN_HEADER}, covered.rest};
    int len = tn_hmac(cases[i].hmac, key_of(cases[i].password), pieces, COUNT(pieces), mac);
    CHECK(len > 0);
    return tn_equal_secret(covered.mac, (tern_str){(const char *)mac, (size_t)len});
}

static void the_sample_messages_are_genuine(void)
{
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK(is_genuine(vector(cases[i].name), i));
}

/* Up to the fingerprint, which no integrity covers. */
static void no_changed_byte_goes_unnoticed(void)
{
    struct tn_stun msg;

    for (size_t i = 0; i < COUNT(cases); i++) {
        tern_str text = vector(cases[i].name);
        CHECK_EQ(tn_stun_parse(text, &msg), 0);
        size_t end = msg.fingerprint ? text.len - 8 : text.len;
        for (size_t at = 0; at < end; at++) {
            message[at] ^= 1;
            CHECK(!is_genuine(text, i));
            message[at] ^= 1;
        }
    }
}

/* RFC 5769 2.2 written by ourselves, and both integrities on one message. */
static void what_we_write_is_genuine(void)
{
    const struct tn_stun head = {.kind = TN_STUN_SUCCESS, .method = TN_STUN_BINDING};
    const enum tn_stun_type types[] = {TN_STUN_MESSAGE_INTEGRITY, TN_STUN_MESSAGE_INTEGRITY_SHA256};
    struct tn_stun_covered covered;
    struct tn_stun msg;
    struct tn_buf buf;
    tern_str text, key = TERN_STR("password");
    uint8_t mac[TN_HMAC_MAX];

    tn_buf_fixed(&buf, message, sizeof(message));
    tn_stun_print_header(&buf, &head);
    tn_stun_print(&buf, TN_STUN_USERNAME, TERN_STR("user"));
    for (size_t i = 0; i < COUNT(types); i++) {
        enum tn_hmac hmac = i == 0 ? TN_HMAC_SHA1 : TN_HMAC_SHA256;
        text = tn_stun_print_covered(&buf, tn_hmac_size(hmac));
        int len = tn_hmac(hmac, key, &text, 1, mac);
        CHECK_EQ(len, tn_hmac_size(hmac));
        tn_stun_print(&buf, types[i], (tern_str){(const char *)mac, (size_t)len});
    }
    tn_stun_print_fingerprint(&buf);
    CHECK_EQ(tn_buf_end(&buf, &text), 0);
    CHECK_EQ(tn_stun_parse(text, &msg), 0);
    for (size_t i = 0; i < COUNT(types); i++) {
        CHECK(tn_stun_covered(&msg, types[i], &covered));
        tern_str pieces[] = {{(const char *)covered.header, TN_STUN_HEADER}, covered.rest};
        int len = tn_hmac(i == 0 ? TN_HMAC_SHA1 : TN_HMAC_SHA256, key, pieces, 2, mac);
        CHECK(tn_str_eq(covered.mac, (tern_str){(const char *)mac, (size_t)len}));
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_sample_messages_are_genuine),
        TEST(no_changed_byte_goes_unnoticed),
        TEST(what_we_write_is_genuine),
    };
    return run_tests(tests, COUNT(tests), argc, argv);
}
