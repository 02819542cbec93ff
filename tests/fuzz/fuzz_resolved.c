/* SPDX-License-Identifier: MIT */
/*
 * Whatever a resolver answers, and in whatever order, a look-up ends, holds no more than it may,
 * and asks for nothing but names.
 */
#include <stdlib.h>
#include <string.h>

#include "net/dns.h"
#include "net/impl.h"
#include "net/limits.h"
#include "net/locate.h"

#define REQUIRE(cond)                                                                              \
    do {                                                                                           \
        if (!(cond)) abort();                                                                      \
    } while (0)

enum { RECORDS = 40, LOOKUPS = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t left;
};

static struct tn_ctx ctx;
static struct tn_net net;

static unsigned take(struct input *in)
{
    if (in->left == 0) return 0;
    in->left--;
    return *in->data++;
}

static void start(struct input *in)
{
    static const uint8_t seed[32] = {1};
    const struct tn_net_opts opts = {.port = 5060};
    struct tern_network network = {.address_count = take(in) % 3};

    network.addresses[0].addr = (tern_addr){.family = TERN_FAMILY_IPV4, .ip = {192, 0, 2, 1}};
    network.addresses[1].addr = (tern_addr){.family = TERN_FAMILY_IPV6, .ip = {0x20, 1, 0xd, 0xb8}};
    REQUIRE(tn_ctx_init(&ctx, NULL, seed) == 0);
    REQUIRE(tn_net_init(&net, &ctx, &opts) == 0);
    tn_net_set_network(&net, &network);
}

static struct tern_dns_record take_record(struct input *in, uint16_t asked)
{
    struct tern_dns_record r = {.type = take(in) % 8 ? asked : (uint16_t)take(in)};

    r.priority = (uint16_t)take(in);
    r.weight = (uint16_t)(take(in) * 257);
    r.port = (uint16_t)take(in);
    r.ttl_s = take(in) % 4;
    r.addr.family = r.type == TERN_DNS_AAAA ? TERN_FAMILY_IPV6 : TERN_FAMILY_IPV4;
    r.addr.ip[0] = (uint8_t)take(in);
    r.target.len = take(in) % 24;
    if (r.target.len > in->left) r.target.len = in->left;
    r.target.ptr = (const char *)in->data;
    in->data += r.target.len;
    in->left -= r.target.len;
    if (r.type == TERN_DNS_NAPTR) {
        static const tern_str services[] = {
            {"SIP+D2U", 7}, {"sip+d2t", 7}, {"SIPS+D2T", 8}, {"E2U+sip", 7}, {NULL, 0}};
        static const tern_str flags[] = {{"s", 1}, {"S", 1}, {"u", 1}, {NULL, 0}};
        r.service = services[take(in) % 5];
        r.flags = flags[take(in) % 4];
        r.regexp = take(in) % 8 == 1;
    }
    return r;
}

static void answer(struct input *in, const struct tern_output *question)
{
    struct tern_dns_record records[RECORDS];
    size_t count = take(in) % RECORDS;

    REQUIRE(tn_dns_is_name(question->data));
    for (size_t i = 0; i < count; i++)
        records[i] = take_record(in, question->dns_type);
    tn_locate_resolved(&net, question->id, records, count, take(in) % 8 == 0);
    REQUIRE(net.impl->dns.known <= TN_ANSWERS_MAX);
    REQUIRE(net.impl->dns.asking <= TN_QUESTIONS_MAX);
}

static void look_up(tern_str text)
{
    const struct tn_owner owner = {.kind = TN_OWNER_ENDPOINT};
    struct tn_targets targets;
    struct tn_uri uri;
    uint64_t query;

    if (tn_uri_parse(text, &uri) != 0) return;
    struct tn_wanted wanted = {.uri = &uri, .preferred = TERN_TRANSPORT_UDP, .owner = owner};
    int err = tn_locate(&net, &wanted, &targets, &query);
    if (err == 0) REQUIRE(targets.count > 0 && targets.count <= TN_TARGETS_MAX);
    if (err == 0) tn_locate_answered(&net, &targets, targets.count - 1);
}

static void finish(void)
{
    struct tn_targets targets;
    struct tn_effect effect;

    tn_ctx_enter(&ctx, ctx.now + TN_LOOKUP_TIME);
    while (tn_ctx_fire(&ctx)) {
    }
    while (tn_next_effect(&ctx, &effect)) {
        REQUIRE(effect.kind == TN_EFFECT_LOCATED);
        int err = tn_locate_result(&net, effect.id, &targets);
        REQUIRE(err == 0 || err == TERN_ENOTFOUND);
        if (err == 0) tn_locate_answered(&net, &targets, targets.count / 2);
    }
    REQUIRE(net.impl->dns.lookups.count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const tern_str uris[LOOKUPS] = {
        {"sip:a.test", 10},      {"sip:b.test;transport=tcp", 24},
        {"sip:a.test:5070", 15}, {"sip:c.test", 10},
        {"sip:A.test.", 11},
    };
    struct input in = {data, size};
    struct tern_output out;

    start(&in);
    for (int i = 0; i < LOOKUPS; i++)
        look_up(uris[i]);
    while (in.left > 0 && tn_next_output(&ctx, &out)) {
        if (out.type == TERN_OUT_RESOLVE && take(&in) % 16) answer(&in, &out);
        if (take(&in) % 32 == 1) tn_locate_flush(&net);
        tn_ctx_enter(&ctx, ctx.now + TERN_MS(500));
    }
    finish();
    tn_net_fini(&net);
    tn_ctx_fini(&ctx);
    return 0;
}
