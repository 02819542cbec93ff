/* SPDX-License-Identifier: MIT */
/*
 * What a snapshot keeps of calls: those that are answered, whole; of one that is being ended, and of an
 * outgoing one that nobody has answered, the dialog, so that it can be ended (RFC 3261 15.1.1). What
 * rings here is left to its caller.
 */
#include "ua/call.h"

enum { ROOT_CALL = 21 };

enum {
    CALL_ID = 1,
    CALL_ACCOUNT = 2,
    CALL_KIND = 3,
    CALL_INCOMING = 4,
    CALL_SIPS = 5,
    CALL_TRANSPORT = 6,
    CALL_HOP = 7,
    CALL_HOLD = 8,
    CALL_HOLD_AGREED = 9,
    CALL_HOLD_OPEN = 10,
    CALL_PEER = 11,
    CALL_SUBJECT = 12,
    CALL_STARTED = 13,
    CALL_ANSWERED = 14,
    CALL_INVITE_CSEQ = 15,
    CALL_RTP_PORT = 16,
    CALL_RTCP_PORT = 17,
    CALL_UPDATE_REFUSED = 18,
    CALL_WANTED = 19,
    CALL_END_REASON = 20,
    CALL_MIN_SE = 21,
    CALL_CONTACT = 22,
    CALL_BY_SERVER = 23,
    CALL_DIALOG = 30,
    CALL_OFFER = 31,
    CALL_STREAM = 32,
};

enum kind {
    KIND_NONE,   /* is not kept */
    KIND_ACTIVE, /* goes on */
    KIND_LEAVING,
    KIND_UNANSWERED, /* outgoing */
};

#define INTENTS     31u
#define TRACE_AHEAD 100

static enum kind kind_of(const struct tn_call *call)
{
    bool agreed = call->offer.agreed_once && call->stream_ready;
    switch (call->life) {
    case TN_LIFE_ANSWERING:
    case TN_LIFE_ACTIVE:
        if (call->ended_told) return KIND_LEAVING;
        return agreed ? KIND_ACTIVE : KIND_LEAVING;
    case TN_LIFE_LEAVING: return KIND_LEAVING;
    case TN_LIFE_CALLING:
    case TN_LIFE_RINGING:
    case TN_LIFE_CANCELLING: return KIND_UNANSWERED;
    case TN_LIFE_PREPARING:
    case TN_LIFE_INCOMING:
    case TN_LIFE_GONE:
    case TN_LIVES: break;
    }
    return KIND_NONE;
}

bool tn_snapshot_keeps_stream(const struct tn_call *call)
{
    return kind_of(call) == KIND_ACTIVE;
}

/* ---- members ---- */

static void pack_plain(struct tn_pack *p, struct tn_call *call)
{
    call->sips = tn_pack_bool(p, CALL_SIPS, call->sips);
    call->transport =
        (enum tern_transport)tn_pack_number(p, CALL_TRANSPORT, call->transport, TERN_TRANSPORT_TLS);
    tn_pack_addr(p, CALL_HOP, &call->hop);
    tn_pack_addr(p, CALL_CONTACT, &call->contact_local);
    call->way.by_server = tn_pack_bool(p, CALL_BY_SERVER, call->way.by_server);
    call->hold = tn_pack_bool(p, CALL_HOLD, call->hold);
    call->hold_agreed = tn_pack_bool(p, CALL_HOLD_AGREED, call->hold_agreed);
    call->hold_open = tn_pack_bool(p, CALL_HOLD_OPEN, call->hold_open);
    tn_pack_text(p, CALL_PEER, &call->peer);
    tn_pack_text(p, CALL_SUBJECT, &call->subject);
    tn_pack_text(p, CALL_END_REASON, &call->end_reason);
    call->started = tn_pack_time(p, CALL_STARTED, call->started);
    call->answered = tn_pack_time(p, CALL_ANSWERED, call->answered);
    call->invite_cseq = tn_pack_u32(p, CALL_INVITE_CSEQ, call->invite_cseq);
    call->rtp.port = (uint16_t)tn_pack_number(p, CALL_RTP_PORT, call->rtp.port, UINT16_MAX);
    call->rtcp.port = (uint16_t)tn_pack_number(p, CALL_RTCP_PORT, call->rtcp.port, UINT16_MAX);
    call->timer.session.floor_s = tn_pack_u32(p, CALL_MIN_SE, call->timer.session.floor_s);
    call->refresh.update_refused =
        tn_pack_bool(p, CALL_UPDATE_REFUSED, call->refresh.update_refused);
}

static void pack_dialog(struct tn_pack *p, struct tn_dialog *dialog)
{
    struct tn_pack inner;
    size_t cursor = 0;
    if (!tn_pack_begin(p, CALL_DIALOG, &cursor, &inner)) {
        p->err = p->err ? p->err : TERN_EPARSE;
        return;
    }
    tn_dialog_pack(dialog, &inner);
    tn_pack_end(p, &inner);
}

