/* SPDX-License-Identifier: MIT */
#include "srtp_model.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "../../tern_test.h"

#define SALT 14
#define TAG  16 /* of GCM */

enum { LABEL_KEY, LABEL_AUTH, LABEL_SALT, LABEL_RTCP };

struct model model_of(enum tn_srtp_suite suite, const uint8_t *key_and_salt)
{
    bool aead = suite >= TN_SRTP_AEAD_AES_128_GCM;
    struct model model = {suite, tn_srtp_key_len(suite) - (aead ? 12 : SALT), key_and_salt};

    return model;
}

static bool is_aead(const struct model *model)
{
    return model->suite >= TN_SRTP_AEAD_AES_128_GCM;
}

void model_stream(const uint8_t *key, size_t key_len, const uint8_t iv[16], uint8_t *out,
                  size_t len)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n;

    memset(out, 0, len);
    CHECK(EVP_EncryptInit_ex(ctx, key_len == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr(), NULL, key,
                             iv) == 1);
    CHECK(EVP_EncryptUpdate(ctx, out, &n, out, (int)len) == 1);
    EVP_CIPHER_CTX_free(ctx);
}

void model_derive(const struct model *model, uint8_t label, uint8_t *out, size_t len)
{
    uint8_t iv[16] = {0};

    memcpy(iv, model->master + model->key_len, is_aead(model) ? 12 : SALT);
    iv[7] ^= label;
    model_stream(model->master, model->key_len, iv, out, len);
}

void model_seal(const struct model_gcm *gcm, uint8_t *text, size_t len)
{
    const EVP_CIPHER *cipher = gcm->key_len == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
    const uint8_t *aad = (const uint8_t *)gcm->aad.ptr;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n;

    CHECK(EVP_EncryptInit_ex(ctx, cipher, NULL, gcm->key, gcm->iv) == 1);
    CHECK(EVP_EncryptUpdate(ctx, NULL, &n, aad, (int)gcm->aad.len) == 1);
    CHECK(EVP_EncryptUpdate(ctx, text, &n, text, (int)len) == 1);
    CHECK(EVP_EncryptFinal_ex(ctx, text + len, &n) == 1);
    CHECK(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG, text + len) == 1);
    EVP_CIPHER_CTX_free(ctx);
}

static void put32(uint8_t *out, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(n >> (24 - 8 * i));
}

static void xor_bytes(uint8_t *into, const uint8_t *with, size_t len)
{
    for (size_t i = 0; i < len; i++)
        into[i] ^= with[i];
}

/* RFC 3711 4.1.1: what is encrypted with an index of 48 bits. */
static void crypt(const struct model *model, uint8_t labels, const uint8_t *ssrc, uint64_t index,
                  tern_str text)
{
    uint8_t key[32], salt[SALT], iv[16] = {0}, stream[512];

    model_derive(model, (uint8_t)(labels + LABEL_KEY), key, model->key_len);
    model_derive(model, (uint8_t)(labels + LABEL_SALT), salt, SALT);
    memcpy(iv + 4, ssrc, 4);
    for (int i = 0; i < 6; i++)
        iv[8 + i] = (uint8_t)(index >> (40 - 8 * i));
    xor_bytes(iv, salt, SALT);
    model_stream(key, model->key_len, iv, stream, text.len);
    xor_bytes((uint8_t *)(uintptr_t)text.ptr, stream, text.len);
}

/* RFC 3711 4.2: over the packet and four more bytes, which the caller has put behind it. */
static void sign(const struct model *model, uint8_t labels, tern_str message, uint8_t *tag,
                 size_t tag_len)
{
    uint8_t key[20], digest[20];

    model_derive(model, (uint8_t)(labels + LABEL_AUTH), key, sizeof(key));
    CHECK(HMAC(EVP_sha1(), key, sizeof(key), (const uint8_t *)message.ptr, message.len, digest,
               NULL) != NULL);
    memcpy(tag, digest, tag_len);
}

/* RFC 7714 8.1 and 9.1: both are 00 00, SSRC, and six bytes of index. */
static void aead_iv(const struct model *model, uint8_t labels, const uint8_t *ssrc, uint64_t index,
                    uint8_t iv[12])
{
    uint8_t salt[12];

    model_derive(model, (uint8_t)(labels + LABEL_SALT), salt, sizeof(salt));
    memset(iv, 0, 12);
    memcpy(iv + 2, ssrc, 4);
    for (int i = 0; i < 6; i++)
        iv[6 + i] = (uint8_t)(index >> (40 - 8 * i));
    xor_bytes(iv, salt, sizeof(salt));
}

size_t model_rtp(const struct model *model, uint32_t roc, uint8_t *packet, size_t len)
{
    bool small = model->suite == TN_SRTP_AES_CM_128_HMAC_SHA1_32 ||
                 model->suite == TN_SRTP_AES_256_CM_HMAC_SHA1_32;
    uint64_t index = (uint64_t)roc << 16 | (uint64_t)packet[2] << 8 | packet[3];
    uint8_t key[32], iv[12];

    if (is_aead(model)) {
        model_derive(model, LABEL_KEY, key, model->key_len);
        aead_iv(model, 0, packet + 8, index, iv);
        struct model_gcm gcm = {key, model->key_len, iv, {(const char *)packet, 12}};
        model_seal(&gcm, packet + 12, len - 12);
        return len + TAG;
    }
    crypt(model, 0, packet + 8, index, (tern_str){(const char *)packet + 12, len - 12});
    put32(packet + len, roc);
    sign(model, 0, (tern_str){(const char *)packet, len + 4}, packet + len, small ? 4 : 10);
    return len + (small ? 4 : 10);
}

size_t model_rtcp(const struct model *model, uint32_t index, uint8_t *packet, size_t len)
{
    uint8_t key[32], iv[12], aad[12];

    if (is_aead(model)) {
        model_derive(model, LABEL_RTCP + LABEL_KEY, key, model->key_len);
        aead_iv(model, LABEL_RTCP, packet + 4, index, iv);
        memcpy(aad, packet, 8);
        put32(aad + 8, index | 0x80000000u);
        struct model_gcm gcm = {key, model->key_len, iv, {(const char *)aad, 12}};
        model_seal(&gcm, packet + 8, len - 8);
        put32(packet + len + TAG, index | 0x80000000u);
        return len + TAG + 4;
    }
    crypt(model, LABEL_RTCP, packet + 4, index, (tern_str){(const char *)packet + 8, len - 8});
    put32(packet + len, index | 0x80000000u);
    sign(model, LABEL_RTCP, (tern_str){(const char *)packet, len + 4}, packet + len + 4, 10);
    return len + 14;
}
