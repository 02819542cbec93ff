/* SPDX-License-Identifier: MIT */
/* Public addresses: what a registrar's Via makes of our Contact (RFC 3581 4, MOBILITY S20). */
#include "peer.h"

static struct world world;
static struct host *alice, *peer;
static bool rewrites;

/* The answer of a registrar that has seen the request come from elsewhere. */
static void answer_seen(const char *status, const char *seen, unsigned port, const char *more)
{
    char text[4096];
    const char *request = peer_last(peer, "REGISTER");
    CHECK(request != NULL);
    snprintf(text, sizeof(text),
             "SIP/2.0 %s\r\nVia: %s=%u;received=%s\r\nFrom: %s\r\nTo: %s;tag=r\r\nCall-ID: %s\r\n"
             "CSeq: %s\r\nContact: %s\r\n%sContent-Length: 0\r\n\r\n",
             status, peer_header(request, "Via"), port, seen, peer_header(request, "From"),
             peer_header(request, "To"), peer_header(request, "Call-ID"),
             peer_header(request, "CSeq"), peer_header(request, "Contact"), more);
    peer_say(peer, text);
    world_run(&world, TERN_MS(50));
}

static void meet(void)
{
    struct tern_account_opts opts;
    world_start(&world, TERN_MS(10));
    alice = world_host(&world, "alice", "10.0.0.1", NULL);
    peer = peer_new(&world, "10.0.0.7");
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    world_run(&world, TERN_MS(1));
    tern_account_opts_init(&opts);
    opts.uri = TERN_STR("sip:alice@example.com");
    opts.registrar = TERN_STR("sip:10.0.0.7");
    opts.password = TERN_STR("secret");
    opts.contact_rewrite = rewrites;
    CHECK_EQ(tern_account_add(alice->ep, world.now, &opts, &alice->account), 0);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(peer_count(peer, "REGISTER"), 1);
}

static bool contact_has(const char *what)
{
    return strstr(peer_header(peer_last(peer, "REGISTER"), "Contact"), what) != NULL;
}

static void a_challenge_shows_the_nat_and_costs_no_further_register(void)
{
    rewrites = true;
    meet();
    CHECK(contact_has("<sip:alice@10.0.0.1:5060>"));
    answer_seen("401 Unauthorized", "203.0.113.9", 4321,
                "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n");
    CHECK_EQ(peer_count(peer, "REGISTER"), 2);
    CHECK(contact_has("<sip:alice@203.0.113.9:4321>"));
    answer_seen("200 OK", "203.0.113.9", 4321, "");
    CHECK_EQ(peer_count(peer, "REGISTER"), 2);
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    CHECK_EQ(alice->step_count, 0); /* no change of address: it was never another */
    world_end(&world);
}

static void without_a_challenge_the_second_register_names_it_and_removes_ours(void)
{
    rewrites = true;
    meet();
    answer_seen("200 OK", "203.0.113.9", 4321, "");
    CHECK_EQ(peer_count(peer, "REGISTER"), 2);
    CHECK(contact_has("<sip:alice@203.0.113.9:4321>"));
    CHECK(contact_has("<sip:alice@10.0.0.1:5060>;expires=0"));
    answer_seen("200 OK", "203.0.113.9", 4321, "");
    CHECK_EQ(peer_count(peer, "REGISTER"), 2);
    world_end(&world);
}

static void an_account_may_want_its_own_address(void)
{
    rewrites = false;
    meet();
    answer_seen("200 OK", "203.0.113.9", 4321, "");
    CHECK_EQ(peer_count(peer, "REGISTER"), 1);
    CHECK(contact_has("<sip:alice@10.0.0.1:5060>"));
    world_end(&world);
}

static void another_public_address_is_told_and_registered(void)
{
    rewrites = true;
    meet();
    answer_seen("200 OK", "203.0.113.9", 4321, "");
    answer_seen("200 OK", "203.0.113.9", 4321, "");
    CHECK_EQ(tern_account_register(alice->ep, world.now, alice->account), 0);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(peer_count(peer, "REGISTER"), 3);
    answer_seen("200 OK", "203.0.113.10", 7, "");
    CHECK_EQ(peer_count(peer, "REGISTER"), 4);
    CHECK(contact_has("<sip:alice@203.0.113.10:7>"));
    CHECK(contact_has("<sip:alice@203.0.113.9:4321>;expires=0"));
    CHECK(host_step(alice, TERN_IP_CHANGE_OP_PUBLIC_ADDRESS, TERN_IP_CHANGE_SUCCESS, 0) >= 0);
    answer_seen("200 OK", "203.0.113.10", 7, "");
    CHECK_EQ(alice->completed, 1);
    world_end(&world);
}

/* Each answer shows another port: after two of them within ten seconds nobody runs after it. */
static void a_symmetric_nat_never_makes_a_loop(void)
{
    rewrites = true;
    meet();
    size_t before = 0;
    for (unsigned i = 0; i < 20 && peer_count(peer, "REGISTER") != before; i++) {
        before = peer_count(peer, "REGISTER");
        answer_seen("200 OK", "203.0.113.9", 4000 + i, "");
    }
    CHECK(peer_count(peer, "REGISTER") <= 5);
    static const char own[] = "<sip:alice@10.0.0.1:5060>";
    const char *contact = peer_header(peer_last(peer, "REGISTER"), "Contact");
    CHECK(strncmp(contact, own, sizeof(own) - 1) == 0);
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_challenge_shows_the_nat_and_costs_no_further_register),
        TEST(without_a_challenge_the_second_register_names_it_and_removes_ours),
        TEST(an_account_may_want_its_own_address),
        TEST(another_public_address_is_told_and_registered),
        TEST(a_symmetric_nat_never_makes_a_loop),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
