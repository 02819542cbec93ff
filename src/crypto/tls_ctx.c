/* SPDX-License-Identifier: MIT */
/* What all TLS connections of an endpoint share: versions, suites, trust, own certificate. */
#include <openssl/err.h>

#include "base/alloc.h"
#include "crypto/pem.h"
#include "crypto/tls_impl.h"

/* RFC 7525 4.2 asks for these in TLS 1.2; TLS 1.3 has no others. */
#define SUITES_12 "ECDHE+AESGCM:ECDHE+CHACHA20"
#define SUITES_13 "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"

enum {
    CHAIN_BYTES_MAX = 32 * 1024,
    /* A ticket is good for a day: what registers in the morning moves in the evening. */
    SESSION_SECONDS = 24 * 3600,
    SESSION_TICKETS = 1, /* a client keeps the newest only */
};

static bool set_rules(SSL_CTX *ssl)
{
    int groups[] = {NID_X25519, NID_X9_62_prime256v1, NID_secp384r1};
    static const unsigned char name[] = "tern"; /* of the sessions that may be resumed here */

    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_max_cert_list(ssl, CHAIN_BYTES_MAX);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ssl, tn_tls_session_keep);
    SSL_CTX_set_timeout(ssl, SESSION_SECONDS);
    return SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ssl, SUITES_12) == 1 &&
           SSL_CTX_set_ciphersuites(ssl, SUITES_13) == 1 &&
           SSL_CTX_set1_groups(ssl, groups, sizeof(groups) / sizeof(*groups)) == 1 &&
           SSL_CTX_set_num_tickets(ssl, SESSION_TICKETS) == 1 &&
           SSL_CTX_set_session_id_context(ssl, name, sizeof(name) - 1) == 1;
}

/* Also one that did not sign itself ends a chain: who trusts it need not trust who signed it. */
static int set_trust(SSL_CTX *ssl, tern_str ca_pem)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ssl);
    STACK_OF(X509) * certs;

    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    if (ca_pem.len == 0) return 0;
    int err = tn_pem_certs(ca_pem, &certs);
    if (err) return err;
    for (int i = 0; !err && i < sk_X509_num(certs); i++)
        if (X509_STORE_add_cert(store, sk_X509_value(certs, i)) != 1) err = TERN_ENOMEM;
    sk_X509_pop_free(certs, X509_free);
    return err;
}

static int set_up(struct tn_tls_ctx *ctx, const struct tn_tls_opts *opts)
{
    ctx->pipe = tn_pipe_method();
    ctx->ssl = SSL_CTX_new(TLS_method());
    if (!ctx->pipe || !ctx->ssl || !set_rules(ctx->ssl)) return TERN_ENOMEM;
    int err = set_trust(ctx->ssl, opts->ca_pem);
    if (err) return err;
    if (opts->cert_pem.len == 0 && opts->key_pem.len == 0) return 0;
    err = tn_pem_use(ctx->ssl, opts->cert_pem, opts->key_pem);
    if (err) return err;
    ctx->has_cert = true;
    return 0;
}

int tn_tls_ctx_new(const struct tern_allocator *alloc, const struct tn_tls_opts *opts,
                   struct tn_tls_ctx **out)
{
    struct tn_tls_ctx *ctx = tn_alloc(alloc, sizeof(*ctx));

    if (!ctx) return TERN_ENOMEM;
    ctx->alloc = *alloc;
    ctx->verify = !opts->no_verify;
    ctx->client_certs = opts->client_certs;
    tn_list_init(&ctx->sessions);
    int err = set_up(ctx, opts);
    ERR_clear_error();
    if (err)
        tn_tls_ctx_free(ctx);
    else
        *out = ctx;
    return err;
}

void tn_tls_ctx_free(struct tn_tls_ctx *ctx)
{
    if (!ctx) return;
    const struct tern_allocator alloc = ctx->alloc;

    tn_tls_sessions_free(ctx);
    SSL_CTX_free(ctx->ssl);
    BIO_meth_free(ctx->pipe);
    tn_free(&alloc, ctx);
}

bool tn_tls_ctx_can_accept(const struct tn_tls_ctx *ctx)
{
    return ctx->has_cert;
}
