/* SPDX-License-Identifier: MIT */
/*
 * Posting functions to the loop, and running it: here or on a thread of its own. The queue is the
 * only thing that two threads share.
 */
#include "post.h"

#include <stdlib.h>

/* Functions that are posted meanwhile wait for the next turn: two that post each other do not
 * keep the loop from its sockets. */
static void run_posted(struct tern_uv *uv)
{
    struct tn_uv_post *post = uv->post;

    uv_mutex_lock(&post->mutex);
    struct tn_uv_posted *list = post->first;
    post->first = NULL;
    post->last = &post->first;
    post->count = 0;
    uv_mutex_unlock(&post->mutex);
    while (list) {
        struct tn_uv_posted *posted = list;
        list = posted->next;
        posted->fn(uv, posted->arg);
        free(posted);
    }
}

static void woken(uv_async_t *async)
{
    struct tern_uv *uv = async->data;

    run_posted(uv);
    if (atomic_load(&uv->post->stop)) uv_stop(uv->loop);
}

int tern_uv_post(struct tern_uv *uv, void (*fn)(struct tern_uv *uv, void *arg), void *arg)
{
    struct tn_uv_post *post = uv->post;
    struct tn_uv_posted *posted = malloc(sizeof(*posted));
    int err = 0;

    if (!posted) return TERN_ENOMEM;
    *posted = (struct tn_uv_posted){.fn = fn, .arg = arg};
    uv_mutex_lock(&post->mutex);
    if (post->count >= TN_UV_POSTS_MAX) {
        err = TERN_ELIMIT;
    } else {
        *post->last = posted;
        post->last = &posted->next;
        post->count++;
        uv_async_send(&post->async);
    }
    uv_mutex_unlock(&post->mutex);
    if (err) free(posted);
    return err;
}

/* ---- running ---- */

static void run_loop(struct tern_uv *uv)
{
    if (!atomic_load(&uv->post->stop)) uv_run(uv->loop, UV_RUN_DEFAULT);
    tern_uv_flush(uv);
    atomic_store(&uv->post->stop, false);
    atomic_store(&uv->post->running, false);
}

int tern_uv_run(struct tern_uv *uv)
{
    if (atomic_exchange(&uv->post->running, true)) return TERN_ESTATE;
    run_loop(uv);
    return 0;
}

void tern_uv_stop(struct tern_uv *uv)
{
    atomic_store(&uv->post->stop, true);
    uv_async_send(&uv->post->async);
}

static void thread_main(void *arg)
{
    run_loop(arg);
}

int tern_uv_thread_start(struct tern_uv *uv)
{
    struct tn_uv_post *post = uv->post;

    if (!uv->owns_loop || post->threaded) return TERN_ESTATE;
    if (atomic_exchange(&post->running, true)) return TERN_ESTATE;
    if (uv_thread_create(&post->thread, thread_main, uv) != 0) {
        atomic_store(&post->running, false);
        return TERN_EIO;
    }
    post->threaded = true;
    return 0;
}

int tern_uv_thread_stop(struct tern_uv *uv)
{
    struct tn_uv_post *post = uv->post;
    uv_thread_t self = uv_thread_self();

    if (!post->threaded || uv_thread_equal(&self, &post->thread)) return TERN_ESTATE;
    tern_uv_stop(uv);
    uv_thread_join(&post->thread);
    post->threaded = false;
    atomic_store(&post->stop, false);
    return 0;
}

/* ---- life ---- */

int tn_uv_post_init(struct tern_uv *uv)
{
    struct tn_uv_post *post = calloc(1, sizeof(*post));

    if (!post) return TERN_ENOMEM;
    post->last = &post->first;
    post->async.data = uv;
    if (uv_mutex_init(&post->mutex) != 0) {
        free(post);
        return TERN_EIO;
    }
    if (uv_async_init(uv->loop, &post->async, woken) != 0) {
        uv_mutex_destroy(&post->mutex);
        free(post);
        return TERN_EIO;
    }
    tn_uv_handle_opened(uv);
    uv->post = post;
    return 0;
}

static void closed(uv_handle_t *handle)
{
    struct tern_uv *uv = handle->data;

    uv_mutex_destroy(&uv->post->mutex);
    free(uv->post);
    uv->post = NULL;
    tn_uv_handle_closed(uv);
}

/* Also those that the last ones have posted. */
void tn_uv_post_finish(struct tern_uv *uv)
{
    for (unsigned turns = 0; turns < TN_UV_POSTS_MAX && uv->post->first; turns++) {
        run_posted(uv);
    }
}

void tn_uv_post_fini(struct tern_uv *uv)
{
    if (uv->post) uv_close((uv_handle_t *)&uv->post->async, closed);
}
