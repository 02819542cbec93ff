/* SPDX-License-Identifier: MIT */
/* Running, posting, timers and audio of the uv driver. */
#include "drive.h"
#include "tern_test.h"

#include <stdatomic.h>

static struct tern_endpoint *ep;
static struct tern_uv *uv;

static void begin(void)
{
    struct tern_uv_opts opts;

    ep = fake_new();
    tern_uv_opts_init(&opts);
    opts.no_monitor = true;
    CHECK_EQ(tern_uv_new(ep, &opts, &uv), 0);
}

static void end(void)
{
    tern_uv_free(uv);
    fake_free(ep);
}

static void stop_later(struct tern_uv *driver, void *arg)
{
    atomic_uint *count = arg;

    atomic_fetch_add(count, 1);
    tern_uv_stop(driver);
}

static void count_up(struct tern_uv *driver, void *arg)
{
    atomic_uint *count = arg;

    (void)driver;
    atomic_fetch_add(count, 1);
}

static void post_two(struct tern_uv *driver, void *arg)
{
    CHECK_EQ(tern_uv_post(driver, count_up, arg), 0);
    CHECK_EQ(tern_uv_post(driver, count_up, arg), 0);
}

static void it_runs_until_it_is_stopped(void)
{
    atomic_uint count = 0;

    begin();
    tern_uv_stop(uv);
    CHECK_EQ(tern_uv_run(uv), 0); /* at once */
    CHECK_EQ(tern_uv_post(uv, stop_later, &count), 0);
    CHECK_EQ(tern_uv_run(uv), 0);
    CHECK_EQ(count, 1);
    CHECK_EQ(tern_uv_thread_stop(uv), TERN_ESTATE);
    end();
}

static void what_is_posted_runs_once_at_the_latest_when_the_driver_goes(void)
{
    atomic_uint count = 0;

    begin();
    CHECK_EQ(tern_uv_post(uv, post_two, &count), 0);
    end();
    CHECK_EQ(count, 2);
}

static void post_many(void *arg)
{
    for (int i = 0; i < 1000; i++) {
        CHECK_EQ(tern_uv_post(uv, count_up, arg), 0);
    }
}

static void several_threads_post_to_a_loop_on_its_own_thread(void)
{
    atomic_uint count = 0;
    uv_thread_t threads[4];

    begin();
    CHECK_EQ(tern_uv_thread_start(uv), 0);
    CHECK_EQ(tern_uv_thread_start(uv), TERN_ESTATE);
    CHECK_EQ(tern_uv_run(uv), TERN_ESTATE);
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(uv_thread_create(&threads[i], post_many, &count), 0);
    }
    for (int i = 0; i < 4; i++) {
        uv_thread_join(&threads[i]);
    }
    while (atomic_load(&count) < 4000) {
        uv_sleep(1);
    }
    CHECK_EQ(tern_uv_thread_stop(uv), 0);
    CHECK_EQ(tern_uv_thread_start(uv), 0); /* and again */
    CHECK_EQ(tern_uv_thread_stop(uv), 0);
    end();
}

static void settings_of_a_newer_header_are_refused(void)
{
    struct {
        struct tern_uv_opts opts;
        uint64_t newer;
    } given = {.newer = 0};
    struct tern_uv *driver = NULL;

    ep = fake_new();
    tern_uv_opts_init_sized(&given.opts, sizeof(given));
    given.opts.no_monitor = true;
    CHECK_EQ(tern_uv_new(ep, &given.opts, &driver), 0);
    tern_uv_free(driver);
    given.newer = 1;
    CHECK_EQ(tern_uv_new(ep, &given.opts, &driver), TERN_EVERSION);
    fake_free(ep);
}

static void the_core_is_woken_at_its_deadline_and_not_before(void)
{
    struct drive drive;

    drive_init(&drive);
    ep = fake_new();
    uv = drive_attach(&drive, ep);
    tern_time due = tern_uv_now(uv) + 12345;
    ep->deadline = due;
    CHECK(drive_until_advanced(&drive, ep));
    CHECK(tern_uv_now(uv) >= due);
    CHECK(ep->deadline == TERN_TIME_NEVER);
    CHECK_EQ(ep->advances, 1);
    tern_uv_free(uv);
    drive_fini(&drive);
    fake_free(ep);
}

