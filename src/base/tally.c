/* SPDX-License-Identifier: MIT */
#include "base/tally.h"

#include <string.h>

#include <tern/err.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/list.h"

struct entry {
    struct tn_map_node node;
    uint32_t count;
    uint8_t host[17]; /* family, and as much of the address as tells hosts apart */
};

static void name(tern_addr addr, uint8_t out[17])
{
    size_t len = addr.family == TERN_FAMILY_IPV6 ? 8 : 4;

    memset(out, 0, 17);
    out[0] = addr.family;
    memcpy(out + 1, addr.ip, len);
}

int tn_tally_init(struct tn_tally *tally, const struct tern_allocator *alloc, const uint8_t key[16],
                  uint32_t most)
{
    tally->most = most;
    return tn_map_init(&tally->hosts, alloc, key);
}

void tn_tally_fini(struct tn_tally *tally)
{
    TN_ASSERT(tally->hosts.count == 0);
    tn_map_fini(&tally->hosts);
}

static struct entry *find(const struct tn_tally *tally, const uint8_t host[17], uint64_t hash)
{
    for (struct tn_map_node *node = tn_map_first(&tally->hosts, hash); node;
         node = tn_map_next(node)) {
        struct entry *entry = TN_OWNER(node, struct entry, node);
        if (memcmp(entry->host, host, sizeof(entry->host)) == 0) return entry;
    }
    return NULL;
}

int tn_tally_take(struct tn_tally *tally, tern_addr addr)
{
    uint8_t host[17];

    name(addr, host);
    uint64_t hash = tn_map_hash(&tally->hosts, host, sizeof(host));
    struct entry *entry = find(tally, host, hash);
    if (!entry) {
        entry = tn_alloc(tally->hosts.alloc, sizeof(*entry));
        if (!entry) return TERN_ENOMEM;
        memcpy(entry->host, host, sizeof(host));
        tn_map_insert(&tally->hosts, &entry->node, hash);
    }
    if (entry->count >= tally->most) return TERN_ELIMIT;
    entry->count++;
    return 0;
}

void tn_tally_give(struct tn_tally *tally, tern_addr addr)
{
    uint8_t host[17];

    name(addr, host);
    struct entry *entry = find(tally, host, tn_map_hash(&tally->hosts, host, sizeof(host)));
    TN_ASSERT(entry && entry->count > 0);
    if (--entry->count > 0) return;
    tn_map_remove(&tally->hosts, &entry->node);
    tn_free(tally->hosts.alloc, entry);
}

uint32_t tn_tally_count(const struct tn_tally *tally, tern_addr addr)
{
    uint8_t host[17];

    name(addr, host);
    const struct entry *entry = find(tally, host, tn_map_hash(&tally->hosts, host, sizeof(host)));
    return entry ? entry->count : 0;
}
