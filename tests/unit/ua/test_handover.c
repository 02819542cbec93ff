/* SPDX-License-Identifier: MIT */
/* IP changes of a phone with a registrar and proxy in the path, over UDP and TCP. */
#include "phones.h"

static void bob_calls_alice(void)
{
    unsigned before = alice->incoming;
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_SECONDS(1));
    alice->ended = bob->ended = 0;
    host_call(bob, "alice");
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(alice->incoming, before + 1);
    still_talking();
}

/* ---- the address goes, another comes ---- */

static void replace_at_once(void)
{
    FOR_EACH_TRANSPORT
    {
        talk();
        host_network(alice, at(3), NULL);
        size_t line = alice->log_count;
        CHECK_EQ(alice->steps[0].since_change, 0);
        world_run(&world, TERN_SECONDS(6));
        if (getenv("WORLD_PRINT")) host_print(alice);
        moved(1);
        CHECK_EQ(alice->completed, 1);
        CHECK_EQ(alice->last_completed.totals.accounts, 1);
        /* One round trip each: nothing is challenged again. */
        CHECK_EQ(host_count(alice, "< 401", line) + host_count(alice, "< 407", line), 0);
        registered_only_at(at(3));
        still_talking();
        bob_calls_alice();
        world_end(&world);
    }
}

static void address_is_replaced_at_once(void)
{
    replace_at_once();
}

static void address_is_replaced_at_once_over_ip6(void)
{
    over_ip6 = true;
    replace_at_once();
    over_ip6 = false;
}

/* Media first: the packet after the change leaves before any answer can have come. */
static void audio_goes_on_at_once(void)
{
    talk();
    host_network(alice, "10.0.3.1", NULL);
    world_run(&world, TERN_SECONDS(6));
    const struct tern_ip_change_progress *done = &alice->last_completed;
    CHECK(done->totals.gap_out <= TERN_MS(40));
    CHECK(done->totals.gap_in <= 4 * world.delay + TERN_MS(40));
    world_end(&world);
}

static void follows_sdp_only(struct tern_endpoint_opts *opts)
{
    opts->no_symmetric_rtp = true;
}

/* The far end follows nothing but SDP: it sends to the new address once the UPDATE has come. */
static void audio_comes_back_after_one_round_trip_of_signalling(void)
{
    tune_bob_endpoint = follows_sdp_only;
    FOR_EACH_TRANSPORT
    {
        talk();
        host_network(alice, "10.0.3.1", NULL);
        world_run(&world, TERN_SECONDS(6));
        tern_time handshake = handshake_time();
        tern_time update = 2 * world.delay; /* by the proxy */
        CHECK(alice->last_completed.totals.gap_in <=
              handshake + update + world.delay + TERN_MS(40));
        moved(1);
        still_talking();
        world_end(&world);
    }
    tune_bob_endpoint = NULL;
}

static void address_comes_back_after(tern_time pause)
{
    FOR_EACH_TRANSPORT
    {
        talk();
        host_network(alice, NULL, NULL);
        world_run(&world, pause);
        CHECK_EQ(alice->ended, 0);
        host_network(alice, "10.0.3.1", NULL);
        world_run(&world, TERN_SECONDS(10));
        moved(1);
        CHECK_EQ(alice->completed, 2);
        registered_only_at("10.0.3.1");
        still_talking();
        world_end(&world);
    }
}

static void no_network_for_half_a_second(void)
{
    address_comes_back_after(TERN_MS(500));
}

static void no_network_for_five_seconds(void)
{
    address_comes_back_after(TERN_SECONDS(5));
}

static void no_network_for_thirty_seconds(void)
{
    address_comes_back_after(TERN_SECONDS(30));
}

static void the_same_address_comes_back(void)
{
    FOR_EACH_TRANSPORT
    {
        talk();
        host_network(alice, NULL, NULL);
        world_run(&world, TERN_SECONDS(3));
        host_network(alice, "10.0.1.1", NULL);
        world_run(&world, TERN_SECONDS(10));
        moved(1);
        registered_only_at("10.0.1.1");
        still_talking();
        world_end(&world);
    }
}

struct lost {
    uint64_t packets, dropped, concealed; /* both ends together */
};

