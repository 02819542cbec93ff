/* SPDX-License-Identifier: MIT */
/*
 * A history at random. Most have one phone that moves, since that is what must always go well; what
 * else can happen is drawn more rarely, and is undone in time for the rescue window.
 */
#include "plan.h"

struct dice {
    uint64_t state;
    struct plan *plan;
    int32_t now; /* ms */
    int32_t net[PHONES];
};

/* SplitMix64, as the world's, on a state of its own. */
static uint32_t roll(struct dice *dice, uint32_t bound)
{
    uint64_t z = dice->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) % bound);
}

static bool percent(struct dice *dice, uint32_t chance)
{
    return roll(dice, 100) < chance;
}

static int32_t pick(struct dice *dice, const int32_t *values, uint32_t count)
{
    return values[roll(dice, count)];
}

static int32_t up_to(struct dice *dice, int32_t most)
{
    return 1 + (int32_t)roll(dice, (uint32_t)most);
}

#define PICK(dice, ...)                                                                            \
    pick(dice, (const int32_t[]){__VA_ARGS__}, sizeof((const int32_t[]){__VA_ARGS__}) / 4)

static void add(struct dice *dice, enum who who, enum verb verb, int32_t a, int32_t b)
{
    plan_add(dice->plan, (struct step){dice->now, who, verb, {a, b, 0, 0}});
}

static void add_later(struct dice *dice, int32_t ms, struct step step)
{
    step.at_ms = dice->now + ms;
    plan_add(dice->plan, step);
}

/* ---- settings ---- */

static void draw_path(struct dice *dice, int32_t *set)
{
    set[SET_delay] = PICK(dice, 5, 25, 25, 60, 150);
    if (percent(dice, 30)) set[SET_jitter] = up_to(dice, 20);
    if (percent(dice, 25)) set[SET_loss] = up_to(dice, 100);
    if (percent(dice, 10)) set[SET_burst] = up_to(dice, 10);
    if (percent(dice, 10)) set[SET_duplicate] = up_to(dice, 100);
    if (percent(dice, 10)) set[SET_reorder] = up_to(dice, 100);
    if (percent(dice, 5)) set[SET_rate] = 200 + up_to(dice, 1000);
    if (percent(dice, 10)) set[SET_notice] = PICK(dice, 5, 50, 300, 1500);
}

/* Some nets have one family only. */
static void draw_families(struct dice *dice, int32_t *set)
{
    for (int i = 0; i < PHONE_NETS; i++)
        set[SET_families] = 10 * set[SET_families] + PICK(dice, 0, 0, 4, 6);
}

static void draw_world(struct dice *dice, int32_t *set)
{
    if (percent(dice, 20)) set[SET_split] = PICK(dice, 5, 30, 100);
    if (percent(dice, 12)) set[SET_router] = up_to(dice, 2);
    if (percent(dice, 8)) set[SET_phones] = 3;
    if (set[SET_names] && percent(dice, 25)) set[SET_ttl] = PICK(dice, 1, 5, 600);
    if (set[SET_names] && percent(dice, 30)) set[SET_inside] = 1;
    if (set[SET_names] && percent(dice, 30)) set[SET_names] = 2;
    if (set[SET_names] && set[SET_family] == 46 && percent(dice, 50)) draw_families(dice, set);
}

