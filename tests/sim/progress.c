/* SPDX-License-Identifier: MIT */
/* Progress of IP changes: each generation is told in order, and closed once. */
#include "life.h"

static void check_completed(struct life *life, uint32_t host,
                            const struct tern_ip_change_progress *p)
{
    struct progress *g = &life->phones[host - 1].progress;
    g->closed = true;
    g->completed++;
    if (p->status != TERN_IP_CHANGE_SUCCESS && p->status != TERN_IP_CHANGE_FAILURE &&
        p->status != TERN_IP_CHANGE_SUPERSEDED)
        fail(life, "progress", "%s: COMPLETED with status %d", host_name(host), p->status);
    pace_completed(life, host, p);
}

static struct end *end_of(struct life *life, uint32_t host, const struct message *m)
{
    struct phone *phone = &life->phones[host - 1];
    uint32_t dialled = rings_dialled(life, m->call_id);
    for (uint32_t i = phone->end_count; dialled && i-- > 0;) {
        if (phone->ends[i].dialled == dialled) return &phone->ends[i];
    }
    return NULL;
}

void progress_sent(struct life *life, uint32_t host, const struct message *m)
{
    struct end *end = end_of(life, host, m);
    tern_addr media;
    if (!end || m->sdp.address.len == 0 || tern_addr_parse(m->sdp.address, &media) != 0) return;
    end->offers[end->offer_next % OFFERS_MAX].cseq = m->cseq;
    end->offers[end->offer_next++ % OFFERS_MAX].media = media;
}

void progress_heard(struct life *life, uint32_t host, const struct message *m)
{
    struct end *end = end_of(life, host, m);
    bool invite = str_is(m->method, "INVITE"); /* a CANCEL has the CSeq of its own */
    bool early = invite && m->status > 100 && m->status < 200 && m->sdp.lines > 0;
    bool accepts = early || (m->status >= 200 && m->status < 300);
    if (!end || m->request || !accepts) return;
    if (!invite && !str_is(m->method, "UPDATE")) return;
    end->plain = !invite;
    for (int i = 0; i < OFFERS_MAX; i++) {
        if (end->offers[i].cseq != m->cseq) continue;
        end->accepted = end->offers[i].media;
        end->plain = false;
    }
}

/*
 * An offer that waited for a connection is written when that is up, with what the snapshot gives by
 * then: a path that has come since and is better, but has not lasted yet.
 */
static bool is_newer(struct life *life, uint32_t host, const struct end *end)
{
    const struct phone *phone = &life->phones[host - 1];
    struct tern_call_info info;
    tern_addr best;
    return tern_call_get_info(phone->ep, end->call, &info) == 0 &&
           tern_network_source(tern_get_network(phone->ep), info.remote_media, &best) == 0 &&
           tern_addr_same_host(best, end->accepted);
}

/* "re-INVITE call succeeded" means that the far end knows the address that this generation is for. */
static void check_refreshed(struct life *life, uint32_t host,
                            const struct tern_ip_change_progress *p)
{
    const struct end *end = app_end(&life->phones[host - 1], p->call);
    if (p->op != TERN_IP_CHANGE_OP_REINVITE_CALL || p->status != TERN_IP_CHANGE_SUCCESS) return;
    if (!end || !end->accepted.family || !p->local.family) return;
    if (!end->answered && end->plain) return;      /* of the Contact alone */
    if (wire_is_nats(life, end->accepted)) return; /* by STUN; whether it is right is heard */
    /* What waited for its connection was prepared for the network as it was then. */
    const struct tern_network *network = tern_get_network(life->phones[host - 1].ep);
    if (rules_may_wait(life, host) && tern_network_find(network, end->accepted)) return;
    if (!tern_network_find(network, p->local)) return;
    /* Where the far end is decides as well: while both move, an offer may be newer than the report. */
    if (life->phones[end->peer].progress.generation > 0 || is_newer(life, host, end)) return;
    if (life->plan->set[SET_reinvite] == 7 && !tern_addr_same_host(end->accepted, p->local))
        fail(life, "progress", "%s: generation %u says that a call was told of an address, untruly",
             host_name(host), p->generation);
}

void progress_check(struct life *life, uint32_t host, const struct tern_ip_change_progress *p)
{
    struct progress *g = &life->phones[host - 1].progress;
    if (p->generation != g->generation) {
        if (p->generation != g->generation + 1)
            fail(life, "progress", "%s: generation %u after %u", host_name(host), p->generation,
                 g->generation);
        if (g->generation && !g->closed)
            fail(life, "progress", "%s: generation %u was not completed", host_name(host),
                 g->generation);
        g->generation = p->generation;
        g->closed = false;
        g->since = 0;
    }
    if (g->closed)
        fail(life, "progress", "%s: %s after COMPLETED", host_name(host),
             tern_ip_change_op_name(p->op));
    if (p->since_change < g->since)
        fail(life, "progress", "%s: time runs backwards", host_name(host));
    g->since = p->since_change;
    check_refreshed(life, host, p);
    if (p->op == TERN_IP_CHANGE_OP_COMPLETED) check_completed(life, host, p);
}
