/* SPDX-License-Identifier: MIT */
/* What offer and answer have agreed on for one audio stream: the negotiation's output, the stream's input. */
#ifndef TN_MEDIA_PLAN_H
#define TN_MEDIA_PLAN_H

#include <tern/network.h>

#include "base/alloc.h"
#include "crypto/srtp_suite.h"

enum tn_codec { TN_CODEC_NONE, TN_CODEC_PCMU, TN_CODEC_PCMA };

/* Once it is not PLAIN, nothing leaves or is heard in the clear, keys or no keys. */
enum tn_plan_security {
    TN_PLAN_PLAIN,
    TN_PLAN_SDES, /* `keys` are in the description, RFC 4568 */
    TN_PLAN_DTLS, /* the stream agrees on keys by itself, RFC 5763, 5764 */
};

#define TN_PLAN_PAYLOADS_MAX    8
#define TN_PLAN_FINGERPRINT_MAX 208 /* "sha-512 " and 64 bytes "AB:", with a NUL */

struct tn_media_plan {
    bool active; /* false: rejected or no media */
    bool send;   /* we may send */
    bool listen; /* they may send */
    enum tn_codec send_codec;
    uint8_t send_pt;
    int event_send_pt;    /* telephone-event, RFC 4733; -1: not agreed */
    int event_receive_pt; /* -1: not agreed */
    struct {
        uint8_t pt;
        enum tn_codec codec;
    } receive[TN_PLAN_PAYLOADS_MAX];
    size_t receive_count;
    uint32_t ptime_ms;     /* what the far end wants; 20 unless said */
    tern_addr remote_rtp;  /* family 0: "0.0.0.0" hold of RFC 2543 */
    tern_addr remote_rtcp; /* port + 1 unless a=rtcp says otherwise */
    bool rtcp_mux;         /* RFC 5761: RTCP by the socket of RTP, to where that goes */
    enum tn_plan_security security;
    /*
     * SDES. The same keys as before go on; others begin with a rollover counter of 0. A send key
     * that comes back, as a fork's may, costs the stream its SSRC. Suite NONE: there are none yet.
     */
    struct tn_srtp_keys keys;
    /* DTLS; needs rtcp_mux, without which RTCP is neither sent nor heard. */
    bool dtls_active;                               /* ours is a=setup:active */
    char peer_fingerprint[TN_PLAN_FINGERPRINT_MAX]; /* value of a=fingerprint, NUL-terminated */
    uint32_t association; /* another number: another handshake, RFC 8842 5 */
};

/* A plan may hold keys. */
static inline void tn_plan_wipe(struct tn_media_plan *plan)
{
    tn_wipe(plan, sizeof(*plan));
}

#endif
