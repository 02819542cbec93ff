/* SPDX-License-Identifier: MIT */
/* MOBILITY C6 (c): the account's server as next hop, when the dialog's own does not answer. */
#include "rig.h"

#define SERVER  "10.0.9.1"
#define PEER    "10.0.8.1"
#define REFRESH TERN_IP_CHANGE_OP_REINVITE_CALL

/* A call without Record-Route has moved; its registration is asked for. */
static struct bench_call *begin(bool may_replace, bool goes_first)
{
    bench_start();
    set_net("10.0.1.1", NULL, NULL);
    struct bench_account *a = add_account("10.0.0.1", SERVER);
    a->facts.server = at(SERVER);
    bench.param.restart_listener = false;
    struct bench_call *c = add_call(0, "10.0.0.1", PEER, PEER);
    c->facts.may_replace = may_replace;
    c->facts.goes_first = goes_first;
    c->facts.elsewhere = true;
    change(false);
    CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
    return c;
}

/* The same, and it is through. */
static struct bench_call *move(bool may_replace, bool goes_first)
{
    struct bench_call *c = begin(may_replace, goes_first);
    answer_register(&bench.accounts[0], 200);
    return c;
}

/* The first such decision after this. @return after how long */
static tern_time until(enum tn_decision_kind kind, tern_time most)
{
    size_t from = bench.log_count;
    tern_time began = bench.now;
    while (count(kind, from) == 0 && bench.now - began < most)
        pass(TERN_MS(10));
    CHECK_EQ(count(kind, from), 1);
    return bench.now - began;
}

static bool last_turn(void)
{
    for (size_t i = bench.log_count; i-- > 0;)
        if (bench.log[i].kind == TN_DECIDE_TURN) return bench.log[i].by_server;
    return false;
}

static void who_is_silent_is_asked_by_the_server_in_half_the_time(void)
{
    for (int may_replace = 0; may_replace < 2; may_replace++) {
        for (int first = 0; first < 2; first++) {
            struct bench_call *c = move(may_replace, first);
            CHECK_EQ(until(TN_DECIDE_TURN, TERN_SECONDS(9)), TERN_MS(500));
            CHECK(last_turn());
            CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
            CHECK_EQ(count(TN_DECIDE_REFRESH, 0), 2);
        }
    }
}

/* Both hops share the time that one had. */
static void who_has_moved_too_is_found_no_later(void)
{
    move(true, true);
    CHECK_EQ(until(TN_DECIDE_REPLACE, TERN_SECONDS(9)), TERN_SECONDS(1));
    CHECK_EQ(count(TN_DECIDE_TURN, 0), 1);
    move(true, false);
    CHECK_EQ(until(TN_DECIDE_REPLACE, TERN_SECONDS(9)), TERN_SECONDS(2));
    CHECK_EQ(count(TN_DECIDE_TURN, 0), 1);
}

static void what_has_not_got_through_goes_there_at_once(void)
{
    static const int codes[] = {0, 408, 430, 503, 504};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct bench_call *c = move(true, true);
        answer_refresh(c, codes[i]);
        CHECK_EQ(count(TN_DECIDE_TURN, 0), 1);
        CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
        CHECK_EQ(reports(REFRESH, TERN_IP_CHANGE_RETRY, 0), 1);
    }
}

static void what_the_far_end_says_is_no_reason(void)
{
    static const int codes[] = {403, 404, 410, 481, 480, 488, 500, 603};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct bench_call *c = move(true, true);
        answer_refresh(c, codes[i]);
        CHECK_EQ(count(TN_DECIDE_TURN, 0), 0);
    }
}

static void a_server_that_refuses_leads_to_replaces_at_once(void)
{
    static const int codes[] = {403, 404, 405, 410, 480, 481, 482, 483};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct bench_call *c = move(true, false);
        answer_refresh(c, 0);
        answer_refresh(c, codes[i]);
        CHECK_EQ(count(TN_DECIDE_REPLACE, 0), 1);
        CHECK_EQ(c->task.state, TN_CALL_REPLACING);
    }
}

