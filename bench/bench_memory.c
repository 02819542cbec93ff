/* SPDX-License-Identifier: MIT */
/*
 * What an idle registered account and a confirmed G.711 call hold in memory: bytes that the endpoint
 * has asked its allocator for, when every transaction has ended. Prints figures and the budget,
 * judges nothing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"
#include "world.h"

#define ACCOUNTS       1000
#define CALLS          2000
#define CHANGES        20
#define ROUNDS         3
#define BUDGET_ACCOUNT 4096.0
#define BUDGET_CALL    16384.0
#define QUIET          TERN_SECONDS(1000) /* flows and transactions that only wait are gone */

/* Each block has its size in front of it. */
union header {
    size_t size;
    max_align_t align;
};

struct meter {
    size_t bytes, blocks, most;
};

static void *count_resize(void *user, void *ptr, size_t size)
{
    struct meter *meter = user;
    union header *old = ptr ? (union header *)ptr - 1 : NULL;
    if (old) {
        meter->bytes -= old->size;
        meter->blocks--;
    }
    if (size == 0) {
        free(old);
        return NULL;
    }
    union header *block = realloc(old, sizeof(*block) + size);
    require(block != NULL, "out of memory");
    block->size = size;
    meter->bytes += size;
    meter->blocks++;
    if (meter->bytes > meter->most) meter->most = meter->bytes;
    return block + 1;
}

static void print_each(const char *what, const struct meter *before, const struct meter *after,
                       double count, double budget)
{
    double each = (double)(after->bytes - before->bytes) / count;
    double blocks = (double)(after->blocks - before->blocks) / count;
    printf("%-24s %8.0f bytes in %4.1f blocks  budget %5.0f  %5.2f of it\n", what, each, blocks,
           budget, each / budget);
}

static void print_total(const char *what, const struct meter *meter)
{
    printf("%-24s %8.0f KiB in %zu blocks\n", what, (double)meter->bytes / 1024, meter->blocks);
}

/* Transactions wait out their time, and pools grow with them. */
static void move_all(struct world *world, struct meter *now, size_t rest)
{
    now->most = now->bytes;
    for (int i = 0; i < CHANGES; i++)
        world_change(world);
    printf("%-24s %8.0f bytes a call above rest, %d changes in a row\n", "most while they move",
           (double)(now->most - rest) / CALLS, CHANGES);
    world_run(world, QUIET);
    printf("%-24s %8.0f bytes a call above rest\n", "kept afterwards",
           ((double)now->bytes - (double)rest) / CALLS);
}

int main(void)
{
    struct world world;
    struct meter now = {0}, empty, registered, called;
    struct world_opts opts = {.accounts = ACCOUNTS, .calls = CALLS};

    opts.allocator = (struct tern_allocator){&now, count_resize};
    printf("%d accounts, then %d calls on them\n", ACCOUNTS, CALLS);
    world_open(&world, &opts);
    world_run(&world, QUIET);
    empty = now;
    print_total("endpoint alone", &empty);

    world_register(&world, ACCOUNTS);
    world_run(&world, QUIET);
    registered = now;
    print_each("registered account, idle", &empty, &registered, ACCOUNTS, BUDGET_ACCOUNT);

    world_call(&world, CALLS);
    for (int i = 0; i < 50; i++) {
        world_tick(&world);
        world_exchange(&world);
    }
    world_run(&world, QUIET);
    called = now;
    print_each("confirmed G.711 call", &registered, &called, CALLS, BUDGET_CALL);

    size_t ended[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        if (round > 0) world_call(&world, CALLS);
        move_all(&world, &now, called.bytes);
        world_hang_up(&world);
        world_run(&world, QUIET);
        print_total("all calls ended", &now);
        ended[round] = now.bytes;
    }
    /* By then the pools are as large as this load ever needs them. */
    require(ended[ROUNDS - 1] == ended[ROUNDS - 2], "memory grows with each round of calls");
    world_end(&world);
    printf("%-24s %8zu bytes\n", "endpoint freed", now.bytes);
    return 0;
}
