/* SPDX-License-Identifier: MIT */
/* Generations: how one begins, what supersedes it, when it is complete, and its totals. */
#include "rig.h"

#define PROXY "10.0.9.1"
#define PEER  "10.0.8.1"

static void nothing_to_do_completes_at_once(void)
{
    bench_start();
    bench.param.restart_listener = false;
    set_net("10.0.0.1", NULL, NULL);
    change(true);
    CHECK_EQ(bench.completed, 1);
    CHECK_EQ(completed(0)->status, TERN_IP_CHANGE_SUCCESS);
    CHECK_EQ(completed(0)->since_change, 0);
    CHECK_EQ(count(TN_DECIDE_REPORT, 0), 1);
}

static void completion_waits_for_the_listener(void)
{
    bench_start();
    set_net("10.0.0.1", NULL, NULL);
    change(true);
    CHECK(completed(0) == NULL);
    listeners(false);
    CHECK(completed(0) == NULL);
    pass(TERN_MS(30));
    listeners(true);
    CHECK_EQ(bench.completed, 1);
    CHECK_EQ(completed(0)->since_change, TERN_MS(30));
    size_t from = bench.log_count;
    listeners(true); /* once more: of no generation */
    CHECK_EQ(bench.log_count, from);
}

static void pause_and_resume_come_once_each(void)
{
    bench_start();
    bench.param.restart_listener = false;
    add_account("10.0.0.1", PROXY);
    set_net(NULL, NULL, NULL);
    change(false);
    change(true);
    CHECK_EQ(count(TN_DECIDE_PAUSE, 0), 1);
    set_net("10.0.0.1", NULL, NULL);
    bench.net.addresses[0].flags = TERN_NET_TENTATIVE; /* not usable yet */
    change(true);
    CHECK_EQ(count(TN_DECIDE_RESUME, 0), 0);
    bench.net.addresses[0].flags = 0;
    change(true);
    change(true);
    CHECK_EQ(count(TN_DECIDE_PAUSE, 0), 1);
    CHECK_EQ(count(TN_DECIDE_RESUME, 0), 1);
}

static void dead_flows_close_before_anything_else(void)
{
    bench_start();
    set_net("10.0.1.1", NULL, NULL);
    add_account("10.0.0.1", PROXY);
    change(false);
    CHECK_EQ(find(TN_DECIDE_CLOSE_DEAD, 0), 0);
    CHECK(find(TN_DECIDE_LISTEN, 0) < find(TN_DECIDE_REGISTER, 0));
}

static void totals_count_what_became_of_each(void)
{
    bench_start();
    bench.param.restart_listener = false;
    set_net("10.0.1.1", NULL, NULL);
    struct bench_account *good = add_account("10.0.0.1", PROXY);
    struct bench_account *bad = add_account("10.0.0.1", PROXY);
    struct bench_account *still = add_account("10.0.1.1", PROXY);
    struct bench_call *moved = add_call(0, "10.0.0.1", PROXY, PEER);
    struct bench_call *lost = add_call(1, "10.0.0.1", PROXY, PEER);
    add_call(2, "10.0.1.1", PROXY, PEER); /* need not move, and is kept */
    struct bench_call *ended = add_call(0, "10.0.0.1", PROXY, PEER);
    change(false);
    tn_mob_gap(&bench.mob, TERN_MS(30), TERN_MS(90));
    tn_mob_gap(&bench.mob, TERN_MS(20), TERN_MS(120));
    answer_register(good, 200);
    answer_register(bad, 403);
    CHECK(!still->asked);
    answer_refresh(moved, 200);
    hear(moved);
    answer_refresh(lost, 481);
    pass(TERN_MS(500));
    answer_refresh(lost, 481);
    CHECK(completed(0) == NULL);
    end_call(ended);
    drain();
    const struct tern_ip_change_progress *done = completed(0);
    CHECK_EQ(done->status, TERN_IP_CHANGE_FAILURE);
    CHECK_EQ(done->totals.accounts, 1);
    CHECK_EQ(done->totals.calls_kept, 2);
    CHECK_EQ(done->totals.calls_lost, 1);
    CHECK_EQ(done->totals.gap_out, TERN_MS(30));
    CHECK_EQ(done->totals.gap_in, TERN_MS(120));
}

static void totals_begin_anew_with_each_generation(void)
{
    bench_start();
    bench.param.restart_listener = false;
    set_net("10.0.1.1", NULL, NULL);
    struct bench_account *a = add_account("10.0.0.1", PROXY);
    change(false);
    tn_mob_gap(&bench.mob, TERN_SECONDS(1), TERN_SECONDS(1));
    answer_register(a, 200);
    CHECK_EQ(completed(0)->totals.accounts, 1);
    tn_mob_gap(&bench.mob, TERN_SECONDS(9), TERN_SECONDS(9)); /* after it: of no generation */
    size_t from = bench.log_count;
    change(true);
    CHECK_EQ(completed(from)->totals.accounts, 0);
    CHECK_EQ(completed(from)->totals.gap_out, 0);
}

