/* SPDX-License-Identifier: MIT */
/*
 * The n-th allocation fails, for every n: nothing crashes, nothing leaks, and
 * the endpoint can make a call again afterwards.
 */
#include "../base/memory.h"
#include "world.h"

static struct world world;
static struct host *alice, *bob, *server;
static struct memory memory;
static bool at_bob;

static void with_memory(struct tern_endpoint_opts *opts)
{
    opts->allocator = memory_allocator(&memory);
    opts->sip_events = false;
}

static void meet(bool registrar)
{
    struct tern_server_opts opts;
    memset(&memory, 0, sizeof(memory));
    world_start(&world, TERN_MS(10));
    alice = world_host(&world, "alice", "10.0.0.1", at_bob ? NULL : with_memory);
    bob = world_host(&world, "bob", "10.0.0.2", at_bob ? with_memory : NULL);
    alice->talks = bob->talks = false;
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    CHECK_EQ(tern_endpoint_start(bob->ep, world.now), 0);
    host_account(alice, "sip:alice@10.0.0.1", NULL, NULL);
    host_account(bob, "sip:bob@10.0.0.2", NULL, NULL);
    world_run(&world, TERN_MS(100));
    if (!registrar) return;
    server = world_host(&world, "server", NULL, NULL);
    tern_server_opts_init(&opts);
    opts.domain = TERN_STR("example.com");
    CHECK_EQ(tern_server_attach(server->ep, &opts), 0);
    CHECK_EQ(tern_server_add_user(server->ep, TERN_STR("alice"), TERN_STR("secret")), 0);
    host_network(server, "10.0.0.9", NULL);
    server->talks = false;
    CHECK_EQ(tern_endpoint_start(server->ep, world.now), 0);
    world_run(&world, TERN_MS(100));
}

static int make_call(void)
{
    struct tern_call_opts opts;
    tern_call_opts_init(&opts);
    opts.account = alice->account;
    opts.target = TERN_STR("sip:bob@10.0.0.2");
    opts.subject = TERN_STR("memory");
    return tern_call_make(alice->ep, world.now, &opts, &alice->call);
}

/*
 * The one request that there was no memory to answer keeps its server transaction: its repeats are
 * absorbed (RFC 3261 17.2.2), and the client gives up.
 */
static void rests(struct host *host)
{
    struct tern_stats stats;
    tern_get_stats(host->ep, &stats);
    CHECK_EQ(stats.calls, 0);
    CHECK(stats.transactions <= 1);
}

/* Whatever became of the first, a second call works, and nothing is left in the end. */
static void still_works(void)
{
    memory.fail_at = 0;
    world_run(&world, TERN_SECONDS(40));
    tern_call call;
    while ((call = tern_call_next(alice->ep, (tern_call){0})).id != 0)
        CHECK_EQ(tern_call_hangup(alice->ep, world.now, call, 0), 0);
    while ((call = tern_call_next(bob->ep, (tern_call){0})).id != 0)
        CHECK_EQ(tern_call_hangup(bob->ep, world.now, call, 0), 0);
    world_run(&world, TERN_SECONDS(40));
    unsigned before_alice = alice->answered, before_bob = bob->answered;
    CHECK_EQ(make_call(), 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->answered, before_alice + 1);
    CHECK_EQ(bob->answered, before_bob + 1);
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_SECONDS(64));
    rests(alice);
    rests(bob);
    world_end(&world);
    CHECK_EQ(memory.blocks, 0);
}

static void set_up_a_call(void)
{
    (void)!make_call();
    world_run(&world, TERN_MS(300));
}

static void hang_up_from(struct host *host)
{
    tern_call call = tern_call_next(host->ep, (tern_call){0});
    if (call.id) (void)!tern_call_hangup(host->ep, world.now, call, 0);
    world_run(&world, TERN_MS(300));
}

/* Runs `work` with each allocation failing in turn, until one run needs fewer. */
static void fail_each(void (*prepare)(void), void (*work)(void))
{
    for (int n = 1;; n++) {
        meet(false);
        prepare();
        memory.calls = 0;
        memory.fail_at = n;
        work();
        bool last = memory.calls < n;
        still_works();
        if (last) return;
        CHECK(n < 5000);
    }
}

static void nothing(void)
{
}

static void an_outgoing_call_survives_any_failure(void)
{
    at_bob = false;
    fail_each(nothing, set_up_a_call);
}

static void an_incoming_call_survives_any_failure(void)
{
    at_bob = true;
    fail_each(nothing, set_up_a_call);
}

static void hang_up_alice(void)
{
    hang_up_from(alice);
}

