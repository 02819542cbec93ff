/* SPDX-License-Identifier: MIT */
/* The number table: see table.h. */
#include "table.h"

#include <stdlib.h>

#include <tern/err.h>

#define FIRST_CAP 64

static struct tn_uv_node **bucket_of(const struct tn_uv_table *table, uint64_t key)
{
    uint64_t mixed = key * 0x9e3779b97f4a7c15U; /* Fibonacci hashing */

    return &table->buckets[(mixed >> 32) & (table->cap - 1)];
}

/* Without memory the chains get longer, and that is all. */
static void grow(struct tn_uv_table *table)
{
    struct tn_uv_table bigger = {.cap = table->cap ? table->cap * 2 : FIRST_CAP};

    bigger.buckets = calloc(bigger.cap, sizeof(struct tn_uv_node *));
    if (!bigger.buckets) return;
    for (size_t i = 0; i < table->cap; i++) {
        struct tn_uv_node *node = table->buckets[i];
        while (node) {
            struct tn_uv_node *next = node->next;
            struct tn_uv_node **bucket = bucket_of(&bigger, node->key);
            node->next = *bucket;
            *bucket = node;
            node = next;
        }
    }
    bigger.count = table->count;
    free(table->buckets);
    *table = bigger;
}

int tn_uv_table_put(struct tn_uv_table *table, struct tn_uv_node *node, uint64_t key)
{
    if (table->count >= table->cap) grow(table);
    if (table->cap == 0) return TERN_ENOMEM;
    struct tn_uv_node **bucket = bucket_of(table, key);
    node->key = key;
    node->next = *bucket;
    *bucket = node;
    table->count++;
    return 0;
}

void *tn_uv_table_find(const struct tn_uv_table *table, uint64_t key)
{
    if (table->count == 0) return NULL;
    struct tn_uv_node *node = *bucket_of(table, key);
    while (node && node->key != key) {
        node = node->next;
    }
    return node;
}

void tn_uv_table_remove(struct tn_uv_table *table, struct tn_uv_node *node)
{
    struct tn_uv_node **at = bucket_of(table, node->key);

    while (*at && *at != node) {
        at = &(*at)->next;
    }
    if (!*at) return;
    *at = node->next;
    table->count--;
}

void *tn_uv_table_any(const struct tn_uv_table *table)
{
    for (size_t i = 0; table->count > 0 && i < table->cap; i++) {
        if (table->buckets[i]) return table->buckets[i];
    }
    return NULL;
}

void tn_uv_table_fini(struct tn_uv_table *table)
{
    free(table->buckets);
    *table = (struct tn_uv_table){0};
}
