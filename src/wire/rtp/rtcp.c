/* SPDX-License-Identifier: MIT */
#include "wire/rtp/rtcp.h"

#include <string.h>
#include <tern/err.h>

#include "base/assert.h"
#include "base/bytes.h"

#define VERSION     2u
#define HEADER      4u
#define REPORT      24u /* bytes of a report block */
#define SENDER_INFO 20u
#define ITEM_END    0
#define ITEM_CNAME  1
#define LOST_MAX    0x7fffff
#define LOST_MIN    (-0x800000)

static size_t part_length(const uint8_t *p)
{
    return ((size_t)tn_get16(p + 2) + 1) * 4;
}

static int check_padding(const uint8_t *part, size_t len, bool last)
{
    if (!(part[0] >> 5 & 1)) return 0;
    if (!last) return TERN_EPARSE; /* RFC 3550 6.4.1: only on the last part */
    size_t padding = part[len - 1];
    return padding > 0 && padding % 4 == 0 && padding <= len - HEADER ? 0 : TERN_EPARSE;
}

int tn_rtcp_check(tern_str compound)
{
    const uint8_t *p = (const uint8_t *)compound.ptr;
    size_t left = compound.len;

    if (left < HEADER || (p[1] != TN_RTCP_SR && p[1] != TN_RTCP_RR)) return TERN_EPARSE;
    while (left > 0) {
        if (left < HEADER || p[0] >> 6 != VERSION) return TERN_EPARSE;
        size_t len = part_length(p);
        if (len > left || check_padding(p, len, len == left) != 0) return TERN_EPARSE;
        p += len;
        left -= len;
    }
    return 0;
}

static int parse_reports(struct tn_rtcp *out, const uint8_t *p, size_t len, unsigned count)
{
    if (len < (size_t)count * REPORT) return TERN_EPARSE;
    out->report_count = (uint8_t)count;
    out->reports = p;
    return 0;
}

static int parse_sr(struct tn_rtcp *out, const uint8_t *p, size_t len, unsigned count)
{
    if (len < 4 + SENDER_INFO) return TERN_EPARSE;
    out->ssrc = tn_get32(p);
    out->ntp = (uint64_t)tn_get32(p + 4) << 32 | tn_get32(p + 8);
    out->rtp_timestamp = tn_get32(p + 12);
    out->packets = tn_get32(p + 16);
    out->bytes = tn_get32(p + 20);
    return parse_reports(out, p + 4 + SENDER_INFO, len - 4 - SENDER_INFO, count);
}

static int parse_rr(struct tn_rtcp *out, const uint8_t *p, size_t len, unsigned count)
{
    if (len < 4) return TERN_EPARSE;
    out->ssrc = tn_get32(p);
    return parse_reports(out, p + 4, len - 4, count);
}

/* Only the first chunk is of interest: a user agent is one source. */
static int parse_sdes(struct tn_rtcp *out, const uint8_t *p, size_t len, unsigned count)
{
    out->source_count = (uint8_t)count;
    if (count == 0) return 0;
    if (len < 4) return TERN_EPARSE;
    out->ssrc = tn_get32(p);
    for (size_t at = 4; at < len && p[at] != ITEM_END;) {
        if (len - at < 2 || len - at - 2 < p[at + 1]) return TERN_EPARSE;
        if (p[at] == ITEM_CNAME) {
            out->cname = (tern_str){(const char *)p + at + 2, p[at + 1]};
            return 0;
        }
        at += 2u + p[at + 1];
    }
    return 0;
}

static int parse_bye(struct tn_rtcp *out, const uint8_t *p, size_t len, unsigned count)
{
    size_t sources = (size_t)count * 4;

    if (len < sources) return TERN_EPARSE;
    out->source_count = (uint8_t)count;
    out->sources = p;
    if (count > 0) out->ssrc = tn_get32(p);
    if (len == sources) return 0;
    if (len - sources - 1 < p[sources]) return TERN_EPARSE;
    out->reason = (tern_str){(const char *)p + sources + 1, p[sources]};
    return 0;
}

int tn_rtcp_next(tern_str *compound, struct tn_rtcp *out)
{
    const uint8_t *p = (const uint8_t *)compound->ptr;

    if (compound->len == 0) return 0;
    TN_ASSERT(compound->len >= HEADER);
    size_t len = part_length(p);
    TN_ASSERT(len <= compound->len);
    compound->ptr += len;
    compound->len -= len;

    struct tn_rtcp part = {.type = TN_RTCP_OTHER};
    unsigned count = p[0] & 31;
    size_t body = len - HEADER - (p[0] >> 5 & 1 ? p[len - 1] : 0);
    int err = 0;
    switch (p[1]) {
    case TN_RTCP_SR: err = parse_sr(&part, p + HEADER, body, count); break;
    case TN_RTCP_RR: err = parse_rr(&part, p + HEADER, body, count); break;
    case TN_RTCP_SDES: err = parse_sdes(&part, p + HEADER, body, count); break;
    case TN_RTCP_BYE: err = parse_bye(&part, p + HEADER, body, count); break;
    default: *out = part; return 1;
    }
    if (err) return err;
    part.type = (enum tn_rtcp_type)p[1];
    *out = part;
    return 1;
}

