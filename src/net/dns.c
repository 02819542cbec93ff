/* SPDX-License-Identifier: MIT */
#include "net/dns.h"

#include <string.h>

#include "base/assert.h"
#include "base/str.h"
#include "net/impl.h"
#include "net/locate.h"
#include "net/naptr.h"

void tn_dns_init(struct tn_net *net)
{
    struct tn_dns *dns = &net->impl->dns;

    tn_list_init(&dns->answers);
    tn_list_init(&dns->waiting);
    tn_slots_init(&dns->lookups, &net->ctx->alloc, TN_LOOKUPS_MAX);
    net->impl->dns.era = 1;
}

static void forget(struct tn_answer *a)
{
    struct tn_ctx *ctx = a->net->ctx;
    struct tn_dns *dns = &a->net->impl->dns;

    if (a->query) {
        dns->asking--;
    } else {
        dns->known--;
    }
    tn_timer_cancel(ctx, &a->timer);
    tn_list_remove(&a->link);
    tn_free(&ctx->alloc, a->records);
    tn_free(&ctx->alloc, a);
}

void tn_dns_flush(struct tn_net *net)
{
    if (++net->impl->dns.era == 0) net->impl->dns.era = 1;
    TN_LIST_FOR(node, &net->impl->dns.answers)
    {
        forget(TN_OWNER(node, struct tn_answer, link));
    }
}

void tn_dns_fini(struct tn_net *net)
{
    tn_lookups_fini(net);
    tn_dns_flush(net);
    tn_slots_fini(&net->impl->dns.lookups);
}

bool tn_dns_is_name(tern_str name)
{
    if (name.len == 0 || name.len > TN_NAME_MAX) return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.') return false;
    }
    return true;
}

/* ---- asking ---- */

static struct tn_answer *find(struct tn_dns *dns, tern_str name, uint16_t type)
{
    TN_LIST_FOR(node, &dns->answers)
    {
        struct tn_answer *a = TN_OWNER(node, struct tn_answer, link);
        if (a->type == type && tn_str_ieq((tern_str){a->name, a->name_len}, name)) return a;
    }
    return NULL;
}

static void settle(struct tn_answer *a, uint32_t ttl_s)
{
    struct tn_dns *dns = &a->net->impl->dns;

    a->query = 0;
    a->answered = a->net->ctx->now;
    a->expires = a->answered + TERN_SECONDS(ttl_s < TN_TTL_MAX_S ? ttl_s : TN_TTL_MAX_S);
    tn_timer_cancel(a->net->ctx, &a->timer);
    dns->asking--;
    dns->known++;
}

static void wake(struct tn_net *net)
{
    tn_lookups_wake(net);
    tn_pref64_wake(net);
}

/* The resolver has said nothing. */
static void timeout(struct tn_timer *timer)
{
    struct tn_answer *a = TN_OWNER(timer, struct tn_answer, timer);

    a->failed = true;
    settle(a, TN_TTL_FAILED_S);
    wake(a->net);
}

static struct tn_answer *create(struct tn_net *net, tern_str name, uint16_t type)
{
    struct tn_answer *a = tn_alloc(&net->ctx->alloc, sizeof(*a) + name.len);

    if (!a) return NULL;
    a->net = net;
    a->type = type;
    a->name_len = name.len;
    memcpy(a->name, name.ptr, name.len);
    tn_timer_init(&a->timer, 0, timeout);
    tn_list_push(&net->impl->dns.answers, &a->link);
    net->impl->dns.known++; /* until start() */
    return a;
}

static void start(struct tn_answer *a)
{
    struct tn_net *net = a->net;

    tn_free(&net->ctx->alloc, a->records);
    a->records = NULL;
    a->count = 0;
    a->query = tn_net_next_id(net);
    a->asked = net->ctx->now;
    net->impl->dns.known--;
    net->impl->dns.asking++;
    tn_timer_arm(net->ctx, &a->timer, TN_QUESTION_TIME);
    struct tern_output out = {.type = TERN_OUT_RESOLVE,
                              .id = a->query,
                              .dns_type = a->type,
                              .data = {a->name, a->name_len}};
    tn_output(net->ctx, &out);
}

