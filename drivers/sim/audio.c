/* SPDX-License-Identifier: MIT */
/*
 * Numbered audio. A frame is one level from end to end; the level is its number, modulo 64, and
 * survives G.711: neighbours are 12 % apart, and companding is off by 3 % at most.
 */
#include <string.h>

#include "world.h"

#define NUMBERS 64
#define LEVELS  32 /* of each sign */

static const int16_t levels[LEVELS] = {
    600,  672,  753,  843,   944,   1057,  1184,  1326,  1486,  1664,  1864,
    2087, 2338, 2618, 2933,  3285,  3679,  4120,  4615,  5168,  5788,  6483,
    7261, 8132, 9108, 10201, 11425, 12796, 14332, 16052, 17978, 20135,
};

static void number_frame(uint32_t number, int16_t *pcm)
{
    int16_t level = levels[number % LEVELS];
    if (number % NUMBERS >= LEVELS) level = (int16_t)-level;
    for (int i = 0; i < TERN_PCM_FRAME; i++)
        pcm[i] = level;
}

#define LOUD 25000 /* between the loudest of them and the loudest that there is */

/* -1: not one of our levels. The end of a frame is looked at: concealment blends into its start. */
static int number_in(const int16_t *pcm)
{
    int sample = pcm[TERN_PCM_FRAME - 1], base = 0;
    if (sample < 0) {
        sample = -sample;
        base = LEVELS;
    }
    for (int i = 0; i < LEVELS; i++) {
        int off = levels[i] / 20;
        if (sample >= levels[i] - off && sample <= levels[i] + off) return base + i;
    }
    return -1;
}

static struct sim_heard *heard_of(struct sim_host *host, uint64_t call)
{
    for (uint32_t i = 0; i < SIM_HEARD_MAX; i++) {
        if (host->heard[i].call == call) return &host->heard[i];
    }
    struct sim_heard *heard = &host->heard[host->heard_next++ % SIM_HEARD_MAX];
    *heard = (struct sim_heard){.call = call, .last = -1};
    heard->hearing.last = TERN_TIME_NEVER;
    return heard;
}

static void count(struct sim_heard *heard, int number, tern_time now)
{
    struct tern_sim_hearing *h = &heard->hearing;
    /* After a silence numbers tell little: they go round, and the next way may be shorter. */
    bool anew = heard->last < 0 || now - h->last > TERN_MS(20) * NUMBERS / 8;
    int step = anew ? 1 : (number - heard->last + NUMBERS) % NUMBERS;
    if (anew) heard->anew = now;
    h->heard++;
    if (h->last != TERN_TIME_NEVER && now - h->last > h->longest_gap)
        h->longest_gap = now - h->last;
    h->last = now;
    heard->last = number;
    if (step == 0) {
        h->repeated++;
    } else if (step > NUMBERS / 2) {
        /* What the jitter buffer had kept through the silence is followed by what is new. */
        if (now - heard->anew > TERN_SECONDS(1)) h->backward++;
    } else {
        h->missing += (uint64_t)step - 1;
    }
}

void sim_audio_frame(struct tern_sim *sim, uint32_t number)
{
    struct sim_host *host = sim_host(sim, number);
    int16_t pcm[TERN_PCM_FRAME];
    tern_call call = {0};
    while ((call = tern_call_next(host->ep, call)).id != 0) {
        struct sim_heard *heard = heard_of(host, call.id);
        number_frame(heard->number++, pcm);
        if (tern_audio_send(host->ep, sim->now, call, pcm) == 0) heard->hearing.sent++;
        if (tern_audio_receive(host->ep, sim->now, call, pcm) != 1) continue;
        int last = pcm[TERN_PCM_FRAME - 1];
        if (last > LOUD || last < -LOUD) heard->hearing.foreign++;
        int n = number_in(pcm);
        if (n >= 0) count(heard, n, sim->now);
    }
    sim_drain(sim, number);
}

void tern_sim_talk(struct tern_sim *sim, uint32_t host, bool on)
{
    struct sim_host *h = sim_host(sim, host);
    if (h) h->talks = on;
}

struct tern_sim_hearing tern_sim_get_hearing(const struct tern_sim *sim, uint32_t host,
                                             tern_call call)
{
    const struct sim_heard *heard = host > 0 ? sim->hosts[host - 1].heard : NULL;
    for (uint32_t i = 0; heard && call.id && i < SIM_HEARD_MAX; i++) {
        if (heard[i].call == call.id) return heard[i].hearing;
    }
    return (struct tern_sim_hearing){.last = TERN_TIME_NEVER};
}
