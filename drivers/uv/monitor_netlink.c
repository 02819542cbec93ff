/* SPDX-License-Identifier: MIT */
/*
 * Linux's own way to watch the network: route netlink, rtnetlink(7).
 *
 * A notice only says *that* something has changed; the state is then asked for anew. Following the
 * notices one by one would miss what the kernel does silently (IPv4 routes of a link that goes down
 * vanish without one), and would have to start over after a lost notice (ENOBUFS) anyhow.
 */
#include "monitor.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "sockaddr.h"

#define BUFFER_LEN 32768 /* the kernel fills no more into one answer */

struct netlink {
    struct mnl_socket *notices;
    struct tn_uv_watch *watch;
    unsigned sequence;
    char buffer[BUFFER_LEN];
};

/* ---- reading facts ---- */

static bool is_inside(const struct nlattr *attribute, const struct nlmsghdr *message)
{
    const char *end = mnl_nlmsg_get_payload_tail(message);

    return mnl_attr_ok(attribute, (int)(end - (const char *)attribute));
}

/* mnl_attr_for_each() does not pass our warnings. */
#define FOR_EACH(attribute, message, header)                                                       \
    for (const struct nlattr *attribute = mnl_nlmsg_get_payload_offset(message, sizeof(header));   \
         is_inside(attribute, message); attribute = mnl_attr_next(attribute))

static tern_addr addr_of(const struct nlattr *attribute, unsigned char family, uint32_t scope)
{
    if (family == AF_INET && mnl_attr_get_payload_len(attribute) == 4) {
        struct in_addr ip;
        memcpy(&ip, mnl_attr_get_payload(attribute), sizeof(ip));
        return tn_uv_addr_in(ip, 0);
    }
    if (family == AF_INET6 && mnl_attr_get_payload_len(attribute) == 16) {
        struct in6_addr ip;
        memcpy(&ip, mnl_attr_get_payload(attribute), sizeof(ip));
        return tn_uv_addr_in6(&ip, scope, 0);
    }
    return (tern_addr){0};
}

/* A link that carries IP and nothing below. */
static bool is_tunnel(unsigned type)
{
    return type == ARPHRD_NONE || type == ARPHRD_PPP || type == ARPHRD_TUNNEL ||
           type == ARPHRD_TUNNEL6 || type == ARPHRD_SIT || type == ARPHRD_IPGRE;
}

static int read_link(const struct nlmsghdr *message, void *arg)
{
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
    struct tn_uv_fact_link link = {0};

    if (message->nlmsg_type != RTM_NEWLINK) return MNL_CB_OK;
    link.index = (uint32_t)info->ifi_index;
    link.usable = (info->ifi_flags & IFF_UP) && (info->ifi_flags & IFF_RUNNING);
    link.loopback = (info->ifi_flags & IFF_LOOPBACK) != 0;
    link.tunnel = is_tunnel(info->ifi_type);
    FOR_EACH(attribute, message, *info)
    {
        if (mnl_attr_get_type(attribute) != IFLA_IFNAME) continue;
        if (mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) < 0) continue;
        strncpy(link.name, mnl_attr_get_str(attribute), sizeof(link.name) - 1);
    }
    tn_uv_facts_add_link(arg, &link);
    return MNL_CB_OK;
}

/* An optimistic address is in detection but may be used (RFC 4429). */
static uint16_t flags_of(uint32_t flags)
{
    uint16_t result = 0;

    if ((flags & IFA_F_TENTATIVE) && !(flags & IFA_F_OPTIMISTIC)) result |= TERN_NET_TENTATIVE;
    if (flags & IFA_F_DEPRECATED) result |= TERN_NET_DEPRECATED;
    if (flags & IFA_F_TEMPORARY) result |= TERN_NET_TEMPORARY;
    return result;
}

/* On a point-to-point link IFA_ADDRESS is the other end's. IPv4 calls a secondary address what IPv6
 * calls a temporary one: the flag has two meanings. */
