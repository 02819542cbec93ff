/* SPDX-License-Identifier: MIT */
#include "ua/call_stun.h"

#include "net/keepalive.h"
#include "ua/call.h"

/* Nothing is heard for so long: the NAT may have forgotten us, or the far end not know where we are. */
#define SILENCE TERN_SECONDS(1)
/* A public address of SDP that nobody has used since then is none. */
#define IN_VAIN TERN_SECONDS(5)

static void start(struct tn_call *call, struct tn_stun_client *client,
                  const struct tn_media_socket *socket)
{
    struct tern_endpoint *ep = call->ep;
    const struct tn_stun_client_opts opts = {.net = &ep->net,
                                             .servers = tn_text_view(&ep->stun_servers),
                                             .owner = {TN_OWNER_CALL, 0, call->id},
                                             .socket = socket->id,
                                             .port = socket->port};
    tn_stun_client_start(client, &opts);
}

void tn_call_stun_start(struct tn_call *call)
{
    if (call->ep->stun_servers.len == 0) return;
    start(call, &call->stun.rtp, &call->rtp);
    start(call, &call->stun.rtcp, &call->rtcp);
}

void tn_call_stun_stop(struct tn_call *call)
{
    tn_stun_client_stop(&call->stun.rtp);
    tn_stun_client_stop(&call->stun.rtcp);
}

void tn_call_stun_moved(struct tn_call *call)
{
    call->stun.distrusted = false;
    tn_stun_client_ask(&call->stun.rtp);
    tn_stun_client_ask(&call->stun.rtcp);
}

bool tn_call_stun_datagram(struct tn_call *call, const struct tern_datagram *datagram)
{
    return tn_stun_client_receive(&call->stun.rtp, datagram) ||
           tn_stun_client_receive(&call->stun.rtcp, datagram);
}

static tern_addr shown(const struct tn_call *call, tern_addr from)
{
    tern_addr mapped;
    if (call->stun.distrusted || !tn_stun_client_mapped(&call->stun.rtp, from, &mapped))
        return from;
    return mapped;
}

void tn_call_stun_describe(struct tn_call *call, struct tn_offer_local *local)
{
    tern_addr rtcp;
    local->rtp = shown(call, local->from);
    call->stun.told = local->rtp;
    call->stun.told_at = call->ep->ctx.now;
    if (tern_addr_equal(local->rtp, local->from)) return;
    local->rtcp = (tern_addr){0}; /* the next port, unless it is known to be another */
    if (tn_stun_client_mapped(&call->stun.rtcp, local->from, &rtcp)) local->rtcp = rtcp;
}

/* ---- is it heard? ---- */

static bool listens(const struct tn_call *call)
{
    const struct tn_media_plan *plan = tn_offer_plan(&call->offer);
    return call->life == TN_LIFE_ACTIVE && call->stream_ready && plan->active && plan->listen;
}

static tern_time last_heard(const struct tn_call *call)
{
    tern_time last = tn_stream_last_received(&call->stream);
    return last == TERN_TIME_NEVER ? call->answered : last;
}

static void tell(struct tn_call *call)
{
    tn_refresh_want(&call->refresh, TN_INTENT_OFFER);
    tn_call_pump_refresh(call);
}

void tn_call_stun_check(struct tn_call *call)
{
    if (!listens(call) || call->stun.told.family == TERN_FAMILY_NONE) return;
    tern_addr now = shown(call, call->media_local);
    bool heard = tn_stream_last_received(&call->stream) != TERN_TIME_NEVER &&
                 call->ep->ctx.now - last_heard(call) < SILENCE;
    if (tern_addr_equal(now, call->stun.told) || heard || tn_call_task_active(&call->task)) return;
    tell(call);
}

/* Who follows what we send would have found us: the address that STUN has told leads nowhere. */
static bool doubt(struct tn_call *call)
{
    struct tn_call_stun *stun = &call->stun;
    bool outside = !tern_addr_equal(stun->told, call->media_local);
    bool in_vain = last_heard(call) < stun->told_at && call->ep->ctx.now - stun->told_at >= IN_VAIN;
    if (stun->distrusted || !outside || !in_vain || stun->told.family == TERN_FAMILY_NONE)
        return false;
    stun->distrusted = true;
    tell(call);
    return true;
}

bool tn_call_mind_silence(struct tn_call *call)
{
    tern_time now = call->ep->ctx.now;
    if (!listens(call) || now - last_heard(call) < SILENCE) return false;
    bool doubted = call->stun.rtp.socket != 0 && doubt(call);
    if (call->stun.minded_at >= last_heard(call)) return doubted; /* this silence */
    call->stun.minded_at = now;
    tn_net_probe(&call->ep->net, tn_account_reg(call->account)->flow);
    tn_stun_client_ask(&call->stun.rtp);
    tn_stun_client_ask(&call->stun.rtcp);
    tn_call_stun_check(call);
    return true;
}
