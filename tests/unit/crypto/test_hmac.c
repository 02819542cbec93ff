/* SPDX-License-Identifier: MIT */
/* Known answers (RFC 2202 3, RFC 4231 4), whole and in pieces. */
#include "crypto/hmac.h"

#include "tern_test.h"

#define LONG_KEY 131

static const struct {
    enum tn_hmac hmac;
    const char *key; /* NULL: LONG_KEY bytes 0xaa, or 80 for SHA-1 */
    const char *text, *hex;
} cases[] = {
    {TN_HMAC_SHA1, "Jefe", "what do ya want for nothing?",
     "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
    {TN_HMAC_SHA1, NULL, "Test Using Larger Than Block-Size Key - Hash Key First",
     "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
    {TN_HMAC_SHA256, "Jefe", "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {TN_HMAC_SHA256, NULL, "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
};

static tern_str key_of(size_t i)
{
    static char longer[LONG_KEY];

    if (cases[i].key) return (tern_str){cases[i].key, strlen(cases[i].key)};
    memset(longer, 0xaa, sizeof(longer));
    return (tern_str){longer, cases[i].hmac == TN_HMAC_SHA1 ? 80 : LONG_KEY};
}

static void check_mac(size_t i, const uint8_t *mac, int len)
{
    char hex[2 * TN_HMAC_MAX + 1];

    CHECK_EQ(len, tn_hmac_size(cases[i].hmac));
    for (int at = 0; at < len; at++)
        snprintf(hex + 2 * (size_t)at, 3, "%02x", mac[at]);
    CHECK(strcmp(hex, cases[i].hex) == 0);
}

static void macs_are_those_of_the_standards(void)
{
    uint8_t mac[TN_HMAC_MAX];

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        tern_str text = {cases[i].text, strlen(cases[i].text)};
        check_mac(i, mac, tn_hmac(cases[i].hmac, key_of(i), &text, 1, mac));
    }
}

static void pieces_are_taken_as_their_whole(void)
{
    uint8_t mac[TN_HMAC_MAX];

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        tern_str text = {cases[i].text, strlen(cases[i].text)};
        tern_str pieces[] = {{text.ptr, 5}, {NULL, 0}, {text.ptr + 5, text.len - 5}};
        check_mac(i, mac, tn_hmac(cases[i].hmac, key_of(i), pieces, 3, mac));
    }
}

static void nothing_has_a_mac_too(void)
{
    uint8_t mac[TN_HMAC_MAX];

    CHECK_EQ(tn_hmac(TN_HMAC_SHA256, (tern_str){NULL, 0}, NULL, 0, mac), 32);
    CHECK_EQ(mac[0], 0xb6); /* of the empty key and text: b613679a… */
    CHECK_EQ(mac[1], 0x13);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(macs_are_those_of_the_standards),
        TEST(pieces_are_taken_as_their_whole),
        TEST(nothing_has_a_mac_too),
    };
    return run_tests(tests, sizeof(tests) / sizeof(*tests), argc, argv);
}
