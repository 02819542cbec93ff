/* SPDX-License-Identifier: MIT */
/*
 * Connections that others open: so many in all, so many of one host, and TLS handshakes at a pace
 * that leaves most of a core to the calls (limits.h). Ours are never counted here.
 */
#ifndef TN_NET_ADMIT_H
#define TN_NET_ADMIT_H

#include "net/net.h"

/* @return 0: counted until tn_dismiss(); TERN_ELIMIT, TERN_ENOMEM */
TERN_CHECK int tn_admit(struct tn_net *net, const struct tn_flow_key *key);
void tn_dismiss(struct tn_net *net, tern_addr remote);

#endif
