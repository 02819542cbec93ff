/* SPDX-License-Identifier: MIT */
/*
 * RTCP: compound packets of sender and receiver reports, SDES CNAME and BYE
 * (RFC 3550 6.1 to 6.6). Other types and SDES items are skipped, as 6.1 asks.
 *
 * Reading walks a compound packet part by part. Writing appends parts to a
 * tn_buf, which remembers its first failure.
 */
#ifndef TN_WIRE_RTP_RTCP_H
#define TN_WIRE_RTP_RTCP_H

#include "base/buf.h"

#define TN_RTCP_REPORTS_MAX 31
#define TN_RTCP_SOURCES_MAX 31
#define TN_RTCP_TEXT_MAX    255

enum tn_rtcp_type {
    TN_RTCP_SR = 200,
    TN_RTCP_RR = 201,
    TN_RTCP_SDES = 202,
    TN_RTCP_BYE = 203,
    TN_RTCP_OTHER = 0, /* anything else; skipped by the reader of the part */
};

/* A reception report block, RFC 3550 6.4.1. */
struct tn_rtcp_report {
    uint32_t ssrc; /* whom it is about */
    uint8_t fraction_lost;
    int32_t lost; /* cumulative, 24 bits with sign; clamped when written */
    uint32_t highest_sequence;
    uint32_t jitter; /* timestamp units */
    uint32_t lsr;    /* middle 32 bits of the last SR's NTP time; 0: none came */
    uint32_t dlsr;   /* delay since then, 1/65536 s */
};

struct tn_rtcp {
    enum tn_rtcp_type type;
    uint32_t ssrc; /* SR, RR: sender. BYE, SDES: the first source, if any */
    uint64_t ntp;  /* SR */
    uint32_t rtp_timestamp, packets, bytes;
    uint8_t report_count; /* SR, RR */
    uint8_t source_count; /* BYE, SDES */
    const uint8_t *reports;
    const uint8_t *sources; /* BYE */
    tern_str cname;         /* SDES: of the first source; empty when it has none */
    tern_str reason;        /* BYE */
};

/**
 * The validity check of RFC 3550 A.2, made exact: version 2 throughout, lengths that add up,
 * padding only in the last part, and SR or RR first.
 *
 * @return 0 or TERN_EPARSE
 */
TERN_CHECK int tn_rtcp_check(tern_str compound);

/**
 * Reads the next part and cuts it from `compound`, which tn_rtcp_check() has approved.
 *
 * @return 1 with `out`, 0 at the end, TERN_EPARSE when the part's inside is wrong (it is cut too)
 */
TERN_CHECK int tn_rtcp_next(tern_str *compound, struct tn_rtcp *out);

/* Report `i` of a part; i < report_count. */
struct tn_rtcp_report tn_rtcp_report_at(const struct tn_rtcp *rtcp, size_t i);
/* Source `i` of a BYE; i < source_count. */
uint32_t tn_rtcp_source_at(const struct tn_rtcp *rtcp, size_t i);

/* Sender report; ssrc, ntp, rtp_timestamp, packets and bytes are taken from `sender`. */
void tn_rtcp_print_sr(struct tn_buf *buf, const struct tn_rtcp *sender,
                      const struct tn_rtcp_report *reports, size_t count);
void tn_rtcp_print_rr(struct tn_buf *buf, uint32_t ssrc, const struct tn_rtcp_report *reports,
                      size_t count);
/* cname is cut to TN_RTCP_TEXT_MAX bytes. */
void tn_rtcp_print_cname(struct tn_buf *buf, uint32_t ssrc, tern_str cname);
void tn_rtcp_print_bye(struct tn_buf *buf, uint32_t ssrc);

#endif
