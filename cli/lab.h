/* SPDX-License-Identifier: MIT */
/*
 * A network of namespaces on one machine, for whoever tests roaming.
 *
 * Each node is a network namespace. Each link is a TUN device in a node; the
 * other end is a wire: a process that routes IPv4 and IPv6 packets by
 * destination address between all links of the lab, and delays, jitters, drops
 * and paces them as each link says. Nothing on the machine itself changes, and
 * nothing has a global name, so labs run side by side.
 *
 *     caller ---- keeper ---- wire
 *                 namespaces  TUN devices, packets
 *
 * The keeper holds the namespaces and changes addresses; the wire does nothing
 * but packets, so neither the caller's work nor a slow change delays them.
 * When the caller ends, even by SIGKILL, the keeper kills whatever still runs in
 * the lab's namespaces and goes; devices and namespaces go with it.
 *
 * Calls block until the change has happened (a few milliseconds). A lab belongs
 * to the thread that opened it. Functions return 0 or a negative TERN_E...;
 * lab_error() then says why in a sentence.
 */
#ifndef TERN_CLI_LAB_H
#define TERN_CLI_LAB_H

#include <sys/types.h>

#include <tern/err.h>

enum {
    LAB_NODES_MAX = 32,
    LAB_LINKS_MAX = 64,     /* over all nodes */
    LAB_ADDRESSES_MAX = 16, /* a link */
    LAB_JOBS_MAX = 256,     /* programs started over the life of a lab that still run */
    LAB_NAME_CAP = 32,      /* node name with its NUL */
    LAB_IFNAME_CAP = 16,    /* as the kernel's IFNAMSIZ */
    LAB_WHY_CAP = 256,
};

#define LAB_DELAY_MAX_US 10000000

struct lab;

struct lab_opts {
    /** Same seed and same packets: same losses and jitter. */
    uint64_t seed;
    /** Drop what leaves a link under an address that is not the link's (BCP 38). */
    bool source_check;
    /** Where to write a pcapng capture with one interface per link; NULL for none. */
    const char *capture_path;
};

/** What a packet meets on a link, in either direction; it crosses two, the source's and the destination's. */
struct lab_link_opts {
    int64_t delay_us;       /* 0..LAB_DELAY_MAX_US */
    int64_t jitter_us;      /* uniformly 0..jitter_us more, 0..LAB_DELAY_MAX_US */
    uint32_t loss_permille; /* 0..1000 */
    uint32_t rate_kbps;     /* each way; 0 is unlimited. A queue of 250 ms, then drops */
    uint32_t mtu;           /* 576..9000; fixed when the link is added */
    bool reorder;           /* jitter may let packets overtake each other */
};

/** 25 ms, no jitter, no loss, no rate limit, MTU 1500, order kept. */
static inline struct lab_link_opts lab_link_opts_init(void)
{
    return (struct lab_link_opts){.delay_us = 25000, .mtu = 1500};
}

/** What happened to packets; counted at the link they came from, `delivered` at the one they went to. */
struct lab_stats {
    uint64_t sent;      /* came out of the device */
    uint64_t delivered; /* written to the device */
    uint64_t lost;      /* by loss_permille */
    uint64_t unknown;   /* no link has the destination address */
    uint64_t ignored;   /* multicast, broadcast, link-local, not IP */
    uint64_t spoofed;   /* stopped by source_check */
    uint64_t too_big;   /* over the destination link's MTU */
    uint64_t queue;     /* rate limit or memory limit */
    uint64_t down;      /* the destination link was down */
    uint64_t in_flight; /* under way now */
};

/**
 * Start an empty lab.
 *
 * Uses CAP_SYS_ADMIN and CAP_NET_ADMIN where the caller has them, else an
 * unprivileged user namespace where the system allows that.
 *
 * @param opts     NULL for defaults
 * @param why      on failure, a sentence for the user, without a full stop
 * @retval TERN_EUNSUPPORTED this machine or container does not permit it
 * @retval TERN_EIO          no processes, descriptors or memory, or the capture file cannot be written
 */
