/* SPDX-License-Identifier: MIT */
/*
 * SRV and NAPTR records in a DNS answer (RFC 2782, RFC 3403), with their lifetimes, which c-ares' own
 * parsers drop.
 */
#ifndef TN_UV_SRV_H
#define TN_UV_SRV_H

#include <tern/endpoint.h>

/* Longest name in text form, and its final NUL (RFC 1035 3.1). */
#define TN_UV_NAME_MAX 256

struct tn_uv_srv {
    struct tern_dns_record record; /* its texts point to the answer, and to `target` */
    char target[TN_UV_NAME_MAX];
};

/*
 * @param type  TERN_DNS_SRV or TERN_DNS_NAPTR
 * @return the number of records put into `out`; TERN_EPARSE when the answer is malformed.
 */
int tn_uv_srv_parse(const uint8_t *answer, size_t len, uint16_t type, struct tn_uv_srv *out,
                    int max);

#endif
