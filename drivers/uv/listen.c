/* SPDX-License-Identifier: MIT */
/*
 * TCP listeners: one for each local address, opened and closed by the core as addresses come and
 * go. One whose address has vanished simply hears nothing more.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"
#include "sockaddr.h"

struct listener {
    struct tn_uv_node node;
    struct tern_uv *uv;
    uint32_t id;
    bool paused; /* no descriptors left: looked at again at the next tick */
    struct tn_uv_watch *watch;
};

/* A connection that cannot be taken stays in the kernel's queue, and would wake us for ever. */
static void pause_listener(struct listener *listener)
{
    listener->paused = true;
    listener->uv->paused_listeners++;
    tn_uv_watch_set(listener->watch, 0);
    tn_uv_need_tick(listener->uv);
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void ready(void *owner, int events)
{
    struct listener *listener = owner;
    struct tern_uv *uv = listener->uv;
    uint32_t id = listener->id;

    (void)events;
    for (int accepts = 0; accepts < TN_UV_ACCEPTS_A_TURN; accepts++) {
        int fd = accept4(tn_uv_watch_fd(listener->watch), NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (is_shortage(errno)) pause_listener(listener);
            return; /* none left, or one that has gone meanwhile */
        }
        tn_uv_tcp_accepted(uv, id, fd);
        if (tn_uv_table_find(&uv->listeners, id) != listener) return;
    }
}

bool tn_uv_listen_tick(struct tern_uv *uv)
{
    for (size_t i = 0; uv->paused_listeners > 0 && i < uv->listeners.cap; i++) {
        for (struct tn_uv_node *node = uv->listeners.buckets[i]; node; node = node->next) {
            struct listener *listener = (struct listener *)node;
            if (!listener->paused) continue;
            listener->paused = false;
            uv->paused_listeners--;
            tn_uv_watch_set(listener->watch, UV_READABLE);
        }
    }
    return false; /* one that still finds no descriptor asks for the next tick */
}

/* @return the descriptor, or -1 with errno. */
static int open_listening(tern_addr local)
{
    const int on = 1;
    union tn_uv_sockaddr address;
    socklen_t len = tn_uv_addr_to(local, &address);
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (local.family == TERN_FAMILY_IPV6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    }
    if (bind(fd, &address.any, len) == 0 && listen(fd, TN_UV_BACKLOG) == 0) return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static uint16_t port_of(int fd)
{
    union tn_uv_sockaddr bound;
    socklen_t len = sizeof(bound);

    memset(&bound, 0, sizeof(bound));
    if (getsockname(fd, &bound.any, &len) != 0) return 0;
    return tn_uv_addr_from(&bound).port;
}

/* @return 0 or an errno. */
static int open_listener(struct tern_uv *uv, uint32_t id, tern_addr local, uint16_t *port)
{
    if (tn_uv_table_find(&uv->listeners, id)) return EEXIST;
    struct listener *listener = calloc(1, sizeof(*listener));
    if (!listener) return ENOMEM;
    int fd = open_listening(local), error = errno;
    if (fd < 0) goto fail;
    *port = port_of(fd);
    error = ENOMEM;
    listener->uv = uv;
    listener->id = id;
    listener->watch = tn_uv_watch_new(uv, fd, ready, listener);
    if (!listener->watch) goto fail;
    if (tn_uv_table_put(&uv->listeners, &listener->node, id) != 0) goto fail;
    tn_uv_watch_set(listener->watch, UV_READABLE);
    return 0;

fail:
    tn_uv_watch_free(listener->watch);
    free(listener);
    return error;
}

void tn_uv_listen(struct tern_uv *uv, const struct tern_output *out)
{
    tern_addr local = out->local;
    char text[160];
    uint16_t port = 0;

    if (local.port == 0) local.port = out->port;
    int error = open_listener(uv, out->id, local, &port);
    if (error) {
        tern_str reason = tn_uv_failure(error, local.port, text);
        tern_socket_failed(uv->ep, tn_uv_clock(), out->id, reason);
        return;
    }
    tern_socket_opened(uv->ep, tn_uv_clock(), out->id, port);
}

static void close_listener(struct listener *listener)
{
    struct tern_uv *uv = listener->uv;

    if (listener->paused) uv->paused_listeners--;
    tn_uv_table_remove(&uv->listeners, &listener->node);
    tn_uv_watch_free(listener->watch);
    free(listener);
}

void tn_uv_unlisten(struct tern_uv *uv, uint32_t id)
{
    struct listener *listener = tn_uv_table_find(&uv->listeners, id);

    if (listener) close_listener(listener);
}

void tn_uv_listen_close_all(struct tern_uv *uv)
{
    struct listener *listener;

    while ((listener = tn_uv_table_any(&uv->listeners))) {
        close_listener(listener);
    }
    tn_uv_table_fini(&uv->listeners);
}
