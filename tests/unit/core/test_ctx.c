/* SPDX-License-Identifier: MIT */
/* Timers, effects and outputs of the context. */
#include "core/ctx.h"

#include "core/limits.h"
#include "tern_test.h"

static const uint8_t seed[32] = {1};
static struct tn_ctx ctx;
static int fired[64];
static size_t fired_count;

/* An allocator that fails once it has given so many blocks. */
static int allocations_left;
static size_t allocations;

static void *counting_resize(void *user, void *ptr, size_t size)
{
    (void)user;
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    if (allocations_left-- <= 0) return NULL;
    allocations++;
    return realloc(ptr, size);
}

static const struct tern_allocator counting = {NULL, counting_resize};

static void start(void)
{
    allocations_left = 1 << 30;
    allocations = 0;
    fired_count = 0;
    CHECK_EQ(tn_ctx_init(&ctx, &counting, seed), 0);
}

static void note(struct tn_timer *timer)
{
    fired[fired_count++] = timer->event;
}

static void fire_all(void)
{
    while (tn_ctx_fire(&ctx)) {
    }
}

/* ---- timers ---- */

static void timers_fire_in_order_of_time_then_of_arming(void)
{
    static const tern_time delays[] = {30, 10, 20, 10, 0};
    static const int order[] = {4, 1, 3, 2, 0};
    struct tn_timer timers[5];

    start();
    for (int i = 0; i < 5; i++) {
        tn_timer_init(&timers[i], i, note);
        tn_timer_arm(&ctx, &timers[i], delays[i]);
    }
    CHECK_EQ(tn_ctx_deadline(&ctx), 0);
    tn_ctx_enter(&ctx, 30);
    fire_all();
    CHECK_EQ(fired_count, 5);
    for (int i = 0; i < 5; i++)
        CHECK_EQ(fired[i], order[i]);
    CHECK_EQ(tn_ctx_deadline(&ctx), TERN_TIME_NEVER);
    tn_ctx_fini(&ctx);
}

static void arming_again_moves_a_timer_and_cancelling_stops_it(void)
{
    struct tn_timer timer;

    start();
    tn_timer_init(&timer, 7, note);
    CHECK(!tn_timer_armed(&timer));
    CHECK_EQ(tn_timer_due(&timer), TERN_TIME_NEVER);
    tn_timer_arm(&ctx, &timer, 10);
    tn_timer_arm(&ctx, &timer, 50);
    CHECK_EQ(tn_timer_due(&timer), 50);
    tn_ctx_enter(&ctx, 49);
    CHECK(!tn_ctx_fire(&ctx));
    tn_timer_cancel(&ctx, &timer);
    tn_timer_cancel(&ctx, &timer);
    tn_ctx_enter(&ctx, 1000);
    CHECK(!tn_ctx_fire(&ctx));
    tn_ctx_fini(&ctx);
}

static void time_never_goes_back_and_delays_do_not_overflow(void)
{
    struct tn_timer timer;

    start();
    tn_ctx_enter(&ctx, 100);
    tn_ctx_enter(&ctx, 50);
    CHECK_EQ(ctx.now, 100);
    tn_timer_init(&timer, 1, note);
    tn_timer_arm(&ctx, &timer, TERN_TIME_NEVER);
    CHECK_EQ(tn_timer_due(&timer), TERN_TIME_NEVER);
    tn_timer_arm(&ctx, &timer, -5);
    CHECK_EQ(tn_timer_due(&timer), 100);
    tn_ctx_fini(&ctx);
}

/* ---- effects ---- */

static size_t released;

static void release(struct tn_msg *msg)
{
    (void)msg;
    released++;
}

static void effects_come_out_in_order_however_many(void)
{
    struct tn_effect effect = {.kind = TN_EFFECT_FLOW_UP}, got;
    uint64_t next_in = 0, next_out = 0;

    start();
    for (int round = 0; round < 500; round++) {
        for (int i = 0; i < round % 13; i++) {
            effect.id = next_in++;
            tn_emit(&ctx, effect);
        }
        for (int i = 0; i < round % 11 && tn_next_effect(&ctx, &got); i++)
            CHECK_EQ(got.id, next_out++);
    }
    while (tn_next_effect(&ctx, &got))
        CHECK_EQ(got.id, next_out++);
    CHECK_EQ(next_out, next_in);
    CHECK(!ctx.out_of_memory);
    tn_ctx_fini(&ctx);
}

