/* SPDX-License-Identifier: MIT */
/*
 * Connections that others open: so many in all, so many of one host, and TLS handshakes at a pace
 * that leaves most of a core to the calls, so many at once (limits.h). Ours are never counted here.
 */
#ifndef TN_NET_ADMIT_H
#define TN_NET_ADMIT_H

#include "net/net.h"

/* @return 0: counted until tn_dismiss(), over TLS also as a handshake; TERN_ELIMIT, TERN_ENOMEM */
TERN_CHECK int tn_admit(struct tn_net *net, const struct tn_flow_key *key);
/* TLS: it has come to an end, good or bad. */
void tn_handshake_over(struct tn_net *net, tern_addr remote);
void tn_dismiss(struct tn_net *net, tern_addr remote);

/* One more at the pace of `interval`, after a burst; `*due` is when all so far would be through. */
bool tn_pace(tern_time now, tern_time *due, tern_time interval, tern_time burst);

#endif
