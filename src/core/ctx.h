/* SPDX-License-Identifier: MIT */
/*
 * What every machine of an endpoint shares: the present time, timers, random
 * numbers, the queue of effects (upwards, inside) and the queue of outputs
 * (to the driver). A machine never calls up: it appends an effect, and
 * ua/dispatch.c hands it to its owner when the machine has returned.
 */
#ifndef TN_CORE_CTX_H
#define TN_CORE_CTX_H

#include <tern/endpoint.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/heap.h"
#include "base/list.h"
#include "crypto/random.h"

struct tn_msg;

/* ---- timers ---- */

/* Fires once; arming again moves it. Ties fire in the order they were armed. */
struct tn_timer {
    struct tn_heap_node node;
    int event; /* what to tell the owner */
    void (*fire)(struct tn_timer *timer);
};

/* ---- effects ---- */

/* Whom an effect is for: a layer above, an object's number, and what it was asked for. */
enum tn_owner_kind {
    TN_OWNER_NONE,
    TN_OWNER_REQUEST,      /* txn/request: id of the request */
    TN_OWNER_REGISTRATION, /* ua: account id */
    TN_OWNER_CALL,         /* ua: call id */
    TN_OWNER_ENDPOINT,     /* ua: requests that nobody waits for (BYE of a fork, OPTIONS) */
    TN_OWNER_PROXY,        /* server: id of a proxied transaction */
};

struct tn_owner {
    enum tn_owner_kind kind;
    uint32_t tag; /* the owner's own mark */
    uint64_t id;
};

enum tn_effect_kind {
    /* net */
    TN_EFFECT_MESSAGE,     /* msg came in by flow `id` */
    TN_EFFECT_FLOW_UP,     /* flow `id` is established */
    TN_EFFECT_FLOW_DOWN,   /* flow `id` failed or closed; its number is already stale */
    TN_EFFECT_FLOW_MAPPED, /* the far end sees us by another address: `mapped` of flow `id` */
    TN_EFFECT_LOCATED,     /* look-up for `owner` is done: ask tn_locate_result() */
    /* txn, server side; `id` names the server transaction, 0 for an ACK or a stray */
    TN_EFFECT_REQUEST,        /* a new request */
    TN_EFFECT_ACK,            /* an ACK for a 2xx (or for nothing); msg */
    TN_EFFECT_CANCELLED,      /* INVITE transaction `id` was cancelled by msg; CANCEL is answered */
    TN_EFFECT_SERVER_TIMEOUT, /* INVITE transaction `id`: no ACK for a final response */
    TN_EFFECT_SERVER_ENDED,   /* transaction `id` is gone */
    /* txn, client side, for `owner` */
    TN_EFFECT_TXN_RESPONSE,    /* msg; `id` names the client transaction */
    TN_EFFECT_TXN_FAILED,      /* code: enum tn_failure; `id` is stale, unless an INVITE rings */
    TN_EFFECT_CANCEL_ANSWERED, /* to the CANCEL of INVITE `id` came this final answer: code */
    TN_EFFECT_STRAY_RESPONSE,  /* a response that no transaction wants: perhaps a late 2xx */
    /* txn/request, for `owner`; `id` names the request */
    TN_EFFECT_PREPARE, /* flow is chosen: set Contact and body, then tn_request_send() */
    /* msg: provisional or final; the request ends with the final one (INVITE: each 2xx). code: enum
       tn_auth_result, why a 401 or 407 was not answered */
    TN_EFFECT_RESPONSE,
    TN_EFFECT_FAILED, /* no final response; code: enum tn_failure. The request is gone */
    /* media, for `owner` */
    TN_EFFECT_STUN, /* a socket of its looks otherwise from outside, or its looks are known now */
    TN_EFFECT_SECURITY, /* code: enum tn_security_state, which a stream has entered */
};

enum tn_failure {
    TN_FAILURE_NONE,
    TN_FAILURE_TIMEOUT,      /* nobody answered (RFC 3261: as 408) */
    TN_FAILURE_TRANSPORT,    /* connection or path failed (as 503) */
    TN_FAILURE_UNRESOLVABLE, /* the name has no address */
    TN_FAILURE_NO_ROUTE,     /* no local address reaches the target */
    TN_FAILURE_LIMIT,        /* out of memory or over a limit */
};

struct tn_effect {
    enum tn_effect_kind kind;
    struct tn_owner owner;
    uint64_t id;
    uint64_t flow;
    struct tn_msg *msg; /* one reference, owned by the queue until taken */
    int code;
};

struct tn_ctx;

/* ---- the context ---- */

struct tn_out_chunk;

struct tn_ctx {
    tern_time now; /* set on entry to the endpoint; never goes back */
    struct tern_allocator alloc;
    struct tn_heap timers;
    struct tn_random random;

    struct tn_effect *effects; /* ring */
    size_t effect_head, effect_count, effect_cap;

    void (*unref)(struct tn_msg *msg); /* set by net: core knows no messages */

    struct tn_out_chunk *out_first, *out_last, *out_spare;
    struct tn_out_chunk *out_reserve; /* NULL: it is in use */
    size_t out_count, out_bytes;      /* queued */
    size_t out_spare_count;

    struct tern_stats stats;
    /* An effect or output was lost; the entry that sees it reports TERN_ENOMEM. */
    bool out_of_memory;

    void (*trace)(void *user, const char *machine, uint64_t id, const char *from, const char *to);
    void *trace_user;
};

TERN_CHECK int tn_ctx_init(struct tn_ctx *ctx, const struct tern_allocator *alloc,
                           const uint8_t seed[32]);
void tn_ctx_fini(struct tn_ctx *ctx);

void tn_timer_init(struct tn_timer *timer, int event, void (*fire)(struct tn_timer *timer));
void tn_timer_arm(struct tn_ctx *ctx, struct tn_timer *timer, tern_time delay);
void tn_timer_cancel(struct tn_ctx *ctx, struct tn_timer *timer);
bool tn_timer_armed(const struct tn_timer *timer);
tern_time tn_timer_due(const struct tn_timer *timer); /* TERN_TIME_NEVER when idle */
tern_time tn_ctx_deadline(const struct tn_ctx *ctx);
/* Sets the time; never backwards. */
void tn_ctx_enter(struct tn_ctx *ctx, tern_time now);
/* Fires one overdue timer. @return false when none is due. The caller drains effects in between. */
bool tn_ctx_fire(struct tn_ctx *ctx);

/* Takes over one reference of effect.msg, also where the effect is lost. */
void tn_emit(struct tn_ctx *ctx, struct tn_effect effect);
/* The caller owns out->msg. */
bool tn_next_effect(struct tn_ctx *ctx, struct tn_effect *out);

/* Copies out->data. */
void tn_output(struct tn_ctx *ctx, const struct tern_output *out);
/* out->data lives until the next call. */
bool tn_next_output(struct tn_ctx *ctx, struct tern_output *out);
/* So much is queued for the driver that further input must wait (TERN_EBUSY). */
bool tn_ctx_busy(const struct tn_ctx *ctx);

void tn_trace(struct tn_ctx *ctx, const char *machine, uint64_t id, const char *from,
              const char *to);

#endif
