/* SPDX-License-Identifier: MIT */
/*
 * Keys and certificates as PEM: made, named, and known by their fingerprint. ECDSA on P-256 with
 * SHA-256, which every TLS stack of today accepts and a small device can afford.
 */
#ifndef TN_CRYPTO_CERT_H
#define TN_CRYPTO_CERT_H

#include <tern/types.h>

#include "base/buf.h"

#define TN_CERT_NAMES_MAX  64
#define TN_CERT_DAYS_MAX   36500
#define TN_CERT_PEM_MAX    (256 * 1024) /* of what is made or read */
#define TN_FINGERPRINT_MAX 256          /* "sha-512 AB:…" with its NUL */

struct tn_cert_opts {
    /** DNS names, IP literals ("192.0.2.1"), or "sip:example.com", which becomes the URI that
        RFC 5922 7.1 looks for first. The first is the subject's common name, too. */
    const tern_str *names;
    size_t name_count; /* 0: a certificate for nobody, as DTLS-SRTP wants it */
    uint32_t days;     /* 1 .. TN_CERT_DAYS_MAX; it is valid from an hour ago, for crooked clocks */
    bool authority;    /* may sign others */
    tern_str issuer_cert_pem, issuer_key_pem; /* empty: signs itself */
};

/**
 * @return TERN_EINVAL (a name or a number that cannot be), TERN_EPARSE (the issuer's PEM),
 *         TERN_ENOMEM, TERN_EUNSUPPORTED (the system's policy forbids it); both buffers untouched
 */
TERN_CHECK int tn_cert_make(const struct tn_cert_opts *opts, struct tn_buf *cert_pem,
                            struct tn_buf *key_pem);

/** "sha-256 AB:CD:…" of the first certificate, as a=fingerprint has it (RFC 8122 5).
 *  @return TERN_EPARSE, TERN_ENOMEM */
TERN_CHECK int tn_cert_fingerprint(tern_str cert_pem, char out[TN_FINGERPRINT_MAX]);

#endif
