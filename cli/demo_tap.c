/* SPDX-License-Identifier: MIT */
/* Packets from a packet socket, RTP among them told by its header (RFC 3550 5.1). */
#define _GNU_SOURCE
#include "demo_tap.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_CAP = 128, RTP_HEADER = 12, PCMU = 0, PCMA = 8 };

int demo_tap_open(struct demo_tap *tap, struct lab *lab, const char *node, bool receives)
{
    struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
    const int on = 1;

    *tap = (struct demo_tap){.fd = -1, .receives = receives};
    int fd = lab_socket(lab, node, AF_PACKET, SOCK_DGRAM);
    if (fd < 0) return fd;
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ||
        bind(fd, (struct sockaddr *)&all, sizeof(all)) < 0) {
        close(fd);
        return TERN_EIO;
    }
    tap->fd = fd;
    return 0;
}

void demo_tap_close(struct demo_tap *tap)
{
    if (tap->fd >= 0) close(tap->fd);
    tap->fd = -1;
}

/* The kernel stamps with the wall clock; what matters is how long ago that was. */
static tern_time time_of(struct msghdr *msg)
{
    struct timespec stamp, wall;

    clock_gettime(CLOCK_REALTIME, &wall);
    stamp = wall;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
            memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
        }
    }
    return demo_now() - ((tern_time)(wall.tv_sec - stamp.tv_sec) * 1000000 +
                         (wall.tv_nsec - stamp.tv_nsec) / 1000);
}

/* @return the address that tells the path, 0 when it is no audio */
static uint32_t path_of(const struct demo_tap *tap, const uint8_t *packet, size_t len)
{
    struct ip ip;

    if (len < sizeof(ip)) return 0;
    memcpy(&ip, packet, sizeof(ip));
    size_t header = ip.ip_hl * 4U + sizeof(struct udphdr);
    if (ip.ip_v != 4 || ip.ip_p != IPPROTO_UDP || len < header + RTP_HEADER) return 0;
    const uint8_t *rtp = packet + header;
    uint8_t payload_type = rtp[1] & 0x7f;
    if (rtp[0] >> 6 != 2 || (payload_type != PCMU && payload_type != PCMA)) return 0;
    return tap->receives ? ip.ip_dst.s_addr : ip.ip_src.s_addr;
}

bool demo_tap_read(struct demo_tap *tap, struct demo_tap_news *news)
{
    uint8_t packet[HEAD_CAP];
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct timespec))];
    struct sockaddr_ll from;
    struct iovec iov = {packet, sizeof(packet)};
    struct msghdr msg = {.msg_name = &from,
                         .msg_namelen = sizeof(from),
                         .msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    ssize_t len = recvmsg(tap->fd, &msg, MSG_DONTWAIT);

    if (len < 0) return false;
    *news = (struct demo_tap_news){0};
    if (from.sll_pkttype == PACKET_OUTGOING) return true;
    uint32_t path = path_of(tap, packet, (size_t)len);
    if (path == 0) return true;
    tern_time at = time_of(&msg), gap = demo_arrivals_add(&tap->arrivals, at);
    if (path != tap->path && tap->path != 0) {
        news->at = at;
        news->gap = gap;
        inet_ntop(AF_INET, &path, news->address, sizeof(news->address));
    }
    tap->path = path;
    return true;
}
