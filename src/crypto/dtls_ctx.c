/* SPDX-License-Identifier: MIT */
/* What all DTLS associations of an endpoint share; and whom they believe: RFC 5763 5, not a chain. */
#include <openssl/err.h>

#include "base/alloc.h"
#include "crypto/dtls_impl.h"
#include "crypto/pem.h"

#define SUITES   "ECDHE+AESGCM:ECDHE+CHACHA20"
#define PROFILES "SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"

enum { CHAIN_BYTES_MAX = 16 * 1024 };

/* The certificate is nobody's; its fingerprint came by the signalling (RFC 5763 5). */
static int verify(X509_STORE_CTX *store, void *user)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tn_dtls *dtls = SSL_get_app_data(ssl);

    (void)user;
    if (tn_fingerprint_matches(&dtls->peer, X509_STORE_CTX_get0_cert(store))) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    dtls->mistaken = true;
    tn_reason_set(&dtls->reason, "the far end's certificate is not the one of its a=fingerprint",
                  "");
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

static bool set_rules(SSL_CTX *ssl)
{
    int groups[] = {NID_X25519, NID_X9_62_prime256v1, NID_secp384r1};

    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                 SSL_OP_NO_QUERY_MTU | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(ssl, CHAIN_BYTES_MAX);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ssl, verify, NULL);
    return SSL_CTX_set_min_proto_version(ssl, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ssl, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ssl, SUITES) == 1 &&
           SSL_CTX_set1_groups(ssl, groups, sizeof(groups) / sizeof(*groups)) == 1 &&
           SSL_CTX_set_tlsext_use_srtp(ssl, PROFILES) == 0; /* this one says 0 for success */
}

static int set_up(struct tn_dtls_ctx *ctx, tern_str cert_pem, tern_str key_pem)
{
    ctx->pipe = tn_pipe_method();
    ctx->ssl = SSL_CTX_new(DTLS_method());
    if (!ctx->pipe || !ctx->ssl || !set_rules(ctx->ssl)) return TERN_ENOMEM;
    int err = tn_pem_use(ctx->ssl, cert_pem, key_pem);
    return err ? err : tn_cert_fingerprint(cert_pem, ctx->fingerprint);
}

int tn_dtls_ctx_new(const struct tern_allocator *alloc, tern_str cert_pem, tern_str key_pem,
                    struct tn_dtls_ctx **out)
{
    struct tn_dtls_ctx *ctx = tn_alloc(alloc, sizeof(*ctx));

    if (!ctx) return TERN_ENOMEM;
    ctx->alloc = *alloc;
    int err = set_up(ctx, cert_pem, key_pem);
    ERR_clear_error();
    if (err)
        tn_dtls_ctx_free(ctx);
    else
        *out = ctx;
    return err;
}

void tn_dtls_ctx_free(struct tn_dtls_ctx *ctx)
{
    if (!ctx) return;
    const struct tern_allocator alloc = ctx->alloc;

    SSL_CTX_free(ctx->ssl);
    BIO_meth_free(ctx->pipe);
    tn_free(&alloc, ctx);
}

const char *tn_dtls_fingerprint(const struct tn_dtls_ctx *ctx)
{
    return ctx->fingerprint;
}
