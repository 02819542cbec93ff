/* SPDX-License-Identifier: MIT */
/* Accounts that are changed, unregistered or removed in the middle of something. */
#include "phones.h"

static void set_up(struct tern_account_opts *opts, const char *uri)
{
    tern_account_opts_init(opts);
    opts->uri = (tern_str){uri, strlen(uri)};
    opts->registrar = (tern_str){registrar_uri(), strlen(registrar_uri())};
    opts->password = TERN_STR("secret");
    opts->transport = over;
}

static void unregister(void)
{
    CHECK_EQ(tern_account_unregister(alice->ep, world.now, alice->account), 0);
}

static void and_again(void)
{
    unregister();
}

static void and_remove(void)
{
    CHECK_EQ(tern_account_remove(alice->ep, world.now, alice->account), 0);
}

static void and_stop(void)
{
    CHECK_EQ(tern_endpoint_stop(alice->ep, world.now, 1000), 0);
}

static void unregistering_may_be_followed_by_anything(void)
{
    static void (*const next[])(void) = {and_again, and_remove, and_stop};
    for (size_t i = 0; i < sizeof(next) / sizeof(next[0]); i++) {
        for (tern_time wait = 0; wait <= TERN_MS(75); wait += TERN_MS(25)) {
            FOR_EACH_TRANSPORT
            {
                meet();
                unregister();
                world_run(&world, wait);
                next[i]();
                world_run(&world, TERN_SECONDS(2));
                CHECK_EQ(bindings("alice", ""), 0);
                CHECK_EQ(alice->stopped, next[i] == and_stop);
                world_end(&world);
            }
        }
    }
}

/* The timer is armed when it is switched off: it must neither spin nor send. */
static void a_keepalive_can_be_switched_off_and_on(void)
{
    struct tern_account_opts opts;
    over = TERN_TRANSPORT_UDP;
    meet();
    server_fault("REGISTER", 0); /* an answer would stop the timer, too */
    set_up(&opts, "sip:alice@example.com");
    opts.keepalive_s = 0;
    CHECK_EQ(tern_account_modify(alice->ep, world.now, alice->account, &opts), 0);
    world_run(&world, TERN_SECONDS(100));
    server_fault("REGISTER", -1);
    opts.keepalive_s = 25;
    CHECK_EQ(tern_account_modify(alice->ep, world.now, alice->account, &opts), 0);
    world_run(&world, TERN_SECONDS(1000));
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    world_end(&world);
}

/* The registrar challenges the removal for the old user; the new password may not fit. */
static void another_address_of_record_removes_the_old_binding_with_the_old_credentials(void)
{
    FOR_EACH_TRANSPORT
    {
        struct tern_account_opts opts;
        meet();
        CHECK_EQ(bindings("alice", ""), 1);
        set_up(&opts, "sip:carol@example.com");
        CHECK_EQ(tern_account_modify(alice->ep, world.now, alice->account, &opts), 0);
        world_run(&world, TERN_SECONDS(5));
        CHECK_EQ(bindings("alice", ""), 0);
        CHECK_EQ(bindings("carol", ""), 1);
        CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
        world_end(&world);
    }
}

static void after_register(struct tern_account_opts *opts)
{
    opts->ip_change.order = TERN_ORDER_AFTER_REGISTER;
}

/* The call waited for a registration that nobody wants any more: it moves, and nothing registers. */
static void unregistering_in_mid_move_lets_the_call_go_on(void)
{
    static const int faults[] = {503, 0};
    for (size_t i = 0; i < 2; i++) {
        over = TERN_TRANSPORT_UDP;
        tune_alice = after_register;
        talk();
        tune_alice = NULL;
        server_fault("REGISTER", faults[i]);
        host_network(alice, at(3), NULL);
        world_run(&world, TERN_MS(600));
        unregister();
        size_t line = alice->log_count;
        world_run(&world, TERN_MS(500));
        server_fault("REGISTER", -1);
        world_run(&world, TERN_SECONDS(100));
        CHECK_EQ(alice->registration, TERN_REGISTRATION_NONE);
        CHECK(host_count(alice, "> REGISTER", line) <= 3); /* the removal, until it is accepted */
        CHECK_EQ(bindings("alice", ""), 0);
        CHECK_EQ(alice->completed, 1);
        CHECK_EQ(alice->last_completed.totals.calls_kept, 1);
        still_talking();
        world_end(&world);
    }
}

static void twenty_accounts_over_tcp_move_at_once(void)
{
    char user[16], uri[64];
    struct tern_account_opts opts;
    over = TERN_TRANSPORT_TCP;
    meet();
    for (int i = 0; i < 20; i++) {
        int len = snprintf(user, sizeof(user), "u%d", i);
        tern_str name = {user, (size_t)len};
        CHECK_EQ(tern_server_add_user(server->ep, name, TERN_STR("secret")), 0);
        snprintf(uri, sizeof(uri), "sip:%s@example.com", user);
        set_up(&opts, uri);
        CHECK_EQ(tern_account_add(alice->ep, world.now, &opts, &alice->account), 0);
    }
    world_run(&world, TERN_SECONDS(1));
    host_network(alice, at(3), NULL);
    world_run(&world, TERN_SECONDS(5));
    moved(0);
    CHECK_EQ(alice->last_completed.totals.accounts, 21);
    for (int i = 0; i < 20; i++) {
        snprintf(user, sizeof(user), "u%d", i);
        CHECK_EQ(bindings(user, ""), 1);
        CHECK_EQ(bindings(user, at(3)), 1);
    }
    over = TERN_TRANSPORT_UDP;
    world_end(&world);
}

static void with_hangup(struct tern_account_opts *opts)
{
    opts->ip_change.hangup_calls = true;
}

static void ten_calls_that_will_be_hung_up(void)
{
    tune_alice = with_hangup;
    meet_directly();
    tune_alice = NULL;
    for (int i = 0; i < 10; i++) {
        host_call(alice, "sip:bob@10.0.2.1");
        world_run(&world, TERN_MS(100));
    }
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->answered, 10);
    host_network(alice, at(3), NULL);
    CHECK_EQ(alice->ended, 10);
}

static void an_account_may_go_while_its_calls_are_hung_up(void)
{
    ten_calls_that_will_be_hung_up();
    and_remove();
    world_run(&world, TERN_SECONDS(40));
    CHECK_EQ(bob->ended, 10);
    host_rests(alice);
    world_end(&world);
}

static void an_endpoint_may_be_freed_while_calls_are_hung_up(void)
{
    ten_calls_that_will_be_hung_up();
    world_end(&world);
}

static bool first_bye(struct host *host, const char *text, size_t len)
{
    if (len < 4 || memcmp(text, "BYE ", 4) != 0) return false;
    host->drop = NULL;
    return true;
}

static void the_bye_of_a_removed_account_comes_again(void)
{
    talk_directly();
    bob->drop = first_bye;
    and_remove();
    world_run(&world, TERN_SECONDS(5));
    CHECK(bob->drop == NULL);
    CHECK_EQ(bob->ended, 1);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(unregistering_may_be_followed_by_anything),
        TEST(a_keepalive_can_be_switched_off_and_on),
        TEST(another_address_of_record_removes_the_old_binding_with_the_old_credentials),
        TEST(unregistering_in_mid_move_lets_the_call_go_on),
        TEST(twenty_accounts_over_tcp_move_at_once),
        TEST(an_account_may_go_while_its_calls_are_hung_up),
        TEST(an_endpoint_may_be_freed_while_calls_are_hung_up),
        TEST(the_bye_of_a_removed_account_comes_again),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
