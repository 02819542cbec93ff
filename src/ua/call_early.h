/* SPDX-License-Identifier: MIT */
/*
 * A call that nobody has answered, as mobility sees it (MOBILITY S1 to S3, S13): what it needs in the network
 * as it is, and what has become of that. What is sent is in call_probe.h and update.h.
 */
#ifndef TN_UA_CALL_EARLY_H
#define TN_UA_CALL_EARLY_H

#include <tern/event.h>

#include "mobility/mobility.h"

struct tn_call;

enum tn_early_need tn_call_early_need(struct tn_call *call);
/* TN_DECIDE_ASK, TN_DECIDE_TELL. */
void tn_call_early_ask(struct tn_call *call);
void tn_call_early_tell(struct tn_call *call);

/* The INVITE under way has an answer that is not final. */
void tn_call_early_heard(struct tn_call *call, unsigned status);
/* It has none, or one that does not count: another follows. */
void tn_call_early_unheard(struct tn_call *call, unsigned status);
void tn_call_early_anew(struct tn_call *call);
/* An UPDATE has a final answer; 0: none. */
void tn_call_early_told(struct tn_call *call, unsigned status);
/* None is under way any more, perhaps. */
void tn_call_early_check(struct tn_call *call);
void tn_call_early_ended(struct tn_call *call, enum tern_end_cause cause, int status);

#endif
