/* SPDX-License-Identifier: MIT */
/*
 * A stream that outlives its program: what a snapshot keeps of it. SSRC, sequence numbers, timestamps
 * and keys go on. With SRTP the next packet is the first behind what the snapshot has reserved, so
 * that no index comes twice whatever was sent after it (RFC 3711 9.1); in the clear, and for the
 * timestamp, the time that has passed says how far.
 */
#include "base/pack.h"
#include "media/stream.h"

enum {
    STREAM_SSRC = 1,
    STREAM_SEQUENCE = 2,
    STREAM_TIMESTAMP = 3,
    STREAM_PACKETS = 4,
    STREAM_BYTES = 5,
    STREAM_CNAME = 6,
    STREAM_ANNOUNCED = 7,
    STREAM_ACCEPTED = 8,
    STREAM_OBSERVED = 9,
    STREAM_RTCP_OBSERVED = 10,
    STREAM_SAVED = 11,
    STREAM_SECURITY = 12,
    STREAM_ASSOCIATION = 13,
    STREAM_AGREED = 14,
};

enum {
    SECURITY_SUITE = 1,
    SECURITY_SEND_KEY = 2,
    SECURITY_RECEIVE_KEY = 3,
    SECURITY_SPENT = 4,
    SECURITY_SEND = 5,
    SECURITY_RECEIVE = 6,
};

enum {
    PLACE_RTP_KNOWN = 1,
    PLACE_RTP_SSRC = 2,
    PLACE_RTP = 3,
    PLACE_RTCP_KNOWN = 4,
    PLACE_RTCP_SSRC = 5,
    PLACE_RTCP = 6,
};

#define INDEX_MAX    ((UINT64_C(1) << 48) - 1)
#define RTCP_MAX     UINT64_C(0x7fffffff)
#define US_PER_FRAME 20000
#define MARGIN       50
#define FRAMES_MAX   TN_SRTP_RESERVE /* more of a jump helps no receiver */

static void pack_places(struct tn_pack *p, uint16_t tag, struct tn_srtp_places *places)
{
    struct tn_pack in;
    size_t cursor = 0;
    if (!tn_pack_begin(p, tag, &cursor, &in)) return;
    places->rtp.known = tn_pack_bool(&in, PLACE_RTP_KNOWN, places->rtp.known);
    places->rtp.ssrc = tn_pack_u32(&in, PLACE_RTP_SSRC, places->rtp.ssrc);
    places->rtp.index = tn_pack_number(&in, PLACE_RTP, places->rtp.index, INDEX_MAX);
    places->rtcp.known = tn_pack_bool(&in, PLACE_RTCP_KNOWN, places->rtcp.known);
    places->rtcp.ssrc = tn_pack_u32(&in, PLACE_RTCP_SSRC, places->rtcp.ssrc);
    places->rtcp.index = tn_pack_number(&in, PLACE_RTCP, places->rtcp.index, RTCP_MAX);
    tn_pack_end(p, &in);
}

static struct tn_srtp_places reserved(const struct tn_stream *stream)
{
    return tn_srtp_reserve(stream->security.send, stream->sender.ssrc, stream->sender.sequence);
}

/* ---- saving ---- */

static void write_security(struct tn_stream *stream, struct tn_pack *p)
{
    struct tn_security *security = &stream->security;
    struct tn_srtp_places send, receive;
    struct tn_pack in;
    size_t cursor = 0;
    if (!security->send || !security->receive) return;
    if (!tn_pack_begin(p, STREAM_SECURITY, &cursor, &in)) return;
    send = reserved(stream);
    receive = tn_srtp_heard(security->receive);
    (void)tn_pack_u32(&in, SECURITY_SUITE, security->keys.suite);
    tn_pack_bytes(&in, SECURITY_SEND_KEY, security->keys.send, sizeof(security->keys.send));
    tn_pack_bytes(&in, SECURITY_RECEIVE_KEY, security->keys.receive,
                  sizeof(security->keys.receive));
    tn_pack_bytes(&in, SECURITY_SPENT, security->spent, sizeof(security->spent));
    pack_places(&in, SECURITY_SEND, &send);
    pack_places(&in, SECURITY_RECEIVE, &receive);
    tn_pack_end(p, &in);
}

/* ---- taking up ---- */

static int take_security(struct tn_stream *stream, struct tn_pack *p)
{
    struct tn_srtp_places send = {.rtp.known = false}, receive = {.rtp.known = false};
    struct tn_srtp_keys keys = {.suite = TN_SRTP_NONE};
    uint64_t spent[TN_SECURITY_SPENT];
    keys.suite = (enum tn_srtp_suite)tn_pack_number(p, SECURITY_SUITE, 0, TN_SRTP_SUITES - 1);
    tn_pack_bytes(p, SECURITY_SEND_KEY, keys.send, sizeof(keys.send));
    tn_pack_bytes(p, SECURITY_RECEIVE_KEY, keys.receive, sizeof(keys.receive));
    tn_pack_bytes(p, SECURITY_SPENT, spent, sizeof(spent));
    pack_places(p, SECURITY_SEND, &send);
    pack_places(p, SECURITY_RECEIVE, &receive);
    int err = p->err;
    if (!err) err = tn_security_resume(&stream->security, &keys, &send, &receive);
    tn_wipe(&keys, sizeof(keys));
    if (err) return err;
    memcpy(stream->security.spent, spent, sizeof(spent));
    stream->sender.sequence = (uint16_t)send.rtp.index;
    return 0;
}

