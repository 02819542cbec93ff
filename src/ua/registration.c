/* SPDX-License-Identifier: MIT */
/* The registration of an account: RFC 3261 10.2, RFC 3608, RFC 5626 4.5. Table in ua/account.h. */
#include "base/assert.h"
#include "base/mutant.h"
#include "base/str.h"
#include "txn/timing.h"
#include "ua/account.h"

#define BIT(state)   (1u << (state))
#define BACKOFF_BASE TERN_SECONDS(30) /* RFC 5626 4.5, without any flow left */
#define BACKOFF_MAX  TERN_SECONDS(1800)
#define QUICK_BASE   TERN_MS(500) /* with a call up */
#define QUICK_MAX    TERN_SECONDS(30)
#define REMOVE_TIME  (64 * TN_T1)  /* as long as any request is tried */
#define CONFIRMS_MAX 3             /* in a row: a registrar that removes nothing is let be */
#define LONGEST_S    (30 * 86400u) /* no registrar has a reason to ask for more */
#define REMOVE_OLD   UINT32_C(1)   /* tag of a REGISTER that only removes the old binding */
#define REGISTER_NEW UINT32_C(0)

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
static void enter(struct tn_account *account, enum tern_registration_state next, tern_str reason)
{
    struct tn_ctx *ctx = &account->ep->ctx;
    TN_ASSERT(successors[account->state] & BIT(next));
    tn_trace(ctx, "registration", account->id, tern_registration_state_name(account->state),
             tern_registration_state_name(next));
    account->state = next;
    if (next != TERN_REGISTRATION_REGISTERED) tn_timer_cancel(ctx, &account->refresh);
    if (next != TERN_REGISTRATION_WAITING) tn_timer_cancel(ctx, &account->retry);
    if (account->removed) return;

    tern_time retry = tn_timer_due(&account->retry);
    struct tern_event event = {.type = TERN_EV_REGISTRATION};
    event.u.registration = (struct tern_ev_registration){
        .account = {account->id},
        .state = next,
        .status = account->last_status,
        .reason = reason,
        .expires_s = next == TERN_REGISTRATION_REGISTERED
                         ? (uint32_t)((account->bound_until - ctx->now) / TERN_SECONDS(1))
                         : 0,
        .retry_s = retry == TERN_TIME_NEVER
                       ? 0
                       : (uint32_t)((retry - ctx->now + TERN_SECONDS(1) - 1) / TERN_SECONDS(1)),
    };
    tn_ep_event(account->ep, &event);
}

static bool bound(const struct tn_account *account)
{
    return account->bound_until != TERN_TIME_NEVER && account->bound_until > account->ep->ctx.now;
}

static void refresh_fired(struct tn_timer *timer)
{
    tn_registration_start(TN_OWNER(timer, struct tn_account, refresh));
}

static void remove_now(struct tn_account *account);

static void retry_fired(struct tn_timer *timer)
{
    struct tn_account *account = TN_OWNER(timer, struct tn_account, retry);
    if (account->state == TERN_REGISTRATION_REMOVING) {
        remove_now(account);
    } else {
        tn_registration_start(account);
    }
}

static void keepalive_fired(struct tn_timer *timer)
{
    struct tn_account *account = TN_OWNER(timer, struct tn_account, keepalive);
    if (account->keepalive_s == 0) return; /* tern_account_modify() */
    /* A flow that is gone has been reported, and a datagram that is lost does no harm. */
    (void)!tn_net_keepalive(&account->ep->net, account->flow);
    tn_timer_arm(&account->ep->ctx, &account->keepalive, TERN_SECONDS(account->keepalive_s));
}

struct tn_list *tn_accounts_of_flow(struct tern_endpoint *ep, uint64_t flow)
{
    return &ep->account_flows[flow % TN_ACCOUNT_FLOW_LISTS];
}

static void use_flow(struct tn_account *account, uint64_t flow)
{
    account->flow = flow;
    tn_list_remove(&account->by_flow);
    if (flow) tn_list_push(tn_accounts_of_flow(account->ep, flow), &account->by_flow);
}

