/* SPDX-License-Identifier: MIT */
/* Replaces: RFC 3891 6.1. Names the dialog whose place an INVITE takes, as its receiver sees it. */
#ifndef TN_WIRE_SIP_REPLACES_H
#define TN_WIRE_SIP_REPLACES_H

#include "wire/sip/hdr.h"

struct tn_replaces {
    tern_str call_id;
    tern_str to_tag;   /* of the end that gets the INVITE */
    tern_str from_tag; /* of the other end; "0": it may have none (RFC 2543) */
    bool early_only;   /* only if it is not confirmed yet */
};
/** The one value that may be there: each tag once,. */
TERN_CHECK int tn_replaces_parse(tern_str in, struct tn_replaces *out);
void tn_put_replaces(struct tn_buf *buf, const struct tn_replaces *replaces); /* the value */

#endif
