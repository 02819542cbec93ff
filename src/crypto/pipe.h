/* SPDX-License-Identifier: MIT */
/*
 * What stands where OpenSSL expects a socket: it reads what one receive() was given, and writes into
 * a buffer that take() empties. Private to crypto.
 */
#ifndef TN_CRYPTO_PIPE_H
#define TN_CRYPTO_PIPE_H

#include <openssl/bio.h>
#include <tern/types.h>

#include "base/buf.h"

struct tn_pipe {
    bool datagrams; /* reads and writes keep their limits */
    tern_str in;    /* of the present receive(), not yet read */
    size_t budget;  /* bytes that may still be read; SIZE_MAX: all */
    bool exhausted; /* there was more to read than the budget */
    struct tn_buf out;
    size_t taken; /* bytes of `out` that take() has given away */
};

void tn_pipe_init(struct tn_pipe *pipe, const struct tern_allocator *alloc, size_t out_limit);
void tn_pipe_fini(struct tn_pipe *pipe);
/** What was taken is no longer looked at: gives its memory back. Each function of a connection, but
 *  take and those that only look, begins with this. */
void tn_pipe_begin(struct tn_pipe *pipe);
/** A stream: all of it. Datagrams: the next one. @return false: none */
bool tn_pipe_take(struct tn_pipe *pipe, tern_str *out);

/** One for each ctx; NULL without memory. */
BIO_METHOD *tn_pipe_method(void);
/** @return NULL without memory */
BIO *tn_pipe_bio(const BIO_METHOD *method, struct tn_pipe *pipe);

#endif
