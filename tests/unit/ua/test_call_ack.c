/* SPDX-License-Identifier: MIT */
/* The third message of an INVITE: what it carries, and what follows when it does not come. */
#include "peer.h"

#define CONTACT "Contact: <sip:peer@10.0.0.7>\r\nAllow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n"

static struct world world;
static struct host *alice, *peer;

static void meet(void)
{
    peer = peer_meet(&world, &alice, NULL);
}

static const char *dial(void)
{
    meet();
    host_call(alice, "sip:peer@10.0.0.7");
    world_run(&world, TERN_MS(50));
    return peer_last(peer, "INVITE");
}

static void say(const char *request, const char *status, const char *headers, const char *body)
{
    peer_reply(peer, request, &(struct peer_answer){status, "bob", headers, body});
    world_run(&world, TERN_MS(50));
}

static void talk(void)
{
    const char *invite = dial();
    say(invite, "200 OK", CONTACT, PEER_SDP);
    peer_join(peer, invite, "bob");
    CHECK_EQ(alice->answered, 1);
}

/* RFC 3261 22.1: those of its INVITE, since an ACK cannot be challenged. */
static void the_ack_carries_the_credentials_of_its_invite(void)
{
    static const char challenge[] =
        "Proxy-Authenticate: Digest realm=\"x\", nonce=\"abc\", qop=\"auth\"\r\n";
    const char *invite = dial();
    say(invite, "407 Proxy Authentication Required", challenge, NULL);
    invite = peer_last(peer, "INVITE");
    CHECK(strstr(peer_header(invite, "Proxy-Authorization"), "nonce=\"abc\"") != NULL);
    say(invite, "200 OK", CONTACT, PEER_SDP);
    const char *ack = peer_last(peer, "ACK");
    CHECK(strstr(peer_header(ack, "Proxy-Authorization"), "nonce=\"abc\"") != NULL);
    CHECK_EQ(alice->answered, 1);
    world_end(&world);
}

/* RFC 3261 13.2.2.4: a 2xx is acknowledged, even where its Contact is missing, and then ended. */
static void a_2xx_without_a_contact_is_acknowledged_and_ended(void)
{
    say(dial(), "200 OK", NULL, PEER_SDP);
    CHECK_EQ(peer_count(peer, "ACK"), 1);
    CHECK_EQ(peer_count(peer, "BYE"), 1);
    CHECK_EQ(strncmp(peer_last(peer, "ACK"), "ACK sip:peer@10.0.0.7 ", 22), 0);
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(alice->answered, 0);
    say(peer_last(peer, "BYE"), "200 OK", NULL, NULL);
    host_rests(alice);
    world_end(&world);
}

static bool answer_reinvites;

static bool answer(struct host *host, const char *text)
{
    bool invite = strncmp(text, "INVITE ", 7) == 0;
    if (!invite && strncmp(text, "BYE ", 4) != 0) return false;
    if (invite && !answer_reinvites) return false;
    peer_reply(host, text,
               &(struct peer_answer){"200 OK", NULL, CONTACT, invite ? PEER_SDP : NULL});
    return true;
}

/* RFC 3261 14.2 would end the call here; our own re-INVITE finds out first (MOBILITY S6). */
static void a_reinvite_without_an_ack_is_followed_by_ours(void)
{
    for (int i = 0; i < 2; i++) {
        talk();
        answer_reinvites = i == 0;
        peer_of(peer)->answer = answer;
        peer_request(peer, "INVITE", CONTACT, PEER_SDP);
        world_run(&world, TERN_SECONDS(31));
        CHECK_EQ(peer_count(peer, "INVITE"), 1);
        CHECK_EQ(peer_count(peer, "SIP/2.0 200"), 10); /* 0, 0.5, 1.5, 3.5, then every 4 s */
        world_run(&world, TERN_SECONDS(2));
        CHECK(peer_count(peer, "INVITE") > 1);
        CHECK_EQ(peer_count(peer, "SIP/2.0 200"), 11);
        if (answer_reinvites) {
            CHECK_EQ(peer_count(peer, "ACK"), 2);
            world_run(&world, TERN_SECONDS(60));
            CHECK_EQ(alice->ended, 0);
            CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
        } else {
            world_run(&world, TERN_SECONDS(60));
            CHECK_EQ(tern_call_next(alice->ep, (tern_call){0}).id, alice->call.id);
            peer_request(peer, "BYE", NULL, NULL);
        }
        host_rests(alice);
        CHECK_EQ(alice->ended, 1);
        world_end(&world);
    }
}

