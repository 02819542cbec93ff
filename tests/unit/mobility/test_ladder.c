/* SPDX-License-Identifier: MIT */
/* The rungs of MOBILITY C6 for a far end that has moved, too: when each is taken, and when it ends. */
#include "rig.h"

#define PROXY   "10.0.9.1"
#define PEER    "10.0.8.1"
#define REPLACE TERN_IP_CHANGE_OP_REPLACE_CALL

/* A call whose far end may be looked for has moved; `*account` registers. */
static struct bench_call *set_out(bool goes_first, struct bench_account **account)
{
    bench_start();
    set_net("10.0.1.1", NULL, NULL);
    *account = add_account("10.0.0.1", PROXY);
    bench.param.restart_listener = false;
    struct bench_call *c = add_call(0, "10.0.0.1", PROXY, PEER);
    c->facts.may_replace = true;
    c->facts.goes_first = goes_first;
    change(false);
    return c;
}

/* A call that has moved; its registration is through. */
static struct bench_call *move(bool goes_first)
{
    struct bench_account *a;
    struct bench_call *c = set_out(goes_first, &a);
    CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
    answer_register(a, 200);
    return c;
}

/* The first one after this. @return after how long */
static tern_time until_replace(tern_time most)
{
    size_t from = bench.log_count;
    tern_time began = bench.now;
    while (count(TN_DECIDE_REPLACE, from) == 0 && bench.now - began < most)
        pass(TERN_MS(10));
    CHECK_EQ(count(TN_DECIDE_REPLACE, from), 1);
    return bench.now - began;
}

static void silence_is_borne_for_a_second_or_two(void)
{
    move(true);
    CHECK_EQ(until_replace(TERN_SECONDS(9)), TERN_SECONDS(1));
    move(false);
    CHECK_EQ(until_replace(TERN_SECONDS(9)), TERN_SECONDS(2));
}

static void who_cannot_be_found_elsewhere_is_not_looked_for(void)
{
    struct bench_call *c = move(true);
    c->task.may_replace = false;
    answer_refresh(c, 0);
    pass(TERN_SECONDS(30));
    CHECK_EQ(count(TN_DECIDE_REPLACE, 0), 0);
}

/* Without a way to our own registrar the far end's cannot be asked either. */
static void nobody_is_looked_for_before_we_are_registered(void)
{
    struct bench_account *a;
    set_out(true, &a);
    pass(TERN_SECONDS(20));
    CHECK_EQ(count(TN_DECIDE_REPLACE, 0), 0);
    answer_register(a, 200);
    CHECK(until_replace(TERN_SECONDS(9)) <= TERN_SECONDS(3));
}

/* A slow path: the refresh takes as long again as the registration, and the way to the far end. */
static void who_is_far_is_waited_for_longer(void)
{
    struct bench_account *a;
    set_out(true, &a);
    pass(TERN_MS(600));
    answer_register(a, 200);
    CHECK_EQ(until_replace(TERN_SECONDS(9)), TERN_MS(1600));
}

static void what_says_that_nobody_is_there_is_followed_soon(void)
{
    static const int codes[] = {404, 408, 410, 430, 480, 481};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct bench_call *c = move(false);
        answer_refresh(c, codes[i]);
        CHECK_EQ(c->task.state, TN_CALL_WAITING);
        CHECK_EQ(until_replace(TERN_SECONDS(9)), TERN_MS(500));
    }
}

static void what_says_something_else_is_not(void)
{
    static const int codes[] = {0, 500, 503, 403};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct bench_call *c = move(false);
        answer_refresh(c, codes[i]);
        pass(TERN_SECONDS(1));
        CHECK_EQ(count(TN_DECIDE_REPLACE, 0), 0);
        CHECK_EQ(count(TN_DECIDE_REFRESH, 0), 2);
    }
}

/* A proxy that has no way to where the far end was says so each time, and at once. */
static void what_fails_twice_is_looked_for(void)
{
    static const int codes[] = {0, 500, 503, 504};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct bench_call *c = move(false);
        answer_refresh(c, codes[i]);
        pass(TERN_MS(500));
        CHECK_EQ(count(TN_DECIDE_REFRESH, 0), 2);
        answer_refresh(c, codes[i]);
        CHECK_EQ(until_replace(TERN_SECONDS(9)), TERN_SECONDS(1));
    }
}

static void it_is_sent_anew_with_pauses_that_grow_until_the_window_closes(void)
{
    static const int pauses_s[] = {1, 2, 4, 8, 16, 16};
    struct bench_call *c = move(true);
    for (size_t i = 0; i < sizeof(pauses_s) / sizeof(pauses_s[0]); i++)
        CHECK_EQ(until_replace(TERN_SECONDS(20)), TERN_SECONDS(pauses_s[i]));
    pass(TERN_SECONDS(20));
    CHECK(!c->exists);
    CHECK_EQ(count(TN_DECIDE_GIVE_UP, 0), 1);
    CHECK_EQ(reports(REPLACE, TERN_IP_CHANGE_FAILURE, 0), 1);
}

