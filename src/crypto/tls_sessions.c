/* SPDX-License-Identifier: MIT */
/*
 * Sessions for resumption (RFC 8446 2.2, RFC 5077): the newest of each domain and port. A resumed
 * handshake does not show the certificate again; so a session never leaves the ctx whose trust it
 * was made under, and ends with its certificate.
 */
#include "base/alloc.h"
#include "base/str.h"
#include "crypto/tls_impl.h"

struct session {
    struct tn_list node;
    struct tn_text domain;
    uint16_t port;
    SSL_SESSION *ssl; /* owned */
};

static struct session *find(struct tn_tls_ctx *ctx, const struct tn_tls *tls)
{
    TN_LIST_FOR(node, &ctx->sessions)
    {
        struct session *session = TN_OWNER(node, struct session, node);
        if (session->port != tls->port) continue;
        if (tn_str_ieq(tn_text_view(&session->domain), tn_text_view(&tls->domain))) return session;
    }
    return NULL;
}

static void drop(struct tn_tls_ctx *ctx, struct session *session)
{
    tn_list_remove(&session->node);
    ctx->session_count--;
    SSL_SESSION_free(session->ssl);
    tn_text_fini(&ctx->alloc, &session->domain);
    tn_free(&ctx->alloc, session);
}

static struct session *add(struct tn_tls_ctx *ctx, const struct tn_tls *tls)
{
    struct session *session = tn_alloc(&ctx->alloc, sizeof(*session));

    if (!session) return NULL;
    if (tn_text_set(&ctx->alloc, &session->domain, tn_text_view(&tls->domain)) != 0) {
        tn_free(&ctx->alloc, session);
        return NULL;
    }
    session->port = tls->port;
    tn_list_push(&ctx->sessions, &session->node);
    ctx->session_count++;
    if (ctx->session_count > TN_TLS_SESSIONS_MAX)
        drop(ctx, TN_OWNER(ctx->sessions.next, struct session, node));
    return session;
}

/* @return 1: the reference to `ssl_session` is ours now. */
int tn_tls_session_keep(SSL *ssl, SSL_SESSION *ssl_session)
{
    struct tn_tls *tls = SSL_get_app_data(ssl);

    if (!tls->client) return 0;
    if (tls->ctx->verify && SSL_get_verify_result(ssl) != X509_V_OK) return 0;
    struct session *session = find(tls->ctx, tls);
    if (session) {
        tn_list_remove(&session->node);
        tn_list_push(&tls->ctx->sessions, &session->node);
        SSL_SESSION_free(session->ssl);
    } else {
        session = add(tls->ctx, tls);
        if (!session) return 0;
    }
    session->ssl = ssl_session;
    return 1;
}

static bool usable(const SSL_SESSION *session)
{
    X509 *cert = SSL_SESSION_get0_peer((SSL_SESSION *)(uintptr_t)session);

    if (!SSL_SESSION_is_resumable(session)) return false;
    return !cert || X509_cmp_current_time(X509_get0_notAfter(cert)) > 0;
}

void tn_tls_session_offer(struct tn_tls *tls)
{
    struct session *session = find(tls->ctx, tls);

    if (!session) return;
    if (!usable(session->ssl) || SSL_set_session(tls->ssl, session->ssl) != 1)
        drop(tls->ctx, session);
}

void tn_tls_sessions_free(struct tn_tls_ctx *ctx)
{
    TN_LIST_FOR(node, &ctx->sessions)
    {
        drop(ctx, TN_OWNER(node, struct session, node));
    }
}
