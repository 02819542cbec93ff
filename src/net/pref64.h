/* SPDX-License-Identifier: MIT */
/*
 * The NAT64 prefix of a network that has IPv6 alone, where the snapshot does not tell it: RFC 7050. The
 * name "ipv4only.arpa" has IPv4 addresses only (RFC 8880); an AAAA record of it is a name server's that
 * makes them of A records, and shows how.
 */
#ifndef TN_NET_PREF64_H
#define TN_NET_PREF64_H

#include "net/net.h"

struct tn_pref64 {
    struct tn_net *net;
    bool seeking;
    tern_time since;
    unsigned failures;
    struct tn_timer again; /* name servers are often not there yet when an address is */
};

void tn_pref64_init(struct tn_net *net);
void tn_pref64_fini(struct tn_net *net);

/* There is a new snapshot. TN_EFFECT_LOCATED for TN_OWNER_ENDPOINT tells that net->network has it. */
void tn_pref64_seek(struct tn_net *net);
/* From dns.c: something became known. */
void tn_pref64_wake(struct tn_net *net);

#endif
