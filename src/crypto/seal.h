/* SPDX-License-Identifier: MIT */
/*
 * What is to be read again only by who has the key, unaltered: AES-256-GCM (NIST SP 800-38D) with a
 * nonce that depends on the text and on random bytes, so that even a random source that repeats
 * itself cannot make two texts share one. The given key is never used itself, only what HMAC-SHA256
 * makes of it.
 */
#ifndef TN_CRYPTO_SEAL_H
#define TN_CRYPTO_SEAL_H

#include "base/buf.h"
#include "crypto/random.h"

#define TN_SEAL_KEY   32
#define TN_SEAL_NONCE 12
#define TN_SEAL_TAG   16
#define TN_SEAL_EXTRA (TN_SEAL_NONCE + TN_SEAL_TAG)

/* What it protects besides the text: whoever opens it says the same. */
struct tn_seal {
    const uint8_t *key; /* TN_SEAL_KEY bytes */
    tern_str header;    /* goes in the clear elsewhere */
};

/**
 * Appends nonce, sealed text and tag to `out`.
 *
 * @return TERN_ENOMEM, TERN_ENOBUF; TERN_EUNSUPPORTED where the system's policy forbids the cipher
 */
TERN_CHECK int tn_seal(const struct tn_seal *seal, struct tn_random *random, tern_str text,
                       struct tn_buf *out);
/**
 * The reverse. `text` has something in it only where it returns 0.
 *
 * @return TERN_EKEY: another key or header, or other bytes than were sealed; else as tn_seal()
 */
TERN_CHECK int tn_unseal(const struct tn_seal *seal, tern_str sealed, struct tn_buf *text);

#endif
