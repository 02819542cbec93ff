/* SPDX-License-Identifier: MIT */
/*
 * Generations: when one starts, what it opens, when it is complete. The tasks
 * of accounts and calls are in account.c and call.c.
 */
#include "mobility/mobility.h"

#include "base/assert.h"
#include "base/mutant.h"
#include "mobility/internal.h"

void tn_mob_init(struct tn_mobility *mob)
{
    *mob = (struct tn_mobility){.online = true};
    tn_pace_init(&mob->pace, 0, 0);
    tn_list_init(&mob->accounts);
    tn_list_init(&mob->calls);
}

/* ---- decisions and reports ---- */

void tn_mob_decide(struct tn_mobility *mob, const struct tn_decision *decision)
{
    TN_ASSERT(mob->decision_count < TN_DECISIONS_MAX);
    size_t at = (mob->decision_head + mob->decision_count++) % TN_DECISIONS_MAX;
    mob->decisions[at] = *decision;
}

void tn_mob_arm(struct tn_mobility *mob, struct tn_task_timer *timer, tern_time delay)
{
    tn_heap_remove(&mob->timers, &timer->node);
    tn_heap_push(&mob->timers, &timer->node, mob->now + delay);
}

/* Thousands of tasks may be due at once; each is run when its predecessor's decisions are taken. */
static bool run_due_task(struct tn_mobility *mob)
{
    struct tn_heap_node *first = tn_heap_min(&mob->timers);
    if (first == NULL || first->key > mob->now) return false;
    tn_heap_remove(&mob->timers, first);
    struct tn_task_timer *timer = TN_OWNER(first, struct tn_task_timer, node);
    if (timer->of_call) {
        tn_mob_call_timer(mob, TN_OWNER(timer, struct tn_call_task, timer));
    } else {
        tn_mob_account_timer(mob, TN_OWNER(timer, struct tn_account_task, timer));
    }
    return true;
}

static bool run_turn(struct tn_mobility *mob)
{
    struct tn_ticket *ticket = tn_pace_next(&mob->pace, mob->now);
    if (ticket == NULL) return false;
    if (ticket->of_call) {
        tn_mob_call_turn(mob, TN_OWNER(ticket, struct tn_call_task, ticket));
    } else {
        tn_mob_account_turn(mob, TN_OWNER(ticket, struct tn_account_task, ticket));
    }
    return true;
}

bool tn_mob_next(struct tn_mobility *mob, struct tn_decision *out)
{
    while (mob->decision_count == 0 && !mob->beginning) {
        if (!run_due_task(mob) && !run_turn(mob)) return false;
    }
    if (mob->decision_count == 0) return false;
    *out = mob->decisions[mob->decision_head];
    mob->decision_head = (mob->decision_head + 1) % TN_DECISIONS_MAX;
    mob->decision_count--;
    return true;
}

struct tern_ip_change_progress tn_mob_progress(const struct tn_mobility *mob,
                                               enum tern_ip_change_op op,
                                               enum tern_ip_change_status status)
{
    return (struct tern_ip_change_progress){
        .op = op,
        .status = status,
        .generation = mob->generation,
        .attempt = 1,
        .since_change = mob->now - mob->changed,
    };
}

void tn_mob_report(struct tn_mobility *mob, const struct tern_ip_change_progress *progress)
{
    /* After COMPLETED nothing more is said of a generation. */
    if (!mob->open) return;
    tn_mob_decide(mob, &(struct tn_decision){.kind = TN_DECIDE_REPORT, .report = *progress});
}

static void complete(struct tn_mobility *mob, enum tern_ip_change_status status)
{
    struct tern_ip_change_progress done = tn_mob_progress(mob, TERN_IP_CHANGE_OP_COMPLETED, status);
    done.totals.accounts = mob->accounts_moved;
    done.totals.calls_kept = mob->calls_kept;
    done.totals.calls_lost = mob->calls_lost;
    done.totals.gap_out = mob->gap_out;
    done.totals.gap_in = mob->gap_in;
    tn_mob_report(mob, &done);
    mob->open = TN_MUTANT(COMPLETED_TWICE);
}

void tn_mob_settle(struct tn_mobility *mob)
{
    if (!mob->open || mob->beginning || mob->active > 0 || mob->listener_pending) return;
    bool well = mob->calls_lost == 0 && mob->accounts_failed == 0 && !mob->listener_failed;
    complete(mob, well ? TERN_IP_CHANGE_SUCCESS : TERN_IP_CHANGE_FAILURE);
}

/* ---- judging ---- */

