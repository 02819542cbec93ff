/* SPDX-License-Identifier: MIT */
/* The pacer: see pacer.h. Turn n serves slot n % 20 and is due at origin + n ms. */
#include "pacer.h"

#define CATCH_UP_TURNS ((int64_t)TN_UV_CATCH_UP_FRAMES * TN_UV_PACER_SLOTS)

static unsigned slot_of(int64_t turn)
{
    return (unsigned)(turn % TN_UV_PACER_SLOTS);
}

static tern_time due_of(const struct tn_uv_pacer *pacer, int64_t turn)
{
    return pacer->origin + turn * TN_UV_PACER_SLOT_US;
}

/* The last turn that is due by `now`. */
static int64_t turn_at(const struct tn_uv_pacer *pacer, tern_time now)
{
    return now < pacer->origin ? -1 : (now - pacer->origin) / TN_UV_PACER_SLOT_US;
}

/* The first turn not yet done whose slot has members; there must be one. */
static int64_t next_turn(const struct tn_uv_pacer *pacer)
{
    int64_t turn = pacer->done;

    for (int i = 0; i < TN_UV_PACER_SLOTS && pacer->load[slot_of(turn)] == 0; i++) {
        turn++;
    }
    return turn;
}

unsigned tn_uv_pacer_join(struct tn_uv_pacer *pacer, tern_time now)
{
    if (pacer->total == 0) { /* nobody minds a new beginning */
        pacer->origin = now;
        pacer->done = 0;
    }
    int64_t turn = turn_at(pacer, now);
    if (turn < pacer->done) turn = pacer->done;
    unsigned best = slot_of(turn);
    for (int64_t i = 1; i < TN_UV_PACER_SLOTS; i++) {
        unsigned slot = slot_of(turn + i);
        if (pacer->load[slot] < pacer->load[best]) best = slot;
    }
    pacer->load[best]++;
    pacer->total++;
    return best;
}

void tn_uv_pacer_leave(struct tn_uv_pacer *pacer, unsigned slot)
{
    pacer->load[slot]--;
    pacer->total--;
}

tern_time tn_uv_pacer_due(const struct tn_uv_pacer *pacer)
{
    if (pacer->total == 0) return TERN_TIME_NEVER;
    return due_of(pacer, next_turn(pacer));
}

bool tn_uv_pacer_next(struct tn_uv_pacer *pacer, tern_time now, unsigned *slot)
{
    if (pacer->total == 0) return false;
    int64_t last = turn_at(pacer, now);
    if (last - pacer->done >= CATCH_UP_TURNS) pacer->done = last - CATCH_UP_TURNS + 1;
    int64_t turn = next_turn(pacer);
    if (turn > last) return false;
    pacer->done = turn + 1;
    *slot = slot_of(turn);
    return true;
}
