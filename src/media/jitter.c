/* SPDX-License-Identifier: MIT */
#include "media/jitter.h"

#include <string.h>

#include "base/assert.h"
#include "wire/rtp/g711.h"

static int32_t ahead(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

static bool get_bit(const uint64_t *map, uint32_t at)
{
    return map[at % TN_RING / 64] >> (at % 64) & 1;
}

/* Samples from `at` on, at most `count`, whose bits are in one word. */
static uint32_t samples_in_word(uint32_t at, uint32_t count)
{
    uint32_t room = 64 - at % 64;

    return count < room ? count : room;
}

static uint64_t mask_of(uint32_t at, uint32_t count)
{
    TN_ASSERT(count > 0);
    TN_ASSERT(at % 64 + count <= 64);
    return ~UINT64_C(0) >> (64 - count) << (at % 64);
}

void tn_jitter_init(struct tn_jitter *jitter)
{
    memset(jitter, 0, sizeof(*jitter));
    tn_delay_init(&jitter->delay);
}

void tn_jitter_reset(struct tn_jitter *jitter)
{
    tn_delay_rebase(&jitter->delay);
    jitter->started = false;
    jitter->wild = false;
    memset(jitter->filled, 0, sizeof(jitter->filled));
}

static void start(struct tn_jitter *jitter, uint32_t timestamp)
{
    jitter->started = true;
    jitter->wild = false;
    jitter->play = timestamp - jitter->delay.target / TERN_PCM_FRAME * TERN_PCM_FRAME;
    jitter->end = jitter->play;
    jitter->dry = 0;
    jitter->lag = 0;
    jitter->pause = TN_ADAPT_PAUSE;
}

static bool empty(const struct tn_jitter *jitter)
{
    return ahead(jitter->end, jitter->play) <= 0;
}

uint32_t tn_jitter_depth(const struct tn_jitter *jitter)
{
    return !jitter->started || empty(jitter) ? 0 : jitter->end - jitter->play;
}

/* Nothing has been heard for a while, so the play point may go where it should be, unheard. */
static void anchor(struct tn_jitter *jitter, uint32_t timestamp, tern_time now)
{
    uint32_t due = tn_delay_play_point(&jitter->delay, now);

    jitter->play = ahead(due, timestamp) > 0 ? timestamp : due;
    jitter->end = jitter->play;
    jitter->dry = 0;
    jitter->lag = ahead(due, jitter->play);
}

/* After a short dry spell late audio is worth playing still: nothing took its place but a guess. */
static void rewind_to(struct tn_jitter *jitter, uint32_t timestamp, tern_time now)
{
    uint32_t oldest = jitter->play - jitter->dry;
    uint32_t to = ahead(timestamp, oldest) < 0 ? oldest : timestamp;
    uint32_t due = tn_delay_play_point(&jitter->delay, now);

    if (ahead(due, to) > TN_REWIND_MAX) return;
    jitter->lag += ahead(jitter->play, to);
    jitter->dry -= jitter->play - to;
    jitter->play = to;
}

/* @return whether any of them was missing */
static bool store_word(struct tn_jitter *jitter, const struct tn_jitter_packet *packet, uint32_t at,
                       uint32_t count)
{
    uint64_t *filled = &jitter->filled[at % TN_RING / 64], *alaw = &jitter->alaw[at % TN_RING / 64];
    uint64_t missing = mask_of(at, count) & ~*filled;
    const char *from = packet->payload.ptr + (at - packet->timestamp);

    for (uint32_t i = 0; i < count && missing != 0; i++) {
        bool wanted = missing >> ((at + i) % 64) & 1;
        if (wanted) jitter->bytes[(at + i) % TN_RING] = (uint8_t)from[i];
    }
    *filled |= missing;
    *alaw = packet->codec == TN_CODEC_PCMA ? *alaw | missing : *alaw & ~missing;
    return missing != 0;
}

static void store(struct tn_jitter *jitter, const struct tn_jitter_packet *packet)
{
    uint32_t first = packet->timestamp;
    uint32_t end = first + (uint32_t)packet->payload.len;
    bool news = false;

    if (ahead(end, jitter->play) <= 0) {
        jitter->late++;
        return;
    }
    if (ahead(first, jitter->play) < 0) first = jitter->play;
    for (uint32_t at = first, n; at != end; at += n) {
        n = samples_in_word(at, end - at);
        news = store_word(jitter, packet, at, n) || news;
    }
    if (!news) jitter->duplicate++;
    if (ahead(end, jitter->end) > 0) jitter->end = end;
    jitter->dry = 0;
}

/*
 * A packet from another time: one may be an accident, or an attack; two that follow each other are
 * a far end that has set its clock. In a dry spell there is nothing to protect.
 */
static bool accept_wild(struct tn_jitter *jitter, const struct tn_jitter_packet *packet)
{
    int32_t step = ahead(packet->timestamp, jitter->wild_end);
    bool follows = jitter->wild && step >= 0 && step <= TN_PACKET_MAX;

    if (follows || jitter->dry >= TN_DRY_SPELL) return true;
    jitter->wild = true;
    jitter->wild_end = packet->timestamp + (uint32_t)packet->payload.len;
    jitter->wild_count++;
    return false;
}

static bool fits(const struct tn_jitter *jitter, const struct tn_jitter_packet *packet)
{
    int32_t place = ahead(packet->timestamp, jitter->play);

    return place > -TN_RING && place <= TN_RING - (int32_t)packet->payload.len;
}

void tn_jitter_put(struct tn_jitter *jitter, const struct tn_jitter_packet *packet, tern_time now)
{
    TN_ASSERT(packet->payload.len >= TN_PACKET_MIN);
    TN_ASSERT(packet->payload.len <= TN_PACKET_MAX);
    bool parched = jitter->dry >= TN_DRY_SPELL;

    if (jitter->started && (tn_delay_is_wild(&jitter->delay, packet->timestamp, now) ||
                            (!parched && !fits(jitter, packet)))) {
        if (!accept_wild(jitter, packet)) return;
        tn_jitter_reset(jitter);
    }
    jitter->wild = false;
    tn_delay_packet(&jitter->delay, packet->timestamp, now);
    if (!jitter->started) start(jitter, packet->timestamp);
    if (jitter->dry > 0 && ahead(packet->timestamp, jitter->play) < 0) {
        rewind_to(jitter, packet->timestamp, now);
    }
    if (jitter->dry >= TN_DRY_SPELL) anchor(jitter, packet->timestamp, now);
    store(jitter, packet);
}

/* Is the whole of the next `count` samples there? */
static bool complete(const struct tn_jitter *jitter, size_t count)
{
    bool there;

    return tn_jitter_run(jitter, count, &there) == count && there;
}

static void jump(struct tn_jitter *jitter, uint32_t to)
{
    size_t skipped = 0;

    for (; jitter->play != to; jitter->play++) {
        skipped += get_bit(jitter->filled, jitter->play);
        jitter->filled[jitter->play % TN_RING / 64] &= ~mask_of(jitter->play, 1);
    }
    jitter->late += skipped / TERN_PCM_FRAME; /* arrived, but not in time to be heard */
    jitter->lag = 0;
}

static enum tn_jitter_advice change_speed(struct tn_jitter *jitter, enum tn_jitter_advice advice,
                                          bool quiet)
{
    jitter->pause = quiet ? TN_ADAPT_PAUSE_LOW : TN_ADAPT_PAUSE;
    return advice;
}

enum tn_jitter_advice tn_jitter_advise(struct tn_jitter *jitter, tern_time now, bool quiet)
{
    if (!jitter->started) return TN_JITTER_HOLD;
    uint32_t due = tn_delay_play_point(&jitter->delay, now);
    int32_t lag = ahead(due, jitter->play);

    if (empty(jitter)) return lag < -TN_LAG_STRETCH ? TN_JITTER_HOLD : TN_JITTER_STEADY;
    jitter->lag += (lag - jitter->lag) / 8;
    if (jitter->lag > TN_LAG_JUMP && lag > TN_LAG_JUMP && ahead(jitter->end, due) > 0) {
        jump(jitter, due);
        return TN_JITTER_JUMPED;
    }
    if (jitter->pause > 0) {
        jitter->pause--;
        return TN_JITTER_STEADY;
    }
    if (jitter->lag > TN_LAG_SHORTEN && complete(jitter, TERN_PCM_FRAME + TN_LAG_MAX)) {
        return change_speed(jitter, TN_JITTER_SHORTEN, quiet);
    }
    if (jitter->lag < -TN_LAG_STRETCH && complete(jitter, TERN_PCM_FRAME)) {
        return change_speed(jitter, TN_JITTER_STRETCH, quiet);
    }
    return TN_JITTER_STEADY;
}

size_t tn_jitter_run(const struct tn_jitter *jitter, size_t max, bool *there)
{
    TN_ASSERT(max > 0 && max <= TN_RING);
    bool first = get_bit(jitter->filled, jitter->play);
    uint32_t n = 0, step;

    *there = first;
    for (; n < max; n += step) {
        uint32_t at = jitter->play + n;
        uint64_t word = jitter->filled[at % TN_RING / 64];
        step = samples_in_word(at, (uint32_t)max - n);
        if (((first ? ~word : word) & mask_of(at, step)) != 0) break;
    }
    while (n < max && get_bit(jitter->filled, jitter->play + n) == first)
        n++;
    return n;
}

void tn_jitter_peek(const struct tn_jitter *jitter, int16_t *pcm, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t at = jitter->play + (uint32_t)i;
        uint8_t byte = jitter->bytes[at % TN_RING];
        pcm[i] = get_bit(jitter->alaw, at) ? tn_pcma_decode(byte) : tn_pcmu_decode(byte);
    }
}

/* One after another: what was due but not there counts. */
static void pass(struct tn_jitter *jitter, uint32_t count)
{
    for (; count > 0; count--, jitter->play++) {
        if (get_bit(jitter->filled, jitter->play)) {
            jitter->dry = 0;
        } else if (ahead(jitter->end, jitter->play) <= 0 && jitter->dry < TN_RING) {
            jitter->dry++;
        }
    }
}

void tn_jitter_consume(struct tn_jitter *jitter, size_t count)
{
    uint32_t end = jitter->play + (uint32_t)count;

    while (jitter->play != end) {
        uint32_t n = samples_in_word(jitter->play, end - jitter->play);
        uint64_t mask = mask_of(jitter->play, n);
        uint64_t *filled = &jitter->filled[jitter->play % TN_RING / 64];
        if ((*filled & mask) == mask) {
            jitter->dry = 0;
            jitter->play += n;
        } else {
            pass(jitter, n);
        }
        *filled &= ~mask;
    }
}
