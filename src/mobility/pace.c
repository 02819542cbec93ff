/* SPDX-License-Identifier: MIT */
#include "mobility/pace.h"

#include "base/assert.h"

#define HOLD     TERN_SECONDS(2)  /* who has not answered by then does not keep others waiting */
#define REACTION TERN_SECONDS(1)  /* what goes wrong within it is one and the same failure */
#define RECOVERY TERN_SECONDS(16) /* from nothing to the full rate */
#define SLICE    TERN_MS(10)      /* so much leaves at once, not one every millisecond */
#define LEAST    5u               /* a second, however often a server fails */
#define SPARED   8 /* may leave at once all the same: one phone still does not wait */
#define ONE      INT64_C(1000000)
#define MOST     1000000u /* a second; and in flight */
#define IDLE     TERN_SECONDS(3600)
#define PROBES   8

void tn_pace_init(struct tn_pace *pace, uint32_t rate, uint32_t in_flight)
{
    *pace = (struct tn_pace){.rate = TN_PACE_RATE, .in_flight = TN_PACE_IN_FLIGHT};
    if (rate) pace->rate = rate < MOST ? rate : MOST;
    if (in_flight) pace->in_flight = in_flight < MOST ? in_flight : MOST;
    for (size_t i = 0; i < TN_PACE_GATES; i++) {
        struct tn_gate *gate = &pace->gates[i];
        for (size_t rank = 0; rank < TN_RANKS; rank++)
            tn_list_init(&gate->waiting[rank]);
        tn_list_init(&gate->flying);
        gate->slowed = TERN_TIME_NEVER;
        gate->answered = -1;
        gate->saved = (int64_t)pace->in_flight * ONE;
    }
}

void tn_ticket_init(struct tn_ticket *ticket, bool of_call)
{
    *ticket = (struct tn_ticket){.of_call = of_call};
    tn_list_init(&ticket->node);
}

/* ---- the rate ---- */

static uint32_t rate_of(const struct tn_pace *pace, const struct tn_gate *gate, tern_time now)
{
    if (gate->slowed == TERN_TIME_NEVER || now - gate->slowed >= RECOVERY) return pace->rate;
    uint64_t gained = (uint64_t)pace->rate * (uint64_t)(now - gate->slowed) / (uint64_t)RECOVERY;
    uint64_t rate = gate->slow_rate + gained;
    return rate < pace->rate ? (uint32_t)rate : pace->rate;
}

/* A request a second is a millionth in a microsecond. */
static int64_t saved_by(const struct tn_pace *pace, const struct tn_gate *gate, tern_time now)
{
    tern_time passed = now - gate->counted < IDLE ? now - gate->counted : IDLE;
    int64_t saved = gate->saved + (int64_t)rate_of(pace, gate, now) * passed;
    int64_t most = (int64_t)pace->in_flight * ONE;
    return saved < most ? saved : most;
}

static void count_to(const struct tn_pace *pace, struct tn_gate *gate, tern_time now)
{
    gate->saved = saved_by(pace, gate, now);
    gate->counted = now;
}

/* At half the rate, and little is saved up: what was sent has been too much. */
static void slow_down(const struct tn_pace *pace, struct tn_gate *gate, tern_time now)
{
    uint32_t rate = rate_of(pace, gate, now);
    if (gate->slowed != TERN_TIME_NEVER && now - gate->slowed < REACTION) return;
    count_to(pace, gate, now);
    if (gate->saved > SPARED * ONE) gate->saved = SPARED * ONE;
    gate->slow_rate = rate / 2 > LEAST ? rate / 2 : LEAST;
    gate->slowed = now;
}

/* Those that have been away for too long are not waited for; if nobody at all answers, slow down. */
static void let_loose(struct tn_pace *pace, struct tn_gate *gate, tern_time now)
{
    while (!tn_list_empty(&gate->flying)) {
        struct tn_ticket *oldest = TN_OWNER(gate->flying.next, struct tn_ticket, node);
        if (now - oldest->since < HOLD) return;
        if (gate->answered < oldest->since) slow_down(pace, gate, now);
        tn_list_remove(&oldest->node);
        oldest->state = TN_TICKET_LOOSE;
        gate->flying_count--;
    }
}

/* The soonest that somebody may leave; in the past: now. */
static tern_time due(const struct tn_pace *pace, const struct tn_gate *gate, tern_time now)
{
    int64_t missing = ONE - saved_by(pace, gate, now);
    tern_time at = now;
    if (missing > 0) at += missing / (int64_t)rate_of(pace, gate, now) + SLICE;
    if (gate->closed > at) at = gate->closed;
    if (gate->flying_count < pace->in_flight) return at;
    const struct tn_ticket *oldest = TN_OWNER(gate->flying.next, struct tn_ticket, node);
    return oldest->since + HOLD > at ? oldest->since + HOLD : at;
}

/* The only writer of the heap. */
static void set_wake(struct tn_pace *pace, struct tn_gate *gate, tern_time now)
{
    tn_heap_remove(&pace->wakes, &gate->wake);
    if (gate->waiting_count == 0) return;
    tern_time at = due(pace, gate, now);
    tn_heap_push(&pace->wakes, &gate->wake, at > now ? at : now);
}

/* ---- gates ---- */

static bool is_free(const struct tn_pace *pace, const struct tn_gate *gate, tern_time now)
{
    return gate->waiting_count + gate->flying_count == 0 && gate->closed <= now &&
           saved_by(pace, gate, now) == (int64_t)pace->in_flight * ONE &&
           rate_of(pace, gate, now) == pace->rate;
}

