/* SPDX-License-Identifier: MIT */
#include "txn/ist.h"
#include "txn/timing.h"

#include "machine_test.h"

static struct tn_ist txn;

static void fire(struct tn_timer *timer)
{
    CHECK(tn_ist_of(timer) == &txn);
    note(tn_ist_step(&txn, (enum tn_ist_event)timer->event));
}

static void start(bool reliable)
{
    const struct tn_machine m = open_world(reliable, fire);
    tn_ist_start(&txn, &m);
}

static void stop(void)
{
    tn_ist_stop(&txn);
    close_world();
}

/* RFC 3261 17.2.1 */
static void a_silent_user_is_covered_by_100_after_200_ms(void)
{
    start(false);
    run_until_idle();
    CHECK_EQ(world.now, TERN_MS(200));
    CHECK_EQ(count(TN_DO_TRYING), 1);
    CHECK_EQ(txn.state, TN_IST_PROCEEDING);
    stop();
}

static void a_user_who_rings_at_once_sends_no_100(void)
{
    start(false);
    note(tn_ist_step(&txn, TN_IST_EV_SEND_1XX));
    run_until_idle();
    CHECK_EQ(count(TN_DO_TRYING), 0);
    stop();
}

/* RFC 3261 17.2.1: G doubles up to T2, H at 32 s. */
static void a_refusal_is_repeated_until_timer_h(void)
{
    static const tern_time want_ms[] = {0,     500,   1500,  3500,  7500, 11500,
                                        15500, 19500, 23500, 27500, 31500};
    start(false);
    note(tn_ist_step(&txn, TN_IST_EV_SEND_3XX_6XX));
    run_until_idle();
    CHECK_EQ(count(TN_DO_SEND), 11);
    for (size_t i = 0; i < 11; i++)
        CHECK_EQ(send_times[i], TERN_MS(want_ms[i]));
    CHECK_EQ(world.now, TERN_SECONDS(32));
    CHECK_EQ(count(TN_DO_TIMEOUT), 1);
    stop();
}

static void on_streams_a_refusal_is_sent_once_and_still_waits_for_its_ack(void)
{
    start(true);
    note(tn_ist_step(&txn, TN_IST_EV_SEND_3XX_6XX));
    run_until_idle();
    CHECK_EQ(count(TN_DO_SEND), 1);
    CHECK_EQ(world.now, TERN_SECONDS(32));
    CHECK_EQ(count(TN_DO_TIMEOUT), 1);
    stop();
}

static void after_the_ack_it_waits_t4_and_not_at_all_on_streams(void)
{
    for (int reliable = 0; reliable < 2; reliable++) {
        start(reliable);
        note(tn_ist_step(&txn, TN_IST_EV_SEND_3XX_6XX));
        note(tn_ist_step(&txn, TN_IST_EV_ACK));
        run_until_idle();
        CHECK_EQ(world.now, reliable ? 0 : TN_T4);
        CHECK_EQ(count(TN_DO_TIMEOUT), 0);
        CHECK_EQ(txn.state, TN_IST_TERMINATED);
        stop();
    }
}

/* RFC 6026 7.1 */
static void an_accepted_invite_absorbs_its_repeats_for_timer_l(void)
{
    start(true);
    note(tn_ist_step(&txn, TN_IST_EV_SEND_2XX));
    note(tn_ist_step(&txn, TN_IST_EV_INVITE));
    note(tn_ist_step(&txn, TN_IST_EV_SEND_2XX));
    note(tn_ist_step(&txn, TN_IST_EV_ACK));
    CHECK_EQ(count(TN_DO_SEND), 2);
    CHECK_EQ(count(TN_DO_DELIVER), 1);
    run_until_idle();
    CHECK_EQ(world.now, TN_TIMER_L);
    CHECK_EQ(txn.state, TN_IST_TERMINATED);
    stop();
}

static void a_pause_stops_timers_g_and_h(void)
{
    start(false);
    note(tn_ist_step(&txn, TN_IST_EV_SEND_3XX_6XX));
    run_until(TERN_SECONDS(1));
    tn_ist_pause(&txn, true);
    run_until(TERN_SECONDS(61));
    CHECK_EQ(count(TN_DO_SEND), 2);
    tn_ist_pause(&txn, false);
    run_until_idle();
    CHECK_EQ(world.now, TERN_SECONDS(92));
    stop();
}

