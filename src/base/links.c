/* SPDX-License-Identifier: MIT */
/*
 * A policy of links is made part of the snapshot: what chooses by snapshots then needs to know nothing
 * of it. The order of the links is written into the preferences, in tiers, and into the metrics.
 */
#include "base/links.h"

#include <string.h>

#include "base/options.h"

/* Preferences within a link keep what room one tier has. */
#define TIER      0x10000
#define TIER_HALF (TIER / 2)

#define NEVER (-1) /* not to be used */
#define FIRST (-1) /* before all that the policy has put in order */

void tern_link_policy_init_sized(struct tern_link_policy *policy, size_t size)
{
    const struct tern_link_policy defaults = {.metered = TERN_METERED_USE};
    tn_options_give(policy, size, &defaults, sizeof(defaults));
}

const char *tern_link_kind_name(enum tern_link_kind kind)
{
    switch (kind) {
    case TERN_LINK_OTHER: return "other";
    case TERN_LINK_ETHERNET: return "ethernet";
    case TERN_LINK_WIFI: return "wifi";
    case TERN_LINK_CELLULAR: return "cellular";
    case TERN_LINK_VPN: return "vpn";
    case TERN_LINK_LOOPBACK: return "loopback";
    }
    return "?";
}

static bool is_good(const struct tern_link_match *list, uint8_t count)
{
    if (count > TERN_LINK_MATCHES_MAX) return false;
    for (uint8_t i = 0; i < count; i++) {
        if (!memchr(list[i].name, 0, sizeof(list[i].name))) return false;
        if (list[i].kind >= TERN_LINK_LOOPBACK) return false;
    }
    return true;
}

int tn_links_take(const struct tern_link_policy *given, struct tern_link_policy *out)
{
    struct tern_link_policy policy;

    tern_link_policy_init(&policy);
    if (given) {
        int err = tn_options_take(given, &policy, sizeof(policy));
        if (err) return err;
    }
    if (policy.metered > TERN_METERED_NEVER) return TERN_EINVAL;
    if (!is_good(policy.order, policy.order_count)) return TERN_EINVAL;
    if (!is_good(policy.never, policy.never_count)) return TERN_EINVAL;
    *out = policy;
    return 0;
}

/* ---- one link ---- */

static bool is_named(const struct tern_link_match *match, const struct tern_net_address *link)
{
    for (size_t i = 0; i < sizeof(match->name); i++) {
        if (match->name[i] != link->name[i]) return false;
        if (!match->name[i]) return i > 0; /* an empty name is for a kind */
    }
    return true;
}

static int find_name(const struct tern_link_match *list, uint8_t count,
                     const struct tern_net_address *link)
{
    for (uint8_t i = 0; i < count; i++)
        if (is_named(&list[i], link)) return i;
    return NEVER;
}

static int find_kind(const struct tern_link_match *list, uint8_t count,
                     const struct tern_net_address *link)
{
    for (uint8_t i = 0; i < count; i++)
        if (!list[i].name[0] && list[i].kind == link->kind) return i;
    return NEVER;
}

/* Where the lists put it, metered or not. @return NEVER, or `order_count` for: not listed */
static int place_of(const struct tern_link_policy *p, const struct tern_net_address *link)
{
    int place;

    if (find_name(p->never, p->never_count, link) >= 0) return NEVER;
    place = find_name(p->order, p->order_count, link);
    if (place >= 0) return place;
    if (find_kind(p->never, p->never_count, link) >= 0) return NEVER;
    place = find_kind(p->order, p->order_count, link);
    if (place >= 0) return place;
    return p->only_listed ? NEVER : p->order_count;
}

int tern_link_rank(const struct tern_link_policy *policy, const struct tern_net_address *address)
{
    if (address->kind == TERN_LINK_LOOPBACK) return 0;
    int place = place_of(policy, address);
    if (place < 0 || !(address->flags & TERN_NET_METERED)) return place;
    if (policy->metered == TERN_METERED_NEVER) return NEVER;
    return policy->metered == TERN_METERED_AVOID ? place + policy->order_count + 1 : place;
}

static int last_rank(const struct tern_link_policy *p)
{
    return p->metered == TERN_METERED_AVOID ? 2 * p->order_count + 1 : p->order_count;
}

static bool leaves_all_to_routing(const struct tern_link_policy *p)
{
    return p->metered == TERN_METERED_USE && !p->only_listed && p->order_count == 0 &&
           p->never_count == 0;
}

