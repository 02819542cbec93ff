/* SPDX-License-Identifier: MIT */
/* The map against a naive model under random operations; few hash values, so that many collide. */
#include "base/map.h"

#include <tern/err.h>

#include "memory.h"
#include "tern_test.h"

enum { NODES = 600, HASHES = 90, STEPS = 40000 };

static const uint8_t key[16] = {1, 2, 3};
static struct tn_map_node nodes[NODES];
static uint64_t seed;

static uint32_t draw(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % below;
}

/* Every node of the model is found exactly once, and nothing else. */
static void check_hash(const struct tn_map *map, uint64_t hash)
{
    static bool seen[NODES];
    size_t want = 0, found = 0;

    memset(seen, 0, sizeof(seen));
    for (size_t i = 0; i < NODES; i++)
        want += nodes[i].linked && nodes[i].hash == hash;
    for (struct tn_map_node *n = tn_map_first(map, hash); n; n = tn_map_next(n)) {
        size_t i = (size_t)(n - nodes);
        CHECK(i < NODES && !seen[i] && n->linked);
        CHECK(n->hash == hash);
        seen[i] = true;
        found++;
    }
    CHECK_EQ(found, want);
}

static void run_model(struct tern_allocator *alloc)
{
    struct tn_map map;
    size_t count = 0;

    memset(nodes, 0, sizeof(nodes));
    seed = 42;
    CHECK_EQ(tn_map_init(&map, alloc, key), 0);
    for (int i = 0; i < STEPS; i++) {
        struct tn_map_node *n = &nodes[draw(NODES)];
        if (draw(3) && !n->linked) {
            tn_map_insert(&map, n, draw(HASHES) * UINT64_C(0x100000001));
            count++;
        } else {
            count -= n->linked;
            tn_map_remove(&map, n);
        }
        CHECK_EQ(map.count, count);
        if (i % 16 == 0) check_hash(&map, draw(HASHES) * UINT64_C(0x100000001));
    }
    tn_map_fini(&map);
}

static void it_finds_what_a_linear_search_finds(void)
{
    struct memory memory = {0};
    struct tern_allocator alloc = memory_allocator(&memory);

    run_model(&alloc);
    CHECK(memory.calls > 4);
    CHECK_EQ(memory.blocks, 0);
}

static void without_memory_to_grow_it_works_on(void)
{
    for (int fail_at = 2; fail_at < 6; fail_at++) {
        struct memory memory = {.fail_at = fail_at};
        struct tern_allocator alloc = memory_allocator(&memory);
        run_model(&alloc);
        CHECK_EQ(memory.blocks, 0);
    }
}

static void it_cannot_start_without_memory(void)
{
    struct memory memory = {.fail_at = 1};
    struct tern_allocator alloc = memory_allocator(&memory);
    struct tn_map map;

    CHECK_EQ(tn_map_init(&map, &alloc, key), TERN_ENOMEM);
}

static void the_hash_depends_on_the_key(void)
{
    static const uint8_t other[16] = {9};
    struct memory memory = {0};
    struct tern_allocator alloc = memory_allocator(&memory);
    struct tn_map a, b;

    CHECK_EQ(tn_map_init(&a, &alloc, key), 0);
    CHECK_EQ(tn_map_init(&b, &alloc, other), 0);
    CHECK(tn_map_hash(&a, "z9hG4bK1", 8) == tn_map_hash(&a, "z9hG4bK1", 8));
    CHECK(tn_map_hash(&a, "z9hG4bK1", 8) != tn_map_hash(&a, "z9hG4bK2", 8));
    CHECK(tn_map_hash(&a, "z9hG4bK1", 8) != tn_map_hash(&b, "z9hG4bK1", 8));
    tn_map_fini(&a);
    tn_map_fini(&b);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(it_finds_what_a_linear_search_finds),
        TEST(without_memory_to_grow_it_works_on),
        TEST(it_cannot_start_without_memory),
        TEST(the_hash_depends_on_the_key),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
