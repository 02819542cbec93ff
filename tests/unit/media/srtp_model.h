/* SPDX-License-Identifier: MIT */
/* SRTP written down a second time, straight from RFC 3711, 6188 and 7714, to hold ours against. */
#ifndef TERN_TEST_MEDIA_SRTP_MODEL_H
#define TERN_TEST_MEDIA_SRTP_MODEL_H

#include "crypto/srtp_suite.h"

struct model {
    enum tn_srtp_suite suite;
    size_t key_len;
    const uint8_t *master; /* key, then salt */
};

struct model model_of(enum tn_srtp_suite suite, const uint8_t *key_and_salt);
/* AES in counter mode: `len` bytes of key stream. */
void model_stream(const uint8_t *key, size_t key_len, const uint8_t iv[16], uint8_t *out,
                  size_t len);
/* RFC 3711 4.3.1, with a derivation rate of 0. */
void model_derive(const struct model *model, uint8_t label, uint8_t *out, size_t len);
struct model_gcm {
    const uint8_t *key;
    size_t key_len;
    const uint8_t *iv; /* 12 bytes */
    tern_str aad;
};
/* Encrypts text in place; the tag goes behind it. */
void model_seal(const struct model_gcm *gcm, uint8_t *text, size_t len);
/* @return the new length */
size_t model_rtp(const struct model *model, uint32_t roc, uint8_t *packet, size_t len);
size_t model_rtcp(const struct model *model, uint32_t index, uint8_t *packet, size_t len);

#endif
