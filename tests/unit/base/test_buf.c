/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <tern/err.h>

#include "base/str.h"
#include "memory.h"
#include "tern_test.h"

static bool holds(const struct tn_buf *buf, const char *want)
{
    tern_str text;
    return tn_buf_end(buf, &text) == 0 && tn_str_eq(text, tn_str(want));
}

static void each_kind_of_value_is_written_as_text(void)
{
    char memory[256];
    struct tn_buf buf;

    tn_buf_fixed(&buf, memory, sizeof(memory));
    tn_buf_z(&buf, "z");
    tn_buf_z(&buf, NULL);
    tn_buf_str(&buf, (tern_str){NULL, 0});
    tn_buf_str(&buf, TERN_STR(" s "));
    tn_buf_char(&buf, 'c');
    tn_buf_bytes(&buf, "\0b", 2);
    tn_buf_bytes(&buf, NULL, 0);
    CHECK_EQ(buf.len, 7);
    CHECK(memcmp(memory, "z s c\0b", 7) == 0);

    tn_buf_reset(&buf);
    tn_buf_u64(&buf, 0);
    tn_buf_char(&buf, ' ');
    tn_buf_u64(&buf, UINT64_MAX);
    tn_buf_char(&buf, ' ');
    tn_buf_i64(&buf, INT64_MIN);
    tn_buf_char(&buf, ' ');
    tn_buf_i64(&buf, -1);
    tn_buf_i64(&buf, 1);
    CHECK(holds(&buf, "0 18446744073709551615 -9223372036854775808 -11"));

    tn_buf_reset(&buf);
    tn_buf_hex(&buf, "\x00\x7f\xff\xa0", 4);
    tn_buf_char(&buf, ' ');
    tn_buf_hex32(&buf, 0xbeef);
    CHECK(holds(&buf, "007fffa0 0000beef"));
}

static void the_first_failure_sticks_and_leaves_the_result_alone(void)
{
    char memory[4];
    struct tn_buf buf;
    tern_str text = TERN_STR("before");

    tn_buf_fixed(&buf, memory, sizeof(memory));
    tn_buf_z(&buf, "1234");
    CHECK(holds(&buf, "1234"));
    tn_buf_z(&buf, "");
    CHECK(holds(&buf, "1234"));
    tn_buf_char(&buf, '5');
    CHECK_EQ(tn_buf_end(&buf, &text), TERN_ENOBUF);
    CHECK(tn_str_eq(text, TERN_STR("before")));
    tn_buf_consume(&buf, 4);
    tn_buf_char(&buf, 'x'); /* would fit, but something is missing before it */
    CHECK_EQ(tn_buf_end(&buf, &text), TERN_ENOBUF);
    CHECK_EQ(buf.len, 0);
    tn_buf_reset(&buf);
    tn_buf_char(&buf, 'x');
    CHECK(holds(&buf, "x"));
    tn_buf_fini(&buf);
}

static void a_growing_buffer_keeps_what_it_holds_and_stops_at_its_limit(void)
{
    struct memory memory = {0};
    struct tern_allocator alloc = memory_allocator(&memory);
    struct tn_buf buf;
    tern_str text;

    tn_buf_init(&buf, &alloc, 10000);
    CHECK_EQ(tn_buf_end(&buf, &text), 0);
    CHECK_EQ(text.len, 0);
    for (int i = 0; i < 10000; i++)
        tn_buf_char(&buf, (char)('a' + i % 26));
    CHECK_EQ(tn_buf_end(&buf, &text), 0);
    CHECK_EQ(text.len, 10000);
    CHECK(memory.calls < 10);
    for (int i = 0; i < 10000; i++)
        CHECK_EQ(text.ptr[i], 'a' + i % 26);
    tn_buf_char(&buf, '!');
    CHECK_EQ(tn_buf_end(&buf, &text), TERN_ENOBUF);
    CHECK_EQ(buf.cap, 10000);
    tn_buf_fini(&buf);
    tn_buf_fini(&buf);
    CHECK_EQ(memory.blocks, 0);
}