static void draw_settings(struct dice *dice, int32_t *set)
{
    set[SET_transport] = (int32_t)roll(dice, 2);
    set[SET_bob_transport] = percent(dice, 70) ? set[SET_transport] : (int32_t)roll(dice, 2);
    set[SET_family] = PICK(dice, 4, 4, 4, 4, 6, 46);
    draw_path(dice, set);
    set[SET_no_auth] = percent(dice, 10);
    if (percent(dice, 15)) set[SET_nonce] = PICK(dice, 1, 3, 10);
    set[SET_no_record_route] = percent(dice, 10);
    set[SET_names] = percent(dice, 20);
    set[SET_no_update] = percent(dice, 25);
    set[SET_order] = percent(dice, 15);
    if (percent(dice, 10)) set[SET_contact] = up_to(dice, 2);
    set[SET_hangup_calls] = percent(dice, 3);
    if (percent(dice, 5)) set[SET_reinvite] = (int32_t)roll(dice, 8);
    set[SET_answer] = PICK(dice, 0, 300, 300, 2000);
    if (percent(dice, 2)) set[SET_reject] = PICK(dice, 480, 486, 603);
    draw_world(dice, set);
    if (percent(dice, 40)) set[SET_outbound] = up_to(dice, 2);
}

/* ---- steps ---- */

/* A new address beside the old one, which goes in its time (RFC 4192, RFC 4862 5.5.4). */
static void renumber(struct dice *dice, enum who who)
{
    int32_t flags = PICK(dice, 0, 4), ms = 0;
    for (int32_t stage = 1; stage <= 4; stage++) {
        if (stage != 4 && percent(dice, 20)) continue;
        struct step step = {.who = who, .verb = DO_renumber, .arg = {stage, flags}};
        add_later(dice, ms, step);
        ms += PICK(dice, 20, 300, 1000, 3000);
    }
}

static void ride_vpn(struct dice *dice, enum who who)
{
    add(dice, who, DO_vpn, up_to(dice, 2), 0);
    add_later(dice, PICK(dice, 30, 500, 3000, 9000), (struct step){.who = who, .verb = DO_vpn});
}

/* The network changes beneath a device that is suspended. */
static void move_asleep(struct dice *dice, enum who who, int32_t to)
{
    int32_t ms = PICK(dice, 300, 3000, 20000);
    add(dice, who, DO_sleep, ms, 0);
    add_later(dice, up_to(dice, ms), (struct step){.who = who, .verb = DO_path, .arg = {to}});
}

static void change_path(struct dice *dice, enum who who)
{
    int32_t old = dice->net[who], other = 1 + (int32_t)roll(dice, 6);
    struct step then = {.who = who, .verb = DO_path, .arg = {other}};
    switch (roll(dice, 20)) {
    case 0: /* nothing for a while */
    case 1:
        add(dice, who, DO_path, 0, 0);
        add_later(dice, PICK(dice, 20, 300, 2000, 12000), then);
        break;
    case 2: /* make before break */
    case 3:
    case 4:
    case 5:
        add(dice, who, DO_path, other, old);
        add_later(dice, PICK(dice, 40, 500, 3000), then);
        break;
    case 6: /* one that is no better, and one that comes and goes */
    case 7:
        add(dice, who, DO_path, old, other);
        other = old;
        break;
    case 8: /* one that becomes the better one, because it is cheaper, or faster now */
        add(dice, who, DO_path, old, other);
        then.arg[1] = old;
        add_later(dice, PICK(dice, 40, 500, 3000), then);
        break;
    case 9:
        ride_vpn(dice, who);
        other = old;
        break;
    case 10:
        renumber(dice, who);
        other = old;
        break;
    case 11: move_asleep(dice, who, other); break;
    default: add(dice, who, DO_path, other, 0); break;
    }
    dice->net[who] = other;
}

static void disturb_server(struct dice *dice)
{
    int32_t method = (int32_t)roll(dice, 4), pause = PICK(dice, 300, 2000, 8000);
    struct step undo = {.who = SERVER};
    switch (roll(dice, 9)) {
    case 0:
    case 1: add(dice, SERVER, DO_restart, 0, 0); return;
    case 2:
    case 3:
        add(dice, SERVER, DO_refuse, 1, 0);
        undo.verb = DO_refuse;
        break;
    case 4:
        if (dice->plan->set[SET_names]) add(dice, SERVER, DO_path, up_to(dice, 3), 0);
        return;
    default:
        add(dice, SERVER, DO_fault, method, PICK(dice, 0, 500, 503, 503, 403, 423, 480));
        undo.verb = DO_fault;
        undo.arg[0] = method;
        undo.arg[1] = -1;
        break;
    }
    add_later(dice, pause, undo);
}

