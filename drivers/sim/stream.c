/* SPDX-License-Identifier: MIT */
/*
 * TCP as far as it matters to what is above: connect, refuse, reset, half-open, silent death, order,
 * segments, reads that end anywhere, and a kernel that takes what it has room for. What travels in a
 * connection is in segment.c.
 */
#include <stdlib.h>

#include "stream.h"

#define SYN_RETRY TERN_SECONDS(1)
#define SYN_TRIES 7 /* Linux: six repeats, about two minutes */

/* ---- connecting ---- */

static void syn(struct tern_sim *sim, struct sim_stream *s, uint32_t attempt)
{
    uint32_t host = s->host[0];
    struct sim_way way = {0};
    if (s->id[0] == 0 || s->open) return;
    if (attempt >= SYN_TRIES) {
        sim_stream_closed(sim, s, 0, "connection timed out");
        return;
    }
    way = sim_find_way(sim, host, s->addr[0], s->seen[1]);
    tern_time takes = way.why ? -1 : sim_pass(sim, &way, 40, true);
    bool captive = way.from.net && sim_is_captive(sim, way.from);
    if (takes >= 0 && way.to_host) {
        s->host[1] = way.to_host;
        sim_leave(sim, &way, s->addr[0], s->seen[1]);
        s->seen[0] = way.seen;
        s->addr[1] = way.to_addr;
        if (way.leave_count > 0) {
            s->net[0] = way.from.net;
            s->epoch[0] = sim_epoch(sim, way.from.net, s->addr[0].family);
        }
        (void)sim_stream_post(sim, SIM_STREAM_SYN, s, 0, sim->now + takes);
    } else if (captive) {
        (void)sim_stream_post(sim, SIM_STREAM_REFUSED, s, 0, sim->now + TERN_MS(5));
        return;
    }
    struct sim_flight *again =
        sim_stream_post(sim, SIM_STREAM_OPENED, s, 1, sim->now + (SYN_RETRY << attempt));
    if (again) again->attempt = attempt + 1;
}

void sim_stream_connect(struct tern_sim *sim, uint32_t host, const struct tern_output *out)
{
    struct sim_host *from = sim_host(sim, host);
    struct sim_stream *s = calloc(1, sizeof(*s));
    if (s == NULL) {
        sim->out_of_memory = true;
        return;
    }
    s->next = sim->streams;
    sim->streams = s;
    s->host[0] = host;
    s->id[0] = out->id;
    s->addr[0] = out->local;
    if (s->addr[0].family == 0 &&
        tern_network_source(&from->network, out->remote, &s->addr[0]) != 0)
        s->addr[0] = (tern_addr){0};
    s->addr[0].port = from->next_port++;
    s->seen[0] = s->addr[0];
    s->addr[1] = s->seen[1] = out->remote;
    s->tail[0] = &s->head[0];
    s->tail[1] = &s->head[1];
    if (from->next_port == 0) from->next_port = 32768;
    if (sim_address_index(from, s->addr[0]) < 0 || from->refuses) { /* bind() or connect() fails */
        (void)sim_stream_post(sim, SIM_STREAM_REFUSED, s, 0, sim->now);
        return;
    }
    syn(sim, s, 0);
}

static void accept_at(struct tern_sim *sim, struct sim_stream *s)
{
    struct sim_host *host = sim_host(sim, s->host[1]);
    if (!sim_stream_stands(sim, s, 1)) return; /* lost; SYN comes again */
    struct sim_socket *listener = host->ep ? sim_socket_at(host, true, s->addr[1]) : NULL;
    bool refused = listener == NULL || host->refuses;
    if (!refused && s->id[1] == 0 && !s->gone[1]) {
        refused = tern_stream_accepted(host->ep, sim->now, listener->id, s->addr[1], s->seen[0],
                                       &s->id[1]) != 0;
        sim_drain(sim, s->host[1]);
    }
    if (refused) s->gone[1] = true;
    tern_time takes = sim_stream_pass(sim, s, 1, 40);
    if (takes < 0) return;
    (void)sim_stream_post(sim, refused ? SIM_STREAM_REFUSED : SIM_STREAM_OPENED, s, 0,
                          sim->now + takes);
}

static void opened(struct tern_sim *sim, struct sim_stream *s)
{
    struct sim_host *host = sim_host(sim, s->host[0]);
    if (s->open || !sim_stream_stands(sim, s, 0)) return;
    if (s->id[0] == 0) { /* given up meanwhile */
        sim_stream_reset(sim, s, 0);
        return;
    }
    s->open = true;
    s->opened = sim->now;
    tern_stream_opened(host->ep, sim->now, s->id[0], s->addr[0], s->seen[1]);
    sim_drain(sim, s->host[0]);
    for (int side = 0; side < 2; side++) /* written before */
        sim_stream_launch(sim, s, side);
}

