/* SPDX-License-Identifier: MIT */
/* What the files of TLS share. Private to crypto. */
#ifndef TN_CRYPTO_TLS_IMPL_H
#define TN_CRYPTO_TLS_IMPL_H

#include <openssl/ssl.h>
#include <tern/err.h>
#include <tern/network.h>

#include "base/list.h"
#include "base/text.h"
#include "crypto/pipe.h"
#include "crypto/reason.h"
#include "crypto/tls.h"

struct tn_tls_ctx {
    struct tern_allocator alloc;
    SSL_CTX *ssl;
    BIO_METHOD *pipe;
    bool has_cert;
    bool verify; /* as a client */
    bool client_certs;
    struct tn_list sessions; /* of struct session, the oldest first */
    size_t session_count;
};

struct tn_tls {
    struct tn_tls_ctx *ctx;
    SSL *ssl;
    enum tn_tls_state state;
    bool client;
    bool closed_by_us;
    struct tn_text domain; /* client: whom the certificate must be for, without brackets */
    tern_addr literal;     /* the same, where it is an address; else family 0 */
    uint16_t port;
    struct tn_pipe pipe;
    struct tn_buf plain; /* decrypted, not yet read */
    struct tn_reason reason;
};

/* tls_verify.c */

/** For SSL_set_verify(): OpenSSL's judgement, then the name; leaves the reason. */
int tn_tls_verify(int ok, X509_STORE_CTX *store);
/** Whether `cert` is for the domain of `tls`; if not, leaves the reason. */
bool tn_tls_verify_name(struct tn_tls *tls, X509 *cert);

/* tls_sessions.c */

/** For SSL_CTX_sess_set_new_cb(). */
int tn_tls_session_keep(SSL *ssl, SSL_SESSION *session);
/** Gives a new connection the session of its domain and port, where one is of use. */
void tn_tls_session_offer(struct tn_tls *tls);
void tn_tls_sessions_free(struct tn_tls_ctx *ctx);

#endif
