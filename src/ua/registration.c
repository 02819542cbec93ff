/* SPDX-License-Identifier: MIT */
/* The registration of an account: RFC 3261 10.2, RFC 3608, RFC 5626 4.5. Table in ua/account.h. */
#include "base/assert.h"
#include "base/mutant.h"
#include "base/str.h"
#include "dialog/routes.h"
#include "ua/account.h"

#define BIT(state)       (1u << (state))
#define BACKOFF_BASE     TERN_SECONDS(30) /* RFC 5626 4.5, without any flow left */
#define BACKOFF_MAX      TERN_SECONDS(1800)
#define OLD_CONTACTS_MAX 1024 /* bytes; as many bindings are left over only by a phone in a storm */
#define LONGEST_S        (30 * 86400u) /* no registrar has a reason to ask for more */
#define REMOVE_OLD       UINT32_C(1)   /* tag of a REGISTER that only removes the old binding */
#define REGISTER_NEW     UINT32_C(0)

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

static void retry_fired(struct tn_timer *timer)
{
    tn_registration_start(TN_OWNER(timer, struct tn_account, retry));
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
            .auth = account->old_auth.ctx ? &account->old_auth : &account->auth,
            .headers = TERN_STR("Supported: path\r\n"), /* RFC 3327 5.1 */
            .prepare = true,
        };
        err = tn_request_start(&ep->txns, &opts, &account->request);
    }
    tn_buf_fini(&buf);
    return err;
}

static void wait_to_retry(struct tn_account *account, tern_time retry_after, tern_str reason)
{
    struct tn_ctx *ctx = &account->ep->ctx;
    unsigned doublings = account->failures < 6 ? account->failures : 6;
    tern_time pause = BACKOFF_BASE << doublings;
    if (pause > BACKOFF_MAX) pause = BACKOFF_MAX;
    /* RFC 5626 4.5: between half and all of it, so that clients of a restarted server spread. */
    pause = pause / 2 + TERN_MS(tn_random_below(&ctx->random, (uint32_t)(pause / 2000)));
    if (retry_after > 0) pause = retry_after;
    tn_timer_arm(ctx, &account->retry, pause);
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
    tn_request_abandon(&account->ep->txns, account->request);
    account->request = 0;
    account->pending_local = (tern_addr){0};
}

