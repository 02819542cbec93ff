/* SPDX-License-Identifier: MIT */
/*
 * Alice and Bob with a registrar and proxy between them, over UDP, TCP or TLS,
 * IPv4 or IPv6: what tests of IP changes begin with, and what must be true at their
 * ends. Or without any server: then they call each other's address.
 */
#ifndef TERN_TEST_PHONES_H
#define TERN_TEST_PHONES_H

#include "world.h"

extern struct world world;
extern struct host *server, *alice, *bob;
/* Set before meet(). */
extern enum tern_transport over;
extern bool over_ip6, no_gruu, no_record_route;
/* Of both phones. */
extern enum tern_srtp srtp;
extern enum tern_srtp_keys srtp_keys;
extern void (*tune_bob_endpoint)(struct tern_endpoint_opts *opts);
extern void (*tune_alice_endpoint)(struct tern_endpoint_opts *opts);
extern void (*tune_alice)(struct tern_account_opts *opts);

/* Afterwards it is UDP again. */
#define FOR_EACH_TRANSPORT                                                                         \
    for (int i_ = 1; over = (enum tern_transport)(i_ <= 3 ? i_ : 1), i_ <= 3; i_++)

/* The n-th network's address of a host, in the family of the test. Alice's is 1, Bob's 2. */
const char *at(int n);
const char *registrar_uri(void);
/* What a new connection costs before the first request leaves: round trips of TCP and of TLS 1.3. */
tern_time handshake_time(void);

/* The transport, and what tune_alice() does. */
void tune_account(struct tern_account_opts *opts);

/* Both are registered. */
void meet(void);
/* A server that has no network yet, and knows these users; Alice and Bob do not exist. */
void meet_server(void);
/* What a phone's endpoint needs for TLS to the server, where the test has that. */
void trust_the_server(struct tern_endpoint_opts *opts);
/* Without a server. */
void meet_directly(void);
void talk(void);
void talk_directly(void);

void still_talking(void);
/* One COMPLETED for each generation, last. */
void each_generation_has_one_completed(const struct host *host);
/* The last generation was a success and kept this many calls. */
void moved(uint32_t calls);
/* How many bindings a user has whose Contact has this part. */
size_t bindings(const char *user, const char *contact_part);
void registered_only_at(const char *address);
/* Answers to this method from now on: a status, 0: silence, -1: as usual. */
void server_fault(const char *method, int status);

#endif
