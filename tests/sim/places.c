/* SPDX-License-Identifier: MIT */
/*
 * Where a phone is: its addresses on the nets that it is plugged into, how they are renumbered
 * (RFC 4192, RFC 8981), and a VPN that rides over one of them.
 */
#include <string.h>

#include "life.h"

enum stage { AT_REST, TENTATIVE, BOTH, DEPRECATED, GONE };

static tern_addr address_on(const struct phone *phone, int32_t net, int family, uint32_t suffix)
{
    tern_addr a = {.family = (uint8_t)family};
    uint8_t last = (uint8_t)(phone->host + 16 * (suffix % 15));
    if (family == TERN_FAMILY_IPV4) {
        const uint8_t ip[4] = {10, (uint8_t)net, 0, last};
        memcpy(a.ip, ip, sizeof(ip));
    } else {
        const uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8, 0, (uint8_t)net, [15] = last};
        memcpy(a.ip, ip, sizeof(ip));
    }
    return a;
}

static void plug(struct life *life, const struct phone *phone, int32_t net,
                 struct tern_net_address a)
{
    a.prefix_len = a.addr.family == TERN_FAMILY_IPV4 ? 24 : 64;
    if (tern_sim_plug(life->sim, phone->host, (uint32_t)net, &a) != 0) fail(life, "memory", "plug");
}

/* What a net speaks: 4, 6, 46, or 8 for IPv6 with a way to IPv4. */
int32_t place_families(const struct plan *plan, int32_t net)
{
    int32_t digits = plan->set[SET_families];
    for (int32_t i = PHONE_NETS; i > net; i--)
        digits /= 10;
    return net >= 1 && net <= PHONE_NETS && digits % 10 ? digits % 10 : plan->set[SET_family];
}

static bool speaks(const struct life *life, int32_t net, int family)
{
    int32_t speaks = place_families(life->plan, net);
    return speaks == 46 || speaks == family || (speaks == 8 && family == TERN_FAMILY_IPV6);
}

static unsigned sum_of(const struct life *life, const struct phone *phone)
{
    unsigned sum = 0;
    for (int i = 0; i < 2; i++) {
        if (phone->nets[i] < 1 || phone->nets[i] > PHONE_NETS) continue;
        int32_t families = place_families(life->plan, phone->nets[i]);
        /* Through a NAT64 one sends to IPv4, but is not reached from there without being asked. */
        if (families != TERN_FAMILY_IPV6 && families != 8) sum |= 1;
        if (families != TERN_FAMILY_IPV4) sum |= 2;
    }
    return sum;
}

/* No address of the one can reach the other, without a relay. */
bool place_apart(const struct life *life, const struct phone *a, const struct phone *b)
{
    return !(sum_of(life, a) & sum_of(life, b));
}

/* The old address first: it is the one in use. */
static void plug_both(struct life *life, const struct phone *phone, int32_t net, int family,
                      int32_t preference)
{
    struct tern_net_address a = {.addr = address_on(phone, net, family, phone->suffix),
                                 .kind = links_kind(net),
                                 .preference = preference};
    uint16_t metered = a.kind == TERN_LINK_CELLULAR ? TERN_NET_METERED : 0;
    a.flags = metered;
    if (phone->renumber == DEPRECATED) a.flags |= TERN_NET_DEPRECATED;
    plug(life, phone, net, a);
    if (phone->renumber == AT_REST) return;
    a.addr = address_on(phone, net, family, phone->suffix + 1);
    a.flags = phone->new_flags | metered;
    if (phone->renumber == TENTATIVE) a.flags |= TERN_NET_TENTATIVE;
    plug(life, phone, net, a);
}

static void plug_vpn(struct life *life, const struct phone *phone, int family)
{
    struct tern_net_address a = {
        .addr = address_on(phone, VPN_NET, family, 0), .kind = TERN_LINK_VPN, .preference = 30};
    plug(life, phone, VPN_NET, a);
    tern_addr over = address_on(phone, phone->vpn_over, family, phone->suffix);
    if (tern_sim_ride(life->sim, phone->host, a.addr, over) != 0) fail(life, "memory", "ride");
}

/* A tunnel for some destinations only needs routes; without them preference decides. */
static void set_routes(struct life *life, const struct phone *phone)
{
    struct tern_net_route routes[4] = {{.interface = VPN_NET, .prefix_len = 24},
                                       {.interface = VPN_NET, .prefix_len = 64},
                                       {.metric = 10},
                                       {.metric = 20}};
    size_t count = 3;
    routes[0].destination = (tern_addr){.family = TERN_FAMILY_IPV4, .ip = {10, SERVER_NET}};
    routes[1].destination =
        (tern_addr){.family = TERN_FAMILY_IPV6, .ip = {0x20, 0x01, 0x0d, 0xb8, 0, SERVER_NET}};
    routes[2].interface = (uint32_t)phone->nets[0];
    routes[3].interface = (uint32_t)phone->nets[1];
    if (phone->nets[1] >= 1 && phone->nets[1] <= PHONE_NETS) count = 4;
    tern_sim_routes(life->sim, phone->host, routes, phone->vpn == 2 ? count : 0);
}

void place_plug(struct life *life, struct phone *phone)
{
    static const int families[] = {TERN_FAMILY_IPV4, TERN_FAMILY_IPV6};
    int32_t first = phone->nets[0], second = phone->nets[1];
    tern_sim_unplug(life->sim, phone->host, (tern_addr){0});
    if (phone->vpn && phone->vpn_over == 0) phone->vpn_over = first;
    bool on_first = first >= 1 && first <= PHONE_NETS;
    bool on_second = second >= 1 && second <= PHONE_NETS && second != first;
    for (int i = 0; i < 2; i++) {
        int family = families[i];
        if (on_first && speaks(life, first, family)) plug_both(life, phone, first, family, 20);
        if (on_second && speaks(life, second, family)) plug_both(life, phone, second, family, 10);
        if (phone->vpn && on_first && speaks(life, first, family)) plug_vpn(life, phone, family);
    }
    place_see_nat(life, phone);
    set_routes(life, phone);
}

void place_see_nat(const struct life *life, struct phone *phone)
{
    int32_t router = life->plan->set[SET_router];
    for (int i = 0; i < 2; i++) {
        int32_t net = phone->nets[i];
        if (net < 1 || net > PHONE_NETS) continue;
        bool routed = router == 2 || (router == 1 && net <= 3);
        if (life->nats & 1u << net || (routed && life->nats & 1u << ROUTER_NET))
            phone->natted = true;
    }
}

void place_renumber(struct phone *phone, int32_t stage, int32_t flags)
{
    phone->new_flags = (uint16_t)(flags & TERN_NET_TEMPORARY);
    phone->renumber = stage >= TENTATIVE && stage < GONE ? stage : AT_REST;
    if (stage == GONE) phone->suffix++;
}

void place_vpn(struct phone *phone, int32_t how)
{
    phone->vpn = how;
    phone->vpn_over = 0; /* wherever it is plugged in next */
}

bool place_is_tunnel_dead(const struct phone *phone)
{
    return phone->vpn && phone->vpn_over != phone->nets[0] && phone->vpn_over != phone->nets[1];
}
