/* SPDX-License-Identifier: MIT */
/* What the files of this room share: reports, decisions, and the answers' classes. */
#ifndef TN_MOBILITY_INTERNAL_H
#define TN_MOBILITY_INTERNAL_H

#include "mobility/mobility.h"

/* How long audio may take to come in by the new path before that is reported as a failure. */
#define TN_VERIFY_TIME TERN_SECONDS(5)
/* How long a listener that fails is waited for before the generation goes on without it. */
#define TN_LISTEN_TIME TERN_SECONDS(10)

void tn_mob_decide(struct tn_mobility *mob, const struct tn_decision *decision);
/* A report about nothing in particular; the caller fills in the rest and passes it to tn_mob_report. */
struct tern_ip_change_progress tn_mob_progress(const struct tn_mobility *mob,
                                               enum tern_ip_change_op op,
                                               enum tern_ip_change_status status);
void tn_mob_report(struct tn_mobility *mob, const struct tern_ip_change_progress *progress);
/* Emits COMPLETED when nothing is left to do. */
void tn_mob_settle(struct tn_mobility *mob);

/* Pause before try number `attempt` (from 2 on): 0.5, 1, 2, 4 … 30 s (MOBILITY, timers). */
tern_time tn_mob_backoff(uint32_t attempt);

/* A task's timer. At most one for each task; what waits for something is released with delay 0. */
void tn_mob_arm(struct tn_mobility *mob, struct tn_task_timer *timer, tern_time delay);
/* A registration has come to its end: release the calls that waited for it. */
void tn_mob_release_calls(struct tn_mobility *mob, const struct tn_account_task *account);
/* The task's timer has fired. */
void tn_mob_account_timer(struct tn_mobility *mob, struct tn_account_task *task);
void tn_mob_call_timer(struct tn_mobility *mob, struct tn_call_task *task);
/* It is the task's turn: its ticket flies. */
void tn_mob_account_turn(struct tn_mobility *mob, struct tn_account_task *task);
void tn_mob_call_turn(struct tn_mobility *mob, struct tn_call_task *task);
/* What of the wait that a server asks for does not count for the rescue window (MOBILITY C3). */
tern_time tn_mob_patience(const struct tn_mobility *mob,
                          const struct tern_account_ip_change *policy, int code,
                          tern_time retry_after);

/* The path that the snapshot gives to a destination; family 0 when it gives none. */
tern_addr tn_mob_source(const struct tern_network *network, tern_addr remote);
enum tn_verdict tn_mob_judge_path(const struct tern_network *network, const struct tn_path *path);

/* For what has no path since an earlier change: LOST when there is one now, so that it moves. */
enum tn_verdict tn_mob_judge_offline(const struct tern_network *network, tern_addr remote);

/* ---- call.c, for ladder.c: see there ---- */

void tn_mob_call_enter(struct tn_mobility *mob, struct tn_call_task *task,
                       enum tn_call_task_state next, tern_time delay);
void tn_mob_call_report(struct tn_mobility *mob, const struct tn_call_task *task,
                        enum tern_ip_change_op op, enum tern_ip_change_status status, int code);
void tn_mob_call_aim(const struct tn_mobility *mob, struct tn_call_task *task);
void tn_mob_call_verify(struct tn_mobility *mob, struct tn_call_task *task);
void tn_mob_call_give_up(struct tn_mobility *mob, struct tn_call_task *task,
                         enum tern_ip_change_op op, int code);
bool tn_mob_call_waits_for_account(const struct tn_call_task *task);

/* ---- ladder.c ---- */

/* How long a try is waited for before the next rung; NEVER: as long as the request takes. */
tern_time tn_mob_call_patience(const struct tn_call_task *task);
/* The same, or earlier: where another next hop may turn up until then, it is looked for. */
tern_time tn_mob_call_look(const struct tn_call_task *task);
/* It is over, and the request has not been answered. */
void tn_mob_impatient(struct tn_mobility *mob, struct tn_call_task *task);
/* INVITE with Replaces, now. */
void tn_mob_replace(struct tn_mobility *mob, struct tn_call_task *task);

void tn_mob_call_rest(struct tn_mobility *mob, struct tn_call_task *task,
                      enum tn_call_task_state state);
/* A refresh is needed, and tried until the rescue window is over. */
void tn_mob_call_move(struct tn_mobility *mob, struct tn_call_task *task,
                      const struct tn_call_facts *facts);

/* ---- early.c ---- */

void tn_mob_early_begin(struct tn_mobility *mob, struct tn_call_task *task,
                        const struct tn_call_facts *facts);
/* What the loss of a call without a path is reported as. */
enum tern_ip_change_op tn_mob_early_op(const struct tn_call_task *task);

/* ---- hop.c ---- */

/* There is another next hop, which has not been tried since the last pause. */
bool tn_mob_may_turn(const struct tn_call_task *task);
/* The next try goes there. */
void tn_mob_turn(struct tn_mobility *mob, struct tn_call_task *task);
/* What the answer to a refresh says of its next hop. @return whether the next try is on its way */
bool tn_mob_turned_by(struct tn_mobility *mob, struct tn_call_task *task, int code);

enum tn_answer {
    TN_ANSWER_OK,
    TN_ANSWER_AGAIN,   /* nothing came, or the server cannot now */
    TN_ANSWER_UNKNOWN, /* the dialog's target is not known (yet): after the registration, once more */
    TN_ANSWER_REFUSED, /* a definite no */
};
enum tn_answer tn_mob_classify(int code);

#endif
