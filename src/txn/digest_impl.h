/* SPDX-License-Identifier: MIT */
/* What the files of the cache of challenges share; nobody else includes it. */
#ifndef TN_TXN_DIGEST_IMPL_H
#define TN_TXN_DIGEST_IMPL_H

#include "txn/digest.h"
#include "txn/digest_response.h"

#define TN_CNONCE_LEN 16

struct tn_challenge {
    struct tn_list node;
    bool proxy;        /* 407 */
    bool for_register; /* else for the rest */
    enum tn_hash hash;
    bool session;
    enum tn_qop qop;
    tern_str realm, nonce, opaque,
        algorithm; /* as they stood between the quotes; nonce empty: spent */
    uint32_t nc;
    char cnonce[TN_CNONCE_LEN]; /* one a nonce: the -sess key depends on it */
    char texts[];               /* in one block: thousands of accounts hold one each */
};

/* digest_offer.c */
struct tn_digest_offer {
    struct tn_auth_params params;
    enum tn_hash hash;
    bool session;
    enum tn_qop qop;
};

/* @return false: no Digest, or one that we do not know */
bool tn_digest_offer_read(tern_str value, struct tn_digest_offer *out);
struct tn_strength tn_digest_offer_strength(const struct tn_digest_offer *offer);
bool tn_digest_offer_beats(const struct tn_digest_offer *a, const struct tn_digest_offer *b);

/* digest.c. @return NULL: no memory, or it is too long */
struct tn_challenge *tn_challenge_new(struct tn_auth *auth, const struct tn_digest_offer *offer);
/* The entry that has waited longest for a challenge goes where there are too many. */
void tn_challenges_make_room(struct tn_auth *auth);

#endif
