/* SPDX-License-Identifier: MIT */
/* Keep-alives: RFC 5626 3.5, 4.4; which flows fail by silence, and what a forged answer does. */
#include "base/str.h"
#include "net/keepalive.h"
#include "wire/stun/stun.h"
#include "world.h"

static const tern_addr nowhere;
static const char *const here = "192.0.2.1:5060";
static const char *const server = "198.51.100.7:5060";

static uint64_t flow;
static uint32_t stream; /* 0: UDP */
static struct tn_stun asked;
static size_t pings;

static void start(enum tern_transport transport)
{
    struct tn_target target = {.transport = transport, .addr = addr(server)};
    struct tern_output out;

    world_start_open("192.0.2.1");
    CHECK_EQ(tn_net_flow(&net, &target, nowhere, &flow), 0);
    stream = 0;
    if (transport == TERN_TRANSPORT_TCP) {
        CHECK(next_output(TERN_OUT_CONNECT, &out));
        stream = out.id;
        tn_net_stream_opened(&net, stream, addr("192.0.2.1:33333"), addr(server));
    }
    drain_effects();
    pings = 0;
}

/* Counts what has been sent, and keeps the last STUN request. */
static size_t sent(void)
{
    struct tern_output out;
    size_t count = 0;

    while (tn_next_output(&ctx, &out)) {
        if (out.type != TERN_OUT_DATAGRAM && out.type != TERN_OUT_WRITE) continue;
        count++;
        if (tn_stun_is_message(out.data)) CHECK_EQ(tn_stun_parse(out.data, &asked), 0);
    }
    pings += count;
    return count;
}

static void answer_with(const char *from, enum tn_stun_class kind, const char *mapped)
{
    struct tn_stun head = asked;
    char text[256];
    struct tn_buf buf;

    head.kind = kind;
    tn_buf_fixed(&buf, text, sizeof(text));
    tn_stun_print_header(&buf, &head);
    if (mapped) tn_stun_print_address(&buf, TN_STUN_XOR_MAPPED_ADDRESS, addr(mapped));
    datagram(here, from, tn_buf_view(&buf));
}

static void answer(void)
{
    if (stream) {
        stream_bytes(stream, TERN_STR("\r\n"));
    } else {
        answer_with(server, TN_STUN_SUCCESS, "203.0.113.9:4321");
    }
}

static const enum tern_transport both[] = {TERN_TRANSPORT_UDP, TERN_TRANSPORT_TCP};
#define FOR_BOTH                                                                                   \
    for (size_t t_ = 0; t_ < COUNT(both) && (start(both[t_]), true); t_++, world_stop())

static void a_flow_is_asked_at_once_and_then_between_80_and_100_percent_of_its_interval(void)
{
    FOR_BOTH
    {
        CHECK_EQ(tn_net_keep(&net, flow, TERN_SECONDS(25)), 0);
        CHECK_EQ(sent(), 1);
        for (int i = 0; i < 50; i++) {
            answer();
            pass(TERN_SECONDS(20) - 1);
            CHECK_EQ(sent(), 0);
            tern_time begun = ctx.now;
            while (sent() == 0)
                pass(TERN_MS(50));
            CHECK(ctx.now - begun <= TERN_SECONDS(5) + TERN_MS(51));
        }
        CHECK_EQ(count_effects(TN_EFFECT_FLOW_DOWN), 0);
    }
}

/* RFC 5626 4.4: ten seconds; three with a call up (MOBILITY timers). */
static void a_flow_that_has_answered_once_fails_by_silence(void)
{
    static const struct {
        bool watched;
        tern_time patience;
        size_t requests; /* over UDP */
    } cases[] = {{false, TERN_SECONDS(10), 5}, {true, TERN_SECONDS(3), 3}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        FOR_BOTH
        {
            tn_net_watch(&net, cases[i].watched);
            CHECK_EQ(tn_net_keep(&net, flow, TERN_SECONDS(25)), 0);
            CHECK_EQ(sent(), 1);
            answer();
            drain_effects();
            pass(tn_ctx_deadline(&ctx) - ctx.now);
            while (sent() == 0)
                pass(TERN_MS(1));
            pass(cases[i].patience - 2 * TERN_MS(1));
            CHECK(tn_net_get(&net, flow) != NULL);
            pass(TERN_MS(3));
            CHECK(tn_net_get(&net, flow) == NULL);
            CHECK(tn_net_why_down(&net, flow).len > 0);
            CHECK_EQ(count_effects(TN_EFFECT_FLOW_DOWN), 1);
            sent();
            CHECK_EQ(pings, 1 + (stream ? 1 : cases[i].requests));
            tn_net_unkeep(&net, flow); /* gone: harmless */
        }
    }
}

