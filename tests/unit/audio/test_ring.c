/* SPDX-License-Identifier: MIT */
#include "../../../drivers/audio/ring.h"

#include <pthread.h>
#include <sched.h>

#include "../../tern_test.h"

#define TOTAL 2000000

static struct ring ring;

static void a_full_ring_refuses_and_an_empty_one_gives_nothing(void)
{
    int16_t pcm[1000] = {0};
    size_t written = 0;

    CHECK_EQ(ring_read(&ring, pcm, 10), 0);
    for (int i = 0; i < 20; i++)
        written += ring_write(&ring, pcm, 1000);
    CHECK_EQ(written, RING_SIZE);
    CHECK_EQ(ring_used(&ring), RING_SIZE);
    CHECK_EQ(ring_read(&ring, NULL, RING_SIZE - 5), RING_SIZE - 5);
    CHECK_EQ(ring_read(&ring, pcm, 1000), 5);
    CHECK_EQ(ring_used(&ring), 0);
}

static void *write_all(void *unused)
{
    int16_t pcm[441];

    for (uint32_t at = 0; at < TOTAL;) {
        size_t count = at % 441 + 1;
        if (count > TOTAL - at) count = TOTAL - at;
        for (size_t i = 0; i < count; i++)
            pcm[i] = (int16_t)((at + i) % 30011);
        size_t done = ring_write(&ring, pcm, count);
        at += (uint32_t)done;
        if (done == 0) (void)sched_yield();
    }
    return unused;
}

static void two_threads_pass_every_sample_in_order(void)
{
    pthread_t writer;
    int16_t pcm[160];

    CHECK_EQ(pthread_create(&writer, NULL, write_all, NULL), 0);
    for (uint32_t at = 0; at < TOTAL;) {
        size_t got = ring_read(&ring, pcm, 160);
        for (size_t i = 0; i < got; i++)
            CHECK_EQ(pcm[i], (at + i) % 30011);
        at += (uint32_t)got;
        if (got == 0) (void)sched_yield();
    }
    CHECK_EQ(pthread_join(writer, NULL), 0);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_full_ring_refuses_and_an_empty_one_gives_nothing),
        TEST(two_threads_pass_every_sample_in_order),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
