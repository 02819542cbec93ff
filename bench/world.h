/* SPDX-License-Identifier: MIT */
/*
 * One endpoint, a virtual clock and the far end: a driver that does nothing but carry. The CPU time
 * of the endpoint's functions is summed up; that of the far end is not.
 */
#ifndef TERN_BENCH_WORLD_H
#define TERN_BENCH_WORLD_H

#include <tern/tern.h>

#include "far.h"

struct world_opts {
    size_t accounts, calls; /* calls are spread over the accounts */
    bool no_update;
    tern_time round_trip; /* 0: 20 ms */
    bool direct;          /* calls go straight to ten thousand peers, not to one proxy */
    struct tern_allocator allocator;
};

struct world {
    struct tern_endpoint *ep;
    tern_time now;
    struct far far;
    struct packets sent, coming;
    double cpu; /* seconds in the endpoint */

    tern_account *accounts;
    tern_call *calls;
    size_t account_count, call_count;
    uint32_t *opening; /* sockets that wait for their answer, with the port at the next index */
    size_t opening_count, opening_cap;

    unsigned long registered, answered, ended, completed, packets_out, bytes_out;
    struct tern_ip_change_progress last_completed;
    unsigned address; /* last byte of our address */
    tern_time round_trip;
    size_t most_in_flight; /* requests of one round trip */
};

/* Registers every account, then starts every call and lets audio flow. */
void world_start(struct world *world, const struct world_opts *opts);
/* The parts of it. */
void world_open(struct world *world, const struct world_opts *opts);
void world_register(struct world *world, size_t count);
void world_call(struct world *world, size_t count);
void world_hang_up(struct world *world);
void world_end(struct world *world);

/* One frame of audio from each call, and one taken from each. */
void world_tick(struct world *world);
/* Carries what was sent there and back, in one round trip. */
void world_exchange(struct world *world);
/* Exchanges and timers for so long. */
void world_run(struct world *world, tern_time duration);
/* Our address becomes another one, in one step; runs until that is COMPLETED. */
void world_change(struct world *world);
/* The same, and nothing else yet. */
void world_move(struct world *world);

#endif
