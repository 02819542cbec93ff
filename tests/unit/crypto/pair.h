/* SPDX-License-Identifier: MIT */
/* A TLS client and a TLS server that face each other, with what happens between them in the open. */
#ifndef PAIR_H
#define PAIR_H

#include "crypto/tls_impl.h"
#include "rig.h"

struct test;

extern const int pair_versions[2]; /* TLS 1.2, TLS 1.3 */
/** Authority; another one, whom nobody trusts; and who has "example.com" from the first. Day 0. */
extern struct rig_identity pair_root, pair_stranger, pair_own;
/** A ctx outlives its connections. */
extern struct tn_tls_ctx *pair_client_ctx, *pair_server_ctx;
extern struct tn_tls *pair_client, *pair_server;

/** run_tests() with the identities. */
int pair_run(const struct test *tests, size_t count, int argc, char **argv);

struct tn_tls_ctx *pair_make_ctx(const struct rig_identity *own, const struct rig_identity *ca);
/** Day 1: a client that trusts the authority, a server with its certificate. */
void pair_start(void);
void pair_stop(void);
void pair_connect_to(const char *domain, uint16_t port);
void pair_disconnect(void); /* without a word, as when an address is gone */

/** All that `from` has to say, in pieces of at most `piece` bytes. @return bytes */
size_t pair_carry(struct tn_tls *from, struct tn_tls *to, size_t piece);
void pair_shake_hands_in_pieces(size_t piece);
void pair_shake_hands(void);
bool pair_is_open(void);
/** That version only, and no other rule of our own. */
void pair_set_version(struct tn_tls_ctx *ctx, int version);

void pair_write_to(struct tn_tls *tls, const char *text);
void pair_check_read(struct tn_tls *tls, const char *want);
/** NULL: both are open. Else the client failed for that reason, and told the server. */
void pair_check_client(const char *reason);

#endif