/* RFC 3261 13.2.1: the answer to our offer was to come in the ACK. */
static void an_ack_without_the_answer_that_it_owes_ends_the_call(void)
{
    meet();
    peer_invite(peer, "10.0.0.1", CONTACT, NULL);
    world_run(&world, TERN_MS(50));
    peer_of(peer)->answer = answer;
    peer_ack(peer, NULL);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(peer_count(peer, "BYE"), 1);
    host_rests(alice);
    world_end(&world);
}

/* Without a network no ACK can come, which proves nothing (MOBILITY S4). */
static void an_ack_is_not_missed_while_there_is_no_network(void)
{
    meet();
    peer_invite(peer, "10.0.0.1", CONTACT, PEER_SDP);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(peer_count(peer, "SIP/2.0 200"), 1);
    host_network(alice, NULL, NULL);
    world_run(&world, TERN_SECONDS(40));
    CHECK_EQ(alice->ended, 0);
    host_network(alice, "10.0.0.1", NULL);
    world_run(&world, TERN_SECONDS(5));
    CHECK(peer_count(peer, "SIP/2.0 200") > 1);
    peer_ack(peer, NULL);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(alice->ended, 0);
    world_end(&world);
}

/* RFC 5407 3.1.4: it has our 2xx; not so where the answer would have come in the ACK (3.1.5). */
static void a_reinvite_takes_the_place_of_a_lost_ack(void)
{
    static const struct {
        const char *body, *answer;
        unsigned answered;
    } cases[] = {{PEER_SDP, "SIP/2.0 200", 1}, {NULL, "SIP/2.0 500", 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        meet();
        alice->auto_answer = true;
        peer_invite(peer, "10.0.0.1", CONTACT, cases[i].body);
        world_run(&world, TERN_MS(100));
        peer_form(peer, peer_last(peer, "SIP/2.0 200"));
        CHECK_EQ(alice->answered, 0);
        peer_request(peer, "INVITE", CONTACT, PEER_SDP);
        world_run(&world, TERN_MS(100));
        CHECK(peer_last(peer, cases[i].answer) != NULL);
        CHECK_EQ(alice->answered, cases[i].answered);
        if (cases[i].answered) peer_ack(peer, NULL);
        world_run(&world, TERN_SECONDS(4));
        size_t repeats = peer_count(peer, "SIP/2.0 200");
        world_run(&world, TERN_SECONDS(10));
        CHECK_EQ(peer_count(peer, "SIP/2.0 200") > repeats, !cases[i].answered);
        world_end(&world);
    }
}

/* RFC 3261 13.3.1.1: proxies stop waiting after three minutes without a provisional answer. */
static void it_says_every_minute_that_it_rings(void)
{
    meet();
    alice->auto_answer = false; /* it rings, and no more */
    peer_invite(peer, "10.0.0.1", CONTACT, PEER_SDP);
    world_run(&world, TERN_SECONDS(59));
    CHECK_EQ(peer_count(peer, "SIP/2.0 180"), 1);
    world_run(&world, TERN_SECONDS(120));
    CHECK_EQ(peer_count(peer, "SIP/2.0 180"), 3);
    CHECK_EQ(tern_call_answer(alice->ep, world.now, alice->call, 200), 0);
    world_run(&world, TERN_MS(50));
    peer_form(peer, peer_last(peer, "SIP/2.0 200"));
    peer_ack(peer, NULL);
    world_run(&world, TERN_SECONDS(120));
    CHECK_EQ(peer_count(peer, "SIP/2.0 180"), 3);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_ack_carries_the_credentials_of_its_invite),
        TEST(a_2xx_without_a_contact_is_acknowledged_and_ended),
        TEST(a_reinvite_without_an_ack_is_followed_by_ours),
        TEST(a_reinvite_takes_the_place_of_a_lost_ack),
        TEST(it_says_every_minute_that_it_rings),
        TEST(an_ack_without_the_answer_that_it_owes_ends_the_call),
        TEST(an_ack_is_not_missed_while_there_is_no_network),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
