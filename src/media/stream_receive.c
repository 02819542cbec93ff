/* SPDX-License-Identifier: MIT */
/*
 * Incoming: which packets are the far end's, and where each goes. A packet has
 * to pass, in this order: its key, where there is one (RFC 3711 3.3), the RTP
 * header (RFC 3550 A.1), the SSRC (another one only after probation), the
 * source (source.h), the sequence number.
 */
#include "media/stream.h"

#include <string.h>

#include "base/assert.h"
#include "base/mutant.h"
#include "wire/rtp/rtp.h"

/* What a packet carries, by the plan. */
struct content {
    enum tn_codec codec; /* NONE for an event, and for what was not agreed */
    bool event;
};

static struct content content_of(const struct tn_stream *stream, uint8_t payload_type, size_t len)
{
    const struct tn_media_plan *plan = &stream->plan;
    struct content content = {TN_CODEC_NONE, false};

    if (plan->event_receive_pt == payload_type) content.event = len >= TN_EVENT_LENGTH;
    if (content.event || len < TN_PACKET_MIN || len > TN_PACKET_MAX) return content;
    for (size_t i = 0; i < plan->receive_count; i++) {
        if (plan->receive[i].pt == payload_type) content.codec = plan->receive[i].codec;
    }
    return content;
}

static bool is_agreed(struct content content)
{
    return content.event || content.codec != TN_CODEC_NONE;
}

static void forget_held(struct tn_stream *stream)
{
    for (; stream->held_count > 0; stream->held_count--)
        tn_stream_drop(stream);
}

static void hold(struct tn_stream *stream, const struct tn_rtp *rtp)
{
    if (!tern_addr_equal(stream->held_from, stream->source.candidate)) forget_held(stream);
    stream->held_from = stream->source.candidate;
    if (rtp->payload.len > TN_HELD_BYTES) {
        tn_stream_drop(stream);
        return;
    }
    if (stream->held_count == TN_HELD_PACKETS) {
        memmove(stream->held, stream->held + 1, sizeof(stream->held) - sizeof(*stream->held));
        stream->held_count--;
        tn_stream_drop(stream);
    }
    struct tn_stream_held *held = &stream->held[stream->held_count++];
    *held = (struct tn_stream_held){
        .arrived = stream->ctx->now,
        .timestamp = rtp->timestamp,
        .sequence = rtp->sequence,
        .payload_type = rtp->payload_type,
        .len = (uint8_t)rtp->payload.len,
    };
    memcpy(held->payload, rtp->payload.ptr, rtp->payload.len);
}

static void play_event(struct tn_stream *stream, const struct tn_rtp *rtp, tern_time arrived)
{
    struct tn_event event;

    if (tn_event_parse(rtp->payload, &event) != 0) return;
    tn_dtmf_receive(&stream->dtmf_receiver, &event, rtp->timestamp, arrived);
}

static void play(struct tn_stream *stream, const struct tn_rtp *rtp, tern_time arrived)
{
    struct content content = content_of(stream, rtp->payload_type, rtp->payload.len);
    struct tn_reception_packet seen = {rtp->sequence, rtp->timestamp, !content.event};

    if (!tn_reception_packet(&stream->reception, &seen, arrived)) {
        tn_stream_drop(stream);
        return;
    }
    stream->last_received = stream->ctx->now;
    stream->counts.packets_received++;
    stream->counts.bytes_received += TN_RTP_HEADER + rtp->payload.len;
    stream->ctx->stats.rtp_in++;
    if (content.event) {
        play_event(stream, rtp, arrived);
    } else if (content.codec == TN_CODEC_NONE) {
        tn_stream_drop(stream); /* comfort noise, for one: ours is as good */
    } else if (stream->plan.listen) {
        struct tn_jitter_packet packet = {rtp->timestamp, content.codec, rtp->payload};
        tn_playout_put(&stream->playout, &packet, arrived);
    }
}

/* Not what the old source has said meanwhile, by another path, too. */
static bool is_news(const struct tn_stream *stream, const struct tn_stream_held *held)
{
    return stream->ctx->now - held->arrived <= TN_HELD_AGE &&
           tn_reception_continues(&stream->reception, held->sequence, 0);
}

