/* SPDX-License-Identifier: MIT */
/*
 * How fast a handover asks its servers (RFC 3261 21.5.4, RFC 5390): ten thousand requests in one instant
 * would only be dropped, and sent again. Each server has a gate. Who wants to send takes a ticket and
 * waits in its rank; the gate lets out so many a second, and so many that are not answered yet. At
 * first a burst of the latter: one phone with a few calls never waits.
 *
 * 503 with Retry-After closes the gate for that time, for everybody. 503 without, and a server that
 * answers nobody, halve its rate, which comes back within 16 s.
 *
 *            join      promote     next       fly        leave
 * NONE       >WAITING  -           -          >FLYING    -
 * WAITING    >WAITING  other rank  >FLYING    >FLYING    >NONE
 * FLYING     >WAITING  -           -          >FLYING    >NONE     2 s without an answer: >LOOSE
 * LOOSE      >WAITING  -           -          >FLYING    >NONE
 */
#ifndef TN_MOBILITY_PACE_H
#define TN_MOBILITY_PACE_H

#include <tern/network.h>

#include "base/heap.h"
#include "base/list.h"

#define TN_PACE_GATES     64 /* servers told apart; beyond these some share a gate */
#define TN_PACE_RATE      1000u
#define TN_PACE_IN_FLIGHT 200u

enum tn_pace_rank {
    TN_RANK_TALKING, /* calls in which somebody talks */
    TN_RANK_HELD,
    TN_RANK_RINGING,
    TN_RANK_IDLE, /* registrations without a call */
    TN_RANKS,
};

enum tn_ticket_state {
    TN_TICKET_NONE,
    TN_TICKET_WAITING,
    TN_TICKET_FLYING,
    TN_TICKET_LOOSE, /* sent, and not waited for any more */
};

struct tn_gate;

struct tn_ticket {
    struct tn_list node;
    struct tn_gate *gate;
    enum tn_ticket_state state;
    enum tn_pace_rank rank;
    tern_time since;  /* WAITING: when it joined; FLYING: when it was sent */
    tern_time waited; /* FLYING: for how long before */
    bool of_call;     /* whose it is: a call task's, else an account task's */
};

struct tn_gate {
    tern_addr server;
    struct tn_heap_node wake; /* by when something may leave; in the heap while somebody waits */
    struct tn_list waiting[TN_RANKS];
    struct tn_list flying; /* oldest first */
    size_t waiting_count, flying_count;
    int64_t saved; /* what may leave at once, in millionths, at `counted` */
    tern_time counted;
    tern_time closed;   /* until then nothing leaves */
    tern_time answered; /* the last answer */
    tern_time slowed;   /* when `slow_rate` was in force; NEVER: at full speed */
    uint32_t slow_rate;
};

struct tn_pace {
    uint32_t rate;      /* requests a second */
    uint32_t in_flight; /* without an answer */
    struct tn_heap wakes;
    struct tn_gate gates[TN_PACE_GATES];
};

/* 0: as usual. */
void tn_pace_init(struct tn_pace *pace, uint32_t rate, uint32_t in_flight);
void tn_ticket_init(struct tn_ticket *ticket, bool of_call);

/* Waits behind those of its rank, until tn_pace_next() gives it back. */
void tn_pace_join(struct tn_pace *pace, tern_time now, struct tn_ticket *ticket, tern_addr server,
                  enum tn_pace_rank rank);
/* One that waits comes to the end of a better rank. */
void tn_pace_promote(struct tn_ticket *ticket, enum tn_pace_rank rank);
/* The next that may be sent; it is FLYING. NULL: none, see tn_pace_deadline() */
struct tn_ticket *tn_pace_next(struct tn_pace *pace, tern_time now);
/* It has been sent without waiting. */
void tn_pace_fly(struct tn_pace *pace, tern_time now, struct tn_ticket *ticket, tern_addr server);
/* What has become of the one that was sent. `code` 0: no answer came. It is for tn_pace_leave(), too. */
void tn_pace_answered(struct tn_pace *pace, tern_time now, struct tn_ticket *ticket, int code,
                      tern_time retry_after);
/* It is answered, or void. Harmless when it is in no gate. */
void tn_pace_leave(struct tn_pace *pace, struct tn_ticket *ticket);
tern_time tn_pace_deadline(const struct tn_pace *pace);

#endif
