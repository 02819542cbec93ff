/* SPDX-License-Identifier: MIT */
/*
 * What the processes of a lab say to each other over sequenced-packet socket
 * pairs: one request, one answer, at most one descriptor with each. Both ends
 * are forks of one program, so plain structs will do.
 */
#ifndef TERN_CLI_LAB_PROTO_H
#define TERN_CLI_LAB_PROTO_H

#include "lab.h"

enum lab_op {
    LAB_OP_NODE_ADD = 1,
    LAB_OP_LINK_ADD,
    LAB_OP_LINK_SET,
    LAB_OP_LINK_GET,
    LAB_OP_LINK_UP,
    LAB_OP_LINK_DOWN,
    LAB_OP_ADDRESS_ADD,
    LAB_OP_ADDRESS_DEL,
    LAB_OP_ROUTE_ADD,
    LAB_OP_ROUTE_DEL,
    LAB_OP_SOCKET,
    LAB_OP_STATS,
    LAB_OP_CLOSE,
};

/* Caller to keeper. */
struct lab_req {
    enum lab_op op;
    uint32_t metric;
    int domain, type;
    char node[LAB_NAME_CAP]; /* empty for the whole lab */
    char ifname[LAB_IFNAME_CAP];
    char address[64];
    struct lab_link_opts link;
};

struct lab_rsp {
    int err;
    char why[LAB_WHY_CAP];
    struct lab_link_opts link;
    struct lab_stats stats;
};

enum lab_wire_op {
    LAB_WIRE_MONITOR = 1, /* fd: route netlink of a node, subscribed to addresses */
    LAB_WIRE_LINK,        /* fd: TUN device */
    LAB_WIRE_SET,
    LAB_WIRE_GET,
    LAB_WIRE_SYNC, /* read all notices, so that the next packet meets the new addresses */
    LAB_WIRE_STATS,
};

#define LAB_WIRE_ALL UINT32_MAX

/* Keeper to wire. */
struct lab_wire_req {
    enum lab_wire_op op;
    uint32_t node, link; /* indices; link LAB_WIRE_ALL for the whole lab */
    int ifindex;
    char label[LAB_NAME_CAP + LAB_IFNAME_CAP];
    struct lab_link_opts opts;
};

struct lab_wire_rsp {
    int err;
    struct lab_link_opts opts;
    struct lab_stats stats;
};

/* An address with its prefix length; IPv4 fills the first four bytes. */
struct lab_address {
    uint8_t family; /* AF_INET or AF_INET6 */
    uint8_t prefix;
    uint8_t bytes[16];
};

bool lab_address_parse(const char *text, struct lab_address *address);
bool lab_address_equal(const struct lab_address *a, const struct lab_address *b);

/* lab_proto.c: 0, or -errno; a peer that is gone is -EPIPE. `fd` -1 for none; `got` -1 when none came. */
int lab_send(int sock, const void *data, size_t len, int fd);
int lab_recv(int sock, void *data, size_t len, int *got);

/* lab_netlink.c: one request to the kernel; 0 or -errno. */
struct mnl_socket;
int lab_nl_open(struct mnl_socket **nl);
int lab_nl_monitor(void);
int lab_nl_link(struct mnl_socket *nl, int ifindex, bool up, uint32_t mtu);
int lab_nl_address(struct mnl_socket *nl, int ifindex, const struct lab_address *address, bool add);
struct lab_nl_route {
    uint8_t family;
    int ifindex;
    uint32_t metric;
};
int lab_nl_route(struct mnl_socket *nl, const struct lab_nl_route *route, bool add);
/* Reads a monitor until it is empty; calls `change` for each address that came or went. */
int lab_nl_changes(int monitor,
                   void (*change)(void *user, int ifindex, const struct lab_address *, bool add),
                   void *user);

/*
 * The processes; each returns when its peer is gone. The keeper's first message
 * is a struct lab_rsp: that it is ready, with the user namespace if it made one,
 * or why it cannot. `capture` is an open file or -1.
 */
struct lab_keeper_opts {
    struct lab_opts lab;
    pid_t caller;
    int capture;
    bool user_namespace;
};
void lab_keeper_run(int ctl, const struct lab_keeper_opts *opts);
void lab_wire_run(int ctl, int capture, const struct lab_opts *opts);

/* lab_system.c: 0 or a descriptor, else -errno. */
/* Root in a user namespace of our own, so that we may have network namespaces. */
int lab_become_root(void);
/* A TUN device in the present namespace; it lives as long as the descriptor. */
int lab_open_tun(const char *ifname);
/* Best effort: /proc/sys is read-only in many containers, and the defaults mostly do. */
void lab_set_sysctl(const char *name, const char *value);
/* Nothing of the caller's may be held open, or its peers would wait for an end of file. */
void lab_let_go(int ctl, int capture);

/* lab_reap.c: signal everything in these network namespaces; how many processes there were. */
size_t lab_signal_all(const uint64_t *namespaces, size_t count, int signal);

#endif
