/* SPDX-License-Identifier: MIT */
/* The registration machine: RFC 3261 10.2, RFC 5626 4.2 to 4.5. Table in ua/registration.h. */
#include "base/assert.h"
#include "base/mutant.h"
#include "base/str.h"
#include "txn/timing.h"
#include "ua/reach.h"
#include "ua/registration_impl.h"
#include "ua/second.h"

#define BIT(state) (1u << (state))
#define LONGEST_S  (30 * 86400u) /* no registrar has a reason to ask for more */

static const unsigned successors[] = {
    [TERN_REGISTRATION_NONE] = BIT(TERN_REGISTRATION_REGISTERING) | BIT(TERN_REGISTRATION_WAITING),
    [TERN_REGISTRATION_WAITING] = BIT(TERN_REGISTRATION_REGISTERING) | BIT(TERN_REGISTRATION_NONE) |
                                  BIT(TERN_REGISTRATION_REMOVING) | BIT(TERN_REGISTRATION_WAITING) |
                                  BIT(TERN_REGISTRATION_REFRESHING),
    [TERN_REGISTRATION_REGISTERING] =
        BIT(TERN_REGISTRATION_REGISTERED) | BIT(TERN_REGISTRATION_FAILED) |
        BIT(TERN_REGISTRATION_WAITING) | BIT(TERN_REGISTRATION_REMOVING) |
        BIT(TERN_REGISTRATION_REGISTERING) | BIT(TERN_REGISTRATION_NONE),
    [TERN_REGISTRATION_REGISTERED] =
        BIT(TERN_REGISTRATION_REFRESHING) | BIT(TERN_REGISTRATION_REMOVING) |
        BIT(TERN_REGISTRATION_REGISTERING) | BIT(TERN_REGISTRATION_WAITING),
    [TERN_REGISTRATION_REFRESHING] =
        BIT(TERN_REGISTRATION_REGISTERED) | BIT(TERN_REGISTRATION_FAILED) |
        BIT(TERN_REGISTRATION_WAITING) | BIT(TERN_REGISTRATION_REMOVING) |
        BIT(TERN_REGISTRATION_REFRESHING) | BIT(TERN_REGISTRATION_REGISTERING),
    [TERN_REGISTRATION_REMOVING] = BIT(TERN_REGISTRATION_NONE) |
                                   BIT(TERN_REGISTRATION_REGISTERING) |
                                   BIT(TERN_REGISTRATION_WAITING),
    [TERN_REGISTRATION_FAILED] = BIT(TERN_REGISTRATION_REGISTERING) |
                                 BIT(TERN_REGISTRATION_REFRESHING) | BIT(TERN_REGISTRATION_NONE) |
                                 BIT(TERN_REGISTRATION_REMOVING) | BIT(TERN_REGISTRATION_WAITING),
};

/* The only writer of the state. Tells the application of every move. */
void tn_registration_enter(struct tn_registration *reg, enum tern_registration_state next,
                           tern_str reason)
{
    struct tn_ctx *ctx = &reg->account->ep->ctx;
    TN_ASSERT(successors[reg->state] & BIT(next));
    tn_trace(ctx, "registration", reg->account->id, tern_registration_state_name(reg->state),
             tern_registration_state_name(next));
    reg->state = next;
    if (next != TERN_REGISTRATION_REGISTERED) tn_timer_cancel(ctx, &reg->refresh);
    if (next != TERN_REGISTRATION_WAITING) tn_timer_cancel(ctx, &reg->retry);
    tn_snapshot_changed(reg->account->ep);
    if (reg->account->removed || !tn_registration_is_first(reg)) return;

    tern_time retry = tn_timer_due(&reg->retry);
    struct tern_event event = {.type = TERN_EV_REGISTRATION};
    event.u.registration = (struct tern_ev_registration){
        .account = {reg->account->id},
        .state = next,
        .status = reg->last_status,
        .reason = reason,
        .expires_s = next == TERN_REGISTRATION_REGISTERED
                         ? (uint32_t)((reg->bound_until - ctx->now) / TERN_SECONDS(1))
                         : 0,
        .retry_s = retry == TERN_TIME_NEVER
                       ? 0
                       : (uint32_t)((retry - ctx->now + TERN_SECONDS(1) - 1) / TERN_SECONDS(1)),
    };
    tn_ep_event(reg->account->ep, &event);
}

