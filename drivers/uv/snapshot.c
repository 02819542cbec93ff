/* SPDX-License-Identifier: MIT */
/* The snapshot builder: see snapshot.h. */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

/* Names as Linux, Android and macOS give them. */
static const struct {
    const char *prefix;
    enum tern_link_kind kind;
} names[] = {
    {"wlan", TERN_LINK_WIFI},     {"wl", TERN_LINK_WIFI},        {"wifi", TERN_LINK_WIFI},
    {"wwan", TERN_LINK_CELLULAR}, {"ww", TERN_LINK_CELLULAR},    {"rmnet", TERN_LINK_CELLULAR},
    {"lte", TERN_LINK_CELLULAR},  {"ccmni", TERN_LINK_CELLULAR}, {"pdp_ip", TERN_LINK_CELLULAR},
    {"en", TERN_LINK_ETHERNET},   {"eth", TERN_LINK_ETHERNET},   {"tun", TERN_LINK_VPN},
    {"utun", TERN_LINK_VPN},      {"tap", TERN_LINK_VPN},        {"wg", TERN_LINK_VPN},
    {"ppp", TERN_LINK_VPN},       {"ipsec", TERN_LINK_VPN},      {"tailscale", TERN_LINK_VPN},
};

/* Also the order of a snapshot: what has no room is what is wanted least. */
static const uint8_t by_preference[] = {
    TERN_LINK_ETHERNET, TERN_LINK_WIFI, TERN_LINK_CELLULAR,
    TERN_LINK_OTHER,    TERN_LINK_VPN,  TERN_LINK_LOOPBACK,
};

static const int32_t preferences[] = {
    [TERN_LINK_OTHER] = 15,    [TERN_LINK_ETHERNET] = 40, [TERN_LINK_WIFI] = 30,
    [TERN_LINK_CELLULAR] = 20, [TERN_LINK_VPN] = 10,      [TERN_LINK_LOOPBACK] = 0,
};

enum tern_link_kind tn_uv_link_kind(const struct tn_uv_fact_link *link)
{
    if (link->loopback) return TERN_LINK_LOOPBACK;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strncmp(link->name, names[i].prefix, strlen(names[i].prefix)) == 0) {
            return names[i].kind;
        }
    }
    return link->tunnel ? TERN_LINK_VPN : TERN_LINK_OTHER;
}

/* ---- collecting ---- */

void tn_uv_facts_clear(struct tn_uv_facts *facts)
{
    facts->link_count = facts->address_count = facts->route_count = 0;
    facts->routes_unknown = false;
}

void tn_uv_facts_add_link(struct tn_uv_facts *facts, const struct tn_uv_fact_link *link)
{
    if (facts->link_count < TN_UV_LINKS_MAX) facts->links[facts->link_count++] = *link;
}

void tn_uv_facts_add_address(struct tn_uv_facts *facts, const struct tn_uv_fact_address *address)
{
    if (facts->address_count >= TN_UV_ADDRESSES_MAX) return;
    facts->addresses[facts->address_count++] = *address;
}

void tn_uv_facts_add_route(struct tn_uv_facts *facts, const struct tern_net_route *route)
{
    if (facts->route_count >= TN_UV_ROUTES_MAX) {
        facts->routes_unknown = true;
        return;
    }
    facts->routes[facts->route_count++] = *route;
}

/* ---- order ---- */

#define COMPARE(a, b)                                                                              \
    if ((a) != (b)) return (a) < (b) ? -1 : 1

static int compare_addr(const tern_addr *a, const tern_addr *b)
{
    COMPARE(a->family, b->family);
    int order = memcmp(a->ip, b->ip, sizeof(a->ip));
    if (order) return order;
    COMPARE(a->scope, b->scope);
    return 0;
}

/* Short prefixes first: default routes and networks matter, host routes go when room is scarce. */
static int compare_routes(const void *left, const void *right)
{
    const struct tern_net_route *a = left, *b = right;

    COMPARE(a->prefix_len, b->prefix_len);
    int order = compare_addr(&a->destination, &b->destination);
    if (order) return order;
    COMPARE(a->metric, b->metric);
    COMPARE(a->interface, b->interface);
    return compare_addr(&a->source, &b->source);
}

