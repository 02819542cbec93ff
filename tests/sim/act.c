/* SPDX-License-Identifier: MIT */
/* The steps of a plan, carried out. */
#include <string.h>

#include "life.h"

/* ---- excuses ---- */

/* An excuse of one end is an excuse of its other end: the checks look at both. */
void excuse_all(struct life *life, enum excuse excuse)
{
    for (int i = 0; i < PHONES; i++) {
        struct phone *phone = &life->phones[i];
        for (uint32_t k = 0; k < phone->end_count; k++)
            if (!phone->ends[k].ended) phone->ends[k].excuses |= 1u << excuse;
    }
}

static bool is_early(const struct phone *phone, const struct end *end)
{
    struct tern_call_info info;
    return phone->ep == NULL || tern_call_get_info(phone->ep, end->call, &info) != 0 ||
           info.state != TERN_CALL_ACTIVE;
}

void excuse_early(struct life *life, enum excuse excuse)
{
    for (int i = 0; i < PHONES; i++) {
        struct phone *phone = &life->phones[i];
        for (uint32_t k = 0; k < phone->end_count; k++) {
            struct end *end = &phone->ends[k];
            if (!end->ended && is_early(phone, end)) end->excuses |= 1u << excuse;
        }
    }
}

/* Calls that are not up at both ends: all of them (NULL), or those of one phone. */
void disturb(struct life *life, const struct phone *of)
{
    for (int i = 0; i < PHONES; i++) {
        struct phone *phone = &life->phones[i];
        for (uint32_t k = 0; k < phone->end_count; k++) {
            struct end *end = &phone->ends[k];
            if (end->ended || (of && of != phone && of->who != end->peer)) continue;
            if (is_early(phone, end)) end->excuses |= 1u << EXCUSE_EARLY;
        }
    }
}

/*
 * A call that this phone has not heard of yet is on its way to where it no longer is; and one of its
 * own that is not up has a path that fails before anybody says that it is gone.
 */
static void miss(struct life *life, struct phone *phone)
{
    for (uint32_t k = 0; k < phone->end_count && life->plan->set[SET_notice]; k++) {
        struct end *end = &phone->ends[k];
        if (!end->ended && is_early(phone, end)) end->excuses |= 1u << EXCUSE_EARLY;
    }
    for (int i = 0; i < PHONES; i++) {
        for (uint32_t k = 0; k < life->phones[i].end_count; k++) {
            struct end *end = &life->phones[i].ends[k];
            if (end->peer == phone->who && !end->ended && !app_other_end(life, end))
                end->excuses |= 1u << EXCUSE_EARLY;
        }
    }
}

static bool is_moving(const struct life *life, const struct phone *phone)
{
    const struct progress *g = &phone->progress;
    if (tern_sim_now(life->sim) < phone->remapped) return true;
    return (g->generation && !g->closed) ||
           tern_sim_now(life->sim) - phone->moved <
               TERN_SECONDS(2) + TERN_MS(life->plan->set[SET_notice]);
}

/* Who has lost somebody looks for him where he is registered, or nowhere. */
static bool cannot_meet(const struct phone *a, const struct phone *b)
{
    return !a->wants_binding && !b->wants_binding;
}

/* This phone is about to move. */
static void unsettle(struct life *life, struct phone *phone)
{
    miss(life, phone);
    for (int who = 0; who < PHONES; who++) {
        struct phone *other = &life->phones[who];
        bool both = is_moving(life, other), meet = !cannot_meet(phone, other);
        for (uint32_t i = 0; i < other->end_count && other != phone; i++) {
            struct end *end = &other->ends[i];
            if (end->peer != phone->who) continue;
            if (both && !end->ended && !(meet && !is_early(other, end)))
                end->excuses |= 1u << EXCUSE_BOTH;
        }
    }
    for (uint32_t i = 0; i < phone->end_count; i++) { /* what the peer has not heard of yet */
        struct end *end = &life->phones[phone->who].ends[i];
        const struct phone *other = &life->phones[end->peer];
        bool lost = cannot_meet(phone, other) || is_early(phone, end);
        if (!end->ended && is_moving(life, other) && lost) end->excuses |= 1u << EXCUSE_BOTH;
    }
}

/* It is another one for everybody outside, and hears of it with a keep-alive (MOBILITY S20). */
void act_remap(struct life *life, struct phone *phone)
{
    unsettle(life, phone);
    phone->remapped = tern_sim_now(life->sim) + TERN_SECONDS(35);
}

