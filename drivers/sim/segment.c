/* SPDX-License-Identifier: MIT */
/*
 * What is written to a stream, in segments to the other side. What was lost is sent again after a
 * time-out that doubles; there is no window and no slow start.
 */
#include <stdlib.h>
#include <string.h>

#include "stream.h"

#define RETRY_MIN    TERN_MS(250)
#define RETRY_MAX    TERN_SECONDS(60)
#define FAILURES_MAX 15 /* Linux: net.ipv4.tcp_retries2, about a quarter of an hour */

static struct tern_sim_wire wire_of(const struct sim_stream *s, int side, enum tern_sim_fate fate,
                                    tern_str data)
{
    return (struct tern_sim_wire){.fate = fate,
                                  .host = s->host[side],
                                  .transport = TERN_TRANSPORT_TCP,
                                  .local = s->addr[side],
                                  .remote = s->seen[1 - side],
                                  .data = data.ptr,
                                  .len = data.len};
}

/* ---- the way from one side to the other ---- */

/* A NAT has forgotten the connection. */
static bool cut(const struct tern_sim *sim, const struct sim_stream *s)
{
    for (int i = 0; i < 2; i++) {
        if (s->net[i] && sim_epoch(sim, s->net[i], s->addr[i].family) != s->epoch[i]) return true;
    }
    return false;
}

/* Where a side is. @return false: its address is gone, or what that rode over */
static bool place(struct tern_sim *sim, const struct sim_stream *s, int side, struct sim_place *out)
{
    const struct sim_host *host = sim_host(sim, s->host[side]);
    int i = host ? sim_address_index(host, s->addr[side]) : -1;
    return i >= 0 && sim_place_of(host, i, out);
}

bool sim_stream_stands(struct tern_sim *sim, const struct sim_stream *s, int side)
{
    struct sim_host *host = sim_host(sim, s->host[side]);
    return host && sim_address_index(host, s->addr[side]) >= 0 && sim_awake(sim, s->host[side]);
}

tern_time sim_stream_pass(struct tern_sim *sim, struct sim_stream *s, int side, size_t len)
{
    if (!sim_stream_stands(sim, s, side) || !sim_stream_stands(sim, s, 1 - side) || cut(sim, s))
        return -1;
    struct sim_way way = {0};
    if (!place(sim, s, side, &way.from) || !place(sim, s, 1 - side, &way.to)) return -1;
    return sim_pass(sim, &way, len, true);
}

struct sim_flight *sim_stream_post(struct tern_sim *sim, enum sim_kind kind, struct sim_stream *s,
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
    tern_time takes = sim_stream_pass(sim, s, side, chunk->len);
    if (takes >= 0) {
        tern_time due = sim->now + takes;
        if (due < s->last_due[side]) due = s->last_due[side];
        s->last_due[side] = due;
        chunk->state = SIM_FLYING;
        struct sim_flight *flight = sim_stream_post(sim, SIM_STREAM_DATA, s, side, due);
        if (flight) flight->chunk = chunk;
        return;
    }
    chunk->state = SIM_WAITING;
    if (s->retrying[side]) return;
    s->retrying[side] = true;
    tern_time pause = RETRY_MIN << (s->failures[side] < 9 ? s->failures[side] : 8);
    (void)sim_stream_post(sim, SIM_STREAM_RETRY, s, side,
                          sim->now + (pause < RETRY_MAX ? pause : RETRY_MAX));
}

static void append(struct tern_sim *sim, struct sim_stream *s, int side,
                   const struct sim_chunk *head, const char *data)
{
    size_t len = head->whole ? head->whole : head->len;
    struct sim_chunk *c = malloc(sizeof(*c) + len);
    if (c == NULL) {
        sim->out_of_memory = true;
        return;
    }
    *c = *head;
    memcpy(c->data, data, len);
    *s->tail[side] = c;
    s->tail[side] = &c->next;
    if (s->open && !s->full[side]) launch(sim, s, side, c);
}

/* The end of the last segment holds the whole: see struct sim_chunk. */
static void cut_up(struct tern_sim *sim, struct sim_stream *s, int side, tern_str data)
{
    size_t at = 0;
    bool partial = data.len > 1 && sim_chance(sim, sim->tcp.partial);
    unsigned cuts = sim_chance(sim, sim->tcp.cut) ? 1 + (unsigned)tern_sim_random(sim, 5) : partial;
    for (; cuts > 0 && data.len - at > 1; cuts--) {
        size_t n = 1 + (size_t)tern_sim_random(sim, data.len - at - 1);
        append(sim, s, side, &(struct sim_chunk){.len = n}, data.ptr + at);
        at += n;
        if (!partial || s->full[side] || !s->open) continue;
        s->full[side] = true;
        tern_time room = sim->now + (tern_time)tern_sim_random(sim, TERN_MS(50));
        (void)sim_stream_post(sim, SIM_STREAM_ROOM, s, side, room);
    }
    append(sim, s, side, &(struct sim_chunk){.len = data.len - at, .whole = data.len}, data.ptr);
}

void sim_stream_put(struct tern_sim *sim, struct sim_stream *s, int side, tern_str data)
{
    struct tern_sim_wire wire = wire_of(s, side, TERN_SIM_SENT, data);
    if (data.len == 0) {
        append(sim, s, side, &(struct sim_chunk){.end = true}, "");
        return;
    }
    sim_tell(sim, &wire);
    cut_up(sim, s, side, data);
}

void sim_stream_launch(struct tern_sim *sim, struct sim_stream *s, int side)
{
    if (s->full[side]) return;
    for (struct sim_chunk *c = s->head[side]; c; c = c->next) {
        if (c->state == SIM_WAITING) launch(sim, s, side, c);
    }
}

