/* SPDX-License-Identifier: MIT */
/*
 * UPDATE with an offer before the answer, at either end, with a peer: RFC 3311 5.1 and 5.2, MOBILITY S3, S13.
 */
#include "peer.h"

#define ALICE   "10.0.0.1"
#define CONTACT "Contact: <sip:peer@10.0.0.7:5060>\r\n"
#define ALLOW   "Allow: INVITE, ACK, BYE, CANCEL, UPDATE, PRACK\r\n"
#define CAN     "Supported: 100rel\r\n"

#define SDP_AT(port, version)                                                                      \
    "v=0\r\no=- 1 " version " IN IP4 10.0.0.7\r\ns=-\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\n"            \
    "m=audio " port " RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"

static struct world world;
static struct host *alice, *peer;
static bool inside; /* alice calls */

static void meet(void)
{
    peer = peer_meet(&world, &alice, NULL);
    alice->auto_answer = false;
    alice->rings_with = 0;
}

static void part(void)
{
    peer_part(peer, alice);
}

static void soon(void)
{
    world_run(&world, TERN_MS(50));
}

static void say(const char *request, const char *status, const char *tag, const char *body)
{
    peer_reply(peer, request, &(struct peer_answer){status, tag, CONTACT ALLOW, body});
    soon();
}

static void say_early(const char *invite, const char *tag, const char *body)
{
    peer_reply(peer, invite,
               &(struct peer_answer){"183 Early", tag,
                                     CONTACT ALLOW "Require: 100rel\r\nRSeq: 17\r\n", body});
    soon();
}

/* Alice rings at the peer; `acknowledged`: its 183 with SDP has had the PRACK that it is due. */
static void call_out(bool acknowledged)
{
    meet();
    inside = true;
    host_call(alice, "sip:peer@10.0.0.7");
    soon();
    const char *invite = peer_last(peer, "INVITE");
    say_early(invite, "bob", PEER_SDP);
    if (acknowledged) say(peer_last(peer, "PRACK"), "200 OK", NULL, NULL);
    peer_join(peer, invite, "bob");
    peer_of(peer)->cseq = 100;
}

static void acknowledge(void)
{
    const char *rsp = peer_last(peer, "SIP/2.0 183");
    char lines[128];
    snprintf(lines, sizeof(lines), "RAck: %s 1 INVITE\r\n", peer_header(rsp, "RSeq"));
    peer_request(peer, "PRACK", lines, NULL);
    soon();
}

static void call_in(bool acknowledged)
{
    meet();
    inside = false;
    peer_invite(peer, ALICE, CAN ALLOW, PEER_SDP);
    soon();
    CHECK_EQ(tern_call_answer(alice->ep, world.now, alice->call, 183), 0);
    soon();
    peer_form(peer, peer_last(peer, "SIP/2.0 183"));
    if (acknowledged) acknowledge();
}

static void call(bool out, bool acknowledged)
{
    if (out) {
        call_out(acknowledged);
    } else {
        call_in(acknowledged);
    }
}

#define EITHER_WAY for (int out = 0; out < 2; out++)

static void move_to(const char *address)
{
    host_network(alice, address, NULL);
    soon();
}

/* The INVITE that came by the new path is answered, as a server would. */
static void hear_probe(void)
{
    if (inside) say(peer_last(peer, "INVITE"), "180 Ringing", "bob", NULL);
}

static bool names(const char *request, const char *address)
{
    char line[64];
    snprintf(line, sizeof(line), "c=IN IP4 %s\r\n", address);
    return strstr(peer_body(request), line) != NULL;
}

static unsigned cseq_of(const char *text)
{
    return (unsigned)strtoul(peer_header(text, "CSeq"), NULL, 10);
}

static uint16_t remote_port(void)
{
    struct tern_call_info info;
    CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
    return info.remote_media.port;
}

