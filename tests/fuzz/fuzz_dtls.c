/* SPDX-License-Identifier: MIT */
/*
 * Two ends of DTLS-SRTP, and a network that loses, repeats, bends and invents datagrams: neither end
 * crashes or comes back from FAILED, keys are the same at both, and a wrong certificate gets none.
 *
 * The input is a program. The first byte: 1 is a passive end that expects another certificate. Then
 * steps, each an operation and what it needs. Time passes by steps only.
 */
#include <stdlib.h>
#include <sys/time.h>
#include <tern/err.h>

#include "base/alloc.h"
#include "crypto/dtls_impl.h"

#define REQUIRE(cond) ((cond) ? (void)0 : abort())

enum { STEPS_MAX = 100, WRONG_PEER = 1, CUT_BYTES = 1500 };
enum operation { CARRY, BEND, CUT, REPEAT, LOSE, INVENT, WAIT, CLOSE, OPERATIONS };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct timeval now;

/* What OpenSSL's timer goes by. */
__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict tv,
                                                        void *restrict tz)
{
    (void)tz;
    *tv = now;
    return 0;
}

static struct tn_dtls_ctx *ctx[2]; /* made once; the same for all inputs of a run */

struct end {
    struct tn_dtls *dtls;
    bool failed;
};

struct input {
    const uint8_t *at;
    size_t left;
};

static uint8_t next(struct input *in)
{
    if (in->left == 0) return 0;
    in->left--;
    return *in->at++;
}

static void make(struct tn_dtls_ctx **out)
{
    const struct tern_allocator alloc = tn_default_allocator();
    const struct tn_cert_opts opts = {.days = 1000};
    struct tn_buf cert, key;

    tn_buf_init(&cert, &alloc, TN_CERT_PEM_MAX);
    tn_buf_init(&key, &alloc, TN_CERT_PEM_MAX);
    REQUIRE(tn_cert_make(&opts, &cert, &key) == 0);
    REQUIRE(tn_dtls_ctx_new(&alloc, tn_buf_view(&cert), tn_buf_view(&key), out) == 0);
    tn_buf_fini(&cert);
    tn_buf_fini(&key);
}

static void receive(struct end *end, const void *bytes, size_t len)
{
    int err = tn_dtls_receive(end->dtls, bytes, len);
    bool failed = tn_dtls_state(end->dtls) == TN_DTLS_FAILED;

    REQUIRE(err == 0 || err == TERN_EPARSE);
    REQUIRE((err != 0) == failed);
    REQUIRE(failed || !end->failed);
    REQUIRE(failed == (tn_dtls_reason(end->dtls)[0] != '\0'));
    end->failed = failed;
}

static void invent(struct end *to, struct input *in)
{
    size_t len = next(in);

    if (len > in->left) len = in->left;
    receive(to, in->at, len);
    in->at += len;
    in->left -= len;
}

/* The next datagram of `from`. */
static void carry(enum operation operation, struct end *from, struct end *to, struct input *in)
{
    size_t at = (size_t)next(in) << 8 | next(in);
    uint8_t copy[CUT_BYTES];
    tern_str datagram;

    if (!tn_dtls_take(from->dtls, &datagram)) return;
    REQUIRE(datagram.len > 0 && datagram.len <= TN_DTLS_MTU);
    memcpy(copy, datagram.ptr, datagram.len);
    at %= datagram.len;
    if (operation == BEND) copy[at] = (uint8_t)(copy[at] ^ (1 << at % 8));
    if (operation != LOSE) receive(to, copy, operation == CUT ? at : datagram.len);
    if (operation == REPEAT) receive(to, copy, datagram.len);
}

static void wait(struct end ends[2])
{
    tern_time in, least = TERN_SECONDS(5);

    for (int i = 0; i < 2; i++)
        if (tn_dtls_due(ends[i].dtls, &in) && in < least) least = in;
    now.tv_sec += (now.tv_usec + least) / 1000000;
    now.tv_usec = (now.tv_usec + least) % 1000000;
    for (int i = 0; i < 2; i++) {
        (void)!tn_dtls_timeout(ends[i].dtls);
        ends[i].failed = tn_dtls_state(ends[i].dtls) == TN_DTLS_FAILED;
    }
}

static void step(struct end ends[2], struct input *in)
{
    uint8_t head = next(in);
    struct end *to = &ends[head >> 7], *from = &ends[1 - (head >> 7)];
    enum operation operation = (enum operation)(head % OPERATIONS);

    switch (operation) {
    case CARRY:
    case BEND:
    case CUT:
    case REPEAT:
    case LOSE: carry(operation, from, to, in); return;
    case INVENT: invent(to, in); return;
    case WAIT: wait(ends); return;
    case CLOSE: tn_dtls_close(from->dtls); return;
    case OPERATIONS: return;
    }
}

static void check_keys(const struct end ends[2])
{
    struct tn_srtp_keys keys[2];
    bool known[2];

    for (int i = 0; i < 2; i++)
        known[i] = tn_dtls_keys(ends[i].dtls, &keys[i]) == 0;
    if (!known[0] || !known[1]) return;
    REQUIRE(keys[0].suite == keys[1].suite);
    REQUIRE(memcmp(keys[0].send, keys[1].receive, TN_SRTP_KEY_MAX) == 0);
    REQUIRE(memcmp(keys[0].receive, keys[1].send, TN_SRTP_KEY_MAX) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct end ends[2] = {0};

    for (int i = 0; i < 2; i++)
        if (!ctx[i]) make(&ctx[i]);
    now = (struct timeval){1767225600, 0};
    bool wrong = (next(&in) & WRONG_PEER) != 0;
    tern_str active = tern_cstr(tn_dtls_fingerprint(ctx[0]));
    tern_str passive = tern_cstr(tn_dtls_fingerprint(ctx[1]));
    REQUIRE(tn_dtls_new(ctx[0], true, passive, &ends[0].dtls) == 0);
    REQUIRE(tn_dtls_new(ctx[1], false, wrong ? passive : active, &ends[1].dtls) == 0);
    for (int i = 0; i < 2; i++)
        REQUIRE(tn_dtls_start(ends[i].dtls) == 0);
    for (int i = 0; i < STEPS_MAX && in.left > 0; i++)
        step(ends, &in);
    check_keys(ends);
    if (wrong) REQUIRE(tn_dtls_state(ends[1].dtls) != TN_DTLS_OPEN);
    for (int i = 0; i < 2; i++)
        tn_dtls_free(ends[i].dtls);
    return 0;
}
