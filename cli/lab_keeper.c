/* SPDX-License-Identifier: MIT */
/*
 * The keeper: the process that holds a lab's namespaces, changes what is in them
 * as the caller asks, and takes everything down when the caller ends. It has
 * entered a namespace of its own, so that a mistake cannot touch the machine's.
 */
#define _GNU_SOURCE
#include "lab_proto.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct node {
    char name[LAB_NAME_CAP];
    int netns;
    struct mnl_socket *nl;
};

struct link {
    char ifname[LAB_IFNAME_CAP];
    uint32_t node;
    int ifindex;
    bool up;
    bool is_default; /* as asked for; the kernel's routes come and go with addresses */
    uint32_t metric;
    struct lab_address addresses[LAB_ADDRESSES_MAX];
    size_t address_count;
};

struct keeper {
    int ctl, wire, home, capture;
    pid_t wire_pid;
    struct node nodes[LAB_NODES_MAX];
    uint64_t inodes[LAB_NODES_MAX];
    uint32_t node_count;
    struct link links[LAB_LINKS_MAX];
    uint32_t link_count;
    struct lab_rsp rsp; /* the answer to the present request */
};

__attribute__((format(printf, 3, 4))) static int fail(struct lab_rsp *rsp, int err,
                                                      const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(rsp->why, sizeof(rsp->why), format, args);
    va_end(args);
    rsp->err = err;
    return err;
}

/* A refusal by the system: `err` is -errno. */
static int refuse(struct lab_rsp *rsp, int err, const char *what)
{
    return fail(rsp, TERN_EIO, "%s: %s", what, strerror(-err));
}

/* ---- the wire's side ---- */

static int ask_wire(struct keeper *k, const struct lab_wire_req *req, int fd,
                    struct lab_wire_rsp *answer)
{
    struct lab_wire_rsp ignored;

    if (answer == NULL) answer = &ignored;
    int err = lab_send(k->wire, req, sizeof(*req), fd);
    if (err == 0) err = lab_recv(k->wire, answer, sizeof(*answer), NULL);
    if (err == 0) err = answer->err;
    return err == 0 ? 0 : refuse(&k->rsp, err, "the wire");
}

static int sync_wire(struct keeper *k, uint32_t node)
{
    struct lab_wire_req req = {.op = LAB_WIRE_SYNC, .node = node};
    return ask_wire(k, &req, -1, NULL);
}

/* ---- making nodes and links ---- */

static struct node *find_node(struct keeper *k, const char *name)
{
    for (uint32_t i = 0; i < k->node_count; i++) {
        if (strcmp(k->nodes[i].name, name) == 0) return &k->nodes[i];
    }
    return NULL;
}

/* In the new namespace. */
static int furnish(struct keeper *k, struct node *node)
{
    struct lab_wire_req req = {.op = LAB_WIRE_MONITOR};
    int err = lab_nl_open(&node->nl);

    if (err < 0) return refuse(&k->rsp, err, "netlink");
    lab_set_sysctl("ipv4/conf/all/rp_filter", "0"); /* two links: answers may take either */
    lab_set_sysctl("ipv4/conf/default/rp_filter", "0");
    lab_set_sysctl("ipv4/conf/all/promote_secondaries",
                   "1"); /* else one removal takes its neighbours */
    lab_set_sysctl("ipv6/conf/all/disable_ipv6", "0");
    lab_set_sysctl("ipv6/conf/default/disable_ipv6", "0");
    err = lab_nl_link(node->nl, (int)if_nametoindex("lo"), true, 0);
    if (err < 0) return refuse(&k->rsp, err, "bringing up the loopback");
    int monitor = lab_nl_monitor();
    if (monitor < 0) return refuse(&k->rsp, monitor, "netlink");
    err = ask_wire(k, &req, monitor, NULL);
    close(monitor);
    return err;
}