/* ---- a snapshot ---- */

static int32_t within_tier(int32_t preference)
{
    if (preference < -TIER_HALF) return -TIER_HALF;
    return preference < TIER_HALF ? preference : TIER_HALF - 1;
}

static void keep_addresses(const struct tern_link_policy *p, const struct tern_network *given,
                           struct tern_network *out)
{
    for (uint32_t i = 0; i < given->address_count && i < TERN_NET_ADDRESSES_MAX; i++) {
        const struct tern_net_address *address = &given->addresses[i];
        int rank = tern_link_rank(p, address);
        if (rank < 0) continue;
        struct tern_net_address *kept = &out->addresses[out->address_count++];
        *kept = *address;
        if (address->kind == TERN_LINK_LOOPBACK) continue;
        kept->preference = (last_rank(p) - rank + 1) * TIER + within_tier(address->preference);
    }
}

/* How a route ranks: by its link, then by its metric. */
struct worth {
    int rank;
    uint32_t metric;
};

static const struct tern_net_address *link_of(const struct tern_network *network,
                                              uint32_t interface)
{
    for (uint32_t i = 0; i < network->address_count; i++)
        if (network->addresses[i].interface == interface) return &network->addresses[i];
    return NULL;
}

static bool is_unlisted_vpn(const struct tern_link_policy *p, const struct tern_net_address *link)
{
    return link->kind == TERN_LINK_VPN && place_of(p, link) == p->order_count;
}

static bool same_destination(const struct tern_net_route *a, const struct tern_net_route *b)
{
    return a->prefix_len == b->prefix_len && tern_addr_same_host(a->destination, b->destination);
}

/* No other link that may be used has as good a route to the same place. */
static bool routing_prefers(const struct tern_network *network, const struct tern_net_route *route)
{
    for (uint32_t i = 0; i < network->route_count; i++) {
        const struct tern_net_route *other = &network->routes[i];
        if (other->interface == route->interface || !same_destination(other, route)) continue;
        if (other->metric <= route->metric && link_of(network, other->interface)) return false;
    }
    return true;
}

/* `kept` has the addresses that may be used, and the routes as given. */
static struct worth worth_of(const struct tern_link_policy *p, const struct tern_network *kept,
                             const struct tern_net_route *route)
{
    const struct tern_net_address *link = link_of(kept, route->interface);
    struct worth worth = {last_rank(p), route->metric};

    if (!link) return worth;
    worth.rank = tern_link_rank(p, link);
    if (is_unlisted_vpn(p, link) && routing_prefers(kept, route)) worth.rank = FIRST;
    return worth;
}

static bool is_better(struct worth a, struct worth b)
{
    return a.rank != b.rank ? a.rank < b.rank : a.metric < b.metric;
}

/* Metrics only say which of two routes is better, so how many are better says the same. Routes of links
 * that are not used stay: a snapshot without any route would mean that none is known. */
static void order_routes(const struct tern_link_policy *p, struct tern_network *network)
{
    struct worth worth[TERN_NET_ROUTES_MAX];

    for (uint32_t i = 0; i < network->route_count; i++)
        worth[i] = worth_of(p, network, &network->routes[i]);
    for (uint32_t i = 0; i < network->route_count; i++) {
        network->routes[i].metric = 0;
        for (uint32_t j = 0; j < network->route_count; j++)
            if (is_better(worth[j], worth[i])) network->routes[i].metric++;
    }
}

void tern_link_policy_apply(const struct tern_link_policy *policy, const struct tern_network *given,
                            struct tern_network *out)
{
    if (leaves_all_to_routing(policy)) {
        *out = *given;
        return;
    }
    memset(out, 0, sizeof(*out));
    out->nat64_prefix = given->nat64_prefix;
    out->nat64_len = given->nat64_len;
    out->tiers = 1;
    keep_addresses(policy, given, out);
    out->route_count = given->route_count;
    if (out->route_count > TERN_NET_ROUTES_MAX) out->route_count = TERN_NET_ROUTES_MAX;
    memcpy(out->routes, given->routes, out->route_count * sizeof(out->routes[0]));
    order_routes(policy, out);
}

int32_t tn_links_tier(const struct tern_network *network, tern_addr remote)
{
    const struct tern_net_address *source;
    tern_addr local;

    if (!network->tiers || tern_network_source(network, remote, &local) != 0) return 0;
    source = tern_network_find(network, local);
    return source ? (source->preference + TIER_HALF) / TIER : 0;
}
