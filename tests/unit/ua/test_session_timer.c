/* SPDX-License-Identifier: MIT */
/* Session timers of whole calls (RFC 4028): with a peer that says what the test wants, and among us. */
#include "peer.h"
#include "phones.h"

#define ALICE "10.0.0.1"
#define PEER  "10.0.0.7"
#define OK_CONTACT                                                                                 \
    "Contact: <sip:peer@10.0.0.7:5060>\r\nAllow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n"
#define WITHOUT_UPDATE "Contact: <sip:peer@10.0.0.7:5060>\r\nAllow: INVITE, ACK, BYE, CANCEL\r\n"

static struct host *peer;
static const char *terms; /* what the peer says in each 2xx to a refresh */

static bool answers_all(struct host *host, const char *text)
{
    char headers[512];
    if (strncmp(text, "SIP/", 4) == 0 || strncmp(text, "ACK", 3) == 0) return false;
    bool invite = strncmp(text, "INVITE", 6) == 0;
    snprintf(headers, sizeof(headers), "%s%s", invite ? WITHOUT_UPDATE : OK_CONTACT, terms);
    const char *body = invite ? PEER_SDP : NULL;
    peer_reply(host, text, &(struct peer_answer){"200 OK", "bob", headers, body});
    return true;
}

static void is_patient(struct tern_account_opts *opts)
{
    opts->media_timeout_s = 0;
}

static const char *dial(void (*tune)(struct tern_account_opts *opts))
{
    world_start(&world, TERN_MS(10));
    alice = world_host(&world, "alice", ALICE, NULL);
    peer = peer_new(&world, PEER);
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    host_account(alice, "sip:alice@10.0.0.1", NULL, tune);
    world_run(&world, TERN_MS(1));
    host_call(alice, "sip:peer@10.0.0.7");
    world_run(&world, TERN_MS(50));
    alice->talks = false;
    const char *invite = peer_last(peer, "INVITE");
    CHECK(invite != NULL);
    return invite;
}

/* The peer answers, and from then on whatever comes, as `headers` say. */
static bool patient = true;

static void talk_with(const char *headers, const char *allow)
{
    char text[512];
    const char *invite = dial(patient ? is_patient : NULL);
    CHECK(strstr(peer_header(invite, "Supported"), "timer") != NULL);
    CHECK(strcmp(peer_header(invite, "Session-Expires"), "1800") == 0);
    snprintf(text, sizeof(text), "%s%s", allow, headers);
    peer_reply(peer, invite, &(struct peer_answer){"200 OK", "bob", text, PEER_SDP});
    peer_join(peer, invite, "bob");
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->answered, 1);
    terms = headers;
    peer_of(peer)->answer = answers_all;
}

static void part(void)
{
    terms = "";
    peer_of(peer)->answer = answers_all;
    tern_call call = tern_call_next(alice->ep, (tern_call){0});
    if (call.id) CHECK_EQ(tern_call_hangup(alice->ep, world.now, call, 0), 0);
    host_rests(alice);
    world_end(&world);
}

static void the_refresher_sends_update_before_half_of_the_interval(void)
{
    talk_with("Session-Expires: 120;refresher=uac\r\nRequire: timer\r\n", OK_CONTACT);
    world_run(&world, TERN_SECONDS(60));
    CHECK_EQ(peer_count(peer, "UPDATE"), 1);
    const char *update = peer_last(peer, "UPDATE");
    CHECK(strcmp(peer_header(update, "Session-Expires"), "120;refresher=uac") == 0);
    CHECK_EQ(strlen(peer_body(update)), 0); /* it changes nothing about the media */
    world_run(&world, TERN_SECONDS(240));
    CHECK(peer_count(peer, "UPDATE") >= 4 && peer_count(peer, "UPDATE") <= 6);
    CHECK_EQ(alice->ended, 0);
    part();
}

static void a_peer_without_update_gets_a_re_invite(void)
{
    talk_with("Session-Expires: 120;refresher=uac\r\nRequire: timer\r\n", WITHOUT_UPDATE);
    world_run(&world, TERN_SECONDS(61));
    CHECK_EQ(peer_count(peer, "UPDATE"), 0);
    CHECK_EQ(peer_count(peer, "INVITE"), 2);
    CHECK_EQ(peer_count(peer, "ACK"), 2);
    CHECK_EQ(alice->ended, 0);
    part();
}

static void a_peer_that_knows_no_timer_is_not_refreshed(void)
{
    talk_with("", OK_CONTACT);
    world_run(&world, TERN_SECONDS(2000));
    CHECK_EQ(peer_count(peer, "UPDATE"), 0);
    CHECK_EQ(alice->ended, 0);
    part();
}

