/* SPDX-License-Identifier: MIT */
/*
 * One branch: a request brought to one place, over as many addresses as that
 * has (RFC 3263 4.3). RFC 3261 16.6 step 7 to 11, 16.7 steps 2 and 3, 16.8, 16.9.
 */
#include <tern/err.h>

#include "base/assert.h"
#include "base/str.h"
#include "server/proxy.h"
#include "txn/timing.h"
#include "wire/sip/list.h"

static bool is_invite(const struct tn_branch *b)
{
    return b->proxied->request->method == TN_METHOD_INVITE;
}

static void give_up(struct tn_branch *b, uint64_t *client)
{
    if (*client) tn_client_abandon(b->proxied->server->txns, *client);
    *client = 0;
}

/* Nor is it repeated: a phone that was away would ring for a call that is settled. */
static int take_back(struct tn_branch *b, uint64_t client, tern_str reason)
{
    struct tn_txns *txns = b->proxied->server->txns;

    tn_client_hush(txns, client);
    return tn_client_cancel(txns, client, reason);
}

static void finish(struct tn_branch *b, unsigned status, const struct tn_msg *response)
{
    give_up(b, &b->older);
    tn_timer_cancel(b->proxied->server->ctx, &b->timer_c);
    b->state = TN_BRANCH_DONE;
    b->status = status;
    if (response) {
        tn_msg_unref(b->response);
        b->response = tn_msg_ref((struct tn_msg *)(uintptr_t)response);
    }
}

/* ---- sending ---- */

static int build(const struct tn_branch *b, uint64_t flow_id, struct tn_buf *start,
                 struct tn_buf *rest)
{
    const struct tn_flow *flow = tn_net_get(b->proxied->server->net, flow_id);

    TN_ASSERT(flow);
    tn_buf_str(start, b->proxied->request->method_text);
    tn_buf_char(start, ' ');
    tn_buf_str(start, b->hop.uri);
    tn_buf_z(start, " SIP/2.0");
    return start->err ? start->err : tn_put_forwarded(b, flow, rest);
}

static int hand_over(struct tn_branch *b, const struct tn_client_opts *opts)
{
    struct tn_txns *txns = b->proxied->server->txns;

    if (b->proxied->txn == 0) return tn_client_send_stateless(txns, opts);
    return tn_client_start(txns, opts, &b->client);
}

static int send_to(struct tn_branch *b, struct tn_target target)
{
    struct tn_proxied *proxied = b->proxied;
    struct tn_server *server = proxied->server;
    struct tn_client_opts opts = {
        .owner = {.kind = TN_OWNER_PROXY, .tag = b->index, .id = proxied->id},
        .method = proxied->request->method,
        .target = target,
        .transport_fixed = b->targets.transport_fixed,
        .from = b->hop.from,
    };
    struct tn_buf start, rest;
    uint64_t flow;

    /* A phone without a certificate is reached by the connection that it has opened, or not at all:
       in its dialogs also when it is not registered any more. */
    if (target.transport == TERN_TRANSPORT_TLS && target.domain == 0 && target.came_by == 0) {
        opts.target.came_by = target.came_by = tn_net_caller(server->net, target.addr);
    }
    int err = tn_net_flow(server->net, &target, opts.from, &flow);
    if (err) return err;
    tn_buf_init(&start, &server->ctx->alloc, TN_MSG_SIZE_MAX);
    tn_buf_init(&rest, &server->ctx->alloc, TN_MSG_SIZE_MAX);
    err = build(b, flow, &start, &rest);
    if (!err) {
        opts.start_line = tn_buf_view(&start);
        opts.rest = tn_buf_view(&rest);
        err = hand_over(b, &opts);
    }
    tn_buf_fini(&start);
    tn_buf_fini(&rest);
    return err;
}

/* @return false when no address is left */
static bool send_next(struct tn_branch *b)
{
    while (b->next_target < b->targets.count) {
        if (send_to(b, b->targets.list[b->next_target++]) != 0) continue;
        b->state = TN_BRANCH_SENT;
        if (is_invite(b)) tn_timer_arm(b->proxied->server->ctx, &b->timer_c, TN_TIMER_C);
        return true;
    }
    return false;
}

static void on_timer_c(struct tn_timer *timer)
{
    struct tn_branch *b = TN_OWNER(timer, struct tn_branch, timer_c);
    struct tn_txns *txns = b->proxied->server->txns;

    if (b->state == TN_BRANCH_AWAITING) {
        finish(b, 503, NULL);
        tn_answer_check(b->proxied);
        return;
    }
    /* The client transaction tells what comes of it: 487, or nothing for 64*T1. */
    int err = tn_client_cancel(txns, b->client ? b->client : b->older, (tern_str){NULL, 0});
    if (!err) return;
    give_up(b, &b->client);
    finish(b, 408, NULL);
    tn_answer_check(b->proxied);
}

