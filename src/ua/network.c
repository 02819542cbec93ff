/* SPDX-License-Identifier: MIT */
/*
 * The network that the endpoint goes by: the system's snapshot as the policy of links has it
 * (tern/links.h). Whichever of the two changes, what follows is the same.
 */
#include <string.h>

#include "base/links.h"
#include "base/mutant.h"
#include "net/pref64.h"
#include "ua/call.h"

static bool is_link_local(tern_addr addr)
{
    if (addr.family == TERN_FAMILY_IPV4) return addr.ip[0] == 169 && addr.ip[1] == 254;
    return addr.ip[0] == 0xfe && (addr.ip[1] & 0xc0) == 0x80;
}

static bool usable(const struct tern_net_address *address)
{
    return address->kind != TERN_LINK_LOOPBACK && !is_link_local(address->addr) &&
           !(address->flags & TERN_NET_TENTATIVE);
}

static void tell_network(struct tern_endpoint *ep, const struct tern_network *old)
{
    struct tern_event event = {.type = TERN_EV_NETWORK};
    struct tern_ev_network *ev = &event.u.network;
    const struct tern_network *now = &ep->network;
    ev->addresses = now->address_count;
    ev->excluded = ep->system.address_count - now->address_count;
    for (uint32_t i = 0; i < now->address_count; i++) {
        if (usable(&now->addresses[i])) ev->usable = true;
        if (tern_network_find(old, now->addresses[i].addr) == NULL) ev->added++;
    }
    for (uint32_t i = 0; i < old->address_count; i++) {
        if (tern_network_find(now, old->addresses[i].addr) == NULL) ev->removed++;
    }
    tn_ep_event(ep, &event);
}

/* Entries beyond the counts are the caller's rubbish: they take no part. */
static bool same_network(const struct tern_network *a, const struct tern_network *b)
{
    return a->address_count == b->address_count && a->route_count == b->route_count &&
           a->nat64_len == b->nat64_len && a->tiers == b->tiers &&
           tern_addr_same_host(a->nat64_prefix, b->nat64_prefix) &&
           memcmp(a->addresses, b->addresses, a->address_count * sizeof(a->addresses[0])) == 0 &&
           memcmp(a->routes, b->routes, a->route_count * sizeof(a->routes[0])) == 0;
}

static bool is_running(const struct tern_endpoint *ep)
{
    return ep->state == TN_ENDPOINT_RUNNING || ep->state == TN_ENDPOINT_STOPPING;
}

/* What ends has to reach the far end, too. */
static void move(struct tern_endpoint *ep)
{
    struct tern_ip_change_param param;
    if (!is_running(ep)) { /* what is on its way yet goes by what stands */
        tn_ep_close_left_flows(ep);
        return;
    }
    tern_ip_change_param_init(&param);
    if (ep->auto_ip_change) {
        tn_ep_network_changed(ep, &param, false);
    } else {
        tn_ep_registrations_online(ep, true);
    }
}

/* The first snapshot is told even when it is empty: there is no network. */
static void follow(struct tern_endpoint *ep, bool first)
{
    struct tern_network next, old = ep->network;
    tern_link_policy_apply(&ep->links, &ep->system, &next);
    uint32_t excluded = ep->system.address_count - next.address_count;
    if (ep->nat64_learnt) { /* what was given is compared */
        old.nat64_len = 0;
        old.nat64_prefix = (tern_addr){0};
    }
    if (!first && same_network(&old, &next)) {
        if (excluded != ep->excluded) tell_network(ep, &old);
        ep->excluded = excluded;
        return;
    }
    ep->excluded = excluded;
    ep->nat64_learnt = false;
    ep->network = next;
    tn_net_set_network(&ep->net, &next);
    if (!TN_MUTANT(STALE_DNS)) tn_locate_flush(&ep->net);
    tn_pref64_seek(&ep->net);
    tell_network(ep, &old);
    if (!tn_snapshot_resume(ep)) move(ep);
}

int tern_set_network(struct tern_endpoint *ep, tern_time now, const struct tern_network *network)
{
    if (network->address_count > TERN_NET_ADDRESSES_MAX ||
        network->route_count > TERN_NET_ROUTES_MAX) {
        return TERN_EINVAL;
    }
    tn_ep_enter(ep, now);
    bool first = !ep->network_known;
    ep->network_known = true;
    if (first || !same_network(&ep->system, network)) {
        ep->system = *network;
        follow(ep, first);
    }
    tn_ep_run(ep);
    return 0;
}

int tern_set_link_policy(struct tern_endpoint *ep, tern_time now,
                         const struct tern_link_policy *policy)
{
    struct tern_link_policy taken;
    int err = tn_links_take(policy, &taken);
    if (err) return err;
    tn_ep_enter(ep, now);
    ep->links = taken;
    if (ep->network_known) follow(ep, false);
    tn_ep_run(ep);
    return 0;
}

void tn_ep_nat64_learnt(struct tern_endpoint *ep)
{
    ep->network.nat64_prefix = ep->net.network.nat64_prefix;
    ep->network.nat64_len = ep->net.network.nat64_len;
    ep->nat64_learnt = true;
    move(ep);
}

const struct tern_network *tern_get_network(const struct tern_endpoint *ep)
{
    return &ep->network;
}

const struct tern_network *tern_get_system_network(const struct tern_endpoint *ep)
{
    return &ep->system;
}

const struct tern_link_policy *tern_get_link_policy(const struct tern_endpoint *ep)
{
    return &ep->links;
}
