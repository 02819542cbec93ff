/* SPDX-License-Identifier: MIT */
/*
 * RTCP of a stream: reports out and in, BYE. RFC 3550 6. A call has two
 * members, so the interval is always the minimum of 6.2, and neither timer nor
 * BYE needs reconsideration. A BYE from the far end ends nothing: signalling
 * does, and a forged one must not.
 */
#include "media/stream.h"

#include <string.h>

#include "base/list.h"
#include "base/str.h"
#include "wire/rtp/rtcp.h"

#define COMPENSATION_NUMERATOR   100000 /* e - 3/2 = 1.21828: RFC 3550 6.3.1 */
#define COMPENSATION_DENOMINATOR 121828
#define US_PER_SAMPLE            125u
#define NTP_MINUTE               (60u << 16) /* in units of 1/65536 s */

/* Our clock has no epoch; the far end only compares these with each other (RFC 3550 4). */
static uint64_t ntp_of(tern_time time)
{
    uint64_t us = (uint64_t)time;

    return (us / 1000000) << 32 | ((us % 1000000) << 32) / 1000000;
}

static uint32_t ntp_middle(tern_time time)
{
    return (uint32_t)(ntp_of(time) >> 16);
}

/* Beside RTP, wherever that goes; exactly where it was said or seen if that is the same host. */
static tern_addr rtcp_remote(const struct tn_stream *stream)
{
    tern_addr rtp = tn_stream_remote(stream);
    const tern_addr *observed = &stream->rtcp.observed;

    if (rtp.family == TERN_FAMILY_NONE || stream->plan.rtcp_mux) return rtp;
    if (stream->symmetric && (stream->rtcp.proven || tern_addr_same_host(*observed, rtp))) {
        return *observed;
    }
    if (tern_addr_equal(rtp, stream->plan.remote_rtp) &&
        stream->plan.remote_rtcp.family != TERN_FAMILY_NONE) {
        return stream->plan.remote_rtcp;
    }
    if (stream->rtp_socket != stream->rtcp_socket) rtp.port++;
    return rtp;
}

static bool can_report(const struct tn_stream *stream)
{
    tern_addr remote = rtcp_remote(stream);

    if (stream->plan.security == TN_PLAN_DTLS && !stream->plan.rtcp_mux) return false;
    return stream->plan.active && tn_security_ready(&stream->security) &&
           remote.family != TERN_FAMILY_NONE && remote.family == stream->local.family;
}

static size_t take_report(struct tn_stream *stream, struct tn_rtcp_report *report)
{
    if (!stream->reception.known) return 0;
    tn_reception_report(&stream->reception, report);
    report->lsr = stream->rtcp.lsr;
    if (report->lsr) {
        uint64_t delay_us = (uint64_t)(stream->ctx->now - stream->rtcp.lsr_time);
        report->dlsr = (uint32_t)((delay_us << 16) / 1000000);
    }
    return 1;
}

/* RFC 3550 6.4: SR where we have sent since the last one, else RR; then always the CNAME. */
static void print_report(struct tn_stream *stream, struct tn_buf *buf)
{
    struct tn_stream_sender *sender = &stream->sender;
    struct tn_rtcp_report report;
    size_t count = take_report(stream, &report);

    if (sender->packets == sender->packets_reported) {
        tn_rtcp_print_rr(buf, sender->ssrc, &report, count);
    } else {
        uint64_t since_us = (uint64_t)(stream->ctx->now - sender->last_sent);
        struct tn_rtcp self = {
            .ssrc = sender->ssrc,
            .ntp = ntp_of(stream->ctx->now),
            .rtp_timestamp = sender->last_timestamp + (uint32_t)(since_us / US_PER_SAMPLE),
            .packets = sender->packets,
            .bytes = sender->bytes,
        };
        tn_rtcp_print_sr(buf, &self, &report, count);
        sender->packets_reported = sender->packets;
    }
    tn_rtcp_print_cname(buf, sender->ssrc, tn_str(stream->cname));
}

static void send_report(struct tn_stream *stream, bool bye)
{
    uint8_t bytes[TN_RTCP_BYTES];
    struct tn_buf buf;
    tern_str text;

    if (!can_report(stream)) return;
    tn_buf_fixed(&buf, (char *)bytes, sizeof(bytes) - TN_SRTP_TRAILER);
    print_report(stream, &buf);
    if (bye) tn_rtcp_print_bye(&buf, stream->sender.ssrc);
    if (tn_buf_end(&buf, &text) != 0) return;
    if (!tn_security_seal(&stream->security, true, bytes, &text.len, sizeof(bytes))) return;
    stream->rtcp.sent = true;
    tn_stream_output(stream, stream->plan.rtcp_mux ? stream->rtp_socket : stream->rtcp_socket,
                     rtcp_remote(stream), text);
}

/* RFC 3550 6.3.1: half to one and a half of the interval, so that calls do not report in step. */
static void arm(struct tn_stream *stream, tern_time interval)
{
    uint32_t draw = tn_random_below(&stream->ctx->random, (uint32_t)interval);
    tern_time delay = interval / 2 + draw;

    tn_timer_arm(stream->ctx, &stream->rtcp.timer,
                 delay * COMPENSATION_NUMERATOR / COMPENSATION_DENOMINATOR);
}

