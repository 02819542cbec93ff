/* SPDX-License-Identifier: MIT */
/* The event queue, the callbacks on it, and the names of what events carry. */
#include "world.h"

static struct world world;
static struct host *alice, *bob;

static void meet(void)
{
    world_start(&world, TERN_MS(25));
    alice = world_host(&world, "alice", "10.0.0.1", NULL);
    bob = world_host(&world, "bob", "10.0.0.2", NULL);
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    CHECK_EQ(tern_endpoint_start(bob->ep, world.now), 0);
    host_account(alice, "sip:alice@10.0.0.1", NULL, NULL);
    host_account(bob, "sip:bob@10.0.0.2", NULL, NULL);
}

struct heard {
    unsigned listener, network, sip, ended, stopped, other;
    char last_summary[64];
};

static void on_listener(void *user, struct tern_endpoint *ep, const struct tern_ev_listener *ev)
{
    (void)ep;
    CHECK(ev->transport == TERN_TRANSPORT_UDP || ev->transport == TERN_TRANSPORT_TCP);
    ((struct heard *)user)->listener++;
}

static void on_network(void *user, struct tern_endpoint *ep, const struct tern_ev_network *ev)
{
    (void)ep;
    (void)ev;
    ((struct heard *)user)->network++;
}

static void on_stopped(void *user, struct tern_endpoint *ep)
{
    (void)ep;
    ((struct heard *)user)->stopped++;
}

/* The application may call the library from a callback; the text stays what it was. */
static void on_sip(void *user, struct tern_endpoint *ep, const struct tern_ev_sip_message *ev)
{
    struct heard *heard = user;
    char before[64];
    CHECK(ev->summary.len < sizeof(before));
    memcpy(before, ev->summary.ptr, ev->summary.len);
    tern_advance(ep, world.now);
    CHECK(memcmp(before, ev->summary.ptr, ev->summary.len) == 0);
    memcpy(heard->last_summary, before, ev->summary.len);
    heard->last_summary[ev->summary.len] = '\0';
    heard->sip++;
}

static void opened(struct tern_endpoint *ep)
{
    struct tern_output out;
    while (tern_next_output(ep, &out)) {
        if (out.type == TERN_OUT_UDP_OPEN || out.type == TERN_OUT_LISTEN) {
            tern_socket_opened(ep, world.now, out.id, out.port ? out.port : 5060);
        }
    }
}

static struct tern_endpoint *lonely(void)
{
    struct tern_endpoint_opts opts;
    struct tern_endpoint *ep;
    struct tern_network network = {.address_count = 1};
    world_start(&world, 0);
    tern_endpoint_opts_init(&opts);
    opts.seed[0] = 1;
    opts.sip_events = true;
    CHECK_EQ(tern_endpoint_new(&opts, &ep), 0);
    CHECK_EQ(tern_addr_parse(TERN_STR("10.0.0.1"), &network.addresses[0].addr), 0);
    network.addresses[0].prefix_len = 24;
    network.addresses[0].interface = 1;
    CHECK_EQ(tern_set_network(ep, world.now, &network), 0);
    CHECK_EQ(tern_endpoint_start(ep, world.now), 0);
    opened(ep);
    return ep;
}

static void dispatch_hands_each_event_to_its_function(void)
{
    struct tern_endpoint *ep = lonely();
    struct heard heard = {0};
    struct tern_callbacks callbacks = {.size = sizeof(callbacks),
                                       .on_listener = on_listener,
                                       .on_network = on_network,
                                       .on_stopped = on_stopped,
                                       .on_sip_message = on_sip};
    CHECK_EQ(tern_dispatch(ep, &callbacks, &heard), 3);
    CHECK_EQ(heard.listener, 2);
    CHECK_EQ(heard.network, 1);
    CHECK_EQ(tern_dispatch(ep, &callbacks, &heard), 0);
    CHECK_EQ(tern_endpoint_stop(ep, world.now, 0), 0);
    (void)tern_dispatch(ep, &callbacks, &heard);
    CHECK_EQ(heard.stopped, 1);
    tern_endpoint_free(ep);
}

/* An application that was built with an older header has a shorter struct. */
static void a_shorter_struct_of_callbacks_is_enough(void)
{
    struct tern_endpoint *ep = lonely();
    struct heard heard = {0};
    struct tern_callbacks callbacks = {.on_listener = on_listener, .on_network = on_network};
    callbacks.size = offsetof(struct tern_callbacks, on_network);
    CHECK_EQ(tern_dispatch(ep, &callbacks, &heard), 3);
    CHECK_EQ(heard.listener, 2);
    CHECK_EQ(heard.network, 0); /* beyond the size: not looked at */
    tern_endpoint_free(ep);
}

static void a_call_back_may_call_the_library(void)
{
    struct tern_endpoint *ep = lonely();
    struct heard heard = {0};
    struct tern_callbacks callbacks = {.size = sizeof(callbacks), .on_sip_message = on_sip};
    struct tern_account_opts account;
    struct tern_call_opts opts;
    tern_account handle;
    tern_call call;
    struct tern_output out;
    tern_account_opts_init(&account);
    account.uri = TERN_STR("sip:alice@10.0.0.1");
    CHECK_EQ(tern_account_add(ep, world.now, &account, &handle), 0);
    tern_call_opts_init(&opts);
    opts.account = handle;
    opts.target = TERN_STR("sip:bob@10.0.0.2");
    CHECK_EQ(tern_call_make(ep, world.now, &opts, &call), 0);
    opened(ep);
    while (tern_next_output(ep, &out))
        continue;
    (void)tern_dispatch(ep, &callbacks, &heard);
    CHECK_EQ(heard.sip, 1);
    CHECK(strcmp(heard.last_summary, "INVITE") == 0);
    tern_endpoint_free(ep);
}

/* Nothing is lost, or told twice: what one call leads to, in order, at both ends. */
static void the_events_of_a_call_come_in_order(void)
{
    meet();
    host_call(alice, "sip:bob@10.0.0.2");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_SECONDS(1));
    static const char *const caller[] = {
        "> INVITE", "< 180 Ringing (INVITE)", "< 200 OK (INVITE)", "> ACK",
        "> BYE",    "< 200 OK (BYE)"};
    size_t next = 0;
    for (size_t i = 0; i < alice->log_count && next < 6; i++)
        next += strcmp(alice->log[i], caller[next]) == 0;
    CHECK_EQ(next, 6);
    CHECK_EQ(alice->log_count, 6);
    CHECK_EQ(bob->log_count, 6);
    CHECK_EQ(alice->progress, 1);
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(bob->incoming, 1);
    world_end(&world);
}

static void every_value_has_a_name(void)
{
    for (int i = 0; i < 13; i++) {
        const char *op = tern_ip_change_op_name((enum tern_ip_change_op)i);
        const char *status = tern_ip_change_status_name((enum tern_ip_change_status)i);
        const char *reg = tern_registration_state_name((enum tern_registration_state)i);
        const char *call = tern_call_state_name((enum tern_call_state)i);
        CHECK_EQ(strcmp(op, "unknown") == 0, i < 1 || i > 11);
        CHECK_EQ(strcmp(status, "unknown") == 0, i < 1 || i > 5);
        CHECK_EQ(strcmp(reg, "unknown") == 0, i > 6);
        CHECK_EQ(strcmp(call, "unknown") == 0, i < 1 || i > 6);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(dispatch_hands_each_event_to_its_function),
        TEST(a_shorter_struct_of_callbacks_is_enough),
        TEST(a_call_back_may_call_the_library),
        TEST(the_events_of_a_call_come_in_order),
        TEST(every_value_has_a_name),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
