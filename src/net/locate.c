/* SPDX-License-Identifier: MIT */
/*
 * Server location: RFC 3263 4, without NAPTR (4.1: SRV of the transports that we have is asked at
 * once instead). A look-up is evaluated from the answers that are known; what is missing is asked,
 * all of it in parallel, and with each answer it is evaluated again.
 */
#include "net/locate.h"

#include <string.h>

#include "base/assert.h"
#include "base/str.h"
#include "net/domain.h"
#include "net/impl.h"

enum { SIP_PORT = 5060, SIPS_PORT = 5061, LABELS_MAX = 16 };

/* What is looked for. */
struct wanted {
    tern_str name;
    uint16_t port; /* 0: SRV */
    enum tern_transport transport;
    bool transport_fixed;
    uint64_t domain; /* TLS: whose certificate counts */
    tern_time since;
};

struct lookup {
    struct tn_net *net;
    struct tn_list link; /* in dns.waiting; in none when done */
    uint64_t id;
    struct tn_owner owner;
    struct tn_timer timer;
    bool done;
    struct wanted wanted;
    struct tn_targets targets;
    char name[];
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

    for (uint32_t i = 0; i < net->network.address_count && i < TERN_NET_ADDRESSES_MAX; i++) {
        const struct tern_net_address *a = &net->network.addresses[i];
        if (a->flags & TERN_NET_TENTATIVE) continue;
        any = any || a->addr.family == family;
        others = others || is_for_others(&a->addr);
        ours = ours || (a->addr.family == family && is_for_others(&a->addr));
    }
    return others ? ours : any;
}

static int ask(struct tn_net *net, tern_str name, uint16_t type, tern_time since,
               const struct tn_answer **out)
{
    int state = tn_dns_ask(net, name, type, since, out);
    return state == TERN_ELIMIT ? 1 : state; /* its turn comes */
}

static int worse(int a, int b)
{
    if (a < 0 || b < 0) return a < 0 ? a : b;
    return a || b;
}

/* @return 0: all known, 1, or TERN_ENOMEM */
static int ask_host(struct tn_net *net, tern_str name, tern_time since)
{
    const struct tn_answer *answer;
    tern_addr literal;
    int state = 0;

    if (tern_addr_parse(name, &literal) == 0) return 0;
    if (speaks(net, TERN_FAMILY_IPV6)) state = ask(net, name, TERN_DNS_AAAA, since, &answer);
    if (speaks(net, TERN_FAMILY_IPV4)) {
        state = worse(state, ask(net, name, TERN_DNS_A, since, &answer));
    }
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

static int ask_srv(struct tn_net *net, const struct wanted *w, enum tern_transport transport,
                   const struct tn_answer **out)
{
    char text[TN_NAME_MAX + LABELS_MAX];
    struct tn_buf name;

    tn_buf_fixed(&name, text, sizeof(text));
    tn_buf_str(&name, service_of(transport));
    tn_buf_str(&name, w->name);
    return ask(net, tn_buf_view(&name), TERN_DNS_SRV, w->since, out);
}

static int ask_srv_hosts(struct tn_net *net, const struct wanted *w, const struct tn_answer *srv)
{
    int state = 0;

    for (size_t i = 0; i < srv->count && i < TN_TARGETS_MAX; i++)
        state = worse(state, ask_host(net, srv->records[i].target, w->since));
    return state;
}

/* ---- the list ---- */

static void add(struct tn_targets *out, struct tn_target target)
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
    add(out, like);
}

static uint16_t default_port(enum tern_transport transport)
{
    return transport == TERN_TRANSPORT_TLS ? SIPS_PORT : SIP_PORT;
}

/* IPv6 and IPv4 in turn, so that a broken family costs one try, not half of all. */
static void add_host(struct tn_net *net, tern_str name, tern_time since, struct tn_target like,
                     struct tn_targets *out)
{
    const struct tn_answer *v6 = NULL, *v4 = NULL;
    tern_addr literal;

