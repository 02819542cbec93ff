/* SPDX-License-Identifier: MIT */
#include "media/conceal.h"

#include <string.h>

#include "base/assert.h"

#define ONE        4096 /* 1.0 of a gain */
#define NOISE_SEED 0x2545f491u
#define QUIET      64 /* mean amplitude that counts as silence whatever the background */

static int16_t clip(int32_t value)
{
    if (value > INT16_MAX) return INT16_MAX;
    if (value < INT16_MIN) return INT16_MIN;
    return (int16_t)value;
}

void tn_conceal_init(struct tn_conceal *conceal)
{
    memset(conceal, 0, sizeof(*conceal));
    conceal->noise = NOISE_SEED;
    conceal->missing = TN_CONCEAL_END; /* nothing to repeat: as after a long gap */
}

static uint32_t magnitude(int32_t sample)
{
    int32_t positive = sample < 0 ? -sample : sample;

    return (uint32_t)positive;
}

/*
 * The shift at which `a` resembles what stands `shift` samples further on (sign +1) or back (-1):
 * least sum of absolute differences. The smallest of equals, so that a period is not doubled.
 */
static size_t find_lag(const int16_t *a, size_t count, int sign)
{
    uint32_t least = UINT32_MAX;
    size_t best = TN_LAG_MIN;

    for (size_t lag = TN_LAG_MIN; lag <= TN_LAG_MAX; lag++) {
        const int16_t *b = sign > 0 ? a + lag : a - lag;
        uint32_t sum = 0;
        for (size_t i = 0; i < count && sum < least; i++)
            sum += magnitude(a[i] - b[i]);
        if (sum < least) {
            least = sum;
            best = lag;
        }
    }
    return best;
}

static uint32_t mean_level(const int16_t *pcm, size_t count)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += magnitude(pcm[i]);
    return sum / (uint32_t)count;
}

/* The background is what remains in the pauses of speech: down at once, up slowly. */
static void learn_background(struct tn_conceal *conceal, const int16_t *pcm, size_t count)
{
    if (count < TERN_PCM_FRAME / 2) return;
    uint32_t level = mean_level(pcm, count) * 16;
    if (!conceal->level_known || level < conceal->level) {
        conceal->level = level;
    } else {
        conceal->level += conceal->level / 64 + 1;
    }
    conceal->level_known = true;
}

static void remember(struct tn_conceal *conceal, const int16_t *pcm, size_t count)
{
    if (count > TN_HISTORY) {
        pcm += count - TN_HISTORY;
        count = TN_HISTORY;
    }
    memmove(conceal->history, conceal->history + count, (TN_HISTORY - count) * sizeof(*pcm));
    memcpy(conceal->history + TN_HISTORY - count, pcm, count * sizeof(*pcm));
}

/* Takes the last pitch period, and makes its end flow into its beginning. */
static void begin_gap(struct tn_conceal *conceal)
{
    const int16_t *end = conceal->history + TN_HISTORY;
    size_t lag = find_lag(end - TN_TEMPLATE, TN_TEMPLATE, -1);
    size_t blend = lag / 4;
    const int16_t *start = end - lag;

    memcpy(conceal->period, start, lag * sizeof(*start));
    for (size_t i = 0; i < blend; i++) {
        int32_t in = (int32_t)((i + 1) * ONE / (blend + 1));
        size_t at = lag - blend + i;
        int32_t before = *(start - blend + i); /* what led to the beginning */
        conceal->period[at] = (int16_t)((conceal->period[at] * (ONE - in) + before * in) / ONE);
    }
    conceal->period_len = (uint16_t)lag;
    conceal->phase = 0;
    conceal->step = end[-1] - start[-1];
    conceal->missing = 0;
}

static int32_t next_noise(struct tn_conceal *conceal)
{
    uint32_t level = conceal->level / 16;

    if (level > TN_COMFORT_MAX) level = TN_COMFORT_MAX;
    conceal->noise = conceal->noise * 1664525u + 1013904223u;
    int16_t fresh = (int16_t)((int32_t)(conceal->noise >> 16) - 32768);
    int32_t soft = (fresh + conceal->noise_last) / 2; /* mean amplitude: a third of the peak */
    conceal->noise_last = fresh;
    return soft * (int32_t)(3 * level) / 32768;
}

