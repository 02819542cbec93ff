/* SPDX-License-Identifier: MIT */
#include "media/playout.h"

#include "../../tern_test.h"
#include "rig.h"
#include "wire/rtp/g711.h"

/* A sender with a clock, a path with delays, and a listener who takes a frame each 20 ms. */
static struct tn_playout playout;
static tern_time now;
static uint32_t stamp; /* of the next packet sent */
static uint32_t phase;
static int16_t frame[TERN_PCM_FRAME];

static void start(void)
{
    tn_playout_init(&playout);
    now = TERN_SECONDS(100);
    stamp = UINT32_MAX - 4000; /* wraps after half a second */
    phase = 0;
}

/* Prepares the next packet of the sender: a tone at `level`. */
struct sent {
    struct tn_jitter_packet packet;
    tern_time due;
    uint8_t bytes[TN_PACKET_MAX];
};

static void make(struct sent *sent, size_t samples, int16_t level)
{
    int16_t pcm[TN_PACKET_MAX];

    fill_tone(pcm, samples, &phase, level);
    for (size_t i = 0; i < samples; i++)
        sent->bytes[i] = tn_pcmu_encode(pcm[i]);
    sent->packet =
        (struct tn_jitter_packet){stamp, TN_CODEC_PCMU, {(const char *)sent->bytes, samples}};
    stamp += (uint32_t)samples;
}

static void put(size_t samples, int16_t level)
{
    struct sent sent;

    make(&sent, samples, level);
    tn_playout_put(&playout, &sent.packet, now);
}

static bool take(void)
{
    bool heard = tn_playout_take(&playout, frame, now);

    now += TERN_MS(20);
    return heard;
}

static int talk(int frames)
{
    int heard = 0;

    for (int i = 0; i < frames; i++) {
        put(TERN_PCM_FRAME, 8000);
        heard += take();
    }
    return heard;
}

/* How far what is played is behind what was sent last. */
static int32_t delay_ms(void)
{
    return (int32_t)(stamp - playout.jitter.play) / 8;
}

