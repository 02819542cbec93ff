/* SPDX-License-Identifier: MIT */
/*
 * A node of the demo: an endpoint on the uv driver that does as it is ordered
 * and reports what happens to it. It dies with the director.
 */
#define _GNU_SOURCE
#include "demo.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <tern/uv.h>

#include "demo_ear.h"
#include "demo_secure.h"

enum { STOP_LIMIT_MS = 3000 };

/* Silence that is worth a line on the screen when it ends: three packets. */
#define NOTABLE_GAP TERN_MS(60)

#define FRAME TERN_MS(20)

struct node {
    const struct demo_part *part;
    uv_loop_t loop;
    uv_poll_t orders;
    uv_prepare_t before; /* the driver hands out events before and after each wait */
    uv_check_t after;
    struct tern_endpoint *ep;
    struct tern_uv *uv;
    tern_account account;
    tern_call call; /* {0}: none */
    bool quitting, failed;
    tern_time moment; /* of all reports that one look at the endpoint brings; 0: not yet */
    struct demo_ear ear;
    struct demo_report report; /* the one that is being put together */
};

static const char *const user_names[] = {
    [DEMO_SERVER] = "server", [DEMO_FAR] = "far", [DEMO_PHONE] = "phone"};
static const char password[] = "correct horse";

static tern_str view(const char *text)
{
    return (tern_str){text, strlen(text)};
}

/* ---- reports ---- */

static struct demo_report *begin_report(struct node *node, enum demo_report_kind kind)
{
    struct demo_report *report = &node->report;

    memset(report, 0, offsetof(struct demo_report, text));
    report->kind = kind;
    if (node->moment == 0) node->moment = demo_now();
    report->at = node->moment;
    return report;
}

static void copy_text(char *out, size_t cap, tern_str text)
{
    size_t len = text.len < cap ? text.len : cap - 1;

    if (len > 0) memcpy(out, text.ptr, len);
    out[len] = '\0';
}