static int locate(struct tn_branch *b)
{
    tern_str place = b->hop.uri, rest = b->hop.routes, element;
    struct tn_owner owner = {.kind = TN_OWNER_PROXY, .tag = b->index, .id = b->proxied->id};
    struct tn_name_addr route;
    struct tn_uri uri;

    if (!b->hop.strict && tn_list_take(&rest, &element)) {
        if (tn_name_addr_parse(element, &route) != 0) return TERN_EPARSE;
        place = route.uri.text;
    }
    int err = tn_uri_parse(place, &uri);
    if (err) return err;
    struct tn_wanted wanted = {.uri = &uri,
                               .preferred = TERN_TRANSPORT_UDP,
                               .secure = tn_uri_is_sips(b->hop.uri),
                               .owner = owner};
    return tn_locate(b->proxied->server->net, &wanted, &b->targets, &b->query);
}

/* The addresses of the place that `hop` names. @return > 0: they are being asked for */
static int point(struct tn_branch *b)
{
    b->next_target = 0;
    if (!b->hop.has_target) return locate(b);
    /* A flow is not changed for the size of a message: it may be the only way through a NAT. */
    b->targets = (struct tn_targets){.count = 1, .transport_fixed = true};
    b->targets.list[0] = b->hop.target;
    return 0;
}

/*
 * A phone registers again when its connection breaks (RFC 5626 4.2), and 16.5 lets a proxy add to its
 * targets for as long as it works on a request: a call is not refused for want of a moment.
 */
static bool may_recover(const struct tn_branch *b)
{
    const struct tn_proxied *proxied = b->proxied;
    bool by_connection = b->hop.has_target && b->hop.target.transport != TERN_TRANSPORT_UDP;

    return is_invite(b) && by_connection && b->instance.len > 0 &&
           proxied->request->to_tag.len == 0 && !proxied->cancelled && !proxied->decided;
}

/* RFC 3261 16.9: what cannot be sent counts as a 503. */
static void find_no_way(struct tn_branch *b)
{
    if (!may_recover(b)) {
        finish(b, 503, NULL);
        return;
    }
    b->state = TN_BRANCH_AWAITING;
    b->client = 0;
    tn_timer_arm(b->proxied->server->ctx, &b->timer_c, TN_RECOVERY);
}

/*
 * To the place that `hop` names, from the next address on; where one flow of an instance has failed,
 * by its next one (RFC 5626 7).
 */
static void send_or_finish(struct tn_branch *b)
{
    while (!send_next(b)) {
        if (b->other_count == 0) {
            find_no_way(b);
            break;
        }
        b->hop = *b->others++;
        b->other_count--;
        int err = point(b);
        if (err > 0) {
            b->state = TN_BRANCH_LOCATING;
            return;
        }
        if (err < 0) b->targets.count = 0;
    }
    if (b->proxied->txn == 0) b->state = TN_BRANCH_DONE;
}

static void aim(struct tn_branch *b)
{
    int err = point(b);
    if (err > 0) {
        b->state = TN_BRANCH_LOCATING;
        return;
    }
    if (err < 0) b->targets.count = 0;
    send_or_finish(b);
}

void tn_branch_start(struct tn_branch *b)
{
    TN_ASSERT(b->state == TN_BRANCH_IDLE);
    tn_timer_init(&b->timer_c, 0, on_timer_c);
    aim(b);
}

/*
 * Where it waits, nobody is any more. Perhaps somebody was: an INVITE that has arrived there may be
 * answered still, and the phone takes the one that comes by the new way for a loop (RFC 3261 8.2.2.2).
 */
void tn_branch_redirect(struct tn_branch *b, const struct tn_branch *to)
{
    TN_ASSERT(b->state == TN_BRANCH_SENT || b->state == TN_BRANCH_AWAITING);
    if (is_invite(b) && b->client) {
        give_up(b, &b->older);
        b->older = b->client;
        b->client = 0;
    }
    give_up(b, &b->client);
    b->hop = to->hop;
    b->others = to->others;
    b->other_count = to->other_count;
    aim(b);
}

void tn_branch_located(struct tn_branch *b)
{
    if (b->state != TN_BRANCH_LOCATING) return;
    if (tn_locate_result(b->proxied->server->net, b->query, &b->targets) != 0) b->targets.count = 0;
    send_or_finish(b);
    tn_answer_check(b->proxied);
}

/* ---- what comes back ---- */

static void take_provisional(struct tn_branch *b, const struct tn_msg *response)
{
    if (b->state != TN_BRANCH_SENT) return;
    b->answered = true;
    if (response->status == 100) return;
    if (is_invite(b)) tn_timer_arm(b->proxied->server->ctx, &b->timer_c, TN_TIMER_C);
    tn_answer_provisional(b->proxied, response);
}

