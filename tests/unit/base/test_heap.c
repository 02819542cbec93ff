/* SPDX-License-Identifier: MIT */
/* The heap against a naive model under random operations. */
#include "base/heap.h"

#include "tern_test.h"

enum { NODES = 200, STEPS = 60000 };

static struct tn_heap heap;
static struct tn_heap_node nodes[NODES];
static uint64_t seed = 42;

static uint32_t draw(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % below;
}

static struct tn_heap_node *naive_min(void)
{
    struct tn_heap_node *min = NULL;

    for (int i = 0; i < NODES; i++) {
        struct tn_heap_node *n = &nodes[i];
        if (!n->linked) continue;
        if (!min || n->key < min->key || (n->key == min->key && n->order < min->order)) min = n;
    }
    return min;
}

static void the_minimum_is_that_of_a_linear_search(void)
{
    for (int i = 0; i < STEPS; i++) {
        struct tn_heap_node *n = &nodes[draw(NODES)];
        uint32_t what = draw(10);
        if (what < 5 && !n->linked) tn_heap_push(&heap, n, (int64_t)draw(50) - 25);
        if (what >= 5 && what < 8) tn_heap_remove(&heap, n);
        if (what >= 8 && tn_heap_min(&heap)) tn_heap_remove(&heap, tn_heap_min(&heap));
        CHECK(tn_heap_min(&heap) == naive_min());
    }
}

static void equal_keys_come_out_in_the_order_they_went_in(void)
{
    struct tn_heap h = {0};
    struct tn_heap_node n[20] = {{0}};

    for (int i = 0; i < 20; i++)
        tn_heap_push(&h, &n[i], i % 2);
    tn_heap_remove(&h, &n[4]);
    for (int key = 0; key < 2; key++) {
        for (int i = key; i < 20; i += 2) {
            if (i == 4) continue;
            CHECK(tn_heap_min(&h) == &n[i]);
            tn_heap_remove(&h, &n[i]);
        }
    }
    CHECK(tn_heap_min(&h) == NULL);
}

static void removing_a_node_that_is_in_no_heap_is_harmless(void)
{
    struct tn_heap h = {0};
    struct tn_heap_node n = {0}, other = {0};

    tn_heap_push(&h, &other, 1);
    tn_heap_remove(&h, &n);
    CHECK(tn_heap_min(&h) == &other);
    tn_heap_remove(&h, &other);
    tn_heap_remove(&h, &other);
    CHECK(tn_heap_min(&h) == NULL);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_minimum_is_that_of_a_linear_search),
        TEST(equal_keys_come_out_in_the_order_they_went_in),
        TEST(removing_a_node_that_is_in_no_heap_is_harmless),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
