/* SPDX-License-Identifier: MIT */
/*
 * One connection. Everything that a receive() brings is decrypted at once, so that the state is
 * always that of the last byte, and OpenSSL keeps nothing but an incomplete record.
 */
#include "crypto/tls.h"

#include <openssl/err.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/str.h"
#include "crypto/tls_impl.h"

enum { CHUNK_BYTES = 4096, FATAL = 2 };

#define BIT(n) (1u << (n))

static const unsigned successors[] = {
    [TN_TLS_HANDSHAKE] = BIT(TN_TLS_OPEN) | BIT(TN_TLS_FAILED),
    [TN_TLS_OPEN] = BIT(TN_TLS_CLOSED) | BIT(TN_TLS_FAILED),
    [TN_TLS_CLOSED] = 0,
    [TN_TLS_FAILED] = 0,
};

static void enter(struct tn_tls *tls, enum tn_tls_state next)
{
    TN_ASSERT(successors[tls->state] & BIT(next));
    tls->state = next;
    tls->pipe.budget = SIZE_MAX; /* the limit is that of the handshake */
}

static int fail(struct tn_tls *tls, const char *why, int err)
{
    tn_reason_set(&tls->reason, why, "");
    ERR_clear_error();
    enter(tls, TN_TLS_FAILED);
    return err;
}

/* OpenSSL has given up. What made it do so may be our own want of memory. */
static int fail_ssl(struct tn_tls *tls)
{
    if (tls->pipe.out.err) return fail(tls, "out of memory", TERN_ENOMEM);
    tn_reason_set_error(&tls->reason, tls->state == TN_TLS_OPEN ? "the connection is broken: "
                                                                : "the handshake failed: ");
    return fail(tls, "", TERN_EPARSE);
}

/* A fatal alert of the far end is the better reason than what OpenSSL makes of it. */
static void note_alert(const SSL *ssl, int where, int alert)
{
    struct tn_tls *tls = SSL_get_app_data(ssl);

    if (where != SSL_CB_READ_ALERT || alert >> 8 != FATAL) return;
    tn_reason_set_alert(&tls->reason,
                        tls->state == TN_TLS_OPEN ? "the far end broke off: "
                                                  : "the handshake was refused: ",
                        alert);
}

static int decrypt(struct tn_tls *tls)
{
    char chunk[CHUNK_BYTES];
    size_t len;

    while (SSL_read_ex(tls->ssl, chunk, sizeof(chunk), &len) == 1) {
        tn_buf_bytes(&tls->plain, chunk, len);
        if (tls->plain.err == TERN_ENOMEM) return fail(tls, "out of memory", TERN_ENOMEM);
        if (tls->plain.err) return fail(tls, "too much was received and not read", TERN_EPARSE);
    }
    switch (SSL_get_error(tls->ssl, 0)) {
    case SSL_ERROR_WANT_READ: return 0;
    case SSL_ERROR_ZERO_RETURN: enter(tls, TN_TLS_CLOSED); return 0;
    default: return fail_ssl(tls);
    }
}

static int shake_hands(struct tn_tls *tls)
{
    int result = SSL_do_handshake(tls->ssl);

    if (result == 1) {
        enter(tls, TN_TLS_OPEN);
        return 0;
    }
    if (SSL_get_error(tls->ssl, result) != SSL_ERROR_WANT_READ) return fail_ssl(tls);
    if (tls->pipe.exhausted) return fail(tls, "the handshake is too long", TERN_EPARSE);
    return 0;
}

static int new_connection(struct tn_tls_ctx *ctx, struct tn_tls **out)
{
    struct tn_tls *tls = tn_alloc(&ctx->alloc, sizeof(*tls));

    if (!tls) return TERN_ENOMEM;
    tls->ctx = ctx;
    tn_pipe_init(&tls->pipe, &ctx->alloc, 2 * TN_TLS_UNTAKEN_MAX);
    tls->pipe.budget = TN_TLS_HANDSHAKE_MAX;
    tn_buf_init(&tls->plain, &ctx->alloc, TN_TLS_UNREAD_MAX);
    tls->ssl = SSL_new(ctx->ssl);
    BIO *bio = tn_pipe_bio(ctx->pipe, &tls->pipe);
    if (!tls->ssl || !bio) {
        BIO_free(bio);
        tn_tls_free(tls);
        return TERN_ENOMEM;
    }
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_set_app_data(tls->ssl, tls);
    SSL_set_info_callback(tls->ssl, note_alert);
    *out = tls;
    return 0;
}

static bool is_host_name(tern_str name)
{
    if (name.len == 0 || name.len > TN_TLS_DOMAIN_MAX) return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '_') return false;
    }
    return true;
}

/* Whom to expect, and to ask for where it is a name (RFC 6066 3). */
static int set_domain(struct tn_tls *tls, tern_str domain)
{
    char name[TN_TLS_DOMAIN_MAX + 1] = {0};

    if (tern_addr_parse(domain, &tls->literal) == 0) {
        if (tls->literal.port != 0) return TERN_EINVAL;
        return tn_text_set(&tls->ctx->alloc, &tls->domain, domain);
    }
    if (domain.len > 1 && domain.ptr[domain.len - 1] == '.') domain.len--; /* the root */
    if (!is_host_name(domain)) return TERN_EINVAL;
    memcpy(name, domain.ptr, domain.len);
    if (SSL_set_tlsext_host_name(tls->ssl, name) != 1) return TERN_ENOMEM;
    return tn_text_set(&tls->ctx->alloc, &tls->domain, domain);
}

