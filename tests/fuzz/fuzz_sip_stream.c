/* SPDX-License-Identifier: MIT */
/*
 * Any bytes, in chunks that the first four of them choose: the frames are those of all at once.
 * Only a ping may fall apart into two pongs, where its halves come one after the other.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/sip/stream.h"

#define REQUIRE(cond) ((cond) ? (void)0 : abort())
#define FRAMES_MAX    256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    struct tn_frame frames[FRAMES_MAX];
    size_t count;
    size_t start; /* of what is not framed yet */
    size_t scanned;
    bool is_broken;
};

static void add(struct seen *seen, struct tn_frame frame)
{
    if (seen->count < FRAMES_MAX) seen->frames[seen->count++] = frame;
}

static void feed(struct seen *seen, tern_str data)
{
    while (!seen->is_broken) {
        tern_str rest = {data.ptr + seen->start, data.len - seen->start};
        struct tn_frame frame = tn_stream_next(rest, &seen->scanned);
        if (frame.kind == TN_FRAME_MORE) return;
        if (frame.kind == TN_FRAME_ERROR) seen->is_broken = true;
        REQUIRE(frame.skip + frame.len <= rest.len);
        if (frame.kind != TN_FRAME_ERROR) REQUIRE(frame.len > 0);
        if (frame.kind == TN_FRAME_PING) {
            struct tn_frame half = {.kind = TN_FRAME_PONG, .len = 2};
            add(seen, half);
            add(seen, half);
        } else {
            add(seen, frame);
        }
        seen->start += frame.skip + frame.len;
    }
}

/* At the end "CR LF CR" may wait for its LF, or have been a pong when only CR LF was there. */
static void finish(struct seen *seen, tern_str data)
{
    if (seen->is_broken || data.len - seen->start != 3) return;
    if (memcmp(data.ptr + seen->start, "\r\n\r", 3) != 0) return;
    add(seen, (struct tn_frame){.kind = TN_FRAME_PONG, .len = 2});
    seen->start += 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct seen whole, chunked;
    uint32_t state;

    if (size < sizeof(state)) return 0;
    memcpy(&state, data, sizeof(state));
    tern_str text = {(const char *)data + sizeof(state), size - sizeof(state)};
    memset(&whole, 0, sizeof(whole));
    memset(&chunked, 0, sizeof(chunked));

    feed(&whole, text);
    for (size_t end = 0; end < text.len;) {
        state = state * 1664525 + 1013904223;
        size_t chunk = (state >> 24) % 16 == 0 ? state >> 20 : (state >> 24) % 16;
        end += chunk < text.len - end ? chunk : text.len - end;
        feed(&chunked, (tern_str){text.ptr, end});
    }
    finish(&whole, text);
    finish(&chunked, text);
    REQUIRE(whole.is_broken == chunked.is_broken);
    REQUIRE(whole.count == chunked.count);
    for (size_t i = 0; i < whole.count; i++) {
        REQUIRE(whole.frames[i].kind == chunked.frames[i].kind);
        REQUIRE(whole.frames[i].len == chunked.frames[i].len);
        REQUIRE(whole.frames[i].status == chunked.frames[i].status);
    }
    return 0;
}