static int add_node(struct keeper *k, const struct lab_req *req, int *fd)
{
    struct stat st = {0};

    if (find_node(k, req->node) != NULL) {
        return fail(&k->rsp, TERN_EINVAL, "there is a node %s already", req->node);
    }
    if (k->node_count == LAB_NODES_MAX) {
        return fail(&k->rsp, TERN_ELIMIT, "more than %d nodes", LAB_NODES_MAX);
    }
    if (unshare(CLONE_NEWNET) < 0) return refuse(&k->rsp, -errno, "a new network namespace");
    struct node node = {.netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
    memcpy(node.name, req->node, sizeof(node.name));
    int err = node.netns < 0 || fstat(node.netns, &st) < 0
                  ? refuse(&k->rsp, -errno, "/proc/self/ns")
                  : furnish(k, &node);
    if (setns(k->home, CLONE_NEWNET) < 0 && err == 0) err = refuse(&k->rsp, -errno, "setns");
    if (err < 0) {
        if (node.nl != NULL) mnl_socket_close(node.nl);
        if (node.netns >= 0) close(node.netns);
        return err;
    }
    k->inodes[k->node_count] = st.st_ino;
    k->nodes[k->node_count++] = node;
    *fd = node.netns;
    return 0;
}

static struct link *find_link(struct keeper *k, const struct lab_req *req)
{
    for (uint32_t i = 0; i < k->link_count; i++) {
        struct link *link = &k->links[i];
        if (strcmp(k->nodes[link->node].name, req->node) == 0 &&
            strcmp(link->ifname, req->ifname) == 0) {
            return link;
        }
    }
    return NULL;
}

static int start_link(struct keeper *k, const struct lab_req *req, struct link *link, int tun)
{
    const struct node *node = &k->nodes[link->node];
    struct lab_wire_req wire = {
        .op = LAB_WIRE_LINK, .node = link->node, .ifindex = link->ifindex, .opts = req->link};
    int err = lab_nl_link(node->nl, link->ifindex, true, req->link.mtu);

    if (err < 0) return refuse(&k->rsp, err, "bringing the link up");
    snprintf(wire.label, sizeof(wire.label), "%s.%s", req->node, req->ifname);
    return ask_wire(k, &wire, tun, NULL); /* last: both sides count links alike */
}

static int add_link(struct keeper *k, const struct lab_req *req)
{
    const struct node *node = find_node(k, req->node);

    if (node == NULL) return fail(&k->rsp, TERN_ENOTFOUND, "no node %s", req->node);
    if (find_link(k, req) != NULL || strcmp(req->ifname, "lo") == 0) {
        return fail(&k->rsp, TERN_EINVAL, "%s has a link %s already", req->node, req->ifname);
    }
    if (k->link_count == LAB_LINKS_MAX) {
        return fail(&k->rsp, TERN_ELIMIT, "more than %d links", LAB_LINKS_MAX);
    }
    if (setns(node->netns, CLONE_NEWNET) < 0) return refuse(&k->rsp, -errno, "setns");
    int tun = lab_open_tun(req->ifname);
    struct link link = {.node = (uint32_t)(node - k->nodes), .up = true};
    memcpy(link.ifname, req->ifname, sizeof(link.ifname));
    link.ifindex = tun < 0 ? 0 : (int)if_nametoindex(req->ifname);
    int err = tun < 0 ? refuse(&k->rsp, tun, "/dev/net/tun") : start_link(k, req, &link, tun);
    if (tun >= 0) close(tun); /* the wire has it now */
    if (setns(k->home, CLONE_NEWNET) < 0 && err == 0) err = refuse(&k->rsp, -errno, "setns");
    if (err == 0) k->links[k->link_count++] = link;
    return err;
}

/* ---- addresses and routes ---- */

static bool has_family(const struct link *link, uint8_t family)
{
    for (size_t i = 0; i < link->address_count; i++) {
        if (link->addresses[i].family == family) return true;
    }
    return false;
}

/* Make the kernel's default routes what they should be, whatever it has flushed. */
static int settle_routes(struct keeper *k, const struct link *link)
{
    static const uint8_t families[] = {AF_INET, AF_INET6};

    for (size_t i = 0; i < 2; i++) {
        struct lab_nl_route route = {families[i], link->ifindex, link->metric};
        bool add = link->up && link->is_default && has_family(link, families[i]);
        int err = lab_nl_route(k->nodes[link->node].nl, &route, add);
        if (add && err < 0 && err != -EEXIST) return refuse(&k->rsp, err, "the default route");
    }
    return 0;
}

/* The kernel drops IPv6 addresses with the link, and may drop neighbours of a removed address. */
static int settle_addresses(struct keeper *k, const struct link *link)
{
    for (size_t i = 0; link->up && i < link->address_count; i++) {
        int err = lab_nl_address(k->nodes[link->node].nl, link->ifindex, &link->addresses[i], true);
        if (err < 0 && err != -EEXIST) return refuse(&k->rsp, err, "the address");
    }
    return settle_routes(k, link);
}

static size_t find_address(const struct link *link, const struct lab_address *address)
{
    size_t i = 0;

    while (i < link->address_count && !lab_address_equal(&link->addresses[i], address)) {
        i++;
    }
    return i;
}

static int add_address(struct keeper *k, struct link *link, const struct lab_address *address)
{
    if (find_address(link, address) < link->address_count) {
        return fail(&k->rsp, TERN_EINVAL, "%s has this address already", link->ifname);
    }
    if (link->address_count == LAB_ADDRESSES_MAX) {
        return fail(&k->rsp, TERN_ELIMIT, "more than %d addresses", LAB_ADDRESSES_MAX);
    }
    /* An IPv6 address cannot be set while the link is down: it comes when the link does. */
    bool now = link->up || address->family == AF_INET;
    int err = now ? lab_nl_address(k->nodes[link->node].nl, link->ifindex, address, true) : 0;
    if (err < 0) return refuse(&k->rsp, err, "adding the address");
    link->addresses[link->address_count++] = *address;
    return settle_routes(k, link);
}

static int del_address(struct keeper *k, struct link *link, const struct lab_address *address)
{
    size_t at = find_address(link, address);

    if (at == link->address_count || link->addresses[at].prefix != address->prefix) {
        return fail(&k->rsp, TERN_ENOTFOUND, "%s does not have this address", link->ifname);
    }
    int err = lab_nl_address(k->nodes[link->node].nl, link->ifindex, address, false);
    if (err < 0 && err != -EADDRNOTAVAIL) return refuse(&k->rsp, err, "removing the address");
    link->address_count--;
    memmove(&link->addresses[at], &link->addresses[at + 1],
            (link->address_count - at) * sizeof(link->addresses[0]));
    return settle_addresses(k, link);
}

static int change_address(struct keeper *k, const struct lab_req *req, struct link *link)
{
    struct lab_address address;

    if (!lab_address_parse(req->address, &address)) {
        return fail(&k->rsp, TERN_EINVAL, "'%s' is not ADDRESS/LENGTH", req->address);
    }
    int err = req->op == LAB_OP_ADDRESS_ADD ? add_address(k, link, &address)
                                            : del_address(k, link, &address);
    return err < 0 ? err : sync_wire(k, link->node);
}

static int set_up(struct keeper *k, struct link *link, bool up)
{
    int err = lab_nl_link(k->nodes[link->node].nl, link->ifindex, up, 0);

    if (err < 0) return refuse(&k->rsp, err, up ? "link up" : "link down");
    link->up = up;
    err = settle_addresses(k, link);
    return err < 0 ? err : sync_wire(k, link->node);
}

static int change_default(struct keeper *k, const struct lab_req *req, struct link *link)
{
    if (req->op == LAB_OP_ROUTE_DEL && !link->is_default) {
        return fail(&k->rsp, TERN_ENOTFOUND, "%s is not a default route", req->ifname);
    }
    link->is_default = false; /* so that the route with the old metric goes */
    int err = settle_routes(k, link);
    if (err < 0 || req->op == LAB_OP_ROUTE_DEL) return err;
    link->is_default = true;
    link->metric = req->metric;
    return settle_routes(k, link);
}

/* ---- requests ---- */

static int open_socket(struct keeper *k, const struct lab_req *req, int *fd)
{
    const struct node *node = find_node(k, req->node);

    if (node == NULL) return fail(&k->rsp, TERN_ENOTFOUND, "no node %s", req->node);
    if (setns(node->netns, CLONE_NEWNET) < 0) return refuse(&k->rsp, -errno, "setns");
    *fd = socket(req->domain, req->type | SOCK_CLOEXEC, 0);
    int err = *fd < 0 ? refuse(&k->rsp, -errno, "socket") : 0;
    if (setns(k->home, CLONE_NEWNET) < 0 && err == 0) err = refuse(&k->rsp, -errno, "setns");
    return err;
}

static int ask_about(struct keeper *k, const struct lab_req *req, const struct link *link)
{
    struct lab_wire_req wire = {.op = req->op == LAB_OP_STATS      ? LAB_WIRE_STATS
                                      : req->op == LAB_OP_LINK_GET ? LAB_WIRE_GET
                                                                   : LAB_WIRE_SET,
                                .link = link == NULL ? LAB_WIRE_ALL : (uint32_t)(link - k->links),
                                .opts = req->link};
    struct lab_wire_rsp answer;
    int err = ask_wire(k, &wire, -1, &answer);

    if (err < 0) return err;
    k->rsp.stats = answer.stats;
    k->rsp.link = answer.opts;
    return 0;
}

static int obey_on_link(struct keeper *k, const struct lab_req *req)
{
    struct link *link = find_link(k, req);

    if (link == NULL) {
        return fail(&k->rsp, TERN_ENOTFOUND, "no link %s in %s", req->ifname, req->node);
    }
    switch (req->op) {
    case LAB_OP_LINK_UP: return set_up(k, link, true);
    case LAB_OP_LINK_DOWN: return set_up(k, link, false);
    case LAB_OP_ADDRESS_ADD:
    case LAB_OP_ADDRESS_DEL: return change_address(k, req, link);
    case LAB_OP_ROUTE_ADD:
    case LAB_OP_ROUTE_DEL: return change_default(k, req, link);
    case LAB_OP_LINK_SET:
    case LAB_OP_LINK_GET:
    case LAB_OP_STATS: return ask_about(k, req, link);
    case LAB_OP_NODE_ADD:
    case LAB_OP_LINK_ADD:
    case LAB_OP_SOCKET:
    case LAB_OP_CLOSE: break;
    }
    return fail(&k->rsp, TERN_EINVAL, "unknown request");
}

static void take_down(struct keeper *k, int first_signal)
{
    /* Half a second of grace, then as often as forking programs need to be caught. */
    for (int i = 0; i < 100; i++) {
        int signal = i == 0 ? first_signal : i < 50 && first_signal != SIGKILL ? 0 : SIGKILL;
        if (lab_signal_all(k->inodes, k->node_count, signal) == 0) return;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
}

/* False when this was the last request. */
static bool serve(struct keeper *k)
{
    struct lab_req req;
    int fd = -1;

    k->rsp = (struct lab_rsp){0};
    if (lab_recv(k->ctl, &req, sizeof(req), NULL) != 0) {
        take_down(k, SIGKILL);
        return false;
    }
    if (req.op == LAB_OP_NODE_ADD) {
        k->rsp.err = add_node(k, &req, &fd);
    } else if (req.op == LAB_OP_LINK_ADD) {
        k->rsp.err = add_link(k, &req);
    } else if (req.op == LAB_OP_SOCKET) {
        k->rsp.err = open_socket(k, &req, &fd);
    } else if (req.op == LAB_OP_STATS && req.node[0] == '\0') {
        k->rsp.err = ask_about(k, &req, NULL);
    } else if (req.op == LAB_OP_CLOSE) {
        take_down(k, SIGTERM);
    } else {
        k->rsp.err = obey_on_link(k, &req);
    }
    (void)lab_send(k->ctl, &k->rsp, sizeof(k->rsp), fd);
    if (req.op == LAB_OP_SOCKET && fd >= 0) close(fd);
    return req.op != LAB_OP_CLOSE;
}

/* ---- start and end ---- */

/* Everything that a lab will need, tried once. */
static int try_all(struct keeper *k, bool user_namespace)
{
    int err = user_namespace ? lab_become_root() : 0;

    if (err < 0) return refuse(&k->rsp, err, "no user namespace");
    if (unshare(CLONE_NEWNET) < 0) return refuse(&k->rsp, -errno, "no network namespace");
    k->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (k->home < 0) return refuse(&k->rsp, -errno, "/proc/self/ns/net");
    int tun = lab_open_tun("lab0");
    if (tun < 0) return refuse(&k->rsp, tun, "/dev/net/tun");
    close(tun);
    if (setns(k->home, CLONE_NEWNET) < 0) return refuse(&k->rsp, -errno, "setns");
    return 0;
}

static int start_wire(struct keeper *k, const struct lab_keeper_opts *opts)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
        return refuse(&k->rsp, -errno, "socketpair");
    }
    k->wire_pid = fork();
    if (k->wire_pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(pair[0]);
        close(k->ctl);
        lab_wire_run(pair[1], k->capture, &opts->lab);
        _exit(0);
    }
    close(pair[1]);
    if (k->capture >= 0) close(k->capture);
    k->wire = pair[0];
    return k->wire_pid < 0 ? refuse(&k->rsp, -errno, "fork") : 0;
}

