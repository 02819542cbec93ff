/* SPDX-License-Identifier: MIT */
/* That the registrar ends up with the true binding and no other: RFC 3261 10.2.1 to 10.2.4. */
#include "peer.h"

static struct world world;
static struct host *alice, *peer;

/* A registrar that knows nothing of instances and flows. */
static void plain(struct tern_account_opts *opts)
{
    opts->no_outbound = true;
    opts->gruu = TERN_GRUU_OFF;
}

static void meet(void)
{
    world_start(&world, TERN_MS(10));
    alice = world_host(&world, "alice", "10.0.0.1", NULL);
    peer = peer_new(&world, "10.0.0.7");
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    host_account(alice, "sip:alice@example.com", "sip:10.0.0.7", plain);
    world_run(&world, TERN_MS(50));
}

static const char *last(void)
{
    const char *text = peer_last(peer, "REGISTER");
    CHECK(text != NULL);
    return text;
}

static void answer_with(const char *lines)
{
    peer_reply(peer, last(), &(struct peer_answer){"200 OK", "r", lines, NULL});
    world_run(&world, TERN_MS(50));
}

static void accept(const char *contacts)
{
    char lines[512];
    snprintf(lines, sizeof(lines), "Contact: %s\r\n", contacts);
    answer_with(lines);
}

static bool asks(const char *contact)
{
    return strstr(peer_header(last(), "Contact"), contact) != NULL;
}

#define AT1 "<sip:alice@10.0.0.1:5060>"
#define AT3 "<sip:alice@10.0.0.3:5060>"
#define AT4 "<sip:alice@10.0.0.4:5060>"

static void move_to(const char *address)
{
    host_network(alice, address, NULL);
    world_run(&world, TERN_MS(50));
}

static const char *listed; /* in each 2xx, once answers are automatic */

static bool list(struct host *host, const char *text)
{
    char lines[512];
    if (strncmp(text, "REGISTER ", 9) != 0) return false;
    snprintf(lines, sizeof(lines), "Contact: %s\r\n", listed);
    peer_reply(host, text, &(struct peer_answer){"200 OK", "r", lines, NULL});
    return true;
}

/* The REGISTER from .3 is given up and may arrive last: it is undone as soon as that is certain. */
static void an_overtaken_register_is_undone(void)
{
    meet();
    accept(AT1 ";expires=600");
    move_to("10.0.0.3");
    CHECK(asks(AT3 ";expires=600, " AT1 ";expires=0"));
    move_to("10.0.0.4");
    CHECK(asks(AT4 ";expires=600"));
    CHECK(asks(AT3 ";expires=0"));
    accept(AT4 ";expires=600");
    listed = AT4 ";expires=600";
    peer_of(peer)->answer = list;
    size_t count = peer_count(peer, "REGISTER");
    world_run(&world, TERN_SECONDS(4));
    CHECK_EQ(peer_count(peer, "REGISTER"), count); /* it may still be under way */
    world_run(&world, TERN_SECONDS(7));
    CHECK_EQ(peer_count(peer, "REGISTER"), count + 1);
    CHECK(asks(AT4 ";expires=600"));
    CHECK(asks(AT3 ";expires=0"));
    world_run(&world, TERN_SECONDS(400));
    CHECK_EQ(peer_count(peer, "REGISTER"), count + 1);
    world_run(&world, TERN_SECONDS(200));
    CHECK(!asks(AT3));
    world_end(&world);
}

/* What is given up names the address that is registered: there is nothing to undo. */
static void a_register_that_is_only_repeated_is_not_followed_up(void)
{
    meet();
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(tern_account_register(alice->ep, world.now, alice->account), 0);
        world_run(&world, TERN_MS(50));
    }
    accept(AT1 ";expires=600");
    size_t count = peer_count(peer, "REGISTER");
    world_run(&world, TERN_SECONDS(400));
    CHECK_EQ(peer_count(peer, "REGISTER"), count);
    world_end(&world);
}

static void a_registrar_that_keeps_what_is_removed_is_not_asked_in_a_loop(void)
{
    meet();
    accept(AT1 ";expires=600");
    listed = AT1 ";expires=600, " AT3 ";expires=600";
    peer_of(peer)->answer = list;
    size_t count = peer_count(peer, "REGISTER");
    move_to("10.0.0.3");
    world_run(&world, TERN_SECONDS(400));
    CHECK_EQ(peer_count(peer, "REGISTER"), count + 4); /* the move, and three times more */
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    CHECK_EQ(tern_account_unregister(alice->ep, world.now, alice->account), 0);
    world_run(&world, TERN_SECONDS(60));
    CHECK_EQ(peer_count(peer, "REGISTER"), count + 8);
    CHECK_EQ(alice->registration, TERN_REGISTRATION_NONE);
    world_end(&world);
}

