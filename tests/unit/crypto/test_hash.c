/* SPDX-License-Identifier: MIT */
/* Known digests (RFC 1321 A.5, FIPS 180-4), whole and in pieces. */
#include "crypto/hash.h"

#include "tern_test.h"

static const struct {
    enum tn_hash hash;
    const char *text, *hex;
} cases[] = {
    {TN_HASH_MD5, "", "d41d8cd98f00b204e9800998ecf8427e"},
    {TN_HASH_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72"},
    {TN_HASH_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {TN_HASH_SHA512_256, "abc", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"},
};

static void digests_are_those_of_the_standards(void)
{
    char hex[TN_HASH_HEX_MAX];

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        tern_str text = {cases[i].text, strlen(cases[i].text)};
        int len = tn_hash_hex(cases[i].hash, &text, 1, hex);
        CHECK_EQ(len, strlen(cases[i].hex));
        CHECK_EQ(len, 2 * tn_hash_size(cases[i].hash));
        CHECK(memcmp(hex, cases[i].hex, (size_t)len) == 0);
    }
}

static void pieces_hash_as_their_whole(void)
{
    tern_str pieces[] = {TERN_STR("a"), {NULL, 0}, TERN_STR("bc")};
    char hex[TN_HASH_HEX_MAX];

    CHECK_EQ(tn_hash_hex(TN_HASH_MD5, pieces, 3, hex), 32);
    CHECK(memcmp(hex, cases[1].hex, 32) == 0);
}

static void secrets_are_equal_when_all_bytes_are(void)
{
    CHECK(tn_equal_secret(TERN_STR("abc"), TERN_STR("abc")));
    CHECK(!tn_equal_secret(TERN_STR("abc"), TERN_STR("abd")));
    CHECK(!tn_equal_secret(TERN_STR("abc"), TERN_STR("ab")));
    CHECK(tn_equal_secret((tern_str){NULL, 0}, TERN_STR("")));
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(digests_are_those_of_the_standards),
        TEST(pieces_hash_as_their_whole),
        TEST(secrets_are_equal_when_all_bytes_are),
    };
    return run_tests(tests, sizeof(tests) / sizeof(*tests), argc, argv);
}
