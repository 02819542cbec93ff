/* SPDX-License-Identifier: MIT */
/*
 * The wire: one process, one loop. It reads packets from the TUN devices of all
 * nodes, finds the link that has the destination address, and writes them there
 * when they are due. Which link has which address it learns from the kernel's
 * own notices, so that it does not matter who changed it.
 *
 * Being a cable rather than a router, it leaves TTL and checksums alone, and
 * answers nothing (no ICMP errors).
 */
#define _GNU_SOURCE
#include "lab_proto.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lab_capture.h"
#include "lab_queue.h"

enum {
    BURST = 64, /* packets from one device before the others get their turn */
    PACKET_CAP = 65536,
    ROUTES_MAX = LAB_LINKS_MAX * LAB_ADDRESSES_MAX,
};
#define RATE_QUEUE_NS 250000000

struct link {
    int tun; /* -1 once the device is gone */
    uint32_t node;
    int ifindex;
    struct lab_link_opts opts;
    uint64_t random;
    int64_t out_free_ns, in_free_ns; /* when the rate limit lets the next packet through */
    struct lab_stats stats;
};

struct route {
    struct lab_address address;
    uint16_t link;
};

struct wire {
    int ctl;
    int monitors[LAB_NODES_MAX];
    uint32_t nodes;
    struct link links[LAB_LINKS_MAX];
    uint32_t link_count;
    struct route routes[ROUTES_MAX]; /* newest last, and the newest wins */
    size_t route_count;
    int64_t last_due_ns[LAB_LINKS_MAX][LAB_LINKS_MAX]; /* from, to: keeps the order */
    struct lab_queue queue;
    bool source_check;
    uint64_t seed;
    FILE *capture;
    uint8_t packet[PACKET_CAP];
};

struct notice {
    struct wire *wire;
    uint32_t node;
};

static int64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* SplitMix64: one stream per link, so that traffic elsewhere does not change its fate. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static void on_address(void *user, int ifindex, const struct lab_address *address, bool add)
{
    const struct notice *notice = user;
    struct wire *w = notice->wire;
    uint32_t link = 0;

    while (link < w->link_count &&
           (w->links[link].node != notice->node || w->links[link].ifindex != ifindex)) {
        link++;
    }
    if (link == w->link_count) return;
    for (size_t i = 0; i < w->route_count; i++) {
        if (w->routes[i].link != link || !lab_address_equal(&w->routes[i].address, address)) {
            continue;
        }
        if (add) return; /* only its flags changed */
        memmove(&w->routes[i], &w->routes[i + 1], (w->route_count - i - 1) * sizeof(w->routes[0]));
        w->route_count--;
        return;
    }
    if (!add || w->route_count == ROUTES_MAX) return;
    w->routes[w->route_count++] = (struct route){*address, (uint16_t)link};
}

static void read_notices(struct wire *w, uint32_t node)
{
    struct notice notice = {w, node};
    (void)lab_nl_changes(w->monitors[node], on_address, &notice);
}

/* The newest holder of an address, or LAB_LINKS_MAX. */
static uint32_t find(const struct wire *w, const struct lab_address *address)
{
    for (size_t i = w->route_count; i > 0; i--) {
        if (lab_address_equal(&w->routes[i - 1].address, address)) return w->routes[i - 1].link;
    }
    return LAB_LINKS_MAX;
}

static bool has(const struct wire *w, uint32_t link, const struct lab_address *address)
{
    for (size_t i = 0; i < w->route_count; i++) {
        if (w->routes[i].link == link && lab_address_equal(&w->routes[i].address, address)) {
            return true;
        }
    }
    return false;
}

/* RFC 791 3.1, RFC 8200 3. False for what a lab does not carry. */
static bool read_header(const uint8_t *p, size_t len, struct lab_address *src,
                        struct lab_address *dst)
{
    *src = *dst = (struct lab_address){0};
    if (len >= 20 && p[0] >> 4 == 4) {
        src->family = dst->family = AF_INET;
        memcpy(src->bytes, p + 12, 4);
        memcpy(dst->bytes, p + 16, 4);
        return dst->bytes[0] < 224; /* multicast, reserved and broadcast */
    }
    if (len >= 40 && p[0] >> 4 == 6) {
        src->family = dst->family = AF_INET6;
        memcpy(src->bytes, p + 8, 16);
        memcpy(dst->bytes, p + 24, 16);
        bool link_local = dst->bytes[0] == 0xfe && (dst->bytes[1] & 0xc0) == 0x80;
        return dst->bytes[0] != 0xff && !link_local;
    }
    return false;
}

/* When a packet leaves a rate limit that it reaches at `at`; negative when the queue is full. */
static int64_t pace(int64_t *free_ns, uint32_t rate_kbps, int64_t at, size_t len)
{
    if (rate_kbps == 0) return at;
    int64_t start = *free_ns > at ? *free_ns : at;

    if (start - at > RATE_QUEUE_NS) return -1;
    *free_ns = start + (int64_t)len * 8 * 1000000 / rate_kbps;
    return *free_ns;
}

