/* SPDX-License-Identifier: MIT */
/* Packet arrivals in a ring, and Goertzel's algorithm on what is heard. */
#include "demo_ear.h"

#include <math.h>
#include <string.h>
#include <time.h>

tern_time demo_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_BOOTTIME, &ts);
    return (tern_time)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* ---- sound ---- */

/* The part of the power in `pcm` that is a sine of `hz`, 0..1; 1 for any sound when `hz` is 0. */
static double share_of(const int16_t *pcm, double hz, double mean_square)
{
    const double turn = 2 * 3.14159265358979323846 * hz / TERN_PCM_HZ;
    double coefficient = 2 * cos(turn), before = 0, last = 0;

    if (mean_square < 1) return 0;
    if (hz <= 0) return 1;
    for (size_t i = 0; i < DEMO_EAR_WINDOW; i++) {
        double next = pcm[i] + coefficient * last - before;
        before = last;
        last = next;
    }
    double power = last * last + before * before - coefficient * last * before;
    return 2 * power / ((double)DEMO_EAR_WINDOW * DEMO_EAR_WINDOW * mean_square);
}

static void judge(struct demo_ear *ear)
{
    const double quiet_db = -55, mostly = 0.8;
    double sum = 0;

    for (size_t i = 0; i < DEMO_EAR_WINDOW; i++) {
        sum += (double)ear->window[i] * ear->window[i];
    }
    double mean_square = sum / DEMO_EAR_WINDOW;
    double level = mean_square < 1 ? -96 : 10 * log10(mean_square / (32768.0 * 32768.0));
    double share = share_of(ear->window, ear->hz, mean_square);
    if (level < quiet_db || share < mostly) return;
    ear->level_db = level;
    ear->share = share;
    ear->heard = demo_now();
}

static void listen(struct tern_audio_sink *sink, const int16_t *pcm, bool heard)
{
    struct demo_ear *ear = (struct demo_ear *)sink;

    memcpy(ear->window + ear->fill, pcm, TERN_PCM_FRAME * sizeof(*pcm));
    ear->whole = heard && (ear->fill == 0 || ear->whole);
    ear->fill += TERN_PCM_FRAME;
    if (ear->fill < DEMO_EAR_WINDOW) return;
    if (ear->whole) judge(ear);
    ear->fill = 0;
}

void demo_ear_init(struct demo_ear *ear, double hz)
{
    memset(ear, 0, sizeof(*ear));
    ear->sink.write = listen;
    ear->hz = hz;
    ear->heard = TERN_TIME_NEVER;
}

/* ---- packets ---- */

static tern_time arrival(const struct demo_ear *ear, uint64_t i)
{
    return ear->arrivals[i % DEMO_EAR_ARRIVALS];
}

tern_time demo_ear_arrival(struct demo_ear *ear, tern_time at)
{
    tern_time gap = ear->count > 0 ? at - arrival(ear, ear->count - 1) : 0;

    ear->arrivals[ear->count++ % DEMO_EAR_ARRIVALS] = at;
    return gap;
}

void demo_ear_measure(const struct demo_ear *ear, tern_time from, tern_time to,
                      struct demo_measure *out)
{
    uint64_t first = ear->count > DEMO_EAR_ARRIVALS ? ear->count - DEMO_EAR_ARRIVALS : 0;

    *out = (struct demo_measure){.last = TERN_TIME_NEVER,
                                 .heard = ear->heard,
                                 .level_db = ear->level_db,
                                 .share = ear->share};
    if (ear->count == 0) return;
    for (uint64_t i = first + 1; i < ear->count; i++) {
        tern_time begin = arrival(ear, i - 1), end = arrival(ear, i);
        if (end <= from || begin >= to) continue;
        if (end - begin > out->gap) out->gap = end - begin;
    }
    out->last = arrival(ear, ear->count - 1);
    if (to - out->last <= out->gap) return;
    out->gap = to - out->last;
    out->open = true;
}
