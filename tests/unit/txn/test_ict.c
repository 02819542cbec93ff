/* SPDX-License-Identifier: MIT */
#include "txn/ict.h"
#include "txn/timing.h"

#include "machine_test.h"

static struct tn_ict txn;

static void fire(struct tn_timer *timer)
{
    CHECK(tn_ict_of(timer) == &txn);
    note(tn_ict_step(&txn, (enum tn_ict_event)timer->event));
}

static void start(bool reliable)
{
    const struct tn_machine m = open_world(reliable, fire);
    tn_ict_start(&txn, &m);
}

static void stop(void)
{
    tn_ict_stop(&txn);
    close_world();
}

/* RFC 3261 17.1.1.2: at 0, 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s, then timer B at 32 s. */
static void unanswered_invite_is_sent_seven_times_then_times_out(void)
{
    static const tern_time want[] = {TERN_MS(500),  TERN_MS(1500),  TERN_MS(3500),
                                     TERN_MS(7500), TERN_MS(15500), TERN_MS(31500)};
    start(false);
    run_until_idle();
    for (size_t i = 0; i < 6; i++)
        CHECK_EQ(send_times[i], want[i]);
    CHECK_EQ(count(TN_DO_SEND), 6); /* the first was the caller's */
    CHECK_EQ(count(TN_DO_TIMEOUT), 1);
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

static void after_a_suspend_there_is_no_burst(void)
{
    start(false);
    run_until(TERN_SECONDS(31));
    int before = count(TN_DO_SEND);
    stop();
    start(false);
    jump_to(TERN_SECONDS(31));
    CHECK_EQ(before, 5);
    CHECK_EQ(count(TN_DO_SEND), 1);
    CHECK_EQ(txn.state, TN_ICT_CALLING);
    stop();
}

/* RFC 6026 7.2: a forked INVITE brings several 2xx; the user must see each. */
static void every_2xx_is_delivered_until_timer_m(void)
{
    start(false);
    for (int fork = 0; fork < 3; fork++)
        note(tn_ict_step(&txn, TN_ICT_EV_2XX));
    CHECK_EQ(count(TN_DO_DELIVER), 3);
    CHECK_EQ(count(TN_DO_ACK), 0);
    run_until_idle();
    CHECK_EQ(world.now, TN_TIMER_M);
    CHECK_EQ(txn.state, TN_ICT_TERMINATED);
    stop();
}

/* RFC 3261 17.1.1.2: D is 32 s on UDP and nothing on streams. */
static void every_refusal_is_acknowledged_until_timer_d(void)
{
    for (int reliable = 0; reliable < 2; reliable++) {
        start(reliable);
        note(tn_ict_step(&txn, TN_ICT_EV_3XX_6XX));
        note(tn_ict_step(&txn, TN_ICT_EV_3XX_6XX));
        CHECK_EQ(count(TN_DO_ACK), 2);
        CHECK_EQ(count(TN_DO_DELIVER), 1);
        run_until_idle();
        CHECK_EQ(world.now, reliable ? 0 : TN_TIMER_D);
        CHECK_EQ(txn.state, TN_ICT_TERMINATED);
        stop();
    }
}

/* RFC 3261 9.1: without a final response 64*T1 after the CANCEL, the INVITE is over. */
static void a_cancelled_invite_ends_after_64_t1(void)
{
    start(false);
    note(tn_ict_step(&txn, TN_ICT_EV_1XX));
    run_until_idle();
    CHECK_EQ(txn.state, TN_ICT_PROCEEDING);
    run_until(TERN_SECONDS(100));
    note(tn_ict_step(&txn, TN_ICT_EV_CANCEL_SENT));
    run_until_idle();
    CHECK_EQ(world.now, TERN_SECONDS(132));
    CHECK_EQ(count(TN_DO_TIMEOUT), 1);
    stop();
}

static void a_pause_stops_timers_a_and_b(void)
{
    start(false);
    run_until(TERN_SECONDS(1));
    tn_ict_pause(&txn, true);
    run_until(TERN_SECONDS(601));
    CHECK_EQ(count(TN_DO_SEND), 1);
    tn_ict_pause(&txn, false);
    CHECK_EQ(count(TN_DO_SEND), 1);
    run_until_idle();
    CHECK_EQ(count(TN_DO_SEND), 6);
    CHECK_EQ(world.now, TERN_SECONDS(632));
    stop();
}

static void one_that_starts_in_a_pause_waits_for_its_end(void)
{
    struct tn_machine m = open_world(false, fire);
    m.paused = true;
    tn_ict_start(&txn, &m);
    run_until(TERN_SECONDS(100));
    CHECK_EQ(count(TN_DO_SEND), 0);
    tn_ict_pause(&txn, false);
    run_until_idle();
    CHECK_EQ(count(TN_DO_SEND), 6);
    CHECK_EQ(world.now, TERN_SECONDS(132));
    stop();
}

/* The figure, cell by cell: the state after each event, from each state, and what is done. */
static void each_event_in_each_state_goes_where_the_rfc_says(void)
{
    enum {
        CAL = TN_ICT_CALLING,
        PRO = TN_ICT_PROCEEDING,
        COM = TN_ICT_COMPLETED,
        ACC = TN_ICT_ACCEPTED,
        END = TN_ICT_TERMINATED,
        ACKDEL = TN_DO_ACK | TN_DO_DELIVER,
    };
    /* clang-format off */
    static const struct cell table[TN_ICT_TERMINATED + 1][TN_ICT_EVENTS] = {
        /*  1xx  2xx  3xx  A  B  D  M  error  cancel  lost */
        [CAL] = {{PRO, TN_DO_DELIVER}, {ACC, TN_DO_DELIVER}, {COM, ACKDEL}, {CAL, TN_DO_SEND},
                 {END, TN_DO_TIMEOUT}, NEVER, NEVER, {END, TN_DO_FAIL}, NEVER, NEVER},
        [PRO] = {{PRO, TN_DO_DELIVER}, {ACC, TN_DO_DELIVER}, {COM, ACKDEL}, {PRO, TN_DO_CANCEL},
                 {END, TN_DO_TIMEOUT}, NEVER, NEVER, {PRO, TN_DO_FAIL}, {PRO, 0}, {PRO, 0}},
        [COM] = {{COM, 0}, {COM, 0}, {COM, TN_DO_ACK}, NEVER, NEVER, {END, 0}, NEVER, {END, 0}, NEVER, NEVER},
        [ACC] = {{ACC, 0}, {ACC, TN_DO_DELIVER}, {ACC, 0}, NEVER, NEVER, NEVER, {END, 0}, {ACC, 0}, NEVER, NEVER},
        [END] = {{END, 0}, {END, 0}, {END, 0}, {END, 0}, {END, 0}, {END, 0}, {END, 0}, {END, 0}, {END, 0}, {END, 0}},
    };
    static const enum tn_ict_event way_to[] = {
        [PRO] = TN_ICT_EV_1XX, [COM] = TN_ICT_EV_3XX_6XX, [ACC] = TN_ICT_EV_2XX,
        [END] = TN_ICT_EV_TIMER_B,
    };
    /* clang-format on */
    for (int from = 0; from < TN_ICT_STATES; from++) {
        for (int event = 0; event < TN_ICT_EVENTS; event++) {
            if (table[from][event].next < 0) continue;
            start(false);
            if (from != CAL) tn_ict_step(&txn, way_to[from]);
            CHECK_EQ(txn.state, from);
            CHECK_EQ(tn_ict_step(&txn, (enum tn_ict_event)event), table[from][event].done);
            CHECK_EQ(txn.state, table[from][event].next);
            CHECK(tn_ict_state_name(txn.state));
            stop();
        }
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(unanswered_invite_is_sent_seven_times_then_times_out),
        TEST(reliable_transport_never_retransmits),
        TEST(after_a_suspend_there_is_no_burst),
        TEST(every_2xx_is_delivered_until_timer_m),
        TEST(every_refusal_is_acknowledged_until_timer_d),
        TEST(a_cancelled_invite_ends_after_64_t1),
        TEST(a_pause_stops_timers_a_and_b),
        TEST(one_that_starts_in_a_pause_waits_for_its_end),
        TEST(each_event_in_each_state_goes_where_the_rfc_says),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
