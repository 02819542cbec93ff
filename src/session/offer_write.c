/* SPDX-License-Identifier: MIT */
/* Writing our SDP: RFC 3264 5 (offer), 6 (answer), 8 (re-offer), 9 (capabilities). */
#include "session/offer_parts.h"

#include <string.h>

#include "base/assert.h"
#include "base/str.h"

enum { PTIME_MS = 20, CLOCK_HZ = 8000, FIRST_DYNAMIC = 96, LAST_DYNAMIC = 127 };

static tern_str number(char *room, size_t cap, uint64_t n)
{
    struct tn_buf buf;

    tn_buf_fixed(&buf, room, cap);
    tn_buf_u64(&buf, n);
    TN_ASSERT(!buf.err);
    return tn_buf_view(&buf);
}

static struct tn_sdp_connection connection_to(tern_addr addr)
{
    struct tn_sdp_connection c;

    memset(&c, 0, sizeof(c));
    c.family = addr.family;
    c.addr = addr;
    c.addr.port = 0;
    return c;
}

static tern_str origin_text(struct tn_offer_draft *d, tern_addr origin)
{
    char text[TERN_ADDR_TEXT_MAX];
    struct tn_buf buf;

    origin.port = 0;
    origin.scope = 0;
    tn_buf_fixed(&buf, d->origin, sizeof(d->origin));
    tn_buf_z(&buf, origin.family == TERN_FAMILY_IPV6 ? "IN IP6 " : "IN IP4 ");
    tn_buf_z(&buf, tern_addr_print(origin, text));
    TN_ASSERT(!buf.err);
    return tn_buf_view(&buf);
}

void tn_offer_draft_start(struct tn_offer_draft *d, uint64_t session_id, tern_addr origin,
                          tern_addr rtp)
{
    memset(d, 0, sizeof(*d));
    d->sdp.user = TERN_STR("-");
    d->sdp.id = number(d->id, sizeof(d->id), session_id & INT64_MAX);
    d->sdp.origin = origin_text(d, origin);
    d->sdp.connection = connection_to(rtp);
    d->sdp.media = d->media;
    tn_buf_fixed(&d->words, d->room, sizeof(d->room));
    tn_offer_draft_version(d, 1);
}

void tn_offer_draft_version(struct tn_offer_draft *d, uint64_t version)
{
    d->sdp.version = number(d->version, sizeof(d->version), version);
}

static struct tn_sdp_media *add_media(struct tn_offer_draft *d)
{
    TN_ASSERT(d->sdp.media_count < TN_SDP_MEDIA_MAX); /* as many as were parsed */
    struct tn_sdp_media *m = &d->media[d->sdp.media_count++];
    m->port_count = 1;
    return m;
}

/* RFC 3264 6: at least one format must be listed, and none matters. */
void tn_offer_draft_rejected(struct tn_offer_draft *d, const struct tn_sdp_media *theirs)
{
    struct tn_sdp_format *f = &d->rejected[d->sdp.media_count];
    struct tn_sdp_media *m = add_media(d);

    f->text = theirs->format_count ? theirs->formats[0].text : TERN_STR("0");
    m->type = theirs->type;
    m->proto = theirs->proto;
    m->formats = f;
    m->format_count = 1;
}

struct tn_sdp_media *tn_offer_draft_audio(struct tn_offer_draft *d,
                                          const struct tn_offer_local *local)
{
    struct tn_sdp_media *m = add_media(d);
    bool same_host = tern_addr_same_host(local->rtp, local->rtcp);

    d->audio = m;
    m->type = TERN_STR("audio");
    m->proto = TERN_STR("RTP/AVP");
    m->port = local->rtp.port;
    m->formats = d->formats;
    m->ptime_ms = PTIME_MS;
    if (local->rtcp.family && (!same_host || local->rtcp.port != local->rtp.port + 1)) {
        m->rtcp_port = local->rtcp.port;
        if (!same_host) m->rtcp = connection_to(local->rtcp);
    }
    return m;
}

static struct tn_sdp_format *add_format(struct tn_offer_draft *d, int pt)
{
    TN_ASSERT(pt >= 0 && pt <= LAST_DYNAMIC);
    TN_ASSERT(d->audio);
    size_t i = d->audio->format_count++;
    TN_ASSERT(i < TN_OFFER_FORMATS_MAX);
    d->formats[i].text = number(d->numbers[i], sizeof(d->numbers[i]), (uint64_t)pt);
    d->formats[i].pt = pt;
    d->formats[i].clock_hz = CLOCK_HZ;
    return &d->formats[i];
}

static tern_str codec_name(enum tn_codec codec)
{
    switch (codec) {
    case TN_CODEC_PCMU: return TERN_STR("PCMU");
    case TN_CODEC_PCMA: return TERN_STR("PCMA");
    case TN_CODEC_NONE: break;
    }
    TN_UNREACHABLE();
}

