/* SPDX-License-Identifier: MIT */
/* A request's way into the proxy, and what becomes of it: RFC 3261 16.3, 16.5, 16.10. */
#include "server/proxy.h"

#include <tern/err.h>

#include "base/str.h"
#include "server/auth.h"
#include "server/gruu.h"

/* ---- life ---- */

static void on_again(struct tn_timer *timer)
{
    tn_answer_check(TN_OWNER(timer, struct tn_proxied, again));
}

static void set_arrival(struct tn_proxied *proxied, const struct tn_flow *flow)
{
    if (!flow) return;
    proxied->source = flow->key.remote;
    proxied->has_arrival = true;
    proxied->arrival_transport = flow->key.transport;
    proxied->arrival = tn_net_sent_by(proxied->server->net, flow);
}

static struct tn_proxied *make(struct tn_server *server, const struct tn_effect *effect,
                               size_t branches)
{
    const struct tern_allocator *alloc = &server->ctx->alloc;
    struct tn_proxied *proxied =
        tn_alloc(alloc, sizeof(*proxied) + branches * sizeof(proxied->branches[0]));

    if (!proxied) return NULL;
    if (tn_slots_add(&server->proxied, proxied, &proxied->id) != 0) {
        tn_free(alloc, proxied);
        return NULL;
    }
    proxied->server = server;
    proxied->txn = effect->id;
    proxied->request = tn_msg_ref(effect->msg);
    proxied->count = branches;
    tn_timer_init(&proxied->again, 0, on_again);
    set_arrival(proxied, tn_net_get(server->net, effect->flow));
    for (size_t i = 0; i < branches; i++) {
        proxied->branches[i].proxied = proxied;
        proxied->branches[i].index = (uint32_t)i;
    }
    return proxied;
}

void tn_proxied_free(struct tn_proxied *proxied)
{
    struct tn_server *server = proxied->server;

    for (size_t i = 0; i < proxied->count; i++)
        tn_branch_fini(&proxied->branches[i]);
    tn_timer_cancel(server->ctx, &proxied->again);
    tn_slots_remove(&server->proxied, proxied->id);
    tn_msg_unref(proxied->request);
    tn_free(&server->ctx->alloc, proxied);
}

/* An ACK lives no longer than its look-up. */
static void free_ack(struct tn_proxied *proxied)
{
    if (proxied->txn == 0 && proxied->branches[0].state == TN_BRANCH_DONE) tn_proxied_free(proxied);
}

static void start(struct tn_proxied *proxied)
{
    struct tn_server *server = proxied->server;
    const struct tn_response trying = {.status = 100};

    if (proxied->txn != 0) {
        struct tn_owner owner = {.kind = TN_OWNER_PROXY, .id = proxied->id};
        tn_server_set_owner(server->txns, proxied->txn, owner);
    }
    if (proxied->request->method == TN_METHOD_INVITE) {
        int lost = tn_server_respond(server->txns, proxied->txn, &trying);
        (void)lost;
    }
    for (size_t i = 0; i < proxied->count; i++)
        tn_branch_start(&proxied->branches[i]);
    tn_answer_check(proxied);
    free_ack(proxied);
}

/* ---- may it pass? ---- */

/* RFC 3261 16.3. @return whether the request was refused */
static bool is_bad(struct tn_server *server, const struct tn_effect *effect,
                   const struct tn_way *way)
{
    static const char *const none[] = {NULL};

    if (way->uri.scheme != TN_SCHEME_SIP) {
        tn_server_refuse(server, effect->id, 416, NULL);
        return true;
    }
    if (effect->msg->max_forwards == 0) {
        tn_server_refuse(server, effect->id, 483, NULL);
        return true;
    }
    if (tn_count_own_vias(server, effect->msg) >= TN_SPIRALS_MAX) {
        tn_server_refuse(server, effect->id, 482, NULL);
        return true;
    }
    return tn_server_bad_options(server, effect->id, effect->msg, TN_HDR_PROXY_REQUIRE, none);
}

