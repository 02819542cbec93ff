/* SPDX-License-Identifier: MIT */
/* The call task: one call through one or more generations. Table in mobility.h. */
#include "base/assert.h"
#include "base/mutant.h"
#include "mobility/internal.h"

#define BIT(state)  (1u << (state))
#define AT_REST     (BIT(TN_CALL_IDLE) | BIT(TN_CALL_DONE) | BIT(TN_CALL_LOST))
/* Refreshes that got 481, with INVITEs to its address of record between them. */
#define UNKNOWN_MAX 4
#define BEGINNINGS                                                                                 \
    (BIT(TN_CALL_LISTENING) | BIT(TN_CALL_HELD_BACK) | BIT(TN_CALL_QUEUED) |                       \
     BIT(TN_CALL_OFFLINE) | BIT(TN_CALL_HANGING_UP) | BIT(TN_CALL_VERIFYING) |                     \
     BIT(TN_CALL_ASKING) | BIT(TN_CALL_TELLING))

static const unsigned successors[TN_CALL_STATES] = {
    [TN_CALL_IDLE] = AT_REST | BEGINNINGS,
    [TN_CALL_LISTENING] = AT_REST | BEGINNINGS,
    [TN_CALL_HELD_BACK] = AT_REST | BEGINNINGS,
    [TN_CALL_QUEUED] = AT_REST | BEGINNINGS | BIT(TN_CALL_REFRESHING) | BIT(TN_CALL_REPLACING),
    [TN_CALL_REFRESHING] = AT_REST | BEGINNINGS | BIT(TN_CALL_WAITING),
    [TN_CALL_REPLACING] = AT_REST | BEGINNINGS | BIT(TN_CALL_WAITING),
    [TN_CALL_WAITING] = AT_REST | BEGINNINGS | BIT(TN_CALL_REFRESHING),
    [TN_CALL_ASKING] = AT_REST | BEGINNINGS,
    [TN_CALL_TELLING] = AT_REST | BEGINNINGS,
    [TN_CALL_VERIFYING] = AT_REST | BEGINNINGS,
    [TN_CALL_OFFLINE] = AT_REST | BEGINNINGS,
    [TN_CALL_HANGING_UP] = AT_REST,
    [TN_CALL_DONE] = AT_REST | BEGINNINGS,
    [TN_CALL_LOST] = AT_REST,
};

void tn_call_task_init(struct tn_call_task *task)
{
    /* Media that no change has touched is where it should be. */
    *task = (struct tn_call_task){.state = TN_CALL_IDLE,
                                  .timer = {.of_call = true},
                                  .media_started = true,
                                  .media_seen = true};
    tn_list_init(&task->node);
    tn_list_init(&task->held);
    tn_ticket_init(&task->ticket, true);
}

bool tn_call_task_active(const struct tn_call_task *task)
{
    return !(BIT(task->state) & AT_REST);
}

bool tn_call_task_begins(const struct tn_call_task *task)
{
    return BIT(task->state) &
           (BIT(TN_CALL_LISTENING) | BIT(TN_CALL_HELD_BACK) | BIT(TN_CALL_QUEUED));
}

static enum tn_pace_rank rank_of(const struct tn_call_task *task)
{
    return task->talking ? TN_RANK_TALKING : TN_RANK_HELD;
}

/* The only writer of the state, timer, ticket, of the count of active tasks, and of who waits. */
void tn_mob_call_enter(struct tn_mobility *mob, struct tn_call_task *task,
                       enum tn_call_task_state next, tern_time delay)
{
    TN_ASSERT(successors[task->state] & BIT(next));
    if (tn_call_task_active(task)) mob->active--;
    task->state = next;
    if (tn_call_task_active(task)) mob->active++;
    tn_list_remove(&task->held);
    if (next == TN_CALL_HELD_BACK) tn_list_push(&task->account->held_back, &task->held);
    if (next == TN_CALL_QUEUED) {
        tn_pace_join(&mob->pace, mob->now, &task->ticket, task->server, rank_of(task));
    } else if (next != TN_CALL_REFRESHING && next != TN_CALL_REPLACING) {
        tn_pace_leave(&mob->pace, &task->ticket);
    }
    tn_heap_remove(&mob->timers, &task->timer.node);
    if (delay != TERN_TIME_NEVER) tn_mob_arm(mob, &task->timer, delay);
}

