/* SPDX-License-Identifier: MIT */
/*
 * The request machine: request.c decides and acts, request_text.c prints. Each
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

struct tn_request {
    struct tn_txns *txns;
    uint64_t id;
    enum tn_request_state state;
    struct tn_arena arena;       /* texts of the options */
    struct tn_request_opts opts; /* its texts are in the arena */
    struct tn_arena parts_arena; /* texts of the parts */
    struct tn_request_parts parts;
    struct tn_targets targets;
    size_t target;          /* the one in use */
    uint64_t query;         /* LOCATING */
    struct tn_list by_flow; /* CONNECTING: in one of txns->waiting */
    uint64_t client;        /* PENDING, ANSWERED */
    unsigned challenges;    /* how often it was challenged */
    bool ringing;           /* the present attempt has had a 1xx */
    bool cancelled;
    bool probed;                 /* its words were written for an address that has gone */
    bool retargeted;             /* while an answer is awaited */
    enum tn_failure failure;     /* why the last target failed */
    enum tn_auth_result refusal; /* why the last challenge was not answered */
    struct tn_request_path path;
    tern_time sent_at;     /* the present attempt */
    struct tn_timer timer; /* ANSWERED, GONE: the end */
};

void tn_request_free(struct tn_request *request);
/* CONNECTING: its flow is up, or gone. */
void tn_request_flow_up(struct tn_request *request);
void tn_request_flow_down(struct tn_request *request);

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
