/* SPDX-License-Identifier: MIT */
/* Accounts: their options, and the functions of tern/account.h. */
#include "ua/account.h"

#include <string.h>

#include "base/assert.h"
#include "base/options.h"
#include "base/str.h"
#include "ua/call.h"
#include "ua/second.h"

#define EXPIRES_MIN    60
#define EXPIRES_MAX    86400
#define DOUBLED_MAX_MS 60000u

struct tn_account *tn_account_find(const struct tern_endpoint *ep, tern_account account)
{
    struct tn_account *found = tn_slots_get(&ep->accounts, account.id);
    return found && !found->removed ? found : NULL;
}

struct tn_account *tn_account_for_request(struct tern_endpoint *ep, const struct tn_msg *request)
{
    uint32_t cursor = 0;
    struct tn_account *account, *by_to = NULL, *any = NULL;
    while ((account = tn_slots_each(&ep->accounts, &cursor)) != NULL) {
        tern_str user = tn_text_view(&account->user);
        if (account->removed) continue;
        if (tn_str_eq(user, request->uri.user)) return account;
        if (by_to == NULL && tn_str_eq(user, request->to.uri.user)) by_to = account;
        if (any == NULL) any = account;
    }
    if (by_to) return by_to;
    return ep->accounts.count == 1 ? any : NULL;
}

/* ---- options ---- */

static bool valid_uri(tern_str text, bool required, struct tn_uri *out)
{
    *out = (struct tn_uri){0};
    if (text.len == 0) return !required;
    if (tn_uri_parse(text, out) != 0) return false;
    bool known = out->scheme == TN_SCHEME_SIP || out->scheme == TN_SCHEME_SIPS;
    return known && out->host.len > 0 && out->headers.len == 0; /* RFC 3261 19.1.1 */
}

/* What goes into messages as text. The password goes into none. */
static bool valid_texts(const struct tern_account_opts *opts)
{
    return tn_str_is_line(opts->display_name) && tn_str_is_line(opts->auth_user) &&
           tn_str_is_line(opts->realm);
}

static bool valid_ip_change(const struct tern_account_ip_change *ip)
{
    return ip->contact_flags <= TERN_CONTACT_LEAVE_OLD && ip->order <= TERN_ORDER_AFTER_REGISTER &&
           !(ip->reinvite_flags & ~(uint32_t)TERN_CALL_REINVITE_DEFAULT);
}

static bool valid_transport(enum tern_transport transport)
{
    switch (transport) {
    case TERN_TRANSPORT_UDP:
    case TERN_TRANSPORT_TCP:
    case TERN_TRANSPORT_TLS: return true;
    }
    return false;
}

/* The parts of the options that are URIs. */
struct places {
    struct tn_uri aor, registrar, proxy;
};

static bool wants_tls(const struct tern_account_opts *opts, const struct places *places)
{
    return opts->transport == TERN_TRANSPORT_TLS || places->aor.scheme == TN_SCHEME_SIPS ||
           places->registrar.scheme == TN_SCHEME_SIPS || places->proxy.scheme == TN_SCHEME_SIPS;
}

static int check(const struct tern_endpoint *ep, const struct tern_account_opts *opts,
                 struct tn_uri *aor)
{
    struct places places;
    if (!valid_uri(opts->uri, true, &places.aor) || places.aor.user.len == 0) return TERN_EINVAL;
    if (!valid_uri(opts->registrar, false, &places.registrar)) return TERN_EINVAL;
    if (!valid_uri(opts->proxy, false, &places.proxy)) return TERN_EINVAL;
    if (!valid_transport(opts->transport) || !valid_texts(opts)) return TERN_EINVAL;
    if (wants_tls(opts, &places) && !ep->tls) return TERN_EUNSUPPORTED;
    if (opts->srtp > TERN_SRTP_MANDATORY || opts->srtp_keys > TERN_SRTP_DTLS) return TERN_EINVAL;
    if (opts->reliable > TERN_RELIABLE_REQUIRED) return TERN_EINVAL;
    if (opts->gruu > TERN_GRUU_TEMPORARY) return TERN_EINVAL;
    if (opts->second_flow > TERN_SECOND_FLOW_ALWAYS) return TERN_EINVAL;
    *aor = places.aor;
    if (opts->session_expires_s > EXPIRES_MAX || opts->min_se_s > EXPIRES_MAX) return TERN_EINVAL;
    if (opts->media_timeout_s > EXPIRES_MAX) return TERN_EINVAL;
    if (opts->doubled_send_ms > DOUBLED_MAX_MS) return TERN_EINVAL;
    if (opts->expires_s < EXPIRES_MIN || opts->expires_s > EXPIRES_MAX) return TERN_EINVAL;
    return valid_ip_change(&opts->ip_change) ? 0 : TERN_EINVAL;
}

