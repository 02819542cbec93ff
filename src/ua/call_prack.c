/* SPDX-License-Identifier: MIT */
/* The provisional answers that we get, and our PRACKs for them: RFC 3262 4 and 5, MOBILITY S13. */
#include "ua/prack.h"

#include "base/str.h"
#include "ua/call.h"
#include "ua/reach.h"

void tn_call_prack_put_option(const struct tn_call *call, struct tn_buf *headers)
{
    enum tern_reliable reliable = call->account->reliable;
    if (reliable == TERN_RELIABLE_OFF) return;
    bool required = reliable == TERN_RELIABLE_REQUIRED;
    tn_put_header(headers, required ? TN_HDR_REQUIRE : TN_HDR_SUPPORTED, TERN_STR("100rel"));
}

void tn_call_prack_start(struct tn_call *call)
{
    call->prack.described = call->prack.settled = false;
    tn_text_fini(&call->ep->ctx.alloc, &call->prack.agreed_with);
    tn_text_fini(&call->ep->ctx.alloc, &call->prack.answer);
    tn_call_update_forget_first(call);
}

bool tn_call_prack_other(const struct tn_call *call, tern_str remote_tag)
{
    return call->prack.described && !tn_str_eq(tn_text_view(&call->prack.agreed_with), remote_tag);
}

/* ---- the PRACK ---- */

static void put_rack(struct tn_buf *headers, uint32_t rseq, uint32_t cseq)
{
    char text[32];
    struct tn_buf value;
    tn_buf_fixed(&value, text, sizeof(text));
    tn_buf_u64(&value, rseq);
    tn_buf_char(&value, ' ');
    tn_buf_u64(&value, cseq);
    tn_buf_z(&value, " INVITE");
    tn_put_header(headers, TN_HDR_RACK, tn_buf_view(&value));
}

/* Room for one more: who sends a third one has had the first PRACK. */
static struct tn_prack_sent *make_room(struct tn_call *call, struct tn_early_prack *prack)
{
    tn_request_abandon(&call->ep->txns, prack->sent[TN_PRACKS_MAX - 1].request);
    for (size_t i = TN_PRACKS_MAX - 1; i > 0; i--)
        prack->sent[i] = prack->sent[i - 1];
    prack->sent[0] = (struct tn_prack_sent){0, prack->describes};
    return &prack->sent[0];
}

