/* SPDX-License-Identifier: MIT */
#include "wire/rtp/g711.h"

#include "../../../tern_test.h"

/* ITU-T G.711, tables 1a and 2a: decision and output values at the ends of the scale. */
static void known_values_are_those_of_the_recommendation(void)
{
    CHECK_EQ(tn_pcmu_encode(0), 0xff);
    CHECK_EQ(tn_pcmu_decode(0xff), 0);
    CHECK_EQ(tn_pcmu_decode(0x7f), 0);
    CHECK_EQ(tn_pcmu_decode(0x80), 32124); /* 8031 of 14 bits */
    CHECK_EQ(tn_pcmu_decode(0x00), -32124);
    CHECK_EQ(tn_pcmu_encode(32767), 0x80);
    CHECK_EQ(tn_pcmu_encode(-32768), 0x00);
    CHECK_EQ(tn_pcmu_decode(0xfe), 8); /* 2 of 14 bits */
    CHECK_EQ(tn_pcma_encode(0), 0xd5);
    CHECK_EQ(tn_pcma_encode(-1), 0x55);
    CHECK_EQ(tn_pcma_decode(0xd5), 8); /* 1 of 13 bits */
    CHECK_EQ(tn_pcma_decode(0x55), -8);
    CHECK_EQ(tn_pcma_decode(0xaa), 32256); /* 4032 of 13 bits */
    CHECK_EQ(tn_pcma_decode(0x2a), -32256);
    CHECK_EQ(tn_pcma_encode(32767), 0xaa);
    CHECK_EQ(tn_pcma_encode(-32768), 0x2a);
}

/* 1 kHz at 0 dBm0: ITU-T G.711 tables 5 and 6, one period of the digital milliwatt. */
static void the_digital_milliwatt_has_the_right_shape(void)
{
    static const uint8_t a[8] = {0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4};
    static const uint8_t mu[8] = {0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e};

    for (int i = 0; i < 4; i++) {
        CHECK_EQ(tn_pcma_decode(a[i]), -tn_pcma_decode(a[i + 4]));
        CHECK_EQ(tn_pcmu_decode(mu[i]), -tn_pcmu_decode(mu[i + 4]));
    }
    CHECK(abs(tn_pcma_decode(a[5]) - tn_pcmu_decode(mu[5])) < 600); /* the same power */
    CHECK(abs(tn_pcma_decode(a[4]) - tn_pcmu_decode(mu[4])) < 600);
}

static void each_code_survives_decode_and_encode(void)
{
    for (int code = 0; code < 256; code++) {
        CHECK_EQ(tn_pcma_encode(tn_pcma_decode((uint8_t)code)), code);
        int again = tn_pcmu_encode(tn_pcmu_decode((uint8_t)code));
        CHECK_EQ(again, code == 0x7f ? 0xff : code); /* there are two zeros */
    }
}

static void every_sample_goes_to_a_code_near_it(void)
{
    for (int sample = INT16_MIN; sample <= INT16_MAX; sample++) {
        int room = 16 + abs(sample) / 16; /* half a step at the widest, and a little */
        int mu = tn_pcmu_decode(tn_pcmu_encode((int16_t)sample));
        int a = tn_pcma_decode(tn_pcma_encode((int16_t)sample));
        CHECK(abs(mu - sample) <= room);
        CHECK(abs(a - sample) <= room);
    }
}

static void louder_samples_never_get_quieter_codes(void)
{
    for (int sample = INT16_MIN; sample < INT16_MAX; sample++) {
        int16_t low = (int16_t)sample, high = (int16_t)(sample + 1);
        CHECK(tn_pcmu_decode(tn_pcmu_encode(low)) <= tn_pcmu_decode(tn_pcmu_encode(high)));
        CHECK(tn_pcma_decode(tn_pcma_encode(low)) <= tn_pcma_decode(tn_pcma_encode(high)));
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(known_values_are_those_of_the_recommendation),
        TEST(the_digital_milliwatt_has_the_right_shape),
        TEST(each_code_survives_decode_and_encode),
        TEST(every_sample_goes_to_a_code_near_it),
        TEST(louder_samples_never_get_quieter_codes),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
