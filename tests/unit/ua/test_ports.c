/* SPDX-License-Identifier: MIT */
/* Listeners and media sockets that cannot be opened: a nuisance, never a reason to stand still. */
#include "phones.h"

static bool listener_in_network_3(struct host *host, const struct tern_output *out)
{
    (void)host;
    return out->type == TERN_OUT_LISTEN && out->local.ip[2] == 3;
}

static void by_hand(struct tern_endpoint_opts *opts)
{
    opts->no_auto_ip_change = true;
}

static void moved_without_a_listener(void)
{
    world_run(&world, TERN_SECONDS(60));
    each_generation_has_one_completed(alice);
    CHECK_EQ(alice->completed, 1);
    CHECK_EQ(alice->last_completed.totals.calls_kept, 1);
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    registered_only_at(at(3));
    still_talking();
}

static void a_listener_that_fails_does_not_hold_up_the_move(void)
{
    FOR_EACH_TRANSPORT
    {
        talk();
        alice->refuse = listener_in_network_3;
        host_network(alice, at(3), NULL);
        world_run(&world, TERN_SECONDS(2));
        still_talking();
        moved_without_a_listener();
        CHECK(host_step(alice, TERN_IP_CHANGE_OP_RESTART_LISTENER, TERN_IP_CHANGE_RETRY, 0) >= 0);
        world_end(&world);
    }
}

/* Here the tasks wait for the listeners first: they do not wait for one that fails. */
static void nor_when_the_application_asks_for_new_listeners(void)
{
    FOR_EACH_TRANSPORT
    {
        struct tern_ip_change_param param;
        tune_alice_endpoint = by_hand;
        talk();
        tune_alice_endpoint = NULL;
        alice->refuse = listener_in_network_3;
        host_network(alice, at(3), NULL);
        tern_ip_change_param_init(&param);
        CHECK_EQ(tern_handle_ip_change(alice->ep, world.now, &param), 0);
        moved_without_a_listener();
        world_end(&world);
    }
}

/* It is tried again for a while, and a success counts. */
static void a_listener_that_opens_at_last_is_a_success(void)
{
    over = TERN_TRANSPORT_UDP;
    talk();
    alice->refuse = listener_in_network_3;
    host_network(alice, at(3), NULL);
    world_run(&world, TERN_SECONDS(3));
    alice->refuse = NULL;
    world_run(&world, TERN_SECONDS(20));
    moved(1);
    CHECK(host_step(alice, TERN_IP_CHANGE_OP_RESTART_LISTENER, TERN_IP_CHANGE_SUCCESS, 0) >= 0);
    world_end(&world);
}

static unsigned refusals;

static bool first_media_ports(struct host *host, const struct tern_output *out)
{
    (void)host;
    return out->type == TERN_OUT_UDP_OPEN && out->media && refusals > 0 && refusals-- > 0;
}

/* Somebody else has them: the call takes others. */
static void media_ports_that_are_taken_are_passed_over(void)
{
    for (unsigned n = 1; n <= 4; n++) {
        over = TERN_TRANSPORT_UDP;
        meet();
        refusals = n;
        alice->refuse = first_media_ports;
        host_call(alice, "bob");
        world_run(&world, TERN_SECONDS(2));
        CHECK_EQ(refusals, 0);
        CHECK_EQ(alice->answered, 1);
        still_talking();
        world_end(&world);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_listener_that_fails_does_not_hold_up_the_move),
        TEST(nor_when_the_application_asks_for_new_listeners),
        TEST(a_listener_that_opens_at_last_is_a_success),
        TEST(media_ports_that_are_taken_are_passed_over),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
