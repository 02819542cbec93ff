/* SPDX-License-Identifier: MIT */
/* The 2xx until its ACK: exact times of RFC 3261 13.3.1.4. */
#include "session/repeat.h"

#include "base/alloc.h"
#include "tern_test.h"

static struct tn_ctx ctx;
static struct tn_repeat repeat;
static tern_time start, sent[64], over;
static size_t count;

static void fire(struct tn_timer *timer)
{
    (void)timer;
    CHECK(count < 64);
    if (tn_repeat_timer(&repeat) == TN_REPEAT_SEND) {
        sent[count++] = ctx.now - start;
    } else {
        CHECK_EQ(over, 0); /* once */
        over = ctx.now - start;
    }
}

static void begin(void)
{
    uint8_t seed[32] = {1};
    struct tern_allocator alloc = tn_default_allocator();
    CHECK_EQ(tn_ctx_init(&ctx, &alloc, seed), 0);
    tn_ctx_enter(&ctx, TERN_SECONDS(77));
    tn_repeat_init(&repeat, &ctx, fire);
    CHECK(!tn_repeat_running(&repeat));
    start = ctx.now;
    count = 0;
    over = 0;
    tn_repeat_start(&repeat);
    CHECK(tn_repeat_running(&repeat));
}

static void run(tern_time until)
{
    while (tn_ctx_deadline(&ctx) <= start + until) {
        tn_ctx_enter(&ctx, tn_ctx_deadline(&ctx));
        while (tn_ctx_fire(&ctx))
            continue;
    }
    tn_ctx_enter(&ctx, start + until);
}

static void end(void)
{
    tn_repeat_stop(&repeat);
    CHECK(!tn_repeat_running(&repeat));
    tn_ctx_fini(&ctx);
}

static void doubles_from_t1_to_t2_and_ends_after_64_t1(void)
{
    static const int64_t ms[] = {500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500};
    begin();
    run(TERN_SECONDS(100));
    CHECK_EQ(count, sizeof(ms) / sizeof(ms[0]));
    for (size_t i = 0; i < count; i++)
        CHECK_EQ(sent[i], TERN_MS(ms[i]));
    CHECK_EQ(over, TERN_SECONDS(32));
    CHECK(!tn_repeat_running(&repeat));
    end();
}

static void an_ack_stops_it(void)
{
    begin();
    run(TERN_SECONDS(2));
    CHECK_EQ(count, 2);
    tn_repeat_stop(&repeat);
    run(TERN_SECONDS(100));
    CHECK_EQ(count, 2);
    CHECK_EQ(over, 0);
    tn_repeat_anew(&repeat); /* stopped: nothing */
    CHECK(!tn_repeat_running(&repeat));
    end();
}

/* MOBILITY S4: after the one by the new path T1 anew; the end stays where it was. */
static void after_one_by_a_new_path_the_interval_begins_anew(void)
{
    begin();
    run(TERN_SECONDS(10));
    CHECK_EQ(count, 4);
    tn_repeat_anew(&repeat);
    run(TERN_SECONDS(14));
    CHECK_EQ(sent[4], TERN_MS(10500));
    CHECK_EQ(sent[5], TERN_MS(11500));
    CHECK_EQ(sent[6], TERN_MS(13500));
    run(TERN_SECONDS(100));
    CHECK_EQ(over, TERN_SECONDS(32));
    end();
}

static void after_a_long_sleep_it_is_over_at_once(void)
{
    begin();
    tn_ctx_enter(&ctx, start + TERN_SECONDS(200));
    CHECK(tn_ctx_fire(&ctx));
    CHECK_EQ(count, 0);
    CHECK_EQ(over, TERN_SECONDS(200));
    end();
}

static void it_can_start_again_for_the_next_2xx(void)
{
    begin();
    run(TERN_SECONDS(20));
    tn_repeat_stop(&repeat);
    start = ctx.now;
    count = 0;
    tn_repeat_start(&repeat);
    run(TERN_SECONDS(100));
    CHECK_EQ(count, 10);
    CHECK_EQ(sent[0], TERN_MS(500));
    CHECK_EQ(over, TERN_SECONDS(32));
    end();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(doubles_from_t1_to_t2_and_ends_after_64_t1),
        TEST(an_ack_stops_it),
        TEST(after_one_by_a_new_path_the_interval_begins_anew),
        TEST(after_a_long_sleep_it_is_over_at_once),
        TEST(it_can_start_again_for_the_next_2xx),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