static int compare_addresses(const void *left, const void *right)
{
    const struct tn_uv_fact_address *a = left, *b = right;

    COMPARE(a->interface, b->interface);
    return compare_addr(&a->addr, &b->addr);
}

/* ---- building ---- */

static const struct tn_uv_fact_link *find_link(const struct tn_uv_facts *facts, uint32_t index)
{
    for (unsigned i = 0; i < facts->link_count; i++) {
        const struct tn_uv_fact_link *link = &facts->links[i];
        if (link->index == index) return link->usable ? link : NULL;
    }
    return NULL;
}

static bool is_link_local6(const tern_addr *addr)
{
    return addr->family == TERN_FAMILY_IPV6 && addr->ip[0] == 0xfe && (addr->ip[1] & 0xc0) == 0x80;
}

static bool only_link_local(const struct tn_uv_facts *facts)
{
    for (unsigned i = 0; i < facts->address_count; i++) {
        const struct tn_uv_fact_address *address = &facts->addresses[i];
        const struct tn_uv_fact_link *link = find_link(facts, address->interface);
        if (link && !link->loopback && !is_link_local6(&address->addr)) return false;
    }
    return true;
}

static void put_address(struct tern_network *out, const struct tn_uv_fact_address *address,
                        const struct tn_uv_fact_link *link)
{
    struct tern_net_address *entry = &out->addresses[out->address_count++];

    entry->addr = address->addr;
    entry->addr.port = 0;
    entry->prefix_len = address->prefix_len;
    entry->kind = (uint8_t)tn_uv_link_kind(link);
    entry->flags = address->flags;
    /* The kernel does not know what costs; mobile operators mostly count. */
    if (entry->kind == TERN_LINK_CELLULAR) entry->flags |= TERN_NET_METERED;
    entry->interface = address->interface;
    entry->preference = preferences[entry->kind];
    memcpy(entry->name, link->name, sizeof(entry->name));
    entry->name[sizeof(entry->name) - 1] = 0;
}

static void put_kind(const struct tn_uv_facts *facts, enum tern_link_kind kind, bool link_local,
                     struct tern_network *out)
{
    for (unsigned i = 0; i < facts->address_count; i++) {
        const struct tn_uv_fact_address *address = &facts->addresses[i];
        const struct tn_uv_fact_link *link = find_link(facts, address->interface);
        if (!link || tn_uv_link_kind(link) != kind) continue;
        if (is_link_local6(&address->addr) && !link_local) continue;
        if (out->address_count < TERN_NET_ADDRESSES_MAX) put_address(out, address, link);
    }
}

static void put_addresses(struct tn_uv_facts *facts, struct tern_network *out)
{
    bool link_local = only_link_local(facts);

    qsort(facts->addresses, facts->address_count, sizeof(facts->addresses[0]), compare_addresses);
    for (size_t i = 0; i < sizeof(by_preference); i++) {
        put_kind(facts, by_preference[i], link_local, out);
    }
}

/* Field by field: padding in the facts must not show. */
static void put_route(struct tern_network *out, const struct tern_net_route *route)
{
    struct tern_net_route *entry = &out->routes[out->route_count++];

    entry->destination = route->destination;
    entry->source = route->source;
    entry->prefix_len = route->prefix_len;
    entry->interface = route->interface;
    entry->metric = route->metric;
}

static void put_routes(struct tn_uv_facts *facts, struct tern_network *out)
{
    if (facts->routes_unknown) return;
    qsort(facts->routes, facts->route_count, sizeof(facts->routes[0]), compare_routes);
    for (unsigned i = 0; i < facts->route_count; i++) {
        const struct tern_net_route *route = &facts->routes[i];
        if (out->route_count == TERN_NET_ROUTES_MAX) return;
        if (is_link_local6(&route->destination)) continue; /* each link has it */
        if (find_link(facts, route->interface)) put_route(out, route);
    }
}

void tn_uv_snapshot_build(struct tn_uv_facts *facts, struct tern_network *out)
{
    memset(out, 0, sizeof(*out));
    put_addresses(facts, out);
    put_routes(facts, out);
}
