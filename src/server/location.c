/* SPDX-License-Identifier: MIT */
#include "server/location.h"

#include <tern/err.h>

#include "base/assert.h"
#include "base/str.h"
#include "server/gruu.h"
#include "server/limits.h"
#include "server/removed.h"

int tn_location_init(struct tn_location *location, struct tn_ctx *ctx)
{
    uint8_t key[16];

    tn_random_bytes(&ctx->random, key, sizeof(key));
    int err = tn_map_init(&location->by_name, &ctx->alloc, key);
    if (err) return err;
    err = tn_map_init(&location->by_contact, &ctx->alloc, key);
    if (err) {
        tn_map_fini(&location->by_name);
        return err;
    }
    err = tn_map_init(&location->by_gruu, &ctx->alloc, key);
    if (err) {
        tn_map_fini(&location->by_contact);
        tn_map_fini(&location->by_name);
        return err;
    }
    location->ctx = ctx;
    location->walk = NULL;
    location->walk_index = 0;
    location->user_count = 0;
    tn_list_init(&location->users);
    return 0;
}

static void free_user(struct tn_location *location, struct tn_user *user)
{
    const struct tern_allocator *alloc = &location->ctx->alloc;

    TN_LIST_FOR(node, &user->bindings)
    {
        tn_binding_free(TN_OWNER(node, struct tn_binding, link));
    }
    tn_gruu_forget_all(location, user);
    tn_removed_forget_all(location, user);
    tn_list_remove(&user->link);
    tn_map_remove(&location->by_name, &user->node);
    tn_text_fini(alloc, &user->name);
    tn_wipe(user, sizeof(*user));
    tn_free(alloc, user);
}

void tn_location_fini(struct tn_location *location)
{
    TN_LIST_FOR(node, &location->users)
    {
        free_user(location, TN_OWNER(node, struct tn_user, link));
    }
    tn_map_fini(&location->by_gruu);
    tn_map_fini(&location->by_contact);
    tn_map_fini(&location->by_name);
}

/* ---- users ---- */

struct tn_user *tn_location_find(const struct tn_location *location, tern_str name)
{
    const struct tn_map *map = &location->by_name;
    struct tn_map_node *node = tn_map_first(map, tn_map_hash(map, name.ptr, name.len));

    for (; node; node = tn_map_next(node)) {
        struct tn_user *user = TN_OWNER(node, struct tn_user, node);
        if (tn_str_eq(tn_text_view(&user->name), name)) return user;
    }
    return NULL;
}

/* Keeps the list in order of names. */
static void link_user(struct tn_location *location, struct tn_user *user)
{
    struct tn_list *place = &location->users;

    TN_LIST_FOR(node, &location->users)
    {
        const struct tn_user *other = TN_OWNER(node, struct tn_user, link);
        if (tn_str_cmp(tn_text_view(&other->name), tn_text_view(&user->name)) > 0) {
            place = node;
            break;
        }
    }
    tn_list_push(place, &user->link); /* in front of `place` */
}

int tn_location_add(struct tn_location *location, tern_str name, struct tn_user **out)
{
    const struct tern_allocator *alloc = &location->ctx->alloc;
    struct tn_user *user = tn_location_find(location, name);

    if (user) {
        *out = user;
        return 0;
    }
    if (location->user_count >= TN_USERS_MAX) return TERN_ELIMIT;
    user = tn_alloc(alloc, sizeof(*user));
    if (!user) return TERN_ENOMEM;
    int err = tn_text_set(alloc, &user->name, name);
    if (err) {
        tn_free(alloc, user);
        return err;
    }
    tn_list_init(&user->bindings);
    tn_list_init(&user->gruus);
    tn_list_init(&user->removed);
    link_user(location, user);
    tn_map_insert(&location->by_name, &user->node,
                  tn_map_hash(&location->by_name, name.ptr, name.len));
    location->user_count++;
    *out = user;
    return 0;
}

/* ---- bindings ---- */

bool tn_binding_same_instance(const struct tn_binding *binding, tern_str instance)
{
    return instance.len > 0 && tn_str_eq(tn_text_view(&binding->instance), instance);
}

/* RFC 5627 5.4: its temporary GRUUs last as long as the instance is registered. */
static void forget_instance(struct tn_binding *gone)
{
    TN_LIST_FOR(node, &gone->user->bindings)
    {
        const struct tn_binding *b = TN_OWNER(node, struct tn_binding, link);
        if (b != gone && tn_binding_same_instance(b, tn_text_view(&gone->instance))) return;
    }
    tn_gruu_forget(gone->location, gone->user, tn_text_view(&gone->instance));
}

static void expire(struct tn_timer *timer)
{
    struct tn_binding *b = TN_OWNER(timer, struct tn_binding, expiry);
    forget_instance(b);
    tn_binding_free(b);
}

void tn_binding_remove(struct tn_binding *b)
{
    forget_instance(b);
    tn_binding_free(b);
}

static int fill(struct tn_binding *b, const struct tern_allocator *alloc,
                const struct tn_binding_facts *facts)
{
    int err = tn_text_set(alloc, &b->contact, facts->contact);
    if (!err) err = tn_text_set(alloc, &b->call_id, facts->call_id);
    if (!err) err = tn_text_set(alloc, &b->instance, facts->instance);
    if (!err) err = tn_text_set(alloc, &b->path, facts->path);
    if (!err) err = tn_uri_parse(tn_text_view(&b->contact), &b->uri);
    return err;
}

