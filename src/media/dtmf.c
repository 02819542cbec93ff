/* SPDX-License-Identifier: MIT */
#include "media/dtmf.h"

#include <string.h>

#include "base/assert.h"

#define VOLUME      10     /* -10 dBm0: what phones send */
#define SEGMENT_MAX 0xffff /* the longest duration that one segment can tell */

void tn_dtmf_sender_init(struct tn_dtmf_sender *sender)
{
    memset(sender, 0, sizeof(*sender));
}

int tn_dtmf_queue(struct tn_dtmf_sender *sender, char digit, uint32_t duration_ms)
{
    int code = tn_event_code(digit);

    if (code < 0 || duration_ms == 0 || duration_ms > TN_DTMF_MAX_MS) return TERN_EINVAL;
    if (sender->count == TN_DTMF_QUEUE) return TERN_ELIMIT;
    if (duration_ms < TN_DTMF_MIN_MS) duration_ms = TN_DTMF_MIN_MS;
    sender->queue[(sender->head + sender->count++) % TN_DTMF_QUEUE] = (struct tn_dtmf_digit){
        .code = (uint8_t)code,
        .duration = (uint16_t)TN_SAMPLES_MS(duration_ms),
    };
    return 0;
}

static void put_packet(const struct tn_dtmf_sender *sender, struct tn_dtmf_packet *out)
{
    const struct tn_dtmf_digit *digit = &sender->queue[sender->head];

    *out = (struct tn_dtmf_packet){
        .event = {.code = digit->code,
                  .end = sender->state == TN_DTMF_ENDING,
                  .volume = VOLUME,
                  .duration = sender->elapsed},
        .timestamp = sender->timestamp,
        .marker = sender->elapsed == TERN_PCM_FRAME,
    };
}

static bool sound(struct tn_dtmf_sender *sender, struct tn_dtmf_packet *out)
{
    uint16_t duration = sender->queue[sender->head].duration;
    uint32_t elapsed = sender->elapsed + (uint32_t)TERN_PCM_FRAME;

    sender->elapsed = (uint16_t)(elapsed < duration ? elapsed : duration);
    if (sender->elapsed == duration) {
        sender->state = TN_DTMF_ENDING;
        sender->left = TN_DTMF_END_PACKETS - 1;
    }
    put_packet(sender, out);
    out->instead = true;
    return true;
}

static bool repeat_end(struct tn_dtmf_sender *sender, struct tn_dtmf_packet *out)
{
    put_packet(sender, out);
    if (--sender->left > 0) return true;
    sender->state = TN_DTMF_PAUSING;
    sender->left = TN_DTMF_PAUSE;
    sender->head = (uint8_t)((sender->head + 1) % TN_DTMF_QUEUE);
    sender->count--;
    return true;
}

bool tn_dtmf_tick(struct tn_dtmf_sender *sender, uint32_t timestamp, struct tn_dtmf_packet *out)
{
    switch (sender->state) {
    case TN_DTMF_IDLE:
        if (sender->count == 0) return false;
        sender->state = TN_DTMF_TONE;
        sender->timestamp = timestamp;
        sender->elapsed = 0;
        return sound(sender, out);
    case TN_DTMF_TONE: return sound(sender, out);
    case TN_DTMF_ENDING: return repeat_end(sender, out);
    case TN_DTMF_PAUSING:
        if (--sender->left == 0) sender->state = TN_DTMF_IDLE;
        return false;
    }
    TN_UNREACHABLE();
}

void tn_dtmf_receiver_init(struct tn_dtmf_receiver *receiver)
{
    memset(receiver, 0, sizeof(*receiver));
}

/* A full queue drops the newest: nobody has read for 32 digits. */
static void finish(struct tn_dtmf_receiver *receiver)
{
    uint32_t duration = receiver->duration > SEGMENT_MAX ? SEGMENT_MAX : receiver->duration;

    TN_ASSERT(receiver->open);
    receiver->open = false;
    if (receiver->count == TN_DTMF_QUEUE) return;
    receiver->heard[(receiver->head + receiver->count++) % TN_DTMF_QUEUE] =
        (struct tn_dtmf_digit){.code = receiver->code, .duration = (uint16_t)duration};
}

static void begin(struct tn_dtmf_receiver *receiver, const struct tn_event *event,
                  uint32_t timestamp)
{
    bool segment = receiver->open && receiver->code == event->code &&
                   timestamp - receiver->timestamp == SEGMENT_MAX;

    if (receiver->open && !segment) finish(receiver);
    receiver->before = segment ? receiver->before + SEGMENT_MAX : 0;
    receiver->known = true;
    receiver->open = true;
    receiver->code = event->code;
    receiver->timestamp = timestamp;
    receiver->duration = receiver->before;
}

void tn_dtmf_receive(struct tn_dtmf_receiver *receiver, const struct tn_event *event,
                     uint32_t timestamp, tern_time now)
{
    if (tn_event_digit(event->code) == '\0') return; /* flash, fax tones …: not agreed */
    tn_dtmf_receiver_tick(receiver, now);
    int32_t newer = (int32_t)(timestamp - receiver->timestamp);
    if (receiver->known && newer < 0) return; /* overtaken by the next event */
    if (!receiver->known || newer > 0) begin(receiver, event, timestamp);
    if (!receiver->open || receiver->code != event->code) return; /* a repeated end */
    receiver->last = now;
    uint32_t duration = receiver->before + event->duration;
    if (duration > receiver->duration) receiver->duration = duration;
    if (event->end) finish(receiver);
}

void tn_dtmf_receiver_tick(struct tn_dtmf_receiver *receiver, tern_time now)
{
    if (receiver->open && now - receiver->last >= TN_DTMF_LOST) finish(receiver);
}

bool tn_dtmf_next(struct tn_dtmf_receiver *receiver, char *digit, uint32_t *duration_ms)
{
    if (receiver->count == 0) return false;
    const struct tn_dtmf_digit *heard = &receiver->heard[receiver->head];
    *digit = tn_event_digit(heard->code);
    *duration_ms = heard->duration / 8u;
    receiver->head = (uint8_t)((receiver->head + 1) % TN_DTMF_QUEUE);
    receiver->count--;
    return true;
}