int tn_dns_ask(struct tn_net *net, tern_str name, uint16_t type, tern_time since,
               const struct tn_answer **out)
{
    struct tn_dns *dns = &net->impl->dns;
    struct tn_answer *a = find(dns, name, type);

    if (a) *out = a;
    if (a && a->query) return 1;
    if (a && (net->ctx->now < a->expires || a->answered >= since)) {
        tn_list_remove(&a->link);
        tn_list_push(&dns->answers, &a->link);
        return 0;
    }
    if (dns->asking >= TN_QUESTIONS_MAX) return TERN_ELIMIT;
    if (!a) a = create(net, name, type);
    if (!a) return TERN_ENOMEM;
    *out = a;
    start(a);
    return 1;
}

/* ---- answers ---- */

/* A name from the network goes to the resolver again: nothing but a name may pass. */
static bool is_wanted(const struct tern_dns_record *r, uint16_t type)
{
    enum tern_transport transport;

    if (r->type != type) return false;
    switch (type) {
    case TERN_DNS_NAPTR: return tn_naptr_transport(r, &transport) && tn_dns_is_name(r->target);
    case TERN_DNS_A: return r->addr.family == TERN_FAMILY_IPV4;
    case TERN_DNS_AAAA: return r->addr.family == TERN_FAMILY_IPV6;
    case TERN_DNS_SRV: return tn_dns_is_name(r->target);
    default: return false;
    }
}

static bool has_target(uint16_t type)
{
    return type == TERN_DNS_SRV || type == TERN_DNS_NAPTR;
}

static size_t measure(const struct tern_dns_record *in, size_t count, uint16_t type, size_t *text)
{
    size_t n = 0;

    *text = 0;
    for (size_t i = 0; i < count && n < TN_RECORDS_MAX; i++) {
        if (!is_wanted(&in[i], type)) continue;
        *text += has_target(type) ? in[i].target.len : 0;
        n++;
    }
    return n;
}

/* @return the least TTL */
static uint32_t copy_records(struct tn_answer *a, const struct tern_dns_record *in, size_t count,
                             char *text)
{
    uint32_t ttl_s = UINT32_MAX;

    for (size_t i = 0; i < count && a->count < TN_RECORDS_MAX; i++) {
        if (!is_wanted(&in[i], a->type)) continue;
        struct tern_dns_record *r = &a->records[a->count++];
        *r = in[i];
        r->addr.port = 0;
        if (r->ttl_s < ttl_s) ttl_s = r->ttl_s;
        if (!has_target(a->type)) continue;
        tn_naptr_keep(r);
        memcpy(text, r->target.ptr, r->target.len);
        r->target.ptr = text;
        text += r->target.len;
    }
    return ttl_s;
}

/* @return for how long it is to be believed */
static uint32_t store(struct tn_answer *a, const struct tern_dns_record *in, size_t count)
{
    struct tn_ctx *ctx = a->net->ctx;
    size_t text, n = measure(in, count, a->type, &text);

    if (n == 0) return a->type == TERN_DNS_NAPTR ? TN_TTL_NO_NAPTR_S : TN_TTL_NONE_S;
    a->records = tn_alloc(&ctx->alloc, n * sizeof(*a->records) + text);
    if (!a->records) {
        ctx->out_of_memory = true;
        a->failed = true;
        return TN_TTL_FAILED_S;
    }
    return copy_records(a, in, count, (char *)(a->records + n));
}

static void trim(struct tn_dns *dns)
{
    TN_LIST_FOR(node, &dns->answers)
    {
        struct tn_answer *a = TN_OWNER(node, struct tn_answer, link);
        if (dns->known <= TN_ANSWERS_MAX) return;
        if (!a->query) forget(a);
    }
}

static struct tn_answer *find_query(struct tn_dns *dns, uint32_t query)
{
    TN_LIST_FOR(node, &dns->answers)
    {
        struct tn_answer *a = TN_OWNER(node, struct tn_answer, link);
        if (query != 0 && a->query == query) return a;
    }
    return NULL;
}

void tn_locate_resolved(struct tn_net *net, uint32_t query, const struct tern_dns_record *records,
                        size_t count, bool failed)
{
    struct tn_dns *dns = &net->impl->dns;
    struct tn_answer *a = find_query(dns, query);

    if (!a) return;
    a->failed = failed;
    settle(a, failed ? TN_TTL_FAILED_S : store(a, records, count));
    tn_list_remove(&a->link);
    tn_list_push(&dns->answers, &a->link);
    wake(net);
    trim(dns);
}
