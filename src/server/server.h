/* SPDX-License-Identifier: MIT */
/*
 * A small registrar and stateful record-routing proxy above the transaction
 * layer: RFC 3261 10.3 and 16. It owns transactions of TN_OWNER_PROXY, and on
 * its endpoint there is no user agent: every request is for it.
 */
#ifndef TN_SERVER_SERVER_H
#define TN_SERVER_SERVER_H

#include <tern/server.h>

#include "server/limits.h"
#include "server/location.h"
#include "txn/txn.h"

struct tn_fault {
    char method[TN_FAULT_METHOD_MAX];
    size_t method_len;
    int status; /* 0: silence */
};

struct tn_server {
    struct tn_ctx *ctx;
    struct tn_net *net;
    struct tn_txns *txns;
    struct tern_server_opts opts; /* `domain` is the view of the text below */
    struct tn_text domain;
    uint8_t nonce_key[16];
    struct tn_location location;
    struct tn_slots proxied;             /* requests on their way: proxy.h */
    tern_addr recorded[TN_RECORDED_MAX]; /* the last ones that Record-Route has named */
    uint32_t recorded_next;
    struct tn_fault faults[TN_FAULTS_MAX];
    size_t fault_count;
};

/* @return 0, TERN_EINVAL (no domain, or limits that contradict each other), TERN_ENOMEM */
TERN_CHECK int tn_server_new(struct tn_ctx *ctx, struct tn_net *net, struct tn_txns *txns,
                             const struct tern_server_opts *opts, struct tn_server **out);
void tn_server_close(struct tn_server *server); /* before txns and net go */

/* @return whether the effect was for the server */
bool tn_server_effect(struct tn_server *server, const struct tn_effect *effect);

/* @return 0, TERN_EINVAL (empty name, or one too long), TERN_ENOMEM, TERN_ELIMIT */
TERN_CHECK int tn_server_add_user(struct tn_server *server, tern_str name, tern_str password);
/* @return 0, TERN_EINVAL, TERN_ELIMIT */
TERN_CHECK int tn_server_set_fault(struct tn_server *server, tern_str method, int status);

/* ---- between the files of this room ---- */

/* The URI names this server: its domain, or one of its addresses and ports. */
bool tn_server_is_own(const struct tn_server *server, const struct tn_uri *uri);
/* The same for a Route: calls outlive an address of ours, and come by another one then. */
bool tn_server_is_own_route(const struct tn_server *server, const struct tn_uri *route);
void tn_server_recorded(struct tn_server *server, tern_addr addr);
/* The user that a URI of ours names, or NULL. */
struct tn_user *tn_server_user_of(const struct tn_server *server, const struct tn_uri *uri);
/* Answers and forgets. What cannot be sent for want of memory is lost: the peer asks again. */
void tn_server_answer(struct tn_server *server, uint64_t txn, unsigned status, tern_str headers);
/* As above, with a phrase that says what is wrong. */
void tn_server_refuse(struct tn_server *server, uint64_t txn, unsigned status, const char *reason);
/*
 * RFC 3261 8.2.2.3 and 16.3: answers 420 unless every option in the list is among `known`.
 *
 * @return whether it was refused
 */
bool tn_server_bad_options(struct tn_server *server, uint64_t txn, const struct tn_msg *request,
                           enum tn_hdr_id list, const char *const *known);

/* What Supported says of us. */
tern_str tn_server_extensions(const struct tn_server *server);

/* registrar.c */
void tn_registrar_request(struct tn_server *server, const struct tn_effect *effect);

#endif