    if (tern_addr_parse(name, &literal) == 0) {
        literal.port = like.addr.port;
        like.addr = literal;
        add(out, like);
        return;
    }
    if (speaks(net, TERN_FAMILY_IPV6)) (void)!ask(net, name, TERN_DNS_AAAA, since, &v6);
    if (speaks(net, TERN_FAMILY_IPV4)) (void)!ask(net, name, TERN_DNS_A, since, &v4);
    for (size_t i = 0; i < TN_TARGETS_MAX; i++) {
        add_record(out, v6, i, like);
        add_record(out, v4, i, like);
    }
}

/* A sole "." says that there is no such service (RFC 2782); no host has that name. */
static void add_srv_hosts(struct tn_net *net, const struct wanted *w, const struct tn_answer *srv,
                          enum tern_transport transport, struct tn_targets *out)
{
    struct tern_dns_record records[TN_TARGETS_MAX];
    size_t count = srv->count < TN_TARGETS_MAX ? srv->count : TN_TARGETS_MAX;

    memcpy(records, srv->records, count * sizeof(*records));
    tn_srv_order(records, count, &net->ctx->random);
    for (size_t i = 0; i < count; i++) {
        struct tn_target like = {
            .transport = transport, .addr.port = records[i].port, .domain = w->domain};
        add_host(net, records[i].target, w->since, like, out);
    }
}

/* What the snapshot reaches comes first; otherwise the order stays. */
static void sort_reachable(const struct tn_net *net, struct tn_targets *out)
{
    struct tn_targets sorted = {.era = out->era, .transport_fixed = out->transport_fixed};
    tern_addr source;

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < out->count; i++) {
            bool reachable = tern_network_source(&net->network, out->list[i].addr, &source) == 0;
            if (reachable == (pass == 0)) sorted.list[sorted.count++] = out->list[i];
        }
    }
    *out = sorted;
}

/* ---- evaluation ---- */

static bool offers(const struct tn_answer *srv)
{
    return srv->count > 1 || (srv->count == 1 && srv->records[0].target.ptr[0] != '.');
}

/*
 * The SRV answer that counts: that of the transport that is fixed or preferred, else the other's.
 * @return 0 with `*srv` NULL when there is none; 1, TERN_ENOMEM
 */
static int choose_srv(struct tn_net *net, const struct wanted *w, enum tern_transport *transport,
                      const struct tn_answer **srv)
{
    enum tern_transport other =
        w->transport == TERN_TRANSPORT_TCP ? TERN_TRANSPORT_UDP : TERN_TRANSPORT_TCP;
    const struct tn_answer *first = NULL, *second = NULL;
    int other_state = 0;

    int state = ask_srv(net, w, w->transport, &first);
    if (!w->transport_fixed) other_state = ask_srv(net, w, other, &second);
    if (state) return state;
    *transport = w->transport;
    *srv = first->count > 0 ? first : NULL;
    if (w->transport_fixed || offers(first)) return 0;
    if (other_state) return other_state;
    if (!offers(second)) return 0;
    *transport = other;
    *srv = second;
    return 0;
}

/* @return 0 with `*out` (perhaps empty), 1: answers are missing, TERN_ENOMEM */
static int evaluate(struct tn_net *net, const struct wanted *w, struct tn_targets *out)
{
    const struct tn_answer *srv = NULL;
    enum tern_transport transport = w->transport;
    int state = w->port ? 0 : choose_srv(net, w, &transport, &srv);

    if (state) return state;
    state = srv ? ask_srv_hosts(net, w, srv) : ask_host(net, w->name, w->since);
    if (state) return state;
    memset(out, 0, sizeof(*out));
    out->era = net->impl->dns.era;
    out->transport_fixed = w->transport_fixed;
    if (srv) {
        add_srv_hosts(net, w, srv, transport, out);
    } else {
        struct tn_target like = {.transport = transport, .domain = w->domain};
        like.addr.port = w->port ? w->port : default_port(transport);
        add_host(net, w->name, w->since, like, out);
    }
    sort_reachable(net, out);
    return 0;
}

