/* SPDX-License-Identifier: MIT */
/* The stage: namespaces with a wire between them, or loopback addresses. */
#define _GNU_SOURCE
#include "demo_stage.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "demo_secure.h"

enum {
    LOOPBACK_INDEX = 1, /* of `lo`, in every network namespace */
    SIP_PORT = 5060,
    METRIC_FIRST = 1000, /* of the phone's first route; each later one is better */
    RTP_FIRST = 20000,   /* on loopback all nodes share the ports, each has its range */
    RTP_PORTS = 2000,
    END_LIMIT_MS = 5000, /* for nodes to end in good order */
};

static const char *const names[] = {
    [DEMO_SERVER] = "server", [DEMO_FAR] = "far", [DEMO_PHONE] = "phone"};

__attribute__((format(printf, 3, 4))) static int fail(struct demo_stage *stage, int err,
                                                      const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(stage->why, sizeof(stage->why), format, args);
    va_end(args);
    return err;
}

static int fail_lab(struct demo_stage *stage, int err)
{
    return err < 0 ? fail(stage, err, "%s", lab_error(stage->lab)) : 0;
}

/* ---- addresses ---- */

/* Wi-Fi at home and LTE by turns, a new address each time. */
static struct demo_place phone_place(const struct demo_stage *stage, unsigned n)
{
    bool wifi = n % 2 == 0;
    struct demo_place place = {
        .prefix_len = 24, .interface = wifi ? 2 : 3, .preference = (int32_t)n};

    snprintf(place.ifname, sizeof(place.ifname), "%s", wifi ? "wlan0" : "lte0");
    if (stage->lab == NULL) {
        place.prefix_len = 8;
        place.interface = LOOPBACK_INDEX;
        snprintf(place.address, sizeof(place.address), "127.0.0.%u", n < 2 ? 2 + n : 3 + n);
    } else if (wifi) {
        snprintf(place.address, sizeof(place.address), "192.168.%u.20", 1 + n / 2);
    } else {
        snprintf(place.address, sizeof(place.address), "100.64.%u.20", 1 + n / 2);
    }
    return place;
}

static struct demo_place fixed_place(const struct demo_stage *stage, enum demo_who who)
{
    struct demo_place place = {.ifname = "eth0", .prefix_len = 24, .interface = 2};
    const char *address;

    if (stage->lab == NULL) {
        place.prefix_len = 8;
        place.interface = LOOPBACK_INDEX;
        address = who == DEMO_SERVER ? "127.0.0.1" : "127.0.0.4";
    } else {
        address = who == DEMO_SERVER ? "203.0.113.5" : "198.51.100.7";
    }
    snprintf(place.address, sizeof(place.address), "%s", address);
    return place;
}

uint16_t demo_stage_port(const struct demo_stage *stage)
{
    return (uint16_t)(stage->port + (stage->opts->transport == TERN_TRANSPORT_TLS));
}

struct demo_place demo_stage_next(const struct demo_stage *stage)
{
    return phone_place(stage, stage->moves + 1);
}

/* ---- the lab ---- */

static const char *with_length(const struct demo_place *place, char text[64])
{
    snprintf(text, 64, "%s/%u", place->address, place->prefix_len);
    return text;
}

static int add_address(struct demo_stage *stage, enum demo_who who, const struct demo_place *place)
{
    char text[64];

    return fail_lab(
        stage, lab_address_add(stage->lab, names[who], place->ifname, with_length(place, text)));
}

static int add_link(struct demo_stage *stage, enum demo_who who, const char *ifname,
                    uint32_t metric)
{
    struct lab_link_opts opts = lab_link_opts_init();

    opts.delay_us = stage->opts->rtt / 4;
    if (who == DEMO_PHONE) {
        opts.jitter_us = stage->opts->jitter;
        opts.loss_permille = stage->opts->loss_permille;
    }
    int err = lab_link_add(stage->lab, names[who], ifname, &opts);
    if (!err) err = lab_route_default(stage->lab, names[who], ifname, metric);
    return fail_lab(stage, err);
}

