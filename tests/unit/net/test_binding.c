/* SPDX-License-Identifier: MIT */
/* STUN beside SIP on one port (RFC 5626 8): who is answered, what with, and what it costs. */
#include "base/str.h"
#include "net/binding.h"
#include "wire/stun/stun.h"
#include "world.h"

static const char *const here = "192.0.2.1:5060";
static const char *const there = "198.51.100.7:1234";

static char text[512];
static struct tn_buf buf;

static void begin(enum tn_stun_class kind, uint16_t method)
{
    const struct tn_stun head = {
        .kind = kind, .method = method, .id = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};

    tn_buf_fixed(&buf, text, sizeof(text));
    tn_stun_print_header(&buf, &head);
}

static tern_str binding(void)
{
    begin(TN_STUN_REQUEST, TN_STUN_BINDING);
    return tn_buf_view(&buf);
}

/* Sends what was written, and gives the one answer. */
static struct tn_stun ask(const char *local, const char *remote)
{
    static char copy[512];
    struct tern_output out;
    struct tn_stun msg;

    datagram(local, remote, tn_buf_view(&buf));
    CHECK(tn_next_output(&ctx, &out));
    CHECK_EQ(out.type, TERN_OUT_DATAGRAM);
    CHECK_EQ(out.id, net.udp_socket);
    CHECK(tern_addr_equal(out.local, addr(local)));
    CHECK(tern_addr_equal(out.remote, addr(remote)));
    CHECK(out.data.len <= buf.len + 24);
    memcpy(copy, out.data.ptr, out.data.len);
    tern_str data = {copy, out.data.len};
    CHECK(!tn_next_output(&ctx, &out));
    CHECK_EQ(tn_stun_parse(data, &msg), 0);
    CHECK(memcmp(msg.id, "\1\2\3\4\5\6\7\10\11\12\13\14", TN_STUN_ID) == 0);
    return msg;
}

static void a_stranger_hears_its_own_address_and_leaves_no_trace(void)
{
    static const char *const cases[][2] = {
        {"192.0.2.1:5060", "198.51.100.7:1234"},
        {"[2001:db8::1]:5060", "[2001:db8::99]:65535"},
    };
    tern_addr mapped;

    world_start_open("192.0.2.1 2001:db8::1");
    for (size_t i = 0; i < COUNT(cases); i++) {
        (void)binding();
        struct tn_stun answer = ask(cases[i][0], cases[i][1]);
        CHECK_EQ(answer.kind, TN_STUN_SUCCESS);
        CHECK_EQ(answer.method, TN_STUN_BINDING);
        CHECK(!answer.fingerprint);
        CHECK_EQ(tn_stun_address(&answer, TN_STUN_XOR_MAPPED_ADDRESS, &mapped), 0);
        CHECK(tern_addr_equal(mapped, addr(cases[i][1])));
    }
    CHECK_EQ(ctx.stats.flows, 0);
    CHECK_EQ(ctx.stats.messages_in + ctx.stats.messages_out + ctx.stats.messages_dropped, 0);
    CHECK_EQ(ctx.effect_count, 0);
    world_stop();
}

static void who_sends_a_fingerprint_gets_one(void)
{
    world_start_open("192.0.2.1");
    (void)binding();
    tn_stun_print_fingerprint(&buf);
    CHECK(ask(here, there).fingerprint);
    world_stop();
}

/* RFC 8489 6.3.1: credentials are known, and this usage has no use for them. */
static void credentials_are_passed_over(void)
{
    static const char mac[TN_STUN_SHA1];

    world_start_open("192.0.2.1");
    (void)binding();
    tn_stun_print(&buf, TN_STUN_USERNAME, TERN_STR("a:b"));
    tn_stun_print(&buf, TN_STUN_SOFTWARE, TERN_STR("x"));
    tn_stun_print(&buf, TN_STUN_MESSAGE_INTEGRITY, (tern_str){mac, sizeof(mac)});
    CHECK_EQ(ask(here, there).kind, TN_STUN_SUCCESS);
    world_stop();
}

