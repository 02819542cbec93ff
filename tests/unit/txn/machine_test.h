/* SPDX-License-Identifier: MIT */
/* A machine by itself: a context, a record of what it asked for, and time that can be run. */
#ifndef TERN_TESTS_TXN_MACHINE_TEST_H
#define TERN_TESTS_TXN_MACHINE_TEST_H

#include "txn/machine.h"

#include "tern_test.h"

/* A cell of a machine's table; next -1: cannot happen. */
struct cell {
    int next;
    unsigned done;
};
/* clang-format off */
#define NEVER {-1, 0}
/* clang-format on */

static struct tn_ctx world;
static unsigned done[64];
static tern_time send_times[64];
static size_t done_count, send_count;

static inline void note(unsigned actions)
{
    CHECK(done_count < sizeof(done) / sizeof(done[0]));
    done[done_count++] = actions;
    if (actions & TN_DO_SEND) send_times[send_count++] = world.now;
}

static inline int count(unsigned action)
{
    int n = 0;
    for (size_t i = 0; i < done_count; i++)
        n += (done[i] & action) != 0;
    return n;
}

static inline struct tn_machine open_world(bool reliable, void (*fire)(struct tn_timer *timer))
{
    static const uint8_t seed[32] = {1};
    done_count = send_count = 0;
    CHECK_EQ(tn_ctx_init(&world, NULL, seed), 0);
    return (struct tn_machine){.ctx = &world, .id = 1, .reliable = reliable, .fire = fire};
}

static inline void close_world(void)
{
    tn_ctx_fini(&world);
}

static inline void run_until(tern_time end)
{
    while (tn_ctx_deadline(&world) <= end) {
        tn_ctx_enter(&world, tn_ctx_deadline(&world));
        while (tn_ctx_fire(&world))
            ;
    }
    tn_ctx_enter(&world, end);
}

/* As after a suspend: the time leaps, then what is due is done. */
static inline void jump_to(tern_time now)
{
    tn_ctx_enter(&world, now);
    while (tn_ctx_fire(&world))
        ;
}

static inline void run_until_idle(void)
{
    while (tn_ctx_deadline(&world) != TERN_TIME_NEVER)
        run_until(tn_ctx_deadline(&world));
}

#endif