/* ---- networks ---- */

static void notice(void *user, uint64_t host)
{
    struct life *life = user;
    if (!life->failed) dns_notice(life, &life->phones[host - 1]);
}

void act_plug(struct life *life, struct phone *phone, int32_t first, int32_t second)
{
    tern_time now = tern_sim_now(life->sim);
    if (now - phone->moved < TERN_SECONDS(5)) {
        phone->hasty = true;
        phone->overtaken = now;
    }
    bool told_late = phone->left && !phone->stopping && now - phone->left < TERN_SECONDS(25);
    if (first >= 1 && told_late) phone->denied = world_refuses(life);
    phone->nets[0] = first;
    phone->nets[1] = second;
    place_plug(life, phone);
    if (phone->moved < now) phone->moved = now; /* it may be asleep */
    tern_time delay = TERN_MS(life->plan->set[SET_notice]);
    if (delay == 0 || life->calm) {
        dns_notice(life, phone);
    } else if (tern_sim_at(life->sim, now + delay, notice, life, phone->host) != 0) {
        fail(life, "memory", "at");
    }
}

/* A call whose INVITE may not have left yet ends at once where there is no network to leave by. */
static void cut_off(struct phone *phone)
{
    struct tern_call_info info;
    for (uint32_t k = 0; k < phone->end_count; k++) {
        struct end *end = &phone->ends[k];
        if (end->ended || tern_call_get_info(phone->ep, end->call, &info) != 0) continue;
        if (info.state == TERN_CALL_CALLING) end->excuses |= 1u << EXCUSE_EARLY;
    }
}

static void move(struct life *life, struct phone *phone, const struct step *step)
{
    unsettle(life, phone);
    if (step->arg[0] == 0) cut_off(phone);
    act_plug(life, phone, step->arg[0], step->arg[1]);
}

/* The nets that it may use are others. */
static void choose_links(struct life *life, struct phone *phone, const struct step *step)
{
    unsettle(life, phone);
    links_read(phone, step->arg);
    if (links_network(life, phone)->address_count == 0) cut_off(phone);
    if (phone->moved < tern_sim_now(life->sim)) phone->moved = tern_sim_now(life->sim);
    links_tell(life, phone);
}

/* Another address or another tunnel, where it is. */
static void stay(struct life *life, struct phone *phone, const struct step *step)
{
    unsettle(life, phone);
    if (step->verb == DO_renumber) place_renumber(phone, step->arg[0], step->arg[1]);
    if (step->verb == DO_vpn) {
        place_vpn(phone, step->arg[0]);
        life->tunnels = true;
    }
    act_plug(life, phone, phone->nets[0], phone->nets[1]);
}

static void wake(void *user, uint64_t host)
{
    notice(user, host);
}

static void sleep_for(struct life *life, struct phone *phone, int32_t ms)
{
    tern_time until = tern_sim_now(life->sim) + TERN_MS(ms);
    unsettle(life, phone);
    disturb(life, phone); /* whoever sleeps neither answers nor acknowledges */
    phone->moved = until;
    sound_sleeps(phone, until);
    tern_sim_suspend(life->sim, phone->host, until);
    if (tern_sim_at(life->sim, until, wake, life, phone->host) != 0) fail(life, "memory", "at");
}

/* ---- calls ---- */

static void make_call(struct life *life, struct phone *phone, int32_t whom)
{
    struct tern_call_opts opts;
    tern_call call;
    int peer = (int)whom - 1;
    if (!phone->wants_account) return;
    if (peer < 0 || peer >= life->plan->set[SET_phones] || peer == phone->who)
        peer = phone->who == ALICE ? BOB : ALICE;
    tern_call_opts_init(&opts);
    opts.account = phone->account;
    opts.target = (tern_str){phone_name(peer), strlen(phone_name(peer))};
    int err = tern_call_make(phone->ep, tern_sim_now(life->sim), &opts, &call);
    if (err != 0) fail(life, "api", "call: %s", tern_strerror(err));
    if (err == 0) (void)app_add(life, phone, call, peer);
}