/* ---- look-ups ---- */

static void finish(struct lookup *l)
{
    struct tn_ctx *ctx = l->net->ctx;

    l->done = true;
    tn_timer_cancel(ctx, &l->timer);
    tn_list_remove(&l->link);
    struct tn_effect located = {.kind = TN_EFFECT_LOCATED, .owner = l->owner, .id = l->id};
    tn_emit(ctx, located);
}

static void timeout(struct tn_timer *timer)
{
    finish(TN_OWNER(timer, struct lookup, timer));
}

static bool same(const struct wanted *a, const struct wanted *b)
{
    return a->port == b->port && a->transport == b->transport && a->since == b->since &&
           a->transport_fixed == b->transport_fixed && a->domain == b->domain &&
           tn_str_eq(a->name, b->name);
}

/* Look-ups of the same name stand together mostly: when one still waits, so does the next. */
void tn_lookups_wake(struct tn_net *net)
{
    const struct wanted *waits = NULL;

    TN_LIST_FOR(node, &net->impl->dns.waiting)
    {
        struct lookup *l = TN_OWNER(node, struct lookup, link);
        if (waits && same(waits, &l->wanted)) continue;
        int state = evaluate(net, &l->wanted, &l->targets);
        if (state < 0) net->ctx->out_of_memory = true;
        if (state <= 0) finish(l);
        if (state > 0) waits = &l->wanted;
    }
}

static void drop(struct lookup *l)
{
    struct tn_net *net = l->net;

    tn_timer_cancel(net->ctx, &l->timer);
    tn_list_remove(&l->link);
    tn_slots_remove(&net->impl->dns.lookups, l->id);
    tn_free(&net->ctx->alloc, l);
}

void tn_lookups_fini(struct tn_net *net)
{
    struct lookup *l;
    uint32_t cursor = 0;

    while ((l = tn_slots_each(&net->impl->dns.lookups, &cursor)) != NULL)
        drop(l);
}

static int start(struct tn_net *net, const struct wanted *w, struct tn_owner owner,
                 struct lookup **out)
{
    struct lookup *l = tn_alloc(&net->ctx->alloc, sizeof(*l) + w->name.len);

    if (!l) return TERN_ENOMEM;
    int err = tn_slots_add(&net->impl->dns.lookups, l, &l->id);
    if (err) {
        tn_free(&net->ctx->alloc, l);
        return err;
    }
    l->net = net;
    l->owner = owner;
    l->wanted = *w;
    memcpy(l->name, w->name.ptr, w->name.len);
    l->wanted.name.ptr = l->name;
    tn_timer_init(&l->timer, 0, timeout);
    tn_timer_arm(net->ctx, &l->timer, TN_LOOKUP_TIME);
    tn_list_push(&net->impl->dns.waiting, &l->link);
    *out = l;
    return 0;
}

/* ---- what a URI asks for ---- */

/*
 * What is preferred to be secret never falls back to what is not. "sips:" means TLS whatever the
 * parameter says: RFC 5630 3.1.3 has "transport=tcp" there.
 */
static int read_transport(const struct tn_wanted *wanted, struct wanted *w)
{
    const struct tn_uri *uri = wanted->uri;
    tern_str value;
    bool sips = uri->scheme == TN_SCHEME_SIPS || wanted->secure;

    w->transport = wanted->preferred ? wanted->preferred : TERN_TRANSPORT_UDP;
    w->transport_fixed = wanted->preferred == TERN_TRANSPORT_TLS;
    if (tn_uri_param(uri, TERN_STR("transport"), &value)) {
        if (!tn_uri_transport(value, &w->transport)) return TERN_EUNSUPPORTED;
        if (sips && w->transport == TERN_TRANSPORT_UDP) return TERN_EUNSUPPORTED;
        w->transport_fixed = true;
    }
    if (!sips) return 0;
    w->transport = TERN_TRANSPORT_TLS;
    w->transport_fixed = true;
    return 0;
}

