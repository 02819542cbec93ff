/* SPDX-License-Identifier: MIT */
#include "base/nat64.h"

#include <string.h>

static const uint8_t lens[] = {96, 64, 56, 48, 40, 32};

enum { LENS = sizeof(lens) / sizeof(lens[0]), U_OCTET = 8 };

bool tn_nat64_is_len(uint8_t prefix_len)
{
    return prefix_len != 0 && memchr(lens, prefix_len, LENS) != NULL;
}

/* Where the n-th byte of the IPv4 address is; the one at bits 64 to 71 is left out. */
static size_t place_of(uint8_t prefix_len, size_t n)
{
    size_t at = prefix_len / 8U + n;
    return prefix_len < 96 && at >= U_OCTET ? at + 1 : at;
}

tern_addr tn_nat64_embed(tern_addr prefix, uint8_t prefix_len, tern_addr v4)
{
    tern_addr out = {.family = TERN_FAMILY_IPV6, .port = v4.port};

    memcpy(out.ip, prefix.ip, prefix_len / 8U);
    for (size_t i = 0; i < 4; i++)
        out.ip[place_of(prefix_len, i)] = v4.ip[i];
    return out;
}

bool tn_nat64_extract(tern_addr prefix, uint8_t prefix_len, tern_addr v6, tern_addr *v4)
{
    tern_addr out = {.family = TERN_FAMILY_IPV4, .port = v6.port};

    if (!tn_nat64_is_len(prefix_len) || v6.family != TERN_FAMILY_IPV6) return false;
    if (memcmp(prefix.ip, v6.ip, prefix_len / 8U) != 0) return false;
    if (prefix_len < 96 && v6.ip[U_OCTET] != 0) return false;
    for (size_t i = 0; i < 4; i++)
        out.ip[i] = v6.ip[place_of(prefix_len, i)];
    *v4 = out;
    return true;
}

uint8_t tn_nat64_discover(tern_addr v6, tern_addr *prefix)
{
    static const uint8_t well_known[3] = {192, 0, 0};
    tern_addr v4;

    for (size_t i = 0; i < LENS; i++) {
        if (!tn_nat64_extract(v6, lens[i], v6, &v4)) continue;
        if (memcmp(v4.ip, well_known, sizeof(well_known)) != 0) continue;
        if (v4.ip[3] != 170 && v4.ip[3] != 171) continue;
        *prefix = (tern_addr){.family = TERN_FAMILY_IPV6};
        memcpy(prefix->ip, v6.ip, lens[i] / 8U);
        return lens[i];
    }
    return 0;
}
