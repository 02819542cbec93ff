/* SPDX-License-Identifier: MIT */
/*
 * Server location: RFC 3263 4. A look-up is evaluated from the answers that are known
 * (locate_find.h), and with each answer it is evaluated again.
 */
#include "net/locate.h"

#include <string.h>

#include "base/assert.h"
#include "base/str.h"
#include "net/domain.h"
#include "net/impl.h"
#include "net/locate_find.h"

struct lookup {
    struct tn_net *net;
    struct tn_list link; /* in dns.waiting; in none when done */
    uint64_t id;
    struct tn_owner owner;
    struct tn_timer timer, patience;
    bool done;
    struct tn_sought wanted;
    struct tn_targets targets;
    char name[];
};

/* ---- look-ups ---- */

static void finish(struct lookup *l)
{
    struct tn_ctx *ctx = l->net->ctx;

    l->done = true;
    tn_timer_cancel(ctx, &l->timer);
    tn_timer_cancel(ctx, &l->patience);
    tn_list_remove(&l->link);
    struct tn_effect located = {.kind = TN_EFFECT_LOCATED, .owner = l->owner, .id = l->id};
    tn_emit(ctx, located);
}

static void timeout(struct tn_timer *timer)
{
    finish(TN_OWNER(timer, struct lookup, timer));
}

/* @return whether it waits on */
static bool take_up(struct lookup *l)
{
    struct tn_ctx *ctx = l->net->ctx;
    tern_time again;
    int state = tn_locate_find(l->net, &l->wanted, &l->targets, &again);

    if (state < 0) ctx->out_of_memory = true;
    if (state <= 0) {
        finish(l);
        return false;
    }
    tn_timer_cancel(ctx, &l->patience);
    if (again != TERN_TIME_NEVER) tn_timer_arm(ctx, &l->patience, again - ctx->now);
    return true;
}

static void waited(struct tn_timer *timer)
{
    (void)take_up(TN_OWNER(timer, struct lookup, patience));
}

static bool same(const struct tn_sought *a, const struct tn_sought *b)
{
    return a->key == b->key && a->since == b->since;
}

/* Look-ups of the same name stand together mostly: when one still waits, so does the next. */
void tn_lookups_wake(struct tn_net *net)
{
    const struct lookup *waits = NULL;

    TN_LIST_FOR(node, &net->impl->dns.waiting)
    {
        struct lookup *l = TN_OWNER(node, struct lookup, link);
        if (!waits || !same(&waits->wanted, &l->wanted)) {
            if (take_up(l)) waits = l;
        } else if (tn_timer_armed(&waits->patience)) {
            tern_time due = tn_timer_due(&waits->patience) - net->ctx->now;
            tn_timer_arm(net->ctx, &l->patience, due);
        }
    }
}

