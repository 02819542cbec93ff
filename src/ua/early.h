/* SPDX-License-Identifier: MIT */
/*
 * The early dialogs of an outgoing call: RFC 3261 12.1.2, 13.2.2.4, MOBILITY S14. Each To tag that
 * rings is a dialog of its own, with its own target, route set and CSeq, until somebody has
 * answered. `call->dialog` is as the most recent 1xx has it; a 2xx makes it the dialog that
 * stays, which goes on counting where its early dialog was.
 */
#ifndef TN_UA_EARLY_H
#define TN_UA_EARLY_H

#include "dialog/dialog.h"
#include "ua/prack.h"
#include "ua/update.h"

#define TN_EARLIES_MAX 8 /* of one INVITE: nobody rings in more places for long */

struct tn_call;

struct tn_early {
    struct tn_dialog dialog; /* with its remote tag; early until the call has an answer */
    struct tn_early_prack prack;
    struct tn_update update;
};

struct tn_earlies {
    struct tn_early *list[TN_EARLIES_MAX]; /* the one with the most recent 1xx first */
    uint32_t count;
};

/*
 * A 1xx with a To tag: makes the early dialog, or moves it to the front.
 * @return NULL: without a tag, or no room or memory; the call does without it
 */
struct tn_early *tn_early_take(struct tn_call *call, const struct tn_msg *rsp);
/* By the far end's tag. NULL: none. */
struct tn_early *tn_early_find(const struct tn_call *call, tern_str remote_tag);
/* The dialog that a request of the far end is in; NULL: none of this call. */
struct tn_dialog *tn_early_dialog(struct tn_call *call, const struct tn_msg *request);
/* A 2xx of this tag: `call->dialog` goes on counting where the early dialog was. Ends them all. */
void tn_early_confirm(struct tn_call *call, tern_str remote_tag);
/* One BYE to each (RFC 3261 15: the caller may); they live on as forks until it is answered. */
void tn_early_hang_up(struct tn_call *call);
void tn_early_drop(struct tn_call *call);
/* Their INVITE is given up, and its answer may get lost: each is ended when that is settled. */
void tn_early_leave(struct tn_call *call, struct tn_earlies *earlies);
/* The INVITE is given up, and who has answered it may be asked for: what is in `aside` goes first. */
void tn_early_set_aside(struct tn_call *call, struct tn_earlies *aside);
/* So many of them are of no use any more. */
void tn_early_pass_over(struct tn_call *call, struct tn_earlies *aside, uint32_t count);

#endif
