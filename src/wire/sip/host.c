/* SPDX-License-Identifier: MIT */
/* host and port: RFC 3261 25.1. A name is checked for its characters only; DNS knows the rest. */
#include "wire/sip/host.h"

#include <string.h>
#include <tern/network.h>

#include "wire/sip/chars.h"

static bool take_ipv6(tern_str *rest, struct tn_host *out)
{
    const char *close = memchr(rest->ptr, ']', rest->len);
    tern_addr addr;

    if (close == NULL) return false;
    tern_str inside = {rest->ptr + 1, (size_t)(close - rest->ptr) - 1};
    if (inside.len == 0 || !tn_is_class(inside.ptr[0], TN_CH_PARAM)) return false;
    if (memchr(inside.ptr, '[', inside.len) != NULL) return false;
    if (memchr(inside.ptr, '%', inside.len) != NULL)
        return false; /* a zone means nothing to others */
    if (tern_addr_parse(inside, &addr) != 0 || addr.family != TERN_FAMILY_IPV6) return false;

    *out = (struct tn_host){inside, true};
    tn_skip(rest, inside.len + 2);
    return true;
}

bool tn_host_take(tern_str *rest, struct tn_host *out)
{
    if (tn_starts_with(*rest, '[')) return take_ipv6(rest, out);

    tern_str name = tn_take_class(rest, TN_CH_HOST);
    if (name.len == 0) return false;
    *out = (struct tn_host){name, false};
    return true;
}

bool tn_port_take(tern_str *rest, uint16_t *out)
{
    uint32_t port = 0;
    size_t digits = 0;

    while (digits < rest->len && tn_is_digit(rest->ptr[digits])) {
        port = port * 10 + (uint32_t)(rest->ptr[digits++] - '0');
        if (port > UINT16_MAX) return false;
    }
    if (port == 0) return false;
    *out = (uint16_t)port;
    tn_skip(rest, digits);
    return true;
}