static void add_nat(struct dice *dice, int32_t net)
{
    struct step step = {dice->now, WORLD, DO_nat, {net}};
    step.arg[1] = up_to(dice, 3);
    step.arg[2] = up_to(dice, 3);
    step.arg[3] = percent(dice, 30) ? up_to(dice, 3) : 0;
    plan_add(dice->plan, step);
}

/* Both nets that a router serves lose their way at once, and its NAT forgets, if it has one. */
static void reboot_router(struct dice *dice, int32_t pause)
{
    if (percent(dice, 30)) add_nat(dice, ROUTER_NET);
    add(dice, WORLD, DO_down, ROUTER_NET, 1);
    if (percent(dice, 30)) add(dice, WORLD, DO_rebind, ROUTER_NET, 0);
    add_later(dice, pause, (struct step){.who = WORLD, .verb = DO_down, .arg = {ROUTER_NET}});
}

static void disturb_net(struct dice *dice)
{
    int32_t net = PICK(dice, 1, 2, 3, 4, 5, 6, 7), pause = PICK(dice, 200, 1000, 4000, 10000);
    struct step undo = {.who = WORLD, .arg = {net}};
    static const enum verb kinds[] = {DO_down, DO_captive, DO_loss};
    if (dice->plan->set[SET_router] && percent(dice, 50)) {
        reboot_router(dice, pause);
        return;
    }
    switch (roll(dice, 10)) {
    case 0:
    case 1:
        add(dice, WORLD, DO_dns, PICK(dice, 500, 3000, -1, -2, -3), 0);
        undo = (struct step){.who = WORLD, .verb = DO_dns, .arg = {-4}};
        break;
    case 2:
        add_nat(dice, 1 + net % 6);
        if (percent(dice, 30)) add_nat(dice, ROUTER_NET); /* a carrier's */
        undo = (struct step){.who = WORLD, .verb = DO_rebind, .arg = {1 + net % 6}};
        break;
    case 3:
        add(dice, WORLD, DO_mtu, net, PICK(dice, 300, 700, 1200));
        undo.verb = DO_mtu;
        break;
    default:
        undo.verb = kinds[roll(dice, 3)];
        add(dice, WORLD, undo.verb, net, undo.verb == DO_loss ? PICK(dice, 100, 300) : 1);
        break;
    }
    add_later(dice, pause, undo);
}

/* Straight after an event, from within the application's hands. */
static void plan_reaction(struct dice *dice, enum who who)
{
    int32_t verb = PICK(dice, DO_hangup, DO_hangup, DO_hold, DO_resume, DO_reinvite, DO_update,
                        DO_dtmf, DO_call, DO_register, DO_unregister, DO_remove, DO_die, DO_stop,
                        DO_answer, DO_reject, DO_ipchange);
    add(dice, who, DO_on, PICK(dice, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10), verb);
}

static void use_phone(struct dice *dice, enum who who)
{
    switch (roll(dice, 14)) {
    case 0: add(dice, who, DO_hangup, 0, 0); break;
    case 1:
    case 2:
        add(dice, who, DO_hold, 0, 0);
        if (percent(dice, 60))
            add_later(dice, PICK(dice, 10, 100, 1500),
                      (struct step){.who = who, .verb = DO_resume});
        break;
    case 3: add(dice, who, DO_reinvite, 0, 0); break;
    case 4: add(dice, who, DO_update, 0, 0); break;
    case 5: add(dice, who, DO_dtmf, 0, 0); break;
    case 6: add(dice, who, DO_register, 0, 0); break;
    case 7: add(dice, who, DO_call, 0, 0); break;
    case 8: add(dice, who, DO_ipchange, 0, 0); break;
    case 9: add(dice, who, DO_sleep, PICK(dice, 100, 3000, 20000), 0); break;
    case 10:
    case 11: plan_reaction(dice, who); break;
    case 12: add(dice, who, PICK(dice, DO_answer, DO_reject), 0, 0); break;
    default:
        if (percent(dice, 30))
            add(dice, who, PICK(dice, DO_remove, DO_die, DO_stop, DO_unregister), 0, 0);
        break;
    }
}

