/* SPDX-License-Identifier: MIT */
/* The texts of a request: kept, and printed (RFC 3261 8.1.1). */
#include <tern/err.h>

#include "base/mutant.h"
#include "base/str.h"
#include "txn/limits.h"
#include "txn/request_impl.h"

static int keep(struct tn_arena *arena, tern_str *text)
{
    return tn_arena_dup(arena, *text, text);
}

int tn_request_keep_opts(struct tn_request *request, const struct tn_request_opts *opts)
{
    struct tn_request_opts *own = &request->opts;
    *own = *opts;
    tern_str *const texts[] = {&own->uri,          &own->from,  &own->to,
                               &own->call_id,      &own->route, &own->headers,
                               &own->content_type, &own->body,  &own->next_hop};

    tn_arena_init(&request->arena, &request->txns->ctx->alloc, TN_REQUEST_TEXT_MAX, NULL, 0);
    tn_arena_init(&request->parts_arena, request->arena.alloc, TN_REQUEST_TEXT_MAX, NULL, 0);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int err = keep(&request->arena, texts[i]);
        if (err) return err;
    }
    return 0;
}

/* On failure it stays as it was. */
int tn_request_keep_target(struct tn_request *request, const struct tn_request_opts *opts)
{
    tern_str uri = opts->uri, route = opts->route, next_hop = opts->next_hop;

    int err = keep(&request->arena, &uri);
    if (!err) err = keep(&request->arena, &route);
    if (!err) err = keep(&request->arena, &next_hop);
    if (err) return err;
    request->opts.uri = uri;
    request->opts.route = route;
    request->opts.next_hop = next_hop;
    return 0;
}

/* On failure the request is without parts. */
int tn_request_keep_parts(struct tn_request *request, const struct tn_request_parts *parts)
{
    struct tn_request_parts own = *parts;
    tern_str *const texts[] = {&own.contact, &own.headers, &own.content_type, &own.body};

    request->parts = (struct tn_request_parts){{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    tn_arena_fini(&request->parts_arena);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int err = keep(&request->parts_arena, texts[i]);
        if (err) return err;
    }
    request->parts = own;
    return 0;
}

/* Up to the comma that ends the first element; quotes and brackets are respected. */
static tern_str first_element(tern_str list)
{
    bool quoted = false, bracketed = false;

    for (size_t i = 0; i < list.len; i++) {
        char c = list.ptr[i];
        if (c == '"' && !bracketed) quoted = !quoted;
        if (c == '\\' && quoted) i++;
        if (quoted) continue;
        if (c == '<') bracketed = true;
        if (c == '>') bracketed = false;
        if (c == ',' && !bracketed) return tn_str_trim(tn_str_sub(list, 0, i));
    }
    return tn_str_trim(list);
}

int tn_request_hop(const struct tn_request_opts *opts, struct tn_uri *out)
{
    struct tn_name_addr route;
    tern_str lr;

    if (opts->next_hop.len > 0) return tn_uri_parse(opts->next_hop, out);
    if (opts->route.len > 0) {
        int err = tn_name_addr_parse(first_element(opts->route), &route);
        if (err) return err;
        if (tn_uri_param(&route.uri, TERN_STR("lr"), &lr)) {
            *out = route.uri;
            return 0;
        }
    }
    return tn_uri_parse(opts->uri, out); /* RFC 3261 8.1.2: also with a strict router in front */
}

bool tn_request_literal_hop(const struct tn_request_opts *opts, tern_addr *out)
{
    struct tn_uri hop;
    tern_str host;

    if (tn_request_hop(opts, &hop) != 0) return false;
    host = hop.host;
    (void)tn_uri_param(&hop, TERN_STR("maddr"), &host);
    return tern_addr_parse(host, out) == 0;
}

static tern_str either(tern_str first, tern_str second)
{
    return first.len > 0 ? first : second;
}

static void put_cseq(struct tn_buf *out, uint32_t cseq, enum tn_method method)
{
    tn_buf_str(out, TERN_STR("CSeq: "));
    tn_buf_u64(out, cseq);
    tn_buf_char(out, ' ');
    tn_buf_str(out, tn_method_name(method));
    tn_buf_str(out, TERN_STR("\r\n"));
}

static void put_body(struct tn_buf *out, tern_str type, tern_str body)
{
    if (body.len > 0 && type.len > 0) tn_put_header(out, TN_HDR_CONTENT_TYPE, type);
    tn_put_header_number(out, TN_HDR_CONTENT_LENGTH, (uint32_t)body.len);
    tn_buf_str(out, TERN_STR("\r\n"));
    tn_buf_str(out, body);
}

int tn_put_request_rest(struct tn_request *request, uint32_t cseq, struct tn_buf *out)
{
    const struct tn_request_opts *opts = &request->opts;
    const struct tn_request_parts *parts = &request->parts;
    tern_str body = either(parts->body, opts->body);
    tern_str type = either(parts->content_type, opts->content_type), text;

    if (body.len > TN_MSG_SIZE_MAX) return TERN_ENOBUF;
    if (opts->route.len > 0) tn_put_header(out, TN_HDR_ROUTE, opts->route);
    tn_put_header_number(out, TN_HDR_MAX_FORWARDS, 70);
    tn_put_header(out, TN_HDR_FROM, opts->from);
    tn_put_header(out, TN_HDR_TO, opts->to);
    tn_put_header(out, TN_HDR_CALL_ID, opts->call_id);
    put_cseq(out, cseq, opts->method);
    if (parts->contact.len > 0) tn_put_header(out, TN_HDR_CONTACT, parts->contact);
    if (opts->auth && !(TN_MUTANT(COLD_NONCE) && request->challenges == 0)) {
        int err = tn_auth_put(opts->auth, opts->method, opts->uri, body, out);
        if (err) return err;
    }
    tn_buf_str(out, opts->headers);
    tn_buf_str(out, parts->headers);
    if (request->txns->product.len > 0) {
        tn_put_header(out, TN_HDR_USER_AGENT, request->txns->product);
    }
    put_body(out, type, body);
    return tn_buf_end(out, &text);
}
