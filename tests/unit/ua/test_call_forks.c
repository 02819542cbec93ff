/* SPDX-License-Identifier: MIT */
/* Answers from more than one place, and addresses that carry more than they should. */
#include "peer.h"

#define CONTACT "Contact: <sip:peer@10.0.0.7>\r\n"
#define OTHER   "Contact: <sip:other@10.0.0.7>\r\n"
#define PCMU_AT_6000                                                                               \
    "v=0\r\no=- 2 1 IN IP4 10.0.0.7\r\ns=-\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\n"                      \
    "m=audio 6000 RTP/AVP 0\r\n"

static struct world world;
static struct host *alice, *peer;

static const char *dial(void)
{
    peer = peer_meet(&world, &alice, NULL);
    host_call(alice, "sip:peer@10.0.0.7");
    world_run(&world, TERN_MS(50));
    return peer_last(peer, "INVITE");
}

static void say(const char *request, const char *status, const char *tag, const char *contact,
                const char *body)
{
    peer_reply(peer, request, &(struct peer_answer){status, tag, contact, body});
    world_run(&world, TERN_MS(50));
}

static void hang_up(void)
{
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_MS(50));
}

/* Early media came from one; another, which only rang until then, answers. */
static void the_fork_that_answers_is_the_one_that_is_heard(void)
{
    struct tern_call_info info;
    const char *invite = dial();
    say(invite, "183 Session Progress", "one", CONTACT, PEER_SDP);
    say(invite, "180 Ringing", "two", OTHER, NULL);
    say(invite, "200 OK", "two", OTHER, PCMU_AT_6000);
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
    CHECK_EQ(info.remote_media.port, 6000);
    CHECK_EQ(info.codec, 0);
    world_end(&world);
}

/* The same fork need not repeat what it said early, and another value of it is not an offer. */
static void the_early_answer_of_the_fork_that_answers_stands(void)
{
    struct tern_call_info info;
    const char *invite = dial();
    say(invite, "180 Ringing", "two", OTHER, NULL);
    say(invite, "183 Session Progress", "one", CONTACT, PEER_SDP);
    say(invite, "200 OK", "one", CONTACT, NULL);
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
    CHECK_EQ(info.remote_media.port, 4000);
    world_end(&world);
}

/* RFC 3261 22.2: the BYE to the fork may be challenged when the call that sent it has gone. */
static void a_fork_may_challenge_its_bye_after_the_end_of_the_call(void)
{
    const char *invite = dial();
    say(invite, "200 OK", "one", CONTACT, PEER_SDP);
    say(invite, "200 OK", "two", OTHER, PEER_SDP);
    const char *bye = peer_last_to(peer, "BYE", "two");
    CHECK(bye != NULL);
    hang_up();
    say(peer_last_to(peer, "BYE", "one"), "200 OK", NULL, NULL, NULL);
    say(bye, "407 Proxy Authentication Required", NULL,
        "Proxy-Authenticate: Digest realm=\"x\", nonce=\"n\"\r\n", NULL);
    CHECK_EQ(alice->ended, 1);
    host_rests(alice);
    world_end(&world);
}

/* RFC 3261 13.2.2.4: each 2xx is acknowledged each time, and ended once, when the call is long gone. */
static void a_fork_that_answers_after_the_end_of_the_call_is_ended(void)
{
    const char *invite = dial();
    say(invite, "200 OK", "one", CONTACT, PEER_SDP);
    hang_up();
    say(peer_last_to(peer, "BYE", "one"), "200 OK", NULL, NULL, NULL);
    CHECK_EQ(alice->ended, 1);
    world_run(&world, TERN_SECONDS(10));
    size_t acks = peer_count(peer, "ACK");
    say(invite, "200 OK", "two", OTHER, PEER_SDP);
    CHECK_EQ(peer_count(peer, "ACK"), acks + 1);
    const char *bye = peer_last_to(peer, "BYE", "two");
    CHECK(bye != NULL);
    CHECK_EQ(strncmp(bye, "BYE sip:other@10.0.0.7 ", 23), 0);
    CHECK_EQ(peer_number(bye, "CSeq"), peer_number(invite, "CSeq") + 1);
    say(bye, "200 OK", NULL, NULL, NULL);
    size_t byes = peer_count(peer, "BYE");
    say(invite, "200 OK", "two", OTHER, PEER_SDP);
    CHECK_EQ(peer_count(peer, "ACK"), acks + 2);
    CHECK_EQ(peer_count(peer, "BYE"), byes);
    host_rests(alice);
    say(invite, "200 OK", "three", OTHER, PEER_SDP);
    CHECK_EQ(peer_count(peer, "ACK"), acks + 2);
    world_end(&world);
}