/* The control socket alone is not enough: a forked child of the caller may hold a copy of it. */
static void serve_all(struct keeper *k, pid_t caller)
{
    struct pollfd fds[2] = {{.fd = k->ctl, .events = POLLIN},
                            {.fd = (int)syscall(SYS_pidfd_open, caller, 0), .events = POLLIN}};

    for (bool running = getppid() == caller; running;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR) break;
        if (fds[0].revents != 0) {
            running = serve(k);
        } else if (fds[1].revents != 0) {
            take_down(k, SIGKILL);
            running = false;
        }
    }
    if (fds[1].fd >= 0) close(fds[1].fd);
}

static void free_all(struct keeper *k)
{
    for (uint32_t i = 0; i < k->node_count; i++) {
        mnl_socket_close(k->nodes[i].nl);
        close(k->nodes[i].netns);
    }
    if (k->wire >= 0) close(k->wire);
    if (k->wire_pid > 0) (void)waitpid(k->wire_pid, NULL, 0); /* it completes its capture */
    if (k->home >= 0) close(k->home);
    free(k);
}

void lab_keeper_run(int ctl, const struct lab_keeper_opts *opts)
{
    struct keeper *k = calloc(1, sizeof(*k));
    int userns = -1;

    if (k == NULL) return;
    /* A caller with closed standard streams may have got their numbers. */
    *k = (struct keeper){.ctl = fcntl(ctl, F_DUPFD_CLOEXEC, 3), .wire = -1, .home = -1};
    k->capture = opts->capture < 0 ? -1 : fcntl(opts->capture, F_DUPFD_CLOEXEC, 3);
    (void)setsid(); /* Ctrl-C at the terminal is for the caller, who tells us */
    prctl(PR_SET_NAME, "tern-lab");
    lab_let_go(k->ctl, k->capture);
    int err = try_all(k, opts->user_namespace);
    if (err == 0) err = start_wire(k, opts);
    if (err == 0 && opts->user_namespace) userns = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
    if (lab_send(k->ctl, &k->rsp, sizeof(k->rsp), userns) == 0 && err == 0) {
        serve_all(k, opts->caller);
    }
    if (userns >= 0) close(userns);
    free_all(k);
}
