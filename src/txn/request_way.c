/* SPDX-License-Identifier: MIT */
/*
 * Where a request goes: located (RFC 3263), raced to where several addresses lead to one server
 * (RFC 8305), tried at the next target when one fails.
 *
 * While the look-up runs, the server that was good in the last network is tried (MOBILITY S18): at
 * once after a change of network, else when the name server is slow. An answer that names others
 * moves the request there, unless it has been heard of already.
 *
 * Connections: the next address of the same server is tried 250 ms after the last, or when that has
 * failed; the first that is up, with TLS, wins, and the others are closed. One that is connected and
 * still in its TLS handshake holds up the next. Over UDP there is nothing to race with but the request
 * itself: one that is silent goes round the addresses of its rank, with CSeq+1 each time, so that a
 * registrar that hears it late drops it as out of order.
 */
#include <tern/err.h>

#include "base/assert.h"
#include "base/str.h"
#include "txn/limits.h"
#include "txn/request_impl.h"
#include "txn/txn_impl.h"

enum tn_failure tn_request_failure_of(int err)
{
    if (err == TERN_ENOROUTE) return TN_FAILURE_NO_ROUTE;
    if (err == TERN_ENOTFOUND || err == TERN_EINVAL) return TN_FAILURE_UNRESOLVABLE;
    if (err == TERN_ESTALE) return TN_FAILURE_TRANSPORT;
    return TN_FAILURE_LIMIT;
}

void tn_request_note_flow(struct tn_request *r, uint64_t id)
{
    const struct tn_flow *flow = tn_net_get(r->txns->net, id);

    if (!flow) return;
    r->path.flow = id;
    r->path.transport = flow->key.transport;
    r->path.local = tn_net_sent_by(r->txns->net, flow);
    r->path.remote = flow->peer;
    r->mapped = flow->mapped;
}

static void pace(struct tn_request *r, tern_time delay)
{
    tn_timer_arm(r->txns->ctx, &r->pace, delay);
}

/* ---- connections that are waited for ---- */

static bool is_waited_for(const struct tn_request *r, uint64_t flow)
{
    return tn_txns_next_waiting(r->txns, flow) != NULL;
}

static void drop_attempt(struct tn_attempt *a)
{
    tn_list_remove(&a->link);
    a->flow = 0;
}

void tn_request_end_race(struct tn_request *r, uint64_t winner)
{
    for (size_t i = 0; i < TN_RACE_MAX; i++) {
        struct tn_attempt *a = &r->race[i];
        uint64_t flow = a->flow;
        if (flow == 0) continue;
        drop_attempt(a);
        if (flow == winner || is_waited_for(r, flow)) continue;
        tn_net_close_unused(r->txns->net, flow);
    }
}

static struct tn_attempt *free_attempt(struct tn_request *r)
{
    for (size_t i = 0; i < TN_RACE_MAX; i++)
        if (r->race[i].flow == 0) return &r->race[i];
    return NULL;
}

static const struct tn_attempt *any_attempt(const struct tn_request *r)
{
    for (size_t i = 0; i < TN_RACE_MAX; i++)
        if (r->race[i].flow != 0) return &r->race[i];
    return NULL;
}

static void join(struct tn_request *r, uint64_t flow, size_t target)
{
    struct tn_attempt *a = free_attempt(r);

    TN_ASSERT(a);
    a->flow = flow;
    a->target = target;
    tn_list_push(tn_txns_waiting_for(r->txns, flow), &a->link);
}

/* The next address of the server whose others are being connected to. */
static bool may_race(const struct tn_request *r)
{
    const struct tn_target *list = r->targets.list;
    size_t next = r->reached + 1;

    return next < r->targets.count && list[next].transport != TERN_TRANSPORT_UDP &&
           list[next].host == list[r->reached].host && list[next].rank == list[r->reached].rank;
}