static void what_has_to_be_known_and_is_not_is_named(void)
{
    tern_str value;
    unsigned code;

    world_start_open("192.0.2.1");
    for (size_t count = 1; count < 40; count++) {
        (void)binding();
        for (size_t i = 0; i < count; i++)
            tn_stun_print(&buf, (enum tn_stun_type)(0x4000 + i), (tern_str){NULL, 0});
        struct tn_stun answer = ask(here, there);
        CHECK_EQ(answer.kind, TN_STUN_ERROR);
        CHECK_EQ(tn_stun_error(&answer, &code, &value), 0);
        CHECK_EQ(code, 420);
        CHECK(tn_stun_find(&answer, TN_STUN_UNKNOWN_ATTRIBUTES, &value));
        CHECK_EQ(value.len, 2 * (count < TN_STUN_UNKNOWN_MAX ? count : TN_STUN_UNKNOWN_MAX));
        CHECK(memcmp(value.ptr, "\x40\0", 2) == 0);
    }
    world_stop();
}

static void a_known_flow_is_kept_alive_as_by_a_line_end(void)
{
    struct tn_effect effect;

    world_start_open("192.0.2.1");
    datagram(here, there, request());
    CHECK_EQ(next_effect(&effect), TN_EFFECT_MESSAGE);
    const struct tn_flow *flow = tn_net_get(&net, effect.flow);
    for (int i = 0; i < 10; i++) {
        pass(TERN_SECONDS(100));
        if (i % 2 == 0) {
            (void)binding();
            (void)ask(here, there);
        } else {
            begin(TN_STUN_INDICATION, TN_STUN_BINDING);
            datagram(here, there, tn_buf_view(&buf));
            CHECK_EQ(count_outputs(TERN_OUT_DATAGRAM), 0);
        }
        CHECK_EQ(flow->last_received, ctx.now);
    }
    CHECK(tn_net_get(&net, effect.flow) == flow);
    CHECK_EQ(ctx.stats.messages_dropped, 0);
    world_stop();
}

/* Answers are not answered: no two ports can be set on each other. */
static void what_nobody_asked_for_is_dropped_and_counted(void)
{
    static const struct {
        enum tn_stun_class kind;
        uint16_t method;
    } cases[] = {
        {TN_STUN_SUCCESS, TN_STUN_BINDING},
        {TN_STUN_ERROR, TN_STUN_BINDING},
        {TN_STUN_REQUEST, 3},
        {TN_STUN_INDICATION, 6},
        {TN_STUN_REQUEST, 0},
    };

    world_start_open("192.0.2.1");
    for (size_t i = 0; i < COUNT(cases); i++) {
        begin(cases[i].kind, cases[i].method);
        datagram(here, there, tn_buf_view(&buf));
    }
    CHECK_EQ(count_outputs(TERN_OUT_DATAGRAM), 0);
    CHECK_EQ(ctx.stats.messages_dropped, COUNT(cases));
    world_stop();
}

static void malformed_ones_are_dropped_and_counted(void)
{
    world_start_open("192.0.2.1");
    tern_str good = binding();
    text[3] = 4; /* says more than there is */
    datagram(here, there, good);
    tn_buf_reset(&buf);
    (void)binding();
    tn_stun_print_fingerprint(&buf);
    text[10] ^= 1;
    datagram(here, there, tn_buf_view(&buf));
    CHECK_EQ(ctx.stats.messages_dropped, 2);
    CHECK_EQ(count_outputs(TERN_OUT_DATAGRAM), 0);
    CHECK_EQ(ctx.stats.flows, 0);
    world_stop();
}

