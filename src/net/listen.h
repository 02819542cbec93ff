/* SPDX-License-Identifier: MIT */
/*
 * Listeners: the UDP socket, and a TCP and a TLS listener for each usable address.
 *
 *            GO        HOLD   REOPEN    OPENED   FAILED   STOP
 *   CLOSED   OPENING   HELD   WAITING   -        -        -
 *   HELD     OPENING   -      WAITING   -        -        CLOSED
 *   WAITING  OPENING   HELD   WAITING   -        -        CLOSED
 *   OPENING  -         -      WAITING*  OPEN     FAILED   CLOSED*
 *   OPEN     -         -      WAITING*  -        FAILED   CLOSED*
 *   FAILED   OPENING   HELD   WAITING   -        -        CLOSED
 *
 * (*) closes its socket. WAITING and FAILED have a timer; when it is due, GO or HOLD follows.
 * HELD waits for a port that another listener is about to get, so that all have the same.
 * Each try has a socket number of its own, so that a late answer to an old one fits nothing.
 */
#ifndef TN_NET_LISTEN_H
#define TN_NET_LISTEN_H

#include "core/ctx.h"

struct tn_net;

enum tn_listen_state {
    TN_LISTEN_CLOSED,
    TN_LISTEN_HELD,
    TN_LISTEN_WAITING,
    TN_LISTEN_OPENING,
    TN_LISTEN_OPEN,
    TN_LISTEN_FAILED,
    TN_LISTEN_STATES,
};

enum tn_listen_event {
    TN_LISTEN_EV_GO,
    TN_LISTEN_EV_HOLD,
    TN_LISTEN_EV_REOPEN,
    TN_LISTEN_EV_OPENED,
    TN_LISTEN_EV_FAILED,
    TN_LISTEN_EV_STOP,
    TN_LISTEN_EVENTS,
};

struct tn_listener {
    struct tn_net *net;
    struct tn_list link;
    enum tern_transport transport;
    tern_addr local; /* UDP: family 0; port 0 */
    enum tn_listen_state state;
    uint32_t socket; /* OPENING, OPEN; else 0 */
    uint16_t port;   /* OPENING: asked for; OPEN: real */
    bool port_taken; /* the port that the system chose for another is not free here */
    tern_time delay; /* of WAITING */
    tern_time pause; /* of FAILED; grows */
    struct tn_timer timer;
};

struct tn_listeners {
    struct tn_list list;
};

void tn_listeners_init(struct tn_listeners *listeners);
void tn_listeners_fini(struct tn_net *net);
struct tn_listener *tn_listener_by_socket(const struct tn_net *net, uint32_t socket);
/* The whole machine; `reason` for FAILED. */
void tn_listener_step(struct tn_listener *listener, enum tn_listen_event event, tern_str reason);
const char *tn_listen_state_name(enum tn_listen_state state);

#endif
