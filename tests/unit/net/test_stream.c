/* SPDX-License-Identifier: MIT */
/* TCP flows: connections, framing in whatever pieces, patience, floods. */
#include "base/str.h"
#include "world.h"

static const tern_addr nowhere;

static uint64_t flow_to(const char *remote)
{
    uint64_t id = 0;
    CHECK_EQ(tn_net_flow(&net,
                         &(struct tn_target){.transport = TERN_TRANSPORT_TCP, .addr = addr(remote)},
                         nowhere, &id),
             0);
    return id;
}

/* Asks for a flow and lets the connection come up. @return the flow; `stream` its number */
static uint64_t connect_to(const char *remote, uint32_t *stream)
{
    struct tern_output out;
    uint64_t id = flow_to(remote);

    CHECK(next_output(TERN_OUT_CONNECT, &out));
    *stream = out.id;
    tn_net_stream_opened(&net, *stream, addr("192.0.2.1:33333"), addr(remote));
    drain_effects();
    return id;
}

static uint32_t rng = 1;

static uint32_t draw(uint32_t below)
{
    rng = rng * 1664525u + 1013904223u;
    return (rng >> 8) % below;
}

/* ---- connecting ---- */

static void a_connection_leaves_from_the_snapshots_address_and_comes_up(void)
{
    struct tern_output out;
    struct tn_effect effect;

    world_start_open("192.0.2.1");
    uint64_t id = flow_to("198.51.100.7:5060");
    CHECK(tn_next_output(&ctx, &out));
    CHECK_EQ(out.type, TERN_OUT_CONNECT);
    CHECK(tern_addr_equal(out.local, addr("192.0.2.1")));
    CHECK(tern_addr_equal(out.remote, addr("198.51.100.7:5060")));
    CHECK(!tn_net_get(&net, id)->open);
    CHECK_EQ(flow_to("198.51.100.7:5060"), id); /* one connection for both */
    tn_net_stream_opened(&net, out.id, addr("192.0.2.1:33333"), addr("198.51.100.7:5060"));
    CHECK_EQ(next_effect(&effect), TN_EFFECT_FLOW_UP);
    CHECK_EQ(effect.id, id);
    CHECK(tn_net_get(&net, id)->open);
    CHECK(tern_addr_equal(tn_net_get(&net, id)->key.local, addr("192.0.2.1:33333")));
    CHECK(tern_addr_equal(tn_net_sent_by(&net, tn_net_get(&net, id)), addr("192.0.2.1:5060")));
    CHECK_EQ(flow_to("198.51.100.7:5060"), id);
    world_stop();
}

static void without_a_listener_via_names_the_connections_own_port(void)
{
    struct tn_net_opts opts = {.no_tcp = true};
    uint32_t stream;

    world_start(opts, "192.0.2.1");
    tn_net_start(&net);
    open_all(5060);
    uint64_t id = connect_to("198.51.100.7:5060", &stream);
    CHECK(tern_addr_equal(tn_net_sent_by(&net, tn_net_get(&net, id)), addr("192.0.2.1:33333")));
    world_stop();
}

static void what_is_sent_before_goes_out_one_write_a_message(void)
{
    struct tern_output out;

    world_start_open("192.0.2.1");
    uint64_t id = flow_to("198.51.100.7:5060");
    CHECK_EQ(tn_net_send(&net, id, TERN_STR("first"), false), 0);
    CHECK_EQ(tn_net_keep(&net, id, TERN_SECONDS(100)), 0); /* needs no ping yet */
    CHECK_EQ(tn_net_send(&net, id, TERN_STR("second"), false), 0);
    CHECK(next_output(TERN_OUT_CONNECT, &out));
    CHECK(!tn_next_output(&ctx, &out));
    tn_net_stream_opened(&net, out.id, addr("192.0.2.1:33333"), addr("198.51.100.7:5060"));
    CHECK_EQ(tn_net_send(&net, id, TERN_STR("third"), false), 0);
    const tern_str expected[] = {TERN_STR("first"), TERN_STR("second"), TERN_STR("third")};
    for (size_t i = 0; i < COUNT(expected); i++) {
        CHECK(tn_next_output(&ctx, &out));
        CHECK_EQ(out.type, TERN_OUT_WRITE);
        CHECK(tn_str_eq(out.data, expected[i]));
    }
    CHECK(!tn_next_output(&ctx, &out));
    world_stop();
}