int tn_tls_connect(struct tn_tls_ctx *ctx, tern_str domain, uint16_t port, struct tn_tls **out)
{
    struct tn_tls *tls;

    ERR_clear_error();
    int err = new_connection(ctx, &tls);
    if (err) return err;
    tls->client = true;
    tls->port = port;
    SSL_set_connect_state(tls->ssl);
    if (ctx->verify) SSL_set_verify(tls->ssl, SSL_VERIFY_PEER, tn_tls_verify);
    err = set_domain(tls, domain);
    if (!err) {
        tn_tls_session_offer(tls);
        err = shake_hands(tls);
    }
    ERR_clear_error();
    if (err)
        tn_tls_free(tls);
    else
        *out = tls;
    return err == TERN_EPARSE ? TERN_ENOMEM : err; /* nothing has been received yet */
}

int tn_tls_accept(struct tn_tls_ctx *ctx, struct tn_tls **out)
{
    const int demand = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    struct tn_tls *tls;

    if (!ctx->has_cert) return TERN_ESTATE;
    ERR_clear_error();
    int err = new_connection(ctx, &tls);
    if (err) return err;
    SSL_set_accept_state(tls->ssl);
    if (ctx->client_certs) SSL_set_verify(tls->ssl, demand, tn_tls_verify);
    *out = tls;
    return 0;
}

/* OpenSSL takes a connection that ends without close_notify for an attack, and would have its
   session forgotten. Ours end so whenever an address goes; the session is what brings them back. */
void tn_tls_free(struct tn_tls *tls)
{
    if (!tls) return;
    const struct tern_allocator alloc = tls->ctx->alloc;

    if (tls->ssl && (tls->state == TN_TLS_OPEN || tls->state == TN_TLS_CLOSED))
        SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(tls->ssl);
    tn_pipe_fini(&tls->pipe);
    if (tls->plain.ptr) tn_wipe(tls->plain.ptr, tls->plain.cap);
    tn_buf_fini(&tls->plain);
    tn_text_fini(&alloc, &tls->domain);
    tn_free(&alloc, tls);
}

enum tn_tls_state tn_tls_state(const struct tn_tls *tls)
{
    return tls->state;
}

int tn_tls_receive(struct tn_tls *tls, const void *data, size_t len)
{
    int err = 0;

    tn_pipe_begin(&tls->pipe);
    if (tls->state == TN_TLS_FAILED) return TERN_EPARSE;
    if (tls->state == TN_TLS_CLOSED || len == 0) return 0;
    ERR_clear_error();
    tls->pipe.in = (tern_str){data, len};
    if (tls->state == TN_TLS_HANDSHAKE) err = shake_hands(tls);
    if (tls->state == TN_TLS_OPEN) err = decrypt(tls);
    tls->pipe.in = (tern_str){NULL, 0};
    (void)SSL_free_buffers(tls->ssl); /* 16 KiB that a TLS 1.3 client keeps after its Finished */
    ERR_clear_error();
    return err;
}

int tn_tls_write(struct tn_tls *tls, tern_str plain)
{
    size_t written;

    tn_pipe_begin(&tls->pipe);
    if (tls->state != TN_TLS_OPEN || tls->closed_by_us) return TERN_ESTATE;
    if (plain.len > TN_TLS_UNTAKEN_MAX || tls->pipe.out.len > TN_TLS_UNTAKEN_MAX - plain.len)
        return TERN_ELIMIT;
    if (plain.len == 0) return 0;
    ERR_clear_error();
    if (SSL_write_ex(tls->ssl, plain.ptr, plain.len, &written) == 1) return 0;
    int err = fail_ssl(tls);
    return err == TERN_EPARSE ? TERN_ENOMEM : err; /* nothing else can go wrong here */
}

size_t tn_tls_read(struct tn_tls *tls, void *out, size_t cap)
{
    size_t len = tls->plain.len < cap ? tls->plain.len : cap;

    tn_pipe_begin(&tls->pipe);
    if (len == 0) return 0;
    memcpy(out, tls->plain.ptr, len);
    tn_buf_consume(&tls->plain, len);
    if (tls->plain.len == 0) {
        tn_wipe(tls->plain.ptr, tls->plain.cap);
        tn_buf_fini(&tls->plain);
    }
    return len;
}

bool tn_tls_take(struct tn_tls *tls, tern_str *out)
{
    tn_pipe_begin(&tls->pipe);
    return tn_pipe_take(&tls->pipe, out);
}

void tn_tls_close(struct tn_tls *tls)
{
    tn_pipe_begin(&tls->pipe);
    if (tls->state != TN_TLS_OPEN && tls->state != TN_TLS_CLOSED) return;
    if (tls->closed_by_us) return;
    tls->closed_by_us = true;
    ERR_clear_error();
    (void)SSL_shutdown(tls->ssl); /* without memory for it: the stream ends without, as many do */
    ERR_clear_error();
}

const char *tn_tls_reason(const struct tn_tls *tls)
{
    return tls->state == TN_TLS_FAILED ? tls->reason.text : "";
}

bool tn_tls_resumed(const struct tn_tls *tls)
{
    return SSL_session_reused(tls->ssl) == 1;
}

const char *tn_tls_version(const struct tn_tls *tls)
{
    switch (tls->state == TN_TLS_HANDSHAKE ? 0 : SSL_version(tls->ssl)) {
    case TLS1_3_VERSION: return "TLS 1.3";
    case TLS1_2_VERSION: return "TLS 1.2";
    default: return "";
    }
}