TERN_CHECK int lab_open(const struct lab_opts *opts, struct lab **lab, char *why, size_t why_cap);

/**
 * End the lab: SIGTERM to what runs in it, SIGKILL half a second later, then
 * namespaces and devices vanish. Reaps what lab_spawn() started. NULL is fine.
 */
void lab_close(struct lab *lab);

/** Why the last function failed; never NULL, valid until the next call. */
const char *lab_error(const struct lab *lab);

/** Add a node, with its loopback up. TERN_EINVAL for a bad name or one that exists, TERN_ELIMIT. */
TERN_CHECK int lab_node_add(struct lab *lab, const char *node);

/** Add a link and bring it up, without addresses. `opts` NULL for defaults. */
TERN_CHECK int lab_link_add(struct lab *lab, const char *node, const char *ifname,
                            const struct lab_link_opts *opts);

/** Change a link; packets already under way keep their due time. The MTU stays what it is. */
TERN_CHECK int lab_link_set(struct lab *lab, const char *node, const char *ifname,
                            const struct lab_link_opts *opts);

/** The link's present options. */
TERN_CHECK int lab_link_get(struct lab *lab, const char *node, const char *ifname,
                            struct lab_link_opts *opts);

/**
 * Take a link down or up. Going down loses its routes and, as the kernel has it,
 * its IPv6 addresses; coming up restores addresses and default route.
 */
TERN_CHECK int lab_link_down(struct lab *lab, const char *node, const char *ifname);
TERN_CHECK int lab_link_up(struct lab *lab, const char *node, const char *ifname);

/**
 * Give a link an address, or take it away.
 *
 * @param address  "10.0.1.2/24" or "fd00:1::2/64"; usable at once (no duplicate detection)
 */
TERN_CHECK int lab_address_add(struct lab *lab, const char *node, const char *ifname,
                               const char *address);
TERN_CHECK int lab_address_del(struct lab *lab, const char *node, const char *ifname,
                               const char *address);

/**
 * Make a link a default route, for each address family that it has an address
 * of. This stands until lab_route_default_del(): the kernel flushes routes with
 * the last address or with the link, and the lab restores them when the next
 * address or the link comes back. Calling it again changes the metric.
 */
TERN_CHECK int lab_route_default(struct lab *lab, const char *node, const char *ifname,
                                 uint32_t metric);
TERN_CHECK int lab_route_default_del(struct lab *lab, const char *node, const char *ifname);

/**
 * Run a program in a node. It dies (SIGKILL) with the calling thread.
 *
 * Signals are reset to their defaults, and TERN_LAB_NODE in its environment is the node's name.
 *
 * @param argv  found through PATH; ends with NULL
 * @param fds   standard input, output and error for it; -1 for /dev/null; NULL to inherit all.
 *              Other descriptors of the caller that are not close-on-exec leak into it as usual
 * @param pid   a child of the caller, who may waitpid() for it
 * @retval TERN_ENOTFOUND no such program
 */
TERN_CHECK int lab_spawn(struct lab *lab, const char *node, char *const argv[], const int fds[3],
                         pid_t *pid);

/**
 * Move the calling process into a node. Only for a child that the process which
 * opened the lab has just forked: it dies with its parent, and must not use the
 * lab after this.
 */
TERN_CHECK int lab_enter(struct lab *lab, const char *node);

/**
 * A socket that lives in a node, though its owner does not. Close-on-exec.
 *
 * @return the descriptor, or a negative TERN_E...
 */
TERN_CHECK int lab_socket(struct lab *lab, const char *node, int domain, int type);

/** Counters of a link, or of the whole lab when `node` is NULL. */
TERN_CHECK int lab_stats_get(struct lab *lab, const char *node, const char *ifname,
                             struct lab_stats *stats);

/** The commands `tern lab`; see tern-lab(1). */
int cmd_lab(int argc, char **argv);

#endif
