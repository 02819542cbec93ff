/* SPDX-License-Identifier: MIT */
#include "ua/keep.h"

#include "net/keepalive.h"
#include "ua/account.h"

static tern_time wanted_interval(const struct tn_registration *reg)
{
    bool udp = reg->account->transport == TERN_TRANSPORT_UDP;
    uint32_t seconds = udp ? reg->account->keepalive_s : reg->account->stream_keepalive_s;
    bool asked = reg->flow_timer_s > 0 && (seconds == 0 || reg->flow_timer_s < seconds);
    return TERN_SECONDS(asked ? reg->flow_timer_s : seconds); /* RFC 5626 4.4 */
}

void tn_registration_unkeep(struct tn_registration *reg)
{
    tn_net_unkeep(&reg->account->ep->net, reg->keep.flow);
    reg->keep = (struct tn_registration_keep){0};
}

void tn_registration_keep(struct tn_registration *reg)
{
    struct tn_registration_keep want = {.flow = reg->flow, .interval = wanted_interval(reg)};

    if (want.flow == reg->keep.flow && want.interval == reg->keep.interval) return;
    tn_registration_unkeep(reg);
    if (want.flow == 0 || want.interval == 0) return;
    /* A flow that is gone has been reported; without memory it is like one that is not kept. */
    if (tn_net_keep(&reg->account->ep->net, want.flow, want.interval) == 0) reg->keep = want;
}
