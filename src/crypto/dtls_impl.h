/* SPDX-License-Identifier: MIT */
/* What the files of DTLS share. Private to crypto. */
#ifndef TN_CRYPTO_DTLS_IMPL_H
#define TN_CRYPTO_DTLS_IMPL_H

#include <openssl/ssl.h>
#include <tern/err.h>

#include "crypto/dtls.h"
#include "crypto/fingerprint.h"
#include "crypto/pipe.h"
#include "crypto/reason.h"

#define TN_DTLS_HELLO_BYTES 32

struct tn_dtls_ctx {
    struct tern_allocator alloc;
    SSL_CTX *ssl;
    BIO_METHOD *pipe;
    char fingerprint[TN_FINGERPRINT_MAX];
};

struct tn_dtls {
    struct tn_dtls_ctx *ctx;
    SSL *ssl;
    enum tn_dtls_state state;
    bool active, started;
    uint8_t hello[TN_DTLS_HELLO_BYTES]; /* passive: the random of whose ClientHello is answered */
    bool mistaken;                      /* see tn_dtls_is_mistaken() */
    bool unanswered; /* passive: our flight had to be repeated, so whoever it was may be gone */
    struct tn_fingerprint peer;
    struct tn_pipe pipe;
    struct tn_reason reason;
};

#endif