static int do_to_call(struct life *life, struct phone *phone, struct end *end, enum verb verb)
{
    tern_time now = tern_sim_now(life->sim);
    struct tern_endpoint *ep = phone->ep;
    if (verb == DO_hangup) {
        end->by_app = true;
        return tern_call_hangup(ep, now, end->call, 0);
    }
    if (verb == DO_hold || verb == DO_resume) {
        int err = verb == DO_hold ? tern_call_hold(ep, now, end->call)
                                  : tern_call_resume(ep, now, end->call);
        if (err != 0) return err;
        end->hold = verb == DO_hold;
        return 0;
    }
    if (verb == DO_reinvite) return tern_call_reinvite(ep, now, end->call, 7);
    if (verb == DO_info || verb == DO_options) return asks_do(life, phone, end, verb == DO_info);
    if (verb == DO_update) return tern_call_update(ep, now, end->call, 7);
    return tern_call_dtmf(ep, now, end->call, TERN_STR("1"));
}

/* `which`: from 1, 0: all. */
static void do_to_calls(struct life *life, struct phone *phone, enum verb verb, int32_t which)
{
    for (uint32_t i = 0; i < phone->end_count && phone->ep; i++) {
        struct end *end = &phone->ends[i];
        if (end->ended || (which && (uint32_t)which != i + 1)) continue;
        int err = do_to_call(life, phone, end, verb);
        /* Not answered yet, already ending, or ended with the event still in the queue. */
        if (err != 0 && err != TERN_ESTATE && err != TERN_ESTALE && err != TERN_EUNSUPPORTED)
            fail(life, "api", "%s: %s", verb_name(verb), tern_strerror(err));
    }
}

void act_hangup_all(struct life *life, struct phone *phone)
{
    do_to_calls(life, phone, DO_hangup, 0);
    tern_sim_touch(life->sim, phone->host);
}

static void leave(struct life *life, struct phone *phone)
{
    phone->left = tern_sim_now(life->sim);
    /* Without a network nobody can be told: after half a minute the binding is left to expire. */
    phone->denied = links_network(life, phone)->address_count == 0 || world_refuses(life);
}

static void remove_account(struct life *life, struct phone *phone)
{
    if (!phone->wants_account) return;
    phone->wants_account = phone->wants_binding = false;
    leave(life, phone);
    excuse_all(life, EXCUSE_DEAD);
    for (uint32_t i = 0; i < phone->end_count; i++)
        phone->ends[i].by_app = true;
    if (tern_account_remove(phone->ep, tern_sim_now(life->sim), phone->account) != 0)
        fail(life, "api", "remove");
    handles_account_removed(life, phone);
}

/* Hangs up, unregisters, and says STOPPED, after five seconds at the latest. */
static void stop(struct life *life, struct phone *phone)
{
    excuse_all(life, EXCUSE_DEAD);
    for (uint32_t i = 0; i < phone->end_count; i++)
        phone->ends[i].by_app = true;
    phone->wants_account = phone->wants_binding = false;
    phone->stopping = true;
    leave(life, phone);
    if (is_moving(life, phone) || life->disturbed) phone->denied = true;
    if (tern_endpoint_stop(phone->ep, tern_sim_now(life->sim), 5000) != 0)
        fail(life, "api", "stop");
}

static void die(struct life *life, struct phone *phone)
{
    excuse_all(life, EXCUSE_DEAD);
    struct tern_endpoint *ep = phone->ep;
    phone->died = tern_sim_now(life->sim);
    tern_sim_host_endpoint(life->sim, phone->host, NULL);
    phone->ep = NULL;
    tern_endpoint_free(ep);
}

/* Whoever is not registered is not found (RFC 3261 16.6); who is on the phone stays so. */
static void excuse_callers(struct life *life, const struct phone *phone)
{
    for (int who = 0; who < PHONES; who++) {
        struct phone *other = &life->phones[who];
        for (uint32_t i = 0; i < other->end_count; i++) {
            struct end *end = &other->ends[i];
            if (end->ended || end->peer != phone->who || !is_early(other, end)) continue;
            end->excuses |= 1u << EXCUSE_REFUSED;
        }
    }
}

static void bind(struct life *life, struct phone *phone, bool want)
{
    if (!phone->wants_account) return;
    phone->wants_binding = want;
    tern_time now = tern_sim_now(life->sim);
    phone->left = 0;
    if (!want) excuse_callers(life, phone);
    if (!want) leave(life, phone);
    int err = want ? tern_account_register(phone->ep, now, phone->account)
                   : tern_account_unregister(phone->ep, now, phone->account);
    if (err != 0) fail(life, "api", "register: %s", tern_strerror(err));
}

