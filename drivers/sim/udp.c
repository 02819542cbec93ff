/* SPDX-License-Identifier: MIT */
/* Datagrams. */
#include <string.h>

#include "world.h"

static struct tern_sim_wire wire_of(uint32_t host, const struct tern_output *out, uint16_t port)
{
    struct tern_sim_wire wire = {.fate = TERN_SIM_SENT,
                                 .host = host,
                                 .transport = TERN_TRANSPORT_UDP,
                                 .media = out->media,
                                 .local = out->local,
                                 .remote = out->remote,
                                 .data = out->data.ptr,
                                 .len = out->data.len};
    wire.local.port = port;
    return wire;
}

static void lost(struct tern_sim *sim, struct tern_sim_wire *wire, const char *why)
{
    wire->fate = TERN_SIM_LOST;
    wire->why = why;
    sim_tell(sim, wire);
}

static void send_copy(struct tern_sim *sim, struct sim_way *way, struct tern_sim_wire *wire)
{
    tern_time takes = sim_pass(sim, way, wire->len, false);
    if (takes < 0) {
        lost(sim, wire, way->why);
        return;
    }
    struct sim_flight *flight = sim_flight_new(sim, SIM_DATAGRAM, wire->len);
    if (flight == NULL) return;
    flight->host = way->to_host;
    flight->net = way->nat;
    flight->out_net = way->from.net;
    flight->from = way->seen;
    flight->to = way->to_addr;
    flight->media = wire->media;
    if (wire->len > 0) memcpy(flight->data, wire->data, wire->len);
    sim_schedule(sim, flight, sim->now + takes);
}

/* The kernel's choice of a source address, where the endpoint leaves it to it. */
static bool choose_source(const struct sim_host *host, tern_addr remote, tern_addr *local)
{
    return local->family != 0 || tern_network_source(&host->network, remote, local) == 0;
}

void sim_udp_send(struct tern_sim *sim, uint32_t host, const struct tern_output *out)
{
    struct sim_host *from = sim_host(sim, host);
    uint16_t port = 0;
    for (uint32_t i = 0; i < from->socket_count; i++) {
        if (from->sockets[i].id == out->id) port = from->sockets[i].port;
    }
    struct tern_sim_wire wire = wire_of(host, out, port);
    bool routed = choose_source(from, out->remote, &wire.local);
    wire.local.port = port;
    sim_tell(sim, &wire);
    struct sim_way way = {.why = "no route"};
    if (routed) way = sim_find_way(sim, host, wire.local, out->remote);
    if (way.why) {
        lost(sim, &wire, way.why);
        if (way.from.net == 0)
            tern_send_failed(from->ep, sim->now, out->id, out->local, out->remote);
        return;
    }
    sim_leave(sim, &way, wire.local, out->remote);
    send_copy(sim, &way, &wire);
    if (sim_chance(sim, sim->nets[way.from.net - 1]->path.duplicate) ||
        sim_chance(sim, sim->nets[way.to.net - 1]->path.duplicate)) {
        way.why = NULL;
        wire.fate = TERN_SIM_SENT;
        send_copy(sim, &way, &wire);
    }
}

/* Why it does not arrive; NULL when it does. */
static const char *refused(struct tern_sim *sim, struct sim_flight *flight)
{
    const char *why;
    if (flight->net) {
        flight->host = sim_enter(sim, flight->net, flight->from, &flight->to, &why);
        if (flight->host == 0) return why;
        if (flight->to.family != flight->from.family)
            flight->from = sim_to_nat64(sim->nets[flight->net - 1], flight->from);
    }
    struct sim_host *host = sim_host(sim, flight->host);
    int i = sim_address_index(host, flight->to);
    if (i < 0) return "the address has gone";
    struct sim_place to;
    if (!sim_place_of(host, i, &to)) return "the tunnel is dead";
    if (!sim_is_open(sim, to) || !sim_is_open(sim, (struct sim_place){.net = flight->out_net}))
        return "the link went down";
    if (host->ep == NULL || !sim_awake(sim, flight->host)) return "the host does not run";
    return NULL;
}

void sim_udp_arrive(struct tern_sim *sim, struct sim_flight *flight)
{
    const char *why = refused(sim, flight);
    struct tern_sim_wire wire = {.fate = TERN_SIM_RECEIVED,
                                 .host = flight->host,
                                 .transport = TERN_TRANSPORT_UDP,
                                 .media = flight->media,
                                 .local = flight->to,
                                 .remote = flight->from,
                                 .data = flight->data,
                                 .len = flight->len,
                                 .injected = flight->kind == SIM_INJECTED};
    struct sim_host *host = why ? NULL : sim_host(sim, flight->host);
    struct sim_socket *socket = host ? sim_socket_at(host, false, flight->to) : NULL;
    if (socket == NULL) {
        lost(sim, &wire, why ? why : "the port is closed");
        return;
    }
    sim_tell(sim, &wire);
    struct tern_datagram datagram = {.socket = socket->id,
                                     .local = flight->to,
                                     .remote = flight->from,
                                     .data = flight->data,
                                     .len = flight->len};
    if (tern_receive(host->ep, sim->now, &datagram) != 0) lost(sim, &wire, "the endpoint is busy");
    sim_drain(sim, flight->host);
}

int tern_sim_inject(struct tern_sim *sim, uint32_t host, const struct tern_datagram *datagram)
{
    if (datagram->local.port == 0 || datagram->remote.port == 0) return TERN_EINVAL;
    if (sim_host(sim, host) == NULL) return TERN_EINVAL;
    struct sim_flight *flight = sim_flight_new(sim, SIM_INJECTED, datagram->len);
    if (flight == NULL) return TERN_ENOMEM;
    flight->host = host;
    flight->from = datagram->remote;
    flight->to = datagram->local;
    if (datagram->len > 0) memcpy(flight->data, datagram->data, datagram->len);
    sim_schedule(sim, flight, sim->now);
    return sim->out_of_memory ? TERN_ENOMEM : 0;
}
