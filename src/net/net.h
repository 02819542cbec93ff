/* SPDX-License-Identifier: MIT */
/*
 * Flows: how SIP messages leave and arrive.
 *
 * A flow is (transport, local address, remote address, connection). UDP flows
 * share one socket and are cheap; TCP flows own a connection. Whoever sends
 * names a remote address and gets the flow that the present snapshot implies:
 * the local address is the one that the kernel would choose now. Flows are
 * named by number; a number whose flow has died is stale and says so.
 *
 * Messages that arrive come up as TN_EFFECT_MESSAGE; flows that come and go as
 * TN_EFFECT_FLOW_UP and TN_EFFECT_FLOW_DOWN. RFC 3261 18, RFC 5626 3.5 and 4.4.
 * A UDP flow that nobody uses ends without an effect (net/limits.h: 15 minutes,
 * or two where only the peer used it): ask for it again.
 */
#ifndef TN_NET_NET_H
#define TN_NET_NET_H

#include "base/map.h"
#include "base/slots.h"
#include "core/ctx.h"

struct tn_flow_key {
    enum tern_transport transport;
    tern_addr local; /* UDP: address with the listening port; TCP: address, port 0 when not fixed */
    tern_addr remote; /* with port */
    uint64_t domain;  /* TLS, ours: whom it was opened to; else 0 */
};

/* Where a message goes. */
struct tn_target {
    enum tern_transport transport;
    tern_addr addr; /* with port */
    /* TLS: whom the certificate must name (domain.h). 0: whoever has proved to be there before, else
       the address itself. */
    uint64_t domain;
    /* TLS: the connection by which we were told of this address, if they opened it. No other one of
       theirs will do: it has shown no certificate, and its address proves nothing. */
    uint64_t came_by;
    uint16_t rank; /* those of one rank are as good as each other (RFC 2782: the priority) */
    uint16_t host; /* those of one host are addresses of the same server */
};

/* Read-only for others. Lives until its TN_EFFECT_FLOW_DOWN has been emitted. */
struct tn_flow {
    uint64_t id;
    struct tn_flow_key key; /* TCP: local with its real port once open */
    tern_addr peer;         /* the remote; behind a NAT64, as it is there (RFC 6052) */
    bool open;              /* UDP: always */
    bool incoming;          /* TCP: accepted by us */
    tern_time last_received;
    tern_addr mapped; /* how the far end sees us, as it says: net/keepalive.h. Family 0: not said */
    struct tn_flow_impl *impl; /* net's own */
};

struct tn_net {
    struct tn_ctx *ctx;
    struct tern_network network; /* snapshot in force */
    uint32_t udp_socket;         /* 0: not asked for */
    bool udp_open;
    uint16_t port_wanted; /* 0: any */
    uint16_t udp_port;    /* real one */
    uint16_t tcp_port;    /* of the TCP listeners: the same on each address */
    uint16_t tls_port;    /* of the TLS listeners likewise; 0: there are none */
    struct tn_slots flows;
    struct tn_map by_key;
    struct tn_net_impl *impl; /* streams by id, listeners, look-ups */
};

struct tn_net_opts {
    uint16_t port;     /* 0: any */
    uint16_t tls_port; /* 0: the one after `port`, or any */
    bool no_udp, no_tcp;
    struct tn_tls_ctx *tls; /* borrowed; NULL: no TLS. Listeners only where it has a certificate */
    bool sip_events;
};

TERN_CHECK int tn_net_init(struct tn_net *net, struct tn_ctx *ctx, const struct tn_net_opts *opts);
void tn_net_fini(struct tn_net *net);

/* Socket, listener, stream and query numbers are drawn here, for media sockets too; never 0. */
uint32_t tn_net_next_id(struct tn_net *net);

/* ---- listeners ---- */

/* A listener's news, for ua to report. Walk with tn_net_next_listener_news() after each input. */
struct tn_listener_news {
    enum tern_transport transport;
    tern_addr local; /* UDP: family 0 */
    bool open;
    bool failed;     /* could not be opened; else it was closed on purpose */
    tern_str reason; /* lives until the next call */
};
bool tn_net_next_listener_news(struct tn_net *net, struct tn_listener_news *out);

/* Opens the UDP socket. TCP and TLS listeners follow the snapshot: one per usable address. */
void tn_net_start(struct tn_net *net);
/*
 * Takes a new snapshot: only records it; nothing is opened or closed until mobility decides.
 */
void tn_net_set_network(struct tn_net *net, const struct tern_network *network);
/*
 * Makes the listeners match the snapshot: opens missing ones, closes those whose address is gone.
 * With `reopen` the survivors, the UDP socket included, are closed and opened again, `delay` later.
 * A listener that fails to open is tried again with growing pauses (`delay`, at most 5 s).
 */
void tn_net_sync_listeners(struct tn_net *net, bool reopen, tern_time delay);
/* All listeners that the snapshot asks for are open. */
bool tn_net_listeners_ready(const struct tn_net *net);
size_t tn_net_listener_count(const struct tn_net *net); /* open ones */

