/* SPDX-License-Identifier: MIT */
#include "net/admit.h"

#include "net/impl.h"

bool tn_pace(tern_time now, tern_time *due, tern_time interval, tern_time burst)
{
    if (*due < now) *due = now;
    if (*due - now >= burst) return false;
    *due += interval;
    return true;
}

static bool may_shake_hands(struct tn_net *net)
{
    return tn_pace(net->ctx->now, &net->impl->handshakes_due, TN_HANDSHAKE_INTERVAL,
                   TN_HANDSHAKE_BURST);
}

static int begin_handshake(struct tn_net *net, tern_addr remote)
{
    struct tn_net_impl *impl = net->impl;

    if (impl->shaking_count >= TN_SHAKING_MAX) return TERN_ELIMIT;
    int err = tn_tally_take(&impl->shaking, remote);
    if (err) return err;
    impl->shaking_count++;
    if (may_shake_hands(net)) return 0;
    tn_handshake_over(net, remote);
    return TERN_ELIMIT;
}

int tn_admit(struct tn_net *net, const struct tn_flow_key *key)
{
    struct tn_net_impl *impl = net->impl;
    bool is_tls = key->transport == TERN_TRANSPORT_TLS;

    if (impl->streams_incoming >= TN_STREAMS_INCOMING_MAX) return TERN_ELIMIT;
    int err = tn_tally_take(&impl->callers, key->remote);
    if (err) return err;
    err = is_tls ? begin_handshake(net, key->remote) : 0;
    if (err) {
        tn_tally_give(&impl->callers, key->remote);
    } else {
        impl->streams_incoming++;
    }
    return err;
}

void tn_handshake_over(struct tn_net *net, tern_addr remote)
{
    tn_tally_give(&net->impl->shaking, remote);
    net->impl->shaking_count--;
}

void tn_dismiss(struct tn_net *net, tern_addr remote)
{
    tn_tally_give(&net->impl->callers, remote);
    net->impl->streams_incoming--;
}
