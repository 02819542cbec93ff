/* SPDX-License-Identifier: MIT */
/*
 * The endpoint: one SIP user agent, and how a program drives it.
 *
 * The core does no I/O. A *driver* (tern/uv.h, or your own loop: see
 * examples/01_poll_loop.c) gives it bytes, the time and network snapshots, and
 * carries out what tern_next_output() asks for. The *application* reads
 * tern_next_event(). After each input drain both. One thread at a time.
 */
#ifndef TERN_ENDPOINT_H
#define TERN_ENDPOINT_H

#include <tern/err.h>
#include <tern/links.h>
#include <tern/network.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tern_endpoint;

/** Endpoint configuration. Fill with tern_endpoint_opts_init(). Strings are copied. */
struct tern_endpoint_opts {
    size_t size;                     /**< set by tern_endpoint_opts_init() */
    struct tern_allocator allocator; /**< zeroed: the C library's */
    uint8_t seed[32]; /**< random bytes; required: tags, branches and SSRCs come from it */
    tern_str
        user_agent; /**< User-Agent and Server, "Phone/2.1 (a comment)"; default "Tern/<version>" */
    uint16_t sip_port; /**< UDP and TCP listening port; 0: chosen by the system */
    /** Media ports from here; even ones are used for RTP; default 16384. A call takes a pair: widen
        the range for more than about 6000 calls. */
    uint16_t rtp_port_min;
    uint16_t rtp_port_max;  /**< default 32767 */
    bool no_udp;            /**< do not open the UDP listener */
    bool no_tcp;            /**< do not open TCP listeners */
    bool sip_events;        /**< report each SIP message as TERN_EV_SIP_MESSAGE */
    bool no_auto_ip_change; /**< a new snapshot is only recorded; the application calls
                                 tern_handle_ip_change() itself */
    uint32_t settle_ms;     /**< how long a better path must last before it is used; default 75;
                                 the loss of the path in use is acted on at once */
    uint32_t max_calls;     /**< default 20000 */
    uint32_t max_accounts;  /**< default 4096 */
    /** Send media only where SDP says; default: follow a far end that moves, once its packets prove
        it (RFC 4961, guarded). */
    bool no_symmetric_rtp;
    /** TLS: the authorities that are trusted, as PEM, any number of them (tern_uv_system_ca()). Without
        this and without `tls_no_verify`, the endpoint opens no TLS connections. */
    tern_str tls_ca;
    tern_str tls_cert;  /**< own certificate chain, PEM; with it TLS listeners are opened */
    tern_str tls_key;   /**< its private key, PEM; kept until the endpoint is freed, never traced */
    bool tls_no_verify; /**< accept any server: for tests and closed networks */
    bool tls_client_certs; /**< demand a certificate that `tls_ca` has signed of who connects */
    uint16_t tls_port;     /**< TLS listening port; 0: the one after `sip_port`, or any */
    /**
     * After an IP change audio moves at once, for all calls. Their refreshes and registrations leave at
     * this pace, for each server: so many a second; 0: the default, 1000. Calls in which somebody talks
     * go first, then those that are held, those that ring, and registrations without a call.
     */
    uint32_t handover_rate;
    /** And so many that wait for their answer; also what leaves at once; 0: the default, 200. */
    uint32_t handover_in_flight;
    /** Who this device is to a registrar, whatever its address: a URN, "urn:uuid:…" (RFC 4122),
        never changed; keep one for the life of the installation. Default: made of `seed`. RFC 5626
        4.1 */
    tern_str instance_id;
    /**
     * STUN servers, up to 4: "stun.example.com, 192.0.2.1:3478". They are asked how the sockets for
     * audio look from outside a NAT, and SDP says that. Nothing waits for them: what comes too late for
     * an offer or answer is told later, where nothing is heard of the far end; what they say and leads
     * to nothing is taken back. Default none: who relays or follows audio needs no such thing. RFC 8489
     */
    tern_str stun_servers;
    /** Which links are used, in which order (tern/links.h); copied. NULL: routing decides. */
    const struct tern_link_policy *links;
    /** What may come in the body of an INFO, "application/dtmf-relay, text/plain"; TERN_EV_CALL_INFO
        tells it. Other types, by default all, are refused with 415. RFC 6086 4.2.2 */
    tern_str info_types;
};