static void read_security(struct tn_stream *stream, struct tn_pack *p)
{
    struct tn_pack in;
    size_t cursor = 0;
    if (!tn_pack_begin(p, STREAM_SECURITY, &cursor, &in)) return;
    int err = take_security(stream, &in);
    if (err && !in.err) in.err = err;
    tn_pack_end(p, &in);
}

/*
 * The far end hears a pause as long as it was. The frame that has begun may have been sent; and there
 * are more packets than frames where digits were pressed.
 */
static void pass_time(struct tn_stream *stream, tern_time since)
{
    tern_time frames = (since > 0 ? since / US_PER_FRAME : 0) + 1;
    stream->sender.timestamp += (uint32_t)(frames * TERN_PCM_FRAME);
    if (stream->security.send) return;
    uint16_t leap = (uint16_t)(frames < FRAMES_MAX ? frames : FRAMES_MAX);
    stream->sender.sequence = (uint16_t)(stream->sender.sequence + leap + MARGIN);
}

static void read_rest(struct tn_stream *stream, struct tn_pack *p, tern_time saved)
{
    struct tn_source *source = &stream->source;
    read_security(stream, p);
    if (p->err) return;
    pass_time(stream, stream->ctx->now - saved);
    stream->sender.packets_reported = stream->sender.packets;
    if (source->accepted.family != TERN_FAMILY_NONE) source->state = TN_SOURCE_FOLLOWING;
    stream->doubts = true;
    stream->doubt_until = TERN_TIME_NEVER;
}

static void pack_source(struct tn_stream *stream, struct tn_pack *p)
{
    struct tn_source *source = &stream->source;
    tern_addr none = {0};
    bool followed = !tn_source_is_open(source);
    tn_pack_addr(p, STREAM_ANNOUNCED, &source->announced);
    tn_pack_addr(p, STREAM_ACCEPTED, tn_pack_reads(p) || followed ? &source->accepted : &none);
    source->observed = tn_pack_bool(p, STREAM_OBSERVED, source->observed);
    tn_pack_addr(p, STREAM_RTCP_OBSERVED, &stream->rtcp.observed);
}

/* The association itself is gone; what it has given goes on, until another is agreed on. */
static void pack_handshake(struct tn_stream *stream, struct tn_pack *p)
{
    struct tn_stream_handshake *handshake = &stream->handshake;
    handshake->agreed = tn_pack_bool(p, STREAM_AGREED, handshake->known && handshake->agreed);
    handshake->association = tn_pack_u32(p, STREAM_ASSOCIATION, handshake->association);
    if (!tn_pack_reads(p)) return;
    handshake->known = handshake->agreed;
    handshake->opened = stream->ctx->now;
}

void tn_stream_pack(struct tn_stream *stream, struct tn_pack *p)
{
    struct tn_stream_sender *sender = &stream->sender;
    tern_time saved = tn_pack_time(p, STREAM_SAVED, stream->ctx->now);
    sender->ssrc = tn_pack_u32(p, STREAM_SSRC, sender->ssrc);
    sender->sequence = (uint16_t)tn_pack_number(p, STREAM_SEQUENCE, sender->sequence, UINT16_MAX);
    sender->timestamp = tn_pack_u32(p, STREAM_TIMESTAMP, sender->timestamp);
    sender->packets = tn_pack_u32(p, STREAM_PACKETS, sender->packets);
    sender->bytes = tn_pack_u32(p, STREAM_BYTES, sender->bytes);
    tn_pack_bytes(p, STREAM_CNAME, stream->cname, sizeof(stream->cname));
    stream->cname[sizeof(stream->cname) - 1] = '\0';
    pack_source(stream, p);
    pack_handshake(stream, p);
    if (!tn_pack_reads(p)) {
        write_security(stream, p);
    } else if (!p->err) {
        read_rest(stream, p, saved);
    }
}

void tn_stream_reserve(struct tn_stream *stream)
{
    if (!stream->security.send || !stream->security.receive) return;
    struct tn_srtp_places places = reserved(stream);
    tn_srtp_limit(stream->security.send, &places);
}

void tn_stream_unreserve(struct tn_stream *stream)
{
    if (stream->security.send) tn_srtp_limit(stream->security.send, NULL);
}

bool tn_stream_reserve_low(const struct tn_stream *stream)
{
    return stream->security.send && tn_srtp_reserve_low(stream->security.send);
}
