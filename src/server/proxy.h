/* SPDX-License-Identifier: MIT */
/*
 * The stateful proxy: RFC 3261 16. A request on its way is a `proxied`: one
 * server transaction and a branch for each place that it goes to. An ACK, and
 * nothing else, goes without transactions.
 *
 * The way through the files: proxy.c takes a request and its effects, route.c
 * reads its Routes, branch.c brings it to one place, answer.c sends responses
 * back, forward.c prints.
 */
#ifndef TN_SERVER_PROXY_H
#define TN_SERVER_PROXY_H

#include "server/server.h"

enum tn_branch_state {
    TN_BRANCH_IDLE,
    TN_BRANCH_LOCATING,
    TN_BRANCH_SENT,
    TN_BRANCH_AWAITING, /* the phone's connection broke: it registers anew, or TN_RECOVERY is over */
    TN_BRANCH_DONE,     /* final: status, and the response unless it is our own judgement */
};

/* Where a branch goes to. Texts are in the request's arena. */
struct tn_next_hop {
    tern_str uri;    /* Request-URI */
    tern_str routes; /* Route set, a comma list; may be empty */
    bool strict;     /* the first route was a strict router, and is the Request-URI now */
    bool has_target; /* known without a look-up: the flow of a binding */
    struct tn_target target;
    tern_addr from; /* local address of that flow; family 0: any */
    bool failed;    /* the flow that the registration was made by is gone */
};

struct tn_branch {
    struct tn_proxied *proxied;
    uint32_t index;
    enum tn_branch_state state;
    struct tn_next_hop hop;
    /* Further flows of the same instance, in the request's arena: tried one after another, never two
       at once (RFC 5626 7). */
    struct tn_next_hop *others;
    size_t other_count;
    tern_str instance; /* whose it is, in the request's arena; empty: unknown */
    struct tn_targets targets;
    size_t next_target;
    uint64_t client, query;
    uint64_t
        older; /* INVITE: to where it went before tn_branch_redirect(); 0: none. client 0: alone */
    struct tn_timer timer_c; /* RFC 3261 16.6 step 11 and 16.8; AWAITING: its end */
    bool answered;           /* something provisional has come */
    unsigned status;
    struct tn_msg *response; /* one reference; NULL: none */
};

struct tn_proxied {
    struct tn_server *server;
    uint64_t id;
    const struct tn_user *user; /* whose bindings it went to; NULL: none of ours */
    uint64_t txn;               /* server transaction; 0: an ACK */
    struct tn_msg *request;     /* one reference */
    tern_addr source;           /* where it came from; family 0: that flow is gone */
    bool has_arrival;
    enum tern_transport arrival_transport;
    tern_addr arrival; /* our address as the sender sees it */
    bool decided;      /* a final response has gone back */
    bool cancelled;
    struct tn_timer again; /* the final response found no memory */
    size_t count;
    struct tn_branch branches[];
};

/* ---- proxy.c ---- */

void tn_proxy_request(struct tn_server *server, const struct tn_effect *effect);
void tn_proxy_ack(struct tn_server *server, const struct tn_effect *effect);
void tn_proxy_effect(struct tn_server *server, const struct tn_effect *effect);
void tn_proxied_free(struct tn_proxied *proxied);
/*
 * The user's bindings have changed. A request that nobody has answered yet, and that went to where an
 * instance is not any more, goes to where it is (RFC 5626 4.5 and 7: a flow has been recovered).
 */
void tn_proxy_bound(struct tn_server *server, const struct tn_user *user);

/* ---- targets.c: which bindings a request goes to, and in which order ---- */

/*
 * One branch for each instance, its flows newest first; one for each binding that names none. With
 * `instance` that one alone. `branches` has room for TN_BINDINGS_MAX.
 *
 * @return how many there are; TERN_ENOMEM
 */
TERN_CHECK int tn_targets_of(const struct tn_server *server, const struct tn_user *user,
                             tern_str instance, struct tn_arena *arena, struct tn_branch *branches);

/* ---- route.c ---- */

struct tn_way {
    tern_str uri_text;
    struct tn_uri uri;
    tern_str routes;   /* what is left of the Route headers; a comma list */
    bool by_our_route; /* a Route of ours was on top: it knows the way by us */
};

/* RFC 3261 16.4. Texts are in the request or its arena. @return 0, TERN_ENOMEM, TERN_EPARSE */
TERN_CHECK int tn_way_read(const struct tn_server *server, struct tn_msg *request,
                           struct tn_way *out);
/* How often the request has been here. */
size_t tn_count_own_vias(const struct tn_server *server, const struct tn_msg *request);
/* Where to send what is for a binding. @return 0 or TERN_ENOMEM */
TERN_CHECK int tn_hop_to_binding(const struct tn_server *server, const struct tn_binding *binding,
                                 struct tn_arena *arena, struct tn_next_hop *out);
/* Where to send along the Routes, or to a URI that is not ours. @return 0, TERN_ENOMEM, TERN_EPARSE */
TERN_CHECK int tn_hop_along(const struct tn_server *server, const struct tn_way *way,
                            struct tn_arena *arena, struct tn_next_hop *out);

/* ---- branch.c ---- */

void tn_branch_start(struct tn_branch *branch);
/* Its place has gone, and these are the flows of its instance now. */
void tn_branch_redirect(struct tn_branch *branch, const struct tn_branch *to);
void tn_branch_located(struct tn_branch *branch);
/* `client`: the transaction that it comes from. */
void tn_branch_response(struct tn_branch *branch, uint64_t client, struct tn_msg *response);
void tn_branch_failed(struct tn_branch *branch, uint64_t client, enum tn_failure failure);
/* `reason`: value of the Reason header, or empty. */
void tn_branch_cancel(struct tn_branch *branch, tern_str reason);
void tn_branch_fini(struct tn_branch *branch);

/* ---- answer.c ---- */

void tn_answer_provisional(struct tn_proxied *proxied, const struct tn_msg *response);
void tn_answer_success(struct tn_proxied *proxied, const struct tn_msg *response);
/* A branch is done: the best response goes back when it was the last one. */
void tn_answer_check(struct tn_proxied *proxied);

/* ---- forward.c ---- */

/* All of the request behind the start line and our Via. `flow`: that it leaves by. */
TERN_CHECK int tn_put_forwarded(const struct tn_branch *branch, const struct tn_flow *flow,
                                struct tn_buf *out);
/* The response without our Via, and with further lines (each with CRLF). */
TERN_CHECK int tn_put_returned(const struct tn_msg *response, tern_str more, struct tn_buf *out);

#endif
