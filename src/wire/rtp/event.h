/* SPDX-License-Identifier: MIT */
/* The telephone-event payload: RFC 4733 2.3, and the DTMF events of 3.2. */
#ifndef TN_WIRE_RTP_EVENT_H
#define TN_WIRE_RTP_EVENT_H

#include <tern/types.h>

#define TN_EVENT_LENGTH 4

struct tn_event {
    uint8_t code; /* 0..15: DTMF */
    bool end;
    uint8_t volume;    /* power, -dBm0, 0..63 */
    uint16_t duration; /* so far, timestamp units */
};

/** Bytes after the first four (a packet of several events) are ignored. @return 0 or TERN_EPARSE */
TERN_CHECK int tn_event_parse(tern_str payload, struct tn_event *out);
void tn_event_print(const struct tn_event *event, uint8_t out[TN_EVENT_LENGTH]);

/** '0'..'9', '*', '#', 'A'..'D' (or small) to 0..15; -1 for anything else. */
int tn_event_code(char digit);
/** 0..15 to its digit; NUL for other codes. */
char tn_event_digit(uint8_t code);

#endif
