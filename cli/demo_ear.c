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

void demo_ear_measure(const struct demo_ear *ear, tern_time from, tern_time to,
                      struct demo_measure *out)
{
    *out =
        (struct demo_measure){.heard = ear->heard, .level_db = ear->level_db, .share = ear->share};
    out->gap = demo_arrivals_gap(&ear->arrivals, from, to, &out->open);
}

/* ---- packets ---- */

static tern_time arrival(const struct demo_arrivals *arrivals, uint64_t i)
{
    return arrivals->at[i % DEMO_ARRIVALS];
}

tern_time demo_arrivals_last(const struct demo_arrivals *arrivals)
{
    return arrivals->count > 0 ? arrival(arrivals, arrivals->count - 1) : TERN_TIME_NEVER;
}

tern_time demo_arrivals_add(struct demo_arrivals *arrivals, tern_time at)
{
    tern_time gap = arrivals->count > 0 ? at - demo_arrivals_last(arrivals) : 0;

    arrivals->at[arrivals->count++ % DEMO_ARRIVALS] = at;
    return gap;
}

tern_time demo_arrivals_gap(const struct demo_arrivals *arrivals, tern_time from, tern_time to,
                            bool *open)
{
    uint64_t first = arrivals->count > DEMO_ARRIVALS ? arrivals->count - DEMO_ARRIVALS : 0;
    tern_time longest = 0;

    *open = false;
    if (arrivals->count == 0) return 0;
    for (uint64_t i = first + 1; i < arrivals->count; i++) {
        tern_time begin = arrival(arrivals, i - 1), end = arrival(arrivals, i);
        if (end <= from || begin >= to) continue;
        if (end - begin > longest) longest = end - begin;
    }
    tern_time last = demo_arrivals_last(arrivals);
    if (to - last <= longest) return longest;
    *open = true;
    return to - last;
}