/* Both want something of the call at once (RFC 3261 14.1), when all else is over. */
static void meet(struct dice *dice)
{
    enum verb verb = (enum verb)PICK(dice, DO_hold, DO_hold, DO_reinvite);
    dice->now += 6000;
    add(dice, ALICE, verb, 0, 0);
    dice->now += PICK(dice, 0, 0, 5, 20);
    add(dice, BOB, verb, 0, 0);
}

/* Both ends move, once or over and over, while each looks for the other (MOBILITY S15). */
static void move_both(struct dice *dice)
{
    uint32_t rounds = 1 + roll(dice, 3);
    dice->now += 6000;
    while (rounds-- > 0) {
        for (enum who who = ALICE; who <= BOB; who++) {
            dice->net[who] = 1 + (dice->net[who] + (int32_t)roll(dice, 5)) % 6;
            add(dice, who, DO_path, dice->net[who], 0);
            dice->now += PICK(dice, 0, 0, 10, 50, 200, 1000);
        }
        dice->now += PICK(dice, 50, 500, 900, 1050, 1150, 2200, 5000);
    }
    if (percent(dice, 20)) add(dice, percent(dice, 50) ? ALICE : BOB, DO_hangup, 0, 0);
    if (percent(dice, 20)) add(dice, percent(dice, 50) ? ALICE : BOB, DO_hold, 0, 0);
}

/* A BYE on its way, or lost on a path that is about to go, when the phone moves. */
static void part(struct dice *dice)
{
    enum who who = percent(dice, 50) ? ALICE : BOB;
    int32_t old = dice->net[who];
    dice->now += 6000;
    add(dice, WORLD, DO_down, old, 1);
    dice->now += PICK(dice, 5, 100, 500);
    add(dice, who, DO_hangup, 0, 0);
    dice->now += PICK(dice, 5, 100, 500, 3000);
    add(dice, who, DO_path, 1 + old % 6, 0);
    dice->now += 3000;
    add(dice, WORLD, DO_down, old, 0);
}

/* Another call while the first one is held: at the phone that made it, and back again. */
static void call_twice(struct dice *dice, enum who who)
{
    int32_t third = dice->plan->set[SET_phones] == 3 ? 3 : 0;
    int32_t at = dice->now;
    dice->now = 2500;
    add(dice, who, DO_hold, 1, 0);
    dice->now += PICK(dice, 0, 100, 1000);
    add(dice, who, DO_call, third, 0);
    dice->now += PICK(dice, 300, 2000, 6000);
    if (percent(dice, 50)) add(dice, who, DO_hold, 2, 0);
    if (percent(dice, 50)) add(dice, who, DO_resume, 1, 0);
    if (percent(dice, 30)) add(dice, who, DO_hangup, up_to(dice, 2), 0);
    dice->now = at;
}

/* It rings for long, and the caller loses patience: CANCEL (RFC 3261 9), or the 200 was faster. */
static void lose_patience(struct dice *dice, enum who who)
{
    int32_t *set = dice->plan->set;
    set[SET_answer] = PICK(dice, 400, 2000, 20000);
    int32_t ms = set[SET_answer] == 20000 ? PICK(dice, 10, 200, 1500, 6000) : set[SET_answer];
    struct step step = {.who = who, .verb = DO_hangup};
    step.at_ms = 1000 + ms + (int32_t)roll(dice, 6) * set[SET_delay];
    plan_add(dice->plan, step);
}

