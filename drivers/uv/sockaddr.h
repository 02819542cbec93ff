/* SPDX-License-Identifier: MIT */
/* Between the library's addresses and the system's. */
#ifndef TN_UV_SOCKADDR_H
#define TN_UV_SOCKADDR_H

#include <netinet/in.h>
#include <sys/socket.h>

#include <tern/network.h>

union tn_uv_sockaddr {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

/* The scope is kept for link-local addresses only. */
tern_addr tn_uv_addr_in(struct in_addr ip, uint16_t port);
tern_addr tn_uv_addr_in6(const struct in6_addr *ip, uint32_t scope, uint16_t port);
tern_addr tn_uv_addr_from(const union tn_uv_sockaddr *from);
/* @return the length; 0 when the family is neither IPv4 nor IPv6. */
socklen_t tn_uv_addr_to(tern_addr addr, union tn_uv_sockaddr *to);

#endif