static void on_timer(struct tn_timer *timer)
{
    struct tn_stream *stream = TN_OWNER(timer, struct tn_stream, rtcp.timer);

    send_report(stream, false);
    arm(stream, TN_RTCP_INTERVAL);
}

void tn_stream_rtcp_init(struct tn_stream *stream)
{
    tn_timer_init(&stream->rtcp.timer, 0, on_timer);
    stream->rtcp.last_received = TERN_TIME_NEVER;
}

void tn_stream_rtcp_configure(struct tn_stream *stream)
{
    if (!stream->plan.active) {
        tn_timer_cancel(stream->ctx, &stream->rtcp.timer);
    } else if (!tn_timer_armed(&stream->rtcp.timer)) {
        arm(stream, TN_RTCP_INTERVAL / 2); /* the first one sooner, RFC 3550 6.2 */
    }
}

void tn_stream_change_ssrc(struct tn_stream *stream)
{
    uint32_t ssrc = tn_random_u32(&stream->ctx->random);

    if (stream->rtcp.sent || stream->sender.packets > 0) send_report(stream, true);
    while (ssrc == stream->sender.ssrc || ssrc == stream->reception.ssrc)
        ssrc++;
    stream->sender.ssrc = ssrc;
    stream->sender.packets = stream->sender.bytes = stream->sender.packets_reported = 0;
}

int tn_stream_bye(struct tn_stream *stream)
{
    tn_timer_cancel(stream->ctx, &stream->rtcp.timer);
    if (stream->rtcp.sent || stream->sender.packets > 0) send_report(stream, true);
    stream->rtcp.sent = false; /* one BYE is enough */
    stream->sender.packets = stream->sender.packets_reported = 0;
    return 0;
}

static void read_report(struct tn_stream *stream, const struct tn_rtcp_report *report)
{
    struct tn_stream_rtcp *rtcp = &stream->rtcp;
    uint32_t round_trip = ntp_middle(stream->ctx->now) - report->lsr - report->dlsr;

    rtcp->remote_lost = report->lost > 0 ? (uint32_t)report->lost : 0;
    rtcp->remote_jitter_us =
        report->jitter < UINT32_MAX / US_PER_SAMPLE ? report->jitter * US_PER_SAMPLE : UINT32_MAX;
    if (report->lsr == 0 || round_trip > NTP_MINUTE) return; /* never sent one, or a lie */
    rtcp->round_trip_us = (uint32_t)((uint64_t)round_trip * 1000000 >> 16);
}

static void read_part(struct tn_stream *stream, const struct tn_rtcp *part)
{
    if (part->type != TN_RTCP_SR && part->type != TN_RTCP_RR) return;
    for (size_t i = 0; i < part->report_count; i++) {
        struct tn_rtcp_report report = tn_rtcp_report_at(part, i);
        if (report.ssrc == stream->sender.ssrc) read_report(stream, &report);
    }
    if (part->type != TN_RTCP_SR) return;
    stream->rtcp.lsr = (uint32_t)(part->ntp >> 16);
    stream->rtcp.lsr_time = stream->ctx->now;
}

/* From where the far end's RTP comes or was announced, and from the source that we hear. */
static bool is_credible(const struct tn_stream *stream, const struct tn_rtcp *first,
                        tern_addr remote)
{
    if (stream->reception.known && first->ssrc != stream->reception.ssrc) return false;
    return tern_addr_same_host(remote, tn_stream_remote(stream)) ||
           tern_addr_same_host(remote, stream->plan.remote_rtcp);
}

static bool is_welcome(const struct tn_stream *stream, const struct tn_rtcp *first,
                       tern_addr remote, enum tn_source_proof proof)
{
    if (first->type != TN_RTCP_SR && first->type != TN_RTCP_RR) return false;
    return proof != TN_SOURCE_UNPROVEN || is_credible(stream, first, remote);
}

/* An authentic packet that was overtaken says nothing about where the far end is now. */
static void observe(struct tn_stream *stream, tern_addr remote, enum tn_source_proof proof)
{
    if (proof == TN_SOURCE_OVERTAKEN) return;
    stream->rtcp.observed = remote;
    stream->rtcp.proven = proof == TN_SOURCE_PROVEN;
}

void tn_stream_rtcp_receive(struct tn_stream *stream, const struct tern_datagram *datagram,
                            enum tn_source_proof proof)
{
    tern_str compound = {datagram->data, datagram->len};
    struct tn_rtcp part;

    if (!stream->plan.active || tn_rtcp_check(compound) != 0 ||
        tn_rtcp_next(&compound, &part) != 1 ||
        !is_welcome(stream, &part, datagram->remote, proof)) {
        tn_stream_drop(stream);
        return;
    }
    stream->rtcp.last_received = stream->ctx->now;
    if (stream->plan.rtcp_mux || datagram->socket == stream->rtcp_socket) {
        observe(stream, datagram->remote, proof);
    }
    read_part(stream, &part);
    for (int more = 1; more != 0;) {
        more = tn_rtcp_next(&compound, &part);
        if (more == 1) read_part(stream, &part);
    }
}