/* Both draws are always made, so that one option does not shift the other's sequence. */
static bool cross(struct link *link, int64_t *due)
{
    bool lost = draw(&link->random) % 1000 < link->opts.loss_permille;
    uint64_t jitter_ns = (uint64_t)link->opts.jitter_us * 1000;

    *due += link->opts.delay_us * 1000 + (int64_t)(draw(&link->random) % (jitter_ns + 1));
    return !lost;
}

static void record(struct wire *w, uint32_t link, uint32_t direction, const void *data, size_t len)
{
    if (w->capture == NULL) return;
    struct lab_capture_packet packet = {link, direction, (uint32_t)len, data};
    lab_capture_packet(w->capture, &packet);
}

static void launch(struct wire *w, uint32_t from, uint32_t to, size_t len)
{
    struct link *a = &w->links[from], *b = &w->links[to];
    int64_t *last = &w->last_due_ns[from][to];
    int64_t due = pace(&a->out_free_ns, a->opts.rate_kbps, now_ns(), len);
    bool in_order = !a->opts.reorder && !b->opts.reorder;

    if (due < 0) {
        a->stats.queue++;
        return;
    }
    bool kept = cross(a, &due);
    if (!cross(b, &due) || !kept) {
        a->stats.lost++;
        return;
    }
    if (in_order && due < *last) due = *last;
    *last = due;
    struct lab_packet *packet = malloc(sizeof(*packet) + len);
    if (packet != NULL) {
        *packet = (struct lab_packet){
            .due_ns = due, .from = (uint16_t)from, .to = (uint16_t)to, .len = len};
        memcpy(packet->data, w->packet, len);
    }
    if (packet == NULL || !lab_queue_push(&w->queue, packet)) {
        free(packet);
        a->stats.queue++;
        return;
    }
    a->stats.in_flight++;
}

/* An address may have come since this turn's notices were read, and be used at once. */
static bool may_send(struct wire *w, uint32_t link, const struct lab_address *source)
{
    if (!w->source_check || has(w, link, source)) return true;
    read_notices(w, w->links[link].node);
    return has(w, link, source);
}

static void take(struct wire *w, uint32_t from, size_t len)
{
    struct lab_stats *stats = &w->links[from].stats;
    struct lab_address src, dst;

    stats->sent++;
    record(w, from, LAB_CAPTURE_OUT, w->packet, len);
    if (!read_header(w->packet, len, &src, &dst)) {
        stats->ignored++;
        return;
    }
    if (!may_send(w, from, &src)) {
        stats->spoofed++;
        return;
    }
    uint32_t to = find(w, &dst);
    if (to == LAB_LINKS_MAX) {
        stats->unknown++;
    } else if (len > w->links[to].opts.mtu) {
        stats->too_big++;
    } else {
        launch(w, from, to, len);
    }
}

static void read_device(struct wire *w, uint32_t link)
{
    for (int i = 0; i < BURST; i++) {
        ssize_t n = read(w->links[link].tun, w->packet, sizeof(w->packet));
        if (n > 0) {
            take(w, link, (size_t)n);
            continue;
        }
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EBADFD) { /* somebody deleted it from inside */
            close(w->links[link].tun);
            w->links[link].tun = -1;
        }
        return;
    }
}

static void deliver(struct wire *w, struct lab_packet *packet)
{
    struct link *from = &w->links[packet->from], *to = &w->links[packet->to];

    if (!packet->arrived && to->opts.rate_kbps != 0) {
        packet->due_ns = pace(&to->in_free_ns, to->opts.rate_kbps, packet->due_ns, packet->len);
        packet->arrived = true;
        if (packet->due_ns >= 0 && lab_queue_push(&w->queue, packet)) return;
        from->stats.queue++;
    } else if (to->tun >= 0 && write(to->tun, packet->data, packet->len) >= 0) {
        to->stats.delivered++;
        record(w, packet->to, LAB_CAPTURE_IN, packet->data, packet->len);
    } else {
        from->stats.down++;
    }
    from->stats.in_flight--;
    free(packet);
}

static void deliver_due(struct wire *w)
{
    const struct lab_packet *first = lab_queue_peek(&w->queue);

    while (first != NULL && first->due_ns <= now_ns()) {
        deliver(w, lab_queue_pop(&w->queue));
        first = lab_queue_peek(&w->queue);
    }
}

static void add_up(const struct wire *w, struct lab_stats *sum)
{
    for (uint32_t i = 0; i < w->link_count; i++) {
        const struct lab_stats *s = &w->links[i].stats;
        sum->sent += s->sent;
        sum->delivered += s->delivered;
        sum->lost += s->lost;
        sum->unknown += s->unknown;
        sum->ignored += s->ignored;
        sum->spoofed += s->spoofed;
        sum->too_big += s->too_big;
        sum->queue += s->queue;
        sum->down += s->down;
        sum->in_flight += s->in_flight;
    }
}

