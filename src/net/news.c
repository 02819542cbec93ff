/* SPDX-License-Identifier: MIT */
#include "net/news.h"

#include <string.h>

#include "net/impl.h"

void tn_news_init(struct tn_news_queue *queue)
{
    memset(queue, 0, sizeof(*queue));
    tn_list_init(&queue->list);
}

void tn_news_fini(struct tn_news_queue *queue, const struct tern_allocator *alloc)
{
    while (tn_news_next(queue, alloc)) {
    }
}

struct tn_news *tn_news_add(struct tn_news_queue *queue, const struct tern_allocator *alloc,
                            const struct tn_news *head, tern_str text)
{
    if (queue->count >= TN_NEWS_MAX || queue->bytes + text.len > TN_NEWS_BYTES_MAX) return NULL;
    struct tn_news *news = tn_alloc(alloc, sizeof(*news) + text.len);
    if (!news) return NULL;
    news->key = head->key;
    news->flag = head->flag;
    news->retransmission = head->retransmission;
    news->failed = head->failed;
    news->len = text.len;
    if (text.len > 0) memcpy(news->text, text.ptr, text.len);
    tn_list_push(&queue->list, &news->link);
    queue->count++;
    queue->bytes += text.len;
    return news;
}

const struct tn_news *tn_news_next(struct tn_news_queue *queue, const struct tern_allocator *alloc)
{
    tn_free(alloc, queue->current);
    queue->current = NULL;
    if (tn_list_empty(&queue->list)) return NULL;
    struct tn_news *news = TN_OWNER(queue->list.next, struct tn_news, link);
    tn_list_remove(&news->link);
    queue->count--;
    queue->bytes -= news->len;
    queue->current = news;
    return news;
}

bool tn_net_next_sip_news(struct tn_net *net, struct tn_sip_news *out)
{
    const struct tn_news *news = tn_news_next(&net->impl->sip_news, &net->ctx->alloc);

    if (!news) return false;
    out->sent = news->flag;
    out->retransmission = news->retransmission;
    out->key = news->key;
    out->text = (tern_str){news->text, news->len};
    return true;
}

bool tn_net_next_listener_news(struct tn_net *net, struct tn_listener_news *out)
{
    const struct tn_news *news = tn_news_next(&net->impl->listener_news, &net->ctx->alloc);

    if (!news) return false;
    out->transport = news->key.transport;
    out->local = news->key.local;
    out->open = news->flag;
    out->failed = news->failed;
    out->reason = (tern_str){news->text, news->len};
    return true;
}
