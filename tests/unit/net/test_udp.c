/* SPDX-License-Identifier: MIT */
/* UDP flows: where they come from, where they go, and how few of them a flood leaves. */
#include "base/str.h"
#include "world.h"

static const tern_addr nowhere;

static uint64_t flow_to(const char *remote)
{
    uint64_t id = 0;
    CHECK_EQ(tn_net_flow(&net,
                         &(struct tn_target){.transport = TERN_TRANSPORT_UDP, .addr = addr(remote)},
                         nowhere, &id),
             0);
    return id;
}

static void a_flow_leaves_from_the_address_that_the_snapshot_gives(void)
{
    uint64_t id, other;

    world_start_open("192.0.2.1 198.51.100.1 2001:db8::1");
    id = flow_to("192.0.2.77:5060");
    CHECK_EQ(flow_to("192.0.2.77:5060"), id);
    const struct tn_flow *flow = tn_net_get(&net, id);
    CHECK(tern_addr_equal(flow->key.local, addr("192.0.2.1:5060")));
    CHECK(tern_addr_equal(tn_net_sent_by(&net, flow), addr("192.0.2.1:5060")));
    CHECK(flow->open);
    flow = tn_net_get(&net, flow_to("[2001:db8::9]:5060"));
    CHECK(tern_addr_equal(flow->key.local, addr("[2001:db8::1]:5060")));
    CHECK_EQ(tn_net_flow(&net,
                         &(struct tn_target){.transport = TERN_TRANSPORT_UDP,
                                             .addr = addr("192.0.2.77:5060")},
                         addr("198.51.100.1:99"), &other),
             0);
    CHECK(other != id);
    CHECK(tern_addr_equal(tn_net_get(&net, other)->key.local, addr("198.51.100.1:5060")));
    CHECK_EQ(tn_net_flow(&net,
                         &(struct tn_target){.transport = TERN_TRANSPORT_UDP,
                                             .addr = addr("192.0.2.77:5060")},
                         addr("203.0.113.5"), &other),
             0);
    CHECK_EQ(other, id); /* `from` is gone: the snapshot's choice */
    CHECK_EQ(ctx.stats.flows, 3);
    world_stop();
}

static void without_a_way_there_is_no_flow(void)
{
    struct tn_net_opts opts = {0};
    uint64_t id = 7;

    world_start(opts, "192.0.2.1");
    tn_net_start(&net); /* not open, port not known */
    CHECK_EQ(tn_net_flow(&net,
                         &(struct tn_target){.transport = TERN_TRANSPORT_UDP,
                                             .addr = addr("192.0.2.7:5060")},
                         nowhere, &id),
             TERN_ENOROUTE);
    open_all(5060);
    CHECK_EQ(tn_net_flow(&net,
                         &(struct tn_target){.transport = TERN_TRANSPORT_UDP,
                                             .addr = addr("[2001:db8::1]:5060")},
                         nowhere, &id),
             TERN_ENOROUTE);
    CHECK_EQ(id, 7);
    CHECK_EQ(tn_net_send(&net, 99, request(), false), TERN_ESTALE);
    CHECK_EQ(tn_net_keep(&net, 99, TERN_SECONDS(25)), TERN_ESTALE);
    world_stop();
}

static void a_message_leaves_as_one_datagram_that_names_its_source(void)
{
    struct tern_output out;

    world_start_open("192.0.2.1");
    uint64_t id = flow_to("192.0.2.7:5070");
    CHECK_EQ(tn_net_send(&net, id, request(), false), 0);
    CHECK_EQ(tn_net_send(&net, id, request(), true), 0);
    CHECK(tn_next_output(&ctx, &out));
    CHECK_EQ(out.type, TERN_OUT_DATAGRAM);
    CHECK_EQ(out.id, net.udp_socket);
    CHECK(tern_addr_equal(out.local, addr("192.0.2.1:5060")));
    CHECK(tern_addr_equal(out.remote, addr("192.0.2.7:5070")));
    CHECK(tn_str_eq(out.data, request()));
    CHECK(!out.media);
    CHECK_EQ(ctx.stats.messages_out, 2);
    CHECK_EQ(ctx.stats.retransmissions_out, 1);
    world_stop();
}

