/* SPDX-License-Identifier: MIT */
/* The one switch that hands effects of the layers below to their owners. */
#include "ua/call.h"

/* RFC 3261 13.2.2.4: a 2xx that no transaction wants may be a fork's, or a late one, as to an UPDATE. */
static void stray_response(struct tern_endpoint *ep, const struct tn_effect *effect)
{
    struct tn_call *call = tn_call_for_response(ep, effect->msg);
    if (effect->msg->method == TN_METHOD_UPDATE) {
        if (call) tn_call_update_late(call, effect->msg);
        return;
    }
    if (tn_call_replace_stray(ep, effect->msg)) return;
    if (call) {
        tn_call_decline_fork(call, effect->msg);
    } else {
        tn_fork_stray(ep, effect->msg);
    }
}

static void to_call(struct tern_endpoint *ep, const struct tn_effect *effect)
{
    struct tn_call *call = tn_call_by_id(ep, effect->owner.id);
    bool answer = effect->kind == TN_EFFECT_RESPONSE && effect->msg->method == TN_METHOD_INVITE;
    if (call) {
        tn_call_effect(call, effect);
    } else if (answer && effect->msg->status / 100 == 2) {
        stray_response(ep, effect); /* once more, to a re-INVITE of a call that is gone */
    }
}

static void to_owner(struct tern_endpoint *ep, const struct tn_effect *effect)
{
    switch (effect->owner.kind) {
    case TN_OWNER_REQUEST: tn_request_effect(&ep->txns, effect); return;
    case TN_OWNER_REGISTRATION: {
        struct tn_account *account = tn_slots_get(&ep->accounts, effect->owner.id);
        if (account) tn_registration_effect(tn_registration_of(account, effect->owner.tag), effect);
        return;
    }
    case TN_OWNER_CALL: to_call(ep, effect); return;
    case TN_OWNER_ENDPOINT:
        if (effect->kind == TN_EFFECT_LOCATED && effect->id == 0) {
            tn_ep_nat64_learnt(ep);
        } else {
            tn_fork_effect(ep, effect);
        }
        return;
    case TN_OWNER_NONE:
    case TN_OWNER_PROXY: return; /* nobody waits for it; the proxy's went to the service */
    }
}

/* One at a time: the decisions in between may end any account. */
static struct tn_registration *registration_of_flow(struct tern_endpoint *ep, uint64_t flow)
{
    TN_LIST_FOR(node, tn_registrations_of_flow(ep, flow))
    {
        struct tn_registration *reg = TN_OWNER(node, struct tn_registration, by_flow);
        if (reg->flow == flow) return reg;
    }
    return NULL;
}

static void flow_up(struct tern_endpoint *ep, uint64_t flow)
{
    struct tn_flow_security security;

    if (tn_net_security(&ep->net, flow, &security)) {
        const struct tn_flow_key *key = &tn_net_get(&ep->net, flow)->key;
        struct tern_event event = {.type = TERN_EV_SECURED};
        event.u.secured = (struct tern_ev_secured){.local = key->local,
                                                   .remote = key->remote,
                                                   .version = security.version,
                                                   .resumed = security.resumed,
                                                   .took = security.took};
        tn_ep_event(ep, &event);
    }
    tn_txns_flow_up(&ep->txns, flow);
    tn_ep_answers_online(ep);
}

static void flow_down(struct tern_endpoint *ep, uint64_t flow)
{
    struct tn_registration *reg;
    tn_txns_flow_down(&ep->txns, flow);
    while ((reg = registration_of_flow(ep, flow)) != NULL) {
        tn_registration_flow_down(reg, flow); /* forgets the flow */
        (void)tn_ep_decisions(ep);
    }
}

static void ack(struct tern_endpoint *ep, const struct tn_effect *effect)
{
    struct tn_call *call = tn_call_for_request(ep, effect->msg);
    if (call) tn_call_in_ack(call, effect->msg);
}

void tn_ep_dispatch(struct tern_endpoint *ep, const struct tn_effect *effect)
{
    if (ep->service && ep->service->effect(ep->service, effect)) return;
    switch (effect->kind) {
    case TN_EFFECT_MESSAGE: tn_txns_message(&ep->txns, effect->msg, effect->flow); return;
    case TN_EFFECT_FLOW_UP: flow_up(ep, effect->flow); return;
    case TN_EFFECT_FLOW_DOWN: flow_down(ep, effect->flow); return;
    case TN_EFFECT_FLOW_MAPPED: tn_public_flow_mapped(ep, effect->flow); return;
    case TN_EFFECT_REQUEST: tn_ep_request(ep, effect); return;
    case TN_EFFECT_ACK: ack(ep, effect); return;
    case TN_EFFECT_STRAY_RESPONSE: stray_response(ep, effect); return;
    case TN_EFFECT_LOCATED:
    case TN_EFFECT_CANCELLED:
    case TN_EFFECT_SERVER_TIMEOUT:
    case TN_EFFECT_SERVER_ENDED:
    case TN_EFFECT_TXN_RESPONSE:
    case TN_EFFECT_TXN_FAILED:
    case TN_EFFECT_CANCEL_ANSWERED:
    case TN_EFFECT_PREPARE:
    case TN_EFFECT_RESPONSE:
    case TN_EFFECT_FAILED:
    case TN_EFFECT_STUN:
    case TN_EFFECT_SECURITY: to_owner(ep, effect); return;
    }
}