static int read_address(const struct nlmsghdr *message, void *arg)
{
    const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
    struct tn_uv_fact_address address = {0};
    uint32_t flags = info->ifa_flags;
    bool local = false;

    if (message->nlmsg_type != RTM_NEWADDR) return MNL_CB_OK;
    FOR_EACH(attribute, message, *info)
    {
        unsigned type = mnl_attr_get_type(attribute);
        if (type == IFA_FLAGS && mnl_attr_validate(attribute, MNL_TYPE_U32) == 0) {
            flags = mnl_attr_get_u32(attribute);
        }
        if (type == IFA_LOCAL || (type == IFA_ADDRESS && !local)) {
            address.addr = addr_of(attribute, info->ifa_family, info->ifa_index);
            local = type == IFA_LOCAL;
        }
    }
    if (address.addr.family == 0 || (flags & IFA_F_DADFAILED)) return MNL_CB_OK;
    if (info->ifa_family == AF_INET) flags &= ~(uint32_t)IFA_F_SECONDARY;
    address.interface = info->ifa_index;
    address.prefix_len = info->ifa_prefixlen;
    address.flags = flags_of(flags);
    tn_uv_facts_add_address(arg, &address);
    return MNL_CB_OK;
}

/* The first hop stands for all of a multipath route. */
static uint32_t first_hop(const struct nlattr *attribute)
{
    struct rtnexthop hop;

    if (mnl_attr_get_payload_len(attribute) < sizeof(hop)) return 0;
    memcpy(&hop, mnl_attr_get_payload(attribute), sizeof(hop));
    return hop.rtnh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN) ? 0 : (uint32_t)hop.rtnh_ifindex;
}

static bool matters(const struct rtmsg *info)
{
    if (info->rtm_family != AF_INET && info->rtm_family != AF_INET6) return false;
    if (info->rtm_table != RT_TABLE_MAIN || info->rtm_type != RTN_UNICAST) return false;
    return !(info->rtm_flags & (RTM_F_CLONED | RTNH_F_DEAD | RTNH_F_LINKDOWN));
}

static int read_route(const struct nlmsghdr *message, void *arg)
{
    const struct rtmsg *info = mnl_nlmsg_get_payload(message);
    struct tn_uv_facts *facts = arg;
    struct tern_net_route route = {0};

    if (message->nlmsg_type != RTM_NEWROUTE || !matters(info)) return MNL_CB_OK;
    route.destination.family = info->rtm_family == AF_INET ? TERN_FAMILY_IPV4 : TERN_FAMILY_IPV6;
    route.prefix_len = info->rtm_dst_len;
    FOR_EACH(attribute, message, *info)
    {
        unsigned type = mnl_attr_get_type(attribute);
        bool number = mnl_attr_validate(attribute, MNL_TYPE_U32) == 0;
        if (type == RTA_DST) route.destination = addr_of(attribute, info->rtm_family, 0);
        if (type == RTA_PREFSRC) route.source = addr_of(attribute, info->rtm_family, 0);
        if (type == RTA_PRIORITY && number) route.metric = mnl_attr_get_u32(attribute);
        if (type == RTA_OIF && number) route.interface = mnl_attr_get_u32(attribute);
        if (type == RTA_MULTIPATH) route.interface = first_hop(attribute);
    }
    if (route.interface) tn_uv_facts_add_route(facts, &route);
    return facts->routes_unknown ? MNL_CB_STOP : MNL_CB_OK;
}

/* ---- asking ---- */

/* @return 0, TERN_EIO, or TERN_EBUSY when the state changed while it was being told. */
static int dump(struct netlink *netlink, struct mnl_socket *socket, uint16_t type,
                struct tn_uv_facts *facts)
{
    struct nlmsghdr *request = mnl_nlmsg_put_header(netlink->buffer);
    mnl_cb_t read = type == RTM_GETLINK ? read_link : read_address;
    unsigned port = mnl_socket_get_portid(socket);
    int more = MNL_CB_OK;

    if (type == RTM_GETROUTE) read = read_route;
    request->nlmsg_type = type;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request->nlmsg_seq = ++netlink->sequence;
    struct rtgenmsg *body = mnl_nlmsg_put_extra_header(request, sizeof(struct rtgenmsg));
    body->rtgen_family = AF_UNSPEC;
    if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) return TERN_EIO;
    while (more > MNL_CB_STOP && !facts->routes_unknown) {
        ssize_t len = mnl_socket_recvfrom(socket, netlink->buffer, sizeof(netlink->buffer));
        if (len < 0) return TERN_EIO;
        more = mnl_cb_run(netlink->buffer, (size_t)len, netlink->sequence, port, read, facts);
        if (more < 0) return errno == EINTR ? TERN_EBUSY : TERN_EIO; /* NLM_F_DUMP_INTR */
    }
    return 0;
}

