/* SPDX-License-Identifier: MIT */
/* Comma lists: RFC 3261 7.3.1. */
#ifndef TN_WIRE_SIP_LIST_H
#define TN_WIRE_SIP_LIST_H

#include <tern/types.h>

/**
 * Takes the next element from the front of `rest`, trimmed; empty ones are passed over.
 *
 * @return false: nothing is left
 */
bool tn_list_take(tern_str *rest, tern_str *element);

#endif
