/* SPDX-License-Identifier: MIT */
/* Request-Line and Status-Line: RFC 3261 7.1 and 7.2. */
#ifndef TN_WIRE_SIP_START_LINE_H
#define TN_WIRE_SIP_START_LINE_H

#include "wire/sip/msg.h"

/**
 * Reads the first line into the message; notes a defect where it can still be answered.
 *
 * @return             0
 * @retval TERN_EPARSE neither a request nor a usable response
 */
TERN_CHECK int tn_start_line_read(tern_str line, struct tn_msg *msg);

#endif
