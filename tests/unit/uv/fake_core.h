/* SPDX-License-Identifier: MIT */
/*
 * A core that does nothing but write down what a driver tells it, and say what a test wants it to
 * say. It stands in for libtern, so that a test of the driver holds the driver alone to account.
 */
#ifndef FAKE_CORE_H
#define FAKE_CORE_H

#include <tern/uv.h>

#define FAKE_INPUTS_MAX 8192

enum fake_kind {
    FAKE_RECEIVED = 1,
    FAKE_SOCKET_OPENED,
    FAKE_SOCKET_FAILED,
    FAKE_SEND_FAILED,
    FAKE_STREAM_OPENED,
    FAKE_STREAM_ACCEPTED,
    FAKE_STREAM_RECEIVED,
    FAKE_STREAM_CLOSED,
    FAKE_RESOLVED,
    FAKE_NETWORK,
    FAKE_AUDIO_SENT,
};

struct fake_input {
    enum fake_kind kind;
    uint32_t id;
    uint16_t port;
    tern_addr local, remote;
    tern_str data; /* or the reason */
    tern_time now;
    struct tern_dns_record records[4];
    char target[64]; /* of the first record */
    size_t count;
    bool failed;
};

struct tern_endpoint {
    struct tern_output outputs[4096];
    size_t output_first, output_end;
    struct fake_input inputs[FAKE_INPUTS_MAX];
    size_t input_count;
    struct tern_network network;
    tern_time deadline;
    bool deadline_stuck; /* being advanced does not help */
    unsigned advances;
    unsigned busy;          /* so many times the next input finds no room */
    unsigned refuse_accept; /* TERN_ELIMIT for so many connections */
    uint32_t next_stream;
    bool call_ended;
};

struct tern_endpoint *fake_new(void);
void fake_free(struct tern_endpoint *ep);
/* Copies out.data. */
void fake_want(struct tern_endpoint *ep, struct tern_output out);
/* The n-th input of a kind, from 0; NULL when there is none. */
const struct fake_input *fake_nth(const struct tern_endpoint *ep, enum fake_kind kind, size_t n);
size_t fake_count(const struct tern_endpoint *ep, enum fake_kind kind);
/* Bytes of a kind for an id, all together. */
size_t fake_bytes(const struct tern_endpoint *ep, enum fake_kind kind, uint32_t id);

#endif
