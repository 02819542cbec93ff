/* SPDX-License-Identifier: MIT */
/* Registrars whose answers would make a naive client loop, or send what nobody can read. */
#include "peer.h"

static struct world world;
static struct host *alice, *peer;

static void meet(bool (*answer)(struct host *host, const char *text))
{
    world_start(&world, TERN_MS(5));
    alice = world_host(&world, "alice", "10.0.0.1", NULL);
    peer = peer_new(&world, "10.0.0.7");
    peer_of(peer)->answer = answer;
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    host_account(alice, "sip:alice@example.com", "sip:10.0.0.7", NULL);
}

static bool is_register(const char *text)
{
    return strncmp(text, "REGISTER ", 9) == 0;
}

static const char *grant; /* headers of each 200 */

static bool accept(struct host *host, const char *text)
{
    if (!is_register(text)) return false;
    peer_reply(host, text, &(struct peer_answer){"200 OK", "r", grant, NULL});
    return true;
}

/* At most once a second; more where the lifetime is of use to anybody. */
static void a_registrar_that_grants_nothing_is_not_asked_in_a_loop(void)
{
    static const char *const grants[] = {
        "Contact: <sip:alice@10.0.0.1:5060>;expires=0\r\n",
        "Contact: <sip:alice@10.0.0.1:5060>;expires=1\r\n",
        "Expires: 0\r\n",
        "Expires: 1\r\n",
    };
    for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
        grant = grants[i];
        meet(accept);
        world_run(&world, TERN_SECONDS(10));
        CHECK(peer_count(peer, "REGISTER") >= 2);
        CHECK(peer_count(peer, "REGISTER") <= 11);
        world_end(&world);
    }
}

/* No sum of seconds overflows, and the binding is not believed to last longer than was asked. */
static void a_registrar_that_grants_too_much_is_not_believed(void)
{
    struct tern_account_info info;
    grant = "Expires: 4294967295\r\n";
    meet(accept);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    CHECK_EQ(tern_account_get_info(alice->ep, alice->account, &info), 0);
    CHECK(info.expires_s <= 600);
    world_run(&world, TERN_SECONDS(600));
    CHECK_EQ(peer_count(peer, "REGISTER"), 2);
    world_end(&world);
}

static unsigned least;

static bool never_enough(struct host *host, const char *text)
{
    char header[64];
    if (!is_register(text)) return false;
    snprintf(header, sizeof(header), "Min-Expires: %u\r\n", ++least);
    peer_reply(host, text, &(struct peer_answer){"423 Interval Too Brief", "r", header, NULL});
    return true;
}

/* RFC 3261 10.2.8: again with a longer one; but once. After that it is a refusal like others. */
static void a_registrar_that_never_has_enough_is_not_asked_in_a_loop(void)
{
    least = 600;
    meet(never_enough);
    world_run(&world, TERN_SECONDS(10));
    CHECK_EQ(peer_count(peer, "REGISTER"), 2);
    CHECK(alice->registration != TERN_REGISTRATION_REGISTERED);
    world_end(&world);
}

/* RFC 3608 6.1: a route that cannot be read is left out; what can be read is used. */
static void service_routes_that_make_no_sense_are_left_out(void)
{
    static const struct {
        const char *routes, *sent;
    } cases[] = {
        {"Service-Route: garbage <<\r\n", ""},
        {"Service-Route: *\r\n", ""},
        {"Service-Route: \r\n", ""},
        {"Service-Route: <sip:10.0.0.7;lr>\r\n", "<sip:10.0.0.7;lr>"},
        {"Service-Route: garbage <<, <sip:10.0.0.7;lr>\r\n", NULL},
        {"Service-Route: garbage <<\r\nService-Route: <sip:10.0.0.7;lr>\r\n", "<sip:10.0.0.7;lr>"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        grant = cases[i].routes;
        meet(accept);
        world_run(&world, TERN_SECONDS(1));
        CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
        host_call(alice, "bob");
        world_run(&world, TERN_MS(100));
        const char *invite = peer_last(peer, "INVITE");
        if (invite == NULL) fprintf(stderr, "case %zu\n", i);
        CHECK(invite != NULL); /* example.com has no address here: by the registrar or by a route */
        CHECK(strstr(peer_header(invite, "Route"), "garbage") == NULL);
        if (cases[i].sent) CHECK(strstr(peer_header(invite, "Route"), cases[i].sent) != NULL);
        world_end(&world);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_registrar_that_grants_nothing_is_not_asked_in_a_loop),
        TEST(a_registrar_that_grants_too_much_is_not_believed),
        TEST(a_registrar_that_never_has_enough_is_not_asked_in_a_loop),
        TEST(service_routes_that_make_no_sense_are_left_out),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
