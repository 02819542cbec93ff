/* SPDX-License-Identifier: MIT */
/*
 * What a name means is asked anew in each network: the answer of the old one may be a name server's
 * that knows an inside of its own (RFC 3263 says nothing of it; every VPN does so).
 */
#include "life.h"

static uint32_t asked(const struct life *life, const struct phone *phone)
{
    return tern_sim_get_use(life->sim, phone->host).asked;
}

void dns_before(struct life *life, struct phone *phone)
{
    phone->network_then = *tern_get_network(phone->ep);
    phone->asked_then = asked(life, phone);
    pace_notice(life, phone);
    again_spur(life, phone);
}

void dns_notice(struct life *life, struct phone *phone)
{
    if (phone->ep) dns_before(life, phone);
    tern_sim_notice(life->sim, phone->host);
}

void dns_heard(struct life *life, struct phone *phone)
{
    (void)life;
    phone->network_before = phone->network_then;
    phone->asked_before = phone->asked_then;
}

/* A REGISTER from an address that the last change has brought. */
void dns_check(struct life *life, uint32_t host, const struct message *m)
{
    const struct phone *phone = &life->phones[host - 1];
    tern_addr local;
    if (!life->plan->set[SET_names] || !str_is(m->method, "REGISTER")) return;
    if (tern_addr_parse(m->sent_by, &local) != 0) return;
    if (tern_network_find(&phone->network_before, local)) return;
    if (asked(life, phone) == phone->asked_before)
        fail(life, "dns", "%s: a REGISTER from a new address, and nobody was asked for the name",
             host_name(host));
}
