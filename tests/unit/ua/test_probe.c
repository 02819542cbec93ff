/* SPDX-License-Identifier: MIT */
/* An outgoing call whose address goes before anybody has answered: MOBILITY S1, S2, C8. */
#include "peer.h"

#define CONTACT "Contact: <sip:peer@10.0.0.7>\r\n"

static struct world world;
static struct host *alice, *peer;
static char first[4096]; /* the first INVITE */

static void say(const char *request, const char *status, const char *tag, const char *body)
{
    peer_reply(peer, request, &(struct peer_answer){status, tag, tag ? CONTACT : NULL, body});
    world_run(&world, TERN_MS(50));
}

/* `status`: what it is answered with before alice moves; NULL: nothing. */
static void move_while_calling(const char *status)
{
    peer = peer_meet(&world, &alice, NULL);
    host_call(alice, "sip:peer@10.0.0.7");
    world_run(&world, TERN_MS(50));
    (void)snprintf(first, sizeof(first), "%s", peer_last(peer, "INVITE"));
    if (status) say(first, status, "one", NULL);
    host_network(alice, "10.0.0.2", NULL);
    world_run(&world, TERN_MS(30));
}

static void has_moved(void)
{
    char addr[TERN_ADDR_TEXT_MAX];
    CHECK_EQ(strcmp(tern_addr_print(peer_of(peer)->far, addr), "10.0.0.2:5060"), 0);
}

static bool is_same(const char *a, const char *b, const char *header)
{
    char value[256];
    (void)snprintf(value, sizeof(value), "%s", peer_header(a, header));
    return strcmp(value, peer_header(b, header)) == 0;
}

/* Nobody has asked for the call a second time: it is the one that rings. */
static void is_up(unsigned invites)
{
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(alice->ended, 0);
    CHECK_EQ(peer_count(peer, "INVITE"), invites);
}

static const char *const before[] = {NULL, "100 Trying", "180 Ringing"};

/* 17.1.1.2: a repeat is the same bytes; 18.2.1 sends what follows to where it came from. */
static void the_same_invite_goes_once_more_from_the_new_address(void)
{
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        move_while_calling(before[i]);
        CHECK_EQ(peer_count(peer, "INVITE"), 2);
        CHECK_EQ(strcmp(peer_last(peer, "INVITE"), first), 0);
        has_moved();
        world_end(&world);
    }
}

/*
 * It lives: nothing is cancelled, nothing rings twice, and the answer is followed by where we are. The first
 * INVITE may arrive after the probe, and turn that back: there is a second one.
 */
static void who_answers_it_has_the_call_and_keeps_it(void)
{
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        move_while_calling(before[i]);
        say(first, "180 Ringing", "one", NULL);
        world_run(&world, TERN_SECONDS(5));
        CHECK_EQ(peer_count(peer, "CANCEL"), 0);
        say(first, "200 OK", "one", PEER_SDP);
        CHECK(peer_last(peer, "ACK") != NULL);
        world_run(&world, TERN_MS(100));
        const char *refresh = peer_last(peer, "INVITE");
        CHECK(is_same(refresh, first, "Call-ID"));
        CHECK(strstr(peer_header(refresh, "Contact"), "10.0.0.2") != NULL);
        is_up(4);
        world_end(&world);
    }
}

/* RFC 3261 9.1: there is nothing that could be cancelled; what shows up later is. */
static void what_nobody_has_answered_is_made_anew_after_half_a_second(void)
{
    move_while_calling(NULL);
    world_run(&world, TERN_MS(440));
    const char *again = peer_last(peer, "INVITE");
    CHECK(is_same(again, first, "Call-ID"));
    world_run(&world, TERN_MS(100));
    again = peer_last(peer, "INVITE");
    CHECK(!is_same(again, first, "Call-ID"));
    CHECK(!is_same(again, first, "From"));
    CHECK(strstr(peer_header(again, "Contact"), "10.0.0.2") != NULL);
    CHECK_EQ(peer_count(peer, "CANCEL"), 0);
    say(again, "180 Ringing", "two", NULL);
    size_t invites = peer_count(peer, "INVITE");
    world_run(&world, TERN_SECONDS(10)); /* nor is the one before repeated any more */
    CHECK_EQ(peer_count(peer, "INVITE"), invites);
    say(first, "180 Ringing", "one", NULL);
    CHECK(is_same(peer_last(peer, "CANCEL"), first, "Via"));
    say(first, "487 Request Terminated", "one", NULL);
    say(again, "200 OK", "two", PEER_SDP);
    is_up((unsigned)invites);
    world_end(&world);
}

