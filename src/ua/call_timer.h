/* SPDX-License-Identifier: MIT */
/*
 * What a call has to do at its time, whatever else happens: the session timer of RFC 4028, and a far end
 * that has fallen silent.
 */
#ifndef TN_UA_CALL_TIMER_H
#define TN_UA_CALL_TIMER_H

#include "session/silence.h"
#include "session/timer.h"

struct tn_call;

struct tn_call_timer {
    struct tn_session_timer session;
    struct tn_silence silence;
};

void tn_call_timer_init(struct tn_call *call);
void tn_call_timer_stop(struct tn_call *call); /* for good */

/* Lines for an INVITE, re-INVITE or UPDATE of ours. */
void tn_call_timer_put_request(struct tn_call *call, struct tn_buf *lines);
/* A 2xx to it. */
void tn_call_timer_answered(struct tn_call *call, const struct tn_msg *rsp);
/* @return whether it was 422, and the same is to be asked once more with a longer interval */
bool tn_call_timer_raise(struct tn_call *call, const struct tn_msg *rsp);

/* An INVITE or UPDATE of theirs. @return 0, or the status that refuses it */
unsigned tn_call_timer_take(struct tn_call *call, const struct tn_msg *request);
/* Min-SE, for a 422. */
void tn_call_timer_put_refusal(struct tn_call *call, struct tn_buf *lines);
/* Lines for the 2xx to it; once that is sent, tn_call_timer_agreed(). */
void tn_call_timer_put_answer(struct tn_call *call, struct tn_buf *lines);
void tn_call_timer_agreed(struct tn_call *call);

/* Whether the far end's audio is to be heard may have changed. */
void tn_call_timer_media(struct tn_call *call);
/* RTP or RTCP has come. */
void tn_call_timer_heard(struct tn_call *call);
/* The far end has accepted a request, or sent one. */
void tn_call_timer_alive(struct tn_call *call);
/* There is a network again. */
void tn_call_timer_online(struct tn_call *call);
/* A refresh that came to nothing has to be sent again for the session's sake. */
bool tn_call_timer_due(const struct tn_call *call);

#endif
