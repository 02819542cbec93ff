/* SPDX-License-Identifier: MIT */
/*
 * Server location from what is known: RFC 3263 4.1 (NAPTR), 4.2 (SRV, addresses), RFC 2782. What is
 * missing is asked, all that can be in parallel: the SRV of our transports beside the NAPTR that may
 * name others.
 *
 * Two kinds of answers are not waited for without end: the other family of a host that has an address
 * already (RFC 8305 3, the resolution delay), and NAPTR, which some name servers never answer.
 */
#include "net/locate_find.h"

#include <string.h>

#include "base/assert.h"
#include "base/links.h"
#include "base/str.h"
#include "net/domain.h"
#include "net/impl.h"
#include "net/kept.h"
#include "net/naptr.h"

enum { SIP_PORT = 5060, SIPS_PORT = 5061, LABELS_MAX = 16, SERVICES_MAX = 4 };

/* One evaluation. */
struct finding {
    struct tn_net *net;
    const struct tn_sought *sought;
    struct tn_targets *out;
    tern_time again; /* when to evaluate again, though nothing has been answered */
    bool partial;    /* something was not waited for */
    uint16_t hosts;  /* named so far */
};

/* ---- what to ask for ---- */

static bool is_for_others(const tern_addr *a)
{
    static const uint8_t loopback6[16] = {[15] = 1};

    if (a->family == TERN_FAMILY_IPV4) return a->ip[0] != 127;
    if (a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80) return false;
    return memcmp(a->ip, loopback6, sizeof(loopback6)) != 0;
}

/* A host with no more than link-local and loopback addresses of a family does not speak it, unless
 * it has nothing else at all. */
static bool speaks(const struct tn_net *net, uint8_t family)
{
    bool any = false, others = false, ours = false;

    if (family == TERN_FAMILY_IPV4 && net->network.nat64_len > 0) return true;
    for (uint32_t i = 0; i < net->network.address_count && i < TERN_NET_ADDRESSES_MAX; i++) {
        const struct tern_net_address *a = &net->network.addresses[i];
        if (a->flags & TERN_NET_TENTATIVE) continue;
        any = any || a->addr.family == family;
        others = others || is_for_others(&a->addr);
        ours = ours || (a->addr.family == family && is_for_others(&a->addr));
    }
    return others ? ours : any;
}

static int ask(struct finding *f, tern_str name, uint16_t type, const struct tn_answer **out)
{
    int state = tn_dns_ask(f->net, name, type, f->sought->since, out);
    return state == TERN_ELIMIT ? 1 : state; /* its turn comes */
}

static int worse(int a, int b)
{
    if (a < 0 || b < 0) return a < 0 ? a : b;
    return a || b;
}

/* Whether an answer that is missing still is to be waited for; if not, the finding is partial. */
static bool waits_until(struct finding *f, tern_time due)
{
    if (due > f->net->ctx->now) {
        if (due < f->again) f->again = due;
        return true;
    }
    f->partial = true;
    return false;
}

/* The addresses of a host, of either family; NULL: none, or not waited for. */
struct addresses {
    const struct tn_answer *v6, *v4;
};

static bool has_some(const struct tn_answer *a)
{
    return a && a->query == 0 && a->count > 0;
}

static int patient(struct finding *f, int state, const struct tn_answer *other)
{
    if (state != 1 || !has_some(other)) return state;
    return waits_until(f, other->answered + TN_RESOLUTION_DELAY);
}

/* @return 0: all known, or not waited for, 1, or TERN_ENOMEM */
static int ask_host(struct finding *f, tern_str name, struct addresses *out)
{
    int state6 = 0, state4 = 0;
    tern_addr literal;

    *out = (struct addresses){0};
    if (tern_addr_parse(name, &literal) == 0) return 0;
    if (speaks(f->net, TERN_FAMILY_IPV6)) state6 = ask(f, name, TERN_DNS_AAAA, &out->v6);
    if (speaks(f->net, TERN_FAMILY_IPV4)) state4 = ask(f, name, TERN_DNS_A, &out->v4);
    int state = worse(patient(f, state6, out->v4), patient(f, state4, out->v6));
    if (!has_some(out->v6)) out->v6 = NULL;
    if (!has_some(out->v4)) out->v4 = NULL;
    return state;
}

/* RFC 3263 4.1 */
static tern_str service_of(enum tern_transport transport)
{
    switch (transport) {
    case TERN_TRANSPORT_UDP: return TERN_STR("_sip._udp.");
    case TERN_TRANSPORT_TCP: return TERN_STR("_sip._tcp.");
    case TERN_TRANSPORT_TLS: return TERN_STR("_sips._tcp.");
    }
    TN_UNREACHABLE();
}

