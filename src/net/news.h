/* SPDX-License-Identifier: MIT */
/* Queues of things that happened, copied, for the application to read later. */
#ifndef TN_NET_NEWS_H
#define TN_NET_NEWS_H

#include "net/net.h"

struct tn_news {
    struct tn_list link;
    struct tn_flow_key key;
    bool flag;           /* messages: sent; listeners: open */
    bool retransmission; /* SIP message */
    bool failed;         /* listener: could not be opened */
    size_t len;
    char text[];
};

struct tn_news_queue {
    struct tn_list list;
    struct tn_news *current; /* handed out; lives until the next call */
    size_t count, bytes;
};

void tn_news_init(struct tn_news_queue *queue);
void tn_news_fini(struct tn_news_queue *queue, const struct tern_allocator *alloc);
/* Copies `text`. @return the copy, to be edited in place, or NULL: dropped, over a limit */
struct tn_news *tn_news_add(struct tn_news_queue *queue, const struct tern_allocator *alloc,
                            const struct tn_news *head, tern_str text);
/* NULL at the end. */
const struct tn_news *tn_news_next(struct tn_news_queue *queue, const struct tern_allocator *alloc);

/* Replaces what proves a password in a SIP message by "...". @return the new length */
size_t tn_blank_credentials(char *text, size_t len);

#endif
