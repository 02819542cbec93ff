/* SPDX-License-Identifier: MIT */
/*
 * What an m= line of theirs means to us, and what it agrees on with ours: RFC 3264 6 to 8,
 * RFC 3551 6 (static payload types), RFC 4733 2.4 (telephone-event), RFC 3605 (a=rtcp).
 */
#include "session/offer_parts.h"

#include <string.h>

#include "base/str.h"
#include "session/offer_secure.h"

enum { PTIME_MS = 20, PTIME_MIN_MS = 10, PTIME_MAX_MS = 200, CLOCK_HZ = 8000, FIRST_DYNAMIC = 96 };

static bool has_name(const struct tn_sdp_format *f, tern_str name)
{
    if (f->clock_hz != CLOCK_HZ || !tn_str_ieq(f->encoding, name)) return false;
    return f->channels.len == 0 || tn_str_eq(f->channels, TERN_STR("1"));
}

enum tn_codec tn_offer_codec_of(const struct tn_sdp_format *f)
{
    if (f->pt < 0) return TN_CODEC_NONE;
    if (f->encoding.len == 0 && f->pt == 0) return TN_CODEC_PCMU;
    if (f->encoding.len == 0 && f->pt == 8) return TN_CODEC_PCMA;
    if (has_name(f, TERN_STR("PCMU"))) return TN_CODEC_PCMU;
    if (has_name(f, TERN_STR("PCMA"))) return TN_CODEC_PCMA;
    return TN_CODEC_NONE;
}

bool tn_offer_is_event(const struct tn_sdp_format *f)
{
    return f->pt >= 0 && has_name(f, TERN_STR("telephone-event"));
}

bool tn_offer_has_codec(const struct tn_offer_opts *opts, enum tn_codec codec)
{
    for (size_t i = 0; i < opts->codec_count; i++) {
        if (opts->codecs[i].codec == codec) return true;
    }
    return false;
}

static bool is_zero(tern_addr addr)
{
    static const uint8_t zero[16];
    return memcmp(addr.ip, zero, sizeof(zero)) == 0;
}

/* An IPv4 address that is dressed up as IPv6 would lead around the checks for IPv4. */
static bool is_unicast(tern_addr addr)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (addr.family == TERN_FAMILY_IPV4) return addr.ip[0] < 224;
    if (addr.family != TERN_FAMILY_IPV6) return false;
    return addr.ip[0] != 0xff && memcmp(addr.ip, mapped, sizeof(mapped)) != 0;
}

bool tn_offer_usable(const struct tn_offer_opts *opts, const struct tn_sdp *sdp,
                     const struct tn_sdp_media *m)
{
    const struct tn_sdp_connection *c = tn_sdp_connection(sdp, m);

    enum tn_plan_security security;

    if (!tn_str_eq(m->type, TERN_STR("audio"))) return false;
    if (!tn_offer_security(opts, sdp, m, &security)) return false;
    if (m->port == 0 || !c || !is_unicast(c->addr)) return false;
    for (size_t i = 0; i < m->format_count; i++) {
        if (tn_offer_has_codec(opts, tn_offer_codec_of(&m->formats[i]))) return true;
    }
    return false;
}

bool tn_offer_connected(const struct tn_sdp *sdp)
{
    for (size_t i = 0; i < sdp->media_count; i++) {
        const struct tn_sdp_media *m = &sdp->media[i];
        if (m->port && !tn_sdp_connection(sdp, m)) return false;
    }
    return true;
}

size_t tn_offer_choose(const struct tn_offer_opts *opts, const struct tn_sdp *sdp, size_t preferred)
{
    if (preferred < sdp->media_count && tn_offer_usable(opts, sdp, &sdp->media[preferred])) {
        return preferred;
    }
    for (size_t i = 0; i < sdp->media_count; i++) {
        if (tn_offer_usable(opts, sdp, &sdp->media[i])) return i;
    }
    return TN_OFFER_ANY;
}

tern_addr tn_offer_address(const struct tn_sdp *sdp, const struct tn_sdp_media *m)
{
    static const tern_addr none;
    const struct tn_sdp_connection *c = tn_sdp_connection(sdp, m);

    if (!c || !c->addr.family || is_zero(c->addr)) return none;
    tern_addr addr = c->addr;
    addr.port = m->port;
    return addr;
}

bool tn_offer_they_listen(const struct tn_sdp *sdp, const struct tn_sdp_media *m)
{
    return tn_sdp_receives(tn_sdp_direction(sdp, m)) && tn_offer_address(sdp, m).family;
}

