/* SPDX-License-Identifier: MIT */
/* Calls that nobody has answered yet when the address changes (MOBILITY S1 to S4), or ever. */
#include "peer.h"
#include "phones.h"

/* ---- calls that are not answered yet ---- */

static void meet_and_ring(void)
{
    meet();
    bob->auto_answer = false;
    host_call(alice, "bob");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(bob->incoming, 1);
}

static void answered_and_talking(void)
{
    CHECK_EQ(tern_call_answer(bob->ep, world.now, bob->call, 200), 0);
    world_run(&world, TERN_SECONDS(3));
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(bob->answered, 1);
    bob->ended = 0; /* the first ring, where there were two */
    still_talking();
}

/*
 * A server that answers the repeated INVITE where it came from goes on with the first ring (UDP). Else that
 * is cancelled before the second begins; for the caller it is one call.
 */
static void a_call_that_rings_out_survives_the_change(void)
{
    FOR_EACH_TRANSPORT
    {
        meet_and_ring();
        host_network(alice, at(3), NULL);
        world_run(&world, TERN_SECONDS(2));
        CHECK_EQ(alice->ended, 0);
        bool probed = over == TERN_TRANSPORT_UDP;
        CHECK_EQ(bob->incoming, probed ? 1 : 2);
        CHECK_EQ(bob->ended, probed ? 0 : 1);
        answered_and_talking();
        world_end(&world);
    }
}

/* Nobody heard the answer: who has answered is not rung a second time. */
static void a_call_that_is_answered_while_there_is_no_network_is_taken(void)
{
    FOR_EACH_TRANSPORT
    {
        meet_and_ring();
        host_network(alice, NULL, NULL);
        world_run(&world, TERN_MS(300));
        CHECK_EQ(tern_call_answer(bob->ep, world.now, bob->call, 200), 0);
        world_run(&world, TERN_MS(700));
        host_network(alice, at(3), NULL);
        world_run(&world, TERN_SECONDS(3));
        CHECK_EQ(bob->incoming, 1);
        CHECK_EQ(alice->answered, 1);
        CHECK_EQ(bob->answered, 1);
        still_talking();
        world_end(&world);
    }
}

static void a_call_that_rings_in_survives_the_change(void)
{
    FOR_EACH_TRANSPORT
    {
        meet_and_ring();
        host_network(bob, at(3), NULL);
        world_run(&world, TERN_SECONDS(2));
        CHECK_EQ(bob->ended, 0);
        answered_and_talking();
        world_end(&world);
    }
}

/* Answered while there is no network: the answer goes out when there is one, and names where we are. */
static void an_answer_without_a_network_waits(void)
{
    FOR_EACH_TRANSPORT
    {
        meet_and_ring();
        host_network(bob, NULL, NULL);
        CHECK_EQ(tern_call_answer(bob->ep, world.now, bob->call, 200), 0);
        world_run(&world, TERN_SECONDS(2));
        CHECK_EQ(alice->answered, 0);
        host_network(bob, at(3), NULL);
        world_run(&world, TERN_SECONDS(4));
        CHECK_EQ(alice->answered, 1);
        still_talking();
        world_end(&world);
    }
}

/* Its ACK goes to the address in our 200, which has gone: an UPDATE says where we are (S4). */
static void an_answer_whose_ack_cannot_come_back_is_confirmed(void)
{
    static const tern_time away[] = {0, TERN_MS(500), TERN_SECONDS(5), TERN_SECONDS(20)};
    for (size_t i = 0; i < sizeof(away) / sizeof(away[0]); i++) {
        FOR_EACH_TRANSPORT
        {
            meet();
            host_call(alice, "bob");
            world_run(&world, TERN_MS(130)); /* answered; the ACK has not arrived */
            CHECK_EQ(bob->incoming, 1);
            CHECK_EQ(bob->answered, 0);
            if (away[i] > 0) host_network(bob, NULL, NULL);
            world_run(&world, away[i]);
            host_network(bob, at(4), NULL);
            world_run(&world, TERN_SECONDS(3));
            CHECK_EQ(bob->answered, 1);
            world_run(&world, TERN_SECONDS(60));
            still_talking();
            world_end(&world);
        }
    }
}

