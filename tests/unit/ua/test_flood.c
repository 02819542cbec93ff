/* SPDX-License-Identifier: MIT */
/* What strangers can make an endpoint hold is bounded, in bytes, and calls go on meanwhile. */
#include "flood.h"
#include "net/limits.h"
#include "txn/limits.h"

#define MIB   (1024 * 1024)
#define CALLS 100

static struct flood flood;

/* An endpoint for 100 calls: so many transactions of strangers, so many calls, and the flows. */
#define TXN_BYTES  (TN_SERVERS_OF_STRANGERS(TN_SERVERS_LEAST) * TN_SERVER_BYTES)
#define FLOW_BYTES (TN_UDP_FLOWS_MAX * 288)
#define CALL_BYTES (CALLS * 16 * 1024)

static size_t bound_for(enum flood_kind kind, bool feigned)
{
    size_t bound = 512 * 1024;              /* queues and tables */
    if (kind == FLOOD_GARBAGE) return 1024; /* one of them, while it is read */
    if (feigned) bound += FLOW_BYTES;
    if (kind != FLOOD_OK) bound += TXN_BYTES;
    if (kind == FLOOD_INVITE) bound += CALL_BYTES;
    return bound;
}

static const char *const names[FLOOD_KINDS] = {"OPTIONS", "INVITE",   "REGISTER",
                                               "BYE",     "response", "garbage"};

static void a_flood_over_udp_holds_so_many_bytes_and_calls_go_on(void)
{
    for (int kind = 0; kind < FLOOD_KINDS; kind++) {
        for (int feigned = 0; feigned < 2; feigned++) {
            flood_start(&flood, CALLS, false);
            size_t before = flood.most = flood.bytes;
            flood_udp(&flood, (enum flood_kind)kind, feigned, feigned ? 36000 : 5000);
            printf("    %-9s %-12s %8zu bytes, at most %zu\n", names[kind],
                   feigned ? "feigned" : "one source", flood.most - before,
                   bound_for((enum flood_kind)kind, feigned));
            CHECK(flood.most - before <= bound_for((enum flood_kind)kind, feigned));
            flood_call_works(&flood);
            flood_end(&flood);
        }
    }
}

/* RFC 3261 21.5.4: some are told, with Retry-After; the rest hear nothing, and cost nothing. */
static void who_finds_no_room_is_told_at_a_pace(void)
{
    struct tern_stats before, after;
    flood_start(&flood, CALLS, false);
    flood_udp(&flood, FLOOD_BYE, true, TN_SERVERS_LEAST);
    tern_get_stats(flood.alice->ep, &before);
    CHECK(before.transactions <= TN_SERVERS_OF_STRANGERS(TN_SERVERS_LEAST));
    CHECK_EQ(before.messages_out - 1, before.transactions + TN_REFUSAL_BURST / TN_REFUSAL_INTERVAL);
    flood_udp(&flood, FLOOD_BYE, true, 1000);
    tern_get_stats(flood.alice->ep, &after);
    CHECK_EQ(after.messages_out, before.messages_out);
    CHECK_EQ(after.messages_dropped, before.messages_dropped + 1000);
    CHECK_EQ(after.transactions, before.transactions);
    world_run(&flood.world, TERN_SECONDS(40));
    tern_get_stats(flood.alice->ep, &after);
    CHECK_EQ(after.transactions, 0);
    flood_udp(&flood, FLOOD_BYE, true, 10);
    tern_get_stats(flood.alice->ep, &before);
    CHECK_EQ(before.transactions, 10);
    flood_end(&flood);
}

/* One address gets half of the room, so that others have some. */
static void one_host_does_not_take_the_room_of_all(void)
{
    struct tern_stats stats;
    flood_start(&flood, CALLS, false);
    flood_udp(&flood, FLOOD_BYE, false, 2 * TN_SERVERS_LEAST);
    tern_get_stats(flood.alice->ep, &stats);
    CHECK_EQ(stats.transactions, TN_SERVERS_OF_HOST(TN_SERVERS_LEAST));
    flood_udp(&flood, FLOOD_BYE, true, 100);
    tern_get_stats(flood.alice->ep, &stats);
    CHECK_EQ(stats.transactions, TN_SERVERS_OF_HOST(TN_SERVERS_LEAST) + 100);
    flood_end(&flood);
}

/* A request and another for each of 20000 calls, within the half minute that a transaction lasts. */
static void a_proxy_that_is_the_only_source_carries_20000_calls(void)
{
    struct tern_stats stats;
    flood_start(&flood, 20000, false);
    flood_udp(&flood, FLOOD_OPTIONS, false, 40000);
    tern_get_stats(flood.alice->ep, &stats);
    CHECK_EQ(stats.transactions, 40000);
    flood_end(&flood);
}

static void calls_of_strangers_leave_room_for_ours(void)
{
    struct tern_stats stats;
    flood_start(&flood, CALLS, false);
    flood_udp(&flood, FLOOD_INVITE, true, 3 * CALLS);
    tern_get_stats(flood.alice->ep, &stats);
    CHECK_EQ(stats.calls, CALLS * 3 / 4);
    flood_call_works(&flood);
    world_run(&flood.world, TERN_SECONDS(400)); /* nobody answers them */
    tern_get_stats(flood.alice->ep, &stats);
    CHECK_EQ(stats.calls, 0);
    flood_udp(&flood, FLOOD_INVITE, true, 1);
    tern_get_stats(flood.alice->ep, &stats);
    CHECK_EQ(stats.calls, 1);
    flood_end(&flood);
}

