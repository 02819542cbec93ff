/* SPDX-License-Identifier: MIT */
/* Name servers: one zone for the world, or views of it; as slow, wrong or dead as the caller wants. */
#include <string.h>

#include "world.h"

int tern_sim_dns_add(struct tern_sim *sim, tern_str name, const struct tern_dns_record *record)
{
    return tern_sim_dns_add_in(sim, 0, name, record);
}

static void keep(tern_str *text, char *room)
{
    if (text->len > 0) memcpy(room, text->ptr, text->len);
    text->ptr = room;
}

int tern_sim_dns_add_in(struct tern_sim *sim, uint32_t net, tern_str name,
                        const struct tern_dns_record *record)
{
    if (net > sim->net_count) return TERN_EINVAL;
    if (sim->record_count == SIM_RECORDS_MAX) return TERN_ELIMIT;
    if (name.len > SIM_NAME_MAX || record->target.len > SIM_NAME_MAX) return TERN_EINVAL;
    if (record->service.len > SIM_SERVICE_MAX || record->flags.len > SIM_SERVICE_MAX)
        return TERN_EINVAL;
    struct sim_record *r = &sim->records[sim->record_count++];
    r->net = net;
    memcpy(r->name, name.ptr, name.len);
    r->name_len = name.len;
    r->record = *record;
    keep(&r->record.target, r->target);
    keep(&r->record.service, r->service);
    keep(&r->record.flags, r->flags);
    return 0;
}

void tern_sim_dns_clear(struct tern_sim *sim)
{
    sim->record_count = 0;
}

void tern_sim_dns_set(struct tern_sim *sim, tern_time delay, bool fail)
{
    sim->dns_delay = delay;
    sim->dns_fails = fail;
}

static bool is_down(const struct tern_sim *sim, struct sim_place place)
{
    return !sim_is_open(sim, place) && !sim_is_captive(sim, place);
}

/* Where the name servers are that the host asks; as with a driver, by the link that is to be used. */
static bool servers_of(const struct sim_host *host, struct sim_place *out)
{
    const struct tern_network *chosen = tern_get_network(host->ep);
    const struct tern_net_address *best = NULL;
    for (uint32_t i = 0; i < host->network.address_count; i++) {
        const struct tern_net_address *a = &host->network.addresses[i];
        if (chosen->tiers) a = tern_network_find(chosen, a->addr);
        if (!a || (a->flags & TERN_NET_TENTATIVE)) continue;
        if (!best || a->preference > best->preference) best = a;
    }
    int at = best ? sim_address_index(host, best->addr) : -1;
    return at >= 0 && sim_place_of(host, at, out);
}

void sim_resolve(struct tern_sim *sim, uint32_t host, const struct tern_output *out)
{
    sim_host(sim, host)->asked++;
    struct sim_place servers = {0};
    bool reached = servers_of(sim_host(sim, host), &servers) && !is_down(sim, servers);
    bool offline = sim_host(sim, host)->network.address_count == 0; /* told at once */
    /* The endpoint has a time-out of its own. */
    if (sim->dns_delay == TERN_TIME_NEVER || (!reached && !offline)) return;
    struct sim_flight *flight = sim_flight_new(sim, SIM_ANSWER, out->data.len);
    if (flight == NULL) return;
    flight->host = host;
    flight->id = out->id;
    flight->type = out->dns_type;
    flight->net = servers.net;
    flight->user = sim_host(sim, host)->ep; /* a restarted one has never asked */
    memcpy(flight->data, out->data.ptr, out->data.len);
    sim_host(sim, host)->queries++;
    sim_schedule(sim, flight, sim->now + sim->dns_delay);
}

static char lower(uint8_t c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool same_name(const struct sim_record *record, const struct sim_flight *flight)
{
    if (record->name_len != flight->len) return false;
    for (size_t i = 0; i < flight->len; i++) {
        if (lower((uint8_t)record->name[i]) != lower(flight->data[i])) return false;
    }
    return true;
}

/* The net whose records of this name count: that of the servers, if they have any of their own. */
static uint32_t view_of(const struct tern_sim *sim, const struct sim_flight *flight)
{
    for (uint32_t i = 0; i < sim->record_count; i++) {
        if (sim->records[i].net == flight->net && same_name(&sim->records[i], flight))
            return flight->net;
    }
    return 0;
}

/* RFC 6147; RFC 7050 for the name that has IPv4 addresses alone. */
static size_t make_aaaa(const struct tern_sim *sim, const struct sim_flight *flight, uint32_t view,
                        struct tern_dns_record *out)
{
    static const char arpa[] = "ipv4only.arpa";
    const struct sim_net *net = flight->net ? sim->nets[flight->net - 1] : NULL;
    size_t count = 0;
    if (net == NULL || net->nat.nat64.family == 0 || flight->type != TERN_DNS_AAAA) return 0;
    if (flight->len == sizeof(arpa) - 1 && memcmp(flight->data, arpa, flight->len) == 0) {
        tern_addr known = {.family = TERN_FAMILY_IPV4, .ip = {192, 0, 0, 170}};
        out[0] = (struct tern_dns_record){
            .type = TERN_DNS_AAAA, .ttl_s = 60, .addr = sim_to_nat64(net, known)};
        return 1;
    }
    for (uint32_t i = 0; i < sim->record_count; i++) {
        const struct sim_record *r = &sim->records[i];
        if (r->net != view || r->record.type != TERN_DNS_A || !same_name(r, flight)) continue;
        out[count] = r->record;
        out[count].type = TERN_DNS_AAAA;
        out[count].addr = sim_to_nat64(net, r->record.addr);
        count++;
    }
    return count;
}

void sim_answer(struct tern_sim *sim, struct sim_flight *flight)
{
    struct sim_host *host = sim_host(sim, flight->host);
    if (host->queries > 0) host->queries--;
    if (host->ep == NULL || host->ep != flight->user || !sim_awake(sim, flight->host)) return;
    struct tern_dns_record records[SIM_RECORDS_MAX];
    size_t count = 0;
    uint32_t view = view_of(sim, flight);
    for (uint32_t i = 0; i < sim->record_count; i++) {
        const struct sim_record *r = &sim->records[i];
        if (r->net != view) continue;
        if (r->record.type == flight->type && same_name(r, flight)) records[count++] = r->record;
    }
    if (count == 0) count = make_aaaa(sim, flight, view, records);
    bool fails = sim->dns_fails || host->network.address_count == 0;
    tern_resolved(host->ep, sim->now, flight->id, records, fails ? 0 : count, fails);
    sim_drain(sim, flight->host);
}
