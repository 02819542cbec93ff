/* SPDX-License-Identifier: MIT */
/* The account task: one registration through one or more generations. Table in mobility.h. */
#include "base/assert.h"
#include "mobility/internal.h"

#define BIT(state) (1u << (state))
#define AT_REST    (BIT(TN_ACCOUNT_IDLE) | BIT(TN_ACCOUNT_DONE) | BIT(TN_ACCOUNT_FAILED))

#define BEGINNINGS (BIT(TN_ACCOUNT_LISTENING) | BIT(TN_ACCOUNT_QUEUED) | BIT(TN_ACCOUNT_OFFLINE))

static const unsigned successors[TN_ACCOUNT_STATES] = {
    [TN_ACCOUNT_IDLE] = AT_REST | BEGINNINGS,
    [TN_ACCOUNT_LISTENING] = AT_REST | BEGINNINGS,
    [TN_ACCOUNT_QUEUED] = AT_REST | BEGINNINGS | BIT(TN_ACCOUNT_REGISTERING),
    [TN_ACCOUNT_REGISTERING] = AT_REST | BEGINNINGS | BIT(TN_ACCOUNT_WAITING),
    [TN_ACCOUNT_WAITING] = AT_REST | BEGINNINGS,
    [TN_ACCOUNT_OFFLINE] = AT_REST | BEGINNINGS,
    [TN_ACCOUNT_DONE] = AT_REST | BEGINNINGS,
    [TN_ACCOUNT_FAILED] = AT_REST | BEGINNINGS,
};

void tn_account_task_init(struct tn_account_task *task)
{
    *task = (struct tn_account_task){.state = TN_ACCOUNT_IDLE};
    tn_list_init(&task->node);
    tn_list_init(&task->held_back);
    tn_ticket_init(&task->ticket, false);
}

bool tn_account_task_active(const struct tn_account_task *task)
{
    return !(BIT(task->state) & AT_REST);
}

/* The only writer of the state, of the timer, of the ticket, and of the count of active tasks. */
static void enter(struct tn_mobility *mob, struct tn_account_task *task,
                  enum tn_account_task_state next, tern_time delay)
{
    TN_ASSERT(successors[task->state] & BIT(next));
    if (tn_account_task_active(task)) mob->active--;
    task->state = next;
    if (tn_account_task_active(task)) mob->active++;
    if (next == TN_ACCOUNT_QUEUED) {
        tn_pace_join(&mob->pace, mob->now, &task->ticket, task->remote, TN_RANK_IDLE);
    } else if (next != TN_ACCOUNT_REGISTERING) {
        tn_pace_leave(&mob->pace, &task->ticket);
    }
    tn_heap_remove(&mob->timers, &task->timer.node);
    if (delay != TERN_TIME_NEVER) tn_mob_arm(mob, &task->timer, delay);
}

static void report(struct tn_mobility *mob, const struct tn_account_task *task,
                   enum tern_ip_change_status status, int code)
{
    struct tern_ip_change_progress p =
        tn_mob_progress(mob, TERN_IP_CHANGE_OP_UPDATE_CONTACT, status);
    p.account.id = task->id;
    p.attempt = task->attempt;
    p.transport = task->transport;
    p.local = task->local;
    p.remote = task->remote;
    p.sip_code = code;
    if (status != TERN_IP_CHANGE_START && code == 0) p.reason = TERN_STR("no answer");
    tn_mob_report(mob, &p);
}

void tn_mob_account_turn(struct tn_mobility *mob, struct tn_account_task *task)
{
    task->attempt++;
    task->give_up += task->ticket.waited;
    enter(mob, task, TN_ACCOUNT_REGISTERING, TERN_TIME_NEVER);
    task->asked = mob->now;
    report(mob, task, TERN_IP_CHANGE_START, 0);
    tn_mob_decide(mob, &(struct tn_decision){.kind = TN_DECIDE_REGISTER,
                                             .account = task->id,
                                             .local = task->local,
                                             .warm = task->warm && task->attempt == 1,
                                             .flags = task->policy->contact_flags});
}