/* Both on one net behind one NAT, which hairpins or not, and may stand behind a carrier's. */
static void share_nat(struct dice *dice)
{
    int32_t net = up_to(dice, PHONE_NETS);
    dice->now = 200;
    add(dice, ALICE, DO_path, net, 0);
    add(dice, BOB, DO_path, net, 0);
    add_nat(dice, net);
    if (dice->plan->set[SET_router] && percent(dice, 50)) add_nat(dice, ROUTER_NET);
}

/* Carol calls one of them or is called, and may move with the others. */
static void draw_carol(struct dice *dice)
{
    int32_t at = dice->now;
    dice->now = PICK(dice, 1000, 1010, 2000, 5000);
    if (percent(dice, 60)) {
        add(dice, CAROL, DO_call, up_to(dice, 2), 0);
    } else {
        add(dice, percent(dice, 50) ? ALICE : BOB, DO_call, 3, 0);
    }
    dice->now = at;
}

static enum who who_moves(struct dice *dice, uint32_t movers)
{
    if (movers < 6) return ALICE;
    if (movers < 8) return BOB;
    if (dice->plan->set[SET_phones] == 3) return (enum who)roll(dice, 3);
    return roll(dice, 2) ? BOB : ALICE;
}

/* While something else happens: see attack.c for the kinds. */
static void attack(struct dice *dice)
{
    const struct step *beside = &dice->plan->steps[roll(dice, (uint32_t)dice->plan->count)];
    struct step step = {.who = percent(dice, 60) ? ALICE : BOB, .verb = DO_attack};
    step.at_ms = beside->at_ms + PICK(dice, 0, 0, 30, 100, 600);
    step.arg[0] = up_to(dice, ATTACKS);
    plan_add(dice->plan, step);
}

static void draw_secrecy(struct dice *dice)
{
    int32_t *set = dice->plan->set;
    bool tls = percent(dice, 4);
    if (tls) set[SET_transport] = 2;
    if (tls && percent(dice, 70)) set[SET_bob_transport] = 2;
    if (percent(dice, 4)) set[SET_srtp] = up_to(dice, 2);
    uint32_t attacks = percent(dice, set[SET_srtp] ? 40 : 3) ? 1 + roll(dice, 3) : 0;
    while (attacks-- > 0)
        attack(dice);
}

/* kill -9, and started again, while something else happens. */
static void crash(struct dice *dice)
{
    const struct step *beside = &dice->plan->steps[roll(dice, (uint32_t)dice->plan->count)];
    struct step step = {.who = percent(dice, 60) ? ALICE : BOB, .verb = DO_crash};
    step.at_ms = beside->at_ms + PICK(dice, 0, 30, 300, 2000, 5000);
    step.arg[0] = PICK(dice, 1, 100, 1000, 4000);
    plan_add(dice->plan, step);
}

/* Homes have NATs, which start anew or forget, and some phones ask STUN servers (MOBILITY S20). */
static void live_behind_nats(struct dice *dice)
{
    const struct step *beside = &dice->plan->steps[roll(dice, (uint32_t)dice->plan->count)];
    int32_t net = up_to(dice, PHONE_NETS), later = beside->at_ms + PICK(dice, 0, 100, 2000, 6000);
    dice->now = 100;
    add_nat(dice, net);
    if (percent(dice, 40)) add_nat(dice, 1 + net % PHONE_NETS);
    dice->now = later;
    if (percent(dice, 60)) add(dice, WORLD, DO_rebind, net, 0);
    if (percent(dice, 60)) dice->plan->set[SET_stun] = PICK(dice, 1, 1, 2, 3);
}

/* INFO and OPTIONS while something else happens (MOBILITY S6). */
static void ask(struct dice *dice)
{
    const struct step *beside = &dice->plan->steps[roll(dice, (uint32_t)dice->plan->count)];
    int32_t at = beside->at_ms;
    for (uint32_t count = 1 + roll(dice, 4); count > 0; count--) {
        struct step step = {.who = percent(dice, 60) ? ALICE : BOB, .verb = DO_info};
        if (percent(dice, 20)) step.verb = DO_options;
        at += PICK(dice, -50, -5, 0, 0, 5, 50, 500);
        step.at_ms = at > 1000 ? at : 1000;
        plan_add(dice->plan, step);
    }
}

