/* SPDX-License-Identifier: MIT */
/* Which interface a packet has to be tied to: see tn_uv_pin(). */
#include <string.h>
#include <sys/socket.h>

#include "driver.h"

uint32_t tn_uv_pin(const struct tern_network *system, tern_addr local, tern_addr remote)
{
    const struct tern_net_address *own = tern_network_find(system, local);
    tern_addr usual;

    if (!own || own->kind == TERN_LINK_LOOPBACK) return 0;
    if (tern_network_find(system, remote)) return 0; /* this host itself: by loopback */
    if (tern_network_source(system, remote, &usual) != 0) return 0;
    const struct tern_net_address *preferred = tern_network_find(system, usual);
    return preferred && preferred->interface == own->interface ? 0 : own->interface;
}

void tn_uv_tie(const struct tern_uv *uv, int fd, tern_addr local, tern_addr remote)
{
    if (!tn_uv_pin(&uv->system, local, remote)) return;
    const char *name = tern_network_find(&uv->system, local)->name;
    (void)setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name));
}
