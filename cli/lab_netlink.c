/* SPDX-License-Identifier: MIT */
/*
 * Links, addresses and default routes of one namespace, through route netlink
 * (RFC 3549). A netlink socket belongs to the namespace that it was opened in,
 * so the keeper needs no further setns() for these.
 */
#define _GNU_SOURCE
#include "lab_proto.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_CAP = 512, READ_CAP = 16384 };

int lab_nl_open(struct mnl_socket **nl)
{
    struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

    if (s == NULL) return -errno;
    if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0) {
        int err = -errno;
        mnl_socket_close(s);
        return err;
    }
    *nl = s;
    return 0;
}

int lab_nl_monitor(void)
{
    struct sockaddr_nl addr = {.nl_family = AF_NETLINK,
                               .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    int room = 1 << 20;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd < 0) return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)) < 0 ||
        bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0) {
        int err = -errno;
        close(fd);
        return err;
    }
    return fd;
}

static struct nlmsghdr *message(void *room, uint16_t type, uint16_t flags)
{
    struct nlmsghdr *head = mnl_nlmsg_put_header(room);

    head->nlmsg_type = type;
    head->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    head->nlmsg_seq = 1;
    return head;
}

static int talk(struct mnl_socket *nl, const struct nlmsghdr *head)
{
    _Alignas(struct nlmsghdr) char answer[READ_CAP];

    if (mnl_socket_sendto(nl, head, head->nlmsg_len) < 0) return -errno;
    ssize_t n = mnl_socket_recvfrom(nl, answer, sizeof(answer));
    if (n < 0) return -errno;
    if (mnl_cb_run(answer, (size_t)n, 1, mnl_socket_get_portid(nl), NULL, NULL) < 0) return -errno;
    return 0;
}

int lab_nl_link(struct mnl_socket *nl, int ifindex, bool up, uint32_t mtu)
{
    _Alignas(struct nlmsghdr) char room[MESSAGE_CAP];
    struct nlmsghdr *head = message(room, RTM_NEWLINK, 0);
    struct ifinfomsg *info = mnl_nlmsg_put_extra_header(head, sizeof(*info));

    info->ifi_family = AF_UNSPEC;
    info->ifi_index = ifindex;
    info->ifi_change = IFF_UP;
    info->ifi_flags = up ? IFF_UP : 0;
    if (mtu != 0) mnl_attr_put_u32(head, IFLA_MTU, mtu);
    return talk(nl, head);
}

int lab_nl_address(struct mnl_socket *nl, int ifindex, const struct lab_address *address, bool add)
{
    _Alignas(struct nlmsghdr) char room[MESSAGE_CAP];
    struct nlmsghdr *head =
        add ? message(room, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL) : message(room, RTM_DELADDR, 0);
    struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(head, sizeof(*info));
    size_t len = address->family == AF_INET ? 4 : 16;

    info->ifa_family = address->family;
    info->ifa_prefixlen = address->prefix;
    info->ifa_index = (uint32_t)ifindex;
    info->ifa_flags = address->family == AF_INET6 ? IFA_F_NODAD : 0;
    mnl_attr_put(head, IFA_LOCAL, len, address->bytes);
    mnl_attr_put(head, IFA_ADDRESS, len, address->bytes);
    return talk(nl, head);
}

int lab_nl_route(struct mnl_socket *nl, const struct lab_nl_route *route, bool add)
{
    _Alignas(struct nlmsghdr) char room[MESSAGE_CAP];
    struct nlmsghdr *head = add ? message(room, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL)
                                : message(room, RTM_DELROUTE, 0);
    struct rtmsg *info = mnl_nlmsg_put_extra_header(head, sizeof(*info));

    info->rtm_family = route->family;
    info->rtm_table = RT_TABLE_MAIN;
    info->rtm_protocol = RTPROT_STATIC;
    info->rtm_type = RTN_UNICAST;
    /* IPv4 wants "link" for a route without a gateway. */
    info->rtm_scope = route->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    mnl_attr_put_u32(head, RTA_OIF, (uint32_t)route->ifindex);
    if (route->metric != 0) mnl_attr_put_u32(head, RTA_PRIORITY, route->metric);
    return talk(nl, head);
}

struct changes {
    void (*change)(void *user, int ifindex, const struct lab_address *, bool add);
    void *user;
};

/* IPv6 sends IFA_LOCAL only beside a peer's address; IPv4's IFA_ADDRESS is the peer's then. */
static int find_local(const struct nlattr *attr, void *data)
{
    const struct nlattr **local = data;
    uint16_t type = mnl_attr_get_type(attr);

    if (type == IFA_LOCAL || (type == IFA_ADDRESS && *local == NULL)) *local = attr;
    return MNL_CB_OK;
}

static int on_change(const struct nlmsghdr *head, void *data)
{
    const struct changes *changes = data;
    const struct ifaddrmsg *info = mnl_nlmsg_get_payload(head);
    struct lab_address address = {.family = info->ifa_family, .prefix = info->ifa_prefixlen};
    const struct nlattr *local = NULL;
    size_t len = info->ifa_family == AF_INET ? 4 : 16;

    if (head->nlmsg_type != RTM_NEWADDR && head->nlmsg_type != RTM_DELADDR) return MNL_CB_OK;
    if (mnl_attr_parse(head, sizeof(*info), find_local, &local) < 0) return MNL_CB_OK;
    if (local == NULL || mnl_attr_get_payload_len(local) != len) return MNL_CB_OK;
    memcpy(address.bytes, mnl_attr_get_payload(local), len);
    changes->change(changes->user, (int)info->ifa_index, &address, head->nlmsg_type == RTM_NEWADDR);
    return MNL_CB_OK;
}

int lab_nl_changes(int monitor,
                   void (*change)(void *user, int ifindex, const struct lab_address *, bool add),
                   void *user)
{
    _Alignas(struct nlmsghdr) char data[READ_CAP];
    struct changes changes = {change, user};

    for (;;) {
        ssize_t n = recv(monitor, data, sizeof(data), 0);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN ? 0 : -errno;
        if (mnl_cb_run(data, (size_t)n, 0, 0, on_change, &changes) < 0) return -errno;
    }
}
