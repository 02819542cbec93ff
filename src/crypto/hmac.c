/* SPDX-License-Identifier: MIT */
#include "crypto/hmac.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <tern/err.h>

size_t tn_hmac_size(enum tn_hmac hmac)
{
    return hmac == TN_HMAC_SHA1 ? 20 : 32;
}

static bool authenticate(EVP_MAC_CTX *ctx, enum tn_hmac hmac, tern_str key, const tern_str *pieces,
                         size_t count)
{
    char digest[] = "SHA256";
    const unsigned char *secret = (const unsigned char *)(key.len > 0 ? key.ptr : "");

    if (hmac == TN_HMAC_SHA1) memcpy(digest, "SHA1", sizeof("SHA1"));
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    if (!EVP_MAC_init(ctx, secret, key.len, params)) return false;
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].len == 0) continue;
        if (!EVP_MAC_update(ctx, (const unsigned char *)pieces[i].ptr, pieces[i].len)) return false;
    }
    return true;
}

int tn_hmac(enum tn_hmac hmac, tern_str key, const tern_str *pieces, size_t count,
            uint8_t mac[TN_HMAC_MAX])
{
    size_t size = 0;

    EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (!algorithm) return TERN_EUNSUPPORTED;
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(algorithm);
    EVP_MAC_free(algorithm); /* the ctx holds on to it */
    if (!ctx) return TERN_ENOMEM;
    bool ok = authenticate(ctx, hmac, key, pieces, count) &&
              EVP_MAC_final(ctx, mac, &size, TN_HMAC_MAX) == 1;
    EVP_MAC_CTX_free(ctx);
    return ok ? (int)size : TERN_EUNSUPPORTED;
}
