/* SPDX-License-Identifier: MIT */
/*
 * A whole endpoint with TCP and TLS listeners, and strangers on its connections: bytes as they like
 * on one that is still SECURING, and, with a client that has shaken hands, as they like inside TLS.
 * Nothing crashes or leaks, however the bytes are cut, and all connections end in time.
 *
 * The input is a program: each step is an operation, which connection, and what it needs.
 */
#include <stdlib.h>
#include <string.h>

#include <tern/tern.h>

#include "base/alloc.h"
#include "crypto/cert.h"
#include "crypto/tls.h"

#define REQUIRE(cond) ((cond) ? (void)0 : abort())

enum { STEPS_MAX = 48, STREAMS = 4, PIECE_MAX = 255 };
enum operation { CONNECT, SHAKE, SAY, SAY_WHOLE, RAW, WAIT, CLOSE, OPERATIONS };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char whole[] =
    "OPTIONS sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.7;branch=z9hG4bK1\r\n"
    "From: <sip:p@192.0.2.7>;tag=x\r\nTo: <sip:a@192.0.2.1>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\n"
    "Content-Length: 0\r\n\r\n";

struct connection {
    uint32_t id; /* 0: none */
    struct tn_tls *tls;
};

struct fuzz {
    struct tern_endpoint *ep;
    tern_time now;
    uint32_t tcp, tls;
    const uint8_t *in;
    size_t left;
    struct connection streams[STREAMS];
};

/* Made once: it takes longer than all the rest. */
static struct tern_allocator libc;
static struct tn_buf cert, key;
static struct tn_tls_ctx *client;

static void prepare(void)
{
    const tern_str name = TERN_STR("192.0.2.1");
    const struct tn_cert_opts opts = {.names = &name, .name_count = 1, .days = 1000};
    const struct tn_tls_opts trusting = {.no_verify = true};
    if (client) return;
    libc = tn_default_allocator();
    tn_buf_init(&cert, &libc, TN_CERT_PEM_MAX);
    tn_buf_init(&key, &libc, TN_CERT_PEM_MAX);
    REQUIRE(tn_cert_make(&opts, &cert, &key) == 0);
    REQUIRE(tn_tls_ctx_new(&libc, &trusting, &client) == 0);
}

static uint8_t next(struct fuzz *f)
{
    if (f->left == 0) return 0;
    f->left--;
    return *f->in++;
}

static tern_str piece(struct fuzz *f)
{
    size_t len = next(f);
    if (len > f->left) len = f->left;
    tern_str text = {(const char *)f->in, len};
    f->in += len;
    f->left -= len;
    return text;
}

static struct connection *find(struct fuzz *f, uint32_t id)
{
    for (size_t i = 0; i < STREAMS; i++) {
        if (id != 0 && f->streams[i].id == id) return &f->streams[i];
    }
    return NULL;
}

static void forget(struct connection *c)
{
    tn_tls_free(c->tls);
    *c = (struct connection){0};
}

static void carry_out(struct fuzz *f, const struct tern_output *out)
{
    struct connection *c = find(f, out->id);
    switch (out->type) {
    case TERN_OUT_UDP_OPEN: tern_socket_opened(f->ep, f->now, out->id, 5060); return;
    case TERN_OUT_LISTEN:
        if (out->port == 5061) f->tls = out->id;
        if (out->port == 5060) f->tcp = out->id;
        tern_socket_opened(f->ep, f->now, out->id, out->port);
        return;
    case TERN_OUT_WRITE:
        if (c && c->tls) (void)!tn_tls_receive(c->tls, out->data.ptr, out->data.len);
        return;
    case TERN_OUT_DISCONNECT:
        if (c) forget(c);
        return;
    case TERN_OUT_CONNECT: tern_stream_closed(f->ep, f->now, out->id, TERN_STR("refused")); return;
    case TERN_OUT_RESOLVE: tern_resolved(f->ep, f->now, out->id, NULL, 0, false); return;
    case TERN_OUT_UDP_CLOSE:
    case TERN_OUT_UNLISTEN:
    case TERN_OUT_DATAGRAM: return;
    }
}

static void drain(struct fuzz *f)
{
    struct tern_output out;
    struct tern_event event;
    while (tern_next_output(f->ep, &out))
        carry_out(f, &out);
    while (tern_next_event(f->ep, &event)) {
    }
}

static void advance(struct fuzz *f, tern_time time)
{
    tern_time end = f->now + time;
    while (tern_deadline(f->ep) <= end) {
        tern_time due = tern_deadline(f->ep);
        if (due > f->now) f->now = due;
        tern_advance(f->ep, f->now);
        drain(f);
    }
    f->now = end;
}

