/* SPDX-License-Identifier: MIT */
#include "media/delay.h"

#include <string.h>

#include "base/assert.h"

#define FORGET   256u /* packets after which a measurement has lost most of its weight */
#define QUANTILE 97u  /* percent of packets that the target waits for */
/* After a stall all that was held up comes at once. That is one delay, not one a packet. */
#define TOGETHER TERN_MS(3)
#define PRIOR    8u /* packets that TN_DELAY_FIRST counts for at the start */

static int32_t ahead(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

/* The bucket of a jitter that makes `target` the waiting time. */
static uint32_t target_of(size_t bucket)
{
    return TN_DELAY_MIN + (uint32_t)bucket * TN_DELAY_BUCKET;
}

void tn_delay_init(struct tn_delay *delay)
{
    size_t first = (TN_DELAY_FIRST - TN_DELAY_MIN) / TN_DELAY_BUCKET;

    memset(delay, 0, sizeof(*delay));
    delay->histogram[first] = PRIOR * FORGET;
    delay->target = TN_DELAY_FIRST;
    delay->counted = -TOGETHER;
}

void tn_delay_rebase(struct tn_delay *delay)
{
    delay->known = false;
}

static uint32_t base(const struct tn_delay *delay)
{
    return ahead(delay->least, delay->least_before) < 0 ? delay->least : delay->least_before;
}

static void update_base(struct tn_delay *delay, uint32_t transit, tern_time now)
{
    if (!delay->known) {
        delay->known = true;
        delay->least = delay->least_before = transit;
        delay->window_began = now;
        return;
    }
    tern_time age = now - delay->window_began;
    if (age >= TN_DELAY_WINDOW) {
        delay->least_before = age >= 2 * TN_DELAY_WINDOW ? transit : delay->least;
        delay->least = transit;
        delay->window_began = now;
    }
    if (ahead(transit, delay->least) < 0) delay->least = transit;
}

static void update_histogram(struct tn_delay *delay, uint32_t jitter)
{
    size_t bucket = jitter / TN_DELAY_BUCKET;

    if (bucket >= TN_DELAY_BUCKETS) bucket = TN_DELAY_BUCKETS - 1;
    for (size_t i = 0; i < TN_DELAY_BUCKETS; i++) {
        uint32_t weight = delay->histogram[i];
        delay->histogram[i] = (uint16_t)(weight - (weight + FORGET - 1) / FORGET);
    }
    delay->histogram[bucket] = (uint16_t)(delay->histogram[bucket] + FORGET - 1);
}

static uint32_t quantile(const struct tn_delay *delay)
{
    uint32_t total = 0, sum = 0;

    for (size_t i = 0; i < TN_DELAY_BUCKETS; i++)
        total += delay->histogram[i];
    for (size_t i = 0; i < TN_DELAY_BUCKETS; i++) {
        sum += delay->histogram[i];
        if (sum * 100 >= total * QUANTILE) return target_of(i);
    }
    TN_UNREACHABLE();
}

void tn_delay_packet(struct tn_delay *delay, uint32_t timestamp, tern_time now)
{
    uint32_t transit = tn_samples_of(now) - timestamp;

    update_base(delay, transit, now);
    if (now - delay->counted < TOGETHER) return;
    delay->counted = now;
    update_histogram(delay, transit - base(delay));
    delay->target = quantile(delay);
    if (delay->target > TN_DELAY_MAX) delay->target = TN_DELAY_MAX;
}

bool tn_delay_is_wild(const struct tn_delay *delay, uint32_t timestamp, tern_time now)
{
    int32_t extra = ahead(tn_samples_of(now) - timestamp, base(delay));

    return delay->known && (extra > TN_DELAY_WILD || extra < -TN_DELAY_WILD);
}

uint32_t tn_delay_play_point(const struct tn_delay *delay, tern_time now)
{
    TN_ASSERT(delay->known);
    return tn_samples_of(now) - base(delay) - delay->target;
}
