/* SPDX-License-Identifier: MIT */
/*
 * From what the system says about links, addresses and routes to a network snapshot: a pure
 * function, the same for every way of asking. The order in which the facts came does not show.
 */
#ifndef TN_UV_SNAPSHOT_H
#define TN_UV_SNAPSHOT_H

#include <tern/network.h>

#include "limits.h"

struct tn_uv_fact_link {
    uint32_t index;
    bool usable; /* up, and with a carrier */
    bool loopback;
    bool tunnel; /* point to point, without a link layer */
    char name[16];
};

struct tn_uv_fact_address {
    tern_addr addr;
    uint32_t interface;
    uint16_t flags; /* enum tern_net_flags */
    uint8_t prefix_len;
};

struct tn_uv_facts {
    unsigned link_count, address_count, route_count;
    bool routes_unknown; /* too many, or not to be had */
    struct tn_uv_fact_link links[TN_UV_LINKS_MAX];
    struct tn_uv_fact_address addresses[TN_UV_ADDRESSES_MAX];
    struct tern_net_route routes[TN_UV_ROUTES_MAX];
};

void tn_uv_facts_clear(struct tn_uv_facts *facts);
/* What exceeds the limits is left out. */
void tn_uv_facts_add_link(struct tn_uv_facts *facts, const struct tn_uv_fact_link *link);
void tn_uv_facts_add_address(struct tn_uv_facts *facts, const struct tn_uv_fact_address *address);
void tn_uv_facts_add_route(struct tn_uv_facts *facts, const struct tern_net_route *route);

/*
 * Usable links only. Link-local IPv6 addresses only where there is nothing but them and loopback.
 * Every byte of `out` is set, so that two snapshots of one state compare equal with memcmp().
 */
void tn_uv_snapshot_build(struct tn_uv_facts *facts, struct tern_network *out);

/* By name first, since a name is what people give: a TUN device called wlan0 is a Wi-Fi. */
enum tern_link_kind tn_uv_link_kind(const struct tn_uv_fact_link *link);

#endif
