/* SPDX-License-Identifier: MIT */
/*
 * An IP change, carried out: gathers the facts that mobility judges by, and does
 * what it decides. No policy here.
 */
#include <string.h>

#include "base/assert.h"
#include "base/mutant.h"
#include "base/options.h"
#include "ua/call.h"
#include "ua/reach.h"
#include "ua/second.h"

/* ---- facts ---- */

static struct tn_account_facts account_facts(const struct tn_account *account)
{
    const struct tn_registration *reg = tn_account_reg_view(account);
    struct tn_account_facts facts = {
        .id = account->id,
        .registers = account->wants_registration && !account->removed,
        .transport = account->transport,
        .path = {reg->local, tn_reach(account, reg->server)},
        .pending_from = reg->pending_local,
        .warm = tn_second_stands(account),
        .server = tn_reach_server(account),
        .offline = account->task.state == TN_ACCOUNT_OFFLINE,
        .remapped = reg->outside.moves,
        .policy = &account->ip_change,
    };
    if (facts.path.local.family == TERN_FAMILY_NONE) facts.path.local = reg->pending_local;
    return facts;
}

static enum tn_call_phase phase_of(const struct tn_call *call)
{
    if (call->ended_told) return TN_PHASE_ENDING;
    return call->life == TN_LIFE_ACTIVE ? TN_PHASE_CONFIRMED : TN_PHASE_EARLY;
}

static struct tn_call_facts call_facts(const struct tn_call *call)
{
    const struct tn_media_plan *plan = tn_offer_plan(&call->offer);
    bool pending = call->refresh_local.family != TERN_FAMILY_NONE;
    struct tn_call_facts facts = {
        .id = call->id,
        .phase = phase_of(call),
        .signalling = {pending ? call->refresh_path : call->signalling_local,
                       tn_reach(call->account, call->hop)},
        .media = {call->media_local, {0}},
        .pending_from = call->refresh_local,
        .talking = tn_call_expects_audio(call),
        .offline = call->task.state == TN_CALL_OFFLINE,
        .remapped = tn_public_is_stale(call),
        .by_server = call->way.by_server,
        .policy = &call->account->ip_change,
    };
    /* A GRUU is no address: the far end finds us wherever we are registered (RFC 5627 4). */
    if (call->contact_gruu && !call->contact_open) facts.signalling.local = (tern_addr){0};
    if (call->stream_ready && plan->active) facts.media.remote = tn_call_media_target(call);
    return facts;
}

/* What a snapshot means for everything that is in use. */
struct survey {
    enum tn_verdict worst;
    bool in_use;  /* there is a registrar or a far end to reach */
    bool reaches; /* and one of them can be reached */
};

static void look_at(struct survey *survey, const struct tern_network *network, tern_addr remote,
                    enum tn_verdict verdict)
{
    tern_addr source;
    if (verdict > survey->worst) survey->worst = verdict;
    if (remote.family == TERN_FAMILY_NONE) return;
    survey->in_use = true;
    if (tern_network_source(network, remote, &source) == 0) survey->reaches = true;
}

static struct survey take_survey(const struct tern_endpoint *ep)
{
    struct survey survey = {.worst = TN_VERDICT_STAYS};
    uint32_t cursor = 0;
    const struct tn_account *account;
    const struct tn_call *call;
    while ((account = tn_slots_each(&ep->accounts, &cursor)) != NULL) {
        struct tn_account_facts facts = account_facts(account);
        look_at(&survey, &ep->network, facts.path.remote,
                tn_mob_judge_account(&ep->network, &facts));
    }
    cursor = 0;
    while ((call = tn_slots_each(&ep->calls, &cursor)) != NULL) {
        struct tn_call_facts facts = call_facts(call);
        look_at(&survey, &ep->network, call->hop, tn_mob_judge_call(&ep->network, &facts));
    }
    return survey;
}

static bool is_online(const struct survey *survey)
{
    return survey->reaches || !survey->in_use;
}

/* ---- a change ---- */