/* `from` has passed its trial. */
static void play_held(struct tn_stream *stream, tern_addr from)
{
    if (!tern_addr_equal(stream->held_from, from)) forget_held(stream);
    for (size_t i = 0; i < stream->held_count; i++) {
        const struct tn_stream_held *held = &stream->held[i];
        if (!is_news(stream, held)) {
            tn_stream_drop(stream);
            continue;
        }
        struct tn_rtp rtp = {
            .payload_type = held->payload_type,
            .sequence = held->sequence,
            .timestamp = held->timestamp,
            .payload = {(const char *)held->payload, held->len},
        };
        play(stream, &rtp, held->arrived);
    }
    stream->held_count = 0;
}

/* RFC 3550 A.1: another SSRC counts from its second packet in sequence on. */
static bool passes_trial(struct tn_stream *stream, const struct tn_rtp *rtp, tern_addr remote)
{
    struct tn_stream_trial *trial = &stream->trial;
    bool goes_on = trial->count > 0 && trial->ssrc == rtp->ssrc &&
                   trial->next_sequence == rtp->sequence && tern_addr_equal(trial->remote, remote);

    if (!goes_on) *trial = (struct tn_stream_trial){.ssrc = rtp->ssrc, .remote = remote};
    trial->count++;
    trial->next_sequence = (uint16_t)(rtp->sequence + 1);
    return trial->count >= TN_SSRC_PROOF;
}

/* The far end speaks with this SSRC from now on. */
static void adopt(struct tn_stream *stream, const struct tn_rtp *rtp)
{
    bool first = !stream->reception.known;

    tn_reception_start(&stream->reception, rtp->ssrc, rtp->sequence);
    if (first) return;
    tn_playout_reset(&stream->playout);
    stream->dtmf_receiver.known = stream->dtmf_receiver.open = false;
    stream->trial.count = 0;
    stream->rtcp.lsr = 0;
}

static bool is_plausible(struct tn_stream *stream, const struct tn_rtp *rtp, tern_addr remote)
{
    const struct tn_reception *reception = &stream->reception;
    tern_time heard = stream->last_received;
    tern_time silence = heard == TERN_TIME_NEVER ? 0 : stream->ctx->now - heard;

    if (!is_agreed(content_of(stream, rtp->payload_type, rtp->payload.len))) return false;
    if (!reception->known) return true;
    if (reception->ssrc == rtp->ssrc) {
        return tn_reception_continues(reception, rtp->sequence, silence);
    }
    return tn_source_may_change_ssrc(&stream->source, remote) && passes_trial(stream, rtp, remote);
}

/* RFC 3550 8.2: our own SSRC comes back. Chance, once; a second time it is an echo of ourselves. */
static void collide(struct tn_stream *stream, tern_addr remote)
{
    tn_stream_drop(stream);
    if (stream->sender.ssrc_changed) return;
    if (!tern_addr_same_host(remote, tn_stream_remote(stream))) return;
    stream->sender.ssrc_changed = true;
    tn_stream_change_ssrc(stream);
}

/* Whoever has the key may speak as whom he likes; only what was overtaken has to wait and see. */
static bool may_speak(struct tn_stream *stream, const struct tn_rtp *rtp, tern_addr remote,
                      enum tn_source_proof proof)
{
    switch (proof) {
    case TN_SOURCE_PROVEN: return true;
    case TN_SOURCE_OVERTAKEN:
        return !stream->reception.known || stream->reception.ssrc == rtp->ssrc ||
               passes_trial(stream, rtp, remote);
    case TN_SOURCE_UNPROVEN: break;
    }
    return is_plausible(stream, rtp, remote);
}

static enum tn_source_verdict judge(struct tn_stream *stream, const struct tn_rtp *rtp,
                                    tern_addr remote, enum tn_source_proof proof)
{
    enum tn_source_state before = stream->source.state;
    bool same = stream->reception.known && stream->reception.ssrc == rtp->ssrc;
    struct tn_source_packet packet = {
        .remote = remote,
        .sequence = rtp->sequence,
        .plausible = may_speak(stream, rtp, remote, proof),
        .new_ssrc = !same,
        .proof = proof,
    };

    if (!same && !packet.plausible) return TN_SOURCE_IGNORE; /* not even a sign of life */
    enum tn_source_verdict verdict = tn_source_packet(&stream->source, &packet, stream->ctx->now);
    if (stream->source.state != before) {
        tn_trace(stream->ctx, "source", stream->sender.ssrc, tn_source_state_name(before),
                 tn_source_state_name(stream->source.state));
    }
    return verdict;
}

static void receive_rtp(struct tn_stream *stream, const struct tern_datagram *datagram,
                        enum tn_source_proof proof)
{
    struct tn_rtp rtp;
    tern_str data = {datagram->data, datagram->len};

