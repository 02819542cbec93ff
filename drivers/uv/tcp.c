/* SPDX-License-Identifier: MIT */
/*
 * TCP: connecting, reading, writing. A message leaves in one write without Nagle's delay; what the
 * socket does not take waits in a bounded queue. Closing is in tcp_close.c.
 */
#include "tcp.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- bytes that wait ---- */

static bool keep(struct tn_uv_bytes *bytes, const void *data, size_t len)
{
    if (bytes->off + bytes->len + len > bytes->cap) {
        size_t cap = bytes->len + len + 4096;
        uint8_t *moved = malloc(cap);
        if (!moved) return false;
        if (bytes->len > 0) memcpy(moved, bytes->data + bytes->off, bytes->len);
        free(bytes->data);
        *bytes = (struct tn_uv_bytes){.data = moved, .len = bytes->len, .cap = cap};
    }
    memcpy(bytes->data + bytes->off + bytes->len, data, len);
    bytes->len += len;
    return true;
}

static void consume(struct tn_uv_bytes *bytes, size_t len)
{
    bytes->off += len;
    bytes->len -= len;
    if (bytes->len > 0) return;
    free(bytes->data); /* an idle connection holds no buffer */
    *bytes = (struct tn_uv_bytes){0};
}

/* ---- reading ---- */

static void stall(struct tn_uv_stream *stream, const void *data, size_t len)
{
    if (!keep(&stream->unread, data, len)) {
        tn_uv_stream_fail(stream, TERN_STR("out of memory"));
        return;
    }
    stream->uv->stalled_streams++;
    tn_uv_stream_watch(stream);
}

/* Hands bytes to the core. @return whether the stream can go on reading; else it may be gone. */
static bool hand_in(struct tn_uv_stream *stream, const void *data, size_t len)
{
    struct tern_uv *uv = stream->uv;
    uint32_t id = stream->id;
    int err = tern_stream_received(uv->ep, tn_uv_clock(), id, data, len);

    if (err == TERN_EBUSY) {
        tern_uv_flush(uv);
        if (tn_uv_table_find(&uv->streams, id) != stream) return false;
        err = tern_stream_received(uv->ep, tn_uv_clock(), id, data, len);
    }
    if (err == 0) return true;
    if (err == TERN_EBUSY) {
        stall(stream, data, len);
    } else {
        tern_str reason = {tern_strerror(err), 0};
        reason.len = strlen(reason.ptr);
        tn_uv_stream_fail(stream, reason);
    }
    return false;
}

static void receive(struct tn_uv_stream *stream)
{
    struct tern_uv *uv = stream->uv;

    for (int reads = 0; reads < TN_UV_READS_A_TURN; reads++) {
        ssize_t len = recv(tn_uv_watch_fd(stream->watch), uv->scratch, TN_UV_STREAM_READ, 0);
        if (len == 0) {
            tn_uv_stream_fail(stream, TERN_STR("closed by the far end"));
            return;
        }
        if (len < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN && errno != EWOULDBLOCK) tn_uv_stream_fail_errno(stream, errno);
            return;
        }
        if (!hand_in(stream, uv->scratch, (size_t)len)) return;
        if (len < TN_UV_STREAM_READ) return;
    }
}

static void retry(struct tn_uv_stream *stream)
{
    struct tern_uv *uv = stream->uv;
    struct tn_uv_bytes *unread = &stream->unread;
    int err = tern_stream_received(uv->ep, tn_uv_clock(), stream->id, unread->data + unread->off,
                                   unread->len);

    if (err == TERN_EBUSY) return;
    uv->stalled_streams--;
    consume(unread, unread->len);
    if (err == 0) {
        tn_uv_stream_watch(stream);
    } else {
        tn_uv_stream_fail(stream, TERN_STR("the endpoint did not take what came in"));
    }
}

void tn_uv_tcp_retry(struct tern_uv *uv)
{
    for (size_t i = 0; i < uv->streams.cap; i++) {
        struct tn_uv_node *node = uv->streams.buckets[i];
        while (node) {
            struct tn_uv_stream *stream = (struct tn_uv_stream *)node;
            node = node->next; /* the stream may close now */
            if (stream->unread.len > 0) retry(stream);
        }
    }
}