static void send(struct tn_call *call, struct tn_early *early, tern_str body)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_buf scratch, headers;
    struct tn_prack_sent *sent = make_room(call, &early->prack);
    struct tn_request_opts opts = {
        .owner = {TN_OWNER_CALL, TN_TAG_PRACK, call->id},
        .method = TN_METHOD_PRACK,
        .transport = call->transport,
        .auth = &call->account->auth,
        .content_type = body.len > 0 ? TERN_STR("application/sdp") : (tern_str){NULL, 0},
        .body = body,
        .no_failover = true,
    };
    tn_buf_init(&scratch, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_buf_init(&headers, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    put_rack(&headers, early->prack.seen.rseq, early->prack.seen.cseq);
    int err = tn_buf_end(&headers, &opts.headers);
    if (!err) err = tn_dialog_request(&early->dialog, &scratch, &opts);
    if (!err) tn_call_way_aim(call, &opts);
    if (!err) err = tn_request_start(&ep->txns, &opts, &sent->request);
    early->prack.failed = err != 0; /* the far end repeats what is not acknowledged */
    tn_buf_fini(&scratch);
    tn_buf_fini(&headers);
}

/* It comes once more. RFC 3262 4 has the PRACK repeat itself; one that nobody answered is made anew. */
static void send_again(struct tn_call *call, struct tn_early *early)
{
    struct tn_buf body;
    uint64_t *request = &early->prack.sent[0].request;
    bool turns = *request != 0 || early->prack.failed; /* it has not got there */
    if (turns && tn_call_way_turn_early(call, &early->dialog)) {
        tn_request_abandon(&call->ep->txns, *request);
        *request = 0;
        early->prack.failed = true;
    }
    if (!early->prack.failed) return;
    tn_buf_init(&body, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    bool answers = call->no_offer && call->prack.described && !call->prack.settled;
    if (answers && tn_offer_repeat(&call->offer, &body) != 0) tn_buf_reset(&body);
    send(call, early, tn_buf_view(&body));
    tn_buf_fini(&body);
}

/* ---- what it describes ---- */

static void agree(struct tn_call *call, const struct tn_msg *rsp, const struct tn_media_plan *plan)
{
    struct tn_call_prack *prack = &call->prack;
    /* Without memory for the tag, whoever answers is taken for another, and heard anew. */
    (void)!tn_text_set(&call->ep->ctx.alloc, &prack->agreed_with, rsp->to_tag);
    prack->described = true;
    tn_call_apply_plan(call, plan, call->contact_local);
}

/* Our INVITE had no offer: theirs is here, and the PRACK has our answer. */
static int take_offer(struct tn_call *call, const struct tn_msg *rsp, struct tn_buf *body)
{
    struct tn_media_plan plan;
    int err = tn_offer_take(&call->offer, rsp->body);
    if (err) return err;
    struct tn_offer_local local = tn_call_offer_local(call, call->contact_local);
    err = tn_offer_answer(&call->offer, &local, body, &plan);
    if (err) {
        tn_offer_rollback(&call->offer);
        return err;
    }
    agree(call, rsp, &plan);
    return 0;
}

/*
 * Another fork's answer, which its 2xx does not repeat: for the day when that one is who answers. The
 * first stays in force till then: one stream plays one of them.
 */
static void keep_answer(struct tn_call *call, struct tn_early *early, const struct tn_msg *rsp)
{
    (void)!tn_text_set(&call->ep->ctx.alloc, &early->prack.answer, rsp->body);
}

/* @return false: it can neither be used nor acknowledged. */
static bool take_session(struct tn_call *call, struct tn_early *early, const struct tn_msg *rsp,
                         bool reliable, struct tn_buf *body)
{
    struct tn_media_plan plan;
    if (call->no_offer) {
        if (!reliable) return true; /* RFC 3261 13.2.1: then it is no offer */
        if (!call->prack.described) return take_offer(call, rsp, body) == 0;
        return !tn_call_prack_other(call, rsp->to_tag);
    }
    /* Once described, ours that is out is in an UPDATE. */
    if (!call->prack.described && tn_offer_state(&call->offer) == TN_OFFER_LOCAL) {
        if (tn_offer_take_answer(&call->offer, rsp->body, &plan) == 0) agree(call, rsp, &plan);
    } else if (reliable && tn_call_prack_other(call, rsp->to_tag)) {
        keep_answer(call, early, rsp);
    }
    return true;
}

bool tn_call_prack_take(struct tn_call *call, struct tn_early *early, const struct tn_msg *rsp,
                        bool *early_media)
{
    enum tn_reliable_order order = TN_RELIABLE_PLAIN;
    struct tn_buf body;
    bool understood = true, has_sdp = tn_call_has_sdp(rsp);
    if (early && call->account->reliable != TERN_RELIABLE_OFF) {
        order = tn_reliable_take(&early->prack.seen, rsp);
    }
    if (order == TN_RELIABLE_REPEAT) send_again(call, early);
    if (order == TN_RELIABLE_REPEAT || order == TN_RELIABLE_ASTRAY) return false;
    tn_buf_init(&body, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    if (has_sdp) {
        understood = take_session(call, early, rsp, order == TN_RELIABLE_NEXT, &body);
        *early_media = call->prack.described;
    }
    if (order == TN_RELIABLE_NEXT) early->prack.describes = has_sdp;
    if (order == TN_RELIABLE_NEXT && understood) send(call, early, tn_buf_view(&body));
    tn_buf_fini(&body);
    if (!understood && !call->prack.described) {
        tn_call_end(call, TERN_END_ERROR, 488, TERN_STR("no common codec"));
    }
    return true;
}

/* ---- what becomes of it ---- */

static struct tn_early *find(struct tn_call *call, uint64_t request, size_t *index)
{
    for (uint32_t i = 0; i < call->earlies.count; i++) {
        struct tn_early *early = call->earlies.list[i];
        for (*index = 0; *index < TN_PRACKS_MAX; ++*index) {
            if (early->prack.sent[*index].request == request) return early;
        }
    }
    return NULL;
}

void tn_call_prack_effect(struct tn_call *call, const struct tn_effect *effect)
{
    size_t index;
    bool answered = effect->kind == TN_EFFECT_RESPONSE;
    if (answered && effect->msg->status < 200) return;
    struct tn_early *early = find(call, effect->id, &index);
    if (early == NULL) return;
    early->prack.sent[index].request = 0;
    unsigned status = answered ? effect->msg->status : 408;
    /* 481: it had arrived, and the answer to it was lost. */
    bool done = status < 300 || status == 481;
    if (index == 0) early->prack.failed = !done;
    tern_str tag = tn_text_view(&early->dialog.remote_tag);
    if (done && early->prack.sent[index].describes && call->prack.described &&
        !tn_call_prack_other(call, tag)) {
        call->prack.settled = true;
        tn_call_tell_audio(call); /* the network may have changed meanwhile */
    }
}

void tn_call_prack_leave(struct tn_call *call, struct tn_early *early, bool stays)
{
    const struct tern_allocator *alloc = &call->ep->ctx.alloc;
    for (size_t i = 0; i < TN_PRACKS_MAX; i++) {
        tn_request_abandon(&call->ep->txns, early->prack.sent[i].request);
        early->prack.sent[i].request = 0;
    }
    if (stays) {
        tn_text_fini(alloc, &call->prack.answer);
        call->prack.answer = early->prack.answer;
        early->prack.answer = (struct tn_text){0};
    }
    tn_text_fini(alloc, &early->prack.answer);
}

void tn_call_prack_retarget(struct tn_call *call, struct tn_dialog *dialog)
{
    struct tn_early *early = TN_OWNER(dialog, struct tn_early, dialog);
    for (size_t i = 0; i < TN_PRACKS_MAX; i++) {
        uint64_t request = early->prack.sent[i].request;
        if (request == 0) continue;
        tn_call_retarget(call, dialog, request);
        (void)!tn_request_restart(&call->ep->txns, request);
    }
}

static void move_one(struct tn_call *call, uint64_t request)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_request_path path;
    if (request == 0 || !tn_request_path(&ep->txns, request, &path)) return;
    if (tn_net_has_local(&ep->net, path.local)) return;
    if (!tn_reaches(call->account, path.remote)) return;
    (void)!tn_request_restart(&ep->txns, request); /* it times out where that fails */
}

void tn_call_prack_moved(struct tn_call *call)
{
    tn_call_ring_moved(call);
    for (uint32_t i = 0; i < call->earlies.count; i++) {
        for (size_t k = 0; k < TN_PRACKS_MAX; k++)
            move_one(call, call->earlies.list[i]->prack.sent[k].request);
    }
}
