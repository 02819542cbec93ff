/* SPDX-License-Identifier: MIT */
#include "server/removed.h"

#include "base/str.h"
#include "server/limits.h"

struct removed {
    struct tn_list link;
    tern_time until;
    struct tn_text contact, instance, call_id;
    struct tn_uri uri; /* contact, parsed; points into it */
    uint32_t reg_id, cseq;
};

static void drop(struct tn_location *location, struct tn_user *user, struct removed *r)
{
    const struct tern_allocator *alloc = &location->ctx->alloc;

    tn_list_remove(&r->link);
    user->removed_count--;
    tn_text_fini(alloc, &r->contact);
    tn_text_fini(alloc, &r->instance);
    tn_text_fini(alloc, &r->call_id);
    tn_free(alloc, r);
}

/* The oldest are first, and each lasts as long. */
static void make_room(struct tn_location *location, struct tn_user *user)
{
    while (!tn_list_empty(&user->removed)) {
        struct removed *r = TN_OWNER(user->removed.next, struct removed, link);
        if (r->until > location->ctx->now && user->removed_count < TN_REMOVED_MAX) return;
        drop(location, user, r);
    }
}

static int fill(struct removed *r, const struct tern_allocator *alloc,
                const struct tn_removal *removal)
{
    int err = tn_text_set(alloc, &r->contact, removal->contact);
    if (!err) err = tn_text_set(alloc, &r->instance, removal->instance);
    if (!err) err = tn_text_set(alloc, &r->call_id, removal->call_id);
    if (!err) err = tn_uri_parse(tn_text_view(&r->contact), &r->uri);
    r->reg_id = removal->reg_id;
    r->cseq = removal->cseq;
    return err;
}

void tn_removed_add(struct tn_location *location, struct tn_user *user,
                    const struct tn_removal *removal)
{
    make_room(location, user);
    struct removed *r = tn_alloc(&location->ctx->alloc, sizeof(*r));
    if (!r) return;
    tn_list_init(&r->link);
    tn_list_push(&user->removed, &r->link);
    user->removed_count++;
    r->until = location->ctx->now + TN_REMOVED_TIME;
    if (fill(r, &location->ctx->alloc, removal) != 0) drop(location, user, r);
}

/* RFC 5626 6: a flow is known by its instance and reg-id, whatever its address; else by its URI. */
static bool is_same(const struct removed *r, const struct tn_removal *again,
                    const struct tn_uri *uri)
{
    if (r->reg_id == 0 || again->reg_id == 0) return tn_uri_equal(&r->uri, uri);
    return r->reg_id == again->reg_id && tn_str_eq(tn_text_view(&r->instance), again->instance);
}

bool tn_removed_later(const struct tn_location *location, const struct tn_user *user,
                      const struct tn_removal *again)
{
    struct tn_uri uri;

    if (tn_uri_parse(again->contact, &uri) != 0) return false;
    TN_LIST_FOR(node, &user->removed)
    {
        const struct removed *r = TN_OWNER(node, struct removed, link);
        if (r->until > location->ctx->now && r->cseq >= again->cseq &&
            tn_str_eq(tn_text_view(&r->call_id), again->call_id) && is_same(r, again, &uri)) {
            return true;
        }
    }
    return false;
}

void tn_removed_forget_all(struct tn_location *location, struct tn_user *user)
{
    TN_LIST_FOR(node, &user->removed)
    {
        drop(location, user, TN_OWNER(node, struct removed, link));
    }
}
