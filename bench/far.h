/* SPDX-License-Identifier: MIT */
/*
 * The far end of the benchmarks: registrar, proxy and peer of every call, written as templates. It
 * answers each request with what it finds in it, challenges a REGISTER that has no credentials, and
 * sends each RTP packet back to where it came from. No state, so that it costs nothing to have
 * ten thousand of them.
 */
#ifndef TERN_BENCH_FAR_H
#define TERN_BENCH_FAR_H

#include <tern/tern.h>

/* A datagram, as the endpoint under test sees it. Its bytes stand at `at` in its packets' text. */
struct packet {
    uint32_t socket;
    tern_addr local, remote;
    size_t at, len;
    bool media;
};

/* Packets in order, with their bytes. Grows and is used again. */
struct packets {
    struct packet *items;
    size_t count, cap;
    char *bytes;
    size_t len, bytes_cap;
};

struct far {
    bool no_update; /* the peers do not allow UPDATE: refreshes are re-INVITEs */
    bool direct;    /* no proxy in between: each peer has an address of its own */
    bool mute;      /* RTP is not answered */
    unsigned long requests, challenged;
};

void packets_add(struct packets *packets, const struct packet *packet, const char *bytes);
void packets_clear(struct packets *packets);
void packets_free(struct packets *packets);

/* Adds to `out` what the far end sends back for this packet. */
void far_answer(struct far *far, const struct packets *in, const struct packet *packet,
                struct packets *out);

#endif
