/* SPDX-License-Identifier: MIT */
/* An agreement that outlives its program: what a snapshot keeps of offer and answer. */
#include "session/offer.h"

#include "base/pack.h"
#include "base/str.h"

/* For ever: what has been written is read by later versions. */
enum {
    OFFER_SESSION = 1,
    OFFER_VERSION = 2,
    OFFER_ORIGIN = 3,
    OFFER_AGREED = 4,
    OFFER_OURS = 5,
    OFFER_REMOTE_HOLD = 6,
    OFFER_TAKEN = 7,
    OFFER_SLOT = 8,
    OFFER_PEER_IDENTITY = 9,
    OFFER_ASSOCIATION_HASH = 10,
    OFFER_ASSOCIATION = 11,
    OFFER_PLAN = 12,
};

enum {
    PLAN_ACTIVE = 1,
    PLAN_SEND = 2,
    PLAN_LISTEN = 3,
    PLAN_SEND_CODEC = 4,
    PLAN_SEND_PT = 5,
    PLAN_EVENT_SEND_PT = 6,
    PLAN_EVENT_RECEIVE_PT = 7,
    PLAN_RECEIVE = 8,
    PLAN_PTIME = 9,
    PLAN_REMOTE_RTP = 10,
    PLAN_REMOTE_RTCP = 11,
    PLAN_MUX = 12,
    PLAN_SECURITY = 13,
    PLAN_SUITE = 14,
    PLAN_SEND_KEY = 15,
    PLAN_RECEIVE_KEY = 16,
    PLAN_DTLS_ACTIVE = 17,
    PLAN_FINGERPRINT = 18,
    PLAN_ASSOCIATION = 19,
    RECEIVE_PT = 1,
    RECEIVE_CODEC = 2,
};

#define PT_MAX        127
#define VERSION_AHEAD 16 /* more offers than one call makes between two snapshots */

static void pack_receive(struct tn_pack *p, struct tn_media_plan *plan)
{
    struct tn_pack inner;
    size_t cursor = 0, count = 0;
    bool more = tn_pack_reads(p) || plan->receive_count > 0;
    while (more && count < TN_PLAN_PAYLOADS_MAX &&
           tn_pack_begin(p, PLAN_RECEIVE, &cursor, &inner)) {
        plan->receive[count].pt =
            (uint8_t)tn_pack_number(&inner, RECEIVE_PT, plan->receive[count].pt, PT_MAX);
        plan->receive[count].codec = (enum tn_codec)tn_pack_number(
            &inner, RECEIVE_CODEC, plan->receive[count].codec, TN_CODEC_PCMA);
        tn_pack_end(p, &inner);
        count++;
        more = tn_pack_reads(p) || count < plan->receive_count;
    }
    plan->receive_count = count;
}

/* -1 is none. */
static int pack_pt(struct tn_pack *p, uint16_t tag, int pt)
{
    return (int)tn_pack_number(p, tag, (uint64_t)((int64_t)pt + 1), PT_MAX + 1) - 1;
}

static void pack_plan(struct tn_pack *p, struct tn_media_plan *plan)
{
    plan->active = tn_pack_bool(p, PLAN_ACTIVE, plan->active);
    plan->send = tn_pack_bool(p, PLAN_SEND, plan->send);
    plan->listen = tn_pack_bool(p, PLAN_LISTEN, plan->listen);
    plan->send_codec =
        (enum tn_codec)tn_pack_number(p, PLAN_SEND_CODEC, plan->send_codec, TN_CODEC_PCMA);
    plan->send_pt = (uint8_t)tn_pack_number(p, PLAN_SEND_PT, plan->send_pt, PT_MAX);
    plan->event_send_pt = pack_pt(p, PLAN_EVENT_SEND_PT, plan->event_send_pt);
    plan->event_receive_pt = pack_pt(p, PLAN_EVENT_RECEIVE_PT, plan->event_receive_pt);
    pack_receive(p, plan);
    plan->ptime_ms = tn_pack_u32(p, PLAN_PTIME, plan->ptime_ms);
    tn_pack_addr(p, PLAN_REMOTE_RTP, &plan->remote_rtp);
    tn_pack_addr(p, PLAN_REMOTE_RTCP, &plan->remote_rtcp);
    plan->rtcp_mux = tn_pack_bool(p, PLAN_MUX, plan->rtcp_mux);
    plan->security =
        (enum tn_plan_security)tn_pack_number(p, PLAN_SECURITY, plan->security, TN_PLAN_DTLS);
    plan->keys.suite =
        (enum tn_srtp_suite)tn_pack_number(p, PLAN_SUITE, plan->keys.suite, TN_SRTP_SUITES - 1);
    tn_pack_bytes(p, PLAN_SEND_KEY, plan->keys.send, sizeof(plan->keys.send));
    tn_pack_bytes(p, PLAN_RECEIVE_KEY, plan->keys.receive, sizeof(plan->keys.receive));
    plan->dtls_active = tn_pack_bool(p, PLAN_DTLS_ACTIVE, plan->dtls_active);
    tn_pack_bytes(p, PLAN_FINGERPRINT, plan->peer_fingerprint, sizeof(plan->peer_fingerprint));
    plan->peer_fingerprint[sizeof(plan->peer_fingerprint) - 1] = '\0';
    plan->association = tn_pack_u32(p, PLAN_ASSOCIATION, plan->association);
}

