/* SPDX-License-Identifier: MIT */
/*
 * The keys of a stream: what it protects with, and what it still accepts. RFC 3711, 4568 7.1.4.
 *
 *   state     plan PLAIN  plan SDES, DTLS  keys    failure
 *   PLAIN     PLAIN       PENDING          -       -
 *   PENDING   PLAIN       PENDING          SECURE  FAILED
 *   SECURE    PLAIN       SECURE           SECURE  FAILED
 *   FAILED    PLAIN       FAILED           SECURE  FAILED
 *
 * Only PLAIN lets anything through in the clear. PENDING and FAILED have no key of their own or the
 * one from before, which goes on both ways: a stream that was heard stays heard until its owner
 * ends it. A new receive key is tried first, the one before it after it, for TN_KEY_OVERLAP.
 */
#ifndef TN_MEDIA_SECURITY_H
#define TN_MEDIA_SECURITY_H

#include "core/ctx.h"
#include "media/plan.h"
#include "media/srtp.h"

enum tn_security_state {
    TN_SECURITY_PLAIN,
    TN_SECURITY_PENDING,
    TN_SECURITY_SECURE,
    TN_SECURITY_FAILED,
    TN_SECURITY_STATES,
};

#define TN_SECURITY_SPENT  8  /* one offer has no more keys, and no other brings one back */
#define TN_SECURITY_REASON 96 /* for people; longer ones are cut */

struct tn_security {
    struct tn_ctx *ctx;
    struct tn_owner owner; /* who is told of each new state; kind NONE: nobody */
    enum tn_security_state state;
    struct tn_srtp_keys keys; /* in use */
    struct tn_srtp *send, *receive, *before;
    bool heard;                        /* something was accepted under `receive` */
    struct tn_timer overlap;           /* then `before` is forgotten */
    uint64_t spent[TN_SECURITY_SPENT]; /* hashes of the newest send keys */
    uint8_t next_spent;
    char reason[TN_SECURITY_REASON];
};

void tn_security_init(struct tn_security *security, struct tn_ctx *ctx, struct tn_owner owner);
/* Wipes. Harmless when called twice. */
void tn_security_fini(struct tn_security *security);
/* What the plan wants from now on; back to PLAIN forgets all keys. */
void tn_security_plan(struct tn_security *security, enum tn_plan_security wanted);
/*
 * Was this send key in use before, and another since? A fork may bring it back. Its counters are
 * gone, so that it must protect no packet of the same SSRC any more (RFC 3711 9.1).
 */
bool tn_security_is_spent(const struct tn_security *security, const struct tn_srtp_keys *keys);
/* Keys for both directions; one that is in use already goes on with its counters. */
void tn_security_install(struct tn_security *security, const struct tn_srtp_keys *keys);
/*
 * In place of a first plan and its keys: those of a snapshot, with their counters. Nothing leaves before
 * tn_srtp_limit(). @return TERN_ENOMEM, TERN_EPARSE, TERN_EUNSUPPORTED
 */
TERN_CHECK int tn_security_resume(struct tn_security *security, const struct tn_srtp_keys *keys,
                                  const struct tn_srtp_places *send,
                                  const struct tn_srtp_places *receive);
void tn_security_fail(struct tn_security *security, const char *reason);

/* May something leave, in the clear or protected? */
bool tn_security_ready(const struct tn_security *security);
/* Protects in place, unless PLAIN. @return false: it must not leave */
bool tn_security_seal(struct tn_security *security, bool rtcp, uint8_t *packet, size_t *len,
                      size_t cap);
/* As tn_srtp_unprotect(); not in PLAIN. FORGED while there are no keys. */
enum tn_srtp_verdict tn_security_open(struct tn_security *security, bool rtcp, tern_str packet,
                                      uint8_t out[TN_SRTP_PACKET], size_t *len);
const char *tn_security_state_name(enum tn_security_state state);

#endif
