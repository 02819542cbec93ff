/* SPDX-License-Identifier: MIT */
#include "txn/nist.h"
#include "txn/timing.h"

#include "machine_test.h"

static struct tn_nist txn;

static void fire(struct tn_timer *timer)
{
    CHECK(tn_nist_of(timer) == &txn);
    note(tn_nist_step(&txn, (enum tn_nist_event)timer->event));
}

static void start(bool reliable)
{
    const struct tn_machine m = open_world(reliable, fire);
    tn_nist_start(&txn, &m);
}

static void stop(void)
{
    tn_nist_stop(&txn);
    close_world();
}

/* RFC 3261 17.2.2 */
static void an_answered_request_waits_64_t1_for_repeats_and_not_at_all_on_streams(void)
{
    for (int reliable = 0; reliable < 2; reliable++) {
        start(reliable);
        note(tn_nist_step(&txn, TN_NIST_EV_SEND_FINAL));
        note(tn_nist_step(&txn, TN_NIST_EV_REQUEST));
        CHECK_EQ(count(TN_DO_SEND), 2);
        run_until_idle();
        CHECK_EQ(world.now, reliable ? 0 : TERN_SECONDS(32));
        CHECK_EQ(txn.state, TN_NIST_TERMINATED);
        stop();
    }
}

static void each_event_in_each_state_goes_where_the_rfc_says(void)
{
    enum {
        TRY = TN_NIST_TRYING,
        PRO = TN_NIST_PROCEEDING,
        COM = TN_NIST_COMPLETED,
        END = TN_NIST_TERMINATED,
    };
    /* clang-format off */
    static const struct cell table[TN_NIST_STATES][TN_NIST_EVENTS] = {
        /*  request  1xx  final  J */
        [TRY] = {{TRY, 0}, {PRO, TN_DO_SEND}, {COM, TN_DO_SEND}, {END, 0}},
        [PRO] = {{PRO, TN_DO_SEND}, {PRO, TN_DO_SEND}, {COM, TN_DO_SEND}, {END, 0}},
        [COM] = {{COM, TN_DO_SEND}, NEVER, NEVER, {END, 0}},
        [END] = {{END, 0}, {END, 0}, {END, 0}, {END, 0}},
    };
    static const enum tn_nist_event way_to[][2] = {
        [TRY] = {TN_NIST_EV_REQUEST, TN_NIST_EV_REQUEST},
        [PRO] = {TN_NIST_EV_SEND_1XX, TN_NIST_EV_REQUEST},
        [COM] = {TN_NIST_EV_SEND_FINAL, TN_NIST_EV_REQUEST},
        [END] = {TN_NIST_EV_SEND_FINAL, TN_NIST_EV_TIMER_J},
    };
    /* clang-format on */
    for (int from = 0; from < TN_NIST_STATES; from++) {
        for (int event = 0; event < TN_NIST_EVENTS; event++) {
            if (table[from][event].next < 0) continue;
            start(false);
            tn_nist_step(&txn, way_to[from][0]);
            tn_nist_step(&txn, way_to[from][1]);
            CHECK_EQ(txn.state, from);
            CHECK_EQ(tn_nist_step(&txn, (enum tn_nist_event)event), table[from][event].done);
            CHECK_EQ(txn.state, table[from][event].next);
            CHECK(tn_nist_state_name(txn.state));
            stop();
        }
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(an_answered_request_waits_64_t1_for_repeats_and_not_at_all_on_streams),
        TEST(each_event_in_each_state_goes_where_the_rfc_says),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
