/* SPDX-License-Identifier: MIT */
/*
 * Source address selection over a snapshot: RFC 6724 section 5 as far as a voice device needs it.
 *
 * The destination's own address first, then loopback for loopback, then the best route (longest
 * prefix, then lowest metric) whose interface has a usable address. Without routes, on-link prefix
 * and preference decide. An address in duplicate detection is never used, a deprecated one only
 * where nothing better serves.
 */
#include <string.h>

#include <tern/err.h>
#include <tern/network.h>

#include "base/nat64.h"

/* How well an address suits a destination; compared from the first member down. */
struct rank {
    int scope;   /* same scope, and with IPv6 same kind of prefix */
    int fresh;   /* not deprecated */
    int on_link; /* bits of the address's prefix, when the destination is inside */
    int preference;
    int temporary; /* RFC 6724 rule 7 */
    int common;    /* RFC 6724 rule 8: leading bits in common */
};

enum scope { SCOPE_LOOPBACK, SCOPE_LINK, SCOPE_UNIQUE_LOCAL, SCOPE_GLOBAL };

static enum scope scope_of(const tern_addr *a)
{
    static const uint8_t loopback6[16] = {[15] = 1};

    if (a->family == TERN_FAMILY_IPV4) {
        if (a->ip[0] == 127) return SCOPE_LOOPBACK;
        return a->ip[0] == 169 && a->ip[1] == 254 ? SCOPE_LINK : SCOPE_GLOBAL;
    }
    if (memcmp(a->ip, loopback6, 16) == 0) return SCOPE_LOOPBACK;
    if (a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80) return SCOPE_LINK;
    return (a->ip[0] & 0xfe) == 0xfc ? SCOPE_UNIQUE_LOCAL : SCOPE_GLOBAL;
}

static int common_bits(const tern_addr *a, const tern_addr *b)
{
    int bits = 0, all = a->family == TERN_FAMILY_IPV4 ? 32 : 128;

    while (bits < all) {
        unsigned mask = 0x80U >> (bits % 8);
        if ((a->ip[bits / 8] ^ b->ip[bits / 8]) & mask) break;
        bits++;
    }
    return bits;
}

static bool covers(const tern_addr *prefix, uint8_t prefix_len, const tern_addr *a)
{
    return prefix->family == a->family && common_bits(prefix, a) >= prefix_len;
}

/* May this host send from `a` to `remote` at all? */
static bool usable(const struct tern_net_address *a, const tern_addr *remote)
{
    enum scope from = scope_of(&a->addr), to = scope_of(remote);

    if (a->addr.family != remote->family || (a->flags & TERN_NET_TENTATIVE)) return false;
    if (from == SCOPE_LOOPBACK) return to == SCOPE_LOOPBACK;
    if (to == SCOPE_LINK && remote->scope && remote->scope != a->interface) return false;
    return from != SCOPE_LINK || to == SCOPE_LINK || remote->family == TERN_FAMILY_IPV4;
}

static struct rank rank_of(const struct tern_net_address *a, const tern_addr *remote)
{
    enum scope from = scope_of(&a->addr), to = scope_of(remote);
    struct rank r;

    r.scope = from == to ? 2 : from != SCOPE_LINK;
    if (to == SCOPE_LOOPBACK) r.scope = from == to ? 2 : a->kind == TERN_LINK_LOOPBACK;
    r.fresh = !(a->flags & TERN_NET_DEPRECATED);
    r.on_link = covers(&a->addr, a->prefix_len, remote) ? a->prefix_len : -1;
    r.preference = a->preference;
    r.temporary = (a->flags & TERN_NET_TEMPORARY) != 0;
    r.common = common_bits(&a->addr, remote);
    return r;
}

static bool better(const struct rank *a, const struct rank *b)
{
    if (a->fresh != b->fresh) return a->fresh > b->fresh;
    if (a->scope != b->scope) return a->scope > b->scope;
    if (a->on_link != b->on_link) return a->on_link > b->on_link;
    if (a->preference != b->preference) return a->preference > b->preference;
    if (a->temporary != b->temporary) return a->temporary > b->temporary;
    return a->common > b->common;
}

/* Best on `interface`, or anywhere when that is 0. The snapshot's order breaks ties. */
static const struct tern_net_address *best_address(const struct tern_network *network,
                                                   uint32_t interface, const tern_addr *remote)
{
    const struct tern_net_address *best = NULL;
    struct rank best_rank = {0};

    for (uint32_t i = 0; i < network->address_count && i < TERN_NET_ADDRESSES_MAX; i++) {
        const struct tern_net_address *a = &network->addresses[i];
        if (interface && a->interface != interface) continue;
        if (!usable(a, remote)) continue;
        struct rank r = rank_of(a, remote);
        if (best && !better(&r, &best_rank)) continue;
        best = a;
        best_rank = r;
    }
    return best;
}