/* The parts of an account that options set. Built beside the old ones, then swapped. */
struct settings {
    struct tn_text uri, user, domain, display, registrar, proxy;
    struct tn_auth auth;
    bool auth_set, sips;
};

static void settings_fini(const struct tern_allocator *a, struct settings *s)
{
    tn_text_fini(a, &s->uri);
    tn_text_fini(a, &s->user);
    tn_text_fini(a, &s->domain);
    tn_text_fini(a, &s->display);
    tn_text_fini(a, &s->registrar);
    tn_text_fini(a, &s->proxy);
    if (s->auth_set) tn_auth_fini(&s->auth);
}

static int put_domain(const struct tern_allocator *a, const struct tn_uri *aor, struct tn_text *out)
{
    char text[256];
    struct tn_buf buf;
    tern_str domain;
    tn_buf_fixed(&buf, text, sizeof(text));
    if (aor->host_is_ipv6) tn_buf_char(&buf, '[');
    tn_buf_str(&buf, aor->host);
    if (aor->host_is_ipv6) tn_buf_char(&buf, ']');
    if (aor->port) {
        tn_buf_char(&buf, ':');
        tn_buf_u64(&buf, aor->port);
    }
    int err = tn_buf_end(&buf, &domain);
    return err ? TERN_EINVAL : tn_text_set(a, out, domain);
}

static int settings_init(struct tern_endpoint *ep, const struct tern_account_opts *opts,
                         const struct tn_uri *aor, struct settings *s)
{
    const struct tern_allocator *a = &ep->ctx.alloc;
    *s = (struct settings){.sips = aor->scheme == TN_SCHEME_SIPS};
    struct tn_credentials credentials = {
        .user = opts->auth_user.len > 0 ? opts->auth_user : aor->user,
        .password = opts->password,
        .realm = opts->realm,
    };
    int err = tn_text_set(a, &s->uri, opts->uri);
    if (!err) err = tn_text_set(a, &s->user, aor->user);
    if (!err) err = put_domain(a, aor, &s->domain);
    if (!err) err = tn_text_set(a, &s->display, opts->display_name);
    if (!err) err = tn_text_set(a, &s->registrar, opts->registrar);
    if (!err) err = tn_text_set(a, &s->proxy, opts->proxy);
    if (!err) err = tn_auth_init(&s->auth, &ep->ctx, &credentials);
    if (!err) s->auth_set = true;
    if (err) settings_fini(a, s);
    return err;
}

static void swap_text(struct tn_text *a, struct tn_text *b)
{
    struct tn_text kept = *a;
    *a = *b;
    *b = kept;
}

/* tn_auth holds a list head: it is moved, not copied. */
static void move_auth(struct tn_auth *to, struct tn_auth *from)
{
    *to = *from;
    tn_list_init(&to->challenges);
    TN_LIST_FOR(node, &from->challenges)
    {
        tn_list_remove(node);
        tn_list_push(&to->challenges, node);
    }
}

static void apply(struct tn_account *account, const struct tern_account_opts *opts,
                  struct settings *s, bool fresh)
{
    swap_text(&account->uri, &s->uri);
    swap_text(&account->user, &s->user);
    swap_text(&account->domain, &s->domain);
    swap_text(&account->display, &s->display);
    swap_text(&account->registrar, &s->registrar);
    swap_text(&account->proxy, &s->proxy);
    if (!fresh) tn_auth_fini(&account->auth);
    move_auth(&account->auth, &s->auth);
    s->auth_set = false;
    account->sips = s->sips;
    account->transport = s->sips ? TERN_TRANSPORT_TLS : opts->transport;
    account->expires_s = opts->expires_s;
    for (uint32_t i = 0; i < TN_REGISTRATIONS; i++)
        account->regs[i].asked_expires_s = opts->expires_s;
    account->keepalive_s = opts->keepalive_s;
    account->stream_keepalive_s = opts->stream_keepalive_s;
    account->contact_rewrite = opts->contact_rewrite;
    account->answer_timeout_s = opts->answer_timeout_s;
    account->session_expires_s = opts->session_expires_s;
    account->min_se_s = opts->min_se_s;
    account->media_timeout_s = opts->media_timeout_s;
    account->doubled_send_ms = opts->doubled_send_ms;
    account->srtp = (enum tern_srtp)opts->srtp;
    account->srtp_keys = (enum tern_srtp_keys)opts->srtp_keys;
    account->reliable = (enum tern_reliable)opts->reliable;
    account->ip_change = opts->ip_change;
    account->outbound.off = opts->no_outbound;
    account->outbound.refused = false;
    account->outbound.wanted = (enum tern_gruu)opts->gruu;
    account->second_flow = (enum tern_second_flow)opts->second_flow;
    account->wants_registration = opts->registrar.len > 0 && !opts->no_register;
    for (uint32_t i = 0; !fresh && i < TN_REGISTRATIONS; i++) {
        struct tn_registration *reg = &account->regs[i];
        if (reg->keep.flow || reg->state == TERN_REGISTRATION_REGISTERED) tn_registration_keep(reg);
    }
}

