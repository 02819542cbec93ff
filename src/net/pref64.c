/* SPDX-License-Identifier: MIT */
#include "net/pref64.h"

#include "base/nat64.h"
#include "base/str.h"
#include "net/impl.h"

#define AGAIN TERN_SECONDS(2) /* doubled each time */
enum { AGAIN_MAX = 6 };       /* the last one after two minutes */

static bool has_usable(const struct tn_net *net, uint8_t family)
{
    static const tern_addr anywhere[] = {
        {.family = TERN_FAMILY_IPV4, .ip = {203, 0, 113, 1}},
        {.family = TERN_FAMILY_IPV6, .ip = {0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, [15] = 1}},
    };
    tern_addr source;

    return tern_network_source(&net->network, anywhere[family == TERN_FAMILY_IPV6], &source) == 0;
}

static void fired(struct tn_timer *timer)
{
    struct tn_pref64 *p = TN_OWNER(timer, struct tn_pref64, again);

    p->since = p->net->ctx->now;
    p->seeking = true;
    tn_pref64_wake(p->net);
}

void tn_pref64_init(struct tn_net *net)
{
    struct tn_pref64 *p = &net->impl->pref64;

    p->net = net;
    tn_timer_init(&p->again, 0, fired);
}

void tn_pref64_fini(struct tn_net *net)
{
    tn_timer_cancel(net->ctx, &net->impl->pref64.again);
}

void tn_pref64_wake(struct tn_net *net)
{
    struct tn_pref64 *p = &net->impl->pref64;
    const struct tn_answer *answer = NULL;
    uint8_t len = 0;

    if (!p->seeking) return;
    int state = tn_dns_ask(net, TERN_STR("ipv4only.arpa"), TERN_DNS_AAAA, p->since, &answer);
    if (state == 1 || state == TERN_ELIMIT) return;
    p->seeking = false;
    if ((state != 0 || answer->failed) && p->failures < AGAIN_MAX)
        tn_timer_arm(net->ctx, &p->again, AGAIN << p->failures++);
    for (size_t i = 0; state == 0 && i < answer->count && len == 0; i++)
        len = tn_nat64_discover(answer->records[i].addr, &net->network.nat64_prefix);
    net->network.nat64_len = len;
    if (len == 0) return;
    const struct tn_owner owner = {.kind = TN_OWNER_ENDPOINT};
    tn_emit(net->ctx, (struct tn_effect){.kind = TN_EFFECT_LOCATED, .owner = owner});
}

void tn_pref64_seek(struct tn_net *net)
{
    struct tn_pref64 *p = &net->impl->pref64;

    tn_timer_cancel(net->ctx, &p->again);
    p->failures = 0;
    p->since = net->ctx->now;
    p->seeking = net->network.nat64_len == 0 && has_usable(net, TERN_FAMILY_IPV6) &&
                 !has_usable(net, TERN_FAMILY_IPV4);
    tn_pref64_wake(net);
}