static void what_waits_for_a_connection_is_bounded(void)
{
    int err = 0, sent = 0;

    world_start_open("192.0.2.1");
    uint64_t id = flow_to("198.51.100.7:5060");
    while (!err && sent < 100000) {
        err = tn_net_send(&net, id, request(), false);
        sent += !err;
    }
    CHECK_EQ(err, TERN_ENOBUF);
    CHECK(sent > 100);
    struct tern_output out;
    CHECK(next_output(TERN_OUT_CONNECT, &out));
    tn_net_stream_opened(&net, out.id, addr("192.0.2.1:33333"), addr("198.51.100.7:5060"));
    CHECK_EQ(count_outputs(TERN_OUT_WRITE), sent);
    world_stop();
}

static void a_connection_that_does_not_come_up_is_given_up(void)
{
    struct tern_output out;

    world_start_open("192.0.2.1");
    uint64_t id = flow_to("198.51.100.7:5060");
    pass(TN_STREAM_CONNECT - 1);
    CHECK(tn_net_get(&net, id) != NULL);
    pass(1);
    CHECK(tn_net_get(&net, id) == NULL);
    CHECK_EQ(count_effects(TN_EFFECT_FLOW_DOWN), 1);
    CHECK(next_output(TERN_OUT_DISCONNECT, &out));
    CHECK(out.abort);
    world_stop();
}

static void a_refused_or_closed_connection_ends_its_flow_once(void)
{
    struct tern_output out;
    uint32_t stream;

    world_start_open("192.0.2.1");
    uint64_t id = flow_to("198.51.100.7:5060");
    CHECK(next_output(TERN_OUT_CONNECT, &out));
    tn_net_stream_closed(&net, out.id, TERN_STR("refused"));
    tn_net_stream_closed(&net, out.id, TERN_STR("again"));
    CHECK_EQ(count_effects(TN_EFFECT_FLOW_DOWN), 1);
    CHECK(tn_net_get(&net, id) == NULL);
    id = connect_to("198.51.100.7:5060", &stream);
    tn_net_close(&net, id, true, false);
    CHECK_EQ(count_effects(TN_EFFECT_FLOW_DOWN), 1);
    CHECK(next_output(TERN_OUT_DISCONNECT, &out));
    CHECK(out.abort);
    CHECK_EQ(out.id, stream);
    stream_bytes(stream, request()); /* late */
    CHECK_EQ(ctx.effect_count, 0);
    CHECK_EQ(tn_ctx_deadline(&ctx), TERN_TIME_NEVER);
    world_stop();
}

/* ---- coming in ---- */

static void an_incoming_connection_is_reused_for_what_goes_there(void)
{
    uint64_t id;

    world_start_open("192.0.2.1 192.0.2.2");
    CHECK(accept_from("198.51.100.7:40000") != 0);
    struct tn_effect effect;
    CHECK_EQ(next_effect(&effect), TN_EFFECT_FLOW_UP);
    const struct tn_flow *flow = tn_net_get(&net, effect.id);
    CHECK(flow->incoming && flow->open);
    CHECK_EQ(flow_to("198.51.100.7:40000"), effect.id);
    CHECK_EQ(tn_net_flow(&net,
                         &(struct tn_target){.transport = TERN_TRANSPORT_TCP,
                                             .addr = addr("198.51.100.7:40000")},
                         addr("192.0.2.2"), &id),
             0);
    CHECK(id != effect.id); /* from another address: another connection */
    world_stop();
}

