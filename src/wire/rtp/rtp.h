/* SPDX-License-Identifier: MIT */
/* The RTP packet: RFC 3550 5.1 and 5.3.1. Nothing is copied: views point into the datagram. */
#ifndef TN_WIRE_RTP_RTP_H
#define TN_WIRE_RTP_RTP_H

#include <tern/types.h>

#define TN_RTP_HEADER   12 /* bytes without CSRC and extension */
#define TN_RTP_CSRC_MAX 15

struct tn_rtp {
    bool marker;
    bool extended; /* has a header extension, perhaps an empty one */
    uint8_t payload_type;
    uint8_t padding; /* bytes at the end, its own count included; 0 for none */
    uint8_t csrc_count;
    uint16_t sequence;
    uint32_t timestamp;
    uint32_t ssrc;
    uint32_t csrc[TN_RTP_CSRC_MAX];
    uint16_t extension_profile;
    tern_str extension; /* length is a multiple of 4 */
    tern_str payload;
};

/** @return 0, or TERN_EPARSE with `out` untouched. */
TERN_CHECK int tn_rtp_parse(tern_str datagram, struct tn_rtp *out);

/** @return the length, TERN_EINVAL for what no packet can say, or TERN_ENOBUF. */
TERN_CHECK int tn_rtp_print(const struct tn_rtp *rtp, uint8_t *buf, size_t cap);

/** Where RTP and RTCP share a port: is it RTCP (RFC 5761 4)? */
bool tn_rtp_is_rtcp(tern_str datagram);

#endif
