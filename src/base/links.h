/* SPDX-License-Identifier: MIT */
/* Policies of links (tern/links.h), as far as the endpoint needs to know more. */
#ifndef TN_BASE_LINKS_H
#define TN_BASE_LINKS_H

#include <tern/links.h>

/* @return 0, TERN_EINVAL or TERN_EVERSION; `given` NULL: routing decides */
TERN_CHECK int tn_links_take(const struct tern_link_policy *given, struct tern_link_policy *out);

/*
 * How well liked the link is by which `remote` is reached, the more the better: to compare the ways to
 * two addresses of one server. Without a policy, and where nothing leads there, 0.
 */
int32_t tn_links_tier(const struct tern_network *network, tern_addr remote);

#endif
