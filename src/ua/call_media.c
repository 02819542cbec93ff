/* SPDX-License-Identifier: MIT */
/* A call's RTP: sockets, addresses, and what the stream is told. */
#include "base/assert.h"
#include "base/mutant.h"
#include "ua/call.h"
#include "ua/reach.h"

#define PORT_TRIES_MAX 32 /* pairs of ports in a row that are taken: the range is full */
#define CNAME_LEN      16
#define SPEAKS         TERN_SECONDS(1) /* who was heard since then */

void tn_call_offer_opts(struct tern_endpoint *ep, struct tn_offer_opts *out)
{
    *out = (struct tn_offer_opts){
        .alloc = &ep->ctx.alloc,
        .session_id = ((uint64_t)tn_random_u32(&ep->ctx.random) << 31) | 1,
        .codecs = {{TN_CODEC_PCMA, 8}, {TN_CODEC_PCMU, 0}},
        .codec_count = 2,
        .event_pt = 101,
    };
}

/* ---- sockets ---- */

static uint64_t socket_hash(const struct tern_endpoint *ep, uint32_t id)
{
    return tn_map_hash(&ep->sockets, &id, sizeof(id));
}

struct tn_call *tn_call_for_socket(const struct tern_endpoint *ep, uint32_t socket)
{
    struct tn_map_node *node = tn_map_first(&ep->sockets, socket_hash(ep, socket));
    for (; node != NULL; node = tn_map_next(node)) {
        const struct tn_media_socket *s = TN_OWNER(node, struct tn_media_socket, node);
        if (s->id == socket) return s->call;
    }
    return NULL;
}

static void open_socket(struct tn_call *call, struct tn_media_socket *s, uint16_t port)
{
    struct tern_endpoint *ep = call->ep;
    s->call = call;
    s->id = tn_net_next_id(&ep->net);
    s->port = port;
    s->open = false;
    tn_map_insert(&ep->sockets, &s->node, socket_hash(ep, s->id));
    struct tern_output out = {.type = TERN_OUT_UDP_OPEN, .id = s->id, .port = port, .media = true};
    tn_output(&ep->ctx, &out);
}

static void close_socket(struct tn_call *call, struct tn_media_socket *s)
{
    struct tern_endpoint *ep = call->ep;
    if (s->id == 0) return;
    struct tern_output out = {.type = TERN_OUT_UDP_CLOSE, .id = s->id};
    tn_output(&ep->ctx, &out);
    tn_map_remove(&ep->sockets, &s->node);
    *s = (struct tn_media_socket){0};
}

/* RFC 3550 11: RTP on an even port, RTCP on the next. Drawn at random, so that peers cannot guess. */
void tn_call_media_open(struct tn_call *call)
{
    struct tern_endpoint *ep = call->ep;
    uint32_t first = (ep->rtp_port_min + 1u) & ~1u;
    uint32_t pairs = (ep->rtp_port_max - first + 1u) / 2;
    uint16_t port = (uint16_t)(first + 2 * tn_random_below(&ep->ctx.random, pairs ? pairs : 1));
    open_socket(call, &call->rtp, port);
    open_socket(call, &call->rtcp, (uint16_t)(port + 1));
}

bool tn_call_media_ready(const struct tn_call *call)
{
    return call->rtp.open && call->rtcp.open;
}

static int start_stream(struct tn_call *call)
{
    struct tn_random *random = &call->ep->ctx.random;
    struct tn_stream_opts opts = {
        .ctx = &call->ep->ctx,
        .rtp_socket = call->rtp.id,
        .rtcp_socket = call->rtcp.id,
        .ssrc = tn_random_u32(random),
        .first_seq = (uint16_t)tn_random_below(random, 1u << 15), /* RFC 3711 3.3.1: low half */
        .first_timestamp = tn_random_u32(random),
        .symmetric = call->ep->symmetric_rtp,
        .dtls = call->ep->dtls,
        .owner = {TN_OWNER_CALL, 0, call->id},
    };
    tn_random_token(random, opts.cname, CNAME_LEN);
    int err = tn_stream_init(&call->stream, &opts);
    call->stream_ready = err == 0;
    return err;
}

