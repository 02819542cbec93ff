/* SPDX-License-Identifier: MIT */
#include "base/pack.h"

#include <tern/err.h>

#include "base/alloc.h"
#include "base/str.h"
#include "memory.h"
#include "tern_test.h"

#define LIMIT 4096

struct thing {
    uint32_t count;
    uint64_t big;
    bool yes, no;
    tern_time past, future, now, never;
    tern_addr addr, none;
    uint8_t key[5];
    struct tn_text text, empty;
    tern_str view;
};

static struct tern_allocator alloc;

static void pack_thing(struct tn_pack *p, struct thing *t)
{
    t->count = tn_pack_u32(p, 1, t->count);
    t->big = tn_pack_number(p, 2, t->big, UINT64_MAX);
    t->yes = tn_pack_bool(p, 3, t->yes);
    t->no = tn_pack_bool(p, 4, t->no);
    t->past = tn_pack_time(p, 5, t->past);
    t->future = tn_pack_time(p, 6, t->future);
    t->now = tn_pack_time(p, 7, t->now);
    t->never = tn_pack_time(p, 8, t->never);
    tn_pack_addr(p, 9, &t->addr);
    tn_pack_addr(p, 10, &t->none);
    tn_pack_bytes(p, 11, t->key, sizeof(t->key));
    tn_pack_text(p, 12, &t->text);
    tn_pack_text(p, 13, &t->empty);
    t->view = tn_pack_str(p, 14, t->view);
}

static struct thing example(void)
{
    struct thing t = {
        .count = 70000,
        .big = UINT64_MAX,
        .yes = true,
        .past = 900,
        .future = TERN_SECONDS(5000),
        .now = 1000,
        .never = TERN_TIME_NEVER,
        .key = {1, 0, 3, 0, 0},
        .view = TERN_STR("a view"),
    };
    CHECK_EQ(tern_addr_parse(TERN_STR("[2001:db8::7]:5060"), &t.addr), 0);
    CHECK_EQ(tn_text_set(&alloc, &t.text, TERN_STR("owned")), 0);
    return t;
}

static void forget(struct thing *t)
{
    tn_text_fini(&alloc, &t->text);
    tn_text_fini(&alloc, &t->empty);
}

static void write_thing(struct tn_buf *buf)
{
    struct thing t = example();
    struct tn_pack p;
    tn_buf_init(buf, &alloc, LIMIT);
    tn_pack_write(&p, buf, 1000);
    pack_thing(&p, &t);
    CHECK_EQ(p.err, 0);
    CHECK_EQ(buf->err, 0);
    forget(&t);
}

static void what_was_written_is_read_with_times_from_the_new_origin(void)
{
    struct tn_buf buf;
    struct tn_pack p;
    struct thing t = {.no = true};
    write_thing(&buf);
    tn_pack_read(&p, tn_buf_view(&buf), &alloc, 7000);
    CHECK(tn_pack_reads(&p));
    pack_thing(&p, &t);
    CHECK_EQ(p.err, 0);
    CHECK_EQ(t.count, 70000);
    CHECK(t.big == UINT64_MAX);
    CHECK(t.yes && !t.no);
    CHECK_EQ(t.past, 6900);
    CHECK_EQ(t.future, TERN_SECONDS(5000) + 6000);
    CHECK_EQ(t.now, 7000);
    CHECK_EQ(t.never, TERN_TIME_NEVER);
    struct thing same = example();
    CHECK(tern_addr_equal(t.addr, same.addr));
    CHECK_EQ(t.none.family, TERN_FAMILY_NONE);
    CHECK(memcmp(t.key, same.key, sizeof(t.key)) == 0);
    CHECK(tn_str_eq(tn_text_view(&t.text), TERN_STR("owned")));
    CHECK_EQ(t.empty.len, 0);
    CHECK(tn_str_eq(t.view, TERN_STR("a view")));
    forget(&t);
    forget(&same);
    tn_buf_fini(&buf);
}

/* A newer writer's members are passed over, and an older one's are missing. */
static void tags_that_are_not_known_are_skipped_and_those_that_are_missing_are_zero(void)
{
    struct tn_buf buf;
    struct tn_pack p;
    tn_buf_init(&buf, &alloc, LIMIT);
    tn_pack_write(&p, &buf, 0);
    (void)tn_pack_str(&p, 999, TERN_STR("from the future"));
    (void)tn_pack_u32(&p, 2, 5);
    (void)tn_pack_str(&p, 1000, TERN_STR("more of it"));
    tn_pack_read(&p, tn_buf_view(&buf), &alloc, 0);
    CHECK_EQ(tn_pack_u32(&p, 2, 1), 5);
    CHECK_EQ(tn_pack_u32(&p, 1, 77), 0);
    CHECK_EQ(tn_pack_str(&p, 3, TERN_STR("before")).len, 0);
    CHECK_EQ(p.err, 0);
    tn_buf_fini(&buf);
}

