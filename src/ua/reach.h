/* SPDX-License-Identifier: MIT */
/*
 * Whether a far end can be reached after the address family has changed (MOBILITY S16).
 *
 * A server that is named can be located anew in the family that there is; then what its old address
 * stands for can be reached, though that address cannot. Mobility, which judges by addresses, is given
 * a place that stands in for the server's next one.
 */
#ifndef TN_UA_REACH_H
#define TN_UA_REACH_H

#include "ua/account.h"

/* What mobility is to judge by for `remote`, with which this account's server has to do. */
tern_addr tn_reach(const struct tn_account *account, tern_addr remote);
/* An address of ours of this family by which one gets anywhere. @return family 0: there is none */
tern_addr tn_reach_source(const struct tern_network *network, uint8_t family);
bool tn_reaches(const struct tn_account *account, tern_addr remote);
/*
 * MOBILITY C6(c): a request whose next hop is an address that nothing here reaches goes to the account's
 * server, wherever that is located now; the route set stays. Its text lives as long as the account's.
 */
tern_str tn_reach_server_uri(const struct tn_account *account); /* empty: it has none */
/* Where that is, as far as it is known; a place that stands in for it; family 0: there is none. */
tern_addr tn_reach_server(const struct tn_account *account);
void tn_reach_by_server(const struct tn_account *account, struct tn_request_opts *opts);

#endif
