/* SPDX-License-Identifier: MIT */
/*
 * Which of several links is used: "Wi-Fi before cellular", "never cellular", "avoid what is metered".
 *
 * A policy says it once, for everything that an endpoint sends: SIP, audio, STUN, and with the uv
 * driver DNS. It may change at any time; what is under way then moves as after an IP change. Without
 * one, routes and their metrics decide, as they do for every program on this host.
 */
#ifndef TERN_LINKS_H
#define TERN_LINKS_H

#include <tern/network.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tern_endpoint;

/** One interface by its name, else all links of a kind. A name counts for more than a kind. */
struct tern_link_match {
    char name[16]; /**< interface name, NUL-terminated; empty: all of `kind` */
    uint8_t kind;  /**< enum tern_link_kind, but TERN_LINK_LOOPBACK, of which no policy disposes */
    uint8_t reserved[3];
};

/** What to do with links that have TERN_NET_METERED. */
enum tern_metered {
    TERN_METERED_USE = 0,   /**< they are links like any other */
    TERN_METERED_AVOID = 1, /**< after all that are not metered, whatever the order says */
    TERN_METERED_NEVER = 2, /**< as if they were not there */
};

#define TERN_LINK_MATCHES_MAX 16 /**< in each list: more than a device has interfaces */

/**
 * A policy. Fill with tern_link_policy_init(), which leaves everything to routing.
 *
 * Where two routes for a destination are equally long, as default routes are, the order of their links
 * decides, and the metric only between equals. A longer route goes on to win: what is on the link, or
 * what a VPN has been given. A link that `order` does not have comes after those that it has; but a VPN
 * that no list has, and that routing prefers to every other link, keeps what routing gives to it: who
 * likes Wi-Fi better than cellular does not ask to leave the tunnel.
 *
 * Nothing is sent by a link that is never used, not even to what is on that link; what arrives there
 * is heard still. Where nothing else is left there is no network, and TERN_EV_NETWORK says so.
 */
struct tern_link_policy {
    size_t size;         /**< set by tern_link_policy_init() */
    uint8_t metered;     /**< enum tern_metered */
    bool only_listed;    /**< what `order` does not have is never used */
    uint8_t order_count; /**< links in `order`, at most TERN_LINK_MATCHES_MAX */
    uint8_t never_count; /**< links in `never` */
    uint8_t reserved[4];
    struct tern_link_match order[TERN_LINK_MATCHES_MAX]; /**< best first */
    /** Never used. What is in both lists in the same way, by name or by kind, is not used. */
    struct tern_link_match never[TERN_LINK_MATCHES_MAX];
};

/**
 * What tern_link_policy_init() calls; it lets programs and libraries of different age meet.
 *
 * @param size  that of the struct as the program knows it; so many bytes are written
 */
TERN_API void tern_link_policy_init_sized(struct tern_link_policy *policy, size_t size);

/** Set `policy` to: routing decides. */
static inline void tern_link_policy_init(struct tern_link_policy *policy)
{
    tern_link_policy_init_sized(policy, sizeof(*policy));
}

/**
 * What a policy makes of a link.
 *
 * @return  its place in the order, the best is 0; negative: it is never used
 */
TERN_API int tern_link_rank(const struct tern_link_policy *policy,
                            const struct tern_net_address *address);

/**
 * The network as a policy wants it: a snapshot like any other, of which tern_network_source() chooses.
 * Addresses that are not to be used are left out, preferences and metrics say the order.
 *
 * @param given  as the system has it
 * @param out    receives it; not `given`
 */
TERN_API void tern_link_policy_apply(const struct tern_link_policy *policy,
                                     const struct tern_network *given, struct tern_network *out);

/** "ethernet", "wifi", "cellular", "vpn", "loopback", "other"; of any other value "?". Static. */
TERN_API const char *tern_link_kind_name(enum tern_link_kind kind);

/**
 * Give an endpoint another policy. Unless `no_auto_ip_change` is set, registrations and calls move to
 * the links that it prefers: make before break while the old one may be used still, at once where it
 * is not to be used any more. At the start, tern_endpoint_opts has it (`links`).
 *
 * @param policy  copied; NULL: routing decides
 *
 * @return               0
 * @retval TERN_EINVAL   a list is too long, a kind is none or loopback, a name has no end
 * @retval TERN_EVERSION `policy` has set members that this library does not know
 * @events TERN_EV_NETWORK and TERN_EV_IP_CHANGE_PROGRESS, where it makes a difference
 */
TERN_API TERN_CHECK int tern_set_link_policy(struct tern_endpoint *ep, tern_time now,
                                             const struct tern_link_policy *policy);

/** The policy in force. Lives as long as the endpoint; changes with tern_set_link_policy(). */
TERN_API const struct tern_link_policy *tern_get_link_policy(const struct tern_endpoint *ep);

#ifdef __cplusplus
}
#endif
#endif