void tn_mob_call_report(struct tn_mobility *mob, const struct tn_call_task *task,
                        enum tern_ip_change_op op, enum tern_ip_change_status status, int code)
{
    struct tern_ip_change_progress p = tn_mob_progress(mob, op, status);
    p.call.id = task->id;
    p.attempt = task->attempt > 0 ? task->attempt : 1;
    p.local = task->media_local;
    p.remote = task->remote;
    p.sip_code = code;
    if (op == TERN_IP_CHANGE_OP_REINVITE_CALL) {
        p.used_update = task->used_update;
        p.by_server = task->by_server;
        if (status != TERN_IP_CHANGE_START && code == 0) p.reason = TERN_STR("no answer");
    }
    bool silent = status == TERN_IP_CHANGE_RETRY || status == TERN_IP_CHANGE_FAILURE;
    if (op == TERN_IP_CHANGE_OP_INVITE_CALL && silent && code == 0) {
        p.reason = TERN_STR("nobody has heard it");
    }
    if (op == TERN_IP_CHANGE_OP_MEDIA_MOVED && status == TERN_IP_CHANGE_FAILURE) {
        p.reason = TERN_STR("no audio has come in by the new path yet");
    }
    tn_mob_report(mob, &p);
}

void tn_mob_call_rest(struct tn_mobility *mob, struct tn_call_task *task,
                      enum tn_call_task_state state)
{
    tn_mob_call_enter(mob, task, state, TERN_TIME_NEVER);
    if (state == TN_CALL_DONE) mob->calls_kept++;
    if (state == TN_CALL_LOST) mob->calls_lost++;
    tn_mob_settle(mob);
}

/* ---- media ---- */

/* Where audio leaves from in the network as it is now: it may have changed back since the begin. */
void tn_mob_call_aim(const struct tn_mobility *mob, struct tn_call_task *task)
{
    if (task->remote.family == TERN_FAMILY_NONE) return;
    task->media_local = tn_mob_source(mob->network, task->remote);
}

static void start_media(struct tn_mobility *mob, struct tn_call_task *task)
{
    if (task->media_local.family != TERN_FAMILY_NONE) {
        task->media_started = true;
        tn_mob_call_report(mob, task, TERN_IP_CHANGE_OP_MEDIA_MOVED, TERN_IP_CHANGE_START, 0);
    }
    tn_mob_decide(mob, &(struct tn_decision){.kind = TN_DECIDE_MOVE_MEDIA,
                                             .call = task->id,
                                             .local = task->media_local});
}

static void move_media(struct tn_mobility *mob, struct tn_call_task *task)
{
    if (task->media_started) return;
    tn_mob_call_aim(mob, task);
    start_media(mob, task);
}

static void media_is_there(struct tn_mobility *mob, struct tn_call_task *task)
{
    if (task->media_seen) return;
    task->media_seen = true;
    tn_mob_call_report(mob, task, TERN_IP_CHANGE_OP_MEDIA_MOVED, TERN_IP_CHANGE_SUCCESS, 0);
}

/* Audio that has lost its path (family 0) moves as soon as there is one again. */
static enum tn_verdict judge_media(const struct tern_network *network, const struct tn_path *path)
{
    if (path->local.family != TERN_FAMILY_NONE) return tn_mob_judge_path(network, path);
    return tn_mob_judge_offline(network, path->remote);
}

/* What the peer knows of us, or will when the refresh that is under way is answered. */
static enum tn_verdict judge_refresh(const struct tern_network *network,
                                     const struct tn_call_facts *facts)
{
    if (facts->phase == TN_PHASE_ENDING) return TN_VERDICT_STAYS;
    if (facts->offline) return tn_mob_judge_offline(network, facts->signalling.remote);
    if (facts->remapped) return TN_VERDICT_LOST;
    enum tn_verdict signalling = tn_mob_judge_path(network, &facts->signalling);
    struct tn_path path = facts->media;
    if (facts->pending_from.family != TERN_FAMILY_NONE) path.local = facts->pending_from;
    enum tn_verdict media = judge_media(network, &path);
    return signalling > media ? signalling : media;
}

enum tn_verdict tn_mob_judge_call(const struct tern_network *network,
                                  const struct tn_call_facts *facts)
{
    if (facts->phase == TN_PHASE_ENDING) return TN_VERDICT_STAYS;
    if (facts->offline) return judge_refresh(network, facts);
    /* Audio that still leaves by the old path, for the peer to be told first, must not lose it. */
    if (judge_media(network, &facts->media) == TN_VERDICT_LOST) return TN_VERDICT_LOST;
    return judge_refresh(network, facts);
}

