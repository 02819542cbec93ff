/* SPDX-License-Identifier: MIT */
/*
 * The rescue of a call whose far end the dialog does not find any more: it has moved, too (MOBILITY C6 d,
 * S15). When a refresh is not answered in time, or a proxy says that nobody is there, an INVITE with
 * Replaces goes to the far end's address of record, and is sent anew until it is answered: the far end
 * may not have registered yet. Not before our own registration is through, which shows that there is
 * a way. The states are in mobility.h.
 */
#include "base/assert.h"
#include "base/mutant.h"
#include "mobility/internal.h"

#define PATIENCE_FIRST  TERN_SECONDS(1) /* longer than a refresh takes that is challenged */
#define PATIENCE_SECOND TERN_SECONDS(2) /* of the end that gives way: their INVITEs do not cross */
#define FAR             TERN_SECONDS(1) /* what takes longer has been lost on its way */
#define PATIENCE_ALIVE  TERN_SECONDS(6) /* longer than the pause after 491 (RFC 3261 14.1) */
#define DOUBLINGS       4
#define ANEW            TERN_MS(500) /* longer than the way of what is refused for ours: 491 */

/* How far our registrar is says how far the far end is at the least, and what a connection costs. */
static tern_time stretch(const struct tn_call_task *task, tern_time time)
{
    tern_time took = task->account ? task->account->took : 0;
    time <<= task->replace_attempt < DOUBLINGS ? task->replace_attempt : DOUBLINGS;
    return time + 2 * (took < FAR ? took : FAR);
}

/* Both next hops share the time of one, so that a far end that has moved, too, is not found later. */
tern_time tn_mob_call_patience(const struct tn_call_task *task)
{
    tern_time half = stretch(task, PATIENCE_FIRST) / 2;
    if (!task->replaces && tn_mob_may_turn(task)) return half;
    if (!task->may_replace) return TERN_TIME_NEVER;
    tern_time whole = stretch(task, task->goes_first ? PATIENCE_FIRST : PATIENCE_SECOND);
    return !task->replaces && task->turned ? whole - half : whole;
}

tern_time tn_mob_call_look(const struct tn_call_task *task)
{
    bool may = task->account != NULL && !task->turned && !task->replaces;
    return may ? stretch(task, PATIENCE_FIRST) / 2 : tn_mob_call_patience(task);
}

static void report(struct tn_mobility *mob, const struct tn_call_task *task,
                   enum tern_ip_change_status status, int code)
{
    struct tn_call_task told = *task;
    told.attempt = task->replace_attempt;
    tn_mob_call_report(mob, &told, TERN_IP_CHANGE_OP_REPLACE_CALL, status, code);
}

static void give_up(struct tn_mobility *mob, struct tn_call_task *task, int code)
{
    tn_mob_call_give_up(mob, task, TERN_IP_CHANGE_OP_REPLACE_CALL, code);
}

void tn_mob_replace(struct tn_mobility *mob, struct tn_call_task *task)
{
    task->replace_attempt++;
    tn_mob_call_aim(mob, task);
    tn_mob_call_enter(mob, task, TN_CALL_REPLACING, tn_mob_call_patience(task));
    report(mob, task, TERN_IP_CHANGE_START, 0);
    tn_mob_decide(mob, &(struct tn_decision){.kind = TN_DECIDE_REPLACE,
                                             .call = task->id,
                                             .local = task->media_local});
}