/* Decisions are taken after each object, so that they are carried out in the order of the loops. */
static void each_call_media(struct tern_endpoint *ep)
{
    uint32_t cursor = 0;
    struct tn_call *call;
    tn_txns_cancels_moved(&ep->txns);
    while ((call = tn_slots_each(&ep->calls, &cursor)) != NULL) {
        struct tn_call_facts facts = call_facts(call);
        if (facts.phase == TN_PHASE_ENDING || !call->stream_ready) continue;
        facts.may_offer = facts.phase == TN_PHASE_EARLY && tn_call_update_may_offer(call);
        tn_mob_call_media(&ep->mob, &call->task, &facts);
        (void)tn_ep_decisions(ep);
        tn_call_double(call);
    }
}

static void each_account(struct tern_endpoint *ep)
{
    uint32_t cursor = 0;
    struct tn_account *account;
    while ((account = tn_slots_each(&ep->accounts, &cursor)) != NULL) {
        struct tn_account_facts facts = account_facts(account);
        tn_mob_account_begin(&ep->mob, ep->ctx.now, &account->task, &facts);
        (void)tn_ep_decisions(ep);
    }
}

/* The Contact of our 2xx, which the ACK goes to, is gone: say where we are (MOBILITY S4). */
static void tell_new_target(struct tn_call *call)
{
    const struct tern_endpoint *ep = call->ep;
    const struct tern_account_ip_change *policy = &call->account->ip_change;
    bool pending =
        call->refresh_request != 0; /* it may have arrived, from an address that is gone */
    tern_addr told = pending ? call->refresh_path : call->contact_local;
    if (tn_net_has_local(&ep->net, told) && (pending || !call->contact_open)) return;
    if (!tn_reaches(call->account, call->hop)) return;
    tn_call_update_yield(call);
    tn_call_drop_refresh(call);
    tn_refresh_want(&call->refresh,
                    policy->reinvite_flags | (policy->use_update ? 0u : TN_INTENT_INVITE));
    tn_call_pump_refresh(call);
}

/*
 * A 2xx that waits for its ACK goes out at once by a new path, and by the old one that is back. It
 * goes first: an UPDATE that overtakes it meets an offer without an answer.
 */
static void repeat_answer(struct tn_call *call)
{
    struct tern_endpoint *ep = call->ep;
    if (!tn_repeat_running(&call->repeat)) return;
    bool moved = call->repeat_stalled || !tn_net_has_local(&ep->net, call->signalling_local);
    call->repeat_stalled = !tn_reaches(call->account, call->hop);
    if (!moved) return;
    tn_repeat_anew(&call->repeat);
    if (!TN_MUTANT(OK_ONCE)) (void)!tn_server_repeat(&ep->txns, call->invite_txn);
}

/*
 * What is under way outside the mobility's care: an INVITE that is not answered yet, BYE, a 2xx.
 * Without any network the transactions stand still, and it is done when there is one.
 */
static void repeat_on_new_path(struct tn_call *call)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_request_path path;
    uint64_t request = call->request;
    tn_call_out_moved(call);
    tn_call_prack_moved(call);
    tn_call_asks_moved(call);
    repeat_answer(call);
    if (call->life == TN_LIFE_CALLING || call->life == TN_LIFE_RINGING) return; /* call_early.h */
    if (call->life == TN_LIFE_ANSWERING) {
        tell_new_target(call);
        return;
    }
    if (call->life == TN_LIFE_LEAVING && request == 0 && !tn_repeat_running(&call->repeat)) {
        tn_call_send_bye(call);
        return;
    }
    if (TN_MUTANT(BYE_LOST) && call->life == TN_LIFE_LEAVING) return;
    if (request == 0 || !tn_request_path(&ep->txns, request, &path)) return;
    if (tn_net_has_local(&ep->net, path.local)) return;
    if (!tn_reaches(call->account, path.remote)) return;
    /* Without memory the transaction goes on as it is and times out. */
    (void)!tn_request_restart(&ep->txns, request);
}

static void each_call_doubled(struct tern_endpoint *ep)
{
    uint32_t cursor = 0;
    struct tn_call *call;
    while ((call = tn_slots_each(&ep->calls, &cursor)) != NULL)
        tn_call_double_check(call);
}