/* Another network before the UPDATE is answered: the newest counts. */
static void and_so_it_is_when_the_network_changes_again(void)
{
    for (int ms = 10; ms <= 150; ms += 20) {
        over = TERN_TRANSPORT_UDP;
        meet();
        host_call(alice, "bob");
        world_run(&world, TERN_MS(130));
        host_network(bob, at(4), NULL);
        world_run(&world, TERN_MS(ms));
        host_network(bob, at(5), NULL);
        world_run(&world, TERN_SECONDS(40));
        CHECK_EQ(bob->answered, 1);
        still_talking();
        world_end(&world);
    }
}

/* Alice rings; `tag`: hers. */
static struct host *ring_here(char tag[64])
{
    world_start(&world, TERN_MS(25));
    alice = world_host(&world, "alice", "10.0.1.1", NULL);
    struct host *peer = peer_new(&world, "10.0.0.7");
    alice->auto_answer = false;
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    host_account(alice, "sip:alice@10.0.1.1", NULL, NULL);
    peer_invite(peer, "10.0.1.1", NULL, PEER_SDP);
    world_run(&world, TERN_MS(100));
    CHECK_EQ(tern_call_answer(alice->ep, world.now, alice->call, 180), 0);
    world_run(&world, TERN_MS(100));
    const char *to = peer_header(peer_last(peer, "SIP/2.0 180"), "To");
    (void)snprintf(tag, 64, "%s", strstr(to, "tag="));
    return peer;
}

static void invite_by_another_branch(struct host *peer, const char *address)
{
    char invite[4096], text[64];
    (void)snprintf(invite, sizeof(invite),
                   "INVITE sip:alice@%s SIP/2.0\r\n"
                   "Via: SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bK-another-way;rport\r\n"
                   "From: %s\r\nTo: <sip:alice@10.0.1.1>\r\nCall-ID: %s\r\nCSeq: %s\r\n"
                   "Contact: <sip:peer@10.0.0.7>\r\nMax-Forwards: 70\r\n"
                   "Content-Length: 0\r\n\r\n",
                   address, peer_of(peer)->local, peer_of(peer)->call_id,
                   peer_header(peer_last(peer, "SIP/2.0 180"), "CSeq"));
    tern_addr to;
    (void)snprintf(text, sizeof(text), "%s:5060", address);
    CHECK_EQ(tern_addr_parse((tern_str){text, strlen(text)}, &to), 0);
    world_datagram(peer, 5060, to, invite, strlen(invite));
    world_run(&world, TERN_MS(100));
}

/*
 * RFC 3261 8.2.2.2: what comes by two ways is 482. MOBILITY S3: where the first of them leads to an address
 * that is gone, the other takes its place: the same call rings on, and is answered by it.
 */
static void the_same_invite_by_another_branch_takes_the_place_of_one_that_is_cut_off(void)
{
    for (int moved = 0; moved < 2; moved++) {
        char tag[64];
        struct host *peer = ring_here(tag);
        if (moved) host_network(alice, "10.0.2.1", NULL);
        invite_by_another_branch(peer, moved ? "10.0.2.1" : "10.0.1.1");
        CHECK_EQ(alice->incoming, 1);
        CHECK_EQ(alice->ended, 0);
        if (!moved) CHECK(strstr(peer_last(peer, "SIP/2.0 482"), "another-way") != NULL);
        CHECK_EQ(tern_call_answer(alice->ep, world.now, alice->call, 200), 0);
        world_run(&world, TERN_MS(100));
        const char *ok = peer_last(peer, "SIP/2.0 200");
        CHECK_EQ(strstr(ok, "another-way") != NULL, moved);
        CHECK(strstr(peer_header(ok, "To"), tag) != NULL);
        CHECK(strstr(peer_header(ok, "Contact"), moved ? "10.0.2.1" : "10.0.1.1") != NULL);
        world_end(&world);
    }
}

