/* SPDX-License-Identifier: MIT */
/* Late answers to an INVITE: traces of calls, and the forks that are ended (RFC 3261 13.2.2.4). */
#include "ua/fork.h"

#include "base/assert.h"
#include "base/mutant.h"
#include "base/str.h"
#include "txn/timing.h"
#include "ua/call.h"

enum { TAG_ACK, TAG_BYE };

/* As long as anything rings, and a 2xx is repeated. */
#define LEG_LIFE (TERN_SECONDS(TN_RINGING_MAX_S) + 64 * TN_T1)

#define TRIES_MAX 6 /* after 1, 2, 4 … s: as any BYE (MOBILITY S7) */

static uint64_t hash_of(const struct tern_endpoint *ep, tern_str call_id, tern_str local_tag)
{
    return tn_map_hash(&ep->fork_map, call_id.ptr, call_id.len) ^
           tn_map_hash(&ep->fork_map, local_tag.ptr, local_tag.len);
}

/* ---- life ---- */

static void let_account_go(struct tn_fork *fork)
{
    struct tn_account *account = fork->account;
    if (account == NULL) return;
    tn_request_abandon(&fork->ep->txns, fork->ack);
    tn_request_abandon(&fork->ep->txns, fork->bye);
    tn_timer_cancel(&fork->ep->ctx, &fork->again);
    fork->ack = fork->bye = 0;
    fork->account = NULL;
    account->forks--;
    tn_account_settle(account);
}

static void end(struct tn_fork *fork)
{
    struct tern_endpoint *ep = fork->ep;
    let_account_go(fork);
    tn_request_abandon(&ep->txns, fork->ack);
    tn_request_abandon(&ep->txns, fork->bye);
    tn_timer_cancel(&ep->ctx, &fork->timer);
    tn_map_remove(&ep->fork_map, &fork->node);
    tn_slots_remove(&ep->forks, fork->id);
    tn_dialog_fini(&fork->dialog);
    if (fork->offer) tn_offer_fini(fork->offer);
    tn_free(&ep->ctx.alloc, fork->offer);
    tn_free(&ep->ctx.alloc, fork);
}

static void on_timer(struct tn_timer *timer)
{
    end(TN_OWNER(timer, struct tn_fork, timer));
}

static void send_bye(struct tn_fork *fork);

static void on_again(struct tn_timer *timer)
{
    send_bye(TN_OWNER(timer, struct tn_fork, again));
}

/* Takes over the dialog, for so long. @return NULL without memory or room; then the dialog stays */
static struct tn_fork *new_fork(struct tern_endpoint *ep, const struct tn_dialog *dialog,
                                tern_time life)
{
    struct tn_fork *fork = tn_alloc(&ep->ctx.alloc, sizeof(*fork));
    if (fork == NULL) return NULL;
    if (tn_slots_add(&ep->forks, fork, &fork->id) != 0) {
        tn_free(&ep->ctx.alloc, fork);
        return NULL;
    }
    fork->ep = ep;
    fork->dialog = *dialog;
    tn_timer_init(&fork->timer, 0, on_timer);
    tn_timer_init(&fork->again, 0, on_again);
    tn_timer_arm(&ep->ctx, &fork->timer, life);
    tn_map_insert(
        &ep->fork_map, &fork->node,
        hash_of(ep, tn_text_view(&fork->dialog.call_id), tn_dialog_local_tag(&fork->dialog)));
    return fork;
}

static struct tn_fork *leave(struct tn_account *account, enum tern_transport transport,
                             struct tn_dialog *dialog, tern_time life)
{
    struct tn_fork *trace = new_fork(account->ep, dialog, life);
    if (trace == NULL) return NULL;
    trace->account_id = account->id;
    trace->transport = transport;
    *dialog = (struct tn_dialog){0};
    trace->ended = trace->dialog.state == TN_DIALOG_CONFIRMED; /* by the call's own BYE */
    if (!trace->ended) tn_text_fini(trace->dialog.alloc, &trace->dialog.remote_tag);
    return trace;
}

void tn_fork_leave_trace(struct tn_account *account, enum tern_transport transport,
                         struct tn_dialog *dialog)
{
    (void)leave(account, transport, dialog, 64 * TN_T1);
}