/* Too many routes leave the rest of the answer unread, so routes come last, on a socket that is
 * closed then. The kernel answers while it is asked; the time limit is for the unthinkable. */
static int dump_all(struct netlink *netlink, struct tn_uv_facts *facts)
{
    const struct timeval limit = {.tv_sec = 1};
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    int err = TERN_EIO;

    if (!socket) return TERN_EIO;
    (void)setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0) {
        err = dump(netlink, socket, RTM_GETLINK, facts);
        if (!err) err = dump(netlink, socket, RTM_GETADDR, facts);
        if (!err) err = dump(netlink, socket, RTM_GETROUTE, facts);
    }
    mnl_socket_close(socket);
    return err;
}

/* After the last try what has been told is used: the notice of the change is on its way. */
static int collect(struct tn_uv_monitor *monitor, struct tn_uv_facts *facts)
{
    int err = TERN_EBUSY;

    for (int tries = 0; tries < TN_UV_DUMP_TRIES && err == TERN_EBUSY; tries++) {
        tn_uv_facts_clear(facts);
        err = dump_all(monitor->state, facts);
    }
    return err == TERN_EBUSY ? 0 : err;
}

/* ---- listening ---- */

static int check_notice(const struct nlmsghdr *message, void *arg)
{
    bool *relevant = arg;

    if (message->nlmsg_type != RTM_NEWROUTE && message->nlmsg_type != RTM_DELROUTE) {
        *relevant = true;
    } else if (mnl_nlmsg_get_payload_len(message) >= sizeof(struct rtmsg)) {
        const struct rtmsg *info = mnl_nlmsg_get_payload(message);
        if (info->rtm_table == RT_TABLE_MAIN && !(info->rtm_flags & RTM_F_CLONED)) *relevant = true;
    }
    return MNL_CB_OK;
}

/* Everything that waits belongs to one look. */
static void noticed(void *owner, int events)
{
    struct tn_uv_monitor *monitor = owner;
    struct netlink *netlink = monitor->state;
    bool relevant = false;

    (void)events;
    for (int i = 0; i < TN_UV_NOTICES_A_TURN; i++) {
        ssize_t len =
            mnl_socket_recvfrom(netlink->notices, netlink->buffer, sizeof(netlink->buffer));
        if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        if (len < 0) {
            relevant = true; /* ENOBUFS: some were lost */
        } else if (mnl_cb_run(netlink->buffer, (size_t)len, 0, 0, check_notice, &relevant) < 0) {
            relevant = true;
        }
    }
    if (relevant) tn_uv_monitor_look(monitor);
}

static int open_netlink(struct tn_uv_monitor *monitor, uint32_t poll_ms)
{
    const unsigned groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                            RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
    struct netlink *netlink = calloc(1, sizeof(*netlink));

    (void)poll_ms;
    if (!netlink) return TERN_ENOMEM;
    netlink->notices = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (!netlink->notices) goto fail;
    if (mnl_socket_bind(netlink->notices, groups, MNL_SOCKET_AUTOPID) != 0) goto fail;
    netlink->watch = tn_uv_watch_new_borrowed(monitor->uv, mnl_socket_get_fd(netlink->notices),
                                              noticed, monitor);
    if (!netlink->watch) goto fail;
    tn_uv_watch_set(netlink->watch, UV_READABLE);
    monitor->state = netlink;
    return 0;

fail:
    if (netlink->notices) mnl_socket_close(netlink->notices);
    free(netlink);
    return TERN_EIO;
}

static void close_netlink(struct tn_uv_monitor *monitor)
{
    struct netlink *netlink = monitor->state;

    tn_uv_watch_free(netlink->watch);
    mnl_socket_close(netlink->notices);
    free(netlink);
}

const struct tn_uv_monitor_way tn_uv_monitor_netlink = {open_netlink, collect, close_netlink};
