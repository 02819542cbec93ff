/* SPDX-License-Identifier: MIT */
#include "net/domain.h"

#include "base/str.h"
#include "net/impl.h"

struct domain {
    struct tn_list link; /* in by_use */
    uint64_t id;
    tern_addr server; /* where it was proved last; family 0: nowhere yet */
    uint64_t proof;   /* that one, counted over all domains */
    size_t len;
    char name[];
};

static struct tn_domains *domains_of(const struct tn_net *net)
{
    return &net->impl->domains;
}

void tn_domains_init(struct tn_net *net)
{
    tn_slots_init(&domains_of(net)->names, &net->ctx->alloc, TN_DOMAINS_MAX + 1);
    tn_list_init(&domains_of(net)->by_use);
}

static void drop(struct tn_net *net, struct domain *d)
{
    tn_list_remove(&d->link);
    tn_slots_remove(&domains_of(net)->names, d->id);
    tn_free(&net->ctx->alloc, d);
}

void tn_domains_fini(struct tn_net *net)
{
    TN_LIST_FOR(node, &domains_of(net)->by_use)
    {
        drop(net, TN_OWNER(node, struct domain, link));
    }
    tn_slots_fini(&domains_of(net)->names);
}

static tern_str name_of(const struct domain *d)
{
    return (tern_str){d->name, d->len};
}

static struct domain *find(const struct tn_net *net, tern_str name)
{
    TN_LIST_FOR(node, &domains_of(net)->by_use)
    {
        struct domain *d = TN_OWNER(node, struct domain, link);
        if (tn_str_ieq(name_of(d), name)) return d;
    }
    return NULL;
}

static struct domain *create(struct tn_net *net, tern_str name)
{
    struct tn_domains *domains = domains_of(net);
    struct domain *d = tn_alloc(&net->ctx->alloc, sizeof(*d) + name.len);

    if (!d) return NULL;
    if (tn_slots_add(&domains->names, d, &d->id) != 0) {
        tn_free(&net->ctx->alloc, d);
        return NULL;
    }
    d->len = name.len;
    memcpy(d->name, name.ptr, name.len);
    tn_list_push(&domains->by_use, &d->link);
    if (domains->names.count > TN_DOMAINS_MAX) {
        drop(net, TN_OWNER(domains->by_use.next, struct domain, link));
    }
    return d;
}

uint64_t tn_domain_intern(struct tn_net *net, tern_str name)
{
    if (name.len == 0 || name.len > TN_NAME_MAX) return 0;
    struct domain *d = find(net, name);
    if (!d) {
        d = create(net, name);
        return d ? d->id : 0;
    }
    tn_list_remove(&d->link);
    tn_list_push(&domains_of(net)->by_use, &d->link);
    return d->id;
}

tern_str tn_domain_name(const struct tn_net *net, uint64_t domain)
{
    const struct domain *d = tn_slots_get(&domains_of(net)->names, domain);
    return d ? name_of(d) : (tern_str){NULL, 0};
}

void tn_domain_proved(struct tn_net *net, uint64_t domain, tern_addr server)
{
    struct domain *d = tn_slots_get(&domains_of(net)->names, domain);
    if (!d || tern_addr_equal(d->server, server)) return;
    d->server = server;
    d->proof = ++domains_of(net)->proofs;
}

uint64_t tn_domain_at(const struct tn_net *net, tern_addr server)
{
    const struct domain *first = NULL;

    TN_LIST_FOR(node, &domains_of(net)->by_use)
    {
        const struct domain *d = TN_OWNER(node, struct domain, link);
        if (!d->server.family || !tern_addr_equal(d->server, server)) continue;
        if (!first || d->proof < first->proof) first = d;
    }
    return first ? first->id : 0;
}
