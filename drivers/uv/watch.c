/* SPDX-License-Identifier: MIT */
/*
 * A descriptor on the loop. Its memory goes when libuv has let go of the handle, so that the owner
 * may free a watch, and itself, at any time, also from `ready`.
 */
#include "driver.h"

#include <stdlib.h>
#include <unistd.h>

struct tn_uv_watch {
    uv_poll_t poll;
    struct tern_uv *uv;
    tn_uv_ready *ready;
    void *owner;
    int fd;
    int events;
    bool owns_fd;
    bool closed;
};

static void closed(uv_handle_t *handle)
{
    struct tn_uv_watch *watch = handle->data;
    struct tern_uv *uv = watch->uv;

    free(watch);
    tn_uv_handle_closed(uv);
}

/* On an error libuv stops the handle. The owner finds out what it was by reading or writing. */
static void polled(uv_poll_t *poll, int status, int events)
{
    struct tn_uv_watch *watch = poll->data;

    watch->ready(watch->owner, status < 0 ? watch->events : events);
    if (status < 0 && !watch->closed && watch->events) {
        (void)uv_poll_start(&watch->poll, watch->events, polled);
    }
}

struct tn_uv_watch *tn_uv_watch_new_borrowed(struct tern_uv *uv, int fd, tn_uv_ready *ready,
                                             void *owner)
{
    struct tn_uv_watch *watch = calloc(1, sizeof(*watch));

    if (!watch) return NULL;
    if (uv_poll_init(uv->loop, &watch->poll, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    watch->uv = uv;
    watch->ready = ready;
    watch->owner = owner;
    watch->fd = fd;
    tn_uv_handle_opened(uv);
    return watch;
}

struct tn_uv_watch *tn_uv_watch_new(struct tern_uv *uv, int fd, tn_uv_ready *ready, void *owner)
{
    struct tn_uv_watch *watch = tn_uv_watch_new_borrowed(uv, fd, ready, owner);

    if (watch) {
        watch->owns_fd = true;
    } else {
        close(fd);
    }
    return watch;
}

void tn_uv_watch_free(struct tn_uv_watch *watch)
{
    if (!watch) return;
    watch->closed = true;
    uv_close((uv_handle_t *)&watch->poll, closed);
    if (watch->owns_fd) close(watch->fd);
}

void tn_uv_watch_set(struct tn_uv_watch *watch, int events)
{
    if (watch->events == events) return;
    watch->events = events;
    if (events) {
        (void)uv_poll_start(&watch->poll, events, polled);
    } else {
        (void)uv_poll_stop(&watch->poll);
    }
}

int tn_uv_watch_fd(const struct tn_uv_watch *watch)
{
    return watch->fd;
}
