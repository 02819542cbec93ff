/* SPDX-License-Identifier: MIT */
/*
 * TCP as far as it matters to what is above: connect, refuse, reset, half-open, silent death, order,
 * and reads that end anywhere. What was lost is sent again after a time-out that doubles; there is
 * no window and no slow start.
 */
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define RETRY_MIN    TERN_MS(250)
#define RETRY_MAX    TERN_SECONDS(60)
#define SYN_RETRY    TERN_SECONDS(1)
#define SYN_TRIES    7  /* Linux: six repeats, about two minutes */
#define FAILURES_MAX 15 /* Linux: net.ipv4.tcp_retries2, about a quarter of an hour */

static void tell(struct tern_sim *sim, struct sim_stream *s, int side, enum tern_sim_fate fate,
                 const struct sim_chunk *chunk)
{
    struct tern_sim_wire wire = {.fate = fate,
                                 .host = s->host[side],
                                 .transport = TERN_TRANSPORT_TCP,
                                 .local = s->addr[side],
                                 .remote = s->seen[1 - side],
                                 .data = chunk->data,
                                 .len = chunk->len};
    if (chunk->len > 0) sim_tell(sim, &wire);
}

/* ---- the way from one side to the other ---- */

/* A NAT has forgotten the connection. */
static bool cut(const struct tern_sim *sim, const struct sim_stream *s)
{
    for (int i = 0; i < 2; i++) {
        if (s->net[i] && sim->nets[s->net[i] - 1]->epoch != s->epoch[i]) return true;
    }
    return false;
}

static bool stands(struct tern_sim *sim, const struct sim_stream *s, int side)
{
    struct sim_host *host = sim_host(sim, s->host[side]);
    return host && sim_address_index(host, s->addr[side]) >= 0 && sim_awake(sim, s->host[side]);
}

/* Time from `side` to the other; -1: lost. */
static tern_time pass(struct tern_sim *sim, struct sim_stream *s, int side, size_t len)
{
    if (!stands(sim, s, side) || !stands(sim, s, 1 - side) || cut(sim, s)) return -1;
    struct sim_host *from = sim_host(sim, s->host[side]), *to = sim_host(sim, s->host[1 - side]);
    struct sim_way way = {.from_net = from->net_of[sim_address_index(from, s->addr[side])],
                          .to_net = to->net_of[sim_address_index(to, s->addr[1 - side])]};
    return sim_pass(sim, &way, len, true);
}

static struct sim_flight *post(struct tern_sim *sim, enum sim_kind kind, struct sim_stream *s,
                               int side, tern_time due)
{
    struct sim_flight *flight = sim_flight_new(sim, kind, 0);
    if (flight == NULL) return NULL;
    flight->stream = s;
    flight->side = side;
    s->in_flight++;
    sim_schedule(sim, flight, due);
    return flight;
}

/* ---- data ---- */

static void launch(struct tern_sim *sim, struct sim_stream *s, int side, struct sim_chunk *chunk)
{
    tern_time takes = pass(sim, s, side, chunk->len);
    if (takes >= 0) {
        tern_time due = sim->now + takes;
        if (due < s->last_due[side]) due = s->last_due[side];
        s->last_due[side] = due;
        chunk->state = SIM_FLYING;
        struct sim_flight *flight = post(sim, SIM_STREAM_DATA, s, side, due);
        if (flight) flight->chunk = chunk;
        return;
    }
    chunk->state = SIM_WAITING;
    if (s->retrying[side]) return;
    s->retrying[side] = true;
    tern_time pause = RETRY_MIN << (s->failures[side] < 9 ? s->failures[side] : 8);
    (void)post(sim, SIM_STREAM_RETRY, s, side, sim->now + (pause < RETRY_MAX ? pause : RETRY_MAX));
}

static void put(struct tern_sim *sim, struct sim_stream *s, int side, tern_str data)
{
    struct sim_chunk *chunk = malloc(sizeof(*chunk) + data.len);
    if (chunk == NULL) {
        sim->out_of_memory = true;
        return;
    }
    *chunk = (struct sim_chunk){.len = data.len, .end = data.len == 0};
    if (data.len > 0) memcpy(chunk->data, data.ptr, data.len);
    *s->tail[side] = chunk;
    s->tail[side] = &chunk->next;
    tell(sim, s, side, TERN_SIM_SENT, chunk);
    if (s->open) launch(sim, s, side, chunk);
}

