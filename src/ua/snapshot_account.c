/* SPDX-License-Identifier: MIT */
/* What a snapshot keeps of accounts: all of their options, the registration, the login. */
#include "base/list.h"
#include "ua/account.h"
#include "ua/second.h"
#include "ua/snapshot.h"

enum { ROOT_ACCOUNT = 20 };

enum {
    ACCOUNT_ID = 1,
    ACCOUNT_URI = 2,
    ACCOUNT_DISPLAY = 3,
    ACCOUNT_REGISTRAR = 4,
    ACCOUNT_PROXY = 5,
    ACCOUNT_AUTH_USER = 6,
    ACCOUNT_PASSWORD = 7,
    ACCOUNT_REALM = 8,
    ACCOUNT_TRANSPORT = 9,
    ACCOUNT_EXPIRES = 10,
    ACCOUNT_KEEPALIVE = 11,
    ACCOUNT_ANSWER_TIMEOUT = 12,
    ACCOUNT_SRTP = 13,
    ACCOUNT_SRTP_KEYS = 14,
    ACCOUNT_UPDATE_CONTACT = 15,
    ACCOUNT_CONTACT_FLAGS = 16,
    ACCOUNT_SHUTDOWN = 17,
    ACCOUNT_HANGUP = 18,
    ACCOUNT_REINVITE_FLAGS = 19,
    ACCOUNT_USE_UPDATE = 20,
    ACCOUNT_ORDER = 21,
    ACCOUNT_RESCUE_WINDOW = 22,
    ACCOUNT_OFFLINE_WINDOW = 23,
    ACCOUNT_REGISTRATION = 24,
    ACCOUNT_AUTH = 25,
    ACCOUNT_WANTED = 26,
    ACCOUNT_REMOVING = 27,
    ACCOUNT_REMOVED = 28,
    ACCOUNT_FIRST = 29,
    ACCOUNT_SERVICE_ROUTE = 30,
    ACCOUNT_SESSION_EXPIRES = 31,
    ACCOUNT_MIN_SE = 32,
    ACCOUNT_RELIABLE = 33,
    ACCOUNT_STREAM_KEEPALIVE = 34,
    ACCOUNT_CONTACT_REWRITE = 35,
    ACCOUNT_MEDIA_TIMEOUT = 36,
    ACCOUNT_NO_OUTBOUND = 37,
    ACCOUNT_GRUU = 38,
    ACCOUNT_SECOND_FLOW = 39,
    ACCOUNT_PUBLIC_GRUU = 40,
    ACCOUNT_TEMPORARY_GRUU = 41,
    ACCOUNT_NO_FLOWS = 42,
    ACCOUNT_DOUBLED_SEND = 43,
};

enum {
    REGISTRATION_CALL_ID = 1,
    REGISTRATION_FROM_TAG = 2,
    REGISTRATION_CSEQ = 3,
    REGISTRATION_ASKED = 4,
    REGISTRATION_BOUND = 5,
    REGISTRATION_CONTACT = 6,
    REGISTRATION_OLD_CONTACTS = 7,
    REGISTRATION_PENDING = 8,
    REGISTRATION_SERVER = 9,
    REGISTRATION_OUTBOUND = 10,
};

#define CSEQ_MAX   UINT32_C(0x7fffffff)
#define CSEQ_AHEAD 1000 /* more REGISTERs than are sent between two snapshots */