/* ---- life ---- */

void tn_account_free(struct tn_account *account)
{
    struct tern_endpoint *ep = account->ep;
    const struct tern_allocator *a = &ep->ctx.alloc;
    TN_ASSERT(account->calls + account->forks == 0); /* they use its credentials to the last */
    tn_mob_account_gone(&ep->mob, ep->ctx.now, &account->task);
    for (uint32_t i = 0; i < TN_REGISTRATIONS; i++)
        tn_registration_fini(&account->regs[i]);
    tn_slots_remove(&ep->accounts, account->id);
    struct settings s = {.uri = account->uri,
                         .user = account->user,
                         .domain = account->domain,
                         .display = account->display,
                         .registrar = account->registrar,
                         .proxy = account->proxy};
    settings_fini(a, &s);
    tn_auth_fini(&account->auth);
    tn_auth_fini(&account->old_auth);
    tn_text_fini(a, &account->service_route);
    tn_outbound_forget(account);
    tn_second_fini(account);
    tn_free(a, account);
}

void tn_account_release(struct tn_account *account)
{
    struct tern_endpoint *ep = account->ep;
    account->released = true;
    tn_account_settle(account);
    tn_ep_check_stopped(ep);
}

void tn_account_put_name(const struct tn_account *account, struct tn_buf *out)
{
    if (account->display.len > 0) {
        tn_put_quoted(out, tn_text_view(&account->display));
        tn_buf_char(out, ' ');
    }
    tn_buf_char(out, '<');
    tn_buf_str(out, tn_text_view(&account->uri));
    tn_buf_char(out, '>');
}

void tn_account_settle(struct tn_account *account)
{
    if (account->released && account->calls + account->forks == 0) tn_account_free(account);
}

int tern_account_add(struct tern_endpoint *ep, tern_time now, const struct tern_account_opts *given,
                     tern_account *out)
{
    struct tern_account_opts opts = {0};
    struct tn_uri aor;
    struct settings settings;
    int err = tn_options_take(given, &opts, sizeof(opts));
    if (!err) err = check(ep, &opts, &aor);
    if (err) return err;
    if (ep->state == TN_ENDPOINT_STOPPING || ep->state == TN_ENDPOINT_STOPPED) return TERN_ESTATE;

    tn_ep_enter(ep, now);
    struct tn_account *account = tn_alloc(&ep->ctx.alloc, sizeof(*account));
    if (account == NULL) return TERN_ENOMEM;
    account->ep = ep;
    for (uint32_t i = 0; i < TN_REGISTRATIONS; i++)
        tn_registration_init(&account->regs[i], account, i);
    if (opts.srtp != TERN_SRTP_OFF) err = tn_ep_need_dtls(ep);
    if (!err) err = settings_init(ep, &opts, &aor, &settings);
    if (err) goto fail_settings;
    err = tn_slots_add(&ep->accounts, account, &account->id);
    if (err) goto fail_slot;
    apply(account, &opts, &settings, true);
    tn_account_task_init(&account->task);
    tn_second_init(account);
    err = tn_registration_identify(tn_account_reg(account));
    if (err) {
        tn_account_free(account);
        return err;
    }
    *out = (tern_account){account->id};
    if (account->wants_registration) tn_registration_start(tn_account_reg(account));
    tn_ep_run(ep);
    return 0;

fail_slot:
    settings_fini(&ep->ctx.alloc, &settings);
fail_settings:
    tn_free(&ep->ctx.alloc, account);
    return err;
}

int tern_account_modify(struct tern_endpoint *ep, tern_time now, tern_account handle,
                        const struct tern_account_opts *given)
{
    struct tern_account_opts opts = {0};
    struct tn_uri aor;
    struct settings settings;
    struct tn_account *account = tn_account_find(ep, handle);
    if (account == NULL) return TERN_ESTALE;
    int err = tn_options_take(given, &opts, sizeof(opts));
    if (!err) err = check(ep, &opts, &aor);
    if (!err && opts.srtp != TERN_SRTP_OFF) err = tn_ep_need_dtls(ep);
    if (!err) err = settings_init(ep, &opts, &aor, &settings);
    if (err) return err;
    tn_auth_inherit(&settings.auth, &account->auth);

    tn_ep_enter(ep, now);
    bool moved = !tn_str_eq(opts.uri, tn_text_view(&account->uri)) ||
                 !tn_str_eq(opts.registrar, tn_text_view(&account->registrar)) ||
                 (opts.transport != account->transport && !settings.sips);
    if (moved) { /* with the old credentials, to the old place */
        tn_mob_account_gone(&ep->mob, ep->ctx.now, &account->task); /* a move of it is void */
        tn_auth_fini(&account->old_auth);
        move_auth(&account->old_auth, &account->auth);
        account->auth = (struct tn_auth){.ctx = NULL};
        tn_account_leave(account);
        if (tn_account_reg(account)->state != TERN_REGISTRATION_REMOVING)
            tn_auth_fini(&account->old_auth);
    }
    apply(account, &opts, &settings, false);
    settings_fini(&ep->ctx.alloc, &settings);
    if (moved) tn_calls_lose_gruu(account);
    if (account->wants_registration) tn_registration_start(tn_account_reg(account));
    tn_ep_run(ep);
    return 0;
}

