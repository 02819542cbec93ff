/* SPDX-License-Identifier: MIT */
/* BYE until somebody has answered it: RFC 3261 15.1.1, MOBILITY S7. */
#include "peer.h"

static struct world world;
static struct host *alice, *peer;
static const char *byes_answer;
static unsigned byes_refused; /* this many, then 200 */

static bool answer_bye(struct host *host, const char *text)
{
    if (strncmp(text, "BYE", 3) != 0) return false;
    bool refuse = byes_refused > 0;
    if (refuse) byes_refused--;
    peer_reply(host, text,
               &(struct peer_answer){refuse ? byes_answer : "200 OK", NULL, NULL, NULL});
    return true;
}

static void talk(void)
{
    peer = peer_meet(&world, &alice, NULL);
    host_call(alice, "sip:peer@10.0.0.7");
    world_run(&world, TERN_MS(50));
    peer_reply(
        peer, peer_last(peer, "INVITE"),
        &(struct peer_answer){"200 OK", "one", "Contact: <sip:peer@10.0.0.7>\r\n", PEER_SDP});
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->answered, 1);
    peer_of(peer)->answer = answer_bye;
}

static void hang_up(tern_time and_then)
{
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, and_then);
    CHECK_EQ(alice->ended, 1);
}

static uint32_t last_cseq(void)
{
    return peer_number(peer_last(peer, "BYE"), "CSeq");
}

/* At 0, 0, 1, 3, 7, 15 and 31 s; what ends the dialog is not asked twice. */
static void a_bye_that_a_server_cannot_take_now_is_sent_anew_for_half_a_minute(void)
{
    static const struct {
        const char *answer;
        unsigned refused, sent;
    } cases[] = {
        {"503 Service Unavailable", 1, 2}, {"503 Service Unavailable", 3, 4},
        {"500 Server Error", 100, 7},      {"504 Time-out", 100, 7},
        {"481 Unknown", 100, 1},           {"408 Time-out", 100, 1},
        {"403 Forbidden", 100, 1},         {"501 Not Implemented", 100, 1},
        {"603 Decline", 100, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        talk();
        byes_answer = cases[i].answer;
        byes_refused = cases[i].refused;
        hang_up(TERN_SECONDS(35));
        CHECK_EQ(peer_count(peer, "BYE"), cases[i].sent);
        CHECK_EQ(last_cseq(), peer_number(peer_last(peer, "INVITE"), "CSeq") + cases[i].sent);
        host_rests(alice);
        CHECK_EQ(peer_count(peer, "BYE"), cases[i].sent);
        world_end(&world);
    }
}

/* A peer that hangs up meanwhile has ended it, too. */
static void a_bye_from_there_ends_the_wait(void)
{
    talk();
    byes_answer = "503 Service Unavailable";
    byes_refused = 100;
    const char *invite = peer_last(peer, "INVITE");
    peer_join(peer, invite, "one");
    hang_up(TERN_SECONDS(2));
    size_t before = peer_count(peer, "BYE");
    peer_request(peer, "BYE", NULL, NULL);
    world_run(&world, TERN_SECONDS(30));
    CHECK_EQ(peer_count(peer, "SIP/2.0 200"), 1);
    CHECK_EQ(peer_count(peer, "BYE"), before);
    host_rests(alice);
    world_end(&world);
}

/* Neither the count nor the pauses run while there is no network. */
static void without_a_network_it_waits_for_one(void)
{
    talk();
    byes_refused = 0;
    host_network(alice, NULL, NULL);
    hang_up(TERN_SECONDS(200));
    CHECK_EQ(peer_count(peer, "BYE"), 0);
    host_network(alice, "10.0.0.2", NULL);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(peer_count(peer, "BYE"), 1);
    host_rests(alice);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_bye_that_a_server_cannot_take_now_is_sent_anew_for_half_a_minute),
        TEST(a_bye_from_there_ends_the_wait),
        TEST(without_a_network_it_waits_for_one),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