static struct lost lost_so_far(void)
{
    struct tern_media_stats a, b;
    CHECK_EQ(tern_call_media_stats(alice->ep, alice->call, &a), 0);
    CHECK_EQ(tern_call_media_stats(bob->ep, bob->call, &b), 0);
    return (struct lost){.packets = a.packets_lost + b.packets_lost,
                         .dropped = a.packets_dropped + b.packets_dropped,
                         .concealed = a.frames_concealed + b.frames_concealed};
}

/* Both stand; the new one is preferred. The old one goes when all is moved. */
static void make_before_break_loses_no_packet(void)
{
    FOR_EACH_TRANSPORT
    {
        talk();
        struct lost before = lost_so_far();
        host_network(alice, "10.0.3.1", "10.0.1.1");
        world_run(&world, TERN_SECONDS(6));
        moved(1);
        CHECK_EQ(alice->completed, 1);
        host_network(alice, "10.0.3.1", NULL);
        world_run(&world, TERN_SECONDS(6));
        CHECK_EQ(alice->completed, 1); /* nothing was left on it */
        registered_only_at("10.0.3.1");
        struct lost after = lost_so_far();
        CHECK_EQ(after.packets, before.packets);
        CHECK_EQ(after.dropped, before.dropped);
        CHECK_EQ(after.concealed, before.concealed);
        still_talking();
        world_end(&world);
    }
}

static void a_better_path_must_last(void)
{
    talk();
    size_t line = alice->log_count;
    host_network(alice, "10.0.3.1", "10.0.1.1");
    world_run(&world, TERN_MS(50));
    host_network(alice, "10.0.1.1", NULL);
    world_run(&world, TERN_SECONDS(5));
    CHECK_EQ(alice->step_count, 0);
    CHECK_EQ(alice->log_count, line);
    still_talking();
    world_end(&world);
}

static void of_two_changes_only_the_newest_counts(void)
{
    FOR_EACH_TRANSPORT
    {
        talk();
        host_network(alice, "10.0.3.1", NULL);
        world_run(&world, TERN_MS(100));
        host_network(alice, "10.0.4.1", NULL);
        world_run(&world, TERN_SECONDS(10));
        moved(1);
        CHECK_EQ(alice->completed, 2);
        registered_only_at("10.0.4.1");
        still_talking();
        bob_calls_alice();
        world_end(&world);
    }
}

static void two_changes_before_any_answer(void)
{
    FOR_EACH_TRANSPORT
    {
        talk();
        host_network(alice, "10.0.3.1", NULL);
        world_run(&world, TERN_MS(10));
        host_network(alice, "10.0.4.1", NULL);
        world_run(&world, TERN_SECONDS(12));
        moved(1);
        CHECK_EQ(alice->steps[0].generation, 1);
        CHECK(host_step(alice, TERN_IP_CHANGE_OP_COMPLETED, TERN_IP_CHANGE_SUPERSEDED, 0) > 0);
        registered_only_at("10.0.4.1");
        still_talking();
        world_end(&world);
    }
}

static void change_while_register_is_pending(void)
{
    FOR_EACH_TRANSPORT
    {
        talk();
        CHECK_EQ(tern_account_register(alice->ep, world.now, alice->account), 0);
        world_run(&world, TERN_MS(10));
        host_network(alice, "10.0.3.1", NULL);
        world_run(&world, TERN_SECONDS(6));
        moved(1);
        registered_only_at("10.0.3.1");
        still_talking();
        world_end(&world);
    }
}

static void hold_survives_the_change(void)
{
    FOR_EACH_TRANSPORT
    {
        talk();
        CHECK_EQ(tern_call_hold(alice->ep, world.now, alice->call), 0);
        world_run(&world, TERN_SECONDS(1));
        CHECK(bob->last_media.held_there);
        host_network(alice, "10.0.3.1", NULL);
        world_run(&world, TERN_SECONDS(8));
        moved(1);
        CHECK(bob->last_media.held_there);
        CHECK_EQ(tern_call_resume(alice->ep, world.now, alice->call), 0);
        world_run(&world, TERN_SECONDS(1));
        CHECK(!bob->last_media.held_there);
        still_talking();
        world_end(&world);
    }
}

