/* SPDX-License-Identifier: MIT */
#include "crypto/srtp_suite.h"

#include "../../tern_test.h"
#include "base/str.h"

/* RFC 4568 6.2, RFC 6188 2, RFC 7714 14.2. */
static void each_suite_has_the_registered_name_and_key_length(void)
{
    static const struct {
        enum tn_srtp_suite suite;
        const char *name;
        size_t key_len;
    } cases[] = {
        {TN_SRTP_NONE, "", 0},
        {TN_SRTP_AES_CM_128_HMAC_SHA1_80, "AES_CM_128_HMAC_SHA1_80", 30},
        {TN_SRTP_AES_CM_128_HMAC_SHA1_32, "AES_CM_128_HMAC_SHA1_32", 30},
        {TN_SRTP_AES_256_CM_HMAC_SHA1_80, "AES_256_CM_HMAC_SHA1_80", 46},
        {TN_SRTP_AES_256_CM_HMAC_SHA1_32, "AES_256_CM_HMAC_SHA1_32", 46},
        {TN_SRTP_AEAD_AES_128_GCM, "AEAD_AES_128_GCM", 28},
        {TN_SRTP_AEAD_AES_256_GCM, "AEAD_AES_256_GCM", 44},
    };

    CHECK_EQ(sizeof(cases) / sizeof(cases[0]), TN_SRTP_SUITES);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tern_str name = tn_srtp_suite_name(cases[i].suite);
        CHECK(tn_str_eq(name, tn_str(cases[i].name)));
        CHECK_EQ(tn_srtp_key_len(cases[i].suite), cases[i].key_len);
        CHECK(cases[i].key_len <= TN_SRTP_KEY_MAX);
        CHECK_EQ(tn_srtp_suite_by_name(name), cases[i].suite);
    }
    CHECK_EQ(tn_srtp_suite_by_name(TERN_STR("F8_128_HMAC_SHA1_80")), TN_SRTP_NONE);
    CHECK_EQ(tn_srtp_suite_by_name(TERN_STR("aead_aes_128_gcm")), TN_SRTP_NONE);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(each_suite_has_the_registered_name_and_key_length),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
