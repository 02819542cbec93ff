/* SPDX-License-Identifier: MIT */
#include "media/dtmf.h"

#include "../../tern_test.h"

static struct tn_dtmf_sender sender;
static struct tn_dtmf_receiver receiver;
static tern_time now;

static void start(void)
{
    tn_dtmf_sender_init(&sender);
    tn_dtmf_receiver_init(&receiver);
    now = TERN_SECONDS(1);
}

static void hear(char digit, uint32_t timestamp, uint16_t duration, bool end)
{
    struct tn_event event = {(uint8_t)tn_event_code(digit), end, 10, duration};

    now += TERN_MS(20);
    tn_dtmf_receive(&receiver, &event, timestamp, now);
}

static void expect(char want, uint32_t want_ms)
{
    char digit = 0;
    uint32_t duration = 0;

    CHECK_EQ(tn_dtmf_next(&receiver, &digit, &duration), want != 0);
    CHECK_EQ(digit, want);
    CHECK_EQ(duration, want_ms);
}

/* RFC 4733 2.5.1: tick by tick, what is sent for a digit of 60 ms. */
static void a_digit_goes_through_all_states(void)
{
    static const struct {
        bool sent, marker, instead, end;
        uint16_t duration;
        enum tn_dtmf_state after;
    } ticks[] = {
        {true, true, true, false, 160, TN_DTMF_TONE},
        {true, false, true, false, 320, TN_DTMF_TONE},
        {true, false, true, true, 480, TN_DTMF_ENDING},
        {true, false, false, true, 480, TN_DTMF_ENDING},
        {true, false, false, true, 480, TN_DTMF_PAUSING},
        {false, false, false, false, 0, TN_DTMF_PAUSING},
        {false, false, false, false, 0, TN_DTMF_IDLE},
        {false, false, false, false, 0, TN_DTMF_IDLE},
    };
    struct tn_dtmf_packet packet;

    start();
    CHECK_EQ(tn_dtmf_queue(&sender, '7', 60), 0);
    for (uint32_t i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++) {
        CHECK_EQ(tn_dtmf_tick(&sender, 1000 + i * 160, &packet), ticks[i].sent);
        CHECK_EQ(sender.state, ticks[i].after);
        if (!ticks[i].sent) continue;
        CHECK_EQ(packet.timestamp, 1000);
        CHECK_EQ(packet.event.code, 7);
        CHECK_EQ(packet.event.duration, ticks[i].duration);
        CHECK_EQ(packet.event.end, ticks[i].end);
        CHECK_EQ(packet.marker, ticks[i].marker);
        CHECK_EQ(packet.instead, ticks[i].instead);
    }
}

static void the_shortest_and_the_longest_digit_end(void)
{
    struct tn_dtmf_packet packet;

    start();
    CHECK_EQ(tn_dtmf_queue(&sender, '1', 1), 0);
    CHECK_EQ(tn_dtmf_queue(&sender, 'D', TN_DTMF_MAX_MS), 0);
    int sent = 0;
    for (uint32_t i = 0; i < 500; i++)
        sent += tn_dtmf_tick(&sender, i * 160, &packet);
    CHECK_EQ(sent, 2 + 2 + TN_DTMF_MAX_MS / 20 + 2);
    CHECK_EQ(packet.event.duration, 64000);
    CHECK_EQ(sender.state, TN_DTMF_IDLE);
}

static void a_digit_is_heard_once_whatever_is_repeated(void)
{
    start();
    for (uint16_t i = 1; i <= 4; i++)
        hear('3', 800, (uint16_t)(i * 160), false);
    expect(0, 0);
    for (int i = 0; i < 3; i++)
        hear('3', 800, 800, true);
    expect('3', 100);
    expect(0, 0);
    hear('3', 4000, 160, true); /* the same key again */
    expect('3', 20);
}

static void a_digit_without_end_packets_is_heard_when_it_has_stopped(void)
{
    start();
    hear('*', 800, 160, false);
    hear('*', 800, 320, false);
    now += TERN_MS(149);
    tn_dtmf_receiver_tick(&receiver, now);
    expect(0, 0);
    now += TERN_MS(1);
    tn_dtmf_receiver_tick(&receiver, now);
    expect('*', 40);
    hear('*', 800, 480, true); /* too late to be another one */
    expect(0, 0);
}

static void the_next_digit_ends_the_one_before(void)
{
    start();
    hear('1', 800, 160, false);
    hear('2', 2400, 160, true);
    expect('1', 20);
    expect('2', 20);
    hear('1', 800, 320, true); /* reordered: long done */
    expect(0, 0);
}

static void only_an_end_packet_came(void)
{
    start();
    hear('9', 800, 640, true);
    expect('9', 80);
}

/* RFC 4733 2.5.1.3 */
static void segments_of_a_long_event_are_one_digit(void)
{
    start();
    hear('5', 1000, 0xffff, false);
    hear('5', 1000 + 0xffff, 160, false);
    hear('5', 1000 + 0xffff, 320, true);
    expect('5', 0xffff / 8); /* as much as is told */
    expect(0, 0);
}

static void other_events_and_a_full_queue_are_harmless(void)
{
    struct tn_event flash = {16, true, 10, 800};

    start();
    tn_dtmf_receive(&receiver, &flash, 800, now);
    expect(0, 0);
    for (uint32_t i = 0; i < 2 * TN_DTMF_QUEUE; i++)
        hear((char)('0' + i % 10), 10000 + i * 1000, 800, true);
    for (int i = 0; i < TN_DTMF_QUEUE; i++)
        expect((char)('0' + i % 10), 100);
    expect(0, 0);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_digit_goes_through_all_states),
        TEST(the_shortest_and_the_longest_digit_end),
        TEST(a_digit_is_heard_once_whatever_is_repeated),
        TEST(a_digit_without_end_packets_is_heard_when_it_has_stopped),
        TEST(the_next_digit_ends_the_one_before),
        TEST(only_an_end_packet_came),
        TEST(segments_of_a_long_event_are_one_digit),
        TEST(other_events_and_a_full_queue_are_harmless),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
