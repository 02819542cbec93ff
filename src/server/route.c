/* SPDX-License-Identifier: MIT */
/* Where a request wants to go: RFC 3261 16.4, 16.5 and 16.6 steps 6 and 7. */
#include <tern/err.h>

#include "base/str.h"
#include "dialog/routes.h"
#include "server/proxy.h"
#include "wire/sip/list.h"
#include "wire/sip/via.h"

static bool has_lr(const struct tn_uri *uri)
{
    tern_str value;
    return tn_uri_param(uri, TERN_STR("lr"), &value);
}

static int join_routes(const struct tn_server *server, struct tn_msg *request, tern_str *out)
{
    struct tn_list_cursor cursor = {0};
    tern_str element, text;
    struct tn_buf buf;

    tn_buf_init(&buf, &server->ctx->alloc, TN_MSG_SIZE_MAX);
    while (tn_msg_list_next(request, TN_HDR_ROUTE, &cursor, &element)) {
        if (buf.len > 0) tn_buf_z(&buf, ", ");
        tn_buf_str(&buf, element);
    }
    int err = tn_buf_end(&buf, &text);
    if (!err) err = tn_arena_dup(&request->arena, text, out);
    tn_buf_fini(&buf);
    return err;
}

/* The last element of a comma list, and the list without it. */
static bool cut_last(tern_str *list, tern_str *last)
{
    tern_str rest = *list, element = {NULL, 0};

    while (tn_list_take(&rest, last))
        element = *last;
    if (element.len == 0) return false;
    *last = element;
    list->len = (size_t)(element.ptr - list->ptr);
    while (list->len > 0 && list->ptr[list->len - 1] != ',') {
        list->len--;
    }
    if (list->len > 0) list->len--;
    return true;
}

/*
 * A strict router before us has put our Record-Route value into the Request-URI and the real one at
 * the end of the Route headers: put it back.
 */
static int undo_strict(const struct tn_server *server, struct tn_way *way)
{
    struct tn_name_addr target;
    tern_str last;

    if (way->uri.user.len > 0 || !has_lr(&way->uri)) return 0;
    if (!tn_server_is_own_route(server, &way->uri) || !cut_last(&way->routes, &last)) return 0;
    if (tn_name_addr_parse(last, &target) != 0) return TERN_EPARSE;
    way->uri = target.uri;
    way->uri_text = target.uri.text;
    way->by_our_route = true;
    return 0;
}

/* Both of a pair, where the two sides see different addresses of ours (RFC 5658). */
static int pop_own(const struct tn_server *server, struct tn_way *way)
{
    struct tn_name_addr route;
    tern_str rest = way->routes, element;

    while (tn_list_take(&rest, &element)) {
        if (tn_name_addr_parse(element, &route) != 0) return TERN_EPARSE;
        if (!tn_server_is_own_route(server, &route.uri)) break;
        way->routes = rest;
        way->by_our_route = true;
    }
    return 0;
}

int tn_way_read(const struct tn_server *server, struct tn_msg *request, struct tn_way *out)
{
    struct tn_way way = {.uri_text = request->uri.text, .uri = request->uri};

    int err = join_routes(server, request, &way.routes);
    if (!err) err = undo_strict(server, &way);
    if (!err) err = pop_own(server, &way);
    if (err) return err;
    *out = way;
    return 0;
}

static bool is_own_via(const struct tn_server *server, tern_str text)
{
    struct tn_via via;
    tern_addr addr;

    if (!tn_via_read(text, &via)) return false;
    if (!tn_net_is_port(server->net, via.port)) return false;
    return tern_addr_parse(via.host, &addr) == 0 && tn_net_has_local(server->net, addr);
}

size_t tn_count_own_vias(const struct tn_server *server, const struct tn_msg *request)
{
    struct tn_list_cursor cursor = {0};
    tern_str text;
    size_t count = 0;

    while (tn_msg_list_next(request, TN_HDR_VIA, &cursor, &text)) {
        if (is_own_via(server, text)) count++;
    }
    return count;
}

/* ---- next hops ---- */

/* RFC 5626 5.3, in short: what came by a flow is reached by it. */
static void use_flow(const struct tn_server *server, const struct tn_binding *binding,
                     struct tn_next_hop *hop)
{
    const struct tn_flow *flow = tn_net_get(server->net, binding->flow);
    bool stream = binding->transport != TERN_TRANSPORT_UDP;

    if (!binding->direct) return;
    hop->from = binding->local;
    hop->failed = stream && !(flow && flow->open);
    hop->has_target = stream ? flow && flow->open : binding->use_source;
    hop->target = (struct tn_target){
        .transport = binding->transport, .addr = binding->source, .came_by = binding->flow};
}

/* RFC 3261 16.6 step 6: a strict router wants to be the Request-URI. `hop` has URI and Routes. */
static int mind_strict_router(const struct tn_server *server, struct tn_arena *arena,
                              struct tn_next_hop *hop)
{
    struct tn_buf buf;
    tern_str uri, text;
    int err = 0;

    tn_buf_init(&buf, &server->ctx->alloc, TN_MSG_SIZE_MAX);
    if (tn_routes_swap_strict(hop->routes, hop->uri, &buf, &uri)) {
        hop->strict = true;
        hop->uri = uri;
        err = tn_buf_end(&buf, &text);
        if (!err) err = tn_arena_dup(arena, text, &hop->routes);
    }
    tn_buf_fini(&buf);
    return err;
}

int tn_hop_to_binding(const struct tn_server *server, const struct tn_binding *binding,
                      struct tn_arena *arena, struct tn_next_hop *out)
{
    struct tn_next_hop hop = {.strict = false};

    int err = tn_arena_dup(arena, tn_text_view(&binding->contact), &hop.uri);
    if (!err) err = tn_arena_dup(arena, tn_text_view(&binding->path), &hop.routes);
    if (!err) err = mind_strict_router(server, arena, &hop);
    if (err) return err;
    use_flow(server, binding, &hop);
    *out = hop;
    return 0;
}

/* In dialogs the Request-URI is the peer's Contact: if it is registered, its flow is the way. */
static void use_flow_of_contact(const struct tn_server *server, const struct tn_uri *uri,
                                struct tn_next_hop *hop)
{
    const struct tn_binding *binding = tn_location_by_contact(&server->location, uri);
    enum tern_transport transport;
    tern_str value;

    if (!binding) return;
    if (tn_uri_param(uri, TERN_STR("transport"), &value) &&
        (!tn_uri_transport(value, &transport) || transport != binding->transport)) {
        return;
    }
    use_flow(server, binding, hop);
}

int tn_hop_along(const struct tn_server *server, const struct tn_way *way, struct tn_arena *arena,
                 struct tn_next_hop *out)
{
    struct tn_next_hop hop = {.uri = way->uri_text, .routes = way->routes};

    if (way->routes.len == 0) use_flow_of_contact(server, &way->uri, &hop);
    int err = mind_strict_router(server, arena, &hop);
    if (!err) *out = hop;
    return err;
}