static void nothing_leaves_from_an_address_that_is_gone(void)
{
    world_start_open("192.0.2.1");
    uint64_t id = flow_to("192.0.2.7:5060");
    world_network("192.0.2.2");
    CHECK_EQ(tn_net_send(&net, id, request(), false), TERN_ENOROUTE);
    CHECK_EQ(tn_net_keep(&net, id, TERN_SECONDS(25)), 0); /* there may be a way later */
    CHECK_EQ(count_outputs(TERN_OUT_DATAGRAM), 0);
    CHECK_EQ(ctx.stats.messages_out, 0);
    world_stop();
}

static void what_is_sent_while_the_socket_reopens_goes_out_afterwards(void)
{
    struct tern_output out;

    world_start_open("192.0.2.1");
    uint64_t id = flow_to("192.0.2.7:5060");
    tn_net_sync_listeners(&net, true, TERN_MS(10));
    CHECK_EQ(tn_net_send(&net, id, request(), false), 0);
    CHECK_EQ(tn_net_send(&net, flow_to("192.0.2.8:5060"), request(), false), 0);
    CHECK_EQ(count_outputs(TERN_OUT_DATAGRAM), 0);
    pass(TERN_MS(10));
    CHECK(next_output(TERN_OUT_UDP_OPEN, &out));
    tn_net_socket_opened(&net, out.id, 5060);
    CHECK_EQ(count_outputs(TERN_OUT_DATAGRAM), 2);
    CHECK(tn_net_get(&net, id) != NULL);
    world_stop();
}

static void what_waits_for_the_socket_is_bounded(void)
{
    world_start_open("192.0.2.1");
    uint64_t id = flow_to("192.0.2.7:5060");
    tn_net_sync_listeners(&net, true, TERN_MS(10));
    for (int i = 0; i < TN_UDP_WAITING_MAX; i++)
        CHECK_EQ(tn_net_send(&net, id, request(), false), 0);
    CHECK_EQ(tn_net_send(&net, id, request(), false), TERN_ENOBUF);
    world_stop();
}

static void flows_end_when_the_port_has_changed(void)
{
    struct tn_net_opts opts = {0};
    struct tern_output out;

    world_start(opts, "192.0.2.1");
    tn_net_start(&net);
    open_all(40000);
    uint64_t id = flow_to("192.0.2.7:5060");
    tn_net_sync_listeners(&net, true, 0);
    pass(0);
    CHECK(next_output(TERN_OUT_UDP_OPEN, &out));
    tn_net_socket_opened(&net, out.id, 40002);
    CHECK(tn_net_get(&net, id) == NULL);
    CHECK_EQ(count_effects(TN_EFFECT_FLOW_DOWN), 1);
    CHECK_EQ(tn_net_get(&net, flow_to("192.0.2.7:5060"))->key.local.port, 40002);
    world_stop();
}

static void a_message_comes_up_with_its_flow(void)
{
    struct tn_effect effect;

    world_start_open("192.0.2.1");
    datagram("192.0.2.1:5060", "198.51.100.7:1234", request());
    CHECK_EQ(next_effect(&effect), TN_EFFECT_MESSAGE);
    const struct tn_flow *flow = tn_net_get(&net, effect.flow);
    CHECK_EQ(effect.id, effect.flow);
    CHECK(tern_addr_equal(flow->key.remote, addr("198.51.100.7:1234")));
    CHECK_EQ(flow->last_received, ctx.now);
    CHECK_EQ(flow_to("198.51.100.7:1234"), effect.flow); /* the answer goes by the same one */
    CHECK_EQ(ctx.stats.messages_in, 1);
    world_stop();
}

