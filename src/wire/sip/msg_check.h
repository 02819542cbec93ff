/* SPDX-License-Identifier: MIT */
/* The second half of parsing: what each message must have is read, and what is wrong is noted. */
#ifndef TN_WIRE_SIP_MSG_CHECK_H
#define TN_WIRE_SIP_MSG_CHECK_H

#include "wire/sip/msg.h"

/**
 * Reads Via, From, To, Call-ID, CSeq, Max-Forwards and Content-Length, and cuts the body.
 *
 * @return             0, with or without a defect
 * @retval TERN_EPARSE there is no Via: nobody to answer
 */
TERN_CHECK int tn_msg_check(struct tn_msg *msg);

/** Notes what is wrong with the message; the first defect stays. */
void tn_msg_set_defect(struct tn_msg *msg, unsigned status, const char *text);

#endif