/* Without memory for the offer a 2xx is not adopted, but ended. */
void tn_fork_leave_leg(struct tn_call *call)
{
    const struct tern_allocator *alloc = &call->ep->ctx.alloc;
    struct tn_fork *trace = leave(call->account, call->transport, &call->dialog, LEG_LIFE);
    struct tn_offer *offer = trace ? tn_alloc(alloc, sizeof(*offer)) : NULL;
    if (offer == NULL) return;
    if (tn_offer_clone(&call->offer, offer) != 0) {
        tn_free(alloc, offer);
        return;
    }
    trace->offer = offer;
    trace->leg_of = call->id;
    trace->asked = call->probe.asks;
    trace->contact = call->contact_local;
    trace->media_told = call->media_told;
}

void tn_fork_leave_early(struct tn_call *call, struct tn_dialog *dialog)
{
    struct tn_fork *fork = new_fork(call->ep, dialog, LEG_LIFE);
    if (fork == NULL) return; /* then it times out there */
    *dialog = (struct tn_dialog){0};
    fork->account_id = call->account->id;
    fork->transport = call->transport;
    fork->leg_of = call->id;
    fork->rings = true;
    call->probe.left = true;
}

void tn_forks_forget(struct tern_endpoint *ep)
{
    uint32_t cursor = 0;
    struct tn_fork *fork;
    while ((fork = tn_slots_each(&ep->forks, &cursor)) != NULL)
        end(fork);
}

void tn_forks_fini(struct tern_endpoint *ep)
{
    tn_forks_forget(ep);
    tn_slots_fini(&ep->forks);
    tn_map_fini(&ep->fork_map);
}

/* ---- ACK and BYE ---- */

