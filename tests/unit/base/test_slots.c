/* SPDX-License-Identifier: MIT */
#include "base/slots.h"

#include <tern/err.h>

#include "memory.h"
#include "tern_test.h"

enum { OBJECTS = 200, STEPS = 30000, LIMIT = 150 };

static uint64_t seed = 42;

static uint32_t draw(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % below;
}

static void check_walk(const struct tn_slots *slots, const uint64_t *ids, int *objects)
{
    bool seen[OBJECTS] = {false};
    uint32_t cursor = 0, found = 0;
    int *object;

    while ((object = tn_slots_each(slots, &cursor)) != NULL) {
        size_t i = (size_t)(object - objects);
        CHECK(i < OBJECTS && ids[i] && !seen[i]);
        seen[i] = true;
        found++;
    }
    CHECK_EQ(found, slots->count);
}

static void a_number_names_its_object_until_it_is_removed_and_nothing_after(void)
{
    struct memory memory = {0};
    struct tern_allocator alloc = memory_allocator(&memory);
    struct tn_slots slots;
    static int objects[OBJECTS];
    static uint64_t ids[OBJECTS], stale[STEPS];
    uint32_t live = 0, stale_count = 0;

    tn_slots_init(&slots, &alloc, LIMIT);
    for (int i = 0; i < STEPS; i++) {
        uint32_t k = draw(OBJECTS);
        if (ids[k]) {
            CHECK(tn_slots_get(&slots, ids[k]) == &objects[k]);
            stale[stale_count++] = ids[k];
            tn_slots_remove(&slots, ids[k]);
            ids[k] = 0;
            live--;
        } else {
            int err = tn_slots_add(&slots, &objects[k], &ids[k]);
            CHECK_EQ(err, live == LIMIT ? TERN_ELIMIT : 0);
            CHECK_EQ(ids[k] != 0, err == 0);
            live += err == 0;
        }
        CHECK_EQ(slots.count, live);
        if (stale_count) CHECK(!tn_slots_get(&slots, stale[draw(stale_count)]));
        if (i % 64 == 0) check_walk(&slots, ids, objects);
    }
    tn_slots_fini(&slots);
    CHECK_EQ(memory.blocks, 0);
}

static void foreign_numbers_are_harmless(void)
{
    static const uint64_t foreign[] = {0, 2, 17, UINT32_MAX, UINT64_C(1) << 32, UINT64_MAX};
    struct memory memory = {0};
    struct tern_allocator alloc = memory_allocator(&memory);
    struct tn_slots slots;
    int object;
    uint64_t id;

    tn_slots_init(&slots, &alloc, 10);
    for (size_t i = 0; i < 6; i++)
        CHECK(!tn_slots_get(&slots, foreign[i]));
    CHECK_EQ(tn_slots_add(&slots, &object, &id), 0);
    for (size_t i = 0; i < 6; i++) {
        CHECK(!tn_slots_get(&slots, foreign[i]));
        tn_slots_remove(&slots, foreign[i]);
    }
    CHECK(tn_slots_get(&slots, id) == &object);
    tn_slots_remove(&slots, id);
    tn_slots_remove(&slots, id);
    CHECK_EQ(slots.count, 0);
    tn_slots_fini(&slots);
}

static void removal_inside_a_walk_is_safe(void)
{
    struct memory memory = {0};
    struct tern_allocator alloc = memory_allocator(&memory);
    struct tn_slots slots;
    int objects[40];
    uint64_t ids[40];
    uint32_t cursor = 0;
    int *object, walked = 0;

    tn_slots_init(&slots, &alloc, 40);
    for (int i = 0; i < 40; i++)
        CHECK_EQ(tn_slots_add(&slots, &objects[i], &ids[i]), 0);
    while ((object = tn_slots_each(&slots, &cursor)) != NULL) {
        CHECK(object == &objects[walked]); /* in order of index */
        tn_slots_remove(&slots, ids[walked]);
        walked++;
    }
    CHECK_EQ(walked, 40);
    CHECK_EQ(slots.count, 0);
    tn_slots_fini(&slots);
}

static void a_walk_goes_on_behind_any_number(void)
{
    struct memory memory = {0};
    struct tern_allocator alloc = memory_allocator(&memory);
    struct tn_slots slots;
    int objects[20];
    uint64_t ids[20];

    tn_slots_init(&slots, &alloc, 20);
    for (int i = 0; i < 20; i++)
        CHECK_EQ(tn_slots_add(&slots, &objects[i], &ids[i]), 0);
    tn_slots_remove(&slots, ids[7]);
    uint32_t cursor = tn_slots_cursor(0);
    CHECK(tn_slots_each(&slots, &cursor) == &objects[0]);
    cursor = tn_slots_cursor(ids[6]);
    CHECK(tn_slots_each(&slots, &cursor) == &objects[8]);
    cursor = tn_slots_cursor(ids[7]); /* stale */
    CHECK(tn_slots_each(&slots, &cursor) == &objects[8]);
    cursor = tn_slots_cursor(ids[19]);
    CHECK(tn_slots_each(&slots, &cursor) == NULL);
    cursor = tn_slots_cursor(UINT64_MAX);
    CHECK(tn_slots_each(&slots, &cursor) == NULL);
    tn_slots_fini(&slots);
}

static void without_memory_what_there_is_stays(void)
{
    for (int fail_at = 1; fail_at <= 3; fail_at++) {
        struct memory memory = {.fail_at = fail_at};
        struct tern_allocator alloc = memory_allocator(&memory);
        struct tn_slots slots;
        int objects[64];
        uint64_t ids[64];
        int added = 0, err = 0;

        tn_slots_init(&slots, &alloc, 64);
        while (added < 64 && (err = tn_slots_add(&slots, &objects[added], &ids[added])) == 0)
            added++;
        CHECK_EQ(err, TERN_ENOMEM);
        CHECK_EQ(added, fail_at == 1 ? 0 : 16 << (fail_at - 2));
        for (int i = 0; i < added; i++)
            CHECK(tn_slots_get(&slots, ids[i]) == &objects[i]);
        CHECK_EQ(tn_slots_add(&slots, &objects[added], &ids[added]), 0);
        tn_slots_fini(&slots);
        CHECK_EQ(memory.blocks, 0);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_number_names_its_object_until_it_is_removed_and_nothing_after),
        TEST(foreign_numbers_are_harmless),
        TEST(removal_inside_a_walk_is_safe),
        TEST(a_walk_goes_on_behind_any_number),
        TEST(without_memory_what_there_is_stays),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