struct tn_list *tn_registrations_of_flow(struct tern_endpoint *ep, uint64_t flow)
{
    return &ep->registration_flows[flow % TN_REGISTRATION_FLOW_LISTS];
}

static void use_flow(struct tn_registration *reg, uint64_t flow)
{
    reg->flow = flow;
    tn_list_remove(&reg->by_flow);
    if (flow) tn_list_push(tn_registrations_of_flow(reg->account->ep, flow), &reg->by_flow);
}

/* Mobility sets its pace. */
static bool is_moving(const struct tn_registration *reg)
{
    return tn_registration_is_first(reg) && tn_account_task_active(&reg->account->task);
}

void tn_registration_forget(struct tn_registration *reg)
{
    struct tn_ctx *ctx = &reg->account->ep->ctx;
    reg->state = TERN_REGISTRATION_NONE;
    reg->again = false;
    reg->bound_until = TERN_TIME_NEVER;
    reg->local = (tern_addr){0};
    tn_timer_cancel(ctx, &reg->refresh);
    tn_timer_cancel(ctx, &reg->retry);
    tn_registration_unkeep(reg);
    use_flow(reg, 0);
}

static bool bound(const struct tn_registration *reg)
{
    return reg->bound_until != TERN_TIME_NEVER && reg->bound_until > reg->account->ep->ctx.now;
}

/* What a REGISTER under way makes of it. */
static enum tern_registration_state asking(const struct tn_registration *reg)
{
    bool fresh =
        reg->state == TERN_REGISTRATION_NONE || reg->state == TERN_REGISTRATION_REGISTERING;
    return bound(reg) && !fresh ? TERN_REGISTRATION_REFRESHING : TERN_REGISTRATION_REGISTERING;
}

static void refresh_fired(struct tn_timer *timer)
{
    tn_registration_start(TN_OWNER(timer, struct tn_registration, refresh));
}

static void retry_fired(struct tn_timer *timer)
{
    struct tn_registration *reg = TN_OWNER(timer, struct tn_registration, retry);
    if (reg->state == TERN_REGISTRATION_REMOVING) {
        tn_registration_remove_now(reg);
    } else {
        tn_registration_start(reg);
    }
}

struct tn_registration *tn_registration_of(struct tn_account *account, uint32_t tag)
{
    return &account->regs[tag >> 1];
}

void tn_registration_init(struct tn_registration *reg, struct tn_account *account, uint32_t number)
{
    reg->account = account;
    reg->number = number;
    reg->bound_until = TERN_TIME_NEVER;
    tn_list_init(&reg->by_flow);
    tn_timer_init(&reg->refresh, 0, refresh_fired);
    tn_timer_init(&reg->retry, 0, retry_fired);
}

int tn_registration_identify(struct tn_registration *reg)
{
    struct tn_ctx *ctx = &reg->account->ep->ctx;
    char call_id[24];
    tn_random_token(&ctx->random, call_id, sizeof(call_id));
    tn_random_token(&ctx->random, reg->from_tag, sizeof(reg->from_tag));
    reg->cseq = tn_random_below(&ctx->random, 1u << 16);
    return tn_text_set(&ctx->alloc, &reg->call_id, (tern_str){call_id, sizeof(call_id)});
}

void tn_registration_fini(struct tn_registration *reg)
{
    struct tn_ctx *ctx = &reg->account->ep->ctx;
    tn_request_abandon(&reg->account->ep->txns, reg->request);
    tn_list_remove(&reg->by_flow);
    tn_timer_cancel(ctx, &reg->refresh);
    tn_timer_cancel(ctx, &reg->retry);
    tn_registration_unkeep(reg);
    tn_text_fini(&ctx->alloc, &reg->call_id);
    tn_text_fini(&ctx->alloc, &reg->contact);
    tn_text_fini(&ctx->alloc, &reg->old_contacts);
    if (!TN_MUTANT(LEFT_MEMORY)) tn_text_fini(&ctx->alloc, &reg->pending_contact);
}

/* ---- sending ---- */

static void wait_to_retry(struct tn_registration *reg, tern_time retry_after, tern_str reason)
{
    tern_time pause = retry_after > 0 ? retry_after : tn_registration_pause(reg);
    tn_timer_arm(&reg->account->ep->ctx, &reg->retry, pause);
    tn_registration_enter(reg, TERN_REGISTRATION_WAITING, reason);
}