/* A hold whose re-INVITE is caught in flight is not forgotten. */
static void change_while_hold_is_pending(void)
{
    FOR_EACH_TRANSPORT
    {
        talk();
        CHECK_EQ(tern_call_hold(alice->ep, world.now, alice->call), 0);
        world_run(&world, TERN_MS(10));
        host_network(alice, "10.0.3.1", NULL);
        world_run(&world, TERN_SECONDS(20));
        CHECK(bob->last_media.held_there);
        CHECK(host_step(alice, TERN_IP_CHANGE_OP_MEDIA_MOVED, TERN_IP_CHANGE_FAILURE, 0) < 0);
        CHECK_EQ(alice->last_completed.totals.calls_kept, 1);
        CHECK_EQ(tern_call_resume(alice->ep, world.now, alice->call), 0);
        world_run(&world, TERN_SECONDS(2));
        still_talking();
        world_end(&world);
    }
}

/* ---- settings ---- */

static void with_hangup(struct tern_account_opts *opts)
{
    opts->ip_change.hangup_calls = true;
}

static void calls_are_hung_up_where_the_account_says_so(void)
{
    FOR_EACH_TRANSPORT
    {
        tune_alice = with_hangup;
        talk();
        host_network(alice, "10.0.3.1", NULL);
        world_run(&world, TERN_SECONDS(6));
        CHECK_EQ(alice->ended, 1);
        CHECK_EQ(alice->last_ended.cause, TERN_END_IP_CHANGE);
        CHECK_EQ(bob->ended, 1);
        int start = host_step(alice, TERN_IP_CHANGE_OP_HANGUP_CALL, TERN_IP_CHANGE_START, 0);
        int end = host_step(alice, TERN_IP_CHANGE_OP_HANGUP_CALL, TERN_IP_CHANGE_SUCCESS, 0);
        CHECK(start >= 0 && end > start);
        CHECK_EQ(alice->steps[end].sip_code, 200);
        moved(0);
        tune_alice = NULL;
        world_end(&world);
    }
}

/* No path at all when the policy hangs up: the BYE goes out as soon as there is one. */
static void a_hangup_without_a_network_reaches_the_far_end_later(void)
{
    FOR_EACH_TRANSPORT
    {
        tune_alice = with_hangup;
        talk();
        host_network(alice, NULL, NULL);
        world_run(&world, TERN_SECONDS(2));
        CHECK_EQ(alice->ended, 1);
        CHECK_EQ(bob->ended, 0);
        host_network(alice, "10.0.3.1", NULL);
        world_run(&world, TERN_SECONDS(2));
        CHECK_EQ(bob->ended, 1);
        CHECK(host_step(alice, TERN_IP_CHANGE_OP_HANGUP_CALL, TERN_IP_CHANGE_SUCCESS, 0) > 0);
        moved(0);
        tune_alice = NULL;
        world_end(&world);
    }
}

static void without_contact(struct tern_account_opts *opts)
{
    opts->ip_change.update_contact = false;
}

static void the_contact_stays_where_the_account_says_so(void)
{
    tune_alice = without_contact;
    talk();
    size_t line = alice->log_count;
    host_network(alice, "10.0.3.1", NULL);
    world_run(&world, TERN_SECONDS(6));
    CHECK_EQ(host_count(alice, "> REGISTER", line), 0);
    CHECK(host_count(alice, "> UPDATE", line) == 1);
    moved(1);
    registered_only_at("10.0.1.1");
    still_talking();
    tune_alice = NULL;
    world_end(&world);
}

static void unregister_first(struct tern_account_opts *opts)
{
    opts->ip_change.contact_flags = TERN_CONTACT_UNREGISTER_FIRST;
}

static void leave_old(struct tern_account_opts *opts)
{
    opts->ip_change.contact_flags = TERN_CONTACT_LEAVE_OLD;
    opts->no_outbound = true; /* else the new one takes its place at the registrar */
}

static void the_old_binding_goes_first_or_stays_as_asked(void)
{
    tune_alice = unregister_first;
    talk();
    size_t line = alice->log_count;
    host_network(alice, "10.0.3.1", NULL);
    world_run(&world, TERN_SECONDS(6));
    CHECK_EQ(host_count(alice, "> REGISTER", line), 2);
    registered_only_at("10.0.3.1");
    world_end(&world);

    tune_alice = leave_old;
    talk();
    host_network(alice, "10.0.3.1", NULL);
    world_run(&world, TERN_SECONDS(6));
    CHECK_EQ(bindings("alice", "10.0.1.1"), 1);
    CHECK_EQ(bindings("alice", "10.0.3.1"), 1);
    tune_alice = NULL;
    world_end(&world);
}

