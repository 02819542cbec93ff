/* SPDX-License-Identifier: MIT */
/* Two endpoints call each other directly: set-up, refusal, hold, glare, loss, end. */
#include "world.h"

static struct world world;
static struct host *alice, *bob;
static bool no_offer;
static void (*tune_alice)(struct tern_account_opts *opts);

static void meet(void)
{
    world_start(&world, TERN_MS(25));
    alice = world_host(&world, "alice", "10.0.0.1", NULL);
    bob = world_host(&world, "bob", "10.0.0.2", NULL);
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    CHECK_EQ(tern_endpoint_start(bob->ep, world.now), 0);
    host_account(alice, "sip:alice@10.0.0.1", NULL, tune_alice);
    host_account(bob, "sip:bob@10.0.0.2", NULL, NULL);
}

static void dial(void)
{
    struct tern_call_opts opts;
    tern_call_opts_init(&opts);
    opts.account = alice->account;
    opts.target = TERN_STR("sip:bob@10.0.0.2");
    opts.no_offer = no_offer;
    opts.subject = TERN_STR("tern eggs");
    CHECK_EQ(tern_call_make(alice->ep, world.now, &opts, &alice->call), 0);
}

static void talk(void)
{
    meet();
    dial();
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(bob->answered, 1);
}

static void part(void)
{
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(bob->ended, bob->incoming);
    host_rests(alice);
    host_rests(bob);
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(bob->ended, bob->incoming);
    world_end(&world);
}

static void hang_up(struct host *host)
{
    CHECK_EQ(tern_call_hangup(host->ep, world.now, host->call, 0), 0);
    world_run(&world, TERN_SECONDS(1));
}

/* Whether audio comes in at a host during the next second. */
static bool hears(struct host *host)
{
    world_run(&world, TERN_MS(200));
    uint64_t before = host->heard;
    world_run(&world, TERN_SECONDS(1));
    return host->heard > before + 40;
}

static struct tern_call_info info(struct host *host)
{
    struct tern_call_info out;
    CHECK_EQ(tern_call_get_info(host->ep, host->call, &out), 0);
    return out;
}

static void a_call_is_answered_and_both_hear_each_other(void)
{
    talk();
    CHECK_EQ(alice->progress_status, 180);
    CHECK(alice->heard > 30);
    CHECK(bob->heard > 30);
    CHECK_EQ(info(alice).state, TERN_CALL_ACTIVE);
    CHECK_EQ(info(bob).state, TERN_CALL_ACTIVE);
    CHECK_EQ(info(alice).codec, info(bob).codec);
    CHECK(strcmp(info(alice).call_id, info(bob).call_id) == 0);
    CHECK(strcmp(info(bob).peer, "sip:alice@10.0.0.1") == 0);
    hang_up(alice);
    CHECK_EQ(alice->last_ended.cause, TERN_END_LOCAL);
    CHECK_EQ(bob->last_ended.cause, TERN_END_REMOTE);
    CHECK(bob->last_ended.talked > TERN_MS(900));
    CHECK(bob->last_ended.media.packets_received > 30);
    part();
}

static void the_called_end_may_hang_up(void)
{
    talk();
    hang_up(bob);
    CHECK_EQ(bob->last_ended.cause, TERN_END_LOCAL);
    CHECK_EQ(alice->last_ended.cause, TERN_END_REMOTE);
    part();
}

static void a_refusal_reaches_the_caller_with_its_status(void)
{
    static const struct {
        int given, status;
    } cases[] = {{486, 486}, {603, 603}, {480, 480}, {0, 603}, {404, 404}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        meet();
        bob->auto_answer = false;
        dial();
        world_run(&world, TERN_SECONDS(1));
        CHECK_EQ(info(alice).state, TERN_CALL_RINGING);
        CHECK_EQ(info(bob).state, TERN_CALL_INCOMING);
        CHECK_EQ(tern_call_hangup(bob->ep, world.now, bob->call, cases[i].given), 0);
        world_run(&world, TERN_SECONDS(1));
        CHECK_EQ(alice->last_ended.cause, TERN_END_REFUSED);
        CHECK_EQ(alice->last_ended.status, cases[i].status);
        CHECK_EQ(alice->last_ended.talked, 0);
        CHECK_EQ(bob->last_ended.cause, TERN_END_LOCAL);
        CHECK_EQ(bob->last_ended.status, cases[i].status);
        part();
    }
}

