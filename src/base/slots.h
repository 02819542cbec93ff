/* SPDX-License-Identifier: MIT */
/* Handles: a number that names an object, with a generation, so that a stale one is noticed. */
#ifndef TN_BASE_SLOTS_H
#define TN_BASE_SLOTS_H

#include <tern/types.h>

struct tn_slot;

struct tn_slots {
    const struct tern_allocator *alloc;
    struct tn_slot *slots;
    uint32_t cap, count, limit;
    uint32_t free_head; /* index + 1; 0 for none */
};

void tn_slots_init(struct tn_slots *slots, const struct tern_allocator *alloc, uint32_t limit);
void tn_slots_fini(struct tn_slots *slots);

/** @return 0 with `*id` never 0, TERN_ELIMIT or TERN_ENOMEM. */
TERN_CHECK int tn_slots_add(struct tn_slots *slots, void *object, uint64_t *id);
/** The object, or NULL for a stale or foreign number. */
void *tn_slots_get(const struct tn_slots *slots, uint64_t id);
void tn_slots_remove(struct tn_slots *slots, uint64_t id);
/** Walk: start with `*cursor` 0; NULL at the end. In order of index; removal inside is safe. */
void *tn_slots_each(const struct tn_slots *slots, uint32_t *cursor);
/** For a walk that goes on behind this number, stale or not; 0: from the start. */
uint32_t tn_slots_cursor(uint64_t id);

#endif
