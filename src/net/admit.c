/* SPDX-License-Identifier: MIT */
#include "net/admit.h"

#include "net/impl.h"

/* At the pace of TN_HANDSHAKE_INTERVAL, after a burst. */
static bool may_shake_hands(struct tn_net *net)
{
    tern_time *due = &net->impl->handshakes_due;

    if (*due < net->ctx->now) *due = net->ctx->now;
    if (*due - net->ctx->now >= TN_HANDSHAKE_BURST) return false;
    *due += TN_HANDSHAKE_INTERVAL;
    return true;
}

int tn_admit(struct tn_net *net, const struct tn_flow_key *key)
{
    struct tn_net_impl *impl = net->impl;

    if (impl->streams_incoming >= TN_STREAMS_INCOMING_MAX) return TERN_ELIMIT;
    if (key->transport == TERN_TRANSPORT_TLS && !may_shake_hands(net)) return TERN_ELIMIT;
    int err = tn_tally_take(&impl->callers, key->remote);
    if (!err) impl->streams_incoming++;
    return err;
}

void tn_dismiss(struct tn_net *net, tern_addr remote)
{
    tn_tally_give(&net->impl->callers, remote);
    net->impl->streams_incoming--;
}
