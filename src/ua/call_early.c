/* SPDX-License-Identifier: MIT */
/* What mobility hears of a call that nobody has answered: MOBILITY S1 to S3, S13, S14. */
#include "ua/call_early.h"

#include "ua/call.h"

enum tn_early_need tn_call_early_need(struct tn_call *call)
{
    if (tn_call_probe_is_due(call)) return TN_EARLY_ASKS;
    return tn_call_update_is_due(call) ? TN_EARLY_TELLS : TN_EARLY_KEEPS;
}

void tn_call_early_ask(struct tn_call *call)
{
    if (call->life == TN_LIFE_CALLING || call->life == TN_LIFE_RINGING) tn_call_probe_moved(call);
    tn_call_update_moved(call); /* beside it: who hears the one hears the other */
}

void tn_call_early_tell(struct tn_call *call)
{
    tn_call_update_moved(call);
    tn_call_early_check(call);
}

/* ---- its INVITE ---- */

void tn_call_early_heard(struct tn_call *call, unsigned status)
{
    struct tern_endpoint *ep = call->ep;
    if (call->probe.state == TN_PROBE_CANCELLING) return;
    tn_mob_invite_heard(&ep->mob, ep->ctx.now, &call->task, (int)status,
                        tn_call_update_is_under_way(call));
}

void tn_call_early_unheard(struct tn_call *call, unsigned status)
{
    tn_mob_invite_unheard(&call->ep->mob, call->ep->ctx.now, &call->task, (int)status);
}

void tn_call_early_anew(struct tn_call *call)
{
    tn_mob_invite_anew(&call->ep->mob, call->ep->ctx.now, &call->task);
}

/* ---- the UPDATE ---- */

void tn_call_early_told(struct tn_call *call, unsigned status)
{
    bool answering =
        call->life == TN_LIFE_ANSWERING; /* then its ACK ends it: what is left follows */
    const struct tn_told told = {
        .code = (int)status,
        .again = answering || tn_call_update_is_under_way(call),
        .offered = call->update.offered,
    };
    tn_mob_told(&call->ep->mob, call->ep->ctx.now, &call->task, &told);
}

void tn_call_early_check(struct tn_call *call)
{
    if (tn_call_update_is_under_way(call)) return;
    tn_call_early_told(call, tn_call_update_is_due(call) ? 0 : 200);
}

/* ---- its end ---- */

/* Of static storage: the report outlives the message. */
static tern_str reason_of(enum tern_end_cause cause, int status)
{
    if (cause == TERN_END_REFUSED) return tn_reason_phrase((unsigned)status);
    if (cause == TERN_END_NO_ANSWER) return TERN_STR("nobody answered");
    return cause == TERN_END_UNREACHABLE ? TERN_STR("the far end was not reached")
                                         : TERN_STR("the call could not go on");
}

/* What the far end, or we, have decided is no failure of the change. */
void tn_call_early_ended(struct tn_call *call, enum tern_end_cause cause, int status)
{
    bool lost =
        cause == TERN_END_UNREACHABLE || cause == TERN_END_NO_ANSWER || cause == TERN_END_ERROR;
    if (!lost && cause != TERN_END_REFUSED) return;
    const struct tn_early_end end = {
        .code = status, .reason = reason_of(cause, status), .lost = lost};
    tn_mob_early_ended(&call->ep->mob, call->ep->ctx.now, &call->task, &end);
}