static void pack_ip_change(struct tn_pack *p, struct tern_account_ip_change *ip)
{
    ip->update_contact = tn_pack_bool(p, ACCOUNT_UPDATE_CONTACT, ip->update_contact);
    ip->contact_flags =
        (uint8_t)tn_pack_number(p, ACCOUNT_CONTACT_FLAGS, ip->contact_flags, UINT8_MAX);
    ip->shutdown_transport = tn_pack_bool(p, ACCOUNT_SHUTDOWN, ip->shutdown_transport);
    ip->hangup_calls = tn_pack_bool(p, ACCOUNT_HANGUP, ip->hangup_calls);
    ip->reinvite_flags = tn_pack_u32(p, ACCOUNT_REINVITE_FLAGS, ip->reinvite_flags);
    ip->use_update = tn_pack_bool(p, ACCOUNT_USE_UPDATE, ip->use_update);
    ip->order = (uint8_t)tn_pack_number(p, ACCOUNT_ORDER, ip->order, UINT8_MAX);
    ip->rescue_window_ms = tn_pack_u32(p, ACCOUNT_RESCUE_WINDOW, ip->rescue_window_ms);
    ip->offline_window_ms = tn_pack_u32(p, ACCOUNT_OFFLINE_WINDOW, ip->offline_window_ms);
}

/* As the application would give them: what is read is checked as what it gives. */
static void pack_options(struct tn_pack *p, struct tern_account_opts *opts)
{
    opts->uri = tn_pack_str(p, ACCOUNT_URI, opts->uri);
    opts->display_name = tn_pack_str(p, ACCOUNT_DISPLAY, opts->display_name);
    opts->registrar = tn_pack_str(p, ACCOUNT_REGISTRAR, opts->registrar);
    opts->proxy = tn_pack_str(p, ACCOUNT_PROXY, opts->proxy);
    opts->auth_user = tn_pack_str(p, ACCOUNT_AUTH_USER, opts->auth_user);
    opts->password = tn_pack_str(p, ACCOUNT_PASSWORD, opts->password);
    opts->realm = tn_pack_str(p, ACCOUNT_REALM, opts->realm);
    opts->transport = (enum tern_transport)tn_pack_number(p, ACCOUNT_TRANSPORT, opts->transport,
                                                          TERN_TRANSPORT_TLS);
    opts->expires_s = tn_pack_u32(p, ACCOUNT_EXPIRES, opts->expires_s);
    opts->keepalive_s = tn_pack_u32(p, ACCOUNT_KEEPALIVE, opts->keepalive_s);
    opts->answer_timeout_s = tn_pack_u32(p, ACCOUNT_ANSWER_TIMEOUT, opts->answer_timeout_s);
    opts->session_expires_s = tn_pack_u32(p, ACCOUNT_SESSION_EXPIRES, opts->session_expires_s);
    opts->min_se_s = tn_pack_u32(p, ACCOUNT_MIN_SE, opts->min_se_s);
    opts->reliable = (uint8_t)tn_pack_number(p, ACCOUNT_RELIABLE, opts->reliable, UINT8_MAX);
    opts->stream_keepalive_s = tn_pack_u32(p, ACCOUNT_STREAM_KEEPALIVE, opts->stream_keepalive_s);
    opts->contact_rewrite = tn_pack_bool(p, ACCOUNT_CONTACT_REWRITE, opts->contact_rewrite);
    opts->media_timeout_s = tn_pack_u32(p, ACCOUNT_MEDIA_TIMEOUT, opts->media_timeout_s);
    opts->doubled_send_ms = tn_pack_u32(p, ACCOUNT_DOUBLED_SEND, opts->doubled_send_ms);
    opts->no_outbound = tn_pack_bool(p, ACCOUNT_NO_OUTBOUND, opts->no_outbound);
    opts->gruu = (uint8_t)tn_pack_number(p, ACCOUNT_GRUU, opts->gruu, UINT8_MAX);
    opts->second_flow =
        (uint8_t)tn_pack_number(p, ACCOUNT_SECOND_FLOW, opts->second_flow, UINT8_MAX);
    opts->srtp = (uint8_t)tn_pack_number(p, ACCOUNT_SRTP, opts->srtp, UINT8_MAX);
    opts->srtp_keys = (uint8_t)tn_pack_number(p, ACCOUNT_SRTP_KEYS, opts->srtp_keys, UINT8_MAX);
    pack_ip_change(p, &opts->ip_change);
}