/* A director who does not listen any more has ended: so do we. */
static void send_report(struct node *node)
{
    size_t len = offsetof(struct demo_report, text) + node->report.text_len;
    ssize_t sent;

    do {
        sent = send(node->part->channel, &node->report, len, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) uv_stop(&node->loop);
}

static int refuse(struct node *node, const char *what, int err)
{
    struct demo_report *report = begin_report(node, DEMO_FAILED);

    snprintf(report->reason, sizeof(report->reason), "%s: %s", what, tern_strerror(err));
    send_report(node);
    node->failed = true;
    return err;
}

/* ---- what happens to us ---- */

static void on_listener(void *user, struct tern_endpoint *ep, const struct tern_ev_listener *ev)
{
    struct node *node = user;

    (void)ep;
    if (node->part->who != DEMO_SERVER || ev->transport != node->part->opts->transport) return;
    struct demo_report *report = begin_report(node, ev->open ? DEMO_READY : DEMO_FAILED);
    if (node->quitting) return;
    copy_text(report->reason, sizeof(report->reason), ev->reason);
    send_report(node);
}

static void on_registration(void *user, struct tern_endpoint *ep,
                            const struct tern_ev_registration *ev)
{
    struct node *node = user;
    bool failed = ev->state == TERN_REGISTRATION_FAILED;

    (void)ep;
    if (ev->state != TERN_REGISTRATION_REGISTERED && !failed) return;
    struct demo_report *report = begin_report(node, failed ? DEMO_UNREGISTERED : DEMO_REGISTERED);
    report->u.plain.status = ev->status;
    copy_text(report->reason, sizeof(report->reason), ev->reason);
    send_report(node);
}

/* The phone plays a tone or the file; the far end plays a tone. */
static int open_source(struct node *node, struct tern_audio_source **out)
{
    const double level = 0.3;
    bool is_phone = node->part->who == DEMO_PHONE;
    char why[256];

    *out = NULL;
    if (is_phone && node->part->opts->wav != NULL) {
        return tern_audio_file_source(node->part->opts->wav, true, out, why);
    }
    *out = tern_audio_tone(is_phone ? DEMO_PHONE_HZ : DEMO_FAR_HZ, level);
    return *out != NULL ? 0 : TERN_ENOMEM;
}

static void talk(struct node *node, tern_call call)
{
    struct tern_audio_source *source = NULL;
    double expected = node->part->who == DEMO_PHONE ? DEMO_FAR_HZ : DEMO_PHONE_HZ;
    int err;

    if (node->part->who == DEMO_FAR && node->part->opts->wav != NULL) expected = 0;
    node->call = call;
    demo_ear_init(&node->ear, expected);
    err = open_source(node, &source);
    if (!err) err = tern_uv_audio(node->uv, call, source, &node->ear.sink);
    if (!err) return;
    if (source != NULL && source->close != NULL) source->close(source);
    refuse(node, "audio", err);
}

static void on_call_incoming(void *user, struct tern_endpoint *ep,
                             const struct tern_ev_call_incoming *ev)
{
    struct node *node = user;

    talk(node, ev->call);
    int err = tern_call_answer(ep, demo_now(), ev->call, 200);
    if (err) refuse(node, "answering", err);
}

static void on_call_answered(void *user, struct tern_endpoint *ep,
                             const struct tern_ev_call_answered *ev)
{
    struct node *node = user;

    (void)ep;
    (void)ev;
    begin_report(node, DEMO_ANSWERED);
    send_report(node);
}

static void on_call_ended(void *user, struct tern_endpoint *ep, const struct tern_ev_call_ended *ev)
{
    struct node *node = user;
    struct demo_report *report = begin_report(node, DEMO_ENDED);

    (void)ep;
    node->call = (tern_call){0};
    report->u.plain.cause = ev->cause;
    report->u.plain.status = ev->status;
    copy_text(report->reason, sizeof(report->reason), ev->reason);
    send_report(node);
}

static void on_ip_change_progress(void *user, struct tern_endpoint *ep,
                                  const struct tern_ip_change_progress *progress)
{
    struct node *node = user;
    struct demo_report *report = begin_report(node, DEMO_PROGRESS);

    (void)ep;
    report->u.progress = *progress;
    report->u.progress.reason = (tern_str){NULL, 0};
    copy_text(report->reason, sizeof(report->reason), progress->reason);
    send_report(node);
}

static void on_secured(void *user, struct tern_endpoint *ep, const struct tern_ev_secured *ev)
{
    struct node *node = user;

    (void)ep;
    if (node->part->who != DEMO_PHONE) return;
    struct demo_report *report = begin_report(node, DEMO_SECURED);
    report->u.secured = (struct demo_secured){
        .known = true, .resumed = ev->resumed, .took = ev->took, .remote = ev->remote};
    copy_text(report->reason, sizeof(report->reason), ev->version);
    send_report(node);
}

static void on_sip_message(void *user, struct tern_endpoint *ep,
                           const struct tern_ev_sip_message *ev)
{
    struct node *node = user;
    struct demo_report *report = begin_report(node, DEMO_SIP);

    (void)ep;
    report->u.sip.sent = ev->sent;
    report->u.sip.again = ev->retransmission;
    report->u.sip.remote = ev->remote;
    copy_text(report->u.sip.summary, sizeof(report->u.sip.summary), ev->summary);
    if (node->part->opts->verbose) {
        copy_text(report->text, sizeof(report->text), ev->text);
        report->text_len = (uint32_t)strlen(report->text) + 1;
    }
    send_report(node);
}

static void on_stopped(void *user, struct tern_endpoint *ep)
{
    struct node *node = user;

    (void)ep;
    uv_stop(&node->loop);
}

static void before_wait(uv_prepare_t *before)
{
    ((struct node *)before->data)->moment = 0;
}

/* The core notes when it accepted the last packet. */
static void note_packets(struct node *node)
{
    struct demo_ear *ear = &node->ear;
    struct tern_media_stats stats;

    if (tern_call_media_stats(node->ep, node->call, &stats) != 0) return;
    tern_time last = stats.last_received, before = demo_arrivals_last(&ear->arrivals);
    if (last == TERN_TIME_NEVER || last == before) return;
    tern_time gap = demo_arrivals_add(&ear->arrivals, last);
    if (gap < NOTABLE_GAP) return;
    struct demo_report *report = begin_report(node, DEMO_RESUMED);
    report->u.plain.gap = gap;
    report->at = last;
    send_report(node);
}

static void after_wait(uv_check_t *after)
{
    struct node *node = after->data;

    node->moment = 0;
    if (node->call.id != 0) note_packets(node);
}

/* ---- orders ---- */

static int set_network(struct node *node, const struct demo_place *places, uint32_t count)
{
    struct tern_network network = {0};

    for (uint32_t i = 0; i < count; i++) {
        struct tern_net_address *a = &network.addresses[network.address_count++];
        if (tern_addr_parse(view(places[i].address), &a->addr) != 0) return TERN_EINVAL;
        a->prefix_len = places[i].prefix_len;
        a->interface = places[i].interface;
        a->preference = places[i].preference;
        memcpy(a->name, places[i].ifname, sizeof(a->name));
    }
    return tern_set_network(node->ep, demo_now(), &network);
}

static int call_far(struct node *node)
{
    struct tern_call_opts opts;
    tern_call call;

    tern_call_opts_init(&opts);
    opts.account = node->account;
    opts.target = TERN_STR("sip:far@" DEMO_DOMAIN);
    int err = tern_call_make(node->ep, demo_now(), &opts, &call);
    if (!err) talk(node, call);
    return err;
}

static int hang_up(struct node *node)
{
    if (node->call.id == 0) return 0; /* the other side was quicker */
    return tern_call_hangup(node->ep, demo_now(), node->call, 0);
}

static void measure(struct node *node, const struct demo_order *order)
{
    struct demo_report *report = begin_report(node, DEMO_MEASURED);
    struct tern_media_stats stats;
    struct tern_call_info info;

    demo_ear_measure(&node->ear, order->from, order->to, &report->u.measure);
    if (node->call.id != 0 && tern_call_media_stats(node->ep, node->call, &stats) == 0) {
        report->u.measure.lost = stats.packets_lost;
        report->u.measure.concealed = (tern_time)stats.frames_concealed * FRAME;
    }
    if (node->call.id != 0 && tern_call_get_info(node->ep, node->call, &info) == 0) {
        report->u.measure.security = info.security;
    }
    send_report(node);
}

static void tell_bindings(struct node *node)
{
    struct demo_bindings *bindings = &begin_report(node, DEMO_BINDINGS)->u.bindings;
    struct tern_server_binding binding;
    size_t cursor = 0;
    tern_str phone = view(user_names[DEMO_PHONE]);

    while (tern_server_next_binding(node->ep, demo_now(), &cursor, &binding)) {
        if (binding.user.len != phone.len || memcmp(binding.user.ptr, phone.ptr, phone.len) != 0) {
            continue;
        }
        if (bindings->count < DEMO_BINDINGS_MAX) {
            copy_text(bindings->contacts[bindings->count], sizeof(bindings->contacts[0]),
                      binding.contact);
        }
        bindings->count++;
    }
    send_report(node);
}

static void obey(struct node *node, const struct demo_order *order)
{
    int err = 0;

    switch (order->kind) {
    case DEMO_ORDER_CALL: err = call_far(node); break;
    case DEMO_ORDER_HANG_UP: err = hang_up(node); break;
    case DEMO_ORDER_NETWORK: err = set_network(node, order->places, order->place_count); break;
    case DEMO_ORDER_MEASURE: measure(node, order); break;
    case DEMO_ORDER_BINDINGS: tell_bindings(node); break;
    case DEMO_ORDER_QUIT:
        node->quitting = true;
        err = tern_endpoint_stop(node->ep, demo_now(), STOP_LIMIT_MS);
        break;
    }
    if (err) refuse(node, "an order", err);
}

static void read_order(uv_poll_t *orders, int status, int events)
{
    struct node *node = orders->data;
    struct demo_order order;
    ssize_t len = recv(node->part->channel, &order, sizeof(order), MSG_DONTWAIT);

    (void)status;
    (void)events;
    if (len < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (len == (ssize_t)sizeof(order)) {
        obey(node, &order);
    } else {
        uv_stop(&node->loop); /* the director has gone */
    }
}

/* ---- life ---- */

static const struct tern_callbacks callbacks = {
    .size = sizeof(struct tern_callbacks),
    .on_listener = on_listener,
    .on_registration = on_registration,
    .on_call_incoming = on_call_incoming,
    .on_call_answered = on_call_answered,
    .on_call_ended = on_call_ended,
    .on_ip_change_progress = on_ip_change_progress,
    .on_sip_message = on_sip_message,
    .on_stopped = on_stopped,
    .on_secured = on_secured,
};

static int make_endpoint(struct node *node)
{
    const struct demo_part *part = node->part;
    struct tern_endpoint_opts opts;

    tern_endpoint_opts_init(&opts);
    opts.sip_port = part->sip_port;
    opts.rtp_port_min = part->rtp_min;
    opts.rtp_port_max = part->rtp_max;
    opts.sip_events = part->who == DEMO_PHONE;
    demo_secure_endpoint(part, &opts);
    opts.no_symmetric_rtp = part->who == DEMO_FAR && part->opts->far_follows_sdp;
    if (getrandom(opts.seed, sizeof(opts.seed), 0) != (ssize_t)sizeof(opts.seed)) return TERN_EIO;
    return tern_endpoint_new(&opts, &node->ep);
}

static int make_server(struct node *node)
{
    struct tern_server_opts opts;

    tern_server_opts_init(&opts);
    opts.domain = TERN_STR(DEMO_DOMAIN);
    int err = tern_server_attach(node->ep, &opts);
    for (enum demo_who who = DEMO_FAR; who < DEMO_CAST && !err; who++) {
        err = tern_server_add_user(node->ep, view(user_names[who]), view(password));
    }
    return err;
}

static int make_account(struct node *node)
{
    const struct demo_part *part = node->part;
    const char *transport = demo_transport_key(part->opts->transport);
    struct tern_account_opts opts;
    char uri[64], registrar[128], proxy[128];

    snprintf(uri, sizeof(uri), "sip:%s@" DEMO_DOMAIN, user_names[part->who]);
    snprintf(registrar, sizeof(registrar), "sip:%s;transport=%s", part->server, transport);
    snprintf(proxy, sizeof(proxy), "sip:%s;transport=%s;lr", part->server, transport);
    tern_account_opts_init(&opts);
    opts.uri = view(uri);
    opts.registrar = view(registrar);
    opts.proxy = view(proxy);
    opts.password = view(password);
    opts.transport = part->opts->transport;
    demo_secure_account(part->opts, &opts);
    opts.ip_change.hangup_calls = part->opts->hangup && part->who == DEMO_PHONE;
    return tern_account_add(node->ep, demo_now(), &opts, &node->account);
}

static int start(struct node *node)
{
    struct tern_uv_opts opts;
    int err = make_endpoint(node);

    if (err) return refuse(node, "endpoint", err);
    if (node->part->who == DEMO_SERVER) err = make_server(node);
    if (err) return refuse(node, "registrar", err);
    tern_uv_opts_init(&opts);
    opts.loop = &node->loop;
    opts.no_monitor = node->part->by_hand;
    opts.callbacks = &callbacks;
    opts.user = node;
    err = tern_uv_new(node->ep, &opts, &node->uv);
    if (err) return refuse(node, "driver", err);
    if (node->part->by_hand) err = set_network(node, &node->part->place, 1);
    if (!err) err = tern_endpoint_start(node->ep, demo_now());
    if (!err && node->part->who != DEMO_SERVER) err = make_account(node);
    return err ? refuse(node, "start", err) : 0;
}

static int open_handles(struct node *node)
{
    if (uv_loop_init(&node->loop) != 0) return TERN_EIO;
    if (uv_poll_init(&node->loop, &node->orders, node->part->channel) != 0) {
        uv_loop_close(&node->loop);
        return TERN_EIO;
    }
    uv_prepare_init(&node->loop, &node->before);
    uv_check_init(&node->loop, &node->after);
    node->before.data = node->after.data = node->orders.data = node;
    uv_prepare_start(&node->before, before_wait);
    uv_check_start(&node->after, after_wait);
    uv_poll_start(&node->orders, UV_READABLE | UV_DISCONNECT, read_order);
    return 0;
}

static void finish(struct node *node)
{
    uv_close((uv_handle_t *)&node->before, NULL);
    uv_close((uv_handle_t *)&node->after, NULL);
    uv_close((uv_handle_t *)&node->orders, NULL);
    tern_uv_free(node->uv);
    uv_run(&node->loop, UV_RUN_DEFAULT);
    uv_loop_close(&node->loop);
    tern_endpoint_free(node->ep);
}

int demo_node_run(const struct demo_part *part)
{
    struct node *node = calloc(1, sizeof(*node));
    int status = 1;

    if (node == NULL) return status;
    node->part = part;
    demo_ear_init(&node->ear, 0);
    if (open_handles(node) == 0) {
        if (start(node) == 0) uv_run(&node->loop, UV_RUN_DEFAULT);
        finish(node);
        status = node->failed;
    }
    free(node);
    return status;
}