static void each_call_repeated(struct tern_endpoint *ep)
{
    uint32_t cursor = 0;
    struct tn_call *call;
    tn_txns_cancels_moved(&ep->txns);
    while ((call = tn_slots_each(&ep->calls, &cursor)) != NULL) {
        repeat_on_new_path(call);
        tn_call_early_ask(call);
    }
}

static void each_call(struct tern_endpoint *ep)
{
    uint32_t cursor = 0;
    struct tn_call *call;
    tn_txns_cancels_moved(&ep->txns);
    while ((call = tn_slots_each(&ep->calls, &cursor)) != NULL) {
        struct tn_call_facts facts = call_facts(call);
        repeat_on_new_path(call);
        if (facts.phase == TN_PHASE_ENDING) continue;
        if (facts.phase == TN_PHASE_EARLY) facts.early = tn_call_early_need(call);
        if (facts.early == TN_EARLY_KEEPS) tn_call_update_moved(call); /* a 180, or what waits */
        facts.may_replace = tn_call_may_replace(call);
        facts.elsewhere = tn_way_has_other(call->account, &call->dialog);
        facts.goes_first = tn_replaces_wins(&call->dialog);
        tn_mob_call_begin(&ep->mob, ep->ctx.now, &call->task, &call->account->task, &facts);
        (void)tn_ep_decisions(ep);
    }
}

/* The session timers have stood still (MOBILITY C4). */
static void each_call_online(struct tern_endpoint *ep)
{
    uint32_t cursor = 0;
    struct tn_call *call;
    while ((call = tn_slots_each(&ep->calls, &cursor)) != NULL)
        tn_call_timer_online(call);
}

/* What it is about, besides the snapshot. */
struct cause {
    bool forced;
    const struct tn_path *seen; /* our public address, and what it is one of */
};

static void begin(struct tern_endpoint *ep, const struct tern_ip_change_param *param,
                  struct cause cause, bool online)
{
    struct tn_change change = {&ep->network, param, cause.forced, online};
    bool resumes = tn_mob_must_resume(&ep->mob, online);
    tn_timer_cancel(&ep->ctx, &ep->settle_timer);
    tn_mob_begin(&ep->mob, ep->ctx.now, &change);
    (void)tn_ep_decisions(ep);
    if (cause.seen) tn_mob_public(&ep->mob, cause.seen->local, cause.seen->remote);
    each_call_media(ep);
    each_account(ep);
    each_call(ep);
    tn_mob_begun(&ep->mob, ep->ctx.now);
    (void)tn_ep_decisions(ep);
    if (resumes) each_call_online(ep);
}

void tn_ep_registrations_online(struct tern_endpoint *ep, bool changed)
{
    uint32_t cursor = 0;
    struct tn_account *account;
    while ((account = tn_slots_each(&ep->accounts, &cursor)) != NULL) {
        uint64_t id = account->id;
        tn_registration_online(tn_account_reg(account), changed);
        if (changed && tn_slots_get(&ep->accounts, id)) tn_second_network(account);
    }
}

void tn_ep_answers_online(struct tern_endpoint *ep)
{
    uint32_t cursor = 0;
    struct tn_call *call;
    while ((call = tn_slots_each(&ep->calls, &cursor)) != NULL)
        tn_call_in_ready(call);
}

static void close_dead_flows(struct tern_endpoint *ep)
{
    uint32_t cursor = 0;
    const struct tn_flow *flow;
    while ((flow = tn_net_each(&ep->net, &cursor)) != NULL) {
        if (tn_net_has_local(&ep->net, flow->key.local) || TN_MUTANT(OLD_FLOW)) continue;
        uint64_t id = flow->id;
        struct tn_flow_key key = flow->key;
        tn_net_close(&ep->net, id, true, false);
        if (key.transport == TERN_TRANSPORT_UDP) continue;
        TN_LIST_FOR(node, tn_registrations_of_flow(ep, id))
        {
            struct tn_registration *reg = TN_OWNER(node, struct tn_registration, by_flow);
            struct tn_account *account = reg->account;
            if (reg->flow != id) continue;
            account->task.id = account->id;
            account->task.transport = key.transport;
            account->task.remote = key.remote;
            tn_mob_flow_closed(&ep->mob, ep->ctx.now, &account->task, key.local);
            (void)tn_ep_decisions(ep); /* thousands of accounts may share a flow */
        }
    }
}

