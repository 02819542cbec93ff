/* SPDX-License-Identifier: MIT */
/*
 * The request machine: request.c decides and acts, request_way.c finds where to, request_text.c
 * prints. Each
 * cell says what is done and, after the arrow, where to; "next" is: the next
 * target, if any is left, by way of PREPARING where the owner asked for it.
 *
 *            located  nowhere    up/down   send     1xx      401/407 503   final       failed restart
 * LOCATING   next     tell>GONE  -         -        -        -       -     -           -      locate
 * CONNECTING -        -          prep/next -        -        -       -     -           -      locate>LOC
 * PREPARING  -        -          -         send>PEN -        -       -     -           -      locate>LOC
 * PENDING    -        -          -         -        deliver  again   next  deliver>GON next   locate>LOC
 * ANSWERED   -        -          -         -        -        -       -     deliver     -      -
 * GONE       -        -          -         -        -        -       -     -           -      -
 *
 * CONNECTING: the connection is not up yet. What Via, Contact and SDP say, and the CSeq, are of the
 * moment when the request can leave, whatever has changed until then.
 * ANSWERED is an INVITE after its first 2xx: each further one is delivered, and 64*T1 later it goes
 * without a word. GONE lasts until the effects queued so far have been read, so that
 * tn_request_path() still answers while the owner takes its final effect.
 */
#ifndef TN_TXN_REQUEST_IMPL_H
#define TN_TXN_REQUEST_IMPL_H

#include "txn/limits.h"
#include "txn/request.h"

enum tn_request_state {
    TN_REQUEST_LOCATING,
    TN_REQUEST_CONNECTING,
    TN_REQUEST_PREPARING,
    TN_REQUEST_PENDING,
    TN_REQUEST_ANSWERED,
    TN_REQUEST_GONE,
    TN_REQUEST_STATES,
};

/* A connection that is waited for. */
struct tn_attempt {
    struct tn_request *request;
    struct tn_list link; /* in one of txns->waiting */
    uint64_t flow;       /* 0: none */
    size_t target;
};

struct tn_request {
    struct tn_txns *txns;
    uint64_t id;
    enum tn_request_state state;
    struct tn_arena arena;       /* texts of the options */
    struct tn_request_opts opts; /* its texts are in the arena */
    struct tn_arena parts_arena; /* texts of the parts */
    struct tn_request_parts parts;
    struct tn_targets targets;
    size_t target;  /* the one in use */
    uint64_t query; /* LOCATING; later: the last good server is tried beside it */
    uint64_t key;   /* of what is looked for */
    struct tn_attempt race[TN_RACE_MAX]; /* CONNECTING */
    size_t reached;                      /* CONNECTING: the last target that was begun with */
    struct tn_timer pace;                /* until the next is begun with */
    unsigned rounds;                     /* how often a silent target was put behind the others */
    bool kept_tried;                     /* the last good server */
    bool heard;                          /* the present attempt has had a response */
    bool astray;                         /* the name leads elsewhere; a moment, and we go there */
    uint64_t client;                     /* PENDING, ANSWERED */
    unsigned challenges;                 /* how often it was challenged */
    bool ringing;                        /* the present attempt has had a 1xx */
    bool cancelled;
    bool probed;                 /* its words were written for an address that has gone */
    bool retargeted;             /* while an answer is awaited */
    enum tn_failure failure;     /* why the last target failed */
    enum tn_auth_result refusal; /* why the last challenge was not answered */
    struct tn_request_path path;
    tern_addr mapped;      /* of its flow, when it was prepared */
    tern_time sent_at;     /* the present attempt */
    struct tn_timer timer; /* ANSWERED, GONE: the end */
};

void tn_request_free(struct tn_request *request);
void tn_request_enter(struct tn_request *request, enum tn_request_state next);
void tn_request_emit(struct tn_request *request, struct tn_effect effect);
void tn_request_fail(struct tn_request *request, enum tn_failure failure);
/* One attempt at the present target. */
TERN_CHECK int tn_request_attempt(struct tn_request *request);

/* ---- request_way.c ---- */

void tn_request_way_init(struct tn_request *request);
void tn_request_way_fini(struct tn_request *request); /* nothing is waited for any more */
enum tn_failure tn_request_failure_of(int err);
/* In state LOCATING. */
void tn_request_locate(struct tn_request *request);
void tn_request_located(struct tn_request *request, uint64_t query);
/*
 * @return 0 when the present target is being tried, its connection is waited for, or the owner is
 *         being asked for its parts.
 */
TERN_CHECK int tn_request_try(struct tn_request *request);
void tn_request_try_next(struct tn_request *request, enum tn_failure failure);
void tn_request_note_flow(struct tn_request *request, uint64_t id);
/* Ends the connections that were waited for, but this one. */
void tn_request_end_race(struct tn_request *request, uint64_t winner);
/* An attempt has left; a response to it has come. */
void tn_request_sent(struct tn_request *request);
void tn_request_heard(struct tn_request *request, unsigned status);
/* CONNECTING: a flow is up, or gone. */
void tn_request_flow_up(struct tn_attempt *attempt);
void tn_request_flow_down(struct tn_attempt *attempt);

/* What stands behind start line and Via. @return 0 with the text in `out`; TERN_ENOMEM, TERN_ENOBUF */
TERN_CHECK int tn_put_request_rest(struct tn_request *request, uint32_t cseq, struct tn_buf *out);
/* The URI to locate: next_hop, else the first route if it is loose, else the Request-URI. */
TERN_CHECK int tn_request_hop(const struct tn_request_opts *opts, struct tn_uri *out);
TERN_CHECK int tn_request_keep_opts(struct tn_request *request, const struct tn_request_opts *opts);
TERN_CHECK int tn_request_keep_target(struct tn_request *request,
                                      const struct tn_request_opts *opts);
TERN_CHECK int tn_request_keep_parts(struct tn_request *request,
                                     const struct tn_request_parts *parts);

#endif