tern_addr tn_mob_source(const struct tern_network *network, tern_addr remote)
{
    tern_addr local = {0};
    if (remote.family == TERN_FAMILY_NONE) return local;
    if (tern_network_source(network, remote, &local) != 0) return (tern_addr){0};
    return local;
}

/* How far an address reaches: over its link, within the site (RFC 4193), or everywhere. */
static int reach_of(const tern_addr *a)
{
    if (a->family == TERN_FAMILY_IPV4) return a->ip[0] == 169 && a->ip[1] == 254 ? 0 : 2;
    if (a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80) return 0;
    return (a->ip[0] & 0xfe) == 0xfc ? 1 : 2;
}

/*
 * MOBILITY S19: `source` has come beside the address in use, on the same interface, and is only liked
 * better for what is new (RFC 6724 rules 7 and 8). Nothing need move until the old one is deprecated.
 */
static bool stands_beside(const struct tern_network *network, const struct tern_net_address *in_use,
                          tern_addr source)
{
    const struct tern_net_address *other = tern_network_find(network, source);
    if (other == NULL || (in_use->flags & (TERN_NET_DEPRECATED | TERN_NET_TENTATIVE))) return false;
    return other->interface == in_use->interface && other->preference == in_use->preference &&
           other->addr.family == in_use->addr.family &&
           reach_of(&other->addr) <= reach_of(&in_use->addr);
}

/* From an address of one family nothing gets to the other, but through a NAT64. */
static bool may_carry(const struct tern_network *network, const struct tn_path *path)
{
    return path->local.family == path->remote.family ||
           (path->local.family == TERN_FAMILY_IPV6 && network->nat64_len > 0);
}

enum tn_verdict tn_mob_judge_path(const struct tern_network *network, const struct tn_path *path)
{
    if (path->local.family == TERN_FAMILY_NONE || path->remote.family == TERN_FAMILY_NONE) {
        return TN_VERDICT_STAYS;
    }
    const struct tern_net_address *in_use = tern_network_find(network, path->local);
    if (in_use == NULL) return TN_VERDICT_LOST;
    tern_addr source = tn_mob_source(network, path->remote);
    if (source.family == TERN_FAMILY_NONE) return TN_VERDICT_LOST;
    if (tern_addr_same_host(source, path->local)) return TN_VERDICT_STAYS;
    if (!may_carry(network, path)) return TN_VERDICT_LOST;
    return stands_beside(network, in_use, source) ? TN_VERDICT_STAYS : TN_VERDICT_BETTER;
}

enum tn_verdict tn_mob_judge_offline(const struct tern_network *network, tern_addr remote)
{
    return tn_mob_source(network, remote).family == TERN_FAMILY_NONE ? TN_VERDICT_STAYS
                                                                     : TN_VERDICT_LOST;
}

tern_time tn_mob_when(enum tn_verdict worst, bool forced, tern_time settle)
{
    if (forced || worst == TN_VERDICT_LOST) return 0;
    return worst == TN_VERDICT_BETTER ? settle : TERN_TIME_NEVER;
}

enum tn_answer tn_mob_classify(int code)
{
    if (code >= 200 && code < 300) return TN_ANSWER_OK;
    switch (code) {
    case 0:
    case 408:
    case 430:
    case 480:
    case 491: return TN_ANSWER_AGAIN;
    case 403:
    case 404:
    case 410:
    case 481: return TN_ANSWER_UNKNOWN;
    case 501:
    case 505: return TN_ANSWER_REFUSED;
    default: return code >= 500 && code < 600 ? TN_ANSWER_AGAIN : TN_ANSWER_REFUSED;
    }
}

tern_time tn_mob_backoff(uint32_t attempt)
{
    if (attempt < 2) return 0;
    if (TN_MUTANT(NO_PAUSE)) return TERN_MS(1);
    uint32_t doublings = attempt - 2;
    if (doublings > 6) return TERN_SECONDS(30);
    tern_time pause = TERN_MS(500) << doublings;
    return pause < TERN_SECONDS(30) ? pause : TERN_SECONDS(30);
}

tern_time tn_mob_patience(const struct tn_mobility *mob,
                          const struct tern_account_ip_change *policy, int code,
                          tern_time retry_after)
{
    tern_time most = mob->changed + TERN_MS(policy->offline_window_ms) - mob->now;
    if (code != 503 || retry_after > most) return 0;
    return retry_after;
}

/* ---- a generation ---- */

bool tn_mob_must_resume(const struct tn_mobility *mob, bool online)
{
    return mob->paused && online;
}

