/* SPDX-License-Identifier: MIT */
/* Packets under way, ordered by when they are due; equal times leave in order of arrival. */
#ifndef TERN_CLI_LAB_QUEUE_H
#define TERN_CLI_LAB_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* At 1500 bytes this is 24 MB: 250 ms at some 800 Mbit/s. */
enum { LAB_QUEUE_MAX = 16384 };

struct lab_packet {
    int64_t due_ns;
    uint64_t order; /* set by lab_queue_push() */
    uint16_t from, to;
    bool arrived; /* crossed the wire, waits for the destination's rate */
    size_t len;
    uint8_t data[];
};

struct lab_queue {
    struct lab_packet *heap[LAB_QUEUE_MAX];
    size_t count;
    uint64_t next_order;
};

/* Takes the packet over; false, and takes nothing, when full. */
bool lab_queue_push(struct lab_queue *queue, struct lab_packet *packet);

/* The first one due, or NULL. */
struct lab_packet *lab_queue_peek(const struct lab_queue *queue);
struct lab_packet *lab_queue_pop(struct lab_queue *queue);

#endif
