/* SPDX-License-Identifier: MIT */
/* RFC 3891 6.1: the value of Replaces, read and written. */
#include "wire/sip/replaces.h"

#include <tern/err.h>

#include "sip_test.h"

static void a_value_is_cut_into_its_parts(void)
{
    static const struct {
        const char *text, *call_id, *to_tag, *from_tag;
        bool early_only;
    } cases[] = {
        {"98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff", "98732@sip.example.com",
         "ff87ff", "r33th4x0r", false},
        {"12adf2f34456gs5;to-tag=12345;from-tag=54321", "12adf2f34456gs5", "12345", "54321", false},
        {"  87134@171.161.34.23 ; TO-Tag=24796 ;from-tag=0 ; Early-Only", "87134@171.161.34.23",
         "24796", "0", true},
        {"a;to-tag=1;x;from-tag=2;y=\"to-tag=3\"", "a", "1", "2", false},
        {"<{[(:/?\"\\)]}>;to-tag=1;from-tag=2", "<{[(:/?\"\\)]}>", "1", "2", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_replaces replaces;
        CHECK_EQ(tn_replaces_parse(tn_str(cases[i].text), &replaces), 0);
        CHECK_STR(replaces.call_id, cases[i].call_id);
        CHECK_STR(replaces.to_tag, cases[i].to_tag);
        CHECK_STR(replaces.from_tag, cases[i].from_tag);
        CHECK_EQ(replaces.early_only, cases[i].early_only);
    }
}

static void whatever_is_in_doubt_is_refused(void)
{
    static const char *const texts[] = {
        "",
        "a",
        ";to-tag=1;from-tag=2",
        "a;to-tag=1",
        "a;from-tag=1",
        "a;to-tag=1;from-tag",
        "a;to-tag=1;from-tag=",
        "a;to-tag=1;to-tag=1;from-tag=2",
        "a;to-tag=1;from-tag=2;from-tag=3",
        "a;to-tag=\"1\" 2;from-tag=2",
        "a;to-tag=\"1 2\";from-tag=2",
        "a;to-tag=1:2;from-tag=2",
        "a;to-tag=1;from-tag=2;early-only=no",
        "a;to-tag=1;from-tag=2;early-only;early-only",
        "a;to-tag=1;from-tag=2;",
        "a;to-tag=1;from-tag=2 x",
        "a b;to-tag=1;from-tag=2",
        "a@b@c;to-tag=1;from-tag=2",
        "a@;to-tag=1;from-tag=2",
        "@a;to-tag=1;from-tag=2",
        "a,b;to-tag=1;from-tag=2",
        "a;to-tag=1;from-tag=2,b;to-tag=1;from-tag=2",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct tn_replaces replaces = {.call_id = TERN_STR("untouched")};
        if (tn_replaces_parse(tn_str(texts[i]), &replaces) != TERN_EPARSE) {
            fprintf(stderr, "accepted: %s\n", texts[i]);
            abort();
        }
        CHECK_STR(replaces.call_id, "untouched");
    }
}

static void what_is_written_is_read_as_it_was(void)
{
    const struct tn_replaces all[] = {
        {TERN_STR("a@b"), TERN_STR("1"), TERN_STR("2"), false},
        {TERN_STR("a"), TERN_STR("x.y"), TERN_STR("0"), true},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        char space[128];
        struct tn_buf buf;
        struct tn_replaces again;
        tn_buf_fixed(&buf, space, sizeof(space));
        tn_put_replaces(&buf, &all[i]);
        CHECK_EQ(tn_replaces_parse(tn_buf_view(&buf), &again), 0);
        CHECK(tn_str_eq(again.call_id, all[i].call_id));
        CHECK(tn_str_eq(again.to_tag, all[i].to_tag));
        CHECK(tn_str_eq(again.from_tag, all[i].from_tag));
        CHECK_EQ(again.early_only, all[i].early_only);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_value_is_cut_into_its_parts),
        TEST(whatever_is_in_doubt_is_refused),
        TEST(what_is_written_is_read_as_it_was),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