static void without_update(struct tern_account_opts *opts)
{
    opts->ip_change.use_update = false;
}

static void a_reinvite_does_what_an_update_does(void)
{
    FOR_EACH_TRANSPORT
    {
        tune_alice = without_update;
        talk();
        size_t line = alice->log_count;
        host_network(alice, "10.0.3.1", NULL);
        world_run(&world, TERN_SECONDS(6));
        CHECK_EQ(host_count(alice, "> UPDATE", line), 0);
        CHECK_EQ(host_count(alice, "> INVITE", line), 1);
        CHECK_EQ(host_count(alice, "> ACK", line), 1);
        moved(1);
        still_talking();
        tune_alice = NULL;
        world_end(&world);
    }
}

static void contact_only(struct tern_account_opts *opts)
{
    opts->ip_change.reinvite_flags = TERN_CALL_UPDATE_CONTACT | TERN_CALL_UPDATE_VIA;
}

static void silent(struct tern_account_opts *opts)
{
    opts->ip_change.reinvite_flags = 0;
}

/* The far end latches: media comes back without any offer. */
static void calls_send_what_the_flags_say(void)
{
    tune_alice = contact_only;
    talk();
    host_network(alice, "10.0.3.1", NULL);
    world_run(&world, TERN_SECONDS(6));
    moved(1);
    still_talking();
    world_end(&world);

    tune_alice = silent;
    talk();
    size_t line = alice->log_count;
    host_network(alice, "10.0.3.1", NULL);
    world_run(&world, TERN_SECONDS(6));
    CHECK_EQ(host_count(alice, "> UPDATE", line) + host_count(alice, "> INVITE", line), 0);
    moved(1);
    still_talking();
    tune_alice = NULL;
    world_end(&world);
}

static void in_order(struct tern_account_opts *opts)
{
    opts->ip_change.order = TERN_ORDER_AFTER_REGISTER;
}

static void the_call_waits_for_the_registration_where_asked(void)
{
    FOR_EACH_TRANSPORT
    {
        tune_alice = in_order;
        talk();
        host_network(alice, "10.0.3.1", NULL);
        world_run(&world, TERN_SECONDS(6));
        int registered =
            host_step(alice, TERN_IP_CHANGE_OP_UPDATE_CONTACT, TERN_IP_CHANGE_SUCCESS, 0);
        int refresh = host_step(alice, TERN_IP_CHANGE_OP_REINVITE_CALL, TERN_IP_CHANGE_START, 0);
        CHECK(registered >= 0 && refresh > registered);
        moved(1);
        still_talking();
        tune_alice = NULL;
        world_end(&world);
    }
}

/* ---- servers that will not ---- */

static void a_registrar_that_refuses_does_not_cost_the_call(void)
{
    static const int faults[] = {403, 503, 0};
    for (size_t i = 0; i < 3; i++) {
        over = TERN_TRANSPORT_UDP;
        talk();
        server_fault("REGISTER", faults[i]);
        host_network(alice, "10.0.3.1", NULL);
        world_run(&world, TERN_SECONDS(8));
        still_talking();
        world_run(&world, TERN_SECONDS(100));
        each_generation_has_one_completed(alice);
        CHECK_EQ(alice->last_completed.status, TERN_IP_CHANGE_FAILURE);
        CHECK_EQ(alice->last_completed.totals.calls_kept, 1);
        still_talking();
        server_fault("REGISTER", -1);
        world_run(&world, TERN_SECONDS(1900)); /* the longest back-off */
        registered_only_at("10.0.3.1");
        world_end(&world);
    }
}

static void a_registrar_that_comes_back_is_used_again(void)
{
    talk();
    server_fault("REGISTER", 503);
    host_network(alice, "10.0.3.1", NULL);
    world_run(&world, TERN_SECONDS(3));
    CHECK(host_step(alice, TERN_IP_CHANGE_OP_UPDATE_CONTACT, TERN_IP_CHANGE_RETRY, 0) >= 0);
    server_fault("REGISTER", -1);
    world_run(&world, TERN_SECONDS(8));
    moved(1);
    registered_only_at("10.0.3.1");
    world_end(&world);
}

/* ---- notices ---- */

