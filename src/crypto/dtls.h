/* SPDX-License-Identifier: MIT */
/*
 * DTLS 1.2 that agrees on the keys of SRTP, from datagrams to datagrams (RFC 6347, RFC 5764). Both
 * ends have certificates of their own making; each knows the other's by its fingerprint in the SDP
 * (RFC 5763 5, RFC 8122).
 *
 *                receive                              timeout              keys
 *   HANDSHAKE    HANDSHAKE / OPEN / FAILED            flight / FAILED      TERN_ESTATE
 *   OPEN         OPEN (last flight again) / CLOSED    nothing              known
 *   CLOSED       ignored                              nothing              TERN_ESTATE
 *   FAILED       TERN_EPARSE                          nothing              TERN_ESTATE
 *
 * Datagrams that are no DTLS, cannot be decrypted or come twice are ignored: anybody can send those.
 * A ClientHello is not signed: anybody can send that, too. The passive end answers the first one, and
 * another one as soon as that answer has gone unanswered for a timer. So an answer, and its repetition
 * by the timer, goes to where the datagram came from that first made tn_dtls_take() give something;
 * sent to the peer instead, an answer to a stranger would break the peer's handshake. Who goes on to
 * the end must have the right certificate, else it has FAILED.
 * The timer goes by the system's time of day, inside OpenSSL; see tn_dtls_due().
 */
#ifndef TN_CRYPTO_DTLS_H
#define TN_CRYPTO_DTLS_H

#include <tern/types.h>

#include "crypto/cert.h"
#include "crypto/srtp_suite.h"

#define TN_DTLS_MTU          1200 /* of a datagram: what any path carries, with room for tunnels */
#define TN_DTLS_DATAGRAM_MAX 4096 /* longer ones are ignored */
#define TN_DTLS_UNTAKEN_MAX  (16 * 1024)  /* of datagrams that wait; further ones are lost */
#define TN_DTLS_TIMER_FIRST  TERN_MS(250) /* media cannot wait for the second of RFC 6347 4.2.4.1 */
#define TN_DTLS_TIMER_MAX    TERN_SECONDS(4)

struct tn_dtls_ctx; /* one per endpoint: its certificate, the profiles of SRTP */
struct tn_dtls;     /* one association; must not outlive its ctx */

/** `alloc` is copied. @return TERN_EPARSE (unusable PEM, or a key that does not fit), TERN_ENOMEM */
TERN_CHECK int tn_dtls_ctx_new(const struct tern_allocator *alloc, tern_str cert_pem,
                               tern_str key_pem, struct tn_dtls_ctx **out);
void tn_dtls_ctx_free(struct tn_dtls_ctx *ctx); /* NULL is allowed */
/** "sha-256 AB:…" for a=fingerprint; lives as long as `ctx`. */
const char *tn_dtls_fingerprint(const struct tn_dtls_ctx *ctx);

/**
 * @param active            a=setup:active: sends ClientHello
 * @param peer_fingerprint  value of the peer's a=fingerprint, "sha-256 AB:…"; also sha-384, sha-512
 *                          and sha-1, hex digits in either case
 * @return                  TERN_EPARSE (no such fingerprint), TERN_ENOMEM
 */
TERN_CHECK int tn_dtls_new(struct tn_dtls_ctx *ctx, bool active, tern_str peer_fingerprint,
                           struct tn_dtls **out);
void tn_dtls_free(struct tn_dtls *dtls); /* NULL is allowed; says nothing to the far end */

/** The active end's first flight; nothing for the passive one, which waits. Once.
 *  @return 0, TERN_ESTATE, TERN_ENOMEM */
TERN_CHECK int tn_dtls_start(struct tn_dtls *dtls);

/** Passive: a ClientHello, and not the one that this association answers. */
bool tn_dtls_is_other_hello(const struct tn_dtls *dtls, const void *datagram, size_t len);
/** @return 0; TERN_EPARSE as soon as it has FAILED (wrong fingerprint, alert); TERN_ENOMEM */
TERN_CHECK int tn_dtls_receive(struct tn_dtls *dtls, const void *datagram, size_t len);

/** One datagram at a time. `*out` lives until a call of another function on this association.
 *  @return false: none */
bool tn_dtls_take(struct tn_dtls *dtls, tern_str *out);

/** How long until tn_dtls_timeout() is to be called; 0: now. Ask again after each start, receive and
 *  timeout. @return false: no timer */
bool tn_dtls_due(const struct tn_dtls *dtls, tern_time *in);
/** Repeats the last flight, if its time has come. @return 0; TERN_EPARSE: given up, FAILED */
TERN_CHECK int tn_dtls_timeout(struct tn_dtls *dtls);

/** close_notify into tn_dtls_take(), where it is OPEN. */
void tn_dtls_close(struct tn_dtls *dtls);

enum tn_dtls_state { TN_DTLS_HANDSHAKE, TN_DTLS_OPEN, TN_DTLS_FAILED, TN_DTLS_CLOSED };

enum tn_dtls_state tn_dtls_state(const struct tn_dtls *dtls);
/** It FAILED because the certificate is not the peer's. */
bool tn_dtls_is_mistaken(const struct tn_dtls *dtls);
/** Why it FAILED, for people, without full stop; "" before. Lives as long as `dtls`. */
const char *tn_dtls_reason(const struct tn_dtls *dtls);

/** Keys by direction as this end sees it (RFC 5764 4.2). The caller wipes them.
 *  @return TERN_ESTATE: not OPEN */
TERN_CHECK int tn_dtls_keys(const struct tn_dtls *dtls, struct tn_srtp_keys *out);

#endif
