/* SPDX-License-Identifier: MIT */
/* Requests: located, sent, authorised, failed over; the table is in request_impl.h. */
#include "txn/request.h"

#include <tern/err.h>

#include "base/assert.h"
#include "base/mutant.h"
#include "base/str.h"
#include "net/keepalive.h"
#include "txn/limits.h"
#include "txn/request_impl.h"
#include "txn/timing.h"
#include "txn/txn_impl.h"

#define BIT(state) (1u << (state))

static const unsigned successors[TN_REQUEST_STATES] = {
    [TN_REQUEST_LOCATING] = BIT(TN_REQUEST_LOCATING) | BIT(TN_REQUEST_CONNECTING) |
                            BIT(TN_REQUEST_PREPARING) | BIT(TN_REQUEST_PENDING) |
                            BIT(TN_REQUEST_GONE),
    [TN_REQUEST_CONNECTING] = BIT(TN_REQUEST_LOCATING) | BIT(TN_REQUEST_CONNECTING) |
                              BIT(TN_REQUEST_PREPARING) | BIT(TN_REQUEST_PENDING) |
                              BIT(TN_REQUEST_GONE),
    [TN_REQUEST_PREPARING] = BIT(TN_REQUEST_LOCATING) | BIT(TN_REQUEST_CONNECTING) |
                             BIT(TN_REQUEST_PREPARING) | BIT(TN_REQUEST_PENDING) |
                             BIT(TN_REQUEST_GONE),
    [TN_REQUEST_PENDING] = BIT(TN_REQUEST_LOCATING) | BIT(TN_REQUEST_CONNECTING) |
                           BIT(TN_REQUEST_PREPARING) | BIT(TN_REQUEST_PENDING) |
                           BIT(TN_REQUEST_ANSWERED) | BIT(TN_REQUEST_GONE),
    [TN_REQUEST_ANSWERED] = BIT(TN_REQUEST_GONE),
    [TN_REQUEST_GONE] = 0,
};

static const char *state_name(enum tn_request_state state)
{
    switch (state) {
    case TN_REQUEST_LOCATING: return "locating";
    case TN_REQUEST_CONNECTING: return "connecting";
    case TN_REQUEST_PREPARING: return "preparing";
    case TN_REQUEST_PENDING: return "pending";
    case TN_REQUEST_ANSWERED: return "answered";
    case TN_REQUEST_GONE: return "gone";
    case TN_REQUEST_STATES: break;
    }
    TN_UNREACHABLE();
}

/* The only writer of the state and its timer. */
void tn_request_enter(struct tn_request *r, enum tn_request_state next)
{
    struct tn_ctx *ctx = r->txns->ctx;

    TN_ASSERT(successors[r->state] & BIT(next));
    tn_trace(ctx, "request", r->id, state_name(r->state), state_name(next));
    r->state = next;
    tn_timer_cancel(ctx, &r->pace);
    if (next == TN_REQUEST_ANSWERED || next == TN_REQUEST_GONE) tn_request_way_fini(r);
    if (next == TN_REQUEST_PENDING) {
        r->ringing = r->probed = false;
        r->sent_at = ctx->now;
    }
    if (next == TN_REQUEST_ANSWERED) tn_timer_arm(ctx, &r->timer, TN_TIMER_M);
    if (next == TN_REQUEST_GONE) tn_timer_arm(ctx, &r->timer, 0);
}

/* An owner may still ask a GONE request for its path, and for nothing else. */
static struct tn_request *get(const struct tn_txns *txns, uint64_t id)
{
    struct tn_request *r = tn_slots_get(&txns->requests, id);
    return r && r->state != TN_REQUEST_GONE ? r : NULL;
}

void tn_request_emit(struct tn_request *r, struct tn_effect effect)
{
    if (effect.msg) effect.msg = tn_msg_ref(effect.msg);
    effect.owner = r->opts.owner;
    effect.id = r->id;
    effect.flow = r->path.flow;
    tn_emit(r->txns->ctx, effect);
}

void tn_request_fail(struct tn_request *r, enum tn_failure failure)
{
    tn_request_enter(r, TN_REQUEST_GONE);
    tn_request_emit(r, (struct tn_effect){.kind = TN_EFFECT_FAILED, .code = (int)failure});
}

/* ---- sending ---- */

static void put_start_line(const struct tn_request *r, struct tn_buf *out)
{
    tn_buf_str(out, tn_method_name(r->opts.method));
    tn_buf_char(out, ' ');
    tn_buf_str(out, r->opts.uri);
    tn_buf_str(out, TERN_STR(" SIP/2.0"));
}

