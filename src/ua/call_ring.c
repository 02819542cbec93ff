/* SPDX-License-Identifier: MIT */
/* The provisional answers that we give, and the PRACKs for them: RFC 3262 3 and 5, MOBILITY S3, S13. */
#include "ua/prack.h"

#include "base/assert.h"
#include "base/str.h"
#include "ua/call.h"

#define RING_AGAIN TERN_SECONDS(60) /* RFC 3261 13.3.1.1: a proxy may have lost the one before */

/* Nobody acknowledges without a network, nor where we are only just telling the caller where we are. */
static void reliable_fired(struct tn_timer *timer)
{
    struct tn_call *call = TN_OWNER(timer, struct tn_call, prack.reliable.timer);
    struct tn_reliable *reliable = &call->prack.reliable;
    if (tn_reliable_timer(reliable) == TN_RELIABLE_SEND) {
        (void)!tn_server_repeat(&call->ep->txns, call->invite_txn);
    } else if (call->ep->mob.paused) {
        tn_reliable_anew(reliable); /* MOBILITY C4 */
    } else {
        tn_call_end(call, TERN_END_UNREACHABLE, 504, TERN_STR("the caller did not acknowledge"));
    }
}

void tn_call_prack_init(struct tn_call *call)
{
    tn_reliable_init(&call->prack.reliable, &call->ep->ctx, reliable_fired);
}

void tn_call_prack_fini(struct tn_call *call)
{
    tn_reliable_fini(&call->prack.reliable);
    tn_text_fini(&call->ep->ctx.alloc, &call->prack.agreed_with);
    tn_text_fini(&call->ep->ctx.alloc, &call->prack.answer);
}

/* ---- called: provisional answers ---- */

unsigned tn_call_prack_admit(struct tn_call *call, const struct tn_msg *invite)
{
    call->prack.peer = tn_reliable_of(invite);
    return tn_reliable_admit(call->account->reliable, call->prack.peer);
}

void tn_call_prack_put_refusal(unsigned status, struct tn_buf *headers)
{
    if (status == 420) tn_put_header(headers, TN_HDR_UNSUPPORTED, TERN_STR("100rel"));
    if (status == 421) tn_put_header(headers, TN_HDR_REQUIRE, TERN_STR("100rel"));
}

static bool is_reliable(const struct tn_call *call, bool describes)
{
    return tn_reliable_applies(call->account->reliable, call->prack.peer, describes);
}

/*
 * RFC 3261 13.2.1: an answer may go in any provisional one, an offer only in one that arrives for
 * certain, and there it must, in the first.
 */
static bool is_to_describe(const struct tn_call *call, unsigned status)
{
    if (call->prack.described) return false;
    if (call->offerless)
        return is_reliable(call, true) && (status == 183 || is_reliable(call, false));
    return status == 183;
}

/* With the audio's sockets open, and an address to name. */
static bool may_describe(struct tn_call *call)
{
    tern_addr local = tn_call_answer_contact(call, call->invite_txn);
    return tn_call_media_ready(call) && tn_net_has_local(&call->ep->net, local);
}

/* RFC 3262 3: Require and RSeq. */
static void put_reliable_lines(struct tn_buf *headers, uint32_t rseq)
{
    tn_put_header(headers, TN_HDR_REQUIRE, TERN_STR("100rel"));
    tn_put_header_number(headers, TN_HDR_RSEQ, rseq);
}