/* The rtpmap is said for static payload types too (RFC 3264 5.1 recommends it). */
void tn_offer_draft_codec(struct tn_offer_draft *d, enum tn_codec codec, int pt)
{
    add_format(d, pt)->encoding = codec_name(codec);
}

void tn_offer_draft_event(struct tn_offer_draft *d, int pt)
{
    struct tn_sdp_format *f = add_format(d, pt);

    f->encoding = TERN_STR("telephone-event");
    f->fmtp = TERN_STR("0-15"); /* the digits, * # A-D: RFC 4733 3.2 */
}

/* ---- formats of an offer ---- */

struct numbers {
    bool used[LAST_DYNAMIC + 1];
};

/* A payload type keeps its meaning for the whole session: RFC 3264 8.3.2. */
static void mark_used(struct numbers *n, const struct tn_offer *o,
                      const struct tn_sdp_media *before)
{
    memset(n, 0, sizeof(*n));
    for (int i = 0; i <= LAST_DYNAMIC - FIRST_DYNAMIC; i++)
        n->used[FIRST_DYNAMIC + i] = (o->taken >> i) & 1;
    for (size_t i = 0; before && i < before->format_count; i++) {
        if (before->formats[i].pt >= 0) n->used[before->formats[i].pt] = true;
    }
}

/* @return `want`, or where that means something else by now, a free one; -1: none is free */
static int free_number(struct numbers *n, int want)
{
    int pt = want;

    for (int next = FIRST_DYNAMIC; n->used[pt]; next++) {
        if (next > LAST_DYNAMIC) return -1;
        pt = next;
    }
    n->used[pt] = true;
    return pt;
}

static int number_before(const struct tn_sdp_media *before, enum tn_codec codec)
{
    for (size_t i = 0; before && i < before->format_count; i++) {
        const struct tn_sdp_format *f = &before->formats[i];
        bool same = codec == TN_CODEC_NONE ? tn_offer_is_event(f) : tn_offer_codec_of(f) == codec;
        if (same) return f->pt;
    }
    return -1;
}

static int choose_number(struct numbers *n, const struct tn_sdp_media *before, enum tn_codec codec,
                         int want)
{
    int pt = number_before(before, codec);
    return pt >= 0 ? pt : free_number(n, want);
}

/* The codec in use comes first, so that moving or holding a call does not change it. */
void tn_offer_draft_formats(struct tn_offer_draft *d, const struct tn_offer *o,
                            const struct tn_sdp_media *before)
{
    struct numbers n;

    mark_used(&n, o, before);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < o->opts.codec_count; i++) {
            const struct tn_offer_codec *c = &o->opts.codecs[i];
            if ((c->codec == o->plan.send_codec) != (round == 0)) continue;
            int pt = choose_number(&n, before, c->codec, c->pt);
            if (pt >= 0) tn_offer_draft_codec(d, c->codec, pt);
        }
    }
    if (o->opts.event_pt < 0) return;
    int pt = choose_number(&n, before, TN_CODEC_NONE, o->opts.event_pt);
    if (pt >= 0) tn_offer_draft_event(d, pt);
}

/* ---- formats of an answer ---- */

void tn_offer_draft_mirror(struct tn_offer_draft *d, const struct tn_offer_opts *opts,
                           const struct tn_sdp_media *theirs)
{
    bool done[TN_CODEC_PCMA + 1] = {false};
    bool event_done = opts->event_pt < 0;

    for (size_t i = 0; i < theirs->format_count; i++) {
        const struct tn_sdp_format *f = &theirs->formats[i];
        enum tn_codec codec = tn_offer_codec_of(f);
        if (tn_offer_is_event(f) && !event_done) {
            tn_offer_draft_event(d, f->pt);
            event_done = true;
        }
        if (!tn_offer_has_codec(opts, codec) || done[codec]) continue;
        tn_offer_draft_codec(d, codec, f->pt);
        done[codec] = true;
    }
}

enum tn_sdp_direction tn_offer_direction(bool send, bool receive)
{
    if (send) return receive ? TN_SDP_SENDRECV : TN_SDP_SENDONLY;
    return receive ? TN_SDP_RECVONLY : TN_SDP_INACTIVE;
}

/* ---- capabilities ---- */

void tn_offer_capabilities(const struct tn_offer_opts *opts, tern_addr local, struct tn_buf *body)
{
    struct tn_offer_draft draft;
    struct tn_offer_local nowhere = {.rtp = local};

    nowhere.rtp.port = 0;
    tn_offer_draft_start(&draft, opts->session_id, local, local);
    struct tn_sdp_media *m = tn_offer_draft_audio(&draft, &nowhere);
    m->ptime_ms = 0;
    for (size_t i = 0; i < opts->codec_count; i++)
        tn_offer_draft_codec(&draft, opts->codecs[i].codec, opts->codecs[i].pt);
    if (opts->event_pt >= 0) tn_offer_draft_event(&draft, opts->event_pt);
    tn_sdp_print(&draft.sdp, body);
}
