/* SPDX-License-Identifier: MIT */
/*
 * UDP: opening, closing, receiving. Batches come in with recvmmsg(), with the address that each
 * datagram was sent to (IP_PKTINFO; RFC 3542 for IPv6). ICMP errors are not asked for: whether a
 * path works is found out by SIP and RTCP, and a forged ICMP message can break nothing.
 */
#include "udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DSCP_EF  (46 << 2) /* RFC 4594: telephony */
#define DSCP_CS3 (24 << 2) /* and its signalling */

/* ---- receiving ---- */

struct reception {
    struct mmsghdr messages[TN_UV_BATCH];
    struct iovec pieces[TN_UV_BATCH];
    struct tn_uv_control controls[TN_UV_BATCH];
    union tn_uv_sockaddr from[TN_UV_BATCH];
};

static unsigned prepare_reception(struct reception *r, uint8_t *scratch, bool media)
{
    size_t room = media ? TN_UV_MEDIA_DATAGRAM_MAX : TN_UV_DATAGRAM_MAX;
    unsigned count = TN_UV_RECEIVE_BUFFER / TN_UV_DATAGRAM_MAX;

    if (media) count = TN_UV_BATCH;
    memset(r->messages, 0, sizeof(r->messages));
    for (unsigned i = 0; i < count; i++) {
        struct msghdr *header = &r->messages[i].msg_hdr;
        r->pieces[i] = (struct iovec){scratch + i * room, room};
        header->msg_iov = &r->pieces[i];
        header->msg_iovlen = 1;
        header->msg_control = &r->controls[i];
        header->msg_controllen = sizeof(r->controls[i]);
        header->msg_name = &r->from[i];
        header->msg_namelen = sizeof(r->from[i]);
    }
    return count;
}

static tern_addr local_of(struct msghdr *header, uint16_t port)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            return tn_uv_addr_in(info.ipi_spec_dst, port);
        }
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            return tn_uv_addr_in6(&info.ipi6_addr, info.ipi6_ifindex, port);
        }
    }
    return (tern_addr){0};
}

/* A core without room gets a second chance after its queues have been drained; what it cannot
 * take then is lost, as on any wire. The socket may be gone by then, so it is not used here. */
static void hand_in(struct tern_uv *uv, const struct tern_datagram *datagram)
{
    int err = tern_receive(uv->ep, tn_uv_clock(), datagram);

    if (err != TERN_EBUSY) return;
    tern_uv_flush(uv);
    err = tern_receive(uv->ep, tn_uv_clock(), datagram);
    (void)err;
}

static int receive_batch(struct tern_uv *uv, int fd, struct tern_datagram datagram, bool media)
{
    struct reception r;
    uint16_t port = datagram.local.port;
    unsigned room = prepare_reception(&r, uv->scratch, media);
    int count = recvmmsg(fd, r.messages, room, MSG_DONTWAIT, NULL);

    for (int i = 0; i < count; i++) {
        struct msghdr *header = &r.messages[i].msg_hdr;
        if (header->msg_flags & MSG_TRUNC) continue;
        datagram.local = local_of(header, port);
        datagram.remote = tn_uv_addr_from(&r.from[i]);
        datagram.data = r.pieces[i].iov_base;
        datagram.len = r.messages[i].msg_len;
        if (datagram.local.family == 0 || datagram.remote.family == 0) continue;
        hand_in(uv, &datagram);
    }
    return count == (int)room ? count : 0;
}

static void receive(struct tn_uv_udp_half *half)
{
    struct tn_uv_udp *socket = half->socket;
    struct tern_uv *uv = socket->uv;
    int fd = tn_uv_watch_fd(half->watch);
    struct tern_datagram like = {.socket = socket->id, .local.port = socket->port};
    bool media = socket->media;

    for (int batches = 0; batches < TN_UV_BATCHES_A_TURN; batches++) {
        if (receive_batch(uv, fd, like, media) == 0) return;
        if (tn_uv_table_find(&uv->sockets, like.socket) != socket) return;
    }
}

static void ready(void *owner, int events)
{
    struct tn_uv_udp_half *half = owner;

    if (events & UV_WRITABLE) tn_uv_udp_writable(half);
    if (events & UV_READABLE) receive(half);
}

/* ---- opening ---- */

static int set_options(int fd, int family, int dscp)
{
    const int on = 1;

    if (family == AF_INET) {
        if (dscp) (void)setsockopt(fd, IPPROTO_IP, IP_TOS, &dscp, sizeof(dscp));
        return setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
    }
    if (dscp) (void)setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &dscp, sizeof(dscp));
    if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0) return -1;
    return setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
}

