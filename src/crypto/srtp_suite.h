/* SPDX-License-Identifier: MIT */
/*
 * The crypto suites of SRTP and the keys of a stream, as SDES and DTLS-SRTP agree on them and the
 * media engine uses them: RFC 4568 6.2, 6188 2, 7714 14.2.
 */
#ifndef TN_CRYPTO_SRTP_SUITE_H
#define TN_CRYPTO_SRTP_SUITE_H

#include <tern/types.h>

enum tn_srtp_suite {
    TN_SRTP_NONE, /* no keys */
    TN_SRTP_AES_CM_128_HMAC_SHA1_80,
    TN_SRTP_AES_CM_128_HMAC_SHA1_32,
    TN_SRTP_AES_256_CM_HMAC_SHA1_80,
    TN_SRTP_AES_256_CM_HMAC_SHA1_32,
    TN_SRTP_AEAD_AES_128_GCM,
    TN_SRTP_AEAD_AES_256_GCM,
    TN_SRTP_SUITES,
};

#define TN_SRTP_KEY_MAX 46 /* the longest master key with its salt */

struct tn_srtp_keys {
    enum tn_srtp_suite suite;
    uint8_t send[TN_SRTP_KEY_MAX], receive[TN_SRTP_KEY_MAX]; /* master key, then salt */
};

/** Bytes of master key and salt; 0 for NONE. */
size_t tn_srtp_key_len(enum tn_srtp_suite suite);
/** As the SDES registry writes it: "AES_CM_128_HMAC_SHA1_80"; empty for NONE. */
tern_str tn_srtp_suite_name(enum tn_srtp_suite suite);
/** @return TN_SRTP_NONE for an unknown one. Case counts, as RFC 4568 9.1 has it. */
enum tn_srtp_suite tn_srtp_suite_by_name(tern_str name);

#endif
