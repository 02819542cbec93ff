/* SPDX-License-Identifier: MIT */
#include "wire/rtp/rtp.h"

#include <string.h>
#include <tern/err.h>

#include "base/bytes.h"

#define VERSION          2u
#define EXTENSION_HEADER 4u
#define EXTENSION_MAX    (UINT16_MAX * (size_t)4)

static int parse_extension(struct tn_rtp *rtp, const uint8_t *p, size_t left, size_t *taken)
{
    *taken = 0;
    if (!rtp->extended) return 0;
    if (left < EXTENSION_HEADER) return TERN_EPARSE;
    size_t len = (size_t)tn_get16(p + 2) * 4;
    if (left - EXTENSION_HEADER < len) return TERN_EPARSE;
    rtp->extension_profile = tn_get16(p);
    rtp->extension = (tern_str){(const char *)p + EXTENSION_HEADER, len};
    *taken = EXTENSION_HEADER + len;
    return 0;
}

int tn_rtp_parse(tern_str datagram, struct tn_rtp *out)
{
    const uint8_t *p = (const uint8_t *)datagram.ptr;
    struct tn_rtp rtp;
    size_t head, extension;

    if (datagram.len < TN_RTP_HEADER || p[0] >> 6 != VERSION) return TERN_EPARSE;
    memset(&rtp, 0, sizeof(rtp));
    rtp.extended = p[0] >> 4 & 1;
    rtp.csrc_count = p[0] & 15;
    rtp.marker = p[1] >> 7;
    rtp.payload_type = p[1] & 127;
    rtp.sequence = tn_get16(p + 2);
    rtp.timestamp = tn_get32(p + 4);
    rtp.ssrc = tn_get32(p + 8);

    head = TN_RTP_HEADER + (size_t)rtp.csrc_count * 4;
    if (datagram.len < head) return TERN_EPARSE;
    for (size_t i = 0; i < rtp.csrc_count; i++)
        rtp.csrc[i] = tn_get32(p + TN_RTP_HEADER + i * 4);
    if (parse_extension(&rtp, p + head, datagram.len - head, &extension) != 0) return TERN_EPARSE;
    head += extension;

    if (p[0] >> 5 & 1) {
        rtp.padding = datagram.len > head ? p[datagram.len - 1] : 0;
        if (rtp.padding == 0 || rtp.padding > datagram.len - head) return TERN_EPARSE;
    }
    rtp.payload = (tern_str){datagram.ptr + head, datagram.len - head - rtp.padding};
    *out = rtp;
    return 0;
}

static uint8_t *print_extension(const struct tn_rtp *rtp, uint8_t *p)
{
    if (!rtp->extended) return p;
    tn_put16(p, rtp->extension_profile);
    tn_put16(p + 2, (uint16_t)(rtp->extension.len / 4));
    if (rtp->extension.len > 0) memcpy(p + 4, rtp->extension.ptr, rtp->extension.len);
    return p + EXTENSION_HEADER + rtp->extension.len;
}

static bool valid(const struct tn_rtp *rtp)
{
    if (rtp->payload_type > 127 || rtp->csrc_count > TN_RTP_CSRC_MAX) return false;
    return rtp->extension.len % 4 == 0 && rtp->extension.len <= EXTENSION_MAX;
}

int tn_rtp_print(const struct tn_rtp *rtp, uint8_t *buf, size_t cap)
{
    uint8_t *p = buf;

    if (!valid(rtp)) return TERN_EINVAL;
    if (rtp->payload.len > cap) return TERN_ENOBUF; /* so that the sum below cannot overflow */
    size_t total = TN_RTP_HEADER + (size_t)rtp->csrc_count * 4 + rtp->payload.len + rtp->padding +
                   (rtp->extended ? EXTENSION_HEADER + rtp->extension.len : 0);
    if (total > cap || total > INT32_MAX) return TERN_ENOBUF;

    unsigned flags = (rtp->padding > 0 ? 0x20u : 0) | (rtp->extended ? 0x10u : 0);
    p[0] = (uint8_t)(VERSION << 6 | flags | rtp->csrc_count);
    p[1] = (uint8_t)(rtp->marker << 7 | rtp->payload_type);
    tn_put16(p + 2, rtp->sequence);
    tn_put32(p + 4, rtp->timestamp);
    tn_put32(p + 8, rtp->ssrc);
    p += TN_RTP_HEADER;
    for (size_t i = 0; i < rtp->csrc_count; i++, p += 4)
        tn_put32(p, rtp->csrc[i]);
    p = print_extension(rtp, p);
    if (rtp->payload.len > 0) memcpy(p, rtp->payload.ptr, rtp->payload.len);
    p += rtp->payload.len;
    if (rtp->padding > 0) {
        memset(p, 0, rtp->padding);
        p[rtp->padding - 1] = rtp->padding;
    }
    return (int)total;
}

bool tn_rtp_is_rtcp(tern_str datagram)
{
    const uint8_t *p = (const uint8_t *)datagram.ptr;

    return datagram.len >= 2 && p[0] >> 6 == VERSION && p[1] >= 192 && p[1] <= 223;
}