void tn_mob_impatient(struct tn_mobility *mob, struct tn_call_task *task)
{
    if (mob->now >= task->give_up) {
        tn_mob_call_give_up(mob, task,
                            task->may_replace ? TERN_IP_CHANGE_OP_REPLACE_CALL
                                              : TERN_IP_CHANGE_OP_REINVITE_CALL,
                            0);
        return;
    }
    bool asks = task->state == TN_CALL_REFRESHING;
    if (asks && tn_mob_call_waits_for_account(task)) {
        tn_mob_arm(mob, &task->timer, tn_mob_call_look(task));
        return;
    }
    tern_time patience = tn_mob_call_patience(task); /* it may have been registered since */
    if (patience == TERN_TIME_NEVER) return;
    tern_time due = task->asked + patience;
    if (asks && due > mob->now) {
        tn_mob_arm(mob, &task->timer, due - mob->now);
        return;
    }
    if (asks && tn_mob_may_turn(task)) {
        tn_mob_turn(mob, task);
        return;
    }
    task->replaces = true;
    tn_mob_call_enter(mob, task, TN_CALL_QUEUED, TERN_TIME_NEVER);
}

void tn_mob_call_alive(struct tn_mobility *mob, tern_time now, struct tn_call_task *task)
{
    mob->now = now;
    if (task->state != TN_CALL_REFRESHING) return;
    if (!task->may_replace && !tn_mob_may_turn(task)) return;
    task->asked = now + PATIENCE_ALIVE;
    tn_mob_arm(mob, &task->timer, PATIENCE_ALIVE);
}

/* Another try, after a pause; by the dialog where the far end cannot be asked for. */
static void again(struct tn_mobility *mob, struct tn_call_task *task, int code, tern_time pause)
{
    if (mob->now + pause >= task->give_up) {
        give_up(mob, task, code);
        return;
    }
    report(mob, task, TERN_IP_CHANGE_RETRY, code);
    task->turned = false;
    tn_mob_call_enter(mob, task, TN_CALL_WAITING, pause);
}

static tern_time longer(tern_time a, tern_time b)
{
    return a > b ? a : b;
}

void tn_mob_replaced(struct tn_mobility *mob, tern_time now, struct tn_call_task *task, int code,
                     tern_time retry_after)
{
    mob->now = now;
    enum tn_answer answer = tn_mob_classify(code);
    if (task->state != TN_CALL_REPLACING) { /* it was sent anew out of turn */
        if (answer == TN_ANSWER_OK) tn_mob_was_replaced(mob, now, task, task->remote);
        return;
    }
    tn_pace_answered(&mob->pace, now, &task->ticket, code, retry_after);
    task->give_up += tn_mob_patience(mob, task->policy, code, retry_after);
    tern_time pause = longer(tn_mob_backoff(task->replace_attempt + 1), retry_after);
    if (answer == TN_ANSWER_OK) {
        task->replaces = task->by_server = task->elsewhere = false;
        report(mob, task, TERN_IP_CHANGE_SUCCESS, code);
        tn_mob_call_verify(mob, task);
    } else if (code == 491) { /* their INVITE is on its way: it is waited for */
        again(mob, task, code, longer(ANEW, pause));
    } else if (code == 603 || (answer == TN_ANSWER_UNKNOWN && task->replace_refused)) {
        give_up(mob, task, code);
    } else if (answer == TN_ANSWER_UNKNOWN) {
        task->replace_refused = true; /* another phone of theirs may have said so */
        again(mob, task, code, pause);
    } else {
        if (answer == TN_ANSWER_REFUSED) task->may_replace = false; /* it does not know Replaces */
        task->replaces = false;
        again(mob, task, code, pause);
    }
}

void tn_mob_was_replaced(struct tn_mobility *mob, tern_time now, struct tn_call_task *task,
                         tern_addr remote)
{
    mob->now = now;
    task->replaces = task->by_server = task->elsewhere = false;
    if (task->state == TN_CALL_HANGING_UP || task->state == TN_CALL_LOST) return;
    if (task->id == 0) return; /* no change has ever touched it */
    task->remote = remote;
    report(mob, task, TERN_IP_CHANGE_SUCCESS, 200);
    bool moves = tn_call_task_active(task) && task->state != TN_CALL_VERIFYING;
    if (moves) tn_mob_call_verify(mob, task);
}
