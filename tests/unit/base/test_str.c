/* SPDX-License-Identifier: MIT */
#include "base/str.h"

#include "tern_test.h"

static bool same(tern_str s, const char *want)
{
    return s.len == strlen(want) && (s.len == 0 || memcmp(s.ptr, want, s.len) == 0);
}

static void the_empty_text_needs_no_pointer(void)
{
    tern_str empty = {NULL, 0}, rest;
    uint64_t n;

    CHECK(tn_str_eq(tn_str(NULL), empty));
    CHECK(tn_str_eq(empty, tn_str("")));
    CHECK(tn_str_ieq(empty, tn_str("")));
    CHECK_EQ(tn_str_cmp(empty, tn_str("")), 0);
    CHECK(tn_str_starts(empty, empty));
    CHECK(!tn_str_starts(empty, tn_str("a")));
    CHECK_EQ(tn_str_trim(empty).len, 0);
    CHECK_EQ(tn_str_from(empty, 3).len, 0);
    CHECK(tn_str_find(empty, 'a') == SIZE_MAX);
    CHECK_EQ(tn_str_cut(empty, ',', &rest).len, 0);
    CHECK_EQ(rest.len, 0);
    CHECK(!tn_str_u64(empty, 9, &n));
}

static void comparison_folds_ascii_letters_and_nothing_else(void)
{
    static const struct {
        const char *a, *b;
        bool eq, ieq;
    } cases[] = {
        {"Via", "Via", true, true},    {"Via", "vIA", false, true},
        {"Via", "Vi", false, false},   {"a@z", "A`Z", false, false},
        {"[", "{", false, false},      {"\xc3\x84", "\xc3\xa4", false, false},
        {"az09", "AZ09", false, true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_EQ(tn_str_eq(tn_str(cases[i].a), tn_str(cases[i].b)), cases[i].eq);
        CHECK_EQ(tn_str_ieq(tn_str(cases[i].a), tn_str(cases[i].b)), cases[i].ieq);
    }
}

static void order_is_bytewise_and_a_prefix_comes_first(void)
{
    static const char *const sorted[] = {"", "A", "AB", "B", "a", "\x7f", "\x80", "\xff"};

    for (int i = 0; i < 8; i++) {
        for (int j = 0; j < 8; j++) {
            int order = tn_str_cmp(tn_str(sorted[i]), tn_str(sorted[j]));
            CHECK_EQ((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
}

static void cutting_never_leaves_the_text(void)
{
    tern_str s = tn_str("hello"), rest;

    CHECK(same(tn_str_from(s, 2), "llo"));
    CHECK(same(tn_str_from(s, 5), ""));
    CHECK(same(tn_str_from(s, SIZE_MAX), ""));
    CHECK(same(tn_str_sub(s, 1, 3), "ell"));
    CHECK(same(tn_str_sub(s, 4, SIZE_MAX), "o"));
    CHECK(same(tn_str_trim(tn_str(" \t\r\n a b \r\n")), "a b"));
    CHECK(same(tn_str_trim(tn_str(" \t")), ""));
    CHECK(tn_str_starts(s, tn_str("hel")));
    CHECK(!tn_str_starts(s, tn_str("hello!")));
    CHECK_EQ(tn_str_find(s, 'l'), 2);

    CHECK(same(tn_str_cut(tn_str("a,b,c"), ',', &rest), "a"));
    CHECK(same(rest, "b,c"));
    CHECK(same(tn_str_cut(tn_str("a,"), ',', &rest), "a"));
    CHECK(same(rest, ""));
    CHECK(same(tn_str_cut(tn_str("abc"), ',', &rest), "abc"));
    CHECK(same(rest, ""));
    s = tn_str("x=y");
    CHECK(same(tn_str_cut(s, '=', &s), "x")); /* may cut in place */
    CHECK(same(s, "y"));
}

static void numbers_are_all_digits_and_within_the_maximum(void)
{
    static const struct {
        const char *text;
        uint64_t max;
        bool ok;
        uint64_t value;
    } cases[] = {
        {"0", 0, true, 0},
        {"1", 0, false, 0},
        {"007", 7, true, 7},
        {"255", 255, true, 255},
        {"256", 255, false, 0},
        {"9", 5, false, 0},
        {"4294967295", UINT32_MAX, true, UINT32_MAX},
        {"4294967296", UINT32_MAX, false, 0},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"99999999999999999999999999", UINT64_MAX, false, 0},
        {"00000000000000000000000000000001", 1, true, 1},
        {"", 9, false, 0},
        {"-1", 9, false, 0},
        {"+1", 9, false, 0},
        {" 1", 9, false, 0},
        {"1 ", 9, false, 0},
        {"1a", 9, false, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t value = 77;
        CHECK_EQ(tn_str_u64(tn_str(cases[i].text), cases[i].max, &value), cases[i].ok);
        CHECK(value == (cases[i].ok ? cases[i].value : 77));
    }
    uint32_t n = 77;
    CHECK(!tn_str_u32(tn_str("4294967296"), &n));
    CHECK_EQ(n, 77);
    CHECK(tn_str_u32(tn_str("4294967295"), &n));
    CHECK(n == UINT32_MAX);
}

/* The reference vectors: key 00..0f, message 00, 00 01, … of each length. */
static void siphash_gives_the_published_values(void)
{
    static const struct {
        size_t len;
        uint64_t hash;
    } cases[] = {
        {0, UINT64_C(0x726fdb47dd0e0e31)},  {1, UINT64_C(0x74f839c593dc67fd)},
        {7, UINT64_C(0xab0200f58b01d137)},  {8, UINT64_C(0x93f5f5799a932462)},
        {15, UINT64_C(0xa129ca6149be45e5)},
    };
    uint8_t key[16], data[16];

    for (uint8_t i = 0; i < 16; i++)
        key[i] = data[i] = i;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK(tn_siphash(key, data, cases[i].len) == cases[i].hash);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_empty_text_needs_no_pointer),
        TEST(comparison_folds_ascii_letters_and_nothing_else),
        TEST(order_is_bytewise_and_a_prefix_comes_first),
        TEST(cutting_never_leaves_the_text),
        TEST(numbers_are_all_digits_and_within_the_maximum),
        TEST(siphash_gives_the_published_values),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