/*
 * Nothing has to move now, but a far end's connection may have lost its address. Where there is no
 * network at all it is kept: a server's address mostly comes back.
 */
void tn_ep_close_left_flows(struct tern_endpoint *ep)
{
    bool returns = ep->network.address_count == 0 && ep->state != TN_ENDPOINT_STOPPED;
    if (!returns && !TN_MUTANT(OLD_STREAM)) close_dead_flows(ep);
}

void tn_ep_network_changed(struct tern_endpoint *ep, const struct tern_ip_change_param *param,
                           bool forced)
{
    struct survey survey = take_survey(ep);
    tern_time wait = tn_mob_when(survey.worst, forced, ep->settle);
    each_call_doubled(ep);
    /* Transactions that stand still go on, even if nothing has to move. */
    if (tn_mob_must_resume(&ep->mob, is_online(&survey))) wait = 0;
    if (wait == 0) {
        begin(ep, param, (struct cause){.forced = forced}, is_online(&survey));
    } else if (wait == TERN_TIME_NEVER) {
        tn_ep_close_left_flows(ep);
        each_call_repeated(ep);
        tn_timer_cancel(&ep->ctx, &ep->settle_timer);
        tn_net_sync_listeners(&ep->net, false, 0);
    } else {
        tn_ep_close_left_flows(ep);
        tn_net_sync_listeners(&ep->net, false, 0);
        tn_timer_arm(&ep->ctx, &ep->settle_timer, wait);
    }
    tn_txns_moved(&ep->txns);
    tn_ep_registrations_online(ep, true);
    tn_ep_answers_online(ep);
}

void tn_ep_public_changed(struct tern_endpoint *ep, const struct tn_path *seen)
{
    struct tern_ip_change_param param;
    tern_ip_change_param_init(&param);
    param.restart_listener = param.shutdown_transport = false;
    struct survey survey = take_survey(ep);
    begin(ep, &param, (struct cause){.seen = seen}, is_online(&survey));
}

void tn_ep_settle_fired(struct tn_timer *timer)
{
    struct tern_endpoint *ep = TN_OWNER(timer, struct tern_endpoint, settle_timer);
    struct tern_ip_change_param param;
    tern_ip_change_param_init(&param);
    struct survey survey = take_survey(ep);
    if (survey.worst != TN_VERDICT_STAYS) begin(ep, &param, (struct cause){0}, is_online(&survey));
}

/* ---- decisions ---- */

/* An INVITE that is not answered yet, ours or theirs. */
static bool carries_invite(const struct tern_endpoint *ep, uint64_t flow)
{
    uint32_t cursor = 0;
    const struct tn_call *call;
    struct tn_request_path path;
    while ((call = tn_slots_each(&ep->calls, &cursor)) != NULL) {
        bool outgoing = call->life == TN_LIFE_CALLING || call->life == TN_LIFE_RINGING;
        if (outgoing && tn_request_path(&ep->txns, call->invite, &path) && path.flow == flow) {
            return true;
        }
        if (call->life == TN_LIFE_INCOMING && tn_server_flow(&ep->txns, call->invite_txn) == flow) {
            return true;
        }
    }
    return false;
}

static void close_old_flow(struct tern_endpoint *ep, struct tn_account *account, tern_addr local)
{
    const struct tn_registration *reg = tn_account_reg(account);
    uint32_t cursor = 0;
    const struct tn_flow *flow;
    while ((flow = tn_net_each(&ep->net, &cursor)) != NULL) {
        if (flow->key.transport == TERN_TRANSPORT_UDP || flow->id == reg->flow) continue;
        if (flow->id == tn_account_second(account)->flow) continue;
        if (carries_invite(ep, flow->id)) continue; /* its answer comes by it; then it idles out */
        if (!tern_addr_same_host(flow->key.local, local)) continue;
        if (!tern_addr_equal(flow->peer, reg->server)) continue;
        struct tn_flow_key key = flow->key;
        tn_net_close(&ep->net, flow->id, false, true);
        tn_mob_flow_closed(&ep->mob, ep->ctx.now, &account->task, key.local);
        (void)tn_ep_decisions(ep);
    }
}