static void a_write_over_the_limit_writes_nothing(void)
{
    struct memory memory = {0};
    struct tern_allocator alloc = memory_allocator(&memory);
    struct tn_buf buf;

    tn_buf_init(&buf, &alloc, 4);
    tn_buf_z(&buf, "abc");
    tn_buf_z(&buf, "de");
    CHECK_EQ(buf.err, TERN_ENOBUF);
    CHECK_EQ(buf.len, 3);
    tn_buf_reset(&buf);
    tn_buf_bytes(&buf, "x", SIZE_MAX); /* a length that would wrap */
    CHECK_EQ(buf.err, TERN_ENOBUF);
    tn_buf_fini(&buf);
}

static void without_memory_the_buffer_keeps_its_contents(void)
{
    for (int fail_at = 1; fail_at <= 3; fail_at++) {
        struct memory memory = {.fail_at = fail_at};
        struct tern_allocator alloc = memory_allocator(&memory);
        struct tn_buf buf;
        tern_str text;

        tn_buf_init(&buf, &alloc, 4096);
        for (int i = 0; i < 1000; i++)
            tn_buf_char(&buf, 'x');
        CHECK_EQ(tn_buf_end(&buf, &text), TERN_ENOMEM);
        CHECK_EQ(buf.len, fail_at == 1 ? 0 : 256U << (fail_at - 2));
        tn_buf_reset(&buf);
        tn_buf_char(&buf, 'y');
        CHECK(holds(&buf, "y"));
        tn_buf_fini(&buf);
        CHECK_EQ(memory.blocks, 0);
    }
}

/* Looks at each block that is given back, which has its size in front. */
static void *watching_resize(void *user, void *ptr, size_t size)
{
    size_t *kept = ptr ? (size_t *)ptr - 2 : NULL;
    bool *seen = user;

    for (size_t i = 0; kept && i < kept[0]; i++)
        if (((char *)ptr)[i] == 'S') *seen = true;
    if (size == 0) {
        free(kept);
        return NULL;
    }
    size_t had = kept ? kept[0] : 0, *block = realloc(kept, 2 * sizeof(*block) + size);
    if (!block) return NULL;
    if (size > had) memset((char *)(block + 2) + had, 0, size - had);
    block[0] = size;
    return block + 2;
}

static void a_secret_is_left_in_no_memory_that_is_given_back(void)
{
    for (int secret = 0; secret <= 1; secret++) {
        bool seen = false;
        const struct tern_allocator alloc = {&seen, watching_resize};
        struct tn_buf buf;

        if (secret) {
            tn_buf_init_secret(&buf, &alloc, 4096);
        } else {
            tn_buf_init(&buf, &alloc, 4096);
        }
        for (int i = 0; i < 4097; i++)
            tn_buf_char(&buf, 'S');
        CHECK_EQ(buf.err, TERN_ENOBUF);
        CHECK_EQ(buf.len, 4096);
        tn_buf_fini(&buf);
        tn_buf_char(&buf, 'S'); /* it is as it was made */
        CHECK(holds(&buf, "S"));
        tn_buf_fini(&buf);
        CHECK(seen == !secret);
    }
}

static void consuming_moves_the_rest_to_the_front(void)
{
    char memory[8];
    struct tn_buf buf;

    tn_buf_fixed(&buf, memory, sizeof(memory));
    tn_buf_consume(&buf, 0);
    tn_buf_z(&buf, "abcdefgh");
    tn_buf_consume(&buf, 3);
    tn_buf_z(&buf, "ijk");
    CHECK(holds(&buf, "defghijk"));
    tn_buf_consume(&buf, 8);
    CHECK(holds(&buf, ""));
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(each_kind_of_value_is_written_as_text),
        TEST(the_first_failure_sticks_and_leaves_the_result_alone),
        TEST(a_growing_buffer_keeps_what_it_holds_and_stops_at_its_limit),
        TEST(a_write_over_the_limit_writes_nothing),
        TEST(without_memory_the_buffer_keeps_its_contents),
        TEST(a_secret_is_left_in_no_memory_that_is_given_back),
        TEST(consuming_moves_the_rest_to_the_front),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