static void no_more_than_a_packet_is_read(void)
{
    static char large[2048];
    const struct tn_stun head = {.kind = TN_STUN_REQUEST, .method = TN_STUN_BINDING};
    size_t sizes[] = {TN_BINDING_MAX, TN_BINDING_MAX + 4};

    world_start_open("192.0.2.1");
    for (size_t i = 0; i < COUNT(sizes); i++) {
        tn_buf_fixed(&buf, large, sizeof(large));
        tn_stun_print_header(&buf, &head);
        tn_stun_print(&buf, TN_STUN_SOFTWARE, (tern_str){text, 100});
        while (buf.len < sizes[i])
            tn_stun_print(&buf, TN_STUN_SOFTWARE, (tern_str){NULL, 0});
        datagram(here, there, tn_buf_view(&buf));
        CHECK_EQ(count_outputs(TERN_OUT_DATAGRAM), i == 0);
    }
    CHECK_EQ(ctx.stats.messages_dropped, 1);
    world_stop();
}

static void a_group_does_not_answer(void)
{
    world_start_open("192.0.2.1");
    datagram("224.0.1.75:5060", there, binding());
    CHECK_EQ(count_outputs(TERN_OUT_DATAGRAM), 0);
    CHECK_EQ(ctx.stats.messages_dropped, 1);
    world_stop();
}

static void nothing_is_answered_from_an_address_that_is_gone(void)
{
    world_start_open("192.0.2.1");
    world_network("192.0.2.2");
    datagram(here, there, binding());
    CHECK_EQ(count_outputs(TERN_OUT_DATAGRAM), 0);
    world_stop();
}

/* A flood of forged sources gets a pace; a client of ours does not suffer from it. */
static void strangers_share_a_pace_that_known_flows_do_not_feel(void)
{
    enum { FLOOD = 5000, BURST = TN_BINDING_BURST / TN_BINDING_INTERVAL };
    char remote[TERN_ADDR_TEXT_MAX];
    tern_addr forged = addr("10.0.0.0:7");

    world_start_open("192.0.2.1");
    datagram(here, there, request());
    drain_effects();
    for (unsigned i = 0; i < FLOOD; i++) {
        forged.ip[2] = (uint8_t)(i >> 8);
        forged.ip[3] = (uint8_t)i;
        datagram(here, tern_addr_print(forged, remote), binding());
    }
    CHECK_EQ(count_outputs(TERN_OUT_DATAGRAM), BURST);
    CHECK_EQ(ctx.stats.messages_dropped, FLOOD - BURST);
    (void)binding();
    CHECK_EQ(ask(here, there).kind, TN_STUN_SUCCESS);
    pass(TN_BINDING_INTERVAL);
    (void)binding();
    CHECK_EQ(ask(here, "10.9.9.9:9").kind, TN_STUN_SUCCESS);
    CHECK_EQ(ctx.stats.flows, 1);
    world_stop();
}

static void be_asked(void)
{
    world_start_open("192.0.2.1");
    datagram(here, there, binding());
    datagram(here, there, request());
    datagram(here, there, binding());
    drain_effects();
    CHECK(ctx.out_of_memory || count_outputs(TERN_OUT_DATAGRAM) == 2);
    world_stop();
}

static void every_allocation_may_fail(void)
{
    with_each_failure(be_asked);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_stranger_hears_its_own_address_and_leaves_no_trace),
        TEST(who_sends_a_fingerprint_gets_one),
        TEST(credentials_are_passed_over),
        TEST(what_has_to_be_known_and_is_not_is_named),
        TEST(a_known_flow_is_kept_alive_as_by_a_line_end),
        TEST(what_nobody_asked_for_is_dropped_and_counted),
        TEST(malformed_ones_are_dropped_and_counted),
        TEST(no_more_than_a_packet_is_read),
        TEST(a_group_does_not_answer),
        TEST(nothing_is_answered_from_an_address_that_is_gone),
        TEST(strangers_share_a_pace_that_known_flows_do_not_feel),
        TEST(every_allocation_may_fail),
    };
    return run_tests(tests, COUNT(tests), argc, argv);
}