static int launch(struct tn_request *r, uint32_t cseq, struct tn_buf *out)
{
    put_start_line(r, out);
    size_t start = out->len;
    int err = tn_put_request_rest(r, cseq, out);
    if (err) return err;

    const struct tn_client_opts opts = {
        .owner = {.kind = TN_OWNER_REQUEST, .id = r->id},
        .method = r->opts.method,
        .target = r->targets.list[r->target],
        .transport_fixed = r->targets.transport_fixed,
        .from = r->path.local, /* what Contact and SDP say, as long as it stands */
        .start_line = tn_str_sub(tn_buf_view(out), 0, start),
        .rest = tn_str_from(tn_buf_view(out), start),
    };
    if (r->opts.method == TN_METHOD_ACK) return tn_client_send_stateless(r->txns, &opts);
    return tn_client_start(r->txns, &opts, &r->client);
}

/* One attempt at the present target. The CSeq counts only what has left. */
int tn_request_attempt(struct tn_request *r)
{
    bool is_ack = r->opts.method == TN_METHOD_ACK;
    uint32_t cseq = is_ack ? *r->opts.cseq : *r->opts.cseq + 1;
    if (TN_MUTANT(CSEQ_AGAIN) && r->challenges > 0) cseq = *r->opts.cseq;
    struct tn_buf out;

    tn_buf_init(&out, &r->txns->ctx->alloc, TN_MSG_SIZE_MAX);
    int err = launch(r, cseq, &out);
    tn_buf_fini(&out);
    if (err) return err;
    *r->opts.cseq = cseq;
    r->path.cseq = cseq;
    if (is_ack) {
        tn_request_enter(r, TN_REQUEST_GONE);
        return 0;
    }
    const struct tn_flow *flow = tn_client_flow(r->txns, r->client);
    if (flow) tn_request_note_flow(r, flow->id);
    tn_request_enter(r, TN_REQUEST_PENDING);
    tn_request_sent(r);
    return 0;
}

/* ---- answers ---- */

static void finish(struct tn_request *r, struct tn_msg *msg)
{
    bool answered = r->opts.method == TN_METHOD_INVITE && msg->status < 300;

    tn_request_enter(r, answered ? TN_REQUEST_ANSWERED : TN_REQUEST_GONE);
    tn_request_emit(
        r, (struct tn_effect){.kind = TN_EFFECT_RESPONSE, .msg = msg, .code = (int)r->refusal});
}

/* Its challenge has shown a NAT that the owner has not known of. */
static bool is_remapped(const struct tn_request *r)
{
    const struct tn_flow *flow = tn_net_get(r->txns->net, r->path.flow);
    return flow && !tern_addr_equal(flow->mapped, r->mapped) && tn_net_is_translated(flow);
}

/* Whether the challenge has been taken up. After a CANCEL nothing is sent again. */
static bool authorise(struct tn_request *r, const struct tn_msg *msg)
{
    if (!r->opts.auth || r->cancelled) return false;
    if (msg->status != 401 && msg->status != 407) return false;
    r->refusal = tn_auth_challenge(r->opts.auth, msg, r->challenges);
    if (r->refusal == TN_AUTH_NO_MEMORY) { /* not a refusal: the credentials may be right */
        tn_request_fail(r, TN_FAILURE_LIMIT);
        return true;
    }
    if (r->refusal != TN_AUTH_RETRY) return false;
    r->challenges++;
    if (r->retargeted) {
        r->retargeted = false;
        tn_request_enter(r, TN_REQUEST_LOCATING);
        tn_request_locate(r);
        return true;
    }
    /* What was prepared names an address: once that has gone, the owner is asked anew. */
    bool moved = r->probed || !tn_net_has_local(r->txns->net, r->path.local) || is_remapped(r);
    bool stale = r->opts.prepare && moved;
    int err = stale ? tn_request_try(r) : tn_request_attempt(r);
    if (err) tn_request_try_next(r, tn_request_failure_of(err));
    return true;
}

static void take_final(struct tn_request *r, struct tn_msg *msg)
{
    r->path.rounds++;
    if (r->opts.auth) tn_auth_info(r->opts.auth, msg);
    if (authorise(r, msg)) return;
    /* RFC 3263 4.3: 503 means that another server should be asked. */
    if (msg->status == 503 && !r->cancelled && r->target + 1 < r->targets.count) {
        tn_request_try_next(r, TN_FAILURE_TRANSPORT);
        return;
    }
    finish(r, msg);
}