/* The CANCEL has the INVITE's Via, and leaves from where we are. */
static void what_rings_is_cancelled_before_it_rings_anew(void)
{
    static const struct {
        const char *cancel, *invite; /* how they are answered */
    } cases[] = {{"200 OK", NULL}, {NULL, NULL}, {NULL, "487 Request Terminated"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        move_while_calling("180 Ringing");
        world_run(&world, TERN_MS(480));
        const char *cancel = peer_last(peer, "CANCEL");
        CHECK(cancel != NULL);
        CHECK(is_same(cancel, first, "Via"));
        CHECK_EQ(peer_count(peer, "INVITE"), 2);
        if (cases[i].cancel) say(cancel, cases[i].cancel, NULL, NULL);
        if (cases[i].invite) say(first, cases[i].invite, "one", NULL);
        world_run(&world, TERN_MS(150));
        CHECK(peer_count(peer, "INVITE") >= 3);
        CHECK(!is_same(peer_last(peer, "INVITE"), first, "Call-ID"));
        say(peer_last(peer, "INVITE"), "200 OK", "two", PEER_SDP);
        is_up((unsigned)peer_count(peer, "INVITE"));
        world_end(&world);
    }
}

/*
 * MOBILITY S14: somebody may have answered it, whatever the CANCEL is answered with (RFC 3261 9.2). Each
 * early dialog is asked for, the last that rang first; where nobody knows it, whoever was called rings anew.
 */
static void after_the_cancel_who_has_answered_is_asked_for(void)
{
    static const char *const cancelled[] = {"481 Call/Transaction Does Not Exist", "200 OK"};
    for (int i = 0; i < 6; i++) {
        int takes = i / 2;
        move_while_calling("180 Ringing");
        say(first, "180 Ringing", "two", NULL);
        host_network(alice, "10.0.0.3", NULL);
        world_run(&world, TERN_MS(530));
        say(peer_last(peer, "CANCEL"), cancelled[i % 2], NULL, NULL);
        for (int asked = 0; asked < 2; asked++) {
            const char *invite = peer_last(peer, "INVITE"),
                       *named = peer_header(invite, "Replaces");
            CHECK(strstr(named, asked == 0 ? "to-tag=two" : "to-tag=one") != NULL);
            CHECK(strstr(peer_header(invite, "Require"), "replaces") != NULL);
            if (takes == asked) {
                say(invite, "200 OK", "new", PEER_SDP);
                break;
            }
            say(invite, "481 Call/Transaction Does Not Exist", "x", NULL);
        }
        if (takes == 2) {
            const char *invite = peer_last(peer, "INVITE");
            CHECK(!is_same(invite, first, "Call-ID"));
            CHECK_EQ(strlen(peer_header(invite, "Replaces")), 0);
            say(invite, "200 OK", "new", PEER_SDP);
        }
        CHECK_EQ(alice->answered, 1);
        CHECK_EQ(alice->ended, 0);
        CHECK_EQ(peer_count(peer, "BYE"), 0);
        world_end(&world);
    }
}

/*
 * Who has answered is asked for, and its answer comes after all: it leaves that dialog for the one that
 * the question forms, unless it does not know Replaces.
 */
static void a_2xx_in_the_dialog_that_is_asked_for_waits(void)
{
    for (int knows = 0; knows < 2; knows++) {
        move_while_calling("180 Ringing");
        world_run(&world, TERN_MS(480));
        say(peer_last(peer, "CANCEL"), "200 OK", NULL, NULL);
        const char *question = peer_last(peer, "INVITE");
        size_t acks = peer_count(peer, "ACK");
        say(first, "200 OK", "one", PEER_SDP);
        CHECK_EQ(peer_count(peer, "ACK"), acks);
        CHECK_EQ(alice->answered, 0);
        if (knows) {
            say(question, "200 OK", "new", PEER_SDP);
            CHECK_EQ(peer_count(peer, "ACK"), acks + 2);
            CHECK(is_same(peer_last(peer, "BYE"), first, "Call-ID"));
        } else {
            say(question, "420 Bad Extension", "x", NULL);
            CHECK_EQ(peer_count(peer, "BYE"), 0);
            CHECK(is_same(peer_last(peer, "ACK"), first, "Call-ID"));
        }
        CHECK_EQ(alice->answered, 1);
        CHECK_EQ(alice->ended, 0);
        world_end(&world);
    }
}

/* The far end's own word counts, whatever we have asked for. */
static void a_refusal_that_is_no_answer_to_the_cancel_ends_the_call(void)
{
    move_while_calling("180 Ringing");
    world_run(&world, TERN_MS(480));
    say(first, "603 Decline", "one", NULL);
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(alice->last_ended.status, 603);
    CHECK_EQ(peer_count(peer, "INVITE"), 2);
    host_rests(alice);
    world_end(&world);
}

static const char *ring_anew(void)
{
    move_while_calling("180 Ringing");
    world_run(&world, TERN_MS(480));
    say(peer_last(peer, "CANCEL"), "200 OK", NULL, NULL);
    CHECK(strstr(peer_header(peer_last(peer, "INVITE"), "Replaces"), "to-tag=one") != NULL);
    say(peer_last(peer, "INVITE"), "481 Call/Transaction Does Not Exist", "x", NULL);
    say(peer_last(peer, "INVITE"), "180 Ringing", "two", NULL);
    CHECK(!is_same(peer_last(peer, "INVITE"), first, "Call-ID"));
    return peer_last(peer, "INVITE");
}

/* MOBILITY C8: somebody has picked up, and the CANCEL was too late. What rings now is cancelled. */
static void a_late_2xx_is_adopted_while_the_other_rings(void)
{
    const char *anew = ring_anew();
    say(first, "200 OK", "one", PEER_SDP);
    CHECK(peer_last(peer, "ACK") != NULL);
    CHECK(is_same(peer_last(peer, "ACK"), first, "Call-ID"));
    CHECK(is_same(peer_last(peer, "CANCEL"), anew, "Via"));
    CHECK_EQ(peer_count(peer, "BYE"), 0);
    CHECK_EQ(alice->answered, 1);
    say(anew, "487 Request Terminated", "two", NULL);
    size_t acks = peer_count(peer, "ACK");
    say(first, "200 OK", "one", PEER_SDP); /* once more */
    CHECK_EQ(peer_count(peer, "ACK"), acks + 1);
    CHECK_EQ(alice->answered, 1);
    const char *refresh = peer_last(peer, "INVITE");
    CHECK(is_same(refresh, first, "Call-ID"));
    CHECK(strstr(peer_header(refresh, "Contact"), "10.0.0.2") != NULL);
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_MS(50));
    CHECK(is_same(peer_last(peer, "BYE"), first, "Call-ID"));
    world_end(&world);
}