static void records_stand_inside_records_and_in_lists(void)
{
    struct tn_buf buf;
    struct tn_pack p, inner, deep;
    size_t cursor = 0, at = 0;
    tn_buf_init(&buf, &alloc, LIMIT);
    tn_pack_write(&p, &buf, 0);
    for (uint32_t i = 0; i < 3; i++) {
        CHECK(tn_pack_begin(&p, 5, &cursor, &inner));
        (void)tn_pack_u32(&inner, 1, i + 10);
        CHECK(tn_pack_begin(&inner, 2, &at, &deep));
        (void)tn_pack_u32(&deep, 1, i + 20);
        tn_pack_end(&inner, &deep);
        tn_pack_end(&p, &inner);
    }
    (void)tn_pack_u32(&p, 6, 1);
    tn_pack_read(&p, tn_buf_view(&buf), &alloc, 0);
    uint32_t count = 0;
    for (cursor = 0; tn_pack_begin(&p, 5, &cursor, &inner); count++) {
        CHECK_EQ(tn_pack_u32(&inner, 1, 0), count + 10);
        at = 0;
        CHECK(tn_pack_begin(&inner, 2, &at, &deep));
        CHECK_EQ(tn_pack_u32(&deep, 1, 0), count + 20);
        tn_pack_end(&inner, &deep);
        CHECK(!tn_pack_begin(&inner, 2, &at, &deep));
        tn_pack_end(&p, &inner);
    }
    CHECK_EQ(count, 3);
    CHECK_EQ(tn_pack_u32(&p, 6, 0), 1);
    CHECK_EQ(p.err, 0);
    tn_buf_fini(&buf);
}

static void a_value_that_does_not_fit_fails_and_changes_nothing(void)
{
    struct tn_buf buf;
    struct tn_pack p;
    uint8_t key[4] = {1, 2, 3, 4};
    tern_addr addr = {.family = TERN_FAMILY_IPV4};
    tn_buf_init(&buf, &alloc, LIMIT);
    tn_pack_write(&p, &buf, 0);
    (void)tn_pack_u32(&p, 1, 300);
    (void)tn_pack_str(&p, 2, TERN_STR("nine bytes"));
    tn_pack_read(&p, tn_buf_view(&buf), &alloc, 0);
    CHECK_EQ(tn_pack_number(&p, 1, 7, 255), 7);
    CHECK_EQ(p.err, TERN_EPARSE);
    CHECK_EQ(tn_pack_u32(&p, 1, 9), 9); /* nothing more is read */
    p.err = 0;
    CHECK_EQ(tn_pack_number(&p, 2, 7, UINT64_MAX), 7);
    CHECK_EQ(p.err, TERN_EPARSE);
    p.err = 0;
    tn_pack_bytes(&p, 2, key, sizeof(key));
    CHECK_EQ(p.err, TERN_EPARSE);
    CHECK_EQ(key[3], 4);
    p.err = 0;
    tn_pack_addr(&p, 2, &addr);
    CHECK_EQ(p.err, TERN_EPARSE);
    CHECK_EQ(addr.family, TERN_FAMILY_IPV4);
    tn_buf_fini(&buf);
}

static void every_truncation_is_an_error_or_a_shorter_record(void)
{
    struct tn_buf buf;
    write_thing(&buf);
    for (size_t len = 0; len < buf.len; len++) {
        char *cut = malloc(len + 1); /* so that a byte read behind it is noticed */
        struct tn_pack p;
        struct thing t = {0};
        memcpy(cut, buf.ptr, len);
        tn_pack_read(&p, (tern_str){cut, len}, &alloc, 0);
        pack_thing(&p, &t);
        CHECK(p.err == 0 || p.err == TERN_EPARSE);
        forget(&t);
        free(cut);
    }
    tn_buf_fini(&buf);
}

static void without_memory_text_is_as_it_was(void)
{
    struct memory memory = {0};
    struct tn_buf buf;
    struct tn_pack p;
    write_thing(&buf);
    struct tern_allocator poor = memory_allocator(&memory);
    struct thing t = {0};
    memory.used_up = true;
    tn_pack_read(&p, tn_buf_view(&buf), &poor, 0);
    pack_thing(&p, &t);
    CHECK_EQ(p.err, TERN_ENOMEM);
    CHECK_EQ(t.text.len, 0);
    CHECK_EQ(memory.blocks, 0);
    tn_buf_fini(&buf);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(what_was_written_is_read_with_times_from_the_new_origin),
        TEST(tags_that_are_not_known_are_skipped_and_those_that_are_missing_are_zero),
        TEST(records_stand_inside_records_and_in_lists),
        TEST(a_value_that_does_not_fit_fails_and_changes_nothing),
        TEST(every_truncation_is_an_error_or_a_shorter_record),
        TEST(without_memory_text_is_as_it_was),
    };
    alloc = tn_default_allocator();
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