static void a_flood_of_connections_leaves_room_for_our_own(void)
{
    char remote[40];
    uint32_t stream, accepted = 0;

    world_start_open("192.0.2.1");
    for (int i = 0; i < TN_STREAMS_MAX + 100; i++) {
        (void)snprintf(remote, sizeof(remote), "10.%d.%d.1:999", i / 256, i % 256);
        accepted += accept_from(remote) != 0;
        drain_effects();
    }
    CHECK_EQ(accepted, TN_STREAMS_INCOMING_MAX);
    connect_to("198.51.100.7:5060", &stream);
    pass(TN_STREAM_SILENT); /* they said nothing */
    CHECK_EQ(ctx.stats.flows, 1);
    CHECK_EQ(count_outputs(TERN_OUT_DISCONNECT), TN_STREAMS_INCOMING_MAX);
    world_stop();
}

static void a_connection_for_a_closed_listener_is_refused(void)
{
    uint32_t stream = 0;

    world_start_open("192.0.2.1");
    CHECK_EQ(tn_net_stream_accepted(&net, net.udp_socket, nowhere, nowhere, &stream), TERN_ELIMIT);
    CHECK_EQ(tn_net_stream_accepted(&net, 9999, nowhere, nowhere, &stream), TERN_ELIMIT);
    CHECK_EQ(stream, 0);
    world_stop();
}

/* ---- framing ---- */

static size_t count_messages(const char *body)
{
    struct tn_effect effect;
    size_t count = 0;

    while (tn_next_effect(&ctx, &effect)) {
        if (effect.kind == TN_EFFECT_MESSAGE) {
            CHECK(tn_str_eq(effect.msg->body, tn_str(body)));
            CHECK_EQ(effect.msg->defect_status, 0);
            count++;
        }
        tn_msg_unref(effect.msg);
    }
    return count;
}

static const char with_body[] = "MESSAGE sip:a@192.0.2.1 SIP/2.0\r\n"
                                "Via: SIP/2.0/TCP 198.51.100.7:5060;branch=z9hG4bKabc\r\n"
                                "Max-Forwards: 70\r\n"
                                "From: <sip:b@example.com>;tag=1\r\n"
                                "To: <sip:a@example.com>\r\n"
                                "Call-ID: 1@example.com\r\n"
                                "CSeq: 1 MESSAGE\r\n"
                                "Content-Type: text/plain\r\n"
                                "Content-Length: 16\r\n\r\n"
                                "hello\r\n\r\nworld\r\n";
static const char body[] = "hello\r\n\r\nworld\r\n";

static void messages_come_out_whole_however_the_bytes_are_cut(void)
{
    char bytes[20 * sizeof(with_body)];
    struct tn_buf buf;

    tn_buf_fixed(&buf, bytes, sizeof(bytes));
    for (int i = 0; i < 17; i++) {
        tn_buf_z(&buf, with_body);
        if (i % 3 == 0) tn_buf_z(&buf, "\r\n\r\n");
    }
    CHECK_EQ(buf.err, 0);
    for (int round = 0; round < 300; round++) {
        world_start_open("192.0.2.1");
        uint32_t stream = accept_from("198.51.100.7:40000"), most = round % 2 ? 7 : 2000;
        for (size_t at = 0; at < buf.len;) {
            size_t n = 1 + draw(most);
            if (n > buf.len - at) n = buf.len - at;
            stream_bytes(stream, (tern_str){bytes + at, n});
            at += n;
        }
        CHECK_EQ(count_messages(body), 17);
        CHECK_EQ(ctx.stats.messages_in, 17);
        CHECK_EQ(ctx.stats.flows, 1);
        world_stop();
    }
}

static void a_ping_is_answered_with_a_pong(void)
{
    struct tern_output out;

    world_start_open("192.0.2.1");
    uint32_t stream = accept_from("198.51.100.7:40000");
    stream_bytes(stream, TERN_STR("\r\n\r\n"));
    CHECK(next_output(TERN_OUT_WRITE, &out));
    CHECK(tn_str_eq(out.data, TERN_STR("\r\n")));
    stream_bytes(stream, TERN_STR("\r\n")); /* a pong */
    CHECK(!tn_next_output(&ctx, &out));
    world_stop();
}

