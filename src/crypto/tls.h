/* SPDX-License-Identifier: MIT */
/*
 * TLS 1.2 and 1.3 for streams, from bytes to bytes: what the stream brought goes into
 * tn_tls_receive(), what it is to carry comes out of tn_tls_take(). RFC 8446, RFC 5246; the names
 * in certificates by RFC 5922 7.
 *
 *                receive                              write      close
 *   HANDSHAKE    HANDSHAKE / OPEN / FAILED            TERN_ESTATE  nothing
 *   OPEN         OPEN / CLOSED / FAILED               written      close_notify
 *   CLOSED       ignored                              TERN_ESTATE  close_notify, once
 *   FAILED       TERN_EPARSE                          TERN_ESTATE  nothing
 *
 * Only AEAD with ECDHE; no renegotiation, no compression, no early data. A client keeps tickets
 * and offers the newest one that belongs to the same domain and port, so that a connection that has
 * moved comes up without certificates and, with TLS 1.2, with one round trip less.
 *
 * OpenSSL takes its own memory from the C library, and the time of day and randomness from the
 * system; this room is the only one where the core does so.
 */
#ifndef TN_CRYPTO_TLS_H
#define TN_CRYPTO_TLS_H

#include <tern/types.h>

#define TN_TLS_SESSIONS_MAX  64          /* (domain, port) pairs remembered for resumption */
#define TN_TLS_HANDSHAKE_MAX (64 * 1024) /* bytes from the far end until OPEN; more fails it */
#define TN_TLS_UNREAD_MAX    (1 << 20)   /* decrypted and not yet read; more fails it */
#define TN_TLS_UNTAKEN_MAX   (1 << 20)   /* given to tn_tls_write() and not yet taken */
#define TN_TLS_DOMAIN_MAX    255

struct tn_tls_ctx; /* one per endpoint: whom it trusts, its own certificate, sessions */
struct tn_tls;     /* one connection; must not outlive its ctx */

struct tn_tls_opts {
    tern_str ca_pem;            /* certificates that are trusted, any number; empty: nobody is */
    tern_str cert_pem, key_pem; /* own chain, leaf first; a client needs none */
    bool no_verify;             /* accept any server: for tests and closed networks */
    bool client_certs;          /* as a server: demand a client certificate that is valid */
};

/** The allocator is for what is ours; `alloc` is copied.
 *  @return TERN_EPARSE (unusable PEM, or a key that does not fit), TERN_ENOMEM */
TERN_CHECK int tn_tls_ctx_new(const struct tern_allocator *alloc, const struct tn_tls_opts *opts,
                              struct tn_tls_ctx **out);
void tn_tls_ctx_free(struct tn_tls_ctx *ctx); /* NULL is allowed */
/** It has a certificate. */
bool tn_tls_ctx_can_accept(const struct tn_tls_ctx *ctx);

/**
 * As a client. ClientHello is in tn_tls_take() at once.
 *
 * @param domain  whom the certificate must be for: the domain of the SIP URI that was resolved, not
 *                the target of its SRV record (RFC 5922 7.2, 7.3). An IP literal, with or without
 *                brackets, must be in the certificate as such, and is not sent as SNI.
 * @return        TERN_EINVAL (no domain, or one that is no host name), TERN_ENOMEM
 */
TERN_CHECK int tn_tls_connect(struct tn_tls_ctx *ctx, tern_str domain, uint16_t port,
                              struct tn_tls **out);
/** As a server. @return TERN_ESTATE (no certificate), TERN_ENOMEM */
TERN_CHECK int tn_tls_accept(struct tn_tls_ctx *ctx, struct tn_tls **out);
void tn_tls_free(struct tn_tls *tls); /* NULL is allowed; says nothing to the far end */

enum tn_tls_state {
    TN_TLS_HANDSHAKE,
    TN_TLS_OPEN,
    TN_TLS_CLOSED, /* close_notify came: nothing follows, and this is no truncation */
    TN_TLS_FAILED, /* for good; see the reason. An alert may wait in tn_tls_take() */
};

enum tn_tls_state tn_tls_state(const struct tn_tls *tls);

/** Bytes from the stream, all of them used. A server that turns OPEN by this may at once write.
 *  @return 0; TERN_EPARSE as soon as it has FAILED; TERN_ENOMEM (it has FAILED, too) */
TERN_CHECK int tn_tls_receive(struct tn_tls *tls, const void *data, size_t len);

/** @return 0, TERN_ESTATE (not OPEN, or closed by us), TERN_ELIMIT (take first), TERN_ENOMEM (FAILED) */
TERN_CHECK int tn_tls_write(struct tn_tls *tls, tern_str plain);

/** Plain text, also what came before CLOSED or FAILED. @return bytes; 0: no more at present */
size_t tn_tls_read(struct tn_tls *tls, void *out, size_t cap);

/** All bytes for the stream so far, in one piece; what a client writes when it turns OPEN follows
 *  its Finished here. `*out` lives until the next call on this connection. @return false: none */
bool tn_tls_take(struct tn_tls *tls, tern_str *out);

/** Puts close_notify into tn_tls_take(). */
void tn_tls_close(struct tn_tls *tls);

/** Why it FAILED, for people, without full stop; "" before. Lives as long as `tls`. */
const char *tn_tls_reason(const struct tn_tls *tls);
/** The handshake was a short one. Valid from OPEN. */
bool tn_tls_resumed(const struct tn_tls *tls);
/** "TLS 1.3"; "" before it is agreed. */
const char *tn_tls_version(const struct tn_tls *tls);

#endif
