/* SPDX-License-Identifier: MIT */
/* Name servers: one zone for the world; as slow, wrong or dead as the caller wants. */
#include <string.h>

#include "world.h"

int tern_sim_dns_add(struct tern_sim *sim, tern_str name, const struct tern_dns_record *record)
{
    if (sim->record_count == SIM_RECORDS_MAX) return TERN_ELIMIT;
    if (name.len > SIM_NAME_MAX || record->target.len > SIM_NAME_MAX) return TERN_EINVAL;
    struct sim_record *r = &sim->records[sim->record_count++];
    memcpy(r->name, name.ptr, name.len);
    r->name_len = name.len;
    r->record = *record;
    if (record->target.len > 0) memcpy(r->target, record->target.ptr, record->target.len);
    r->record.target.ptr = r->target;
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

void sim_resolve(struct tern_sim *sim, uint32_t host, const struct tern_output *out)
{
    sim_host(sim, host)->asked++;
    if (sim->dns_delay == TERN_TIME_NEVER) return; /* the endpoint has a time-out of its own */
    struct sim_flight *flight = sim_flight_new(sim, SIM_ANSWER, out->data.len);
    if (flight == NULL) return;
    flight->host = host;
    flight->id = out->id;
    flight->type = out->dns_type;
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

void sim_answer(struct tern_sim *sim, struct sim_flight *flight)
{
    struct sim_host *host = sim_host(sim, flight->host);
    if (host->queries > 0) host->queries--;
    if (host->ep == NULL || host->ep != flight->user) return;
    struct tern_dns_record records[SIM_RECORDS_MAX];
    size_t count = 0;
    for (uint32_t i = 0; i < sim->record_count; i++) {
        const struct sim_record *r = &sim->records[i];
        if (r->record.type == flight->type && same_name(r, flight)) records[count++] = r->record;
    }
    bool fails = sim->dns_fails || host->network.address_count == 0;
    tern_resolved(host->ep, sim->now, flight->id, records, fails ? 0 : count, fails);
    sim_drain(sim, flight->host);
}
