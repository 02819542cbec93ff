/* SPDX-License-Identifier: MIT */
/* Intrusive pairing heap: smallest key first, ties in order of insertion number. Never allocates. */
#ifndef TN_BASE_HEAP_H
#define TN_BASE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

struct tn_heap_node {
    int64_t key;
    uint64_t order;
    struct tn_heap_node *child, *next, *prev; /* prev: left sibling, or parent of a first child */
    bool linked;
};

struct tn_heap {
    struct tn_heap_node *root;
    uint64_t next_order;
};

/** Sets key and order; the node must not be in a heap. */
void tn_heap_push(struct tn_heap *heap, struct tn_heap_node *node, int64_t key);
/** Harmless when the node is in none. */
void tn_heap_remove(struct tn_heap *heap, struct tn_heap_node *node);
/** Smallest, or NULL. */
struct tn_heap_node *tn_heap_min(const struct tn_heap *heap);

#endif