static void wait_for_network(struct tn_registration *reg)
{
    tn_timer_cancel(&reg->account->ep->ctx, &reg->retry);
    if (reg->state == TERN_REGISTRATION_WAITING) return;
    tn_registration_enter(reg, TERN_REGISTRATION_WAITING, TERN_STR("waiting for a network"));
}

bool tn_registration_has_network(const struct tern_endpoint *ep)
{
    for (uint32_t i = 0; i < ep->network.address_count; i++) {
        if (!(ep->network.addresses[i].flags & TERN_NET_TENTATIVE)) return true;
    }
    return false;
}

/* The first listener must stand before a Contact can name its port. */
static bool can_be_called(const struct tn_registration *reg)
{
    const struct tern_endpoint *ep = reg->account->ep;
    if (reg->account->transport == TERN_TRANSPORT_UDP) return ep->net.udp_port != 0;
    /* Over TLS we are called by the connection to the registrar: listeners need a certificate. */
    if (reg->account->transport == TERN_TRANSPORT_TLS) return true;
    return ep->net.tcp_port != 0 || ep->listener_failed;
}

void tn_registration_drop_request(struct tn_registration *reg)
{
    tn_bindings_doubt(reg, reg->request);
    tn_request_abandon(&reg->account->ep->txns, reg->request);
    reg->request = 0;
    reg->pending_local = (tern_addr){0};
}

void tn_registration_start(struct tn_registration *reg)
{
    if (reg->account->registrar.len == 0) return;
    if (reg->state == TERN_REGISTRATION_REMOVING) {
        reg->again = true;
        if (reg->request == 0) tn_registration_removed(reg); /* it only waited for another try */
        return;
    }
    tn_registration_drop_request(reg);
    if (!tn_registration_has_network(reg->account->ep) || !can_be_called(reg)) {
        wait_for_network(reg);
        return;
    }
    tn_registration_enter(reg, asking(reg), (tern_str){NULL, 0});
    if (tn_registration_send(reg, TN_REGISTER_NEW) != 0) {
        reg->failures++;
        wait_to_retry(reg, 0, TERN_STR("out of memory"));
    }
}

void tn_registration_move(struct tn_registration *reg, uint32_t contact_flags)
{
    if (reg->state == TERN_REGISTRATION_REMOVING) return;
    tn_registration_drop_request(reg);
    if (contact_flags != TERN_CONTACT_LEAVE_OLD) tn_bindings_retire(reg);
    reg->failures = 0;
    tn_registration_enter(reg, asking(reg), TERN_STR("the IP address has changed"));
    bool first_remove = contact_flags == TERN_CONTACT_UNREGISTER_FIRST && reg->old_contacts.len > 0;
    if (tn_registration_send(reg, first_remove ? TN_REGISTER_REMOVE : TN_REGISTER_NEW) != 0) {
        wait_to_retry(reg, 0, TERN_STR("out of memory"));
    }
}

/* ---- the world changes ---- */

/* The Contact in force names a port on which nobody listens any more. */
static bool names_old_port(const struct tn_registration *reg)
{
    const struct tn_net *net = &reg->account->ep->net;
    uint16_t port = 0;
    switch (reg->account->transport) {
    case TERN_TRANSPORT_UDP: port = net->udp_port; break;
    case TERN_TRANSPORT_TCP: port = net->tcp_port; break;
    case TERN_TRANSPORT_TLS: port = net->tls_port; break;
    }
    return port != 0 && reg->local.port != port && reg->local.family != TERN_FAMILY_NONE &&
           tn_net_has_local(net, reg->local);
}

/*
 * What a name means is asked anew in each network, also for what still waits for its connection. Of
 * what was sent a removal is sent again by a new path: its answer would not come, nor has it perhaps
 * arrived (MOBILITY S8). What registers is then moved by mobility.
 */
