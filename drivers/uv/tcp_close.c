/* SPDX-License-Identifier: MIT */
/*
 * TCP: the end of a connection. In good order: what is written goes out, then FIN, and what still
 * comes in is read away, because closing with unread bytes would reset the connection and could
 * destroy what was sent. Aborted: RST, so that a dead path leaves nothing behind.
 */
#include "tcp.h"

#include <errno.h>
#include <stdlib.h>

static void release(struct tn_uv_stream *stream)
{
    tn_uv_watch_free(stream->watch);
    free(stream->unsent.data);
    free(stream->unread.data);
    free(stream);
}

static void forget(struct tn_uv_stream *stream)
{
    if (stream->unread.len > 0) stream->uv->stalled_streams--;
    tn_uv_table_remove(&stream->uv->streams, &stream->node);
}

void tn_uv_stream_close(struct tn_uv_stream *stream)
{
    forget(stream);
    release(stream);
}

void tn_uv_stream_fail(struct tn_uv_stream *stream, tern_str reason)
{
    struct tern_uv *uv = stream->uv;
    uint32_t id = stream->id;

    tn_uv_stream_close(stream);
    tern_stream_closed(uv->ep, tn_uv_clock(), id, reason);
}

void tn_uv_stream_fail_errno(struct tn_uv_stream *stream, int error)
{
    char text[160];

    tn_uv_stream_fail(stream, tn_uv_failure(error, 0, text));
}

/* ---- lingering ---- */

static void end_linger(struct tn_uv_stream *stream)
{
    struct tn_uv_stream **at = &stream->uv->lingering;

    while (*at != stream) {
        at = &(*at)->next_lingering;
    }
    *at = stream->next_lingering;
    release(stream);
}

/* @return false when the far end has closed too, or everything is lost. */
static bool read_away(struct tn_uv_stream *stream)
{
    for (int reads = 0; reads < TN_UV_READS_A_TURN; reads++) {
        ssize_t len =
            recv(tn_uv_watch_fd(stream->watch), stream->uv->scratch, TN_UV_STREAM_READ, 0);
        if (len > 0 || (len < 0 && errno == EINTR)) continue;
        return len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }
    return true;
}

void tn_uv_stream_linger(struct tn_uv_stream *stream)
{
    if (tn_uv_stream_send(stream) != 0) {
        end_linger(stream);
        return;
    }
    if (stream->unsent.len == 0 && !stream->shut) {
        stream->shut = true;
        shutdown(tn_uv_watch_fd(stream->watch), SHUT_WR);
    }
    if (!read_away(stream)) {
        end_linger(stream);
        return;
    }
    tn_uv_stream_watch(stream);
}

bool tn_uv_tcp_tick(struct tern_uv *uv, tern_time now)
{
    struct tn_uv_stream *stream = uv->lingering;

    while (stream) {
        struct tn_uv_stream *next = stream->next_lingering;
        if (stream->linger_until <= now) end_linger(stream);
        stream = next;
    }
    return uv->lingering != NULL;
}

/* ---- as the core asks ---- */

static void reset(struct tn_uv_stream *stream)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    (void)setsockopt(tn_uv_watch_fd(stream->watch), SOL_SOCKET, SO_LINGER, &at_once,
                     sizeof(at_once));
    tn_uv_stream_close(stream);
}

/* Its id may be given to another stream from now on. */
void tn_uv_tcp_disconnect(struct tern_uv *uv, uint32_t id, bool abort)
{
    struct tn_uv_stream *stream = tn_uv_table_find(&uv->streams, id);

    if (!stream) return;
    if (abort || stream->state == TN_UV_STREAM_CONNECTING) {
        reset(stream);
        return;
    }
    forget(stream);
    free(stream->unread.data);
    stream->unread = (struct tn_uv_bytes){0};
    stream->state = TN_UV_STREAM_LINGERING;
    stream->linger_until = tn_uv_clock() + TERN_MS(TN_UV_LINGER_MS);
    stream->next_lingering = uv->lingering;
    uv->lingering = stream;
    tn_uv_need_tick(uv);
    tn_uv_stream_linger(stream);
}

void tn_uv_tcp_close_all(struct tern_uv *uv)
{
    struct tn_uv_stream *stream;

    while ((stream = tn_uv_table_any(&uv->streams))) {
        tn_uv_stream_close(stream);
    }
    while ((stream = uv->lingering)) {
        uv->lingering = stream->next_lingering;
        release(stream);
    }
    tn_uv_table_fini(&uv->streams);
}
