/* SPDX-License-Identifier: MIT */
#include "wire/rtp/event.h"

#include <tern/err.h>

#include "base/assert.h"
#include "base/bytes.h"

static const char digits[] = "0123456789*#ABCD";

int tn_event_parse(tern_str payload, struct tn_event *out)
{
    const uint8_t *p = (const uint8_t *)payload.ptr;

    if (payload.len < TN_EVENT_LENGTH) return TERN_EPARSE;
    *out = (struct tn_event){
        .code = p[0],
        .end = p[1] >> 7,
        .volume = p[1] & 63,
        .duration = tn_get16(p + 2),
    };
    return 0;
}

void tn_event_print(const struct tn_event *event, uint8_t out[TN_EVENT_LENGTH])
{
    TN_ASSERT(event->volume <= 63);
    out[0] = event->code;
    out[1] = (uint8_t)(event->end << 7 | event->volume);
    tn_put16(out + 2, event->duration);
}

int tn_event_code(char digit)
{
    if (digit >= 'a' && digit <= 'd') digit = (char)(digit - 'a' + 'A');
    for (int i = 0; i < 16; i++) {
        if (digits[i] == digit) return i;
    }
    return -1;
}

char tn_event_digit(uint8_t code)
{
    return code < 16 ? digits[code] : '\0';
}
