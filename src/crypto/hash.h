/* SPDX-License-Identifier: MIT */
/* The hashes of HTTP digest: MD5, SHA-256, SHA-512/256 (RFC 7616, RFC 8760). OpenSSL underneath. */
#ifndef TN_CRYPTO_HASH_H
#define TN_CRYPTO_HASH_H

#include <tern/types.h>

enum tn_hash { TN_HASH_MD5, TN_HASH_SHA256, TN_HASH_SHA512_256 };

#define TN_HASH_MAX     32
#define TN_HASH_HEX_MAX 64

size_t tn_hash_size(enum tn_hash hash);
/** Digest of the pieces, one after another, as lower-case hex. @return hex length, or TERN_E… */
TERN_CHECK int tn_hash_hex(enum tn_hash hash, const tern_str *pieces, size_t count,
                           char hex[TN_HASH_HEX_MAX]);
/** Compares in a time that does not depend on the content. */
bool tn_equal_secret(tern_str a, tern_str b);

#endif
