/* SPDX-License-Identifier: MIT */
/* What the tests of certificates, TLS and DTLS share: a clock of their own, identities, memory. */
#ifndef RIG_H
#define RIG_H

#include "base/alloc.h"
#include "base/buf.h"
#include "crypto/cert.h"

/** 2026-01-01 00:00:00 */
#define RIG_START_S 1767225600

/** What time() and gettimeofday() say in these programs, OpenSSL's included. Microseconds. */
extern int64_t rig_now;

static inline void rig_set_day(int day) /* after the start; may be negative */
{
    rig_now = ((int64_t)RIG_START_S + (int64_t)day * 86400) * 1000000;
}

struct rig_identity {
    struct tn_buf cert, key; /* PEM */
};

/** `names`: separated by spaces; may be "". `issuer` NULL: signs itself. Valid for 100 days. */
void rig_make(struct rig_identity *identity, const char *names, const struct rig_identity *issuer);
/** Valid for 1000 days. */
void rig_make_authority(struct rig_identity *identity, const char *name);
void rig_free(struct rig_identity *identity);

static inline tern_str rig_cert(const struct rig_identity *identity)
{
    return tn_buf_view(&identity->cert);
}

static inline tern_str rig_key(const struct rig_identity *identity)
{
    return tn_buf_view(&identity->key);
}

/** An allocator that counts what is out, and whose `fail_at`th allocation fails (0: none does). */
struct rig_memory {
    long live, count, fail_at;
};
struct tern_allocator rig_allocator(struct rig_memory *memory);

#endif
