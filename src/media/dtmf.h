/* SPDX-License-Identifier: MIT */
/* DTMF as telephone-events, out and in: RFC 4733 2.5. Two small machines. */
#ifndef TN_MEDIA_DTMF_H
#define TN_MEDIA_DTMF_H

#include "media/limits.h"
#include "wire/rtp/event.h"

/*
 * Out. One step each 20 ms:
 *
 *   IDLE ── a digit waits ──▶ TONE ── its duration is over ──▶ ENDING ── end sent thrice ──▶ PAUSE
 *     ▲                                                                                        │
 *     └────────────────────────────────── after TN_DTMF_PAUSE ─────────────────────────────────┘
 */
enum tn_dtmf_state { TN_DTMF_IDLE, TN_DTMF_TONE, TN_DTMF_ENDING, TN_DTMF_PAUSING };

struct tn_dtmf_digit {
    uint8_t code;
    uint16_t duration; /* timestamp units */
};

struct tn_dtmf_sender {
    enum tn_dtmf_state state;
    uint32_t timestamp; /* of the event: when it began */
    uint16_t elapsed;
    uint8_t left; /* end packets, or ticks of the pause */
    uint8_t head, count;
    struct tn_dtmf_digit queue[TN_DTMF_QUEUE]; /* queue[head] is the one being sent */
};

struct tn_dtmf_packet {
    struct tn_event event;
    uint32_t timestamp;
    bool marker;
    bool instead; /* no audio in this tick */
};

void tn_dtmf_sender_init(struct tn_dtmf_sender *sender);
/* @return 0, TERN_EINVAL (no digit; 0 or more than TN_DTMF_MAX_MS), TERN_ELIMIT */
TERN_CHECK int tn_dtmf_queue(struct tn_dtmf_sender *sender, char digit, uint32_t duration_ms);
/* `timestamp`: of the audio of this tick. @return true with a packet to send */
bool tn_dtmf_tick(struct tn_dtmf_sender *sender, uint32_t timestamp, struct tn_dtmf_packet *out);

/* In. */
struct tn_dtmf_receiver {
    bool known; /* an event was seen; `timestamp` names the newest */
    bool open;  /* its end was not */
    uint8_t code;
    uint32_t timestamp;
    uint32_t before;   /* duration of earlier segments of a long event, RFC 4733 2.5.1.3 */
    uint32_t duration; /* so far, with `before` */
    tern_time last;
    uint8_t head, count;
    struct tn_dtmf_digit heard[TN_DTMF_QUEUE];
};

void tn_dtmf_receiver_init(struct tn_dtmf_receiver *receiver);
void tn_dtmf_receive(struct tn_dtmf_receiver *receiver, const struct tn_event *event,
                     uint32_t timestamp, tern_time now);
/* Ends an event whose end packets were lost. */
void tn_dtmf_receiver_tick(struct tn_dtmf_receiver *receiver, tern_time now);
/* @return false when none waits */
bool tn_dtmf_next(struct tn_dtmf_receiver *receiver, char *digit, uint32_t *duration_ms);

#endif