static tern_addr without_port(tern_addr addr)
{
    addr.port = 0; /* a task is about addresses */
    return addr;
}

/* The refresh under way tells the peer of an address that still does: audio goes there, too. */
static bool named_by_refresh(const struct tern_network *network, const struct tn_call_task *task,
                             const struct tn_call_facts *facts)
{
    struct tn_path path = {.local = facts->pending_from, .remote = facts->media.remote};
    return task->state == TN_CALL_REFRESHING && !facts->offline &&
           path.local.family != TERN_FAMILY_NONE &&
           tn_mob_judge_path(network, &path) == TN_VERDICT_STAYS;
}

/*
 * Media first (MOBILITY C2): where the old path is gone, audio leaves by the new one before any
 * request does. Where it still stands, the peer is told first, so that no packet is lost.
 */
void tn_mob_call_media(struct tn_mobility *mob, struct tn_call_task *task,
                       const struct tn_call_facts *facts)
{
    if (facts->phase == TN_PHASE_ENDING || facts->policy->hangup_calls) return;
    task->verdict = judge_refresh(mob->network, facts);
    enum tn_verdict verdict = judge_media(mob->network, &facts->media);
    bool may_tell = facts->phase == TN_PHASE_CONFIRMED || facts->may_offer;
    task->media_late = verdict == TN_VERDICT_BETTER && may_tell;
    task->id = facts->id;
    task->remote = facts->media.remote;
    task->talking = facts->talking;
    bool stays = verdict == TN_VERDICT_STAYS && !facts->offline;
    bool under_way = task->state == TN_CALL_REFRESHING || task->state == TN_CALL_REPLACING;
    if (stays && under_way) return; /* with the address that it names */
    task->media_local = named_by_refresh(mob->network, task, facts)
                            ? without_port(facts->pending_from)
                            : tn_mob_source(mob->network, facts->media.remote);
    if (stays) return;
    task->media_started = false;
    task->media_seen = false;
    if (!task->media_late && !TN_MUTANT(MEDIA_LAST)) start_media(mob, task);
}

/* ---- signalling ---- */

static void begin_attempt(struct tn_mobility *mob, struct tn_call_task *task)
{
    task->attempt++;
    tn_mob_call_aim(mob, task);
    task->used_update = task->policy->use_update;
    task->asked = mob->now;
    tn_mob_call_enter(mob, task, TN_CALL_REFRESHING, tn_mob_call_look(task));
    tn_mob_call_report(mob, task, TERN_IP_CHANGE_OP_REINVITE_CALL, TERN_IP_CHANGE_START, 0);
}

/* The next try. */
static void refresh(struct tn_mobility *mob, struct tn_call_task *task)
{
    tn_mob_call_enter(mob, task, TN_CALL_QUEUED, TERN_TIME_NEVER);
}

void tn_mob_call_turn(struct tn_mobility *mob, struct tn_call_task *task)
{
    task->give_up += task->ticket.waited;
    if (task->replaces) {
        tn_mob_replace(mob, task);
        return;
    }
    begin_attempt(mob, task);
    tn_mob_decide(mob, &(struct tn_decision){.kind = TN_DECIDE_REFRESH,
                                             .call = task->id,
                                             .local = task->media_local,
                                             .flags = task->policy->reinvite_flags,
                                             .use_update = task->policy->use_update});
}

bool tn_mob_call_waits_for_account(const struct tn_call_task *task)
{
    return task->account != NULL && tn_account_task_active(task->account);
}

/* From here on a request may be sent: now, or when the registration has ended. */
static void proceed(struct tn_mobility *mob, struct tn_call_task *task)
{
    bool last = task->policy->order == TERN_ORDER_AFTER_REGISTER || TN_MUTANT(CALLS_LAST);
    if (last && tn_mob_call_waits_for_account(task)) {
        tn_mob_call_enter(mob, task, TN_CALL_HELD_BACK, TERN_TIME_NEVER);
        return;
    }
    refresh(mob, task);
}

void tn_mob_call_verify(struct tn_mobility *mob, struct tn_call_task *task)
{
    move_media(mob, task);
    if (!task->talking || task->media_seen) {
        tn_mob_call_rest(mob, task, TN_CALL_DONE);
        return;
    }
    tn_mob_call_enter(mob, task, TN_CALL_VERIFYING, TN_VERIFY_TIME);
}

