/* SPDX-License-Identifier: MIT */
/*
 * How strong a login each realm has asked for: it gets no weaker one as long as the account lives
 * (RFC 8760 5), whoever asks in its name. What a far end asks of a call says nothing about the
 * registrar: else anybody who is called could raise the registrar's floor and lock us out.
 */
#ifndef TN_TXN_DIGEST_FLOOR_H
#define TN_TXN_DIGEST_FLOOR_H

#include "crypto/hash.h"
#include "txn/limits.h"

struct tn_strength {
    uint8_t hash; /* enum tn_hash: its order is that of strength */
    bool qop;
};

struct tn_floor {
    uint64_t realm; /* a hash of it */
    bool by_register;
    struct tn_strength least;
};

struct tn_floors {
    struct tn_floor list[TN_FLOORS_MAX]; /* oldest first */
    size_t count;
    /* What was forgotten for want of room, the highest of it: for realms that are not listed. */
    struct tn_strength forgotten[2]; /* by calls, by REGISTER */
};

/* Who asks: a realm, in answer to a REGISTER or to something else. */
struct tn_asker {
    tern_str realm;
    bool by_register;
};

bool tn_floor_allows(const struct tn_floors *floors, const struct tn_asker *asker,
                     struct tn_strength strength);
void tn_floor_raise(struct tn_floors *floors, const struct tn_asker *asker,
                    struct tn_strength strength);

#endif
