/* SPDX-License-Identifier: MIT */
/* Running, stopping and reaching the loop from other threads. */
#ifndef TN_UV_POST_H
#define TN_UV_POST_H

#include "driver.h"

struct tn_uv_posted {
    struct tn_uv_posted *next;
    void (*fn)(struct tern_uv *uv, void *arg);
    void *arg;
};

struct tn_uv_post {
    uv_async_t async;
    uv_mutex_t mutex; /* guards the queue */
    struct tn_uv_posted *first, **last;
    unsigned count;
    atomic_bool stop;
    atomic_bool running;
    bool threaded;
    uv_thread_t thread;
};

#endif