static bool leads_to(const struct tern_net_route *route, const tern_addr *remote)
{
    const tern_addr *to = &route->destination;

    if (scope_of(remote) == SCOPE_LINK && remote->scope && remote->scope != route->interface) {
        return false;
    }
    if (to->family == TERN_FAMILY_NONE) return route->prefix_len == 0; /* default, both families */
    return covers(to, route->prefix_len, remote);
}

static bool is_fresh(const struct tern_net_address *a)
{
    return a && !(a->flags & TERN_NET_DEPRECATED);
}

static const struct tern_net_address *source_on(const struct tern_network *network,
                                                const struct tern_net_route *route,
                                                const tern_addr *remote)
{
    const struct tern_net_address *named = NULL, *best;

    if (route->source.family) named = tern_network_find(network, route->source);
    if (named && !usable(named, remote)) named = NULL;
    if (is_fresh(named)) return named;
    best = best_address(network, route->interface, remote);
    return named && !is_fresh(best) ? named : best;
}

/* Among equally long prefixes an address that may be used for new things beats a low metric. */
static bool route_better(const struct tern_net_route *a, bool a_fresh,
                         const struct tern_net_route *b, bool b_fresh)
{
    if (a->prefix_len != b->prefix_len) return a->prefix_len > b->prefix_len;
    if (a_fresh != b_fresh) return a_fresh;
    return a->metric < b->metric;
}

/* A route whose interface has lost its address is passed over: its successor is already there. */
static const struct tern_net_address *by_route(const struct tern_network *network,
                                               const tern_addr *remote)
{
    const struct tern_net_route *best_route = NULL;
    const struct tern_net_address *best = NULL;

    for (uint32_t i = 0; i < network->route_count && i < TERN_NET_ROUTES_MAX; i++) {
        const struct tern_net_route *route = &network->routes[i];
        if (!leads_to(route, remote)) continue;
        const struct tern_net_address *source = source_on(network, route, remote);
        if (!source) continue;
        if (best && !route_better(route, is_fresh(source), best_route, is_fresh(best))) continue;
        best = source;
        best_route = route;
    }
    return best;
}

static const struct tern_net_address *select_source(const struct tern_network *network,
                                                    const tern_addr *remote)
{
    const struct tern_net_address *own = tern_network_find(network, *remote);

    if (own && !(own->flags & TERN_NET_TENTATIVE)) return own;
    if (scope_of(remote) == SCOPE_LOOPBACK) return best_address(network, 0, remote);
    if (network->route_count > 0) return by_route(network, remote);
    return best_address(network, 0, remote);
}

/* Not what has a meaning on this host or link alone. */
static bool may_translate(const struct tern_network *network, const tern_addr *remote)
{
    return remote->family == TERN_FAMILY_IPV4 && tn_nat64_is_len(network->nat64_len) &&
           remote->ip[0] != 0 && scope_of(remote) == SCOPE_GLOBAL;
}

tern_addr tern_network_translate(const struct tern_network *network, tern_addr remote)
{
    if (!may_translate(network, &remote) || select_source(network, &remote)) return remote;
    tern_addr to = tn_nat64_embed(network->nat64_prefix, network->nat64_len, remote);
    return select_source(network, &to) ? to : remote;
}

int tern_network_source(const struct tern_network *network, tern_addr remote, tern_addr *out)
{
    if (remote.family != TERN_FAMILY_IPV4 && remote.family != TERN_FAMILY_IPV6) {
        return TERN_ENOROUTE;
    }
    remote = tern_network_translate(network, remote);
    const struct tern_net_address *source = select_source(network, &remote);
    if (!source) return TERN_ENOROUTE;
    *out = source->addr;
    out->port = 0;
    return 0;
}

const struct tern_net_address *tern_network_find(const struct tern_network *network, tern_addr addr)
{
    for (uint32_t i = 0; i < network->address_count && i < TERN_NET_ADDRESSES_MAX; i++) {
        const struct tern_net_address *a = &network->addresses[i];
        if (tern_addr_same_host(a->addr, addr)) return a;
    }
    return NULL;
}

const char *tern_transport_name(enum tern_transport transport)
{
    switch (transport) {
    case TERN_TRANSPORT_UDP: return "UDP";
    case TERN_TRANSPORT_TCP: return "TCP";
    case TERN_TRANSPORT_TLS: return "TLS";
    }
    return "?";
}