static void request_online(struct tn_registration *reg)
{
    struct tern_endpoint *ep = reg->account->ep;
    struct tn_request_path path = {0};
    bool removing = reg->state == TERN_REGISTRATION_REMOVING;
    if (!tn_registration_has_network(ep) || !tn_request_path(&ep->txns, reg->request, &path))
        return;
    bool sent = path.cseq != 0;
    bool stands = tn_net_has_local(&ep->net, path.local);
    if (sent ? stands || !removing : stands && reg->sent_at == ep->ctx.now) return;
    reg->sent_at = ep->ctx.now;
    reg->give_up = ep->ctx.now + TN_REMOVE_TIME;
    /* Without memory it goes on as it is and fails. */
    (void)!tn_request_restart(&ep->txns, reg->request);
}

void tn_registration_online(struct tn_registration *reg, bool changed)
{
    if (changed) request_online(reg);
    if (is_moving(reg)) return;
    if (reg->state == TERN_REGISTRATION_REMOVING) {
        if (changed) tn_registration_removal_online(reg);
        return; /* it may be gone */
    }
    if (reg->state == TERN_REGISTRATION_REGISTERED && names_old_port(reg)) {
        tn_registration_start(reg);
    }
    if (reg->state != TERN_REGISTRATION_WAITING) return;
    bool has_own_time = tn_timer_armed(&reg->retry);
    if (has_own_time && !(changed && reg->last_status == 0)) return;
    if (reg->account->removed || !reg->account->wants_registration) return;
    if (!tn_registration_has_network(reg->account->ep) || !can_be_called(reg)) return;
    reg->failures = 0;
    tn_registration_start(reg);
}

void tn_registration_hasten(struct tn_registration *reg)
{
    struct tn_ctx *ctx = &reg->account->ep->ctx;
    if (reg->state != TERN_REGISTRATION_WAITING || reg->last_status != 0) return;
    if (!tn_timer_armed(&reg->retry)) return;
    tern_time due = ctx->now + tn_registration_pause(reg);
    if (due < tn_timer_due(&reg->retry)) tn_timer_arm(ctx, &reg->retry, due - ctx->now);
}

/* ---- effects ---- */

static void prepare(struct tn_registration *reg, const struct tn_effect *effect)
{
    if (tn_registration_prepare(reg, effect) == 0) return;
    tn_registration_drop_request(reg);
    if (reg->state == TERN_REGISTRATION_REMOVING) {
        tn_registration_removal_failed(reg, 0, 0);
        return;
    }
    reg->failures++;
    wait_to_retry(reg, 0, TERN_STR("out of memory"));
}

/*
 * A lifetime is counted from when it was asked for, for the answer to a repeat may be one that was
 * kept since the first time (RFC 3261 17.2.2). A second does not matter.
 *
 * RFC 3261 10.2.4: what a 2xx lists, or may list soon, and should not, is removed by another REGISTER.
 * By then nothing older can be under way, and the clients of one network do not ask all at once.
 */
static tern_time next_refresh(struct tn_registration *reg, const struct tn_msg *rsp,
                              uint32_t granted)
{
    struct tn_ctx *ctx = &reg->account->ep->ctx;
    tern_time delay = tn_registration_refresh_delay(reg, granted), age = ctx->now - reg->sent_at;
    if (age > TERN_SECONDS(1))
        delay = delay > age + TERN_SECONDS(1) ? delay - age : TERN_SECONDS(1);
    bool untrue = tn_bindings_settle(reg, rsp) || names_old_port(reg);
    if (!untrue || reg->confirms >= TN_CONFIRMS_MAX) {
        tn_bindings_forget(reg);
        return delay;
    }
    reg->confirms++;
    tern_time doubt = reg->doubt_until > ctx->now ? reg->doubt_until - ctx->now : 0;
    tern_time soon = doubt + TERN_MS(tn_random_below(&ctx->random, (uint32_t)(TN_T4 / 1000)));
    return soon < delay ? soon : delay;
}

