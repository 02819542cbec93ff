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

/* One in duplicate detection is nobody's yet (RFC 4862 5.4). */
int sim_address_index(const struct sim_host *host, tern_addr addr)
{
    for (uint32_t i = 0; i < host->network.address_count; i++) {
        const struct tern_net_address *a = &host->network.addresses[i];
        if (same_address(&a->addr, &addr)) return a->flags & TERN_NET_TENTATIVE ? -1 : (int)i;
    }
    return -1;
}

bool sim_translates(const struct sim_net *net, uint8_t family)
{
    const struct tern_sim_nat *nat = &net->nat;
    return nat->mapping != TERN_SIM_NAT_NONE &&
           (nat->outside.family == family || nat->outside6.family == family);
}

/* The first net on the way to the backbone whose NAT stands between; 0: none does. */
static uint32_t realm_of(const struct tern_sim *sim, uint32_t net, uint8_t family)
{
    while (net && !sim_translates(sim->nets[net - 1], family))
        net = sim->nets[net - 1]->up;
    return net;
}

uint32_t sim_epoch(const struct tern_sim *sim, uint32_t net, uint8_t family)
{
    uint32_t sum = 0;
    for (; net; net = sim->nets[net - 1]->up)
        sum += sim_translates(sim->nets[net - 1], family) ? sim->nets[net - 1]->epoch : 0;
    return sum;
}

bool sim_place_of(const struct sim_host *host, int index, struct sim_place *out)
{
    *out = (struct sim_place){.net = host->net_of[index]};
    if (host->over[index].family == 0) return true;
    int under = sim_address_index(host, host->over[index]);
    if (under < 0) return false;
    out->over = host->net_of[under];
    return true;
}

static bool is_outside(const struct sim_net *net, tern_addr addr)
{
    return sim_translates(net, addr.family) && (tern_addr_same_host(net->nat.outside, addr) ||
                                                tern_addr_same_host(net->nat.outside6, addr));
}

/* A NAT's outside, or a host, among those who need no NAT to speak to each other. */
static bool look_up(const struct tern_sim *sim, uint32_t realm, tern_addr addr, struct sim_way *way)
{
    for (uint32_t n = 1; n <= sim->net_count; n++) {
        if (!is_outside(sim->nets[n - 1], addr) ||
            realm_of(sim, sim->nets[n - 1]->up, addr.family) != realm)
            continue;
        way->nat = n;
        way->to = (struct sim_place){.net = n};
        return true;
    }
    for (uint32_t h = 0; h < sim->host_count; h++) {
        int i = sim_address_index(&sim->hosts[h], addr);
        if (i < 0 || realm_of(sim, sim->hosts[h].net_of[i], addr.family) != realm) continue;
        way->to_host = h + 1;
        if (!sim_place_of(&sim->hosts[h], i, &way->to)) way->why = "the tunnel is dead";
        return true;
    }
    return false;
}

/* @return the net whose NAT64 stands for that address, which becomes the one behind it; 0: none does */
static uint32_t through_nat64(const struct tern_sim *sim, struct sim_way *way, tern_addr *remote)
{
    for (uint32_t n = way->from.net; n; n = sim->nets[n - 1]->up) {
        if (!sim_from_nat64(sim->nets[n - 1], *remote, remote)) continue;
        way->leaves[way->leave_count++] = n;
        return n;
    }
    return 0;
}

static bool is_walled(const struct tern_sim *sim, const struct sim_way *way, uint16_t from,
                      uint16_t to)
{
    enum { SIGNALLING = 10000 };
    if ((from >= SIGNALLING && to >= SIGNALLING) || way->to.net == 0) return false;
    uint8_t here = sim->nets[way->from.net - 1]->path.site;
    uint8_t there = sim->nets[way->to.net - 1]->path.site;
    return here && there && here != there;
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
    if (!sim_place_of(from, i, &way.from)) {
        way.why = "the tunnel is dead";
        return way;
    }
    if (sim->nets[way.from.net - 1]->path.black_hole == remote.family) {
        way.why = "a black hole";
        return way;
    }
    uint32_t last = through_nat64(sim, &way, &remote);
    uint32_t realm = realm_of(sim, last ? sim->nets[last - 1]->up : way.from.net, remote.family);
    way.to_addr = remote;
    while (!look_up(sim, realm, remote, &way)) {
        if (realm == 0 || way.leave_count == SIM_CHAIN_MAX) {
            way.why = "nobody has that address";
            return way;
        }
        last = way.leaves[way.leave_count++] = realm;
        realm = realm_of(sim, sim->nets[realm - 1]->up, remote.family);
    }
    if (way.nat && way.nat == last && sim->nets[last - 1]->nat.no_hairpin)
        way.why = "no hairpinning";
    if (!way.why && is_walled(sim, &way, local.port, remote.port)) way.why = "a firewall";
    return way;
}

