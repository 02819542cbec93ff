/* SPDX-License-Identifier: MIT */
/*
 * A STUN client for one socket: how do servers out there see it? RFC 8489 6.2.1, 6.3.3.
 *
 *            ask       due                     answered
 *   IDLE     >ASKING   -                       -
 *   ASKING   >ASKING   again, the next server, >IDLE, TN_EFFECT_STUN where it is news
 *                      or >IDLE
 *
 * Servers are asked one after the other, 3.5 s each: one that is dead costs that, and nobody waits. Names are
 * looked up meanwhile. What a server says is believed by whoever has configured it; that it was this
 * server is shown by the number of the transaction and by where the answer comes from.
 */
#ifndef TN_NAT_STUN_CLIENT_H
#define TN_NAT_STUN_CLIENT_H

#include "net/net.h"

#define TN_STUN_SERVERS_MAX 4
#define TN_STUN_PORT        3478 /* RFC 8489 18.6 */

struct tn_stun_client {
    struct tn_net *net;
    tern_str servers; /* the caller's: "host[:port]", with commas */
    struct tn_owner owner;
    uint32_t socket; /* 0: not started */
    uint16_t port;   /* that the socket is bound to */
    struct tn_timer timer;
    bool asking;
    size_t server;   /* which of them */
    unsigned rounds; /* waited for it, or for its name */
    tern_addr local, remote;
    uint8_t id[12];
    tern_addr mapped, mapped_local; /* as learnt last; family 0: never */
};

/* Whether it is a list of hosts with ports, at most TN_STUN_SERVERS_MAX; an empty one is. */
bool tn_stun_is_list(tern_str servers);

struct tn_stun_client_opts {
    struct tn_net *net;
    tern_str servers; /* stays as long as the client */
    struct tn_owner owner;
    uint32_t socket;
    uint16_t port;
};
void tn_stun_client_start(struct tn_stun_client *client, const struct tn_stun_client_opts *opts);
void tn_stun_client_stop(struct tn_stun_client *client);
/* Asks anew; what is known stays until the answer. Nothing, where it is being asked from the same address. */
void tn_stun_client_ask(struct tn_stun_client *client);
/* A datagram of the socket. @return whether it was ours: then it is nothing else */
bool tn_stun_client_receive(struct tn_stun_client *client, const struct tern_datagram *datagram);
/* How the socket looks from outside, as far as it is known, when it sends from that address. */
bool tn_stun_client_mapped(const struct tn_stun_client *client, tern_addr local, tern_addr *out);

#endif
