/* SPDX-License-Identifier: MIT */
/* The far end's silence: the table of session/silence.h cell by cell. */
#include "session/silence.h"

#include "base/alloc.h"
#include "tern_test.h"

#define TIMEOUT TERN_SECONDS(20)
#define GRACE   TERN_SECONDS(300)

static struct tn_ctx ctx;
static struct tn_silence silence;
static tern_time last;
static bool excused;
static enum tn_silence_act last_act;
static unsigned fired;

static void fire(struct tn_timer *timer)
{
    (void)timer;
    fired++;
    last_act = tn_silence_fire(&silence, last, excused);
}

static void close_all(void)
{
    tn_silence_fini(&silence);
    CHECK(!tn_timer_armed(&silence.timer));
    CHECK_EQ(tn_silence_expect(&silence, true), TN_SILENCE_WAIT);
    tn_ctx_fini(&ctx);
}

static void pass(tern_time time)
{
    tn_ctx_enter(&ctx, ctx.now + time);
    while (tn_ctx_fire(&ctx))
        continue;
}

static void in_state(enum tn_silence_state state)
{
    uint8_t bytes[32] = {9};
    struct tern_allocator alloc = tn_default_allocator();
    CHECK_EQ(tn_ctx_init(&ctx, &alloc, bytes), 0);
    tn_ctx_enter(&ctx, TERN_SECONDS(1000));
    tn_silence_init(&silence, &ctx, fire);
    silence.timeout = TIMEOUT;
    silence.grace = GRACE;
    last = TERN_TIME_NEVER;
    excused = false;
    if (state != TN_SILENCE_OFF) (void)!tn_silence_expect(&silence, true);
    if (state > TN_SILENCE_LISTENING) pass(TIMEOUT);
    if (state == TN_SILENCE_SILENT) tn_silence_answered(&silence);
    CHECK_EQ(silence.state, state);
    fired = 0;
    last_act = TN_SILENCE_WAIT;
}

static void what_happens_in_each_state(void)
{
    enum { EXPECT, DO_NOT, HEAR, ANSWER, EVENTS };
    static const struct {
        enum tn_silence_state to;
        enum tn_silence_act act;
    } cells[TN_SILENCE_STATES][EVENTS] = {
        [TN_SILENCE_OFF] = {{TN_SILENCE_LISTENING, 0}, {TN_SILENCE_OFF, 0}, {0, 0}, {0, 0}},
        [TN_SILENCE_LISTENING] = {{TN_SILENCE_LISTENING, 0},
                                  {TN_SILENCE_OFF, 0},
                                  {TN_SILENCE_LISTENING, 0},
                                  {TN_SILENCE_LISTENING, 0}},
        [TN_SILENCE_ASKING] = {{TN_SILENCE_ASKING, 0},
                               {TN_SILENCE_OFF, TN_SILENCE_BACK},
                               {TN_SILENCE_LISTENING, TN_SILENCE_BACK},
                               {TN_SILENCE_SILENT, 0}},
        [TN_SILENCE_SILENT] = {{TN_SILENCE_SILENT, 0},
                               {TN_SILENCE_OFF, TN_SILENCE_BACK},
                               {TN_SILENCE_LISTENING, TN_SILENCE_BACK},
                               {TN_SILENCE_SILENT, 0}},
    };
    for (enum tn_silence_state s = 0; s < TN_SILENCE_STATES; s++) {
        for (int event = 0; event < EVENTS; event++) {
            in_state(s);
            enum tn_silence_act act = TN_SILENCE_WAIT;
            if (event == EXPECT) act = tn_silence_expect(&silence, true);
            if (event == DO_NOT) act = tn_silence_expect(&silence, false);
            if (event == HEAR) act = tn_silence_heard(&silence);
            if (event == ANSWER) tn_silence_answered(&silence);
            CHECK_EQ(silence.state, cells[s][event].to);
            CHECK_EQ(act, cells[s][event].act);
            close_all();
        }
    }
}

