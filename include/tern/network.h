/* SPDX-License-Identifier: MIT */
/*
 * Addresses, and the network as a value.
 *
 * A snapshot lists what this host can send from. An IP change is the step from
 * one snapshot to the next; the newest wins. On Linux the uv driver makes them
 * from netlink. Where the operating system tells the application instead, it
 * fills one in and calls tern_set_network().
 */
#ifndef TERN_NETWORK_H
#define TERN_NETWORK_H

#include <tern/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Address family of a tern_addr. */
enum tern_family { TERN_FAMILY_NONE = 0, TERN_FAMILY_IPV4 = 4, TERN_FAMILY_IPV6 = 6 };

/** An IP address with a port. {0} is no address. */
typedef struct tern_addr {
    uint8_t family; /**< enum tern_family */
    uint8_t reserved;
    uint16_t port;  /**< host byte order; 0 where no port is meant */
    uint32_t scope; /**< IPv6 link-local: interface index; else 0 */
    uint8_t ip[16]; /**< network byte order; IPv4 uses the first four, the rest is 0 */
} tern_addr;

/** Room for the longest printed address with brackets and port, and the final NUL. */
#define TERN_ADDR_TEXT_MAX 64

/**
 * Read "192.0.2.1", "192.0.2.1:5060", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:5060".
 *
 * @return             0
 * @retval TERN_EPARSE not a numeric address; `out` untouched
 */
TERN_API TERN_CHECK int tern_addr_parse(tern_str text, tern_addr *out);

/**
 * Print as NUL-terminated text; IPv6 in RFC 5952 form, in brackets when the port is printed.
 * The port is printed when it is not 0.
 *
 * @param text  at least TERN_ADDR_TEXT_MAX bytes
 * @return      `text`
 */
TERN_API const char *tern_addr_print(tern_addr addr, char *text);

/** Same family, address, scope and port. */
TERN_API bool tern_addr_equal(tern_addr a, tern_addr b);

/** Same family, address and scope; ports are not compared. */
TERN_API bool tern_addr_same_host(tern_addr a, tern_addr b);

/** What an interface is, as far as one can tell. For display, default preference, and policies of links
    (tern/links.h). */
enum tern_link_kind {
    TERN_LINK_OTHER = 0,
    TERN_LINK_ETHERNET = 1,
    TERN_LINK_WIFI = 2,
    TERN_LINK_CELLULAR = 3,
    TERN_LINK_VPN = 4,
    TERN_LINK_LOOPBACK = 5,
};

/** What kind of address it is; a sum. */
enum tern_net_flags {
    TERN_NET_TENTATIVE = 1,  /**< in duplicate address detection: not usable yet */
    TERN_NET_DEPRECATED = 2, /**< usable, but not for anything new (RFC 4862 5.5.4) */
    TERN_NET_TEMPORARY = 4,  /**< IPv6 privacy address (RFC 8981) */
    TERN_NET_METERED = 8,    /**< what goes by its link costs; of use with a policy (tern/links.h).
                                  The uv driver sets it for cellular links */
};

/** A local address. */
struct tern_net_address {
    tern_addr addr;     /**< port 0 */
    uint8_t prefix_len; /**< bits of the on-link prefix */
    uint8_t kind;       /**< enum tern_link_kind */
    uint16_t flags;     /**< enum tern_net_flags */
    uint32_t interface; /**< index of the interface, never 0 */
    int32_t preference; /**< higher is better, among addresses that reach a destination */
    char name[16];      /**< interface name, NUL-terminated; may be empty */
};

/** A route. A snapshot without any route means: not known, decide by prefix and preference. */
struct tern_net_route {
    tern_addr destination; /**< port 0; all zero with prefix_len 0 is the default route */
    tern_addr source;      /**< preferred source address; family 0 for none */
    uint8_t prefix_len;    /**< bits */
    uint8_t reserved[3];
    uint32_t interface; /**< outgoing interface */
    uint32_t metric;    /**< lower wins among equal prefix lengths */
};

#define TERN_NET_ADDRESSES_MAX 64 /**< more than phones, laptops and trunks have; the rest is cut */
#define TERN_NET_ROUTES_MAX    128 /**< main table without host routes that matter to nobody */

/** The network as it is at one moment. {0} is: no network. */
struct tern_network {
    uint32_t address_count;
    uint32_t route_count;
    struct tern_net_address addresses[TERN_NET_ADDRESSES_MAX];
    struct tern_net_route routes[TERN_NET_ROUTES_MAX];
    /** The NAT64 prefix of a network without IPv4 (RFC 6052), where the operating system knows it. Where
        it is not given the core asks the name servers for it (RFC 7050). */
    tern_addr nat64_prefix;
    uint8_t nat64_len; /**< bits: 32, 40, 48, 56, 64 or 96; 0: none is known */
    uint8_t tiers;     /**< a policy of links made it, see tern_link_policy_apply(); else 0 */
    uint8_t reserved[6];
};

/**
 * The address that this host sends from to reach `remote`, as the kernel would choose it:
 * longest prefix, then lowest metric, then preference (RFC 6724 in short). An IPv4 address that no
 * IPv4 address here reaches is reached from IPv6 where there is a NAT64.
 *
 * @param network  the snapshot
 * @param remote   destination; its port is ignored
 * @param out      receives the source, port 0; untouched on failure
 *
 * @return               0
 * @retval TERN_ENOROUTE nothing here reaches `remote`
 */
TERN_API TERN_CHECK int tern_network_source(const struct tern_network *network, tern_addr remote,
                                            tern_addr *out);

/**
 * Where a packet for `remote` is to be sent: to `remote` itself, or to what a NAT64 translates to it
 * where that is the only way (RFC 6052).
 */
TERN_API tern_addr tern_network_translate(const struct tern_network *network, tern_addr remote);

/** The entry for a local address (ports ignored), or NULL when the snapshot does not have it. */
TERN_API const struct tern_net_address *tern_network_find(const struct tern_network *network,
                                                          tern_addr addr);

/** "UDP", "TCP" or "TLS", as Via has it and people write it; of any other value "?". Static. */
TERN_API const char *tern_transport_name(enum tern_transport transport);

#ifdef __cplusplus
}
#endif
#endif