static void an_unknown_user_is_404(void)
{
    meet();
    struct tern_account_opts opts;
    tern_account second;
    tern_account_opts_init(&opts);
    opts.uri = TERN_STR("sip:carol@10.0.0.2");
    CHECK_EQ(tern_account_add(bob->ep, world.now, &opts, &second), 0);
    host_call(alice, "sip:mallory@10.0.0.2");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->last_ended.status, 404);
    CHECK_EQ(bob->incoming, 0);
    part();
}

static void nobody_there_is_told_after_32_s(void)
{
    meet();
    host_call(alice, "sip:bob@10.0.0.99");
    world_run(&world, TERN_SECONDS(31));
    CHECK_EQ(alice->ended, 0);
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(alice->last_ended.cause, TERN_END_NO_ANSWER);
    part();
}

/* RFC 3261 9.1: the CANCEL waits for a provisional response. */
static void hanging_up_before_any_response_cancels_with_the_first(void)
{
    meet();
    bob->auto_answer = false;
    dial();
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_MS(49));
    CHECK_EQ(alice->ended, 1); /* told at once */
    CHECK_EQ(host_count(alice, "> CANCEL", 0), 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(host_count(alice, "> CANCEL", 0), bob->incoming);
    CHECK_EQ(bob->ended, bob->incoming);
    part();
}

static void hanging_up_after_180_cancels(void)
{
    meet();
    bob->auto_answer = false;
    dial();
    world_run(&world, TERN_SECONDS(1));
    hang_up(alice);
    CHECK_EQ(alice->last_ended.cause, TERN_END_LOCAL);
    CHECK_EQ(bob->last_ended.cause, TERN_END_REMOTE);
    CHECK_EQ(bob->last_ended.status, 487);
    CHECK_EQ(host_count(alice, "< 487", 0), 1);
    CHECK_EQ(host_count(alice, "< 200 OK (CANCEL)", 0), 1);
    part();
}

/* RFC 5407 3.1.2 */
static void a_cancel_that_crosses_the_answer_ends_in_bye(void)
{
    meet();
    dial();
    world_run(&world, TERN_MS(30)); /* 180 and 200 are on their way */
    hang_up(alice);
    CHECK_EQ(bob->ended, 1);
    CHECK_EQ(host_count(alice, "> ACK", 0), 1);
    CHECK_EQ(host_count(alice, "> BYE", 0), 1);
    part();
}

static void answer_for_5_s(struct tern_account_opts *opts)
{
    opts->answer_timeout_s = 5;
}

static void a_call_that_nobody_takes_is_cancelled(void)
{
    tune_alice = answer_for_5_s;
    meet();
    tune_alice = NULL;
    bob->auto_answer = false;
    dial();
    world_run(&world, TERN_MS(4990));
    CHECK_EQ(alice->ended, 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->last_ended.cause, TERN_END_NO_ANSWER);
    CHECK_EQ(bob->last_ended.cause, TERN_END_REMOTE);
    part();
}

static void a_call_that_is_taken_in_time_stays(void)
{
    tune_alice = answer_for_5_s;
    talk();
    tune_alice = NULL;
    world_run(&world, TERN_SECONDS(10));
    CHECK_EQ(alice->ended, 0);
    hang_up(alice);
    part();
}

static void without_an_offer_the_far_end_offers(void)
{
    no_offer = true;
    talk();
    no_offer = false;
    CHECK(hears(alice));
    CHECK(hears(bob));
    CHECK_EQ(tern_call_hold(bob->ep, world.now, bob->call), 0); /* and goes on as any other */
    world_run(&world, TERN_SECONDS(1));
    CHECK(alice->last_media.held_there);
    hang_up(alice);
    part();
}

