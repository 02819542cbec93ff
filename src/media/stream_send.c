/* SPDX-License-Identifier: MIT */
/* Outgoing: a frame of PCM, or a telephone-event, becomes one packet at once. RFC 3550, 3551, 4733. */
#include "media/stream.h"

#include <string.h>

#include "base/mutant.h"
#include "wire/rtp/g711.h"
#include "wire/rtp/rtp.h"

static bool wants_to_send(const struct tn_stream *stream)
{
    return stream->plan.active && stream->plan.send && stream->plan.send_codec != TN_CODEC_NONE;
}

bool tn_stream_can_send(const struct tn_stream *stream)
{
    tern_addr remote = tn_stream_remote(stream);

    return wants_to_send(stream) && tn_security_ready(&stream->security) &&
           remote.family != TERN_FAMILY_NONE && remote.family == stream->local.family;
}

static void send_by_second(struct tn_stream *stream, tern_addr remote, tern_str packet)
{
    tern_addr first = stream->local;
    if (TN_MUTANT(DOUBLED_ANEW)) packet.len = packet.len > 20 ? packet.len - 1 : packet.len;
    if (stream->second.family != remote.family || stream->ctx->now >= stream->second_until) return;
    stream->local = stream->second;
    tn_stream_output(stream, stream->rtp_socket, remote, packet);
    stream->local = first;
}

static void send_packet(struct tn_stream *stream, struct tn_rtp *rtp)
{
    struct tn_stream_sender *sender = &stream->sender;
    uint8_t bytes[TN_RTP_HEADER + TERN_PCM_FRAME + TN_SRTP_TRAILER];

    rtp->sequence = sender->sequence;
    rtp->ssrc = sender->ssrc;
    int printed = tn_rtp_print(rtp, bytes, sizeof(bytes));
    if (printed < 0) return; /* a payload type that the plan should not have */
    size_t len = (size_t)printed;
    if (!tn_security_seal(&stream->security, false, bytes, &len, sizeof(bytes))) return;
    sender->sequence++;
    sender->packets++;
    sender->bytes += (uint32_t)rtp->payload.len;
    sender->last_sent = stream->ctx->now;
    stream->counts.packets_sent++;
    stream->counts.bytes_sent += len;
    stream->ctx->stats.rtp_out++;
    tern_str packet = {(const char *)bytes, len};
    tn_stream_output(stream, stream->rtp_socket, tn_stream_remote(stream), packet);
    send_by_second(stream, tn_stream_remote(stream), packet);
}

static void encode(enum tn_codec codec, const int16_t *pcm, uint8_t *out)
{
    bool alaw = codec == TN_CODEC_PCMA;

    if (!pcm) {
        memset(out, alaw ? TN_PCMA_SILENCE : TN_PCMU_SILENCE, TERN_PCM_FRAME);
        return;
    }
    for (size_t i = 0; i < TERN_PCM_FRAME; i++)
        out[i] = alaw ? tn_pcma_encode(pcm[i]) : tn_pcmu_encode(pcm[i]);
}

static void send_audio(struct tn_stream *stream, const int16_t *pcm, uint32_t timestamp)
{
    uint8_t payload[TERN_PCM_FRAME];
    struct tn_rtp rtp = {
        .marker = !stream->sender.talking, /* RFC 3551 4.1: first packet after a pause */
        .payload_type = stream->plan.send_pt,
        .timestamp = timestamp,
        .payload = {(const char *)payload, sizeof(payload)},
    };

    encode(stream->plan.send_codec, pcm, payload);
    send_packet(stream, &rtp);
    stream->sender.talking = true;
}

/* @return true when the event takes the place of the audio */
static bool send_event(struct tn_stream *stream, uint32_t timestamp)
{
    struct tn_dtmf_packet packet;
    uint8_t payload[TN_EVENT_LENGTH];

    if (stream->plan.event_send_pt < 0) return false;
    if (!tn_dtmf_tick(&stream->dtmf_sender, timestamp, &packet)) return false;
    struct tn_rtp rtp = {
        .marker = packet.marker,
        .payload_type = (uint8_t)stream->plan.event_send_pt,
        .timestamp = packet.timestamp,
        .payload = {(const char *)payload, sizeof(payload)},
    };
    tn_event_print(&packet.event, payload);
    send_packet(stream, &rtp);
    return packet.instead;
}

int tn_stream_send(struct tn_stream *stream, const int16_t *pcm)
{
    uint32_t timestamp = stream->sender.timestamp;

    stream->sender.timestamp += TERN_PCM_FRAME;
    stream->sender.last_timestamp = timestamp;
    if (!tn_stream_can_send(stream)) {
        if (wants_to_send(stream)) stream->sender.swallowed++;
        stream->sender.talking = false;
        return 0;
    }
    if (send_event(stream, timestamp)) {
        stream->sender.talking = false;
        return 0;
    }
    send_audio(stream, pcm, timestamp);
    return 0;
}

int tn_stream_dtmf(struct tn_stream *stream, char digit, uint32_t duration_ms)
{
    if (stream->plan.event_send_pt < 0) return TERN_EUNSUPPORTED;
    return tn_dtmf_queue(&stream->dtmf_sender, digit, duration_ms);
}