/**
 * What tern_endpoint_opts_init() calls; it lets programs and libraries of different age meet.
 *
 * @param size  that of the struct as the program knows it; so many bytes are written
 */
TERN_API void tern_endpoint_opts_init_sized(struct tern_endpoint_opts *opts, size_t size);

/** Set `opts` to the defaults, those written beside the members; `seed` stays to be set. */
static inline void tern_endpoint_opts_init(struct tern_endpoint_opts *opts)
{
    tern_endpoint_opts_init_sized(opts, sizeof(*opts));
}

/**
 * Create an endpoint. Nothing is opened yet.
 *
 * @param opts  read during this function only
 * @param out   receives the endpoint, to be freed with tern_endpoint_free()
 *
 * @return               0
 * @retval TERN_EINVAL   a port range is empty, the seed is all zero, `user_agent` is no list of
 *                       products and comments (RFC 3261 25.1), `instance_id` is no URN, `stun_servers`
 *                       no list of hosts, `links` no policy, or `info_types` no list of media types
 * @retval TERN_EVERSION `opts` has set members that this library does not know
 * @retval TERN_ENOMEM
 */
TERN_API TERN_CHECK int tern_endpoint_new(const struct tern_endpoint_opts *opts,
                                          struct tern_endpoint **out);

/** Destroy at once, with all accounts and calls; nothing more is sent. NULL is allowed. */
TERN_API void tern_endpoint_free(struct tern_endpoint *ep);

/**
 * Open the listeners. Without a network it waits for the first snapshot.
 *
 * @return             0; a listener that cannot be opened is an event, and tried again
 * @retval TERN_ESTATE started already, or stopped: an endpoint starts once
 * @events TERN_EV_LISTENER for each
 */
TERN_API TERN_CHECK int tern_endpoint_start(struct tern_endpoint *ep, tern_time now);

/**
 * End in good order: hang up every call, remove every binding. Free the endpoint after STOPPED.
 *
 * @param limit_ms  how long answers are waited for
 *
 * @return             0
 * @retval TERN_ESTATE it is stopping or stopped already
 * @events TERN_EV_CALL_ENDED for each call, TERN_EV_REGISTRATION, then TERN_EV_STOPPED, exactly
 *         once, at the latest `limit_ms` from now
 */
TERN_API TERN_CHECK int tern_endpoint_stop(struct tern_endpoint *ep, tern_time now,
                                           uint32_t limit_ms);

/** @name Driving: input */
/**@{*/

/** A datagram that has arrived. */
struct tern_datagram {
    uint32_t socket;  /**< id from TERN_OUT_UDP_OPEN */
    tern_addr local;  /**< the address it was sent to, with the socket's port */
    tern_addr remote; /**< where it came from */
    const void *data;
    size_t len;
};

/**
 * Hand in a datagram. Garbage is counted and dropped, never an error.
 *
 * @return             0
 * @retval TERN_EBUSY  drain outputs and events first; nothing was consumed
 */
TERN_API TERN_CHECK int tern_receive(struct tern_endpoint *ep, tern_time now,
                                     const struct tern_datagram *datagram);

/** Answer to TERN_OUT_UDP_OPEN and TERN_OUT_LISTEN: open, bound to `port`. */
TERN_API void tern_socket_opened(struct tern_endpoint *ep, tern_time now, uint32_t socket,
                                 uint16_t port);
/** Answer to the same: it failed. `reason` is text for people ("address already in use"). */
TERN_API void tern_socket_failed(struct tern_endpoint *ep, tern_time now, uint32_t socket,
                                 tern_str reason);
/** A datagram could not be sent: no route, or the local address is gone. Advisory. */
TERN_API void tern_send_failed(struct tern_endpoint *ep, tern_time now, uint32_t socket,
                               tern_addr local, tern_addr remote);

/** Answer to TERN_OUT_CONNECT: established; `local` and `remote` with ports. */
TERN_API void tern_stream_opened(struct tern_endpoint *ep, tern_time now, uint32_t stream,
                                 tern_addr local, tern_addr remote);