/* 1.0 for TN_CONCEAL_FULL, then down to 0 at TN_CONCEAL_END. */
static int32_t gain_at(uint32_t missing)
{
    if (missing <= TN_CONCEAL_FULL) return ONE;
    if (missing >= TN_CONCEAL_END) return 0;
    return (int32_t)((TN_CONCEAL_END - missing) * ONE / (TN_CONCEAL_END - TN_CONCEAL_FULL));
}

static int16_t guess(struct tn_conceal *conceal)
{
    int32_t gain = gain_at(conceal->missing);
    int32_t noise = next_noise(conceal);
    int32_t quarter = conceal->period_len / 4;

    if (gain == 0) return (int16_t)noise;
    int32_t sample = conceal->period[conceal->phase];
    if ((int32_t)conceal->missing < quarter) {
        sample += conceal->step * (quarter - (int32_t)conceal->missing) / (quarter + 1);
    }
    conceal->phase = (uint16_t)((conceal->phase + 1) % conceal->period_len);
    conceal->missing++;
    return clip((clip(sample) * gain + noise * (ONE - gain)) / ONE);
}

void tn_conceal_good(struct tn_conceal *conceal, int16_t *pcm, size_t count)
{
    learn_background(conceal, pcm, count);
    for (size_t i = 0; i < count && conceal->fade > 0; i++, conceal->fade--) {
        int32_t old = conceal->fade * ONE / (TN_FADE_IN + 1);
        pcm[i] = (int16_t)((guess(conceal) * old + pcm[i] * (ONE - old)) / ONE);
    }
    remember(conceal, pcm, count);
}

void tn_conceal_missing(struct tn_conceal *conceal, int16_t *pcm, size_t count)
{
    if (conceal->fade == 0 && conceal->level_known) begin_gap(conceal);
    conceal->fade = TN_FADE_IN;
    for (size_t i = 0; i < count; i++)
        pcm[i] = guess(conceal);
    remember(conceal, pcm, count);
}

void tn_conceal_seam(struct tn_conceal *conceal)
{
    if (conceal->fade == 0 && conceal->level_known) begin_gap(conceal);
    conceal->fade = TN_FADE_IN;
}

bool tn_conceal_faded(const struct tn_conceal *conceal)
{
    return conceal->missing >= TN_CONCEAL_END;
}

bool tn_conceal_quiet(const struct tn_conceal *conceal)
{
    uint32_t level = mean_level(conceal->history + TN_HISTORY - TERN_PCM_FRAME, TERN_PCM_FRAME);

    return level < QUIET ||
           level < conceal->level / 8; /* level is times 16: twice the background */
}

static int16_t mix(int16_t from, int16_t to, size_t at)
{
    int32_t in = (int32_t)(at * ONE / TERN_PCM_FRAME);

    return (int16_t)((from * (ONE - in) + to * in) / ONE);
}

size_t tn_conceal_shorten(const int16_t *in, int16_t *out)
{
    size_t lag = find_lag(in, TERN_PCM_FRAME, 1);

    for (size_t i = 0; i < TERN_PCM_FRAME; i++)
        out[i] = mix(in[i], in[i + lag], i);
    return TERN_PCM_FRAME + lag;
}

size_t tn_conceal_stretch(const struct tn_conceal *conceal, const int16_t *in, int16_t *out)
{
    int16_t line[TN_LAG_MAX + TERN_PCM_FRAME];

    memcpy(line, conceal->history + TN_HISTORY - TN_LAG_MAX, TN_LAG_MAX * sizeof(*line));
    memcpy(line + TN_LAG_MAX, in, TERN_PCM_FRAME * sizeof(*line));
    const int16_t *now = line + TN_LAG_MAX;
    size_t lag = find_lag(now, TERN_PCM_FRAME, -1);
    TN_ASSERT(lag <= TN_LAG_MAX);
    for (size_t i = 0; i < TERN_PCM_FRAME; i++)
        out[i] = mix(now[i], *(now + i - lag), i);
    return TERN_PCM_FRAME - lag;
}
