/* SPDX-License-Identifier: MIT */
/* The pace of a handover (mobility/pace.h): its table cell by cell, and thousands before one server. */
#include "mobility/pace.h"

#include "rig.h"

#define MANY 3000

static struct tn_pace pace;
static struct tn_ticket tickets[MANY];
static tern_time now;

static void start(uint32_t rate, uint32_t in_flight)
{
    now = TERN_SECONDS(100);
    tn_pace_init(&pace, rate, in_flight);
    for (size_t i = 0; i < MANY; i++)
        tn_ticket_init(&tickets[i], true);
}

static size_t number_of(const struct tn_ticket *ticket)
{
    return (size_t)(ticket - tickets);
}

static void join(size_t i, const char *server, enum tn_pace_rank rank)
{
    tn_pace_join(&pace, now, &tickets[i], at(server), rank);
}

/* How many leave now. */
static size_t let_out(void)
{
    size_t n = 0;
    while (tn_pace_next(&pace, now) != NULL)
        n++;
    return n;
}

static void a_few_never_wait(void)
{
    start(0, 0);
    for (size_t i = 0; i < 50; i++)
        join(i, "10.0.0.9", TN_RANK_TALKING);
    CHECK(tn_pace_deadline(&pace) <= now);
    CHECK_EQ(let_out(), 50);
    CHECK_EQ(tn_pace_deadline(&pace), TERN_TIME_NEVER);
}

static void ranks_go_in_order_and_each_in_its_own(void)
{
    static const enum tn_pace_rank ranks[] = {TN_RANK_IDLE,    TN_RANK_RINGING, TN_RANK_HELD,
                                              TN_RANK_TALKING, TN_RANK_IDLE,    TN_RANK_TALKING};
    static const size_t order[] = {3, 5, 2, 1, 0, 4};
    start(0, 0);
    for (size_t i = 0; i < 6; i++)
        join(i, "10.0.0.9", ranks[i]);
    for (size_t i = 0; i < 6; i++) {
        struct tn_ticket *ticket = tn_pace_next(&pace, now);
        CHECK(ticket != NULL && number_of(ticket) == order[i]);
    }
}

static void a_promoted_one_goes_behind_those_that_are_there(void)
{
    start(0, 0);
    join(0, "10.0.0.9", TN_RANK_IDLE);
    join(1, "10.0.0.9", TN_RANK_HELD);
    join(2, "10.0.0.9", TN_RANK_HELD);
    tn_pace_promote(&tickets[0], TN_RANK_HELD);
    tn_pace_promote(&tickets[1], TN_RANK_IDLE); /* never down */
    join(3, "10.0.0.9", TN_RANK_HELD);
    static const size_t order[] = {1, 2, 0, 3};
    for (size_t i = 0; i < 4; i++) {
        struct tn_ticket *ticket = tn_pace_next(&pace, now);
        CHECK(ticket != NULL && number_of(ticket) == order[i]);
    }
    tn_pace_promote(&tickets[0], TN_RANK_TALKING); /* it has gone */
    CHECK_EQ(tickets[0].state, TN_TICKET_FLYING);
}

static void each_cell_of_the_table(void)
{
    for (enum tn_ticket_state s = TN_TICKET_NONE; s <= TN_TICKET_LOOSE; s++) {
        for (int event = 0; event < 4; event++) {
            start(1000, 1);
            struct tn_ticket *t = &tickets[0];
            if (s != TN_TICKET_NONE) join(0, "10.0.0.9", TN_RANK_HELD);
            if (s > TN_TICKET_WAITING) CHECK_EQ(let_out(), 1);
            if (s == TN_TICKET_LOOSE) {
                join(1, "10.0.0.9", TN_RANK_HELD);
                now += TERN_SECONDS(2);
                CHECK_EQ(let_out(), 1);
            }
            CHECK_EQ(t->state, s);
            if (event == 0) join(0, "10.0.0.9", TN_RANK_HELD);
            if (event == 1) tn_pace_promote(t, TN_RANK_TALKING);
            if (event == 2) tn_pace_fly(&pace, now, t, at("10.0.0.9"));
            if (event == 3) tn_pace_leave(&pace, t);
            if (event == 0) CHECK_EQ(t->state, TN_TICKET_WAITING);
            if (event == 1) CHECK_EQ(t->state, s);
            if (event == 2) CHECK_EQ(t->state, TN_TICKET_FLYING);
            if (event == 3) CHECK_EQ(t->state, TN_TICKET_NONE);
            tn_pace_leave(&pace, t);
            tn_pace_leave(&pace, &tickets[1]);
            CHECK_EQ(tn_pace_deadline(&pace), TERN_TIME_NEVER);
        }
    }
}

