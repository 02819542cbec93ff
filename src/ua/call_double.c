/* SPDX-License-Identifier: MIT */
/*
 * Doubled send: while the old path and the new one both stand after a change, each RTP packet leaves by
 * both for a while, the same bytes, sealed once. Whichever of the two loses packets, the far end's replay
 * check or jitter buffer takes the one that comes first (RFC 3711 3.3.2, RFC 3550 6.4.1).
 */
#include "ua/call.h"

void tn_call_double(struct tn_call *call)
{
    tern_time window = TERN_MS(call->account->doubled_send_ms);
    tern_addr other = call->task.media_local;
    if (window == 0 || !call->stream_ready || !call->task.media_late) return;
    other.port = call->rtp.port;
    tn_stream_double(&call->stream, other, call->ep->ctx.now + window);
}

void tn_call_double_moved(struct tn_call *call, tern_addr old)
{
    struct tn_stream *stream = &call->stream;
    if (stream->second.family == TERN_FAMILY_NONE) return;
    if (!tern_addr_same_host(stream->second, stream->local)) return;
    tn_stream_double(stream, old, stream->second_until);
    tn_call_double_check(call);
}

void tn_call_double_check(struct tn_call *call)
{
    if (!call->stream_ready || call->stream.second.family == TERN_FAMILY_NONE) return;
    if (tn_net_has_local(&call->ep->net, call->stream.second)) return;
    tn_stream_double(&call->stream, (tern_addr){0}, 0);
}