int tn_registration_init(struct tn_account *account)
{
    struct tn_ctx *ctx = &account->ep->ctx;
    char call_id[24];
    tn_list_init(&account->by_flow);
    tn_random_token(&ctx->random, call_id, sizeof(call_id));
    tn_random_token(&ctx->random, account->from_tag, sizeof(account->from_tag));
    account->cseq = tn_random_below(&ctx->random, 1u << 16);
    account->bound_until = TERN_TIME_NEVER;
    tn_timer_init(&account->refresh, 0, refresh_fired);
    tn_timer_init(&account->retry, 0, retry_fired);
    tn_timer_init(&account->keepalive, 0, keepalive_fired);
    return tn_text_set(&ctx->alloc, &account->call_id, (tern_str){call_id, sizeof(call_id)});
}

void tn_registration_fini(struct tn_account *account)
{
    struct tn_ctx *ctx = &account->ep->ctx;
    tn_request_abandon(&account->ep->txns, account->request);
    tn_list_remove(&account->by_flow);
    tn_timer_cancel(ctx, &account->refresh);
    tn_timer_cancel(ctx, &account->retry);
    if (!TN_MUTANT(LEFT_KEEPALIVE)) tn_timer_cancel(ctx, &account->keepalive);
    tn_text_fini(&ctx->alloc, &account->call_id);
    tn_text_fini(&ctx->alloc, &account->contact);
    tn_text_fini(&ctx->alloc, &account->old_contacts);
    if (!TN_MUTANT(LEFT_MEMORY)) tn_text_fini(&ctx->alloc, &account->pending_contact);
}

/* ---- sending ---- */

static int put_identity(const struct tn_account *account, struct tn_buf *buf)
{
    tern_str text;
    tn_buf_char(buf, '<');
    tn_buf_str(buf, tn_text_view(&account->uri));
    tn_buf_char(buf, '>');
    return tn_buf_end(buf, &text);
}