/* RFC 3261 22.1 and 22.3: an ACK and a CANCEL cannot be sent again; a BYE is let through, so that a
 * call can always end. */
static bool is_exempt(enum tn_method method)
{
    return method == TN_METHOD_ACK || method == TN_METHOD_CANCEL || method == TN_METHOD_BYE ||
           method == TN_METHOD_REGISTER;
}

static bool is_unauthorised(struct tn_server *server, const struct tn_effect *effect)
{
    const struct tn_msg *msg = effect->msg;
    const struct tn_user *who;

    enum tn_verdict verdict = tn_verify(server, msg, TN_HDR_PROXY_AUTHORIZATION, &who);
    if (verdict != TN_VERDICT_GOOD) {
        tn_challenge(server, effect->id, 407, verdict == TN_VERDICT_STALE);
        return true;
    }
    if (who == tn_server_user_of(server, &msg->from.uri)) return false;
    tn_server_refuse(server, effect->id, 403, "From Is Somebody Else");
    return true;
}

/* It asks for one of our users, or, in a dialog whose route set leaves us out, for where one is. */
static bool is_for_ours(const struct tn_server *server, const struct tn_msg *msg,
                        const struct tn_way *way)
{
    if (way->routes.len > 0) return false;
    if (tn_server_is_own(server, &way->uri)) return true;
    return msg->to_tag.len > 0 && tn_location_by_contact(&server->location, &way->uri) != NULL;
}

/*
 * Strangers may call our users, and go on in their calls, by our Route or to a binding that we have.
 * They may not use us to call others, nor to write to anybody else.
 */
static bool is_relay(const struct tn_server *server, const struct tn_msg *msg,
                     const struct tn_way *way)
{
    bool goes_on = msg->to_tag.len > 0 && way->by_our_route;
    return !goes_on && !is_for_ours(server, msg, way);
}

static bool is_forbidden(struct tn_server *server, const struct tn_effect *effect,
                         const struct tn_way *way)
{
    const struct tn_msg *msg = effect->msg;

    if (server->opts.no_auth) return false;
    bool relay = is_relay(server, msg, way), is_bye = msg->method == TN_METHOD_BYE;
    if (tn_server_is_own(server, &msg->from.uri) &&
        (!is_exempt(msg->method) || (is_bye && relay))) {
        return is_unauthorised(server, effect);
    }
    if (!relay) return false;
    tn_server_refuse(server, effect->id, 403, "Relaying Denied");
    return true;
}

/* ---- where to? ---- */

static void to_ourselves(struct tn_server *server, const struct tn_effect *effect)
{
    if (effect->msg->method == TN_METHOD_OPTIONS) {
        tn_server_answer(server, effect->id, 200,
                         TERN_STR("Allow: REGISTER, OPTIONS, INVITE, ACK, CANCEL, BYE\r\n"
                                  "Supported: path, outbound, gruu\r\n"));
    } else {
        tn_server_refuse(server, effect->id, effect->msg->to_tag.len > 0 ? 481 : 404, NULL);
    }
}

/* To all instances of the user, or to one. NULL without memory. */
static struct tn_proxied *fork_to(struct tn_server *server, const struct tn_effect *effect,
                                  const struct tn_gruu *whom)
{
    struct tn_branch places[TN_BINDINGS_MAX] = {{.proxied = NULL}};
    int count = tn_targets_of(server, whom->user, whom->instance, &effect->msg->arena, places);

    if (count <= 0) return NULL;
    struct tn_proxied *proxied = make(server, effect, (size_t)count);
    if (!proxied) return NULL;
    proxied->user = whom->user;
    for (size_t i = 0; i < proxied->count; i++) {
        struct tn_branch *branch = &proxied->branches[i];
        branch->hop = places[i].hop;
        branch->others = places[i].others;
        branch->other_count = places[i].other_count;
        branch->instance = places[i].instance;
    }
    return proxied;
}

