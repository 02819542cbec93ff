/* SPDX-License-Identifier: MIT */
/* A binary heap of packets on a fixed array. */
#include "lab_queue.h"

static bool before(const struct lab_packet *a, const struct lab_packet *b)
{
    return a->due_ns < b->due_ns || (a->due_ns == b->due_ns && a->order < b->order);
}

bool lab_queue_push(struct lab_queue *queue, struct lab_packet *packet)
{
    size_t at = queue->count;

    if (at == LAB_QUEUE_MAX) return false;
    packet->order = queue->next_order++;
    queue->count++;
    while (at > 0 && before(packet, queue->heap[(at - 1) / 2])) {
        queue->heap[at] = queue->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    queue->heap[at] = packet;
    return true;
}

struct lab_packet *lab_queue_peek(const struct lab_queue *queue)
{
    return queue->count > 0 ? queue->heap[0] : NULL;
}

struct lab_packet *lab_queue_pop(struct lab_queue *queue)
{
    if (queue->count == 0) return NULL;
    struct lab_packet *first = queue->heap[0];
    struct lab_packet *last = queue->heap[--queue->count];
    size_t at = 0;

    for (size_t child = 1; child < queue->count; child = 2 * at + 1) {
        if (child + 1 < queue->count && before(queue->heap[child + 1], queue->heap[child])) child++;
        if (!before(queue->heap[child], last)) break;
        queue->heap[at] = queue->heap[child];
        at = child;
    }
    queue->heap[at] = last;
    return first;
}
