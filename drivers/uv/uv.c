/* SPDX-License-Identifier: MIT */
/*
 * The driver itself: puts its parts together, carries out what the core wants, and wakes it in
 * time. See driver.h for the course of a loop turn.
 */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

#include "monitor.h"

void tern_uv_opts_init_sized(struct tern_uv_opts *opts, size_t size)
{
    memset(opts, 0, size);
    opts->size = size;
}

tern_time tern_uv_now(const struct tern_uv *uv)
{
    (void)uv;
    return tn_uv_clock();
}

struct tern_endpoint *tern_uv_endpoint(const struct tern_uv *uv)
{
    return uv->ep;
}

/* ---- outputs and events ---- */

static void carry_out(struct tern_uv *uv, const struct tern_output *out)
{
    switch (out->type) {
    case TERN_OUT_DATAGRAM: tn_uv_udp_send(uv, out); return;
    case TERN_OUT_UDP_OPEN: tn_uv_udp_open(uv, out); return;
    case TERN_OUT_UDP_CLOSE: tn_uv_udp_close(uv, out->id); return;
    case TERN_OUT_LISTEN: tn_uv_listen(uv, out); return;
    case TERN_OUT_UNLISTEN: tn_uv_unlisten(uv, out->id); return;
    case TERN_OUT_CONNECT: tn_uv_tcp_connect(uv, out); return;
    case TERN_OUT_WRITE: tn_uv_tcp_write(uv, out); return;
    case TERN_OUT_DISCONNECT: tn_uv_tcp_disconnect(uv, out->id, out->abort); return;
    case TERN_OUT_RESOLVE: tn_uv_dns_resolve(uv, out); return;
    }
}

/* Failures of the last batch may bring forth more, hence the second look. */
static void drain_outputs(struct tern_uv *uv)
{
    struct tern_output out;
    unsigned count = 0;
    bool again = true;

    while (again && count < TN_UV_OUTPUTS_A_TURN) {
        again = false;
        while (count < TN_UV_OUTPUTS_A_TURN && tern_next_output(uv->ep, &out)) {
            if (out.type != TERN_OUT_DATAGRAM) tn_uv_udp_flush(uv);
            carry_out(uv, &out);
            count++;
            again = true;
        }
        tn_uv_udp_flush(uv);
    }
    uv->more_outputs = again;
}

/* @return whether it is another one. */
static bool take_network(struct tern_network *known, const struct tern_network *network)
{
    if (!network || memcmp(network, known, sizeof(*network)) == 0) return false;
    *known = *network;
    return true;
}

/* The application may set network and policy by itself, so they are looked up in the core. */
static void follow_network(struct tern_uv *uv)
{
    bool routed = take_network(&uv->system, tern_get_system_network(uv->ep));
    bool chosen = take_network(&uv->network, tern_get_network(uv->ep));

    if (routed || chosen) uv->network_generation++;
    if (chosen) tn_uv_dns_reset(uv);
}

/* A deadline that is past although the core has just been advanced must not make the loop spin, nor
 * must a core that has no room until the application has taken its events. */
static void arm(struct tern_uv *uv)
{
    tern_time due = tern_deadline(uv->ep);

    if (due <= uv->advanced) due = uv->advanced + TERN_MS(1);
    if (uv->stalled_streams > 0 || uv->network_pending) due = tn_uv_clock() + TERN_MS(1);
    if (uv->more_outputs) due = 0;
    tn_uv_alarm_arm(&uv->alarm, due);
}

static void retry_network(struct tern_uv *uv)
{
    if (!uv->network_pending) return;
    uv->network_pending = false;
    tn_uv_set_network(uv, &uv->pending_network);
}

void tern_uv_flush(struct tern_uv *uv)
{
    if (uv->flushing || uv->closing) return;
    uv->flushing = true;
    if (uv->stalled_streams > 0) tn_uv_tcp_retry(uv);
    retry_network(uv);
    follow_network(uv);
    drain_outputs(uv);
    if (uv->callbacks && tern_dispatch(uv->ep, uv->callbacks, uv->user) > 0) {
        drain_outputs(uv);
    }
    arm(uv);
    uv->flushing = false;
}

void tn_uv_set_network(struct tern_uv *uv, const struct tern_network *network)
{
    if (tern_set_network(uv->ep, tn_uv_clock(), network) == 0) return;
    if (network != &uv->pending_network) uv->pending_network = *network;
    uv->network_pending = true;
}

/* ---- handles ---- */

static void advance(struct tern_uv *uv, tern_time now)
{
    uv->advanced = now;
    tern_advance(uv->ep, now);
}

static void before_wait(uv_prepare_t *handle)
{
    tern_uv_flush(handle->data);
}

static void after_wait(uv_check_t *handle)
{
    tern_uv_flush(handle->data);
}

static void ticked(uv_timer_t *timer)
{
    struct tern_uv *uv = timer->data;
    bool streams = tn_uv_tcp_tick(uv, tn_uv_clock());
    bool listeners = tn_uv_listen_tick(uv);

    if (streams || listeners) return;
    uv_timer_stop(timer);
    uv->ticking = false;
}

