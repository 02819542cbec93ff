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
    struct tn_fingerprint peer;
    struct tn_pipe pipe;
    struct tn_reason reason;
};

#endif
