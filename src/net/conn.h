/* SPDX-License-Identifier: MIT */
/*
 * TCP and TLS flows: framing (RFC 3261 18.3), keep-alive (RFC 5626 3.5.1), and patience that ends.
 *
 *                OPENED   DATA            SEND       TIMEOUT        CLOSED
 *   CONNECTING   OPEN/SEC -               kept       gone (reset)   gone
 *   SECURING     -        OPEN/gone       kept       gone           gone
 *   OPEN         -        OPEN/LINGER     written    gone, or on    gone
 *   LINGER       -        -               written    gone           gone
 *
 * SECURING: the TLS handshake runs (secure.h). LINGER: what came in has no further message to find; the answer may still go out. "gone" emits
 * TN_EFFECT_FLOW_DOWN; the stream is freed.
 */
#ifndef TN_NET_CONN_H
#define TN_NET_CONN_H

#include "core/ctx.h"
#include "net/net.h"

enum tn_conn_state {
    TN_CONN_CONNECTING,
    TN_CONN_SECURING,
    TN_CONN_OPEN,
    TN_STREAM_LINGERING,
    TN_CONN_STATES,
};

struct tn_conn {
    struct tn_net *net;
    struct tn_flow_impl *flow;
    struct tn_map_node node; /* by number */
    uint32_t id;
    enum tn_conn_state state;
    struct tn_timer timer;
    struct tn_buf in;        /* an incomplete message */
    size_t held;             /* of the sum of these, ours */
    size_t scanned;          /* what the framing knows of it */
    tern_time partial_since; /* TERN_TIME_NEVER: `in` is empty */
    tern_time opened;
    bool heard;            /* something complete has come in */
    bool half_ping;        /* the last was a CRLF that we had not asked for */
    struct tn_buf pending; /* CONNECTING, SECURING: messages, each after its size */
    struct tn_tls *tls;    /* NULL: TCP, or not connected */
};

/* Asks the driver for a connection. @return TERN_ENOMEM, TERN_ELIMIT */
int tn_conn_connect(struct tn_net *net, const struct tn_flow_key *key, struct tn_flow_impl **out);
/* @return 0, TERN_ENOBUF */
int tn_conn_send(struct tn_net *net, struct tn_flow_impl *f, tern_str data);
/* Takes a message out of those that wait for the connection. */
void tn_conn_take_back(struct tn_flow_impl *f, tern_str data);
/* CRLFCRLF. @return 0, TERN_ENOROUTE: the connection is not up */
TERN_CHECK int tn_conn_ping(struct tn_net *net, struct tn_flow_impl *f);
/* Tells the driver to close; the flow itself stays for the caller to free. */
void tn_conn_disconnect(struct tn_net *net, struct tn_flow_impl *f, bool abort);
/* From the flow's end. */
void tn_conn_free(struct tn_net *net, struct tn_conn *s);

#endif