void tn_uv_need_tick(struct tern_uv *uv)
{
    if (uv->ticking || uv->closing) return;
    uv->ticking = uv_timer_start(&uv->tick, ticked, TN_UV_TICK_MS, TN_UV_TICK_MS) == 0;
}

static void release(struct tern_uv *uv)
{
    if (uv->handles > 0 || uv->owns_loop) return;
    free(uv);
}

void tn_uv_handle_opened(struct tern_uv *uv)
{
    uv->handles++;
}

void tn_uv_handle_closed(struct tern_uv *uv)
{
    uv->handles--;
    if (uv->closing) release(uv);
}

static void handle_closed(uv_handle_t *handle)
{
    tn_uv_handle_closed(handle->data);
}

/* ---- life ---- */

static void open_handles(struct tern_uv *uv)
{
    uv_prepare_init(uv->loop, &uv->prepare);
    uv_check_init(uv->loop, &uv->check);
    uv_timer_init(uv->loop, &uv->tick);
    uv->prepare.data = uv->check.data = uv->tick.data = uv;
    uv->handles += 3;
    uv_prepare_start(&uv->prepare, before_wait);
    uv_check_start(&uv->check, after_wait);
}

static void close_parts(struct tern_uv *uv)
{
    tn_uv_monitor_close(uv->monitor);
    tn_uv_audio_fini(uv);
    tn_uv_dns_fini(uv);
    tn_uv_listen_close_all(uv);
    tn_uv_tcp_close_all(uv);
    tn_uv_udp_close_all(uv);
    tn_uv_alarm_fini(&uv->alarm);
    tn_uv_post_fini(uv);
    free(uv->scratch);
    uv_close((uv_handle_t *)&uv->prepare, handle_closed);
    uv_close((uv_handle_t *)&uv->check, handle_closed);
    uv_close((uv_handle_t *)&uv->tick, handle_closed);
}

/* What is left on an own loop are handles that close: one or two turns, without waiting. */
static void destroy(struct tern_uv *uv)
{
    uv->closing = true;
    close_parts(uv);
    if (!uv->owns_loop) return;
    while (uv->handles > 0) {
        uv_run(uv->loop, UV_RUN_NOWAIT);
    }
    uv_loop_close(uv->loop);
    free(uv);
}

static int read_opts(const struct tern_uv_opts *given, struct tern_uv_opts *opts)
{
    tern_uv_opts_init(opts);
    if (!given) return 0;
    if (given->size < sizeof(given->size)) return TERN_EVERSION;
    const uint8_t *bytes = (const uint8_t *)given;
    for (size_t i = sizeof(*opts); i < given->size; i++) {
        if (bytes[i] != 0) return TERN_EVERSION;
    }
    memcpy(opts, given, given->size < sizeof(*opts) ? given->size : sizeof(*opts));
    return 0;
}

static int start_parts(struct tern_uv *uv, const struct tern_uv_opts *opts)
{
    int err = tn_uv_alarm_init(&uv->alarm, uv, advance);

    if (!err) err = tn_uv_post_init(uv);
    if (!err) err = tn_uv_dns_init(uv, opts->dns_servers);
    if (!err) err = tn_uv_audio_init(uv);
    if (err || opts->no_monitor) return err;
    return tn_uv_monitor_open(uv, opts->poll_ms, &uv->monitor);
}

int tern_uv_new(struct tern_endpoint *ep, const struct tern_uv_opts *given, struct tern_uv **out)
{
    struct tern_uv_opts opts;
    int err = read_opts(given, &opts);

    if (err) return err;
    struct tern_uv *uv = calloc(1, sizeof(*uv));
    if (!uv) return TERN_ENOMEM;
    uv->ep = ep;
    uv->dscp = opts.dscp;
    uv->callbacks = opts.callbacks;
    uv->user = opts.user;
    uv->owns_loop = !opts.loop;
    uv->loop = opts.loop ? opts.loop : &uv->own_loop;
    uv->scratch = malloc(TN_UV_RECEIVE_BUFFER);
    if (!uv->scratch || (uv->owns_loop && uv_loop_init(uv->loop) != 0)) {
        err = uv->scratch ? TERN_EIO : TERN_ENOMEM;
        free(uv->scratch);
        free(uv);
        return err;
    }
    open_handles(uv);
    err = start_parts(uv, &opts);
    if (err) {
        destroy(uv);
        return err;
    }
    uv->flushing = true; /* no callbacks yet: the caller does not have the driver */
    follow_network(uv);
    drain_outputs(uv);
    arm(uv);
    uv->flushing = false;
    *out = uv;
    return 0;
}

void tern_uv_free(struct tern_uv *uv)
{
    if (!uv) return;
    tn_uv_post_finish(uv);
    uv->flushing = true;
    drain_outputs(uv);
    destroy(uv);
}