static void hang_up_bob(void)
{
    hang_up_from(bob);
}

static void hanging_up_survives_any_failure(void)
{
    for (int i = 0; i < 2; i++) {
        at_bob = i;
        fail_each(set_up_a_call, hang_up_alice);
        fail_each(set_up_a_call, hang_up_bob);
    }
}

/* Its event has its room, and the BYE is sent when there is memory again. */
static void without_memory_an_end_is_told(void)
{
    at_bob = false;
    for (unsigned stop = 0; stop < 2; stop++) {
        meet(false);
        set_up_a_call();
        memory.used_up = true;
        if (stop) {
            CHECK_EQ(tern_endpoint_stop(alice->ep, world.now, 100), 0);
        } else {
            CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
        }
        world_run(&world, TERN_SECONDS(2));
        CHECK_EQ(alice->ended, 1);
        CHECK_EQ(alice->stopped, stop);
        CHECK_EQ(alice->last_ended.cause, TERN_END_LOCAL);
        CHECK_EQ(bob->ended, 0);
        memory.used_up = false;
        world_run(&world, TERN_SECONDS(64));
        CHECK_EQ(alice->ended, 1);
        CHECK_EQ(bob->ended, 1);
        world_end(&world);
        CHECK_EQ(memory.blocks, 0);
    }
}

static void hold_and_resume(void)
{
    (void)!tern_call_hold(alice->ep, world.now, alice->call);
    world_run(&world, TERN_MS(200));
    (void)!tern_call_resume(alice->ep, world.now, alice->call);
    world_run(&world, TERN_MS(200));
}

static void a_reinvite_survives_any_failure(void)
{
    for (int i = 0; i < 2; i++) {
        at_bob = i;
        fail_each(set_up_a_call, hold_and_resume);
    }
}

static void move(void)
{
    host_network(at_bob ? bob : alice, at_bob ? "10.0.3.2" : "10.0.3.1", NULL);
    world_run(&world, TERN_SECONDS(2));
}

/* Bob stays at his new address, where the second call must find him. */
static void an_ip_change_survives_any_failure(void)
{
    at_bob = false;
    fail_each(set_up_a_call, move);
}

static void an_account_survives_any_failure(void)
{
    at_bob = false;
    for (int n = 1;; n++) {
        struct tern_account_opts opts;
        tern_account account = {0};
        meet(true);
        tern_account_opts_init(&opts);
        opts.uri = TERN_STR("sip:alice@example.com");
        opts.registrar = TERN_STR("sip:10.0.0.9");
        opts.password = TERN_STR("secret");
        memory.calls = 0;
        memory.fail_at = n;
        int err = tern_account_add(alice->ep, world.now, &opts, &account);
        CHECK(err == 0 || err == TERN_ENOMEM);
        world_run(&world, TERN_SECONDS(1));
        bool last = memory.calls < n;
        memory.fail_at = 0;
        world_run(&world, TERN_SECONDS(200)); /* a try that failed is made again */
        if (err == 0) {
            struct tern_account_info info;
            CHECK_EQ(tern_account_get_info(alice->ep, account, &info), 0);
            CHECK_EQ(info.state, TERN_REGISTRATION_REGISTERED);
            memory.calls = 0;
            memory.fail_at = n;
            CHECK_EQ(tern_account_remove(alice->ep, world.now, account), 0);
            world_run(&world, TERN_SECONDS(1));
        }
        alice->registration = TERN_REGISTRATION_NONE;
        still_works();
        if (last) break;
        CHECK(n < 5000);
    }
}

static void a_new_endpoint_survives_any_failure(void)
{
    for (int n = 1;; n++) {
        struct tern_endpoint_opts opts;
        struct tern_endpoint *ep;
        memset(&memory, 0, sizeof(memory));
        memory.fail_at = n;
        tern_endpoint_opts_init(&opts);
        opts.allocator = memory_allocator(&memory);
        opts.seed[0] = 1;
        int err = tern_endpoint_new(&opts, &ep);
        CHECK(err == 0 || err == TERN_ENOMEM);
        if (!err) tern_endpoint_free(ep);
        CHECK_EQ(memory.blocks, 0);
        if (!err) break;
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_new_endpoint_survives_any_failure),   TEST(an_outgoing_call_survives_any_failure),
        TEST(an_incoming_call_survives_any_failure), TEST(hanging_up_survives_any_failure),
        TEST(a_reinvite_survives_any_failure),       TEST(an_ip_change_survives_any_failure),
        TEST(an_account_survives_any_failure),       TEST(without_memory_an_end_is_told),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