static struct tern_account_opts options_of(const struct tn_account *account)
{
    struct tern_account_opts opts;
    tern_account_opts_init(&opts);
    opts.uri = tn_text_view(&account->uri);
    opts.display_name = tn_text_view(&account->display);
    opts.registrar = tn_text_view(&account->registrar);
    opts.proxy = tn_text_view(&account->proxy);
    opts.auth_user = account->auth.credentials.user;
    opts.password = account->auth.credentials.password;
    opts.realm = account->auth.credentials.realm;
    opts.transport = account->transport;
    opts.expires_s = account->expires_s;
    opts.keepalive_s = account->keepalive_s;
    opts.answer_timeout_s = account->answer_timeout_s;
    opts.session_expires_s = account->session_expires_s;
    opts.min_se_s = account->min_se_s;
    opts.reliable = (uint8_t)account->reliable;
    opts.stream_keepalive_s = account->stream_keepalive_s;
    opts.contact_rewrite = account->contact_rewrite;
    opts.media_timeout_s = account->media_timeout_s;
    opts.doubled_send_ms = account->doubled_send_ms;
    opts.no_outbound = account->outbound.off;
    opts.gruu = (uint8_t)account->outbound.wanted;
    opts.second_flow = (uint8_t)account->second_flow;
    opts.srtp = (uint8_t)account->srtp;
    opts.srtp_keys = (uint8_t)account->srtp_keys;
    opts.ip_change = account->ip_change;
    return opts;
}

/* A REGISTER that was under way may have arrived, and is not known to: it is removed, too. */
static void pack_registration(struct tn_pack *p, struct tn_registration *reg)
{
    tn_pack_text(p, REGISTRATION_CALL_ID, &reg->call_id);
    tn_pack_bytes(p, REGISTRATION_FROM_TAG, reg->from_tag, sizeof(reg->from_tag));
    reg->cseq = (uint32_t)tn_pack_number(p, REGISTRATION_CSEQ, reg->cseq, CSEQ_MAX);
    reg->asked_expires_s = tn_pack_u32(p, REGISTRATION_ASKED, reg->asked_expires_s);
    reg->bound_until = tn_pack_time(p, REGISTRATION_BOUND, reg->bound_until);
    tn_pack_text(p, REGISTRATION_CONTACT, &reg->contact);
    tn_pack_text(p, REGISTRATION_OLD_CONTACTS, &reg->old_contacts);
    tn_pack_text(p, REGISTRATION_PENDING, &reg->pending_contact);
    tn_pack_addr(p, REGISTRATION_SERVER, &reg->server);
    reg->outbound = tn_pack_bool(p, REGISTRATION_OUTBOUND, reg->outbound);
    if (tn_pack_reads(p) && reg->cseq <= CSEQ_MAX - CSEQ_AHEAD) reg->cseq += CSEQ_AHEAD;
}

/* One that was never begun has no Call-ID. */
static void pack_registrations(struct tn_pack *p, struct tn_account *account)
{
    struct tn_pack inner;
    size_t cursor = 0;
    for (uint32_t i = 0; i < TN_REGISTRATIONS; i++) {
        struct tn_registration *reg = &account->regs[i];
        if (!tn_pack_begin(p, ACCOUNT_REGISTRATION, &cursor, &inner)) return;
        if (tn_pack_reads(p) || reg->call_id.len > 0) pack_registration(&inner, reg);
        tn_pack_end(p, &inner);
    }
}

static void pack_state(struct tn_pack *p, struct tn_account *account)
{
    struct tn_snapshot_mark *mark = &account->snapshot;
    struct tn_pack inner;
    size_t cursor = 0;
    bool removing = tn_account_reg(account)->state == TERN_REGISTRATION_REMOVING;
    account->wants_registration = tn_pack_bool(p, ACCOUNT_WANTED, account->wants_registration);
    mark->removes =
        tn_pack_bool(p, ACCOUNT_REMOVING, removing || account->removed || mark->removes);
    mark->removed = tn_pack_bool(p, ACCOUNT_REMOVED, account->removed || mark->removed);
    account->first =
        (uint32_t)tn_pack_number(p, ACCOUNT_FIRST, account->first, TN_REGISTRATIONS - 1);
    tn_pack_text(p, ACCOUNT_SERVICE_ROUTE, &account->service_route);
    tn_pack_text(p, ACCOUNT_PUBLIC_GRUU, &account->outbound.public_gruu);
    tn_pack_text(p, ACCOUNT_TEMPORARY_GRUU, &account->outbound.temporary_gruu);
    account->outbound.refused = tn_pack_bool(p, ACCOUNT_NO_FLOWS, account->outbound.refused);
    pack_registrations(p, account);
    if (tn_pack_begin(p, ACCOUNT_AUTH, &cursor, &inner)) {
        tn_auth_pack(&account->auth, &inner);
        tn_pack_end(p, &inner);
    }
}

