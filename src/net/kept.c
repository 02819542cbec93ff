/* SPDX-License-Identifier: MIT */
#include "net/kept.h"

#include <tern/err.h>

#include "net/impl.h"

static struct tn_kept *find(const struct tn_net *net, uint64_t key)
{
    struct tn_kept *kept = net->impl->kept;

    for (size_t i = 0; i < TN_KEPT_MAX; i++)
        if (key != 0 && kept[i].key == key) return &kept[i];
    return NULL;
}

static struct tn_kept *room_for(const struct tn_net *net, uint64_t key)
{
    struct tn_kept *kept = net->impl->kept, *oldest = &kept[0];
    struct tn_kept *own = find(net, key);

    if (own) return own;
    for (size_t i = 0; i < TN_KEPT_MAX; i++) {
        if (kept[i].key == 0) return &kept[i];
        if (kept[i].used < oldest->used) oldest = &kept[i];
    }
    return oldest;
}

void tn_locate_answered(struct tn_net *net, const struct tn_targets *targets, size_t index)
{
    if (targets->key == 0 || index >= targets->count) return;
    struct tn_kept *kept = room_for(net, targets->key), old = *kept;
    *kept = (struct tn_kept){.key = targets->key,
                             .target = targets->list[index],
                             .before = old.before,
                             .era = targets->era,
                             .used = net->ctx->now};
    if (old.key != targets->key) {
        kept->before = (struct tn_target){.host = 0};
    } else if (!tern_addr_same_host(old.target.addr, kept->target.addr)) {
        kept->before = old.target;
    }
}

bool tn_locate_moved(const struct tn_net *net, tern_addr server, struct tn_target *out)
{
    for (size_t i = 0; i < TN_KEPT_MAX; i++) {
        const struct tn_kept *kept = &net->impl->kept[i];
        if (kept->key == 0 || !tern_addr_same_host(kept->before.addr, server)) continue;
        *out = kept->target;
        return true;
    }
    return false;
}

bool tn_locate_last_good(const struct tn_net *net, uint64_t key, struct tn_targets *out)
{
    const struct tn_kept *kept = find(net, key);
    tern_addr source;

    if (!kept || tern_network_source(&net->network, kept->target.addr, &source) != 0) return false;
    *out = (struct tn_targets){.list = {kept->target},
                               .count = 1,
                               .era = kept->era,
                               .key = key,
                               .transport_fixed = out->transport_fixed};
    return true;
}

int tn_locate_flow_back(struct tn_net *net, const struct tn_target *target, tern_addr from,
                        uint64_t *flow)
{
    struct tn_target moved;
    int err = tn_net_flow(net, target, from, flow);

    if (err != TERN_ENOROUTE || !tn_locate_moved(net, target->addr, &moved)) return err;
    return tn_net_flow(net, &moved, from, flow);
}

static bool is_same(const struct tn_target *a, const struct tn_target *b)
{
    return a->transport == b->transport && a->domain == b->domain &&
           tern_addr_equal(a->addr, b->addr);
}

size_t tn_targets_find(const struct tn_targets *targets, const struct tn_target *target)
{
    size_t i = 0;

    while (i < targets->count && !is_same(&targets->list[i], target))
        i++;
    return i;
}

void tn_targets_first(struct tn_targets *targets, size_t index)
{
    struct tn_target x = targets->list[index];

    for (; index > 0; index--)
        targets->list[index] = targets->list[index - 1];
    targets->list[0] = x;
}

/* The one of its rank: where there is a better one, that is to be asked, as RFC 3263 4.2 has it. */
void tn_kept_first(const struct tn_net *net, struct tn_targets *targets)
{
    const struct tn_kept *kept = find(net, targets->key);
    tern_addr source;

    if (!kept || kept->era != targets->era) return;
    size_t i = tn_targets_find(targets, &kept->target);
    if (i == targets->count || targets->list[i].rank != targets->list[0].rank) return;
    if (tern_network_source(&net->network, kept->target.addr, &source) != 0) return;
    tn_targets_first(targets, i);
}
