/* SPDX-License-Identifier: MIT */
/* Route sets: RFC 3261 12.1 and 12.2.1.1, loose and strict. */
#ifndef TN_DIALOG_ROUTES_H
#define TN_DIALOG_ROUTES_H

#include "base/text.h"
#include "wire/sip/msg.h"

/* Record-Route of a message as Route values; the caller's end turns the order round. */
TERN_CHECK int tn_routes_take(const struct tern_allocator *alloc, const struct tn_msg *msg,
                              bool reverse, struct tn_text *out);
/* The URI of the first route. @return false when there is none */
bool tn_routes_first(tern_str routes, tern_str *uri);
/*
 * When the first route is a strict router: writes the Route set that goes with it (the others,
 * then the target) to `out`, and gives its URI, which becomes the Request-URI.
 */
bool tn_routes_swap_strict(tern_str routes, tern_str target, struct tn_buf *out, tern_str *uri);
/* Cuts the first element off a comma list, minding quotes and brackets. @return false at the end */
bool tn_routes_next(tern_str *rest, tern_str *element);

#endif