/* ---- what the endpoint and the caller ask for ---- */

void tern_sim_tcp_set(struct tern_sim *sim, const struct tern_sim_tcp *tcp)
{
    sim->tcp = *tcp;
}

static struct sim_stream *stream_of(struct tern_sim *sim, uint32_t host, uint32_t id, int *side)
{
    for (struct sim_stream *s = sim->streams; s; s = s->next) {
        for (*side = 0; *side < 2; (*side)++) {
            if (s->host[*side] == host && s->id[*side] == id) return s;
        }
    }
    return NULL;
}

void sim_stream_write(struct tern_sim *sim, uint32_t host, const struct tern_output *out)
{
    int side;
    struct sim_stream *s = stream_of(sim, host, out->id, &side);
    if (s && out->data.len > 0) sim_stream_put(sim, s, side, out->data);
}

void sim_stream_close(struct tern_sim *sim, uint32_t host, const struct tern_output *out)
{
    int side;
    struct sim_stream *s = stream_of(sim, host, out->id, &side);
    if (s == NULL) return;
    s->id[side] = 0;
    s->gone[side] = true;
    if (!out->abort && s->open) {
        sim_stream_put(sim, s, side, (tern_str){NULL, 0});
        return;
    }
    sim_stream_drop(s, side);
    if (s->host[1]) sim_stream_reset(sim, s, side);
}

/* ---- events ---- */

static void collect(struct tern_sim *sim)
{
    struct sim_stream **at = &sim->streams;
    while (*at) {
        struct sim_stream *s = *at;
        if (s->in_flight || s->id[0] || s->id[1]) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        sim_stream_drop(s, 0);
        sim_stream_drop(s, 1);
        free(s);
    }
}

void sim_stream_event(struct tern_sim *sim, struct sim_flight *flight)
{
    struct sim_stream *s = flight->stream;
    switch (flight->kind) {
    case SIM_STREAM_SYN: accept_at(sim, s); break;
    case SIM_STREAM_OPENED:
        if (flight->attempt > 0) {
            syn(sim, s, flight->attempt);
        } else {
            opened(sim, s);
        }
        break;
    case SIM_STREAM_REFUSED:
        if (sim_stream_stands(sim, s, 0) || s->host[1] == 0)
            sim_stream_closed(sim, s, 0, "connection refused");
        break;
    case SIM_STREAM_DATA: sim_stream_arrive(sim, s, flight); break;
    case SIM_STREAM_RETRY: sim_stream_retry(sim, s, flight->side); break;
    case SIM_STREAM_RESET:
        if (sim_stream_stands(sim, s, 1 - flight->side))
            sim_stream_closed(sim, s, 1 - flight->side, "reset");
        break;
    case SIM_STREAM_ROOM:
        s->full[flight->side] = false;
        sim_stream_launch(sim, s, flight->side);
        break;
    case SIM_STREAM_READ:
        s->late[flight->side] = false;
        sim_stream_deliver(sim, s, 1 - flight->side);
        break;
    case SIM_DATAGRAM:
    case SIM_INJECTED:
    case SIM_ANSWER:
    case SIM_CALLER: break;
    }
    s->in_flight--;
    if (s->in_flight == 0 && s->id[0] == 0 && s->id[1] == 0) collect(sim);
}

void sim_streams_power_cut(struct tern_sim *sim, uint32_t host)
{
    for (struct sim_stream *s = sim->streams; s; s = s->next) {
        for (int side = 0; side < 2; side++) {
            if (s->host[side] != host) continue;
            s->id[side] = 0;
            s->gone[side] = true;
            sim_stream_drop(s, side);
        }
    }
}

uint32_t sim_streams_of(const struct tern_sim *sim, uint32_t host)
{
    uint32_t n = 0;
    for (const struct sim_stream *s = sim->streams; s; s = s->next) {
        for (int side = 0; side < 2; side++)
            n += s->host[side] == host && s->id[side] ? 1u : 0u;
    }
    return n;
}

void sim_streams_fini(struct tern_sim *sim)
{
    struct sim_stream *next;
    for (struct sim_stream *s = sim->streams; s; s = next) {
        next = s->next;
        sim_stream_drop(s, 0);
        sim_stream_drop(s, 1);
        free(s);
    }
}