static int add_link(struct wire *w, const struct lab_wire_req *req, int fd)
{
    if (w->link_count == LAB_LINKS_MAX || fd < 0) return -EINVAL;
    if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) return -errno;
    uint64_t stream = w->seed ^ ((uint64_t)w->link_count << 32);
    w->links[w->link_count++] = (struct link){.tun = fd,
                                              .node = req->node,
                                              .ifindex = req->ifindex,
                                              .opts = req->opts,
                                              .random = draw(&stream)};
    if (w->capture != NULL) lab_capture_link(w->capture, req->label);
    return 0;
}

static int obey(struct wire *w, const struct lab_wire_req *req, int fd, struct lab_wire_rsp *rsp)
{
    bool valid = req->link < w->link_count;

    switch (req->op) {
    case LAB_WIRE_MONITOR:
        if (w->nodes == LAB_NODES_MAX || fd < 0) return -EINVAL;
        w->monitors[w->nodes++] = fd;
        return 0;
    case LAB_WIRE_LINK: return add_link(w, req, fd);
    case LAB_WIRE_SET:
        if (!valid) return -EINVAL;
        w->links[req->link].opts = req->opts;
        return 0;
    case LAB_WIRE_GET:
        if (!valid) return -EINVAL;
        rsp->opts = w->links[req->link].opts;
        return 0;
    case LAB_WIRE_SYNC:
        if (req->node >= w->nodes) return -EINVAL;
        read_notices(w, req->node);
        return 0;
    case LAB_WIRE_STATS:
        if (req->link == LAB_WIRE_ALL) {
            add_up(w, &rsp->stats);
            return 0;
        }
        if (!valid) return -EINVAL;
        rsp->stats = w->links[req->link].stats;
        return 0;
    }
    return -EINVAL;
}

/* False when the keeper is gone. */
static bool serve(struct wire *w)
{
    struct lab_wire_req req;
    struct lab_wire_rsp rsp = {0};
    int fd = -1;

    if (lab_recv(w->ctl, &req, sizeof(req), &fd) != 0) return false;
    rsp.err = obey(w, &req, fd, &rsp);
    if (rsp.err != 0 && fd >= 0) close(fd);
    return lab_send(w->ctl, &rsp, sizeof(rsp), -1) == 0;
}

/* Sleep until a packet is due or something comes in: the keeper, then links, then monitors. */
static void wait_for_work(struct wire *w, struct pollfd *fds)
{
    const struct lab_packet *first = lab_queue_peek(&w->queue);
    struct timespec ts, *timeout = NULL;
    nfds_t count = 0;

    fds[count++] = (struct pollfd){.fd = w->ctl, .events = POLLIN};
    for (uint32_t i = 0; i < w->link_count; i++) {
        fds[count++] = (struct pollfd){.fd = w->links[i].tun, .events = POLLIN};
    }
    for (uint32_t i = 0; i < w->nodes; i++) {
        fds[count++] = (struct pollfd){.fd = w->monitors[i], .events = POLLIN};
    }
    if (first != NULL) {
        int64_t left = first->due_ns - now_ns();
        if (left < 0) left = 0;
        ts = (struct timespec){.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
        timeout = &ts;
    }
    if (w->capture != NULL) fflush(w->capture);
    (void)ppoll(fds, count, timeout, NULL); /* revents stay 0 when interrupted */
}

/* One turn; false when the keeper is gone. */
static bool turn(struct wire *w)
{
    struct pollfd fds[1 + LAB_LINKS_MAX + LAB_NODES_MAX];
    const struct pollfd *links = fds + 1, *monitors = links + w->link_count;

    wait_for_work(w, fds);
    deliver_due(w);
    for (uint32_t i = 0; i < w->nodes;
         i++) { /* before the packets: they may be for a new address */
        if (monitors[i].revents != 0) read_notices(w, i);
    }
    for (uint32_t i = 0; i < w->link_count; i++) {
        if (links[i].revents != 0) read_device(w, i);
    }
    return fds[0].revents == 0 || serve(w);
}

void lab_wire_run(int ctl, int capture, const struct lab_opts *opts)
{
    struct wire *w = calloc(1, sizeof(*w));

    if (w == NULL) return;
    w->ctl = ctl;
    w->seed = opts->seed;
    w->source_check = opts->source_check;
    if (capture >= 0) w->capture = fdopen(capture, "wb");
    if (w->capture != NULL) lab_capture_start(w->capture);
    prctl(PR_SET_TIMERSLACK, 1UL);           /* the default may add 50 us to each delay */
    (void)setpriority(PRIO_PROCESS, 0, -10); /* helps where permitted */
    while (turn(w)) {
        continue;
    }
    while (w->queue.count > 0) {
        free(lab_queue_pop(&w->queue));
    }
    if (w->capture != NULL) fclose(w->capture);
    for (uint32_t i = 0; i < w->link_count; i++) {
        if (w->links[i].tun >= 0) close(w->links[i].tun);
    }
    free(w);
}