void tn_registration_start(struct tn_account *account)
{
    if (account->registrar.len == 0) return;
    if (account->state == TERN_REGISTRATION_REMOVING) {
        account->again = true;
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

/* `contact` joins those that the next REGISTER removes. */
static void retire(struct tn_account *account, const struct tn_text *contact)
{
    const struct tern_allocator *alloc = &account->ep->ctx.alloc;
    struct tn_buf buf;
    tern_str all;
    if (contact->len == 0 || account->old_contacts.len > OLD_CONTACTS_MAX) return;
    tn_buf_init(&buf, alloc, TN_MSG_SIZE_MAX);
    tn_buf_str(&buf, tn_text_view(&account->old_contacts));
    if (buf.len > 0) tn_buf_z(&buf, ", ");
    tn_buf_str(&buf, tn_text_view(contact));
    /* Without memory the old binding is left to expire. */
    if (tn_buf_end(&buf, &all) == 0) (void)!tn_text_set(alloc, &account->old_contacts, all);
    tn_buf_fini(&buf);
}

/*
 * The binding in force is to be removed, and so is that of a REGISTER which is given up: it may
 * have arrived all the same.
 */
static void retire_contacts(struct tn_account *account)
{
    const struct tern_allocator *alloc = &account->ep->ctx.alloc;
    retire(account, &account->contact);
    retire(account, &account->pending_contact);
    tn_text_fini(alloc, &account->contact);
    tn_text_fini(alloc, &account->pending_contact);
}

void tn_registration_move(struct tn_account *account, uint32_t contact_flags)
{
    if (account->state == TERN_REGISTRATION_REMOVING) return;
    drop_request(account);
    if (contact_flags != TERN_CONTACT_LEAVE_OLD) retire_contacts(account);
    account->failures = 0;
    enter(account, bound(account) ? TERN_REGISTRATION_REFRESHING : TERN_REGISTRATION_REGISTERING,
          TERN_STR("the IP address has changed"));
    bool first_remove =
        contact_flags == TERN_CONTACT_UNREGISTER_FIRST && account->old_contacts.len > 0;
    if (send_register(account, first_remove ? REMOVE_OLD : REGISTER_NEW) != 0) {
        wait_to_retry(account, 0, TERN_STR("out of memory"));
    }
}

static void removed(struct tn_account *account)
{
    struct tern_endpoint *ep = account->ep;
    bool again = account->again;
    account->again = false;
    tn_auth_fini(&account->old_auth);
    account->bound_until = TERN_TIME_NEVER;
    account->local = (tern_addr){0};
    tn_text_fini(&ep->ctx.alloc, &account->contact);
    tn_text_fini(&ep->ctx.alloc, &account->old_contacts);
    tn_timer_cancel(&ep->ctx, &account->keepalive);
    if (account->removed) {
        tn_account_release(account);
        return;
    }
    enter(account, TERN_REGISTRATION_NONE, (tern_str){NULL, 0});
    if (again) tn_registration_start(account);
}

void tn_registration_remove(struct tn_account *account)
{
    account->again = false;
    if (account->state == TERN_REGISTRATION_REMOVING) return; /* is on its way already */
    drop_request(account);
    retire_contacts(account);
    if (account->state == TERN_REGISTRATION_NONE || account->old_contacts.len == 0 ||
        !usable_network(account->ep)) {
        if (account->removed) {
            tn_account_release(account);
            return;
        }
        if (account->state == TERN_REGISTRATION_NONE) return;
        enter(account, TERN_REGISTRATION_REMOVING, (tern_str){NULL, 0});
        removed(account);
        return;
    }
    enter(account, TERN_REGISTRATION_REMOVING, (tern_str){NULL, 0});
    if (send_register(account, REGISTER_NEW) != 0) removed(account);
}

void tn_registration_online(struct tn_account *account, bool changed)
{
    if (account->state != TERN_REGISTRATION_WAITING) return;
    bool has_own_time = tn_timer_armed(&account->retry);
    if (has_own_time && !(changed && account->last_status == 0)) return;
    if (account->removed || !account->wants_registration) return;
    if (!usable_network(account->ep) || !can_be_called(account)) return;
    account->failures = 0;
    tn_registration_start(account);
}

/* ---- effects ---- */

/* Sent before the handover that is to come: the path is a better one already. */
static void overtake_contact(struct tn_account *account)
{
    if (account->ip_change.contact_flags == TERN_CONTACT_LEAVE_OLD || account->contact.len == 0 ||
        tn_str_eq(tn_text_view(&account->contact), tn_text_view(&account->pending_contact)))
        return;
    retire(account, &account->contact);
    tn_text_fini(&account->ep->ctx.alloc, &account->contact);
}

/* Contact with the address that is really used, and the old one with expires=0 beside it. */
static int put_contacts(struct tn_account *account, const struct tn_effect *effect,
                        const struct tn_request_path *path, struct tn_buf *buf)
{
    bool removing = account->state == TERN_REGISTRATION_REMOVING;
    tern_str text, fresh;
    if (!removing) {
        const struct tn_reach reach = {path->transport, path->local, account->sips};
        tn_put_contact(buf, tn_text_view(&account->user), &reach);
        int err = tn_buf_end(buf, &fresh);
        if (!err) err = tn_text_set(&account->ep->ctx.alloc, &account->pending_contact, fresh);
        if (err) return err;
        overtake_contact(account);
    }
    tern_str old = tn_text_view(&account->old_contacts), element;
    if (removing || effect->owner.tag == REMOVE_OLD) {
        tn_buf_reset(buf);
    } else {
        tn_buf_z(buf, ";expires=");
        tn_buf_u64(buf, account->asked_expires_s);
    }
    while (tn_routes_next(&old, &element)) {
        if (TN_MUTANT(OLD_BINDING) && !removing) break;
        if (tn_str_eq(element, tn_text_view(&account->pending_contact))) continue;
        if (buf->len > 0) tn_buf_z(buf, ", ");
        tn_buf_str(buf, element);
        tn_buf_z(buf, ";expires=0");
    }
    return tn_buf_end(buf, &text);
}

static void prepare(struct tn_account *account, const struct tn_effect *effect)
{
    struct tern_endpoint *ep = account->ep;
    struct tn_request_path path;
    struct tn_buf buf;
    if (!tn_request_path(&ep->txns, effect->id, &path)) return;
    account->pending_local = path.local;
    account->server = path.remote;
    tn_buf_init(&buf, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    int err = put_contacts(account, effect, &path, &buf);
    if (!err) {
        struct tn_request_parts parts = {.contact = tn_buf_view(&buf)};
        err = tn_request_send(&ep->txns, effect->id, &parts);
    }
    tn_buf_fini(&buf);
    if (!err) return;
    drop_request(account);
    account->failures++;
    wait_to_retry(account, 0, TERN_STR("out of memory"));
}

/* The lifetime that the registrar granted: our contact's expires, else the Expires header. */
static uint32_t granted(const struct tn_account *account, const struct tn_msg *rsp)
{
    struct tn_list_cursor cursor = {0};
    struct tn_name_addr ours, theirs;
    tern_str element, value;
    uint32_t seconds;
    if (tn_name_addr_parse(tn_text_view(&account->pending_contact), &ours) != 0) return 0;
    while (tn_msg_list_next(rsp, TN_HDR_CONTACT, &cursor, &element)) {
        if (tn_name_addr_parse(element, &theirs) != 0 || theirs.is_star) continue;
        if (!tn_uri_equal(&ours.uri, &theirs.uri)) continue;
        if (tn_params_get(theirs.params, TERN_STR("expires"), &value) &&
            tn_str_u32(value, &seconds)) {
            return seconds;
        }
    }
    if (tn_msg_number(rsp, TN_HDR_EXPIRES, &seconds)) return seconds;
    return account->asked_expires_s;
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

static void registered(struct tn_account *account, const struct tn_msg *rsp, uint64_t request)
{
    struct tern_endpoint *ep = account->ep;
    struct tn_request_path path;
    if (tn_request_path(&ep->txns, request, &path)) use_flow(account, path.flow);
    uint32_t seconds = granted(account, rsp);
    if (seconds > account->asked_expires_s) seconds = account->asked_expires_s;
    account->failures = 0;
    account->raised = false;
    account->bound_until = ep->ctx.now + TERN_SECONDS(seconds);
    account->local = account->pending_local;
    account->pending_local = (tern_addr){0};
    tn_text_fini(&ep->ctx.alloc, &account->contact);
    account->contact = account->pending_contact;
    account->pending_contact = (struct tn_text){NULL, 0};
    tn_text_fini(&ep->ctx.alloc, &account->old_contacts);
    take_service_route(account, rsp);
    enter(account, TERN_REGISTRATION_REGISTERED, (tern_str){NULL, 0});
    tn_timer_arm(&ep->ctx, &account->refresh, refresh_delay(account, seconds));
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
    } else if (why->no_route) { /* another try makes sense when the network is another */
        enter(account, TERN_REGISTRATION_WAITING, why->reason);
    } else {
        wait_to_retry(account, why->wait, why->reason);
    }
    tn_mob_registered(&ep->mob, ep->ctx.now, &account->task, why->code, why->wait);
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
        account->request = 0;
        removed(account);
        return;
    }
    if (rsp->status < 300 && effect->owner.tag == REMOVE_OLD) {
        account->request = 0;
        tn_text_fini(&account->ep->ctx.alloc, &account->old_contacts);
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
    if (rsp->status == 401 || rsp->status == 407) reason = TERN_STR("wrong user name or password");
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

void tn_registration_effect(struct tn_account *account, const struct tn_effect *effect)
{
    if (effect->id != account->request) return;
    if (effect->kind == TN_EFFECT_PREPARE) {
        prepare(account, effect);
    } else if (effect->kind == TN_EFFECT_RESPONSE) {
        answered(account, effect);
    } else {
        TN_ASSERT(effect->kind == TN_EFFECT_FAILED); /* a request tells no more than these */
        account->request = 0;
        if (account->state == TERN_REGISTRATION_REMOVING) {
            removed(account);
        } else {
            tern_str told = tn_net_why_down(&account->ep->net, effect->flow);
            struct refusal why = {.no_route = effect->code == TN_FAILURE_NO_ROUTE,
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
