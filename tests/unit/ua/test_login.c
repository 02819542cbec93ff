/* SPDX-License-Identifier: MIT */
/* What becomes of a login that a server weakens: RFC 8760 5. The registrar is a peer that says what we write. */
#include "peer.h"

static struct world world;
static struct host *alice, *server;

#define STRONG                                                                                     \
    "WWW-Authenticate: Digest realm=\"home\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"\r\n"
#define WEAK                                                                                       \
    "WWW-Authenticate: Digest realm=\"home\", nonce=\"n2\", algorithm=MD5, qop=\"auth\"\r\n"
#define BARE       "WWW-Authenticate: Digest realm=\"home\", nonce=\"n3\", algorithm=SHA-256\r\n"
#define DOWNGRADED "the server asks for a weaker login than before, and gets none"

static void use_server(struct tern_account_opts *opts)
{
    opts->expires_s = 60;
}

static void answer(const char *status, const char *headers)
{
    const struct peer_answer reply = {.status = status, .tag = "s", .headers = headers};
    peer_reply(server, peer_last(server, "REGISTER"), &reply);
    world_run(&world, TERN_MS(200));
}

static void register_with(const char *challenge)
{
    world_start(&world, TERN_MS(10));
    alice = world_host(&world, "alice", "10.0.1.1", NULL);
    server = peer_new(&world, "10.0.0.7");
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    host_account(alice, "sip:alice@example.com", "sip:10.0.0.7", use_server);
    world_run(&world, TERN_MS(200));
    answer("401 Who", challenge);
    CHECK(strstr(peer_header(peer_last(server, "REGISTER"), "Authorization"), "nonce=") != NULL);
    answer("200 OK", "Contact: <sip:alice@10.0.1.1:5060>;expires=60\r\n");
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
}

static void a_weaker_challenge_is_not_answered_and_said_so(void)
{
    static const char *const weaker[] = {WEAK, BARE, WEAK BARE};
    for (size_t i = 0; i < 3; i++) {
        register_with(STRONG);
        world_run(&world, TERN_SECONDS(56));
        size_t before = peer_count(server, "REGISTER");
        answer("401 Who", weaker[i]);
        world_run(&world, TERN_SECONDS(60));
        CHECK_EQ(peer_count(server, "REGISTER"), before);
        CHECK_EQ(alice->registration, TERN_REGISTRATION_FAILED);
        CHECK(strcmp(alice->registration_reason, DOWNGRADED) == 0);
        world_end(&world);
    }
}

static void another_password_changes_nothing_of_what_the_realm_is_known_for(void)
{
    struct tern_account_opts opts;
    register_with(STRONG);
    tern_account_opts_init(&opts);
    opts.uri = TERN_STR("sip:alice@example.com");
    opts.registrar = TERN_STR("sip:10.0.0.7");
    opts.password = TERN_STR("another");
    CHECK_EQ(tern_account_modify(alice->ep, world.now, alice->account, &opts), 0);
    world_run(&world, TERN_MS(200));
    answer("401 Who", WEAK);
    CHECK_EQ(alice->registration, TERN_REGISTRATION_FAILED);
    CHECK(strcmp(alice->registration_reason, DOWNGRADED) == 0);
    world_end(&world);
}

static void a_call_that_would_need_a_weaker_login_ends(void)
{
    register_with(STRONG);
    host_call(alice, "sip:bob@10.0.0.7");
    world_run(&world, TERN_MS(200));
    const struct peer_answer reply = {.status = "401 Who", .tag = "b", .headers = WEAK};
    peer_reply(server, peer_last(server, "INVITE"), &reply);
    world_run(&world, TERN_MS(200));
    CHECK_EQ(peer_count(server, "INVITE"), 1);
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(alice->last_ended.status, 401);
    CHECK(strcmp(alice->ended_reason, DOWNGRADED) == 0);
    world_end(&world);
}

/* The far end of a call cannot make the registrar look weak by asking for more. */
static void who_is_called_cannot_end_the_registration(void)
{
    register_with(WEAK);
    host_call(alice, "sip:bob@10.0.0.7");
    world_run(&world, TERN_MS(200));
    const struct peer_answer reply = {.status = "401 Who", .tag = "b", .headers = STRONG};
    peer_reply(server, peer_last(server, "INVITE"), &reply);
    world_run(&world, TERN_SECONDS(56));
    answer("401 Who", WEAK);
    answer("200 OK", "Contact: <sip:alice@10.0.1.1:5060>;expires=60\r\n");
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_weaker_challenge_is_not_answered_and_said_so),
        TEST(another_password_changes_nothing_of_what_the_realm_is_known_for),
        TEST(a_call_that_would_need_a_weaker_login_ends),
        TEST(who_is_called_cannot_end_the_registration),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
