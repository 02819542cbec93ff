/* SPDX-License-Identifier: MIT */
/* What a snapshot keeps of logins: the challenges with their counts, and how weak one may be. */
#include <tern/err.h>

#include "base/pack.h"
#include "base/str.h"
#include "txn/digest_impl.h"
#include "txn/limits.h"

enum {
    AUTH_CHALLENGE = 1,
    AUTH_FLOOR = 2,
    AUTH_FORGOTTEN = 3,
    CHALLENGE_PROXY = 1,
    CHALLENGE_REGISTER = 2,
    CHALLENGE_HASH = 3,
    CHALLENGE_SESSION = 4,
    CHALLENGE_QOP = 5,
    CHALLENGE_REALM = 6,
    CHALLENGE_NONCE = 7,
    CHALLENGE_OPAQUE = 8,
    CHALLENGE_ALGORITHM = 9,
    CHALLENGE_COUNT = 10,
    CHALLENGE_CNONCE = 11,
    FLOOR_REALM = 1,
    FLOOR_REGISTER = 2,
    FLOOR_HASH = 3,
    FLOOR_QOP = 4,
};

#define COUNT_AHEAD 1000 /* more requests than one nonce serves between two snapshots */

static void write_challenge(struct tn_pack *p, struct tn_challenge *known)
{
    (void)tn_pack_bool(p, CHALLENGE_PROXY, known->proxy);
    (void)tn_pack_bool(p, CHALLENGE_REGISTER, known->for_register);
    (void)tn_pack_u32(p, CHALLENGE_HASH, known->hash);
    (void)tn_pack_bool(p, CHALLENGE_SESSION, known->session);
    (void)tn_pack_u32(p, CHALLENGE_QOP, known->qop);
    (void)tn_pack_str(p, CHALLENGE_REALM, known->realm);
    (void)tn_pack_str(p, CHALLENGE_NONCE, known->nonce);
    (void)tn_pack_str(p, CHALLENGE_OPAQUE, known->opaque);
    (void)tn_pack_str(p, CHALLENGE_ALGORITHM, known->algorithm);
    (void)tn_pack_u32(p, CHALLENGE_COUNT, known->nc);
    tn_pack_bytes(p, CHALLENGE_CNONCE, known->cnonce, TN_CNONCE_LEN);
}

static void read_challenge(struct tn_auth *auth, struct tn_pack *p)
{
    const tern_str none = {NULL, 0};
    struct tn_digest_offer offer = {
        .params = {.realm = tn_pack_str(p, CHALLENGE_REALM, none),
                   .nonce = tn_pack_str(p, CHALLENGE_NONCE, none),
                   .opaque = tn_pack_str(p, CHALLENGE_OPAQUE, none),
                   .algorithm = tn_pack_str(p, CHALLENGE_ALGORITHM, none)},
        .hash = (enum tn_hash)tn_pack_number(p, CHALLENGE_HASH, 0, TN_HASH_SHA512_256),
        .session = tn_pack_bool(p, CHALLENGE_SESSION, false),
        .qop = (enum tn_qop)tn_pack_number(p, CHALLENGE_QOP, 0, TN_QOP_AUTH_INT),
    };
    struct tn_challenge *fresh = p->err ? NULL : tn_challenge_new(auth, &offer);
    if (!fresh) {
        if (!p->err) p->err = TERN_ENOMEM;
        return;
    }
    tn_challenges_make_room(auth);
    fresh->proxy = tn_pack_bool(p, CHALLENGE_PROXY, false);
    fresh->for_register = tn_pack_bool(p, CHALLENGE_REGISTER, false);
    fresh->nc = tn_pack_u32(p, CHALLENGE_COUNT, 0);
    /* What was sent after the snapshot has used some of them. */
    fresh->nc = fresh->nc < UINT32_MAX - COUNT_AHEAD ? fresh->nc + COUNT_AHEAD : UINT32_MAX;
    tn_pack_bytes(p, CHALLENGE_CNONCE, fresh->cnonce, TN_CNONCE_LEN);
    tn_list_push(&auth->challenges, &fresh->node);
}

static void pack_strength(struct tn_pack *p, struct tn_strength *strength)
{
    strength->hash = (uint8_t)tn_pack_number(p, FLOOR_HASH, strength->hash, TN_HASH_SHA512_256);
    strength->qop = tn_pack_bool(p, FLOOR_QOP, strength->qop);
}

static void pack_floors(struct tn_floors *floors, struct tn_pack *p)
{
    struct tn_pack inner;
    size_t cursor = 0, most = tn_pack_reads(p) ? TN_FLOORS_MAX : floors->count;
    floors->count = 0;
    while (floors->count < most && tn_pack_begin(p, AUTH_FLOOR, &cursor, &inner)) {
        struct tn_floor *floor = &floors->list[floors->count++];
        floor->realm = tn_pack_number(&inner, FLOOR_REALM, floor->realm, UINT64_MAX);
        floor->by_register = tn_pack_bool(&inner, FLOOR_REGISTER, floor->by_register);
        pack_strength(&inner, &floor->least);
        tn_pack_end(p, &inner);
    }
    cursor = 0;
    for (size_t i = 0; i < 2 && tn_pack_begin(p, AUTH_FORGOTTEN, &cursor, &inner); i++) {
        pack_strength(&inner, &floors->forgotten[i]);
        tn_pack_end(p, &inner);
    }
}

void tn_auth_pack(struct tn_auth *auth, struct tn_pack *p)
{
    struct tn_pack inner;
    size_t cursor = 0;
    pack_floors(&auth->floors, p);
    cursor = 0;
    if (tn_pack_reads(p)) {
        while (tn_pack_begin(p, AUTH_CHALLENGE, &cursor, &inner)) {
            read_challenge(auth, &inner);
            tn_pack_end(p, &inner);
        }
        return;
    }
    TN_LIST_FOR(node, &auth->challenges)
    {
        if (!tn_pack_begin(p, AUTH_CHALLENGE, &cursor, &inner)) return;
        write_challenge(&inner, TN_OWNER(node, struct tn_challenge, node));
        tn_pack_end(p, &inner);
    }
}
