/* SPDX-License-Identifier: MIT */
/* The world: its clock, its chance, and whose turn it is. */
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define FRAME     TERN_MS(20)
#define SPINS_MAX 20000 /* that many things at one moment: the world no longer comes forward */

void tern_sim_opts_init_sized(struct tern_sim_opts *opts, size_t size)
{
    memset(opts, 0, size);
    opts->size = size;
}

int tern_sim_new(const struct tern_sim_opts *opts, struct tern_sim **out)
{
    if (opts->size != sizeof(*opts)) return TERN_EVERSION;
    struct tern_sim *sim = calloc(1, sizeof(*sim));
    if (sim == NULL) return TERN_ENOMEM;
    sim->opts = *opts;
    sim->random = opts->seed;
    sim->now = TERN_SECONDS(1000);
    sim->next_frame = sim->now;
    sim->dns_delay = TERN_MS(10);
    *out = sim;
    return 0;
}

void tern_sim_free(struct tern_sim *sim)
{
    if (sim == NULL) return;
    sim_queue_fini(sim);
    sim_streams_fini(sim);
    for (uint32_t i = 0; i < sim->net_count; i++)
        free(sim->nets[i]);
    free(sim);
}

tern_time tern_sim_now(const struct tern_sim *sim)
{
    return sim->now;
}

/* SplitMix64: one word of state, and good enough to draw faults. */
uint64_t tern_sim_random(struct tern_sim *sim, uint64_t bound)
{
    uint64_t z = sim->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % bound;
}

int tern_sim_at(struct tern_sim *sim, tern_time when, void (*fn)(void *user, uint64_t arg),
                void *user, uint64_t arg)
{
    struct sim_flight *flight = sim_flight_new(sim, SIM_CALLER, 0);
    if (flight == NULL) return TERN_ENOMEM;
    flight->fn = fn;
    flight->user = user;
    flight->arg = arg;
    sim_schedule(sim, flight, when > sim->now ? when : sim->now);
    return sim->out_of_memory ? TERN_ENOMEM : 0;
}

/* ---- whose turn it is ---- */

static void happen(struct tern_sim *sim, struct sim_flight *flight)
{
    switch (flight->kind) {
    case SIM_INJECTED:
    case SIM_DATAGRAM: sim_udp_arrive(sim, flight); break;
    case SIM_STREAM_SYN:
    case SIM_STREAM_OPENED:
    case SIM_STREAM_REFUSED:
    case SIM_STREAM_DATA:
    case SIM_STREAM_RETRY:
    case SIM_STREAM_RESET:
    case SIM_STREAM_ROOM:
    case SIM_STREAM_READ: sim_stream_event(sim, flight); break;
    case SIM_ANSWER: sim_answer(sim, flight); break;
    case SIM_CALLER: flight->fn(flight->user, flight->arg); break;
    }
    sim_flight_free(sim, flight);
}

static tern_time due_of(const struct tern_sim *sim, const struct sim_host *host)
{
    if (host->ep == NULL) return TERN_TIME_NEVER;
    tern_time due = tern_deadline(host->ep);
    if (due == TERN_TIME_NEVER) return due;
    if (due < host->asleep) due = host->asleep;
    return due < sim->now ? sim->now : due;
}

static bool anybody_talks(const struct tern_sim *sim)
{
    for (uint32_t i = 0; i < sim->host_count; i++) {
        if (sim->hosts[i].talks) return true;
    }
    return false;
}

static void all_talk(struct tern_sim *sim)
{
    sim->next_frame = sim->now - sim->now % FRAME + FRAME;
    for (uint32_t i = 1; i <= sim->host_count; i++) {
        if (sim->hosts[i - 1].talks && sim->hosts[i - 1].ep && sim_awake(sim, i))
            sim_audio_frame(sim, i);
    }
}

/* One thing, if one is due by `until`. */
static bool step(struct tern_sim *sim, tern_time until)
{
    tern_time due = sim->heap_count ? sim->heap[0].due : TERN_TIME_NEVER;
    tern_time frame = anybody_talks(sim) ? sim->next_frame : TERN_TIME_NEVER;
    uint32_t turn = 0;
    for (uint32_t i = 0; i < sim->host_count; i++) {
        tern_time d = due_of(sim, &sim->hosts[i]);
        if (d >= due) continue;
        due = d;
        turn = i + 1;
    }
    if (frame < due) due = frame;
    if (due > until) return false;
    if (due > sim->now) sim->now = due;
    if (due == frame) {
        all_talk(sim);
    } else if (turn == 0) {
        happen(sim, sim_next(sim));
    } else {
        tern_advance(sim->hosts[turn - 1].ep, sim->now);
        sim_drain(sim, turn);
    }
    return true;
}

int tern_sim_run(struct tern_sim *sim, tern_time until)
{
    tern_time last = sim->now;
    unsigned spins = 0;
    for (uint32_t i = 1; i <= sim->host_count; i++)
        sim_drain(sim, i);
    while (step(sim, until)) {
        if (sim->out_of_memory) return TERN_ENOMEM;
        spins = sim->now == last ? spins + 1 : 0;
        last = sim->now;
        if (spins > SPINS_MAX) return TERN_ELIMIT;
    }
    if (sim->now < until) sim->now = until;
    return 0;
}
