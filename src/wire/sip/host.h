/* SPDX-License-Identifier: MIT */
/* host [":" port], which URIs and Via share: RFC 3261 25.1, RFC 5118 for IPv6. */
#ifndef TN_WIRE_SIP_HOST_H
#define TN_WIRE_SIP_HOST_H

#include <tern/types.h>

struct tn_host {
    tern_str name; /* IPv6 without brackets */
    bool is_ipv6;
};

/** Takes a host from the front of `rest`. @return false: none is there, both untouched */
bool tn_host_take(tern_str *rest, struct tn_host *out);

/** Takes 1..65535 from the front of `rest`. @return false: none is there, both untouched */
bool tn_port_take(tern_str *rest, uint16_t *out);

#endif