static void acknowledge(struct tn_fork *fork, uint32_t cseq)
{
    struct tern_endpoint *ep = fork->ep;
    struct tn_buf scratch;
    struct tn_request_opts opts = {
        .owner = {TN_OWNER_ENDPOINT, TAG_ACK, fork->id},
        .method = TN_METHOD_ACK,
        .transport = fork->transport,
        .auth = fork->account ? &fork->account->auth : NULL, /* RFC 3261 22.1 */
    };
    if (TN_MUTANT(LATE_ACK)) return;
    tn_request_abandon(&ep->txns, fork->ack);
    fork->ack = 0;
    tn_buf_init(&scratch, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    int err = tn_dialog_request(&fork->dialog, &scratch, &opts);
    bool other = fork->account && tn_way_has_other(fork->account, &fork->dialog);
    /* It comes again: the last one has not got there. */
    if (other && fork->acks++ % 2 == 1) tn_way_by_server(fork->account, &opts);
    fork->ack_cseq = cseq;
    opts.cseq = &fork->ack_cseq;
    /* One that cannot be sent now is asked for again by the next 2xx. */
    if (!err) (void)!tn_request_start(&ep->txns, &opts, &fork->ack);
    tn_buf_fini(&scratch);
}

static void send_bye(struct tn_fork *fork)
{
    struct tern_endpoint *ep = fork->ep;
    struct tn_buf scratch;
    struct tn_request_opts opts = {
        .owner = {TN_OWNER_ENDPOINT, TAG_BYE, fork->id},
        .method = TN_METHOD_BYE,
        .transport = fork->transport,
        .auth = fork->account ? &fork->account->auth : NULL,
        .no_failover = true,
    };
    if (fork->heir != 0) opts.headers = TERN_STR("Reason: " TN_REPLACED "\r\n");
    tn_buf_init(&scratch, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    int err = tn_dialog_request(&fork->dialog, &scratch, &opts);
    if (fork->by_server) tn_way_by_server(fork->account, &opts);
    if (!err) err = tn_request_start(&ep->txns, &opts, &fork->bye);
    tn_buf_fini(&scratch);
    if (err) let_account_go(fork);
}

static void hold_account(struct tn_fork *fork, struct tn_account *account)
{
    account->forks++;
    fork->account = account;
}

void tn_fork_replaced(struct tn_account *account, enum tern_transport transport,
                      struct tn_dialog *dialog, uint64_t heir, bool bye)
{
    struct tn_fork *fork = new_fork(account->ep, dialog, 64 * TN_T1 + TN_TIMER_F);
    if (fork == NULL) {
        tn_dialog_fini(dialog);
        return;
    }
    *dialog = (struct tn_dialog){0};
    fork->account_id = account->id;
    fork->transport = transport;
    fork->heir = heir;
    fork->ended = !bye;
    if (!bye) return;
    hold_account(fork, account);
    send_bye(fork);
}

void tn_fork_effect(struct tern_endpoint *ep, const struct tn_effect *effect)
{
    struct tn_fork *fork = tn_slots_get(&ep->forks, effect->owner.id);
    if (fork == NULL || effect->owner.tag != TAG_BYE || effect->id != fork->bye) return;
    if (effect->kind == TN_EFFECT_RESPONSE && effect->msg->status < 200) return;
    fork->bye = 0;
    fork->ended = effect->kind == TN_EFFECT_RESPONSE;
    /* MOBILITY C6 c: where nobody answers, the account's server may have a way. */
    if (!fork->ended && !fork->by_server && tn_way_may_have_other(fork->account, &fork->dialog)) {
        fork->by_server = true;
        send_bye(fork);
        return;
    }
    bool lost = !fork->ended && effect->code != TN_FAILURE_TIMEOUT;
    if (lost && fork->tries < TRIES_MAX) {
        tn_timer_arm(&ep->ctx, &fork->again, TERN_SECONDS(1) << fork->tries++);
        return;
    }
    let_account_go(fork);
}

/* ---- a 2xx ---- */

static bool is_of(const struct tn_fork *fork, const struct tn_msg *rsp)
{
    return tn_str_eq(rsp->call_id, tn_text_view(&fork->dialog.call_id)) &&
           tn_str_eq(rsp->from_tag, tn_dialog_local_tag(&fork->dialog));
}

struct known {
    struct tn_fork *same; /* formed by this very answer */
    struct tn_fork *any;  /* by the same INVITE */
    struct tn_fork *leg;  /* the trace of that INVITE, where its call goes on with another */
    unsigned count;
};

static struct known look_for(const struct tern_endpoint *ep, const struct tn_msg *rsp)
{
    struct known known = {NULL, NULL, NULL, 0};
    uint64_t hash = hash_of(ep, rsp->call_id, rsp->from_tag);
    struct tn_map_node *node = tn_map_first(&ep->fork_map, hash);
    for (; node != NULL; node = tn_map_next(node)) {
        struct tn_fork *fork = TN_OWNER(node, struct tn_fork, node);
        if (fork->rings || !is_of(fork, rsp)) continue;
        known.any = fork;
        if (fork->leg_of != 0) known.leg = fork;
        known.count++;
        if (tn_dialog_matches_response(&fork->dialog, rsp)) known.same = fork;
    }
    return known;
}

static void answer(struct tn_fork *fork, uint32_t cseq)
{
    bool bye = !fork->ended && fork->bye == 0 && !tn_timer_armed(&fork->again);
    struct tn_account *account = tn_slots_get(&fork->ep->accounts, fork->account_id);
    if (bye && account) hold_account(fork, account);
    acknowledge(fork, cseq);
    if (bye) send_bye(fork);
}

/*
 * The call that has been answered in another dialog. Who has answered both ways, the second time asked by
 * Replaces, does not take a BYE in the first for the end of the call.
 */
static uint64_t heir_of(const struct tern_endpoint *ep, const struct tn_fork *leg)
{
    const struct tn_call *call = leg ? tn_call_by_id(ep, leg->leg_of) : NULL;
    return call && call->life == TN_LIFE_ACTIVE && !call->ended_told ? call->id : 0;
}

static void form(struct tern_endpoint *ep, const struct tn_fork *like, const struct tn_msg *rsp,
                 uint64_t heir)
{
    struct tn_dialog dialog;
    if (tn_dialog_fork(&dialog, &like->dialog, rsp) != 0) return;
    /* Each dialog counts for itself (12.1.2), on from a PRACK or UPDATE of its early dialog. */
    dialog.local_cseq = rsp->cseq.number;
    if (dialog.local_cseq < like->dialog.early_cseq) dialog.local_cseq = like->dialog.early_cseq;
    struct tn_fork *fork = new_fork(ep, &dialog, 64 * TN_T1 + TN_TIMER_F);
    if (fork == NULL) {
        tn_dialog_fini(&dialog);
        return;
    }
    fork->transport = like->transport;
    fork->account_id = like->account_id;
    fork->heir = heir;
    answer(fork, rsp->cseq.number);
}

/* MOBILITY C8: nobody has answered what took its place. */
static bool is_adopted(struct tern_endpoint *ep, struct tn_fork *leg, const struct tn_msg *rsp)
{
    struct tn_call *call = leg ? tn_call_by_id(ep, leg->leg_of) : NULL;
    if (call == NULL) return false;
    tn_map_remove(&ep->fork_map, &leg->node); /* the texts that it is found by go with the dialog */
    if (tn_call_adopt(call, leg, rsp)) {
        end(leg);
        return true;
    }
    tn_map_insert(
        &ep->fork_map, &leg->node,
        hash_of(ep, tn_text_view(&leg->dialog.call_id), tn_dialog_local_tag(&leg->dialog)));
    return false;
}

static bool is_kept(const struct tern_endpoint *ep, const struct tn_fork *leg,
                    const struct tn_msg *rsp)
{
    struct tn_call *call = leg ? tn_call_by_id(ep, leg->leg_of) : NULL;
    return call != NULL && tn_call_probe_keeps(call, rsp, leg->asked);
}

/* `like`: the call that does not want it; NULL: there is none. */
static void take(struct tern_endpoint *ep, const struct tn_fork *like, const struct tn_msg *rsp)
{
    struct known known = look_for(ep, rsp);
    if (like == NULL) like = known.any;
    if (!known.same && is_kept(ep, known.leg, rsp)) return;
    if (!known.same && is_adopted(ep, known.leg, rsp)) return;
    if (known.same) {
        answer(known.same, rsp->cseq.number);
    } else if (like && known.count < TN_FORKS_OF_ONE) {
        form(ep, like, rsp, heir_of(ep, known.leg));
    }
}

uint32_t tn_fork_forget(struct tern_endpoint *ep, const struct tn_msg *rsp)
{
    struct tn_fork *same = look_for(ep, rsp).same;
    if (same == NULL) return 0;
    uint32_t cseq = same->dialog.local_cseq;
    end(same);
    return cseq;
}

static void hang_up(struct tn_fork *fork)
{
    struct tn_account *account = tn_slots_get(&fork->ep->accounts, fork->account_id);
    fork->rings = false;
    fork->leg_of = 0;
    tn_timer_arm(&fork->ep->ctx, &fork->timer, 64 * TN_T1 + TN_TIMER_F);
    if (account == NULL) return;
    hold_account(fork, account);
    send_bye(fork);
}

void tn_forks_settle(struct tn_call *call, const struct tn_msg *adopted)
{
    uint32_t cursor = 0;
    struct tn_fork *fork;
    if (!call->probe.left) return;
    call->probe.left = false;
    while ((fork = tn_slots_each(&call->ep->forks, &cursor)) != NULL) {
        if (!fork->rings || fork->leg_of != call->id) continue;
        if (adopted && is_of(fork, adopted)) {
            end(fork); /* the call's own, or its CANCEL has ended it on the way */
        } else {
            hang_up(fork);
        }
    }
}

bool tn_fork_is_over(const struct tn_msg *bye)
{
    const struct tn_hdr *reason = tn_msg_header(bye, TN_HDR_REASON, 0);
    return reason != NULL && tn_str_eq(reason->value, TERN_STR(TN_REPLACED));
}

const struct tn_fork *tn_fork_named(const struct tern_endpoint *ep,
                                    const struct tn_replaces *replaces)
{
    uint64_t hash = hash_of(ep, replaces->call_id, replaces->to_tag);
    struct tn_map_node *node = tn_map_first(&ep->fork_map, hash);
    for (; node != NULL; node = tn_map_next(node)) {
        const struct tn_fork *fork = TN_OWNER(node, struct tn_fork, node);
        if (fork->heir != 0 && tn_replaces_names(replaces, &fork->dialog)) return fork;
    }
    return NULL;
}

bool tn_fork_request(struct tern_endpoint *ep, const struct tn_effect *effect)
{
    const struct tn_msg *msg = effect->msg;
    uint64_t hash = hash_of(ep, msg->call_id, msg->to_tag);
    struct tn_map_node *node = tn_map_first(&ep->fork_map, hash);
    for (; node != NULL; node = tn_map_next(node)) {
        const struct tn_fork *fork = TN_OWNER(node, struct tn_fork, node);
        if (!tn_dialog_matches_request(&fork->dialog, msg)) continue;
        struct tn_response rsp = {.status = msg->method == TN_METHOD_BYE ? 200 : 481};
        (void)!tn_server_respond(&ep->txns, effect->id, &rsp);
        struct tn_call *heir = tn_call_by_id(ep, fork->heir);
        bool hung_up = msg->method == TN_METHOD_BYE && !tn_fork_is_over(msg);
        if (heir && hung_up) tn_call_bye_before(heir, msg);
        return true;
    }
    return false;
}

void tn_fork_decline(struct tn_account *account, enum tern_transport transport,
                     const struct tn_dialog *dialog, const struct tn_msg *rsp)
{
    const struct tn_fork like = {
        .account_id = account->id, .transport = transport, .dialog = *dialog};
    take(account->ep, &like, rsp);
}

void tn_fork_stray(struct tern_endpoint *ep, const struct tn_msg *rsp)
{
    take(ep, NULL, rsp);
}
