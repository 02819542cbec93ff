/* SPDX-License-Identifier: MIT */
/* Ends that nobody asked the call about: the account goes, the endpoint stops or is freed. */
#include "world.h"

static struct world world;
static struct host *alice, *bob;

static void meet(void)
{
    world_start(&world, TERN_MS(25));
    alice = world_host(&world, "alice", "10.0.0.1", NULL);
    bob = world_host(&world, "bob", "10.0.0.2", NULL);
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    CHECK_EQ(tern_endpoint_start(bob->ep, world.now), 0);
    host_account(alice, "sip:alice@10.0.0.1", NULL, NULL);
    host_account(bob, "sip:bob@10.0.0.2", NULL, NULL);
}

/* How far the call has come. */
static const tern_time stages[] = {0, TERN_MS(10), TERN_MS(30), TERN_MS(55), TERN_SECONDS(1)};

static void begin_call(tern_time stage, bool answer)
{
    meet();
    bob->auto_answer = answer;
    host_call(alice, "sip:bob@10.0.0.2");
    world_run(&world, stage);
}

static void check_both_ended(void)
{
    host_rests(alice);
    host_rests(bob);
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(bob->ended, bob->incoming);
    world_end(&world);
}

static void removing_the_account_ends_its_calls_at_both_ends(void)
{
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        for (int who = 0; who < 2; who++) {
            for (int answer = 0; answer < 2; answer++) {
                begin_call(stages[i], answer);
                struct host *host = who ? bob : alice;
                tern_account gone = host->account;
                CHECK_EQ(tern_account_remove(host->ep, world.now, gone), 0);
                CHECK_EQ(tern_account_remove(host->ep, world.now, gone), TERN_ESTALE);
                world_run(&world, TERN_SECONDS(3));
                struct tern_stats stats;
                tern_get_stats(host->ep, &stats);
                CHECK_EQ(stats.calls, 0);
                if (who && bob->incoming == 0) CHECK_EQ(alice->ended, 1); /* 404 */
                check_both_ended();
            }
        }
    }
}

static void stopping_ends_the_calls_at_both_ends(void)
{
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        for (int who = 0; who < 2; who++) {
            begin_call(stages[i], true);
            struct host *host = who ? bob : alice;
            CHECK_EQ(tern_endpoint_stop(host->ep, world.now, 5000), 0);
            CHECK_EQ(tern_endpoint_stop(host->ep, world.now, 5000), TERN_ESTATE);
            world_run(&world, TERN_SECONDS(6));
            CHECK_EQ(host->stopped, 1);
            check_both_ended();
        }
    }
}

static void stopping_is_told_in_time_when_the_far_end_is_silent(void)
{
    begin_call(TERN_SECONDS(1), true);
    host_network(bob, NULL, NULL);
    CHECK_EQ(tern_endpoint_stop(alice->ep, world.now, 2000), 0);
    world_run(&world, TERN_MS(1999));
    CHECK_EQ(alice->stopped, 0);
    world_run(&world, TERN_MS(2));
    CHECK_EQ(alice->stopped, 1);
    CHECK_EQ(alice->ended, 1);
    world_end(&world);
}

static void an_idle_endpoint_stops_at_once(void)
{
    meet();
    CHECK_EQ(tern_endpoint_stop(alice->ep, world.now, 5000), 0);
    world_run(&world, TERN_MS(1));
    CHECK_EQ(alice->stopped, 1);
    struct tern_call_opts opts;
    tern_call call;
    tern_call_opts_init(&opts);
    opts.account = alice->account;
    opts.target = TERN_STR("sip:bob@10.0.0.2");
    CHECK(tern_call_make(alice->ep, world.now, &opts, &call) < 0);
    CHECK_EQ(tern_handle_ip_change(alice->ep, world.now, NULL), TERN_ESTATE);
    world_end(&world);
}

/* A stopped or stopping endpoint takes no calls. */
static void a_call_to_a_stopping_endpoint_is_480(void)
{
    meet();
    host_call(alice, "sip:bob@10.0.0.2");
    CHECK_EQ(tern_endpoint_stop(bob->ep, world.now, 5000), 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->last_ended.status, 480);
    world_end(&world);
}

/* Freed after the n-th step of a call with hold and hang-up, for every n. */
static void an_endpoint_may_be_freed_at_any_moment(void)
{
    for (int ms = 0; ms < 400; ms += 1) {
        begin_call(0, true);
        tern_time end = world.now + TERN_MS(ms);
        for (int t = 0; t < ms; t++) {
            if (t == 150) CHECK_EQ(tern_call_hold(alice->ep, world.now, alice->call), 0);
            if (t == 160) CHECK_EQ(tern_call_hold(bob->ep, world.now, bob->call), 0);
            if (t == 300) CHECK_EQ(tern_call_hangup(bob->ep, world.now, bob->call, 0), 0);
            world_run(&world, TERN_MS(1));
        }
        CHECK_EQ(world.now, end);
        world_end(&world); /* frees both */
    }
    tern_endpoint_free(NULL);
}