void tn_call_socket_opened(struct tn_call *call, uint32_t socket, uint16_t port)
{
    struct tn_media_socket *s = socket == call->rtp.id ? &call->rtp : &call->rtcp;
    s->open = true;
    s->port = port;
    if (!tn_call_media_ready(call)) return;
    tn_call_stun_start(call);
    if (call->stream_ready) { /* taken up from a snapshot */
        call->stream.rtp_socket = call->rtp.id;
        call->stream.rtcp_socket = call->rtcp.id;
        tn_snapshot_call_ready(call);
        return;
    }
    if (start_stream(call) != 0) {
        tn_call_end(call, TERN_END_ERROR, 500, TERN_STR("the audio stream could not be set up"));
        return;
    }
    if (call->incoming) {
        tn_call_in_ready(call);
    } else {
        tn_call_out_sockets_ready(call);
    }
}

void tn_call_socket_failed(struct tn_call *call, uint32_t socket, tern_str reason)
{
    struct tn_media_socket *failed = socket == call->rtp.id ? &call->rtp : &call->rtcp;
    tn_map_remove(&call->ep->sockets, &failed->node); /* never open: there is nothing to close */
    *failed = (struct tn_media_socket){0};
    close_socket(call, &call->rtp);
    close_socket(call, &call->rtcp);
    if (++call->port_tries < PORT_TRIES_MAX) {
        tn_call_media_open(call);
        return;
    }
    tn_call_end(call, TERN_END_ERROR, 500, reason);
}

int tn_call_media_resume(struct tn_call *call, uint16_t rtp_port, uint16_t rtcp_port)
{
    open_socket(call, &call->rtp, rtp_port);
    open_socket(call, &call->rtcp, rtcp_port);
    return start_stream(call);
}

void tn_call_media_close(struct tn_call *call)
{
    tn_snapshot_call_ready(call);
    tn_call_stun_stop(call);
    if (call->stream_ready) {
        /* An RTCP BYE never leaves from an address that is gone. */
        if (!tn_net_has_local(&call->ep->net, call->media_local)) {
            tn_stream_set_local(&call->stream, (tern_addr){0});
        }
        (void)tn_stream_bye(&call->stream);
        tn_stream_fini(&call->stream);
        call->stream_ready = false;
    }
    close_socket(call, &call->rtp);
    if (!TN_MUTANT(LEFT_SOCKET)) close_socket(call, &call->rtcp);
}

/* ---- addresses ---- */

/* Where audio is, or will be, sent: the far end's address, as far as it is known. */
static tern_addr media_remote(const struct tn_call *call)
{
    if (tn_offer_state(&call->offer) == TN_OFFER_REMOTE) return tn_offer_remote_rtp(&call->offer);
    if (!call->stream_ready) return (tern_addr){0};
    return tn_stream_remote(&call->stream);
}

tern_addr tn_call_offer_from(const struct tn_call *call, tern_addr signalling)
{
    tern_addr local = signalling, source;
    tern_addr remote = media_remote(call);
    if (remote.family != TERN_FAMILY_NONE &&
        tern_network_source(&call->ep->network, remote, &source) == 0) {
        local = source;
    }
    if (local.family == call->family.refused) {
        uint8_t other = local.family == TERN_FAMILY_IPV4 ? TERN_FAMILY_IPV6 : TERN_FAMILY_IPV4;
        source = tn_reach_source(&call->ep->network, other);
        if (source.family == other) local = source;
    }
    return local;
}

struct tn_offer_local tn_call_offer_local(struct tn_call *call, tern_addr signalling)
{
    tern_addr local = tn_call_offer_from(call, signalling);
    struct tn_offer_local out = {.rtp = local, .rtcp = local, .hold = call->hold};
    if (TN_MUTANT(OLD_SDP) && call->moving) out.rtp = call->contact_local;
    if (TN_MUTANT(HOLD_LOST) && call->moving) out.hold = false;
    out.rtp.port = call->rtp.port;
    out.rtcp.port = call->rtcp.port;
    out.from = out.rtp;
    tn_call_stun_describe(call, &out);
    return out;
}

/* The path for audio: the one that the snapshot gives, unless there is none to that peer now. */
static void send_from(struct tn_call *call, tern_addr local)
{
    /* An offer may come in by an address that is back before the snapshot says so. */
    if (!tn_net_has_local(&call->ep->net, local)) local = (tern_addr){0};
    local.port = local.family == TERN_FAMILY_NONE ? 0 : call->rtp.port;
    tern_addr old = call->media_local;
    call->media_local = local;
    tn_stream_set_local(&call->stream, local);
    tn_call_double_moved(call, old);
}

/* The plan, with addresses that this network sends to. */
static struct tn_media_plan within_reach(const struct tn_call *call,
                                         const struct tn_media_plan *plan)
{
    const struct tern_network *network = &call->ep->network;
    struct tn_media_plan out = *plan;
    out.remote_rtp = tern_network_translate(network, plan->remote_rtp);
    out.remote_rtcp = tern_network_translate(network, plan->remote_rtcp);
    return out;
}

