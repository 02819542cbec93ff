/* SPDX-License-Identifier: MIT */
/*
 * `tern lab --self-test`: numbered UDP packets between two nodes. It asserts what
 * arrives, never when; the round trip that it measured is printed for the reader.
 */
#define _GNU_SOURCE
#include "lab_script.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { COUNT = 100, MANY = 400, PINGS = 40, PORT = 9000, PATIENCE_MS = 3000, SILENCE_MS = 300 };
#define DELAY_US 5000

/* One family's pair of sockets: here in node "here", there in node "there". */
struct path {
    const char *name;
    int here, there;
    struct sockaddr_storage to;
    socklen_t to_len;
};

struct test {
    struct lab *lab;
    struct path paths[2];
    bool failed;
};

static int64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void expect(struct test *t, bool ok, const char *what, int got)
{
    printf("%s  %s (%d)\n", ok ? "ok  " : "FAIL", what, got);
    fflush(stdout);
    if (!ok) t->failed = true;
}

/* A step that the lab itself must manage. */
static void must(struct test *t, int err)
{
    if (err >= 0) return;
    printf("FAIL  %s\n", lab_error(t->lab));
    t->failed = true;
}

static void send_numbered(const struct path *path, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        (void)sendto(path->here, &i, sizeof(i), 0, (const struct sockaddr *)&path->to,
                     path->to_len);
        if (i % 50 == 49) poll(NULL, 0, 1); /* a device queues 500 packets */
    }
}

struct seen {
    int count;
    bool in_order;
};

/* Until `count` packets have come, or nothing has for `silence_ms`. */
static struct seen receive(const struct path *path, int count, int silence_ms)
{
    struct pollfd fd = {.fd = path->there, .events = POLLIN};
    struct seen seen = {.in_order = true};
    uint32_t number, last = 0;

    while (seen.count < count && poll(&fd, 1, silence_ms) > 0) {
        if (recv(path->there, &number, sizeof(number), MSG_DONTWAIT) != sizeof(number)) continue;
        if (seen.count > 0 && number <= last) seen.in_order = false;
        last = number;
        seen.count++;
    }
    return seen;
}

static void test_round_trip(struct test *t, const struct path *path)
{
    struct pollfd here = {.fd = path->here, .events = POLLIN};
    int64_t best = INT64_MAX, sum = 0;
    int count = 0;

    for (uint32_t i = 0; i < PINGS; i++) {
        struct pollfd there = {.fd = path->there, .events = POLLIN};
        struct sockaddr_storage from;
        socklen_t len = sizeof(from);
        uint32_t number;
        int64_t start = now_ns();

        (void)sendto(path->here, &i, sizeof(i), 0, (const struct sockaddr *)&path->to,
                     path->to_len);
        if (poll(&there, 1, PATIENCE_MS) <= 0) continue;
        if (recvfrom(path->there, &number, sizeof(number), 0, (struct sockaddr *)&from, &len) < 0) {
            continue;
        }
        (void)sendto(path->there, &number, sizeof(number), 0, (const struct sockaddr *)&from, len);
        if (poll(&here, 1, PATIENCE_MS) <= 0) continue;
        if (recv(path->here, &number, sizeof(number), 0) != sizeof(number) || number != i) continue;
        int64_t took = now_ns() - start;
        if (took < best) best = took;
        sum += took;
        count++;
    }
    expect(t, count == PINGS, "every echo comes back", count);
    if (count == 0) return;
    printf("      round trip %.3f ms at best, %.3f ms on average; the links' delays add up to %.1f "
           "ms\n",
           (double)best / 1e6, (double)sum / 1e6 / count, 4 * DELAY_US / 1e3);
}

static void test_delivery(struct test *t, const struct path *path)
{
    struct lab_link_opts opts = {.delay_us = DELAY_US, .mtu = 1500};

    printf("%s\n", path->name);
    send_numbered(path, COUNT);
    struct seen seen = receive(path, COUNT, PATIENCE_MS);
    expect(t, seen.count == COUNT, "without loss every packet arrives", seen.count);
    opts.jitter_us = 20000;
    must(t, lab_link_set(t->lab, "here", "lab0", &opts));
    send_numbered(path, COUNT);
    seen = receive(path, COUNT, PATIENCE_MS);
    expect(t, seen.count == COUNT && seen.in_order, "with jitter they arrive in order", seen.count);
    opts.jitter_us = 0;
    opts.loss_permille = 500;
    must(t, lab_link_set(t->lab, "here", "lab0", &opts));
    send_numbered(path, MANY);
    seen = receive(path, MANY, SILENCE_MS);
    expect(t, seen.count > MANY / 4 && seen.count < MANY * 3 / 4, "of 400 at 50 % loss, about half",
           seen.count);
    opts.loss_permille = 0;
    must(t, lab_link_set(t->lab, "here", "lab0", &opts));
    test_round_trip(t, path);
}