static void a_flow_that_never_answers_stays(void)
{
    FOR_BOTH
    {
        CHECK_EQ(tn_net_keep(&net, flow, TERN_SECONDS(25)), 0);
        pass(TERN_SECONDS(600));
        CHECK(tn_net_get(&net, flow) != NULL);
        CHECK_EQ(count_effects(TN_EFFECT_FLOW_DOWN), 0);
        sent();
        CHECK(pings >= 15 && pings <= 45);
    }
}

static void who_leaves_stun_unanswered_gets_line_ends(void)
{
    struct tern_output out;

    start(TERN_TRANSPORT_UDP);
    CHECK_EQ(tn_net_keep(&net, flow, TERN_SECONDS(25)), 0);
    pass(TERN_SECONDS(70)); /* two pings, to the end of their patience */
    drain_outputs();
    pass(TERN_SECONDS(25));
    CHECK(tn_next_output(&ctx, &out));
    CHECK(tn_str_eq(out.data, TERN_STR("\r\n\r\n")));
    world_stop();
}

static void whatever_is_heard_of_the_far_end_shows_that_it_lives(void)
{
    FOR_BOTH
    {
        CHECK_EQ(tn_net_keep(&net, flow, TERN_SECONDS(25)), 0);
        sent();
        answer();
        for (int i = 0; i < 10; i++) {
            while (sent() == 0)
                pass(TERN_MS(100));
            if (stream) {
                stream_bytes(stream, request());
            } else {
                datagram(here, server, request());
            }
            pass(TERN_SECONDS(12));
            sent();
        }
        CHECK(tn_net_get(&net, flow) != NULL);
    }
}

static void a_deadline_that_was_slept_through_asks_again(void)
{
    FOR_BOTH
    {
        CHECK_EQ(tn_net_keep(&net, flow, TERN_SECONDS(25)), 0);
        sent();
        answer();
        while (sent() == 0)
            pass(TERN_MS(100));
        tn_ctx_enter(&ctx, ctx.now + TERN_SECONDS(3600));
        while (tn_ctx_fire(&ctx)) {
        }
        CHECK(tn_net_get(&net, flow) != NULL);
        CHECK(sent() > 0);
        answer();
        pass(TERN_SECONDS(15));
        CHECK(tn_net_get(&net, flow) != NULL);
    }
}

static void the_last_who_asked_ends_it(void)
{
    FOR_BOTH
    {
        CHECK_EQ(tn_net_keep(&net, flow, TERN_SECONDS(100)), 0);
        CHECK_EQ(tn_net_keep(&net, flow, TERN_SECONDS(25)), 0);
        CHECK_EQ(tn_net_keep(&net, flow, 0), TERN_EINVAL);
        sent();
        answer();
        tn_net_unkeep(&net, flow);
        tern_time begun = ctx.now;
        while (sent() == 0)
            pass(TERN_MS(100));
        CHECK(ctx.now - begun <= TERN_SECONDS(26));
        answer();
        tn_net_unkeep(&net, flow);
        tn_net_unkeep(&net, flow);
        tn_net_probe(&net, flow);
        pass(TERN_SECONDS(200));
        CHECK_EQ(sent(), 0);
    }
}

static void a_probe_asks_at_once_but_not_twice(void)
{
    FOR_BOTH
    {
        tn_net_probe(&net, flow); /* nobody wants it kept */
        CHECK_EQ(sent(), 0);
        CHECK_EQ(tn_net_keep(&net, flow, TERN_SECONDS(100)), 0);
        CHECK_EQ(sent(), 1);
        tn_net_probe(&net, flow);
        CHECK_EQ(sent(), 0);
        answer();
        tn_net_probe(&net, flow);
        CHECK_EQ(sent(), 1);
    }
}

static void when_somebody_talks_a_long_pause_is_cut_short(void)
{
    FOR_BOTH
    {
        CHECK_EQ(tn_net_keep(&net, flow, TERN_SECONDS(1000)), 0);
        sent();
        answer();
        for (int i = 0; i < 2; i++) {
            tern_time begun = ctx.now;
            tn_net_watch(&net, i == 0); /* the second pause was drawn before */
            while (sent() == 0)
                pass(TERN_MS(100));
            CHECK(ctx.now - begun <= TERN_SECONDS(21));
            answer();
        }
        pass(TERN_SECONDS(700));
        CHECK_EQ(sent(), 0);
    }
}