/*
 * Its 2xx is out, and not acknowledged: who follows us to another address has lost the first branch, although
 * that address stands. It is the same 2xx, in the same dialog.
 */
static void an_answered_invite_that_comes_to_another_address_gets_the_same_2xx(void)
{
    for (int other = 0; other < 2; other++) {
        char tag[64];
        struct host *peer = ring_here(tag);
        CHECK_EQ(tern_call_answer(alice->ep, world.now, alice->call, 200), 0);
        host_network(alice, "10.0.2.1", "10.0.1.1");
        world_run(&world, TERN_MS(30));
        invite_by_another_branch(peer, other ? "10.0.2.1" : "10.0.1.1");
        CHECK_EQ(peer_count(peer, "SIP/2.0 482"), other ? 0 : 1);
        const char *ok = peer_last(peer, "SIP/2.0 200");
        CHECK_EQ(strstr(ok, "another-way") != NULL, other);
        CHECK(strstr(peer_header(ok, "To"), tag) != NULL);
        CHECK_EQ(alice->incoming, 1);
        world_end(&world);
    }
}

/* ---- without an end ---- */

static tern_time rings_for(const char *headers, uint32_t answer_timeout_s)
{
    struct tern_account_opts opts;
    world_start(&world, TERN_MS(25));
    alice = world_host(&world, "alice", "10.0.1.1", NULL);
    struct host *peer = peer_new(&world, "10.0.0.7");
    alice->auto_answer = false;
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    tern_account_opts_init(&opts);
    opts.uri = TERN_STR("sip:alice@10.0.1.1");
    opts.answer_timeout_s = answer_timeout_s;
    CHECK_EQ(tern_account_add(alice->ep, world.now, &opts, &alice->account), 0);
    peer_invite(peer, "10.0.1.1", headers, PEER_SDP);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->incoming, 1);
    tern_time began = world.now;
    while (alice->ended == 0 && world.now - began < TERN_SECONDS(1000))
        world_run(&world, TERN_SECONDS(1));
    tern_time took = world.now - began;
    CHECK_EQ(alice->ended, 1);
    world_end(&world);
    return took;
}

/* RFC 3261 13.3.1: a CANCEL may be lost, and the caller need not say for how long. */
static void nothing_rings_for_ever(void)
{
    static const struct {
        const char *headers;
        uint32_t timeout_s, least_s, most_s;
    } cases[] = {
        {NULL, 0, 180, 300},
        {NULL, 60, 58, 61},
        {"Expires: 30\r\n", 0, 28, 31},
        {"Expires: 30\r\n", 60, 28, 31},
        {"Expires: 90\r\n", 60, 58, 61},
        {"Expires: 4294967295\r\n", 0, 180, 300},
        {"Expires: 0\r\n", 60, 0, 2},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tern_time took = rings_for(cases[i].headers, cases[i].timeout_s);
        if (took < TERN_SECONDS(cases[i].least_s) || took > TERN_SECONDS(cases[i].most_s)) {
            fprintf(stderr, "case %zu\n", i);
        }
        CHECK(took >= TERN_SECONDS(cases[i].least_s));
        CHECK(took <= TERN_SECONDS(cases[i].most_s));
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_call_that_rings_out_survives_the_change),
        TEST(a_call_that_is_answered_while_there_is_no_network_is_taken),
        TEST(a_call_that_rings_in_survives_the_change),
        TEST(an_answer_without_a_network_waits),
        TEST(an_answer_whose_ack_cannot_come_back_is_confirmed),
        TEST(and_so_it_is_when_the_network_changes_again),
        TEST(the_same_invite_by_another_branch_takes_the_place_of_one_that_is_cut_off),
        TEST(an_answered_invite_that_comes_to_another_address_gets_the_same_2xx),
        TEST(nothing_rings_for_ever),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
