/* SPDX-License-Identifier: MIT */
/* RFC 8489 6.2.1, 6.3.3: who is asked, how long, and which answers count. */
#include "nat/stun_client.h"

#include <string.h>

#include "base/str.h"
#include "net/locate.h"
#include "tern_test.h"
#include "wire/stun/stun.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct tn_ctx ctx;
static struct tn_net net;
static struct tn_stun_client client;
static struct tn_stun asked;
static tern_addr asked_at;
static size_t requests, queries;
static uint32_t query;

static tern_addr addr(const char *text)
{
    tern_addr out = {0};
    CHECK_EQ(tern_addr_parse(tn_str(text), &out), 0);
    return out;
}

static void drain(void)
{
    struct tern_output out;
    while (tn_next_output(&ctx, &out)) {
        if (out.type == TERN_OUT_RESOLVE) {
            queries++;
            if (out.dns_type == TERN_DNS_A) query = out.id;
        }
        if (out.type != TERN_OUT_DATAGRAM) continue;
        requests++;
        asked_at = out.remote;
        CHECK(out.media);
        CHECK_EQ(out.id, 7);
        CHECK(tern_addr_equal(out.local, addr("192.0.2.1:16384")));
        CHECK_EQ(tn_stun_parse(out.data, &asked), 0);
    }
}

static void pass(tern_time time)
{
    tern_time until = ctx.now + time;
    while (tn_ctx_deadline(&ctx) <= until) {
        tn_ctx_enter(&ctx, tn_ctx_deadline(&ctx));
        while (tn_ctx_fire(&ctx)) {
        }
        drain();
    }
    tn_ctx_enter(&ctx, until);
}

static size_t news(void)
{
    struct tn_effect effect;
    size_t count = 0;
    while (tn_next_effect(&ctx, &effect))
        count += effect.kind == TN_EFFECT_STUN && effect.owner.id == 42;
    return count;
}

static void start(const char *servers)
{
    static const uint8_t seed[32] = {1};
    const struct tern_allocator alloc = tn_default_allocator();
    struct tern_network network = {.address_count = 1};
    network.addresses[0] =
        (struct tern_net_address){.addr = addr("192.0.2.1"), .prefix_len = 24, .interface = 1};
    CHECK_EQ(tn_ctx_init(&ctx, &alloc, seed), 0);
    tn_ctx_enter(&ctx, TERN_SECONDS(1000));
    CHECK_EQ(tn_net_init(&net, &ctx, &(struct tn_net_opts){0}), 0);
    tn_net_set_network(&net, &network);
    requests = queries = 0;
    tn_stun_client_start(&client, &(struct tn_stun_client_opts){.net = &net,
                                                                .servers = tn_str(servers),
                                                                .owner = {TN_OWNER_CALL, 0, 42},
                                                                .socket = 7,
                                                                .port = 16384});
    drain();
}

static void stop(void)
{
    tn_stun_client_stop(&client);
    tn_net_fini(&net);
    tn_ctx_fini(&ctx);
}

static bool answer(const char *from, const char *to, enum tn_stun_class kind, const char *mapped)
{
    struct tn_stun head = asked;
    char text[256];
    struct tn_buf buf;
    head.kind = kind;
    tn_buf_fixed(&buf, text, sizeof(text));
    tn_stun_print_header(&buf, &head);
    if (mapped) tn_stun_print_address(&buf, TN_STUN_XOR_MAPPED_ADDRESS, addr(mapped));
    const struct tern_datagram datagram = {
        .socket = 7, .local = addr(to), .remote = addr(from), .data = text, .len = buf.len};
    bool ours = tn_stun_client_receive(&client, &datagram);
    drain();
    return ours;
}

static bool knows(const char *mapped)
{
    tern_addr out;
    return tn_stun_client_mapped(&client, addr("192.0.2.1:16384"), &out) &&
           tern_addr_equal(out, addr(mapped));
}

static const char *const here = "192.0.2.1:16384";

static void a_list_names_up_to_four_hosts(void)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"", true},
        {"stun.example.com", true},
        {"stun.example.com:3479, 192.0.2.1, [2001:db8::1]:3478, 2001:db8::1", true},
        {"a, b, c, d, e", false},
        {"a:0", false},
        {"a:65536", false},
        {"a:b", false},
        {"a b", false},
        {"a,,b", false},
        {"stun:a", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_EQ(tn_stun_is_list(tn_str(cases[i].text)), cases[i].good);
}