static int ask_srv(struct finding *f, enum tern_transport transport, const struct tn_answer **out)
{
    char text[TN_NAME_MAX + LABELS_MAX];
    struct tn_buf name;

    tn_buf_fixed(&name, text, sizeof(text));
    tn_buf_str(&name, service_of(transport));
    tn_buf_str(&name, f->sought->name);
    return ask(f, tn_buf_view(&name), TERN_DNS_SRV, out);
}

static int ask_naptr(struct finding *f, const struct tn_answer **out)
{
    int state = ask(f, f->sought->name, TERN_DNS_NAPTR, out);

    if (state != 1 || *out == NULL) return state;
    return waits_until(f, (*out)->asked + TN_NAPTR_PATIENCE);
}

/* ---- the list ---- */

void tn_locate_add(struct tn_targets *out, struct tn_target target)
{
    for (size_t i = 0; i < out->count; i++) {
        const struct tn_target *other = &out->list[i];
        if (other->transport != target.transport) continue;
        if (tern_addr_equal(other->addr, target.addr)) return;
    }
    if (out->count == TN_TARGETS_MAX) return;
    out->list[out->count++] = target;
}

static void add_record(struct tn_targets *out, const struct tn_answer *answer, size_t i,
                       struct tn_target like)
{
    if (!answer || i >= answer->count) return;
    uint16_t port = like.addr.port;
    like.addr = answer->records[i].addr;
    like.addr.port = port;
    tn_locate_add(out, like);
}

uint16_t tn_locate_port(enum tern_transport transport)
{
    return transport == TERN_TRANSPORT_TLS ? SIPS_PORT : SIP_PORT;
}

/* IPv6 and IPv4 in turn, so that a broken family costs one try, not half of all (RFC 8305 4). */
static int add_host(struct finding *f, tern_str name, struct tn_target like)
{
    struct addresses addresses;
    tern_addr literal;

    if (tern_addr_parse(name, &literal) == 0) {
        literal.port = like.addr.port;
        like.addr = literal;
        tn_locate_add(f->out, like);
        return 0;
    }
    int state = ask_host(f, name, &addresses);
    if (state) return state;
    for (size_t i = 0; i < TN_TARGETS_MAX; i++) {
        add_record(f->out, addresses.v6, i, like);
        add_record(f->out, addresses.v4, i, like);
    }
    return 0;
}

/* A sole "." says that there is no such service (RFC 2782); no host has that name. */
static int add_srv_hosts(struct finding *f, const struct tn_answer *srv,
                         enum tern_transport transport)
{
    struct tern_dns_record records[TN_TARGETS_MAX];
    size_t count = srv->count < TN_TARGETS_MAX ? srv->count : TN_TARGETS_MAX;
    uint16_t before = f->out->count ? f->out->list[f->out->count - 1].rank : 0;
    int state = 0;

    memcpy(records, srv->records, count * sizeof(*records));
    tn_srv_order(records, count, &f->net->ctx->random);
    for (size_t i = 0; i < count; i++) {
        bool equal = i > 0 && records[i].priority == records[i - 1].priority;
        if (!equal) before++;
        struct tn_target like = {.transport = transport,
                                 .addr.port = records[i].port,
                                 .domain = f->sought->domain,
                                 .rank = before,
                                 .host = (uint16_t)(f->hosts + i)};
        state = worse(state, add_host(f, records[i].target, like));
    }
    f->hosts = (uint16_t)(f->hosts + count);
    return state;
}

struct liking {
    bool reachable;
    int32_t tier;
};

static struct liking liking_of(const struct tn_net *net, tern_addr remote)
{
    tern_addr source;
    bool reachable = tern_network_source(&net->network, remote, &source) == 0;
    return (struct liking){reachable, tn_links_tier(&net->network, remote)};
}

/*
 * What the snapshot reaches comes first, and of one rank what it reaches by the better link, where a
 * policy says which that is: the families may go different ways. Otherwise the order stays.
 */
static void sort_reachable(const struct tn_net *net, struct tn_targets *out)
{
    struct liking likings[TN_TARGETS_MAX];

    for (size_t i = 0; i < out->count; i++) {
        struct tn_target target = out->list[i];
        struct liking liking = liking_of(net, target.addr);
        size_t at = i;
        for (; at > 0; at--) {
            const struct liking *other = &likings[at - 1];
            bool nicer = out->list[at - 1].rank == target.rank && liking.tier > other->tier;
            if (liking.reachable == other->reachable ? !nicer : other->reachable) break;
            out->list[at] = out->list[at - 1];
            likings[at] = likings[at - 1];
        }
        out->list[at] = target;
        likings[at] = liking;
    }
}