    if (tn_rtp_parse(data, &rtp) != 0 || !stream->plan.active) {
        tn_stream_drop(stream);
        return;
    }
    if (rtp.ssrc == stream->sender.ssrc) {
        collide(stream, datagram->remote);
        return;
    }
    switch (judge(stream, &rtp, datagram->remote, proof)) {
    case TN_SOURCE_IGNORE: tn_stream_drop(stream); return;
    case TN_SOURCE_HOLD: hold(stream, &rtp); return;
    case TN_SOURCE_PLAY: break;
    case TN_SOURCE_MOVED:
        stream->rtcp.proven = false;
        play_held(stream, datagram->remote);
        break;
    }
    if (!stream->reception.known || stream->reception.ssrc != rtp.ssrc) adopt(stream, &rtp);
    play(stream, &rtp, stream->ctx->now);
}

/*
 * RFC 5761 4: what is on RTP's port tells by itself, also where nobody has agreed to share it. A NAT that
 * has forgotten gives RTP the port that was RTCP's: a report read as RTP would bear our own SSRC.
 */
static bool is_rtcp(const struct tn_stream *stream, const struct tern_datagram *datagram)
{
    tern_str data = {datagram->data, datagram->len};

    if (datagram->socket == stream->rtp_socket) return tn_rtp_is_rtcp(data);
    return datagram->socket == stream->rtcp_socket;
}

static void receive(struct tn_stream *stream, const struct tern_datagram *datagram, bool rtcp,
                    enum tn_source_proof proof)
{
    if (rtcp) {
        tn_stream_rtcp_receive(stream, datagram, proof);
    } else {
        receive_rtp(stream, datagram, proof);
    }
}

/*
 * After a restart somebody may show what the process before has heard, and this one does not remember.
 * Whom that one followed is believed at once, and others when he has had time to speak.
 */
static bool is_doubtful(struct tn_stream *stream, tern_addr remote)
{
    if (!stream->doubts) return false;
    if (stream->doubt_until == TERN_TIME_NEVER)
        stream->doubt_until = stream->ctx->now + TN_SOURCE_MOVE_GAP;
    stream->doubts =
        stream->ctx->now < stream->doubt_until && !tern_addr_equal(stream->source.accepted, remote);
    return stream->doubts;
}

/* Nothing looks at a packet before its key has. */
static void receive_secured(struct tn_stream *stream, const struct tern_datagram *datagram,
                            bool rtcp)
{
    struct tern_datagram clear = *datagram;
    uint8_t bytes[TN_SRTP_PACKET];
    tern_str data = {datagram->data, datagram->len};
    enum tn_source_proof proof = TN_SOURCE_OVERTAKEN;

    if (TN_MUTANT(SWITCH_BEFORE_AUTHENTICATION)) stream->source.accepted = datagram->remote;
    clear.data = bytes;
    clear.len = 0;
    switch (tn_security_open(&stream->security, rtcp, data, bytes, &clear.len)) {
    case TN_SRTP_NEWEST: proof = TN_SOURCE_PROVEN; break;
    case TN_SRTP_LATE: break;
    case TN_SRTP_REPLAYED:
        stream->counts.packets_replayed++;
        tn_stream_drop(stream);
        return;
    case TN_SRTP_FORGED:
        if (stream->security.receive) stream->counts.packets_forged++;
        tn_stream_drop(stream);
        return;
    }
    if (!rtcp && is_doubtful(stream, datagram->remote)) proof = TN_SOURCE_OVERTAKEN;
    receive(stream, &clear, rtcp, proof);
}

void tn_stream_receive(struct tn_stream *stream, const struct tern_datagram *datagram)
{
    tern_str data = {datagram->data, datagram->len};
    bool wanted =
        stream->plan.security == TN_PLAN_DTLS || (!stream->plan.active && stream->dtls_ctx);
    bool dtls = wanted && datagram->socket == stream->rtp_socket;

    if (datagram->socket != stream->rtp_socket && datagram->socket != stream->rtcp_socket) {
        tn_stream_drop(stream);
    } else if (dtls && tn_stream_is_dtls(data)) {
        tn_stream_handshake_receive(stream, datagram);
    } else if (stream->security.state == TN_SECURITY_PLAIN) {
        receive(stream, datagram, is_rtcp(stream, datagram), TN_SOURCE_UNPROVEN);
    } else {
        receive_secured(stream, datagram, is_rtcp(stream, datagram));
    }
}
