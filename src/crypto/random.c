/* SPDX-License-Identifier: MIT */
/*
 * ChaCha20 (RFC 8439 2.3) as a random stream: nonce zero, and the first nonce word used as the upper
 * half of a 64-bit counter. Its own forty lines rather than OpenSSL's: a stream that cannot fail
 * and needs no memory.
 */
#include "crypto/random.h"

#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"

enum { WORDS = 16, BLOCK_BYTES = 64, DOUBLE_ROUNDS = 10 };

static uint32_t rotate(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

static void quarter_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
    *a += *b, *d = rotate(*d ^ *a, 16);
    *c += *d, *b = rotate(*b ^ *c, 12);
    *a += *b, *d = rotate(*d ^ *a, 8);
    *c += *d, *b = rotate(*b ^ *c, 7);
}

static uint32_t load(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void store(uint8_t *p, uint32_t x)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(x >> 8 * i);
}

static void mix(uint32_t x[WORDS])
{
    for (int i = 0; i < DOUBLE_ROUNDS; i++) {
        quarter_round(&x[0], &x[4], &x[8], &x[12]);
        quarter_round(&x[1], &x[5], &x[9], &x[13]);
        quarter_round(&x[2], &x[6], &x[10], &x[14]);
        quarter_round(&x[3], &x[7], &x[11], &x[15]);
        quarter_round(&x[0], &x[5], &x[10], &x[15]);
        quarter_round(&x[1], &x[6], &x[11], &x[12]);
        quarter_round(&x[2], &x[7], &x[8], &x[13]);
        quarter_round(&x[3], &x[4], &x[9], &x[14]);
    }
}

static void write_block(const uint8_t key[32], uint64_t counter, uint8_t out[BLOCK_BYTES])
{
    uint32_t start[WORDS] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}, x[WORDS];

    for (int i = 0; i < 8; i++)
        start[4 + i] = load(key + 4 * i);
    start[12] = (uint32_t)counter;
    start[13] = (uint32_t)(counter >> 32);
    memcpy(x, start, sizeof(x));
    mix(x);
    for (int i = 0; i < WORDS; i++)
        store(out + 4 * i, x[i] + start[i]);
    tn_wipe(start, sizeof(start));
    tn_wipe(x, sizeof(x));
}

static void refill(struct tn_random *random)
{
    for (size_t at = 0; at < sizeof(random->block); at += BLOCK_BYTES)
        write_block(random->key, random->counter++, random->block + at);
    random->used = 0;
}

void tn_random_init(struct tn_random *random, const uint8_t seed[32])
{
    memset(random, 0, sizeof(*random));
    memcpy(random->key, seed, sizeof(random->key));
    random->used = sizeof(random->block);
}

void tn_random_bytes(struct tn_random *random, void *out, size_t len)
{
    uint8_t *to = out;

    while (len > 0) {
        if (random->used == sizeof(random->block)) refill(random);
        size_t n = sizeof(random->block) - random->used;
        if (n > len) n = len;
        memcpy(to, random->block + random->used, n);
        random->used += n;
        to += n;
        len -= n;
    }
}

uint32_t tn_random_u32(struct tn_random *random)
{
    uint8_t bytes[4];

    tn_random_bytes(random, bytes, sizeof(bytes));
    return load(bytes);
}

/* Values below 2^32 mod bound are drawn again: without that, small results come more often. */
uint32_t tn_random_below(struct tn_random *random, uint32_t bound)
{
    TN_ASSERT(bound > 0);
    uint32_t uneven = (0 - bound) % bound, x;
    do {
        x = tn_random_u32(random);
    } while (x < uneven);
    return x % bound;
}

void tn_random_token(struct tn_random *random, char *out, size_t len)
{
    /* Thirty-two of them, without l, o, 0 and 1: people read tokens aloud. */
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";

    tn_random_bytes(random, out, len);
    for (size_t i = 0; i < len; i++)
        out[i] = letters[(unsigned char)out[i] % 32];
}

void tn_random_fini(struct tn_random *random)
{
    tn_wipe(random, sizeof(*random));
}
