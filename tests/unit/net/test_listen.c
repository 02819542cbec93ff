/* SPDX-License-Identifier: MIT */
/* The listener machine cell by cell, and the set of listeners that follows the snapshot. */
#include "world.h"

/* ---- the table of net/listen.h ---- */

enum { NONE = -1 };

static const struct {
    enum tn_listen_state from;
    enum tn_listen_event event;
    enum tn_listen_state to;
    int output; /* enum tern_output_type or NONE */
} moves[] = {
    {TN_LISTEN_CLOSED, TN_LISTEN_EV_GO, TN_LISTEN_OPENING, TERN_OUT_LISTEN},
    {TN_LISTEN_CLOSED, TN_LISTEN_EV_HOLD, TN_LISTEN_HELD, NONE},
    {TN_LISTEN_CLOSED, TN_LISTEN_EV_REOPEN, TN_LISTEN_WAITING, NONE},
    {TN_LISTEN_HELD, TN_LISTEN_EV_GO, TN_LISTEN_OPENING, TERN_OUT_LISTEN},
    {TN_LISTEN_HELD, TN_LISTEN_EV_REOPEN, TN_LISTEN_WAITING, NONE},
    {TN_LISTEN_HELD, TN_LISTEN_EV_STOP, TN_LISTEN_CLOSED, NONE},
    {TN_LISTEN_WAITING, TN_LISTEN_EV_GO, TN_LISTEN_OPENING, TERN_OUT_LISTEN},
    {TN_LISTEN_WAITING, TN_LISTEN_EV_HOLD, TN_LISTEN_HELD, NONE},
    {TN_LISTEN_WAITING, TN_LISTEN_EV_REOPEN, TN_LISTEN_WAITING, NONE},
    {TN_LISTEN_WAITING, TN_LISTEN_EV_STOP, TN_LISTEN_CLOSED, NONE},
    {TN_LISTEN_OPENING, TN_LISTEN_EV_OPENED, TN_LISTEN_OPEN, NONE},
    {TN_LISTEN_OPENING, TN_LISTEN_EV_FAILED, TN_LISTEN_FAILED, NONE},
    {TN_LISTEN_OPENING, TN_LISTEN_EV_REOPEN, TN_LISTEN_WAITING, TERN_OUT_UNLISTEN},
    {TN_LISTEN_OPENING, TN_LISTEN_EV_STOP, TN_LISTEN_CLOSED, TERN_OUT_UNLISTEN},
    {TN_LISTEN_OPEN, TN_LISTEN_EV_FAILED, TN_LISTEN_FAILED, NONE},
    {TN_LISTEN_OPEN, TN_LISTEN_EV_REOPEN, TN_LISTEN_WAITING, TERN_OUT_UNLISTEN},
    {TN_LISTEN_OPEN, TN_LISTEN_EV_STOP, TN_LISTEN_CLOSED, TERN_OUT_UNLISTEN},
    {TN_LISTEN_FAILED, TN_LISTEN_EV_GO, TN_LISTEN_OPENING, TERN_OUT_LISTEN},
    {TN_LISTEN_FAILED, TN_LISTEN_EV_HOLD, TN_LISTEN_HELD, NONE},
    {TN_LISTEN_FAILED, TN_LISTEN_EV_REOPEN, TN_LISTEN_WAITING, NONE},
    {TN_LISTEN_FAILED, TN_LISTEN_EV_STOP, TN_LISTEN_CLOSED, NONE},
};

static const tern_str none;

static struct tn_listener *first_tcp(void)
{
    TN_LIST_FOR(node, &net.impl->listeners.list)
    {
        struct tn_listener *l = TN_OWNER(node, struct tn_listener, link);
        if (l->transport == TERN_TRANSPORT_TCP) return l;
    }
    return NULL;
}

/* A TCP listener in the state, reached by legal moves. */
static struct tn_listener *listener_in(enum tn_listen_state state)
{
    struct tn_net_opts opts = {.port = 5060, .no_udp = true};

