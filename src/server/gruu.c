/* SPDX-License-Identifier: MIT */
#include "server/gruu.h"

#include <string.h>

#include "base/str.h"

#define PREFIX TERN_STR("tgruu.")

/* ---- the table ---- */

static void drop(struct tn_location *location, struct tn_temp_gruu *gruu)
{
    tn_list_remove(&gruu->link);
    tn_map_remove(&location->by_gruu, &gruu->node);
    gruu->user->gruu_count--;
    tn_text_fini(&location->ctx->alloc, &gruu->instance);
    tn_free(&location->ctx->alloc, gruu);
}

void tn_gruu_forget(struct tn_location *location, struct tn_user *user, tern_str instance)
{
    TN_LIST_FOR(node, &user->gruus)
    {
        struct tn_temp_gruu *gruu = TN_OWNER(node, struct tn_temp_gruu, link);
        if (tn_str_eq(tn_text_view(&gruu->instance), instance)) drop(location, gruu);
    }
}

void tn_gruu_forget_all(struct tn_location *location, struct tn_user *user)
{
    TN_LIST_FOR(node, &user->gruus)
    {
        drop(location, TN_OWNER(node, struct tn_temp_gruu, link));
    }
}

static void make_room(struct tn_location *location, struct tn_user *user)
{
    if (user->gruu_count < TN_TEMP_GRUUS_MAX || tn_list_empty(&user->gruus)) return;
    drop(location, TN_OWNER(user->gruus.next, struct tn_temp_gruu, link));
}

const struct tn_temp_gruu *tn_gruu_new(struct tn_server *server, const struct tn_binding *binding)
{
    struct tn_location *location = &server->location;
    struct tn_user *user = binding->user;
    struct tn_temp_gruu *gruu = tn_alloc(&location->ctx->alloc, sizeof(*gruu));

    if (!gruu) return NULL;
    if (tn_text_set(&location->ctx->alloc, &gruu->instance, tn_text_view(&binding->instance))) {
        tn_free(&location->ctx->alloc, gruu);
        return NULL;
    }
    make_room(location, user);
    gruu->user = user;
    tn_random_token(&location->ctx->random, gruu->name, sizeof(gruu->name));
    tn_list_push(&user->gruus, &gruu->link);
    user->gruu_count++;
    tn_map_insert(&location->by_gruu, &gruu->node,
                  tn_map_hash(&location->by_gruu, gruu->name, sizeof(gruu->name)));
    return gruu;
}

static struct tn_temp_gruu *find(const struct tn_location *location, tern_str name)
{
    const struct tn_map *map = &location->by_gruu;
    struct tn_map_node *node = tn_map_first(map, tn_map_hash(map, name.ptr, name.len));

    for (; node; node = tn_map_next(node)) {
        struct tn_temp_gruu *gruu = TN_OWNER(node, struct tn_temp_gruu, node);
        if (tn_str_eq((tern_str){gruu->name, sizeof(gruu->name)}, name)) return gruu;
    }
    return NULL;
}

/* ---- texts ---- */

tern_str tn_gruu_instance(const struct tn_binding *binding)
{
    tern_str instance = tn_text_view(&binding->instance);

    if (instance.len < 2 || instance.ptr[0] != '<') return instance;
    return tn_str_sub(instance, 1, instance.len - 2);
}

static void put_host(struct tn_buf *out, const struct tn_uri *aor)
{
    if (aor->host_is_ipv6) tn_buf_char(out, '[');
    tn_buf_str(out, aor->host);
    if (aor->host_is_ipv6) tn_buf_char(out, ']');
    if (aor->port == 0) return;
    tn_buf_char(out, ':');
    tn_buf_u64(out, aor->port);
}

void tn_gruu_put(struct tn_buf *out, const struct tn_binding *binding, const struct tn_uri *aor,
                 const struct tn_temp_gruu *temporary)
{
    tn_buf_z(out, ";pub-gruu=\"sip:");
    tn_buf_str(out, aor->user);
    tn_buf_char(out, '@');
    put_host(out, aor);
    tn_buf_z(out, ";gr=");
    tn_buf_str(out, tn_gruu_instance(binding));
    tn_buf_char(out, '"');
    if (!temporary) return;
    tn_buf_z(out, ";temp-gruu=\"sip:");
    tn_buf_str(out, PREFIX);
    tn_buf_bytes(out, temporary->name, sizeof(temporary->name));
    tn_buf_char(out, '@');
    put_host(out, aor);
    tn_buf_z(out, ";gr\"");
}

/* ---- reading ---- */

static void take_temporary(const struct tn_server *server, tern_str name, struct tn_gruu *out)
{
    const struct tn_temp_gruu *gruu = find(&server->location, name);

    if (!gruu) return;
    out->user = gruu->user;
    out->instance = tn_text_view(&gruu->instance);
}

void tn_gruu_read(const struct tn_server *server, const struct tn_uri *uri, struct tn_gruu *out)
{
    struct tn_buf buf;
    tern_str value;

    *out = (struct tn_gruu){.user = NULL};
    out->is_gruu = tn_uri_param(uri, TERN_STR("gr"), &value);
    if (out->is_gruu && value.len == 0) {
        if (uri->user.len == PREFIX.len + TN_GRUU_NAME_LEN)
            take_temporary(server, tn_str_from(uri->user, PREFIX.len), out);
        return;
    }
    out->user = tn_server_user_of(server, uri);
    if (!out->is_gruu) return;
    tn_buf_fixed(&buf, out->text, sizeof(out->text));
    tn_buf_char(&buf, '<');
    if (tn_uri_unescape(value, &buf) != 0) out->user = NULL;
    tn_buf_char(&buf, '>');
    if (buf.err) out->user = NULL;
    out->instance = tn_buf_view(&buf);
}
