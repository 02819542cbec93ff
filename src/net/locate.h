/* SPDX-License-Identifier: MIT */
/*
 * Server location: RFC 3263. From a URI to an ordered list of (transport,
 * address). Numeric hosts need no look-up and are answered at once.
 *
 * Answers are kept for their TTL, and dropped when the network changes: the
 * new network may have other servers, and other names.
 */
#ifndef TN_NET_LOCATE_H
#define TN_NET_LOCATE_H

#include "net/net.h"
#include "wire/sip/uri.h"

#define TN_TARGETS_MAX 16

struct tn_targets {
    struct tn_target list[TN_TARGETS_MAX];
    size_t count;
    uint32_t era;         /* of the answers that they come from; 0: an address needs none */
    uint64_t key;         /* of what was looked for; 0: an address */
    bool partial;         /* a slow answer was not waited for: later there may be more */
    bool transport_fixed; /* the URI named it: no change to TCP for size (RFC 3261 18.1.1) */
};

/* What is looked for, and for whom. */
struct tn_wanted {
    const struct tn_uri *uri;
    enum tern_transport preferred; /* where the URI does not say */
    bool secure; /* for a "sips:" Request-URI: TLS, or no way at all (RFC 3261 26.2.2) */
    struct tn_owner owner;
};

/*
 * Starts to locate a server.
 *
 * @return 0: `*out` is filled with at least one target, no effect follows;
 *         1: looking up, or known to have no address; TN_EFFECT_LOCATED for `owner` follows, with
 *         `id` = `*query`; `*out` is empty, but has its key;
 *         TERN_EINVAL (neither sip: nor sips:), TERN_EUNSUPPORTED (a transport that we do not have),
 *         TERN_ENOMEM, TERN_ELIMIT
 */
TERN_CHECK int tn_locate(struct tn_net *net, const struct tn_wanted *wanted, struct tn_targets *out,
                         uint64_t *query);
/* Takes the result of a finished look-up. @return 0, TERN_ENOTFOUND (no address), TERN_ESTALE */
TERN_CHECK int tn_locate_result(struct tn_net *net, uint64_t query, struct tn_targets *out);
/* Whether the answers that led to these targets have been flushed. */
bool tn_locate_is_old(const struct tn_net *net, const struct tn_targets *targets);
/*
 * The server at `targets->list[index]` has answered: it is the last good one of what was looked for,
 * also in networks to come.
 */
void tn_locate_answered(struct tn_net *net, const struct tn_targets *targets, size_t index);
/* The last good one, to be tried while the look-up runs. @return false: none, or it cannot be reached */
bool tn_locate_last_good(const struct tn_net *net, uint64_t key, struct tn_targets *out);
/* Where the server that was at that address answers now (MOBILITY S16). @return false: nobody knows */
bool tn_locate_moved(const struct tn_net *net, tern_addr server, struct tn_target *out);
/* tn_net_flow(), for what goes back to a server that may have to be reached by another address. */
TERN_CHECK int tn_locate_flow_back(struct tn_net *net, const struct tn_target *target,
                                   tern_addr from, uint64_t *flow);
/* Where in the list; its count when it is not there. */
size_t tn_targets_find(const struct tn_targets *targets, const struct tn_target *target);
/* Moves one to the front; the others keep their order. */
void tn_targets_first(struct tn_targets *targets, size_t index);
/* Forgets a look-up that nobody waits for any more. */
void tn_locate_cancel(struct tn_net *net, uint64_t query);
/* Forgets all cached answers. Running look-ups are asked again. */
void tn_locate_flush(struct tn_net *net);
/* Input from the driver. */
void tn_locate_resolved(struct tn_net *net, uint32_t query, const struct tern_dns_record *records,
                        size_t count, bool failed);

#endif