/**
 * A connection came in on a listener.
 *
 * @param out  receives the stream's id; untouched on failure
 *
 * @return             0
 * @retval TERN_ELIMIT too many connections: close it
 */
TERN_API TERN_CHECK int tern_stream_accepted(struct tern_endpoint *ep, tern_time now,
                                             uint32_t listener, tern_addr local, tern_addr remote,
                                             uint32_t *out);

/**
 * Hand in bytes from a stream, any amount; a stream that has been closed meanwhile is harmless.
 *
 * @return            0
 * @retval TERN_EBUSY drain outputs and events first; nothing was consumed
 * @rfc 3261 18.3
 */
TERN_API TERN_CHECK int tern_stream_received(struct tern_endpoint *ep, tern_time now,
                                             uint32_t stream, const void *data, size_t len);

/** The stream failed to open, or was closed or reset. `reason` is text for people. */
TERN_API void tern_stream_closed(struct tern_endpoint *ep, tern_time now, uint32_t stream,
                                 tern_str reason);

/** DNS record types that the core asks for. */
enum tern_dns_type {
    TERN_DNS_A = 1,
    TERN_DNS_AAAA = 28,
    TERN_DNS_SRV = 33,
    TERN_DNS_NAPTR = 35, /**< RFC 3263 4.1; a driver that cannot ask for it answers with none */
};

/** One record of an answer. */
struct tern_dns_record {
    uint16_t type;     /**< enum tern_dns_type */
    uint16_t priority; /**< SRV; NAPTR: the order */
    uint16_t weight;   /**< SRV; NAPTR: the preference */
    uint16_t port;     /**< SRV */
    uint32_t ttl_s;
    tern_addr addr;   /**< A, AAAA; port 0 */
    tern_str target;  /**< SRV; NAPTR: the replacement */
    tern_str service; /**< NAPTR: "SIP+D2U" and its like; any other is passed over */
    tern_str
        flags;   /**< NAPTR: "s"; any other is passed over, as is one with a regular expression */
    bool regexp; /**< NAPTR: it has one (RFC 3403 4.1) */
};

/**
 * Answer to TERN_OUT_RESOLVE.
 *
 * @param failed  the name server could not be asked or refused; false with `count` 0 means that
 *                the name has no such record
 */
TERN_API void tern_resolved(struct tern_endpoint *ep, tern_time now, uint32_t query,
                            const struct tern_dns_record *records, size_t count, bool failed);

/** Do what is due. Call it at tern_deadline() at the latest; more often is harmless. */
TERN_API void tern_advance(struct tern_endpoint *ep, tern_time now);

/** When to call tern_advance() next; TERN_TIME_NEVER when nothing is waiting. */
TERN_API tern_time tern_deadline(const struct tern_endpoint *ep);

/**@}*/
/** @name Driving: output */
/**@{*/

/** What a driver is asked to do. */
enum tern_output_type {
    TERN_OUT_DATAGRAM = 1,  /**< send data from socket, local → remote */
    TERN_OUT_UDP_OPEN = 2,  /**< open a UDP socket on port (0: any) of every local address */
    TERN_OUT_UDP_CLOSE = 3, /**< close socket */
    TERN_OUT_LISTEN = 4,    /**< listen for TCP on `local` (port 0: any) */
    TERN_OUT_UNLISTEN = 5,  /**< close the listener */
    TERN_OUT_CONNECT = 6,   /**< connect TCP from local (port 0) to remote; TCP_NODELAY */
    TERN_OUT_WRITE = 7,     /**< write data to stream, in one piece */
    /** Close stream; what was written before still goes out unless `abort`. */
    TERN_OUT_DISCONNECT = 8,
    TERN_OUT_RESOLVE = 9, /**< look up `name`, record type `dns_type`; answer with query id */
};

/** One thing to do. */
struct tern_output {
    enum tern_output_type type;
    uint32_t id;     /**< socket, listener, stream or query; never 0 */
    tern_addr local; /**< DATAGRAM: source address to use, family 0 for the kernel's choice */
    tern_addr remote;
    uint16_t port;     /**< UDP_OPEN, LISTEN */
    uint16_t dns_type; /**< RESOLVE: enum tern_dns_type */
    bool abort;        /**< DISCONNECT: reset, the path is gone */
    bool media;        /**< DATAGRAM, UDP_OPEN: RTP or RTCP; a driver may set DSCP EF, else CS3 */
    /** DATAGRAM, WRITE; RESOLVE: the name. Lives until the next tern_next_output(). */
    tern_str data;
};