/* ---- a server ---- */

struct run {
    tern_time round_trip;
    size_t served, refused, most_in_flight, busiest_second;
    tern_time last;
};

/* Answers after a round trip; `capacity` a second, beyond that 503 with this Retry-After. */
static struct run live(size_t count, tern_time round_trip, size_t capacity, tern_time retry_after)
{
    struct run run = {.round_trip = round_trip};
    static tern_time sent[MANY];
    static bool done[MANY], out[MANY];
    size_t left = count, in_flight = 0, second_count = 0;
    tern_time began = now, second = now;
    memset(done, 0, sizeof(done));
    memset(out, 0, sizeof(out));
    for (size_t i = 0; i < count; i++)
        join(i, "10.0.0.9", TN_RANK_TALKING);
    while (left > 0 && now < began + TERN_SECONDS(600)) {
        struct tn_ticket *ticket;
        if (now - second >= TERN_SECONDS(1)) second = now, second_count = 0;
        while ((ticket = tn_pace_next(&pace, now)) != NULL) {
            sent[number_of(ticket)] = now;
            out[number_of(ticket)] = true;
            in_flight++;
        }
        if (in_flight > run.most_in_flight) run.most_in_flight = in_flight;
        now += TERN_MS(1);
        for (size_t i = 0; i < count; i++) {
            if (!out[i] || now - sent[i] < round_trip) continue;
            out[i] = false;
            in_flight--;
            if (++second_count > run.busiest_second) run.busiest_second = second_count;
            bool refuse = second_count > capacity;
            tn_pace_answered(&pace, now, &tickets[i], refuse ? 503 : 200, refuse ? retry_after : 0);
            if (refuse) {
                run.refused++;
                join(i, "10.0.0.9", TN_RANK_TALKING);
                continue;
            }
            done[i] = true;
            run.served++;
            run.last = now - began;
            left--;
        }
    }
    return run;
}

static void many_leave_at_the_rate_and_no_more_than_may_be_in_flight(void)
{
    start(500, 40);
    struct run run = live(MANY, TERN_MS(50), SIZE_MAX, 0);
    CHECK_EQ(run.served, MANY);
    CHECK(run.most_in_flight <= 40);
    CHECK(run.busiest_second <= 500 + 41 + 10);
    CHECK(run.last >= TERN_SECONDS(5) && run.last <= TERN_SECONDS(7));
}

static void a_slow_server_has_no_more_than_its_share_in_flight(void)
{
    start(1000, 40);
    struct run run = live(1000, TERN_MS(200), SIZE_MAX, 0); /* 40 in each 200 ms */
    CHECK_EQ(run.served, 1000);
    CHECK(run.most_in_flight <= 40);
    CHECK(run.last >= TERN_SECONDS(4) && run.last <= TERN_SECONDS(6));
}

static void a_server_that_limits_gets_everybody_through_without_a_storm(void)
{
    start(1000, 200);
    struct run run = live(1000, TERN_MS(20), 100, 0);
    CHECK_EQ(run.served, 1000);
    CHECK(run.refused < 2 * run.served);
    CHECK(run.last < TERN_SECONDS(30));
}