tern_addr tn_call_media_target(const struct tn_call *call)
{
    const struct tern_network *network = &call->ep->network;
    tern_addr now = tn_stream_remote(&call->stream), source;
    if (tern_addr_equal(now, call->nat64.aim)) now = call->nat64.peer;
    tern_addr to = tern_network_translate(network, now);
    if (now.family == TERN_FAMILY_NONE) return now;
    if (tern_network_source(network, to, &source) == 0) return to;
    /* What another network's NAT64 made of it is nothing here. */
    const struct tn_media_plan *plan = tn_offer_plan(&call->offer);
    to = tern_network_translate(network, plan->remote_rtp);
    return plan->active && tern_network_source(network, to, &source) == 0 ? to : now;
}

/* Audio goes to the same far end, by the address that it has in this network. */
static void aim_stream(struct tn_call *call)
{
    tern_addr before = tn_stream_remote(&call->stream);
    bool aimed = tern_addr_equal(before, call->nat64.aim);
    const struct tn_media_plan *agreed = tn_offer_plan(&call->offer);
    tern_addr to = tn_call_media_target(call);
    if (!agreed->active || tern_addr_equal(to, tn_stream_remote(&call->stream))) return;
    struct tn_media_plan plan = within_reach(call, agreed);
    call->nat64 = (struct tn_call_nat64){aimed ? call->nat64.peer : before, to};
    plan.remote_rtp = to;
    tn_stream_configure(&call->stream, &plan);
}

/*
 * The answer to our offer names an address of the other family: they do not reach what we have offered,
 * and we reach them. We say so, once: then both are of one family (MOBILITY S16).
 */
void tn_call_match_family(struct tn_call *call, const struct tn_media_plan *plan, tern_addr offered)
{
    tern_addr source;
    if (!plan->active || tern_network_source(&call->ep->network, plan->remote_rtp, &source) != 0)
        return;
    if (offered.family == TERN_FAMILY_NONE || source.family == offered.family) return;
    if (call->family.refused == source.family) return;
    if (tn_refresh_pending(&call->refresh)) {
        tn_refresh_want(&call->refresh, TN_INTENT_OFFER);
    } else {
        tn_refresh_later(&call->refresh, TN_INTENT_OFFER);
    }
}

/* Before the answer it is only expected of who sends it: most callers do not. */
bool tn_call_expects_audio(const struct tn_call *call)
{
    const struct tn_media_plan *plan = tn_offer_plan(&call->offer);
    if (!plan->active || !plan->listen || !call->stream_ready) return false;
    if (call->life >= TN_LIFE_ANSWERING) return true;
    tern_time last = tn_stream_last_received(&call->stream);
    return last != TERN_TIME_NEVER && call->ep->ctx.now - last < SPEAKS;
}

void tn_call_apply_plan(struct tn_call *call, const struct tn_media_plan *plan, tern_addr local)
{
    tern_addr source;
    if (!call->stream_ready) return;
    /* What the plan makes the stream say at once, a handshake, needs an address to leave from. */
    if (plan->remote_rtp.family != TERN_FAMILY_NONE &&
        tern_network_source(&call->ep->network, plan->remote_rtp, &source) == 0) {
        send_from(call, source);
    }
    const struct tn_media_plan reached = within_reach(call, plan);
    call->nat64 = (struct tn_call_nat64){{0}, {0}};
    if (!tern_addr_equal(reached.remote_rtp, plan->remote_rtp)) {
        call->nat64 = (struct tn_call_nat64){plan->remote_rtp, reached.remote_rtp};
    }
    tn_stream_configure(&call->stream, &reached);
    tn_snapshot_changed(call->ep);
    tn_mob_talking(&call->ep->mob, call->ep->ctx.now, &call->task, tn_call_expects_audio(call));
    tn_call_timer_media(call);
    tern_addr remote = tn_stream_remote(&call->stream);
    tn_mob_media_goes(&call->task, remote);
    if (remote.family != TERN_FAMILY_NONE &&
        tern_network_source(&call->ep->network, remote, &source) == 0) {
        local = source;
    }
    send_from(call, local);
}

void tn_call_move_media(struct tn_call *call, tern_addr local)
{
    if (!call->stream_ready) return;
    call->moving = true;
    call->gap_local = local;
    aim_stream(call);
    if (TN_MUTANT(RTP_ANEW)) call->stream.sender.sequence = 1;
    if (TN_MUTANT(SSRC_ANEW)) call->stream.sender.ssrc++;
    send_from(call, local);
    tn_call_stun_moved(call);
}

