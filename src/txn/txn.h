/* SPDX-License-Identifier: MIT */
/*
 * The transaction layer: RFC 3261 17, RFC 6026, RFC 3581. Matches messages with
 * transactions, keeps the four machines (ict, nict, ist, nist), prints responses.
 *
 * Transactions are named by number. They die by themselves; a stale number is
 * noticed. Users hear of them by effects (core/ctx.h).
 */
#ifndef TN_TXN_TXN_H
#define TN_TXN_TXN_H

#include "base/tally.h"
#include "net/locate.h"
#include "net/net.h"
#include "wire/sip/msg.h"

/* When ten thousand peers have a flow each and all go down, each finds its clients in a short list. */
#define TN_FLOW_LISTS 1024

struct tn_txns {
    struct tn_ctx *ctx;
    struct tn_net *net;
    struct tn_slots clients, servers, requests;
    struct tn_map client_map, server_map;
    struct tn_map merge_map; /* server transactions by From tag, Call-ID and CSeq */
    struct tn_list switched; /* clients that went to TCP for their size and may go back */
    struct tn_list by_flow[TN_FLOW_LISTS]; /* clients, by the lowest bits of their flow's number */
    struct tn_list waiting[TN_FLOW_LISTS]; /* likewise requests whose connection is not up yet */
    struct tn_tally hosts;                 /* server transactions, by whom they are from */
    uint32_t servers_most;                 /* of them, in all */
    size_t server_bytes;                   /* what they hold */
    tern_time refusals_due; /* when the refusals sent would be through at their pace */
    tern_str product;       /* User-Agent and Server; borrowed for life */
    bool paused;            /* no usable network: timers B, F, H wait (MOBILITY C4) */
};

TERN_CHECK int tn_txns_init(struct tn_txns *txns, struct tn_ctx *ctx, struct tn_net *net,
                            tern_str product);
void tn_txns_fini(struct tn_txns *txns);
/* Room for the server transactions of so many calls, at most TN_SERVERS_MAX: that is the default. */
void tn_txns_limit(struct tn_txns *txns, uint32_t calls);

/* ---- input, from ua/dispatch ---- */

/* A message from a flow. Effects follow. */
void tn_txns_message(struct tn_txns *txns, struct tn_msg *msg, uint64_t flow);
/* A flow has failed: its client transactions fail, its server transactions find another way. */
void tn_txns_flow_down(struct tn_txns *txns, uint64_t flow);
void tn_txns_flow_up(struct tn_txns *txns, uint64_t flow);
/*
 * While paused, retransmission and timeout timers of every transaction stand still; on resume
 * they go on with what was left, and nothing is sent at once: mobility decides what to repeat.
 */
void tn_txns_pause(struct tn_txns *txns, bool paused);

/*
 * The network has changed: from where we are now, a CANCEL that nobody has answered goes once more
 * (MOBILITY S10), and so does the refusal of an INVITE that nobody has acknowledged.
 */
void tn_txns_moved(struct tn_txns *txns);
/* The CANCELs alone: they leave before an INVITE that takes the place of what they cancel. */
void tn_txns_cancels_moved(struct tn_txns *txns);

/* ---- server side ---- */

/* What a request came with; the message lives as long as the transaction. NULL when stale. */
const struct tn_msg *tn_server_request(const struct tn_txns *txns, uint64_t id);
uint64_t tn_server_flow(const struct tn_txns *txns, uint64_t id);
/* The flow that an answer would leave by now, begun where there is none; 0: stale, or no way. */
uint64_t tn_server_way(const struct tn_txns *txns, uint64_t id);
/* Kind NONE when stale. */
struct tn_owner tn_server_owner(const struct tn_txns *txns, uint64_t id);
/* Marks whose it is: CANCELLED, ACK (for 300-699: none), TIMEOUT and ENDED carry this owner. */
void tn_server_set_owner(struct tn_txns *txns, uint64_t id, struct tn_owner owner);

struct tn_response {
    unsigned status;
    tern_str reason; /* empty: the usual phrase */
    tern_str
        to_tag; /* added unless the request's To has a tag; empty: none (100), or a stateless one */
    tern_str contact; /* Contact value, with brackets; empty: none */
    tern_str headers; /* further complete lines, each with CRLF */
    tern_str content_type;
    tern_str body;
    bool record_route; /* copy Record-Route (dialog-forming 1xx and 2xx, RFC 3261 12.1.1) */
};

/*
 * Answers. A provisional one may follow another; a final one ends. 2xx to INVITE: the transaction
 * stays ACCEPTED (RFC 6026), and the user repeats the 2xx with tn_server_repeat() until the ACK.
 * The way back is worked out anew at each send: RFC 3261 18.2.2, RFC 3581 4.
 * Without memory the refusal of an INVITE is owed, and follows: its user may forget it.
 *
 * @return 0, TERN_ESTALE, TERN_ESTATE (final answer given), TERN_ENOMEM, TERN_EINVAL (status),
 *         TERN_ENOBUF (over TN_MSG_SIZE_MAX)
 */
