/* SPDX-License-Identifier: MIT */
/* What the files of the transaction layer share; nobody else includes it. */
#ifndef TN_TXN_TXN_IMPL_H
#define TN_TXN_TXN_IMPL_H

#include "txn/ict.h"
#include "txn/ist.h"
#include "txn/limits.h"
#include "txn/nict.h"
#include "txn/nist.h"
#include "txn/txn.h"

#define TN_BRANCH_COOKIE TERN_STR("z9hG4bK") /* RFC 3261 8.1.1.7 */

enum tn_cancel {
    TN_CANCEL_NONE,
    TN_CANCEL_WANTED, /* no 1xx yet, or no way */
    TN_CANCEL_SENT,
    TN_CANCEL_ANSWERED,
};

struct tn_client {
    struct tn_txns *txns;
    uint64_t id;
    struct tn_owner owner; /* TN_OWNER_NONE: nobody cares any more */
    struct tn_map_node by_branch;
    struct tn_list by_flow;  /* in one of txns->by_flow */
    struct tn_list switched; /* in txns->switched: went to TCP for its size, not connected yet */
    enum tn_method method;
    enum tn_cancel cancel;
    char *cancel_reason; /* own copy */
    size_t cancel_reason_len;
    uint64_t flow;
    bool moved; /* some of its words have left by another flow */
    struct tn_target target;
    tern_addr from, local; /* as asked for, and as it is */
    char *text;            /* the request as sent */
    size_t text_len;
    size_t rest_at;                           /* what stands behind our Via */
    tern_str start_line, method_text, branch; /* parts of text */
    union {
        struct tn_ict ict; /* INVITE */
        struct tn_nict nict;
    } machine;
};

/* Where a request came from, and so where its responses go. */
struct tn_origin {
    uint64_t flow;
    enum tern_transport transport;
    tern_addr local, source; /* family 0: the flow was gone already */
};

struct tn_server {
    struct tn_txns *txns;
    uint64_t id;
    struct tn_owner owner;
    struct tn_map_node by_key, by_request;
    struct tn_msg *request; /* one reference */
    struct tn_origin origin;
    tern_addr host;  /* whose share it is of */
    unsigned status; /* of the last response; 0: none */
    char *text;      /* the last response as sent */
    size_t text_len;
    struct {
        unsigned status;
        char tag[TN_OWED_TAG];
        struct tn_timer timer;
    } owed; /* INVITE: the refusal that there was no memory for */
    union {
        struct tn_ist ist; /* INVITE */
        struct tn_nist nist;
    } machine;
};

/* client.c */
void tn_client_response(struct tn_client *client, struct tn_msg *msg);
void tn_client_flow_down(struct tn_client *client);
void tn_client_pause(struct tn_client *client, bool paused);
void tn_client_free(struct tn_client *client);
struct tn_client *tn_client_find(const struct tn_txns *txns, const struct tn_msg *response);
uint64_t tn_client_hash(const struct tn_txns *txns, tern_str branch);

/* client_text.c: requests as they are sent. */
struct tn_request_text {
    tern_str start_line, rest;
    tern_str branch; /* empty: a new one */
};
/* @return 0 with the text in `out`, empty before; TERN_ENOMEM, TERN_ENOBUF */
TERN_CHECK int tn_put_request(struct tn_txns *txns, const struct tn_flow *flow,
                              const struct tn_request_text *text, struct tn_buf *out);
/* ACK for a 300-699 response (RFC 3261 17.1.1.3), CANCEL (9.1): whole messages from the INVITE. */
TERN_CHECK int tn_put_ack(const struct tn_client *invite, const struct tn_msg *response,
                          struct tn_buf *out);
TERN_CHECK int tn_put_cancel(const struct tn_client *invite, struct tn_buf *out);

/* client_cancel.c: the network has changed under it */
void tn_client_renew_cancel(struct tn_client *invite);

/* server.c */
void tn_server_renew_refusal(struct tn_server *server);
void tn_server_message(struct tn_txns *txns, struct tn_msg *msg, const struct tn_origin *origin);
void tn_server_pause(struct tn_server *server, bool paused);
void tn_server_free(struct tn_server *server);

/* share.c: how many server transactions there may be, and whose */
TERN_CHECK int tn_share_init(struct tn_txns *txns);
/* @return 0: given back by tn_share_give(); TERN_ELIMIT, TERN_ENOMEM */
TERN_CHECK int tn_share_take(struct tn_txns *txns, const struct tn_msg *request,
                             const struct tn_origin *origin);
void tn_share_give(struct tn_txns *txns, const struct tn_msg *request, tern_addr host);
/* The last response has another length. */
void tn_share_text(struct tn_txns *txns, size_t before, size_t after);
/* There is no room: who is to be told so, and who hears nothing (RFC 3261 21.5.4). */
bool tn_share_tells(struct tn_txns *txns, uint64_t flow);

/* match.c: RFC 3261 17.2.3 and 9.2 */
struct tn_server *tn_server_find(const struct tn_txns *txns, const struct tn_msg *request,
                                 enum tn_method method);
uint64_t tn_server_hash(const struct tn_txns *txns, const struct tn_msg *request,
                        enum tn_method method);
uint64_t tn_merge_hash(const struct tn_txns *txns, const struct tn_msg *request);

/* origin.c: RFC 3261 18.2, RFC 3581 */
struct tn_origin tn_origin_of(const struct tn_txns *txns, const struct tn_msg *request,
                              uint64_t flow);
/* The flow that leads back now, begun where there is none. `*flow` may be that of `origin`. */
TERN_CHECK int tn_origin_way(const struct tn_txns *txns, const struct tn_msg *request,
                             const struct tn_origin *origin, uint64_t *flow);
/* Sends on it; origin->flow follows. What cannot be sent is lost. */
void tn_origin_send(struct tn_txns *txns, const struct tn_msg *request, struct tn_origin *origin,
                    tern_str text, bool again);

/* response.c */
TERN_CHECK int tn_put_response(const struct tn_txns *txns, const struct tn_msg *request,
                               tern_addr source, const struct tn_response *rsp, struct tn_buf *out);

/* txn.c */
struct tn_list *tn_txns_of_flow(struct tn_txns *txns, uint64_t flow);
struct tn_list *tn_txns_waiting_for(struct tn_txns *txns, uint64_t flow);
struct tn_attempt;
/* One that waits for it, or NULL. */
struct tn_attempt *tn_txns_next_waiting(struct tn_txns *txns, uint64_t flow);
void tn_txns_count(struct tn_txns *txns); /* keeps the statistics */

#endif