/* Nothing that it says proves that the dialog is gone: both hops are asked until the window closes. */
static void a_server_that_refuses_does_not_end_a_call(void)
{
    static const int codes[] = {403, 404, 405, 481};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct bench_call *c = move(false, false);
        for (int k = 0; k < 6; k++) {
            for (int ms = 0; !c->asked && ms < 30000; ms += 100)
                pass(TERN_MS(100));
            answer_refresh(c, c->facts.by_server ? codes[i] : 0);
            CHECK(c->exists);
        }
        CHECK_EQ(count(TN_DECIDE_TURN, 0), 3); /* both, in each round */
        CHECK_EQ(count(TN_DECIDE_REPLACE, 0), 0);
    }
}

static void what_got_through_is_told_with_its_way(void)
{
    struct bench_call *c = move(true, true);
    answer_refresh(c, 0);
    answer_refresh(c, 200);
    hear(c);
    size_t told = find_report(REFRESH, TERN_IP_CHANGE_SUCCESS, 0);
    CHECK(bench.log[told].report.by_server);
    CHECK_EQ(bench.log[told].report.attempt, 2);
    CHECK_EQ(completed(0)->totals.calls_kept, 1);
}

/* A hop that works is kept; when it fails, the other has its turn. */
static void the_next_change_begins_with_the_hop_that_worked(void)
{
    struct bench_call *c = move(true, true);
    answer_refresh(c, 0);
    answer_refresh(c, 200);
    hear(c);
    CHECK(c->facts.by_server);
    set_net("10.0.2.1", NULL, NULL);
    size_t from = bench.log_count;
    change(false);
    answer_register(&bench.accounts[0], 200);
    CHECK_EQ(count(TN_DECIDE_TURN, from), 0);
    CHECK_EQ(count(TN_DECIDE_REFRESH, from), 1);
    answer_refresh(c, 404);
    CHECK_EQ(count(TN_DECIDE_TURN, from), 1);
    CHECK(!last_turn());
    answer_refresh(c, 200);
    CHECK_EQ(c->task.state, TN_CALL_VERIFYING);
}

static void the_hop_that_was_tried_is_not_tried_again(void)
{
    static const struct {
        const char *server; /* NULL: the account has none */
        bool elsewhere;
        const char *later; /* where the registration has found it; NULL: there */
        size_t turns;
    } cases[] = {
        {PEER, false, NULL, 0},   {NULL, true, NULL, 0},
        {SERVER, false, NULL, 1}, /* the dialog goes to a name, which has led elsewhere */
        {PEER, false, SERVER, 1}, /* the server has moved, and the Route has not */
        {SERVER, true, NULL, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bench_start();
        set_net("10.0.1.1", NULL, NULL);
        struct bench_account *a = add_account("10.0.0.1", SERVER);
        if (cases[i].server) a->facts.server = at(cases[i].server);
        bench.param.restart_listener = false;
        struct bench_call *c = add_call(0, "10.0.0.1", PEER, PEER);
        c->facts.may_replace = c->facts.goes_first = true;
        c->facts.elsewhere = cases[i].elsewhere;
        change(false);
        if (cases[i].later) tn_mob_server_is(&a->task, at(cases[i].later));
        answer_register(a, 200);
        pass(TERN_MS(990));
        CHECK_EQ(count(TN_DECIDE_TURN, 0), cases[i].turns);
        CHECK_EQ(count(TN_DECIDE_REPLACE, 0), 0);
        pass(TERN_MS(10));
        CHECK_EQ(count(TN_DECIDE_REPLACE, 0), 1);
    }
}

/* Whether there is a way to the server at all is what the registration shows. */
static void the_registration_is_waited_for(void)
{
    (void)begin(false, false);
    pass(TERN_SECONDS(5));
    CHECK_EQ(count(TN_DECIDE_TURN, 0), 0);
    answer_register(&bench.accounts[0], 200);
    pass(TERN_SECONDS(2));
    CHECK_EQ(count(TN_DECIDE_TURN, 0), 1);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(who_is_silent_is_asked_by_the_server_in_half_the_time),
        TEST(who_has_moved_too_is_found_no_later),
        TEST(what_has_not_got_through_goes_there_at_once),
        TEST(what_the_far_end_says_is_no_reason),
        TEST(a_server_that_refuses_leads_to_replaces_at_once),
        TEST(a_server_that_refuses_does_not_end_a_call),
        TEST(what_got_through_is_told_with_its_way),
        TEST(the_next_change_begins_with_the_hop_that_worked),
        TEST(the_hop_that_was_tried_is_not_tried_again),
        TEST(the_registration_is_waited_for),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
