/* SPDX-License-Identifier: MIT */
/*
 * Digest authentication, server side: RFC 3261 22, RFC 7616, RFC 8760.
 *
 * No state is kept: a nonce carries its time and a keyed hash, so that it can be used again and
 * again, and ahead of a challenge, until it is too old. Replays within that time are accepted.
 */
#ifndef TN_SERVER_AUTH_H
#define TN_SERVER_AUTH_H

#include "server/server.h"

/* Ordered: of several credentials the best one counts. */
enum tn_verdict {
    TN_VERDICT_NONE,  /* no credentials for our realm */
    TN_VERDICT_WRONG, /* unknown user, wrong password, or for another request */
    TN_VERDICT_STALE, /* right, but the nonce is too old or not ours */
    TN_VERDICT_GOOD,
};

/* `list`: AUTHORIZATION or PROXY_AUTHORIZATION. GOOD: `*user` is who it is. */
enum tn_verdict tn_verify(const struct tn_server *server, const struct tn_msg *request,
                          enum tn_hdr_id list, const struct tn_user **user);
/* 401 or 407 with challenges, strongest first (RFC 8760 2.3). */
void tn_challenge(struct tn_server *server, uint64_t txn, unsigned status, bool stale);
/* Hashes the password into the user. @return 0 or TERN_E… */
TERN_CHECK int tn_user_set_password(const struct tn_server *server, struct tn_user *user,
                                    tern_str password);
/* The line is for our realm: it must not leave this house. */
bool tn_is_our_credential(const struct tn_server *server, tern_str value);

#endif