static int furnish(struct demo_stage *stage)
{
    int err = 0;

    for (enum demo_who who = DEMO_SERVER; who < DEMO_CAST && !err; who++) {
        err = fail_lab(stage, lab_node_add(stage->lab, names[who]));
        if (!err) err = add_link(stage, who, stage->homes[who].ifname, METRIC_FIRST);
        if (!err && who == DEMO_PHONE) err = add_link(stage, who, "lte0", METRIC_FIRST - 1);
        if (!err) err = add_address(stage, who, &stage->homes[who]);
    }
    return err;
}

/* ---- loopback ---- */

/* Is the port free for both transports? Others may take it until the server does: unlikely. */
static bool is_free(uint16_t port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in local = any;
    int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool ok = udp >= 0 && tcp >= 0 && bind(udp, (struct sockaddr *)&any, sizeof(any)) == 0 &&
              bind(tcp, (struct sockaddr *)&local, sizeof(local)) == 0;
    if (udp >= 0) close(udp);
    if (tcp >= 0) close(tcp);
    return ok;
}

static int find_port(struct demo_stage *stage)
{
    for (uint16_t i = 0; i < 100; i++) {
        stage->port = (uint16_t)(SIP_PORT + 10 * i);
        if (is_free(stage->port) && is_free((uint16_t)(stage->port + 1))) return 0;
    }
    return fail(stage, TERN_EIO, "no free port for the server");
}

/* ---- opening ---- */

int demo_stage_open(struct demo_stage *stage, const struct demo_opts *opts)
{
    struct lab_opts lab_opts = {.seed = 1, .source_check = true, .capture_path = opts->capture};
    int err = 0;

    *stage = (struct demo_stage){.opts = opts, .port = SIP_PORT};
    for (enum demo_who who = DEMO_SERVER; who < DEMO_CAST; who++) {
        stage->cast[who].channel = -1;
    }
    if (opts->loopback) {
        fail(stage, 0, "as asked");
    } else {
        err = lab_open(&lab_opts, &stage->lab, stage->why, sizeof(stage->why));
        if (err < 0 && err != TERN_EUNSUPPORTED) return err;
    }
    stage->homes[DEMO_SERVER] = fixed_place(stage, DEMO_SERVER);
    stage->homes[DEMO_FAR] = fixed_place(stage, DEMO_FAR);
    stage->homes[DEMO_PHONE] = phone_place(stage, 0);
    if (opts->transport == TERN_TRANSPORT_TLS &&
        demo_certs_make(&stage->certs, stage->homes[DEMO_SERVER].address) != 0) {
        return fail(stage, TERN_EIO, "no certificates could be made");
    }
    return stage->lab != NULL ? furnish(stage) : find_port(stage);
}

/* ---- nodes ---- */

/* In the child. The director's other channels must not be held open here. */
_Noreturn static void become(struct demo_stage *stage, enum demo_who who, int channel,
                             pid_t director)
{
    struct demo_part part = {.who = who,
                             .channel = channel,
                             .opts = stage->opts,
                             .certs = &stage->certs,
                             .by_hand = stage->lab == NULL,
                             .place = stage->homes[who],
                             .rtp_min = (uint16_t)(RTP_FIRST + who * RTP_PORTS),
                             .rtp_max = (uint16_t)(RTP_FIRST + who * RTP_PORTS + RTP_PORTS - 1)};

    for (enum demo_who other = DEMO_SERVER; other < DEMO_CAST; other++) {
        if (stage->cast[other].channel >= 0) close(stage->cast[other].channel);
    }
    signal(SIGINT, SIG_IGN); /* the director hears it too, and ends us in good order */
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_IGN);
    snprintf(part.server, sizeof(part.server), "%s:%u", stage->homes[DEMO_SERVER].address,
             demo_stage_port(stage));
    part.sip_port = who == DEMO_SERVER ? stage->port : 0;
    if (stage->lab != NULL) {
        if (lab_enter(stage->lab, names[who]) < 0) _exit(1);
    } else {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != director) _exit(1);
    }
    prctl(PR_SET_DUMPABLE, 1); /* debuggers and leak checkers may look at it in any namespace */
    exit(demo_node_run(&part));
}

