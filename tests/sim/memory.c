/* SPDX-License-Identifier: MIT */
/*
 * The endpoints' memory. It may run out (`starve`): then calls may fail, but nobody crashes, nothing is
 * given away, and nothing stays behind. And it is such that what is used after it was freed is seen without a sanitizer, at
 * full speed: a freed block is filled with rubbish that is no address, and kept for a while; when it
 * goes, the rubbish must be whole. AddressSanitizer knows better, and is left to see for itself.
 */
#include <stdlib.h>
#include <string.h>

#include "life.h"

#define RUBBISH 0xa5

#ifdef __has_feature /* Clang */
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#elif defined(__SANITIZE_ADDRESS__) /* GCC */
#define SANITIZED true
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

struct head { /* in front of each block */
    size_t size;
    max_align_t block[];
};

static void let_go(struct life *life, struct head *head)
{
    if (head == NULL) return;
    const uint8_t *p = (const uint8_t *)head->block;
    /* All of them are the same byte: each is what its neighbour is. */
    if (head->size > 0 && (p[0] != RUBBISH || memcmp(p, p + 1, head->size - 1) != 0))
        fail(life, "freed", "a block of %zu bytes was written to after it was freed", head->size);
    free(head);
}

static void bury(struct life *life, struct head *head)
{
    life->blocks--;
    if (SANITIZED) {
        free(head);
        return;
    }
    void **place = &life->freed[life->freed_next++ % FREED_KEPT];
    memset(head->block, RUBBISH, head->size);
    let_go(life, *place);
    *place = head;
}

void memory_starve(struct life *life, bool on)
{
    life->starves = on && life->plan->set[SET_starve] > 0;
}

bool memory_excuses(const struct life *life, const char *invariant)
{
    static const char *const kept[] = {"attack", "certificate", "freed",  "keys",
                                       "leak",   "rest",        "secret", "spin"};
    if (life->plan->set[SET_starve] == 0) return false;
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (strcmp(kept[i], invariant) == 0) return false;
    }
    return true;
}

static bool is_refused(struct life *life)
{
    return life->starves && ++life->asked % (uint32_t)life->plan->set[SET_starve] == 0;
}

void *memory_resize(void *user, void *ptr, size_t size)
{
    struct life *life = user;
    struct head *old = ptr ? (struct head *)((char *)ptr - offsetof(struct head, block)) : NULL;
    if (size == 0) {
        if (old) bury(life, old);
        return NULL;
    }
    struct head *head = is_refused(life) ? NULL : malloc(sizeof(*head) + size);
    if (head == NULL) return NULL;
    head->size = size;
    life->blocks++;
    if (old == NULL) return head->block;
    memcpy(head->block, old->block, old->size < size ? old->size : size);
    bury(life, old);
    return head->block;
}

void memory_end(struct life *life)
{
    for (size_t i = 0; i < FREED_KEPT; i++) {
        let_go(life, life->freed[i]);
        life->freed[i] = NULL;
    }
}
