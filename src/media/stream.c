/* SPDX-License-Identifier: MIT */
/* The stream's life, what the plan says, and what it has seen. */
#include "media/stream.h"

#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"

#define US_PER_SAMPLE 125u

int tn_stream_init(struct tn_stream *stream, const struct tn_stream_opts *opts)
{
    if (!opts->ctx || opts->rtp_socket == 0 || opts->rtcp_socket == 0) return TERN_EINVAL;
    memset(stream, 0, sizeof(*stream));
    stream->ctx = opts->ctx;
    stream->rtp_socket = opts->rtp_socket;
    stream->rtcp_socket = opts->rtcp_socket;
    stream->symmetric = opts->symmetric;
    memcpy(stream->cname, opts->cname, sizeof(stream->cname) - 1);
    stream->plan.event_send_pt = stream->plan.event_receive_pt = -1;
    stream->sender.ssrc = opts->ssrc;
    stream->sender.sequence = opts->first_seq;
    stream->sender.timestamp = opts->first_timestamp;
    stream->sender.last_sent = TERN_TIME_NEVER;
    stream->last_received = TERN_TIME_NEVER;
    stream->dtls_ctx = opts->dtls;
    tn_security_init(&stream->security, opts->ctx, opts->owner);
    tn_source_init(&stream->source);
    tn_dtmf_sender_init(&stream->dtmf_sender);
    tn_dtmf_receiver_init(&stream->dtmf_receiver);
    tn_playout_init(&stream->playout);
    tn_stream_rtcp_init(stream);
    tn_stream_handshake_init(stream);
    return 0;
}

void tn_stream_fini(struct tn_stream *stream)
{
    if (!stream->ctx) return;
    tn_timer_cancel(stream->ctx, &stream->rtcp.timer);
    tn_stream_handshake_fini(stream);
    tn_security_fini(&stream->security);
    stream->ctx = NULL;
}

/* A plan without media may not say how it was protected: keys and handshake wait for the next. */
static void configure_security(struct tn_stream *stream, const struct tn_media_plan *plan)
{
    if (!plan->active) return;
    tn_security_plan(&stream->security, plan->security);
    if (plan->security == TN_PLAN_DTLS) {
        tn_stream_handshake_configure(stream);
        return;
    }
    tn_stream_handshake_fini(stream);
    if (plan->security != TN_PLAN_SDES || plan->keys.suite == TN_SRTP_NONE) return;
    if (tn_security_is_spent(&stream->security, &plan->keys)) tn_stream_change_ssrc(stream);
    tn_security_install(&stream->security, &plan->keys);
}

void tn_stream_configure(struct tn_stream *stream, const struct tn_media_plan *plan)
{
    bool resumes = plan->active && plan->listen && !(stream->plan.active && stream->plan.listen);
    enum tn_source_state before = stream->source.state;

    TN_ASSERT(plan->receive_count <= TN_PLAN_PAYLOADS_MAX);
    stream->plan = *plan;
    tn_wipe(&stream->plan.keys, sizeof(stream->plan.keys));
    if (plan->event_send_pt < 0) tn_dtmf_sender_init(&stream->dtmf_sender);
    if (resumes) tn_playout_reset(&stream->playout);
    if (plan->active) tn_source_plan(&stream->source, plan->remote_rtp, stream->ctx->now);
    if (stream->source.state != before) {
        stream->rtcp.observed = (tern_addr){0};
        stream->rtcp.proven = false;
        tn_trace(stream->ctx, "source", stream->sender.ssrc, tn_source_state_name(before),
                 tn_source_state_name(stream->source.state));
    }
    configure_security(stream, plan);
    tn_stream_rtcp_configure(stream);
}

void tn_stream_set_local(struct tn_stream *stream, tern_addr local)
{
    stream->local = local;
    tn_stream_handshake_move(stream);
}

enum tn_security_state tn_stream_security(const struct tn_stream *stream, const char **reason)
{
    if (reason) *reason = stream->security.reason;
    return stream->security.state;
}

tern_addr tn_stream_remote(const struct tn_stream *stream)
{
    if (stream->plan.remote_rtp.family == TERN_FAMILY_NONE) return stream->plan.remote_rtp;
    return stream->symmetric ? tn_source_target(&stream->source) : stream->source.announced;
}

void tn_stream_output(struct tn_stream *stream, uint32_t socket, tern_addr remote, tern_str data)
{
    struct tern_output out = {
        .type = TERN_OUT_DATAGRAM,
        .id = socket,
        .local = stream->local,
        .remote = remote,
        .media = true,
        .data = data,
    };
    if (socket != stream->rtp_socket) out.local.port = 0; /* `local` has the port of RTP */
    tn_output(stream->ctx, &out);
}

void tn_stream_double(struct tn_stream *stream, tern_addr local, tern_time until)
{
    stream->second = local;
    stream->second_until = until;
}

void tn_stream_drop(struct tn_stream *stream)
{
    stream->counts.packets_dropped++;
    stream->ctx->stats.rtp_dropped++;
}

bool tn_stream_take(struct tn_stream *stream, int16_t *pcm)
{
    tn_dtmf_receiver_tick(&stream->dtmf_receiver, stream->ctx->now);
    if (!stream->plan.active || !stream->plan.listen) {
        memset(pcm, 0, TERN_PCM_FRAME * sizeof(*pcm));
        return false;
    }
    return tn_playout_take(&stream->playout, pcm, stream->ctx->now);
}

bool tn_stream_next_dtmf(struct tn_stream *stream, char *digit, uint32_t *duration_ms)
{
    tn_dtmf_receiver_tick(&stream->dtmf_receiver, stream->ctx->now);
    return tn_dtmf_next(&stream->dtmf_receiver, digit, duration_ms);
}

tern_time tn_stream_last_received(const struct tn_stream *stream)
{
    return stream->last_received;
}

tern_time tn_stream_last_heard(const struct tn_stream *stream)
{
    tern_time rtp = stream->last_received, rtcp = stream->rtcp.last_received;
    if (rtp == TERN_TIME_NEVER) return rtcp;
    return rtcp == TERN_TIME_NEVER || rtcp < rtp ? rtp : rtcp;
}

bool tn_stream_moved_since(const struct tn_stream *stream, tern_time since)
{
    return stream->last_received != TERN_TIME_NEVER && stream->last_received > since;
}

void tn_stream_stats(const struct tn_stream *stream, struct tern_media_stats *out)
{
    const struct tn_jitter *jitter = &stream->playout.jitter;
    int64_t lost = tn_reception_lost(&stream->reception);

    *out = stream->counts;
    out->packets_lost = lost > 0 ? (uint64_t)lost : 0;
    out->packets_late = jitter->late;
    out->packets_duplicate = jitter->duplicate;
    out->packets_dropped += jitter->wild_count;
    out->frames_concealed = stream->playout.concealed;
    out->jitter_us = (stream->reception.jitter >> 4) * US_PER_SAMPLE;
    out->jitter_buffer_us = tn_jitter_depth(jitter) * US_PER_SAMPLE;
    out->round_trip_us = stream->rtcp.round_trip_us;
    out->remote_lost = stream->rtcp.remote_lost;
    out->remote_jitter_us = stream->rtcp.remote_jitter_us;
    out->last_received = stream->last_received;
    out->last_sent = stream->sender.last_sent;
    out->source_switches = stream->source.moves;
}