static int send_register(struct tn_account *account, uint32_t tag)
{
    struct tern_endpoint *ep = account->ep;
    struct tn_buf buf;
    account->sent_at = ep->ctx.now;
    tn_buf_init(&buf, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    int err = put_identity(account, &buf);
    size_t to_len = buf.len;
    tn_buf_z(&buf, ";tag=");
    tn_buf_bytes(&buf, account->from_tag, sizeof(account->from_tag));
    if (!err) err = buf.err;
    if (!err) {
        tern_str proxy = tn_text_view(&account->proxy);
        struct tn_request_opts opts = {
            .owner = {TN_OWNER_REGISTRATION, tag, account->id},
            .method = TN_METHOD_REGISTER,
            .uri = tn_text_view(&account->registrar),
            .from = {buf.ptr, buf.len},
            .to = {buf.ptr, to_len},
            .call_id = tn_text_view(&account->call_id),
            .cseq = &account->cseq,
            .next_hop = proxy,
            .transport = account->transport,
            .secure = account->sips,
            .auth = account->old_auth.ctx ? &account->old_auth : &account->auth,
            .headers = TERN_STR("Supported: path\r\n"), /* RFC 3327 5.1 */
            .prepare = true,
        };
        err = tn_request_start(&ep->txns, &opts, &account->request);
    }
    tn_buf_fini(&buf);
    return err;
}

/* Nobody answered, or somebody could not: worth another try soon where a call needs the way back. */
static bool is_worth_haste(const struct tn_account *account)
{
    int code = account->last_status;
    return account->calls > 0 && (code < 400 || code >= 500 || code == 408 || code == 480);
}

/* With a call up soon, since it may depend on the binding; else as RFC 5626 4.5 says. */
static tern_time pause_after_failure(struct tn_account *account)
{
    bool haste = is_worth_haste(account);
    tern_time pause = haste ? QUICK_BASE : BACKOFF_BASE;
    tern_time most = haste ? QUICK_MAX : BACKOFF_MAX;
    unsigned doublings = account->failures < 7 ? account->failures : 7;
    if (haste && doublings > 0) doublings--; /* the first failure was the try at 0 */
    pause <<= doublings;
    if (pause > most) pause = most;
    /* RFC 5626 4.5: between half and all of it, so that clients of a restarted server spread. */
    tern_time least = haste ? pause : pause / 2;
    return least + TERN_MS(tn_random_below(&account->ep->ctx.random, (uint32_t)(pause / 2000)));
}

static void wait_to_retry(struct tn_account *account, tern_time retry_after, tern_str reason)
{
    tern_time pause = retry_after > 0 ? retry_after : pause_after_failure(account);
    tn_timer_arm(&account->ep->ctx, &account->retry, pause);
    enter(account, TERN_REGISTRATION_WAITING, reason);
}

static void wait_for_network(struct tn_account *account)
{
    tn_timer_cancel(&account->ep->ctx, &account->retry);
    if (account->state == TERN_REGISTRATION_WAITING) return;
    enter(account, TERN_REGISTRATION_WAITING, TERN_STR("waiting for a network"));
}

static bool usable_network(const struct tern_endpoint *ep)
{
    for (uint32_t i = 0; i < ep->network.address_count; i++) {
        if (!(ep->network.addresses[i].flags & TERN_NET_TENTATIVE)) return true;
    }
    return false;
}

/* The first listener must stand before a Contact can name its port. */
static bool can_be_called(const struct tn_account *account)
{
    const struct tern_endpoint *ep = account->ep;
    if (account->transport == TERN_TRANSPORT_UDP) return ep->net.udp_port != 0;
    /* Over TLS we are called by the connection to the registrar: listeners need a certificate. */
    if (account->transport == TERN_TRANSPORT_TLS) return true;
    return ep->net.tcp_port != 0 || ep->listener_failed;
}

static void drop_request(struct tn_account *account)
{
    tn_bindings_doubt(account, account->request);
    tn_request_abandon(&account->ep->txns, account->request);
    account->request = 0;
    account->pending_local = (tern_addr){0};
}

static void removed(struct tn_account *account);

void tn_registration_start(struct tn_account *account)
{
    if (account->registrar.len == 0) return;
    if (account->state == TERN_REGISTRATION_REMOVING) {
        account->again = true;
        if (account->request == 0) removed(account); /* it only waited for another try */
        return;
    }
    drop_request(account);
    if (!usable_network(account->ep) || !can_be_called(account)) {
        wait_for_network(account);
        return;
    }
    enter(account, bound(account) ? TERN_REGISTRATION_REFRESHING : TERN_REGISTRATION_REGISTERING,
          (tern_str){NULL, 0});
    if (send_register(account, REGISTER_NEW) != 0) {
        account->failures++;
        wait_to_retry(account, 0, TERN_STR("out of memory"));
    }
}

void tn_registration_move(struct tn_account *account, uint32_t contact_flags)
{
    if (account->state == TERN_REGISTRATION_REMOVING) return;
    drop_request(account);
    if (contact_flags != TERN_CONTACT_LEAVE_OLD) tn_bindings_retire(account);
    account->failures = 0;
    enter(account, bound(account) ? TERN_REGISTRATION_REFRESHING : TERN_REGISTRATION_REGISTERING,
          TERN_STR("the IP address has changed"));
    bool first_remove =
        contact_flags == TERN_CONTACT_UNREGISTER_FIRST && account->old_contacts.len > 0;
    if (send_register(account, first_remove ? REMOVE_OLD : REGISTER_NEW) != 0) {
        wait_to_retry(account, 0, TERN_STR("out of memory"));
    }
}

/* ---- removing ---- */

static void removed(struct tn_account *account)
{
    struct tern_endpoint *ep = account->ep;
    bool again = account->again;
    bool same_place = account->old_auth.ctx == NULL;
    account->again = false;
    tn_auth_fini(&account->old_auth);
    account->bound_until = TERN_TIME_NEVER;
    account->local = (tern_addr){0};
    tn_text_fini(&ep->ctx.alloc, &account->contact);
    if (!again || !same_place) tn_bindings_forget(account);
    tn_timer_cancel(&ep->ctx, &account->retry);
    tn_timer_cancel(&ep->ctx, &account->keepalive);
    if (account->removed) {
        tn_account_release(account);
        return;
    }
    enter(account, TERN_REGISTRATION_NONE, (tern_str){NULL, 0});
    if (again) tn_registration_start(account);
}

/* It may be answered otherwise in a while, or by another path (MOBILITY S8). */
static bool removal_may_succeed(const struct tn_account *account, int code)
{
    if (code == 501 || code == 505) return false;
    if (code != 0 && code != 408 && code != 480 && code < 500) return false;
    /* Where tern_account_modify() has moved the account, its old identity is not known any more. */
    return code < 600 && !account->again && account->old_auth.ctx == NULL &&
           account->ep->state != TN_ENDPOINT_STOPPED;
}

/* Tried for a time, for there may be nobody left to wait for it. Then the binding expires. */
static void removal_failed(struct tn_account *account, int code, tern_time retry_after)
{
    struct tn_ctx *ctx = &account->ep->ctx;
    unsigned doublings = account->failures < 6 ? account->failures : 6;
    tern_time pause = retry_after > 0 ? retry_after : QUICK_BASE << doublings;
    if (usable_network(account->ep)) {
        account->failures++;
    } else { /* the network that comes hastens it */
        pause = account->give_up - ctx->now - 1;
    }
    if (pause <= 0 || !removal_may_succeed(account, code) || ctx->now + pause >= account->give_up) {
        removed(account);
        return;
    }
    tn_timer_arm(ctx, &account->retry, pause);
}

static void remove_now(struct tn_account *account)
{
    if (send_register(account, REGISTER_NEW) != 0) removal_failed(account, 0, 0);
}

static void removal_answered(struct tn_account *account, const struct tn_msg *rsp)
{
    struct tn_ctx *ctx = &account->ep->ctx;
    account->request = 0;
    if (rsp->status >= 300) {
        removal_failed(account, (int)rsp->status, tn_retry_after(rsp));
        return;
    }
    bool left = tn_bindings_settle(account, rsp);
    if (!left || account->again || account->ep->state != TN_ENDPOINT_RUNNING ||
        account->confirms++ >= CONFIRMS_MAX) {
        removed(account);
        return;
    }
    tern_time doubt = account->doubt_until - ctx->now;
    tn_timer_arm(ctx, &account->retry, doubt > 0 ? doubt : TERN_SECONDS(1));
}

void tn_registration_remove(struct tn_account *account)
{
    struct tern_endpoint *ep = account->ep;
    account->again = false;
    if (account->state == TERN_REGISTRATION_REMOVING) return; /* is on its way already */
    drop_request(account);
    tn_bindings_retire(account);
    if (account->state == TERN_REGISTRATION_NONE) {
        if (account->removed) tn_account_release(account);
        return;
    }
    account->failures = 0;
    account->give_up = ep->ctx.now + REMOVE_TIME;
    enter(account, TERN_REGISTRATION_REMOVING, (tern_str){NULL, 0});
    bool online = usable_network(ep);
    if (account->old_contacts.len == 0 || (!online && ep->state != TN_ENDPOINT_RUNNING)) {
        removed(account);
    } else if (online) {
        remove_now(account);
    } else { /* there may be one soon; whoever switches the phone off does not wait for it */
        tn_timer_arm(&ep->ctx, &account->retry, REMOVE_TIME);
    }
}

/* ---- the world changes ---- */

/* The Contact in force names a port on which nobody listens any more. */
static bool names_old_port(const struct tn_account *account)
{
    const struct tn_net *net = &account->ep->net;
    uint16_t port = 0;
    switch (account->transport) {
    case TERN_TRANSPORT_UDP: port = net->udp_port; break;
    case TERN_TRANSPORT_TCP: port = net->tcp_port; break;
    case TERN_TRANSPORT_TLS: port = net->tls_port; break;
    }
    return port != 0 && account->local.port != port && account->local.family != TERN_FAMILY_NONE &&
           tn_net_has_local(net, account->local);
}

/*
 * What a name means is asked anew in each network, also for what still waits for its connection. Of
 * what was sent a removal is sent again by a new path: its answer would not come, nor has it perhaps
 * arrived (MOBILITY S8). What registers is then moved by mobility.
 */
static void request_online(struct tn_account *account)
{
    struct tern_endpoint *ep = account->ep;
    struct tn_request_path path = {0};
    bool removing = account->state == TERN_REGISTRATION_REMOVING;
    if (!usable_network(ep) || !tn_request_path(&ep->txns, account->request, &path)) return;
    bool sent = path.cseq != 0;
    bool stands = tn_net_has_local(&ep->net, path.local);
    if (sent ? stands || !removing : stands && account->sent_at == ep->ctx.now) return;
    account->sent_at = ep->ctx.now;
    account->give_up = ep->ctx.now + REMOVE_TIME;
    /* Without memory it goes on as it is and fails. */
    (void)!tn_request_restart(&ep->txns, account->request);
}

static void removal_online(struct tn_account *account)
{
    if (account->request != 0 || !usable_network(account->ep)) return;
    tn_timer_cancel(&account->ep->ctx, &account->retry);
    remove_now(account);
}

void tn_registration_online(struct tn_account *account, bool changed)
{
    if (changed) request_online(account);
    if (tn_account_task_active(&account->task)) return;
    if (account->state == TERN_REGISTRATION_REMOVING) {
        if (changed) removal_online(account);
        return; /* it may be gone */
    }
    if (account->state == TERN_REGISTRATION_REGISTERED && names_old_port(account)) {
        tn_registration_start(account);
    }
    if (account->state != TERN_REGISTRATION_WAITING) return;
    bool has_own_time = tn_timer_armed(&account->retry);
    if (has_own_time && !(changed && account->last_status == 0)) return;
    if (account->removed || !account->wants_registration) return;
    if (!usable_network(account->ep) || !can_be_called(account)) return;
    account->failures = 0;
    tn_registration_start(account);
}

/* ---- effects ---- */

static void prepare(struct tn_account *account, const struct tn_effect *effect)
{
    struct tern_endpoint *ep = account->ep;
    struct tn_request_path path;
    struct tn_buf buf;
    if (!tn_request_path(&ep->txns, effect->id, &path)) return;
    account->pending_local = path.local;
    account->server = path.remote;
    tn_buf_init(&buf, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    bool only_removes =
        account->state == TERN_REGISTRATION_REMOVING || effect->owner.tag == REMOVE_OLD;
    int err = tn_bindings_put(account, &path, only_removes, &buf);
    if (!err) {
        struct tn_request_parts parts = {.contact = tn_buf_view(&buf)};
        err = tn_request_send(&ep->txns, effect->id, &parts);
    }
    tn_buf_fini(&buf);
    if (!err) return;
    drop_request(account);
    if (account->state == TERN_REGISTRATION_REMOVING) {
        removal_failed(account, 0, 0);
        return;
    }
    account->failures++;
    wait_to_retry(account, 0, TERN_STR("out of memory"));
}

static void take_service_route(struct tn_account *account, const struct tn_msg *rsp)
{
    struct tn_list_cursor cursor = {0};
    struct tn_buf buf;
    tern_str element;
    tn_buf_init(&buf, &account->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    while (tn_msg_list_next(rsp, TN_HDR_SERVICE_ROUTE, &cursor, &element)) {
        struct tn_name_addr route;
        if (tn_name_addr_parse(element, &route) != 0 || route.is_star) continue;
        if (buf.len > 0) tn_buf_z(&buf, ", ");
        tn_buf_str(&buf, element);
    }
    tern_str routes;
    if (tn_buf_end(&buf, &routes) == 0) {
        /* Without memory the old route stays, which led here. */
        (void)!tn_text_set(&account->ep->ctx.alloc, &account->service_route, routes);
    }
    tn_buf_fini(&buf);
}

/*
 * Well before expiry: at 9/10 of the lifetime, but at least 5 s ahead where it is long enough. Never
 * sooner than a second: a registrar that grants nothing must not be asked in a loop.
 */
static tern_time refresh_delay(struct tn_account *account, uint32_t seconds)
{
    if (seconds < 2) return TERN_SECONDS(1);
    tern_time whole = TERN_SECONDS(seconds);
    tern_time delay = whole / 10 * 9;
    if (whole - delay < TERN_SECONDS(5))
        delay = whole > TERN_SECONDS(10) ? whole - TERN_SECONDS(5) : whole / 2;
    return delay -
           TERN_MS(tn_random_below(&account->ep->ctx.random, (uint32_t)(delay / 20000) + 1));
}

/*
 * A lifetime is counted from when it was asked for, for the answer to a repeat may be one that was
 * kept since the first time (RFC 3261 17.2.2). A second does not matter.
 *
 * RFC 3261 10.2.4: what a 2xx lists, or may list soon, and should not, is removed by another REGISTER.
 * By then nothing older can be under way, and the clients of one network do not ask all at once.
 */
static tern_time next_refresh(struct tn_account *account, const struct tn_msg *rsp,
                              uint32_t granted)
{
    struct tn_ctx *ctx = &account->ep->ctx;
    tern_time delay = refresh_delay(account, granted), age = ctx->now - account->sent_at;
    if (age > TERN_SECONDS(1))
        delay = delay > age + TERN_SECONDS(1) ? delay - age : TERN_SECONDS(1);
    bool untrue = tn_bindings_settle(account, rsp) || names_old_port(account);
    if (!untrue || account->confirms >= CONFIRMS_MAX) {
        tn_bindings_forget(account);
        return delay;
    }
    account->confirms++;
    tern_time doubt = account->doubt_until > ctx->now ? account->doubt_until - ctx->now : 0;
    tern_time soon = doubt + TERN_MS(tn_random_below(&ctx->random, (uint32_t)(TN_T4 / 1000)));
    return soon < delay ? soon : delay;
}

static void registered(struct tn_account *account, const struct tn_msg *rsp, uint64_t request)
{
    struct tern_endpoint *ep = account->ep;
    struct tn_request_path path;
    if (tn_request_path(&ep->txns, request, &path)) use_flow(account, path.flow);
    uint32_t seconds = tn_bindings_granted(account, rsp);
    if (seconds > account->asked_expires_s) seconds = account->asked_expires_s;
    account->failures = 0;
    account->raised = false;
    account->bound_until = account->sent_at + TERN_SECONDS(seconds);
    account->local = account->pending_local;
    account->pending_local = (tern_addr){0};
    tn_text_fini(&ep->ctx.alloc, &account->contact);
    account->contact = account->pending_contact;
    account->pending_contact = (struct tn_text){NULL, 0};
    take_service_route(account, rsp);
    tern_time refresh = next_refresh(account, rsp, seconds);
    enter(account, TERN_REGISTRATION_REGISTERED, (tern_str){NULL, 0});
    tn_timer_arm(&ep->ctx, &account->refresh, refresh);
    if (TN_MUTANT(LOST_REFRESH) && ep->mob.open) tn_timer_cancel(&ep->ctx, &account->refresh);
    tn_timer_cancel(&ep->ctx, &account->keepalive);
    if (account->keepalive_s > 0 && account->transport == TERN_TRANSPORT_UDP) {
        tn_timer_arm(&ep->ctx, &account->keepalive, TERN_SECONDS(account->keepalive_s));
    }
    tn_mob_registered(&ep->mob, ep->ctx.now, &account->task, (int)rsp->status, 0);
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
static void refused(struct tn_account *account, const struct refusal *why)
{
    struct tern_endpoint *ep = account->ep;
    static const int final[] = {401, 404, 405, 407, 410, 416, 484, 604};
    bool is_final = false;
    for (size_t i = 0; i < sizeof(final) / sizeof(final[0]); i++)
        is_final = is_final || final[i] == why->code;

    account->last_status = why->code;
    account->failures++;
    account->pending_local = (tern_addr){0};
    if (is_final) {
        enter(account, TERN_REGISTRATION_FAILED, why->reason);
    } else if (why->broke && account->failures == 1 && !tn_account_task_active(&account->task)) {
        tn_registration_start(account);
    } else if (why->no_route) { /* another try makes sense when the network is another */
        enter(account, TERN_REGISTRATION_WAITING, why->reason);
    } else {
        wait_to_retry(account, why->wait, why->reason);
    }
    tn_mob_registered(&ep->mob, ep->ctx.now, &account->task, why->code, why->wait);
    if (tn_account_task_active(&account->task)) tn_timer_cancel(&ep->ctx, &account->retry);
}

static bool interval_too_brief(struct tn_account *account, const struct tn_msg *rsp)
{
    uint32_t least;
    if (rsp->status != 423 || !tn_msg_number(rsp, TN_HDR_MIN_EXPIRES, &least)) return false;
    if (least <= account->asked_expires_s || least > LONGEST_S || account->raised) return false;
    account->asked_expires_s = least;
    account->raised =
        true; /* once: a registrar that never has enough must not be asked in a loop */
    return true;
}

static void answered(struct tn_account *account, const struct tn_effect *effect)
{
    const struct tn_msg *rsp = effect->msg;
    if (rsp->status < 200) return;
    account->last_status = (int)rsp->status;
    if (account->state == TERN_REGISTRATION_REMOVING) {
        removal_answered(account, rsp);
        return;
    }
    if (rsp->status < 300 && effect->owner.tag == REMOVE_OLD) {
        account->request = 0;
        (void)tn_bindings_settle(account, rsp);
        if (send_register(account, REGISTER_NEW) == 0) return;
    }
    if (rsp->status < 300) {
        registered(account, rsp, effect->id);
        account->request = 0;
        return;
    }
    account->request = 0;
    if (interval_too_brief(account, rsp) && send_register(account, REGISTER_NEW) == 0) return;
    tern_str reason = rsp->reason.len > 0 ? rsp->reason : tn_reason_phrase(rsp->status);
    tern_str refusal = tn_auth_result_text((enum tn_auth_result)effect->code);
    if (refusal.len > 0) reason = refusal;
    struct refusal why = {.code = (int)rsp->status, .wait = tn_retry_after(rsp), .reason = reason};
    refused(account, &why);
}

static tern_str failure_text(int failure)
{
    switch ((enum tn_failure)failure) {
    case TN_FAILURE_TIMEOUT: return TERN_STR("the registrar does not answer");
    case TN_FAILURE_TRANSPORT: return TERN_STR("the connection to the registrar failed");
    case TN_FAILURE_UNRESOLVABLE: return TERN_STR("the registrar's name has no address");
    case TN_FAILURE_NO_ROUTE: return TERN_STR("no network path to the registrar");
    case TN_FAILURE_LIMIT: return TERN_STR("out of memory");
    case TN_FAILURE_NONE: break;
    }
    return TERN_STR("failed");
}

/*
 * A connection that is reset when it is written to has been dead before: its server has started anew,
 * or a NAT has forgotten it (RFC 5626 4.4). What was sent by it has not been refused by anybody.
 */
static bool connection_broke(const struct tn_account *account, const struct tn_effect *effect)
{
    struct tn_request_path path;
    return effect->code == TN_FAILURE_TRANSPORT && account->transport != TERN_TRANSPORT_UDP &&
           tn_request_path(&account->ep->txns, account->request, &path) && path.cseq != 0;
}

void tn_registration_effect(struct tn_account *account, const struct tn_effect *effect)
{
    if (effect->id != account->request) return;
    if (effect->kind == TN_EFFECT_PREPARE) {
        prepare(account, effect);
    } else if (effect->kind == TN_EFFECT_RESPONSE) {
        answered(account, effect);
    } else {
        TN_ASSERT(effect->kind == TN_EFFECT_FAILED); /* a request tells no more than these */
        bool broke = connection_broke(account, effect);
        tn_bindings_doubt(account, account->request);
        account->request = 0;
        /* All of its addresses were tried in vain: what the name means may be something else now. */
        if (effect->code == TN_FAILURE_TIMEOUT || effect->code == TN_FAILURE_TRANSPORT)
            tn_locate_flush(&account->ep->net);
        if (account->state == TERN_REGISTRATION_REMOVING) {
            removal_failed(account, 0, 0);
        } else {
            tern_str told = tn_net_why_down(&account->ep->net, effect->flow);
            struct refusal why = {.no_route = effect->code == TN_FAILURE_NO_ROUTE,
                                  .broke = broke,
                                  .reason = told.len > 0 ? told : failure_text(effect->code)};
            refused(account, &why);
        }
    }
}

void tn_registration_flow_down(struct tn_account *account, uint64_t flow)
{
    if (account->flow != flow) return;
    use_flow(account, 0);
    tn_timer_cancel(&account->ep->ctx, &account->keepalive);
    /* RFC 5626 4.2: a registration whose connection broke is made again; mobility may be on it. */
    if (account->state != TERN_REGISTRATION_REGISTERED) return;
    if (tn_account_task_active(&account->task)) return;
    if (!tn_net_has_local(&account->ep->net, account->local)) return;
    tn_registration_start(account);
}