TERN_CHECK int tn_server_respond(struct tn_txns *txns, uint64_t id, const struct tn_response *rsp);
/* Sends the last response once more, byte for byte (on a new flow if the old one is gone). */
TERN_CHECK int tn_server_repeat(struct tn_txns *txns, uint64_t id);
/*
 * A response from its very bytes, as a proxy forwards it (top Via already removed). Further 2xx to
 * an INVITE are let through (RFC 6026 7.1).
 */
TERN_CHECK int tn_server_forward(struct tn_txns *txns, uint64_t id, unsigned status, tern_str text);
/* The INVITE server transaction that a CANCEL is for (RFC 3261 9.2), or 0. */
uint64_t tn_server_find_invite(const struct tn_txns *txns, const struct tn_msg *cancel);
/*
 * An earlier server transaction with the same From tag, Call-ID and CSeq, when the request has no
 * To tag: the same request came by two ways (RFC 3261 8.2.2.2). Of several, one that somebody cares
 * for. 0: none.
 */
uint64_t tn_server_merged(const struct tn_txns *txns, uint64_t id);
/*
 * Answers without a transaction, and forgets: for a request that a transaction is too good for.
 * Never answers an ACK. The To tag is derived from the request: repeats get the same.
 */
void tn_txns_reply(struct tn_txns *txns, const struct tn_msg *request, uint64_t flow,
                   const struct tn_response *rsp);
/*
 * The request's Via lines, the topmost with `received` and `rport` as RFC 3261 18.2.1 and RFC 3581 4
 * ask: for responses, and for a proxy that passes the request on.
 */
void tn_put_vias(struct tn_buf *out, const struct tn_msg *request, tern_addr source);

/* ---- client side, raw: for txn/request and the proxy ---- */

struct tn_client_opts {
    struct tn_owner owner;
    enum tn_method method;
    struct tn_target target;
    bool transport_fixed; /* a long request may not go over TCP instead (RFC 3261 18.1.1) */
    tern_addr from;       /* local address to use; family 0: the snapshot's choice */
    /*
     * The request without its topmost Via: start line, and everything after. The transaction puts
     * `Via: SIP/2.0/UDP host:port;branch=z9hG4bK…;rport` behind the start line.
     */
    tern_str start_line; /* without CRLF */
    tern_str rest;       /* headers, blank line, body */
};
/* @return 0, TERN_ENOROUTE, TERN_ENOMEM, TERN_ELIMIT, TERN_ENOBUF (over TN_MSG_SIZE_MAX) */
TERN_CHECK int tn_client_start(struct tn_txns *txns, const struct tn_client_opts *opts,
                               uint64_t *id);
/*
 * CANCEL for an INVITE that has had a 1xx; before that it waits for one (RFC 3261 9.1). Without a
 * final response 64*T1 after the CANCEL, TXN_FAILED with TIMEOUT follows. Repeating is harmless.
 *
 * @param reason  value of the Reason header (RFC 3326); empty: none
 * @return 0, TERN_ESTALE, TERN_EINVAL (not INVITE), TERN_ESTATE (answered already), TERN_ENOMEM
 */
TERN_CHECK int tn_client_cancel(struct tn_txns *txns, uint64_t id, tern_str reason);
/*
 * An INVITE over UDP that has no final answer yet: the same datagram once more, from where we are now,
 * and what follows from there, too (MOBILITY S1, S2). Whoever answers it has the transaction.
 *
 * @return 0, TERN_ESTALE, TERN_ESTATE (not such a one), TERN_ENOROUTE, TERN_ENOMEM, TERN_ELIMIT
 */
TERN_CHECK int tn_client_probe(struct tn_txns *txns, uint64_t id);
/* Not as long as it waits for its connection. */
bool tn_client_has_left(const struct tn_txns *txns, uint64_t id);
/* Another INVITE takes its place: this one is not repeated any more, and waits for what comes. */
void tn_client_hush(struct tn_txns *txns, uint64_t id);
/*
 * Stops caring: no more effects; an INVITE's late 2xx comes up as TN_EFFECT_STRAY_RESPONSE. What
 * was asked of tn_client_cancel() is still carried out, and a 300-699 is still acknowledged.
 */
void tn_client_abandon(struct tn_txns *txns, uint64_t id);
/* The flow and branch in use; NULL/empty when stale. */
const struct tn_flow *tn_client_flow(const struct tn_txns *txns, uint64_t id);
tern_str tn_client_branch(const struct tn_txns *txns, uint64_t id);
/* Sends a request outside any transaction: ACK for 2xx. Same options. */
TERN_CHECK int tn_client_send_stateless(struct tn_txns *txns, const struct tn_client_opts *opts);

#endif