static void hang_up(struct tn_mobility *mob, struct tn_call_task *task)
{
    tn_mob_call_enter(mob, task, TN_CALL_HANGING_UP, TERN_TIME_NEVER);
    tn_mob_call_report(mob, task, TERN_IP_CHANGE_OP_HANGUP_CALL, TERN_IP_CHANGE_START, 0);
    tn_mob_decide(mob, &(struct tn_decision){.kind = TN_DECIDE_HANG_UP, .call = task->id});
}

void tn_mob_call_give_up(struct tn_mobility *mob, struct tn_call_task *task,
                         enum tern_ip_change_op op, int code)
{
    tn_mob_call_report(mob, task, op, TERN_IP_CHANGE_FAILURE, code);
    tn_mob_decide(
        mob, &(struct tn_decision){.kind = TN_DECIDE_GIVE_UP, .call = task->id, .sip_code = code});
    tn_mob_call_rest(mob, task, TN_CALL_LOST);
}

static void give_up(struct tn_mobility *mob, struct tn_call_task *task, int code)
{
    tn_mob_call_give_up(mob, task, TERN_IP_CHANGE_OP_REINVITE_CALL, code);
}

void tn_mob_call_move(struct tn_mobility *mob, struct tn_call_task *task,
                      const struct tn_call_facts *facts)
{
    task->phase = facts->phase;
    task->early = facts->early;
    task->refused_once = task->replace_refused = false;
    task->by_server = facts->by_server;
    task->elsewhere = facts->elsewhere;
    task->turned = false;
    task->attempt = task->replace_attempt = 0;
    task->may_replace = facts->may_replace && !TN_MUTANT(NO_LADDER);
    task->goes_first = facts->goes_first;
    /* What looked for the far end elsewhere goes on looking there: it may be found by what was sent. */
    task->replaces = task->replaces && task->may_replace;
    task->signalling_local = tn_mob_source(mob->network, facts->signalling.remote);
    if (task->signalling_local.family == TERN_FAMILY_NONE) {
        tn_mob_call_enter(mob, task, TN_CALL_OFFLINE, TERN_MS(task->policy->offline_window_ms));
        return;
    }
    task->give_up = mob->now + TERN_MS(task->policy->rescue_window_ms);
    if (facts->phase == TN_PHASE_EARLY) { /* the dialog is refreshed once it is confirmed */
        tn_mob_early_begin(mob, task, facts);
        return;
    }
    if (task->policy->reinvite_flags == 0) {
        tn_mob_call_verify(mob, task);
        return;
    }
    if (mob->listener_gates) {
        tn_mob_call_enter(mob, task, TN_CALL_LISTENING, TERN_TIME_NEVER);
        return;
    }
    proceed(mob, task);
}

/* Nothing has to move. What is under way goes on; what waited for its next try has it now. */
static void stay(struct tn_mobility *mob, struct tn_call_task *task,
                 const struct tn_call_facts *facts)
{
    switch (task->state) {
    case TN_CALL_QUEUED:
    case TN_CALL_WAITING: tn_mob_call_move(mob, task, facts); return;
    case TN_CALL_IDLE:
    case TN_CALL_DONE:
        tn_mob_call_enter(mob, task, TN_CALL_IDLE, TERN_TIME_NEVER);
        if (facts->phase != TN_PHASE_ENDING) mob->calls_kept++;
        return;
    case TN_CALL_LISTENING:
        if (!mob->listener_gates) proceed(mob, task);
        return;
    case TN_CALL_HELD_BACK:
        if (!tn_mob_call_waits_for_account(task)) proceed(mob, task);
        return;
    case TN_CALL_REFRESHING:
    case TN_CALL_REPLACING:
    case TN_CALL_ASKING:
    case TN_CALL_TELLING:
    case TN_CALL_VERIFYING:
    case TN_CALL_OFFLINE:
    case TN_CALL_HANGING_UP:
    case TN_CALL_LOST: return;
    case TN_CALL_STATES: break;
    }
    TN_UNREACHABLE();
}

/* The proxy is to know the account when its first call is refreshed. */
static void let_account_first(struct tn_call_task *task, const struct tn_call_facts *facts)
{
    if (facts->phase == TN_PHASE_ENDING || task->account == NULL) return;
    bool early = facts->phase == TN_PHASE_EARLY;
    tn_pace_promote(&task->account->ticket, early ? TN_RANK_RINGING : rank_of(task));
}