static struct tn_proxied *pass_on(struct tn_server *server, const struct tn_effect *effect,
                                  const struct tn_way *way)
{
    struct tn_proxied *proxied = make(server, effect, 1);

    if (!proxied) return NULL;
    if (tn_hop_along(server, way, &effect->msg->arena, &proxied->branches[0].hop) != 0) {
        tn_proxied_free(proxied);
        return NULL;
    }
    return proxied;
}

static void run(struct tn_server *server, const struct tn_effect *effect,
                struct tn_proxied *proxied)
{
    if (proxied) {
        start(proxied);
    } else {
        tn_server_refuse(server, effect->id, 500, NULL);
    }
}

static bool is_reachable(const struct tn_gruu *whom)
{
    if (!whom->is_gruu) return whom->user->binding_count > 0;
    TN_LIST_FOR(node, &whom->user->bindings)
    {
        const struct tn_binding *b = TN_OWNER(node, struct tn_binding, link);
        if (tn_binding_same_instance(b, whom->instance)) return true;
    }
    return false;
}

static void look_up(struct tn_server *server, const struct tn_effect *effect,
                    const struct tn_way *way)
{
    struct tn_gruu whom;

    tn_gruu_read(server, &way->uri, &whom);
    if (way->uri.user.len == 0) {
        to_ourselves(server, effect);
    } else if (!whom.user) {
        tn_server_refuse(server, effect->id, 404, NULL);
    } else if (!is_reachable(&whom)) {
        tn_server_refuse(server, effect->id, 480, NULL);
    } else {
        run(server, effect, fork_to(server, effect, &whom));
    }
}

void tn_proxy_request(struct tn_server *server, const struct tn_effect *effect)
{
    struct tn_way way;

    int err = tn_way_read(server, effect->msg, &way);
    if (err) {
        tn_server_refuse(server, effect->id, err == TERN_EPARSE ? 400 : 500,
                         err == TERN_EPARSE ? "Bad Route" : NULL);
        return;
    }
    if (is_bad(server, effect, &way) || is_forbidden(server, effect, &way)) return;
    if (way.routes.len == 0 && tn_server_is_own(server, &way.uri)) {
        look_up(server, effect, &way);
    } else {
        run(server, effect, pass_on(server, effect, &way));
    }
}

/* The far end's Contact may be a GRUU: its ACK goes where its instance is best reached. */
static void ack_to_gruu(struct tn_server *server, const struct tn_effect *effect,
                        const struct tn_way *way)
{
    struct tn_gruu whom;

    tn_gruu_read(server, &way->uri, &whom);
    if (!whom.is_gruu || !whom.user || !is_reachable(&whom)) return;
    struct tn_proxied *proxied = fork_to(server, effect, &whom);
    if (proxied) start(proxied);
}

/* RFC 3261 16.11 in spirit: an ACK for a 2xx goes along its Routes, or nowhere. */
void tn_proxy_ack(struct tn_server *server, const struct tn_effect *effect)
{
    struct tn_way way;

    if (effect->msg->max_forwards == 0) return;
    if (tn_way_read(server, effect->msg, &way) != 0) return;
    if (way.uri.scheme != TN_SCHEME_SIP) return;
    if (tn_count_own_vias(server, effect->msg) >= TN_SPIRALS_MAX) return;
    if (!server->opts.no_auth && is_relay(server, effect->msg, &way)) return;
    if (way.routes.len == 0 && tn_server_is_own(server, &way.uri)) {
        ack_to_gruu(server, effect, &way);
        return;
    }
    struct tn_proxied *proxied = pass_on(server, effect, &way);
    if (proxied) start(proxied);
}

/* ---- bindings that change meanwhile ---- */

