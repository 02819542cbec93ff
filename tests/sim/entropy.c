/* SPDX-License-Identifier: MIT */
/*
 * OpenSSL asks the system for the time of day and for randomness. While a life is lived both are the
 * world's: a clock that begins at a fixed day, and a stream that follows from the seed, so that the
 * same plan gives the same handshakes, byte for byte. Certificates are made before, from a stream of
 * their own, and are the same in every process.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_METHOD: a provider of one's own is 400 lines for the same */
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "tool.h"

#define DAWN_S UINT64_C(1750000000)   /* a day in 2025, at which all worlds begin */
#define CERTS  UINT64_C(0x6365727473) /* the seed of the certificates */

static struct {
    const struct life *life; /* NULL: nobody lives, and the system is asked */
    bool on;
    uint64_t state;
} entropy;

/* ---- time ---- */

static int64_t now_us(void)
{
    struct timespec now;
    if (entropy.on) {
        const struct tern_sim *sim = entropy.life ? entropy.life->sim : NULL;
        return (int64_t)DAWN_S * 1000000 + (sim ? tern_sim_now(sim) : 0);
    }
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

__attribute__((visibility("default"))) time_t time(time_t *out)
{
    time_t now = (time_t)(now_us() / 1000000);
    if (out) *out = now;
    return now;
}

__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict tv,
                                                        void *restrict tz)
{
    int64_t now = now_us();
    (void)tz;
    tv->tv_sec = (time_t)(now / 1000000);
    tv->tv_usec = (suseconds_t)(now % 1000000);
    return 0;
}

/* ---- chance ---- */

/* SplitMix64: nobody attacks it here. */
static int draw(unsigned char *out, int len)
{
    for (int at = 0; at < len; at += 8) {
        uint64_t z = entropy.state += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        z ^= z >> 31;
        memcpy(out + at, &z, len - at < 8 ? (size_t)(len - at) : 8);
    }
    return 1;
}

static int is_ready(void)
{
    return 1;
}

static void install(void)
{
    static const RAND_METHOD method = {.bytes = draw, .pseudorand = draw, .status = is_ready};
    if (RAND_get_rand_method() != &method && RAND_set_rand_method(&method) != 1) abort();
}

void entropy_begin(const struct life *life, const struct plan *plan)
{
    if (!secrecy_is_wanted(plan) && !plan->set[SET_srtp]) return;
    install();
    entropy.on = true;
    entropy.life = NULL;
    entropy.state = CERTS;
    if (!secrecy_prepare()) abort();
    entropy.life = life;
    entropy.state = plan->seed ^ CERTS << 20;
}

void entropy_end(void)
{
    entropy.on = false;
    entropy.life = NULL;
}
