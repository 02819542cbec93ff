/* SPDX-License-Identifier: MIT */
/* A host: its addresses, its sockets, and carrying out what its endpoint asks for. */
#include <string.h>

#include "world.h"

struct sim_host *sim_host(struct tern_sim *sim, uint32_t host)
{
    return host > 0 && host <= sim->host_count ? &sim->hosts[host - 1] : NULL;
}

bool sim_awake(const struct tern_sim *sim, uint32_t host)
{
    return sim->hosts[host - 1].asleep <= sim->now;
}

void sim_tell(struct tern_sim *sim, const struct tern_sim_wire *wire)
{
    if (sim->opts.on_wire == NULL || (wire->media && !sim->opts.media_wire)) return;
    sim->opts.on_wire(sim->opts.user, wire);
}

/* ---- sockets ---- */

struct sim_socket *sim_socket_at(struct sim_host *host, bool tcp, tern_addr local)
{
    for (uint32_t i = 0; i < host->socket_count; i++) {
        struct sim_socket *s = &host->sockets[i];
        if (s->id == 0 || s->tcp != tcp || s->port != local.port) continue;
        if (!tcp || tern_addr_same_host(s->local, local)) return s;
    }
    return NULL;
}

static struct sim_socket *free_socket(struct sim_host *host)
{
    for (uint32_t i = 0; i < SIM_SOCKETS_MAX; i++) {
        if (host->sockets[i].id != 0) continue;
        if (i >= host->socket_count) host->socket_count = i + 1;
        return &host->sockets[i];
    }
    return NULL;
}

static void open_socket(struct tern_sim *sim, struct sim_host *host, const struct tern_output *out)
{
    bool tcp = out->type == TERN_OUT_LISTEN;
    tern_addr local = tcp ? out->local : (tern_addr){0};
    local.port = out->port ? out->port : host->next_port++;
    struct sim_socket *s = free_socket(host);
    const char *why = NULL;
    if (s == NULL) {
        why = "too many open files";
    } else if (tcp && sim_address_index(host, local) < 0) {
        why = "cannot assign requested address";
    } else if (sim_socket_at(host, tcp, local)) {
        why = "address already in use";
    }
    if (why) {
        tern_socket_failed(host->ep, sim->now, out->id, (tern_str){why, strlen(why)});
        return;
    }
    *s = (struct sim_socket){.id = out->id, .port = local.port, .tcp = tcp, .local = local};
    tern_socket_opened(host->ep, sim->now, out->id, local.port);
}

static void close_socket(struct sim_host *host, uint32_t id)
{
    for (uint32_t i = 0; i < host->socket_count; i++) {
        if (host->sockets[i].id == id) host->sockets[i].id = 0;
    }
    while (host->socket_count > 0 && host->sockets[host->socket_count - 1].id == 0)
        host->socket_count--;
}

static void carry_out(struct tern_sim *sim, uint32_t number, const struct tern_output *out)
{
    struct sim_host *host = sim_host(sim, number);
    switch (out->type) {
    case TERN_OUT_DATAGRAM: sim_udp_send(sim, number, out); return;
    case TERN_OUT_UDP_OPEN:
    case TERN_OUT_LISTEN: open_socket(sim, host, out); return;
    case TERN_OUT_UDP_CLOSE:
    case TERN_OUT_UNLISTEN: close_socket(host, out->id); return;
    case TERN_OUT_CONNECT: sim_stream_connect(sim, number, out); return;
    case TERN_OUT_WRITE: sim_stream_write(sim, number, out); return;
    case TERN_OUT_DISCONNECT: sim_stream_close(sim, number, out); return;
    case TERN_OUT_RESOLVE: sim_resolve(sim, number, out); return;
    }
}

/* The functions of the caller may free or replace the endpoint, and drain within. */
void sim_drain(struct tern_sim *sim, uint32_t number)
{
    struct sim_host *host = sim_host(sim, number);
    struct tern_output out;
    struct tern_event event;
    bool any = true;
    while (any) {
        any = false;
        while (host->ep && tern_next_output(host->ep, &out)) {
            carry_out(sim, number, &out);
            any = true;
        }
        while (host->ep && tern_next_event(host->ep, &event)) {
            sim->opts.on_event(sim->opts.user, number, &event);
            any = true;
        }
    }
}

/* ---- what the caller sets ---- */

int tern_sim_host_add(struct tern_sim *sim, uint32_t *out)
{
    if (sim->host_count == SIM_HOSTS_MAX) return TERN_ELIMIT;
    sim->hosts[sim->host_count].next_port = 32768;
    *out = ++sim->host_count;
    return 0;
}