    world_start(opts, "192.0.2.1");
    tn_net_start(&net); /* OPENING */
    struct tn_listener *l = first_tcp();
    if (state == TN_LISTEN_OPEN) tn_listener_step(l, TN_LISTEN_EV_OPENED, none);
    if (state == TN_LISTEN_FAILED) tn_listener_step(l, TN_LISTEN_EV_FAILED, none);
    if (state == TN_LISTEN_WAITING) tn_listener_step(l, TN_LISTEN_EV_REOPEN, none);
    if (state == TN_LISTEN_CLOSED || state == TN_LISTEN_HELD) {
        tn_listener_step(l, TN_LISTEN_EV_STOP, none);
    }
    if (state == TN_LISTEN_HELD) tn_listener_step(l, TN_LISTEN_EV_HOLD, none);
    CHECK_EQ(l->state, state);
    drain_outputs();
    return l;
}

static void each_cell_of_the_table_does_what_it_says(void)
{
    for (int state = 0; state < TN_LISTEN_STATES; state++) {
        for (int event = 0; event < TN_LISTEN_EVENTS; event++) {
            int to = state, output = NONE;
            for (size_t i = 0; i < COUNT(moves); i++) {
                if ((int)moves[i].from != state || (int)moves[i].event != event) continue;
                to = (int)moves[i].to;
                output = moves[i].output;
            }
            struct tn_listener *l = listener_in((enum tn_listen_state)state);
            tn_listener_step(l, (enum tn_listen_event)event, none);
            CHECK_EQ(l->state, to);
            CHECK_EQ(tn_timer_armed(&l->timer), to == TN_LISTEN_WAITING || to == TN_LISTEN_FAILED);
            CHECK_EQ(l->socket != 0, to == TN_LISTEN_OPENING || to == TN_LISTEN_OPEN);
            struct tern_output out = {0};
            bool any = tn_next_output(&ctx, &out);
            CHECK_EQ(any ? (int)out.type : NONE, output);
            world_stop();
        }
    }
}

/* ---- the set ---- */

static void listeners_follow_the_snapshot(void)
{
    struct tern_output out;

    world_start_open("192.0.2.1 2001:db8::1");
    CHECK(tn_net_listeners_ready(&net));
    CHECK_EQ(tn_net_listener_count(&net), 3);
    world_network("192.0.2.9 2001:db8::1");
    CHECK(!tn_net_listeners_ready(&net)); /* only recorded */
    CHECK_EQ(tn_net_listener_count(&net), 3);
    tn_net_sync_listeners(&net, false, 0);
    CHECK(next_output(TERN_OUT_UNLISTEN, &out));
    CHECK(next_output(TERN_OUT_LISTEN, &out));
    CHECK(tern_addr_same_host(out.local, addr("192.0.2.9")));
    CHECK_EQ(out.port, 5060);
    CHECK(!tn_net_listeners_ready(&net));
    tn_net_socket_opened(&net, out.id, 5060);
    CHECK(tn_net_listeners_ready(&net));
    world_stop();
}

static void an_equal_snapshot_moves_nothing(void)
{
    world_start_open("192.0.2.1");
    tn_net_sync_listeners(&net, false, TERN_MS(10));
    struct tern_output out;
    CHECK(!tn_next_output(&ctx, &out));
    world_stop();
}

static void tentative_addresses_are_not_listened_on(void)
{
    struct tn_net_opts opts = {.port = 5060, .no_udp = true};

    world_start(opts, "192.0.2.1 192.0.2.2");
    net.network.addresses[1].flags = TERN_NET_TENTATIVE;
    tn_net_start(&net);
    CHECK_EQ(count_outputs(TERN_OUT_LISTEN), 1);
    world_stop();
}

