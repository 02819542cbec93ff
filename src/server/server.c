/* SPDX-License-Identifier: MIT */
/* The server as a whole: its life, its one switch of effects, faults, and what is its own. */
#include "server/server.h"

#include <string.h>

#include "base/str.h"
#include "server/auth.h"
#include "server/proxy.h"

enum { SIP_PORT = 5060, SIPS_PORT = 5061, UNSUPPORTED_MAX = 1024 };

/* ---- life ---- */

static int check_opts(const struct tern_server_opts *opts)
{
    if (opts->domain.len == 0 || !tn_str_is_line(opts->domain)) return TERN_EINVAL;
    if (opts->nonce_lifetime_s == 0 || opts->max_expires_s == 0) return TERN_EINVAL;
    return opts->min_expires_s > opts->max_expires_s ? TERN_EINVAL : 0;
}

int tn_server_new(struct tn_ctx *ctx, struct tn_net *net, struct tn_txns *txns,
                  const struct tern_server_opts *opts, struct tn_server **out)
{
    int err = check_opts(opts);
    if (err) return err;
    struct tn_server *server = tn_alloc(&ctx->alloc, sizeof(*server));
    if (!server) return TERN_ENOMEM;
    server->ctx = ctx;
    server->net = net;
    server->txns = txns;
    server->opts = *opts;
    err = tn_text_set(&ctx->alloc, &server->domain, opts->domain);
    if (err) goto no_domain;
    err = tn_location_init(&server->location, ctx);
    if (err) goto no_location;
    server->opts.domain = tn_text_view(&server->domain);
    tn_random_bytes(&ctx->random, server->nonce_key, sizeof(server->nonce_key));
    tn_slots_init(&server->proxied, &ctx->alloc, TN_PROXIED_MAX);
    *out = server;
    return 0;

no_location:
    tn_text_fini(&ctx->alloc, &server->domain);
no_domain:
    tn_free(&ctx->alloc, server);
    return err;
}

void tn_server_close(struct tn_server *server)
{
    const struct tern_allocator *alloc = &server->ctx->alloc;
    struct tn_proxied *proxied;
    uint32_t cursor = 0;

    while ((proxied = tn_slots_each(&server->proxied, &cursor)) != NULL)
        tn_proxied_free(proxied);
    tn_slots_fini(&server->proxied);
    tn_location_fini(&server->location);
    tn_text_fini(alloc, &server->domain);
    tn_wipe(server->nonce_key, sizeof(server->nonce_key));
    tn_free(alloc, server);
}

int tn_server_add_user(struct tn_server *server, tern_str name, tern_str password)
{
    struct tn_user *user;

    if (name.len == 0 || name.len > TN_USER_NAME_MAX || !tn_str_is_line(name)) return TERN_EINVAL;
    int err = tn_location_add(&server->location, name, &user);
    return err ? err : tn_user_set_password(server, user, password);
}

/* ---- what is ours ---- */

static bool is_our_port(const struct tn_server *server, uint16_t port)
{
    return port == 0 || tn_net_is_port(server->net, port);
}

bool tn_server_is_own(const struct tn_server *server, const struct tn_uri *uri)
{
    tern_addr addr;

    if (uri->scheme != TN_SCHEME_SIP && uri->scheme != TN_SCHEME_SIPS) return false;
    bool numeric = tern_addr_parse(uri->host, &addr) == 0;
    if (tn_str_ieq(uri->host, server->opts.domain)) {
        /* Where the domain is a plain address, other ports there are other programs. */
        return is_our_port(server, uri->port) ||
               (!numeric && (uri->port == SIP_PORT || uri->port == SIPS_PORT));
    }
    return numeric && is_our_port(server, uri->port) && tn_net_has_local(server->net, addr);
}

void tn_server_recorded(struct tn_server *server, tern_addr addr)
{
    for (size_t i = 0; i < TN_RECORDED_MAX; i++)
        if (tern_addr_equal(server->recorded[i], addr)) return;
    server->recorded[server->recorded_next++ % TN_RECORDED_MAX] = addr;
}

bool tn_server_is_own_route(const struct tn_server *server, const struct tn_uri *route)
{
    tern_addr addr;

    if (tn_server_is_own(server, route)) return true;
    if (tern_addr_parse(route->host, &addr) != 0) return false;
    addr.port = route->port;
    for (size_t i = 0; i < TN_RECORDED_MAX; i++)
        if (tern_addr_equal(server->recorded[i], addr)) return true;
    return false;
}

tern_str tn_server_extensions(const struct tn_server *server)
{
    if (server->opts.no_outbound && server->opts.no_gruu) return TERN_STR("path");
    if (server->opts.no_outbound) return TERN_STR("path, gruu");
    return server->opts.no_gruu ? TERN_STR("path, outbound") : TERN_STR("path, outbound, gruu");
}

struct tn_user *tn_server_user_of(const struct tn_server *server, const struct tn_uri *uri)
{
    char name[TN_USER_NAME_MAX];
    struct tn_buf buf;

    tn_buf_fixed(&buf, name, sizeof(name));
    if (tn_uri_unescape(uri->user, &buf) != 0 || buf.err != 0) return NULL;
    return tn_location_find(&server->location, tn_buf_view(&buf));
}

/* ---- answers ---- */

