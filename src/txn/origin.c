/* SPDX-License-Identifier: MIT */
/*
 * The way back: RFC 3261 18.2.1 and 18.2.2, RFC 3581 4. It is worked out at
 * each send, since in between our address, or the connection, may have gone.
 */
#include <tern/err.h>

#include "base/str.h"
#include "net/locate.h"
#include "txn/txn_impl.h"

enum { SIP_PORT = 5060, SIPS_PORT = 5061 };

static enum tern_transport via_transport(const struct tn_via *via)
{
    if (tn_str_ieq(via->transport, TERN_STR("UDP"))) return TERN_TRANSPORT_UDP;
    return tn_str_ieq(via->transport, TERN_STR("TLS")) ? TERN_TRANSPORT_TLS : TERN_TRANSPORT_TCP;
}

static uint16_t via_port(const struct tn_via *via)
{
    if (via->port) return via->port;
    return via_transport(via) == TERN_TRANSPORT_TLS ? SIPS_PORT : SIP_PORT;
}

/* A flow that closed right behind its message has left no address: the Via may name one. */
static tern_addr address_of(const struct tn_via *via)
{
    tern_addr addr;

    if (tern_addr_parse(via->host, &addr) != 0) return (tern_addr){0};
    addr.port = via_port(via);
    return addr;
}

struct tn_origin tn_origin_of(const struct tn_txns *txns, const struct tn_msg *request,
                              uint64_t flow_id)
{
    const struct tn_flow *flow = tn_net_get(txns->net, flow_id);

    if (flow) {
        return (struct tn_origin){flow_id, flow->key.transport, flow->key.local, flow->key.remote};
    }
    return (struct tn_origin){.flow = flow_id,
                              .transport = via_transport(&request->via),
                              .source = address_of(&request->via)};
}

/*
 * To the address that the request came from, which is what `received` says. The port is that of the
 * source where rport asks for it, else the sent-by's. `maddr` is multicast's, and ignored.
 */
static tern_addr destination(const struct tn_msg *request, const struct tn_origin *origin)
{
    tern_addr to = origin->source;
    bool symmetric = origin->transport == TERN_TRANSPORT_UDP && request->via.rport_asked;

    if (!symmetric) to.port = via_port(&request->via);
    return to;
}

static bool still_leads_back(const struct tn_net *net, const struct tn_origin *origin, tern_addr to)
{
    const struct tn_flow *flow = tn_net_get(net, origin->flow);

    /* A connection outlives its address while there is no network at all: it may come back. */
    if (!flow || !tn_net_has_local(net, flow->key.local)) return false;
    return origin->transport != TERN_TRANSPORT_UDP || tern_addr_equal(flow->key.remote, to) ||
           flow->key.remote.family != to.family;
}

int tn_origin_way(const struct tn_txns *txns, const struct tn_msg *request,
                  const struct tn_origin *origin, uint64_t *flow)
{
    tern_addr to = destination(request, origin);
    const struct tn_target target = {.transport = origin->transport, .addr = to};

    if (to.family == TERN_FAMILY_NONE) return TERN_ENOROUTE;
    if (!still_leads_back(txns->net, origin, to)) {
        return tn_locate_flow_back(txns->net, &target, origin->local, flow);
    }
    *flow = origin->flow;
    return 0;
}

void tn_origin_send(struct tn_txns *txns, const struct tn_msg *request, struct tn_origin *origin,
                    tern_str text, bool again)
{
    if (text.len == 0 || tn_origin_way(txns, request, origin, &origin->flow) != 0) return;
    /* What fails here comes again when the peer repeats its request, or timer G fires. */
    int lost = tn_net_send(txns->net, origin->flow, text, again);
    (void)lost;
}