/* ---- writing ---- */

int tn_uv_stream_send(struct tn_uv_stream *stream)
{
    struct tn_uv_bytes *unsent = &stream->unsent;

    while (unsent->len > 0) {
        ssize_t len = send(tn_uv_watch_fd(stream->watch), unsent->data + unsent->off, unsent->len,
                           MSG_NOSIGNAL);
        if (len >= 0) {
            consume(unsent, (size_t)len);
        } else if (errno != EINTR) {
            return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : errno;
        }
    }
    return 0;
}

/* @return the bytes that the socket took, or -1 with errno. */
static ssize_t send_now(struct tn_uv_stream *stream, tern_str data)
{
    ssize_t len;

    if (stream->state == TN_UV_STREAM_CONNECTING || stream->unsent.len > 0) return 0;
    do {
        len = send(tn_uv_watch_fd(stream->watch), data.ptr, data.len, MSG_NOSIGNAL);
    } while (len < 0 && errno == EINTR);
    return len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : len;
}

void tn_uv_tcp_write(struct tern_uv *uv, const struct tern_output *out)
{
    struct tn_uv_stream *stream = tn_uv_table_find(&uv->streams, out->id);

    if (!stream) return;
    ssize_t sent = send_now(stream, out->data);
    if (sent < 0) {
        tn_uv_stream_fail_errno(stream, errno);
        return;
    }
    size_t rest = out->data.len - (size_t)sent;
    if (rest == 0) return;
    if (stream->unsent.len + rest > TN_UV_STREAM_QUEUE_MAX ||
        !keep(&stream->unsent, out->data.ptr + sent, rest)) {
        tn_uv_stream_fail(stream, TERN_STR("the far end does not read"));
        return;
    }
    tn_uv_stream_watch(stream);
}

/* ---- opening ---- */

static tern_addr name_of(int fd, int (*get)(int, struct sockaddr *restrict, socklen_t *restrict))
{
    union tn_uv_sockaddr name;
    socklen_t len = sizeof(name);

    memset(&name, 0, sizeof(name));
    if (get(fd, &name.any, &len) != 0) return (tern_addr){0};
    return tn_uv_addr_from(&name);
}

static void finish_connect(struct tn_uv_stream *stream)
{
    int fd = tn_uv_watch_fd(stream->watch), error = 0;
    socklen_t len = sizeof(error);

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) error = errno;
    if (error) {
        tn_uv_stream_fail_errno(stream, error);
        return;
    }
    tern_addr local = name_of(fd, getsockname);
    stream->state = TN_UV_STREAM_OPEN;
    tern_stream_opened(stream->uv->ep, tn_uv_clock(), stream->id, local, stream->remote);
    tn_uv_stream_watch(stream);
}

static void ready(void *owner, int events)
{
    struct tn_uv_stream *stream = owner;
    int error = 0;

    switch (stream->state) {
    case TN_UV_STREAM_CONNECTING: finish_connect(stream); return;
    case TN_UV_STREAM_LINGERING: tn_uv_stream_linger(stream); return;
    case TN_UV_STREAM_OPEN: break;
    }
    if (events & UV_WRITABLE) error = tn_uv_stream_send(stream);
    if (error) {
        tn_uv_stream_fail_errno(stream, error);
        return;
    }
    tn_uv_stream_watch(stream);
    if ((events & UV_READABLE) && stream->unread.len == 0) receive(stream);
}

void tn_uv_stream_watch(struct tn_uv_stream *stream)
{
    int events = 0;

    if (stream->state != TN_UV_STREAM_CONNECTING && stream->unread.len == 0) events = UV_READABLE;
    if (stream->state == TN_UV_STREAM_CONNECTING || stream->unsent.len > 0) events |= UV_WRITABLE;
    tn_uv_watch_set(stream->watch, events);
}

/* RFC 5482 bounds how long a vanished far end is waited for; keep-alive is SIP's own affair. */
static void set_options(struct tern_uv *uv, int fd, uint8_t family)
{
    const int on = 1, limit_ms = TN_UV_TCP_USER_TIMEOUT_MS, cs3 = 24 << 2;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof(limit_ms));
    if (!uv->dscp) return;
    if (family == TERN_FAMILY_IPV4) {
        (void)setsockopt(fd, IPPROTO_IP, IP_TOS, &cs3, sizeof(cs3));
    } else {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &cs3, sizeof(cs3));
    }
}

