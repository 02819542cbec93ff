/* SPDX-License-Identifier: MIT */
/* Address conversion: see sockaddr.h. */
#include "sockaddr.h"

#include <string.h>

tern_addr tn_uv_addr_in(struct in_addr ip, uint16_t port)
{
    tern_addr addr = {.family = TERN_FAMILY_IPV4, .port = port};

    memcpy(addr.ip, &ip, 4);
    return addr;
}

tern_addr tn_uv_addr_in6(const struct in6_addr *ip, uint32_t scope, uint16_t port)
{
    tern_addr addr = {.family = TERN_FAMILY_IPV6, .port = port};

    if (IN6_IS_ADDR_LINKLOCAL(ip)) addr.scope = scope;
    memcpy(addr.ip, ip, 16);
    return addr;
}

tern_addr tn_uv_addr_from(const union tn_uv_sockaddr *from)
{
    if (from->any.sa_family == AF_INET) {
        return tn_uv_addr_in(from->in.sin_addr, ntohs(from->in.sin_port));
    }
    if (from->any.sa_family == AF_INET6) {
        return tn_uv_addr_in6(&from->in6.sin6_addr, from->in6.sin6_scope_id,
                              ntohs(from->in6.sin6_port));
    }
    return (tern_addr){0};
}

socklen_t tn_uv_addr_to(tern_addr addr, union tn_uv_sockaddr *to)
{
    memset(to, 0, sizeof(*to));
    if (addr.family == TERN_FAMILY_IPV4) {
        to->in.sin_family = AF_INET;
        to->in.sin_port = htons(addr.port);
        memcpy(&to->in.sin_addr, addr.ip, 4);
        return sizeof(to->in);
    }
    if (addr.family == TERN_FAMILY_IPV6) {
        to->in6.sin6_family = AF_INET6;
        to->in6.sin6_port = htons(addr.port);
        to->in6.sin6_scope_id = addr.scope;
        memcpy(&to->in6.sin6_addr, addr.ip, 16);
        return sizeof(to->in6);
    }
    return 0;
}