static uint32_t draw(void)
{
    static uint32_t state = 7;

    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

/* A path: `delay(i)` is what packet i takes. All samples are 20 ms. Takes happen 7 ms out of step. */
static int run_path(int packets, tern_time (*delay)(int))
{
    static struct sent line[64];
    int heard = 0, sent = 0;

    memset(line, 0, sizeof(line));
    tern_time begin = now;
    for (tern_time t = 0; t < packets * TERN_MS(20); t += TERN_MS(1)) {
        now = begin + t;
        if (t % TERN_MS(20) == 0) {
            struct sent *slot = &line[sent % 64];
            make(slot, TERN_PCM_FRAME, 8000);
            tern_time path = delay(sent++);
            slot->due = path < 0 ? 0 : now + path;
        }
        for (int i = 0; i < 64; i++) {
            if (line[i].due != now) continue;
            tn_playout_put(&playout, &line[i].packet, now);
            line[i].due = 0;
        }
        if (t % TERN_MS(20) == TERN_MS(7)) heard += tn_playout_take(&playout, frame, now);
    }
    now = begin + packets * TERN_MS(20);
    return heard;
}

static void an_even_stream_is_played_whole_after_the_first_delay(void)
{
    start();
    CHECK_EQ(talk(500), 498);
    CHECK_EQ(playout.concealed, 0);
    CHECK_EQ(playout.jitter.late, 0);
    CHECK(energy(frame, TERN_PCM_FRAME) > 4500);
}

static void the_delay_of_an_even_stream_falls_to_a_frame_or_two(void)
{
    start();
    (void)talk(1000);
    CHECK(delay_ms() <= 50);
}

static tern_time jittery(int i)
{
    (void)i;
    return TERN_MS(30 + draw() % 60);
}

static void jitter_is_measured_and_waited_for(void)
{
    start();
    (void)run_path(500, jittery);
    CHECK(playout.jitter.delay.target >= TN_SAMPLES_MS(60));
    CHECK(playout.jitter.delay.target <= TN_SAMPLES_MS(90));
    uint64_t late = playout.jitter.late;
    int heard = run_path(1000, jittery);
    CHECK(heard >= 950);
    CHECK(playout.jitter.late - late <= 50);
}

static tern_time constant(int i)
{
    (void)i;
    return TERN_MS(30);
}

static void when_the_path_calms_down_so_does_the_delay(void)
{
    start();
    (void)run_path(500, jittery);
    (void)run_path(2000, constant);
    CHECK(playout.jitter.delay.target <= TN_SAMPLES_MS(30));
    CHECK(delay_ms() <= 30 + 60);
}

static tern_time swapped(int i)
{
    return i % 2 ? TERN_MS(10) : TERN_MS(35); /* each pair arrives in the wrong order */
}

static void reordered_packets_are_put_right(void)
{
    start();
    (void)run_path(300, swapped);
    CHECK(run_path(300, swapped) >= 298);
    CHECK(playout.jitter.late <= 3);
}

static tern_time lossy(int i)
{
    return i % 10 == 9 ? -1 : TERN_MS(30);
}

static void lost_packets_are_concealed(void)
{
    start();
    (void)run_path(500, lossy);
    CHECK(playout.concealed >= 45);
    CHECK(playout.concealed <= 55);
}

static tern_time stalled(int i)
{
    return i >= 100 && i < 125 ? TERN_MS(30) + (125 - i) * TERN_MS(20) : TERN_MS(30);
}

/* Half a second of nothing, then all of it at once: what is old is skipped, not caught up. */
static void after_a_stall_the_delay_is_what_it_was(void)
{
    start();
    (void)run_path(250, stalled);
    CHECK(delay_ms() <= 30 + 80);
    CHECK(run_path(100, constant) >= 98);
}

static tern_time moved_path(int i)
{
    return i < 100 ? TERN_MS(20) : TERN_MS(70);
}

static void a_longer_path_costs_a_gap_but_no_audio(void)
{
    start();
    (void)run_path(110, moved_path);
    CHECK(playout.jitter.late <= 1);
    CHECK(playout.concealed <= 5);
    CHECK(run_path(300, moved_path) >= 290);
}

static void duplicates_are_counted_and_heard_once(void)
{
    struct sent sent;

    start();
    (void)talk(10);
    for (int i = 0; i < 10; i++) {
        make(&sent, TERN_PCM_FRAME, 8000);
        tn_playout_put(&playout, &sent.packet, now);
        tn_playout_put(&playout, &sent.packet, now);
        CHECK(take());
    }
    CHECK_EQ(playout.jitter.duplicate, 10);
}

static void packets_of_any_length_are_played(void)
{
    static const size_t lengths[] = {80, 160, 240, 320, 480};

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        int heard = 0;
        start();
        for (uint32_t sent = 0, taken = 0; taken < 200; taken++) {
            for (; sent <= taken * TERN_PCM_FRAME; sent += (uint32_t)lengths[i])
                put(lengths[i], 8000);
            heard += take();
        }
        CHECK(heard >= 195);
        CHECK_EQ(playout.jitter.late, 0);
    }
}

static void pcma_and_pcmu_may_change_in_mid_stream(void)
{
    struct sent sent;

    start();
    (void)talk(20);
    for (int i = 0; i < 20; i++) {
        int16_t pcm[TERN_PCM_FRAME];
        make(&sent, TERN_PCM_FRAME, 0);
        fill_tone(pcm, TERN_PCM_FRAME, &phase, 8000);
        for (size_t at = 0; at < TERN_PCM_FRAME; at++)
            sent.bytes[at] = tn_pcma_encode(pcm[at]);
        sent.packet.codec = TN_CODEC_PCMA;
        tn_playout_put(&playout, &sent.packet, now);
        CHECK(take());
        CHECK(energy(frame, TERN_PCM_FRAME) > 4500);
        CHECK(energy(frame, TERN_PCM_FRAME) < 5600);
    }
}

static void a_timestamp_jump_is_followed_from_the_second_packet_on(void)
{
    start();
    (void)talk(50);
    stamp += 5000000;
    CHECK(talk(20) >= 15);
    stamp -= 777777777;
    CHECK(talk(20) >= 15);
    CHECK_EQ(playout.jitter.wild_count, 2);
}

static void a_single_packet_from_another_time_disturbs_nothing(void)
{
    start();
    (void)talk(50);
    for (int i = 0; i < 50; i++) {
        uint32_t keep = stamp;
        stamp += 1000000 + draw() % 100000000;
        put(TERN_PCM_FRAME, 8000);
        stamp = keep;
        CHECK_EQ(talk(1), 1);
    }
    CHECK_EQ(playout.jitter.wild_count, 50);
}

