/* SPDX-License-Identifier: MIT */
/*
 * What an IP change costs: one endpoint with N confirmed G.711 calls gets another address. Counted
 * is the CPU time of everything from the snapshot to COMPLETED: REGISTER of each account, UPDATE (or
 * re-INVITE and ACK) of each call, their answers, all events, and one packet of audio each way on
 * each call. Prints figures, the machine and the budget, judges nothing.
 */
#include <stdio.h>

#include "measure.h"
#include "world.h"

#define SAMPLES     5
#define MOVES_LEAST 2000 /* calls moved in one sample: few calls move several times */
#define BUDGET_US   50.0

static void bench(const char *name, const struct world_opts *opts)
{
    struct world world;
    struct samples each = {0};
    size_t changes = opts->calls >= MOVES_LEAST ? 1 : MOVES_LEAST / opts->calls;

    world_start(&world, opts);
    world_change(&world); /* the first one fills caches and pools */
    unsigned long packets = 0, bytes = 0;
    for (int i = 0; i < SAMPLES; i++) {
        world_run(&world, TERN_SECONDS(60)); /* what the last one has left behind is gone */
        world.cpu = 0;
        world.packets_out = world.bytes_out = 0;
        for (size_t k = 0; k < changes; k++)
            world_change(&world);
        packets += world.packets_out;
        bytes += world.bytes_out;
        samples_add(&each, world.cpu / (double)(changes * opts->calls));
        require(world.last_completed.status == TERN_IP_CHANGE_SUCCESS, "the change failed");
        require(world.last_completed.totals.calls_kept == opts->calls, "a call was lost");
        require(world.last_completed.totals.accounts == opts->accounts, "an account stayed behind");
    }
    double moves = (double)(SAMPLES * changes * opts->calls);
    printf("%-9s %6zu calls %5zu accounts ", name, opts->calls, opts->accounts);
    samples_print(&each, 1e6, 1);
    printf(" us a call  %5.2f of the budget  %.1f packets, %.0f bytes out a call\n",
           samples_median(&each) * 1e6 / BUDGET_US, (double)packets / moves, (double)bytes / moves);
    fflush(stdout);
    world_end(&world);
}

/*
 * As a proxy sees it, a round trip of 100 ms away: how many requests it has before it at once, and when
 * the last call is refreshed. `changes` follow one another in 50 ms.
 */
static void pace(size_t changes)
{
    struct world_opts opts = {.calls = 10000, .accounts = 1000, .round_trip = TERN_MS(100)};
    struct world world;

    world_start(&world, &opts);
    world_change(&world);
    world_run(&world, TERN_SECONDS(60));
    world.most_in_flight = 0;
    world.cpu = 0;
    for (size_t i = 1; i < changes; i++) {
        world_move(&world);
        world.now += TERN_MS(50);
    }
    world_change(&world);
    require(world.last_completed.status == TERN_IP_CHANGE_SUCCESS, "the change failed");
    require(world.last_completed.totals.calls_kept == opts.calls, "a call was lost");
    require(world.last_completed.totals.accounts == opts.accounts, "an account stayed behind");
    printf("%zu change%s, %zu calls: at most %zu requests in flight, the last answered after %.1f "
           "s, %.1f us a call\n",
           changes, changes > 1 ? "s in a row" : "", opts.calls, world.most_in_flight,
           (double)world.last_completed.since_change / 1e6, world.cpu * 1e6 / (double)opts.calls);
    fflush(stdout);
    world_end(&world);
}

int main(void)
{
    static const struct {
        const char *name;
        struct world_opts opts;
    } cases[] = {
        {"UPDATE", {.calls = 1, .accounts = 1}},
        {"UPDATE", {.calls = 10, .accounts = 10}},
        {"UPDATE", {.calls = 100, .accounts = 100}},
        {"UPDATE", {.calls = 1000, .accounts = 1000}},
        {"UPDATE", {.calls = 10000, .accounts = 1000}},
        {"UPDATE", {.calls = 10000, .accounts = 1}},
        {"re-INVITE", {.calls = 10000, .accounts = 1000, .no_update = true}},
        {"no proxy", {.calls = 10000, .accounts = 1, .direct = true}},
    };

    print_machine();
    printf("budget: %.0f us of CPU a call at 10000 calls, signalling and media together\n",
           BUDGET_US);
    printf("median of %d samples (least to most)\n", SAMPLES);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        bench(cases[i].name, &cases[i].opts);
    printf("round trip of 100 ms, as a proxy sees it\n");
    pace(1);
    pace(5);
    return 0;
}
