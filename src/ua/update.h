/* SPDX-License-Identifier: MIT */
/*
 * UPDATE that says where we are, and nothing else: RFC 3311 5.1, MOBILITY C7, S2 to S5. It may be sent
 * at any time that a dialog exists, so it goes where an offer has to wait: before the answer, while a
 * re-INVITE or a 2xx of ours is pending, in the pause after a 491. One at a time for each dialog.
 */
#ifndef TN_UA_UPDATE_H
#define TN_UA_UPDATE_H

#include "core/ctx.h"

struct tn_call;
struct tn_dialog;
struct tn_early;
struct tn_effect;

struct tn_update {
    uint64_t request;  /* 0: none */
    tern_addr contact; /* in it */
    tern_addr told;    /* what the far end has accepted last; family 0: nothing yet */
};

struct tn_call_update {
    struct tn_update own;  /* in the call's dialog */
    struct tn_timer timer; /* until the next try */
    unsigned tries;        /* in a row that came to nothing */
};

void tn_call_update_init(struct tn_call *call);
void tn_call_update_fini(struct tn_call *call);
/* The call's dialog is another: what is under way was in the one before. */
void tn_call_update_new_dialog(struct tn_call *call);
/* The early dialog is about to go. */
void tn_call_update_leave(struct tn_call *call, struct tn_early *early);
/* It becomes the call's dialog: its UPDATE may have been heard already, and is answered there. */
void tn_call_update_stays(struct tn_call *call, struct tn_early *early);
/* A refresh that was sent later has been accepted: what an UPDATE under way says is old. */
void tn_call_update_overtaken(struct tn_call *call);
/* Says where we are, where the far end may not know and allows UPDATE, and no refresh is saying it. */
void tn_call_tell_target(struct tn_call *call);
/* The network has changed, and the call is not up yet. */
void tn_call_update_moved(struct tn_call *call);
/* The far end of this dialog is elsewhere now: one that is challenged goes there. */
void tn_call_update_retarget(struct tn_call *call, struct tn_dialog *dialog);
void tn_call_update_effect(struct tn_call *call, const struct tn_effect *effect);

#endif
