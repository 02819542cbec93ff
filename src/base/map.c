/* SPDX-License-Identifier: MIT */
#include "base/map.h"

#include <string.h>

#include <tern/err.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/str.h"

enum { FIRST_BUCKETS = 16 };

static struct tn_map_node **bucket(const struct tn_map *map, uint64_t hash)
{
    return &map->buckets[hash & (map->bucket_count - 1)];
}

int tn_map_init(struct tn_map *map, const struct tern_allocator *alloc, const uint8_t key[16])
{
    struct tn_map_node **buckets = tn_alloc(alloc, FIRST_BUCKETS * sizeof(struct tn_map_node *));
    if (!buckets) return TERN_ENOMEM;
    memset(map, 0, sizeof(*map));
    map->alloc = alloc;
    map->buckets = buckets;
    map->bucket_count = FIRST_BUCKETS;
    memcpy(map->key, key, sizeof(map->key));
    return 0;
}

void tn_map_fini(struct tn_map *map)
{
    tn_free(map->alloc, map->buckets);
    tn_wipe(map->key, sizeof(map->key));
    memset(map, 0, sizeof(*map));
}

uint64_t tn_map_hash(const struct tn_map *map, const void *data, size_t len)
{
    return tn_siphash(map->key, data, len);
}

static void grow(struct tn_map *map)
{
    struct tn_map old = *map;
    struct tn_map_node **buckets = tn_alloc(map->alloc, 2 * old.bucket_count * sizeof(*buckets));
    if (!buckets) return;

    map->buckets = buckets;
    map->bucket_count = 2 * old.bucket_count;
    for (size_t i = 0; i < old.bucket_count; i++) {
        struct tn_map_node *node = old.buckets[i];
        while (node) {
            struct tn_map_node *next = node->next;
            struct tn_map_node **head = bucket(map, node->hash);
            node->next = *head;
            *head = node;
            node = next;
        }
    }
    tn_free(map->alloc, old.buckets);
}

void tn_map_insert(struct tn_map *map, struct tn_map_node *node, uint64_t hash)
{
    TN_ASSERT(!node->linked);
    if (map->count >= map->bucket_count) grow(map);
    struct tn_map_node **head = bucket(map, hash);
    node->hash = hash;
    node->next = *head;
    node->linked = true;
    *head = node;
    map->count++;
}

void tn_map_remove(struct tn_map *map, struct tn_map_node *node)
{
    if (!node->linked) return;
    struct tn_map_node **link = bucket(map, node->hash);
    while (*link && *link != node)
        link = &(*link)->next;
    TN_ASSERT(*link); /* it would be in another map */
    *link = node->next;
    node->next = NULL;
    node->linked = false;
    map->count--;
}

static struct tn_map_node *skip_to(struct tn_map_node *node, uint64_t hash)
{
    while (node && node->hash != hash)
        node = node->next;
    return node;
}

struct tn_map_node *tn_map_first(const struct tn_map *map, uint64_t hash)
{
    return skip_to(*bucket(map, hash), hash);
}

struct tn_map_node *tn_map_next(const struct tn_map_node *node)
{
    return skip_to(node->next, node->hash);
}
