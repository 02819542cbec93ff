/* SPDX-License-Identifier: MIT */
/*
 * The simulator: a virtual network and a virtual clock for whole endpoints.
 *
 * Hosts with endpoints are plugged into nets; a net has a path to the backbone, with delay, loss and
 * all that real ones have, and may be behind a NAT. The kernel of each host (UDP, TCP, routes, DNS)
 * is simulated; the endpoint is the real one. Everything follows from one seed: the same seed and
 * the same calls give the same bytes at the same microsecond. Library tern-sim.
 *
 * One thread at a time per world; different worlds are independent.
 */
#ifndef TERN_SIM_H
#define TERN_SIM_H

#include <tern/endpoint.h>
#include <tern/event.h>
#include <tern/media.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tern_sim;

/** What happened to a datagram, or to what was written to a stream. */
enum tern_sim_fate {
    TERN_SIM_SENT = 1,     /**< an endpoint has sent it; what becomes of it is told later */
    TERN_SIM_RECEIVED = 2, /**< an endpoint receives it */
    TERN_SIM_LOST = 3,     /**< `why` says by whose hand */
};

struct tern_sim_wire {
    enum tern_sim_fate fate;
    uint32_t host; /**< SENT, LOST on the way out: the sender; else the receiver; 0: none */
    enum tern_transport transport;
    bool media;
    tern_addr local, remote; /**< as `host` sees them */
    const void *data;        /**< during the call only */
    size_t len;
    const char *why; /**< LOST: static text; else NULL */
    bool injected;   /**< it came by tern_sim_inject() */
};

/** A world. Fill with tern_sim_opts_init(). */
struct tern_sim_opts {
    size_t size;   /**< set by tern_sim_opts_init() */
    uint64_t seed; /**< all that is random follows from it */
    void *user;    /**< for the functions below, which may call anything but tern_sim_run() */
    void (*on_event)(void *user, uint32_t host, const struct tern_event *event);
    void (*on_wire)(void *user, const struct tern_sim_wire *wire); /**< may be NULL */
    bool media_wire; /**< on_wire is told of media as well */
};

TERN_API void tern_sim_opts_init_sized(struct tern_sim_opts *opts, size_t size);

static inline void tern_sim_opts_init(struct tern_sim_opts *opts)
{
    tern_sim_opts_init_sized(opts, sizeof(*opts));
}

/** @retval TERN_ENOMEM, TERN_EVERSION */
TERN_API TERN_CHECK int tern_sim_new(const struct tern_sim_opts *opts, struct tern_sim **out);
/** The endpoints are not freed: they are the caller's. NULL is allowed. */
TERN_API void tern_sim_free(struct tern_sim *sim);

/** The world's clock; it starts at 1000 s. */
TERN_API tern_time tern_sim_now(const struct tern_sim *sim);
/** A number below `bound` (not 0), from the world's seed. */
TERN_API uint64_t tern_sim_random(struct tern_sim *sim, uint64_t bound);
/**
 * Let the world go on until `until`.
 *
 * @return             0
 * @retval TERN_ELIMIT 20000 things happened at one moment: an endpoint goes round in circles
 * @retval TERN_ENOMEM
 */
TERN_API TERN_CHECK int tern_sim_run(struct tern_sim *sim, tern_time until);
/**
 * Call `fn` at `when`, from within tern_sim_run().
 *
 * @retval TERN_ENOMEM
 */
TERN_API TERN_CHECK int tern_sim_at(struct tern_sim *sim, tern_time when,
                                    void (*fn)(void *user, uint64_t arg), void *user, uint64_t arg);

/** @name Nets */
/**@{*/

#define TERN_SIM_MILLION 1000000u /**< chances are given in parts of this */

/** One way through a net, either direction. {0} is instant and perfect. */
struct tern_sim_path {
    tern_time delay;        /**< one way */
    tern_time jitter;       /**< added: evenly between 0 and this; order is kept within a stream */
    uint32_t loss;          /**< chance of a packet to be lost */
    uint32_t burst;         /**< chance of a packet to begin a burst of losses … */
    tern_time burst_length; /**< … that lasts so long */
    uint32_t duplicate;     /**< chance of a datagram to come twice */
    uint32_t reorder;       /**< chance of a datagram to be held up by 3 * jitter + 1 ms */
    uint32_t rate_bps;      /**< bits per second; 0: no limit */
    uint32_t queue_bytes;   /**< what waits for the rate; more is lost; 0: 64 KiB */
    uint32_t mtu;           /**< larger datagrams vanish; 0: no limit */
    bool down;              /**< nothing passes and nobody is told */
    bool captive;           /**< a portal: datagrams vanish, connections are reset */
    uint8_t black_hole;     /**< enum tern_family: what leaves by it vanishes; 0: none */
    /** 0: everybody's. Else signalling, which is what goes to or from a port below 10000, does not
        pass between this net and one of another site, as through a firewall that lets audio out. */
    uint8_t site;
};

