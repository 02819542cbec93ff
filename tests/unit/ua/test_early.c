/* SPDX-License-Identifier: MIT */
/* Early dialogs of a call that rings in several places: RFC 3261 12.1.2 and 15, MOBILITY S10, S14. */
#include "peer.h"

#define CONTACT "Contact: <sip:peer@10.0.0.7>\r\n"
#define OTHER   "Contact: <sip:other@10.0.0.7>\r\n"

static struct world world;
static struct host *alice, *peer;

static void dial(void)
{
    peer = peer_meet(&world, &alice, NULL);
    host_call(alice, "sip:peer@10.0.0.7");
    world_run(&world, TERN_MS(50));
}

static void say(const char *request, const char *status, const char *tag, const char *contact,
                const char *body)
{
    peer_reply(peer, request, &(struct peer_answer){status, tag, contact, body});
    world_run(&world, TERN_MS(50));
}

static void ring_at_two(void)
{
    dial();
    say(peer_last(peer, "INVITE"), "180 Ringing", "one", CONTACT, NULL);
    say(peer_last(peer, "INVITE"), "180 Ringing", "two", OTHER, NULL);
}

static void hang_up(void)
{
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_MS(50));
}

/* RFC 3261 15: the caller may end an early dialog by a BYE, where no CANCEL can. */
static void a_cancel_that_nobody_knows_is_followed_by_a_bye_to_each_early_dialog(void)
{
    ring_at_two();
    hang_up();
    say(peer_last(peer, "CANCEL"), "481 Call/Transaction Does Not Exist", NULL, NULL, NULL);
    const char *one = peer_last_to(peer, "BYE", "one"), *two = peer_last_to(peer, "BYE", "two");
    CHECK(one != NULL);
    CHECK(two != NULL);
    CHECK_EQ(strncmp(one, "BYE sip:peer@10.0.0.7 ", 22), 0);
    CHECK_EQ(strncmp(two, "BYE sip:other@10.0.0.7 ", 23), 0);
    CHECK_EQ(alice->ended, 1);
    say(one, "200 OK", NULL, NULL, NULL);
    say(two, "200 OK", NULL, NULL, NULL);
    host_rests(alice);
    world_end(&world);
}

/* Until the answer to its BYE it may have crossed a 2xx, which is acknowledged. */
static void a_2xx_that_crosses_such_a_bye_is_acknowledged_and_not_ended_twice(void)
{
    ring_at_two();
    const char *invite = peer_last(peer, "INVITE");
    hang_up();
    say(peer_last(peer, "CANCEL"), "481 Call/Transaction Does Not Exist", NULL, NULL, NULL);
    size_t byes = peer_count(peer, "BYE");
    say(invite, "200 OK", "two", OTHER, PEER_SDP);
    CHECK(peer_last_to(peer, "ACK", "two") != NULL);
    CHECK_EQ(peer_count(peer, "BYE"), byes);
    say(peer_last_to(peer, "BYE", "one"), "200 OK", NULL, NULL, NULL);
    say(peer_last_to(peer, "BYE", "two"), "200 OK", NULL, NULL, NULL);
    host_rests(alice);
    world_end(&world);
}

/* Nobody has answered with a To tag: there is no dialog to end, and the CANCEL is all there is. */
static void without_an_early_dialog_there_is_no_bye(void)
{
    dial();
    say(peer_last(peer, "INVITE"), "100 Trying", NULL, NULL, NULL);
    hang_up();
    say(peer_last(peer, "CANCEL"), "481 Call/Transaction Does Not Exist", NULL, NULL, NULL);
    CHECK_EQ(peer_count(peer, "BYE"), 0);
    world_run(&world, TERN_SECONDS(40));
    CHECK_EQ(alice->ended, 1);
    host_rests(alice);
    world_end(&world);
}

/* 12.2.2: each has its own remote CSeq and target; which of them is confirmed, a 2xx decides. */
static void an_update_belongs_to_the_early_dialog_that_it_names(void)
{
    ring_at_two();
    const char *invite = peer_last(peer, "INVITE");
    struct peer *p = peer_of(peer);
    peer_join(peer, invite, "one");
    p->cseq = 100;
    peer_request(peer, "UPDATE", NULL, NULL);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(peer_count(peer, "SIP/2.0 200"), 1);
    say(invite, "180 Ringing", "one", "Contact: <sip:moved@10.0.0.7>\r\n", NULL);
    peer_join(peer, invite, "two");
    p->cseq = 7;
    peer_request(peer, "UPDATE", NULL, NULL); /* its Contact is the peer's own */
    world_run(&world, TERN_MS(50));
    CHECK_EQ(peer_count(peer, "SIP/2.0 200"), 2);
    hang_up();
    say(peer_last(peer, "CANCEL"), "481 Call/Transaction Does Not Exist", NULL, NULL, NULL);
    CHECK_EQ(strncmp(peer_last_to(peer, "BYE", "one"), "BYE sip:moved@10.0.0.7 ", 23), 0);
    CHECK_EQ(strncmp(peer_last_to(peer, "BYE", "two"), "BYE sip:peer@10.0.0.7", 21), 0);
    world_end(&world);
}

/* Whoever sees the INVITE may answer with a thousand tags. */
static void early_dialogs_of_one_call_are_limited(void)
{
    char tag[16];
    dial();
    const char *invite = peer_last(peer, "INVITE");
    for (int i = 0; i < 20; i++) {
        (void)snprintf(tag, sizeof(tag), "f%d", i);
        say(invite, "180 Ringing", tag, OTHER, NULL);
    }
    hang_up();
    say(peer_last(peer, "CANCEL"), "481 Call/Transaction Does Not Exist", NULL, NULL, NULL);
    CHECK_EQ(peer_count(peer, "BYE"), 8);
    host_rests(alice);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_cancel_that_nobody_knows_is_followed_by_a_bye_to_each_early_dialog),
        TEST(a_2xx_that_crosses_such_a_bye_is_acknowledged_and_not_ended_twice),
        TEST(without_an_early_dialog_there_is_no_bye),
        TEST(an_update_belongs_to_the_early_dialog_that_it_names),
        TEST(early_dialogs_of_one_call_are_limited),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