static void ends_with_a_reason(tern_time answered, tern_time from, tern_time to)
{
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(alice->last_ended.cause, TERN_END_UNREACHABLE);
    CHECK_EQ(alice->last_ended.status, 408);
    CHECK(strstr(alice->ended_reason, "session timer") != NULL);
    tern_time talked = alice->last_ended.talked;
    CHECK(answered + talked >= from && answered + talked <= to);
    const char *bye = peer_last(peer, "BYE");
    CHECK(bye && strstr(peer_header(bye, "Reason"), "cause=408") != NULL);
}

/* RFC 4028 10: min(32 s, a third) before the end. */
static void a_refresher_that_falls_silent_is_hung_up_on(void)
{
    talk_with("Session-Expires: 120;refresher=uas\r\n", OK_CONTACT);
    world_run(&world, TERN_SECONDS(87));
    CHECK_EQ(alice->ended, 0);
    world_run(&world, TERN_SECONDS(2));
    ends_with_a_reason(0, TERN_SECONDS(87), TERN_SECONDS(89));
    part();
}

static void a_refresh_that_nobody_answers_ends_the_call_in_time(void)
{
    talk_with("Session-Expires: 300;refresher=uac\r\n", OK_CONTACT);
    peer_of(peer)->answer = NULL;
    world_run(&world, TERN_SECONDS(266));
    CHECK_EQ(alice->ended, 0);
    CHECK(peer_count(peer, "UPDATE") > 1);
    world_run(&world, TERN_SECONDS(3));
    ends_with_a_reason(0, TERN_SECONDS(267), TERN_SECONDS(269));
    part();
}

static void a_refresher_that_forgot_the_call_ends_it(void)
{
    talk_with("Session-Expires: 120;refresher=uac\r\n", OK_CONTACT);
    peer_of(peer)->answer = NULL;
    world_run(&world, TERN_SECONDS(60));
    peer_reply(peer, peer_last(peer, "UPDATE"),
               &(struct peer_answer){"481 Unknown", "bob", NULL, NULL});
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(alice->last_ended.status, 481);
    part();
}

static void a_422_is_obeyed(void)
{
    const char *invite = dial(NULL);
    char call_id[128];
    snprintf(call_id, sizeof(call_id), "%s", peer_header(invite, "Call-ID"));
    peer_reply(peer, invite,
               &(struct peer_answer){"422 Too small", "bob", "Min-SE: 3600\r\n", NULL});
    world_run(&world, TERN_MS(50));
    CHECK_EQ(peer_count(peer, "INVITE"), 2);
    const char *again = peer_last(peer, "INVITE");
    CHECK(strcmp(peer_header(again, "Call-ID"), call_id) == 0);
    CHECK(strcmp(peer_header(again, "Session-Expires"), "3600") == 0);
    CHECK(strcmp(peer_header(again, "Min-SE"), "3600") == 0);
    CHECK(strstr(peer_header(again, "To"), "tag=") == NULL);
    peer_reply(peer, again, &(struct peer_answer){"200 OK", "bob", OK_CONTACT, PEER_SDP});
    peer_join(peer, again, "bob");
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->answered, 1);
    part();
}

static void a_422_that_wants_no_more_is_a_refusal(void)
{
    const char *invite = dial(NULL);
    peer_reply(peer, invite,
               &(struct peer_answer){"422 Too small", "bob", "Min-SE: 1800\r\n", NULL});
    world_run(&world, TERN_MS(50));
    CHECK_EQ(peer_count(peer, "INVITE"), 1);
    CHECK_EQ(alice->last_ended.status, 422);
    part();
}

static bool too_small(struct host *host, const char *text)
{
    if (strncmp(text, "UPDATE", 6) != 0) return answers_all(host, text);
    uint32_t seconds = peer_number(text, "Session-Expires");
    if (seconds == 0) return false;
    const struct peer_answer refusal = {"422 Too small", "bob", "Min-SE: 400\r\n", NULL};
    if (seconds >= 400) return answers_all(host, text);
    peer_reply(host, text, &refusal);
    return true;
}

static void a_refresh_that_gets_422_is_sent_again_with_more(void)
{
    talk_with("Session-Expires: 200;refresher=uac\r\n", OK_CONTACT);
    peer_of(peer)->answer = too_small;
    world_run(&world, TERN_SECONDS(101));
    CHECK_EQ(peer_count(peer, "UPDATE"), 2);
    CHECK(strcmp(peer_header(peer_last(peer, "UPDATE"), "Session-Expires"), "400;refresher=uac") ==
          0);
    CHECK_EQ(alice->ended, 0);
    part();
}

