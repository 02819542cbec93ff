/* SPDX-License-Identifier: MIT */
/*
 * Framing on streams: RFC 3261 18.3, RFC 5626 3.5.1. `*scanned` carries what is known between
 * calls: the position up to which the head holds no blank line or, once the head is complete,
 * KNOWN with the length of the whole message.
 */
#include "wire/sip/stream.h"

#include <string.h>

#include "base/str.h"
#include "wire/sip/chars.h"
#include "wire/sip/head.h"
#include "wire/sip/msg.h"

#define KNOWN ((size_t)1 << (sizeof(size_t) * 8 - 1))

static struct tn_frame refuse(unsigned status, size_t head_len)
{
    return (struct tn_frame){.kind = TN_FRAME_ERROR, .status = status, .len = head_len};
}

static struct tn_frame more(size_t *scanned, size_t state)
{
    *scanned = state;
    return (struct tn_frame){.kind = TN_FRAME_MORE};
}

/*
 * CRLF before a message: a ping has two. A lone one counts as a pong at once, since a client that
 * waits for it gets nothing else; with a third byte in sight that is CR, a ping is on its way.
 */
static struct tn_frame keep_alive(tern_str data, size_t *scanned)
{
    static const char ping[4] = {'\r', '\n', '\r', '\n'};
    size_t same = 0;

    while (same < data.len && same < sizeof(ping) && data.ptr[same] == ping[same]) {
        same++;
    }
    if (same == 4) return (struct tn_frame){.kind = TN_FRAME_PING, .len = 4};
    if (data.len == same && same != 2) return more(scanned, 0);
    if (same < 2) return refuse(0, 0);
    return (struct tn_frame){.kind = TN_FRAME_PONG, .len = 2};
}

/* Length of the head with its blank line, or 0 while that has not come. */
static size_t find_head_end(tern_str data, size_t from)
{
    while (from < data.len) {
        const char *cr = memchr(data.ptr + from, '\r', data.len - from);
        if (cr == NULL) return 0;
        from = (size_t)(cr - data.ptr);
        if (data.len - from < 4) return 0;
        if (memcmp(cr, "\r\n\r\n", 4) == 0) return from + 4;
        from++;
    }
    return 0;
}

/* Content-Length. @return 0, or the status that answers its lack */
static unsigned read_length(tern_str head, uint64_t *out)
{
    struct tn_head_field field;
    enum tn_head_step step;
    tern_str line;
    bool found = false;

    if (!tn_head_start_line(&head, &line)) return 400;
    while ((step = tn_head_next(&head, &field)) != TN_HEAD_END) {
        if (step == TN_HEAD_CUT) return 400;
        if (step == TN_HEAD_BAD || field.id != TN_HDR_CONTENT_LENGTH) continue;
        if (found || !tn_str_u64(field.value, UINT64_MAX, out)) return 400;
        found = true;
    }
    return found ? 0 : 400;
}

static struct tn_frame frame_message(tern_str data, size_t *scanned)
{
    uint64_t body_len;
    size_t head_len = find_head_end(data, *scanned);

    if (head_len > TN_STREAM_HEAD_MAX || (head_len == 0 && data.len >= TN_STREAM_HEAD_MAX)) {
        return refuse(513, 0);
    }
    if (head_len == 0) return more(scanned, data.len > 3 ? data.len - 3 : 0);

    unsigned status = read_length((tern_str){data.ptr, head_len}, &body_len);
    if (status) return refuse(status, head_len);
    if (body_len > TN_MSG_SIZE_MAX - head_len) return refuse(413, head_len);
    size_t len = head_len + (size_t)body_len;
    if (data.len < len) return more(scanned, KNOWN | len);
    return (struct tn_frame){.kind = TN_FRAME_MESSAGE, .len = len};
}

struct tn_frame tn_stream_next(tern_str data, size_t *scanned)
{
    struct tn_frame frame;

    if (data.len == 0) return more(scanned, 0);
    if (*scanned & KNOWN) {
        size_t len = *scanned & ~KNOWN;
        if (data.len < len) return more(scanned, *scanned);
        frame = (struct tn_frame){.kind = TN_FRAME_MESSAGE, .len = len};
    } else if (data.ptr[0] == '\r') {
        frame = keep_alive(data, scanned);
    } else if (!tn_is_class(data.ptr[0], TN_CH_TOKEN)) {
        frame = refuse(0, 0); /* such as a TLS greeting: no need to wait for its blank line */
    } else {
        frame = frame_message(data, scanned);
    }
    if (frame.kind != TN_FRAME_MORE) *scanned = 0;
    return frame;
}