static void refresh_call(struct tn_call *call, const struct tn_decision *decision)
{
    if (!TN_MUTANT(OLD_REFRESH)) tn_call_drop_refresh(call);
    tn_call_replace_stop(call);
    uint32_t intents = decision->flags;
    if (!decision->use_update) intents |= TN_INTENT_INVITE;
    tn_refresh_want(&call->refresh, intents);
    tn_call_pump_refresh(call);
    tn_call_tell_target(call); /* it may have to wait */
}

static void report(struct tern_endpoint *ep, const struct tern_ip_change_progress *progress)
{
    struct tern_event event = {.type = TERN_EV_IP_CHANGE_PROGRESS};
    event.u.ip_change = *progress;
    tn_ep_event(ep, &event);
}

static void for_account(struct tern_endpoint *ep, const struct tn_decision *decision)
{
    struct tn_account *account = tn_slots_get(&ep->accounts, decision->account);
    if (account == NULL) return;
    if (decision->kind == TN_DECIDE_REGISTER) {
        bool warm =
            decision->warm && tern_addr_same_host(tn_second_stands(account), decision->local);
        if (warm) tn_second_promote(account);
        tn_registration_move(tn_account_reg(account),
                             warm ? TERN_CONTACT_REPLACE : decision->flags);
    } else {
        close_old_flow(ep, account, decision->local);
    }
}

static void for_call(struct tern_endpoint *ep, const struct tn_decision *decision)
{
    struct tn_call *call = tn_call_by_id(ep, decision->call);
    if (call == NULL) return;
    if (decision->kind == TN_DECIDE_MOVE_MEDIA) {
        tn_call_move_media(call, decision->local);
    } else if (decision->kind == TN_DECIDE_REFRESH) {
        refresh_call(call, decision);
    } else if (decision->kind == TN_DECIDE_TURN) {
        call->way.by_server = decision->by_server;
    } else if (decision->kind == TN_DECIDE_ASK) {
        tn_call_early_ask(call);
    } else if (decision->kind == TN_DECIDE_TELL) {
        tn_call_early_tell(call);
    } else if (decision->kind == TN_DECIDE_REPLACE) {
        tn_call_replace(call);
    } else if (decision->kind == TN_DECIDE_HANG_UP) {
        tn_call_end(call, TERN_END_IP_CHANGE, 480, TERN_STR("hung up because the IP changed"));
    } else {
        tn_call_end(call, TERN_END_LOST, decision->sip_code,
                    TERN_STR("the call could not be kept through the IP change"));
    }
}

static void carry_out(struct tern_endpoint *ep, const struct tn_decision *decision)
{
    switch (decision->kind) {
    case TN_DECIDE_LISTEN:
        tn_net_sync_listeners(&ep->net, decision->reopen, decision->delay);
        ep->listeners_ready = false;
        return;
    case TN_DECIDE_CLOSE_DEAD: close_dead_flows(ep); return;
    case TN_DECIDE_PAUSE: tn_txns_pause(&ep->txns, ep->state != TN_ENDPOINT_STOPPED); return;
    case TN_DECIDE_RESUME: tn_txns_pause(&ep->txns, false); return;
    case TN_DECIDE_REPORT: report(ep, &decision->report); return;
    case TN_DECIDE_REGISTER:
    case TN_DECIDE_CLOSE_FLOW: for_account(ep, decision); return;
    case TN_DECIDE_MOVE_MEDIA:
    case TN_DECIDE_REFRESH:
    case TN_DECIDE_TURN:
    case TN_DECIDE_ASK:
    case TN_DECIDE_TELL:
    case TN_DECIDE_REPLACE:
    case TN_DECIDE_HANG_UP:
    case TN_DECIDE_GIVE_UP: for_call(ep, decision); return;
    }
}