/* ---- called ---- */

static void wants_five_minutes(struct tern_account_opts *opts)
{
    opts->session_expires_s = 600;
    opts->min_se_s = 300;
    opts->media_timeout_s = 0;
}

static void be_called(const char *headers)
{
    world_start(&world, TERN_MS(10));
    alice = world_host(&world, "alice", ALICE, NULL);
    peer = peer_new(&world, PEER);
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    host_account(alice, "sip:alice@10.0.0.1", NULL, wants_five_minutes);
    world_run(&world, TERN_MS(1));
    peer_invite(peer, ALICE, headers, PEER_SDP);
    world_run(&world, TERN_MS(50));
    alice->talks = false;
}

static void a_caller_who_wants_too_little_hears_422(void)
{
    be_called("Supported: timer\r\nSession-Expires: 120\r\n");
    const char *refusal = peer_last(peer, "SIP/2.0 422");
    CHECK(refusal && strcmp(peer_header(refusal, "Min-SE"), "300") == 0);
    CHECK_EQ(alice->incoming, 0);
    part();
}

static void the_caller_refreshes_unless_it_cannot(void)
{
    be_called("Supported: timer\r\nRequire: timer\r\nSession-Expires: 1800\r\n");
    const char *ok = peer_last(peer, "SIP/2.0 200");
    CHECK(ok && strcmp(peer_header(ok, "Session-Expires"), "600;refresher=uac") == 0);
    CHECK(strcmp(peer_header(ok, "Require"), "timer") == 0);
    peer_ack(peer, NULL);
    world_run(&world, TERN_SECONDS(500));
    peer_request(peer, "UPDATE",
                 "Supported: timer\r\nSession-Expires: 120;refresher=uac\r\n" OK_CONTACT, NULL);
    world_run(&world, TERN_SECONDS(1));
    const char *refusal = peer_last(peer, "SIP/2.0 422"); /* in the call, too */
    CHECK(refusal && strcmp(peer_header(refusal, "Min-SE"), "300") == 0);
    peer_request(peer, "UPDATE",
                 "Supported: timer\r\nSession-Expires: 600;refresher=uac\r\n" OK_CONTACT, NULL);
    world_run(&world, TERN_SECONDS(560));
    CHECK_EQ(alice->ended, 0);
    world_run(&world, TERN_SECONDS(10));
    CHECK_EQ(alice->ended, 1);
    part();

    be_called(NULL);
    ok = peer_last(peer, "SIP/2.0 200");
    CHECK(ok && strcmp(peer_header(ok, "Session-Expires"), "600;refresher=uas") == 0);
    CHECK(strcmp(peer_header(ok, "Require"), "") == 0);
    peer_ack(peer, NULL);
    world_run(&world, TERN_SECONDS(301)); /* it has not said that it knows UPDATE */
    CHECK(peer_count(peer, "INVITE") >= 1);
    part();
}

/* ---- among us ---- */

static void shortly(struct tern_account_opts *opts)
{
    opts->session_expires_s = 100;
}

static void talk_shortly(void)
{
    tune_alice = shortly;
    talk();
    tune_alice = NULL;
}

static void a_long_call_is_refreshed_by_its_caller(void)
{
    talk_shortly();
    world_run(&world, TERN_SECONDS(300));
    CHECK(host_count(alice, "> UPDATE", 0) >= 6);
    CHECK_EQ(host_count(bob, "> UPDATE", 0), 0);
    still_talking();
    world_end(&world);
}

/* The handover's own refresh is the session's: the next is due half an interval later. */
static void a_handover_counts_as_refresh(void)
{
    talk_shortly();
    world_run(&world, TERN_SECONDS(38));
    CHECK_EQ(host_count(alice, "> UPDATE", 0), 0);
    host_network(alice, at(3), NULL);
    world_run(&world, TERN_SECONDS(42));
    CHECK_EQ(host_count(alice, "> UPDATE", 0), 1);
    world_run(&world, TERN_SECONDS(10));
    CHECK_EQ(host_count(alice, "> UPDATE", 0), 2);
    moved(1);
    still_talking();
    world_end(&world);
}