static void cancel_others(struct tn_branch *b)
{
    struct tn_proxied *proxied = b->proxied;

    for (size_t i = 0; i < proxied->count; i++)
        if (i != b->index) tn_branch_cancel(&proxied->branches[i], (tern_str){NULL, 0});
}

/* The newer one is of no use any more; repeats of the 2xx go back, too. */
static void use_older(struct tn_branch *b)
{
    if (b->client) (void)!take_back(b, b->client, (tern_str){NULL, 0});
    b->client = b->older;
    b->older = 0;
}

static void take_success(struct tn_branch *b, const struct tn_msg *response)
{
    finish(b, response->status, response);
    tn_answer_success(b->proxied, response);
    if (is_invite(b)) cancel_others(b);
}

/* RFC 3263 4.3: an address that is overloaded or does not answer is not the last word. */
static bool try_elsewhere(struct tn_branch *b)
{
    if (b->proxied->cancelled || b->proxied->decided) return false;
    if (b->next_target >= b->targets.count && b->other_count == 0) return false;
    send_or_finish(b);
    return b->state != TN_BRANCH_DONE;
}

/* Somebody has refused it there: it is the same phone, which is not to ring for that where it is now. */
static bool is_refused(const struct tn_msg *response)
{
    if (response == NULL) return false;
    return response->status != 482 && response->status != 408 && response->status != 503;
}

/* The last word of where it went first: that counts only where the phone has it from there. */
static void take_older_failure(struct tn_branch *b, unsigned status, const struct tn_msg *response)
{
    b->older = 0;
    if (b->state != TN_BRANCH_SENT) return;
    if (b->client && !is_refused(response)) return;
    if (b->client) (void)!take_back(b, b->client, (tern_str){NULL, 0});
    give_up(b, &b->client);
    finish(b, status, response);
    if (status >= 600) cancel_others(b);
    tn_answer_check(b->proxied);
}

static void take_failure(struct tn_branch *b, const struct tn_msg *response)
{
    if (b->state != TN_BRANCH_SENT) return;
    if (response->status == 482 && b->older) {
        b->client = 0; /* the phone has it, and answers there */
        return;
    }
    if ((response->status == 503 || response->status == 430) && try_elsewhere(b)) return;
    finish(b, response->status, response);
    if (response->status >= 600) cancel_others(b);
    tn_answer_check(b->proxied);
}

void tn_branch_response(struct tn_branch *b, uint64_t client, struct tn_msg *response)
{
    bool older = client == b->older;

    if (older && response->status >= 300) {
        take_older_failure(b, response->status, response);
    } else if (response->status < 200) {
        take_provisional(b, response);
    } else if (older) {
        use_older(b);
        take_success(b, response);
    } else if (response->status < 300) {
        take_success(b, response);
    } else {
        take_failure(b, response);
    }
}

static unsigned status_of(const struct tn_branch *b, enum tn_failure failure)
{
    if (b->proxied->cancelled) return 487;
    return failure == TN_FAILURE_TIMEOUT ? 408 : 503;
}

void tn_branch_failed(struct tn_branch *b, uint64_t client, enum tn_failure failure)
{
    if (b->state != TN_BRANCH_SENT) return;
    if (client == b->older) {
        take_older_failure(b, status_of(b, failure), NULL);
        return;
    }
    /* It rings there, and its answer may come by another connection, until timer C (16.7, 16.8). */
    if (b->answered && is_invite(b) && failure == TN_FAILURE_TRANSPORT) return;
    if (!b->answered && try_elsewhere(b)) return;
    if (failure == TN_FAILURE_TRANSPORT && may_recover(b)) {
        find_no_way(b);
    } else {
        finish(b, status_of(b, failure), NULL);
    }
    tn_answer_check(b->proxied);
}

void tn_branch_cancel(struct tn_branch *b, tern_str reason)
{
    struct tn_server *server = b->proxied->server;

    if (b->state == TN_BRANCH_DONE) return;
    if (b->state == TN_BRANCH_SENT && is_invite(b)) {
        int older = b->older ? take_back(b, b->older, reason) : TERN_ESTALE;
        int newer = b->client ? take_back(b, b->client, reason) : TERN_ESTALE;
        if (older != TERN_ESTALE || newer != TERN_ESTALE) return;
    }
    if (b->state == TN_BRANCH_LOCATING) tn_locate_cancel(server->net, b->query);
    if (b->state == TN_BRANCH_SENT) give_up(b, &b->client);
    finish(b, 487, NULL);
}

void tn_branch_fini(struct tn_branch *b)
{
    struct tn_server *server = b->proxied->server;

    if (b->state == TN_BRANCH_LOCATING) tn_locate_cancel(server->net, b->query);
    if (b->state == TN_BRANCH_SENT) give_up(b, &b->client);
    give_up(b, &b->older);
    tn_timer_cancel(server->ctx, &b->timer_c);
    tn_msg_unref(b->response);
    b->response = NULL;
}
