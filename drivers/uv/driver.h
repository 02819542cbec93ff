/* SPDX-License-Identifier: MIT */
/*
 * The driver's inside: what its files share. A turn of the loop goes
 *
 *     sockets, timers → tern_receive(), tern_advance() …      (udp, tcp, dns, alarm, monitor, audio)
 *     check and prepare handles → outputs → events → outputs  (uv.c)
 *
 * so that answers leave in batches, and a call into the core from anywhere is carried out before
 * the loop waits again.
 */
#ifndef TN_UV_DRIVER_H
#define TN_UV_DRIVER_H

#include <stdatomic.h>

#include <uv.h>

#include <tern/uv.h>

#include "limits.h"
#include "table.h"

/* ---- watch.c: a descriptor on the loop ---- */

struct tn_uv_watch;

/* `events` are UV_READABLE and UV_WRITABLE; an error on the descriptor shows as those asked for. */
typedef void tn_uv_ready(void *owner, int events);

/* Owns `fd` from now on, also when it fails. @return NULL without memory or descriptors. */
struct tn_uv_watch *tn_uv_watch_new(struct tern_uv *uv, int fd, tn_uv_ready *ready, void *owner);
/* The same for a descriptor that somebody else closes. */
struct tn_uv_watch *tn_uv_watch_new_borrowed(struct tern_uv *uv, int fd, tn_uv_ready *ready,
                                             void *owner);
/* Stops at once and closes the descriptor; `ready` is not called again. NULL is allowed. */
void tn_uv_watch_free(struct tn_uv_watch *watch);
void tn_uv_watch_set(struct tn_uv_watch *watch, int events);
int tn_uv_watch_fd(const struct tn_uv_watch *watch);

/* ---- alarm.c: exact timers ---- */

struct tn_uv_alarm {
    struct tn_uv_watch *watch;
    tern_time armed; /* TERN_TIME_NEVER when off */
    struct tern_uv *uv;
    void (*fire)(struct tern_uv *uv, tern_time now);
};

int tn_uv_alarm_init(struct tn_uv_alarm *alarm, struct tern_uv *uv,
                     void (*fire)(struct tern_uv *uv, tern_time now));
void tn_uv_alarm_fini(struct tn_uv_alarm *alarm);
/* It may fire earlier than `due` when it had been armed for that; never later. */
void tn_uv_alarm_arm(struct tn_uv_alarm *alarm, tern_time due);
tern_time tn_uv_clock(void);

/* ---- the driver ---- */

struct tn_uv_batch;
struct tn_uv_stream;
struct tn_uv_dns;
struct tn_uv_monitor;
struct tn_uv_audio;
struct tn_uv_post;

struct tern_uv {
    struct tern_endpoint *ep;
    const struct tern_callbacks *callbacks;
    void *user;
    uv_loop_t *loop;
    uv_loop_t own_loop; /* unused on the application's loop */
    uv_prepare_t prepare;
    uv_check_t check;
    uv_timer_t tick;          /* runs only while something lingers */
    struct tn_uv_alarm alarm; /* for tern_advance() */
    tern_time advanced;       /* when that was last called */

    struct tern_network network; /* in force, as last seen in the core */
    struct tern_network system;  /* as the kernel routes; the same but for a policy of links */
    struct tern_network pending_network; /* what the core had no room for */
    uint32_t network_generation;

    unsigned handles; /* not yet closed; the last one frees the driver after tern_uv_free() */
    unsigned paused_listeners;
    unsigned stalled_streams;
    uint8_t *scratch; /* TN_UV_RECEIVE_BUFFER bytes to receive into */
    struct tn_uv_table sockets;
    struct tn_uv_table listeners;
    struct tn_uv_table streams;
    struct tn_uv_stream *lingering;
    struct tn_uv_batch *batch;
    struct tn_uv_dns *dns;
    struct tn_uv_monitor *monitor;
    struct tn_uv_audio *audio;
    struct tn_uv_post *post;

