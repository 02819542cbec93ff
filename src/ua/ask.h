/* SPDX-License-Identifier: MIT */
/*
 * What the application asks the far end inside a call, and is asked: INFO (RFC 6086, without packages)
 * and OPTIONS (RFC 3261 11). One after the other, so that they arrive in the order that they were
 * asked in. What is under way when the network changes, or when the far end does, goes anew when the
 * far end knows where we are: a refresh that it overtakes would be refused for its CSeq (12.2.2).
 */
#ifndef TN_UA_ASK_H
#define TN_UA_ASK_H

#include "base/list.h"
#include "core/ctx.h"

#define TN_ASKS_MAX 16 /* that wait, of one call */

struct tn_call;
struct tn_effect;
struct tn_msg;

struct tn_call_asks {
    struct tn_list list; /* struct ask; the first is the one under way */
    uint32_t numbers;
    uint64_t request;      /* 0: it waits */
    unsigned tries;        /* of the first, since the network has changed, that came to nothing */
    struct tn_timer timer; /* until the next */
};

void tn_call_asks_init(struct tn_call *call);
/* The call is over for the application: nobody hears of what comes. */
void tn_call_asks_drop(struct tn_call *call);
/* Sends the next where nothing else is under way that it might overtake. */
void tn_call_asks_pump(struct tn_call *call);
/* The network has changed, here or at the far end. */
void tn_call_asks_moved(struct tn_call *call);
/* The call's dialog is another: what is under way was in the one before. */
void tn_call_asks_new_dialog(struct tn_call *call);
void tn_call_asks_effect(struct tn_call *call, const struct tn_effect *effect);
/* INFO of the far end. */
void tn_call_take_info(struct tn_call *call, const struct tn_effect *effect);
/* "type/subtype, type/subtype" */
bool tn_is_media_type_list(tern_str text);

#endif