/* @return the descriptor, or -1 with errno. */
static int open_bound(int family, uint16_t port, int dscp)
{
    tern_addr any = {.family = family == AF_INET ? TERN_FAMILY_IPV4 : TERN_FAMILY_IPV6};
    union tn_uv_sockaddr address;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) return -1;
    any.port = port;
    socklen_t len = tn_uv_addr_to(any, &address);
    if (set_options(fd, family, dscp) == 0 && bind(fd, &address.any, len) == 0) return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static uint16_t port_of(int fd)
{
    union tn_uv_sockaddr bound;
    socklen_t len = sizeof(bound);

    memset(&bound, 0, sizeof(bound));
    if (getsockname(fd, &bound.any, &len) != 0) return 0;
    return tn_uv_addr_from(&bound).port;
}

/* The host lacks the family, or has it switched off (net.ipv6.conf.all.disable_ipv6). */
static bool family_missing(int error)
{
    return error == EAFNOSUPPORT || error == EADDRNOTAVAIL || error == EPROTONOSUPPORT;
}

/* Both halves on one port, or the only one that there is. @return 0 or an errno. */
static int open_pair(uint16_t *port, int dscp, int fd[2])
{
    fd[0] = open_bound(AF_INET, *port, dscp);
    if (fd[0] < 0 && !family_missing(errno)) return errno;
    uint16_t chosen = fd[0] < 0 ? *port : port_of(fd[0]);
    fd[1] = open_bound(AF_INET6, chosen, dscp);
    if (fd[1] < 0 && (fd[0] < 0 || !family_missing(errno))) {
        int error = errno;
        if (fd[0] >= 0) close(fd[0]);
        return error;
    }
    *port = fd[0] < 0 ? port_of(fd[1]) : chosen;
    return 0;
}

static int open_any_pair(uint16_t wanted, uint16_t *port, int dscp, int fd[2])
{
    int error = EADDRINUSE;

    for (int tries = 0; tries < TN_UV_PORT_TRIES && error == EADDRINUSE; tries++) {
        *port = wanted;
        error = open_pair(port, dscp, fd);
        if (wanted) break;
    }
    return error;
}

static int watch_pair(struct tn_uv_udp *socket, const int fd[2])
{
    int error = 0;

    for (int i = 0; i < 2; i++) {
        struct tn_uv_udp_half *half = &socket->half[i];
        half->socket = socket;
        half->last = &half->first;
        if (fd[i] < 0) continue;
        half->watch = tn_uv_watch_new(socket->uv, fd[i], ready, half);
        if (!half->watch) {
            error = ENOMEM;
        } else {
            tn_uv_watch_set(half->watch, UV_READABLE);
        }
    }
    return error;
}

static void close_socket(struct tn_uv_udp *socket)
{
    for (int i = 0; i < 2; i++) {
        tn_uv_udp_drop_waiting(&socket->half[i]);
        tn_uv_watch_free(socket->half[i].watch);
    }
    free(socket);
}

/* @return 0 or an errno; the socket is in the table then. */
static int open_socket(struct tern_uv *uv, const struct tern_output *out, uint16_t *port)
{
    int fd[2] = {-1, -1};
    int dscp = uv->dscp ? (out->media ? DSCP_EF : DSCP_CS3) : 0;

    if (tn_uv_table_find(&uv->sockets, out->id)) return EEXIST;
    struct tn_uv_udp *socket = calloc(1, sizeof(*socket));
    if (!socket) return ENOMEM;
    socket->uv = uv;
    socket->id = out->id;
    socket->media = out->media;
    int error = open_any_pair(out->port, port, dscp, fd);
    if (error) {
        free(socket);
        return error;
    }
    socket->port = *port;
    error = watch_pair(socket, fd);
    if (!error && tn_uv_table_put(&uv->sockets, &socket->node, out->id) != 0) error = ENOMEM;
    if (error) close_socket(socket);
    return error;
}

void tn_uv_udp_open(struct tern_uv *uv, const struct tern_output *out)
{
    char text[160];
    uint16_t port = 0;
    int error = open_socket(uv, out, &port);

    if (error) {
        tern_str reason = tn_uv_failure(error, out->port, text);
        tern_socket_failed(uv->ep, tn_uv_clock(), out->id, reason);
        return;
    }
    tern_socket_opened(uv->ep, tn_uv_clock(), out->id, port);
}

void tn_uv_udp_close(struct tern_uv *uv, uint32_t id)
{
    struct tn_uv_udp *socket = tn_uv_table_find(&uv->sockets, id);

    if (!socket) return;
    tn_uv_table_remove(&uv->sockets, &socket->node);
    close_socket(socket);
}

void tn_uv_udp_close_all(struct tern_uv *uv)
{
    struct tn_uv_udp *socket;

    while ((socket = tn_uv_table_any(&uv->sockets))) {
        tn_uv_table_remove(&uv->sockets, &socket->node);
        close_socket(socket);
    }
    tn_uv_table_fini(&uv->sockets);
    free(uv->batch);
    uv->batch = NULL;
}
