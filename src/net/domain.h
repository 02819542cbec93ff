/* SPDX-License-Identifier: MIT */
/*
 * Whom a TLS connection is for: RFC 5922 4. The certificate must name the domain of the URI that
 * was located, never the host that SRV led to. Domains are named by number, so that targets and
 * flows stay small values; a number that has been pushed out by newer ones is stale.
 *
 * A server's address is often all that a Record-Route or Contact gives. Whoever has proved at that
 * address to be the domain's server counts as named by it: the same trust, and the same connection
 * (RFC 5923 4 for the client's side). Of several it is the first: whoever can take the address over
 * for a while, and has some domain of his own to prove, must not take over what others do there.
 */
#ifndef TN_NET_DOMAIN_H
#define TN_NET_DOMAIN_H

#include "net/net.h"

/* Registrars, proxies and peers of one endpoint; the one unused for longest goes. */
#define TN_DOMAINS_MAX 512

struct tn_domains {
    struct tn_slots names;
    struct tn_list by_use; /* longest unused first */
    uint64_t proofs;       /* so far */
};

void tn_domains_init(struct tn_net *net);
void tn_domains_fini(struct tn_net *net);

/* The number of a name, which is without case; 0 without memory, or for a name that is too long. */
uint64_t tn_domain_intern(struct tn_net *net, tern_str name);
/* Empty when stale. */
tern_str tn_domain_name(const struct tn_net *net, uint64_t domain);
/* The server there has shown a certificate for it. */
void tn_domain_proved(struct tn_net *net, uint64_t domain, tern_addr server);
/* Whose server that address first proved to be, and still is; 0: nobody's that is known. */
uint64_t tn_domain_at(const struct tn_net *net, tern_addr server);

#endif
