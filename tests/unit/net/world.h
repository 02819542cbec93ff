/* SPDX-License-Identifier: MIT */
/* A context and a net room to try things on, with an allocator that can fail. */
#ifndef TERN_TEST_NET_WORLD_H
#define TERN_TEST_NET_WORLD_H

#include "net/impl.h"
#include "net/locate.h"
#include "tern_test.h"
#include "wire/sip/msg.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

extern struct tn_ctx ctx;
extern struct tn_net net;
extern int allocations_left; /* before the next one fails; negative: never */

/* Starts with these addresses ("192.0.2.1 2001:db8::1"); nothing is open yet. */
void world_start(struct tn_net_opts opts, const char *addresses);
void world_network(const char *addresses);
/* Starts, opens every listener on port 5060 (TCP: 5060) and drains. */
void world_start_open(const char *addresses);
void world_stop(void);

tern_addr addr(const char *text);
void pass(tern_time time); /* fires what is due, step by step */

/* Next output of the type; others are skipped. @return false when there is none */
bool next_output(enum tern_output_type type, struct tern_output *out);
size_t count_outputs(enum tern_output_type type); /* drains */
void drain_outputs(void);
/* Answers every UDP_OPEN and LISTEN until there is none; port 0 becomes `port`. */
void open_all(uint16_t port);

/* Next effect; its message is released. @return TN_OWNER… kind or -1 */
int next_effect(struct tn_effect *out);
size_t count_effects(enum tn_effect_kind kind); /* drains */
void drain_effects(void);

void datagram(const char *local, const char *remote, tern_str text);
uint32_t accept_from(const char *remote);
void stream_bytes(uint32_t stream, tern_str text);

extern const char options_text[]; /* an ordinary request, 0-terminated */
extern const char response_text[];
tern_str request(void);

/* Runs `scenario` with the n-th allocation failing, for every n, until none fails. */
void with_each_failure(void (*scenario)(void));

#endif
