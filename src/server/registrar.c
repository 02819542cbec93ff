/* SPDX-License-Identifier: MIT */
/*
 * The registrar: RFC 3261 10.3, with Path (RFC 3327) and instance-id with
 * reg-id (RFC 5626 6). A REGISTER is checked as a whole first; then its
 * contacts are carried out in their order, which can no longer fail.
 */
#include "base/str.h"
#include "server/auth.h"
#include "server/gruu.h"
#include "server/proxy.h"
#include "server/removed.h"
#include "server/server.h"
#include "wire/sip/chars.h"
#include "wire/sip/list.h"

/* One Contact of the request. */
struct change {
    struct tn_uri uri;
    uint32_t expires_s; /* 0: remove */
    tern_str instance;  /* with the reg-id, where flows are kept: RFC 5626 6 */
    uint32_t reg_id;
    struct tn_binding *made; /* NULL: remove */
    const struct tn_binding *done;
};

struct job {
    struct tn_server *server;
    const struct tn_msg *msg;
    uint64_t txn;
    const struct tn_flow *flow; /* NULL: gone already */
    struct tn_user *user;
    tern_str path; /* comma list, in the message's arena */
    bool star;
    bool outbound;      /* RFC 5626 was applied */
    bool gruu;          /* asked for, and given */
    const char *reason; /* of the refusal; NULL: the usual phrase */
    struct change changes[TN_CONTACTS_MAX];
    size_t count;
};

static unsigned fail(struct job *job, unsigned status, const char *reason)
{
    job->reason = reason;
    return status;
}

/* ---- Contact values ---- */

/* qvalue of RFC 3261 25.1, in thousandths. */
static bool parse_q(tern_str text, uint32_t *out)
{
    tern_str decimals;
    uint32_t whole, part = 0;

    if (!tn_str_u32(tn_str_cut(text, '.', &decimals), &whole) || whole > 1) return false;
    if (decimals.len > 3) return false;
    if (decimals.len > 0 && !tn_str_u32(decimals, &part)) return false;
    for (size_t i = decimals.len; i < 3; i++) {
        part *= 10;
    }
    *out = whole * 1000 + part;
    return *out <= 1000;
}

/* RFC 3261 10.2.1.1: the Contact's own, the header's, or our choice; what is malformed counts as an
 * hour (10.3, 20.19). */
static uint32_t expiry_of(const struct job *job, const struct tn_name_addr *contact)
{
    uint32_t expires = TN_EXPIRES_DEFAULT_S, max = job->server->opts.max_expires_s;
    tern_str text;

    if (tn_params_get(contact->params, TERN_STR("expires"), &text)) {
        if (!tn_str_u32(text, &expires)) expires = TN_EXPIRES_DEFAULT_S;
    } else if (!tn_msg_number(job->msg, TN_HDR_EXPIRES, &expires)) {
        expires = TN_EXPIRES_DEFAULT_S;
    }
    return expires < max ? expires : max;
}

/* Requests may go to where the REGISTER came from, unless the user agent says that it sends from
 * one port and listens on another: same address, no rport (RFC 3581). */
static bool can_use_source(const struct job *job, const struct tn_binding *b)
{
    tern_addr said;

    if (!b->direct || b->transport != TERN_TRANSPORT_UDP) return false;
    if (tern_addr_parse(b->uri.host, &said) != 0) return true;
    said.scope = b->source.scope;
    return job->msg->via.rport_asked || !tern_addr_same_host(said, b->source);
}

static bool has_one_via(const struct tn_msg *msg)
{
    struct tn_list_cursor cursor = {0};
    tern_str via;

    return tn_msg_list_next(msg, TN_HDR_VIA, &cursor, &via) &&
           !tn_msg_list_next(msg, TN_HDR_VIA, &cursor, &via);
}