static void pack_session(struct tn_pack *p, struct tn_call *call)
{
    struct tn_pack inner;
    size_t cursor = 0;
    uint32_t wanted = call->refresh.wanted | call->refresh.in_flight;
    /* On the session's time both ends agree anew: the far end may have waited in vain. */
    if (call->timer.session.state != TN_SESSION_UNLIMITED) wanted |= TN_INTENT_SESSION;
    wanted = (uint32_t)tn_pack_number(p, CALL_WANTED, wanted, INTENTS);
    if (tn_pack_reads(p)) tn_refresh_want(&call->refresh, wanted);
    if (tn_pack_begin(p, CALL_OFFER, &cursor, &inner)) {
        tn_offer_pack(&call->offer, &inner);
        tn_pack_end(p, &inner);
    }
    cursor = 0;
    if (tn_pack_begin(p, CALL_STREAM, &cursor, &inner)) {
        tn_stream_pack(&call->stream, &inner);
        tn_pack_end(p, &inner);
    }
}

static void write_call(struct tn_pack *p, struct tn_call *call)
{
    enum kind kind = kind_of(call);
    (void)tn_pack_number(p, CALL_ID, call->id, UINT64_MAX);
    (void)tn_pack_number(p, CALL_ACCOUNT, call->account->id, UINT64_MAX);
    (void)tn_pack_u32(p, CALL_KIND, kind);
    (void)tn_pack_bool(p, CALL_INCOMING, call->incoming);
    pack_plain(p, call);
    pack_dialog(p, &call->dialog);
    if (kind == KIND_ACTIVE) pack_session(p, call);
}

/* ---- taking up ---- */

static void tell(struct tn_call *call)
{
    struct tern_event event = {.type = TERN_EV_RESTORED};
    event.u.restored = (struct tern_ev_restored){
        .account = {call->account->id},
        .account_was = {call->account->snapshot.was},
        .call = {call->id},
        .call_was = {call->snapshot.was},
        .incoming = call->incoming,
        .uri = tn_text_view(&call->peer),
        .call_id = tn_text_view(&call->dialog.call_id),
    };
    tn_ep_event(call->ep, &event);
}

static void go_on(struct tn_call *call, struct tn_pack *p)
{
    tern_time answered = call->answered;
    uint16_t rtp = call->rtp.port, rtcp = call->rtcp.port;
    p->err = tn_call_media_resume(call, rtp, rtcp);
    if (p->err) return;
    pack_session(p, call);
    if (!p->err && !call->offer.agreed_once) p->err = TERN_EPARSE;
    if (p->err) return;
    call->snapshot.awaited = true;
    call->ep->snapshots.awaited++;
    tn_call_enter(call, TN_LIFE_ACTIVE);
    call->answered = answered;
    call->signalling_local = tn_snapshot_nowhere(call->hop);
    tn_stream_configure(&call->stream, tn_offer_plan(&call->offer));
    tell(call);
}

/* Its application has been told, or had nothing to tell: it is ended out of sight. */
static void end(struct tn_call *call)
{
    call->rtp.port = call->rtcp.port = 0;
    tn_call_enter(call, TN_LIFE_LEAVING);
    call->ended_told = true;
    call->ep->calls_visible--;
}

/* Its INVITE may be answered yet, also when the BYE is through; whoever does counts for himself. */
static void leave_trace(struct tn_call *call, struct tn_pack *p)
{
    struct tn_dialog dialog = {.alloc = p->alloc};
    pack_dialog(p, &dialog);
    dialog.early_cseq += TRACE_AHEAD; /* than the BYE of the call itself */
    if (!p->err) tn_fork_leave_trace(call->account, call->transport, &dialog);
    tn_dialog_fini(&dialog);
}

static void read_call(struct tern_endpoint *ep, struct tn_pack *p)
{
    struct tn_call *call = NULL;
    uint64_t was = tn_pack_number(p, CALL_ID, 0, UINT64_MAX);
    uint64_t account_was = tn_pack_number(p, CALL_ACCOUNT, 0, UINT64_MAX);
    enum kind kind = (enum kind)tn_pack_number(p, CALL_KIND, 0, KIND_UNANSWERED);
    bool incoming = tn_pack_bool(p, CALL_INCOMING, false);
    struct tn_account *account = tn_snapshot_account(ep, account_was);
    if (!p->err && (account == NULL || kind == KIND_NONE)) p->err = TERN_EPARSE;
    if (!p->err) p->err = tn_call_new(ep, account, incoming, &call);
    if (p->err) return;
    call->snapshot.was = was;
    pack_plain(p, call);
    pack_dialog(p, &call->dialog);
    if (p->err) return;
    tn_call_index_dialog(call);
    if (kind == KIND_UNANSWERED) leave_trace(call, p);
    if (p->err) return;
    if (kind == KIND_ACTIVE) {
        go_on(call, p);
    } else if (kind == KIND_UNANSWERED && call->dialog.remote_tag.len == 0) {
        tn_call_free(call);
    } else {
        end(call);
    }
}

void tn_snapshot_calls(struct tern_endpoint *ep, struct tn_pack *p)
{
    struct tn_pack inner;
    struct tn_call *call;
    size_t cursor = 0;
    uint32_t walk = 0;
    if (tn_pack_reads(p)) {
        while (tn_pack_begin(p, ROOT_CALL, &cursor, &inner)) {
            read_call(ep, &inner);
            tn_pack_end(p, &inner);
        }
        return;
    }
    while ((call = tn_slots_each(&ep->calls, &walk)) != NULL) {
        if (kind_of(call) == KIND_NONE || !tn_pack_begin(p, ROOT_CALL, &cursor, &inner)) continue;
        write_call(&inner, call);
        tn_pack_end(p, &inner);
    }
}
