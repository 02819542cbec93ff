/* SPDX-License-Identifier: MIT */
/*
 * Certificates of one's own making, for closed networks, for tests and for a registrar that starts
 * for the first time. Keys are ECDSA on P-256.
 */
#ifndef TERN_SECURE_H
#define TERN_SECURE_H

#include <tern/err.h>
#include <tern/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How to make a certificate. Fill with tern_cert_opts_init(). Strings are copied. */
struct tern_cert_opts {
    size_t size;
    /** DNS names, IP literals ("192.0.2.1", "2001:db8::1"), or "sip:example.com", which says that it
        is for the SIP domain and for no host of it (RFC 5922 7.1). The first is the subject, too. */
    const tern_str *names;
    size_t name_count;        /**< at most 64; 0: for nobody by name */
    uint32_t days;            /**< how long it is valid, from an hour ago; default 365, 1..36500 */
    bool authority;           /**< it may sign others: what peers are told to trust */
    tern_str issuer_cert_pem; /**< the authority that signs; empty: it signs itself */
    tern_str issuer_key_pem;  /**< its key */
};

/** A certificate with its key, as PEM. */
struct tern_cert {
    char *cert_pem; /**< NUL-terminated */
    size_t cert_len;
    char *key_pem; /**< PKCS #8, not encrypted: write it where nobody else can read it */
    size_t key_len;
};

/**
 * What tern_cert_opts_init() calls; it lets programs and libraries of different age meet.
 *
 * @param size  that of the struct as the program knows it; so many bytes are written
 */
TERN_API void tern_cert_opts_init_sized(struct tern_cert_opts *opts, size_t size);

/** Set `opts` to the defaults, those written beside the members. */
static inline void tern_cert_opts_init(struct tern_cert_opts *opts)
{
    tern_cert_opts_init_sized(opts, sizeof(*opts));
}

/**
 * Make a key and a certificate for it.
 *
 * May be called from any thread. The key is drawn from the system's random numbers, and the dates go
 * by the system's clock.
 *
 * @param out  owned by the caller, who gives it to tern_cert_free(); untouched on failure
 *
 * @return                    0
 * @retval TERN_EINVAL        a name, or a number, that cannot be; or an issuer without its key
 * @retval TERN_EPARSE        the issuer's PEM is damaged, or the key is not its own
 * @retval TERN_EUNSUPPORTED  the system's policy forbids it
 * @retval TERN_ENOMEM, TERN_EVERSION
 * @rfc 5280 4.1, 4.2; 5922 7.1
 */
TERN_API TERN_CHECK int tern_cert_make(const struct tern_cert_opts *opts, struct tern_cert *out);

/** Wipe the key, free both texts, and leave `cert` empty. An empty one is allowed. */
TERN_API void tern_cert_free(struct tern_cert *cert);

#ifdef __cplusplus
}
#endif
#endif
