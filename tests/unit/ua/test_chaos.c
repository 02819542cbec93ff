/* SPDX-License-Identifier: MIT */
/*
 * Two phones whose people, networks and servers do anything at any time, drawn
 * from a seed. Then all is quiet, and what must be true then is checked: each
 * generation was completed once, no call, transaction or account is left over,
 * and the endpoints stop. CHAOS_SEEDS="17" runs one seed, "17 18" a range.
 */
#include "phones.h"

#define SEEDS 40
#define STEPS 60

static const char *const methods[] = {"REGISTER", "INVITE", "UPDATE", "BYE"};
#define METHODS (sizeof(methods) / sizeof(methods[0]))

static uint32_t state;

static uint32_t draw(uint32_t below)
{
    CHECK(below > 0);
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % below;
}

static bool one_in(uint32_t n)
{
    return draw(n) == 0;
}

static tern_str str(const char *text)
{
    return (tern_str){text, strlen(text)};
}

/* Whatever it says: the call may have ended, and the state may not allow it. */
static void ignore(int err)
{
    CHECK(err <= 0);
    CHECK(err != TERN_ENOMEM);
}

static bool lossy(struct host *host, const char *text, size_t len)
{
    (void)host, (void)text, (void)len;
    return draw(100) < 8;
}

static void another_network(struct host *host)
{
    char first[32], second[32];
    int net = host == alice ? 10 : 20;
    snprintf(first, sizeof(first), "10.0.%d.%u", net, 1 + draw(3));
    snprintf(second, sizeof(second), "10.0.%d.%u", net + 1, 1 + draw(3));
    switch (draw(6)) {
    case 0: host_network(host, NULL, NULL); return;
    case 1: host_network(host, first, second); return;
    default: host_network(host, first, NULL); return;
    }
}

static struct tern_account_opts random_account(const struct host *host)
{
    struct tern_account_opts opts;
    tern_account_opts_init(&opts);
    bool usual = !one_in(6);
    if (host == alice) {
        opts.uri = usual ? TERN_STR("sip:alice@example.com") : TERN_STR("sip:carol@example.com");
    } else {
        opts.uri = usual ? TERN_STR("sip:bob@example.com") : TERN_STR("sip:dave@example.com");
    }
    opts.registrar = str(registrar_uri());
    opts.transport = over;
    opts.password = one_in(12) ? TERN_STR("wrong") : TERN_STR("secret");
    opts.keepalive_s = (uint16_t)(draw(2) * 25);
    opts.no_register = one_in(10);
    opts.ip_change.contact_flags = (uint8_t)draw(3);
    opts.ip_change.hangup_calls = one_in(8);
    opts.ip_change.reinvite_flags = draw(8);
    opts.ip_change.use_update = one_in(2);
    opts.ip_change.order = (uint8_t)draw(2);
    opts.ip_change.update_contact = !one_in(6);
    opts.ip_change.rescue_window_ms = 5000 + draw(30000);
    opts.ip_change.offline_window_ms = 2000 + draw(60000);
    return opts;
}

static void dial(struct host *host)
{
    struct tern_call_opts opts;
    tern_call call;
    tern_call_opts_init(&opts);
    opts.account = host->account;
    opts.target = host == alice ? TERN_STR("bob") : TERN_STR("alice");
    if (one_in(8)) opts.target = TERN_STR("sip:nobody@10.9.9.9");
    opts.no_offer = one_in(4);
    ignore(tern_call_make(host->ep, world.now, &opts, &call));
}

static tern_call some_call(const struct host *host)
{
    tern_call call = tern_call_next(host->ep, (tern_call){0});
    for (uint32_t skip = draw(3); skip > 0 && call.id != 0; skip--)
        call = tern_call_next(host->ep, call);
    return call.id ? call : host->call;
}

static void handle_change(const struct host *host)
{
    struct tern_ip_change_param param;
    tern_ip_change_param_init(&param);
    param.restart_listener = one_in(2);
    param.shutdown_transport = one_in(2);
    ignore(tern_handle_ip_change(host->ep, world.now, &param));
}

static void modify_account(const struct host *host)
{
    struct tern_account_opts opts = random_account(host);
    ignore(tern_account_modify(host->ep, world.now, host->account, &opts));
}

static void replace_account(struct host *host)
{
    struct tern_account_opts opts = random_account(host);
    ignore(tern_account_remove(host->ep, world.now, host->account));
    CHECK_EQ(tern_account_add(host->ep, world.now, &opts, &host->account), 0);
}

