/* SPDX-License-Identifier: MIT */
/* A server on real transactions and flows, with a network made of text. */
#ifndef TEST_SERVER_RIG_H
#define TEST_SERVER_RIG_H

#include "../base/memory.h"
#include "server/server.h"
#include "tern_test.h"

#define DOMAIN   "example.org"
#define SERVER   "192.0.2.1:5060"
#define ALICE    "192.0.2.10:5070"
#define BOB      "192.0.2.20:5080"
#define BOB_TOO  "192.0.2.21:5081"
#define STRANGER "198.51.100.7:5060"

enum { RIG_PACKETS_MAX = 256, RIG_TEXT_MAX = 8192 };

struct packet {
    bool taken;
    uint32_t stream; /* 0: UDP */
    tern_addr local, remote;
    size_t len;
    char text[RIG_TEXT_MAX];
};

struct rig {
    struct memory memory;
    struct tern_allocator alloc;
    struct tn_ctx ctx;
    struct tn_net net;
    struct tn_txns txns;
    struct tn_server *server;
    uint32_t udp, listener;
    uint32_t connecting; /* the last stream that was asked for */
    uint32_t query;      /* the last name that was asked for */
    struct packet packets[RIG_PACKETS_MAX];
    size_t count;
};

struct rig_opts {
    bool no_auth, no_record_route;
    const char *domain;     /* NULL: DOMAIN */
    const char *other_side; /* a second address of the server, for 198.51.100.0/24 */
};

void rig_start(struct rig *rig, struct rig_opts opts);
void rig_stop(struct rig *rig); /* and nothing is left */

/* A datagram from `from` to the server; lines of `text` end in \n. */
void rig_udp(struct rig *rig, const char *from, const char *text);
uint32_t rig_accept(struct rig *rig, const char *from);
void rig_tcp(struct rig *rig, uint32_t stream, const char *text);
void rig_tcp_closed(struct rig *rig, uint32_t stream);
void rig_advance(struct rig *rig, tern_time delay); /* in steps, as timers ask */
void rig_run(struct rig *rig);

/* The next message to `to` that nobody has taken; NULL: none. Lives until rig_stop(). */
const char *rig_next(struct rig *rig, const char *to);
const struct packet *rig_next_packet(struct rig *rig, const char *to);
/* The same, and it must start so. */
const char *rig_expect(struct rig *rig, const char *to, const char *start);
void rig_expect_nothing(struct rig *rig, const char *to);
void rig_forget(struct rig *rig); /* all that was sent so far counts as taken */

/* Value of the index-th header line, as NUL-terminated text in a static buffer; "" when absent. */
const char *rig_header(const char *message, const char *name, int index);
/* Whether the text stands in it. */
bool rig_has(const char *message, const char *part);

/* ---- a user agent in text ---- */

struct rig_login {
    const char *user, *password, *method, *uri;
};

/*
 * Credentials for a challenge in `response`; `line` chooses among its challenges (0: the first).
 * Gives a whole header line with \n.
 */
const char *rig_credentials(const char *response, int line, struct rig_login login);

struct ua {
    const char *user, *password, *address;
    unsigned cseq;
    char branch[32];
};
/* REGISTER with these Contact lines (whole lines with \n); authenticates when asked. @return the 200 or other final answer */
const char *rig_register(struct rig *rig, struct ua *ua, const char *lines);
size_t rig_bindings(struct rig *rig);
const struct tn_binding *rig_binding(struct rig *rig, size_t index);
/* A response by `ua` to a request that it got, with further lines and a To tag. */
void rig_reply(struct rig *rig, const char *from, const char *request, const char *status,
               const char *lines);

#endif
