/* SPDX-License-Identifier: MIT */
/* Early dialogs, by To tag: RFC 3261 12.1.2, 15, MOBILITY S10 and S14. */
#include "ua/early.h"

#include <string.h>

#include "base/str.h"
#include "ua/call.h"

/* None of them is waited for. */
static void leave_requests(struct tn_call *call, struct tn_early *early)
{
    tn_call_prack_leave(call, early, false);
    tn_call_update_leave(call, early);
    uint32_t *highest = &call->dialog.early_cseq;
    if (*highest < early->dialog.local_cseq) *highest = early->dialog.local_cseq;
}

static void free_one(struct tn_call *call, struct tn_early *early)
{
    leave_requests(call, early);
    tn_dialog_fini(&early->dialog);
    tn_free(&call->ep->ctx.alloc, early);
}

static struct tn_early *at_front(struct tn_earlies *earlies, uint32_t index)
{
    struct tn_early *early = earlies->list[index];
    memmove(&earlies->list[1], &earlies->list[0], index * sizeof(early));
    earlies->list[0] = early;
    return early;
}

static uint32_t index_of(const struct tn_earlies *earlies, tern_str remote_tag)
{
    uint32_t i = 0;
    while (i < earlies->count &&
           !tn_str_eq(tn_text_view(&earlies->list[i]->dialog.remote_tag), remote_tag))
        i++;
    return i;
}

static struct tn_early *form(struct tn_call *call, const struct tn_msg *rsp)
{
    struct tn_earlies *earlies = &call->earlies;
    if (earlies->count == TN_EARLIES_MAX) return NULL;
    struct tn_early *early = tn_alloc(&call->ep->ctx.alloc, sizeof(*early));
    if (early == NULL) return NULL;
    if (tn_dialog_fork(&early->dialog, &call->dialog, rsp) != 0) {
        tn_free(&call->ep->ctx.alloc, early);
        return NULL;
    }
    early->dialog.local_cseq = rsp->cseq.number; /* each dialog counts for itself (12.1.2) */
    earlies->list[earlies->count] = early;
    return at_front(earlies, earlies->count++);
}

struct tn_early *tn_early_take(struct tn_call *call, const struct tn_msg *rsp)
{
    if (rsp->to_tag.len == 0) return NULL;
    uint32_t i = index_of(&call->earlies, rsp->to_tag);
    if (i == call->earlies.count) return form(call, rsp);
    struct tn_early *early = at_front(&call->earlies, i);
    tn_snapshot_changed(call->ep); /* it may be elsewhere now */
    /* Without memory the dialog is as it was: another 1xx, or the 2xx, says it once more. */
    (void)!tn_dialog_take_response(&early->dialog, rsp);
    return early;
}

struct tn_early *tn_early_find(const struct tn_call *call, tern_str remote_tag)
{
    uint32_t i = index_of(&call->earlies, remote_tag);
    return i < call->earlies.count ? call->earlies.list[i] : NULL;
}

struct tn_dialog *tn_early_dialog(struct tn_call *call, const struct tn_msg *request)
{
    for (uint32_t i = 0; i < call->earlies.count; i++) {
        struct tn_dialog *dialog = &call->earlies.list[i]->dialog;
        if (tn_dialog_matches_request(dialog, request)) return dialog;
    }
    return tn_dialog_matches_request(&call->dialog, request) ? &call->dialog : NULL;
}

void tn_early_drop(struct tn_call *call)
{
    for (uint32_t i = 0; i < call->earlies.count; i++)
        free_one(call, call->earlies.list[i]);
    call->earlies.count = 0;
}

void tn_early_leave(struct tn_call *call, struct tn_earlies *earlies)
{
    for (uint32_t i = 0; i < earlies->count; i++) {
        struct tn_early *early = earlies->list[i];
        leave_requests(call, early);
        tn_fork_leave_early(call, &early->dialog);
        free_one(call, early);
    }
    earlies->count = 0;
}

void tn_early_confirm(struct tn_call *call, tern_str remote_tag)
{
    struct tn_early *early = tn_early_find(call, remote_tag);
    struct tn_dialog *dialog = &call->dialog;
    if (early) {
        tn_call_prack_leave(call, early, true);
        tn_call_update_stays(call, early);
        if (dialog->local_cseq < early->dialog.local_cseq) {
            dialog->local_cseq = early->dialog.local_cseq;
        }
        tn_dialog_swap_left(dialog, &early->dialog);
        dialog->remote_cseq = early->dialog.remote_cseq;
        dialog->remote_cseq_known = early->dialog.remote_cseq_known;
    }
    tn_early_drop(call);
}

void tn_early_hang_up(struct tn_call *call)
{
    for (uint32_t i = 0; i < call->earlies.count; i++) {
        leave_requests(call, call->earlies.list[i]);
        tn_fork_replaced(call->account, call->transport, &call->earlies.list[i]->dialog, 0, true);
    }
    call->dialog.early_cseq++; /* their BYEs */
    tn_early_drop(call);
}

void tn_early_set_aside(struct tn_call *call, struct tn_earlies *aside)
{
    tn_early_pass_over(call, aside, TN_EARLIES_MAX);
    for (uint32_t i = 0; i < call->earlies.count; i++)
        leave_requests(call, call->earlies.list[i]);
    *aside = call->earlies;
    call->earlies.count = 0;
}

void tn_early_pass_over(struct tn_call *call, struct tn_earlies *aside, uint32_t count)
{
    if (count > aside->count) count = aside->count;
    for (uint32_t i = 0; i < count; i++)
        free_one(call, aside->list[i]);
    aside->count -= count;
    memmove(&aside->list[0], &aside->list[count], aside->count * sizeof(aside->list[0]));
}
