/* SPDX-License-Identifier: MIT */
/*
 * Thousands of histories from a seed: random snapshots, answers, silences and
 * departures. What must hold after each step is in rig.c; here: every history
 * comes to rest when answers keep coming.
 */
#include "rig.h"

#define HISTORIES 10000
#define STEPS     60

static uint64_t state;

static uint32_t draw(uint32_t below)
{
    CHECK(below > 0);
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state * UINT64_C(2685821657736338717)) >> 33) % below;
}

static void random_net(void)
{
    static const char *const all[] = {"10.0.0.1", "10.0.1.1", "10.0.2.1", "fd00::1"};
    const char *list[3] = {NULL, NULL, NULL};
    size_t n = draw(4);
    for (size_t i = 0; i < n; i++)
        list[i] = all[draw(4)];
    if (n > 1 && list[0] == list[1]) list[1] = NULL;
    if (n > 2 && (list[2] == list[0] || list[2] == list[1])) list[2] = NULL;
    set_net(list[0], list[1], list[2]);
    if (bench.net.address_count > 0 && draw(10) == 0) {
        bench.net.addresses[0].flags |= TERN_NET_TENTATIVE;
    }
}

static void random_policy(struct tern_account_ip_change *policy)
{
    policy->update_contact = draw(5) != 0;
    policy->contact_flags = (uint8_t)draw(3);
    policy->shutdown_transport = draw(2);
    policy->hangup_calls = draw(8) == 0;
    policy->reinvite_flags = draw(8);
    policy->use_update = draw(2);
    policy->order = (uint8_t)draw(2);
    policy->rescue_window_ms = draw(3) ? 60000 : draw(3000);
    policy->offline_window_ms = draw(3) ? 300000 : draw(3000);
}

static int random_code(void)
{
    static const int codes[] = {200, 200, 200, 202, 0,   0,   408, 403, 404, 410, 423,
                                481, 480, 486, 488, 420, 491, 500, 501, 503, 505, 603};
    return codes[draw(sizeof(codes) / sizeof(codes[0]))];
}

static void populate(void)
{
    size_t accounts = 1 + draw(ACCOUNTS_MAX), calls = draw(CALLS_MAX + 1);
    for (size_t i = 0; i < accounts; i++) {
        struct bench_account *a = add_account("10.0.0.1", "10.0.9.1");
        a->facts.registers = draw(6) != 0;
        a->facts.transport = draw(2) ? TERN_TRANSPORT_TCP : TERN_TRANSPORT_UDP;
        random_policy(&a->policy);
    }
    for (size_t i = 0; i < calls; i++) {
        struct bench_call *c = add_call(draw((uint32_t)accounts), "10.0.0.1", "10.0.9.1",
                                        draw(6) ? "10.0.8.1" : "fd00::8");
        if (c->facts.media.remote.family == TERN_FAMILY_IPV6) c->facts.media.local = at("fd00::1");
        c->facts.phase = draw(5) ? TN_PHASE_CONFIRMED : TN_PHASE_EARLY;
        c->facts.early = (enum tn_early_need)draw(3);
        c->facts.may_offer = draw(2);
        c->facts.talking = draw(4) != 0;
        c->facts.may_replace = draw(2);
        c->facts.goes_first = draw(2);
        random_policy(&c->policy);
        c->policy.hangup_calls = draw(10) == 0;
    }
    bench.param.restart_listener = draw(4) != 0;
    bench.param.shutdown_transport = draw(4) != 0;
}

/* What becomes of a call that nobody has answered. */
static void random_early(struct bench_call *c)
{
    switch (draw(6)) {
    case 0: early_heard(c, draw(2) ? 180 : 100, draw(2)); return;
    case 1: early_unheard(c, random_code()); return;
    case 2: early_anew(c); return;
    case 3: early_answered(c, draw(2)); return;
    case 4: early_end(c, random_code(), TERN_STR("why"), draw(2)); return;
    default: early_told(c, random_code(), draw(2), draw(2)); return;
    }
}

static void random_step(void)
{
    struct bench_account *a = &bench.accounts[draw((uint32_t)bench.account_count)];
    struct bench_call *c = bench.call_count ? &bench.calls[draw((uint32_t)bench.call_count)] : NULL;
    switch (draw(10)) {
    case 0:
        random_net();
        if (worst() != TN_VERDICT_STAYS || draw(4) == 0) {
            change(draw(3) == 0);
        } /* else nothing that matters: the planner does not hear of it */
        return;
    case 1: change(draw(2)); return;
    case 2:
    case 3:
        if (a->asked) answer_register(a, random_code());
        return;
    case 4:
    case 5:
        if (c && c->asked) {
            answer_refresh_after(c, random_code(), draw(4) ? 0 : TERN_SECONDS(draw(20)));
        }
        return;
    case 6: listeners(draw(3) != 0); return;
    case 7:
        if (c && c->exists && c->facts.phase == TN_PHASE_EARLY && draw(2)) {
            random_early(c);
        } else if (c && c->exists) {
            hear(c);
        }
        return;
    case 8: pass(draw(3) ? TERN_MS(draw(3000)) : TERN_SECONDS(draw(100))); return;
    default: break;
    }
    if (draw(8) == 0 && c && c->exists && c->task.state != TN_CALL_OFFLINE) {
        be_replaced(c);
    } else if (draw(12) == 0 && c && c->exists) {
        end_call(c);
        drain();
    } else if (draw(30) == 0 && a->exists) {
        end_account(a);
    } else {
        tn_mob_gap(&bench.mob, TERN_MS(draw(500)), TERN_MS(draw(500)));
    }
}

static void come_to_rest(void)
{
    set_net("10.0.3.1", "fd00::3", NULL);
    change(false);
    for (int round = 0; round < 50 && bench.mob.open; round++) {
        listeners(true);
        for (size_t i = 0; i < bench.account_count; i++) {
            if (bench.accounts[i].asked) answer_register(&bench.accounts[i], 200);
        }
        for (size_t i = 0; i < bench.call_count; i++) {
            if (bench.calls[i].asked) answer_refresh(&bench.calls[i], 200);
            if (!bench.calls[i].exists) continue;
            early_heard(&bench.calls[i], 180, false);
            early_told(&bench.calls[i], 200, false, true);
        }
        pass(TERN_SECONDS(6));
    }
    CHECK(!bench.mob.open);
    CHECK_EQ(bench.mob.active, 0);
    CHECK_EQ(bench.completed, bench.mob.generation);
    CHECK_EQ(tn_mob_deadline(&bench.mob), TERN_TIME_NEVER);
    for (size_t i = 0; i < bench.account_count; i++) {
        const struct bench_account *a = &bench.accounts[i];
        if (!a->exists || !a->facts.registers || !a->policy.update_contact) continue;
        CHECK(tern_addr_same_host(a->facts.path.local, at("10.0.3.1")));
    }
}

static void every_history_keeps_the_rules_and_comes_to_rest(void)
{
    const char *only = getenv("HISTORY");
    uint64_t first = only ? strtoull(only, NULL, 10) : 1;
    for (uint64_t seed = first; seed < (only ? first + 1 : first + HISTORIES); seed++) {
        state = seed * UINT64_C(0x9E3779B97F4A7C15);
        if (getenv("HISTORY_PRINT")) fprintf(stderr, "seed %" PRIu64 "\n", seed);
        bench_start();
        set_net("10.0.0.1", NULL, NULL);
        populate();
        change(true); /* the bench's planner knows a network from now on */
        for (size_t step = 0; step < STEPS; step++)
            random_step();
        come_to_rest();
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(every_history_keeps_the_rules_and_comes_to_rest),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
