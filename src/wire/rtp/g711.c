/* SPDX-License-Identifier: MIT */
/*
 * Both laws are a sign, a chord (the exponent) and a step (four bits of
 * mantissa), and are computed as such: 8 bits say everything a table could.
 */
#include "wire/rtp/g711.h"

#define MU_BIAS 132 /* 33 in the 14-bit scale of G.711; makes each chord start at a power of two */
#define MU_CLIP 32635 /* the largest magnitude that the bias leaves in 15 bits */
#define A_EVEN  0x55  /* even bits are inverted on the wire, G.711 table 1a note 2 */

/* Position of the highest bit set in 16; `value` is not 0. Halving: this runs for every sample. */
static unsigned highest_bit(unsigned value)
{
    unsigned n = 0;

    for (unsigned half = 8; half > 0; half /= 2) {
        unsigned above = value >> half != 0 ? half : 0;
        value >>= above;
        n += above;
    }
    return n;
}

uint8_t tn_pcmu_encode(int16_t sample)
{
    unsigned sign = sample < 0 ? 0x80 : 0;
    int magnitude = sample < 0 ? -(int)sample : sample;

    if (magnitude > MU_CLIP) magnitude = MU_CLIP;
    unsigned biased = (unsigned)magnitude + MU_BIAS;
    unsigned chord = highest_bit(biased) - 7;
    unsigned step = biased >> (chord + 3) & 15;
    return (uint8_t) ~(sign | chord << 4 | step);
}

int16_t tn_pcmu_decode(uint8_t code)
{
    unsigned bits = ~(unsigned)code;
    unsigned chord = bits >> 4 & 7;
    int magnitude = (int)(((bits & 15) << 3) + MU_BIAS) << chord;

    magnitude -= MU_BIAS;
    return (int16_t)(bits & 0x80 ? -magnitude : magnitude);
}

uint8_t tn_pcma_encode(int16_t sample)
{
    unsigned sign = sample < 0 ? 0 : 0x80;
    unsigned magnitude = (unsigned)(sample < 0 ? -(int)sample - 1 : sample) >> 3; /* 12 bits */
    unsigned bits;

    if (magnitude < 32) {
        bits = magnitude >> 1; /* the two lowest chords have the same step */
    } else {
        unsigned chord = highest_bit(magnitude) - 4;
        bits = chord << 4 | (magnitude >> chord & 15);
    }
    return (uint8_t)((sign | bits) ^ A_EVEN);
}

int16_t tn_pcma_decode(uint8_t code)
{
    unsigned bits = code ^ (unsigned)A_EVEN;
    unsigned chord = bits >> 4 & 7;
    int magnitude = (int)((bits & 15) << 4) + 8; /* the middle of the step */

    if (chord > 0) magnitude = (magnitude + 256) << (chord - 1);
    return (int16_t)(bits & 0x80 ? magnitude : -magnitude);
}