/**
 * Take the next thing to do; they come in the order in which they must be done.
 *
 * @param out  receives it; `data` lives until the next tern_next_output() on this endpoint
 *
 * @return  true; false when there is none
 */
TERN_API bool tern_next_output(struct tern_endpoint *ep, struct tern_output *out);

/**@}*/
/** @name Network */
/**@{*/

/**
 * Tell the endpoint what the network is now. Equal to the last snapshot: nothing happens.
 * Unless `no_auto_ip_change` is set, a difference that matters starts a handover.
 *
 * @param network  copied
 *
 * @return             0
 * @retval TERN_EINVAL more than TERN_NET_ADDRESSES_MAX or TERN_NET_ROUTES_MAX; nothing is recorded
 * @events TERN_EV_NETWORK, TERN_EV_IP_CHANGE_PROGRESS
 */
TERN_API TERN_CHECK int tern_set_network(struct tern_endpoint *ep, tern_time now,
                                         const struct tern_network *network);

/**
 * The snapshot in force: without what the policy of links keeps from use, and in its order. Lives as
 * long as the endpoint; changes with tern_set_network() and tern_set_link_policy().
 */
TERN_API const struct tern_network *tern_get_network(const struct tern_endpoint *ep);

/** The last snapshot as it was given, which the kernel routes by. Lives as the other. */
TERN_API const struct tern_network *tern_get_system_network(const struct tern_endpoint *ep);

/** How to handle an IP change. Fill with tern_ip_change_param_init(). */
struct tern_ip_change_param {
    size_t size;
    bool restart_listener; /**< default true; see docs/ip-change.md */
    /** Pause between close and open, and between tries; default 10. */
    uint32_t restart_listener_delay_ms;
    /** Default true: close TCP flows whose address is gone or that the registration used; false
        keeps what still stands. */
    bool shutdown_transport;
};

/**
 * What tern_ip_change_param_init() calls; it lets programs and libraries of different age meet.
 *
 * @param size  that of the struct as the program knows it; so many bytes are written
 */
TERN_API void tern_ip_change_param_init_sized(struct tern_ip_change_param *param, size_t size);

/** Set `param` to the defaults, those written beside the members. */
static inline void tern_ip_change_param_init(struct tern_ip_change_param *param)
{
    tern_ip_change_param_init_sized(param, sizeof(*param));
}

/**
 * Handle an IP change by hand: measure the snapshot in force against every listener, registration
 * and call, and move what does not fit. With the network monitor on this is not needed. When nothing
 * has changed, no SIP message is sent; the listeners are opened again, and COMPLETED follows.
 *
 * @param param  NULL for the defaults; read during this function only
 *
 * @return               0
 * @retval TERN_EVERSION `param` has set members that this library does not know
 * @retval TERN_ESTATE   not started, or being stopped
 * @events TERN_EV_IP_CHANGE_PROGRESS, the last with TERN_IP_CHANGE_OP_COMPLETED
 */
TERN_API TERN_CHECK int tern_handle_ip_change(struct tern_endpoint *ep, tern_time now,
                                              const struct tern_ip_change_param *param);

/**@}*/

/** Counters since the endpoint was created, and what is alive now. */
struct tern_stats {
    uint64_t messages_in, messages_out; /**< SIP messages; retransmissions count in both */
    uint64_t messages_dropped;          /**< what could not be read or fitted nothing */
    uint64_t retransmissions_out;       /**< of `messages_out` */
    uint64_t rtp_in, rtp_out;           /**< RTP packets */
    uint64_t rtp_dropped; /**< malformed, or from an address that has proved nothing */
    uint64_t ip_changes;  /**< generations, see docs/ip-change.md */
    uint32_t calls, accounts, transactions, flows; /**< alive now */
};

/**
 * Read the counters.
 *
 * @param out  receives a copy
 */
TERN_API void tern_get_stats(const struct tern_endpoint *ep, struct tern_stats *out);

#ifdef __cplusplus
}
#endif
#endif