/* A dead connection is what its client makes of it, if it does not. */
static void a_ping_that_comes_in_pieces_is_answered(void)
{
    static const char ping[] = "\r\n\r\n";

    for (size_t cut = 1; cut < 4; cut++) {
        struct tern_output out;
        world_start_open("192.0.2.1");
        uint32_t stream = accept_from("198.51.100.7:40000");
        for (int i = 0; i < 3; i++) {
            stream_bytes(stream, request());
            stream_bytes(stream, (tern_str){ping, cut});
            CHECK(!tn_next_output(&ctx, &out));
            stream_bytes(stream, (tern_str){ping + cut, 4 - cut});
            CHECK(next_output(TERN_OUT_WRITE, &out));
            CHECK(tn_str_eq(out.data, TERN_STR("\r\n")));
        }
        world_stop();
    }
}

static void bytes_that_are_not_sip_close_the_connection(void)
{
    const tern_str garbage[] = {TERN_STR("\x16\x03\x01\x02\x00\x01"),
                                TERN_STR("GET / HTTP/1.1\r\n\r\n"),
                                TERN_STR("hello\r\nContent-Length: 0\r\n\r\n")};

    for (size_t i = 0; i < COUNT(garbage); i++) {
        world_start_open("192.0.2.1");
        stream_bytes(accept_from("198.51.100.7:40000"), garbage[i]);
        CHECK_EQ(count_outputs(TERN_OUT_DISCONNECT), 1);
        CHECK_EQ(ctx.stats.flows, 0);
        CHECK_EQ(ctx.stats.messages_dropped, 1);
        CHECK_EQ(count_effects(TN_EFFECT_FLOW_DOWN), 1);
        world_stop();
    }
}

static const struct {
    const char *length_line;
    unsigned status;
} unframed[] = {
    {"", 400},
    {"Content-Length: nonsense\r\n", 400},
    {"Content-Length: -1\r\n", 400},
    {"Content-Length: 99999999\r\n", 413},
    {"Content-Length: 18446744073709551615\r\n", 413},
};

static void a_request_without_an_end_is_answered_then_the_connection_closes(void)
{
    char text[1024];
    struct tn_effect effect;

    for (size_t i = 0; i < COUNT(unframed); i++) {
        world_start_open("192.0.2.1");
        uint32_t stream = accept_from("198.51.100.7:40000");
        drain_effects();
        (void)snprintf(text, sizeof(text), "%.*s%s\r\nrest", (int)request().len - 21, options_text,
                       unframed[i].length_line);
        stream_bytes(stream, tn_str(text));
        CHECK(tn_next_effect(&ctx, &effect));
        CHECK_EQ(effect.kind, TN_EFFECT_MESSAGE);
        CHECK_EQ(effect.msg->defect_status, unframed[i].status);
        tn_msg_unref(effect.msg);
        CHECK_EQ(tn_net_send(&net, effect.flow, tn_str(response_text), false), 0);
        CHECK_EQ(count_outputs(TERN_OUT_WRITE), 1);
        stream_bytes(stream, request()); /* not listened to any more */
        CHECK_EQ(ctx.effect_count, 0);
        CHECK(flow_to("198.51.100.7:40000") != effect.flow);
        pass(TN_STREAM_LINGER);
        CHECK_EQ(count_outputs(TERN_OUT_DISCONNECT), 1);
        CHECK(tn_net_get(&net, effect.flow) == NULL);
        world_stop();
    }
}

static void an_endless_head_closes_the_connection(void)
{
    char line[1001];
    uint32_t sent = 0;

    memset(line, 'a', sizeof(line));
    world_start_open("192.0.2.1");
    uint32_t stream = accept_from("198.51.100.7:40000");
    while (ctx.stats.flows > 0 && sent < 1000000) {
        stream_bytes(stream, (tern_str){line, sizeof(line)});
        sent += sizeof(line);
    }
    CHECK(sent < 100000);
    world_stop();
}

/* ---- patience ---- */