/* A busy kernel takes a moment until IPv6 is ready on a link that came up, or at a new address. */
static void wait_for_path(const struct path *path)
{
    for (int i = 0; i < PINGS; i++) {
        send_numbered(path, 1);
        if (receive(path, 1, SILENCE_MS).count == 1) break;
    }
    (void)receive(path, PINGS, SILENCE_MS); /* none is left for the next count */
}

static void test_roaming(struct test *t, const struct path *path, const char *address)
{
    must(t, lab_address_del(t->lab, "there", "lab0", address));
    send_numbered(path, COUNT);
    struct seen seen = receive(path, COUNT, SILENCE_MS);
    expect(t, seen.count == 0, "nothing arrives at a removed address", seen.count);
    must(t, lab_address_add(t->lab, "there", "lab0", address));
    wait_for_path(path);
    send_numbered(path, COUNT);
    seen = receive(path, COUNT, PATIENCE_MS);
    expect(t, seen.count == COUNT, "added again, it is reached again", seen.count);
    must(t, lab_link_down(t->lab, "there", "lab0"));
    send_numbered(path, COUNT);
    seen = receive(path, COUNT, SILENCE_MS);
    expect(t, seen.count == 0, "nothing arrives over a link that is down", seen.count);
    must(t, lab_link_up(t->lab, "there", "lab0"));
    wait_for_path(path);
    send_numbered(path, COUNT);
    seen = receive(path, COUNT, PATIENCE_MS);
    expect(t, seen.count == COUNT, "up again, it carries again", seen.count);
}

/* Bound to the port alone: it outlives the address, as a phone's socket does. */
static int open_end(struct test *t, const char *node, int family)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
    const void *address = family == AF_INET ? (const void *)&v4 : (const void *)&v6;
    int room = 1 << 20, on = 1;
    int fd = lab_socket(t->lab, node, family, SOCK_DGRAM);

    if (fd < 0) {
        must(t, fd);
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    if (family == AF_INET6) (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, address, family == AF_INET ? sizeof(v4) : sizeof(v6)) < 0) {
        expect(t, false, "bind", errno);
    }
    return fd;
}

static void open_path(struct test *t, struct path *path, int family, const char *to)
{
    path->name = family == AF_INET ? "IPv4" : "IPv6";
    path->here = open_end(t, "here", family);
    path->there = open_end(t, "there", family);
    if (family == AF_INET) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(PORT)};
        inet_pton(AF_INET, to, &v4.sin_addr);
        memcpy(&path->to, &v4, sizeof(v4));
        path->to_len = sizeof(v4);
    } else {
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
        inet_pton(AF_INET6, to, &v6.sin6_addr);
        memcpy(&path->to, &v6, sizeof(v6));
        path->to_len = sizeof(v6);
    }
}

static void build(struct test *t)
{
    static const char *const nodes[] = {"here", "there"};
    static const char *const v4[] = {"10.0.1.2/24", "10.0.2.2/24"};
    static const char *const v6[] = {"fd00:0:0:1::2/64", "fd00:0:0:2::2/64"};
    struct lab_link_opts opts = {.delay_us = DELAY_US, .mtu = 1500};

    for (int i = 0; i < 2 && !t->failed; i++) {
        must(t, lab_node_add(t->lab, nodes[i]));
        must(t, lab_link_add(t->lab, nodes[i], "lab0", &opts));
        must(t, lab_address_add(t->lab, nodes[i], "lab0", v4[i]));
        must(t, lab_address_add(t->lab, nodes[i], "lab0", v6[i]));
        must(t, lab_route_default(t->lab, nodes[i], "lab0", 100));
    }
}

int lab_self_test(uint64_t seed)
{
    struct lab_opts opts = {.seed = seed};
    struct test t = {.paths = {{.here = -1, .there = -1}, {.here = -1, .there = -1}}};
    char why[LAB_WHY_CAP];

    if (lab_open(&opts, &t.lab, why, sizeof(why)) < 0) {
        printf("skipped: a lab is not possible here: %s\n", why);
        return 77;
    }
    build(&t);
    if (!t.failed) open_path(&t, &t.paths[0], AF_INET, "10.0.2.2");
    if (!t.failed) open_path(&t, &t.paths[1], AF_INET6, "fd00:0:0:2::2");
    for (int i = 0; i < 2 && !t.failed; i++) {
        test_delivery(&t, &t.paths[i]);
        test_roaming(&t, &t.paths[i], i == 0 ? "10.0.2.2/24" : "fd00:0:0:2::2/64");
    }
    for (int i = 0; i < 2; i++) {
        if (t.paths[i].here >= 0) close(t.paths[i].here);
        if (t.paths[i].there >= 0) close(t.paths[i].there);
    }
    lab_close(t.lab);
    printf("%s\n", t.failed ? "failed" : "passed");
    return t.failed ? 1 : 0;
}
