/* SPDX-License-Identifier: MIT */
/*
 * Two stacks, from net to requests, and a wire between them that can lose,
 * refuse and forget. The test is the user of both.
 */
#ifndef TERN_TESTS_TXN_PAIR_H
#define TERN_TESTS_TXN_PAIR_H

#include "base/str.h"
#include "tern_test.h"
#include "txn/request.h"
#include "txn/txn.h"

#define RECORDS_MAX 256
#define LINKS_MAX   16

struct peer {
    struct tn_ctx ctx;
    struct tn_net net;
    struct tn_txns txns;
    bool running;
    struct peer *other;
    struct tn_effect records[RECORDS_MAX]; /* what came up for the user, with its message */
    size_t record_count;
    void (*user)(struct peer *peer, const struct tn_effect *effect); /* may be NULL */
    struct {
        uint32_t id;
        tern_addr local;
    } listeners[LINKS_MAX];
    size_t listener_count;
    char last[70000]; /* the last message that left, 0-terminated */
    size_t last_len;
    enum tern_transport last_transport;
    tern_addr last_local;
    size_t sent; /* messages that left */
    struct {
        uint32_t id;
        uint16_t type;
        char name[64];
    } lookups[LINKS_MAX]; /* that nobody has answered yet */
    size_t lookup_count;
    size_t connects, disconnects; /* asked for */
};

extern struct peer alice, bob;                 /* 192.0.2.1 and 192.0.2.2 */
extern bool (*wire_drops)(struct peer *from);  /* UDP; NULL: nothing is lost */
extern bool wire_refuses;                      /* TCP connections */
extern bool (*wire_ignores)(tern_addr remote); /* connections to there get no answer; NULL: none */
extern int allocations_left;                   /* before one fails; negative: never */
extern int blocks;                             /* of memory in use */

void pair_open(void);
void pair_close(void);
void set_address(struct peer *peer, const char *address); /* "": no network */
/* Moves everything that can move without time passing. */
void pump(void);
/* The same, and time. */
void pass(tern_time time);
void cut_streams(void);

size_t count_records(const struct peer *peer, enum tn_effect_kind kind);
/* The last of the kind, or NULL. */
const struct tn_effect *last_record(const struct peer *peer, enum tn_effect_kind kind);
void forget_records(struct peer *peer);
/* What alice's request came to: the last response's status, 0 for none; enum tn_failure, -1 for none. */
unsigned final_status(void);
int failure(void);

/* A message from `remote` ("192.0.2.2:5060") to the peer, byte for byte. */
void inject(struct peer *peer, const char *remote, const char *text);
bool last_has(const struct peer *peer, const char *part);
tern_addr addr(const char *text);
struct tn_target udp_to(const char *text);
struct tn_target tcp_to(const char *text);

/* Starts a client transaction at alice's towards bob. */
uint64_t send_request(enum tn_method method, struct tn_target target, size_t body_len);

/* Runs `scenario` with the n-th allocation failing, for every n. */
void with_each_failure(void (*scenario)(void));

#endif