/* The user repeats its 2xx by the transaction, for as long as no ACK could have come. */
static void a_pause_stops_timer_l(void)
{
    start(false);
    note(tn_ist_step(&txn, TN_IST_EV_SEND_2XX));
    run_until(TERN_SECONDS(1));
    tn_ist_pause(&txn, true);
    run_until(TERN_SECONDS(61));
    CHECK_EQ(txn.state, TN_IST_ACCEPTED);
    tn_ist_pause(&txn, false);
    run_until_idle();
    CHECK_EQ(world.now, TERN_SECONDS(92));
    CHECK_EQ(txn.state, TN_IST_TERMINATED);
    stop();
}

static void each_event_in_each_state_goes_where_the_rfc_says(void)
{
    enum {
        PRO = TN_IST_PROCEEDING,
        COM = TN_IST_COMPLETED,
        CON = TN_IST_CONFIRMED,
        ACC = TN_IST_ACCEPTED,
        END = TN_IST_TERMINATED,
    };
    /* clang-format off */
    static const struct cell table[TN_IST_STATES][TN_IST_EVENTS] = {
        /*  INVITE  1xx  2xx  3-6xx  ACK  trying  G  H  I  L */
        [PRO] = {{PRO, TN_DO_SEND}, {PRO, TN_DO_SEND}, {ACC, TN_DO_SEND}, {COM, TN_DO_SEND}, {PRO, 0},
                 {PRO, TN_DO_TRYING}, NEVER, NEVER, NEVER, NEVER},
        [COM] = {{COM, TN_DO_SEND}, NEVER, NEVER, NEVER, {CON, 0},
                 NEVER, {COM, TN_DO_SEND}, {END, TN_DO_TIMEOUT}, NEVER, NEVER},
        [CON] = {{CON, 0}, NEVER, NEVER, NEVER, {CON, 0}, NEVER, NEVER, NEVER, {END, 0}, NEVER},
        [ACC] = {{ACC, 0}, NEVER, {ACC, TN_DO_SEND}, NEVER, {ACC, TN_DO_DELIVER},
                 NEVER, NEVER, NEVER, NEVER, {END, 0}},
        [END] = {{END, 0}, {END, 0}, {END, 0}, {END, 0}, {END, 0},
                 {END, 0}, {END, 0}, {END, 0}, {END, 0}, {END, 0}},
    };
    static const enum tn_ist_event way_to[][2] = {
        [PRO] = {TN_IST_EV_INVITE, TN_IST_EV_INVITE},
        [COM] = {TN_IST_EV_SEND_3XX_6XX, TN_IST_EV_INVITE},
        [CON] = {TN_IST_EV_SEND_3XX_6XX, TN_IST_EV_ACK},
        [ACC] = {TN_IST_EV_SEND_2XX, TN_IST_EV_INVITE},
        [END] = {TN_IST_EV_SEND_2XX, TN_IST_EV_TIMER_L},
    };
    /* clang-format on */
    for (int from = 0; from < TN_IST_STATES; from++) {
        for (int event = 0; event < TN_IST_EVENTS; event++) {
            if (table[from][event].next < 0) continue;
            start(false);
            tn_ist_step(&txn, way_to[from][0]);
            tn_ist_step(&txn, way_to[from][1]);
            CHECK_EQ(txn.state, from);
            CHECK_EQ(tn_ist_step(&txn, (enum tn_ist_event)event), table[from][event].done);
            CHECK_EQ(txn.state, table[from][event].next);
            CHECK(tn_ist_state_name(txn.state));
            stop();
        }
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_silent_user_is_covered_by_100_after_200_ms),
        TEST(a_user_who_rings_at_once_sends_no_100),
        TEST(a_refusal_is_repeated_until_timer_h),
        TEST(on_streams_a_refusal_is_sent_once_and_still_waits_for_its_ack),
        TEST(after_the_ack_it_waits_t4_and_not_at_all_on_streams),
        TEST(an_accepted_invite_absorbs_its_repeats_for_timer_l),
        TEST(a_pause_stops_timers_g_and_h),
        TEST(a_pause_stops_timer_l),
        TEST(each_event_in_each_state_goes_where_the_rfc_says),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