static bool is_securing(const struct tn_request *r)
{
    for (size_t i = 0; i < TN_RACE_MAX; i++)
        if (r->race[i].flow && tn_net_is_securing(r->txns->net, r->race[i].flow)) return true;
    return false;
}

/* The flow is up: now is the time to say where from. */
static int leave(struct tn_request *r)
{
    if (!r->opts.prepare) return tn_request_attempt(r);
    tn_request_enter(r, TN_REQUEST_PREPARING);
    tn_request_emit(r, (struct tn_effect){.kind = TN_EFFECT_PREPARE});
    return 0;
}

static void win(struct tn_request *r, uint64_t flow, size_t target)
{
    r->target = target;
    tn_request_end_race(r, flow);
    tn_request_note_flow(r, flow);
    int err = leave(r);
    if (err) tn_request_try_next(r, tn_request_failure_of(err));
}

/* Further addresses, until one is being connected to; one that is open already wins. */
static void race_on(struct tn_request *r)
{
    while (may_race(r) && free_attempt(r)) {
        uint64_t flow;
        r->reached++;
        const struct tn_target *target = &r->targets.list[r->reached];
        if (tn_net_flow(r->txns->net, target, r->opts.from_addr, &flow) != 0) continue;
        if (tn_net_get(r->txns->net, flow)->open) {
            win(r, flow, r->reached);
            return;
        }
        join(r, flow, r->reached);
        pace(r, TN_RACE_DELAY);
        return;
    }
}

void tn_request_flow_up(struct tn_attempt *a)
{
    win(a->request, a->flow, a->target);
}

void tn_request_flow_down(struct tn_attempt *a)
{
    struct tn_request *r = a->request;

    drop_attempt(a);
    race_on(r);
    if (r->state != TN_REQUEST_CONNECTING) return;
    const struct tn_attempt *other = any_attempt(r);
    if (other) {
        r->target = other->target;
        tn_request_note_flow(r, other->flow);
        return;
    }
    r->target = r->reached;
    tn_request_try_next(r, TN_FAILURE_TRANSPORT);
}

/* ---- one target after another ---- */

int tn_request_try(struct tn_request *r)
{
    uint64_t flow;

    int err = tn_net_flow(r->txns->net, &r->targets.list[r->target], r->opts.from_addr, &flow);
    if (err) return err;
    tn_request_end_race(r, flow);
    tn_request_note_flow(r, flow);
    if (tn_net_get(r->txns->net, flow)->open) return leave(r);
    tn_request_enter(r, TN_REQUEST_CONNECTING);
    r->reached = r->target;
    join(r, flow, r->target);
    if (may_race(r)) pace(r, TN_RACE_DELAY);
    return 0;
}

/* From the present target on, until one can be tried. */
static void try_targets(struct tn_request *r)
{
    for (; r->target < r->targets.count; r->target++) {
        int err = tn_request_try(r);
        if (!err) return;
        r->failure = tn_request_failure_of(err);
    }
    if (r->query) { /* the look-up may know others */
        if (r->state != TN_REQUEST_LOCATING) tn_request_enter(r, TN_REQUEST_LOCATING);
        return;
    }
    tn_request_fail(r, r->failure);
}

/* What another network's name servers said of the next target does not count any more. */
static void try_others(struct tn_request *r)
{
    if (!r->query && tn_locate_is_old(r->txns->net, &r->targets)) {
        tn_request_enter(r, TN_REQUEST_LOCATING);
        tn_request_locate(r);
        return;
    }
    try_targets(r);
}

void tn_request_try_next(struct tn_request *r, enum tn_failure failure)
{
    r->failure = failure;
    r->target++;
    try_others(r);
}

/* Silent over UDP, while another address may do: this one comes again at the end. */
static bool may_go_round(const struct tn_request *r)
{
    const struct tn_target *list = r->targets.list;
    size_t next = r->target + 1;

    return r->opts.method != TN_METHOD_INVITE && !r->opts.no_failover && !r->heard &&
           r->rounds < TN_HUNTS_MAX && next < r->targets.count &&
           list[r->target].transport == TERN_TRANSPORT_UDP && list[next].rank == list[0].rank;
}

