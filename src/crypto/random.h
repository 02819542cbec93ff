/* SPDX-License-Identifier: MIT */
/* A cryptographic random stream from one seed: same seed, same stream (ChaCha20). */
#ifndef TN_CRYPTO_RANDOM_H
#define TN_CRYPTO_RANDOM_H

#include <tern/types.h>

struct tn_random {
    uint8_t key[32];
    uint64_t counter;
    uint8_t block[256];
    size_t used; /* of block */
};

void tn_random_init(struct tn_random *random, const uint8_t seed[32]);
void tn_random_bytes(struct tn_random *random, void *out, size_t len);
uint32_t tn_random_u32(struct tn_random *random);
/** Uniform in 0 .. bound-1; bound > 0. */
uint32_t tn_random_below(struct tn_random *random, uint32_t bound);
/** Lower-case letters and digits, `len` of them; about 5 bits each. */
void tn_random_token(struct tn_random *random, char *out, size_t len);
void tn_random_fini(struct tn_random *random); /* wipes the key */

#endif
