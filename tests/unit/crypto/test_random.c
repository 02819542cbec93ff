/* SPDX-License-Identifier: MIT */
/* ChaCha20 against RFC 8439 appendix A.1, and what is drawn from it. */
#include "crypto/random.h"

#include "tern_test.h"

/* RFC 8439 A.1, test vectors 1 and 2: key and nonce zero, blocks 0 and 1. */
static const uint8_t zero_key_blocks[128] = {
    0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90, 0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86, 0xbd, 0x28,
    0xbd, 0xd2, 0x19, 0xb8, 0xa0, 0x8d, 0xed, 0x1a, 0xa8, 0x36, 0xef, 0xcc, 0x8b, 0x77, 0x0d, 0xc7,
    0xda, 0x41, 0x59, 0x7c, 0x51, 0x57, 0x48, 0x8d, 0x77, 0x24, 0xe0, 0x3f, 0xb8, 0xd8, 0x4a, 0x37,
    0x6a, 0x43, 0xb8, 0xf4, 0x15, 0x18, 0xa1, 0x1c, 0xc3, 0x87, 0xb6, 0x69, 0xb2, 0xee, 0x65, 0x86,
    0x9f, 0x07, 0xe7, 0xbe, 0x55, 0x51, 0x38, 0x7a, 0x98, 0xba, 0x97, 0x7c, 0x73, 0x2d, 0x08, 0x0d,
    0xcb, 0x0f, 0x29, 0xa0, 0x48, 0xe3, 0x65, 0x69, 0x12, 0xc6, 0x53, 0x3e, 0x32, 0xee, 0x7a, 0xed,
    0x29, 0xb7, 0x21, 0x76, 0x9c, 0xe6, 0x4e, 0x43, 0xd5, 0x71, 0x33, 0xb0, 0x74, 0xd8, 0x39, 0xd5,
    0x31, 0xed, 0x1f, 0x28, 0x51, 0x0a, 0xfb, 0x45, 0xac, 0xe1, 0x0a, 0x1f, 0x4b, 0x79, 0x4d, 0x6f,
};

static void the_stream_is_that_of_rfc_8439(void)
{
    uint8_t seed[32] = {0}, got[128];
    struct tn_random random;

    tn_random_init(&random, seed);
    for (size_t at = 0; at < sizeof(got); at += 16) /* in pieces, as it is used */
        tn_random_bytes(&random, got + at, 16);
    CHECK(memcmp(got, zero_key_blocks, sizeof(got)) == 0);
}

static void the_same_seed_gives_the_same_stream_and_another_one_another(void)
{
    uint8_t seed[32] = {1}, a[1000], b[1000];
    struct tn_random one, two;

    tn_random_init(&one, seed);
    tn_random_init(&two, seed);
    tn_random_bytes(&one, a, sizeof(a));
    for (size_t i = 0; i < sizeof(b); i++)
        tn_random_bytes(&two, &b[i], 1);
    CHECK(memcmp(a, b, sizeof(a)) == 0);
    seed[31] = 1;
    tn_random_init(&two, seed);
    tn_random_bytes(&two, b, sizeof(b));
    CHECK(memcmp(a, b, sizeof(a)) != 0);
}

static void below_keeps_its_bound_and_is_even(void)
{
    static const uint32_t bounds[] = {1, 2, 3, 10, 1000, 0x80000001, UINT32_MAX};
    uint8_t seed[32] = {7};
    struct tn_random random;
    int counts[10] = {0};

    tn_random_init(&random, seed);
    for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++)
        for (int n = 0; n < 200; n++)
            CHECK(tn_random_below(&random, bounds[i]) < bounds[i]);
    for (int n = 0; n < 10000; n++)
        counts[tn_random_below(&random, 10)]++;
    for (int i = 0; i < 10; i++)
        CHECK(counts[i] > 850 && counts[i] < 1150);
}

static void a_token_has_lower_case_letters_and_digits_only(void)
{
    uint8_t seed[32] = {9};
    struct tn_random random;
    char token[500];

    tn_random_init(&random, seed);
    tn_random_token(&random, token, sizeof(token));
    for (size_t i = 0; i < sizeof(token); i++)
        CHECK((token[i] >= 'a' && token[i] <= 'z') || (token[i] >= '0' && token[i] <= '9'));
}

static void the_end_wipes_the_key(void)
{
    uint8_t seed[32] = {9}, zero[sizeof(struct tn_random)] = {0};
    struct tn_random random;

    tn_random_init(&random, seed);
    (void)tn_random_u32(&random);
    tn_random_fini(&random);
    CHECK(memcmp(&random, zero, sizeof(random)) == 0);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_stream_is_that_of_rfc_8439),
        TEST(the_same_seed_gives_the_same_stream_and_another_one_another),
        TEST(below_keeps_its_bound_and_is_even),
        TEST(a_token_has_lower_case_letters_and_digits_only),
        TEST(the_end_wipes_the_key),
    };
    return run_tests(tests, sizeof(tests) / sizeof(*tests), argc, argv);
}
