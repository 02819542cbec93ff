/* SPDX-License-Identifier: MIT */
/*
 * The other next hop (MOBILITY C6 c). A request in a dialog goes to the first Route, or to the far end's
 * Contact. Either may be an address that leads nowhere now: that of a proxy that has moved, or one that
 * only the network which we have left can reach. The account's server mostly has a way to the far end
 * all the same, so the request that nobody answers goes there once more, with the same route set. What
 * got through by one hop goes on by it; where that one fails, the other has its turn. Then only the far
 * end's address of record is left: ladder.c.
 */
#include "base/mutant.h"
#include "mobility/internal.h"

bool tn_mob_may_turn(const struct tn_call_task *task)
{
    const struct tn_account_task *account = task->account;
    if (task->turned || account == NULL || TN_MUTANT(NO_SERVER_HOP)) return false;
    if (account->server.family == TERN_FAMILY_NONE) return false;
    return task->by_server || task->elsewhere || !tern_addr_equal(account->server, task->server);
}

void tn_mob_turn(struct tn_mobility *mob, struct tn_call_task *task)
{
    task->turned = true;
    task->by_server = !task->by_server;
    if (task->by_server) task->server = task->account->server;
    tn_mob_decide(mob, &(struct tn_decision){
                           .kind = TN_DECIDE_TURN, .call = task->id, .by_server = task->by_server});
    tn_mob_call_enter(mob, task, TN_CALL_QUEUED, TERN_TIME_NEVER);
}

bool tn_mob_is_unreached(int code)
{
    return code == 0 || code == 408 || code == 430 || code == 503 || code == 504;
}

bool tn_mob_is_servers_no(int code)
{
    return code == 403 || code == 404 || code == 405 || code == 410 || code == 480 || code == 481 ||
           code == 482 || code == 483;
}

bool tn_mob_turned_by(struct tn_mobility *mob, struct tn_call_task *task, int code)
{
    bool refused = task->by_server && tn_mob_is_servers_no(code);
    if (task->state != TN_CALL_REFRESHING || mob->now >= task->give_up) return false;
    bool turns = tn_mob_may_turn(task) && (refused || tn_mob_is_unreached(code));
    bool seeks = refused && task->may_replace && !tn_mob_call_waits_for_account(task);
    if (!turns && !seeks) return false;
    tn_mob_call_report(mob, task, TERN_IP_CHANGE_OP_REINVITE_CALL, TERN_IP_CHANGE_RETRY, code);
    if (turns) {
        tn_mob_turn(mob, task);
    } else {
        task->replaces = true;
        tn_mob_call_enter(mob, task, TN_CALL_QUEUED, TERN_TIME_NEVER);
    }
    return true;
}

void tn_mob_call_goes(struct tn_call_task *task, const struct tn_hop *hop)
{
    task->server = hop->addr;
    task->by_server = hop->by_server;
}

void tn_mob_server_is(struct tn_account_task *task, tern_addr server)
{
    task->server = server;
}