static void set_flow(const struct job *job, struct tn_binding *b)
{
    if (!job->flow) return;
    b->flow = job->flow->id;
    b->transport = job->flow->key.transport;
    b->local = job->flow->key.local;
    b->source = job->flow->key.remote;
    b->direct = job->path.len == 0 && has_one_via(job->msg);
    b->use_source = can_use_source(job, b);
}

static bool may_use_outbound(const struct job *job)
{
    return !job->server->opts.no_outbound &&
           tn_msg_list_has(job->msg, TN_HDR_SUPPORTED, TERN_STR("outbound"));
}

static struct tn_binding *make_binding(struct job *job, const struct tn_name_addr *contact,
                                       const struct change *change)
{
    struct tn_binding_facts facts = {.contact = contact->uri.text,
                                     .call_id = job->msg->call_id,
                                     .path = job->path,
                                     .cseq = job->msg->cseq.number};
    tern_str text;

    if (tn_params_get(contact->params, TERN_STR("+sip.instance"), &text)) facts.instance = text;
    struct tn_binding *b = tn_binding_new(&job->server->location, &facts);
    if (!b) return NULL;
    if (tn_params_get(contact->params, TERN_STR("q"), &text)) b->has_q = parse_q(text, &b->q);
    if (change->reg_id > 0) {
        b->reg_id = change->reg_id;
        job->outbound = true;
    }
    set_flow(job, b);
    return b;
}

static void read_flow(const struct job *job, const struct tn_name_addr *contact,
                      struct change *change)
{
    tern_str text;

    if (!may_use_outbound(job)) return;
    if (!tn_params_get(contact->params, TERN_STR("+sip.instance"), &change->instance)) return;
    if (!tn_params_get(contact->params, TERN_STR("reg-id"), &text) || change->instance.len == 0 ||
        !tn_str_u32(text, &change->reg_id)) {
        change->reg_id = 0;
    }
}

/* ---- checking: each function gives 0 or the status that refuses ---- */

static unsigned add_contact(struct job *job, const struct tn_name_addr *contact)
{
    struct change *change = &job->changes[job->count];

    if (contact->uri.scheme != TN_SCHEME_SIP) return fail(job, 400, "Contact Is No SIP URI");
    *change = (struct change){.uri = contact->uri, .expires_s = expiry_of(job, contact)};
    read_flow(job, contact, change);
    if (change->expires_s > 0) {
        if (change->expires_s < job->server->opts.min_expires_s) return 423;
        change->made = make_binding(job, contact, change);
        if (!change->made) return 500;
    }
    job->count++;
    return 0;
}

static unsigned read_contacts(struct job *job)
{
    struct tn_list_cursor cursor = {0};
    struct tn_name_addr contact;
    size_t elements = 0;
    uint32_t expires;
    tern_str text;

    while (tn_msg_list_next(job->msg, TN_HDR_CONTACT, &cursor, &text)) {
        if (++elements > TN_CONTACTS_MAX) return fail(job, 403, "Too Many Contacts");
        if (tn_name_addr_parse(text, &contact) != 0) return fail(job, 400, "Bad Contact");
        if (contact.is_star) job->star = true;
        if (job->star && elements > 1) return fail(job, 400, "Contact: * Beside Others");
        if (job->star) {
            bool given = tn_msg_number(job->msg, TN_HDR_EXPIRES, &expires);
            if (!given || expires != 0) return fail(job, 400, "Contact: * Without Expires: 0");
            continue;
        }
        unsigned status = add_contact(job, &contact);
        if (status) return status;
    }
    return 0;
}

/* RFC 5626 6: the first hop is the last one in Path, and must keep flows; we are it where none is. */
static bool is_first_hop_able(const struct job *job)
{
    tern_str rest = job->path, element, last = {NULL, 0}, value;
    struct tn_name_addr hop;

    while (tn_list_take(&rest, &element))
        last = element;
    if (last.len == 0) return has_one_via(job->msg);
    return tn_name_addr_parse(last, &hop) == 0 && tn_uri_param(&hop.uri, TERN_STR("ob"), &value);
}

