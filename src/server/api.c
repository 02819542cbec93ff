/* SPDX-License-Identifier: MIT */
/* The public face (tern/server.h): the server as a service on an endpoint. */
#include "base/list.h"
#include "base/options.h"
#include "core/service.h"
#include "server/server.h"

struct service {
    struct tn_service base;
    struct tn_server *server;
};

static struct service *of(struct tn_service *base)
{
    return TN_OWNER(base, struct service, base);
}

static bool on_effect(struct tn_service *base, const struct tn_effect *effect)
{
    return tn_server_effect(of(base)->server, effect);
}

static void on_free(struct tn_service *base)
{
    struct service *service = of(base);
    const struct tern_allocator alloc = service->server->ctx->alloc;

    tn_server_close(service->server);
    tn_free(&alloc, service);
}

/* NULL: the endpoint is no server. */
static struct tn_server *server_of(struct tern_endpoint *ep)
{
    struct tn_service *base = tn_endpoint_service(ep);
    return base && base->effect == on_effect ? of(base)->server : NULL;
}

void tern_server_opts_init_sized(struct tern_server_opts *opts, size_t size)
{
    const struct tern_server_opts defaults = {
        .nonce_lifetime_s = 300,
        .min_expires_s = 30,
        .max_expires_s = 3600,
    };

    tn_options_give(opts, size, &defaults, sizeof(defaults));
}

int tern_server_attach(struct tern_endpoint *ep, const struct tern_server_opts *given)
{
    struct tn_ctx *ctx = tn_endpoint_ctx(ep);
    struct tern_server_opts opts;

    tern_server_opts_init(&opts); /* for what an older program does not know */
    int err = tn_options_take(given, &opts, sizeof(opts));
    if (err) return err;
    struct service *service = tn_alloc(&ctx->alloc, sizeof(*service));
    if (!service) return TERN_ENOMEM;
    service->base = (struct tn_service){.effect = on_effect, .free = on_free};
    err = tn_server_new(ctx, tn_endpoint_net(ep), tn_endpoint_txns(ep), &opts, &service->server);
    if (err) {
        tn_free(&ctx->alloc, service);
        return err;
    }
    err = tn_endpoint_set_service(ep, &service->base);
    if (err) on_free(&service->base);
    return err;
}

int tern_server_add_user(struct tern_endpoint *ep, tern_str user, tern_str password)
{
    struct tn_server *server = server_of(ep);
    return server ? tn_server_add_user(server, user, password) : TERN_ESTATE;
}

int tern_server_set_fault(struct tern_endpoint *ep, tern_str method, int status)
{
    struct tn_server *server = server_of(ep);
    return server ? tn_server_set_fault(server, method, status) : TERN_ESTATE;
}

bool tern_server_next_binding(struct tern_endpoint *ep, tern_time now, size_t *cursor,
                              struct tern_server_binding *out)
{
    struct tn_server *server = server_of(ep);
    const struct tn_binding *b = server ? tn_location_at(&server->location, *cursor) : NULL;

    /* What is due and will go with the next tern_advance() is passed over. */
    while (b && tn_binding_left(b, now) == 0) {
        b = tn_location_at(&server->location, ++*cursor);
    }
    if (!b) return false;
    ++*cursor;
    *out = (struct tern_server_binding){.user = tn_text_view(&b->user->name),
                                        .contact = tn_text_view(&b->contact),
                                        .source = b->source,
                                        .expires_s = tn_binding_left(b, now)};
    return true;
}