/* ---- connections ---- */

static uint32_t streams[8192];

static uint32_t flows(void)
{
    struct tern_stats stats;
    tern_get_stats(flood.alice->ep, &stats);
    return stats.flows;
}

static void say(uint32_t stream, const void *data, size_t len)
{
    CHECK_EQ(tern_stream_received(flood.alice->ep, flood.world.now, stream, data, len), 0);
    flood_drain(&flood);
}

static void handshakes_that_are_begun_and_left_are_bounded_and_end_in_time(void)
{
    flood_start(&flood, CALLS, true);
    uint32_t before = flows();
    CHECK_EQ(flood_connect(&flood, 5061, false, 1000, streams), TN_SHAKING_PER_HOST);
    world_run(&flood.world, TERN_SECONDS(2));
    CHECK(flood_connect(&flood, 5061, true, 1000, streams) <= TN_SHAKING_MAX - TN_SHAKING_PER_HOST);
    world_run(&flood.world, TERN_SECONDS(2));
    (void)flood_connect(&flood, 5061, true, 1000, streams);
    CHECK_EQ(flows(), before + TN_SHAKING_MAX);
    flood_call_works(&flood);
    world_run(&flood.world, TN_STREAM_SECURE + TERN_SECONDS(1));
    CHECK_EQ(flows(), before);
    CHECK_EQ(flood_connect(&flood, 5061, false, 1, streams), 1);
    flood_end(&flood);
}

/* Each is closed by the timer that stands beside it, a second early or late at most. */
static void slow_and_silent_connections_are_closed(void)
{
    static const char request[] =
        "OPTIONS sip:alice@10.0.1.1 SIP/2.0\r\nVia: SIP/2.0/TCP 10.9.9.9\r\n";
    static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    static const struct {
        uint16_t port;
        const char *text; /* a byte a second, from the fourth on as often as it takes */
        size_t len;
        tern_time lasts;
    } cases[] = {
        {5060, "", 0, TN_STREAM_SILENT},
        {5060, request, sizeof(request) - 1, TN_STREAM_PARTIAL},
        {5061, "", 0, TN_STREAM_SECURE},
        {5061, hello, sizeof(hello) - 1, TN_STREAM_SECURE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        flood_start(&flood, CALLS, true);
        uint32_t before = flows();
        tern_time start = flood.world.now;
        CHECK_EQ(flood_connect(&flood, cases[i].port, false, 1, streams), 1);
        for (size_t k = 0; flows() > before; k++) {
            CHECK(flood.world.now - start <= cases[i].lasts + TERN_SECONDS(1));
            if (cases[i].len > 0) say(streams[0], &cases[i].text[k % cases[i].len], 1);
            world_run(&flood.world, TERN_SECONDS(1));
        }
        CHECK(flood.world.now - start >= cases[i].lasts - TERN_SECONDS(1));
        flood_end(&flood);
    }
}

/* Long messages without an end, on as many connections as there may be. */
static void incomplete_messages_are_bounded_in_bytes(void)
{
    static char head[12000] = "OPTIONS sip:alice@10.0.1.1 SIP/2.0\r\nX: ";
    memset(head + strlen(head), 'x', sizeof(head) - strlen(head));
    flood_start(&flood, CALLS, false);
    size_t before = flood.most = flood.bytes;
    unsigned taken = flood_connect(&flood, 5060, true, 4000, streams);
    CHECK_EQ(taken, TN_STREAMS_INCOMING_MAX);
    for (unsigned i = 0; i < taken; i++)
        say(streams[i], head, sizeof(head));
    printf("    %8zu bytes in %u connections\n", flood.most - before, taken);
    CHECK(flood.most - before <= TN_STREAMS_PARTIAL_MAX + 2 * MIB);
    flood_call_works(&flood);
    world_run(&flood.world, TN_STREAM_PARTIAL + TERN_SECONDS(10));
    flood_end(&flood);
}

/* All that a stranger can say, in whole messages, by connections that are taken. */
static void a_flood_over_tcp_holds_so_many_bytes(void)
{
    char text[1024];
    for (int kind = 0; kind < FLOOD_KINDS; kind++) {
        flood_start(&flood, CALLS, false);
        size_t before = flood.most = flood.bytes;
        unsigned taken = flood_connect(&flood, 5060, true, 500, streams);
        for (unsigned i = 0; i < 5000; i++) {
            int len = flood_text(&flood, (enum flood_kind)kind, text);
            say(streams[i % taken], text, (size_t)len);
        }
        CHECK(flood.most - before <= bound_for(FLOOD_INVITE, false) + 500 * 1024);
        flood_call_works(&flood);
        flood_end(&flood);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_flood_over_udp_holds_so_many_bytes_and_calls_go_on),
        TEST(who_finds_no_room_is_told_at_a_pace),
        TEST(one_host_does_not_take_the_room_of_all),
        TEST(a_proxy_that_is_the_only_source_carries_20000_calls),
        TEST(calls_of_strangers_leave_room_for_ours),
        TEST(handshakes_that_are_begun_and_left_are_bounded_and_end_in_time),
        TEST(slow_and_silent_connections_are_closed),
        TEST(incomplete_messages_are_bounded_in_bytes),
        TEST(a_flood_over_tcp_holds_so_many_bytes),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