static void random_fault(void)
{
    static const int faults[] = {-1, -1, -1, 503, 403, 0, 481, 500};
    server_fault(methods[draw(METHODS)], faults[draw(sizeof(faults) / sizeof(faults[0]))]);
}

static void act(struct host *host)
{
    struct tern_endpoint *ep = host->ep;
    tern_time now = world.now;
    tern_call call = some_call(host);
    switch (draw(16)) {
    case 0:
    case 1: another_network(host); return;
    case 2:
    case 3: dial(host); return;
    case 4: ignore(tern_call_hangup(ep, now, call, 0)); return;
    case 5: ignore(tern_call_hold(ep, now, call)); return;
    case 6: ignore(tern_call_resume(ep, now, call)); return;
    case 7: ignore(tern_call_reinvite(ep, now, call, 1 + draw(7))); return;
    case 8: ignore(tern_call_update(ep, now, call, 1 + draw(7))); return;
    case 9: handle_change(host); return;
    case 10: modify_account(host); return;
    case 11: ignore(tern_account_register(ep, now, host->account)); return;
    case 12:
        if (one_in(3)) ignore(tern_account_unregister(ep, now, host->account));
        return;
    case 13:
        if (one_in(4)) replace_account(host);
        return;
    case 14: random_fault(); return;
    default:
        host->auto_answer = !one_in(3);
        if (one_in(2)) ignore(tern_call_answer(ep, now, call, 200));
        return;
    }
}

static void forget_log(struct host *host)
{
    for (size_t i = 0; i < host->log_count; i++)
        free(host->log[i]);
    host->log_count = host->step_count = 0;
}

static void live(void)
{
    for (int i = 0; i < STEPS; i++) {
        act(one_in(2) ? bob : alice);
        alice->drop = bob->drop = server->drop = one_in(3) ? lossy : NULL;
        world_run(&world, one_in(4) ? TERN_MS(draw(20000)) : TERN_MS(draw(300)));
        forget_log(alice);
        forget_log(bob);
    }
}

static void hang_up_all(const struct host *host)
{
    tern_call call = tern_call_next(host->ep, (tern_call){0});
    while (call.id != 0) {
        tern_call next = tern_call_next(host->ep, call);
        ignore(tern_call_hangup(host->ep, world.now, call, 0));
        call = next;
    }
}

static void come_to_rest(void)
{
    for (size_t i = 0; i < METHODS; i++)
        server_fault(methods[i], -1);
    alice->drop = bob->drop = server->drop = NULL;
    host_network(alice, "10.0.10.9", NULL);
    host_network(bob, "10.0.20.9", NULL);
    hang_up_all(alice);
    hang_up_all(bob);
    alice->talks = bob->talks = false;
    world.next_tick = world.now + TERN_SECONDS(2000);
    for (int i = 0; i < 14; i++) {
        world_run(&world, TERN_SECONDS(50));
        forget_log(alice);
        forget_log(bob);
    }
}

static void nothing_is_left(const struct host *host)
{
    struct tern_stats stats;
    struct tern_account_info info;
    tern_get_stats(host->ep, &stats);
    CHECK_EQ(host->completed, stats.ip_changes);
    CHECK_EQ(stats.calls, 0);
    CHECK_EQ(stats.transactions, 0);
    CHECK_EQ(stats.accounts, 1);
    CHECK_EQ(tern_account_get_info(host->ep, host->account, &info), 0);
    CHECK_EQ(info.calls, 0);
}

static void live_through(uint32_t seed)
{
    printf("seed %u\n", seed);
    state = seed;
    over = 1 + seed % 3;
    meet();
    alice->talks = bob->talks = seed % 5 == 0;
    live();
    come_to_rest();
    nothing_is_left(alice);
    nothing_is_left(bob);
    CHECK_EQ(tern_endpoint_stop(alice->ep, world.now, 100000), 0);
    CHECK_EQ(tern_endpoint_stop(bob->ep, world.now, 100000), 0);
    world_run(&world, TERN_SECONDS(40));
    CHECK_EQ(alice->stopped, 1);
    CHECK_EQ(bob->stopped, 1);
    world_end(&world);
}

static void whatever_happens_it_ends_well(void)
{
    uint32_t first = 0, last = SEEDS - 1;
    const char *given = getenv("CHAOS_SEEDS");
    if (given) {
        char *end;
        first = last = (uint32_t)strtoul(given, &end, 10);
        if (*end) last = (uint32_t)strtoul(end, NULL, 10);
    }
    for (uint32_t seed = first; seed <= last; seed++)
        live_through(seed);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(whatever_happens_it_ends_well),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