/* ---- RFC 3263 4.1: which transport ---- */

static bool offers(const struct tn_answer *srv)
{
    return srv->count > 1 || (srv->count == 1 && srv->records[0].target.ptr[0] != '.');
}

/*
 * The SRV answer that counts: that of the transport that is fixed or preferred, else the other's.
 * @return 0 with `*srv` NULL when there is none; 1, TERN_ENOMEM
 */
static int choose_srv(struct finding *f, enum tern_transport *transport,
                      const struct tn_answer **srv)
{
    const struct tn_sought *s = f->sought;
    enum tern_transport other =
        s->transport == TERN_TRANSPORT_TCP ? TERN_TRANSPORT_UDP : TERN_TRANSPORT_TCP;
    const struct tn_answer *first = NULL, *second = NULL;
    int other_state = 0;

    int state = ask_srv(f, s->transport, &first);
    if (!s->transport_fixed) other_state = ask_srv(f, other, &second);
    if (state) return state;
    *transport = s->transport;
    *srv = first->count > 0 ? first : NULL;
    if (s->transport_fixed || offers(first)) return 0;
    if (other_state) return other_state;
    if (!offers(second)) return 0;
    *transport = other;
    *srv = second;
    return 0;
}

/* What is reached by TLS only because NAPTR says so proves to be the domain, as with sips:. */
static int add_service(struct finding *f, const struct tern_dns_record *naptr)
{
    struct tn_sought with_domain = *f->sought;
    const struct tn_sought *given = f->sought;
    const struct tn_answer *srv = NULL;
    enum tern_transport transport;

    if (!tn_naptr_transport(naptr, &transport)) return 0;
    int state = ask(f, naptr->target, TERN_DNS_SRV, &srv);
    if (state) return state;
    if (transport != TERN_TRANSPORT_TLS) {
        with_domain.domain = 0;
    } else if (given->domain == 0) {
        with_domain.domain = tn_domain_intern(f->net, given->name);
        if (with_domain.domain == 0) return TERN_ENOMEM;
    }
    f->sought = &with_domain;
    state = offers(srv) ? add_srv_hosts(f, srv, transport) : 0;
    f->sought = given;
    return state;
}

/* @return 0 with targets, or none where NAPTR says nothing; 1, TERN_ENOMEM */
static int add_services(struct finding *f)
{
    struct tern_dns_record services[TN_RECORDS_MAX];
    const struct tn_answer *naptr = NULL;
    int state = ask_naptr(f, &naptr);

    if (state || !has_some(naptr)) return state;
    memcpy(services, naptr->records, naptr->count * sizeof(*services));
    size_t count = tn_naptr_order(services, naptr->count, f->sought->allowed);
    for (size_t i = 0; i < count && i < SERVICES_MAX; i++)
        state = worse(state, add_service(f, &services[i]));
    return state;
}

static int add_by_srv(struct finding *f)
{
    const struct tn_answer *srv = NULL;
    enum tern_transport transport = f->sought->transport;
    int state = choose_srv(f, &transport, &srv);

    if (state) return state;
    if (srv) return add_srv_hosts(f, srv, transport);
    struct tn_target like = {.transport = transport, .domain = f->sought->domain};
    like.addr.port = tn_locate_port(transport);
    return add_host(f, f->sought->name, like);
}

static int find(struct finding *f)
{
    const struct tn_sought *s = f->sought;
    const struct tn_answer *unused = NULL;

    if (s->port) {
        struct tn_target like = {
            .transport = s->transport, .domain = s->domain, .addr.port = s->port};
        return add_host(f, s->name, like);
    }
    if (s->named) return add_by_srv(f);
    int state = add_services(f);
    if (state == 1) { /* meanwhile, for a domain that has none */
        enum tern_transport transport = s->transport;
        int beside = choose_srv(f, &transport, &unused);
        return beside < 0 ? beside : 1;
    }
    if (state || f->out->count > 0) return state;
    return add_by_srv(f);
}

int tn_locate_find(struct tn_net *net, const struct tn_sought *sought, struct tn_targets *out,
                   tern_time *again)
{
    struct tn_targets found = {
        .era = net->impl->dns.era, .key = sought->key, .transport_fixed = sought->transport_fixed};
    struct finding f = {.net = net, .sought = sought, .out = &found, .again = TERN_TIME_NEVER};
    int state = find(&f);

    *again = f.again;
    if (state) return state;
    found.partial = f.partial;
    sort_reachable(net, &found);
    tn_kept_first(net, &found);
    *out = found;
    return 0;
}