void sim_leave(struct tern_sim *sim, struct sim_way *way, tern_addr local, tern_addr remote)
{
    const char *why;
    remote = way->to_addr;
    way->seen = local;
    for (uint32_t i = 0; i < way->leave_count; i++)
        way->seen = sim_nat_out(sim, way->leaves[i], way->seen, remote);
    if (way->to_host) return;
    /* As far as can be told now; what the NAT lets in is found out when it arrives. */
    uint32_t host = sim_enter(sim, way->nat, way->seen, &remote, &why);
    int i = host ? sim_address_index(sim_host(sim, host), remote) : -1;
    if (i >= 0) (void)sim_place_of(sim_host(sim, host), i, &way->to);
}

uint32_t sim_enter(struct tern_sim *sim, uint32_t nat, tern_addr from, tern_addr *to,
                   const char **why)
{
    for (int i = 0; i < SIM_CHAIN_MAX; i++) {
        struct sim_way way = {0};
        *why = "filtered by a NAT";
        if (!sim_nat_in(sim, nat, from, to)) return 0;
        *why = "nobody has that address";
        bool nat64 = to->family != from.family;
        uint32_t realm = nat64 ? realm_of(sim, nat, to->family) : nat;
        if (!look_up(sim, realm, *to, &way)) return 0;
        *why = way.why;
        if (way.to_host) return way.why ? 0 : way.to_host;
        nat = way.nat;
    }
    *why = "too many NATs";
    return 0;
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

/* The nets from a place to the backbone. */
static size_t chain(const struct tern_sim *sim, struct sim_place place, uint32_t *out)
{
    size_t count = 0;
    for (uint32_t n = place.net; n && count < SIM_CHAIN_MAX; n = sim->nets[n - 1]->up)
        out[count++] = n;
    for (uint32_t n = place.over; n && count < 2 * SIM_CHAIN_MAX; n = sim->nets[n - 1]->up)
        out[count++] = n;
    return count;
}

/* A packet turns round in the first net that is on the way of both. */
tern_time sim_pass(struct tern_sim *sim, struct sim_way *way, size_t len, bool stream)
{
    int kind = stream ? 2 : 0; /* a stream is cut into segments that fit */
    uint32_t out[2 * SIM_CHAIN_MAX], in[2 * SIM_CHAIN_MAX];
    size_t outs = chain(sim, way->from, out), ins = chain(sim, way->to, in);
    tern_time sum = 0;
    for (size_t i = 0, k; i < outs; i++) {
        tern_time takes = through(sim, net_of(sim, out[i]), kind, len, &way->why);
        if (takes < 0) return takes;
        sum += takes;
        for (k = 0; k < ins && in[k] != out[i];)
            k++;
        if (k == ins) continue;
        ins = k;
        break;
    }
    while (ins-- > 0) {
        tern_time takes = through(sim, net_of(sim, in[ins]), kind + 1, len, &way->why);
        if (takes < 0) return takes;
        sum += takes;
    }
    return sum;
}

bool sim_is_open(const struct tern_sim *sim, struct sim_place place)
{
    uint32_t nets[2 * SIM_CHAIN_MAX];
    for (size_t i = 0, n = chain(sim, place, nets); i < n; i++) {
        if (sim->nets[nets[i] - 1]->path.down || sim->nets[nets[i] - 1]->path.captive) return false;
    }
    return true;
}

bool sim_is_captive(const struct tern_sim *sim, struct sim_place place)
{
    uint32_t nets[2 * SIM_CHAIN_MAX];
    for (size_t i = 0, n = chain(sim, place, nets); i < n; i++) {
        if (sim->nets[nets[i] - 1]->path.captive) return true;
    }
    return false;
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

int tern_sim_net_behind(struct tern_sim *sim, uint32_t net, uint32_t up)
{
    struct sim_net *n = net_of(sim, net);
    uint32_t above = 0, below = 0;
    if (n == NULL || (up && net_of(sim, up) == NULL)) return TERN_EINVAL;
    for (uint32_t at = up; at; at = sim->nets[at - 1]->up) {
        if (at == net) return TERN_ELIMIT;
        above++;
    }
    for (uint32_t i = 0; i < sim->net_count; i++) {
        uint32_t depth = 0, at = i + 1;
        for (; at && at != net; at = sim->nets[at - 1]->up)
            depth++;
        if (at == net && depth > below) below = depth;
    }
    if (below + 1 + above > SIM_CHAIN_MAX) return TERN_ELIMIT;
    n->up = up;
    return 0;
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