static unsigned check_outbound(struct job *job)
{
    size_t made = 0;

    if (!job->outbound) return 0;
    for (size_t i = 0; i < job->count; i++)
        if (job->changes[i].made) made++;
    if (made > 1) return fail(job, 400, "Several Contacts With A Flow"); /* RFC 5626 6 */
    return is_first_hop_able(job) ? 0 : 439;
}

/* RFC 3261 10.3 step 7: of one Call-ID only what comes later counts. */
static bool is_out_of_order(const struct job *job, const struct tn_binding *old)
{
    return old && tn_str_eq(tn_text_view(&old->call_id), job->msg->call_id) &&
           job->msg->cseq.number <= old->cseq;
}

static struct tn_removal removal_of(const struct job *job, const struct change *change)
{
    return (struct tn_removal){.contact = change->uri.text,
                               .instance = change->instance,
                               .reg_id = change->reg_id,
                               .call_id = job->msg->call_id,
                               .cseq = job->msg->cseq.number};
}

/* It has gone since: removed.h. */
static bool comes_too_late(const struct job *job, const struct change *change)
{
    struct tn_removal again = removal_of(job, change);

    return change->made && tn_removed_later(&job->server->location, job->user, &again);
}

/* One that comes and one that goes by the same flow: the latter has gone already. */
static bool is_of_this(const struct job *job, const struct tn_binding *binding)
{
    for (size_t i = 0; i < job->count; i++)
        if (job->changes[i].done == binding) return true;
    return false;
}

static struct tn_binding *find_old(const struct job *job, const struct change *change)
{
    if (change->made) return tn_binding_match(job->user, change->made);
    if (change->reg_id == 0) return tn_binding_by_uri(job->user, &change->uri);
    struct tn_binding *old = tn_binding_by_flow(job->user, change->instance, change->reg_id);
    return old && is_of_this(job, old) ? NULL : old;
}

static unsigned check_order(struct job *job)
{
    static const char late[] = "Not Later Than What Is Registered";
    size_t total = job->user->binding_count;

    if (job->star) {
        TN_LIST_FOR(node, &job->user->bindings)
        {
            if (is_out_of_order(job, TN_OWNER(node, struct tn_binding, link))) {
                return fail(job, 500, late);
            }
        }
        return 0;
    }
    for (size_t i = 0; i < job->count; i++) {
        const struct tn_binding *old = find_old(job, &job->changes[i]);
        if (is_out_of_order(job, old) || comes_too_late(job, &job->changes[i])) {
            return fail(job, 500, late);
        }
        if (!old && job->changes[i].made) total++;
        if (old && !job->changes[i].made && total > 0) total--;
    }
    return total > TN_BINDINGS_MAX ? fail(job, 403, "Too Many Contacts") : 0;
}

/* ---- carrying out ---- */

static void remember(const struct job *job, const struct tn_removal *removal)
{
    if (!job->server->opts.forgets_removed)
        tn_removed_add(&job->server->location, job->user, removal);
}

/* A refreshed binding keeps its place; a device that has moved comes last. */
static void carry_out(const struct job *job, struct change *change)
{
    struct tn_binding *old, *made = change->made, *before = NULL;

    while ((old = find_old(job, change)) != NULL) {
        if (made && tn_uri_equal(&old->uri, &made->uri) && old->link.next != &job->user->bindings) {
            before = TN_OWNER(old->link.next, struct tn_binding, link);
        }
        if (old == before) before = NULL;
        if (made && tn_binding_same_instance(old, tn_text_view(&made->instance))) {
            tn_binding_free(old);
        } else {
            tn_binding_remove(old);
        }
    }
    if (made) {
        tn_binding_insert(made, job->user, before, change->expires_s);
    } else {
        struct tn_removal removal = removal_of(job, change);
        remember(job, &removal);
    }
    change->done = made;
    change->made = NULL;
}

