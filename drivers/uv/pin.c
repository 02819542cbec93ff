/* SPDX-License-Identifier: MIT */
/* Which interface a packet has to be tied to: see tn_uv_pin(). */
#include "driver.h"

uint32_t tn_uv_pin(const struct tern_network *network, tern_addr local, tern_addr remote)
{
    const struct tern_net_address *own = tern_network_find(network, local);
    tern_addr usual;

    if (!own || own->kind == TERN_LINK_LOOPBACK) return 0;
    if (tern_network_find(network, remote)) return 0; /* this host itself: by loopback */
    if (tern_network_source(network, remote, &usual) != 0) return 0;
    const struct tern_net_address *preferred = tern_network_find(network, usual);
    return preferred && preferred->interface == own->interface ? 0 : own->interface;
}
