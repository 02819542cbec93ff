/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdalign.h>

#include <tern/err.h>

#include "base/alloc.h"
#include "base/str.h"
#include "memory.h"
#include "tern_test.h"

static bool is_zero(const unsigned char *p, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (p[i]) return false;
    }
    return true;
}

static void blocks_are_zeroed_aligned_and_apart(void)
{
    static char dirty[1000];
    struct memory memory = {0};
    struct tern_allocator alloc = memory_allocator(&memory);
    struct tn_arena arena;
    unsigned char *blocks[500];

    memset(dirty, 0xaa, sizeof(dirty));
    tn_arena_init(&arena, &alloc, SIZE_MAX, dirty + 1, sizeof(dirty) - 1);
    for (size_t i = 0; i < 500; i++) {
        size_t size = i * 37 % 600;
        blocks[i] = tn_arena_alloc(&arena, size);
        CHECK(blocks[i]);
        CHECK_EQ((uintptr_t)blocks[i] % alignof(max_align_t), 0);
        CHECK(is_zero(blocks[i], size));
        memset(blocks[i], (int)(i % 255) + 1, size);
    }
    for (size_t i = 0; i < 500; i++) {
        for (size_t k = 0; k < i * 37 % 600; k++)
            CHECK_EQ(blocks[i][k], i % 255 + 1);
    }
    CHECK(tn_arena_alloc(&arena, 100000));
    tn_arena_fini(&arena);
    CHECK_EQ(memory.blocks, 0);
    CHECK_EQ(arena.used, 0);
}

static void the_callers_memory_is_used_first(void)
{
    alignas(max_align_t) char first[256];
    struct memory memory = {0};
    struct tern_allocator alloc = memory_allocator(&memory);
    struct tn_arena arena;

    tn_arena_init(&arena, &alloc, 100000, first, sizeof(first));
    CHECK(tn_arena_alloc(&arena, 100) == first);
    CHECK(tn_arena_alloc(&arena, 100));
    CHECK_EQ(memory.calls, 0);
    CHECK(tn_arena_alloc(&arena, 100));
    CHECK_EQ(memory.calls, 1);
    tn_arena_fini(&arena);

    tn_arena_init(&arena, &alloc, 100, first + 1, 3); /* too small to align */
    CHECK(tn_arena_alloc(&arena, 1));
    CHECK_EQ(memory.calls, 2);
    tn_arena_fini(&arena);
    CHECK_EQ(memory.blocks, 0);
}

static void the_limit_holds_to_the_byte(void)
{
    struct tern_allocator alloc = tn_default_allocator();
    struct tn_arena arena;

    tn_arena_init(&arena, &alloc, 100, NULL, 0);
    CHECK(!tn_arena_alloc(&arena, 101));
    CHECK(!tn_arena_alloc(&arena, SIZE_MAX));
    CHECK(tn_arena_alloc(&arena, 99));
    CHECK(!tn_arena_alloc(&arena, 2));
    CHECK(tn_arena_alloc(&arena, 1));
    CHECK(!tn_arena_alloc(&arena, 1));
    tn_arena_fini(&arena);

    tn_arena_init(&arena, &alloc, SIZE_MAX, NULL, 0);
    CHECK(!tn_arena_alloc(&arena, SIZE_MAX));
    CHECK(!tn_arena_alloc(&arena, SIZE_MAX - 100));
    tn_arena_fini(&arena);
}

static void text_is_copied_and_without_memory_nothing_changes(void)
{
    struct memory memory = {.fail_at = 1};
    struct tern_allocator alloc = memory_allocator(&memory);
    struct tn_arena arena;
    char text[] = "hello";
    tern_str copy = TERN_STR("before");

    tn_arena_init(&arena, &alloc, 1000, NULL, 0);
    CHECK_EQ(tn_arena_dup(&arena, tn_str(text), &copy), TERN_ENOMEM);
    CHECK(tn_str_eq(copy, TERN_STR("before")));
    CHECK_EQ(tn_arena_dup(&arena, tn_str(text), &copy), 0);
    text[0] = 'j';
    CHECK(tn_str_eq(copy, TERN_STR("hello")));
    CHECK_EQ(tn_arena_dup(&arena, tn_str(""), &copy), 0);
    CHECK_EQ(copy.len, 0);
    CHECK_EQ(memory.calls, 2);
    tn_arena_fini(&arena);
    CHECK_EQ(memory.blocks, 0);
}

static void a_zeroed_allocator_is_that_of_the_c_library(void)
{
    struct tern_allocator zeroed = {0};
    unsigned char *p = tn_alloc(&zeroed, 64);

    CHECK(p && is_zero(p, 64));
    memset(p, 1, 64);
    p = tn_resize(&zeroed, p, 128);
    CHECK(p && p[63] == 1);
    tn_wipe(p, 128);
    CHECK(is_zero(p, 128));
    tn_free(&zeroed, p);
    tn_free(&zeroed, NULL);
    p = tn_alloc(&zeroed, 0);
    CHECK(p);
    tn_free(&zeroed, p);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(blocks_are_zeroed_aligned_and_apart),
        TEST(the_callers_memory_is_used_first),
        TEST(the_limit_holds_to_the_byte),
        TEST(text_is_copied_and_without_memory_nothing_changes),
        TEST(a_zeroed_allocator_is_that_of_the_c_library),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