int tn_call_codec(const struct tn_call *call)
{
    const struct tn_media_plan *plan = tn_offer_plan(&call->offer);
    return plan->active ? plan->send_pt : -1;
}

void tn_call_tell_media(struct tn_call *call)
{
    tn_snapshot_changed(call->ep);
    if (call->ended_told) return;
    struct tern_event event = {.type = TERN_EV_CALL_MEDIA};
    event.u.media = (struct tern_ev_call_media){
        .call = {call->id},
        .held_here = call->hold,
        .held_there = tn_offer_remote_hold(&call->offer),
        .codec = tn_call_codec(call),
        .local = call->media_local,
        .remote = tn_stream_remote(&call->stream),
        .security = tn_call_security(call),
    };
    tn_ep_event(call->ep, &event);
}

/* ---- packets and frames ---- */

static void tell_digits(struct tn_call *call)
{
    struct tern_event event = {.type = TERN_EV_CALL_DTMF};
    event.u.dtmf.call = (tern_call){call->id};
    while (tn_stream_next_dtmf(&call->stream, &event.u.dtmf.digit, &event.u.dtmf.duration_ms))
        tn_ep_event(call->ep, &event);
}

void tn_call_media_datagram(struct tn_call *call, const struct tern_datagram *datagram)
{
    struct tern_endpoint *ep = call->ep;
    if (tn_call_stun_datagram(call, datagram)) return; /* RFC 7983 7 */
    if (!call->stream_ready) return;
    tern_time before = tn_stream_last_received(&call->stream);
    uint64_t heard_before = call->stream.counts.packets_received;
    uint8_t keys_before = call->stream.security.next_spent;
    tn_stream_receive(&call->stream, datagram);
    if (call->stream.security.next_spent != keys_before) tn_snapshot_changed(ep);
    tell_digits(call);
    if (tn_stream_last_heard(&call->stream) == ep->ctx.now) tn_call_timer_heard(call);
    bool heard = call->stream.counts.packets_received != heard_before;
    if (!call->moving || !heard || datagram->socket != call->rtp.id) return;

    tern_time gap = before == TERN_TIME_NEVER ? 0 : ep->ctx.now - before;
    tn_mob_gap(&ep->mob, 0, gap);
    if (!tern_addr_same_host(datagram->local, call->gap_local)) return;
    call->moving = false;
    tn_mob_media_seen(&ep->mob, ep->ctx.now, &call->task);
}

int tern_audio_send(struct tern_endpoint *ep, tern_time now, tern_call handle, const int16_t *pcm)
{
    struct tn_call *call = tn_call_find(ep, handle);
    if (call == NULL) return TERN_ESTALE;
    tn_ep_enter(ep, now);
    if (!call->stream_ready) return 0;
    if (TN_MUTANT(MEDIA_WAITS) &&
        tn_account_reg(call->account)->state != TERN_REGISTRATION_REGISTERED)
        return 0;
    tern_time before = call->stream.sender.last_sent;
    int err = tn_stream_send(&call->stream, pcm);
    tern_time after = call->stream.sender.last_sent;
    tn_snapshot_sent(call);
    if (call->moving && before != TERN_TIME_NEVER && after != before) {
        tn_mob_gap(&ep->mob, after - before, 0);
    }
    return err < 0 ? err : 0;
}

int tern_audio_receive(struct tern_endpoint *ep, tern_time now, tern_call handle, int16_t *pcm)
{
    struct tn_call *call = tn_call_find(ep, handle);
    if (call == NULL) return TERN_ESTALE;
    tn_ep_enter(ep, now);
    if (!call->stream_ready) {
        for (size_t i = 0; i < TERN_PCM_FRAME; i++)
            pcm[i] = 0;
        return 0;
    }
    bool heard = tn_stream_take(&call->stream, pcm);
    if (!heard && tn_call_mind_silence(call)) tn_ep_run(ep);
    return heard ? 1 : 0;
}

int tern_call_media_stats(const struct tern_endpoint *ep, tern_call handle,
                          struct tern_media_stats *out)
{
    const struct tn_call *call = tn_call_find(ep, handle);
    if (call == NULL) return TERN_ESTALE;
    *out =
        (struct tern_media_stats){.last_received = TERN_TIME_NEVER, .last_sent = TERN_TIME_NEVER};
    if (call->stream_ready) tn_stream_stats(&call->stream, out);
    return 0;
}
