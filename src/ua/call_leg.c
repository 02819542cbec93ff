/* SPDX-License-Identifier: MIT */
/*
 * A call's INVITE takes the place of another: MOBILITY S1, S2, C8. Each has a Call-ID of its own (RFC 3261
 * 8.1.1.4): what lies on the way keeps book by Call-ID, of the media for one, and forgets both when
 * the first of them is cancelled. What the one before leaves behind is a trace in fork.c, by which a
 * late 2xx to it is still known, and taken, if nobody has answered the other one.
 */
#include "base/assert.h"
#include "base/mutant.h"
#include "ua/call.h"

/* The dialog as it begins, with another Call-ID and tag, to who was called. */
static int form(const struct tn_call *call, struct tn_dialog *out)
{
    struct tern_endpoint *ep = call->ep;
    char call_id[24];
    tn_random_token(&ep->ctx.random, call_id, sizeof(call_id));
    const struct tn_dialog_uac opts = {
        .local = tn_text_view(&call->dialog.local),
        .remote = tn_text_view(&call->dialog.remote),
        .target = tn_text_view(&call->peer),
        .call_id = {call_id, sizeof(call_id)},
        .first_cseq = call->dialog.local_cseq,
    };
    return tn_dialog_init_uac(out, &ep->ctx, &opts);
}

int tn_call_leave_leg(struct tn_call *call)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_dialog next;
    int err = form(call, &next);
    if (err) return err;
    if (call->invite != 0) {
        if (TN_MUTANT(RING_TWICE)) tn_request_abandon(&ep->txns, call->invite);
        tn_request_give_up(&ep->txns, call->invite);
        call->invite = 0;
        call->probe.open = true;
    }
    if (call->probe.open) {
        tn_early_leave(call, &call->earlies);
    } else {
        tn_early_drop(call);
    }
    tn_fork_leave_leg(call);
    tn_dialog_fini(&call->dialog);
    call->dialog = next;
    call->sips = next.secure;
    tn_call_index_dialog(call);
    return 0;
}

/* The INVITE that rings now is the one that is left. */
bool tn_call_adopt(struct tn_call *call, struct tn_fork *leg, const struct tn_msg *rsp)
{
    bool unanswered = call->life == TN_LIFE_CALLING || call->life == TN_LIFE_RINGING;
    if (call->ended_told || !unanswered) return false;
    tn_trace(&call->ep->ctx, "leg", call->id, "left", "adopted");
    tn_timer_cancel(&call->ep->ctx, &call->ring_timer);
    tn_request_give_up(&call->ep->txns, call->invite);
    call->invite = 0;
    tn_early_drop(call);
    tn_forks_settle(call, rsp);
    tn_fork_leave_trace(call->account, call->transport, &call->dialog);
    tn_dialog_fini(&call->dialog);
    tn_offer_fini(&call->offer);
    call->dialog = leg->dialog;
    call->contact_local = call->signalling_local = leg->contact;
    call->media_told = leg->media_told;
    call->transport = leg->transport;
    call->offer = *leg->offer; /* may be moved in memory */
    tn_free(&call->ep->ctx.alloc, leg->offer);
    leg->dialog = (struct tn_dialog){0};
    leg->offer = NULL;
    call->sips = call->dialog.secure;
    tn_call_prack_start(call); /* who answers says what holds, whatever another has said early */
    call->prack.described = tn_offer_state(&call->offer) == TN_OFFER_STABLE;
    tn_call_index_dialog(call);
    tn_call_out_accepted(call, rsp);
    return true;
}