/* Whoever was called answers; whoever called acknowledges. */
static void pick_up(void)
{
    if (inside) {
        say(peer_last(peer, "INVITE"), "200 OK", "bob", NULL);
    } else {
        CHECK_EQ(tern_call_answer(alice->ep, world.now, alice->call, 200), 0);
        soon();
        peer_ack(peer, NULL);
        soon();
    }
    CHECK_EQ(alice->answered, 1);
}

static void it_names_the_new_address_and_nothing_is_left_to_say_with_the_answer(void)
{
    EITHER_WAY
    {
        call(out, true);
        move_to("10.0.0.2");
        const char *update = peer_last(peer, "UPDATE");
        CHECK(update != NULL);
        CHECK(names(update, "10.0.0.2"));
        CHECK(strstr(peer_header(update, "Contact"), "10.0.0.2") != NULL);
        say(update, "200 OK", NULL, SDP_AT("4200", "2"));
        CHECK_EQ(remote_port(), 4200);
        hear_probe();
        pick_up();
        world_run(&world, TERN_SECONDS(2));
        CHECK_EQ(peer_count(peer, "UPDATE"), 1);
        if (!out) CHECK_EQ(peer_count(peer, "INVITE"), 0);
        if (out) CHECK(peer_count(peer, "INVITE") <= 3); /* it, and its probes */
        CHECK_EQ(remote_port(), 4200);
        part();
    }
}

/* RFC 3311 5.1: what is not acknowledged may be lost. As soon as it is, the offer goes. */
static void before_the_prack_is_through_it_has_the_contact_alone(void)
{
    EITHER_WAY
    {
        call(out, false);
        move_to("10.0.0.2");
        const char *update = peer_last(peer, "UPDATE");
        CHECK(update != NULL);
        CHECK_EQ(strlen(peer_body(update)), 0);
        if (out) {
            say(peer_last(peer, "PRACK"), "200 OK", NULL, NULL);
        } else {
            acknowledge();
        }
        CHECK_EQ(peer_count(peer, "UPDATE"), 1); /* one at a time */
        say(update, "200 OK", NULL, NULL);
        CHECK_EQ(peer_count(peer, "UPDATE"), 2);
        CHECK(names(peer_last(peer, "UPDATE"), "10.0.0.2"));
        say(peer_last(peer, "UPDATE"), "200 OK", NULL, SDP_AT("4200", "2"));
        CHECK_EQ(remote_port(), 4200);
        part();
    }
}

static void after_an_answer_that_may_be_lost_there_is_no_offer(void)
{
    meet();
    inside = true;
    host_call(alice, "sip:peer@10.0.0.7");
    soon();
    say(peer_last(peer, "INVITE"), "183 Early", "bob", PEER_SDP);
    move_to("10.0.0.2");
    CHECK_EQ(strlen(peer_body(peer_last(peer, "UPDATE"))), 0);
    part();
}

/* What each answer to the offer leads to. `again_ms`: when the next one with an offer comes; 0: never. */
static void a_refusal_leaves_audio_as_it_was(void)
{
    static const struct {
        const char *status, *headers;
        bool contact; /* alone, at once */
        unsigned again_ms;
    } cases[] = {
        {"488 Not Acceptable Here", "", true, 0},    {"504 Server Time-out", "", true, 0},
        {"491 Request Pending", "", true, 4100},     {"500 Busy", "Retry-After: 3\r\n", true, 3100},
        {"405 Method Not Allowed", "", false, 0},    {"501 Not Implemented", "", false, 0},
        {"503 Service Unavailable", "", false, 600},
    };
    EITHER_WAY
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        call(out, true);
        move_to("10.0.0.2");
        const char *update = peer_last(peer, "UPDATE");
        peer_reply(peer, update,
                   &(struct peer_answer){cases[i].status, NULL, cases[i].headers, NULL});
        soon();
        hear_probe();
        CHECK_EQ(remote_port(), 4000);
        CHECK_EQ(peer_count(peer, "UPDATE"), cases[i].contact ? 2 : 1);
        if (cases[i].contact) {
            CHECK_EQ(strlen(peer_body(peer_last(peer, "UPDATE"))), 0);
            say(peer_last(peer, "UPDATE"), "200 OK", NULL, NULL);
        }
        unsigned before = cseq_of(peer_last(peer, "UPDATE"));
        world_run(&world, TERN_MS(cases[i].again_ms + 100));
        unsigned after = cseq_of(peer_last(peer, "UPDATE")); /* which may have been repeated */
        CHECK_EQ(after, before + (cases[i].again_ms ? 1 : 0));
        if (cases[i].again_ms) CHECK(names(peer_last(peer, "UPDATE"), "10.0.0.2"));
        CHECK_EQ(alice->ended, 0);
        if (cases[i].again_ms) say(peer_last(peer, "UPDATE"), "200 OK", NULL, SDP_AT("4200", "2"));
        pick_up();
        part();
    }
}

