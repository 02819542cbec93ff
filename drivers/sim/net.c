/* SPDX-License-Identifier: MIT */
/* Nets: who is where, which way a packet takes, and what happens to it there. */
#include <stdlib.h>
#include <string.h>

#include "world.h"

bool sim_chance(struct tern_sim *sim, uint32_t of_a_million)
{
    return of_a_million > 0 && tern_sim_random(sim, TERN_SIM_MILLION) < of_a_million;
}

static struct sim_net *net_of(const struct tern_sim *sim, uint32_t net)
{
    return net > 0 && net <= sim->net_count ? sim->nets[net - 1] : NULL;
}

/* ---- who is where ---- */

static bool same_address(const tern_addr *a, const tern_addr *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

int sim_address_index(const struct sim_host *host, tern_addr addr)
{
    for (uint32_t i = 0; i < host->network.address_count; i++) {
        if (same_address(&host->network.addresses[i].addr, &addr)) return (int)i;
    }
    return -1;
}

uint32_t sim_host_at(const struct tern_sim *sim, uint32_t net, tern_addr addr)
{
    for (uint32_t h = 0; h < sim->host_count; h++) {
        int i = sim_address_index(&sim->hosts[h], addr);
        if (i >= 0 && sim->hosts[h].net_of[i] == net) return h + 1;
    }
    return 0;
}

static bool has_nat(const struct tern_sim *sim, uint32_t net)
{
    return sim->nets[net - 1]->nat.mapping != TERN_SIM_NAT_NONE;
}

/* Across the backbone: to a NAT's outside, or to a host on a net without one. */
static void cross(struct tern_sim *sim, tern_addr remote, struct sim_way *way)
{
    for (uint32_t n = 1; n <= sim->net_count; n++) {
        if (!has_nat(sim, n) || !tern_addr_same_host(sim->nets[n - 1]->nat.outside, remote))
            continue;
        way->to_net = n;
        return;
    }
    for (uint32_t h = 0; h < sim->host_count; h++) {
        int i = sim_address_index(&sim->hosts[h], remote);
        if (i < 0 || has_nat(sim, sim->hosts[h].net_of[i])) continue;
        way->to_net = sim->hosts[h].net_of[i];
        way->to_host = h + 1;
        return;
    }
    way->why = "nobody has that address";
}

struct sim_way sim_find_way(struct tern_sim *sim, uint32_t host, tern_addr local, tern_addr remote)
{
    struct sim_way way = {.seen = local};
    const struct sim_host *from = sim_host(sim, host);
    int i = sim_address_index(from, local);
    if (i < 0 || local.family != remote.family) {
        way.why = i < 0 ? "the local address is gone" : "the families differ";
        return way;
    }
    way.from_net = from->net_of[i];
    if (!has_nat(sim, way.from_net)) {
        cross(sim, remote, &way);
        return way;
    }
    way.to_host = sim_host_at(sim, way.from_net, remote);
    if (way.to_host) {
        way.to_net = way.from_net;
        return way;
    }
    cross(sim, remote, &way);
    return way;
}

/* ---- what happens on the way ---- */

static tern_time queue(struct tern_sim *sim, struct sim_net *net, int direction, size_t len)
{
    const struct tern_sim_path *path = &net->path;
    if (path->rate_bps == 0) return 0;
    tern_time *free_at = &net->free_at[direction];
    if (*free_at < sim->now) *free_at = sim->now;
    tern_time room =
        (tern_time)(path->queue_bytes ? path->queue_bytes : 65536) * 8 * 1000000 / path->rate_bps;
    if (*free_at - sim->now > room) return -1;
    *free_at += (tern_time)(len + 28) * 8 * 1000000 / path->rate_bps; /* with IP and UDP headers */
    return *free_at - sim->now;
}

static bool burst(struct tern_sim *sim, struct sim_net *net)
{
    if (sim->now < net->burst_ends) return true;
    if (!sim_chance(sim, net->path.burst)) return false;
    net->burst_ends = sim->now + net->path.burst_length;
    return true;
}

/* Through one net. -1: lost. */
static tern_time through(struct tern_sim *sim, struct sim_net *net, int direction, size_t len,
                         const char **why)
{
    const struct tern_sim_path *path = &net->path;
    *why = path->down                                       ? "the link is down"
           : path->captive                                  ? "a captive portal"
           : path->mtu && len > path->mtu && direction < 2  ? "larger than the MTU"
           : burst(sim, net) || sim_chance(sim, path->loss) ? "loss"
                                                            : NULL;
    if (*why) return -1;
    tern_time waits = queue(sim, net, direction & 1, len);
    if (waits < 0) {
        *why = "the queue is full";
        return -1;
    }
    waits += path->delay;
    if (path->jitter > 0) waits += (tern_time)tern_sim_random(sim, (uint64_t)path->jitter + 1);
    if (sim_chance(sim, path->reorder)) waits += 3 * path->jitter + TERN_MS(1);
    return waits;
}

tern_time sim_pass(struct tern_sim *sim, struct sim_way *way, size_t len, bool stream)
{
    int kind = stream ? 2 : 0; /* a stream is cut into segments that fit */
    tern_time out = through(sim, net_of(sim, way->from_net), kind, len, &way->why);
    if (out < 0 || way->to_net == way->from_net) return out;
    tern_time in = through(sim, net_of(sim, way->to_net), kind + 1, len, &way->why);
    return in < 0 ? in : out + in;
}

bool sim_nets_open(const struct tern_sim *sim, uint32_t from_net, uint32_t to_net)
{
    const struct tern_sim_path *from = &net_of(sim, from_net)->path;
    const struct tern_sim_path *to = &net_of(sim, to_net)->path;
    return !from->down && !to->down && !from->captive && !to->captive;
}

/* ---- what the caller sets ---- */

int tern_sim_net_add(struct tern_sim *sim, const struct tern_sim_path *path, uint32_t *out)
{
    if (sim->net_count == SIM_NETS_MAX) return TERN_ELIMIT;
    struct sim_net *net = calloc(1, sizeof(*net));
    if (net == NULL) return TERN_ENOMEM;
    net->path = *path;
    net->next_port = 20000;
    sim->nets[sim->net_count++] = net;
    *out = sim->net_count;
    return 0;
}

void tern_sim_net_set(struct tern_sim *sim, uint32_t net, const struct tern_sim_path *path)
{
    struct sim_net *n = net_of(sim, net);
    if (n == NULL) return;
    n->path = *path;
    n->burst_ends = 0;
}

struct tern_sim_path tern_sim_net_get(const struct tern_sim *sim, uint32_t net)
{
    const struct sim_net *n = net_of(sim, net);
    return n ? n->path : (struct tern_sim_path){0};
}

void tern_sim_net_nat(struct tern_sim *sim, uint32_t net, const struct tern_sim_nat *nat)
{
    struct sim_net *n = net_of(sim, net);
    if (n == NULL) return;
    n->nat = *nat;
    sim_nat_forget(n);
}

void tern_sim_net_rebind(struct tern_sim *sim, uint32_t net)
{
    struct sim_net *n = net_of(sim, net);
    if (n) sim_nat_forget(n);
}
