/* SPDX-License-Identifier: MIT */
/* Which bindings a request goes to, and in which order: RFC 3261 16.5, RFC 5626 7, RFC 5627 5.4. */
#include <tern/err.h>

#include "base/str.h"
#include "server/proxy.h"

/* A flow that stands before one that has failed, then the newest: RFC 5626 7. */
static bool goes_before(const struct tn_binding *a, bool a_failed, const struct tn_binding *b,
                        bool b_failed)
{
    if (a_failed != b_failed) return b_failed;
    return a->made_at >= b->made_at;
}

static bool is_failed(const struct tn_server *server, const struct tn_binding *b)
{
    const struct tn_flow *flow = tn_net_get(server->net, b->flow);

    if (!b->direct || b->transport == TERN_TRANSPORT_UDP) return false;
    return !flow || !flow->open;
}

/* Those of `instance`, or all, in the order of their list; at most TN_BINDINGS_MAX. */
static size_t gather(const struct tn_user *user, tern_str instance, const struct tn_binding **list)
{
    size_t count = 0;

    TN_LIST_FOR(node, &user->bindings)
    {
        const struct tn_binding *b = TN_OWNER(node, struct tn_binding, link);
        if (instance.len > 0 && !tn_binding_same_instance(b, instance)) continue;
        if (count < TN_BINDINGS_MAX) list[count++] = b;
    }
    return count;
}

static void order(const struct tn_server *server, const struct tn_binding **list, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct tn_binding *b = list[i];
        size_t at = i;
        while (at > 0 && goes_before(b, is_failed(server, b), list[at - 1],
                                     is_failed(server, list[at - 1]))) {
            list[at] = list[at - 1];
            at--;
        }
        list[at] = b;
    }
}

/* Two flows of one phone are one place, also where only their GRUU says that it is one phone. */
static bool are_one(const struct tn_binding *a, const struct tn_binding *b, bool by_gruu)
{
    if (!by_gruu && (a->reg_id == 0 || b->reg_id == 0)) return false;
    return tn_binding_same_instance(a, tn_text_view(&b->instance));
}

static int fill(const struct tn_server *server, const struct tn_binding **list, size_t count,
                struct tn_arena *arena, struct tn_branch *branch)
{
    int err = tn_hop_to_binding(server, list[0], arena, &branch->hop);
    if (!err) err = tn_arena_dup(arena, tn_text_view(&list[0]->instance), &branch->instance);
    if (err || count == 1) return err;
    branch->others = tn_arena_alloc(arena, (count - 1) * sizeof(branch->others[0]));
    if (!branch->others) return TERN_ENOMEM;
    for (size_t i = 1; i < count && !err; i++)
        err = tn_hop_to_binding(server, list[i], arena, &branch->others[i - 1]);
    branch->other_count = count - 1;
    return err;
}

int tn_targets_of(const struct tn_server *server, const struct tn_user *user, tern_str instance,
                  struct tn_arena *arena, struct tn_branch *branches)
{
    const struct tn_binding *list[TN_BINDINGS_MAX], *group[TN_BINDINGS_MAX];
    size_t count = gather(user, instance, list);
    int made = 0;

    for (size_t i = 0; i < count; i++) {
        size_t size = 0;
        const struct tn_binding *leader = list[i];
        if (!leader) continue;
        for (size_t k = i; k < count; k++) {
            if (!list[k] || (k != i && !are_one(leader, list[k], instance.len > 0))) continue;
            group[size++] = list[k];
            list[k] = NULL;
        }
        order(server, group, size);
        int err = fill(server, group, size, arena, &branches[made]);
        if (err) return err;
        made++;
    }
    return made;
}
