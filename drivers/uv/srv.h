/* SPDX-License-Identifier: MIT */
/* SRV records in a DNS answer (RFC 2782), with their lifetimes, which c-ares' own parser drops. */
#ifndef TN_UV_SRV_H
#define TN_UV_SRV_H

#include <tern/endpoint.h>

/* Longest name in text form, and its final NUL (RFC 1035 3.1). */
#define TN_UV_NAME_MAX 256

struct tn_uv_srv {
    struct tern_dns_record record; /* its target points to `target` */
    char target[TN_UV_NAME_MAX];
};

/* @return the number of records put into `out`; TERN_EPARSE when the answer is malformed. */
int tn_uv_srv_parse(const uint8_t *answer, size_t len, struct tn_uv_srv *out, int max);

#endif
