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
    bool no_outbound;          /**< know nothing of flows: RFC 3261 alone */
    bool no_gruu;              /**< give no GRUUs */
    uint32_t flow_timer_s;     /**< how often flows are to be kept alive, as Flow-Timer says; 0
                                    (default): the phones decide. RFC 5626 5.4 */
    bool forgets_removed;      /**< an older REGISTER that comes after the one which removed its
                                    binding makes it anew, as RFC 3261 10.3 has it; default: it is
                                    refused for 32 s, as if the binding stood */
};

/**
 * What tern_server_opts_init() calls; it lets programs and libraries of different age meet.
 *
 * @param size  that of the struct as the program knows it; so many bytes are written
 */
TERN_API void tern_server_opts_init_sized(struct tern_server_opts *opts, size_t size);

/** Set `opts` to the defaults, those written beside the members; `domain` stays to be set. */
static inline void tern_server_opts_init(struct tern_server_opts *opts)
{
    tern_server_opts_init_sized(opts, sizeof(*opts));
}

/**
 * Make this endpoint a registrar and proxy. Call it before tern_endpoint_start(). Such an endpoint
 * has no accounts and no calls of its own.
 *
 * @param opts  read during this function only
 *
 * @return               0
 * @retval TERN_ESTATE   already started, or already a server
 * @retval TERN_EINVAL   a value is out of range
 * @retval TERN_EVERSION `opts` has set members that this library does not know
 * @retval TERN_ENOMEM
 * @rfc 3261 10.3, 16
 */
TERN_API TERN_CHECK int tern_server_attach(struct tern_endpoint *ep,
                                           const struct tern_server_opts *opts);

/**
 * Add a user, or give it a new password. Only hashes are kept.
 *
 * @return             0
 * @retval TERN_ESTATE the endpoint is no server
 * @retval TERN_EINVAL the name is empty, too long, or not one line of UTF-8
 * @retval TERN_ELIMIT 4096 users are there
 * @retval TERN_ENOMEM
 */
TERN_API TERN_CHECK int tern_server_add_user(struct tern_endpoint *ep, tern_str user,
                                             tern_str password);

/**
 * Answer every REGISTER (`method` "REGISTER") or every request of another method with `status`
 * (400..699), or with nothing (`status` 0), or as usual (`status` -1). For tests of clients.
 *
 * @return             0
 * @retval TERN_ESTATE the endpoint is no server
 * @retval TERN_EINVAL another status, or no name of a method
 * @retval TERN_ELIMIT 16 methods have a fault
 */
TERN_API TERN_CHECK int tern_server_set_fault(struct tern_endpoint *ep, tern_str method,
                                              int status);

/** A binding as the registrar has it. Text lives until the next call into the endpoint. */
struct tern_server_binding {
    tern_str user;
    tern_str contact;   /**< URI */
    tern_addr source;   /**< where its REGISTER came from */
    uint32_t expires_s; /**< seconds left */
};

/**
 * Walk the bindings, ordered by user, then age.
 *
 * @param cursor  start with 0 in it
 *
 * @return  true with a binding; false at the end
 */
TERN_API bool tern_server_next_binding(struct tern_endpoint *ep, tern_time now, size_t *cursor,
                                       struct tern_server_binding *out);

#ifdef __cplusplus
}
#endif
#endif
