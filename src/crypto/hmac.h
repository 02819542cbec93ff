/* SPDX-License-Identifier: MIT */
/* Keyed hashes: RFC 2104, with the two that STUN's integrity attributes take (RFC 8489 14.5, 14.6). */
#ifndef TN_CRYPTO_HMAC_H
#define TN_CRYPTO_HMAC_H

#include <tern/types.h>

enum tn_hmac { TN_HMAC_SHA1, TN_HMAC_SHA256 };

#define TN_HMAC_MAX 32

size_t tn_hmac_size(enum tn_hmac hmac);
/**
 * Of the pieces, one after another. Compare with tn_equal_secret().
 *
 * @return the size; TERN_ENOMEM; TERN_EUNSUPPORTED where the system's policy forbids the hash or a
 *         key so short
 */
TERN_CHECK int tn_hmac(enum tn_hmac hmac, tern_str key, const tern_str *pieces, size_t count,
                       uint8_t mac[TN_HMAC_MAX]);

#endif