/* Long enough for a session to expire, or for somebody to be missed who has lost his power. */
static void last(struct dice *dice)
{
    int32_t *set = dice->plan->set;
    if (percent(dice, 50)) {
        set[SET_session] = PICK(dice, 90, 90, 120);
        set[SET_settle] = 180000;
    } else {
        add(dice, percent(dice, 50) ? ALICE : BOB, DO_die, 0, 0);
        set[SET_settle] = 400000;
    }
}

void plan_draw(struct plan *plan, uint64_t seed)
{
    struct dice dice = {.state = seed ^ 0x7465726e73696d00u, .plan = plan, .net = {1, 2, 3}};
    plan_init(plan, seed);
    draw_settings(&dice, plan->set);
    dice.now = 1000;
    enum who caller = percent(&dice, 60) ? ALICE : BOB;
    add(&dice, caller, DO_call, 0, 0);
    dice.now = PICK(&dice, 1050, 1400, 2500, 4000, 4000);
    if (plan->set[SET_phones] == 3) draw_carol(&dice);
    if (percent(&dice, 4)) call_twice(&dice, caller);
    if (percent(&dice, 3)) lose_patience(&dice, caller);
    uint32_t movers = roll(&dice, 10), changes = 1 + roll(&dice, 6);
    for (uint32_t i = 0; i < changes && plan->count < STEPS_MAX - 16; i++) {
        if (percent(&dice, 72)) {
            change_path(&dice, who_moves(&dice, movers));
        } else if (percent(&dice, 65)) {
            use_phone(&dice, (enum who)roll(&dice, (uint32_t)plan->set[SET_phones]));
        } else if (percent(&dice, 50)) {
            disturb_server(&dice);
        } else {
            disturb_net(&dice);
        }
        dice.now += PICK(&dice, 0, 10, 50, 100, 500, 2000, 4000);
    }
    if (percent(&dice, 25)) add(&dice, percent(&dice, 50) ? ALICE : BOB, DO_hangup, 0, 0);
    if (percent(&dice, 15)) plan->set[SET_expires] = PICK(&dice, 60, 90, 120);
    if (percent(&dice, 5)) meet(&dice);
    if (percent(&dice, 3)) part(&dice);
    if (percent(&dice, 2)) share_nat(&dice);
    draw_secrecy(&dice);
    if (!plan->set[SET_families] && percent(&dice, 5)) move_both(&dice);
    if (percent(&dice, 5)) plan->set[SET_session] = PICK(&dice, 0, 200, 240, 300);
    if (percent(&dice, 3)) plan->set[SET_doubled] = PICK(&dice, 200, 1000, 5000);
    if (percent(&dice, plan->set[SET_srtp] ? 25 : 4)) crash(&dice);
    if (percent(&dice, 12)) plan->set[SET_reliable] = PICK(&dice, 1, 2, 2);
    /* DTLS has one peer at a time: a callee that nobody has told of is taken for the one that is. */
    if (percent(&dice, 15) && plan->set[SET_srtp] != 2) plan->set[SET_early] = 1;
    if (percent(&dice, 8)) live_behind_nats(&dice);
    bool ciphered = plan->set[SET_transport] == 2 || plan->set[SET_bob_transport] == 2;
    if (plan->set[SET_no_record_route] && percent(&dice, 40) && !ciphered) {
        plan->set[SET_private] = PICK(&dice, 1, 2, 2, 3, 3);
    }
    if (percent(&dice, 50)) plan->set[SET_forgets] = 1;
    if (percent(&dice, 8)) ask(&dice);
    if (percent(&dice, 2)) last(&dice);
}