static void a_stale_call_is_estale_everywhere(void)
{
    struct tern_call_info info;
    struct tern_media_stats stats;
    int16_t pcm[TERN_PCM_FRAME] = {0};
    begin_call(TERN_SECONDS(1), true);
    tern_call call = alice->call;
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, call, 0), 0);
    for (int round = 0; round < 3; round++) {
        tern_time now = world.now;
        struct tern_endpoint *ep = alice->ep;
        CHECK_EQ(tern_call_answer(ep, now, call, 200), TERN_ESTALE);
        CHECK_EQ(tern_call_hangup(ep, now, call, 0), TERN_ESTALE);
        CHECK_EQ(tern_call_hold(ep, now, call), TERN_ESTALE);
        CHECK_EQ(tern_call_resume(ep, now, call), TERN_ESTALE);
        CHECK_EQ(tern_call_reinvite(ep, now, call, 1), TERN_ESTALE);
        CHECK_EQ(tern_call_update(ep, now, call, 1), TERN_ESTALE);
        CHECK_EQ(tern_call_dtmf(ep, now, call, TERN_STR("1")), TERN_ESTALE);
        CHECK_EQ(tern_call_get_info(ep, call, &info), TERN_ESTALE);
        CHECK_EQ(tern_audio_send(ep, now, call, pcm), TERN_ESTALE);
        CHECK_EQ(tern_audio_receive(ep, now, call, pcm), TERN_ESTALE);
        CHECK_EQ(tern_call_media_stats(ep, call, &stats), TERN_ESTALE);
        CHECK_EQ(tern_call_next(ep, (tern_call){0}).id, 0);
        world_run(&world, TERN_SECONDS(2));
        if (round == 1) { /* its place is taken by another */
            host_call(alice, "sip:bob@10.0.0.2");
            CHECK(alice->call.id != call.id);
            CHECK_EQ(tern_call_hangup(ep, world.now, call, 0), TERN_ESTALE);
            CHECK_EQ(tern_call_hangup(ep, world.now, alice->call, 0), 0);
        }
        if (round == 1) call = (tern_call){0xdeadbeefcafef00d};
    }
    world_end(&world);
}

static void functions_refuse_what_the_state_does_not_allow(void)
{
    begin_call(TERN_MS(200), false);
    struct tern_endpoint *a = alice->ep, *b = bob->ep;
    tern_time now = world.now;
    CHECK_EQ(tern_call_hold(a, now, alice->call), TERN_ESTATE);
    CHECK_EQ(tern_call_dtmf(a, now, alice->call, TERN_STR("1")), TERN_ESTATE);
    CHECK_EQ(tern_call_answer(a, now, alice->call, 200), TERN_ESTATE);
    CHECK_EQ(tern_call_reinvite(b, now, bob->call, 1), TERN_ESTATE);
    CHECK_EQ(tern_call_answer(b, now, bob->call, 199), TERN_EINVAL);
    CHECK_EQ(tern_call_answer(b, now, bob->call, 404), TERN_EINVAL);
    CHECK_EQ(tern_call_hangup(b, now, bob->call, 200), TERN_EINVAL);
    CHECK_EQ(tern_call_hangup(b, now, bob->call, 700), TERN_EINVAL);
    CHECK_EQ(tern_call_reinvite(a, now, alice->call, 0), TERN_EINVAL);
    CHECK_EQ(tern_call_update(a, now, alice->call, 8), TERN_EINVAL);
    CHECK_EQ(tern_call_answer(b, now, bob->call, 200), 0);
    CHECK_EQ(tern_call_answer(b, now, bob->call, 200), TERN_ESTATE);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(tern_call_hangup(a, world.now, alice->call, 0), 0);
    check_both_ended();
}

/* RFC 3326: said by BYE or CANCEL, it is what the other application hears. */
static void who_ends_a_call_can_say_why(void)
{
    struct tern_call_end_opts why;
    tern_call_end_opts_init(&why);
    why.cause = 16;
    why.cause_of = TERN_CAUSE_OF_Q850;
    why.text = TERN_STR("\"see \\ you\"");
    for (size_t i = 1; i < sizeof(stages) / sizeof(stages[0]); i++) {
        for (int answer = 0; answer < 2; answer++) {
            begin_call(stages[i], answer);
            CHECK_EQ(tern_call_end(alice->ep, world.now, alice->call, &why), 0);
            check_both_ended();
            if (bob->ended) CHECK(strcmp(bob->ended_reason, "\"see \\ you\"") == 0);
        }
    }
}

static void what_is_no_reason_is_refused_and_the_call_goes_on(void)
{
    static const struct tern_call_end_opts bad[] = {
        {.status = 200},
        {.status = 700},
        {.cause = 99},
        {.cause = 700},
        {.cause_of = TERN_CAUSE_OF_Q850, .cause = 128},
        {.cause_of = 2, .cause = 16},
        {.text = {"a\r\nb", 4}},
    };
    begin_call(TERN_SECONDS(1), true);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct tern_call_end_opts opts = bad[i];
        opts.size = sizeof(opts);
        CHECK_EQ(tern_call_end(alice->ep, world.now, alice->call, &opts), TERN_EINVAL);
    }
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->ended, 0);
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    check_both_ended();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(removing_the_account_ends_its_calls_at_both_ends),
        TEST(stopping_ends_the_calls_at_both_ends),
        TEST(stopping_is_told_in_time_when_the_far_end_is_silent),
        TEST(an_idle_endpoint_stops_at_once),
        TEST(a_call_to_a_stopping_endpoint_is_480),
        TEST(an_endpoint_may_be_freed_at_any_moment),
        TEST(a_stale_call_is_estale_everywhere),
        TEST(functions_refuse_what_the_state_does_not_allow),
        TEST(who_ends_a_call_can_say_why),
        TEST(what_is_no_reason_is_refused_and_the_call_goes_on),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
