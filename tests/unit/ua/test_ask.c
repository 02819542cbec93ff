/* SPDX-License-Identifier: MIT */
/* INFO and OPTIONS inside a call, and what becomes of them when an address changes meanwhile. */
#include <stdarg.h>

#include "phones.h"

#define RELAY TERN_STR("application/dtmf-relay")

/* What a phone was told: "1 200 OK" for a reply, "application/dtmf-relay=5" for an INFO. */
static struct heard {
    char replies[1024], infos[1024];
} of_alice, of_bob;

static void add(char *list, size_t room, const char *format, ...)
{
    size_t at = strlen(list);
    va_list args;
    va_start(args, format);
    vsnprintf(list + at, room - at, format, args);
    va_end(args);
}

static void watch(struct host *host, const struct tern_event *event)
{
    struct heard *heard = host->user;
    if (event->type == TERN_EV_CALL_RESPONSE) {
        const struct tern_ev_call_response *reply = &event->u.response;
        CHECK_EQ(reply->call.id, host->call.id);
        add(heard->replies, sizeof(heard->replies), "%u=%d ", reply->number, reply->status);
    }
    if (event->type == TERN_EV_CALL_INFO) {
        const struct tern_ev_call_info *info = &event->u.info;
        CHECK_EQ(info->call.id, host->call.id);
        CHECK(memchr(info->content_type.ptr, '/', info->content_type.len) != NULL);
        add(heard->infos, sizeof(heard->infos), "%.*s ", (int)info->body.len, info->body.ptr);
    }
}

static void takes_relay(struct tern_endpoint_opts *opts)
{
    opts->info_types = TERN_STR("text/plain,  application/dtmf-relay");
}

static void talk_and_watch(void)
{
    tune_bob_endpoint = takes_relay;
    talk();
    tune_bob_endpoint = NULL;
    of_alice = of_bob = (struct heard){{0}, {0}};
    alice->user = &of_alice;
    bob->user = &of_bob;
    alice->watch = bob->watch = watch;
}

static void part(void)
{
    CHECK_EQ(alice->ended, 0);
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(bob->ended, 1);
    host_rests(alice);
    host_rests(bob);
    world_end(&world);
}

static int ask(struct host *host, uint8_t what, tern_str type, const char *body)
{
    struct tern_call_request_opts opts;
    uint32_t number = 0;
    tern_call_request_opts_init(&opts);
    opts.method = what;
    opts.content_type = type;
    opts.body = (tern_str){body, strlen(body)};
    int err = tern_call_request(host->ep, world.now, host->call, &opts, &number);
    CHECK_EQ(err == 0, number != 0);
    return err;
}

static void info(struct host *host, const char *body)
{
    CHECK_EQ(ask(host, TERN_CALL_REQUEST_INFO, RELAY, body), 0);
}

static void what_is_asked_is_answered_in_order(void)
{
    FOR_EACH_TRANSPORT
    {
        talk_and_watch();
        info(alice, "1");
        info(alice, "2");
        CHECK_EQ(ask(alice, TERN_CALL_REQUEST_OPTIONS, (tern_str){NULL, 0}, ""), 0);
        info(alice, "3");
        CHECK_EQ(ask(alice, TERN_CALL_REQUEST_INFO, (tern_str){NULL, 0}, ""), 0);
        world_run(&world, TERN_SECONDS(1));
        CHECK(strcmp(of_bob.infos, "1 2 3 ") == 0);
        CHECK(strcmp(of_alice.replies, "1=200 2=200 3=200 4=200 5=200 ") == 0);
        part();
    }
}

static void a_type_that_is_not_taken_is_refused(void)
{
    talk_and_watch();
    CHECK_EQ(ask(alice, TERN_CALL_REQUEST_INFO, TERN_STR("text/html"), "<p>"), 0);
    CHECK_EQ(ask(alice, TERN_CALL_REQUEST_INFO, TERN_STR("Text/Plain;charset=utf-8"), "x"), 0);
    info(bob, "1"); /* Alice takes nothing */
    alice->watch = NULL;
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(host_count(alice, "< 415", 0), 1);
    CHECK_EQ(host_count(alice, "> 415", 0), 1);
    CHECK(strcmp(of_bob.replies, "1=415 ") == 0);
    part();
}

enum change {
    WE_MOVE,
    THEY_MOVE,
    BOTH_MOVE,
    WE_MOVE_TWICE,
    WE_ARE_OFFLINE,
    OLD_PATH_STAYS,
    CHANGES
};

static void change_path(enum change change)
{
    if (change == WE_ARE_OFFLINE) {
        host_network(alice, NULL, NULL);
        world_run(&world, TERN_SECONDS(8));
    }
    if (change == OLD_PATH_STAYS) {
        host_network(alice, at(3), at(1));
        world_run(&world, TERN_SECONDS(2));
    }
    if (change != THEY_MOVE) host_network(alice, at(3), NULL);
    if (change == THEY_MOVE || change == BOTH_MOVE) host_network(bob, at(4), NULL);
    if (change == WE_MOVE_TWICE) {
        world_run(&world, TERN_MS(50));
        host_network(alice, at(5), NULL);
    }
}