static void each_state_ends_as_its_column_says(void)
{
    static const struct {
        enum tn_silence_state from;
        bool excused;
        tern_time after;
        enum tn_silence_state to;
        enum tn_silence_act act;
    } cells[] = {
        {TN_SILENCE_LISTENING, false, TIMEOUT, TN_SILENCE_ASKING, TN_SILENCE_TELL},
        {TN_SILENCE_LISTENING, true, TIMEOUT, TN_SILENCE_LISTENING, TN_SILENCE_WAIT},
        {TN_SILENCE_ASKING, false, GRACE, TN_SILENCE_ASKING, TN_SILENCE_END},
        {TN_SILENCE_ASKING, true, GRACE, TN_SILENCE_ASKING, TN_SILENCE_WAIT},
        {TN_SILENCE_SILENT, false, 2 * TIMEOUT, TN_SILENCE_ASKING, TN_SILENCE_ASK},
        {TN_SILENCE_SILENT, true, 2 * TIMEOUT, TN_SILENCE_SILENT, TN_SILENCE_WAIT},
    };
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        in_state(cells[i].from);
        excused = cells[i].excused;
        pass(cells[i].after - 1);
        CHECK_EQ(fired, 0);
        pass(1);
        CHECK_EQ(fired, 1);
        CHECK_EQ(silence.state, cells[i].to);
        CHECK_EQ(last_act, cells[i].act);
        close_all();
    }
}

static void whoever_was_heard_meanwhile_is_listened_to_for_as_long_again(void)
{
    in_state(TN_SILENCE_LISTENING);
    for (int i = 0; i < 10; i++) {
        last = ctx.now + TERN_SECONDS(15);
        pass(TIMEOUT - TERN_SECONDS(i > 0 ? 5 : 0));
        CHECK_EQ(silence.state, TN_SILENCE_LISTENING);
        CHECK_EQ(tn_timer_due(&silence.timer), last + TIMEOUT);
        tn_ctx_enter(&ctx, last + TERN_SECONDS(5));
    }
    close_all();
}

static void who_says_nothing_and_answers_is_asked_ever_less_often(void)
{
    in_state(TN_SILENCE_SILENT);
    for (unsigned n = 1; n < 8; n++) {
        unsigned doublings = n < 4 ? n : 4;
        CHECK_EQ(tn_timer_due(&silence.timer) - ctx.now, TIMEOUT << doublings);
        pass(TIMEOUT << doublings);
        CHECK_EQ(last_act, TN_SILENCE_ASK);
        tn_silence_answered(&silence);
    }
    close_all();
}

static void what_comes_after_the_end_starts_nothing(void)
{
    for (int state = TN_SILENCE_OFF; state < TN_SILENCE_STATES; state++) {
        in_state((enum tn_silence_state)state);
        tn_silence_fini(&silence);
        tn_silence_answered(&silence);
        CHECK_EQ(tn_silence_heard(&silence), TN_SILENCE_WAIT);
        CHECK_EQ(silence.state, TN_SILENCE_OFF);
        CHECK(!tn_timer_armed(&silence.timer));
        close_all();
    }
}

static void without_a_grace_there_is_time_for_the_answer(void)
{
    for (int is_excused = 0; is_excused < 2; is_excused++) {
        in_state(TN_SILENCE_LISTENING);
        silence.grace = 0;
        pass(TIMEOUT);
        CHECK_EQ(last_act, TN_SILENCE_TELL);
        excused = is_excused;
        fired = 0;
        pass(TERN_SECONDS(31));
        CHECK_EQ(fired, 0);
        pass(TERN_SECONDS(1));
        CHECK_EQ(fired, 1);
        CHECK_EQ(last_act, is_excused ? TN_SILENCE_WAIT : TN_SILENCE_END);
        close_all();
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(what_comes_after_the_end_starts_nothing),
        TEST(without_a_grace_there_is_time_for_the_answer),
        TEST(what_happens_in_each_state),
        TEST(each_state_ends_as_its_column_says),
        TEST(whoever_was_heard_meanwhile_is_listened_to_for_as_long_again),
        TEST(who_says_nothing_and_answers_is_asked_ever_less_often),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