struct tn_rtcp_report tn_rtcp_report_at(const struct tn_rtcp *rtcp, size_t i)
{
    TN_ASSERT(i < rtcp->report_count);
    const uint8_t *p = rtcp->reports + i * REPORT;
    uint32_t lost = tn_get24(p + 5);

    return (struct tn_rtcp_report){
        .ssrc = tn_get32(p),
        .fraction_lost = p[4],
        .lost = (int32_t)lost - (lost & 0x800000 ? 0x1000000 : 0),
        .highest_sequence = tn_get32(p + 8),
        .jitter = tn_get32(p + 12),
        .lsr = tn_get32(p + 16),
        .dlsr = tn_get32(p + 20),
    };
}

uint32_t tn_rtcp_source_at(const struct tn_rtcp *rtcp, size_t i)
{
    TN_ASSERT(rtcp->type == TN_RTCP_BYE);
    TN_ASSERT(i < rtcp->source_count);
    return tn_get32(rtcp->sources + i * 4);
}

static void print_u32(struct tn_buf *buf, uint32_t value)
{
    uint8_t bytes[4];

    tn_put32(bytes, value);
    tn_buf_bytes(buf, bytes, sizeof(bytes));
}

/* `len` counts all bytes of the part and is a multiple of 4. */
static void print_header(struct tn_buf *buf, enum tn_rtcp_type type, size_t count, size_t len)
{
    uint8_t bytes[4] = {(uint8_t)(VERSION << 6 | count), (uint8_t)type, 0, 0};

    TN_ASSERT(count <= TN_RTCP_REPORTS_MAX);
    tn_put16(bytes + 2, (uint16_t)(len / 4 - 1));
    tn_buf_bytes(buf, bytes, sizeof(bytes));
}

static void print_report(struct tn_buf *buf, const struct tn_rtcp_report *report)
{
    uint8_t bytes[REPORT];
    int32_t lost = report->lost;

    if (lost > LOST_MAX) lost = LOST_MAX;
    if (lost < LOST_MIN) lost = LOST_MIN;
    tn_put32(bytes, report->ssrc);
    bytes[4] = report->fraction_lost;
    tn_put24(bytes + 5, (uint32_t)lost);
    tn_put32(bytes + 8, report->highest_sequence);
    tn_put32(bytes + 12, report->jitter);
    tn_put32(bytes + 16, report->lsr);
    tn_put32(bytes + 20, report->dlsr);
    tn_buf_bytes(buf, bytes, sizeof(bytes));
}

void tn_rtcp_print_sr(struct tn_buf *buf, const struct tn_rtcp *sender,
                      const struct tn_rtcp_report *reports, size_t count)
{
    print_header(buf, TN_RTCP_SR, count, HEADER + 4 + SENDER_INFO + count * REPORT);
    print_u32(buf, sender->ssrc);
    print_u32(buf, (uint32_t)(sender->ntp >> 32));
    print_u32(buf, (uint32_t)sender->ntp);
    print_u32(buf, sender->rtp_timestamp);
    print_u32(buf, sender->packets);
    print_u32(buf, sender->bytes);
    for (size_t i = 0; i < count; i++)
        print_report(buf, &reports[i]);
}

void tn_rtcp_print_rr(struct tn_buf *buf, uint32_t ssrc, const struct tn_rtcp_report *reports,
                      size_t count)
{
    print_header(buf, TN_RTCP_RR, count, HEADER + 4 + count * REPORT);
    print_u32(buf, ssrc);
    for (size_t i = 0; i < count; i++)
        print_report(buf, &reports[i]);
}

void tn_rtcp_print_cname(struct tn_buf *buf, uint32_t ssrc, tern_str cname)
{
    static const uint8_t zeros[4];

    if (cname.len > TN_RTCP_TEXT_MAX) cname.len = TN_RTCP_TEXT_MAX;
    uint8_t item[2] = {ITEM_CNAME, (uint8_t)cname.len};
    size_t used = sizeof(item) + cname.len;
    size_t padding = 4 - used % 4; /* at least one zero ends the chunk, RFC 3550 6.5 */
    print_header(buf, TN_RTCP_SDES, 1, HEADER + 4 + used + padding);
    print_u32(buf, ssrc);
    tn_buf_bytes(buf, item, sizeof(item));
    tn_buf_str(buf, cname);
    tn_buf_bytes(buf, zeros, padding);
}

void tn_rtcp_print_bye(struct tn_buf *buf, uint32_t ssrc)
{
    print_header(buf, TN_RTCP_BYE, 1, HEADER + 4);
    print_u32(buf, ssrc);
}