static size_t hash_of(tern_addr server)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < sizeof(server.ip); i++)
        hash = (hash ^ server.ip[i]) * 16777619u;
    return (hash ^ hash >> 16) % TN_PACE_GATES;
}

/* Its own, or one that nobody uses; among too many servers that of another one. */
static struct tn_gate *gate_for(struct tn_pace *pace, tern_time now, tern_addr server)
{
    size_t home = hash_of(server);
    struct tn_gate *vacant = NULL;
    for (size_t i = 0; i < PROBES; i++) {
        struct tn_gate *gate = &pace->gates[(home + i) % TN_PACE_GATES];
        if (tern_addr_same_host(gate->server, server)) return gate;
        if (vacant == NULL && is_free(pace, gate, now)) vacant = gate;
    }
    if (vacant == NULL) return &pace->gates[home];
    vacant->server = server;
    vacant->slowed = TERN_TIME_NEVER;
    return vacant;
}

/* ---- tickets ---- */

void tn_pace_leave(struct tn_pace *pace, struct tn_ticket *ticket)
{
    struct tn_gate *gate = ticket->gate;
    bool in_list = ticket->state == TN_TICKET_WAITING || ticket->state == TN_TICKET_FLYING;
    tn_list_remove(&ticket->node);
    if (ticket->state == TN_TICKET_WAITING && --gate->waiting_count == 0) {
        tn_heap_remove(&pace->wakes, &gate->wake);
    }
    if (ticket->state == TN_TICKET_FLYING) gate->flying_count--;
    ticket->state = TN_TICKET_NONE;
    /* One who was kept waiting by the number in flight may go: the heap finds out. */
    if (in_list && gate->waiting_count > 0 && gate->flying_count + 1 == pace->in_flight) {
        tn_heap_remove(&pace->wakes, &gate->wake);
        tn_heap_push(&pace->wakes, &gate->wake, 0);
    }
}

void tn_pace_join(struct tn_pace *pace, tern_time now, struct tn_ticket *ticket, tern_addr server,
                  enum tn_pace_rank rank)
{
    tn_pace_leave(pace, ticket);
    struct tn_gate *gate = gate_for(pace, now, server);
    ticket->gate = gate;
    ticket->state = TN_TICKET_WAITING;
    ticket->rank = rank;
    ticket->since = now;
    tn_list_push(&gate->waiting[rank], &ticket->node);
    if (gate->waiting_count++ == 0) set_wake(pace, gate, now);
}

void tn_pace_promote(struct tn_ticket *ticket, enum tn_pace_rank rank)
{
    if (ticket->state != TN_TICKET_WAITING || ticket->rank <= rank) return;
    tn_list_remove(&ticket->node);
    tn_list_push(&ticket->gate->waiting[rank], &ticket->node);
    ticket->rank = rank;
}

static void take_off(struct tn_pace *pace, tern_time now, struct tn_ticket *ticket)
{
    struct tn_gate *gate = ticket->gate;
    count_to(pace, gate, now);
    gate->saved -= ONE;
    ticket->waited = ticket->state == TN_TICKET_WAITING ? now - ticket->since : 0;
    ticket->state = TN_TICKET_FLYING;
    ticket->since = now;
    tn_list_push(&gate->flying, &ticket->node);
    gate->flying_count++;
}

void tn_pace_fly(struct tn_pace *pace, tern_time now, struct tn_ticket *ticket, tern_addr server)
{
    tn_pace_leave(pace, ticket);
    ticket->gate = gate_for(pace, now, server);
    take_off(pace, now, ticket);
}

static struct tn_ticket *first_waiting(const struct tn_gate *gate)
{
    for (size_t rank = 0; rank < TN_RANKS; rank++) {
        if (tn_list_empty(&gate->waiting[rank])) continue;
        return TN_OWNER(gate->waiting[rank].next, struct tn_ticket, node);
    }
    TN_UNREACHABLE();
}

struct tn_ticket *tn_pace_next(struct tn_pace *pace, tern_time now)
{
    struct tn_heap_node *first;
    while ((first = tn_heap_min(&pace->wakes)) != NULL && first->key <= now) {
        struct tn_gate *gate = TN_OWNER(first, struct tn_gate, wake);
        let_loose(pace, gate, now);
        if (due(pace, gate, now) > now) { /* not yet: it sleeps for longer, at least */
            set_wake(pace, gate, now);
            continue;
        }
        struct tn_ticket *ticket = first_waiting(gate);
        tn_list_remove(&ticket->node);
        gate->waiting_count--;
        take_off(pace, now, ticket);
        set_wake(pace, gate, now);
        return ticket;
    }
    return NULL;
}

void tn_pace_answered(struct tn_pace *pace, tern_time now, struct tn_ticket *ticket, int code,
                      tern_time retry_after)
{
    struct tn_gate *gate = ticket->gate;
    bool sent = ticket->state == TN_TICKET_FLYING || ticket->state == TN_TICKET_LOOSE;
    if (sent && code != 0) gate->answered = now;
    tn_pace_leave(pace, ticket);
    if (!sent || code != 503) return;
    slow_down(pace, gate, now);
    if (now + retry_after > gate->closed) gate->closed = now + retry_after;
    set_wake(pace, gate, now);
}

tern_time tn_pace_deadline(const struct tn_pace *pace)
{
    const struct tn_heap_node *first = tn_heap_min(&pace->wakes);
    return first ? first->key : TERN_TIME_NEVER;
}
