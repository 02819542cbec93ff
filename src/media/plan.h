/* SPDX-License-Identifier: MIT */
/* What offer and answer have agreed on for one audio stream: the negotiation's output, the stream's input. */
#ifndef TN_MEDIA_PLAN_H
#define TN_MEDIA_PLAN_H

#include <tern/network.h>

enum tn_codec { TN_CODEC_NONE, TN_CODEC_PCMU, TN_CODEC_PCMA };

#define TN_PLAN_PAYLOADS_MAX 8

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
};

#endif