/* The registration has ended, well or not: calls that waited for it go on either way. */
static void rest(struct tn_mobility *mob, struct tn_account_task *task,
                 enum tn_account_task_state state)
{
    enter(mob, task, state, TERN_TIME_NEVER);
    if (state == TN_ACCOUNT_DONE) mob->accounts_moved++;
    if (state == TN_ACCOUNT_FAILED) mob->accounts_failed++;
    tn_mob_release_calls(mob, task);
    tn_mob_settle(mob);
}

enum tn_verdict tn_mob_judge_account(const struct tern_network *network,
                                     const struct tn_account_facts *facts)
{
    if (!facts->registers || !facts->policy->update_contact) return TN_VERDICT_STAYS;
    if (facts->offline) return tn_mob_judge_offline(network, facts->path.remote);
    if (facts->remapped) return TN_VERDICT_LOST;
    enum tn_verdict verdict = tn_mob_judge_path(network, &facts->path);
    if (facts->pending_from.family == TERN_FAMILY_NONE) return verdict;

    /* A REGISTER under way counts by the address that it carries: perhaps it is right already. */
    struct tn_path pending = {.local = facts->pending_from, .remote = facts->path.remote};
    return tn_mob_judge_path(network, &pending);
}

tern_addr tn_mob_second_path(const struct tern_network *network, tern_addr first, tern_addr server)
{
    const struct tern_net_address *in_use = tern_network_find(network, first);
    struct tern_network rest = {0};
    if (in_use == NULL) return (tern_addr){0};
    for (uint32_t i = 0; i < network->address_count; i++) {
        const struct tern_net_address *a = &network->addresses[i];
        bool usable = !(a->flags & (TERN_NET_TENTATIVE | TERN_NET_DEPRECATED)) &&
                      a->kind != TERN_LINK_LOOPBACK && a->interface != in_use->interface;
        if (usable) rest.addresses[rest.address_count++] = *a;
    }
    for (uint32_t i = 0; i < network->route_count; i++) {
        const struct tern_net_route *route = &network->routes[i];
        if (route->interface != in_use->interface) rest.routes[rest.route_count++] = *route;
    }
    /* Without any route left, addresses would be taken for the way (tern/network.h). */
    if (network->route_count > 0 && rest.route_count == 0) return (tern_addr){0};
    return tn_mob_source(&rest, server);
}

static void track(struct tn_mobility *mob, struct tn_account_task *task,
                  const struct tn_account_facts *facts)
{
    task->id = facts->id;
    task->policy = facts->policy;
    task->transport = facts->transport;
    task->remote = facts->path.remote;
    task->old_local = facts->path.local;
    task->old_stands = tern_network_find(mob->network, facts->path.local) != NULL;
    tn_list_remove(&task->node);
    tn_list_push(&mob->accounts, &task->node);
}

void tn_mob_account_begin(struct tn_mobility *mob, tern_time now, struct tn_account_task *task,
                          const struct tn_account_facts *facts)
{
    mob->now = now;
    task->server = facts->server;
    enum tn_verdict verdict = tn_mob_judge_account(mob->network, facts);
    if (verdict == TN_VERDICT_STAYS) {
        /* What is under way and right goes on under the new generation. */
        if (task->state == TN_ACCOUNT_REGISTERING || task->state == TN_ACCOUNT_OFFLINE) return;
        if (!tn_account_task_active(task)) {
            enter(mob, task, TN_ACCOUNT_IDLE, TERN_TIME_NEVER);
            return;
        }
    }
    track(mob, task, facts);
    task->local = tn_mob_source(mob->network, facts->path.remote);
    task->attempt = 0;
    task->warm =
        facts->warm.family != TERN_FAMILY_NONE && tern_addr_same_host(facts->warm, task->local);
    if (task->local.family == TERN_FAMILY_NONE) {
        enter(mob, task, TN_ACCOUNT_OFFLINE, TERN_MS(task->policy->offline_window_ms));
        return;
    }
    task->give_up = now + TERN_MS(task->policy->rescue_window_ms);
    if (mob->listener_gates) {
        enter(mob, task, TN_ACCOUNT_LISTENING, TERN_TIME_NEVER);
        return;
    }
    enter(mob, task, TN_ACCOUNT_QUEUED, TERN_TIME_NEVER);
}

