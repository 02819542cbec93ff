/* SPDX-License-Identifier: MIT */
/*
 * A service on an endpoint: something above the transaction layer that takes
 * requests before the user agent does, such as the registrar and proxy. It is
 * told of effects and owns what tn_owner_kind says it owns.
 */
#ifndef TN_CORE_SERVICE_H
#define TN_CORE_SERVICE_H

#include "core/ctx.h"

struct tn_net;
struct tn_txns;

struct tn_service {
    /* @return true when the effect was for the service; the caller still owns effect->msg */
    bool (*effect)(struct tn_service *service, const struct tn_effect *effect);
    void (*free)(struct tn_service *service);
};

/* Implemented by ua/endpoint.c. @return 0, or TERN_ESTATE: started, or it has one. Takes over. */
TERN_CHECK int tn_endpoint_set_service(struct tern_endpoint *ep, struct tn_service *service);
struct tn_service *tn_endpoint_service(struct tern_endpoint *ep);
struct tn_ctx *tn_endpoint_ctx(struct tern_endpoint *ep);
struct tn_net *tn_endpoint_net(struct tern_endpoint *ep);
struct tn_txns *tn_endpoint_txns(struct tern_endpoint *ep);
/* Runs what an API call of the service has caused, as every other entry does. */
void tn_endpoint_run(struct tern_endpoint *ep);

#endif