    bool owns_loop;
    bool dscp;
    bool flushing;
    bool closing;
    bool ticking;
    bool more_outputs;
    bool network_pending;
};

/* One more uv handle is open; its close callback calls the second. */
void tn_uv_handle_opened(struct tern_uv *uv);
void tn_uv_handle_closed(struct tern_uv *uv);
/* Have tn_uv_tcp_tick() and tn_uv_listen_tick() called until both say that nothing is left. */
void tn_uv_need_tick(struct tern_uv *uv);

/* ---- pin.c ---- */

/*
 * The interface that packets from `local` to `remote` must leave by, 0 for the kernel's choice. A
 * source address alone does not move a packet to another interface: routing goes by destination.
 * While an old and a new path are used side by side, and where a policy of links (tern/links.h) likes
 * another one than routing does, the one that is not the kernel's own is named.
 *
 * `system` is the network as the kernel has it.
 */
uint32_t tn_uv_pin(const struct tern_network *system, tern_addr local, tern_addr remote);
/*
 * Ties a socket from `local` to `remote` to the interface that it must leave by. Linux lets anybody do
 * that since 5.7; where it does not, routing is left to decide.
 */
void tn_uv_tie(const struct tern_uv *uv, int fd, tern_addr local, tern_addr remote);

/* ---- udp.c, udp_send.c ---- */

void tn_uv_udp_open(struct tern_uv *uv, const struct tern_output *out);
void tn_uv_udp_close(struct tern_uv *uv, uint32_t id);
void tn_uv_udp_close_all(struct tern_uv *uv);
/* Appends to the batch; what it was built for before is sent first. */
void tn_uv_udp_send(struct tern_uv *uv, const struct tern_output *out);
/* Sends the batch. Failures are told to the core, which may want to send more. */
void tn_uv_udp_flush(struct tern_uv *uv);

/* ---- tcp.c, tcp_close.c, listen.c ---- */

void tn_uv_tcp_connect(struct tern_uv *uv, const struct tern_output *out);
void tn_uv_tcp_accepted(struct tern_uv *uv, uint32_t listener, int fd);
void tn_uv_tcp_write(struct tern_uv *uv, const struct tern_output *out);
void tn_uv_tcp_disconnect(struct tern_uv *uv, uint32_t id, bool abort);
/* Offers again what the core had no room for. */
void tn_uv_tcp_retry(struct tern_uv *uv);
bool tn_uv_tcp_tick(struct tern_uv *uv, tern_time now);
void tn_uv_tcp_close_all(struct tern_uv *uv);

void tn_uv_listen(struct tern_uv *uv, const struct tern_output *out);
void tn_uv_unlisten(struct tern_uv *uv, uint32_t id);
bool tn_uv_listen_tick(struct tern_uv *uv);
void tn_uv_listen_close_all(struct tern_uv *uv);

/* ---- failure.c: why the system refused, in words ---- */

/* @return `text` with the system's reason for `error` and, where one helps, a hint. */
tern_str tn_uv_failure(int error, uint16_t port, char text[160]);

/* ---- dns.c ---- */

int tn_uv_dns_init(struct tern_uv *uv, tern_str servers);
void tn_uv_dns_fini(struct tern_uv *uv);
void tn_uv_dns_resolve(struct tern_uv *uv, const struct tern_output *out);
/* The network has changed: ask the name servers of the new one, also what was asked already. */
void tn_uv_dns_reset(struct tern_uv *uv);

/* ---- audio.c ---- */

int tn_uv_audio_init(struct tern_uv *uv);
void tn_uv_audio_fini(struct tern_uv *uv);

/* ---- post.c ---- */

int tn_uv_post_init(struct tern_uv *uv);
void tn_uv_post_fini(struct tern_uv *uv);
/* Calls what waits, until nothing does. */
void tn_uv_post_finish(struct tern_uv *uv);

#endif