static void write_account(struct tn_pack *p, struct tn_account *account)
{
    struct tern_account_opts opts = options_of(account);
    (void)tn_pack_number(p, ACCOUNT_ID, account->id, UINT64_MAX);
    pack_options(p, &opts);
    pack_state(p, account);
}

static void tell(struct tn_account *account)
{
    struct tern_event event = {.type = TERN_EV_RESTORED};
    event.u.restored = (struct tern_ev_restored){
        .account = {account->id},
        .account_was = {account->snapshot.was},
        .uri = tn_text_view(&account->uri),
    };
    tn_ep_event(account->ep, &event);
}

static void settle(struct tn_account *account)
{
    for (uint32_t i = 0; i < TN_REGISTRATIONS; i++) {
        struct tn_registration *reg = &account->regs[i];
        if (reg->asked_expires_s == 0) reg->asked_expires_s = account->expires_s;
        reg->local = tn_snapshot_nowhere(reg->server);
    }
    /* A second flow died with its program: what it had at the registrar is the first one's to remove. */
    tn_bindings_hand_over(tn_account_second(account), tn_account_reg(account));
    account->removed = account->snapshot.removed;
    if (!account->removed) tell(account);
    if (account->wants_registration || account->snapshot.removes) {
        tn_registration_start(tn_account_reg(account)); /* waits for the network */
    }
}

static void read_account(struct tern_endpoint *ep, struct tn_pack *p)
{
    struct tern_account_opts opts;
    tern_account handle;
    uint64_t was = tn_pack_number(p, ACCOUNT_ID, 0, UINT64_MAX);
    tern_account_opts_init(&opts);
    pack_options(p, &opts);
    opts.no_register = true;
    if (!p->err) p->err = tern_account_add(ep, ep->ctx.now, &opts, &handle);
    if (p->err == TERN_EINVAL) p->err = TERN_EPARSE;
    if (p->err) return;
    struct tn_account *account = tn_account_find(ep, handle);
    account->snapshot.was = was;
    pack_state(p, account);
    bool whole = tn_account_reg(account)->call_id.len > 0 &&
                 (!account->wants_registration || account->registrar.len > 0);
    if (!p->err && !whole) p->err = TERN_EPARSE;
    if (!p->err) settle(account);
}

void tn_snapshot_accounts(struct tern_endpoint *ep, struct tn_pack *p)
{
    struct tn_pack inner;
    struct tn_account *account;
    size_t cursor = 0;
    uint32_t walk = 0;
    if (tn_pack_reads(p)) {
        while (tn_pack_begin(p, ROOT_ACCOUNT, &cursor, &inner)) {
            read_account(ep, &inner);
            tn_pack_end(p, &inner);
        }
        return;
    }
    while ((account = tn_slots_each(&ep->accounts, &walk)) != NULL) {
        if (!tn_pack_begin(p, ROOT_ACCOUNT, &cursor, &inner)) return;
        write_account(&inner, account);
        tn_pack_end(p, &inner);
    }
}

struct tn_account *tn_snapshot_account(const struct tern_endpoint *ep, uint64_t was)
{
    struct tn_account *account;
    uint32_t walk = 0;
    while ((account = tn_slots_each(&ep->accounts, &walk)) != NULL) {
        if (account->snapshot.was == was) return account;
    }
    return NULL;
}