static void take_response(struct tn_request *r, const struct tn_effect *effect)
{
    if (effect->id != r->client) return;
    if (r->state == TN_REQUEST_ANSWERED) {
        tn_request_emit(r, (struct tn_effect){.kind = TN_EFFECT_RESPONSE, .msg = effect->msg});
        return;
    }
    if (r->state != TN_REQUEST_PENDING) return;
    if (!r->ringing) r->path.round_trip = r->txns->ctx->now - r->sent_at;
    tn_request_heard(r, effect->msg->status);
    if (effect->msg->status >= 200) {
        take_final(r, effect->msg);
        return;
    }
    r->ringing = true;
    tn_request_emit(r, (struct tn_effect){.kind = TN_EFFECT_RESPONSE, .msg = effect->msg});
}

/* An INVITE that rings somewhere must not ring in a second place as well. */
static bool may_fail_over(const struct tn_request *r, enum tn_failure failure)
{
    if (r->cancelled) return false;
    if (r->opts.method == TN_METHOD_INVITE && r->ringing) return false;
    return failure != TN_FAILURE_TIMEOUT || !r->opts.no_failover;
}

static void take_failure(struct tn_request *r, const struct tn_effect *effect)
{
    enum tn_failure failure = (enum tn_failure)effect->code;

    if (r->state != TN_REQUEST_PENDING || effect->id != r->client) return;
    bool rings = r->opts.method == TN_METHOD_INVITE && r->ringing;
    if (rings && failure == TN_FAILURE_TRANSPORT) {
        if (r->cancelled) return; /* the CANCEL finds its way, or the time runs out */
        /* Without memory it rings on, and what is answered there is ended. */
        (void)!tn_client_cancel(r->txns, r->client, (tern_str){NULL, 0});
        tn_client_abandon(r->txns, r->client);
        r->client = 0;
    }
    if (may_fail_over(r, failure)) {
        tn_request_try_next(r, failure);
    } else {
        tn_request_fail(r, failure);
    }
}

void tn_request_effect(struct tn_txns *txns, const struct tn_effect *effect)
{
    struct tn_request *r = get(txns, effect->owner.id);

    if (!r) return;
    if (effect->kind == TN_EFFECT_LOCATED) tn_request_located(r, effect->id);
    if (effect->kind == TN_EFFECT_TXN_RESPONSE) take_response(r, effect);
    if (effect->kind == TN_EFFECT_TXN_FAILED) take_failure(r, effect);
    if (effect->kind == TN_EFFECT_CANCEL_ANSWERED && effect->id == r->client) {
        tn_request_emit(
            r, (struct tn_effect){.kind = TN_EFFECT_CANCEL_ANSWERED, .code = effect->code});
    }
}

/* ---- the owner's side ---- */

static void on_timer(struct tn_timer *timer)
{
    struct tn_request *r = TN_OWNER(timer, struct tn_request, timer);
    TN_ASSERT(r->state == TN_REQUEST_ANSWERED || r->state == TN_REQUEST_GONE);
    tn_request_free(r);
}

/* Whatever is on its way is forgotten. */
static void drop_work(struct tn_request *r)
{
    tn_request_way_fini(r);
    if (r->state == TN_REQUEST_PENDING || r->state == TN_REQUEST_ANSWERED) {
        tn_client_abandon(r->txns, r->client);
    }
    r->client = 0;
}

/* Does not touch the client transaction: a final response's may have its ACK to repeat. */
void tn_request_free(struct tn_request *r)
{
    struct tn_txns *txns = r->txns;

    tn_timer_cancel(txns->ctx, &r->timer);
    tn_request_way_fini(r);
    tn_slots_remove(&txns->requests, r->id);
    tn_arena_fini(&r->arena);
    tn_arena_fini(&r->parts_arena);
    tn_free(&txns->ctx->alloc, r);
}

int tn_request_start(struct tn_txns *txns, const struct tn_request_opts *opts, uint64_t *id)
{
    if (opts->method == TN_METHOD_OTHER || opts->uri.len == 0 || !opts->cseq) return TERN_EINVAL;
    struct tn_request *r = tn_alloc(&txns->ctx->alloc, sizeof(*r));
    if (!r) return TERN_ENOMEM;

    r->txns = txns;
    tn_request_way_init(r);
    int err = tn_request_keep_opts(r, opts);
    if (!err) err = tn_slots_add(&txns->requests, r, &r->id);
    if (err) {
        tn_arena_fini(&r->arena);
        tn_free(&txns->ctx->alloc, r);
        return err;
    }
    if (!r->opts.transport) r->opts.transport = TERN_TRANSPORT_UDP;
    tn_timer_init(&r->timer, 0, on_timer);
    *id = r->id;
    tn_request_locate(r);
    return 0;
}