void tn_mob_call_begin(struct tn_mobility *mob, tern_time now, struct tn_call_task *task,
                       struct tn_account_task *account, const struct tn_call_facts *facts)
{
    mob->now = now;
    task->id = facts->id;
    task->account = account;
    task->policy = facts->policy;
    task->server = facts->signalling.remote;
    let_account_first(task, facts);
    if (tn_list_empty(&task->node)) tn_list_push(&mob->calls, &task->node);
    /* Media that has moved meanwhile looks right; the peer must hear of it all the same. */
    enum tn_verdict before = task->verdict, verdict = judge_refresh(mob->network, facts);
    task->verdict = TN_VERDICT_STAYS;
    if (task->state == TN_CALL_LOST || task->state == TN_CALL_HANGING_UP) return;

    /* What is not to be moved ends with its path, even if a refresh of its own would repair it. */
    if (facts->policy->hangup_calls && tn_mob_judge_call(mob->network, facts) != TN_VERDICT_STAYS) {
        hang_up(mob, task);
        return;
    }
    bool early = facts->phase == TN_PHASE_EARLY && facts->early != TN_EARLY_KEEPS;
    if (verdict == TN_VERDICT_STAYS && before == TN_VERDICT_STAYS && !early) {
        stay(mob, task, facts);
        return;
    }
    tn_mob_call_move(mob, task, facts);
}

/* ---- results ---- */

/* What a proxy says when the far end is not where the dialog has it. */
static bool knows_elsewhere(int code)
{
    return code == 404 || code == 408 || code == 410 || code == 430 || code == 480 || code == 481;
}

static void again(struct tn_mobility *mob, struct tn_call_task *task, int code,
                  tern_time retry_after)
{
    tern_time pause = tn_mob_backoff(task->attempt + 1);
    if (retry_after > pause) pause = retry_after;
    task->give_up += tn_mob_patience(mob, task->policy, code, retry_after);
    if (mob->now + pause >= task->give_up) {
        give_up(mob, task, code);
        return;
    }
    tn_mob_call_report(mob, task, TERN_IP_CHANGE_OP_REINVITE_CALL, TERN_IP_CHANGE_RETRY, code);
    task->replaces = task->may_replace && (knows_elsewhere(code) || task->attempt > 1);
    if (!task->replaces) task->turned = false;
    tn_mob_call_enter(mob, task, TN_CALL_WAITING, TN_MUTANT(LOST_RETRY) ? TERN_TIME_NEVER : pause);
}

/*
 * 403, 404, 410, 481: the proxy may not know us by the new address before the registration is
 * through (MOBILITY C6 b). Only when it says so once more is it believed.
 */
static void unknown(struct tn_mobility *mob, struct tn_call_task *task, int code)
{
    if (!task->refused_once) {
        task->refused_once = true;
        if (tn_mob_call_waits_for_account(task)) {
            tn_mob_call_report(mob, task, TERN_IP_CHANGE_OP_REINVITE_CALL, TERN_IP_CHANGE_RETRY,
                               code);
            tn_mob_call_enter(mob, task, TN_CALL_HELD_BACK, TERN_TIME_NEVER);
            return;
        }
        again(mob, task, code, 0);
        return;
    }
    /* Somebody is there and knows of no call, and for all the time nobody else can be asked for. */
    bool over = code == 481 && task->attempt >= UNKNOWN_MAX;
    if (code != 403 && task->may_replace && !over) {
        again(mob, task, code, 0);
        return;
    }
    if (code != 403) {
        give_up(mob, task, code);
        return;
    }
    tn_mob_call_report(mob, task, TERN_IP_CHANGE_OP_REINVITE_CALL, TERN_IP_CHANGE_FAILURE, code);
    tn_mob_call_verify(mob, task);
}

uint32_t tn_mob_refresh_taken(struct tn_mobility *mob, tern_time now, struct tn_call_task *task)
{
    mob->now = now;
    if (task->state != TN_CALL_WAITING && task->state != TN_CALL_QUEUED) return 0;
    tn_pace_fly(&mob->pace, now, &task->ticket, task->server);
    begin_attempt(mob, task);
    return task->policy->reinvite_flags;
}

void tn_mob_refresh_leaves(struct tn_call_task *task, tern_addr media_local)
{
    if (task->state != TN_CALL_REFRESHING) return;
    task->media_local = without_port(media_local);
}

