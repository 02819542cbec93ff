/* SPDX-License-Identifier: MIT */
/* Via as the message parser needs it: as much as can be read, for the answer to find its way. */
#ifndef TN_WIRE_SIP_VIA_H
#define TN_WIRE_SIP_VIA_H

#include "wire/sip/hdr.h"

/**
 * Fills `out` as far as `in` can be read: transport and host first, then the parameters.
 *
 * @return whether all of it is well formed
 */
bool tn_via_read(tern_str in, struct tn_via *out);

#endif