/** RFC 4787 4.1 and 5. */
enum tern_sim_nat_kind {
    TERN_SIM_NAT_NONE = 0,
    TERN_SIM_NAT_ENDPOINT_INDEPENDENT = 1,
    TERN_SIM_NAT_ADDRESS_DEPENDENT = 2,
    TERN_SIM_NAT_ADDRESS_AND_PORT_DEPENDENT = 3,
};

struct tern_sim_nat {
    enum tern_sim_nat_kind mapping, filtering; /**< mapping NONE: no NAT */
    tern_addr outside;                         /**< its public address */
    tern_time udp_timeout;                     /**< 0: 120 s (RFC 4787 REQ-5) */
    tern_addr outside6; /**< the same for the other family; {0}: that one is not translated */
    bool no_hairpin;    /**< who is inside does not reach inside by an outside address (REQ-9) */
    /** A NAT64 (RFC 6146): what is sent to this prefix of 96 bits goes on over IPv4, from `outside`.
        The net's name servers make AAAA records by it (RFC 6147). Family 0: none. */
    tern_addr nat64;
};

/** @param out  receives the net's number, from 1. @retval TERN_ELIMIT 32 nets */
TERN_API TERN_CHECK int tern_sim_net_add(struct tern_sim *sim, const struct tern_sim_path *path,
                                         uint32_t *out);
TERN_API void tern_sim_net_set(struct tern_sim *sim, uint32_t net,
                               const struct tern_sim_path *path);
TERN_API struct tern_sim_path tern_sim_net_get(const struct tern_sim *sim, uint32_t net);
/**
 * Put the net behind the router of another one: what leaves it goes through that one as well, with
 * its delay, queue, losses and NAT. Up to four nets stand in a row.
 *
 * @param up  0: the backbone, as at first
 * @retval TERN_EINVAL no such net, TERN_ELIMIT too many in a row, or a ring
 */
TERN_API TERN_CHECK int tern_sim_net_behind(struct tern_sim *sim, uint32_t net, uint32_t up);
/** Put a NAT where the net ends, or change it; all bindings are forgotten. */
TERN_API void tern_sim_net_nat(struct tern_sim *sim, uint32_t net, const struct tern_sim_nat *nat);
/** Forget all bindings: what comes next from inside gets new ports. Nobody is told. */
TERN_API void tern_sim_net_rebind(struct tern_sim *sim, uint32_t net);

/**@}*/
/** @name Hosts */
/**@{*/

/** @param out  receives the host's number, from 1. @retval TERN_ELIMIT 16 hosts */
TERN_API TERN_CHECK int tern_sim_host_add(struct tern_sim *sim, uint32_t *out);
/**
 * Run this endpoint on the host. NULL: the power is cut. Sockets are gone, nobody is told; whoever
 * speaks to one of its streams later gets a reset once the host has an endpoint again.
 */
TERN_API void tern_sim_host_endpoint(struct tern_sim *sim, uint32_t host, struct tern_endpoint *ep);
/**
 * Give the host an address on a net. Its endpoint hears of it with tern_sim_notice().
 *
 * @param address  as it will be in the snapshot; `interface` 0: the net's number
 * @retval TERN_ELIMIT more than TERN_NET_ADDRESSES_MAX, TERN_EINVAL no such net or host
 */
TERN_API TERN_CHECK int tern_sim_plug(struct tern_sim *sim, uint32_t host, uint32_t net,
                                      const struct tern_net_address *address);
/** Take an address away; family 0: all of them. */
TERN_API void tern_sim_unplug(struct tern_sim *sim, uint32_t host, tern_addr address);
/**
 * Let an address of the host ride over another one, as a VPN's does: what is sent from it or to it
 * passes the net of both. With the other one gone nothing passes, and nobody is told.
 *
 * @param over  family 0: it stands on its own again
 * @retval TERN_EINVAL the host does not have `address`
 */
TERN_API TERN_CHECK int tern_sim_ride(struct tern_sim *sim, uint32_t host, tern_addr address,
                                      tern_addr over);
/** Routes for the host's next snapshots; none: addresses decide by preference. */
TERN_API void tern_sim_routes(struct tern_sim *sim, uint32_t host,
                              const struct tern_net_route *routes, size_t count);