int tern_account_remove(struct tern_endpoint *ep, tern_time now, tern_account handle)
{
    struct tn_account *account = tn_account_find(ep, handle);
    uint32_t cursor = 0;
    struct tn_call *call;
    if (account == NULL) return TERN_ESTALE;
    tn_ep_enter(ep, now);
    while ((call = tn_slots_each(&ep->calls, &cursor)) != NULL) {
        if (call->account != account) continue;
        tn_call_end(call, TERN_END_LOCAL, 480, TERN_STR("the account was removed"));
    }
    account->removed = true;
    tn_mob_account_gone(&ep->mob, ep->ctx.now, &account->task);
    tn_account_leave(account);
    tn_ep_run(ep);
    return 0;
}

void tn_account_leave(struct tn_account *account)
{
    tn_second_fold(account);
    tn_registration_remove(tn_account_reg(account));
}

int tern_account_register(struct tern_endpoint *ep, tern_time now, tern_account handle)
{
    struct tn_account *account = tn_account_find(ep, handle);
    if (account == NULL) return TERN_ESTALE;
    if (account->registrar.len == 0) return TERN_ESTATE;
    tn_ep_enter(ep, now);
    account->wants_registration = true;
    tn_account_reg(account)->failures = 0; /* a person's patience is new */
    tn_registration_start(tn_account_reg(account));
    tn_ep_run(ep);
    return 0;
}

int tern_account_unregister(struct tern_endpoint *ep, tern_time now, tern_account handle)
{
    struct tn_account *account = tn_account_find(ep, handle);
    if (account == NULL) return TERN_ESTALE;
    tn_ep_enter(ep, now);
    account->wants_registration = false;
    tn_mob_account_gone(&ep->mob, ep->ctx.now, &account->task);
    tn_account_leave(account);
    tn_calls_lose_gruu(account);
    tn_ep_run(ep);
    return 0;
}

/* ---- information ---- */

/* `out` is all zero. */
static void put_text(char *out, size_t room, tern_str text)
{
    if (text.len > 0) memcpy(out, text.ptr, text.len < room ? text.len : room - 1);
}

int tern_account_get_info(const struct tern_endpoint *ep, tern_account handle,
                          struct tern_account_info *out)
{
    const struct tn_account *account = tn_account_find(ep, handle);
    if (account == NULL) return TERN_ESTALE;
    const struct tn_registration *reg = tn_account_reg_view(account);
    tern_time left = reg->bound_until == TERN_TIME_NEVER ? 0 : reg->bound_until - ep->ctx.now;
    *out = (struct tern_account_info){
        .state = reg->state,
        .status = reg->last_status,
        .expires_s = left > 0 ? (uint32_t)(left / TERN_SECONDS(1)) : 0,
        .transport = account->transport,
        .server = reg->server,
        .calls = account->calls,
        .outbound = reg->outbound,
        .second = tn_second_stands(account),
    };
    if (!tn_snapshot_is_nowhere(reg->local)) out->local = reg->local;
    put_text(out->uri, sizeof(out->uri), tn_text_view(&account->uri));
    put_text(out->gruu, sizeof(out->gruu), tn_account_gruu(account));
    return 0;
}

tern_account tern_account_next(const struct tern_endpoint *ep, tern_account handle)
{
    uint32_t cursor = tn_slots_cursor(handle.id);
    struct tn_account *account;
    while ((account = tn_slots_each(&ep->accounts, &cursor)) != NULL) {
        if (!account->removed) return (tern_account){account->id};
    }
    return (tern_account){0};
}

const char *tern_registration_state_name(enum tern_registration_state state)
{
    switch (state) {
    case TERN_REGISTRATION_NONE: return "not registered";
    case TERN_REGISTRATION_WAITING: return "waiting";
    case TERN_REGISTRATION_REGISTERING: return "registering";
    case TERN_REGISTRATION_REGISTERED: return "registered";
    case TERN_REGISTRATION_REFRESHING: return "refreshing";
    case TERN_REGISTRATION_REMOVING: return "unregistering";
    case TERN_REGISTRATION_FAILED: return "failed";
    }
    return "unknown";
}
