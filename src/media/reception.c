/* SPDX-License-Identifier: MIT */
#include "media/reception.h"

#include "base/assert.h"
#include "media/delay.h"

#define SEQUENCES   0x10000u
#define NO_SEQUENCE 0x10001u

static uint32_t expected(const struct tn_reception *reception)
{
    return reception->cycles + reception->max_sequence - reception->base_sequence + 1;
}

static int64_t lost_now(const struct tn_reception *reception)
{
    return (int64_t)expected(reception) - reception->received;
}

static void begin(struct tn_reception *reception, uint16_t sequence)
{
    reception->base_sequence = reception->max_sequence = sequence;
    reception->cycles = 0;
    reception->bad_sequence = NO_SEQUENCE;
    reception->received = 0;
    reception->expected_prior = reception->received_prior = 0;
    reception->timed = false;
}

static void close_account(struct tn_reception *reception)
{
    if (!reception->known || reception->received == 0) return;
    int64_t lost = lost_now(reception);
    if (lost > 0) reception->lost_before += (uint64_t)lost;
}

void tn_reception_start(struct tn_reception *reception, uint32_t ssrc, uint16_t sequence)
{
    close_account(reception);
    reception->known = true;
    reception->ssrc = ssrc;
    reception->jitter = 0;
    begin(reception, sequence);
}

/* RFC 3550 A.8, in integers. */
static void measure_jitter(struct tn_reception *reception, uint32_t timestamp, tern_time now)
{
    uint32_t transit = tn_samples_of(now) - timestamp;
    int32_t change = (int32_t)(transit - reception->transit);

    reception->transit = transit;
    if (!reception->timed) {
        reception->timed = true;
        return;
    }
    if (change > TN_DELAY_WILD || change < -TN_DELAY_WILD) return; /* the far end set its clock */
    if (change < 0) change = -change;
    reception->jitter += (uint32_t)change - ((reception->jitter + 8) >> 4);
}

/* RFC 3550 A.1, update_seq() */
static bool follow_sequence(struct tn_reception *reception, uint16_t sequence)
{
    uint16_t delta = (uint16_t)(sequence - reception->max_sequence);

    if (delta < TN_SEQUENCE_GAP) {
        if (sequence < reception->max_sequence) reception->cycles += SEQUENCES;
        reception->max_sequence = sequence;
    } else if (delta <= SEQUENCES - TN_SEQUENCE_BACK) {
        if (sequence != reception->bad_sequence) {
            reception->bad_sequence = (sequence + 1u) % SEQUENCES;
            return false;
        }
        close_account(reception);
        begin(reception, sequence); /* the far end has begun anew without telling */
    }
    return true;
}

bool tn_reception_packet(struct tn_reception *reception, const struct tn_reception_packet *packet,
                         tern_time now)
{
    TN_ASSERT(reception->known);
    if (!follow_sequence(reception, packet->sequence)) return false;
    reception->received++;
    if (packet->audio) measure_jitter(reception, packet->timestamp, now);
    return true;
}

bool tn_reception_continues(const struct tn_reception *reception, uint16_t sequence,
                            tern_time silence)
{
    uint16_t delta = (uint16_t)(sequence - reception->max_sequence);
    int64_t unheard = silence / TERN_MS(10); /* what it may have sent into the void meanwhile */

    return delta > 0 && delta < TN_SEQUENCE_GAP + unheard;
}

int64_t tn_reception_lost(const struct tn_reception *reception)
{
    if (!reception->known) return 0;
    return (int64_t)reception->lost_before + lost_now(reception);
}

/* RFC 3550 A.3 */
void tn_reception_report(struct tn_reception *reception, struct tn_rtcp_report *out)
{
    uint32_t expected_interval = expected(reception) - reception->expected_prior;
    uint32_t received_interval = reception->received - reception->received_prior;
    int64_t lost_interval = (int64_t)expected_interval - received_interval;

    TN_ASSERT(reception->known);
    reception->expected_prior = expected(reception);
    reception->received_prior = reception->received;
    *out = (struct tn_rtcp_report){
        .ssrc = reception->ssrc,
        .lost = (int32_t)lost_now(reception),
        .highest_sequence = reception->cycles + reception->max_sequence,
        .jitter = reception->jitter >> 4,
    };
    if (expected_interval > 0 && lost_interval > 0) {
        int64_t fraction = lost_interval * 256 / expected_interval;
        out->fraction_lost = (uint8_t)(fraction > 255 ? 255 : fraction);
    }
}
