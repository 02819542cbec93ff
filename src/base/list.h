/* SPDX-License-Identifier: MIT */
/* Intrusive doubly linked list with a head; a node knows whether it is in a list. */
#ifndef TN_BASE_LIST_H
#define TN_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct tn_list {
    struct tn_list *prev, *next;
};

/** The object that holds `member`. */
#define TN_OWNER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/** Walks `head`; the present node may be removed and freed inside. */
#define TN_LIST_FOR(node, head)                                                                    \
    for (struct tn_list *node = (head)->next, *node##_next = node->next; node != (head);           \
         node = node##_next, node##_next = node->next)

static inline void tn_list_init(struct tn_list *node)
{
    node->prev = node->next = node;
}

static inline bool tn_list_empty(const struct tn_list *head)
{
    return head->next == head;
}

static inline void tn_list_push(struct tn_list *head, struct tn_list *node) /* at the end */
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

static inline void tn_list_remove(struct tn_list *node) /* harmless when it is in none */
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    tn_list_init(node);
}

static inline size_t tn_list_count(const struct tn_list *head)
{
    size_t n = 0;
    for (const struct tn_list *node = head->next; node != head; node = node->next)
        n++;
    return n;
}

#endif
