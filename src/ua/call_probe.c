/* SPDX-License-Identifier: MIT */
/* An unanswered INVITE whose path has gone: probed, cancelled, made anew. Table in call_probe.h. */
#include "ua/call_probe.h"

#include "base/assert.h"
#include "base/mutant.h"
#include "base/str.h"
#include "txn/timing.h"
#include "ua/call.h"
#include "ua/reach.h"

#define DEADLINE_MIN TERN_MS(500) /* MOBILITY, "replace-leg wait" */
#define DEADLINE_MAX TERN_SECONDS(3)
#define CANCEL_MIN   TERN_MS(100)
#define BUSY_PAUSE   TERN_SECONDS(2)

/* ---- how long ---- */

static tern_time round_trip_of(const struct tn_call *call)
{
    struct tn_request_path path;
    if (tn_request_path(&call->ep->txns, call->invite, &path) && path.round_trip > 0) {
        return path.round_trip;
    }
    return call->account->round_trip;
}

static tern_time limited(tern_time wait, tern_time least)
{
    if (wait < least) return least;
    return wait < DEADLINE_MAX ? wait : DEADLINE_MAX;
}

/* A stream is connected to first, and TLS shakes hands. */
static int trips_of(enum tern_transport transport)
{
    if (transport == TERN_TRANSPORT_UDP) return 1;
    return transport == TERN_TRANSPORT_TLS ? 3 : 2;
}

static void enter(struct tn_call *call, enum tn_probe_state next)
{
    struct tn_ctx *ctx = &call->ep->ctx;
    static const char *const names[TN_PROBE_STATES] = {"rests", "asked", "lives", "cancelling"};
    tern_time round_trip = round_trip_of(call);
    tn_trace(ctx, "probe", call->id, names[call->probe.state], names[next]);
    call->probe.state = next;
    tn_timer_cancel(ctx, &call->probe.timer);
    if (next == TN_PROBE_ASKED) {
        tn_timer_arm(ctx, &call->probe.timer, limited(2 * round_trip, DEADLINE_MIN));
    } else if (next == TN_PROBE_LIVES) {
        tn_timer_arm(ctx, &call->probe.timer, DEADLINE_MIN);
    } else if (next == TN_PROBE_CANCELLING) {
        tern_time trips = trips_of(call->transport) * round_trip;
        tern_time wait = round_trip > 0 ? trips + trips / 4 : DEADLINE_MIN;
        tn_timer_arm(ctx, &call->probe.timer, limited(wait, CANCEL_MIN));
    }
}

/* ---- anew ---- */

static bool is_unanswered(const struct tn_call *call)
{
    return call->life == TN_LIFE_CALLING || call->life == TN_LIFE_RINGING;
}

/*
 * Nobody has refused it that we know of: who rang may have answered. 200 to a CANCEL does not deny that
 * (RFC 3261 9.2), and the INVITE's own answer may have gone to where we were. To ring beside a call
 * that was answered would lose it: so who rang is asked first, at the cost of a round trip.
 */
void tn_call_probe_anew(struct tn_call *call)
{
    struct tern_endpoint *ep = call->ep;
    enter(call, TN_PROBE_RESTS);
    if (call->earlies.count > 0) tn_early_set_aside(call, &call->probe.named);
    tn_call_update_stop(call);
    tn_call_early_anew(call);
    tn_timer_cancel(&ep->ctx, &call->ring_timer);
    bool sent = call->signalling_local.family != TERN_FAMILY_NONE;
    /* What fails here has no memory; then the INVITE that was sent stands, and may yet be answered. */
    int err = sent ? tn_call_leave_leg(call) : 0;
    if (err && call->invite != 0) return;
    if (!err) err = tn_call_out_invite(call);
    if (!err) return;
    tn_call_tell_ended(call, TERN_END_ERROR, 0, TERN_STR("out of memory"));
    tn_call_enter(call, TN_LIFE_GONE);
}

bool tn_call_probe_keeps(struct tn_call *call, const struct tn_msg *rsp, bool asked)
{
    const struct tn_earlies *named = &call->probe.named;
    struct tn_msg **kept = &call->probe.kept;
    if (!is_unanswered(call) || call->invite == 0 || named->count == 0) return false;
    tern_str tag = tn_text_view(&named->list[0]->dialog.remote_tag);
    if (!asked && !tn_str_eq(tag, rsp->to_tag)) return false;
    if (*kept && (*kept)->cseq.number >= rsp->cseq.number) return true;
    tn_msg_unref(*kept); /* it comes once more */
    *kept = tn_msg_ref((struct tn_msg *)(uintptr_t)rsp);
    return true;
}

/* The question has its answer: what was kept is taken if nobody has answered yet, else declined. */
static void let_go(struct tn_call *call)
{
    struct tn_msg *kept = call->probe.kept;
    if (kept == NULL) return;
    call->probe.kept = NULL;
    tn_fork_stray(call->ep, kept);
    tn_msg_unref(kept);
}

/* ---- what happens ---- */