static void drop_all(struct sim_stream *s, int side)
{
    for (struct sim_chunk *next, *c = s->head[side]; c; c = next) {
        next = c->next;
        free(c);
    }
    s->head[side] = NULL;
    s->tail[side] = &s->head[side];
}

/* This side's endpoint hears that the stream is gone. */
static void closed(struct tern_sim *sim, struct sim_stream *s, int side, const char *reason)
{
    uint32_t id = s->id[side];
    struct sim_host *host = sim_host(sim, s->host[side]);
    s->id[side] = 0;
    s->gone[side] = true;
    drop_all(s, side);
    if (id == 0 || host == NULL || host->ep == NULL) return;
    tern_stream_closed(host->ep, sim->now, id, (tern_str){reason, strlen(reason)});
    sim_drain(sim, s->host[side]);
}

static void reset(struct tern_sim *sim, struct sim_stream *s, int from)
{
    tern_time takes = pass(sim, s, from, 0);
    if (takes >= 0) (void)post(sim, SIM_STREAM_RESET, s, from, sim->now + takes);
}

/* Hands a chunk over in up to three reads that end anywhere. */
static void read_out(struct tern_sim *sim, struct sim_stream *s, int side, struct sim_chunk *chunk)
{
    struct sim_host *host = sim_host(sim, s->host[side]);
    size_t at = 0;
    tell(sim, s, side, TERN_SIM_RECEIVED, chunk);
    for (int i = 0; at < chunk->len && s->id[side] && host->ep; i++) {
        size_t n = chunk->len - at;
        if (i < 2) n = (size_t)tern_sim_random(sim, n) + 1;
        if (tern_stream_received(host->ep, sim->now, s->id[side], chunk->data + at, n) != 0) break;
        sim_drain(sim, s->host[side]);
        at += n;
    }
}

static void deliver(struct tern_sim *sim, struct sim_stream *s, int from)
{
    int to = 1 - from;
    while (s->head[from] && s->head[from]->state == SIM_ARRIVED) {
        struct sim_chunk *chunk = s->head[from];
        s->head[from] = chunk->next;
        if (s->head[from] == NULL) s->tail[from] = &s->head[from];
        if (chunk->end) {
            if (s->id[to]) closed(sim, s, to, "closed by the far end");
        } else if (s->id[to]) {
            read_out(sim, s, to, chunk);
        } else if (s->gone[to]) {
            reset(sim, s, to);
        }
        free(chunk);
    }
}

static bool still_there(const struct sim_stream *s, int side, const struct sim_chunk *chunk)
{
    const struct sim_chunk *c = s->head[side];
    while (c && c != chunk)
        c = c->next;
    return c != NULL;
}

static void arrive(struct tern_sim *sim, struct sim_stream *s, struct sim_flight *flight)
{
    int from = flight->side;
    struct sim_chunk *chunk = flight->chunk;
    if (!still_there(s, from, chunk)) return; /* the sender has given up meanwhile */
    struct sim_host *to = sim_host(sim, s->host[1 - from]);
    int i = sim_address_index(to, s->addr[1 - from]);
    if (!stands(sim, s, 1 - from) || cut(sim, s) || sim->nets[to->net_of[i] - 1]->path.down) {
        launch(sim, s, from, chunk);
        return;
    }
    s->failures[from] = 0;
    chunk->state = SIM_ARRIVED;
    deliver(sim, s, from);
}

static void retry(struct tern_sim *sim, struct sim_stream *s, int side)
{
    s->retrying[side] = false;
    if (s->head[side] == NULL) return;
    if (++s->failures[side] > FAILURES_MAX) {
        closed(sim, s, side, "timed out");
        return;
    }
    for (struct sim_chunk *c = s->head[side]; c; c = c->next) {
        if (c->state == SIM_WAITING) launch(sim, s, side, c);
    }
}

/* ---- connecting ---- */

