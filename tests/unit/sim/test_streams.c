/* SPDX-License-Identifier: MIT */
/* Streams that are cut into segments, taken in part, and read late. */
#include "rig.h"

#include "tern_test.h"

#define LONG                                                                                       \
    "INVITE sip:bob@example.com SIP/2.0 and so on, and on, until it is long enough to be cut"

static uint32_t accepted; /* host 2's stream */

static void begin(struct tern_sim_tcp tcp)
{
    rig_begin(2, 2);
    tern_sim_tcp_set(sim, &tcp);
    rig_plug(1, 1, "10.1.0.1", 0);
    rig_plug(2, 2, "10.2.0.2", 0);
    fake_want(hosts[2],
              (struct tern_output){
                  .type = TERN_OUT_LISTEN, .id = 5, .local = rig_addr("10.2.0.2"), .port = 5060});
    fake_want(hosts[1], (struct tern_output){.type = TERN_OUT_CONNECT,
                                             .id = 9,
                                             .local = rig_addr("10.1.0.1"),
                                             .remote = rig_addr("10.2.0.2:5060")});
    rig_run(TERN_MS(200));
    CHECK_EQ(fake_count(hosts[1], FAKE_STREAM_OPENED), 1);
    CHECK_EQ(fake_count(hosts[2], FAKE_STREAM_ACCEPTED), 1);
    accepted = hosts[2]->next_stream - 1;
}

static void write_long(void)
{
    fake_want(hosts[1],
              (struct tern_output){.type = TERN_OUT_WRITE, .id = 9, .data = TERN_STR(LONG)});
    tern_sim_touch(sim, 1);
}

/* What came, in one piece, is so many times LONG and then a part of it. */
static void check_bytes(size_t least, size_t most)
{
    size_t at = 0, len = strlen(LONG);
    for (size_t i = 0, n = fake_count(hosts[2], FAKE_STREAM_RECEIVED); i < n; i++) {
        const struct fake_input *got = fake_nth(hosts[2], FAKE_STREAM_RECEIVED, i);
        CHECK_EQ(got->id, accepted);
        for (size_t k = 0; k < got->data.len; k++)
            CHECK_EQ(got->data.ptr[k], LONG[at++ % len]);
    }
    CHECK(at >= least);
    CHECK(at <= most);
}

static void whatever_happens_on_the_way_the_bytes_arrive_in_order(void)
{
    static const struct tern_sim_tcp cases[] = {
        {0},
        {.cut = TERN_SIM_MILLION},
        {.partial = TERN_SIM_MILLION},
        {.join = TERN_SIM_MILLION},
        {TERN_SIM_MILLION, TERN_SIM_MILLION, TERN_SIM_MILLION},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (uint32_t loss = 0; loss <= 300000; loss += 300000) {
            begin(cases[i]);
            struct tern_sim_path path = {.delay = TERN_MS(5), .jitter = TERN_MS(9), .loss = loss};
            tern_sim_net_set(sim, 1, &path);
            for (int k = 0; k < 20; k++)
                write_long();
            rig_run(TERN_SECONDS(60));
            check_bytes(20 * strlen(LONG), 20 * strlen(LONG));
            rig_end();
        }
    }
}

static void a_late_reader_reads_several_messages_at_once(void)
{
    begin((struct tern_sim_tcp){.join = TERN_SIM_MILLION});
    for (int k = 0; k < 20; k++)
        write_long();
    rig_run(TERN_SECONDS(2));
    check_bytes(20 * strlen(LONG), 20 * strlen(LONG));
    CHECK(fake_count(hosts[2], FAKE_STREAM_RECEIVED) <= 3);
    rig_end();
}

static void what_was_taken_in_part_is_lost_with_the_connection(void)
{
    begin((struct tern_sim_tcp){.partial = TERN_SIM_MILLION});
    write_long();
    fake_want(hosts[1], (struct tern_output){.type = TERN_OUT_DISCONNECT, .id = 9, .abort = true});
    rig_run(TERN_SECONDS(2));
    check_bytes(0, strlen(LONG) - 1);
    CHECK_EQ(fake_count(hosts[2], FAKE_STREAM_CLOSED), 1);
    rig_end();
}

static void what_was_taken_in_part_goes_out_before_an_orderly_end(void)
{
    begin((struct tern_sim_tcp){.partial = TERN_SIM_MILLION, .cut = TERN_SIM_MILLION});
    write_long();
    fake_want(hosts[1], (struct tern_output){.type = TERN_OUT_DISCONNECT, .id = 9});
    rig_run(TERN_SECONDS(2));
    check_bytes(strlen(LONG), strlen(LONG));
    CHECK_EQ(fake_count(hosts[2], FAKE_STREAM_CLOSED), 1);
    rig_end();
}

/* Nobody is told; who speaks finds out by silence. */
static void a_nat_behind_a_nat_that_forgets_kills_a_connection_silently(void)
{
    for (uint32_t net = 1; net <= 3; net += 2) {
        rig_begin(3, 2);
        CHECK_EQ(tern_sim_net_behind(sim, 1, 3), 0);
        rig_nat(1, (struct tern_sim_nat){0}, "100.64.0.1");
        rig_nat(3, (struct tern_sim_nat){0}, "203.0.113.1");
        rig_plug(1, 1, "10.1.0.1", 0);
        rig_plug(2, 2, "10.2.0.2", 0);
        fake_want(hosts[2], (struct tern_output){.type = TERN_OUT_LISTEN,
                                                 .id = 5,
                                                 .local = rig_addr("10.2.0.2"),
                                                 .port = 5060});
        fake_want(hosts[1], (struct tern_output){.type = TERN_OUT_CONNECT,
                                                 .id = 9,
                                                 .local = rig_addr("10.1.0.1"),
                                                 .remote = rig_addr("10.2.0.2:5060")});
        rig_run(TERN_MS(200));
        const struct fake_input *in = rig_last(2, FAKE_STREAM_ACCEPTED);
        CHECK(tern_addr_same_host(in->remote, rig_addr("203.0.113.1")));
        write_long();
        rig_run(TERN_SECONDS(1));
        CHECK_EQ(fake_bytes(hosts[2], FAKE_STREAM_RECEIVED, hosts[2]->next_stream - 1),
                 strlen(LONG));
        tern_sim_net_rebind(sim, net);
        write_long();
        rig_run(TERN_SECONDS(30));
        CHECK_EQ(fake_bytes(hosts[2], FAKE_STREAM_RECEIVED, hosts[2]->next_stream - 1),
                 strlen(LONG));
        CHECK_EQ(fake_count(hosts[1], FAKE_STREAM_CLOSED), 0);
        rig_end();
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(whatever_happens_on_the_way_the_bytes_arrive_in_order),
        TEST(a_late_reader_reads_several_messages_at_once),
        TEST(what_was_taken_in_part_is_lost_with_the_connection),
        TEST(what_was_taken_in_part_goes_out_before_an_orderly_end),
        TEST(a_nat_behind_a_nat_that_forgets_kills_a_connection_silently),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