static int read_uri(const struct tn_wanted *wanted, struct wanted *w)
{
    const struct tn_uri *uri = wanted->uri;

    if (uri->scheme != TN_SCHEME_SIP && uri->scheme != TN_SCHEME_SIPS) return TERN_EINVAL;
    w->name = uri->host;
    w->port = uri->port;
    (void)tn_uri_param(uri, TERN_STR("maddr"), &w->name);
    return read_transport(wanted, w);
}

static void answer_literal(const struct wanted *w, tern_addr addr, struct tn_targets *out)
{
    memset(out, 0, sizeof(*out));
    out->transport_fixed = w->transport_fixed;
    addr.port = w->port ? w->port : default_port(w->transport);
    add(out, (struct tn_target){.transport = w->transport, .addr = addr, .domain = w->domain});
}

/* Resolvers complete a name without a dot at its end; with one it is the same to the cache. */
static tern_str without_last_dot(tern_str name)
{
    bool dot = name.len > 1 && name.ptr[name.len - 1] == '.';
    return tn_str_sub(name, 0, name.len - dot);
}

/* RFC 5922 4: not what SRV or maddr lead to. An address is left to whoever has proved to be there. */
static int name_server(struct tn_net *net, const struct tn_uri *uri, struct wanted *w)
{
    tern_addr literal;

    if (w->transport != TERN_TRANSPORT_TLS) return 0;
    if (!net->impl->opts.tls) return TERN_EUNSUPPORTED;
    if (tern_addr_parse(uri->host, &literal) == 0) return 0;
    w->domain = tn_domain_intern(net, without_last_dot(uri->host));
    return w->domain ? 0 : TERN_ENOMEM;
}

int tn_locate(struct tn_net *net, const struct tn_wanted *wanted, struct tn_targets *out,
              uint64_t *query)
{
    struct wanted w = {.since = net->ctx->now};
    struct tn_targets targets = {0};
    struct lookup *l;
    tern_addr literal;

    int err = read_uri(wanted, &w);
    if (err) return err;
    err = name_server(net, wanted->uri, &w);
    if (err) return err;
    if (tern_addr_parse(w.name, &literal) == 0) {
        answer_literal(&w, literal, out);
        return 0;
    }
    w.name = without_last_dot(w.name);
    int state = tn_dns_is_name(w.name) ? evaluate(net, &w, &targets) : 0;
    if (state < 0) return state;
    if (state == 0 && targets.count > 0) {
        *out = targets;
        return 0;
    }
    err = start(net, &w, wanted->owner, &l);
    if (err) return err;
    *query = l->id;
    if (state == 0) finish(l); /* known to be nowhere */
    return 1;
}

int tn_locate_result(struct tn_net *net, uint64_t query, struct tn_targets *out)
{
    struct lookup *l = tn_slots_get(&net->impl->dns.lookups, query);

    if (!l || !l->done) return TERN_ESTALE;
    struct tn_targets targets = l->targets;
    drop(l);
    if (targets.count == 0) return TERN_ENOTFOUND;
    *out = targets;
    return 0;
}

void tn_locate_cancel(struct tn_net *net, uint64_t query)
{
    struct lookup *l = tn_slots_get(&net->impl->dns.lookups, query);

    if (l) drop(l);
}

bool tn_locate_is_old(const struct tn_net *net, const struct tn_targets *targets)
{
    return targets->era != 0 && targets->era != net->impl->dns.era;
}

void tn_locate_flush(struct tn_net *net)
{
    tn_dns_flush(net);
    TN_LIST_FOR(node, &net->impl->dns.waiting)
    {
        TN_OWNER(node, struct lookup, link)->wanted.since = net->ctx->now;
    }
    tn_lookups_wake(net);
}