static void hold_and_resume(struct host *holder, struct host *other)
{
    talk();
    CHECK_EQ(tern_call_hold(holder->ep, world.now, holder->call), 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK(other->last_media.held_there);
    CHECK(info(holder).held_here);
    CHECK(!info(holder).held_there);
    CHECK(info(other).held_there);
    CHECK(!hears(holder));
    CHECK_EQ(tern_call_resume(holder->ep, world.now, holder->call), 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK(!other->last_media.held_there);
    CHECK(hears(holder));
    CHECK(hears(other));
    hang_up(holder);
    part();
}

static void hold_works_in_both_directions(void)
{
    meet();
    world_end(&world);
    hold_and_resume(&world.hosts[0], &world.hosts[1]);
    hold_and_resume(&world.hosts[1], &world.hosts[0]);
}

/* RFC 3261 14.1: both are refused with 491, and both come again at different times. */
static void both_hold_at_once_and_both_succeed(void)
{
    talk();
    CHECK_EQ(tern_call_hold(alice->ep, world.now, alice->call), 0);
    CHECK_EQ(tern_call_hold(bob->ep, world.now, bob->call), 0);
    world_run(&world, TERN_SECONDS(15));
    CHECK(host_count(alice, "< 491", 0) + host_count(bob, "< 491", 0) >= 2);
    CHECK(info(alice).held_here);
    CHECK(info(alice).held_there);
    CHECK(info(bob).held_here);
    CHECK(info(bob).held_there);
    CHECK(!hears(alice));
    CHECK(!hears(bob));
    CHECK_EQ(tern_call_resume(alice->ep, world.now, alice->call), 0);
    CHECK_EQ(tern_call_resume(bob->ep, world.now, bob->call), 0);
    world_run(&world, TERN_SECONDS(15));
    CHECK(hears(alice));
    CHECK(hears(bob));
    hang_up(bob);
    part();
}

/* What is wanted while a request is under way is kept and merged. */
static void resume_while_the_hold_is_under_way_is_not_lost(void)
{
    talk();
    CHECK_EQ(tern_call_hold(alice->ep, world.now, alice->call), 0);
    world_run(&world, TERN_MS(10));
    CHECK_EQ(tern_call_resume(alice->ep, world.now, alice->call), 0);
    world_run(&world, TERN_SECONDS(2));
    CHECK(!info(alice).held_here);
    CHECK(!info(bob).held_there);
    CHECK(hears(alice));
    hang_up(alice);
    part();
}

static void update_and_reinvite_by_hand(void)
{
    static const uint32_t flags[] = {TERN_CALL_UPDATE_CONTACT, TERN_CALL_REINIT_MEDIA,
                                     TERN_CALL_REINVITE_DEFAULT};
    for (size_t i = 0; i < 3; i++) {
        talk();
        CHECK_EQ(tern_call_update(alice->ep, world.now, alice->call, flags[i]), 0);
        world_run(&world, TERN_SECONDS(1));
        CHECK_EQ(host_count(alice, "> UPDATE", 0), 1);
        CHECK_EQ(host_count(alice, "< 200 OK (UPDATE)", 0), 1);
        CHECK_EQ(tern_call_update(bob->ep, world.now, bob->call, flags[i]), 0);
        world_run(&world, TERN_SECONDS(1));
        CHECK_EQ(host_count(bob, "< 200 OK (UPDATE)", 0), 1);
        CHECK_EQ(tern_call_reinvite(bob->ep, world.now, bob->call, flags[i]), 0);
        world_run(&world, TERN_SECONDS(1));
        CHECK_EQ(host_count(bob, "< 200 OK (INVITE)", 0), 1);
        CHECK(hears(alice));
        CHECK(hears(bob));
        hang_up(alice);
        part();
    }
}

static void hanging_up_at_both_ends_at_once(void)
{
    talk();
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    hang_up(bob);
    CHECK_EQ(alice->last_ended.cause, TERN_END_LOCAL);
    CHECK_EQ(bob->last_ended.cause, TERN_END_LOCAL);
    part();
}

/* RFC 3261 15: no BYE by the called end before the ACK has come. */
static void the_called_end_hangs_up_before_the_ack(void)
{
    meet();
    dial();
    world_run(&world, TERN_MS(40)); /* 200 is on its way */
    CHECK_EQ(info(bob).state, TERN_CALL_ANSWERING);
    CHECK_EQ(tern_call_hangup(bob->ep, world.now, bob->call, 0), 0);
    CHECK_EQ(host_count(bob, "> BYE", 0), 0);
    world_run(&world, TERN_MS(30));
    CHECK_EQ(bob->ended, 1);
    CHECK_EQ(host_count(bob, "> BYE", 0), 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(host_count(bob, "> BYE", 0), 1);
    CHECK_EQ(alice->last_ended.cause, TERN_END_REMOTE);
    part();
}

static unsigned drops;
static const char *dropped;

static bool drop_some(struct host *host, const char *data, size_t len)
{
    (void)host;
    if (len < strlen(dropped) || strncmp(data, dropped, strlen(dropped)) != 0) return false;
    if (drops == 0) return false;
    drops--;
    return true;
}

static void lose(struct host *to, const char *start, unsigned times)
{
    dropped = start;
    drops = times;
    to->drop = drop_some;
}

/* RFC 3261 13.3.1.4: at 0.5, 1.5 and 3.5 s. */
static void the_answer_is_repeated_until_the_ack_comes(void)
{
    meet();
    lose(bob, "ACK", 3);
    dial();
    world_run(&world, TERN_SECONDS(3));
    CHECK_EQ(bob->answered, 0);
    CHECK_EQ(alice->answered, 1);
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(bob->answered, 1);
    CHECK_EQ(host_count(alice, "> ACK", 0), 4);
    CHECK_EQ(alice->answered, 1);
    hang_up(alice);
    part();
}

static void without_any_ack_the_call_ends_after_32_s(void)
{
    meet();
    lose(bob, "ACK", 1000);
    dial();
    world_run(&world, TERN_SECONDS(31));
    CHECK_EQ(bob->ended, 0);
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(bob->last_ended.cause, TERN_END_UNREACHABLE);
    CHECK_EQ(bob->answered, 0);
    CHECK_EQ(alice->last_ended.cause, TERN_END_REMOTE); /* by BYE */
    bob->drop = NULL;
    part();
}

static void the_ack_of_a_reinvite_is_asked_for_again(void)
{
    talk();
    lose(bob, "ACK", 2);
    CHECK_EQ(tern_call_hold(alice->ep, world.now, alice->call), 0);
    world_run(&world, TERN_SECONDS(5));
    CHECK_EQ(drops, 0);
    CHECK_EQ(host_count(alice, "> ACK", 0), 4);
    CHECK_EQ(tern_call_hold(bob->ep, world.now, bob->call), 0); /* not blocked */
    world_run(&world, TERN_SECONDS(1));
    CHECK(info(alice).held_there);
    hang_up(alice);
    part();
}

static void a_bye_that_is_lost_comes_again(void)
{
    talk();
    lose(bob, "BYE", 2);
    hang_up(alice);
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(bob->ended, 1);
    part();
}

static void a_far_end_that_has_gone_does_not_keep_the_call(void)
{
    talk();
    lose(bob, "BYE", 1000);
    hang_up(alice);
    CHECK_EQ(alice->ended, 1);
    world_run(&world, TERN_SECONDS(60));
    struct tern_stats stats;
    tern_get_stats(alice->ep, &stats);
    CHECK_EQ(stats.transactions, 0);
    bob->drop = NULL;
    /* He has missed the audio, and asked: 481. */
    CHECK_EQ(bob->ended, 1);
    CHECK_EQ(bob->last_ended.status, 481);
    part();
}

static void every_message_is_lost_once(void)
{
    static const char *const starts[] = {"INVITE", "SIP/2.0 180", "SIP/2.0 200", "SIP/2.0 100"};
    for (size_t i = 0; i < 4; i++) {
        meet();
        lose(alice, starts[i], 1);
        if (i == 0) {
            alice->drop = NULL;
            lose(bob, "INVITE", 2);
        }
        dial();
        world_run(&world, TERN_SECONDS(5));
        CHECK_EQ(alice->answered, 1);
        CHECK_EQ(bob->answered, 1);
        CHECK_EQ(bob->incoming, 1);
        hang_up(alice);
        part();
    }
}

static void digits_go_both_ways(void)
{
    talk();
    CHECK_EQ(tern_call_dtmf(alice->ep, world.now, alice->call, TERN_STR("12#")), 0);
    CHECK_EQ(tern_call_dtmf(bob->ep, world.now, bob->call, TERN_STR("*D9")), 0);
    CHECK_EQ(tern_call_dtmf(bob->ep, world.now, bob->call, TERN_STR("1x")), TERN_EINVAL);
    world_run(&world, TERN_SECONDS(3));
    CHECK(strcmp(bob->digits, "12#") == 0);
    CHECK(strcmp(alice->digits, "*D9") == 0);
    CHECK(hears(alice));
    hang_up(alice);
    part();
}

static void ten_calls_at_once(void)
{
    meet();
    tern_call calls[10];
    for (size_t i = 0; i < 10; i++)
        calls[i] = host_call(alice, "sip:bob@10.0.0.2");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(bob->answered, 10);
    CHECK_EQ(alice->answered, 10);
    for (size_t i = 0; i < 10; i++)
        CHECK_EQ(tern_call_hangup(alice->ep, world.now, calls[i], 0), 0);
    host_rests(alice);
    host_rests(bob);
    CHECK_EQ(bob->ended, 10);
    world_end(&world);
}

/* RFC 3261 13.3.1: a caller that vanishes does not ring for ever. */
static void an_invitation_runs_out(void)
{
    meet();
    bob->auto_answer = false;
    host_call(alice, "sip:bob@10.0.0.2");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(bob->incoming, 1);
    host_network(alice, NULL, NULL);
    world_run(&world, TERN_SECONDS(200));
    CHECK_EQ(bob->ended, 1);
    CHECK_EQ(bob->last_ended.cause, TERN_END_NO_ANSWER);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(an_invitation_runs_out),
        TEST(a_call_is_answered_and_both_hear_each_other),
        TEST(the_called_end_may_hang_up),
        TEST(a_refusal_reaches_the_caller_with_its_status),
        TEST(an_unknown_user_is_404),
        TEST(nobody_there_is_told_after_32_s),
        TEST(hanging_up_before_any_response_cancels_with_the_first),
        TEST(hanging_up_after_180_cancels),
        TEST(a_cancel_that_crosses_the_answer_ends_in_bye),
        TEST(a_call_that_nobody_takes_is_cancelled),
        TEST(a_call_that_is_taken_in_time_stays),
        TEST(without_an_offer_the_far_end_offers),
        TEST(hold_works_in_both_directions),
        TEST(both_hold_at_once_and_both_succeed),
        TEST(resume_while_the_hold_is_under_way_is_not_lost),
        TEST(update_and_reinvite_by_hand),
        TEST(hanging_up_at_both_ends_at_once),
        TEST(the_called_end_hangs_up_before_the_ack),
        TEST(the_answer_is_repeated_until_the_ack_comes),
        TEST(without_any_ack_the_call_ends_after_32_s),
        TEST(the_ack_of_a_reinvite_is_asked_for_again),
        TEST(a_bye_that_is_lost_comes_again),
        TEST(a_far_end_that_has_gone_does_not_keep_the_call),
        TEST(every_message_is_lost_once),
        TEST(digits_go_both_ways),
        TEST(ten_calls_at_once),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