int tn_request_send(struct tn_txns *txns, uint64_t id, const struct tn_request_parts *parts)
{
    struct tn_request *r = get(txns, id);

    if (!r) return TERN_ESTALE;
    if (r->state != TN_REQUEST_PREPARING) return TERN_ESTATE;
    int err = tn_request_keep_parts(r, parts);
    if (err) return err;
    err = tn_request_attempt(r);
    if (err) tn_request_try_next(r, tn_request_failure_of(err));
    return 0;
}

bool tn_request_path(const struct tn_txns *txns, uint64_t id, struct tn_request_path *out)
{
    const struct tn_request *r = tn_slots_get(&txns->requests, id);

    if (!r) return false;
    *out = r->path;
    out->sent = r->state == TN_REQUEST_PENDING;
    out->heard = out->sent && r->ringing;
    return true;
}

int tn_request_cancel(struct tn_txns *txns, uint64_t id)
{
    return tn_request_cancel_because(txns, id, (tern_str){NULL, 0});
}

int tn_request_cancel_because(struct tn_txns *txns, uint64_t id, tern_str reason)
{
    struct tn_request *r = get(txns, id);

    if (!r) return TERN_ESTALE;
    if (r->opts.method != TN_METHOD_INVITE) return TERN_EINVAL;
    if (r->state == TN_REQUEST_ANSWERED) return TERN_ESTATE;
    if (r->state == TN_REQUEST_PENDING && tn_client_has_left(txns, r->client)) {
        int err = tn_client_cancel(txns, r->client, reason);
        /* Its final response, or failure, is in the queue already. */
        if (err && err != TERN_ESTATE && err != TERN_ESTALE) return err;
        r->cancelled = true;
        return 0;
    }
    drop_work(r);
    tn_request_fail(r, TN_FAILURE_NONE);
    return 0;
}

int tn_request_probe(struct tn_txns *txns, uint64_t id)
{
    struct tn_request *r = get(txns, id);

    if (!r) return TERN_ESTALE;
    if (r->state != TN_REQUEST_PENDING || r->cancelled) return TERN_ESTATE;
    int err = tn_client_probe(txns, r->client);
    if (err) return err;
    tn_request_note_flow(r, tn_client_flow(txns, r->client)->id);
    r->probed = true;
    r->sent_at = txns->ctx->now;
    return 0;
}

void tn_request_give_up(struct tn_txns *txns, uint64_t id)
{
    struct tn_request *r = get(txns, id);

    if (r && r->state == TN_REQUEST_PENDING) {
        tn_client_hush(txns, r->client);
        /* Without memory it stands, and what is answered there is ended. */
        (void)!tn_client_cancel(txns, r->client, (tern_str){NULL, 0});
    }
    tn_request_abandon(txns, id);
}

void tn_request_abandon(struct tn_txns *txns, uint64_t id)
{
    struct tn_request *r = tn_slots_get(&txns->requests, id);

    if (!r) return;
    drop_work(r);
    tn_request_free(r);
}

int tn_request_restart(struct tn_txns *txns, uint64_t id)
{
    struct tn_request *r = get(txns, id);

    if (!r) return TERN_ESTALE;
    if (r->state == TN_REQUEST_ANSWERED || r->cancelled) return TERN_ESTATE;
    drop_work(r);
    r->challenges = 0;
    r->rounds = 0;
    r->kept_tried = false;
    r->failure = TN_FAILURE_NONE;
    tn_request_enter(r, TN_REQUEST_LOCATING);
    tn_request_locate(r);
    return 0;
}

int tn_request_retarget(struct tn_txns *txns, uint64_t id, const struct tn_request_opts *opts)
{
    struct tn_request *r = get(txns, id);

    if (!r) return TERN_ESTALE;
    int err = tn_request_keep_target(r, opts);
    if (err) return err;
    r->retargeted = r->state == TN_REQUEST_PENDING;
    return 0;
}

void tn_request_count_by(struct tn_txns *txns, uint64_t id, uint32_t *cseq)
{
    struct tn_request *r = get(txns, id);

    if (r) r->opts.cseq = cseq;
}
