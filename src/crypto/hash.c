/* SPDX-License-Identifier: MIT */
#include "crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <tern/err.h>

#include "base/assert.h"

size_t tn_hash_size(enum tn_hash hash)
{
    return hash == TN_HASH_MD5 ? 16 : 32;
}

static const EVP_MD *find(enum tn_hash hash)
{
    switch (hash) {
    case TN_HASH_MD5: return EVP_md5();
    case TN_HASH_SHA256: return EVP_sha256();
    case TN_HASH_SHA512_256: return EVP_sha512_256();
    }
    TN_UNREACHABLE();
}

/* Any of it fails where the system's policy has switched the hash off (MD5 under FIPS). */
static bool digest(EVP_MD_CTX *md, enum tn_hash hash, const tern_str *pieces, size_t count,
                   unsigned char out[TN_HASH_MAX])
{
    if (!EVP_DigestInit_ex(md, find(hash), NULL)) return false;
    for (size_t i = 0; i < count; i++)
        if (!EVP_DigestUpdate(md, pieces[i].ptr, pieces[i].len)) return false;
    return EVP_DigestFinal_ex(md, out, NULL) == 1;
}

int tn_hash_hex(enum tn_hash hash, const tern_str *pieces, size_t count, char hex[TN_HASH_HEX_MAX])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[TN_HASH_MAX];
    size_t size = tn_hash_size(hash);

    EVP_MD_CTX *md = EVP_MD_CTX_new();
    if (!md) return TERN_ENOMEM;
    bool ok = digest(md, hash, pieces, count, raw);
    EVP_MD_CTX_free(md);
    if (!ok) return TERN_EUNSUPPORTED;
    for (size_t i = 0; i < size; i++) {
        hex[2 * i] = digits[raw[i] >> 4];
        hex[2 * i + 1] = digits[raw[i] & 15];
    }
    return (int)(2 * size);
}

bool tn_equal_secret(tern_str a, tern_str b)
{
    if (a.len != b.len) return false;
    return a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0;
}
