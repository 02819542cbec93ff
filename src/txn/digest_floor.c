/* SPDX-License-Identifier: MIT */
#include "txn/digest_floor.h"

#include <string.h>

#include "base/str.h"

/* Who finds another realm with the same hash raises a floor that he could have raised by name. */
static uint64_t hash_of(tern_str realm)
{
    static const uint8_t key[16];
    return tn_siphash(key, realm.ptr, realm.len);
}

static void raise_to(struct tn_strength *least, struct tn_strength other)
{
    if (other.hash > least->hash) least->hash = other.hash;
    least->qop = least->qop || other.qop;
}

static const struct tn_floor *find(const struct tn_floors *floors, uint64_t realm, bool by_register)
{
    for (size_t i = 0; i < floors->count; i++) {
        const struct tn_floor *floor = &floors->list[i];
        if (floor->realm == realm && floor->by_register == by_register) return floor;
    }
    return NULL;
}

static struct tn_strength least_of(const struct tn_floors *floors, uint64_t realm, bool by_register)
{
    const struct tn_floor *floor = find(floors, realm, by_register);
    return floor ? floor->least : floors->forgotten[by_register];
}

bool tn_floor_allows(const struct tn_floors *floors, const struct tn_asker *asker,
                     struct tn_strength strength)
{
    uint64_t realm = hash_of(asker->realm);
    struct tn_strength least = least_of(floors, realm, true);

    if (!asker->by_register) raise_to(&least, least_of(floors, realm, false));
    return strength.hash >= least.hash && (strength.qop || !least.qop);
}

/* The registrar's go last. */
static void make_room(struct tn_floors *floors)
{
    size_t victim = 0;

    while (victim < floors->count && floors->list[victim].by_register)
        victim++;
    if (victim == floors->count) victim = 0;
    const struct tn_floor *gone = &floors->list[victim];
    raise_to(&floors->forgotten[gone->by_register], gone->least);
    floors->count--;
    memmove(&floors->list[victim], &floors->list[victim + 1],
            (floors->count - victim) * sizeof(floors->list[0]));
}

void tn_floor_raise(struct tn_floors *floors, const struct tn_asker *asker,
                    struct tn_strength strength)
{
    uint64_t realm = hash_of(asker->realm);

    if (strength.hash == TN_HASH_MD5 && !strength.qop) return; /* nothing is below it */
    for (size_t i = 0; i < floors->count; i++) {
        struct tn_floor *floor = &floors->list[i];
        if (floor->realm != realm || floor->by_register != asker->by_register) continue;
        raise_to(&floor->least, strength);
        return;
    }
    if (floors->count == TN_FLOORS_MAX) make_room(floors);
    floors->list[floors->count++] =
        (struct tn_floor){.realm = realm, .by_register = asker->by_register, .least = strength};
}