static void respond(struct tn_server *server, uint64_t txn, const struct tn_response *rsp)
{
    int err = tn_server_respond(server->txns, txn, rsp);
    if (err == TERN_ENOMEM) server->ctx->out_of_memory = true;
}

void tn_server_answer(struct tn_server *server, uint64_t txn, unsigned status, tern_str headers)
{
    respond(server, txn, &(struct tn_response){.status = status, .headers = headers});
}

void tn_server_refuse(struct tn_server *server, uint64_t txn, unsigned status, const char *reason)
{
    respond(server, txn, &(struct tn_response){.status = status, .reason = tn_str(reason)});
}

static bool is_known(tern_str option, const char *const *known)
{
    for (; *known; known++)
        if (tn_str_ieq(option, tn_str(*known))) return true;
    return false;
}

bool tn_server_bad_options(struct tn_server *server, uint64_t txn, const struct tn_msg *request,
                           enum tn_hdr_id list, const char *const *known)
{
    struct tn_list_cursor cursor = {0};
    char text[UNSUPPORTED_MAX];
    struct tn_buf buf;
    tern_str option;

    tn_buf_fixed(&buf, text, sizeof(text));
    while (tn_msg_list_next(request, list, &cursor, &option)) {
        if (is_known(option, known)) continue;
        /* A list that is longer than any honest one is cut. */
        if (buf.len + option.len + 64 < sizeof(text)) {
            tn_put_header(&buf, TN_HDR_UNSUPPORTED, option);
        } else if (buf.len == 0) {
            tn_put_header(&buf, TN_HDR_UNSUPPORTED, tn_str_sub(option, 0, 64));
        }
    }
    if (buf.len == 0) return false;
    tn_server_answer(server, txn, 420, tn_buf_view(&buf));
    return true;
}

/* ---- faults ---- */

static struct tn_fault *find_fault(struct tn_server *server, tern_str method)
{
    for (size_t i = 0; i < server->fault_count; i++) {
        struct tn_fault *fault = &server->faults[i];
        if (tn_str_eq((tern_str){fault->method, fault->method_len}, method)) return fault;
    }
    return NULL;
}

int tn_server_set_fault(struct tn_server *server, tern_str method, int status)
{
    bool usual = status == -1;

    if (method.len == 0 || method.len > TN_FAULT_METHOD_MAX) return TERN_EINVAL;
    if (!usual && status != 0 && (status < 400 || status > 699)) return TERN_EINVAL;
    struct tn_fault *fault = find_fault(server, method);
    if (usual) {
        if (fault) *fault = server->faults[--server->fault_count];
        return 0;
    }
    if (!fault) {
        if (server->fault_count == TN_FAULTS_MAX) return TERN_ELIMIT;
        fault = &server->faults[server->fault_count++];
        memcpy(fault->method, method.ptr, method.len);
        fault->method_len = method.len;
    }
    fault->status = status;
    return 0;
}

/* Silence is before the transaction layer: that would answer, and wait for an answer of ours. */
static bool is_silenced(struct tn_server *server, const struct tn_msg *msg)
{
    if (!msg->is_request || server->fault_count == 0) return false;
    const struct tn_fault *fault = find_fault(server, msg->method_text);
    return fault && fault->status == 0;
}

/* ---- effects ---- */

static void on_request(struct tn_server *server, const struct tn_effect *effect)
{
    const struct tn_fault *fault = find_fault(server, effect->msg->method_text);

    if (fault && fault->status > 0) {
        tn_server_refuse(server, effect->id, (unsigned)fault->status, NULL);
    } else if (effect->msg->method == TN_METHOD_REGISTER &&
               tn_server_is_own(server, &effect->msg->uri)) {
        tn_registrar_request(server, effect);
    } else {
        tn_proxy_request(server, effect);
    }
}

bool tn_server_effect(struct tn_server *server, const struct tn_effect *effect)
{
    switch (effect->kind) {
    case TN_EFFECT_MESSAGE: return is_silenced(server, effect->msg);
    case TN_EFFECT_FLOW_UP:
    case TN_EFFECT_FLOW_MAPPED:
    case TN_EFFECT_FLOW_DOWN: return false;
    case TN_EFFECT_REQUEST: on_request(server, effect); return true;
    case TN_EFFECT_ACK: tn_proxy_ack(server, effect); return true;
    case TN_EFFECT_CANCELLED:
    case TN_EFFECT_SERVER_TIMEOUT:
    case TN_EFFECT_SERVER_ENDED: tn_proxy_effect(server, effect); return true;
    /* RFC 6026 8.9: a proxy does not forward a response that no transaction is waiting for. */
    case TN_EFFECT_STRAY_RESPONSE: return true;
    case TN_EFFECT_STUN:
    case TN_EFFECT_SECURITY: return false;
    case TN_EFFECT_CANCEL_ANSWERED: return effect->owner.kind == TN_OWNER_PROXY;
    case TN_EFFECT_LOCATED:
    case TN_EFFECT_TXN_RESPONSE:
    case TN_EFFECT_TXN_FAILED:
        if (effect->owner.kind != TN_OWNER_PROXY) return false;
        tn_proxy_effect(server, effect);
        return true;
    case TN_EFFECT_PREPARE:
    case TN_EFFECT_RESPONSE:
    case TN_EFFECT_FAILED: return false;
    }
    return false;
}