static void a_lost_effect_gives_its_message_back_and_is_reported(void)
{
    struct tn_effect effect = {.kind = TN_EFFECT_MESSAGE, .msg = (struct tn_msg *)(void *)&ctx};

    start();
    ctx.unref = release;
    released = 0;
    allocations_left = 0;
    for (int i = 0; i < TN_EFFECTS_FIRST + 3; i++)
        tn_emit(&ctx, effect);
    CHECK_EQ(released, 3);
    CHECK(ctx.out_of_memory);
    tn_ctx_fini(&ctx);
    CHECK_EQ(released, TN_EFFECTS_FIRST + 3);
}

static void effects_are_bounded(void)
{
    struct tn_effect effect = {.kind = TN_EFFECT_FLOW_UP};

    start();
    for (int i = 0; i < TN_EFFECTS_LIMIT; i++)
        tn_emit(&ctx, effect);
    CHECK(!ctx.out_of_memory);
    tn_emit(&ctx, effect);
    CHECK(ctx.out_of_memory);
    CHECK_EQ(ctx.effect_count, TN_EFFECTS_LIMIT);
    tn_ctx_fini(&ctx);
}

/* ---- outputs ---- */

static char pattern[200000];

static void put(uint32_t id, size_t len)
{
    struct tern_output out = {.type = TERN_OUT_WRITE, .id = id, .data = {pattern + id % 100, len}};
    tn_output(&ctx, &out);
}

static void take(uint32_t id, size_t len)
{
    struct tern_output out;

    CHECK(tn_next_output(&ctx, &out));
    CHECK_EQ(out.id, id);
    CHECK_EQ(out.data.len, len);
    CHECK(memcmp(out.data.ptr, pattern + id % 100, len) == 0);
}

static void fill_pattern(void)
{
    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (char)(i * 31 + i / 251);
}

static void outputs_keep_order_and_bytes_at_every_size(void)
{
    static const size_t sizes[] = {0, 1, 15, 16, 160, 1500, 65400, 65535, 65536, 65537, 150000};
    size_t count = sizeof(sizes) / sizeof(*sizes);

    start();
    fill_pattern();
    for (uint32_t i = 0; i < 300; i++)
        put(i, sizes[i % count]);
    CHECK_EQ(ctx.out_count, 300);
    for (uint32_t i = 0; i < 300; i++)
        take(i, sizes[i % count]);
    CHECK_EQ(ctx.out_count, 0);
    CHECK_EQ(ctx.out_bytes, 0);
    struct tern_output out;
    CHECK(!tn_next_output(&ctx, &out));
    tn_ctx_fini(&ctx);
}

static void what_an_output_points_to_stays_while_more_is_added(void)
{
    struct tern_output held;

    start();
    fill_pattern();
    put(1, 1000);
    CHECK(tn_next_output(&ctx, &held));
    for (uint32_t i = 0; i < 500; i++)
        put(i, 1000);
    CHECK(memcmp(held.data.ptr, pattern + 1, 1000) == 0);
    tn_ctx_fini(&ctx);
}

static void a_steady_state_allocates_nothing(void)
{
    start();
    fill_pattern();
    for (int round = 0; round < 50; round++) {
        if (round == 2) allocations = 0;
        for (uint32_t i = 0; i < 400; i++)
            put(i, 1200);
        for (uint32_t i = 0; i < 400; i++)
            take(i, 1200);
    }
    CHECK_EQ(allocations, 0);
    tn_ctx_fini(&ctx);
}

static void a_driver_that_does_not_drain_is_noticed_and_memory_is_bounded(void)
{
    start();
    for (uint32_t i = 0; i < TN_OUT_BYTES_MAX / 65536 - 2; i++)
        put(i, 65000);
    CHECK(!tn_ctx_busy(&ctx));
    for (uint32_t i = 0; i < 10; i++)
        put(i, 65000);
    CHECK(tn_ctx_busy(&ctx));
    CHECK(!ctx.out_of_memory);
    for (uint32_t i = 0; i < 2 * TN_OUT_BYTES_LIMIT / 65536; i++)
        put(i, 65000);
    CHECK(ctx.out_of_memory);
    CHECK(ctx.out_bytes <= (size_t)TN_OUT_BYTES_LIMIT + 70000);
    tn_ctx_fini(&ctx);
}

