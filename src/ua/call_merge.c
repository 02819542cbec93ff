/* SPDX-License-Identifier: MIT */
/*
 * The INVITE that rings here comes once more by another branch: MOBILITY S3. Its caller, or a proxy on the
 * way, has found our new address when the first branch had come to nothing there. RFC 3261 8.2.2.2 has
 * 482 for what was merged; where our way back by the first branch is gone, that would refuse a call
 * that rings. The new branch takes its place: it goes on ringing, in the same dialog.
 *
 * Once there is a 2xx that nobody has acknowledged, it goes by the new branch as well where that has come
 * by another flow: it is the same 2xx in the same dialog, and a proxy that has followed our binding has
 * forgotten the first branch, so that 482 would end for the caller what we take for a call. Who asks
 * must then be who asked first, or our way back to him be gone.
 */
#include "dialog/routes.h"
#include "ua/call.h"

/* The connection or the address that it came to is gone; answers may leave from elsewhere. */
static bool is_cut_off(const struct tn_call *call, uint64_t txn)
{
    const struct tern_endpoint *ep = call->ep;
    const struct tn_flow *flow = tn_net_get(&ep->net, tn_server_flow(&ep->txns, txn));
    if (!tn_net_has_local(&ep->net, call->answer_from)) return true;
    if (tn_net_get(&ep->net, call->answer_flow) == NULL) return true; /* another connection */
    return flow == NULL || !tn_net_has_local(&ep->net, flow->key.local);
}

static struct tn_call *call_of(const struct tern_endpoint *ep, uint64_t txn)
{
    struct tn_owner owner = tn_server_owner(&ep->txns, txn);
    struct tn_call *call = owner.kind == TN_OWNER_CALL ? tn_call_by_id(ep, owner.id) : NULL;
    return call && call->invite_txn == txn && !call->ended_told ? call : NULL;
}

/* What waits for its PRACK belongs to the branch that it was sent by. */
static bool may_change(const struct tn_call *call, uint64_t first, const struct tn_flow *flow)
{
    bool answered = tn_repeat_running(&call->repeat);
    if (tn_reliable_waits(&call->prack.reliable)) return false;
    if (!answered && call->life != TN_LIFE_INCOMING) return false;
    if (is_cut_off(call, first)) return true;
    return answered && flow->id != call->answer_flow &&
           tern_addr_same_host(flow->peer, call->answer_hop);
}

static void answer_again(struct tn_call *call)
{
    struct tn_buf body;
    tn_buf_init(&body, &call->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    int err = tn_offer_repeat(&call->offer, &body);
    /* Without memory the caller hears nothing, and the time runs out. */
    if (!err) err = tn_call_respond_2xx(call, call->invite_txn, tn_buf_view(&body));
    if (!err) tn_repeat_anew(&call->repeat);
    tn_buf_fini(&body);
}

bool tn_call_in_merged(struct tern_endpoint *ep, const struct tn_effect *effect, uint64_t first)
{
    const struct tn_flow *flow = tn_net_get(&ep->net, effect->flow);
    struct tn_call *call = call_of(ep, first);
    if (call == NULL || flow == NULL || !may_change(call, first, flow)) return false;
    if (tn_routes_take(&ep->ctx.alloc, effect->msg, false, &call->dialog.routes) != 0) return false;
    struct tn_response merged = {.status = 482, .to_tag = tn_dialog_local_tag(&call->dialog)};
    tn_server_set_owner(&ep->txns, first, (struct tn_owner){.kind = TN_OWNER_NONE});
    tn_server_set_owner(&ep->txns, effect->id, (struct tn_owner){TN_OWNER_CALL, 0, call->id});
    if (call->life == TN_LIFE_INCOMING) (void)!tn_server_respond(&ep->txns, first, &merged);
    call->invite_txn = effect->id;
    call->transport = flow->key.transport;
    call->hop = call->answer_hop = flow->peer;
    call->answer_from = flow->key.local;
    call->answer_flow = call->dialog.came_by = flow->id;
    if (tn_repeat_running(&call->repeat)) {
        answer_again(call);
    } else if (call->ring_status) {
        tn_call_ring(call, call->ring_status);
    }
    tn_call_in_ready(call);
    return true;
}