/* MOBILITY S8: the path by which it was sent has gone. */
static void the_removal_is_sent_again_from_a_new_address(void)
{
    for (int gap = 0; gap < 2; gap++) {
        meet();
        accept(AT1 ";expires=600");
        CHECK_EQ(tern_account_remove(alice->ep, world.now, alice->account), 0);
        world_run(&world, TERN_MS(50));
        CHECK_EQ(peer_count(peer, "REGISTER"), 2);
        if (gap) host_network(alice, NULL, NULL);
        if (gap) world_run(&world, TERN_SECONDS(20));
        move_to("10.0.0.3");
        CHECK(strstr(peer_header(last(), "Via"), "10.0.0.3") != NULL);
        CHECK(strcmp(peer_header(last(), "Contact"), AT1 ";expires=0") == 0);
        answer_with(NULL);
        size_t count = peer_count(peer, "REGISTER");
        world_run(&world, TERN_SECONDS(100));
        CHECK_EQ(peer_count(peer, "REGISTER"), count);
        world_end(&world);
    }
}

static void a_removal_waits_for_a_network(void)
{
    for (int seconds = 10; seconds <= 60; seconds += 50) {
        meet();
        accept(AT1 ";expires=600");
        host_network(alice, NULL, NULL);
        CHECK_EQ(tern_account_unregister(alice->ep, world.now, alice->account), 0);
        world_run(&world, TERN_SECONDS(seconds));
        CHECK_EQ(peer_count(peer, "REGISTER"), 1);
        move_to("10.0.0.3");
        CHECK_EQ(peer_count(peer, "REGISTER"), seconds < 32 ? 2 : 1); /* then it expires */
        if (seconds < 32) answer_with(NULL);
        world_run(&world, TERN_SECONDS(1));
        CHECK_EQ(alice->registration, TERN_REGISTRATION_NONE);
        world_end(&world);
    }
}

static const char *status, *headers;

static bool refuse(struct host *host, const char *text)
{
    if (strncmp(text, "REGISTER ", 9) != 0) return false;
    peer_reply(host, text, &(struct peer_answer){status, "r", headers, NULL});
    return true;
}

static void unregister_in_vain(const char *with_status, const char *with_headers)
{
    meet();
    accept(AT1 ";expires=600");
    status = with_status;
    headers = with_headers;
    peer_of(peer)->answer = refuse;
    CHECK_EQ(tern_account_unregister(alice->ep, world.now, alice->account), 0);
}

static void a_removal_that_cannot_be_done_now_is_tried_again_for_a_while(void)
{
    static const struct {
        const char *status, *headers;
        size_t tries;
    } cases[] = {
        {"503 Busy", NULL, 7}, /* at 0, 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s */
        {"500 Oops", NULL, 7},
        {"408 Late", NULL, 7},
        {"480 Off", NULL, 7},
        {"503 Busy", "Retry-After: 10\r\n", 4},
        {"503 Busy", "Retry-After: 60\r\n", 1}, /* nobody waits so long */
        {"501 What", NULL, 1},
        {"403 No", NULL, 1},
        {"404 Who", NULL, 1},
        {"603 Never", NULL, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unregister_in_vain(cases[i].status, cases[i].headers);
        world_run(&world, TERN_SECONDS(100));
        if (peer_count(peer, "REGISTER") != 1 + cases[i].tries) fprintf(stderr, "case %zu\n", i);
        CHECK_EQ(peer_count(peer, "REGISTER"), 1 + cases[i].tries);
        CHECK_EQ(alice->registration, TERN_REGISTRATION_NONE);
        world_end(&world);
    }
}

static void who_registers_again_does_not_wait_for_a_removal_that_failed(void)
{
    unregister_in_vain("503 Busy", NULL);
    world_run(&world, TERN_SECONDS(10));
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REMOVING);
    listed = AT1 ";expires=600";
    peer_of(peer)->answer = list;
    CHECK_EQ(tern_account_register(alice->ep, world.now, alice->account), 0);
    world_run(&world, TERN_MS(50));
    CHECK(strcmp(peer_header(last(), "Contact"), AT1 ";expires=600") == 0);
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(an_overtaken_register_is_undone),
        TEST(a_register_that_is_only_repeated_is_not_followed_up),
        TEST(a_registrar_that_keeps_what_is_removed_is_not_asked_in_a_loop),
        TEST(the_removal_is_sent_again_from_a_new_address),
        TEST(a_removal_waits_for_a_network),
        TEST(a_removal_that_cannot_be_done_now_is_tried_again_for_a_while),
        TEST(who_registers_again_does_not_wait_for_a_removal_that_failed),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
