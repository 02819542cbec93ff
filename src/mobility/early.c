/* SPDX-License-Identifier: MIT */
/*
 * A call that nobody has answered yet: MOBILITY S1 to S3, S13, S14. What the application hears of it, and
 * when it is done. The states are in mobility.h: ASKING, while an INVITE of ours has lost its path and
 * goes by the new one, the same or another; TELLING, while an UPDATE says where we are. Neither waits for a
 * turn, and neither loses a call that rings: what was not said is said with the answer.
 */
#include "base/assert.h"
#include "base/mutant.h"
#include "mobility/internal.h"

#define ASK  TERN_IP_CHANGE_OP_INVITE_CALL
#define TELL TERN_IP_CHANGE_OP_REINVITE_CALL
#define KEEP TERN_IP_CHANGE_OP_KEEP_CALL

static void report(struct tn_mobility *mob, const struct tn_call_task *task,
                   enum tern_ip_change_op op, enum tern_ip_change_status status, int code)
{
    tn_mob_call_report(mob, task, op, status, code);
}

static void decide(struct tn_mobility *mob, const struct tn_call_task *task,
                   enum tn_decision_kind kind)
{
    tn_mob_decide(mob, &(struct tn_decision){.kind = kind, .call = task->id});
}

static void ask(struct tn_mobility *mob, struct tn_call_task *task)
{
    task->attempt++;
    task->unheard = false;
    tn_mob_call_enter(mob, task, TN_CALL_ASKING, TERN_TIME_NEVER);
    report(mob, task, ASK, TERN_IP_CHANGE_START, 0);
}

static void tell(struct tn_mobility *mob, struct tn_call_task *task)
{
    task->attempt = 1;
    task->used_update = true;
    tn_mob_call_enter(mob, task, TN_CALL_TELLING, TERN_TIME_NEVER);
    report(mob, task, TELL, TERN_IP_CHANGE_START, 0);
}

void tn_mob_early_begin(struct tn_mobility *mob, struct tn_call_task *task,
                        const struct tn_call_facts *facts)
{
    switch (facts->early) {
    case TN_EARLY_KEEPS:
        report(mob, task, KEEP, TERN_IP_CHANGE_SUCCESS, 0);
        tn_mob_call_rest(mob, task, TN_CALL_DONE);
        return;
    case TN_EARLY_TELLS:
        tell(mob, task);
        decide(mob, task, TN_DECIDE_TELL);
        return;
    case TN_EARLY_ASKS:
        ask(mob, task);
        decide(mob, task, TN_DECIDE_ASK);
        return;
    }
    TN_UNREACHABLE();
}

enum tern_ip_change_op tn_mob_early_op(const struct tn_call_task *task)
{
    if (task->phase != TN_PHASE_EARLY) return TELL;
    return task->early == TN_EARLY_ASKS ? ASK : KEEP;
}

/* ---- its INVITE ---- */

void tn_mob_invite_unheard(struct tn_mobility *mob, tern_time now, struct tn_call_task *task,
                           int code)
{
    mob->now = now;
    if (task->state != TN_CALL_ASKING || task->unheard) return;
    task->unheard = true;
    report(mob, task, ASK, TERN_IP_CHANGE_RETRY, code);
}

void tn_mob_invite_anew(struct tn_mobility *mob, tern_time now, struct tn_call_task *task)
{
    mob->now = now;
    bool asks = task->state == TN_CALL_ASKING && task->unheard;
    if (asks || task->state == TN_CALL_TELLING) ask(mob, task);
}

void tn_mob_invite_heard(struct tn_mobility *mob, tern_time now, struct tn_call_task *task,
                         int code, bool tells)
{
    mob->now = now;
    if (task->state != TN_CALL_ASKING) return;
    report(mob, task, ASK, TERN_IP_CHANGE_SUCCESS, code);
    if (tells) {
        tell(mob, task);
    } else {
        tn_mob_call_rest(mob, task, TN_CALL_DONE);
    }
}

/* ---- the UPDATE ---- */

void tn_mob_told(struct tn_mobility *mob, tern_time now, struct tn_call_task *task,
                 const struct tn_told *told)
{
    mob->now = now;
    bool accepted = told->code >= 200 && told->code < 300;
    if (task->state != TN_CALL_TELLING) return;
    if (told->again) {
        if (accepted) return; /* not all of it yet */
        report(mob, task, TELL, TERN_IP_CHANGE_RETRY, told->code);
        task->attempt++;
        return;
    }
    report(mob, task, TELL, accepted ? TERN_IP_CHANGE_SUCCESS : TERN_IP_CHANGE_FAILURE, told->code);
    if (accepted && told->offered) {
        tn_mob_call_verify(mob, task);
    } else {
        tn_mob_call_rest(mob, task, TN_CALL_DONE); /* the answer says it */
    }
}

/* ---- its end ---- */

void tn_mob_call_answered(struct tn_mobility *mob, tern_time now, struct tn_call_task *task,
                          const struct tn_call_facts *facts, bool moves)
{
    mob->now = now;
    if (task->state != TN_CALL_ASKING && task->state != TN_CALL_TELLING) return;
    if (task->state == TN_CALL_ASKING || !moves) {
        report(mob, task, task->state == TN_CALL_ASKING ? ASK : TELL, TERN_IP_CHANGE_SUCCESS, 200);
    } else {
        report(mob, task, TELL, TERN_IP_CHANGE_RETRY, 0);
    }
    if (moves) {
        tn_mob_call_move(mob, task, facts);
    } else {
        tn_mob_call_verify(mob, task);
    }
}

void tn_mob_early_ended(struct tn_mobility *mob, tern_time now, struct tn_call_task *task,
                        const struct tn_early_end *end)
{
    mob->now = now;
    if (task->state != TN_CALL_ASKING && task->state != TN_CALL_TELLING) return;
    bool asks = task->state == TN_CALL_ASKING;
    struct tern_ip_change_progress p =
        tn_mob_progress(mob, asks ? ASK : TELL, TERN_IP_CHANGE_FAILURE);
    p.call.id = task->id;
    p.attempt = task->attempt;
    p.local = task->media_local;
    p.remote = task->remote;
    p.sip_code = end->code;
    p.used_update = !asks;
    p.reason = end->reason;
    tn_mob_report(mob, &p);
    tn_mob_call_rest(mob, task, end->lost ? TN_CALL_LOST : TN_CALL_IDLE);
}