/* A round trip takes 100 ms: before the question has arrived, and before the answer has. */
static void nothing_that_is_asked_is_lost_by_a_change(void)
{
    static const int ms[] = {0, 10, 60, 90};
    FOR_EACH_TRANSPORT
    {
        for (int change = 0; change < CHANGES; change++) {
            for (size_t i = 0; i < sizeof(ms) / sizeof(ms[0]); i++) {
                talk_and_watch();
                info(alice, "1");
                info(alice, "2");
                world_run(&world, TERN_MS(ms[i]));
                change_path((enum change)change);
                info(alice, "3");
                world_run(&world, TERN_SECONDS(10));
                CHECK(strcmp(of_alice.replies, "1=200 2=200 3=200 ") == 0);
                const char *two = strchr(of_bob.infos, '2'), *three = strchr(of_bob.infos, '3');
                CHECK(of_bob.infos[0] == '1' && two != NULL && three > two);
                part();
            }
        }
    }
}

static void a_refresh_is_not_overtaken(void)
{
    talk_and_watch();
    host_network(alice, at(3), NULL);
    info(alice, "1");
    size_t from = alice->log_count;
    world_run(&world, TERN_MS(40));
    CHECK_EQ(host_count(alice, "> INFO", from), 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(host_count(bob, "> 500", 0), 0);
    CHECK(strcmp(of_bob.infos, "1 ") == 0);
    part();
}

static void a_server_that_fails_is_asked_again(void)
{
    static const struct {
        int status;
        const char *reply;
    } cases[] = {
        {503, "1=200 "}, {480, "1=200 "}, {408, "1=200 "},
        {500, "1=200 "}, {403, "1=403 "}, {481, "1=481 "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        talk_and_watch();
        server_fault("INFO", cases[i].status);
        info(alice, "1");
        world_run(&world, TERN_SECONDS(2));
        server_fault("INFO", -1);
        world_run(&world, TERN_SECONDS(3));
        CHECK(strcmp(of_alice.replies, cases[i].reply) == 0);
        part();
    }
}

static void nobody_who_answers_is_told_in_the_end(void)
{
    talk_and_watch();
    server_fault("INFO", 0);
    info(alice, "1");
    world_run(&world, TERN_SECONDS(33));
    CHECK(strcmp(of_alice.replies, "1=0 ") == 0);
    server_fault("INFO", -1);
    info(alice, "2");
    world_run(&world, TERN_SECONDS(1));
    CHECK(strcmp(of_alice.replies, "1=0 2=200 ") == 0);
    part();
}

static void a_call_that_ends_takes_its_questions_along(void)
{
    talk_and_watch();
    info(alice, "1");
    info(alice, "2");
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    CHECK_EQ(ask(alice, TERN_CALL_REQUEST_INFO, RELAY, "3"), TERN_ESTALE);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->ended, 1);
    CHECK(of_alice.replies[0] == '\0');
    host_rests(alice);
    host_rests(bob);
    world_end(&world);
}

static void what_cannot_be_asked_is_refused(void)
{
    static char big[TERN_CALL_REQUEST_BODY_MAX + 2];
    memset(big, 'x', sizeof(big) - 1);
    const struct {
        uint8_t what;
        tern_str type;
        const char *body;
    } bad[] = {
        {0, RELAY, "1"},
        {3, RELAY, "1"},
        {TERN_CALL_REQUEST_INFO, RELAY, ""},
        {TERN_CALL_REQUEST_INFO, {NULL, 0}, "1"},
        {TERN_CALL_REQUEST_INFO, TERN_STR("dtmf"), "1"},
        {TERN_CALL_REQUEST_INFO, TERN_STR("a/b\r\nTo: c"), "1"},
        {TERN_CALL_REQUEST_INFO, TERN_STR("a/b;c\r\nTo: d"), "1"},
        {TERN_CALL_REQUEST_INFO, RELAY, big},
        {TERN_CALL_REQUEST_OPTIONS, RELAY, "1"},
    };
    talk_and_watch();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_EQ(ask(alice, bad[i].what, bad[i].type, bad[i].body), TERN_EINVAL);
    for (int i = 0; i < 16; i++)
        info(alice, "1");
    CHECK_EQ(ask(alice, TERN_CALL_REQUEST_INFO, RELAY, "1"), TERN_ELIMIT);
    world_run(&world, TERN_SECONDS(3));
    CHECK_EQ(strlen(of_bob.infos), 32);
    alice->watch = NULL;
    host_call(alice, "sip:bob@example.com");
    CHECK_EQ(ask(alice, TERN_CALL_REQUEST_INFO, RELAY, "1"), TERN_ESTATE);
    world_end(&world);
}

static void a_list_of_media_types_is_checked(void)
{
    static const struct {
        const char *types;
        int err;
    } cases[] = {
        {"", 0},
        {"a/b", 0},
        {"a/b, c/d+e ,f/g", 0},
        {"a", TERN_EINVAL},
        {"a/", TERN_EINVAL},
        {"a/b, ", TERN_EINVAL},
        {"a/b;c=d", TERN_EINVAL},
        {"a/b\r\nTo: c", TERN_EINVAL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tern_endpoint_opts opts;
        struct tern_endpoint *ep = NULL;
        tern_endpoint_opts_init(&opts);
        opts.seed[0] = 1;
        opts.info_types = (tern_str){cases[i].types, strlen(cases[i].types)};
        CHECK_EQ(tern_endpoint_new(&opts, &ep), cases[i].err);
        tern_endpoint_free(ep);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(what_is_asked_is_answered_in_order),
        TEST(a_type_that_is_not_taken_is_refused),
        TEST(nothing_that_is_asked_is_lost_by_a_change),
        TEST(a_refresh_is_not_overtaken),
        TEST(a_server_that_fails_is_asked_again),
        TEST(nobody_who_answers_is_told_in_the_end),
        TEST(a_call_that_ends_takes_its_questions_along),
        TEST(what_cannot_be_asked_is_refused),
        TEST(a_list_of_media_types_is_checked),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
