/* SPDX-License-Identifier: MIT */
/*
 * A TLS client and a server, and somebody between them who bends, cuts, repeats and invents bytes:
 * neither end crashes, comes back from FAILED, delivers text that was not written, or takes a
 * certificate that nobody vouches for.
 *
 * The input is a program. The first byte: 1 is TLS 1.2 only, 2 a server that is not to be trusted,
 * 4 one that demands a client certificate. Then steps, each an operation and what it needs.
 */
#include <stdlib.h>
#include <tern/err.h>

#include "base/alloc.h"
#include "base/str.h"
#include "crypto/cert.h"
#include "crypto/tls_impl.h"

#define REQUIRE(cond) ((cond) ? (void)0 : abort())

enum { STEPS_MAX = 64, ONLY_12 = 1, UNTRUSTED = 2, DEMANDING = 4 };
enum operation { CARRY, BEND, CUT, REPEAT, INVENT, WRITE, READ, CLOSE, OPERATIONS };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] = "REGISTER sip:example.com SIP/2.0\r\n";

struct identity {
    struct tn_buf cert, key;
};

/* Made once, which takes longer than all the rest; the same for all inputs of a run. */
static struct identity trusted, stranger;
static struct tn_tls_ctx *client_ctx, *server_ctx[2][2]; /* [UNTRUSTED][DEMANDING] */

struct end {
    struct tn_tls *tls;
    bool failed;
    size_t written, read; /* bytes of text */
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

static void make(struct identity *identity)
{
    static const struct tern_allocator libc = {0};
    const tern_str name = TERN_STR("example.com");
    const struct tn_cert_opts opts = {.names = &name, .name_count = 1, .days = 1000};

    tn_buf_init(&identity->cert, &libc, TN_CERT_PEM_MAX);
    tn_buf_init(&identity->key, &libc, TN_CERT_PEM_MAX);
    REQUIRE(tn_cert_make(&opts, &identity->cert, &identity->key) == 0);
}

static struct tn_tls_ctx *make_ctx(const struct identity *own, bool demand)
{
    const struct tern_allocator alloc = tn_default_allocator();
    const struct tn_tls_opts opts = {
        .ca_pem = tn_buf_view(&trusted.cert),
        .cert_pem = own ? tn_buf_view(&own->cert) : (tern_str){NULL, 0},
        .key_pem = own ? tn_buf_view(&own->key) : (tern_str){NULL, 0},
        .client_certs = demand,
    };
    struct tn_tls_ctx *ctx;

    REQUIRE(tn_tls_ctx_new(&alloc, &opts, &ctx) == 0);
    return ctx;
}

static void check(struct end *end)
{
    bool failed = tn_tls_state(end->tls) == TN_TLS_FAILED;
    const char *reason = tn_tls_reason(end->tls);

    REQUIRE(failed || !end->failed);
    REQUIRE(failed == (*reason != '\0'));
    for (const char *p = reason; *p; p++)
        REQUIRE(*p >= ' ' && *p <= '~');
    end->failed = failed;
}

static void receive(struct end *end, const void *bytes, size_t len)
{
    int err = tn_tls_receive(end->tls, bytes, len);

    REQUIRE(err == 0 || err == TERN_EPARSE);
    REQUIRE((err != 0) == (tn_tls_state(end->tls) == TN_TLS_FAILED));
    check(end);
}

static void invent(struct end *to, struct input *in)
{
    size_t len = next(in);

    if (len > in->left) len = in->left;
    receive(to, in->at, len);
    in->at += len;
    in->left -= len;
}

/* What `from` says reaches `to`, in some way. */
static void carry(enum operation operation, struct end *from, struct end *to, struct input *in)
{
    static const struct tern_allocator libc = {0};
    size_t at = (size_t)next(in) << 8 | next(in);
    tern_str bytes;

    if (!tn_tls_take(from->tls, &bytes)) return;
    char *copy = tn_alloc(&libc, bytes.len);
    REQUIRE(copy);
    memcpy(copy, bytes.ptr, bytes.len);
    at %= bytes.len;
    if (operation == BEND) copy[at] = (char)(copy[at] ^ (1 << at % 8));
    receive(to, copy, operation == CUT ? at : bytes.len);
    if (operation == REPEAT) receive(to, copy + at, bytes.len - at);
    tn_free(&libc, copy);
}

/* Nothing but what was written comes out, and in its order. */
static void read_all(const struct end *from, struct end *to)
{
    char got[64];
    size_t len;

    while ((len = tn_tls_read(to->tls, got, sizeof(got))) > 0) {
        for (size_t i = 0; i < len; i++)
            REQUIRE(got[i] == text[to->read++ % (sizeof(text) - 1)]);
        REQUIRE(to->read <= from->written);
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
    case REPEAT: carry(operation, from, to, in); return;
    case INVENT: invent(to, in); return;
    case WRITE:
        if (tn_tls_write(from->tls, tern_cstr(text)) == 0) from->written += sizeof(text) - 1;
        return;
    case READ: read_all(from, to); return;
    case CLOSE: tn_tls_close(from->tls); return;
    case OPERATIONS: return;
    }
}

static void make_all(void)
{
    make(&trusted);
    make(&stranger);
    client_ctx = make_ctx(NULL, false);
    for (int demand = 0; demand < 2; demand++) {
        server_ctx[0][demand] = make_ctx(&trusted, demand);
        server_ctx[1][demand] = make_ctx(&stranger, demand);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct end ends[2] = {0};

    if (!client_ctx) make_all();
    tn_tls_sessions_free(client_ctx); /* each input begins as the first one */
    uint8_t flags = next(&in);
    struct tn_tls_ctx *server = server_ctx[(flags & UNTRUSTED) != 0][(flags & DEMANDING) != 0];
    REQUIRE(tn_tls_connect(client_ctx, TERN_STR("example.com"), 5061, &ends[0].tls) == 0);
    REQUIRE(tn_tls_accept(server, &ends[1].tls) == 0);
    if (flags & ONLY_12) SSL_set_max_proto_version(ends[1].tls->ssl, TLS1_2_VERSION);
    for (int i = 0; i < STEPS_MAX && in.left > 0; i++)
        step(ends, &in);
    for (int i = 0; i < 2; i++)
        read_all(&ends[1 - i], &ends[i]);
    if (flags & UNTRUSTED) REQUIRE(tn_tls_version(ends[0].tls)[0] == '\0' || ends[0].failed);
    if (flags & DEMANDING) REQUIRE(tn_tls_state(ends[1].tls) != TN_TLS_OPEN);
    for (int i = 0; i < 2; i++)
        tn_tls_free(ends[i].tls);
    return 0;
}
