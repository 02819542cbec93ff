/* SPDX-License-Identifier: MIT */
/*
 * a=crypto, the keys of SRTP in a description: RFC 4568 9.1, with suites of RFC 4568 6.2, 6188 and
 * 7714 (this room knows their names as text; crypto/srtp_suite.h knows what they mean).
 *
 * A line is read whole or refused. What is read and cannot be used, because it asks for something
 * that we do not do, says so in `usable` and `obstacle` (RFC 4568 6.3: such a line MUST NOT be
 * chosen, and does not spoil the others).
 */
#ifndef TN_WIRE_SDP_CRYPTO_H
#define TN_WIRE_SDP_CRYPTO_H

#include "wire/sdp/sdp.h"

#define TN_SDES_LINES_MAX 16        /* for one stream; phones offer 1 to 8 */
#define TN_SDES_KEY_MAX   64        /* key and salt; the longest registered one has 46 */
#define TN_SDES_TAG_MAX   999999999 /* nine digits */
#define TN_SDES_LIFE_MAX  48        /* 2^48 packets: all that an index can count */

struct tn_sdes {
    uint32_t tag;
    tern_str suite; /* as written; case counts */
    size_t key_len;
    uint8_t key[TN_SDES_KEY_MAX]; /* master key, then salt; of the first where there are several */
    uint64_t lifetime;            /* packets; 0: unsaid */
    tern_str mki;                 /* "value:length"; empty: none */
    tern_str params;              /* session parameters, as written; empty: none */
    bool usable;
    tern_str obstacle; /* why not: the parameter, the MKI, or the second key */
};

/**
 * Reads the value of one a=crypto.
 *
 * @param out  texts lie in `value`; wipe with tn_sdes_wipe()
 * @return     0, or TERN_EPARSE with `out` untouched
 */
TERN_CHECK int tn_sdes_parse(tern_str value, struct tn_sdes *out);
/** The value of a=crypto: tag, suite, key, lifetime, MKI, parameters. */
void tn_sdes_print(const struct tn_sdes *sdes, struct tn_buf *buf);
void tn_sdes_wipe(struct tn_sdes *sdes);

/**
 * All well-formed a=crypto lines of a stream, in their order; a tag's second line is left out.
 *
 * @return how many, at most `cap`
 */
size_t tn_sdes_read(const struct tn_sdp_media *media, struct tn_sdes *out, size_t cap);

/** RFC 4648 4, with padding. */
void tn_base64_print(struct tn_buf *buf, const uint8_t *bytes, size_t len);
/**
 * @return 0; TERN_EPARSE: no base64, or bits beyond the last byte; TERN_ENOBUF: more than `cap`.
 *         Missing padding is forgiven.
 */
TERN_CHECK int tn_base64_parse(tern_str text, uint8_t *out, size_t cap, size_t *len);

#endif
