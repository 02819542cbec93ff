/* SPDX-License-Identifier: MIT */
/* Network address translators: the mapping and filtering of RFC 4787 4.1 and 5. */
#include <string.h>

#include "world.h"

#define DEFAULT_TIMEOUT TERN_SECONDS(120) /* RFC 4787 REQ-5 */

/* What of the remote address counts for this kind. */
static tern_addr as_far_as(enum tern_sim_nat_kind kind, tern_addr remote)
{
    if (kind == TERN_SIM_NAT_ENDPOINT_INDEPENDENT) return (tern_addr){0};
    if (kind == TERN_SIM_NAT_ADDRESS_DEPENDENT) remote.port = 0;
    return remote;
}

static bool alive(const struct tern_sim *sim, const struct sim_net *net,
                  const struct sim_binding *binding)
{
    tern_time timeout = net->nat.udp_timeout ? net->nat.udp_timeout : DEFAULT_TIMEOUT;
    return binding->port != 0 && sim->now - binding->used <= timeout;
}

static void permit(struct sim_binding *binding, tern_addr peer)
{
    for (uint32_t i = 0; i < binding->peer_count && i < SIM_PEERS_MAX; i++) {
        if (tern_addr_equal(binding->peers[i], peer)) return;
    }
    binding->peers[binding->peer_count++ % SIM_PEERS_MAX] = peer; /* the oldest goes */
}

/* A binding that is no longer used, else the one that was unused for longest. */
static struct sim_binding *room_for(const struct tern_sim *sim, struct sim_net *net)
{
    struct sim_binding *oldest = &net->bindings[0];
    for (size_t i = 0; i < SIM_BINDINGS_MAX; i++) {
        if (!alive(sim, net, &net->bindings[i])) return &net->bindings[i];
        if (net->bindings[i].used < oldest->used) oldest = &net->bindings[i];
    }
    return oldest;
}

enum { NAT64_BYTES = 12 };

bool sim_from_nat64(const struct sim_net *net, tern_addr v6, tern_addr *v4)
{
    const tern_addr *prefix = &net->nat.nat64;
    if (prefix->family == 0 || v6.family != TERN_FAMILY_IPV6) return false;
    if (memcmp(prefix->ip, v6.ip, NAT64_BYTES) != 0) return false;
    *v4 = (tern_addr){.family = TERN_FAMILY_IPV4, .port = v6.port};
    memcpy(v4->ip, v6.ip + NAT64_BYTES, 4);
    return true;
}

tern_addr sim_to_nat64(const struct sim_net *net, tern_addr v4)
{
    tern_addr v6 = net->nat.nat64;
    v6.port = v4.port;
    memcpy(v6.ip + NAT64_BYTES, v4.ip, 4);
    return v6;
}

tern_addr sim_nat_out(struct tern_sim *sim, uint32_t number, tern_addr inside, tern_addr remote)
{
    struct sim_net *net = sim->nets[number - 1];
    bool nat64 = inside.family != remote.family;
    if (!nat64 && !sim_translates(net, inside.family)) return inside;
    tern_addr key = as_far_as(net->nat.mapping, remote);
    struct sim_binding *binding = NULL;
    for (size_t i = 0; i < SIM_BINDINGS_MAX && binding == NULL; i++) {
        struct sim_binding *b = &net->bindings[i];
        if (!alive(sim, net, b) || !tern_addr_equal(b->inside, inside)) continue;
        if (tern_addr_equal(b->remote, key)) binding = b;
    }
    if (binding == NULL) {
        binding = room_for(sim, net);
        *binding = (struct sim_binding){.inside = inside, .remote = key, .port = net->next_port++};
        if (net->next_port == 0) net->next_port = 20000;
    }
    binding->used = sim->now;
    permit(binding, as_far_as(net->nat.filtering, remote));
    tern_addr outside =
        net->nat.outside.family == remote.family ? net->nat.outside : net->nat.outside6;
    outside.port = binding->port;
    return outside;
}

/* What comes in does not keep a binding alive (RFC 4787 REQ-6 leaves that to each NAT). */
bool sim_nat_in(struct tern_sim *sim, uint32_t number, tern_addr from, tern_addr *to)
{
    struct sim_net *net = sim->nets[number - 1];
    tern_addr peer = as_far_as(net->nat.filtering, from);
    for (size_t i = 0; i < SIM_BINDINGS_MAX; i++) {
        struct sim_binding *b = &net->bindings[i];
        if (!alive(sim, net, b) || b->port != to->port) continue;
        for (uint32_t k = 0; k < b->peer_count && k < SIM_PEERS_MAX; k++) {
            if (!tern_addr_equal(b->peers[k], peer)) continue;
            *to = b->inside;
            return true;
        }
        return false;
    }
    return false;
}

void sim_nat_forget(struct sim_net *net)
{
    memset(net->bindings, 0, sizeof(net->bindings));
    net->epoch++;
}
