/* SPDX-License-Identifier: MIT */
/* The audio pacer: who is due when. */
#include "../../../drivers/uv/pacer.h"
#include "tern_test.h"

#define START TERN_SECONDS(1000)
#define FRAME TERN_MS(20)

/* Runs from `from` to `to`, waking exactly when told. @return how often `slot` was served. */
static unsigned serve(struct tn_uv_pacer *pacer, tern_time from, tern_time to, unsigned slot)
{
    unsigned served = 0, due;
    tern_time now = from;

    while (now <= to) {
        while (tn_uv_pacer_next(pacer, now, &due)) {
            served += due == slot;
        }
        CHECK(tn_uv_pacer_due(pacer) > now);
        now = tn_uv_pacer_due(pacer);
    }
    return served;
}

static void a_call_is_served_every_20_ms_without_drift(void)
{
    struct tn_uv_pacer pacer = {0};
    unsigned slot = tn_uv_pacer_join(&pacer, START);

    CHECK_EQ(tn_uv_pacer_due(&pacer), START);
    CHECK_EQ(serve(&pacer, START, START + TERN_SECONDS(60) - 1, slot), 3000);
    CHECK_EQ(tn_uv_pacer_due(&pacer), START + TERN_SECONDS(60));
}

static void waking_late_does_not_shift_the_schedule(void)
{
    struct tn_uv_pacer pacer = {0};
    unsigned slot, mine = tn_uv_pacer_join(&pacer, START);

    for (int i = 0; i < 100; i++) {
        tern_time late = START + i * FRAME + 7777;
        CHECK(tn_uv_pacer_next(&pacer, late, &slot));
        CHECK_EQ(slot, mine);
        CHECK(!tn_uv_pacer_next(&pacer, late, &slot));
        CHECK_EQ(tn_uv_pacer_due(&pacer), START + (i + 1) * FRAME);
    }
}

static void after_a_stall_at_most_three_frames_are_made_up_for(void)
{
    static const struct {
        tern_time stall;
        unsigned frames;
    } cases[] = {{0, 1},           {FRAME, 2},           {2 * FRAME, 3},
                 {3 * FRAME, 3},   {10 * FRAME, 3},      {TERN_SECONDS(3600), 3},
                 {FRAME + 555, 2}, {3 * FRAME - 555, 3}, {TERN_SECONDS(86400 * 365), 3}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_uv_pacer pacer = {0};
        unsigned slot, frames = 0;
        tn_uv_pacer_join(&pacer, START);
        while (tn_uv_pacer_next(&pacer, START + cases[i].stall, &slot)) {
            frames++;
        }
        CHECK_EQ(frames, cases[i].frames);
        CHECK((tn_uv_pacer_due(&pacer) - START) % FRAME == 0);
        CHECK(tn_uv_pacer_due(&pacer) > START + cases[i].stall);
    }
}

static void calls_are_spread_evenly(void)
{
    struct tn_uv_pacer pacer = {0};
    unsigned slots[TN_UV_PACER_SLOTS * 5];

    for (size_t i = 0; i < TN_UV_PACER_SLOTS * 5; i++) {
        slots[i] = tn_uv_pacer_join(&pacer, START + (tern_time)i * 130);
    }
    for (int i = 0; i < TN_UV_PACER_SLOTS; i++) {
        CHECK_EQ(pacer.load[i], 5);
    }
    for (size_t i = 0; i < TN_UV_PACER_SLOTS * 5; i += 2) {
        tn_uv_pacer_leave(&pacer, slots[i]);
    }
    CHECK_EQ(pacer.total, TN_UV_PACER_SLOTS * 5 / 2);
}

static void a_newcomer_waits_less_than_a_frame_and_everyone_keeps_the_rate(void)
{
    struct tn_uv_pacer pacer = {0};
    unsigned first = tn_uv_pacer_join(&pacer, START);

    serve(&pacer, START, START + TERN_SECONDS(1), first);
    tern_time now = START + TERN_SECONDS(1) + 4321;
    unsigned second = tn_uv_pacer_join(&pacer, now);
    CHECK(first != second);
    CHECK(tn_uv_pacer_due(&pacer) <= now + FRAME);
    struct tn_uv_pacer copy = pacer;
    CHECK_EQ(serve(&copy, now, now + TERN_SECONDS(10) - 1, first), 500);
    copy = pacer;
    unsigned served = serve(&copy, now, now + TERN_SECONDS(10) - 1, second);
    CHECK(served == 500 || served == 501);
}

static void without_calls_nothing_is_due(void)
{
    struct tn_uv_pacer pacer = {0};
    unsigned slot;

    CHECK(tn_uv_pacer_due(&pacer) == TERN_TIME_NEVER);
    CHECK(!tn_uv_pacer_next(&pacer, START, &slot));
    tn_uv_pacer_leave(&pacer, tn_uv_pacer_join(&pacer, START));
    CHECK(tn_uv_pacer_due(&pacer) == TERN_TIME_NEVER);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_call_is_served_every_20_ms_without_drift),
        TEST(waking_late_does_not_shift_the_schedule),
        TEST(after_a_stall_at_most_three_frames_are_made_up_for),
        TEST(calls_are_spread_evenly),
        TEST(a_newcomer_waits_less_than_a_frame_and_everyone_keeps_the_rate),
        TEST(without_calls_nothing_is_due),
    };

    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
