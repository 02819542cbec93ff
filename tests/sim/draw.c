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
}

/* ---- steps ---- */

static void change_path(struct dice *dice, enum who who)
{
    int32_t old = dice->net[who], other = 1 + (int32_t)roll(dice, 6);
    switch (roll(dice, 8)) {
    case 0: /* nothing for a while */
        add(dice, who, DO_path, 0, 0);
        add_later(dice, PICK(dice, 20, 300, 2000, 12000),
                  (struct step){.who = who, .verb = DO_path, .arg = {other}});
        break;
    case 1: /* make before break */
    case 2:
        add(dice, who, DO_path, other, old);
        add_later(dice, PICK(dice, 40, 500, 3000),
                  (struct step){.who = who, .verb = DO_path, .arg = {other}});
        break;
    case 3: /* one that is no better, and one that comes and goes */
        add(dice, who, DO_path, old, other);
        other = old;
        break;
    default: add(dice, who, DO_path, other, 0); break;
    }
    dice->net[who] = other;
}

static void disturb_server(struct dice *dice)
{
    int32_t method = (int32_t)roll(dice, 4), pause = PICK(dice, 300, 2000, 8000);
    struct step undo = {.who = SERVER};
    switch (roll(dice, 4)) {
    case 0: add(dice, SERVER, DO_restart, 0, 0); return;
    case 1:
        add(dice, SERVER, DO_refuse, 1, 0);
        undo.verb = DO_refuse;
        break;
    default:
        add(dice, SERVER, DO_fault, method, PICK(dice, 0, 500, 503, 503, 403, 423, 480));
        undo.verb = DO_fault;
        undo.arg[0] = method;
        undo.arg[1] = -1;
        break;
    }
    add_later(dice, pause, undo);
}

static void disturb_net(struct dice *dice)
{
    int32_t net = PICK(dice, 1, 2, 3, 4, 5, 6, 7), pause = PICK(dice, 200, 1000, 4000, 10000);
    struct step undo = {.who = WORLD, .arg = {net}};
    static const enum verb kinds[] = {DO_down, DO_captive, DO_loss};
    switch (roll(dice, 5)) {
    case 0:
        add(dice, WORLD, DO_dns, PICK(dice, 500, 3000, -1, -2), 0);
        undo = (struct step){.who = WORLD, .verb = DO_dns, .arg = {-4}};
        break;
    case 1:
        plan_add(dice->plan,
                 (struct step){dice->now,
                               WORLD,
                               DO_nat,
                               {1 + net % 6, PICK(dice, 1, 2, 3), PICK(dice, 1, 2, 3), 0}});
        undo = (struct step){.who = WORLD, .verb = DO_rebind, .arg = {1 + net % 6}};
        break;
    default:
        undo.verb = kinds[roll(dice, 3)];
        add(dice, WORLD, undo.verb, net, undo.verb == DO_loss ? PICK(dice, 100, 300) : 1);
        break;
    }
    add_later(dice, pause, undo);
}

static void use_phone(struct dice *dice, enum who who)
{
    switch (roll(dice, 12)) {
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
        add(dice, who, DO_on, 3 + (int32_t)roll(dice, 8),
            PICK(dice, DO_hangup, DO_hangup, DO_hold, DO_remove, DO_die, DO_register, DO_ipchange));
        break;
    default:
        if (!percent(dice, 30)) break;
        add(dice, who, PICK(dice, 0, 1) ? DO_remove : DO_die, 0, 0);
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

void plan_draw(struct plan *plan, uint64_t seed)
{
    struct dice dice = {.state = seed ^ 0x7465726e73696d00u, .plan = plan, .net = {1, 2, 3}};
    plan_init(plan, seed);
    draw_settings(&dice, plan->set);
    dice.now = 1000;
    add(&dice, percent(&dice, 60) ? ALICE : BOB, DO_call, 0, 0);
    dice.now = PICK(&dice, 1050, 1400, 2500, 4000, 4000);
    uint32_t movers = roll(&dice, 10), changes = 1 + roll(&dice, 6);
    for (uint32_t i = 0; i < changes && plan->count < STEPS_MAX - 4; i++) {
        enum who who = movers < 6 ? ALICE : movers < 8 ? BOB : roll(&dice, 2) ? BOB : ALICE;
        if (percent(&dice, 72)) {
            change_path(&dice, who);
        } else if (percent(&dice, 65)) {
            use_phone(&dice, roll(&dice, 2) ? BOB : ALICE);
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
}