static void go_round(struct tn_request *r)
{
    struct tn_targets *t = &r->targets;
    struct tn_target silent = t->list[r->target];
    size_t last = r->target;

    for (; last + 1 < t->count && t->list[last + 1].rank == silent.rank; last++)
        t->list[last] = t->list[last + 1];
    t->list[last] = silent;
    r->rounds++;
    tn_client_abandon(r->txns, r->client);
    r->client = 0;
    try_others(r);
}

/* ---- locating ---- */

static void accept(struct tn_request *r)
{
    for (size_t i = 0; i < r->targets.count; i++)
        r->targets.list[i].came_by = r->opts.came_by;
    r->target = 0;
    r->failure = TN_FAILURE_UNRESOLVABLE;
}

/* @return false: there is none, or it has been tried */
static bool try_last_good(struct tn_request *r)
{
    struct tn_targets kept = r->targets;

    if (r->kept_tried || !tn_locate_last_good(r->txns->net, r->key, &kept)) return false;
    r->kept_tried = true;
    r->targets = kept;
    accept(r);
    try_targets(r);
    return true;
}

static int locate(struct tn_request *r)
{
    const struct tn_owner self = {.kind = TN_OWNER_REQUEST, .id = r->id};
    struct tn_uri hop;

    int err = tn_request_hop(&r->opts, &hop);
    if (err) return TERN_EINVAL;
    struct tn_wanted wanted = {.uri = &hop,
                               .preferred = r->opts.transport,
                               .secure = r->opts.secure || tn_uri_is_sips(r->opts.uri),
                               .owner = self};
    return tn_locate(r->txns->net, &wanted, &r->targets, &r->query);
}

/* After a change nobody waits for a name server; else it has a moment. */
static void beside(struct tn_request *r)
{
    struct tn_targets kept = r->targets;

    r->key = r->targets.key;
    if (r->kept_tried || !tn_locate_last_good(r->txns->net, r->key, &kept)) return;
    if (tn_locate_is_old(r->txns->net, &kept)) {
        (void)try_last_good(r);
    } else {
        pace(r, TN_LAST_GOOD_DELAY);
    }
}

void tn_request_locate(struct tn_request *r)
{
    int err = locate(r);

    if (err < 0) {
        tn_request_fail(r, tn_request_failure_of(err));
    } else if (err == 0) {
        accept(r);
        try_targets(r);
    } else {
        beside(r);
    }
}

/* Goes on by the way that it has; where that fails, to those that were found. */
static void keep_way(struct tn_request *r, const struct tn_targets *found)
{
    struct tn_target own = r->targets.list[r->target];
    struct tn_targets *t = &r->targets;
    size_t at = tn_targets_find(found, &own);

    *t = *found;
    accept(r);
    if (at == t->count) {
        at = t->count < TN_TARGETS_MAX ? t->count++ : t->count - 1;
        t->list[at] = own;
        t->list[at].rank = t->list[0].rank; /* it is as good as they are: it is in use */
    }
    tn_targets_first(t, at);
}

static bool is_found(const struct tn_request *r, const struct tn_targets *found)
{
    return tn_targets_find(found, &r->targets.list[r->target]) < found->count;
}

/* To where the name leads here; the last good one is left, and is the last resort. */
static void change_way(struct tn_request *r, const struct tn_targets *found)
{
    struct tn_target own = r->targets.list[r->target];

    if (r->state == TN_REQUEST_PENDING) {
        /* An INVITE that rings there after all is cancelled. */
        if (r->opts.method == TN_METHOD_INVITE) {
            tn_client_hush(r->txns, r->client);
            (void)!tn_client_cancel(r->txns, r->client, (tern_str){NULL, 0});
        }
        tn_client_abandon(r->txns, r->client);
        r->client = 0;
    }
    tn_request_end_race(r, 0);
    r->targets = *found;
    if (r->targets.count < TN_TARGETS_MAX) {
        own.rank = UINT16_MAX;
        r->targets.list[r->targets.count++] = own;
    }
    accept(r);
    try_targets(r);
}

