/* SPDX-License-Identifier: MIT */
/*
 * IPv4 addresses inside IPv6 ones: RFC 6052 2.2. Prefixes of 32, 40, 48, 56, 64 and 96 bits; bits 64
 * to 71 stay zero.
 */
#ifndef TN_BASE_NAT64_H
#define TN_BASE_NAT64_H

#include <tern/network.h>

bool tn_nat64_is_len(uint8_t prefix_len);
/* `v4` with its port, by that prefix. */
tern_addr tn_nat64_embed(tern_addr prefix, uint8_t prefix_len, tern_addr v4);
/* @return false: `v6` does not begin with the prefix, or is not of the form */
bool tn_nat64_extract(tern_addr prefix, uint8_t prefix_len, tern_addr v6, tern_addr *v4);
/*
 * RFC 7050 3: the prefix by which a name server has made an AAAA record of "ipv4only.arpa", whose
 * addresses are 192.0.0.170 and 192.0.0.171.
 *
 * @return its length, or 0
 */
uint8_t tn_nat64_discover(tern_addr v6, tern_addr *prefix);

#endif
