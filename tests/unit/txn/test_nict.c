/* SPDX-License-Identifier: MIT */
#include "txn/nict.h"
#include "txn/timing.h"

#include "machine_test.h"

static struct tn_nict txn;

static void fire(struct tn_timer *timer)
{
    CHECK(tn_nict_of(timer) == &txn);
    note(tn_nict_step(&txn, (enum tn_nict_event)timer->event));
}

static void start(bool reliable)
{
    const struct tn_machine m = open_world(reliable, fire);
    tn_nict_start(&txn, &m);
}

static void stop(void)
{
    tn_nict_stop(&txn);
    close_world();
}

/* RFC 3261 17.1.2.2: 500 ms, doubled up to T2, timer F at 32 s. */
static void unanswered_request_is_repeated_with_pauses_up_to_4_s(void)
{
    static const tern_time want_ms[] = {500,   1500,  3500,  7500,  11500,
                                        15500, 19500, 23500, 27500, 31500};
    start(false);
    run_until_idle();
    CHECK_EQ(count(TN_DO_SEND), 10);
    for (size_t i = 0; i < 10; i++)
        CHECK_EQ(send_times[i], TERN_MS(want_ms[i]));
    CHECK_EQ(count(TN_DO_TIMEOUT), 1);
    CHECK_EQ(world.now, TERN_SECONDS(32));
    stop();
}

/* RFC 3261 17.1.2.2: in Proceeding every T2; F is not started anew. */
static void after_a_provisional_answer_it_is_repeated_every_4_s(void)
{
    start(false);
    note(tn_nict_step(&txn, TN_NICT_EV_1XX));
    run_until_idle();
    CHECK_EQ(send_times[0], TERN_MS(500));
    CHECK_EQ(send_times[1], TERN_MS(4500));
    CHECK_EQ(send_times[2], TERN_MS(8500));
    CHECK_EQ(world.now, TERN_SECONDS(32));
    stop();
}

static void reliable_transport_never_retransmits(void)
{
    start(true);
    run_until_idle();
    CHECK_EQ(count(TN_DO_SEND), 0);
    CHECK_EQ(world.now, TERN_SECONDS(32));
    stop();
}

static void it_waits_t4_for_repeated_answers_and_not_at_all_on_streams(void)
{
    for (int reliable = 0; reliable < 2; reliable++) {
        start(reliable);
        note(tn_nict_step(&txn, TN_NICT_EV_FINAL));
        note(tn_nict_step(&txn, TN_NICT_EV_FINAL));
        CHECK_EQ(count(TN_DO_DELIVER), 1);
        run_until_idle();
        CHECK_EQ(world.now, reliable ? 0 : TN_T4);
        CHECK_EQ(txn.state, TN_NICT_TERMINATED);
        stop();
    }
}

static void a_pause_stops_timers_e_and_f(void)
{
    start(false);
    run_until(TERN_SECONDS(1));
    tn_nict_pause(&txn, true);
    run_until(TERN_SECONDS(61));
    CHECK_EQ(count(TN_DO_SEND), 1);
    tn_nict_pause(&txn, false);
    run_until_idle();
    CHECK_EQ(count(TN_DO_SEND), 10);
    CHECK_EQ(world.now, TERN_SECONDS(92));
    stop();
}

static void each_event_in_each_state_goes_where_the_rfc_says(void)
{
    enum {
        TRY = TN_NICT_TRYING,
        PRO = TN_NICT_PROCEEDING,
        COM = TN_NICT_COMPLETED,
        END = TN_NICT_TERMINATED,
    };
    /* clang-format off */
    static const struct cell table[TN_NICT_STATES][TN_NICT_EVENTS] = {
        /*  1xx  final  E  F  K  error */
        [TRY] = {{PRO, TN_DO_DELIVER}, {COM, TN_DO_DELIVER}, {TRY, TN_DO_SEND}, {END, TN_DO_TIMEOUT},
                 NEVER, {END, TN_DO_FAIL}},
        [PRO] = {{PRO, TN_DO_DELIVER}, {COM, TN_DO_DELIVER}, {PRO, TN_DO_SEND}, {END, TN_DO_TIMEOUT},
                 NEVER, {END, TN_DO_FAIL}},
        [COM] = {{COM, 0}, {COM, 0}, NEVER, NEVER, {END, 0}, {COM, 0}},
        [END] = {{END, 0}, {END, 0}, {END, 0}, {END, 0}, {END, 0}, {END, 0}},
    };
    static const enum tn_nict_event way_to[] = {
        [PRO] = TN_NICT_EV_1XX, [COM] = TN_NICT_EV_FINAL, [END] = TN_NICT_EV_TIMER_F,
    };
    /* clang-format on */
    for (int from = 0; from < TN_NICT_STATES; from++) {
        for (int event = 0; event < TN_NICT_EVENTS; event++) {
            if (table[from][event].next < 0) continue;
            start(false);
            if (from != TRY) tn_nict_step(&txn, way_to[from]);
            CHECK_EQ(txn.state, from);
            CHECK_EQ(tn_nict_step(&txn, (enum tn_nict_event)event), table[from][event].done);
            CHECK_EQ(txn.state, table[from][event].next);
            CHECK(tn_nict_state_name(txn.state));
            stop();
        }
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(unanswered_request_is_repeated_with_pauses_up_to_4_s),
        TEST(after_a_provisional_answer_it_is_repeated_every_4_s),
        TEST(reliable_transport_never_retransmits),
        TEST(it_waits_t4_for_repeated_answers_and_not_at_all_on_streams),
        TEST(a_pause_stops_timers_e_and_f),
        TEST(each_event_in_each_state_goes_where_the_rfc_says),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