/** What the host's snapshot is at present. */
TERN_API const struct tern_network *tern_sim_network(const struct tern_sim *sim, uint32_t host);
/** Hand the snapshot to the endpoint, as a network monitor does. */
TERN_API void tern_sim_notice(struct tern_sim *sim, uint32_t host);
/**
 * Suspend the host until then: it neither runs nor receives. What is due runs late.
 */
TERN_API void tern_sim_suspend(struct tern_sim *sim, uint32_t host, tern_time until);
/** Drain outputs and events after calling the endpoint from outside tern_sim_run(). */
TERN_API void tern_sim_touch(struct tern_sim *sim, uint32_t host);
/**
 * A datagram arrives at the host as if from its `remote`, at once and whole: what somebody can do who
 * knows an address and a port, and writes any sender into his packets. Nobody needs to have that
 * address; no net, no NAT and no loss is on the way. It is received within tern_sim_run(), after
 * what is due now already; the wire is told that it is RECEIVED, or LOST where the host sleeps, has
 * not that address, or nothing is open on that port.
 *
 * @param datagram  `local` is the address that it is sent to, with the port; `data` is copied,
 *                  `socket` not looked at
 *
 * @retval TERN_EINVAL no such host, or one of the addresses has no port
 * @retval TERN_ENOMEM
 */
TERN_API TERN_CHECK int tern_sim_inject(struct tern_sim *sim, uint32_t host,
                                        const struct tern_datagram *datagram);
/** New connections to and from this host: refused at once with a reset. */
TERN_API void tern_sim_refuse(struct tern_sim *sim, uint32_t host, bool refuse);

/** How rough streams are in this world: chances, of each piece that is written or comes in. */
struct tern_sim_tcp {
    uint32_t cut;     /**< it travels in up to six segments, each with its own fate */
    uint32_t partial; /**< the kernel takes only a part of it, and the rest up to 50 ms later */
    uint32_t join;    /**< its reader is late by up to 20 ms, and reads all that has come */
};
/** {0}, as at first: pieces travel whole. What is read ends anywhere in either case. */
TERN_API void tern_sim_tcp_set(struct tern_sim *sim, const struct tern_sim_tcp *tcp);

/** What a host's endpoint holds open. */
struct tern_sim_use {
    uint32_t sockets, listeners, streams, queries;
    uint32_t asked; /**< all queries since the world began */
};
TERN_API struct tern_sim_use tern_sim_get_use(const struct tern_sim *sim, uint32_t host);

/**@}*/
/** @name Names */
/**@{*/

/** Add a record. @retval TERN_ELIMIT 32 records. `name` is copied */
TERN_API TERN_CHECK int tern_sim_dns_add(struct tern_sim *sim, tern_str name,
                                         const struct tern_dns_record *record);
/**
 * Add a record that the name servers of one net have: it hides those of tern_sim_dns_add() with the
 * same name. A host asks where its most preferred address is; nobody answers while that net is down.
 *
 * @retval TERN_ELIMIT 32 records, TERN_EINVAL no such net
 */
TERN_API TERN_CHECK int tern_sim_dns_add_in(struct tern_sim *sim, uint32_t net, tern_str name,
                                            const struct tern_dns_record *record);
/** Remove all records. */
TERN_API void tern_sim_dns_clear(struct tern_sim *sim);
/** How long name servers take; TERN_TIME_NEVER: they are dead. `fail`: they refuse. */
TERN_API void tern_sim_dns_set(struct tern_sim *sim, tern_time delay, bool fail);

/**@}*/
/** @name Audio */
/**@{*/

/** Every 20 ms, on each call of the host, send a numbered frame and take one. */
TERN_API void tern_sim_talk(struct tern_sim *sim, uint32_t host, bool on);

/** What has been heard on a call of the host, of the frames that the far end numbered. */
struct tern_sim_hearing {
    uint64_t sent;     /**< frames given to the endpoint */
    uint64_t heard;    /**< frames with a number in them */
    uint64_t missing;  /**< numbers passed over, as far as numbers tell (they count to 64) */
    uint64_t repeated; /**< the number before came again */
    uint64_t backward; /**< out of order */
    tern_time last, longest_gap;
    uint64_t foreign; /**< frames louder than any that is sent here: a stranger's */
};
/** Call `id` of the host; all zero when nothing was ever heard on it. */
TERN_API struct tern_sim_hearing tern_sim_get_hearing(const struct tern_sim *sim, uint32_t host,
                                                      tern_call call);

/**@}*/

#ifdef __cplusplus
}
#endif
#endif
