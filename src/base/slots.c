/* SPDX-License-Identifier: MIT */
/* A handle is the generation of its slot in the upper half, index + 1 in the lower. */
#include "base/slots.h"

#include <string.h>

#include <tern/err.h>

#include "base/alloc.h"
#include "base/assert.h"

enum { FIRST_SLOTS = 16 };

struct tn_slot {
    void *object;        /* NULL: free */
    uint32_t generation; /* of the present or the next object; never 0 */
    uint32_t next_free;  /* index + 1; 0 ends the list */
};

void tn_slots_init(struct tn_slots *slots, const struct tern_allocator *alloc, uint32_t limit)
{
    memset(slots, 0, sizeof(*slots));
    slots->alloc = alloc;
    slots->limit = limit;
}

void tn_slots_fini(struct tn_slots *slots)
{
    tn_free(slots->alloc, slots->slots);
    tn_slots_init(slots, slots->alloc, slots->limit);
}

static int grow(struct tn_slots *slots)
{
    if (slots->cap >= slots->limit) return TERN_ELIMIT;
    uint32_t cap = slots->cap ? slots->cap : FIRST_SLOTS / 2;
    cap = cap > slots->limit / 2 ? slots->limit : cap * 2;

    struct tn_slot *array = tn_resize(slots->alloc, slots->slots, cap * sizeof(*array));
    if (!array) return TERN_ENOMEM;
    for (uint32_t i = cap; i-- > slots->cap;) {
        array[i] = (struct tn_slot){NULL, 1, slots->free_head};
        slots->free_head = i + 1;
    }
    slots->slots = array;
    slots->cap = cap;
    return 0;
}

int tn_slots_add(struct tn_slots *slots, void *object, uint64_t *id)
{
    TN_ASSERT(object);
    if (!slots->free_head) {
        int err = grow(slots);
        if (err) return err;
    }
    uint32_t number = slots->free_head;
    struct tn_slot *slot = &slots->slots[number - 1];
    slots->free_head = slot->next_free;
    slots->count++;
    slot->object = object;
    *id = (uint64_t)slot->generation << 32 | number;
    return 0;
}

static struct tn_slot *find(const struct tn_slots *slots, uint64_t id)
{
    uint32_t number = (uint32_t)id;
    if (number == 0 || number > slots->cap) return NULL;
    struct tn_slot *slot = &slots->slots[number - 1];
    return slot->object && slot->generation == id >> 32 ? slot : NULL;
}

void *tn_slots_get(const struct tn_slots *slots, uint64_t id)
{
    struct tn_slot *slot = find(slots, id);
    return slot ? slot->object : NULL;
}

void tn_slots_remove(struct tn_slots *slots, uint64_t id)
{
    struct tn_slot *slot = find(slots, id);
    if (!slot) return;
    slot->object = NULL;
    slot->generation++;
    if (slot->generation == 0) slot->generation = 1;
    slot->next_free = slots->free_head;
    slots->free_head = (uint32_t)id;
    slots->count--;
}

uint32_t tn_slots_cursor(uint64_t id)
{
    return (uint32_t)id; /* index + 1 */
}

void *tn_slots_each(const struct tn_slots *slots, uint32_t *cursor)
{
    while (*cursor < slots->cap) {
        void *object = slots->slots[(*cursor)++].object;
        if (object) return object;
    }
    return NULL;
}