struct tn_binding *tn_binding_new(struct tn_location *location,
                                  const struct tn_binding_facts *facts)
{
    struct tn_binding *b = tn_alloc(&location->ctx->alloc, sizeof(*b));

    if (!b) return NULL;
    b->location = location;
    b->cseq = facts->cseq;
    tn_list_init(&b->link);
    tn_timer_init(&b->expiry, 0, expire);
    if (fill(b, &location->ctx->alloc, facts) != 0) {
        tn_binding_free(b);
        return NULL;
    }
    return b;
}

void tn_binding_free(struct tn_binding *b)
{
    struct tn_location *location = b->location;
    const struct tern_allocator *alloc = &location->ctx->alloc;

    tn_timer_cancel(location->ctx, &b->expiry);
    if (b->user) {
        b->user->binding_count--;
        location->walk = NULL;
    }
    tn_list_remove(&b->link);
    tn_map_remove(&location->by_contact, &b->node);
    tn_text_fini(alloc, &b->contact);
    tn_text_fini(alloc, &b->call_id);
    tn_text_fini(alloc, &b->instance);
    tn_text_fini(alloc, &b->path);
    tn_free(alloc, b);
}

static uint64_t contact_hash(const struct tn_location *location, const struct tn_uri *uri)
{
    const struct tn_map *map = &location->by_contact;
    uint64_t user = tn_map_hash(map, uri->user.ptr, uri->user.len);
    uint64_t host = tn_map_hash(map, uri->host.ptr, uri->host.len);

    return (user << 1 | user >> 63) ^ host ^ uri->port;
}

void tn_binding_insert(struct tn_binding *b, struct tn_user *user, struct tn_binding *before,
                       uint32_t expires_s)
{
    struct tn_location *location = b->location;

    TN_ASSERT(!b->user);
    b->user = user;
    b->made_at = location->ctx->now;
    b->expires_at = location->ctx->now + TERN_SECONDS(expires_s);
    user->binding_count++;
    tn_list_push(before ? &before->link : &user->bindings, &b->link);
    tn_map_insert(&location->by_contact, &b->node, contact_hash(location, &b->uri));
    tn_timer_arm(location->ctx, &b->expiry, TERN_SECONDS(expires_s));
    location->walk = NULL;
}

uint32_t tn_binding_left(const struct tn_binding *b, tern_time now)
{
    if (b->expires_at <= now) return 0;
    return (uint32_t)((b->expires_at - now + TERN_SECONDS(1) - 1) / TERN_SECONDS(1));
}

struct tn_binding *tn_binding_by_uri(const struct tn_user *user, const struct tn_uri *uri)
{
    TN_LIST_FOR(node, &user->bindings)
    {
        struct tn_binding *b = TN_OWNER(node, struct tn_binding, link);
        if (tn_uri_equal(&b->uri, uri)) return b;
    }
    return NULL;
}

struct tn_binding *tn_binding_by_flow(const struct tn_user *user, tern_str instance,
                                      uint32_t reg_id)
{
    TN_LIST_FOR(node, &user->bindings)
    {
        struct tn_binding *b = TN_OWNER(node, struct tn_binding, link);
        if (b->reg_id == reg_id && tn_binding_same_instance(b, instance)) return b;
    }
    return NULL;
}

/* With a flow of its own the address does not matter (RFC 5626 6): two may have the same. */
struct tn_binding *tn_binding_match(const struct tn_user *user, const struct tn_binding *like)
{
    if (like->reg_id == 0) return tn_binding_by_uri(user, &like->uri);
    struct tn_binding *same = tn_binding_by_flow(user, tn_text_view(&like->instance), like->reg_id);
    if (same) return same;
    TN_LIST_FOR(node, &user->bindings)
    {
        struct tn_binding *b = TN_OWNER(node, struct tn_binding, link);
        if (b->reg_id == 0 && tn_uri_equal(&b->uri, &like->uri)) return b;
    }
    return NULL;
}

struct tn_binding *tn_location_by_contact(const struct tn_location *location,
                                          const struct tn_uri *uri)
{
    struct tn_binding *newest = NULL;
    struct tn_map_node *node = tn_map_first(&location->by_contact, contact_hash(location, uri));

    for (; node; node = tn_map_next(node)) {
        struct tn_binding *b = TN_OWNER(node, struct tn_binding, node);
        if (b->uri.port != uri->port || !tn_str_eq(b->uri.user, uri->user)) continue;
        if (!tn_str_eq(b->uri.host, uri->host)) continue;
        if (!newest || b->expires_at > newest->expires_at) newest = b;
    }
    return newest;
}

/* ---- walking ---- */

static const struct tn_binding *first_from(const struct tn_location *location,
                                           struct tn_list *user_node)
{
    for (; user_node != &location->users; user_node = user_node->next) {
        const struct tn_user *user = TN_OWNER(user_node, struct tn_user, link);
        if (!tn_list_empty(&user->bindings)) {
            return TN_OWNER(user->bindings.next, struct tn_binding, link);
        }
    }
    return NULL;
}

static const struct tn_binding *after(const struct tn_location *location,
                                      const struct tn_binding *b)
{
    if (b->link.next != &b->user->bindings) return TN_OWNER(b->link.next, struct tn_binding, link);
    return first_from(location, b->user->link.next);
}

const struct tn_binding *tn_location_at(struct tn_location *location, size_t index)
{
    if (!location->walk || location->walk_index > index) {
        location->walk = first_from(location, location->users.next);
        location->walk_index = 0;
    }
    while (location->walk && location->walk_index < index) {
        location->walk = after(location, location->walk);
        location->walk_index++;
    }
    return location->walk;
}