static void give(struct fuzz *f, struct connection *c, tern_str bytes)
{
    if (c->id == 0) return;
    REQUIRE(tern_stream_received(f->ep, f->now, c->id, bytes.ptr, bytes.len) == 0);
    drain(f);
}

/* What the client's TLS has to send goes, in one piece or in two. */
static void flush(struct fuzz *f, struct connection *c, size_t cut)
{
    tern_str bytes;
    char copy[20000];
    while (c->tls && tn_tls_take(c->tls, &bytes)) {
        REQUIRE(bytes.len <= sizeof(copy));
        memcpy(copy, bytes.ptr, bytes.len);
        size_t first = cut < bytes.len ? cut : bytes.len;
        size_t rest = bytes.len - first;
        give(f, c, (tern_str){copy, first});
        if (rest > 0) give(f, c, (tern_str){copy + first, rest});
    }
}

static void open_one(struct fuzz *f, struct connection *c, bool secure)
{
    tern_addr local = {.family = TERN_FAMILY_IPV4, .ip = {192, 0, 2, 1}};
    tern_addr remote = {.family = TERN_FAMILY_IPV4, .port = 40000, .ip = {192, 0, 2, 7}};
    if (c->id != 0) return;
    local.port = secure ? 5061 : 5060;
    remote.port = (uint16_t)(remote.port + (c - f->streams));
    uint32_t id = 0;
    if (tern_stream_accepted(f->ep, f->now, secure ? f->tls : f->tcp, local, remote, &id) == 0) {
        c->id = id;
    }
    drain(f);
}

static void shake(struct fuzz *f, struct connection *c)
{
    open_one(f, c, true);
    if (c->id == 0 || c->tls) return;
    REQUIRE(tn_tls_connect(client, TERN_STR("192.0.2.1"), 5061, &c->tls) == 0);
    flush(f, c, next(f));
    flush(f, c, next(f));
}

static void say(struct fuzz *f, struct connection *c, tern_str text)
{
    if (!c->tls) {
        give(f, c, text);
    } else if (tn_tls_state(c->tls) == TN_TLS_OPEN && tn_tls_write(c->tls, text) == 0) {
        flush(f, c, SIZE_MAX);
    }
}

static void step(struct fuzz *f)
{
    enum operation operation = (enum operation)(next(f) % OPERATIONS);
    struct connection *c = &f->streams[next(f) % STREAMS];
    switch (operation) {
    case CONNECT: open_one(f, c, next(f) & 1); return;
    case SHAKE: shake(f, c); return;
    case SAY: say(f, c, piece(f)); return;
    case SAY_WHOLE: say(f, c, (tern_str){whole, sizeof(whole) - 1}); return;
    case RAW: give(f, c, piece(f)); return;
    case WAIT: advance(f, TERN_MS(100) * next(f)); return;
    case CLOSE:
        if (c->id) tern_stream_closed(f->ep, f->now, c->id, TERN_STR("closed"));
        forget(c);
        drain(f);
        return;
    case OPERATIONS: return;
    }
}

static void begin(struct fuzz *f)
{
    static struct tern_network network;
    struct tern_endpoint_opts opts;
    tern_endpoint_opts_init(&opts);
    opts.seed[0] = 1;
    opts.sip_port = 5060;
    opts.sip_events = true;
    opts.tls_cert = tn_buf_view(&cert);
    opts.tls_key = tn_buf_view(&key);
    REQUIRE(tern_endpoint_new(&opts, &f->ep) == 0);
    network.address_count = 1;
    network.addresses[0].addr = (tern_addr){.family = TERN_FAMILY_IPV4, .ip = {192, 0, 2, 1}};
    network.addresses[0].interface = 1;
    REQUIRE(tern_set_network(f->ep, f->now, &network) == 0);
    REQUIRE(tern_endpoint_start(f->ep, f->now) == 0);
    drain(f);
    REQUIRE(f->tcp != 0 && f->tls != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz f = {.now = TERN_SECONDS(1000), .in = data, .left = size};
    struct tern_stats stats;
    prepare();
    begin(&f);
    for (int i = 0; i < STEPS_MAX && f.left > 0; i++)
        step(&f);
    advance(&f, TERN_SECONDS(5000)); /* an idle connection may stay for 70 minutes */
    tern_get_stats(f.ep, &stats);
    REQUIRE(stats.flows == 0 && stats.transactions == 0);
    for (size_t i = 0; i < STREAMS; i++)
        REQUIRE(f.streams[i].id == 0);
    tern_endpoint_free(f.ep);
    return 0;
}
