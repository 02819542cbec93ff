/* SPDX-License-Identifier: MIT */
/*
 * NAPTR records (RFC 3403) as RFC 3263 4.1 uses them: which transports a domain is served by, in
 * its own order, and where the SRV records of each are.
 */
#ifndef TN_NET_NAPTR_H
#define TN_NET_NAPTR_H

#include <tern/endpoint.h>

/* @return false for a service that is not SIP's, or has to be rewritten by a regular expression */
bool tn_naptr_transport(const struct tern_dns_record *record, enum tern_transport *out);
/* Lets the texts of one that has a transport point to constants; others lose theirs. The target stays. */
void tn_naptr_keep(struct tern_dns_record *record);
/*
 * Puts those that count into order, by order and preference, and drops the rest: of those whose
 * transport is in `transports` (a sum of 1 << enum tern_transport) the ones of the lowest order.
 *
 * @return how many are left
 */
size_t tn_naptr_order(struct tern_dns_record *records, size_t count, unsigned transports);

#endif
