/* SPDX-License-Identifier: MIT */
/*
 * An outgoing call that gets nowhere: RFC 3261 8.1.3.1, MOBILITY S1 and S2. While the network
 * changes, neither silence nor a broken connection nor a server's failure ends it: the INVITE is
 * made anew, after 0.5, 1, 2, 4 … s, until the rescue window closes. Otherwise one more try is made
 * for a connection that failed: it may have been dead for long, and nobody knew.
 */
#include "base/assert.h"
#include "ua/call.h"
#include "ua/reach.h"

#define FIRST_PAUSE TERN_MS(500)
#define DOUBLINGS   6

static tern_time pause_after(unsigned tries)
{
    return FIRST_PAUSE << (tries < DOUBLINGS ? tries : DOUBLINGS);
}

static bool is_unanswered(const struct tn_call *call)
{
    return call->life == TN_LIFE_CALLING || call->life == TN_LIFE_RINGING;
}

void tn_call_out_moved(struct tn_call *call)
{
    tern_time window = TERN_MS(call->account->ip_change.rescue_window_ms);
    if (!is_unanswered(call)) return;
    call->rescue_until = call->ep->ctx.now + window;
    call->invite_tries = 0;
}

void tn_call_out_timer(struct tn_call *call)
{
    TN_ASSERT(is_unanswered(call) && call->invite == 0);
    tn_call_probe_anew(call);
    tn_call_reap(call);
}

/* What says nothing of the far end's will. `status` 0: no answer. */
static bool is_passing(int status, enum tn_failure failure)
{
    if (status) {
        return status == 408 || status == 500 || status == 502 || status == 503 || status == 504;
    }
    return failure != TN_FAILURE_LIMIT && failure != TN_FAILURE_NONE;
}

bool tn_call_out_again(struct tn_call *call, int status, enum tn_failure failure)
{
    struct tern_endpoint *ep = call->ep;
    tern_time pause = pause_after(call->invite_tries);
    bool rescue = ep->ctx.now + pause < call->rescue_until && is_passing(status, failure);
    bool once = status == 0 && failure == TN_FAILURE_TRANSPORT && call->invite_tries == 0;
    if (!is_unanswered(call) || (!rescue && !once)) return false;
    call->invite_tries++;
    tn_call_early_unheard(call, (unsigned)status);
    tn_timer_arm(&ep->ctx, &call->ring_timer, pause);
    return true;
}

/*
 * 481: nobody on the way has the INVITE any more; whoever it rings at may have answered, and is told by
 * a BYE that it is over (MOBILITY S10). 200 does not deny that (RFC 3261 9.2), and where the network has
 * changed meanwhile the answer may have gone to where we were: it is waited for beside that.
 */
void tn_call_out_cancel_answered(struct tn_call *call, const struct tn_effect *effect)
{
    bool gone = effect->code == 481, moved = call->rescue_until != 0;
    if (effect->id != call->invite || tn_call_probe_cancelled(call)) return;
    if (call->life != TN_LIFE_CANCELLING || call->earlies.count == 0) return;
    if (!gone && !(moved && effect->code == 200)) return;
    tn_early_hang_up(call);
    if (!gone) return;
    tn_request_abandon(&call->ep->txns, call->invite);
    call->invite = 0;
    tn_call_enter(call, TN_LIFE_GONE);
    tn_call_reap(call);
}

/* The path went while nobody had answered: mobility keeps the call for as long as it may. */
static bool waits_for_path(const struct tn_call *call)
{
    return is_unanswered(call) && call->task.state == TN_CALL_OFFLINE &&
           !tn_reaches(call->account, call->hop);
}

void tn_call_out_failed(struct tn_call *call, const struct tn_effect *effect)
{
    tern_str reason = TERN_STR("nobody answered"), told;
    enum tn_failure failure = (enum tn_failure)effect->code;
    enum tern_end_cause cause = TERN_END_UNREACHABLE;
    call->invite = 0;
    /* What never got there is asked again. */
    if (failure == TN_FAILURE_TIMEOUT) {
        tn_early_leave(call, &call->probe.named);
    }
    call->probe.open =
        call->probe.open || failure == TN_FAILURE_TIMEOUT || failure == TN_FAILURE_TRANSPORT;
    if (waits_for_path(call) || tn_call_out_again(call, 0, failure)) return;
    switch (failure) {
    case TN_FAILURE_TIMEOUT: cause = TERN_END_NO_ANSWER; break;
    case TN_FAILURE_TRANSPORT:
        told = tn_net_why_down(&call->ep->net, effect->flow);
        reason = told.len > 0 ? told : TERN_STR("the connection failed");
        break;
    case TN_FAILURE_UNRESOLVABLE: reason = TERN_STR("the name has no address"); break;
    case TN_FAILURE_NO_ROUTE: reason = TERN_STR("no network path to the far end"); break;
    case TN_FAILURE_LIMIT:
    case TN_FAILURE_NONE:
        cause = TERN_END_ERROR;
        reason = TERN_STR("out of memory");
        break;
    }
    tn_call_tell_ended(call, cause, 0, reason);
    tn_call_enter(call, TN_LIFE_GONE);
    tn_call_reap(call);
}
