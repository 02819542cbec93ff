/* SPDX-License-Identifier: MIT */
/* Refreshes: the table of session/refresh.h cell by cell, glare (RFC 3261 14.1), merging. */
#include "session/refresh.h"

#include "base/alloc.h"
#include "tern_test.h"

static struct tn_ctx ctx;
static struct tn_refresh refresh;
static unsigned fired;

static void fire(struct tn_timer *timer)
{
    (void)timer;
    fired++;
    tn_refresh_timer(&refresh);
}

static void open_with(bool owns_call_id, uint8_t seed)
{
    uint8_t bytes[32] = {seed, 1};
    struct tern_allocator alloc = tn_default_allocator();
    CHECK_EQ(tn_ctx_init(&ctx, &alloc, bytes), 0);
    tn_ctx_enter(&ctx, TERN_SECONDS(10));
    tn_refresh_init(&refresh, &ctx, owns_call_id, fire);
    fired = 0;
}

static void close_all(void)
{
    tn_refresh_fini(&refresh);
    tn_ctx_fini(&ctx);
}

static void pass(tern_time time)
{
    tn_ctx_enter(&ctx, ctx.now + time);
    while (tn_ctx_fire(&ctx))
        continue;
}

/* Sends what is wanted; returns whether as UPDATE. */
static bool send(bool may_update, uint32_t *intents)
{
    bool update;
    CHECK(tn_refresh_next(&refresh, may_update, &update, intents));
    CHECK_EQ(refresh.state, update ? TN_REFRESH_UPDATING : TN_REFRESH_INVITING);
    CHECK(tn_refresh_pending(&refresh));
    return update;
}

static bool nothing_to_send(void)
{
    bool update;
    uint32_t intents;
    return !tn_refresh_next(&refresh, true, &update, &intents);
}

static void in_state(enum tn_refresh_state state)
{
    uint32_t intents;
    open_with(true, 1);
    if (state == TN_REFRESH_IDLE) return;
    tn_refresh_want(&refresh, TN_INTENT_OFFER);
    send(state == TN_REFRESH_UPDATING, &intents);
    if (state == TN_REFRESH_WAITING)
        CHECK_EQ(tn_refresh_answer(&refresh, 491, 0), TN_REFRESH_AGAIN);
    CHECK_EQ(refresh.state, state);
}

static void wants_are_merged_in_every_state_and_sent_only_when_idle(void)
{
    for (enum tn_refresh_state s = 0; s < TN_REFRESH_STATES; s++) {
        uint32_t intents;
        in_state(s);
        tn_refresh_want(&refresh, TN_INTENT_CONTACT);
        tn_refresh_want(&refresh, TN_INTENT_VIA);
        CHECK_EQ(refresh.state, s);
        if (s == TN_REFRESH_IDLE) {
            CHECK(send(true, &intents));
            CHECK_EQ(intents, TN_INTENT_CONTACT | TN_INTENT_VIA);
        } else {
            CHECK(nothing_to_send());
        }
        close_all();
    }
}