void tn_mob_account_timer(struct tn_mobility *mob, struct tn_account_task *task)
{
    switch (task->state) {
    case TN_ACCOUNT_LISTENING:
    case TN_ACCOUNT_WAITING: enter(mob, task, TN_ACCOUNT_QUEUED, TERN_TIME_NEVER); return;
    case TN_ACCOUNT_OFFLINE: rest(mob, task, TN_ACCOUNT_FAILED); return;
    case TN_ACCOUNT_IDLE:
    case TN_ACCOUNT_QUEUED:
    case TN_ACCOUNT_REGISTERING:
    case TN_ACCOUNT_DONE:
    case TN_ACCOUNT_FAILED:
    case TN_ACCOUNT_STATES: break;
    }
    TN_UNREACHABLE(); /* these have no timer */
}

static void retry(struct tn_mobility *mob, struct tn_account_task *task, int code,
                  tern_time retry_after)
{
    tern_time pause = tn_mob_backoff(task->attempt + 1);
    if (retry_after > pause) pause = retry_after;
    task->give_up += tn_mob_patience(mob, task->policy, code, retry_after);
    if (mob->now + pause >= task->give_up) {
        report(mob, task, TERN_IP_CHANGE_FAILURE, code);
        rest(mob, task, TN_ACCOUNT_FAILED);
        return;
    }
    report(mob, task, TERN_IP_CHANGE_RETRY, code);
    enter(mob, task, TN_ACCOUNT_WAITING, pause);
}

/* The flow that the registration used still stands: now that its successor is registered, it goes. */
static void close_old_flow(struct tn_mobility *mob, const struct tn_account_task *task)
{
    bool wanted = task->policy->shutdown_transport && mob->param.shutdown_transport;
    if (!wanted || !task->old_stands || task->transport == TERN_TRANSPORT_UDP) return;
    tn_mob_decide(mob, &(struct tn_decision){.kind = TN_DECIDE_CLOSE_FLOW,
                                             .account = task->id,
                                             .local = task->old_local});
}

void tn_mob_registered(struct tn_mobility *mob, tern_time now, struct tn_account_task *task,
                       int code, tern_time retry_after)
{
    mob->now = now;
    if (task->state != TN_ACCOUNT_REGISTERING) return;
    tn_pace_answered(&mob->pace, now, &task->ticket, code, retry_after);
    switch (tn_mob_classify(code)) {
    case TN_ANSWER_OK:
        task->took = now - task->asked;
        report(mob, task, TERN_IP_CHANGE_SUCCESS, code);
        close_old_flow(mob, task);
        rest(mob, task, TN_ACCOUNT_DONE);
        return;
    case TN_ANSWER_AGAIN: retry(mob, task, code, retry_after); return;
    case TN_ANSWER_UNKNOWN:
    case TN_ANSWER_REFUSED:
        report(mob, task, TERN_IP_CHANGE_FAILURE, code);
        rest(mob, task, TN_ACCOUNT_FAILED);
        return;
    }
}

void tn_mob_flow_closed(struct tn_mobility *mob, tern_time now, struct tn_account_task *task,
                        tern_addr local)
{
    mob->now = now;
    struct tern_ip_change_progress p =
        tn_mob_progress(mob, TERN_IP_CHANGE_OP_SHUTDOWN_TRANSPORT, TERN_IP_CHANGE_SUCCESS);
    p.account.id = task->id;
    p.transport = task->transport;
    p.local = local;
    p.remote = task->remote;
    tn_mob_report(mob, &p);
}

void tn_mob_account_gone(struct tn_mobility *mob, tern_time now, struct tn_account_task *task)
{
    mob->now = now;
    enter(mob, task, TN_ACCOUNT_IDLE, TERN_TIME_NEVER);
    tn_mob_release_calls(mob, task);
    TN_LIST_FOR(node, &mob->calls)
    {
        struct tn_call_task *call = TN_OWNER(node, struct tn_call_task, node);
        if (call->account != task) continue;
        call->account = NULL;
        tn_list_remove(&call->held);
    }
    tn_list_remove(&task->node);
    tn_mob_settle(mob);
}