static void registered(struct tn_registration *reg, const struct tn_msg *rsp, uint64_t request)
{
    struct tern_endpoint *ep = reg->account->ep;
    struct tn_request_path path;
    if (tn_request_path(&ep->txns, request, &path)) {
        use_flow(reg, path.flow);
        reg->account->round_trip = path.round_trip;
    }
    uint32_t seconds = tn_bindings_granted(reg, rsp);
    tn_outbound_take(reg, rsp, tn_bindings_params(reg, rsp));
    if (seconds > reg->asked_expires_s) seconds = reg->asked_expires_s;
    reg->failures = 0;
    reg->raised = false;
    reg->bound_until = reg->sent_at + TERN_SECONDS(seconds);
    reg->local = reg->pending_local;
    reg->pending_local = (tern_addr){0};
    tn_text_fini(&ep->ctx.alloc, &reg->contact);
    reg->contact = reg->pending_contact;
    reg->pending_contact = (struct tn_text){NULL, 0};
    if (tn_registration_is_first(reg)) tn_registration_take_service_route(reg, rsp);
    tern_time refresh = next_refresh(reg, rsp, seconds);
    tn_registration_enter(reg, TERN_REGISTRATION_REGISTERED, (tern_str){NULL, 0});
    tn_timer_arm(&ep->ctx, &reg->refresh, refresh);
    if (TN_MUTANT(LOST_REFRESH) && ep->mob.open) tn_timer_cancel(&ep->ctx, &reg->refresh);
    tn_registration_keep(reg);
    tn_public_registered(reg);
    if (!tn_registration_is_first(reg)) return;
    bool moved = is_moving(reg);
    tn_mob_server_is(&reg->account->task, tn_reach_server(reg->account));
    tn_mob_registered(&ep->mob, ep->ctx.now, &reg->account->task, (int)rsp->status, 0);
    /* The server's address of the family that we have now is known: answers find their way. */
    if (moved) tn_txns_moved(&ep->txns);
    if (moved && reg->account->calls > 0) tn_ep_answers_online(ep);
    tn_second_settled(reg->account);
}

struct refusal {
    int code; /* 0: nobody answered */
    bool no_route;
    bool broke;     /* the connection, under a REGISTER that was sent by it */
    tern_time wait; /* Retry-After; 0: not said */
    tern_str reason;
};

/*
 * A refusal that another try would not change is final: the person must act, or the network
 * change. Everything else is tried again. While mobility moves the account it sets the pace.
 */
static void refused(struct tn_registration *reg, const struct refusal *why)
{
    struct tern_endpoint *ep = reg->account->ep;
    static const int final[] = {401, 404, 405, 407, 410, 416, 484, 604};
    bool is_final = false;
    for (size_t i = 0; i < sizeof(final) / sizeof(final[0]); i++)
        is_final = is_final || final[i] == why->code;

    reg->last_status = why->code;
    reg->failures++;
    reg->pending_local = (tern_addr){0};
    if (is_final) {
        tn_registration_enter(reg, TERN_REGISTRATION_FAILED, why->reason);
    } else if (why->broke && reg->failures == 1 && !is_moving(reg)) {
        tn_registration_start(reg);
    } else if (why->no_route) { /* another try makes sense when the network is another */
        tn_registration_enter(reg, TERN_REGISTRATION_WAITING, why->reason);
    } else {
        wait_to_retry(reg, why->wait, why->reason);
    }
    if (!tn_registration_is_first(reg)) return;
    tn_mob_registered(&ep->mob, ep->ctx.now, &reg->account->task, why->code, why->wait);
    if (is_moving(reg)) tn_timer_cancel(&ep->ctx, &reg->retry);
    if (tn_account_gruu(reg->account).len == 0) tn_calls_lose_gruu(reg->account);
}

static bool interval_too_brief(struct tn_registration *reg, const struct tn_msg *rsp)
{
    uint32_t least;
    if (rsp->status != 423 || !tn_msg_number(rsp, TN_HDR_MIN_EXPIRES, &least)) return false;
    if (least <= reg->asked_expires_s || least > LONGEST_S || reg->raised) return false;
    reg->asked_expires_s = least;
    reg->raised = true; /* once: a registrar that never has enough must not be asked in a loop */
    return true;
}

/* RFC 5626 4.2.1: without flows, then, and at once. */
static bool hop_keeps_no_flows(struct tn_registration *reg, const struct tn_msg *rsp)
{
    struct tn_outbound *outbound = &reg->account->outbound;
    if (rsp->status != 439 || outbound->off || outbound->refused) return false;
    outbound->refused = true;
    return true;
}

