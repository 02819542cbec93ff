/* SPDX-License-Identifier: MIT */
/*
 * From a number to an object: ids of sockets and streams, handles of calls. Chained, intrusive; the
 * keys come from the core, so no keyed hash is needed.
 */
#ifndef TN_UV_TABLE_H
#define TN_UV_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first member of what is stored. */
struct tn_uv_node {
    struct tn_uv_node *next;
    uint64_t key;
};

struct tn_uv_table {
    struct tn_uv_node **buckets;
    size_t cap; /* a power of two, or 0 */
    size_t count;
};

/* The key must not be in the table. @return TERN_ENOMEM only for the very first one. */
int tn_uv_table_put(struct tn_uv_table *table, struct tn_uv_node *node, uint64_t key);
void *tn_uv_table_find(const struct tn_uv_table *table, uint64_t key);
void tn_uv_table_remove(struct tn_uv_table *table, struct tn_uv_node *node);
/* Any object, or NULL when it is empty: for closing all. */
void *tn_uv_table_any(const struct tn_uv_table *table);
/* The table must be empty. */
void tn_uv_table_fini(struct tn_uv_table *table);

#endif
