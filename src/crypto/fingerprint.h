/* SPDX-License-Identifier: MIT */
/* A certificate's fingerprint as SDP has it: RFC 8122 5. Private to crypto. */
#ifndef TN_CRYPTO_FINGERPRINT_H
#define TN_CRYPTO_FINGERPRINT_H

#include <openssl/x509.h>
#include <tern/types.h>

#include "crypto/cert.h"

struct tn_fingerprint {
    const EVP_MD *hash;
    uint8_t bytes[EVP_MAX_MD_SIZE];
    size_t len;
};

/** "sha-256 AB:CD:…": sha-1, sha-256, sha-384 or sha-512; hex digits in either case.
 *  @return TERN_EPARSE */
TERN_CHECK int tn_fingerprint_parse(tern_str text, struct tn_fingerprint *out);
bool tn_fingerprint_matches(const struct tn_fingerprint *fingerprint, const X509 *cert);
/** With SHA-256. @return TERN_ENOMEM */
TERN_CHECK int tn_fingerprint_print(const X509 *cert, char out[TN_FINGERPRINT_MAX]);

#endif
