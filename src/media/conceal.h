/* SPDX-License-Identifier: MIT */
/*
 * What is heard where no audio came: the last pitch period, repeated and faded
 * out over 60 ms, into noise at the level of the recent background; then a
 * short cross-fade back. Everything that is played passes through here.
 */
#ifndef TN_MEDIA_CONCEAL_H
#define TN_MEDIA_CONCEAL_H

#include "media/limits.h"

struct tn_conceal {
    int16_t history[TN_HISTORY]; /* what was played last */
    int16_t period[TN_LAG_MAX];  /* what is repeated */
    uint16_t period_len, phase;
    uint16_t fade;    /* samples left of the cross-fade into real audio */
    int32_t step;     /* what the joint would jump by; spread over a quarter period */
    uint32_t missing; /* samples guessed in this gap; stays at TN_CONCEAL_END */
    uint32_t level;   /* of the background: mean amplitude times 16 */
    bool level_known;
    uint32_t noise; /* generator's state */
    int16_t noise_last;
};

void tn_conceal_init(struct tn_conceal *conceal);
/* Real audio: blended in place with the guess when it follows a gap. */
void tn_conceal_good(struct tn_conceal *conceal, int16_t *pcm, size_t count);
/* Nothing came: fills `pcm`. */
void tn_conceal_missing(struct tn_conceal *conceal, int16_t *pcm, size_t count);
/* What comes next does not continue what was: blend it. */
void tn_conceal_seam(struct tn_conceal *conceal);
/* The guess has faded to noise. */
bool tn_conceal_faded(const struct tn_conceal *conceal);
/* What was played last is hardly louder than the background. */
bool tn_conceal_quiet(const struct tn_conceal *conceal);

/*
 * Change of speed by one pitch period, TN_LAG_MIN..TN_LAG_MAX samples, without a joint to hear.
 *
 * shorten: `in` has TERN_PCM_FRAME + TN_LAG_MAX samples. stretch: `in` has TERN_PCM_FRAME.
 * Both write TERN_PCM_FRAME samples to `out`, which tn_conceal_good() must see next.
 * @return how many samples of `in` are used up
 */
size_t tn_conceal_shorten(const int16_t *in, int16_t *out);
size_t tn_conceal_stretch(const struct tn_conceal *conceal, const int16_t *in, int16_t *out);

#endif