/* Printed once more it is the same, as what we have written is. */
static int check_same(const struct tn_offer *o, const struct tn_sdp *sdp)
{
    struct tn_buf again;
    tern_str text;
    tn_buf_init_secret(&again, o->opts.alloc, TN_SDP_BYTES_MAX);
    tn_sdp_print(sdp, &again);
    int err = tn_buf_end(&again, &text);
    if (!err && !tn_str_eq(text, tn_buf_view(&o->agreed))) err = TERN_EPARSE;
    tn_buf_fini(&again);
    return err;
}

/* It is parsed again with each offer, as a text that we have written. */
static int check_agreed(const struct tn_offer *o)
{
    struct tn_arena arena;
    struct tn_sdp sdp;
    tn_arena_init(&arena, o->opts.alloc, TN_SDP_ARENA_MAX, NULL, 0);
    int err = tn_sdp_parse(&arena, tn_buf_view(&o->agreed), &sdp);
    bool named = o->version > 0 && o->origin.family != TERN_FAMILY_NONE;
    if (!err && (!named || o->slot >= sdp.media_count)) err = TERN_EPARSE;
    if (!err) err = check_same(o, &sdp);
    tn_arena_fini(&arena);
    return err;
}

static void pack_agreed(struct tn_pack *p, struct tn_offer *o)
{
    tern_str text = tn_pack_str(p, OFFER_AGREED, tn_buf_view(&o->agreed));
    if (!tn_pack_reads(p) || p->err) return;
    tn_buf_reset(&o->agreed);
    tn_buf_str(&o->agreed, text);
    p->err = o->agreed.err ? o->agreed.err : check_agreed(o);
}

/*
 * An offer that is out is given up: its keys are not said again, for who has accepted it meanwhile may
 * have counted packets with them. Its version is spent.
 */
void tn_offer_pack(struct tn_offer *o, struct tn_pack *p)
{
    struct tn_pack inner;
    size_t cursor = 0;
    o->opts.session_id = tn_pack_number(p, OFFER_SESSION, o->opts.session_id, UINT64_MAX);
    o->version = tn_pack_number(p, OFFER_VERSION, o->version, UINT64_MAX / 2);
    tn_pack_addr(p, OFFER_ORIGIN, &o->origin);
    o->our_offer = tn_pack_bool(p, OFFER_OURS, o->our_offer);
    o->remote_hold = tn_pack_bool(p, OFFER_REMOTE_HOLD, o->remote_hold);
    o->taken = tn_pack_u32(p, OFFER_TAKEN, o->taken);
    o->slot = (size_t)tn_pack_number(p, OFFER_SLOT, o->slot, TN_SDP_MEDIA_MAX - 1);
    o->peer_identity = tn_pack_number(p, OFFER_PEER_IDENTITY, o->peer_identity, UINT64_MAX);
    o->association_hash =
        tn_pack_number(p, OFFER_ASSOCIATION_HASH, o->association_hash, UINT64_MAX);
    o->association = tn_pack_u32(p, OFFER_ASSOCIATION, o->association);
    pack_agreed(p, o);
    if (tn_pack_begin(p, OFFER_PLAN, &cursor, &inner)) {
        pack_plan(&inner, &o->plan);
        tn_pack_end(p, &inner);
    }
    if (!tn_pack_reads(p) || p->err) return;
    /*
     * DEVIATION: RFC 3264 8 has versions grow by one. An offer may have been made after the snapshot,
     * and what it said must not be taken for what ours says.
     */
    o->version += VERSION_AHEAD;
    o->state = TN_OFFER_STABLE; /* as it was born here */
    o->agreed_once = true;
}