/* No answer by the new path. What has rung is cancelled before it rings anew. */
static void lost(struct tn_call *call)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_request_path path = {.heard = false};
    (void)tn_request_path(&ep->txns, call->invite, &path);
    if (path.heard && !TN_MUTANT(RING_TWICE) && tn_request_cancel(&ep->txns, call->invite) == 0) {
        enter(call, TN_PROBE_CANCELLING);
    } else {
        tn_call_probe_anew(call);
    }
}

static bool has_way(const struct tn_call *call)
{
    return tn_reaches(call->account, call->hop);
}

static void fired(struct tn_timer *timer)
{
    struct tn_call *call = TN_OWNER(timer, struct tn_call, probe.timer);
    if (!has_way(call)) return; /* the next network asks anew */
    if (call->probe.state == TN_PROBE_ASKED) {
        tn_call_early_unheard(call, 0);
        lost(call);
    } else if (call->probe.state == TN_PROBE_LIVES) {
        enter(call, TN_PROBE_RESTS);
        (void)!tn_request_probe(&call->ep->txns, call->invite); /* one was answered: it lives */
    } else {
        TN_ASSERT(call->probe.state == TN_PROBE_CANCELLING);
        tn_call_probe_anew(call);
    }
    tn_call_reap(call);
}

/* The time is up, and there was no way. */
static bool is_overdue(const struct tn_call *call)
{
    return call->probe.state != TN_PROBE_RESTS && !tn_timer_armed(&call->probe.timer);
}

bool tn_call_probe_is_due(const struct tn_call *call)
{
    struct tn_request_path path;
    if (call->life != TN_LIFE_CALLING && call->life != TN_LIFE_RINGING) return false;
    if (!has_way(call)) return false;
    if (call->invite == 0) return true;
    if (!tn_request_path(&call->ep->txns, call->invite, &path)) return false;
    return !tn_net_has_local(&call->ep->net, path.local) || is_overdue(call);
}

void tn_call_probe_moved(struct tn_call *call)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_request_path path;
    if (!has_way(call)) return;
    if (call->invite == 0 && call->life == TN_LIFE_RINGING && call->probe.open) {
        /* Its connection failed: the CANCEL leaves just now, and is to arrive before (S2). */
        enter(call, TN_PROBE_CANCELLING);
        return;
    }
    if (call->invite == 0) { /* without a network it had failed (MOBILITY S17) */
        tn_call_probe_anew(call);
        return;
    }
    if (!tn_request_path(&ep->txns, call->invite, &path)) return;
    if (tn_net_has_local(&ep->net, path.local) && !is_overdue(call)) return;
    if (call->probe.state ==
        TN_PROBE_CANCELLING) { /* the CANCEL itself goes once more: txn does it */
        enter(call, TN_PROBE_CANCELLING);
    } else if (!path.sent) {
        /* Nothing is out. Without memory it goes on as it is, and times out. */
        (void)!tn_request_restart(&ep->txns, call->invite);
    } else if (tn_request_probe(&ep->txns, call->invite) == 0) {
        enter(call, TN_PROBE_ASKED);
    } else {
        lost(call);
    }
}

void tn_call_probe_heard(struct tn_call *call)
{
    /* It lives. What its Contact says is set right when it is answered (tn_call_check_path()). */
    if (call->probe.state == TN_PROBE_ASKED) enter(call, TN_PROBE_LIVES);
}

bool tn_call_probe_cancelled(struct tn_call *call)
{
    if (call->probe.state != TN_PROBE_CANCELLING) return false;
    tn_call_probe_anew(call);
    return true;
}

bool tn_call_probe_refused(struct tn_call *call, unsigned status)
{
    bool cancelled = call->probe.state == TN_PROBE_CANCELLING;
    bool replaced = call->probe.open;
    if (!is_unanswered(call)) return false;
    if (cancelled) enter(call, TN_PROBE_RESTS);
    if (call->probe.named.count > 0) { /* nobody there: the next, and then whoever was called */
        tn_early_pass_over(call, &call->probe.named, 1);
        let_go(call);
        if (is_unanswered(call)) tn_call_probe_anew(call);
        return true;
    }
    call->probe.open = false;
    if (cancelled && status == 487) {
        tn_call_probe_anew(call);
        return true;
    }
    if (status != 486 || !replaced || call->probe.busy_once) return false;
    call->probe.busy_once = true;
    tn_timer_arm(&call->ep->ctx, &call->ring_timer, BUSY_PAUSE);
    return true;
}

void tn_call_probe_stop(struct tn_call *call)
{
    call->probe.state = TN_PROBE_RESTS;
    tn_early_pass_over(call, &call->probe.named, TN_EARLIES_MAX);
    tn_timer_cancel(&call->ep->ctx, &call->probe.timer);
    let_go(call);
}

/* A call that is destroyed takes no 2xx any more. */
void tn_call_probe_fini(struct tn_call *call)
{
    tn_msg_unref(call->probe.kept);
    call->probe.kept = NULL;
    tn_call_probe_stop(call);
}

void tn_call_probe_init(struct tn_call *call)
{
    tn_timer_init(&call->probe.timer, 0, fired);
}