/* With `restart_listener` the generation reports the listener; tasks wait only for a forced re-open. */
static void begin_listener(struct tn_mobility *mob)
{
    mob->listener_pending = mob->listener_gates = mob->listener_failed = false;
    if (!mob->param.restart_listener || !mob->online) return;
    mob->listener_pending = true;
    mob->listener_gates = mob->forced;
    struct tern_ip_change_progress start =
        tn_mob_progress(mob, TERN_IP_CHANGE_OP_RESTART_LISTENER, TERN_IP_CHANGE_START);
    tn_mob_report(mob, &start);
    tn_mob_decide(mob, &(struct tn_decision){
                           .kind = TN_DECIDE_LISTEN,
                           .reopen = mob->forced,
                           .delay = TERN_MS(mob->param.restart_listener_delay_ms),
                       });
}

void tn_mob_begin(struct tn_mobility *mob, tern_time now, const struct tn_change *change)
{
    TN_ASSERT(!mob->beginning);
    mob->now = now;
    if (mob->open && !TN_MUTANT(GENERATION_OPEN)) complete(mob, TERN_IP_CHANGE_SUPERSEDED);

    mob->generation++;
    mob->changed = now;
    mob->open = true;
    mob->beginning = true;
    mob->forced = change->forced;
    mob->param = *change->param;
    mob->network = change->network;
    mob->online = change->online;
    mob->accounts_moved = mob->accounts_failed = mob->calls_kept = mob->calls_lost = 0;
    mob->gap_out = mob->gap_in = 0;

    if (mob->online == mob->paused) {
        mob->paused = !mob->online;
        tn_mob_decide(
            mob, &(struct tn_decision){.kind = mob->online ? TN_DECIDE_RESUME : TN_DECIDE_PAUSE});
    }
    tn_mob_decide(mob, &(struct tn_decision){.kind = TN_DECIDE_CLOSE_DEAD});
    begin_listener(mob);
}

void tn_mob_public(struct tn_mobility *mob, tern_addr local, tern_addr mapped)
{
    struct tern_ip_change_progress p =
        tn_mob_progress(mob, TERN_IP_CHANGE_OP_PUBLIC_ADDRESS, TERN_IP_CHANGE_SUCCESS);
    p.local = local;
    p.remote = mapped;
    tn_mob_report(mob, &p);
}

void tn_mob_begun(struct tn_mobility *mob, tern_time now)
{
    TN_ASSERT(mob->beginning);
    mob->now = now;
    mob->beginning = false;
    tn_mob_settle(mob);
}

static void release_gated(struct tn_mobility *mob)
{
    if (!mob->listener_gates) return;
    mob->listener_gates = false;
    TN_LIST_FOR(node, &mob->accounts)
    {
        struct tn_account_task *task = TN_OWNER(node, struct tn_account_task, node);
        if (task->state == TN_ACCOUNT_LISTENING) tn_mob_arm(mob, &task->timer, 0);
    }
    TN_LIST_FOR(node, &mob->calls)
    {
        struct tn_call_task *task = TN_OWNER(node, struct tn_call_task, node);
        if (task->state == TN_CALL_LISTENING) tn_mob_arm(mob, &task->timer, 0);
    }
}

/* A port that is taken stops neither calls nor registrations, nor the end of the generation. */
void tn_mob_listeners(struct tn_mobility *mob, tern_time now, bool ready, tern_str reason)
{
    mob->now = now;
    if (!mob->listener_pending) return;
    enum tern_ip_change_status status = TERN_IP_CHANGE_SUCCESS;
    bool late = now - mob->changed >= TN_LISTEN_TIME;
    if (!ready) status = late ? TERN_IP_CHANGE_FAILURE : TERN_IP_CHANGE_RETRY;
    struct tern_ip_change_progress p =
        tn_mob_progress(mob, TERN_IP_CHANGE_OP_RESTART_LISTENER, status);
    p.reason = reason;
    tn_mob_report(mob, &p);
    release_gated(mob);
    if (status == TERN_IP_CHANGE_RETRY) return;
    mob->listener_pending = false;
    mob->listener_failed = !ready;
    tn_mob_settle(mob);
}

void tn_mob_gap(struct tn_mobility *mob, tern_time out, tern_time in)
{
    if (!mob->open) return;
    if (out > mob->gap_out) mob->gap_out = out;
    if (in > mob->gap_in) mob->gap_in = in;
}

/* ---- timers ---- */

tern_time tn_mob_deadline(const struct tn_mobility *mob)
{
    const struct tn_heap_node *first = tn_heap_min(&mob->timers);
    tern_time turn = tn_pace_deadline(&mob->pace);
    return first && first->key < turn ? first->key : turn;
}

void tn_mob_advance(struct tn_mobility *mob, tern_time now)
{
    TN_ASSERT(now >= mob->now);
    mob->now = now;
}