/* MOBILITY C8: nobody answered the CANCEL in 64*T1, and then somebody picks up. */
static void a_2xx_after_the_cancel_was_given_up_is_ended(void)
{
    static const char *const rings[] = {NULL, "one"};
    for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++) {
        const char *invite = dial();
        if (rings[i]) say(invite, "180 Ringing", rings[i], CONTACT, NULL);
        hang_up();
        world_run(&world, TERN_SECONDS(40));
        CHECK_EQ(peer_count(peer, "CANCEL") > 0, rings[i] != NULL);
        CHECK_EQ(peer_count(peer, "ACK"), 0);
        say(invite, "200 OK", "one", CONTACT, PEER_SDP);
        CHECK_EQ(peer_count(peer, "ACK"), 1);
        CHECK_EQ(peer_count(peer, "BYE"), 1);
        say(peer_last_to(peer, "BYE", "one"), "200 OK", NULL, NULL, NULL);
        CHECK_EQ(alice->ended, 1);
        host_rests(alice);
        world_end(&world);
    }
}

/* Whoever knows a Call-ID makes us send a few requests to where it says, and no more. */
static void forks_of_one_invite_are_limited(void)
{
    char tag[16];
    const char *invite = dial();
    say(invite, "200 OK", "one", CONTACT, PEER_SDP);
    hang_up();
    say(peer_last_to(peer, "BYE", "one"), "200 OK", NULL, NULL, NULL);
    size_t byes = peer_count(peer, "BYE");
    for (int i = 0; i < 40; i++) {
        (void)snprintf(tag, sizeof(tag), "f%d", i);
        say(invite, "200 OK", tag, OTHER, PEER_SDP);
        say(peer_last(peer, "BYE"), "200 OK", NULL, NULL, NULL);
    }
    CHECK_EQ(peer_count(peer, "BYE"), byes + 7);
    host_rests(alice);
    world_end(&world);
}

/* The account may be removed while the BYE of a fork is under way. */
static void an_account_goes_when_the_last_fork_is_ended(void)
{
    const char *invite = dial();
    say(invite, "200 OK", "one", CONTACT, PEER_SDP);
    hang_up();
    say(peer_last_to(peer, "BYE", "one"), "200 OK", NULL, NULL, NULL);
    say(invite, "200 OK", "two", OTHER, PEER_SDP);
    CHECK_EQ(tern_account_remove(alice->ep, world.now, alice->account), 0);
    say(peer_last_to(peer, "BYE", "two"), "407 Proxy Authentication Required", NULL,
        "Proxy-Authenticate: Digest realm=\"x\", nonce=\"n\"\r\n", NULL);
    say(invite, "200 OK", "two", OTHER, PEER_SDP);
    say(invite, "200 OK", "three", OTHER, PEER_SDP);
    CHECK(peer_last_to(peer, "BYE", "three") != NULL);
    host_rests(alice);
    world_end(&world);
}

/* RFC 3261 19.1.1: headers in a URI are no part of a Request-URI; such an address is passed over. */
static void a_redirection_to_an_address_with_headers_is_passed_over(void)
{
    const char *invite = dial();
    say(invite, "302 Moved", "one",
        "Contact: <sip:bad@10.0.0.7?Replaces=x>;q=1.0, <sip:good@10.0.0.7>;q=0.5\r\n", NULL);
    CHECK(peer_last(peer, "INVITE sip:good@10.0.0.7 ") != NULL);
    world_end(&world);

    invite = dial();
    say(invite, "302 Moved", "one", "Contact: <sip:bad@10.0.0.7?Replaces=x>\r\n", NULL);
    CHECK_EQ(peer_count(peer, "INVITE"), 1);
    CHECK_EQ(alice->last_ended.status, 302);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_fork_that_answers_is_the_one_that_is_heard),
        TEST(the_early_answer_of_the_fork_that_answers_stands),
        TEST(a_fork_may_challenge_its_bye_after_the_end_of_the_call),
        TEST(a_fork_that_answers_after_the_end_of_the_call_is_ended),
        TEST(a_2xx_after_the_cancel_was_given_up_is_ended),
        TEST(forks_of_one_invite_are_limited),
        TEST(an_account_goes_when_the_last_fork_is_ended),
        TEST(a_redirection_to_an_address_with_headers_is_passed_over),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
