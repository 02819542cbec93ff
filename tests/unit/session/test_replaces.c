/* SPDX-License-Identifier: MIT */
/* RFC 3891 3: what becomes of an INVITE with Replaces; and which of two that cross is followed. */
#include "session/replaces.h"

#include "../../tern_test.h"
#include "base/alloc.h"
#include "base/str.h"

static struct tern_allocator alloc;

/* One end of a dialog: "call@host", our tag, theirs. */
static struct tn_dialog end_of(const char *local_tag, const char *remote_tag)
{
    struct tn_dialog dialog = {.alloc = &alloc, .state = TN_DIALOG_CONFIRMED};
    alloc = tn_default_allocator();
    memcpy(dialog.local_tag, local_tag, TN_TAG_LEN);
    CHECK_EQ(tn_text_set(&alloc, &dialog.call_id, TERN_STR("call@host")), 0);
    CHECK_EQ(tn_text_set(&alloc, &dialog.remote_tag, tn_str(remote_tag)), 0);
    CHECK_EQ(tn_text_set(&alloc, &dialog.remote, TERN_STR("\"Bob\" <sip:bob@example.com>")), 0);
    return dialog;
}

#define OURS   "aaaaaaaaaaaaaaaa"
#define THEIRS "bbbbbbbbbbbbbbbb"

static bool names(const struct tn_dialog *dialog, const char *text)
{
    struct tn_replaces replaces;
    CHECK_EQ(tn_replaces_parse(tn_str(text), &replaces), 0);
    return tn_replaces_names(&replaces, dialog);
}

static void the_to_tag_is_ours_and_the_from_tag_theirs(void)
{
    struct tn_dialog dialog = end_of(OURS, THEIRS);
    CHECK(names(&dialog, "call@host;to-tag=" OURS ";from-tag=" THEIRS));
    CHECK(!names(&dialog, "call@host;to-tag=" THEIRS ";from-tag=" OURS));
    CHECK(!names(&dialog, "CALL@host;to-tag=" OURS ";from-tag=" THEIRS));
    CHECK(!names(&dialog, "call@host;to-tag=" OURS ";from-tag=0"));
    CHECK(!names(&dialog, "call@host;to-tag=0;from-tag=" THEIRS));
    tn_dialog_fini(&dialog);
}

/* RFC 3891 3, for dialogs with RFC 2543. */
static void zero_is_a_tag_and_none(void)
{
    struct tn_dialog with = end_of(OURS, "0"), without = end_of(OURS, "");
    CHECK(names(&with, "call@host;to-tag=" OURS ";from-tag=0"));
    CHECK(names(&without, "call@host;to-tag=" OURS ";from-tag=0"));
    CHECK(!names(&without, "call@host;to-tag=" OURS ";from-tag=1"));
    struct tn_replaces said = tn_replaces_of(&without);
    CHECK(tn_str_eq(said.to_tag, TERN_STR("0")));
    tn_dialog_fini(&with);
    tn_dialog_fini(&without);
}

static void what_one_end_says_names_the_dialog_of_the_other(void)
{
    struct tn_dialog here = end_of(OURS, THEIRS), there = end_of(THEIRS, OURS);
    struct tn_replaces said = tn_replaces_of(&here);
    CHECK(tn_replaces_names(&said, &there));
    CHECK(!tn_replaces_names(&said, &here));
    tn_dialog_fini(&here);
    tn_dialog_fini(&there);
}

static void exactly_one_end_wins(void)
{
    struct tn_dialog here = end_of(OURS, THEIRS), there = end_of(THEIRS, OURS);
    CHECK(tn_replaces_wins(&here));
    CHECK(!tn_replaces_wins(&there));
    tn_dialog_fini(&here);
    tn_dialog_fini(&there);
    struct tn_dialog caller = end_of(OURS, OURS), called = end_of(OURS, OURS);
    caller.is_uac = true;
    CHECK(tn_replaces_wins(&caller) != tn_replaces_wins(&called));
    tn_dialog_fini(&caller);
    tn_dialog_fini(&called);
}

static void a_person_is_user_host_and_port(void)
{
    static const struct {
        const char *from;
        bool same;
    } cases[] = {
        {"sip:bob@example.com", true},
        {"sip:bob@EXAMPLE.com", true},
        {"sips:bob@example.com", true},
        {"sip:bob@example.com;user=phone", true},
        {"sip:Bob@example.com", false},
        {"sip:bob@example.org", false},
        {"sip:bob@example.com:5070", false},
        {"sip:example.com", false},
        {"tel:123", false},
    };
    struct tn_dialog dialog = end_of(OURS, THEIRS);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_uri uri;
        CHECK_EQ(tn_uri_parse(tn_str(cases[i].from), &uri), 0);
        CHECK_EQ(tn_replaces_is_person(&dialog, &uri), cases[i].same);
    }
    tn_dialog_fini(&dialog);
}

#define GOOD .same_person = true, .secured = true

static void each_place_has_its_status(void)
{
    static const struct {
        struct tn_replaces_facts facts;
        bool early_only;
        unsigned status;
    } cases[] = {
        {{TN_REPLACES_NOTHING, GOOD}, false, 481},
        {{TN_REPLACES_EARLY, GOOD}, false, 481},
        {{TN_REPLACES_ENDED, GOOD}, false, 603},
        {{TN_REPLACES_CURRENT, GOOD}, false, 0},
        {{TN_REPLACES_CURRENT, GOOD}, true, 486},
        {{TN_REPLACES_CURRENT, .same_person = true}, false, 403},
        {{TN_REPLACES_CURRENT, .secured = true}, false, 403},
        {{TN_REPLACES_CURRENT, .secured = true}, true, 403},
        {{TN_REPLACES_CURRENT, GOOD, .ours_open = true, .we_win = true}, false, 491},
        {{TN_REPLACES_CURRENT, GOOD, .ours_open = true, .we_win = true, .in_vain = true}, false, 0},
        {{TN_REPLACES_CURRENT, GOOD, .ours_open = true}, false, 0},
        {{TN_REPLACES_CURRENT, GOOD, .we_win = true}, false, 0},
        {{TN_REPLACES_PENDING, GOOD, .ours_open = true, .we_win = true}, false, 0},
        {{TN_REPLACES_PAST, GOOD}, false, 0},
        {{TN_REPLACES_PAST, GOOD, .confirmed = true}, false, 481},
        {{TN_REPLACES_PAST, GOOD, .confirmed = true, .same_leg = true, .newer = true}, false, 0},
        {{TN_REPLACES_PAST, GOOD, .same_leg = true}, false, 481},
        {{TN_REPLACES_PAST, GOOD, .formed_by_us = true}, false, 481},
        {{TN_REPLACES_PAST, GOOD, .ours_open = true, .same_leg = true, .newer = true}, false, 491},
        {{TN_REPLACES_PAST, .secured = true}, false, 403},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_replaces replaces = {.early_only = cases[i].early_only};
        CHECK_EQ(tn_replaces_judge(&replaces, &cases[i].facts), cases[i].status);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_to_tag_is_ours_and_the_from_tag_theirs),
        TEST(zero_is_a_tag_and_none),
        TEST(what_one_end_says_names_the_dialog_of_the_other),
        TEST(exactly_one_end_wins),
        TEST(a_person_is_user_host_and_port),
        TEST(each_place_has_its_status),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