static void update_is_used_where_it_may_be(void)
{
    static const struct {
        uint32_t intents;
        bool may_update, update;
    } cases[] = {
        {TN_INTENT_OFFER, true, true},
        {TN_INTENT_OFFER, false, false},
        {TN_INTENT_OFFER | TN_INTENT_INVITE, true, false},
        {TN_INTENT_CONTACT, true, true},
        {TN_INTENT_CONTACT, false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t intents;
        open_with(true, 1);
        tn_refresh_want(&refresh, cases[i].intents);
        CHECK_EQ(send(cases[i].may_update, &intents), cases[i].update);
        CHECK_EQ(intents, cases[i].intents);
        close_all();
    }
}

static void answers_lead_where_the_table_says(void)
{
    static const struct {
        bool update;
        int code;
        tern_time retry_after;
        enum tn_refresh_outcome outcome;
        enum tn_refresh_state state;
        uint32_t wanted;
    } cases[] = {
        {true, 200, 0, TN_REFRESH_DONE, TN_REFRESH_IDLE, 0},
        {true, 202, 0, TN_REFRESH_DONE, TN_REFRESH_IDLE, 0},
        {true, 405, 0, TN_REFRESH_AGAIN, TN_REFRESH_IDLE, TN_INTENT_OFFER | TN_INTENT_INVITE},
        {true, 501, 0, TN_REFRESH_AGAIN, TN_REFRESH_IDLE, TN_INTENT_OFFER | TN_INTENT_INVITE},
        {true, 488, 0, TN_REFRESH_AGAIN, TN_REFRESH_IDLE, TN_INTENT_OFFER | TN_INTENT_INVITE},
        {true, 504, 0, TN_REFRESH_AGAIN, TN_REFRESH_IDLE, TN_INTENT_OFFER | TN_INTENT_INVITE},
        {true, 491, 0, TN_REFRESH_AGAIN, TN_REFRESH_WAITING, TN_INTENT_OFFER},
        {true, 500, TERN_SECONDS(3), TN_REFRESH_AGAIN, TN_REFRESH_WAITING, TN_INTENT_OFFER},
        {true, 500, 0, TN_REFRESH_UNANSWERED, TN_REFRESH_IDLE, 0},
        {true, 481, 0, TN_REFRESH_REFUSED, TN_REFRESH_IDLE, 0},
        {true, 408, 0, TN_REFRESH_UNANSWERED, TN_REFRESH_IDLE, 0},
        {true, 480, 0, TN_REFRESH_UNANSWERED, TN_REFRESH_IDLE, 0},
        {true, 0, 0, TN_REFRESH_UNANSWERED, TN_REFRESH_IDLE, 0},
        {false, 200, 0, TN_REFRESH_DONE, TN_REFRESH_IDLE, 0},
        {false, 405, 0, TN_REFRESH_REFUSED, TN_REFRESH_IDLE, 0},
        {false, 488, 0, TN_REFRESH_REFUSED, TN_REFRESH_IDLE, 0},
        {false, 491, 0, TN_REFRESH_AGAIN, TN_REFRESH_WAITING, TN_INTENT_OFFER},
        {false, 500, TERN_SECONDS(3), TN_REFRESH_AGAIN, TN_REFRESH_WAITING, TN_INTENT_OFFER},
        {false, 603, 0, TN_REFRESH_REFUSED, TN_REFRESH_IDLE, 0},
        {false, 501, 0, TN_REFRESH_REFUSED, TN_REFRESH_IDLE, 0},
        {false, 503, TERN_SECONDS(3), TN_REFRESH_UNANSWERED, TN_REFRESH_IDLE, 0},
        {false, 0, 0, TN_REFRESH_UNANSWERED, TN_REFRESH_IDLE, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        in_state(cases[i].update ? TN_REFRESH_UPDATING : TN_REFRESH_INVITING);
        CHECK_EQ(tn_refresh_answer(&refresh, cases[i].code, cases[i].retry_after),
                 cases[i].outcome);
        CHECK_EQ(refresh.state, cases[i].state);
        CHECK_EQ(refresh.wanted, cases[i].wanted);
        CHECK_EQ(refresh.in_flight, 0);
        CHECK_EQ(tn_timer_armed(&refresh.timer), cases[i].state == TN_REFRESH_WAITING);
        close_all();
    }
}

static void a_peer_that_refused_update_once_gets_no_other(void)
{
    uint32_t intents;
    in_state(TN_REFRESH_UPDATING);
    CHECK_EQ(tn_refresh_answer(&refresh, 405, 0), TN_REFRESH_AGAIN);
    CHECK(!send(true, &intents));
    CHECK_EQ(tn_refresh_answer(&refresh, 200, 0), TN_REFRESH_DONE);
    tn_refresh_want(&refresh, TN_INTENT_CONTACT);
    CHECK(!send(true, &intents));
    close_all();
}

/* 488 is about what was offered, not about the method. */
static void a_488_to_one_update_does_not_forbid_the_next(void)
{
    uint32_t intents;
    in_state(TN_REFRESH_UPDATING);
    CHECK_EQ(tn_refresh_answer(&refresh, 488, 0), TN_REFRESH_AGAIN);
    CHECK(!send(true, &intents));
    CHECK_EQ(tn_refresh_answer(&refresh, 200, 0), TN_REFRESH_DONE);
    tn_refresh_want(&refresh, TN_INTENT_CONTACT);
    CHECK(send(true, &intents));
    close_all();
}

/* RFC 3261 14.1: 2.1 to 4 s for the owner of the Call-ID, 0 to 2 s for the other, by 10 ms. */
static void glare_windows_do_not_meet(void)
{
    tern_time least[2] = {TERN_TIME_NEVER, TERN_TIME_NEVER}, most[2] = {0, 0};
    for (int owner = 0; owner < 2; owner++) {
        for (int seed = 0; seed < 250; seed++) {
            uint32_t intents;
            open_with(owner, (uint8_t)seed);
            tn_refresh_want(&refresh, TN_INTENT_OFFER);
            send(false, &intents);
            CHECK_EQ(tn_refresh_answer(&refresh, 491, 0), TN_REFRESH_AGAIN);
            tern_time pause = tn_timer_due(&refresh.timer) - ctx.now;
            CHECK_EQ(pause % TERN_MS(10), 0);
            if (pause < least[owner]) least[owner] = pause;
            if (pause > most[owner]) most[owner] = pause;
            close_all();
        }
    }
    CHECK(least[0] >= 0 && most[0] <= TERN_SECONDS(2));
    CHECK(least[1] >= TERN_MS(2100) && most[1] <= TERN_SECONDS(4));
    CHECK(least[0] < TERN_MS(200) && most[0] > TERN_MS(1800)); /* the whole windows are used */
    CHECK(least[1] < TERN_MS(2300) && most[1] > TERN_MS(3800));
}

static void after_the_wait_everything_wanted_goes_in_one(void)
{
    uint32_t intents;
    in_state(TN_REFRESH_WAITING);
    tn_refresh_want(&refresh, TN_INTENT_CONTACT | TN_INTENT_VIA);
    pass(TERN_MS(2099));
    CHECK_EQ(fired, 0);
    CHECK(nothing_to_send());
    pass(TERN_SECONDS(2));
    CHECK_EQ(fired, 1);
    CHECK_EQ(refresh.state, TN_REFRESH_IDLE);
    CHECK(send(true, &intents));
    CHECK_EQ(intents, TN_INTENT_OFFER | TN_INTENT_CONTACT | TN_INTENT_VIA);
    CHECK(nothing_to_send());
    close_all();
}

/* MOBILITY C7 */
static void retry_after_is_obeyed_up_to_ten_seconds(void)
{
    static const tern_time given[] = {TERN_SECONDS(3), TERN_SECONDS(10), TERN_SECONDS(3600)};
    static const tern_time waited[] = {TERN_SECONDS(3), TERN_SECONDS(10), TERN_SECONDS(10)};
    for (size_t i = 0; i < 3; i++) {
        in_state(TN_REFRESH_INVITING);
        CHECK_EQ(tn_refresh_answer(&refresh, 500, given[i]), TN_REFRESH_AGAIN);
        CHECK_EQ(tn_timer_due(&refresh.timer) - ctx.now, waited[i]);
        close_all();
    }
}

/* Both owner and other double their window from the third time on, twice. */
static void who_meets_again_and_again_asks_less_often(void)
{
    static const tern_time doubled[] = {1, 1, 2, 4, 4, 4};
    tern_time most[6] = {0};
    for (int seed = 0; seed < 250; seed++) {
        open_with(seed % 2, (uint8_t)seed);
        tn_refresh_want(&refresh, TN_INTENT_OFFER);
        for (int i = 0; i < 6; i++) {
            uint32_t intents;
            tern_time window = seed % 2 ? TERN_SECONDS(4) : TERN_SECONDS(2);
            send(false, &intents);
            CHECK_EQ(tn_refresh_answer(&refresh, 491, 0), TN_REFRESH_AGAIN);
            tern_time pause = tn_timer_due(&refresh.timer) - ctx.now;
            CHECK(pause <= window * doubled[i]);
            if (seed % 2) CHECK(pause >= TERN_MS(2100) * doubled[i]);
            if (!(seed % 2) && pause > most[i]) most[i] = pause;
            pass(pause);
        }
        close_all();
    }
    for (int i = 0; i < 6; i++)
        CHECK(most[i] > TERN_MS(1700) * doubled[i]);
}

static void endless_glare_ends_after_eight_rounds(void)
{
    uint32_t intents;
    in_state(TN_REFRESH_INVITING);
    for (int i = 0; i < 8; i++) {
        CHECK_EQ(tn_refresh_answer(&refresh, 491, 0), TN_REFRESH_AGAIN);
        pass(TERN_SECONDS(16));
        send(false, &intents);
    }
    CHECK_EQ(tn_refresh_answer(&refresh, 491, 0), TN_REFRESH_UNANSWERED);
    CHECK_EQ(refresh.state, TN_REFRESH_IDLE);
    tn_refresh_want(&refresh, TN_INTENT_OFFER); /* and the next one has its eight again */
    send(false, &intents);
    CHECK_EQ(tn_refresh_answer(&refresh, 491, 0), TN_REFRESH_AGAIN);
    close_all();
}

static void what_is_dropped_is_wanted_again(void)
{
    static const enum tn_refresh_state states[] = {TN_REFRESH_UPDATING, TN_REFRESH_INVITING,
                                                   TN_REFRESH_WAITING, TN_REFRESH_IDLE};
    for (size_t i = 0; i < 4; i++) {
        uint32_t intents;
        in_state(states[i]);
        tn_refresh_drop(&refresh);
        CHECK_EQ(refresh.state, TN_REFRESH_IDLE);
        CHECK(!tn_timer_armed(&refresh.timer));
        if (states[i] == TN_REFRESH_IDLE) {
            CHECK(nothing_to_send());
        } else {
            send(true, &intents);
            CHECK_EQ(intents, TN_INTENT_OFFER);
        }
        close_all();
    }
}

/* The intent lives as long as the call: only the pause grows, up to 32 s. */
static void what_nobody_answered_is_asked_for_again_and_again(void)
{
    in_state(TN_REFRESH_INVITING);
    tern_time expected = TERN_MS(500);
    for (int i = 0; i < 20; i++) {
        uint32_t intents;
        CHECK_EQ(tn_refresh_answer(&refresh, 408, 0), TN_REFRESH_UNANSWERED);
        tn_refresh_later(&refresh, TN_INTENT_OFFER);
        CHECK_EQ(tn_timer_due(&refresh.timer) - ctx.now, expected);
        tn_refresh_later(&refresh, TN_INTENT_VIA); /* does not put it off */
        CHECK(nothing_to_send());
        pass(expected);
        send(false, &intents);
        CHECK_EQ(intents, TN_INTENT_OFFER | TN_INTENT_VIA);
        if (expected < TERN_SECONDS(32)) expected *= 2;
    }
    CHECK_EQ(tn_refresh_answer(&refresh, 200, 0), TN_REFRESH_DONE);
    tn_refresh_later(&refresh, TN_INTENT_OFFER);
    CHECK_EQ(tn_timer_due(&refresh.timer) - ctx.now, TERN_MS(500));
    close_all();
}

/* Both ends asked at once, or the far end cannot be reached where ours was sent. */
static void who_asks_twice_or_has_moved_is_given_way(void)
{
    in_state(TN_REFRESH_INVITING);
    CHECK(!tn_refresh_met(&refresh, false));
    CHECK(tn_refresh_met(&refresh, false));
    close_all();
    in_state(TN_REFRESH_UPDATING);
    CHECK(tn_refresh_met(&refresh, true));
    close_all();
    in_state(TN_REFRESH_WAITING);
    CHECK(!tn_refresh_met(&refresh, true));
    close_all();
}

static void what_has_yielded_goes_when_the_other_is_through_or_does_not_come(void)
{
    for (int comes = 0; comes < 2; comes++) {
        uint32_t intents;
        in_state(TN_REFRESH_UPDATING);
        tn_refresh_yield(&refresh);
        pass(TERN_SECONDS(4)); /* the far end may wait as long */
        CHECK(nothing_to_send());
        if (comes) tn_refresh_settled(&refresh);
        if (!comes) pass(TERN_MS(500));
        send(false, &intents);
        CHECK_EQ(intents, TN_INTENT_OFFER);
        close_all();
    }
    in_state(TN_REFRESH_WAITING); /* the wait after 491 is another matter */
    tn_refresh_settled(&refresh);
    CHECK(nothing_to_send());
    close_all();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(wants_are_merged_in_every_state_and_sent_only_when_idle),
        TEST(update_is_used_where_it_may_be),
        TEST(answers_lead_where_the_table_says),
        TEST(a_peer_that_refused_update_once_gets_no_other),
        TEST(a_488_to_one_update_does_not_forbid_the_next),
        TEST(glare_windows_do_not_meet),
        TEST(after_the_wait_everything_wanted_goes_in_one),
        TEST(retry_after_is_obeyed_up_to_ten_seconds),
        TEST(who_meets_again_and_again_asks_less_often),
        TEST(endless_glare_ends_after_eight_rounds),
        TEST(what_is_dropped_is_wanted_again),
        TEST(what_nobody_answered_is_asked_for_again_and_again),
        TEST(who_asks_twice_or_has_moved_is_given_way),
        TEST(what_has_yielded_goes_when_the_other_is_through_or_does_not_come),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
