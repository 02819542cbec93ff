/* SPDX-License-Identifier: MIT */
/*
 * Digest authentication, client side: RFC 3261 22, RFC 7616, RFC 8760.
 *
 * A cache of challenges, one per (401 or 407, REGISTER or not, realm), so that the next request
 * is authorised ahead of time and needs one round trip. Each request takes the
 * next nonce count. Of several challenges the strongest known one is taken; once a
 * realm has asked for a strong one, a weaker one is refused (no downgrade), however
 * much else has been forgotten meanwhile.
 */
#ifndef TN_TXN_DIGEST_H
#define TN_TXN_DIGEST_H

#include "core/ctx.h"
#include "crypto/hash.h"
#include "txn/digest_floor.h"
#include "wire/sip/msg.h"

struct tn_credentials {
    tern_str user;
    tern_str password;
    tern_str realm; /* empty: any */
};

struct tn_challenge; /* list, newest last; see digest.c */

struct tn_auth {
    struct tn_ctx *ctx;
    struct tn_credentials credentials; /* copied into the block */
    struct tn_list challenges;
    struct tn_floors floors;
    char *block;
    size_t block_size;
};

/* `auth` must stay put, and zeroed memory may be given to tn_auth_fini(). @return 0, TERN_ENOMEM, TERN_EINVAL */
TERN_CHECK int tn_auth_init(struct tn_auth *auth, struct tn_ctx *ctx,
                            const struct tn_credentials *credentials);
void tn_auth_fini(struct tn_auth *auth); /* wipes the password */

enum tn_auth_result {
    TN_AUTH_RETRY,    /* send again, with tn_auth_put() */
    TN_AUTH_REJECTED, /* what was tried for this request was refused, not stale: wrong password */
    TN_AUTH_NO_CREDENTIALS, /* no password, or another realm */
    TN_AUTH_NO_MEMORY,      /* to keep the challenge: another try may have it */
    TN_AUTH_UNSUPPORTED,    /* no challenge with an algorithm and qop that we know */
    TN_AUTH_DOWNGRADE,      /* only weaker ones than this realm has asked for before */
};

/* For people: why a 401 or 407 was not answered. Empty for RETRY. */
tern_str tn_auth_result_text(enum tn_auth_result result);

/*
 * Takes the challenges of a 401 or 407 (several realms at once count). `request_round` is how often
 * this request has been challenged before: more than a few rounds is a loop and gives REJECTED.
 */
enum tn_auth_result tn_auth_challenge(struct tn_auth *auth, const struct tn_msg *response,
                                      unsigned request_round);
/* Authentication-Info: nextnonce (RFC 7616 3.5). */
void tn_auth_info(struct tn_auth *auth, const struct tn_msg *response);
/* Any cached challenge that would be used for this method. */
bool tn_auth_ready(const struct tn_auth *auth, enum tn_method method);
/*
 * Writes Authorization and Proxy-Authorization lines for every cached challenge that applies:
 * 401s from registrars to REGISTER, 401s from far ends and 407s to the rest (a realm that challenged
 * REGISTER with 401 and is known for no 407 is not used elsewhere).
 */
TERN_CHECK int tn_auth_put(struct tn_auth *auth, enum tn_method method, tern_str uri, tern_str body,
                           struct tn_buf *out);
/* Forgets cached challenges, but not how strong they were. */
void tn_auth_forget(struct tn_auth *auth);
struct tn_pack;
/* Writes challenges and floors for a snapshot, or takes them up; nonce counts are ahead then. */
void tn_auth_pack(struct tn_auth *auth, struct tn_pack *p);
/* What has been learned of realms goes on where an account gets other credentials. */
void tn_auth_inherit(struct tn_auth *auth, const struct tn_auth *from);

#endif