static void act_phone(struct life *life, struct phone *phone, const struct step *step)
{
    switch (step->verb) {
    case DO_path: move(life, phone, step); break;
    case DO_call: make_call(life, phone, step->arg[0]); break;
    case DO_hangup:
    case DO_hold:
    case DO_resume:
    case DO_reinvite:
    case DO_update:
    case DO_info:
    case DO_options:
    case DO_dtmf: do_to_calls(life, phone, step->verb, step->arg[0]); break;
    case DO_register: bind(life, phone, true); break;
    case DO_unregister: bind(life, phone, false); break;
    case DO_remove: remove_account(life, phone); break;
    case DO_ipchange:
        if (tern_handle_ip_change(phone->ep, tern_sim_now(life->sim), NULL) != 0 &&
            !phone->stopping)
            fail(life, "api", "ipchange");
        break;
    case DO_sleep: sleep_for(life, phone, step->arg[0]); break;
    case DO_die: die(life, phone); break;
    case DO_crash:
        unsettle(life, phone);
        disturb(life, phone); /* who is dead neither answers nor acknowledges */
        crash_die(life, phone, step->arg[0]);
        break;
    case DO_on:
        if (phone->reaction_count == REACTIONS_MAX) break;
        phone->reactions[phone->reaction_count].event = step->arg[0];
        phone->reactions[phone->reaction_count++].verb = step->arg[1];
        break;
    case DO_vpn:
    case DO_renumber: stay(life, phone, step); break;
    case DO_links: choose_links(life, phone, step); break;
    case DO_answer: app_answer(life, phone, 200); break;
    case DO_reject: app_answer(life, phone, step->arg[0] >= 400 ? step->arg[0] : 486); break;
    case DO_stop: stop(life, phone); break;
    case DO_attack: attack_begin(life, phone, step->arg[0]); break;
    case DO_fault:
    case DO_restart:
    case DO_refuse:
    case DO_down:
    case DO_captive:
    case DO_loss:
    case DO_mtu:
    case DO_nat:
    case DO_rebind:
    case DO_dns:
    case VERB_COUNT: break;
    }
}

/* Its network changes while its program is dead. */
static void carry(struct life *life, struct phone *phone, const struct step *step)
{
    if (step->verb == DO_links) links_read(phone, step->arg);
    if (step->verb != DO_path && step->verb != DO_vpn && step->verb != DO_renumber) return;
    unsettle(life, phone);
    if (step->verb == DO_renumber) place_renumber(phone, step->arg[0], step->arg[1]);
    if (step->verb == DO_vpn) place_vpn(phone, step->arg[0]);
    if (step->verb == DO_vpn) life->tunnels = true;
    if (step->verb == DO_path) {
        phone->nets[0] = step->arg[0];
        phone->nets[1] = step->arg[1];
    }
    place_plug(life, phone);
}

void act(struct life *life, const struct step *step)
{
    char text[96] = "";
    size_t at = 0;
    for (int i = 0; i < ARGS_MAX; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, " %d", step->arg[i]);
    trace(life, "------ %s %s%s", step->who == WORLD ? "net" : host_name((uint32_t)step->who + 1),
          verb_name(step->verb), text);
    pace_act(life);
    if (step->who >= PHONES) {
        disturb(life, NULL);
        life->disturbed = true;
        world_act(life, step);
        return;
    }
    struct phone *phone = &life->phones[step->who];
    if (phone->crash.dead) carry(life, phone, step);
    if (phone->ep == NULL || phone->stopped || (phone->stopping && step->verb == DO_stop)) return;
    again_spur(life, phone);
    act_phone(life, phone, step);
    tern_sim_touch(life->sim, phone->host);
}

/* All that is wrong is mended; whoever has no network gets one; who rings is answered. */
void act_calm(struct life *life)
{
    trace(life, "------ peace");
    pace_act(life);
    life->calm = true;
    world_calm(life);
    for (int i = 0; i < PHONES; i++) {
        struct phone *phone = &life->phones[i];
        phone->reaction_count = 0;
        if (phone->ep == NULL) continue;
        bool offline = tern_sim_network(life->sim, phone->host)->address_count == 0;
        if (!offline && links_network(life, phone)->address_count == 0)
            choose_links(life, phone, &(struct step){.verb = DO_links});
        if (offline || place_is_tunnel_dead(phone)) {
            unsettle(life, phone);
            place_vpn(phone, 0);
            act_plug(life, phone, offline ? i + 1 : phone->nets[0], offline ? 0 : phone->nets[1]);
        }
        app_answer(life, phone, 200);
        tern_sim_touch(life->sim, phone->host);
    }
}
