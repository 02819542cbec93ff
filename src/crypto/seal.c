/* SPDX-License-Identifier: MIT */
#include "crypto/seal.h"

#include <limits.h>
#include <string.h>

#include <openssl/evp.h>
#include <tern/err.h>

#include "base/alloc.h"
#include "crypto/hmac.h"

enum { FRESH = 16 }; /* random bytes that the nonce is made of */

/* One use of the key, by name. */
static int derive(const struct tn_seal *seal, tern_str purpose, uint8_t out[TN_HMAC_MAX])
{
    tern_str key = {(const char *)seal->key, TN_SEAL_KEY};
    int len = tn_hmac(TN_HMAC_SHA256, key, &purpose, 1, out);
    return len < 0 ? len : 0;
}

static int make_nonce(const struct tn_seal *seal, struct tn_random *random, tern_str text,
                      uint8_t nonce[TN_SEAL_NONCE])
{
    uint8_t key[TN_HMAC_MAX], mac[TN_HMAC_MAX], fresh[FRESH];
    int err = derive(seal, TERN_STR("tern seal: nonce"), key);
    if (err) return err;
    tn_random_bytes(random, fresh, sizeof(fresh));
    const tern_str pieces[] = {{(const char *)fresh, sizeof(fresh)}, seal->header, text};
    int len = tn_hmac(TN_HMAC_SHA256, (tern_str){(const char *)key, sizeof(key)}, pieces, 3, mac);
    if (len > 0) memcpy(nonce, mac, TN_SEAL_NONCE);
    tn_wipe(key, sizeof(key));
    return len < 0 ? len : 0;
}

/* Room for `len` more bytes; GCM writes there itself. */
static uint8_t *room(struct tn_buf *out, size_t len)
{
    static const uint8_t nothing[64];
    size_t at = out->len;
    for (size_t left = len; left > 0 && !out->err;) {
        size_t some = left < sizeof(nothing) ? left : sizeof(nothing);
        tn_buf_bytes(out, nothing, some);
        left -= some;
    }
    return out->err ? NULL : (uint8_t *)out->ptr + at;
}

static const unsigned char *bytes_of(tern_str text)
{
    return (const unsigned char *)(text.len > 0 ? text.ptr : "");
}

/* One pass over header and text, either way; `out` has as many bytes as the text. */
static bool run(EVP_CIPHER_CTX *ctx, tern_str header, tern_str text, uint8_t *out)
{
    int len;
    if (!EVP_CipherUpdate(ctx, NULL, &len, bytes_of(header), (int)header.len)) return false;
    return EVP_CipherUpdate(ctx, out, &len, bytes_of(text), (int)text.len) == 1;
}

static EVP_CIPHER_CTX *start(const struct tn_seal *seal, const uint8_t *nonce, bool sealing,
                             int *err)
{
    uint8_t key[TN_HMAC_MAX];
    *err = derive(seal, TERN_STR("tern seal: AES-256-GCM"), key);
    if (*err) return NULL;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    *err = ctx ? 0 : TERN_ENOMEM;
    if (ctx && EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce, sealing) != 1) {
        EVP_CIPHER_CTX_free(ctx);
        ctx = NULL;
        *err = TERN_EUNSUPPORTED;
    }
    tn_wipe(key, sizeof(key));
    return ctx;
}

int tn_seal(const struct tn_seal *seal, struct tn_random *random, tern_str text, struct tn_buf *out)
{
    uint8_t nonce[TN_SEAL_NONCE], tag[TN_SEAL_TAG];
    int len;
    if (text.len > INT_MAX || seal->header.len > INT_MAX) return TERN_ENOBUF;
    int err = make_nonce(seal, random, text, nonce);
    if (err) return err;
    tn_buf_bytes(out, nonce, sizeof(nonce));
    uint8_t *to = room(out, text.len);
    if (out->err) return out->err;
    EVP_CIPHER_CTX *ctx = start(seal, nonce, true, &err);
    if (!ctx) return err;
    bool ok = run(ctx, seal->header, text, to) &&
              EVP_CipherFinal_ex(ctx, to + text.len, &len) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TN_SEAL_TAG, tag) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok) return TERN_EUNSUPPORTED;
    tn_buf_bytes(out, tag, sizeof(tag));
    return out->err;
}

int tn_unseal(const struct tn_seal *seal, tern_str sealed, struct tn_buf *text)
{
    uint8_t tag[TN_SEAL_TAG];
    int len, err;
    if (sealed.len < TN_SEAL_EXTRA || sealed.len > INT_MAX) return TERN_EKEY;
    size_t size = sealed.len - TN_SEAL_EXTRA, before = text->len;
    memcpy(tag, sealed.ptr + sealed.len - TN_SEAL_TAG, sizeof(tag));
    uint8_t *to = room(text, size);
    if (text->err) return text->err;
    EVP_CIPHER_CTX *ctx = start(seal, (const uint8_t *)sealed.ptr, false, &err);
    if (!ctx) return err;
    bool ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TN_SEAL_TAG, tag) == 1 &&
              run(ctx, seal->header, (tern_str){sealed.ptr + TN_SEAL_NONCE, size}, to) &&
              EVP_CipherFinal_ex(ctx, to + size, &len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (ok) return 0;
    if (size > 0) tn_wipe(to, size); /* nobody is to see what is not authentic */
    text->len = before;
    return TERN_EKEY;
}
