/* SPDX-License-Identifier: MIT */
/*
 * The sockets of c-ares, where a policy of links is in force (tern/links.h): what is asked of a name
 * server leaves by the link that the policy wants, and not at all where it allows none.
 */
#define CARES_NO_DEPRECATED
#include "dns_link.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sockaddr.h"

static ares_socket_t open_socket(int family, int type, int protocol, void *user)
{
    (void)user;
    return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
}

static int close_socket(ares_socket_t fd, void *user)
{
    (void)user;
    return close(fd);
}

static bool is_loopback(const tern_addr *addr)
{
    static const uint8_t loopback6[16] = {[15] = 1};

    if (addr->family == TERN_FAMILY_IPV4) return addr->ip[0] == 127;
    return memcmp(addr->ip, loopback6, sizeof(loopback6)) == 0;
}

/* @return 0, or -1 with errno. */
static int choose_link(const struct tern_uv *uv, int fd, tern_addr server)
{
    union tn_uv_sockaddr address;
    tern_addr local;

    if (!uv->network.tiers || is_loopback(&server)) return 0;
    if (tern_network_source(&uv->network, server, &local) != 0) {
        errno = ENETUNREACH;
        return -1;
    }
    tn_uv_tie(uv, fd, local, server);
    socklen_t len = tn_uv_addr_to(local, &address);
    return bind(fd, &address.any, len);
}

static int connect_socket(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t len,
                          void *user)
{
    union tn_uv_sockaddr server;

    memset(&server, 0, sizeof(server));
    if (len <= sizeof(server)) memcpy(&server, to, len);
    if (choose_link(user, fd, tn_uv_addr_from(&server)) != 0) return -1;
    return connect(fd, to, len);
}

static ares_ssize_t receive(ares_socket_t fd, void *data, size_t len, int flags,
                            struct sockaddr *from, ares_socklen_t *from_len, void *user)
{
    (void)user;
    return recvfrom(fd, data, len, flags, from, from_len);
}

static ares_ssize_t send_pieces(ares_socket_t fd, const struct iovec *pieces, int count, void *user)
{
    (void)user;
    return writev(fd, pieces, count);
}

void tn_uv_dns_choose_links(struct tern_uv *uv, ares_channel channel)
{
    static const struct ares_socket_functions functions = {
        .asocket = open_socket,
        .aclose = close_socket,
        .aconnect = connect_socket,
        .arecvfrom = receive,
        .asendv = send_pieces,
    };

    ares_set_socket_functions(channel, &functions, uv);
}