static void a_datagram_to_a_group_is_answered_from_our_own_address(void)
{
    struct tn_effect effect;

    world_start_open("192.0.2.1");
    datagram("224.0.1.75:5060", "192.0.2.7:5060", request());
    CHECK_EQ(next_effect(&effect), TN_EFFECT_MESSAGE);
    CHECK(tern_addr_equal(tn_net_get(&net, effect.flow)->key.local, addr("192.0.2.1:5060")));
    world_stop();
}

static void garbage_is_counted_and_makes_no_flow(void)
{
    const tern_str garbage[] = {
        {"", 0},
        TERN_STR("hello"),
        TERN_STR("\0\1\2\3"),
        TERN_STR("SIP/2.0 200 OK\r\n\r\n"),
        TERN_STR("\r\n\r\n\r\n"),
        TERN_STR("INVITE\r\n\r\n"),
    };

    world_start_open("192.0.2.1");
    for (size_t i = 0; i < COUNT(garbage); i++)
        datagram("192.0.2.1:5060", "192.0.2.7:5060", garbage[i]);
    CHECK_EQ(ctx.stats.messages_dropped, COUNT(garbage));
    CHECK_EQ(ctx.stats.messages_in, 0);
    CHECK_EQ(ctx.stats.flows, 0);
    CHECK_EQ(ctx.effect_count, 0);
    world_stop();
}

static void keepalives_count_as_received_but_make_no_flow(void)
{
    world_start_open("192.0.2.1");
    datagram("192.0.2.1:5060", "192.0.2.7:5060", TERN_STR("\r\n\r\n"));
    CHECK_EQ(ctx.stats.flows, 0);
    const struct tn_flow *flow = tn_net_get(&net, flow_to("192.0.2.7:5060"));
    CHECK_EQ(flow->last_received, TERN_TIME_NEVER);
    datagram("192.0.2.1:5060", "192.0.2.7:5060", TERN_STR("\r\n"));
    CHECK_EQ(flow->last_received, ctx.now);
    CHECK_EQ(ctx.stats.messages_dropped, 0);
    world_stop();
}

static void datagrams_of_other_sockets_are_not_taken(void)
{
    struct tern_datagram d = {.socket = 999, .data = request().ptr, .len = request().len};

    world_start_open("192.0.2.1");
    tn_net_datagram(&net, &d);
    CHECK_EQ(ctx.effect_count, 0);
    world_stop();
}

static void unused_flows_go_quietly_ours_later_than_theirs(void)
{
    world_start_open("192.0.2.1");
    uint64_t ours = flow_to("192.0.2.7:5060");
    datagram("192.0.2.1:5060", "192.0.2.8:5060", request());
    drain_effects();
    pass(TERN_SECONDS(115));
    CHECK_EQ(ctx.stats.flows, 2);
    pass(TERN_SECONDS(20));
    CHECK_EQ(ctx.stats.flows, 1);
    CHECK(tn_net_get(&net, ours) != NULL);
    pass(TERN_SECONDS(700));
    CHECK_EQ(tn_net_keep(&net, ours, TERN_SECONDS(25)), 0);
    tn_net_unkeep(&net, ours);
    pass(TERN_SECONDS(890));
    CHECK(tn_net_get(&net, ours) != NULL);
    pass(TERN_SECONDS(30));
    CHECK_EQ(ctx.stats.flows, 0);
    CHECK_EQ(count_effects(TN_EFFECT_FLOW_DOWN), 0);
    CHECK_EQ(tn_ctx_deadline(&ctx), TERN_TIME_NEVER);
    world_stop();
}