static void success_is_told_and_the_call_is_kept(void)
{
    struct bench_call *c = move(true);
    (void)until_replace(TERN_SECONDS(9));
    answer_refresh(c, 200);
    CHECK_EQ(c->task.state, TN_CALL_VERIFYING);
    hear(c);
    CHECK_EQ(reports(REPLACE, TERN_IP_CHANGE_START, 0), 1);
    CHECK_EQ(reports(REPLACE, TERN_IP_CHANGE_SUCCESS, 0), 1);
    CHECK(completed(0) != NULL);
    CHECK_EQ(completed(0)->status, TERN_IP_CHANGE_SUCCESS);
    CHECK_EQ(completed(0)->totals.calls_kept, 1);
}

static void what_becomes_of_it_follows_from_the_answer(void)
{
    static const struct {
        int first, second; /* 0: none came */
        enum tn_decision_kind then;
    } cases[] = {
        {491, -1, TN_DECIDE_REPLACE},  {480, -1, TN_DECIDE_REFRESH}, {0, -1, TN_DECIDE_REFRESH},
        {503, -1, TN_DECIDE_REFRESH},  {420, -1, TN_DECIDE_REFRESH}, {488, -1, TN_DECIDE_REFRESH},
        {481, -1, TN_DECIDE_REPLACE},  {404, -1, TN_DECIDE_REPLACE}, {481, 481, TN_DECIDE_GIVE_UP},
        {481, 410, TN_DECIDE_GIVE_UP}, {603, -1, TN_DECIDE_GIVE_UP},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench_call *c = move(true);
        (void)until_replace(TERN_SECONDS(9));
        size_t from = bench.log_count;
        answer_refresh(c, cases[i].first);
        if (cases[i].second >= 0) {
            pass(TERN_SECONDS(1));
            from = bench.log_count;
            answer_refresh(c, cases[i].second);
        }
        pass(TERN_MS(999));
        CHECK_EQ(count(cases[i].then, from), 1);
    }
}

/* It does not know Replaces: it may come back, but cannot be looked for. */
static void a_far_end_that_does_not_know_replaces_is_not_asked_again(void)
{
    struct bench_call *c = move(true);
    (void)until_replace(TERN_SECONDS(9));
    answer_refresh(c, 420);
    pass(TERN_SECONDS(30));
    CHECK_EQ(count(TN_DECIDE_REPLACE, 0), 1);
    CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
    answer_refresh(c, 200);
    CHECK_EQ(c->task.state, TN_CALL_VERIFYING);
}

/* What was sent may find the far end yet: nothing else is tried beside it. */
static void a_new_change_goes_on_looking(void)
{
    struct bench_call *c = move(true);
    (void)until_replace(TERN_SECONDS(9));
    set_net("10.0.2.1", NULL, NULL);
    size_t from = bench.log_count;
    change(false);
    CHECK_EQ(count(TN_DECIDE_REPLACE, from), 1);
    CHECK_EQ(count(TN_DECIDE_REFRESH, from), 0);
    answer_refresh(c, 200);
    hear(c);
    set_net("10.0.3.1", NULL, NULL);
    from = bench.log_count;
    change(false);
    CHECK_EQ(count(TN_DECIDE_REFRESH, from), 1);
}

static void an_invite_of_the_far_end_is_as_good_as_an_answer(void)
{
    for (int replacing = 0; replacing < 2; replacing++) {
        struct bench_call *c = move(true);
        if (replacing) (void)until_replace(TERN_SECONDS(9));
        be_replaced(c);
        CHECK_EQ(c->task.state, TN_CALL_VERIFYING);
        CHECK_EQ(reports(REPLACE, TERN_IP_CHANGE_SUCCESS, 0), 1);
        hear(c);
        CHECK(completed(0) != NULL);
        pass(TERN_SECONDS(60));
        CHECK_EQ(count(TN_DECIDE_REPLACE, 0), (size_t)replacing);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(silence_is_borne_for_a_second_or_two),
        TEST(who_cannot_be_found_elsewhere_is_not_looked_for),
        TEST(nobody_is_looked_for_before_we_are_registered),
        TEST(who_is_far_is_waited_for_longer),
        TEST(what_says_that_nobody_is_there_is_followed_soon),
        TEST(what_says_something_else_is_not),
        TEST(what_fails_twice_is_looked_for),
        TEST(it_is_sent_anew_with_pauses_that_grow_until_the_window_closes),
        TEST(success_is_told_and_the_call_is_kept),
        TEST(what_becomes_of_it_follows_from_the_answer),
        TEST(a_far_end_that_does_not_know_replaces_is_not_asked_again),
        TEST(a_new_change_goes_on_looking),
        TEST(an_invite_of_the_far_end_is_as_good_as_an_answer),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