/* Owns `fd`. @return a stream outside the table, or NULL without memory. */
static struct tn_uv_stream *new_stream(struct tern_uv *uv, int fd, tern_addr remote)
{
    struct tn_uv_stream *stream = calloc(1, sizeof(*stream));

    if (!stream) {
        close(fd);
        return NULL;
    }
    stream->uv = uv;
    stream->remote = remote;
    set_options(uv, fd, remote.family);
    stream->watch = tn_uv_watch_new(uv, fd, ready, stream);
    if (stream->watch) return stream;
    free(stream);
    return NULL;
}

/* Binds to the source address, and to its interface where routing would choose another one.
 * @return 0 or an errno. */
static int bind_source(struct tern_uv *uv, int fd, const struct tern_output *out)
{
    union tn_uv_sockaddr address;
    tern_addr source = out->local;

    if (source.family == 0) return 0;
    source.port = 0;
    tn_uv_tie(uv, fd, out->local, out->remote);
    socklen_t len = tn_uv_addr_to(source, &address);
    return bind(fd, &address.any, len) == 0 ? 0 : errno;
}

static int start_connect(struct tern_uv *uv, int fd, const struct tern_output *out)
{
    union tn_uv_sockaddr address;
    int error = bind_source(uv, fd, out);

    if (error) return error;
    socklen_t len = tn_uv_addr_to(out->remote, &address);
    if (connect(fd, &address.any, len) == 0 || errno == EINPROGRESS) return 0;
    return errno;
}

static void connect_failed(struct tern_uv *uv, uint32_t id, int error)
{
    char text[160];

    tern_stream_closed(uv->ep, tn_uv_clock(), id, tn_uv_failure(error, 0, text));
}

/* One that is connected at once shows as writable in the next turn like any other. */
void tn_uv_tcp_connect(struct tern_uv *uv, const struct tern_output *out)
{
    int family = out->remote.family == TERN_FAMILY_IPV6 ? AF_INET6 : AF_INET;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        connect_failed(uv, out->id, errno);
        return;
    }
    struct tn_uv_stream *stream = new_stream(uv, fd, out->remote);
    if (!stream) {
        connect_failed(uv, out->id, ENOMEM);
        return;
    }
    stream->id = out->id;
    stream->state = TN_UV_STREAM_CONNECTING;
    int error = start_connect(uv, fd, out);
    if (!error && tn_uv_table_find(&uv->streams, out->id)) error = EEXIST;
    if (!error && tn_uv_table_put(&uv->streams, &stream->node, out->id) != 0) error = ENOMEM;
    if (error) {
        tn_uv_watch_free(stream->watch);
        free(stream);
        connect_failed(uv, out->id, error);
        return;
    }
    tn_uv_stream_watch(stream);
}

void tn_uv_tcp_accepted(struct tern_uv *uv, uint32_t listener, int fd)
{
    tern_addr local = name_of(fd, getsockname), remote = name_of(fd, getpeername);
    struct tn_uv_stream *stream = new_stream(uv, fd, remote);

    if (!stream) return;
    tn_uv_tie(uv, fd, local, remote); /* what we say goes by the link that we were asked by */
    int err = tern_stream_accepted(uv->ep, tn_uv_clock(), listener, local, remote, &stream->id);
    if (err == TERN_EBUSY) {
        tern_uv_flush(uv);
        err = tern_stream_accepted(uv->ep, tn_uv_clock(), listener, local, remote, &stream->id);
    }
    if (err == 0 && tn_uv_table_put(&uv->streams, &stream->node, stream->id) != 0) {
        tern_stream_closed(uv->ep, tn_uv_clock(), stream->id, TERN_STR("out of memory"));
        err = TERN_ENOMEM;
    }
    if (err) {
        tn_uv_watch_free(stream->watch);
        free(stream);
        return;
    }
    stream->state = TN_UV_STREAM_OPEN;
    tn_uv_stream_watch(stream);
}