static void drop(struct lookup *l)
{
    struct tn_net *net = l->net;

    tn_timer_cancel(net->ctx, &l->timer);
    tn_timer_cancel(net->ctx, &l->patience);
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

static int start(struct tn_net *net, const struct tn_sought *w, struct tn_owner owner,
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
    tn_timer_init(&l->patience, 0, waited);
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
static int read_transport(const struct tn_wanted *wanted, struct tn_sought *w)
{
    const struct tn_uri *uri = wanted->uri;
    tern_str value;
    bool sips = uri->scheme == TN_SCHEME_SIPS || wanted->secure;

    w->transport = wanted->preferred ? wanted->preferred : TERN_TRANSPORT_UDP;
    w->transport_fixed = wanted->preferred == TERN_TRANSPORT_TLS;
    if (tn_uri_param(uri, TERN_STR("transport"), &value)) {
        if (!tn_uri_transport(value, &w->transport)) return TERN_EUNSUPPORTED;
        if (sips && w->transport == TERN_TRANSPORT_UDP) return TERN_EUNSUPPORTED;
        w->transport_fixed = w->named = true;
    }
    if (!sips) return 0;
    w->transport = TERN_TRANSPORT_TLS;
    w->transport_fixed = true;
    return 0;
}

static int read_uri(const struct tn_wanted *wanted, struct tn_sought *w)
{
    const struct tn_uri *uri = wanted->uri;

    if (uri->scheme != TN_SCHEME_SIP && uri->scheme != TN_SCHEME_SIPS) return TERN_EINVAL;
    w->name = uri->host;
    w->port = uri->port;
    (void)tn_uri_param(uri, TERN_STR("maddr"), &w->name);
    return read_transport(wanted, w);
}

static void answer_literal(const struct tn_sought *w, tern_addr addr, struct tn_targets *out)
{
    memset(out, 0, sizeof(*out));
    out->transport_fixed = w->transport_fixed;
    addr.port = w->port ? w->port : tn_locate_port(w->transport);
    tn_locate_add(out,
                  (struct tn_target){.transport = w->transport, .addr = addr, .domain = w->domain});
}

/* Resolvers complete a name without a dot at its end; with one it is the same to the cache. */
static tern_str without_last_dot(tern_str name)
{
    bool dot = name.len > 1 && name.ptr[name.len - 1] == '.';
    return tn_str_sub(name, 0, name.len - dot);
}

/* RFC 5922 4: not what SRV or maddr lead to. An address is left to whoever has proved to be there. */
static int name_server(struct tn_net *net, const struct tn_uri *uri, struct tn_sought *w)
{
    tern_addr literal;

    if (w->transport != TERN_TRANSPORT_TLS) return 0;
    if (!net->impl->opts.tls) return TERN_EUNSUPPORTED;
    if (tern_addr_parse(uri->host, &literal) == 0) return 0;
    w->domain = tn_domain_intern(net, without_last_dot(uri->host));
    return w->domain ? 0 : TERN_ENOMEM;
}

/*
 * Which transports a NAPTR record may lead to (RFC 3263 4.1): those that we have, TLS alone where it
 * is asked for. By maddr it is not TLS: whose certificate would count?
 */
static unsigned allowed_for(const struct tn_net *net, const struct tn_uri *uri,
                            const struct tn_sought *w)
{
    const struct tn_net_opts *opts = &net->impl->opts;
    tern_str maddr;

    if (w->transport == TERN_TRANSPORT_TLS) return 1U << TERN_TRANSPORT_TLS;
    bool tls = opts->tls && !tn_uri_param(uri, TERN_STR("maddr"), &maddr);
    return (opts->no_udp ? 0 : 1U << TERN_TRANSPORT_UDP) | 1U << TERN_TRANSPORT_TCP |
           (tls ? 1U << TERN_TRANSPORT_TLS : 0);
}

static uint64_t key_of(const struct tn_net *net, const struct tn_sought *w)
{
    const uint8_t rest[] = {(uint8_t)w->transport, w->transport_fixed,      w->named,
                            (uint8_t)w->allowed,   (uint8_t)(w->port >> 8), (uint8_t)w->port};
    char text[TN_NAME_MAX + sizeof(rest) + sizeof(w->domain)];
    struct tn_buf buf;

    TN_ASSERT(w->name.len <= TN_NAME_MAX);
    tn_buf_fixed(&buf, text, sizeof(text));
    for (size_t i = 0; i < w->name.len; i++) /* in what a name may hold, this is without case */
        tn_buf_char(&buf, (char)(w->name.ptr[i] | 0x20));
    tn_buf_bytes(&buf, rest, sizeof(rest));
    tn_buf_bytes(&buf, &w->domain, sizeof(w->domain));
    uint64_t key = tn_map_hash(&net->by_key, buf.ptr, buf.len);
    return key ? key : 1;
}

int tn_locate(struct tn_net *net, const struct tn_wanted *wanted, struct tn_targets *out,
              uint64_t *query)
{
    struct tn_sought w = {.since = net->ctx->now};
    struct tn_targets targets = {0};
    tern_time again = TERN_TIME_NEVER;
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
    w.allowed = allowed_for(net, wanted->uri, &w);
    bool is_name = tn_dns_is_name(w.name);
    if (is_name) w.key = key_of(net, &w);
    int state = is_name ? tn_locate_find(net, &w, &targets, &again) : 0;
    if (state < 0) return state;
    if (state == 0 && targets.count > 0) {
        *out = targets;
        return 0;
    }
    err = start(net, &w, wanted->owner, &l);
    if (err) return err;
    *query = l->id;
    *out = (struct tn_targets){.key = w.key, .transport_fixed = w.transport_fixed};
    if (state == 0) finish(l); /* known to be nowhere */
    if (state && again != TERN_TIME_NEVER) {
        tn_timer_arm(net->ctx, &l->patience, again - net->ctx->now);
    }
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
    tn_pref64_wake(net); /* its question has been forgotten, too */
}