/* Two changes 100 ms apart: only the newest counts, nothing is done twice. */
static void the_newest_change_wins(void)
{
    bench_start();
    set_net("10.0.1.1", NULL, NULL);
    struct bench_account *a = add_account("10.0.0.1", PROXY);
    struct bench_call *c = add_call(0, "10.0.0.1", PROXY, PEER);
    change(false);
    pass(TERN_MS(100));
    set_net("10.0.2.1", NULL, NULL);
    size_t from = bench.log_count;
    change(false);
    CHECK_EQ(completed(from)->status, TERN_IP_CHANGE_SUPERSEDED);
    CHECK_EQ(completed(from)->since_change, TERN_MS(100));
    CHECK_EQ(count(TN_DECIDE_REGISTER, from), 1);
    CHECK_EQ(count(TN_DECIDE_REFRESH, from), 1);
    listeners(true);
    answer_register(a, 200);
    answer_refresh(c, 200);
    hear(c);
    CHECK_EQ(bench.completed, 2);
    CHECK_EQ(bench.mob.generation, 2);
    for (size_t i = from + 1; i < bench.log_count; i++) {
        if (bench.log[i].kind != TN_DECIDE_REPORT) continue;
        CHECK(bench.log[i].report.generation == 2 ||
              bench.log[i].report.status == TERN_IP_CHANGE_SUPERSEDED);
    }
}

/* What waited for the listener of a superseded generation must not wait for ever. */
static void tasks_behind_a_listener_go_on_when_the_next_change_has_none(void)
{
    bench_start();
    set_net("10.0.1.1", NULL, NULL);
    struct bench_account *a = add_account("10.0.0.1", PROXY);
    struct bench_call *c = add_call(0, "10.0.0.1", PROXY, PEER);
    change(true);
    CHECK_EQ(a->task.state, TN_ACCOUNT_LISTENING);
    CHECK_EQ(c->task.state, TN_CALL_LISTENING);
    c->facts.signalling.local = c->facts.media.local = at("10.0.1.1"); /* it stays now */
    bench.param.restart_listener = false;
    change(false);
    CHECK_EQ(a->task.state, TN_ACCOUNT_REGISTERING);
    CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
}

static void many_calls_released_at_once_fit_the_queue(void)
{
    bench_start();
    bench.param.restart_listener = false;
    set_net("10.0.1.1", NULL, NULL);
    struct bench_account *a = add_account("10.0.0.1", PROXY);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        struct bench_call *c = add_call(0, "10.0.0.1", PROXY, PEER);
        c->policy.order = TERN_ORDER_AFTER_REGISTER;
    }
    change(false);
    CHECK_EQ(count(TN_DECIDE_REFRESH, 0), 0);
    answer_register(a, 200);
    CHECK_EQ(count(TN_DECIDE_REFRESH, 0), CALLS_MAX);
}

static void classify_sorts_every_status(void)
{
    CHECK_EQ(tn_mob_classify(0), TN_ANSWER_AGAIN);
    for (int code = 200; code < 700; code++) {
        enum tn_answer want = TN_ANSWER_REFUSED;
        if (code < 300) want = TN_ANSWER_OK;
        if (code >= 500 && code < 600 && code != 501 && code != 505) want = TN_ANSWER_AGAIN;
        if (code == 408 || code == 430 || code == 480 || code == 491) want = TN_ANSWER_AGAIN;
        if (code == 403 || code == 404 || code == 410 || code == 481) want = TN_ANSWER_UNKNOWN;
        CHECK_EQ(tn_mob_classify(code), want);
    }
}

static void a_closed_flow_is_reported_with_its_address(void)
{
    bench_start();
    set_net("10.0.1.1", NULL, NULL);
    struct bench_account *a = add_account("10.0.0.1", PROXY);
    change(false);
    tn_mob_flow_closed(&bench.mob, bench.now, &a->task, at("10.0.0.1"));
    drain();
    size_t i = find_report(TERN_IP_CHANGE_OP_SHUTDOWN_TRANSPORT, TERN_IP_CHANGE_SUCCESS, 0);
    CHECK(i != SIZE_MAX);
    CHECK_EQ(bench.log[i].report.account.id, 1);
    CHECK(tern_addr_equal(bench.log[i].report.local, at("10.0.0.1")));
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(nothing_to_do_completes_at_once),
        TEST(completion_waits_for_the_listener),
        TEST(pause_and_resume_come_once_each),
        TEST(dead_flows_close_before_anything_else),
        TEST(totals_count_what_became_of_each),
        TEST(totals_begin_anew_with_each_generation),
        TEST(the_newest_change_wins),
        TEST(tasks_behind_a_listener_go_on_when_the_next_change_has_none),
        TEST(many_calls_released_at_once_fit_the_queue),
        TEST(classify_sorts_every_status),
        TEST(a_closed_flow_is_reported_with_its_address),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
