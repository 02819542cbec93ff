/* SPDX-License-Identifier: MIT */
/*
 * STUN beside SIP: whoever receives SIP on a UDP port answers Binding requests there, so that a
 * client keeps its NAT binding and notices when it has changed (RFC 5626 3.5.2, 4.4.2, 8). Any
 * endpoint does: the far end of a flow may be a user agent as well as a registrar.
 *
 * What a forged source address could do with it is little:
 * - An answer is at most 24 bytes longer than its request (32 bytes for 20 over IPv4, 44 over IPv6):
 *   with the IP and UDP headers 1.25 and 1.35 times as much, so hardly more than sending it oneself.
 *   It has no SOFTWARE and no reason phrase for that.
 * - Strangers, from whom no SIP has come, share a pace at which they are read at all. Flows that
 *   are known are always answered, or a flood of strangers would make their clients believe that
 *   their flows had failed.
 * - Only requests are answered, and only to one host: two servers cannot be set on each other, and
 *   no group answers.
 * - Nothing is remembered of a stranger: no flow, no memory.
 *
 * Credentials are not asked for and not looked at: the answer tells the sender its own address.
 */
#ifndef TN_NET_BINDING_H
#define TN_NET_BINDING_H

#include "net/net.h"

/* A datagram that tn_stun_is_message(). What is malformed, or nobody here asked for, is counted. */
void tn_binding_receive(struct tn_net *net, const struct tn_flow_key *key, tern_str datagram);

#endif