static void a_deadline_that_never_moves_does_not_make_the_loop_spin(void)
{
    struct drive drive;

    drive_init(&drive);
    ep = fake_new();
    uv = drive_attach(&drive, ep);
    ep->deadline = 1; /* long ago */
    ep->deadline_stuck = true;
    drive_for(&drive, 50);
    CHECK(ep->advances > 0);
    CHECK(ep->advances <= 51);
    tern_uv_free(uv);
    drive_fini(&drive);
    fake_free(ep);
}

/* ---- audio ---- */

struct probe {
    struct tern_audio_source source; /* first */
    struct tern_audio_sink sink;
    unsigned reads, writes, closed, frames;
};

static bool read_probe(struct tern_audio_source *source, int16_t *pcm)
{
    struct probe *probe = (struct probe *)source;

    if (probe->reads == probe->frames) return false;
    probe->reads++;
    memset(pcm, 1, TERN_PCM_FRAME * sizeof(*pcm));
    return true;
}

static void close_source(struct tern_audio_source *source)
{
    ((struct probe *)source)->closed++;
}

static struct probe *of_sink(struct tern_audio_sink *sink)
{
    return (struct probe *)(void *)((char *)sink - offsetof(struct probe, sink));
}

static void write_probe(struct tern_audio_sink *sink, const int16_t *pcm, bool heard)
{
    (void)pcm;
    of_sink(sink)->writes += heard;
}

static void close_sink(struct tern_audio_sink *sink)
{
    of_sink(sink)->closed++;
}

static struct probe new_probe(unsigned frames)
{
    return (struct probe){
        .source = {read_probe, close_source}, .sink = {write_probe, close_sink}, .frames = frames};
}

static void audio_is_paced_and_an_ended_source_is_followed_by_silence(void)
{
    struct drive drive;
    struct probe probe = new_probe(5), other = new_probe(1000);
    tern_call call = {3};

    drive_init(&drive);
    ep = fake_new();
    uv = drive_attach(&drive, ep);
    CHECK_EQ(tern_uv_audio(uv, (tern_call){0}, NULL, NULL), TERN_EINVAL);
    CHECK_EQ(tern_uv_audio(uv, call, &probe.source, &probe.sink), 0);
    CHECK(drive_until(&drive, ep, FAKE_AUDIO_SENT, 10));
    const struct fake_input *first = fake_nth(ep, FAKE_AUDIO_SENT, 0);
    const struct fake_input *last = fake_nth(ep, FAKE_AUDIO_SENT, 9);
    CHECK(last->now - first->now > TERN_MS(9 * 20 - 21));
    CHECK_EQ(fake_nth(ep, FAKE_AUDIO_SENT, 4)->count, 1);
    CHECK_EQ(fake_nth(ep, FAKE_AUDIO_SENT, 5)->count, 0);
    CHECK(probe.writes >= 10);
    CHECK_EQ(tern_uv_audio(uv, call, &other.source, &other.sink), 0);
    CHECK_EQ(probe.closed, 2);
    ep->call_ended = true;
    drive_for(&drive, 60);
    CHECK_EQ(other.closed, 2);
    tern_uv_free(uv);
    drive_fini(&drive);
    fake_free(ep);
}

static void sources_and_sinks_are_closed_with_the_driver(void)
{
    struct probe probe = new_probe(1);

    begin();
    CHECK_EQ(tern_uv_audio(uv, (tern_call){1}, &probe.source, NULL), 0);
    CHECK_EQ(tern_uv_audio(uv, (tern_call){2}, NULL, &probe.sink), 0);
    end();
    CHECK_EQ(probe.closed, 2);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(it_runs_until_it_is_stopped),
        TEST(what_is_posted_runs_once_at_the_latest_when_the_driver_goes),
        TEST(several_threads_post_to_a_loop_on_its_own_thread),
        TEST(settings_of_a_newer_header_are_refused),
        TEST(the_core_is_woken_at_its_deadline_and_not_before),
        TEST(a_deadline_that_never_moves_does_not_make_the_loop_spin),
        TEST(audio_is_paced_and_an_ended_source_is_followed_by_silence),
        TEST(sources_and_sinks_are_closed_with_the_driver),
    };

    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