static void carry_out_all(struct job *job)
{
    if (job->star) {
        TN_LIST_FOR(node, &job->user->bindings)
        {
            struct tn_binding *b = TN_OWNER(node, struct tn_binding, link);
            struct tn_removal removal = {.contact = tn_text_view(&b->contact),
                                         .instance = tn_text_view(&b->instance),
                                         .reg_id = b->reg_id,
                                         .call_id = job->msg->call_id,
                                         .cseq = job->msg->cseq.number};
            remember(job, &removal);
            tn_binding_remove(b);
        }
    }
    for (size_t i = 0; i < job->count; i++)
        carry_out(job, &job->changes[i]);
}

static void drop_changes(struct job *job)
{
    for (size_t i = 0; i < job->count; i++)
        if (job->changes[i].made) tn_binding_free(job->changes[i].made);
}

/* ---- answers ---- */

static void put_q(struct tn_buf *out, uint32_t q)
{
    tn_buf_z(out, ";q=");
    tn_buf_u64(out, q / 1000);
    tn_buf_char(out, '.');
    for (uint32_t unit = 100; unit > 0; unit /= 10) {
        tn_buf_char(out, (char)('0' + q / unit % 10));
    }
}

/* A temporary GRUU only to who has asked with this very Contact: each REGISTER gets a new one. */
static const struct tn_temp_gruu *new_gruu(const struct job *job, const struct tn_binding *b)
{
    for (size_t i = 0; i < job->count; i++)
        if (job->changes[i].done == b) return tn_gruu_new(job->server, b);
    return NULL;
}

static void put_contact(const struct job *job, const struct tn_binding *b, struct tn_buf *out)
{
    tn_buf_z(out, "Contact: <");
    tn_buf_str(out, tn_text_view(&b->contact));
    tn_buf_z(out, ">;expires=");
    tn_buf_u64(out, tn_binding_left(b, job->server->ctx->now));
    if (b->has_q) put_q(out, b->q);
    if (b->instance.len > 0) {
        tn_buf_z(out, ";+sip.instance=\"");
        tn_buf_str(out, tn_text_view(&b->instance));
        tn_buf_char(out, '"');
    }
    if (b->reg_id > 0) {
        tn_buf_z(out, ";reg-id=");
        tn_buf_u64(out, b->reg_id);
    }
    if (job->gruu && b->instance.len > 0) tn_gruu_put(out, b, &job->msg->to.uri, new_gruu(job, b));
    tn_buf_z(out, "\r\n");
}

static void accept(struct job *job)
{
    struct tn_server *server = job->server;
    struct tn_buf out;

    job->gruu =
        !server->opts.no_gruu && tn_msg_list_has(job->msg, TN_HDR_SUPPORTED, TERN_STR("gruu"));
    tn_buf_init(&out, &server->ctx->alloc, TN_MSG_SIZE_MAX);
    TN_LIST_FOR(node, &job->user->bindings)
    {
        put_contact(job, TN_OWNER(node, struct tn_binding, link), &out);
    }
    if (job->path.len > 0) tn_put_header(&out, TN_HDR_PATH, job->path);           /* RFC 3327 5.3 */
    if (job->outbound) tn_put_header(&out, TN_HDR_REQUIRE, TERN_STR("outbound")); /* RFC 5626 6 */
    if (job->outbound && server->opts.flow_timer_s > 0)
        tn_put_header_number(&out, TN_HDR_FLOW_TIMER, server->opts.flow_timer_s); /* 5626 5.4 */
    tn_put_header(&out, TN_HDR_SUPPORTED, tn_server_extensions(server));
    if (out.err == 0) {
        tn_server_answer(server, job->txn, 200, tn_buf_view(&out));
    } else {
        tn_server_refuse(server, job->txn, 500, NULL);
    }
    tn_buf_fini(&out);
}