void tern_sim_host_endpoint(struct tern_sim *sim, uint32_t number, struct tern_endpoint *ep)
{
    struct sim_host *host = sim_host(sim, number);
    if (host == NULL) return;
    if (host->ep) sim_streams_power_cut(sim, number);
    host->ep = ep;
    host->socket_count = 0;
    memset(host->sockets, 0, sizeof(host->sockets));
    memset(host->heard, 0, sizeof(host->heard));
}

static int entry_of(const struct sim_host *host, tern_addr addr)
{
    for (uint32_t i = 0; i < host->network.address_count; i++) {
        if (tern_addr_same_host(host->network.addresses[i].addr, addr)) return (int)i;
    }
    return -1;
}

int tern_sim_plug(struct tern_sim *sim, uint32_t number, uint32_t net,
                  const struct tern_net_address *address)
{
    struct sim_host *host = sim_host(sim, number);
    if (host == NULL || net == 0 || net > sim->net_count) return TERN_EINVAL;
    int i = entry_of(host, address->addr);
    if (i < 0) {
        if (host->network.address_count == TERN_NET_ADDRESSES_MAX) return TERN_ELIMIT;
        i = (int)host->network.address_count++;
    }
    host->network.addresses[i] = *address;
    if (address->interface == 0) host->network.addresses[i].interface = net;
    host->net_of[i] = net;
    host->over[i] = (tern_addr){0};
    return 0;
}

int tern_sim_ride(struct tern_sim *sim, uint32_t number, tern_addr address, tern_addr over)
{
    struct sim_host *host = sim_host(sim, number);
    int i = host ? entry_of(host, address) : -1;
    if (i < 0) return TERN_EINVAL;
    host->over[i] = over;
    return 0;
}

void tern_sim_unplug(struct tern_sim *sim, uint32_t number, tern_addr address)
{
    struct sim_host *host = sim_host(sim, number);
    if (host == NULL) return;
    struct tern_network *network = &host->network;
    uint32_t count = network->address_count, kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (address.family == 0 || tern_addr_same_host(network->addresses[i].addr, address))
            continue;
        network->addresses[kept] = network->addresses[i];
        host->over[kept] = host->over[i];
        host->net_of[kept++] = host->net_of[i];
    }
    network->address_count = kept;
    memset(&network->addresses[kept], 0, (count - kept) * sizeof(network->addresses[0]));
}

void tern_sim_routes(struct tern_sim *sim, uint32_t number, const struct tern_net_route *routes,
                     size_t count)
{
    struct sim_host *host = sim_host(sim, number);
    if (host == NULL) return;
    if (count > TERN_NET_ROUTES_MAX) count = TERN_NET_ROUTES_MAX;
    memset(host->network.routes, 0, sizeof(host->network.routes));
    if (count > 0) memcpy(host->network.routes, routes, count * sizeof(*routes));
    host->network.route_count = (uint32_t)count;
}

const struct tern_network *tern_sim_network(const struct tern_sim *sim, uint32_t host)
{
    return host > 0 && host <= sim->host_count ? &sim->hosts[host - 1].network : NULL;
}

void tern_sim_notice(struct tern_sim *sim, uint32_t number)
{
    struct sim_host *host = sim_host(sim, number);
    if (host == NULL || host->ep == NULL || !sim_awake(sim, number)) return;
    if (tern_set_network(host->ep, sim->now, &host->network) != 0) sim->out_of_memory = true;
    sim_drain(sim, number);
}

void tern_sim_suspend(struct tern_sim *sim, uint32_t number, tern_time until)
{
    struct sim_host *host = sim_host(sim, number);
    if (host) host->asleep = until;
}

void tern_sim_touch(struct tern_sim *sim, uint32_t number)
{
    if (sim_host(sim, number)) sim_drain(sim, number);
}

void tern_sim_refuse(struct tern_sim *sim, uint32_t number, bool refuse)
{
    struct sim_host *host = sim_host(sim, number);
    if (host) host->refuses = refuse;
}

struct tern_sim_use tern_sim_get_use(const struct tern_sim *sim, uint32_t number)
{
    struct tern_sim_use use = {0};
    if (number == 0 || number > sim->host_count) return use;
    const struct sim_host *host = &sim->hosts[number - 1];
    for (uint32_t i = 0; i < host->socket_count; i++) {
        if (host->sockets[i].id == 0) continue;
        use.listeners += host->sockets[i].tcp;
        use.sockets += !host->sockets[i].tcp;
    }
    use.streams = sim_streams_of(sim, number);
    use.queries = host->queries;
    use.asked = host->asked;
    return use;
}
