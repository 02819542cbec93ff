/* SPDX-License-Identifier: MIT */
/* By which link name servers are asked: see dns_link.c. */
#ifndef TN_UV_DNS_LINK_H
#define TN_UV_DNS_LINK_H

#include <ares.h>

#include "driver.h"

/* What this channel opens from now on leaves as the policy of links wants it. */
void tn_uv_dns_choose_links(struct tern_uv *uv, ares_channel channel);

#endif