static void answered(struct tn_registration *reg, const struct tn_effect *effect)
{
    const struct tn_msg *rsp = effect->msg;
    if (rsp->status < 200) return;
    reg->last_status = (int)rsp->status;
    if (reg->state == TERN_REGISTRATION_REMOVING) {
        tn_registration_removal_answered(reg, rsp);
        return;
    }
    if (rsp->status < 300 && tn_registration_only_removes(effect)) {
        reg->request = 0;
        (void)tn_bindings_settle(reg, rsp);
        if (tn_registration_send(reg, TN_REGISTER_NEW) == 0) return;
    }
    if (rsp->status < 300) {
        registered(reg, rsp, effect->id);
        reg->request = 0;
        return;
    }
    reg->request = 0;
    bool otherwise = interval_too_brief(reg, rsp) || hop_keeps_no_flows(reg, rsp);
    if (otherwise && tn_registration_send(reg, TN_REGISTER_NEW) == 0) return;
    tern_str reason = rsp->reason.len > 0 ? rsp->reason : tn_reason_phrase(rsp->status);
    tern_str refusal = tn_auth_result_text((enum tn_auth_result)effect->code);
    if (refusal.len > 0) reason = refusal;
    struct refusal why = {.code = (int)rsp->status,
                          .broke = rsp->status == 430, /* RFC 5626 5.3: its flow, at a proxy */
                          .wait = tn_retry_after(rsp),
                          .reason = reason};
    refused(reg, &why);
}

/*
 * A connection that is reset when it is written to has been dead before: its server has started anew,
 * or a NAT has forgotten it (RFC 5626 4.4). What was sent by it has not been refused by anybody.
 */
static bool connection_broke(const struct tn_registration *reg, const struct tn_effect *effect)
{
    struct tn_request_path path;
    return effect->code == TN_FAILURE_TRANSPORT && reg->account->transport != TERN_TRANSPORT_UDP &&
           tn_request_path(&reg->account->ep->txns, reg->request, &path) && path.cseq != 0;
}

/*
 * A connection by which nothing has come since the REGISTER left is dead, or a NAT has forgotten it: the
 * next try gets another.
 */
static void give_up_stream(struct tn_registration *reg)
{
    struct tern_endpoint *ep = reg->account->ep;
    struct tn_request_path path;
    if (!tn_request_path(&ep->txns, reg->request, &path)) return;
    const struct tn_flow *flow = tn_net_get(&ep->net, path.flow);
    if (!flow || flow->key.transport == TERN_TRANSPORT_UDP) return;
    if (flow->last_received != TERN_TIME_NEVER && flow->last_received >= reg->sent_at) return;
    tn_net_close(&ep->net, path.flow, true, false);
}

void tn_registration_effect(struct tn_registration *reg, const struct tn_effect *effect)
{
    if (effect->id != reg->request) return;
    if (effect->kind == TN_EFFECT_PREPARE) {
        prepare(reg, effect);
    } else if (effect->kind == TN_EFFECT_RESPONSE) {
        answered(reg, effect);
    } else {
        TN_ASSERT(effect->kind == TN_EFFECT_FAILED); /* a request tells no more than these */
        bool broke = connection_broke(reg, effect);
        if (effect->code == TN_FAILURE_TIMEOUT) give_up_stream(reg);
        tn_bindings_doubt(reg, reg->request);
        reg->request = 0;
        /* All of its addresses were tried in vain: what the name means may be something else now. */
        if (effect->code == TN_FAILURE_TIMEOUT || effect->code == TN_FAILURE_TRANSPORT)
            tn_locate_flush(&reg->account->ep->net);
        if (reg->state == TERN_REGISTRATION_REMOVING) {
            tn_registration_removal_failed(reg, 0, 0);
        } else {
            tern_str told = tn_net_why_down(&reg->account->ep->net, effect->flow);
            struct refusal why = {
                .no_route = effect->code == TN_FAILURE_NO_ROUTE,
                .broke = broke,
                .reason = told.len > 0 ? told : tn_registration_failure_text(effect->code)};
            refused(reg, &why);
        }
    }
}

void tn_registration_flow_down(struct tn_registration *reg, uint64_t flow)
{
    if (reg->flow != flow) return;
    use_flow(reg, 0);
    tn_registration_unkeep(reg);
    /* RFC 5626 4.2: a registration whose connection broke is made again; mobility may be on it. */
    if (reg->state != TERN_REGISTRATION_REGISTERED) return;
    if (is_moving(reg)) return;
    if (!tn_net_has_local(&reg->account->ep->net, reg->local)) return;
    tn_registration_start(reg);
}
