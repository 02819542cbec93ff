/* SPDX-License-Identifier: MIT */
/*
 * Pairing heap (Fredman, Sedgewick, Sleator, Tarjan, 1986): push is O(1),
 * remove O(log n) amortised, and a node needs no index that must be kept true.
 */
#include "base/heap.h"

#include <stddef.h>

#include "base/assert.h"

static bool before(const struct tn_heap_node *a, const struct tn_heap_node *b)
{
    if (a->key != b->key) return a->key < b->key;
    return a->order < b->order;
}

/* Both are roots without siblings; either may be NULL. */
static struct tn_heap_node *meld(struct tn_heap_node *a, struct tn_heap_node *b)
{
    if (!a) return b;
    if (!b) return a;
    if (before(b, a)) {
        struct tn_heap_node *swap = a;
        a = b;
        b = swap;
    }
    b->prev = a;
    b->next = a->child;
    if (a->child) a->child->prev = b;
    a->child = b;
    return a;
}

/* Melds siblings in pairs from the left, then the pairs from the right. */
static struct tn_heap_node *merge_siblings(struct tn_heap_node *first)
{
    struct tn_heap_node *pairs = NULL, *root = NULL;

    while (first) {
        struct tn_heap_node *a = first, *b = a->next;
        first = b ? b->next : NULL;
        a->next = a->prev = NULL;
        if (b) b->next = b->prev = NULL;
        struct tn_heap_node *pair = meld(a, b);
        pair->next = pairs;
        pairs = pair;
    }
    while (pairs) {
        struct tn_heap_node *next = pairs->next;
        pairs->next = NULL;
        root = meld(root, pairs);
        pairs = next;
    }
    return root;
}

static void unlink_from_siblings(struct tn_heap_node *node)
{
    if (node->prev->child == node) {
        node->prev->child = node->next;
    } else {
        node->prev->next = node->next;
    }
    if (node->next) node->next->prev = node->prev;
}

void tn_heap_push(struct tn_heap *heap, struct tn_heap_node *node, int64_t key)
{
    TN_ASSERT(!node->linked);
    node->key = key;
    node->order = heap->next_order++;
    node->child = node->next = node->prev = NULL;
    node->linked = true;
    heap->root = meld(heap->root, node);
}

void tn_heap_remove(struct tn_heap *heap, struct tn_heap_node *node)
{
    if (!node->linked) return;
    struct tn_heap_node *orphans = merge_siblings(node->child);
    if (node == heap->root) {
        heap->root = orphans;
    } else {
        unlink_from_siblings(node);
        heap->root = meld(heap->root, orphans);
    }
    node->child = node->next = node->prev = NULL;
    node->linked = false;
}

struct tn_heap_node *tn_heap_min(const struct tn_heap *heap)
{
    return heap->root;
}