static void the_far_end_says_how_it_sees_us_and_only_news_is_told(void)
{
    static const struct {
        const char *mapped;
        size_t effects;
    } cases[] = {
        {"203.0.113.9:4321", 1}, {"203.0.113.9:4321", 0}, {"203.0.113.9:4322", 1},
        {"[2001:db8::9]:1", 0}, /* another family than the flow's: nonsense */
        {"203.0.113.9:0", 0},    {"203.0.113.9:4321", 1},
    };

    start(TERN_TRANSPORT_UDP);
    CHECK_EQ(tn_net_keep(&net, flow, TERN_SECONDS(25)), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        while (sent() == 0)
            pass(TERN_MS(100));
        answer_with(server, TN_STUN_SUCCESS, cases[i].mapped);
        CHECK_EQ(count_effects(TN_EFFECT_FLOW_MAPPED), cases[i].effects);
    }
    CHECK(tern_addr_equal(tn_net_get(&net, flow)->mapped, addr("203.0.113.9:4321")));
    world_stop();
}

static void an_error_is_an_answer_too(void)
{
    start(TERN_TRANSPORT_UDP);
    CHECK_EQ(tn_net_keep(&net, flow, TERN_SECONDS(25)), 0);
    sent();
    answer_with(server, TN_STUN_ERROR, NULL);
    CHECK_EQ(tn_net_get(&net, flow)->mapped.family, TERN_FAMILY_NONE);
    pass(TERN_SECONDS(36));
    CHECK(tn_net_get(&net, flow) == NULL); /* it could, and does not any more */
    world_stop();
}

/* Off the path: another source, another transaction, another method, none under way. */
static void a_forged_answer_moves_nothing(void)
{
    start(TERN_TRANSPORT_UDP);
    CHECK_EQ(tn_net_keep(&net, flow, TERN_SECONDS(25)), 0);
    sent();
    const struct tn_stun real = asked;
    answer_with("198.51.100.66:5060", TN_STUN_SUCCESS, "203.0.113.66:66");
    answer_with("198.51.100.7:5061", TN_STUN_SUCCESS, "203.0.113.66:66");
    answer_with(server, TN_STUN_INDICATION, "203.0.113.66:66");
    for (size_t i = 0; i < TN_STUN_ID; i++) {
        asked = real;
        asked.id[i] ^= 1;
        answer_with(server, TN_STUN_SUCCESS, "203.0.113.66:66");
    }
    asked = real;
    asked.method = 3;
    answer_with(server, TN_STUN_SUCCESS, "203.0.113.66:66");
    CHECK_EQ(tn_net_get(&net, flow)->mapped.family, TERN_FAMILY_NONE);
    asked = real;
    answer();
    answer_with(server, TN_STUN_SUCCESS, "203.0.113.66:66"); /* late */
    CHECK(tern_addr_equal(tn_net_get(&net, flow)->mapped, addr("203.0.113.9:4321")));
    world_stop();
}

static void without_memory_a_flow_is_not_kept_and_nothing_leaks(void)
{
    start(TERN_TRANSPORT_UDP);
    allocations_left = 0;
    CHECK_EQ(tn_net_keep(&net, flow, TERN_SECONDS(25)), TERN_ENOMEM);
    allocations_left = -1;
    pass(TERN_SECONDS(100));
    CHECK_EQ(sent(), 0);
    world_stop();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_flow_is_asked_at_once_and_then_between_80_and_100_percent_of_its_interval),
        TEST(a_flow_that_has_answered_once_fails_by_silence),
        TEST(a_flow_that_never_answers_stays),
        TEST(who_leaves_stun_unanswered_gets_line_ends),
        TEST(whatever_is_heard_of_the_far_end_shows_that_it_lives),
        TEST(a_deadline_that_was_slept_through_asks_again),
        TEST(the_last_who_asked_ends_it),
        TEST(a_probe_asks_at_once_but_not_twice),
        TEST(when_somebody_talks_a_long_pause_is_cut_short),
        TEST(the_far_end_says_how_it_sees_us_and_only_news_is_told),
        TEST(an_error_is_an_answer_too),
        TEST(a_forged_answer_moves_nothing),
        TEST(without_memory_a_flow_is_not_kept_and_nothing_leaks),
    };
    return run_tests(tests, COUNT(tests), argc, argv);
}
