/* SPDX-License-Identifier: MIT */
#include "net/naptr.h"

#include "base/str.h"

static const struct {
    tern_str service;
    enum tern_transport transport;
} services[] = {
    {{"SIP+D2U", 7}, TERN_TRANSPORT_UDP},
    {{"SIP+D2T", 7}, TERN_TRANSPORT_TCP},
    {{"SIPS+D2T", 8}, TERN_TRANSPORT_TLS},
};

enum { SERVICES = sizeof(services) / sizeof(services[0]) };

static size_t find(const struct tern_dns_record *r)
{
    size_t i = 0;

    while (i < SERVICES && !tn_str_ieq(r->service, services[i].service))
        i++;
    return i;
}

bool tn_naptr_transport(const struct tern_dns_record *r, enum tern_transport *out)
{
    size_t i = find(r);

    if (i == SERVICES || r->regexp || !tn_str_ieq(r->flags, TERN_STR("s"))) return false;
    *out = services[i].transport;
    return true;
}

void tn_naptr_keep(struct tern_dns_record *r)
{
    size_t i = find(r);

    r->service = i < SERVICES ? services[i].service : (tern_str){NULL, 0};
    r->flags = i < SERVICES ? TERN_STR("s") : (tern_str){NULL, 0};
}

static bool before(const struct tern_dns_record *a, const struct tern_dns_record *b)
{
    return a->priority != b->priority ? a->priority < b->priority : a->weight < b->weight;
}

/* RFC 3403 4.1: once there is a match, records of a higher order do not count. */
size_t tn_naptr_order(struct tern_dns_record *r, size_t count, unsigned transports)
{
    enum tern_transport transport;
    size_t kept = 0, same = 0;

    for (size_t i = 0; i < count; i++) {
        struct tern_dns_record x = r[i];
        if (!tn_naptr_transport(&x, &transport) || !(transports & 1U << transport)) continue;
        size_t at = kept++;
        for (; at > 0 && before(&x, &r[at - 1]); at--)
            r[at] = r[at - 1];
        r[at] = x;
    }
    while (same < kept && r[same].priority == r[0].priority)
        same++;
    return same;
}