/* It is said with the answer then, as it is without 100rel. */
static void what_was_refused_is_said_when_the_call_is_up(void)
{
    EITHER_WAY
    {
        call(out, true);
        move_to("10.0.0.2");
        say(peer_last(peer, "UPDATE"), "488 Not Acceptable Here", NULL, NULL);
        hear_probe();
        say(peer_last(peer, "UPDATE"), "200 OK", NULL, NULL);
        pick_up();
        soon();
        CHECK(names(peer_last(peer, "UPDATE"), "10.0.0.2"));
        say(peer_last(peer, "UPDATE"), "200 OK", NULL, SDP_AT("4200", "2"));
        CHECK_EQ(remote_port(), 4200);
        part();
    }
}

/* RFC 3311 5.2: ours is out, so theirs has 491. The second time ours gives way, and follows. */
static void of_two_that_cross_one_gives_way(void)
{
    EITHER_WAY
    {
        call(out, true);
        move_to("10.0.0.2");
        peer_request(peer, "UPDATE", CONTACT, SDP_AT("4400", "2"));
        soon();
        CHECK_EQ(peer_count(peer, "SIP/2.0 491"), 1);
        peer_request(peer, "UPDATE", CONTACT, SDP_AT("4400", "2"));
        soon();
        CHECK_EQ(peer_count(peer, "SIP/2.0 491"), 2);
        peer_request(peer, "UPDATE", CONTACT, SDP_AT("4400", "2"));
        soon();
        CHECK_EQ(peer_count(peer, "SIP/2.0 491"), 2);
        CHECK_EQ(remote_port(), 4400);
        /* The answer to theirs has named the new address: nothing of ours is left to be said. */
        CHECK(names(peer_last(peer, "SIP/2.0 200"), "10.0.0.2"));
        part();
    }
}

/* RFC 3261 8.1.3.1: nobody knows what has become of the first, and the newest counts. */
static void the_network_changes_again_meanwhile(void)
{
    EITHER_WAY
    {
        call(out, true);
        move_to("10.0.0.2");
        move_to("10.0.0.3");
        CHECK(names(peer_last(peer, "UPDATE"), "10.0.0.3"));
        move_to("10.0.0.1");
        CHECK(names(peer_last(peer, "UPDATE"), "10.0.0.1"));
        say(peer_last(peer, "UPDATE"), "200 OK", NULL, SDP_AT("4200", "2"));
        size_t updates = peer_count(peer, "UPDATE");
        hear_probe();
        pick_up();
        world_run(&world, TERN_SECONDS(2));
        CHECK_EQ(peer_count(peer, "UPDATE"), updates);
        CHECK_EQ(remote_port(), 4200);
        part();
    }
}

