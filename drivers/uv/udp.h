/* SPDX-License-Identifier: MIT */
/*
 * One UDP socket of the core: a pair of system sockets on one port, for IPv4 and IPv6, bound to the
 * wildcard address so that it stays when addresses go. Each datagram names its local address.
 */
#ifndef TN_UV_UDP_H
#define TN_UV_UDP_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "driver.h"
#include "sockaddr.h"

/* Room for the address that goes with a datagram, of either family. */
struct tn_uv_control {
    _Alignas(size_t) char room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* A datagram that waits for room in the socket's buffer. */
struct tn_uv_waiting {
    struct tn_uv_waiting *next;
    tern_addr local, remote;
    size_t len;
    uint8_t data[];
};

struct tn_uv_udp_half {
    struct tn_uv_udp *socket;
    struct tn_uv_watch *watch; /* NULL: the host does not have this family */
    struct tn_uv_waiting *first, **last;
    size_t waiting_bytes;
};

struct tn_uv_udp {
    struct tn_uv_node node;
    struct tern_uv *uv;
    uint32_t id;
    uint16_t port;
    bool media;
    struct tn_uv_udp_half half[2]; /* IPv4, IPv6 */
    /* The last answer of tn_uv_pin(), good for one generation of the network. */
    tern_addr pin_local, pin_remote;
    uint32_t pin_generation, pin_interface;
};

static inline struct tn_uv_udp_half *tn_uv_udp_half(struct tn_uv_udp *socket, uint8_t family)
{
    return &socket->half[family == TERN_FAMILY_IPV6];
}

/* udp_send.c: the socket's buffer has room again. */
void tn_uv_udp_writable(struct tn_uv_udp_half *half);
void tn_uv_udp_drop_waiting(struct tn_uv_udp_half *half);

#endif