bool tn_ep_decisions(struct tern_endpoint *ep)
{
    struct tn_decision decision;
    bool any = false;
    while (tn_mob_next(&ep->mob, &decision)) {
        carry_out(ep, &decision);
        any = true;
    }
    return any;
}

void tn_ep_listener_news(struct tern_endpoint *ep)
{
    struct tn_listener_news news;
    tern_str failure = {NULL, 0};
    bool any = false;
    while (tn_net_next_listener_news(&ep->net, &news)) {
        struct tern_event event = {.type = TERN_EV_LISTENER};
        event.u.listener = (struct tern_ev_listener){
            .transport = news.transport,
            .local = news.local,
            .open = news.open,
            .failed = news.failed,
            .reason = news.reason,
        };
        tn_ep_event(ep, &event);
        if (news.failed) failure = TERN_STR("a listener could not be opened");
        any = true;
    }
    bool ready = tn_net_listeners_ready(&ep->net);
    if (ready && !ep->listeners_ready) {
        tn_mob_listeners(&ep->mob, ep->ctx.now, true, (tern_str){NULL, 0});
    } else if (!ready && any && failure.len > 0) {
        tn_mob_listeners(&ep->mob, ep->ctx.now, false, failure);
    }
    ep->listeners_ready = ready;
    if (failure.len > 0) ep->listener_failed = true;
    bool runs = ep->state == TN_ENDPOINT_RUNNING || ep->state == TN_ENDPOINT_STOPPING;
    if (any && !tn_snapshot_resume(ep) && runs) tn_ep_registrations_online(ep, false);
}

/* ---- calls that became active on a path that is gone, or was left (MOBILITY S1, S2) ---- */

bool tn_call_path_lost(const struct tn_call *call)
{
    struct tn_call_facts facts = call_facts(call);
    return tn_mob_judge_call(&call->ep->network, &facts) == TN_VERDICT_LOST;
}

void tn_call_check_path(struct tn_call *call)
{
    struct tern_endpoint *ep = call->ep;
    struct tn_call_facts facts = call_facts(call);
    /* Audio that went with us before the answer leaves from elsewhere than the far end was told. */
    if (facts.pending_from.family == TERN_FAMILY_NONE) facts.pending_from = call->media_told;
    enum tn_verdict verdict = tn_mob_judge_call(&ep->network, &facts);
    bool open = call->update.own.open || call->update.own.audio_open; /* an UPDATE before it */
    bool moves = verdict != TN_VERDICT_STAYS || open;
    facts.may_replace = tn_call_may_replace(call);
    facts.goes_first = tn_replaces_wins(&call->dialog);
    tn_mob_call_answered(&ep->mob, ep->ctx.now, &call->task, &facts, moves);
    if (!moves) {
        tn_call_stun_check(call);
        return;
    }
    tern_addr local;
    /* Audio follows when the far end knows, as long as the old path stands. */
    if (verdict == TN_VERDICT_LOST && facts.media.remote.family != TERN_FAMILY_NONE &&
        tern_network_source(&ep->network, facts.media.remote, &local) == 0) {
        tn_call_move_media(call, local);
    }
    if (tn_call_task_begins(&call->task)) return; /* mobility has it refreshed */
    tn_refresh_want(&call->refresh, facts.policy->reinvite_flags |
                                        (facts.policy->use_update ? 0u : TN_INTENT_INVITE));
    tn_call_pump_refresh(call);
}

/* ---- public ---- */

int tern_handle_ip_change(struct tern_endpoint *ep, tern_time now,
                          const struct tern_ip_change_param *given)
{
    struct tern_ip_change_param param;
    tern_ip_change_param_init(&param);
    if (given) {
        int err = tn_options_take(given, &param, sizeof(param));
        if (err) return err;
    }
    if (ep->state != TN_ENDPOINT_RUNNING) return TERN_ESTATE;
    tn_ep_enter(ep, now);
    tn_ep_network_changed(ep, &param, true);
    tn_ep_run(ep);
    return 0;
}
