/* SPDX-License-Identifier: MIT */
/*
 * The offer in an UPDATE before the answer: RFC 3311 5.1, MOBILITY S3, S13. Allowed where offer and answer
 * were exchanged by a provisional answer that was acknowledged (RFC 3262 5), at either end; then audio
 * follows a change of the network while it still rings, and nothing is left to say with the answer.
 */
#include "base/str.h"
#include "ua/call.h"

#define YIELD_TIME      TERN_MS(4500)    /* longer than the far end waits after 491 */
#define RETRY_AFTER_MAX TERN_SECONDS(10) /* RFC 3311 5.2: they say 0 to 10 s */

/* ---- whether ---- */

static bool is_unanswered(const struct tn_call *call)
{
    return call->life == TN_LIFE_INCOMING || call->life == TN_LIFE_RINGING;
}

bool tn_call_update_is_settled(const struct tn_call *call, const struct tn_dialog *dialog)
{
    if (!is_unanswered(call)) return false;
    if (!(call->account->ip_change.reinvite_flags & TERN_CALL_REINIT_MEDIA)) return false;
    if (!call->prack.described || !call->prack.settled) return false;
    /* Each early dialog is a session of its own, and one of them is in force. */
    return call->incoming || !tn_call_prack_other(call, tn_text_view(&dialog->remote_tag));
}

static bool may_offer(const struct tn_call *call, const struct tn_dialog *dialog)
{
    if (call->update.refused || tn_timer_armed(&call->update.pause)) return false;
    return tn_call_update_is_settled(call, dialog) &&
           tn_offer_state(&call->offer) == TN_OFFER_STABLE;
}

bool tn_call_update_wants_offer(struct tn_call *call, const struct tn_dialog *dialog,
                                const struct tn_update *update, tern_addr local)
{
    const struct tn_media_plan *plan = tn_offer_plan(&call->offer);
    if (!may_offer(call, dialog) || !call->stream_ready || !plan->active) return false;
    tern_addr from = tn_call_offer_from(call, local);
    return update->audio_open || !tern_addr_same_host(from, call->media_told);
}

bool tn_call_update_is_right(struct tn_call *call, const struct tn_update *update)
{
    tern_addr from = tn_call_offer_from(call, update->contact);
    return !update->offers || tern_addr_same_host(update->audio, from);
}

/* ---- out and back ---- */

int tn_call_update_offer(struct tn_call *call, struct tn_update *update, tern_addr local,
                         struct tn_buf *body)
{
    int err = tn_call_update_keep_first(call);
    if (err) return err;
    tn_call_update_withdraw(call, update); /* it is prepared anew */
    struct tn_offer_local audio = tn_call_offer_local(call, local);
    err = tn_offer_make(&call->offer, &audio, body);
    update->offers = err == 0;
    update->audio = audio.from;
    call->update.met = 0;
    return err;
}

void tn_call_update_withdraw(struct tn_call *call, struct tn_update *update)
{
    if (update->offers && tn_offer_state(&call->offer) == TN_OFFER_LOCAL) {
        tn_offer_rollback(&call->offer);
    }
    update->offers = false;
}

void tn_call_update_take_answer(struct tn_call *call, struct tn_update *update,
                                const struct tn_msg *rsp)
{
    struct tn_media_plan plan;
    if (!update->offers) return;
    update->offers = false;
    int err = tn_offer_take_answer(&call->offer, rsp->body, &plan);
    if (err && err != TERN_EUNSUPPORTED) { /* nonsense: what was agreed before goes on */
        tn_offer_rollback(&call->offer);
        update->audio_open = call->update.refused = true;
        return;
    }
    update->audio_open = false;
    call->update.offered = true;
    call->media_told = update->audio;
    tn_call_apply_plan(call, &plan, update->audio);
    tn_call_tell_media(call);
}

static void wait(struct tn_call *call, tern_time pause)
{
    tn_timer_arm(&call->ep->ctx, &call->update.pause, pause);
}

bool tn_call_update_refused(struct tn_call *call, const struct tn_msg *rsp)
{
    tern_time after = tn_retry_after(rsp);
    switch (rsp->status) {
    case 491:
        wait(call, tn_refresh_glare_pause(&call->ep->ctx.random, !call->incoming));
        return true;
    case 500:
        if (after == 0) return false;
        wait(call, after < RETRY_AFTER_MAX ? after : RETRY_AFTER_MAX);
        return true;
    case 481:
    case 405:
    case 501: return false;
    /* 504: somebody would have to be asked, whom only a re-INVITE asks (RFC 3311 5.2). */
    case 504: call->update.refused = true; return true;
    default: break;
    }
    if (rsp->status == 408 || (rsp->status >= 500 && rsp->status < 600)) return false;
    call->update.refused = true;
    return true;
}

void tn_call_update_meet(struct tn_call *call, bool moved)
{
    if (!is_unanswered(call) || tn_offer_state(&call->offer) != TN_OFFER_LOCAL) return;
    if (call->update.met++ == 0 && !moved) return;
    if (!call->prack.settled) return; /* it is the INVITE's */
    tn_call_update_yield(call);
    wait(call, YIELD_TIME);
}

/* ---- forks ---- */

int tn_call_update_keep_first(struct tn_call *call)
{
    const struct tern_allocator *alloc = &call->ep->ctx.alloc;
    if (call->incoming || call->no_offer || call->update.first != NULL) return 0;
    struct tn_offer *first = tn_alloc(alloc, sizeof(*first));
    if (first == NULL) return TERN_ENOMEM;
    int err = tn_offer_clone(&call->offer, first);
    if (err) {
        tn_free(alloc, first);
        return err;
    }
    call->update.first = first;
    call->update.first_told = call->media_told;
    return 0;
}

void tn_call_update_restore_first(struct tn_call *call)
{
    struct tn_offer *first = call->update.first;
    if (first == NULL) return;
    tn_offer_fini(&call->offer);
    call->offer = *first; /* may be moved in memory */
    call->media_told = call->update.first_told;
    call->update.first = NULL;
    tn_free(&call->ep->ctx.alloc, first);
}

void tn_call_update_forget_first(struct tn_call *call)
{
    if (call->update.first == NULL) return;
    tn_offer_fini(call->update.first);
    tn_free(&call->ep->ctx.alloc, call->update.first);
    call->update.first = NULL;
}