/* The far end's clock is 500 ppm fast or slow: the delay stays, nothing is lost. */
static void drifting_clocks_are_followed(void)
{
    for (int sign = -1; sign <= 1; sign += 2) {
        start();
        tern_time next = now;
        int heard = 0;
        for (int i = 0; i < 15000; i++) { /* five minutes: 150 ms of drift */
            while (next <= now) {
                put(TERN_PCM_FRAME, 8000);
                next += TERN_MS(20) + sign * 10;
            }
            heard += take();
        }
        CHECK(delay_ms() <= 70);
        CHECK(heard >= 14950);
        CHECK(playout.concealed <= 20);
        CHECK(playout.jitter.late <= 20);
    }
}

/* 60 ms of fading repetition, then comfort noise, then back without a click. */
static void a_gap_fades_to_comfort_and_back(void)
{
    int64_t level[10];

    start();
    for (int i = 0; i < 100; i++) { /* background noise of about 40 */
        struct sent sent;
        make(&sent, TERN_PCM_FRAME, 0);
        for (size_t at = 0; at < TERN_PCM_FRAME; at++)
            sent.bytes[at] = tn_pcmu_encode((int16_t)((int)(draw() % 160) - 80));
        tn_playout_put(&playout, &sent.packet, now);
        (void)take();
    }
    (void)talk(25);
    while (take())
        ;
    level[0] = energy(frame, TERN_PCM_FRAME);
    for (int i = 1; i < 10; i++) {
        CHECK(!take());
        level[i] = energy(frame, TERN_PCM_FRAME);
    }
    CHECK(level[0] > 3000);
    CHECK(level[1] < level[0]);
    CHECK(level[2] < level[1]);
    CHECK(level[5] > 10 && level[5] < 100);
    CHECK(level[9] > 10 && level[9] < 100);
    CHECK(playout.concealed >= 2 && playout.concealed <= 4);
}

/* The steepest step of a tone of 8000 at 400 Hz is 2472; a click would be up to 16000. */
static void a_short_gap_in_a_tone_makes_no_click(void)
{
    int16_t last = 0;

    start();
    for (int i = 0; i < 200; i++) {
        struct sent sent;
        make(&sent, TERN_PCM_FRAME, 8000);
        if (i % 7 != 6) tn_playout_put(&playout, &sent.packet, now);
        (void)take();
        for (size_t at = 0; at < TERN_PCM_FRAME; at++) {
            CHECK(i < 5 || abs(frame[at] - last) < 3200);
            last = frame[at];
        }
    }
}

static void a_change_of_speed_makes_no_click(void)
{
    int16_t last = 0;

    start();
    (void)talk(50);
    playout.jitter.delay.target += 800; /* it must slow down first, and then hurry */
    for (int i = 0; i < 600; i++) {
        put(TERN_PCM_FRAME, 8000);
        (void)take();
        for (size_t at = 0; at < TERN_PCM_FRAME; at++) {
            CHECK(i < 1 || abs(frame[at] - last) < 3200);
            last = frame[at];
        }
    }
    CHECK(delay_ms() <= 50);
}

static void before_anything_came_there_is_perfect_silence(void)
{
    start();
    for (int i = 0; i < 10; i++) {
        CHECK(!take());
        CHECK_EQ(energy(frame, TERN_PCM_FRAME), 0);
    }
    CHECK_EQ(playout.concealed, 0);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(an_even_stream_is_played_whole_after_the_first_delay),
        TEST(the_delay_of_an_even_stream_falls_to_a_frame_or_two),
        TEST(jitter_is_measured_and_waited_for),
        TEST(when_the_path_calms_down_so_does_the_delay),
        TEST(reordered_packets_are_put_right),
        TEST(lost_packets_are_concealed),
        TEST(after_a_stall_the_delay_is_what_it_was),
        TEST(a_longer_path_costs_a_gap_but_no_audio),
        TEST(duplicates_are_counted_and_heard_once),
        TEST(packets_of_any_length_are_played),
        TEST(pcma_and_pcmu_may_change_in_mid_stream),
        TEST(a_timestamp_jump_is_followed_from_the_second_packet_on),
        TEST(a_single_packet_from_another_time_disturbs_nothing),
        TEST(drifting_clocks_are_followed),
        TEST(a_gap_fades_to_comfort_and_back),
        TEST(a_short_gap_in_a_tone_makes_no_click),
        TEST(a_change_of_speed_makes_no_click),
        TEST(before_anything_came_there_is_perfect_silence),
    };
    setvbuf(stdout, NULL, _IOLBF, 0);
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