static void without_memory_an_output_is_lost_and_reported(void)
{
    start();
    allocations_left = 0;
    put(1, 10);
    CHECK(ctx.out_of_memory);
    CHECK_EQ(ctx.out_count, 0);
    allocations_left = 1;
    put(2, 10);
    take(2, 10);
    tn_ctx_fini(&ctx);
}

static void command(uint32_t id)
{
    const struct tern_output out = {.type = TERN_OUT_UNLISTEN, .id = id};
    tn_output(&ctx, &out);
}

/* A socket that nobody closes would stay for ever; there is no end of datagrams. */
static void without_memory_commands_still_go_out_in_their_order(void)
{
    enum { LARGE = 70000 }; /* has a chunk of its own, of which no spare stays */

    start();
    fill_pattern();
    for (int round = 0; round < 3; round++) { /* the reserve comes back */
        allocations_left = 0;
        for (uint32_t i = 2; i < 12; i++)
            command(i);
        CHECK(!ctx.out_of_memory);
        put(99, 10); /* not for datagrams */
        CHECK(ctx.out_of_memory);
        allocations_left = 1;
        put(12, LARGE);
        command(13); /* behind it nothing has room */
        ctx.out_of_memory = false;
        for (uint32_t i = 2; i < 12; i++)
            take(i, 0);
        take(12, LARGE);
        CHECK_EQ(ctx.out_count, 0);
        CHECK_EQ(ctx.out_bytes, 0);
        struct tern_output out;
        CHECK(!tn_next_output(&ctx, &out));
    }
    tn_ctx_fini(&ctx);
}

static void the_reserve_has_an_end(void)
{
    struct tern_output out;
    uint32_t sent = 0, came = 0;

    start();
    allocations_left = 0;
    while (!ctx.out_of_memory)
        command(++sent);
    CHECK(sent > 40);
    while (tn_next_output(&ctx, &out))
        CHECK_EQ(out.id, ++came);
    CHECK_EQ(came, sent - 1);
    tn_ctx_fini(&ctx);
}

static void without_memory_there_is_no_context(void)
{
    allocations_left = 0;
    CHECK_EQ(tn_ctx_init(&ctx, &counting, seed), TERN_ENOMEM);
}

/* ---- trace ---- */

static char traced[64];

static void write_trace(void *user, const char *machine, uint64_t id, const char *from,
                        const char *to)
{
    (void)user;
    (void)snprintf(traced, sizeof(traced), "%s %d %s %s", machine, (int)id, from, to);
}

static void the_trace_goes_where_the_application_wants_it(void)
{
    start();
    tn_trace(&ctx, "m", 1, "a", "b"); /* nobody listens */
    ctx.trace = write_trace;
    tn_trace(&ctx, "listener", 7, "closed", "open");
    CHECK(strcmp(traced, "listener 7 closed open") == 0);
    tn_ctx_fini(&ctx);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(timers_fire_in_order_of_time_then_of_arming),
        TEST(arming_again_moves_a_timer_and_cancelling_stops_it),
        TEST(time_never_goes_back_and_delays_do_not_overflow),
        TEST(effects_come_out_in_order_however_many),
        TEST(a_lost_effect_gives_its_message_back_and_is_reported),
        TEST(effects_are_bounded),
        TEST(outputs_keep_order_and_bytes_at_every_size),
        TEST(what_an_output_points_to_stays_while_more_is_added),
        TEST(a_steady_state_allocates_nothing),
        TEST(a_driver_that_does_not_drain_is_noticed_and_memory_is_bounded),
        TEST(without_memory_an_output_is_lost_and_reported),
        TEST(without_memory_commands_still_go_out_in_their_order),
        TEST(the_reserve_has_an_end),
        TEST(without_memory_there_is_no_context),
        TEST(the_trace_goes_where_the_application_wants_it),
    };
    return run_tests(tests, sizeof(tests) / sizeof(*tests), argc, argv);
}