/* And both have picked up: one call is enough. */
static void a_late_2xx_beside_the_answer_is_acknowledged_and_ended(void)
{
    const char *anew = ring_anew();
    say(anew, "200 OK", "two", PEER_SDP);
    CHECK_EQ(alice->answered, 1);
    say(first, "200 OK", "one", PEER_SDP);
    CHECK(is_same(peer_last(peer, "ACK"), first, "Call-ID"));
    CHECK(is_same(peer_last(peer, "BYE"), first, "Call-ID"));
    say(peer_last(peer, "BYE"), "200 OK", NULL, NULL);
    CHECK_EQ(alice->ended, 0);
    CHECK_EQ(alice->answered, 1);
    world_end(&world);
}

/*
 * RFC 3261 15: a 2xx to the INVITE that was left may get lost, and its CANCEL come too late. Whoever rang by
 * it, and is asked for when the caller hangs up, hears that it is over. Not who was refused, nor who has
 * taken the call over, and ends what it has left.
 */
static void what_was_left_ringing_gets_a_bye_when_the_caller_hangs_up(void)
{
    static const struct {
        bool refused, hung_up;
        unsigned byes;
    } cases[] = {{false, false, 0}, {false, true, 2}, {true, true, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        move_while_calling("180 Ringing");
        say(first, "180 Ringing", "other", NULL);
        host_network(alice, "10.0.0.3", NULL);
        world_run(&world, TERN_MS(530));
        if (cases[i].refused) {
            say(first, "487 Request Terminated", "one", NULL);
        } else {
            say(peer_last(peer, "CANCEL"), "200 OK", NULL, NULL);
        }
        const char *anew = peer_last(peer, "INVITE");
        CHECK(!is_same(anew, first, "Call-ID"));
        say(anew, "180 Ringing", "two", NULL);
        CHECK_EQ(peer_count(peer, "BYE"), 0);
        if (cases[i].hung_up) {
            CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
            world_run(&world, TERN_MS(50));
        } else {
            say(anew, "200 OK", "two", PEER_SDP);
        }
        CHECK_EQ(peer_count(peer, "BYE"), cases[i].byes);
        if (cases[i].byes) CHECK(is_same(peer_last(peer, "BYE"), first, "Call-ID"));
        world_end(&world);
    }
}

/* Minutes later, too, when the far end's phone has not heard of the CANCEL. */
static void a_2xx_after_two_minutes_is_acknowledged_and_ended(void)
{
    const char *anew = ring_anew();
    say(anew, "200 OK", "two", PEER_SDP);
    world_run(&world, TERN_SECONDS(120));
    size_t byes = peer_count(peer, "BYE");
    say(first, "200 OK", "one", PEER_SDP);
    CHECK(is_same(peer_last(peer, "ACK"), first, "Call-ID"));
    CHECK_EQ(peer_count(peer, "BYE"), byes + 1);
    world_end(&world);
}

/* "Busy" may be what our own ring does: once more, and no more. */
static void who_is_busy_with_our_own_ring_is_tried_again_once(void)
{
    const char *anew = ring_anew();
    say(anew, "486 Busy Here", "two", NULL);
    CHECK_EQ(alice->ended, 0);
    size_t invites = peer_count(peer, "INVITE");
    world_run(&world, TERN_MS(1900));
    CHECK_EQ(peer_count(peer, "INVITE"), invites);
    world_run(&world, TERN_MS(200));
    CHECK_EQ(peer_count(peer, "INVITE"), invites + 1);
    say(peer_last(peer, "INVITE"), "486 Busy Here", "three", NULL);
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(alice->last_ended.status, 486);
    host_rests(alice);
    world_end(&world);
}

/* The person gives up in the middle of it. */
static void a_call_that_is_given_up_meanwhile_is_cancelled_by_the_new_path(void)
{
    static const int when_ms[] = {0, 200, 480, 700};
    for (size_t i = 0; i < sizeof(when_ms) / sizeof(when_ms[0]); i++) {
        move_while_calling("180 Ringing");
        world_run(&world, TERN_MS(when_ms[i]));
        CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
        world_run(&world, TERN_MS(50));
        CHECK(is_same(peer_last(peer, "CANCEL"), first, "Via"));
        has_moved();
        CHECK_EQ(alice->ended, 1);
        say(peer_last(peer, "CANCEL"), "200 OK", NULL, NULL);
        say(first, "487 Request Terminated", "one", NULL);
        host_rests(alice);
        world_end(&world);
    }
}

/*
 * RFC 3261 9.2: 200 to a CANCEL does not say that nobody has answered, and the 2xx may have gone to the old
 * address. Where it has not moved, that will come.
 */
static void who_hangs_up_after_a_move_ends_each_early_dialog(void)
{
    for (int moved = 0; moved < 2; moved++) {
        if (moved) {
            move_while_calling("180 Ringing");
        } else {
            world_start(&world, TERN_MS(10));
            alice = world_host(&world, "alice", "10.0.0.1", NULL);
            peer = peer_new(&world, "10.0.0.7");
            CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
            host_account(alice, "sip:alice@10.0.0.1", NULL, NULL);
            host_call(alice, "sip:peer@10.0.0.7");
            world_run(&world, TERN_MS(50));
            (void)snprintf(first, sizeof(first), "%s", peer_last(peer, "INVITE"));
            say(first, "180 Ringing", "one", NULL);
        }
        CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
        world_run(&world, TERN_MS(50));
        say(peer_last(peer, "CANCEL"), "200 OK", NULL, NULL);
        CHECK_EQ(peer_count(peer, "BYE"), moved);
        if (moved) say(peer_last(peer, "BYE"), "200 OK", NULL, NULL);
        say(first, "487 Request Terminated", "one", NULL);
        CHECK_EQ(alice->ended, 1);
        host_rests(alice);
        world_end(&world);
    }
}

/* MOBILITY C5: the newest network counts, as often as it changes. */
static void each_further_change_asks_anew(void)
{
    move_while_calling("180 Ringing");
    for (int i = 3; i < 8; i++) {
        char address[32];
        (void)snprintf(address, sizeof(address), "10.0.0.%d%d", i, i);
        host_network(alice, address, NULL);
        world_run(&world, TERN_MS(300));
        CHECK_EQ(strcmp(peer_last(peer, "INVITE"), first), 0);
    }
    CHECK_EQ(peer_count(peer, "CANCEL"), 0);
    world_run(&world, TERN_MS(300));
    CHECK_EQ(peer_count(peer, "CANCEL"), 1);
    world_end(&world);
}

/* Nothing is asked, and nothing given up, while there is no network to ask by. */
static void without_a_network_it_waits(void)
{
    move_while_calling("180 Ringing");
    host_network(alice, NULL, NULL);
    world_run(&world, TERN_SECONDS(10));
    CHECK_EQ(alice->ended, 0);
    CHECK_EQ(peer_count(peer, "INVITE"), 2);
    host_network(alice, "10.0.0.2", NULL); /* the same as before */
    world_run(&world, TERN_MS(50));
    CHECK_EQ(peer_count(peer, "INVITE"), 3);
    say(first, "200 OK", "one", PEER_SDP);
    CHECK_EQ(alice->answered, 1);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_same_invite_goes_once_more_from_the_new_address),
        TEST(who_answers_it_has_the_call_and_keeps_it),
        TEST(what_nobody_has_answered_is_made_anew_after_half_a_second),
        TEST(what_rings_is_cancelled_before_it_rings_anew),
        TEST(after_the_cancel_who_has_answered_is_asked_for),
        TEST(a_2xx_in_the_dialog_that_is_asked_for_waits),
        TEST(a_refusal_that_is_no_answer_to_the_cancel_ends_the_call),
        TEST(a_late_2xx_is_adopted_while_the_other_rings),
        TEST(a_late_2xx_beside_the_answer_is_acknowledged_and_ended),
        TEST(what_was_left_ringing_gets_a_bye_when_the_caller_hangs_up),
        TEST(a_2xx_after_two_minutes_is_acknowledged_and_ended),
        TEST(who_is_busy_with_our_own_ring_is_tried_again_once),
        TEST(a_call_that_is_given_up_meanwhile_is_cancelled_by_the_new_path),
        TEST(who_hangs_up_after_a_move_ends_each_early_dialog),
        TEST(each_further_change_asks_anew),
        TEST(without_a_network_it_waits),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