/* Sent to a place that is among those of its instance no more, and nobody has said a word. */
static bool is_stranded(const struct tn_branch *branch, const struct tn_branch *now)
{
    if (branch->state == TN_BRANCH_AWAITING) return !now->hop.failed;
    if (branch->state != TN_BRANCH_SENT || branch->answered) return false;
    if (tn_str_eq(branch->hop.uri, now->hop.uri) &&
        branch->hop.target.came_by == now->hop.target.came_by) {
        return false;
    }
    for (size_t i = 0; i < now->other_count; i++) {
        const struct tn_next_hop *other = &now->others[i];
        if (tn_str_eq(branch->hop.uri, other->uri) && !other->failed &&
            branch->hop.target.came_by == other->target.came_by) {
            return false;
        }
    }
    return true;
}

static void follow(struct tn_proxied *proxied, struct tn_branch *branch)
{
    struct tn_branch places[TN_BINDINGS_MAX] = {{.proxied = NULL}};
    struct tn_arena *arena = &proxied->request->arena;

    if (branch->instance.len == 0) return;
    int count = tn_targets_of(proxied->server, proxied->user, branch->instance, arena, places);
    if (count == 1 && is_stranded(branch, &places[0])) tn_branch_redirect(branch, &places[0]);
}

void tn_proxy_bound(struct tn_server *server, const struct tn_user *user)
{
    struct tn_proxied *proxied;
    uint32_t cursor = 0;

    while ((proxied = tn_slots_each(&server->proxied, &cursor)) != NULL) {
        bool open = proxied->txn != 0 && !proxied->decided && !proxied->cancelled;
        if (proxied->user != user || !open) continue;
        for (size_t i = 0; i < proxied->count; i++)
            follow(proxied, &proxied->branches[i]);
        tn_answer_check(proxied);
    }
}

/* ---- effects ---- */

static void on_cancelled(struct tn_proxied *proxied, const struct tn_msg *cancel)
{
    const struct tn_hdr *reason = cancel ? tn_msg_header(cancel, TN_HDR_REASON, 0) : NULL;

    proxied->cancelled = true;
    for (size_t i = 0; i < proxied->count; i++)
        tn_branch_cancel(&proxied->branches[i], reason ? reason->value : (tern_str){NULL, 0});
    tn_answer_check(proxied);
}

/* A CANCEL that came in one piece with its INVITE was noticed before the INVITE had an owner. */
static struct tn_proxied *find_by_txn(const struct tn_server *server, uint64_t txn)
{
    struct tn_proxied *proxied;
    uint32_t cursor = 0;

    while ((proxied = tn_slots_each(&server->proxied, &cursor)) != NULL)
        if (proxied->txn == txn) return proxied;
    return NULL;
}

static struct tn_proxied *find(const struct tn_server *server, const struct tn_effect *effect)
{
    if (effect->owner.kind == TN_OWNER_PROXY) {
        return tn_slots_get(&server->proxied, effect->owner.id);
    }
    return effect->kind == TN_EFFECT_CANCELLED ? find_by_txn(server, effect->id) : NULL;
}

void tn_proxy_effect(struct tn_server *server, const struct tn_effect *effect)
{
    struct tn_proxied *proxied = find(server, effect);

    if (!proxied || effect->owner.tag >= proxied->count) return;
    struct tn_branch *branch = &proxied->branches[effect->owner.tag];
    switch ((int)effect->kind) {
    case TN_EFFECT_CANCELLED: on_cancelled(proxied, effect->msg); return;
    case TN_EFFECT_SERVER_ENDED: tn_proxied_free(proxied); return;
    case TN_EFFECT_TXN_RESPONSE:
        if (branch->client == effect->id || branch->older == effect->id)
            tn_branch_response(branch, effect->id, effect->msg);
        return;
    case TN_EFFECT_TXN_FAILED:
        if (branch->client == effect->id || branch->older == effect->id)
            tn_branch_failed(branch, effect->id, (enum tn_failure)effect->code);
        return;
    case TN_EFFECT_LOCATED:
        if (branch->query == effect->id) tn_branch_located(branch);
        free_ack(proxied);
        return;
    default: return;
    }
}
