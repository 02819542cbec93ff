/* SPDX-License-Identifier: MIT */
/* What is to come, earliest first; what is due together comes in the order it was asked for. */
#include <stdlib.h>
#include <string.h>

#include "world.h"

static bool before(const struct sim_entry *a, const struct sim_entry *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static struct sim_flight **free_list(struct tern_sim *sim, size_t room)
{
    return room == SIM_SMALL ? &sim->free_small : &sim->free_large;
}

struct sim_flight *sim_flight_new(struct tern_sim *sim, enum sim_kind kind, size_t len)
{
    size_t room = len <= SIM_SMALL ? SIM_SMALL : len <= SIM_LARGE ? SIM_LARGE : 0;
    struct sim_flight *flight = NULL;
    if (room) {
        struct sim_flight **list = free_list(sim, room);
        flight = *list;
        if (flight) *list = flight->next_free;
    }
    if (flight == NULL) {
        flight = malloc(sizeof(*flight) + (room ? room : len));
        if (flight == NULL) {
            sim->out_of_memory = true;
            return NULL;
        }
    }
    memset(flight, 0, sizeof(*flight));
    flight->room = room;
    flight->kind = kind;
    flight->len = len;
    return flight;
}

void sim_flight_free(struct tern_sim *sim, struct sim_flight *flight)
{
    if (flight->room == 0) {
        free(flight);
        return;
    }
    struct sim_flight **list = free_list(sim, flight->room);
    flight->next_free = *list;
    *list = flight;
}

static bool grow(struct tern_sim *sim)
{
    if (sim->heap_count < sim->heap_room) return true;
    size_t room = sim->heap_room ? 2 * sim->heap_room : 256;
    struct sim_entry *heap = realloc(sim->heap, room * sizeof(*heap));
    if (heap == NULL) return false;
    sim->heap = heap;
    sim->heap_room = room;
    return true;
}

void sim_schedule(struct tern_sim *sim, struct sim_flight *flight, tern_time due)
{
    if (!grow(sim)) {
        sim->out_of_memory = true;
        sim_flight_free(sim, flight);
        return;
    }
    flight->due = due;
    flight->order = sim->order++;
    struct sim_entry entry = {due, flight->order, flight};
    size_t at = sim->heap_count++;
    while (at > 0 && before(&entry, &sim->heap[(at - 1) / 2])) {
        sim->heap[at] = sim->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    sim->heap[at] = entry;
}

struct sim_flight *sim_next(struct tern_sim *sim)
{
    if (sim->heap_count == 0) return NULL;
    struct sim_flight *first = sim->heap[0].flight;
    struct sim_entry last = sim->heap[--sim->heap_count];
    size_t at = 0, child;
    while ((child = 2 * at + 1) < sim->heap_count) {
        if (child + 1 < sim->heap_count && before(&sim->heap[child + 1], &sim->heap[child]))
            child++;
        if (!before(&sim->heap[child], &last)) break;
        sim->heap[at] = sim->heap[child];
        at = child;
    }
    sim->heap[at] = last;
    return first;
}

static void free_all(struct sim_flight *flight)
{
    while (flight) {
        struct sim_flight *next = flight->next_free;
        free(flight);
        flight = next;
    }
}

void sim_queue_fini(struct tern_sim *sim)
{
    for (size_t i = 0; i < sim->heap_count; i++)
        sim_flight_free(sim, sim->heap[i].flight);
    free_all(sim->free_small);
    free_all(sim->free_large);
    free(sim->heap);
}