static int send_provisional(struct tn_call *call, unsigned status, uint32_t rseq, tern_str body)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_buf contact, headers;
    tn_buf_init(&contact, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_init(&headers, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    call->prack.contact = tn_call_answer_contact(call, call->invite_txn);
    tn_call_put_contact(call, call->transport, call->prack.contact, &contact);
    tn_buf_str(&headers, tn_ep_capability_lines());
    if (rseq) put_reliable_lines(&headers, rseq);
    struct tn_response rsp = {
        .status = status,
        .to_tag = tn_dialog_local_tag(&call->dialog),
        .contact = tn_buf_view(&contact),
        .headers = tn_buf_view(&headers),
        .content_type = body.len > 0 ? TERN_STR("application/sdp") : (tern_str){NULL, 0},
        .body = body,
        .record_route = true,
    };
    int err = contact.err ? contact.err : headers.err;
    if (!err) err = tn_server_respond(&ep->txns, call->invite_txn, &rsp);
    call->prack.path = call->prack.contact;
    tn_buf_fini(&contact);
    tn_buf_fini(&headers);
    return err;
}

void tn_call_ring(struct tn_call *call, unsigned status)
{
    struct tn_call_prack *prack = &call->prack;
    struct tn_buf body;
    bool describes = is_to_describe(call, status);
    prack->wanted = status;
    if (tn_reliable_waits(&prack->reliable) || (describes && !may_describe(call))) return;
    prack->wanted = 0;
    tn_buf_init(&body, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    int err = 0;
    if (describes) {
        err = tn_call_describe(call, &body);
        prack->described = err == 0;
    } else if (prack->described && !is_reliable(call, true)) {
        err = tn_offer_repeat(&call->offer, &body); /* the same answer once more */
    }
    if (err) tn_buf_reset(&body);
    bool reliable = is_reliable(call, describes && !err);
    uint32_t rseq = reliable ? tn_reliable_next(&prack->reliable) : 0;
    err = send_provisional(call, status, rseq, tn_buf_view(&body));
    bool described = body.len > 0;
    tn_buf_fini(&body);
    call->ring_status = status;
    tn_timer_arm(&call->ep->ctx, &call->ring_timer, RING_AGAIN);
    /* A provisional answer that cannot be sent is no loss: the final one follows. */
    if (err || !reliable) return;
    const struct tn_msg *invite = tn_server_request(&call->ep->txns, call->invite_txn);
    if (invite) tn_reliable_sent(&prack->reliable, rseq, invite->cseq.number, described);
}

void tn_call_ring_ready(struct tn_call *call)
{
    unsigned status = call->prack.wanted;
    if (call->life == TN_LIFE_INCOMING && status) tn_call_ring(call, status);
}

/*
 * RFC 3261 13.2.1: an answer that may have been lost is given once more, word for word; what has
 * been acknowledged is not.
 */
int tn_call_describe_again(struct tn_call *call, struct tn_buf *body)
{
    TN_ASSERT(call->prack.described);
    return call->prack.settled ? 0 : tn_offer_repeat(&call->offer, body);
}

/* ---- called: PRACK ---- */

static void refuse(struct tn_call *call, uint64_t txn, unsigned status)
{
    struct tn_response rsp = {.status = status};
    (void)!tn_server_respond(&call->ep->txns, txn, &rsp);
}

/* By our provisional answer; else what is out is in an UPDATE. */
static bool is_offered(const struct tn_call *call)
{
    return tn_offer_state(&call->offer) == TN_OFFER_LOCAL && !call->update.own.offers;
}

/*
 * RFC 3262 5: the answer to the offer of our provisional one, or an offer, whose answer goes into
 * `body`. @return 0, or the status that refuses it
 */
static unsigned take_session(struct tn_call *call, const struct tn_effect *effect,
                             struct tn_buf *body)
{
    struct tn_media_plan plan;
    const struct tn_msg *prack = effect->msg;
    tern_addr contact = tn_call_answer_contact(call, effect->id);
    if (is_offered(call)) {
        int err = tn_offer_take_answer(&call->offer, prack->body, &plan);
        if (err) return 488; /* none, or none that could be used */
        call->offerless = false;
        tn_call_apply_plan(call, &plan, call->prack.contact);
        return 0;
    }
    if (!tn_call_has_sdp(prack)) return 0;
    unsigned status = tn_call_take_offer(call, prack->body);
    if (status) return status;
    struct tn_offer_local local = tn_call_offer_local(call, contact);
    tn_call_say_hold(call, local.hold);
    if (tn_offer_answer(&call->offer, &local, body, &plan) != 0) {
        tn_offer_rollback(&call->offer);
        return 500;
    }
    tn_call_apply_plan(call, &plan, local.from);
    return 0;
}

static void answer(struct tn_call *call, uint64_t txn, unsigned status, tern_str body)
{
    struct tn_response rsp = {
        .status = status ? status : 200,
        .headers = tn_ep_capability_lines(),
        .content_type = body.len > 0 ? TERN_STR("application/sdp") : (tern_str){NULL, 0},
        .body = body,
    };
    (void)!tn_server_respond(&call->ep->txns, txn, &rsp);
}

/* What waited for it: another provisional answer, or the final one. */
static void go_on(struct tn_call *call)
{
    if (call->life == TN_LIFE_INCOMING) tn_call_in_ready(call);
}

void tn_call_prack_request(struct tn_call *call, const struct tn_effect *effect)
{
    struct tn_call_prack *prack = &call->prack;
    const struct tn_hdr *header = tn_msg_header(effect->msg, TN_HDR_RACK, 0);
    struct tn_rack rack;
    struct tn_buf body;
    bool makes_sense = header != NULL && tn_rack_parse(header->value, &rack) == 0;
    if (!makes_sense || !tn_reliable_acknowledged(&prack->reliable, &rack)) {
        bool waits = tn_reliable_waits(&prack->reliable);
        refuse(call, effect->id, waits && !makes_sense ? 400 : 481);
        return;
    }
    tn_buf_init(&body, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    bool offered = is_offered(call);
    unsigned status = take_session(call, effect, &body);
    answer(call, effect->id, status, tn_buf_view(&body));
    tn_buf_fini(&body);
    if (offered && status && call->life == TN_LIFE_INCOMING) {
        tn_call_end(call, TERN_END_ERROR, 488, TERN_STR("the far end sent no usable answer"));
        return;
    }
    if (prack->described && prack->reliable.describes) prack->settled = true;
    if (call->life == TN_LIFE_INCOMING) call->contact_local = prack->contact;
    go_on(call);
    tn_call_tell_audio(call); /* the network may have changed meanwhile */
}

/* What waits for its PRACK goes at once by a new path, and by the old one that is back. */
void tn_call_ring_moved(struct tn_call *call)
{
    struct tn_call_prack *prack = &call->prack;
    struct tern_endpoint *ep = call->ep;
    tern_addr source;
    if (!tn_reliable_waits(&prack->reliable)) return;
    if (tn_net_has_local(&ep->net, prack->path)) return;
    if (tern_network_source(&ep->network, call->hop, &source) != 0) return;
    prack->path = source;
    tn_reliable_anew(&prack->reliable);
    (void)!tn_server_repeat(&ep->txns, call->invite_txn);
}
