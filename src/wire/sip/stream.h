/* SPDX-License-Identifier: MIT */
/* Framing on streams: RFC 3261 18.3, keep-alives of RFC 5626 3.5.1. Stateless over a buffer. */
#ifndef TN_WIRE_SIP_STREAM_H
#define TN_WIRE_SIP_STREAM_H

#include <tern/types.h>

#define TN_STREAM_HEAD_MAX 32768 /* bytes before the blank line; more is an attack */

enum tn_frame_kind {
    TN_FRAME_MORE,    /* not complete: read on */
    TN_FRAME_MESSAGE, /* `len` bytes are one message */
    TN_FRAME_PING,    /* CRLFCRLF: answer CRLF */
    TN_FRAME_PONG,    /* CRLF alone */
    TN_FRAME_ERROR,   /* no way to find the next message: close the connection */
};

struct tn_frame {
    enum tn_frame_kind kind;
    size_t skip;     /* bytes to drop before it; 0 so far: CRLFs are told as pings and pongs */
    size_t len;      /* bytes of the message, ping or pong; of the head with ERROR, or 0 */
    unsigned status; /* ERROR: 400, 413 or 513 to answer if the head can be parsed, or 0 */
};

/**
 * Looks at the front of what a stream has brought so far. A message without Content-Length is
 * an error on a stream (RFC 3261 18.3). `scanned` avoids quadratic work: pass 0 for a new
 * message, and what was written back on MORE, untouched; it is 0 again after anything else.
 *
 * A lone CRLF is a PONG at once. So a ping whose halves arrive apart is told as two PONGs in a
 * row: the end that answers pings should count these as one.
 */
struct tn_frame tn_stream_next(tern_str data, size_t *scanned);

#endif