/* The answer has come while the last good server is being tried. */
static void compare(struct tn_request *r, const struct tn_targets *found)
{
    bool silent = !r->heard && r->state == TN_REQUEST_PENDING;
    bool udp = r->targets.list[r->target].transport == TERN_TRANSPORT_UDP;

    if (is_found(r, found) || r->heard || r->cancelled || r->state == TN_REQUEST_PREPARING) {
        keep_way(r, found);
    } else if (silent && r->opts.method == TN_METHOD_INVITE && udp) {
        keep_way(r, found); /* it may ring any moment */
        r->astray = true;
        pace(r, TN_ASTRAY_DELAY);
    } else if (silent && !udp) {
        keep_way(r, found); /* a server has taken the connection */
    } else {
        change_way(r, found);
    }
}

void tn_request_located(struct tn_request *r, uint64_t query)
{
    struct tn_targets found;

    if (query != r->query) return;
    int err = tn_locate_result(r->txns->net, query, &found);
    r->query = 0;
    if (r->state != TN_REQUEST_LOCATING) {
        if (!err) compare(r, &found);
        return;
    }
    if (!err) {
        r->targets = found;
        accept(r);
        try_targets(r);
    } else if (!try_last_good(r)) {
        bool tried = r->kept_tried && r->failure != TN_FAILURE_NONE;
        tn_request_fail(r, tried ? r->failure : TN_FAILURE_UNRESOLVABLE);
    }
}

/* ---- time ---- */

static void leave_astray(struct tn_request *r)
{
    struct tn_targets others = r->targets;

    r->astray = false;
    if (r->heard || r->cancelled || others.count < 2) return;
    others.count--;
    for (size_t i = 0; i < others.count; i++)
        others.list[i] = others.list[i + 1];
    change_way(r, &others);
}

static void on_pace(struct tn_timer *timer)
{
    struct tn_request *r = TN_OWNER(timer, struct tn_request, pace);

    if (r->state == TN_REQUEST_LOCATING) {
        if (r->query) (void)try_last_good(r);
    } else if (r->state == TN_REQUEST_CONNECTING) {
        if (is_securing(r)) {
            pace(r, TN_RACE_DELAY);
        } else {
            race_on(r);
        }
    } else if (r->state == TN_REQUEST_PENDING && r->txns->paused) {
        pace(r, TN_HUNT_DELAY);
    } else if (r->state == TN_REQUEST_PENDING && r->astray) {
        leave_astray(r);
    } else if (r->state == TN_REQUEST_PENDING && may_go_round(r)) {
        go_round(r);
    }
}

void tn_request_sent(struct tn_request *r)
{
    r->heard = r->astray = false;
    if (may_go_round(r)) pace(r, TN_HUNT_DELAY);
}

void tn_request_heard(struct tn_request *r, unsigned status)
{
    r->heard = true;
    if (status != 503) tn_locate_answered(r->txns->net, &r->targets, r->target);
}

void tn_request_way_init(struct tn_request *r)
{
    for (size_t i = 0; i < TN_RACE_MAX; i++) {
        tn_list_init(&r->race[i].link);
        r->race[i].request = r;
    }
    tn_timer_init(&r->pace, 0, on_pace);
}

void tn_request_way_fini(struct tn_request *r)
{
    tn_timer_cancel(r->txns->ctx, &r->pace);
    tn_request_end_race(r, r->path.flow); /* who asks next finds that one on its way */
    if (r->query) tn_locate_cancel(r->txns->net, r->query);
    r->query = 0;
}