static void retry_after_closes_the_gate_for_everybody(void)
{
    start(1000, 200);
    for (size_t i = 0; i < 300; i++)
        join(i, "10.0.0.9", TN_RANK_TALKING);
    join(300, "10.0.0.8", TN_RANK_IDLE);
    CHECK_EQ(let_out(), 201); /* the other server's, too */
    tn_pace_answered(&pace, now, &tickets[0], 503, TERN_SECONDS(10));
    for (size_t i = 1; i < 100; i++)
        tn_pace_answered(&pace, now, &tickets[i], 200, 0);
    CHECK_EQ(let_out(), 0);
    join(301, "10.0.0.8", TN_RANK_IDLE);
    CHECK_EQ(let_out(), 1); /* who has said nothing goes on */
    now += TERN_SECONDS(10) - 1;
    CHECK_EQ(let_out(), 0);
    now++;
    CHECK(tn_pace_deadline(&pace) <= now);
    CHECK(let_out() > 0);
}

static void who_does_not_answer_keeps_the_others_waiting_for_two_seconds(void)
{
    start(1000, 10);
    for (size_t i = 0; i < 30; i++)
        join(i, "10.0.0.9", TN_RANK_TALKING);
    CHECK_EQ(let_out(), 10);
    now += TERN_SECONDS(2) - 1;
    CHECK_EQ(let_out(), 0);
    now++;
    CHECK(let_out() > 0);
    CHECK_EQ(tickets[0].state, TN_TICKET_LOOSE);
}

static void a_silent_server_is_asked_less_and_less_often(void)
{
    size_t sent[4];
    start(1000, 100);
    for (size_t i = 0; i < MANY; i++)
        join(i, "10.0.0.9", TN_RANK_TALKING);
    for (size_t turn = 0; turn < 4; turn++) {
        sent[turn] = 0;
        for (int ms = 0; ms < 2000; ms++, now += TERN_MS(1))
            sent[turn] += let_out();
    }
    CHECK_EQ(sent[0], 100);
    CHECK(sent[1] <= 100 && sent[3] <= 100);
}

static void the_full_rate_comes_back(void)
{
    start(100, 1000);
    join(0, "10.0.0.9", TN_RANK_TALKING);
    CHECK_EQ(let_out(), 1);
    tn_pace_answered(&pace, now, &tickets[0], 503, 0);
    for (size_t i = 0; i < MANY; i++)
        join(i, "10.0.0.9", TN_RANK_TALKING);
    size_t in_second[20];
    for (size_t second = 0; second < 20; second++) {
        in_second[second] = 0;
        for (int ms = 0; ms < 1000; ms++, now += TERN_MS(1)) {
            struct tn_ticket *ticket;
            while ((ticket = tn_pace_next(&pace, now)) != NULL) {
                in_second[second]++;
                tn_pace_answered(&pace, now, ticket, 200, 0);
            }
        }
    }
    CHECK(in_second[0] >= 45 && in_second[0] <= 60);
    for (size_t second = 9; second < 20; second++)
        CHECK(in_second[second] >= 95 && in_second[second] <= 110);
}

/* With more servers than gates some share one, and nobody is forgotten. */
static void more_servers_than_gates_are_served_too(void)
{
    char server[32];
    start(1000, 200);
    for (size_t i = 0; i < 1000; i++) {
        snprintf(server, sizeof(server), "10.1.%zu.%zu", i / 250, i % 250 + 1);
        join(i, server, TN_RANK_TALKING);
    }
    size_t n = 0;
    for (int ms = 0; ms < 2000; ms++, now += TERN_MS(1))
        n += let_out();
    CHECK_EQ(n, 1000);
}

/* ---- in the planner ---- */

static void a_generation_of_many(void)
{
    bench_start();
    tn_pace_init(&bench.mob.pace, 10, 1); /* one at a time */
    set_net("10.0.0.1", NULL, NULL);
    add_account("10.0.0.1", "10.0.0.9");
    add_account("10.0.0.1", "10.0.0.9");
    struct bench_call *held = add_call(0, "10.0.0.1", "10.0.0.9", "10.0.5.1");
    held->facts.talking = false;
    add_call(0, "10.0.0.1", "10.0.0.9", "10.0.5.2");
    set_net("10.0.2.1", NULL, NULL);
    change(false);
    listeners(true);
}