int demo_stage_enter(struct demo_stage *stage, enum demo_who who)
{
    pid_t director = getpid();
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
        return fail(stage, TERN_EIO, "socketpair: %s", strerror(errno));
    }
    fflush(NULL); /* or the child prints it again */
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        become(stage, who, pair[1], director);
    }
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return fail(stage, TERN_EIO, "fork: %s", strerror(errno));
    }
    stage->cast[who] = (struct demo_actor){pid, pair[0]};
    return 0;
}

int demo_stage_order(struct demo_stage *stage, enum demo_who who, const struct demo_order *order)
{
    ssize_t sent;

    do {
        sent = send(stage->cast[who].channel, order, sizeof(*order), MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent == (ssize_t)sizeof(*order)) return 0;
    return fail(stage, TERN_EIO, "the %s process has ended", names[who]);
}

/* ---- changes ---- */

static int tell_network(struct demo_stage *stage, const struct demo_place *a,
                        const struct demo_place *b)
{
    struct demo_order order = {.kind = DEMO_ORDER_NETWORK};

    if (a != NULL) order.places[order.place_count++] = *a;
    if (b != NULL) order.places[order.place_count++] = *b;
    return demo_stage_order(stage, DEMO_PHONE, &order);
}

static void settle_in(struct demo_stage *stage, const struct demo_place *next)
{
    stage->homes[DEMO_PHONE] = *next;
    stage->moves++;
}

int demo_stage_arrive(struct demo_stage *stage, const struct demo_place *next)
{
    struct demo_place old = stage->homes[DEMO_PHONE];
    bool alone = stage->opts->scenario != DEMO_MAKE;
    int err = 0;

    if (stage->lab == NULL) {
        err = tell_network(stage, next, alone ? NULL : &old);
    } else {
        /* The route waits for the address, so that the better way appears in one piece. */
        err = lab_route_default(stage->lab, names[DEMO_PHONE], next->ifname,
                                METRIC_FIRST - 1 - stage->moves);
        err = fail_lab(stage, err);
        if (!err) err = add_address(stage, DEMO_PHONE, next);
    }
    if (!err) settle_in(stage, next);
    return err;
}

int demo_stage_leave(struct demo_stage *stage, const struct demo_place *old)
{
    const struct demo_place *now = &stage->homes[DEMO_PHONE];
    bool last = strcmp(now->address, old->address) == 0;
    char text[64];

    if (stage->lab == NULL) return tell_network(stage, last ? NULL : now, NULL);
    return fail_lab(
        stage, lab_address_del(stage->lab, names[DEMO_PHONE], old->ifname, with_length(old, text)));
}

int demo_stage_swap(struct demo_stage *stage, const struct demo_place *old,
                    const struct demo_place *next)
{
    int err = stage->lab != NULL ? demo_stage_leave(stage, old) : 0;

    return err ? err : demo_stage_arrive(stage, next);
}

/* ---- the end ---- */

/* @return false when it ended badly */
static bool reap(struct demo_actor *actor, tern_time deadline)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    pid_t ended = 0;
    int status = 0;

    if (actor->pid == 0) return true;
    while ((ended = waitpid(actor->pid, &status, WNOHANG)) == 0 && demo_now() < deadline) {
        nanosleep(&pause, NULL);
    }
    if (ended == 0) {
        kill(actor->pid, SIGKILL);
        while (waitpid(actor->pid, &status, 0) < 0 && errno == EINTR) {
            continue;
        }
    }
    actor->pid = 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int demo_stage_close(struct demo_stage *stage)
{
    tern_time deadline = demo_now() + TERN_MS(END_LIMIT_MS);
    int err = 0;

    for (enum demo_who who = DEMO_SERVER; who < DEMO_CAST; who++) {
        if (stage->cast[who].channel >= 0) close(stage->cast[who].channel);
        stage->cast[who].channel = -1;
    }
    for (enum demo_who who = DEMO_SERVER; who < DEMO_CAST; who++) {
        if (reap(&stage->cast[who], deadline)) continue;
        err = fail(stage, TERN_EIO, "the %s process ended badly", names[who]);
    }
    lab_close(stage->lab);
    stage->lab = NULL;
    demo_certs_free(&stage->certs);
    return err;
}