static void a_wrong_notice_sends_nothing(void)
{
    FOR_EACH_TRANSPORT
    {
        talk();
        size_t line = alice->log_count;
        struct tern_ip_change_param param;
        tern_ip_change_param_init(&param);
        CHECK_EQ(tern_handle_ip_change(alice->ep, world.now, &param), 0);
        world_run(&world, TERN_SECONDS(3));
        CHECK_EQ(alice->log_count, line);
        CHECK_EQ(alice->completed, 1);
        moved(1);
        CHECK_EQ(tern_set_network(alice->ep, world.now, &alice->network), 0);
        world_run(&world, TERN_SECONDS(3));
        CHECK_EQ(alice->completed, 1);
        still_talking();
        world_end(&world);
    }
}

static void by_hand(struct tern_endpoint_opts *opts)
{
    opts->no_auto_ip_change = true;
}

static void the_application_can_handle_the_change_itself(void)
{
    tune_alice_endpoint = by_hand;
    talk_directly();
    tune_alice_endpoint = NULL;
    host_network(alice, "10.0.3.1", "10.0.1.1");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->step_count, 0);
    CHECK_EQ(tern_handle_ip_change(alice->ep, world.now, NULL), 0);
    world_run(&world, TERN_SECONDS(6));
    moved(1);
    still_talking();
    world_end(&world);
}

/* ---- many ---- */

static void five_calls_on_three_accounts_move_at_once(void)
{
    FOR_EACH_TRANSPORT
    {
        meet();
        tern_account accounts[3] = {alice->account};
        tern_call calls[5];
        const char *registrar = registrar_uri();
        accounts[1] = host_account(alice, "sip:carol@example.com", registrar, tune_account);
        accounts[2] = host_account(alice, "sip:dave@example.com", registrar, tune_account);
        world_run(&world, TERN_SECONDS(1));
        for (int i = 0; i < 5; i++) {
            alice->account = accounts[i % 3];
            calls[i] = host_call(alice, "bob");
            world_run(&world, TERN_MS(200));
        }
        world_run(&world, TERN_SECONDS(2));
        CHECK_EQ(alice->answered, 5);
        host_network(alice, "10.0.3.1", NULL);
        world_run(&world, TERN_SECONDS(6));
        moved(5);
        CHECK_EQ(alice->last_completed.totals.accounts, 3);
        for (int i = 0; i < 5; i++) {
            struct tern_call_info info;
            struct tern_media_stats stats;
            CHECK_EQ(tern_call_get_info(alice->ep, calls[i], &info), 0);
            CHECK_EQ(info.state, TERN_CALL_ACTIVE);
            CHECK(!info.moving);
            CHECK_EQ(tern_call_media_stats(alice->ep, calls[i], &stats), 0);
            CHECK(world.now - stats.last_received < TERN_MS(60));
        }
        world_end(&world);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(address_is_replaced_at_once),
        TEST(address_is_replaced_at_once_over_ip6),
        TEST(audio_goes_on_at_once),
        TEST(audio_comes_back_after_one_round_trip_of_signalling),
        TEST(no_network_for_half_a_second),
        TEST(no_network_for_five_seconds),
        TEST(no_network_for_thirty_seconds),
        TEST(the_same_address_comes_back),
        TEST(make_before_break_loses_no_packet),
        TEST(a_better_path_must_last),
        TEST(of_two_changes_only_the_newest_counts),
        TEST(two_changes_before_any_answer),
        TEST(change_while_register_is_pending),
        TEST(hold_survives_the_change),
        TEST(change_while_hold_is_pending),
        TEST(calls_are_hung_up_where_the_account_says_so),
        TEST(a_hangup_without_a_network_reaches_the_far_end_later),
        TEST(the_contact_stays_where_the_account_says_so),
        TEST(the_old_binding_goes_first_or_stays_as_asked),
        TEST(a_reinvite_does_what_an_update_does),
        TEST(calls_send_what_the_flags_say),
        TEST(the_call_waits_for_the_registration_where_asked),
        TEST(a_registrar_that_refuses_does_not_cost_the_call),
        TEST(a_registrar_that_comes_back_is_used_again),
        TEST(a_wrong_notice_sends_nothing),
        TEST(the_application_can_handle_the_change_itself),
        TEST(five_calls_on_three_accounts_move_at_once),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