static void a_slow_writer_is_cut_off(void)
{
    world_start_open("192.0.2.1");
    uint32_t stream = accept_from("198.51.100.7:40000");
    stream_bytes(stream, request());
    tern_time begun = ctx.now;
    for (size_t i = 0; i < 200 && ctx.stats.flows > 0; i++) {
        stream_bytes(stream, tn_str_sub(request(), i, 1));
        pass(TERN_SECONDS(1));
    }
    CHECK_EQ(ctx.stats.flows, 0);
    CHECK(ctx.now - begun <= TN_STREAM_PARTIAL + TERN_SECONDS(1));
    world_stop();
}

static void a_busy_stream_is_not_cut_off_for_what_is_always_half_there(void)
{
    size_t half = request().len / 2;

    world_start_open("192.0.2.1");
    uint32_t stream = accept_from("198.51.100.7:40000");
    stream_bytes(stream, tn_str_sub(request(), 0, half));
    for (int i = 0; i < 100; i++) {
        pass(TERN_SECONDS(20));
        stream_bytes(stream, tn_str_from(request(), half));
        stream_bytes(stream, tn_str_sub(request(), 0, half));
        drain_effects();
    }
    CHECK_EQ(ctx.stats.flows, 1);
    world_stop();
}

static void a_silent_connection_is_closed_and_a_used_one_much_later(void)
{
    world_start_open("192.0.2.1");
    CHECK(accept_from("198.51.100.7:40000") != 0);
    uint32_t used = accept_from("198.51.100.7:40001");
    stream_bytes(used, request());
    pass(TN_STREAM_SILENT);
    CHECK_EQ(ctx.stats.flows, 1);
    pass(TERN_SECONDS(3600));
    stream_bytes(used, TERN_STR("\r\n\r\n"));
    pass(TN_STREAM_IDLE - 1);
    CHECK_EQ(ctx.stats.flows, 1);
    pass(1);
    CHECK_EQ(ctx.stats.flows, 0);
    world_stop();
}

/* ---- memory ---- */

static void talk(void)
{
    struct tern_output out;
    uint64_t id;

    world_start_open("192.0.2.1");
    uint32_t stream = accept_from("198.51.100.7:40000");
    if (stream) {
        stream_bytes(stream, tn_str_sub(request(), 0, 50));
        stream_bytes(stream, tn_str_from(request(), 50));
        stream_bytes(stream, request());
    }
    if (tn_net_flow(
            &net,
            &(struct tn_target){.transport = TERN_TRANSPORT_TCP, .addr = addr("198.51.100.9:5060")},
            nowhere, &id) == 0) {
        (void)!tn_net_send(&net, id, request(), false);
        if (next_output(TERN_OUT_CONNECT, &out)) {
            tn_net_stream_opened(&net, out.id, addr("192.0.2.1:33333"), addr("198.51.100.9:5060"));
        }
        (void)!tn_net_send(&net, id, request(), false);
    }
    drain_effects();
    world_stop();
}

static void every_allocation_may_fail(void)
{
    with_each_failure(talk);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_connection_leaves_from_the_snapshots_address_and_comes_up),
        TEST(without_a_listener_via_names_the_connections_own_port),
        TEST(what_is_sent_before_goes_out_one_write_a_message),
        TEST(what_waits_for_a_connection_is_bounded),
        TEST(a_connection_that_does_not_come_up_is_given_up),
        TEST(a_refused_or_closed_connection_ends_its_flow_once),
        TEST(an_incoming_connection_is_reused_for_what_goes_there),
        TEST(a_flood_of_connections_leaves_room_for_our_own),
        TEST(a_connection_for_a_closed_listener_is_refused),
        TEST(messages_come_out_whole_however_the_bytes_are_cut),
        TEST(a_ping_is_answered_with_a_pong),
        TEST(a_ping_that_comes_in_pieces_is_answered),
        TEST(bytes_that_are_not_sip_close_the_connection),
        TEST(a_request_without_an_end_is_answered_then_the_connection_closes),
        TEST(an_endless_head_closes_the_connection),
        TEST(a_slow_writer_is_cut_off),
        TEST(a_busy_stream_is_not_cut_off_for_what_is_always_half_there),
        TEST(a_silent_connection_is_closed_and_a_used_one_much_later),
        TEST(every_allocation_may_fail),
    };
    return run_tests(tests, COUNT(tests), argc, argv);
}