static void syn(struct tern_sim *sim, struct sim_stream *s, uint32_t attempt)
{
    uint32_t host = s->host[0];
    struct sim_way way = {0};
    if (s->id[0] == 0 || s->open) return;
    if (attempt >= SYN_TRIES) {
        closed(sim, s, 0, "connection timed out");
        return;
    }
    way = sim_find_way(sim, host, s->addr[0], s->addr[1]);
    tern_time takes = way.why ? -1 : sim_pass(sim, &way, 40, true);
    bool captive = way.from_net && sim->nets[way.from_net - 1]->path.captive;
    if (takes >= 0 && way.to_host) {
        s->host[1] = way.to_host;
        s->seen[0] = way.seen;
        if (way.to_net != way.from_net && way.seen.family) {
            s->seen[0] = sim_nat_out(sim, way.from_net, s->addr[0], s->addr[1]);
            s->net[0] = way.from_net;
            s->epoch[0] = sim->nets[way.from_net - 1]->epoch;
        }
        (void)post(sim, SIM_STREAM_SYN, s, 0, sim->now + takes);
    } else if (captive) {
        (void)post(sim, SIM_STREAM_REFUSED, s, 0, sim->now + TERN_MS(5));
        return;
    }
    struct sim_flight *again =
        post(sim, SIM_STREAM_OPENED, s, 1, sim->now + (SYN_RETRY << attempt));
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
        (void)post(sim, SIM_STREAM_REFUSED, s, 0, sim->now);
        return;
    }
    syn(sim, s, 0);
}

static void accept_at(struct tern_sim *sim, struct sim_stream *s)
{
    struct sim_host *host = sim_host(sim, s->host[1]);
    if (!stands(sim, s, 1)) return; /* lost; SYN comes again */
    struct sim_socket *listener = host->ep ? sim_socket_at(host, true, s->addr[1]) : NULL;
    bool refused = listener == NULL || host->refuses;
    if (!refused && s->id[1] == 0 && !s->gone[1]) {
        refused = tern_stream_accepted(host->ep, sim->now, listener->id, s->addr[1], s->seen[0],
                                       &s->id[1]) != 0;
        sim_drain(sim, s->host[1]);
    }
    if (refused) s->gone[1] = true;
    tern_time takes = pass(sim, s, 1, 40);
    if (takes < 0) return;
    (void)post(sim, refused ? SIM_STREAM_REFUSED : SIM_STREAM_OPENED, s, 0, sim->now + takes);
}

static void opened(struct tern_sim *sim, struct sim_stream *s)
{
    struct sim_host *host = sim_host(sim, s->host[0]);
    if (s->open || !stands(sim, s, 0)) return;
    if (s->id[0] == 0) { /* given up meanwhile */
        reset(sim, s, 0);
        return;
    }
    s->open = true;
    s->opened = sim->now;
    tern_stream_opened(host->ep, sim->now, s->id[0], s->addr[0], s->seen[1]);
    sim_drain(sim, s->host[0]);
    for (int side = 0; side < 2; side++) { /* written before */
        for (struct sim_chunk *c = s->head[side]; c; c = c->next) {
            if (c->state == SIM_WAITING) launch(sim, s, side, c);
        }
    }
}

/* ---- what the endpoint asks for ---- */

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
    if (s && out->data.len > 0) put(sim, s, side, out->data);
}

void sim_stream_close(struct tern_sim *sim, uint32_t host, const struct tern_output *out)
{
    int side;
    struct sim_stream *s = stream_of(sim, host, out->id, &side);
    if (s == NULL) return;
    s->id[side] = 0;
    s->gone[side] = true;
    if (!out->abort && s->open) {
        put(sim, s, side, (tern_str){NULL, 0});
        return;
    }
    drop_all(s, side);
    if (s->host[1]) reset(sim, s, side);
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
        drop_all(s, 0);
        drop_all(s, 1);
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
        if (stands(sim, s, 0) || s->host[1] == 0) closed(sim, s, 0, "connection refused");
        break;
    case SIM_STREAM_DATA: arrive(sim, s, flight); break;
    case SIM_STREAM_RETRY: retry(sim, s, flight->side); break;
    case SIM_STREAM_RESET:
        if (stands(sim, s, 1 - flight->side)) closed(sim, s, 1 - flight->side, "reset");
        break;
    case SIM_DATAGRAM:
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
            drop_all(s, side);
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
        drop_all(s, 0);
        drop_all(s, 1);
        free(s);
    }
}