/* A port that one of them has. */
bool tn_net_is_port(const struct tn_net *net, uint16_t port);

/* ---- flows ---- */

/*
 * The flow to `target`, existing or new, from the address that the snapshot gives, or from
 * `from` (its port is ignored) where that is set and the snapshot has it. A TCP connection to
 * the same remote that came in counts (connection reuse) when its local address fits; a TLS one
 * only where `came_by` names it.
 *
 * @return 0, TERN_ENOROUTE (also UDP before its socket was first open), TERN_ENOMEM, TERN_ELIMIT
 */
TERN_CHECK int tn_net_flow(struct tn_net *net, const struct tn_target *target, tern_addr from,
                           uint64_t *id);
/* Ours, connected, and its TLS handshake runs. */
bool tn_net_is_securing(const struct tn_net *net, uint64_t id);
/* Closes, without a word, a connection of ours that is not up yet and that nothing waits to go out by. */
void tn_net_close_unused(struct tn_net *net, uint64_t id);
/* The TLS connection that came in from exactly there; 0: none. For struct tn_target's `came_by`. */
uint64_t tn_net_caller(struct tn_net *net, tern_addr remote);
/* Somebody is reached at `local`: a listener has its port, or a connection that is there. */
bool tn_net_is_reached(const struct tn_net *net, tern_addr local);
/* NULL when stale. */
const struct tn_flow *tn_net_get(const struct tn_net *net, uint64_t id);
/* What TLS has made of a connection of ours that has just come up. */
struct tn_flow_security {
    tern_str version;
    bool resumed;
    tern_time took; /* since it was asked for */
};
/* @return false: it is none of ours, or not TLS, or gone */
bool tn_net_security(const struct tn_net *net, uint64_t id, struct tn_flow_security *out);
/*
 * What Via and Contact say for this flow: UDP the local address and listening port; TCP the
 * local address and the listener's port (the connection's own port when there is no listener; while
 * it is being opened, the port that was asked for).
 */
tern_addr tn_net_sent_by(const struct tn_net *net, const struct tn_flow *flow);
/* Sends now, or when the connection or the UDP socket is up. @return 0, TERN_ESTALE, TERN_ENOBUF (backlog), TERN_ENOROUTE */
TERN_CHECK int tn_net_send(struct tn_net *net, uint64_t id, tern_str message, bool retransmission);
/*
 * Takes back a message that waits for its connection: nobody wants it sent any more. Harmless when
 * it has gone out.
 */
void tn_net_take_back(struct tn_net *net, uint64_t id, tern_str message);
/*
 * Who is there is no stranger: we send it a request of our own accord, or the application has taken
 * its call. When there is no room for everybody, there is for those. A UDP address can be feigned.
 */
void tn_net_know(struct tn_net *net, uint64_t id);
bool tn_net_knows(const struct tn_net *net, uint64_t id); /* connections that we opened: always */
/* Closes; FLOW_DOWN follows unless `quiet`. `abort`: the path is gone, reset. */
void tn_net_close(struct tn_net *net, uint64_t id, bool abort, bool quiet);
/*
 * Why a flow that is gone ended, for people: "the certificate has expired …"; empty when there is
 * nothing to say, or it is long ago. Lives until the next flow ends.
 */
tern_str tn_net_why_down(const struct tn_net *net, uint64_t id);
/* Walk all flows in order of number: start with `*cursor` 0. */
const struct tn_flow *tn_net_each(const struct tn_net *net, uint32_t *cursor);
/* The address is in the snapshot. */
bool tn_net_has_local(const struct tn_net *net, tern_addr local);

/* ---- input from the driver (see tern/endpoint.h) ---- */

void tn_net_datagram(struct tn_net *net, const struct tern_datagram *datagram);
bool tn_net_owns_socket(const struct tn_net *net, uint32_t socket); /* UDP or TCP listener */
void tn_net_socket_opened(struct tn_net *net, uint32_t socket, uint16_t port);
void tn_net_socket_failed(struct tn_net *net, uint32_t socket, tern_str reason);
void tn_net_send_failed(struct tn_net *net, tern_addr local, tern_addr remote); /* UDP flow down */
void tn_net_stream_opened(struct tn_net *net, uint32_t stream, tern_addr local, tern_addr remote);
TERN_CHECK int tn_net_stream_accepted(struct tn_net *net, uint32_t listener, tern_addr local,
                                      tern_addr remote, uint32_t *stream);
void tn_net_stream_received(struct tn_net *net, uint32_t stream, const void *data, size_t len);
void tn_net_stream_closed(struct tn_net *net, uint32_t stream, tern_str reason);

/* ---- news of messages for the application (only with sip_events) ---- */

struct tn_sip_news {
    bool sent, retransmission;
    struct tn_flow_key key;
    tern_str text; /* credentials blanked; lives until the next call */
};
bool tn_net_next_sip_news(struct tn_net *net, struct tn_sip_news *out);

#endif
