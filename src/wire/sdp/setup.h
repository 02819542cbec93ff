/* SPDX-License-Identifier: MIT */
/*
 * What a description says about DTLS-SRTP: a=setup (RFC 4145 4, RFC 5763 5), a=fingerprint
 * (RFC 8122 5), a=tls-id (RFC 8842 4), and a=rtcp-mux (RFC 5761 5.1.1).
 */
#ifndef TN_WIRE_SDP_SETUP_H
#define TN_WIRE_SDP_SETUP_H

#include "wire/sdp/sdp.h"

#define TN_SDP_HASH_MAX 64 /* SHA-512 */

enum tn_sdp_setup {
    TN_SDP_SETUP_UNSAID, /* or no such word */
    TN_SDP_SETUP_ACTIVE,
    TN_SDP_SETUP_PASSIVE,
    TN_SDP_SETUP_ACTPASS,
    TN_SDP_SETUP_HOLDCONN,
};

struct tn_sdp_fingerprint {
    tern_str text; /* "sha-256 AB:CD:…", as written, without space around it */
    tern_str hash; /* "sha-256" */
    size_t len;
    uint8_t bytes[TN_SDP_HASH_MAX];
};

/** Of a stream: its own a=setup, else that of the session part. */
enum tn_sdp_setup tn_sdp_setup(const struct tn_sdp *sdp, const struct tn_sdp_media *media);
/** "active" …; empty for UNSAID. */
tern_str tn_sdp_setup_name(enum tn_sdp_setup setup);
/**
 * What to answer. To actpass: active, so that the handshake begins half a round trip earlier
 * (RFC 5763 5). UNSAID means active (RFC 4145 4).
 */
enum tn_sdp_setup tn_sdp_setup_answer(enum tn_sdp_setup offer);

/** @return 0, or TERN_EPARSE: no hash that we know (SHA-1, SHA-2), or not as many bytes as it has */
TERN_CHECK int tn_sdp_fingerprint_parse(tern_str value, struct tn_sdp_fingerprint *out);
/** "sha-256 AB:CD:…" in the case that RFC 8122 5 asks for. */
void tn_sdp_fingerprint_print(const struct tn_sdp_fingerprint *fingerprint, struct tn_buf *buf);
bool tn_sdp_fingerprint_equal(const struct tn_sdp_fingerprint *a,
                              const struct tn_sdp_fingerprint *b);
/** Of a stream: the one with the longest hash among its own, else of the session part's.
 *  @return false: none that we know */
bool tn_sdp_fingerprint(const struct tn_sdp *sdp, const struct tn_sdp_media *media,
                        struct tn_sdp_fingerprint *out);

/** a=tls-id of a stream; empty: none, or not 20 to 255 of the characters that it may have. */
tern_str tn_sdp_tls_id(const struct tn_sdp_media *media);
bool tn_sdp_rtcp_mux(const struct tn_sdp_media *media);

#endif