static void the_answer_is_news_once(void)
{
    start("198.51.100.1:3478");
    CHECK_EQ(requests, 1);
    CHECK(!knows("203.0.113.9:4000"));
    CHECK(answer("198.51.100.1:3478", here, TN_STUN_SUCCESS, "203.0.113.9:4000"));
    CHECK(knows("203.0.113.9:4000"));
    CHECK_EQ(news(), 1);
    pass(TERN_SECONDS(60));
    CHECK_EQ(requests, 1);
    tn_stun_client_ask(&client);
    drain();
    CHECK(knows("203.0.113.9:4000")); /* until another is heard */
    CHECK(answer("198.51.100.1:3478", here, TN_STUN_SUCCESS, "203.0.113.9:4000"));
    CHECK_EQ(news(), 0);
    tn_stun_client_ask(&client);
    drain();
    CHECK(answer("198.51.100.1:3478", here, TN_STUN_SUCCESS, "203.0.113.9:4001"));
    CHECK_EQ(news(), 1);
    stop();
}

static void a_dead_server_costs_three_and_a_half_seconds(void)
{
    start("198.51.100.1, 198.51.100.2");
    pass(TERN_MS(3499));
    CHECK_EQ(requests, 3);
    CHECK(tern_addr_equal(asked_at, addr("198.51.100.1:3478")));
    pass(TERN_MS(1));
    CHECK_EQ(requests, 4);
    CHECK(tern_addr_equal(asked_at, addr("198.51.100.2:3478")));
    CHECK(answer("198.51.100.2:3478", here, TN_STUN_SUCCESS, "203.0.113.9:4000"));
    CHECK(knows("203.0.113.9:4000"));
    stop();
}

static void when_all_are_dead_it_ends(void)
{
    start("198.51.100.1, 198.51.100.2");
    pass(TERN_SECONDS(3600));
    CHECK_EQ(requests, 6);
    CHECK_EQ(news(), 0);
    CHECK_EQ(tn_ctx_deadline(&ctx), TERN_TIME_NEVER);
    stop();
}

static void a_server_that_lies_or_refuses_is_passed_over(void)
{
    static const struct {
        enum tn_stun_class kind;
        const char *mapped;
    } cases[] = {{TN_STUN_ERROR, NULL},
                 {TN_STUN_SUCCESS, NULL},
                 {TN_STUN_SUCCESS, "203.0.113.9:0"},
                 {TN_STUN_SUCCESS, "[2001:db8::9]:4000"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        start("198.51.100.1, 198.51.100.2");
        CHECK(answer("198.51.100.1:3478", here, cases[i].kind, cases[i].mapped));
        CHECK_EQ(news(), 0);
        CHECK(tern_addr_equal(asked_at, addr("198.51.100.2:3478")));
        stop();
    }
}

static void a_forged_answer_is_none(void)
{
    start("198.51.100.1");
    const struct tn_stun real = asked;
    CHECK(!answer("198.51.100.66:3478", here, TN_STUN_SUCCESS, "203.0.113.66:66"));
    CHECK(!answer("198.51.100.1:3479", here, TN_STUN_SUCCESS, "203.0.113.66:66"));
    CHECK(!answer("198.51.100.1:3478", "192.0.2.2:16384", TN_STUN_SUCCESS, "203.0.113.66:66"));
    CHECK(!answer("198.51.100.1:3478", here, TN_STUN_REQUEST, "203.0.113.66:66"));
    for (size_t i = 0; i < TN_STUN_ID; i++) {
        asked = real;
        asked.id[i] ^= 0x80;
        CHECK(!answer("198.51.100.1:3478", here, TN_STUN_SUCCESS, "203.0.113.66:66"));
    }
    asked = real;
    CHECK(answer("198.51.100.1:3478", here, TN_STUN_SUCCESS, "203.0.113.9:4000"));
    CHECK(!answer("198.51.100.1:3478", here, TN_STUN_SUCCESS, "203.0.113.66:66"));
    CHECK(knows("203.0.113.9:4000"));
    stop();
}

static void a_name_is_looked_up_meanwhile(void)
{
    const struct tern_dns_record record = {
        .type = TERN_DNS_A, .ttl_s = 60, .addr = addr("198.51.100.3")};
    start("stun.example.com:3479");
    CHECK_EQ(requests, 0);
    CHECK_EQ(queries, 2);
    tn_locate_resolved(&net, query, &record, 1, false);
    pass(TERN_MS(500));
    CHECK_EQ(requests, 1);
    CHECK(tern_addr_equal(asked_at, addr("198.51.100.3:3479")));
    stop();
}

static void what_another_address_looks_like_is_not_known(void)
{
    tern_addr out;
    start("198.51.100.1");
    CHECK(answer("198.51.100.1:3478", here, TN_STUN_SUCCESS, "203.0.113.9:4000"));
    CHECK(!tn_stun_client_mapped(&client, addr("192.0.2.2:16384"), &out));
    stop();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_list_names_up_to_four_hosts),
        TEST(the_answer_is_news_once),
        TEST(a_dead_server_costs_three_and_a_half_seconds),
        TEST(when_all_are_dead_it_ends),
        TEST(a_server_that_lies_or_refuses_is_passed_over),
        TEST(a_forged_answer_is_none),
        TEST(a_name_is_looked_up_meanwhile),
        TEST(what_another_address_looks_like_is_not_known),
    };
    return run_tests(tests, COUNT(tests), argc, argv);
}