void tn_mob_refreshed(struct tn_mobility *mob, tern_time now, struct tn_call_task *task, int code,
                      bool used_update, tern_time retry_after)
{
    mob->now = now;
    bool in_time = code >= 200 && code < 300 && task->state == TN_CALL_QUEUED &&
                   (task->replaces || task->turned);
    if (task->state != TN_CALL_REFRESHING && !in_time) return;
    task->used_update = used_update;
    tn_pace_answered(&mob->pace, now, &task->ticket, code, retry_after);
    if (tn_mob_turned_by(mob, task, code)) return;
    bool by_proxy = task->by_server && tn_mob_is_servers_no(code);
    switch (by_proxy ? TN_ANSWER_AGAIN : tn_mob_classify(code)) {
    case TN_ANSWER_OK:
        task->replaces = false;
        tn_mob_call_report(mob, task, TERN_IP_CHANGE_OP_REINVITE_CALL, TERN_IP_CHANGE_SUCCESS,
                           code);
        tn_mob_call_verify(mob, task);
        return;
    case TN_ANSWER_AGAIN: again(mob, task, code, retry_after); return;
    case TN_ANSWER_UNKNOWN: unknown(mob, task, code); return;
    case TN_ANSWER_REFUSED: /* the session goes on as it was: RFC 3261 14.1 */
        tn_mob_call_report(mob, task, TERN_IP_CHANGE_OP_REINVITE_CALL, TERN_IP_CHANGE_FAILURE,
                           code);
        tn_mob_call_verify(mob, task);
        return;
    }
}

void tn_mob_media_seen(struct tn_mobility *mob, tern_time now, struct tn_call_task *task)
{
    mob->now = now;
    if (!task->media_started && !task->media_late) return;
    media_is_there(mob, task);
    if (task->state == TN_CALL_VERIFYING) tn_mob_call_rest(mob, task, TN_CALL_DONE);
}

void tn_mob_media_goes(struct tn_call_task *task, tern_addr remote)
{
    task->remote = remote;
}

void tn_mob_talking(struct tn_mobility *mob, tern_time now, struct tn_call_task *task, bool talking)
{
    mob->now = now;
    task->talking = talking;
    if (!talking && task->state == TN_CALL_VERIFYING) tn_mob_call_rest(mob, task, TN_CALL_DONE);
}

void tn_mob_call_timer(struct tn_mobility *mob, struct tn_call_task *task)
{
    switch (task->state) {
    case TN_CALL_LISTENING: proceed(mob, task); return;
    case TN_CALL_HELD_BACK:
    case TN_CALL_WAITING: refresh(mob, task); return;
    case TN_CALL_VERIFYING:
        tn_mob_call_report(mob, task, TERN_IP_CHANGE_OP_MEDIA_MOVED, TERN_IP_CHANGE_FAILURE, 0);
        tn_mob_call_rest(mob, task, TN_CALL_DONE);
        return;
    case TN_CALL_OFFLINE: tn_mob_call_give_up(mob, task, tn_mob_early_op(task), 0); return;
    case TN_CALL_REFRESHING:
    case TN_CALL_REPLACING: tn_mob_impatient(mob, task); return;
    case TN_CALL_IDLE:
    case TN_CALL_QUEUED:
    case TN_CALL_ASKING:
    case TN_CALL_TELLING:
    case TN_CALL_HANGING_UP:
    case TN_CALL_DONE:
    case TN_CALL_LOST:
    case TN_CALL_STATES: break;
    }
    TN_UNREACHABLE(); /* these have no timer */
}

void tn_mob_release_calls(struct tn_mobility *mob, const struct tn_account_task *account)
{
    TN_LIST_FOR(node, &account->held_back)
    {
        struct tn_call_task *task = TN_OWNER(node, struct tn_call_task, held);
        tn_mob_arm(mob, &task->timer, 0);
    }
}

void tn_mob_call_gone(struct tn_mobility *mob, tern_time now, struct tn_call_task *task, int code)
{
    mob->now = now;
    if (task->state == TN_CALL_HANGING_UP) {
        /* Without an answer the far end may not know yet that it is over. */
        tn_mob_call_report(mob, task, TERN_IP_CHANGE_OP_HANGUP_CALL,
                           code ? TERN_IP_CHANGE_SUCCESS : TERN_IP_CHANGE_FAILURE, code);
    }
    tn_mob_call_enter(mob, task, TN_CALL_IDLE, TERN_TIME_NEVER);
    tn_list_remove(&task->node);
    tn_mob_settle(mob);
}
