/* SPDX-License-Identifier: MIT */
/*
 * Intrusive hash table, keyed with SipHash so that a peer cannot choose
 * collisions. The caller compares keys: walk the nodes of one hash value.
 * Order of iteration is not defined; nothing may depend on it.
 */
#ifndef TN_BASE_MAP_H
#define TN_BASE_MAP_H

#include <tern/types.h>

struct tn_map_node {
    struct tn_map_node *next;
    uint64_t hash;
    bool linked;
};

struct tn_map {
    const struct tern_allocator *alloc;
    struct tn_map_node **buckets;
    size_t bucket_count; /* power of two */
    size_t count;
    uint8_t key[16];
};

TERN_CHECK int tn_map_init(struct tn_map *map, const struct tern_allocator *alloc,
                           const uint8_t key[16]);
void tn_map_fini(struct tn_map *map); /* frees the buckets, not the nodes */

uint64_t tn_map_hash(const struct tn_map *map, const void *data, size_t len);
/** Never fails: without memory to grow, chains get longer. */
void tn_map_insert(struct tn_map *map, struct tn_map_node *node, uint64_t hash);
void tn_map_remove(struct tn_map *map, struct tn_map_node *node); /* harmless when in none */
/** First node with this hash, or NULL; then the next one. */
struct tn_map_node *tn_map_first(const struct tn_map *map, uint64_t hash);
struct tn_map_node *tn_map_next(const struct tn_map_node *node);

#endif