/* Audio at once; then REGISTER of the account that talks, its talking call, its held one, the rest. */
static void signalling_takes_its_turns_and_audio_none(void)
{
    a_generation_of_many();
    CHECK_EQ(count(TN_DECIDE_MOVE_MEDIA, 0), 2);
    CHECK_EQ(count(TN_DECIDE_REGISTER, 0), 1);
    CHECK_EQ(count(TN_DECIDE_REFRESH, 0), 0);
    CHECK_EQ(bench.log[find(TN_DECIDE_REGISTER, 0)].account, 1);
    answer_register(&bench.accounts[0], 200);
    pass(TERN_MS(110));
    CHECK_EQ(count(TN_DECIDE_REFRESH, 0), 1);
    CHECK_EQ(bench.log[find(TN_DECIDE_REFRESH, 0)].call, 102);
    answer_refresh(&bench.calls[1], 200);
    pass(TERN_MS(110));
    CHECK_EQ(count(TN_DECIDE_REFRESH, 0), 2);
    answer_refresh(&bench.calls[0], 200);
    CHECK_EQ(count(TN_DECIDE_REGISTER, 0), 1);
    pass(TERN_MS(110));
    CHECK_EQ(count(TN_DECIDE_REGISTER, 0), 2);
    CHECK(completed(0) == NULL);
    answer_register(&bench.accounts[1], 200);
    hear(&bench.calls[1]);
    CHECK(completed(0) != NULL && completed(0)->status == TERN_IP_CHANGE_SUCCESS);
    CHECK_EQ(completed(0)->totals.accounts, 2);
    CHECK_EQ(completed(0)->totals.calls_kept, 2);
}

static void a_second_change_loses_nobody_who_waits(void)
{
    a_generation_of_many();
    size_t from = bench.log_count;
    set_net("10.0.3.1", NULL, NULL);
    change(false);
    listeners(true);
    CHECK_EQ(count(TN_DECIDE_MOVE_MEDIA, from), 2);
    for (int i = 0; i < 40; i++) {
        for (size_t k = 0; k < 2; k++) {
            if (bench.accounts[k].asked) answer_register(&bench.accounts[k], 200);
            if (bench.calls[k].asked) answer_refresh(&bench.calls[k], 200);
        }
        pass(TERN_MS(110));
    }
    hear(&bench.calls[1]);
    CHECK(completed(from) != NULL && completed(from)->status == TERN_IP_CHANGE_SUPERSEDED);
    CHECK_EQ(bench.completed, 2);
    CHECK_EQ(count(TN_DECIDE_REFRESH, from), 2);
    CHECK_EQ(count(TN_DECIDE_REGISTER, from), 2);
}

/* Time in the queue is not held against a call. */
static void the_rescue_window_begins_with_the_first_try(void)
{
    a_generation_of_many();
    tn_pace_answered(&bench.mob.pace, bench.now, &bench.accounts[0].task.ticket, 503,
                     TERN_SECONDS(100));
    pass(TERN_SECONDS(101));
    CHECK(count(TN_DECIDE_REFRESH, 0) >= 1);
    answer_refresh(&bench.calls[1], 408);
    CHECK(bench.calls[1].exists);
    CHECK_EQ(bench.calls[1].task.state, TN_CALL_WAITING);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_few_never_wait),
        TEST(ranks_go_in_order_and_each_in_its_own),
        TEST(a_promoted_one_goes_behind_those_that_are_there),
        TEST(each_cell_of_the_table),
        TEST(many_leave_at_the_rate_and_no_more_than_may_be_in_flight),
        TEST(a_slow_server_has_no_more_than_its_share_in_flight),
        TEST(a_server_that_limits_gets_everybody_through_without_a_storm),
        TEST(retry_after_closes_the_gate_for_everybody),
        TEST(who_does_not_answer_keeps_the_others_waiting_for_two_seconds),
        TEST(a_silent_server_is_asked_less_and_less_often),
        TEST(the_full_rate_comes_back),
        TEST(more_servers_than_gates_are_served_too),
        TEST(signalling_takes_its_turns_and_audio_none),
        TEST(a_second_change_loses_nobody_who_waits),
        TEST(the_rescue_window_begins_with_the_first_try),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
