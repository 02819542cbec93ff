/* SPDX-License-Identifier: MIT */
#include "ua/public.h"

#include "base/mutant.h"
#include "base/str.h"
#include "net/keepalive.h"
#include "ua/call.h"
#include "ua/outbound.h"

/* ---- what a Contact says ---- */

void tn_public_rewrite(const struct tn_registration *reg, uint64_t flow, struct tn_reach *reach)
{
    const struct tern_endpoint *ep = reg->account->ep;
    const struct tn_flow *f = tn_net_get(&ep->net, flow);

    if (!reg->account->contact_rewrite || reg->outside.mapping.unstable || !f) return;
    if (!tn_net_is_translated(f)) return;
    if (f->key.transport != reach->transport) return;
    if (!tern_addr_same_host(f->key.local, reach->local)) return;
    reach->local = f->mapped;
}

static void rewrite_for_call(const struct tn_call *call, struct tn_reach *reach)
{
    const struct tn_registration *reg = tn_account_reg_view(call->account);
    tn_public_rewrite(reg, reg->flow, reach);
}

void tn_public_rewrite_call(struct tn_call *call, struct tn_reach *reach)
{
    call->outside.local = reach->local;
    rewrite_for_call(call, reach);
    call->outside.told = reach->local;
}

bool tn_public_is_stale(const struct tn_call *call)
{
    struct tn_reach reach = {call->transport, call->outside.local, call->sips};

    if (reach.local.family == TERN_FAMILY_NONE || call->contact_gruu) return false;
    if (call->account->ip_change.hangup_calls) return false;
    if (tn_call_left_its_flow(call)) return true;
    rewrite_for_call(call, &reach);
    return !tern_addr_equal(reach.local, call->outside.told);
}

/* The registrar has another Contact than a REGISTER would have now. */
static bool is_outdated(const struct tn_registration *reg, const struct tn_flow *flow)
{
    struct tn_reach reach = {flow->key.transport, tn_net_sent_by(&reg->account->ep->net, flow),
                             reg->account->sips};
    struct tn_buf buf;
    tern_str text;

    tn_public_rewrite(reg, flow->id, &reach);
    tn_buf_init(&buf, &reg->account->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    tn_put_contact(&buf, tn_text_view(&reg->account->user), &reach);
    bool other =
        tn_buf_end(&buf, &text) == 0 && !tn_bindings_same(text, tn_text_view(&reg->contact));
    tn_buf_fini(&buf);
    return other;
}

/* ---- news ---- */

/* A connection's port is its own: what counts is the host. */
static enum tn_mapping_verdict see(struct tn_registration *reg, const struct tn_flow *flow)
{
    struct tn_path path = {flow->key.local, flow->key.remote};
    tern_addr mapped = flow->mapped;

    if (flow->key.transport != TERN_TRANSPORT_UDP) path.local.port = mapped.port = 0;
    return tn_mapping_see(&reg->outside.mapping, reg->account->ep->ctx.now, &path, mapped);
}

/* Our last REGISTER has told everybody on the way already. */
static bool has_just_bound(const struct tn_registration *reg)
{
    return reg->outside.bound_at == reg->account->ep->ctx.now;
}

/* @return whether it is a change of address */
static bool take_news(struct tn_registration *reg, const struct tn_flow *flow)
{
    struct tn_public *outside = &reg->outside;
    enum tn_mapping_verdict verdict = see(reg, flow);
    bool changed = verdict == TN_MAPPING_CHANGED || verdict == TN_MAPPING_UNSTABLE;
    bool outdated = is_outdated(reg, flow);

    if (TN_MUTANT(NAT_UNSEEN)) return false;
    if (reg != tn_account_reg_view(reg->account)) { /* a second flow: nothing else hangs on it */
        if (changed || outdated) tn_registration_start(reg);
        return false;
    }
    if (!changed && outdated && reg->account->calls == 0) tn_registration_start(reg);
    if (!changed && !(outdated && reg->account->calls > 0)) return false;
    outside->moves = outdated || !has_just_bound(reg);
    return true;
}

static bool is_concerned(const struct tn_registration *reg, uint64_t flow)
{
    return reg->flow == flow && reg->request == 0 && reg->state == TERN_REGISTRATION_REGISTERED &&
           !reg->account->removed;
}

/*
 * A NAT that has forgotten one flow has mostly forgotten them all, and a stream would take minutes to find
 * out: what waits on it goes by another.
 */
static void drop_forgotten_streams(struct tern_endpoint *ep, const struct tn_flow_key *seen)
{
    uint32_t cursor = 0;
    const struct tn_flow *f;
    while ((f = tn_net_each(&ep->net, &cursor)) != NULL) {
        if (f->key.transport == TERN_TRANSPORT_UDP || f->incoming) continue;
        if (!tern_addr_same_host(f->key.local, seen->local)) continue;
        if (!tern_addr_same_host(f->key.remote, seen->remote)) continue;
        tn_net_close(&ep->net, f->id, true, false);
    }
}

void tn_public_flow_mapped(struct tern_endpoint *ep, uint64_t flow)
{
    const struct tn_flow *f = tn_net_get(&ep->net, flow);
    bool changed = false;

    if (!f || f->mapped.family == TERN_FAMILY_NONE) return;
    struct tn_path seen = {f->key.local, f->mapped};
    TN_LIST_FOR(node, tn_registrations_of_flow(ep, flow))
    {
        struct tn_registration *reg = TN_OWNER(node, struct tn_registration, by_flow);
        if (!is_concerned(reg, flow)) continue;
        bool news = take_news(reg, f);
        if (news || tn_calls_left_flow(reg->account)) changed = true;
    }
    if (!changed) return;
    if (f->key.transport == TERN_TRANSPORT_UDP) {
        const struct tn_flow_key key = f->key;
        drop_forgotten_streams(ep, &key);
    }
    tn_ep_public_changed(ep, &seen);
    TN_LIST_FOR(node, tn_registrations_of_flow(ep, flow))
    {
        struct tn_registration *reg = TN_OWNER(node, struct tn_registration, by_flow);
        reg->outside.moves = false;
    }
}

void tn_public_registered(struct tn_registration *reg)
{
    struct tern_endpoint *ep = reg->account->ep;

    reg->outside.bound_at = ep->ctx.now;
    /* Later, for it may begin a generation in the middle of this one's steps. */
    tn_emit(&ep->ctx,
            (struct tn_effect){.kind = TN_EFFECT_FLOW_MAPPED, .id = reg->flow, .flow = reg->flow});
}