static tern_addr rtcp_address(const struct tn_sdp_media *m, tern_addr rtp)
{
    static const tern_addr none;
    tern_addr rtcp = rtp;

    if (!rtp.family) return none;
    if (m->rtcp.addr.family == rtp.family && is_unicast(m->rtcp.addr) && !is_zero(m->rtcp.addr)) {
        rtcp = m->rtcp.addr;
    }
    if (!m->rtcp_port && rtp.port == UINT16_MAX) return none; /* there is no next port */
    rtcp.port = m->rtcp_port ? m->rtcp_port : (uint16_t)(rtp.port + 1);
    return rtcp;
}

static uint32_t ptime_of(const struct tn_sdp_media *m)
{
    bool sane = m->ptime_ms >= PTIME_MIN_MS && m->ptime_ms <= PTIME_MAX_MS;
    return sane ? m->ptime_ms : PTIME_MS;
}

static const struct tn_sdp_format *find_codec(const struct tn_sdp_media *m, enum tn_codec codec)
{
    for (size_t i = 0; i < m->format_count; i++) {
        if (tn_offer_codec_of(&m->formats[i]) == codec) return &m->formats[i];
    }
    return NULL;
}

static int event_pt(const struct tn_sdp_media *m)
{
    for (size_t i = 0; i < m->format_count; i++) {
        if (tn_offer_is_event(&m->formats[i])) return m->formats[i].pt;
    }
    return -1;
}

void tn_offer_no_plan(struct tn_media_plan *plan)
{
    memset(plan, 0, sizeof(*plan));
    plan->event_send_pt = plan->event_receive_pt = -1;
    plan->ptime_ms = PTIME_MS;
}

/* All that we listed: RFC 3264 5.1 wants the offerer ready for each, and packets may be under way. */
static void list_receive(const struct tn_sdp_media *ours, struct tn_media_plan *plan)
{
    for (size_t i = 0; i < ours->format_count && plan->receive_count < TN_PLAN_PAYLOADS_MAX; i++) {
        enum tn_codec codec = tn_offer_codec_of(&ours->formats[i]);
        if (codec == TN_CODEC_NONE) continue;
        plan->receive[plan->receive_count].pt = (uint8_t)ours->formats[i].pt;
        plan->receive[plan->receive_count].codec = codec;
        plan->receive_count++;
    }
}

/* Their first codec that we listed is what they want most: RFC 3264 6.1 and 7. */
static void choose_send(const struct tn_sdp_media *ours, const struct tn_sdp_media *theirs,
                        struct tn_media_plan *plan)
{
    for (size_t i = 0; i < theirs->format_count; i++) {
        enum tn_codec codec = tn_offer_codec_of(&theirs->formats[i]);
        if (codec == TN_CODEC_NONE || !find_codec(ours, codec)) continue;
        plan->active = true;
        plan->send_codec = codec;
        plan->send_pt = (uint8_t)theirs->formats[i].pt;
        return;
    }
}

void tn_offer_agree(const struct tn_sdp_media *ours, const struct tn_sdp *their_sdp,
                    const struct tn_sdp_media *theirs, struct tn_media_plan *plan)
{
    tn_offer_no_plan(plan);
    choose_send(ours, theirs, plan);
    if (!plan->active) return;
    list_receive(ours, plan);
    if (event_pt(ours) >= 0 && event_pt(theirs) >= 0) {
        plan->event_send_pt = event_pt(theirs);
        plan->event_receive_pt = event_pt(ours);
    }
    plan->send = tn_sdp_sends(ours->direction) && tn_offer_they_listen(their_sdp, theirs);
    plan->listen =
        tn_sdp_receives(ours->direction) && tn_sdp_sends(tn_sdp_direction(their_sdp, theirs));
    plan->ptime_ms = ptime_of(theirs);
    plan->remote_rtp = tn_offer_address(their_sdp, theirs);
    plan->remote_rtcp = rtcp_address(theirs, plan->remote_rtp);
}

uint32_t tn_offer_taken(const struct tn_offer_opts *opts, const struct tn_sdp_media *m)
{
    uint32_t taken = 0;

    for (size_t i = 0; i < m->format_count; i++) {
        const struct tn_sdp_format *f = &m->formats[i];
        if (f->pt < FIRST_DYNAMIC) continue;
        if (tn_offer_has_codec(opts, tn_offer_codec_of(f)) || tn_offer_is_event(f)) continue;
        taken |= UINT32_C(1) << (f->pt - FIRST_DYNAMIC);
    }
    return taken;
}