/* MOBILITY C4: whoever is without a network hangs up on nobody; the far end does. */
static void offline_beyond_the_interval_the_far_end_lets_go(void)
{
    talk_shortly();
    world_run(&world, TERN_SECONDS(1));
    host_network(alice, NULL, NULL);
    world_run(&world, TERN_SECONDS(150));
    CHECK_EQ(alice->ended, 0);
    CHECK_EQ(bob->ended, 1);
    CHECK_EQ(bob->last_ended.cause, TERN_END_UNREACHABLE);
    CHECK(bob->last_ended.talked <= TERN_SECONDS(100));
    host_network(alice, at(3), NULL);
    world_run(&world, TERN_SECONDS(5));
    CHECK_EQ(alice->ended, 1);
    world_end(&world);
}

static void offline_for_less_the_call_goes_on(void)
{
    talk_shortly();
    world_run(&world, TERN_SECONDS(1));
    host_network(alice, NULL, NULL);
    world_run(&world, TERN_SECONDS(60));
    host_network(alice, at(3), NULL);
    world_run(&world, TERN_SECONDS(5));
    moved(1);
    still_talking();
    world_run(&world, TERN_SECONDS(200));
    still_talking();
    world_end(&world);
}

/* ---- a far end that falls silent ---- */

/* The power is cut: nothing is sent any more. */
static void cut_the_power(struct host *host)
{
    host_network(host, NULL, NULL);
}

static void a_far_end_that_dies_is_noticed_and_the_call_ends_in_time(void)
{
    talk();
    world_run(&world, TERN_SECONDS(5));
    cut_the_power(bob);
    world_run(&world, TERN_SECONDS(19));
    CHECK_EQ(alice->silent, 0);
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(alice->silent, 1);
    CHECK(host_count(alice, "> UPDATE", 0) >= 1);
    world_run(&world, TERN_SECONDS(297));
    CHECK_EQ(alice->ended, 0); /* it may be in a tunnel */
    world_run(&world, TERN_SECONDS(5));
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(alice->last_ended.cause, TERN_END_UNREACHABLE);
    CHECK(strstr(alice->ended_reason, "silent") != NULL);
    world_end(&world);
}

static void a_far_end_that_comes_back_in_time_is_kept(void)
{
    talk();
    cut_the_power(bob);
    world_run(&world, TERN_SECONDS(120));
    CHECK_EQ(alice->silent, 1);
    CHECK_EQ(alice->back, 0);
    host_network(bob, at(3), NULL);
    world_run(&world, TERN_SECONDS(5));
    CHECK_EQ(alice->back, 1);
    still_talking();
    world_run(&world, TERN_SECONDS(120));
    CHECK_EQ(alice->silent, 1);
    world_end(&world);
}

/* It sends nothing and has the call: nobody hangs up, and it is asked less and less often. */
static void a_far_end_that_is_only_quiet_is_let_be(void)
{
    patient = false;
    talk_with("", OK_CONTACT);
    patient = true;
    world_run(&world, TERN_SECONDS(2000));
    CHECK_EQ(alice->ended, 0);
    CHECK_EQ(alice->silent, 1);
    CHECK(peer_count(peer, "UPDATE") >= 5 && peer_count(peer, "UPDATE") <= 12);
    part();
}

static void a_call_on_hold_is_not_missed(void)
{
    talk();
    CHECK_EQ(tern_call_hold(alice->ep, world.now, alice->call), 0);
    world_run(&world, TERN_SECONDS(1));
    cut_the_power(bob);
    world_run(&world, TERN_SECONDS(400));
    CHECK_EQ(alice->silent, 0);
    CHECK_EQ(alice->ended, 0);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_refresher_sends_update_before_half_of_the_interval),
        TEST(a_peer_without_update_gets_a_re_invite),
        TEST(a_peer_that_knows_no_timer_is_not_refreshed),
        TEST(a_refresher_that_falls_silent_is_hung_up_on),
        TEST(a_refresh_that_nobody_answers_ends_the_call_in_time),
        TEST(a_refresher_that_forgot_the_call_ends_it),
        TEST(a_422_is_obeyed),
        TEST(a_422_that_wants_no_more_is_a_refusal),
        TEST(a_refresh_that_gets_422_is_sent_again_with_more),
        TEST(a_caller_who_wants_too_little_hears_422),
        TEST(the_caller_refreshes_unless_it_cannot),
        TEST(a_long_call_is_refreshed_by_its_caller),
        TEST(a_handover_counts_as_refresh),
        TEST(offline_beyond_the_interval_the_far_end_lets_go),
        TEST(offline_for_less_the_call_goes_on),
        TEST(a_far_end_that_dies_is_noticed_and_the_call_ends_in_time),
        TEST(a_far_end_that_comes_back_in_time_is_kept),
        TEST(a_far_end_that_is_only_quiet_is_let_be),
        TEST(a_call_on_hold_is_not_missed),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