static void refuse(const struct job *job, unsigned status)
{
    char text[64];
    struct tn_buf buf;

    if (status != 423) {
        tn_server_refuse(job->server, job->txn, status, job->reason);
        return;
    }
    tn_buf_fixed(&buf, text, sizeof(text));
    tn_put_header_number(&buf, TN_HDR_MIN_EXPIRES, job->server->opts.min_expires_s);
    tn_server_answer(job->server, job->txn, status, tn_buf_view(&buf));
}

static bool join_path(struct job *job, struct tn_arena *arena)
{
    struct tn_list_cursor cursor = {0};
    tern_str element;
    struct tn_buf buf;

    tn_buf_init(&buf, &job->server->ctx->alloc, TN_MSG_SIZE_MAX);
    while (tn_msg_list_next(job->msg, TN_HDR_PATH, &cursor, &element)) {
        if (buf.len > 0) tn_buf_z(&buf, ", ");
        tn_buf_str(&buf, element);
    }
    bool done = buf.err == 0 && tn_arena_dup(arena, tn_buf_view(&buf), &job->path) == 0;
    tn_buf_fini(&buf);
    return done;
}

static void process(struct job *job, struct tn_msg *msg)
{
    unsigned status = join_path(job, &msg->arena) ? read_contacts(job) : 500;

    if (!status) status = check_outbound(job);
    if (!status) status = check_order(job);
    if (status) {
        drop_changes(job);
        refuse(job, status);
        return;
    }
    carry_out_all(job);
    accept(job);
    tn_proxy_bound(job->server, job->user);
}

/* Steps 3 to 5: who it is, and whose bindings. @return NULL when answered */
static struct tn_user *authorise(struct tn_server *server, const struct tn_effect *effect)
{
    const struct tn_msg *msg = effect->msg;
    const struct tn_user *who = NULL;

    if (!server->opts.no_auth) {
        enum tn_verdict verdict = tn_verify(server, msg, TN_HDR_AUTHORIZATION, &who);
        if (verdict != TN_VERDICT_GOOD) {
            tn_challenge(server, effect->id, 401, verdict == TN_VERDICT_STALE);
            return NULL;
        }
    }
    struct tn_user *user = tn_server_user_of(server, &msg->to.uri);
    if (!tn_server_is_own(server, &msg->to.uri)) {
        tn_server_refuse(server, effect->id, 404, NULL);
        return NULL;
    }
    if (!server->opts.no_auth && user != who) {
        tn_server_refuse(server, effect->id, 403, "Not Your Address Of Record");
        return NULL;
    }
    return user;
}

/* Without authentication a user exists once it registers. */
static struct tn_user *welcome(struct tn_server *server, const struct tn_effect *effect)
{
    char name[TN_USER_NAME_MAX];
    struct tn_user *user;
    struct tn_buf buf;

    tn_buf_fixed(&buf, name, sizeof(name));
    if (tn_uri_unescape(effect->msg->to.uri.user, &buf) != 0 || buf.err != 0 || buf.len == 0) {
        tn_server_refuse(server, effect->id, 404, NULL);
        return NULL;
    }
    if (tn_location_add(&server->location, tn_buf_view(&buf), &user) != 0) {
        tn_server_refuse(server, effect->id, 500, "Too Many Users");
        return NULL;
    }
    return user;
}

void tn_registrar_request(struct tn_server *server, const struct tn_effect *effect)
{
    static const char *const known[] = {"path", "outbound", "gruu", NULL};
    struct job job = {.server = server,
                      .msg = effect->msg,
                      .txn = effect->id,
                      .flow = tn_net_get(server->net, effect->flow)};

    static const char *const plain[] = {"path", NULL};
    bool bare = server->opts.no_outbound || server->opts.no_gruu;

    if (tn_server_bad_options(server, effect->id, effect->msg, TN_HDR_REQUIRE,
                              bare ? plain : known)) {
        return;
    }
    job.user = authorise(server, effect);
    if (!job.user && server->opts.no_auth && tn_server_is_own(server, &effect->msg->to.uri)) {
        job.user = welcome(server, effect);
    }
    if (job.user) process(&job, effect->msg);
}