static void a_flood_of_spoofed_sources_is_bounded_and_spares_our_flows(void)
{
    tern_addr spoofed = addr("10.0.0.0:5060");
    struct tern_datagram d = {
        .local = addr("192.0.2.1:5060"), .data = request().ptr, .len = request().len};

    world_start_open("192.0.2.1");
    uint64_t ours = flow_to("192.0.2.7:5060");
    d.socket = net.udp_socket;
    for (uint32_t i = 0; i < TN_UDP_FLOWS_MAX + 1000; i++) {
        spoofed.ip[1] = (uint8_t)(i >> 16);
        spoofed.ip[2] = (uint8_t)(i >> 8);
        spoofed.ip[3] = (uint8_t)i;
        d.remote = spoofed;
        tn_net_datagram(&net, &d);
        drain_effects();
    }
    CHECK_EQ(ctx.stats.flows, TN_UDP_FLOWS_MAX);
    CHECK(tn_net_get(&net, ours) != NULL);
    CHECK(!ctx.out_of_memory);
    world_stop();
}

static void a_failed_send_ends_the_flow(void)
{
    world_start_open("192.0.2.1");
    uint64_t id = flow_to("192.0.2.7:5060");
    tn_net_send_failed(&net, addr("192.0.2.2:5060"), addr("192.0.2.7:5060"));
    CHECK(tn_net_get(&net, id) != NULL);
    tn_net_send_failed(&net, addr("192.0.2.1:5060"), addr("192.0.2.7:5060"));
    CHECK(tn_net_get(&net, id) == NULL);
    CHECK_EQ(count_effects(TN_EFFECT_FLOW_DOWN), 1);
    id = flow_to("192.0.2.7:5060");
    tn_net_close(&net, id, false, true);
    tn_net_close(&net, id, false, false);
    CHECK_EQ(count_effects(TN_EFFECT_FLOW_DOWN), 0);
    world_stop();
}

static void flows_are_walked_in_order_of_number(void)
{
    uint32_t cursor = 0, count = 0;
    const struct tn_flow *flow;

    world_start_open("192.0.2.1");
    uint64_t first = flow_to("192.0.2.7:5060"), second = flow_to("192.0.2.8:5060");
    while ((flow = tn_net_each(&net, &cursor)) != NULL)
        CHECK_EQ(flow->id, count++ ? second : first);
    CHECK_EQ(count, 2);
    world_stop();
}

static void talk(void)
{
    uint64_t id;

    world_start_open("192.0.2.1");
    datagram("192.0.2.1:5060", "192.0.2.7:5060", request());
    drain_effects();
    if (tn_net_flow(
            &net,
            &(struct tn_target){.transport = TERN_TRANSPORT_UDP, .addr = addr("192.0.2.8:5060")},
            nowhere, &id) == 0) {
        (void)!tn_net_send(&net, id, request(), false);
        tn_net_sync_listeners(&net, true, 0);
        (void)!tn_net_send(&net, id, request(), false);
        pass(TERN_MS(1));
        open_all(5060);
    }
    world_stop();
}

static void every_allocation_may_fail(void)
{
    with_each_failure(talk);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_flow_leaves_from_the_address_that_the_snapshot_gives),
        TEST(without_a_way_there_is_no_flow),
        TEST(a_message_leaves_as_one_datagram_that_names_its_source),
        TEST(nothing_leaves_from_an_address_that_is_gone),
        TEST(what_is_sent_while_the_socket_reopens_goes_out_afterwards),
        TEST(what_waits_for_the_socket_is_bounded),
        TEST(flows_end_when_the_port_has_changed),
        TEST(a_message_comes_up_with_its_flow),
        TEST(a_datagram_to_a_group_is_answered_from_our_own_address),
        TEST(garbage_is_counted_and_makes_no_flow),
        TEST(keepalives_count_as_received_but_make_no_flow),
        TEST(datagrams_of_other_sockets_are_not_taken),
        TEST(unused_flows_go_quietly_ours_later_than_theirs),
        TEST(a_flood_of_spoofed_sources_is_bounded_and_spares_our_flows),
        TEST(a_failed_send_ends_the_flow),
        TEST(flows_are_walked_in_order_of_number),
        TEST(every_allocation_may_fail),
    };
    return run_tests(tests, COUNT(tests), argc, argv);
}