static void without_a_network_only_the_udp_socket_opens(void)
{
    struct tn_net_opts opts = {0};

    world_start(opts, "");
    CHECK(!tn_net_listeners_ready(&net));
    tn_net_start(&net);
    open_all(40000);
    CHECK(tn_net_listeners_ready(&net));
    CHECK_EQ(tn_net_listener_count(&net), 1);
    CHECK_EQ(net.udp_port, 40000);
    world_stop();
}

static void all_listeners_get_the_port_that_the_system_chose(void)
{
    struct tn_net_opts opts = {0};
    struct tern_output out;

    world_start(opts, "192.0.2.1 192.0.2.2");
    tn_net_start(&net);
    CHECK(tn_next_output(&ctx, &out));
    CHECK_EQ(out.type, TERN_OUT_UDP_OPEN);
    uint32_t udp = out.id;
    CHECK(!tn_next_output(&ctx, &out)); /* the others wait for its port */
    tn_net_socket_opened(&net, udp, 40000);
    for (int i = 0; i < 2; i++) {
        CHECK(tn_next_output(&ctx, &out));
        CHECK_EQ(out.type, TERN_OUT_LISTEN);
        CHECK_EQ(out.port, 40000);
        tn_net_socket_opened(&net, out.id, 40000);
    }
    CHECK(tn_net_listeners_ready(&net));
    CHECK_EQ(net.tcp_port, 40000);
    world_stop();
}

static void where_that_port_is_taken_for_tcp_all_tcp_listeners_share_another(void)
{
    struct tn_net_opts opts = {0};
    struct tern_output out;
    int served = 0;

    world_start(opts, "192.0.2.1 192.0.2.2");
    tn_net_start(&net);
    CHECK(tn_next_output(&ctx, &out));
    tn_net_socket_opened(&net, out.id, 40000);
    while (tn_next_output(&ctx, &out))
        tn_net_socket_failed(&net, out.id, TERN_STR("address already in use"));
    for (int round = 0; round < 10 && !tn_net_listeners_ready(&net); round++) {
        pass(TERN_SECONDS(1));
        while (tn_next_output(&ctx, &out)) {
            CHECK(out.port == (served++ ? 40001 : 0));
            tn_net_socket_opened(&net, out.id, 40001);
        }
    }
    CHECK(tn_net_listeners_ready(&net));
    CHECK_EQ(net.tcp_port, 40001);
    CHECK_EQ(served, 2);
    world_stop();
}

static void reopening_waits_closes_first_and_keeps_the_ports(void)
{
    struct tn_net_opts opts = {0};
    struct tern_output out;

    world_start(opts, "192.0.2.1");
    tn_net_start(&net);
    open_all(40000);
    tn_net_sync_listeners(&net, true, TERN_MS(10));
    CHECK(tn_next_output(&ctx, &out));
    CHECK_EQ(out.type, TERN_OUT_UDP_CLOSE);
    CHECK(tn_next_output(&ctx, &out));
    CHECK_EQ(out.type, TERN_OUT_UNLISTEN);
    CHECK(!tn_next_output(&ctx, &out));
    CHECK_EQ(tn_ctx_deadline(&ctx), ctx.now + TERN_MS(10));
    pass(TERN_MS(10));
    CHECK(tn_next_output(&ctx, &out));
    CHECK_EQ(out.type, TERN_OUT_UDP_OPEN);
    CHECK_EQ(out.port, 40000);
    tn_net_socket_opened(&net, out.id, 40000);
    open_all(0);
    CHECK(tn_net_listeners_ready(&net));
    CHECK_EQ(net.tcp_port, 40000);
    world_stop();
}

