/* SPDX-License-Identifier: MIT */
/*
 * A request as its sender sees it: located (RFC 3263), sent, authorised, tried
 * at the next target when one fails, and once more on a new flow when the
 * network changes. Underneath are one client transaction after another.
 *
 *   LOCATING --> CONNECTING --> PREPARING --> PENDING --> (final response, or failure) GONE
 *       ^            ^                           |  401/407: again, CSeq+1
 *       |            +---------------------------+  next target     2xx to INVITE: ANSWERED,
 *       +----------------------------------------+  restart         further 2xx for 64*T1
 *
 * In PREPARING the flow is up, so that the owner can put addresses that are
 * really used into Contact and SDP: TN_EFFECT_PREPARE, then tn_request_send().
 */
#ifndef TN_TXN_REQUEST_H
#define TN_TXN_REQUEST_H

#include "txn/digest.h"
#include "txn/txn.h"

struct tn_request_opts {
    struct tn_owner owner;
    enum tn_method method;
    tern_str uri;      /* Request-URI */
    tern_str from, to; /* header values, tags included */
    tern_str call_id;
    uint32_t *cseq;    /* the counter of dialog or registration: ++ for each attempt; must outlive
                       the request or be ended by tn_request_abandon(). ACK: used as it is */
    tern_str route;    /* Route values, comma-separated, in order; strict routes already applied */
    tern_str next_hop; /* URI to locate; empty: first route if it is loose, else `uri` */
    enum tern_transport transport; /* where the URI does not say */
    struct tn_auth *auth;          /* NULL: challenges come up as responses */
    tern_str headers;              /* further complete lines with CRLF, copied */
    tern_str content_type, body;   /* for requests that need no PREPARE */
    bool prepare;                  /* ask the owner before each first send on a flow */
    uint64_t came_by;              /* struct tn_target */
    tern_addr from_addr;           /* local address to use as long as the snapshot has it */
    bool secure;      /* TLS or nothing, whatever the URIs say: "sips:" was asked for */
    bool no_failover; /* in-dialog: do not try further targets on a mere timeout */
};

/*
 * Starts. All text is copied. METHOD ACK is sent without a transaction and ends at once.
 *
 * @return 0 with `*id`; effects for `owner` follow, also when it fails at once
 * @return TERN_ENOMEM, TERN_ELIMIT, TERN_EINVAL
 */
TERN_CHECK int tn_request_start(struct tn_txns *txns, const struct tn_request_opts *opts,
                                uint64_t *id);

/* Where it would go first, when that is an address. @return false: it is a name, or cannot be read */
bool tn_request_literal_hop(const struct tn_request_opts *opts, tern_addr *out);

/* In answer to TN_EFFECT_PREPARE. Empty `contact` or `body`: none. */
struct tn_request_parts {
    tern_str contact; /* header value(s) */
    tern_str headers; /* further lines, besides those of the options */
    tern_str content_type, body;
};
TERN_CHECK int tn_request_send(struct tn_txns *txns, uint64_t id,
                               const struct tn_request_parts *parts);

/* What the request goes by at present; valid from PREPARE on. */
struct tn_request_path {
    uint64_t flow;
    enum tern_transport transport;
    tern_addr local; /* as Via and Contact shall say (tn_net_sent_by) */
    tern_addr remote;
    uint32_t cseq;        /* of the last attempt; 0 before the first */
    unsigned rounds;      /* round trips so far: attempts that got a final answer or 401/407 */
    bool sent;            /* an attempt waits for its final answer */
    bool heard;           /* a 1xx to it has come */
    tern_time round_trip; /* from the last attempt to the first answer to it; 0: none came yet */
};
/* @return false when stale; still true while the owner handles the final RESPONSE or FAILED */
bool tn_request_path(const struct tn_txns *txns, uint64_t id, struct tn_request_path *out);

/*
 * INVITE: CANCEL now or as soon as a 1xx comes; the final response still comes up, a challenge
 * included. Where nothing has been sent yet, FAILED with TN_FAILURE_NONE follows. Asked again after
 * the network has changed, an unanswered CANCEL is sent once more from the new address.
 *
 * @return 0, TERN_ESTALE, TERN_EINVAL (not INVITE), TERN_ESTATE (2xx has come), TERN_ENOMEM
 */
TERN_CHECK int tn_request_cancel(struct tn_txns *txns, uint64_t id);
/* The same; `reason`: value of the CANCEL's Reason (RFC 3326), or empty. */
TERN_CHECK int tn_request_cancel_because(struct tn_txns *txns, uint64_t id, tern_str reason);
/*
 * INVITE, unanswered: once more, word by word, from where we are now, as in tn_client_probe(). Any
 * answer that follows shows that it lives. Nothing is told when none comes.
 */
TERN_CHECK int tn_request_probe(struct tn_txns *txns, uint64_t id);
/*
 * Another INVITE takes its place: cancelled as soon as it may be (RFC 3261 9.1), not repeated, and
 * abandoned. 0 is allowed.
 */
void tn_request_give_up(struct tn_txns *txns, uint64_t id);
/* The owner is not interested any more. Late 2xx to INVITE: TN_EFFECT_STRAY_RESPONSE. 0 is allowed. */
void tn_request_abandon(struct tn_txns *txns, uint64_t id);
/*
 * The same request once more from the start: located anew, PREPARE, CSeq+1.
 *
 * @return 0, TERN_ESTALE, TERN_ESTATE (INVITE that has a 2xx, or is being cancelled)
 */
TERN_CHECK int tn_request_restart(struct tn_txns *txns, uint64_t id);
/*
 * The far end is elsewhere now: `uri`, `route` and `next_hop` of `opts` count for whatever has not been
 * sent yet. One that is challenged goes there, and not to where nobody is (RFC 3261 22.2).
 * @return 0, TERN_ESTALE, TERN_ENOMEM
 */
TERN_CHECK int tn_request_retarget(struct tn_txns *txns, uint64_t id,
                                   const struct tn_request_opts *opts);

/* Another counter goes on from the one that it had, which may end now. */
void tn_request_count_by(struct tn_txns *txns, uint64_t id, uint32_t *cseq);

/* From ua/dispatch: effects for TN_OWNER_REQUEST (TXN_RESPONSE, TXN_FAILED, LOCATED). */
void tn_request_effect(struct tn_txns *txns, const struct tn_effect *effect);

#endif