/* The answer comes first: the UPDATE does not count any more, and a refresh says it. */
static void an_answer_that_overtakes_it_is_followed_by_a_refresh(void)
{
    EITHER_WAY
    {
        call(out, true);
        move_to("10.0.0.2");
        const char *update = peer_last(peer, "UPDATE");
        pick_up();
        soon();
        CHECK_EQ(peer_count(peer, "UPDATE"), 2);
        CHECK(names(peer_last(peer, "UPDATE"), "10.0.0.2"));
        say(update, "200 OK", NULL, SDP_AT("4300", "2")); /* late */
        CHECK_EQ(remote_port(), 4000);
        say(peer_last(peer, "UPDATE"), "200 OK", NULL, SDP_AT("4200", "3"));
        CHECK_EQ(remote_port(), 4200);
        part();
    }
}

/* A PRACK or 180 that comes meanwhile is no answer to the offer. */
static void what_else_comes_meanwhile_is_no_answer_to_it(void)
{
    call_out(true);
    move_to("10.0.0.2");
    say(peer_last(peer, "INVITE"), "183 Still", "bob", PEER_SDP);
    CHECK_EQ(remote_port(), 4000);
    say(peer_last(peer, "UPDATE"), "200 OK", NULL, SDP_AT("4200", "2"));
    CHECK_EQ(remote_port(), 4200);
    part();
}

/* Another fork has had the INVITE's offer alone, whose address it is told after its answer. */
static void each_fork_is_a_session_of_its_own(void)
{
    call_out(true);
    const char *invite = peer_last(peer, "INVITE");
    say_early(invite, "carol", SDP_AT("4600", "1"));
    say(peer_last(peer, "PRACK"), "200 OK", NULL, NULL);
    move_to("10.0.0.2");
    CHECK_EQ(peer_count(peer, "UPDATE"), 2); /* one to each, and one of them with an offer */
    struct peer *p = peer_of(peer);
    unsigned offers = 0;
    for (size_t i = 0; i < p->count; i++) {
        const char *text = p->inbox[i];
        if (strncmp(text, "UPDATE", 6) != 0) continue;
        bool offered = strlen(peer_body(text)) > 0;
        CHECK_EQ(offered, strstr(peer_header(text, "To"), "tag=bob") != NULL);
        offers += offered;
        peer_reply(peer, text,
                   &(struct peer_answer){"200 OK", NULL, CONTACT ALLOW,
                                         offered ? SDP_AT("4200", "2") : NULL});
    }
    CHECK_EQ(offers, 1);
    soon();
    CHECK_EQ(remote_port(), 4200);
    say(invite, "200 OK", "carol", NULL);
    CHECK_EQ(alice->answered, 1);
    soon();
    CHECK_EQ(remote_port(), 4600);
    const char *update = peer_last(peer, "UPDATE");
    CHECK(strstr(peer_header(update, "To"), "tag=carol") != NULL);
    CHECK(names(update, "10.0.0.2"));
    part();
}

/* So is one that has changed its session itself. */
static void an_offer_of_one_fork_leaves_the_others_alone(void)
{
    call_out(true);
    peer_request(peer, "UPDATE", CONTACT, SDP_AT("4400", "2"));
    soon();
    CHECK_EQ(remote_port(), 4400);
    say(peer_last(peer, "INVITE"), "200 OK", "carol", SDP_AT("4600", "1"));
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(remote_port(), 4600);
    part();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(it_names_the_new_address_and_nothing_is_left_to_say_with_the_answer),
        TEST(before_the_prack_is_through_it_has_the_contact_alone),
        TEST(after_an_answer_that_may_be_lost_there_is_no_offer),
        TEST(a_refusal_leaves_audio_as_it_was),
        TEST(what_was_refused_is_said_when_the_call_is_up),
        TEST(of_two_that_cross_one_gives_way),
        TEST(the_network_changes_again_meanwhile),
        TEST(an_answer_that_overtakes_it_is_followed_by_a_refresh),
        TEST(what_else_comes_meanwhile_is_no_answer_to_it),
        TEST(each_fork_is_a_session_of_its_own),
        TEST(an_offer_of_one_fork_leaves_the_others_alone),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
