/* SPDX-License-Identifier: MIT */
/*
 * A TCP connection. Its id is the core's until it is closed from either side; a connection that
 * the core has closed in good order lingers without one, until its last bytes are out.
 */
#ifndef TN_UV_TCP_H
#define TN_UV_TCP_H

#include "driver.h"
#include "sockaddr.h"

enum tn_uv_stream_state {
    TN_UV_STREAM_CONNECTING,
    TN_UV_STREAM_OPEN,
    TN_UV_STREAM_LINGERING, /* no longer in the table, but in the list of those that linger */
};

/* Bytes that wait: for the socket, or for the core. */
struct tn_uv_bytes {
    uint8_t *data;
    size_t off, len; /* `len` bytes from `off` on */
    size_t cap;
};

struct tn_uv_stream {
    struct tn_uv_node node;
    struct tn_uv_stream *next_lingering;
    struct tern_uv *uv;
    struct tn_uv_watch *watch;
    uint32_t id;
    enum tn_uv_stream_state state;
    bool shut; /* lingering: FIN is on its way */
    tern_addr remote;
    struct tn_uv_bytes unsent;
    struct tn_uv_bytes unread; /* the core had no room: not read further */
    tern_time linger_until;
};

/* Also sends what is left, as far as the socket takes it. @return 0 or an errno. */
int tn_uv_stream_send(struct tn_uv_stream *stream);
/* Watch for what is wanted now. */
void tn_uv_stream_watch(struct tn_uv_stream *stream);
/* The socket of a lingering stream is ready. */
void tn_uv_stream_linger(struct tn_uv_stream *stream);
/* Closes and frees; nothing is reported. */
void tn_uv_stream_close(struct tn_uv_stream *stream);
/* The same, and tells the core. */
void tn_uv_stream_fail(struct tn_uv_stream *stream, tern_str reason);
void tn_uv_stream_fail_errno(struct tn_uv_stream *stream, int error);

#endif
