/* SPDX-License-Identifier: MIT */
#include "crypto/srtp_suite.h"

#include "base/str.h"

static const struct {
    tern_str name;
    size_t key_len;
} suites[TN_SRTP_SUITES] = {
    [TN_SRTP_NONE] = {{"", 0}, 0},
#define SUITE(NAME, key_len) [TN_SRTP_##NAME] = {{#NAME, sizeof(#NAME) - 1}, key_len}
    SUITE(AES_CM_128_HMAC_SHA1_80, 30), SUITE(AES_CM_128_HMAC_SHA1_32, 30),
    SUITE(AES_256_CM_HMAC_SHA1_80, 46), SUITE(AES_256_CM_HMAC_SHA1_32, 46),
    SUITE(AEAD_AES_128_GCM, 28),        SUITE(AEAD_AES_256_GCM, 44),
#undef SUITE
};

size_t tn_srtp_key_len(enum tn_srtp_suite suite)
{
    return suite < TN_SRTP_SUITES ? suites[suite].key_len : 0;
}

tern_str tn_srtp_suite_name(enum tn_srtp_suite suite)
{
    return suites[suite < TN_SRTP_SUITES ? suite : TN_SRTP_NONE].name;
}

enum tn_srtp_suite tn_srtp_suite_by_name(tern_str name)
{
    for (int i = TN_SRTP_NONE + 1; i < TN_SRTP_SUITES; i++) {
        if (tn_str_eq(name, suites[i].name)) return (enum tn_srtp_suite)i;
    }
    return TN_SRTP_NONE;
}
