/* SPDX-License-Identifier: MIT */
/*
 * A small registrar and stateful proxy on an endpoint of its own: for the demo,
 * for tests, and for people who develop without a server at hand. Not for the
 * open Internet.
 */
#ifndef TERN_SERVER_H
#define TERN_SERVER_H

#include <tern/endpoint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How the server treats requests. Fill with tern_server_opts_init(). */
struct tern_server_opts {
    size_t size;
    tern_str domain;           /**< domain that it serves, besides its own addresses; required */
    bool no_auth;              /**< accept everybody */
    uint32_t nonce_lifetime_s; /**< how long a nonce is accepted; default 300 */
    uint32_t min_expires_s;    /**< shorter registrations get 423; default 30 */
    uint32_t max_expires_s;    /**< longer ones are cut; default 3600 */
    bool no_record_route;      /**< do not stay in the path of calls */
};

TERN_API void tern_server_opts_init_sized(struct tern_server_opts *opts, size_t size);

static inline void tern_server_opts_init(struct tern_server_opts *opts)
{
    tern_server_opts_init_sized(opts, sizeof(*opts));
}

/**
 * Make this endpoint a registrar and proxy. Call it before tern_endpoint_start(). Such an endpoint
 * has no accounts and no calls of its own.
 *
 * @retval TERN_ESTATE  already started, or already a server
 * @retval TERN_EINVAL, TERN_ENOMEM, TERN_EVERSION
 */
TERN_API TERN_CHECK int tern_server_attach(struct tern_endpoint *ep,
                                           const struct tern_server_opts *opts);

/** Add a user, or give it a new password. Only hashes are kept. */
TERN_API TERN_CHECK int tern_server_add_user(struct tern_endpoint *ep, tern_str user,
                                             tern_str password);

/**
 * Answer every REGISTER (`method` "REGISTER") or every request of another method with `status`
 * (400..699), or with nothing (`status` 0), or as usual (`status` -1). For tests of clients.
 */
TERN_API TERN_CHECK int tern_server_set_fault(struct tern_endpoint *ep, tern_str method,
                                              int status);

/** A binding as the registrar has it. Text lives until the next call into the endpoint. */
struct tern_server_binding {
    tern_str user;
    tern_str contact; /**< URI */
    tern_addr source; /**< where its REGISTER came from */
    uint32_t expires_s;
};

/** Walk the bindings, ordered by user, then age: start with `*cursor` 0. @return false at the end. */
TERN_API bool tern_server_next_binding(struct tern_endpoint *ep, tern_time now, size_t *cursor,
                                       struct tern_server_binding *out);

#ifdef __cplusplus
}
#endif
#endif