void sim_stream_drop(struct sim_stream *s, int side)
{
    for (struct sim_chunk *next, *c = s->head[side]; c; c = next) {
        next = c->next;
        free(c);
    }
    s->head[side] = NULL;
    s->tail[side] = &s->head[side];
}

void sim_stream_closed(struct tern_sim *sim, struct sim_stream *s, int side, const char *reason)
{
    uint32_t id = s->id[side];
    struct sim_host *host = sim_host(sim, s->host[side]);
    s->id[side] = 0;
    s->gone[side] = true;
    sim_stream_drop(s, side);
    if (id == 0 || host == NULL || host->ep == NULL) return;
    tern_stream_closed(host->ep, sim->now, id, (tern_str){reason, strlen(reason)});
    sim_drain(sim, s->host[side]);
}

void sim_stream_reset(struct tern_sim *sim, struct sim_stream *s, int from)
{
    tern_time takes = sim_stream_pass(sim, s, from, 0);
    if (takes >= 0) (void)sim_stream_post(sim, SIM_STREAM_RESET, s, from, sim->now + takes);
}

/* What has arrived, up to the first gap, taken from the list; the end of a stream stands alone. */
static struct sim_chunk *take_arrived(struct sim_stream *s, int from)
{
    struct sim_chunk *first = s->head[from], **at = &s->head[from];
    if (first == NULL || first->state != SIM_ARRIVED) return NULL;
    do {
        at = &(*at)->next;
    } while (!first->end && *at && (*at)->state == SIM_ARRIVED && !(*at)->end);
    s->head[from] = *at;
    if (*at == NULL) s->tail[from] = &s->head[from];
    *at = NULL;
    return first;
}

/* Hands bytes over in up to three reads that end anywhere. */
static void read_out(struct tern_sim *sim, struct sim_stream *s, int side, const char *data,
                     size_t len)
{
    struct sim_host *host = sim_host(sim, s->host[side]);
    size_t at = 0;
    for (int i = 0; at < len && s->id[side] && host->ep; i++) {
        size_t n = len - at;
        if (i < 2) n = (size_t)tern_sim_random(sim, n) + 1;
        if (tern_stream_received(host->ep, sim->now, s->id[side], data + at, n) != 0) break;
        sim_drain(sim, s->host[side]);
        at += n;
    }
}

static const char *bytes_of(const struct sim_chunk *c)
{
    return (const char *)c->data + (c->whole ? c->whole - c->len : 0);
}

/* In one go, however many pieces there are. */
static void read_all(struct tern_sim *sim, struct sim_stream *s, int side, struct sim_chunk *first)
{
    size_t len = 0, at = 0;
    for (struct sim_chunk *c = first; c; c = c->next) {
        len += c->len;
        struct tern_sim_wire wire =
            wire_of(s, side, TERN_SIM_RECEIVED, (tern_str){(const char *)c->data, c->whole});
        if (c->whole) sim_tell(sim, &wire);
    }
    if (first->next == NULL) {
        read_out(sim, s, side, bytes_of(first), len);
        return;
    }
    char *all = malloc(len);
    if (all == NULL) {
        sim->out_of_memory = true;
        return;
    }
    for (struct sim_chunk *c = first; c; c = c->next) {
        memcpy(all + at, bytes_of(c), c->len);
        at += c->len;
    }
    read_out(sim, s, side, all, len);
    free(all);
}

void sim_stream_deliver(struct tern_sim *sim, struct sim_stream *s, int from)
{
    int to = 1 - from;
    struct sim_chunk *first;
    while (!s->late[to] && (first = take_arrived(s, from)) != NULL) {
        if (first->end) {
            if (s->id[to]) sim_stream_closed(sim, s, to, "closed by the far end");
        } else if (s->id[to]) {
            read_all(sim, s, to, first);
        } else if (s->gone[to]) {
            sim_stream_reset(sim, s, to);
        }
        for (struct sim_chunk *next; first; first = next) {
            next = first->next;
            free(first);
        }
    }
}

static bool still_there(const struct sim_stream *s, int side, const struct sim_chunk *chunk)
{
    const struct sim_chunk *c = s->head[side];
    while (c && c != chunk)
        c = c->next;
    return c != NULL;
}

void sim_stream_arrive(struct tern_sim *sim, struct sim_stream *s, struct sim_flight *flight)
{
    int from = flight->side;
    struct sim_chunk *chunk = flight->chunk;
    if (!still_there(s, from, chunk)) return; /* the sender has given up meanwhile */
    struct sim_place to;
    if (!sim_stream_stands(sim, s, 1 - from) || cut(sim, s) || !place(sim, s, 1 - from, &to) ||
        !sim_is_open(sim, to)) {
        launch(sim, s, from, chunk);
        return;
    }
    s->failures[from] = 0;
    chunk->state = SIM_ARRIVED;
    if (!s->late[1 - from] && sim_chance(sim, sim->tcp.join)) {
        s->late[1 - from] = true;
        tern_time when = sim->now + (tern_time)tern_sim_random(sim, TERN_MS(20));
        (void)sim_stream_post(sim, SIM_STREAM_READ, s, 1 - from, when);
    }
    sim_stream_deliver(sim, s, from);
}

void sim_stream_retry(struct tern_sim *sim, struct sim_stream *s, int side)
{
    s->retrying[side] = false;
    if (s->head[side] == NULL) return;
    if (++s->failures[side] > FAILURES_MAX) {
        sim_stream_closed(sim, s, side, "timed out");
        return;
    }
    sim_stream_launch(sim, s, side);
}