static void failures_are_reported_and_tried_again_with_growing_pauses(void)
{
    static const tern_time pauses[] = {TERN_MS(100),    TERN_MS(200),   TERN_MS(400),
                                       TERN_MS(800),    TERN_MS(1600),  TERN_MS(3200),
                                       TERN_SECONDS(5), TERN_SECONDS(5)};
    struct tn_net_opts opts = {.port = 5060, .no_tcp = true};
    struct tn_listener_news news;
    struct tern_output out;

    world_start(opts, "192.0.2.1");
    tn_net_start(&net);
    for (size_t i = 0; i < COUNT(pauses); i++) {
        CHECK(next_output(TERN_OUT_UDP_OPEN, &out));
        tn_net_socket_failed(&net, out.id, TERN_STR("address already in use"));
        CHECK(tn_net_next_listener_news(&net, &news));
        CHECK(!news.open);
        CHECK_EQ(news.reason.len, 22);
        CHECK_EQ(tn_ctx_deadline(&ctx) - ctx.now, pauses[i]);
        pass(pauses[i]);
    }
    CHECK(next_output(TERN_OUT_UDP_OPEN, &out));
    tn_net_socket_opened(&net, out.id, 5060);
    CHECK(tn_net_next_listener_news(&net, &news));
    CHECK(news.open);
    CHECK_EQ(news.local.family, 0);
    CHECK_EQ(news.local.port, 5060);
    CHECK(!tn_net_next_listener_news(&net, &news));
    world_stop();
}

static void late_answers_for_an_old_socket_change_nothing(void)
{
    struct tn_net_opts opts = {.port = 5060, .no_tcp = true};
    struct tern_output out;

    world_start(opts, "192.0.2.1");
    tn_net_start(&net);
    CHECK(next_output(TERN_OUT_UDP_OPEN, &out));
    tn_net_sync_listeners(&net, true, TERN_MS(10));
    tn_net_socket_opened(&net, out.id, 5060);
    tn_net_socket_failed(&net, out.id, TERN_STR("late"));
    CHECK(!net.udp_open);
    CHECK(!tn_net_owns_socket(&net, out.id));
    CHECK(!tn_net_owns_socket(&net, 0));
    world_stop();
}

static void snapshots_that_come_and_go_leave_no_listener_behind(void)
{
    char text[32];

    world_start_open("192.0.2.1");
    for (int i = 2; i < 250; i++) {
        (void)snprintf(text, sizeof(text), "192.0.2.%d", i);
        world_network(i % 3 ? text : "");
        tn_net_sync_listeners(&net, i % 5 == 0, TERN_MS(i % 7));
        if (i % 2) open_all(5060);
        pass(TERN_MS(i % 11));
        CHECK(tn_list_count(&net.impl->listeners.list) <= 2);
    }
    world_stop();
}

static void live_through_restarts(void)
{
    struct tn_net_opts opts = {0};

    world_start(opts, "192.0.2.1 192.0.2.2");
    tn_net_start(&net);
    open_all(40000);
    tn_net_sync_listeners(&net, true, TERN_MS(10));
    pass(TERN_MS(10));
    open_all(40000);
    world_network("192.0.2.3");
    tn_net_sync_listeners(&net, false, 0);
    open_all(40000);
    world_stop();
}

static void every_allocation_may_fail(void)
{
    with_each_failure(live_through_restarts);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(each_cell_of_the_table_does_what_it_says),
        TEST(listeners_follow_the_snapshot),
        TEST(an_equal_snapshot_moves_nothing),
        TEST(tentative_addresses_are_not_listened_on),
        TEST(without_a_network_only_the_udp_socket_opens),
        TEST(all_listeners_get_the_port_that_the_system_chose),
        TEST(where_that_port_is_taken_for_tcp_all_tcp_listeners_share_another),
        TEST(reopening_waits_closes_first_and_keeps_the_ports),
        TEST(failures_are_reported_and_tried_again_with_growing_pauses),
        TEST(late_answers_for_an_old_socket_change_nothing),
        TEST(snapshots_that_come_and_go_leave_no_listener_behind),
        TEST(live_through_restarts),
        TEST(every_allocation_may_fail),
    };
    return run_tests(tests, COUNT(tests), argc, argv);
}
