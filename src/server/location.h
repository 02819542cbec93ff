/* SPDX-License-Identifier: MIT */
/*
 * The location service: users, and where each can be reached (RFC 3261 10.1).
 * It decides nothing; the registrar writes it, the proxy reads it.
 */
#ifndef TN_SERVER_LOCATION_H
#define TN_SERVER_LOCATION_H

#include "base/list.h"
#include "base/map.h"
#include "base/text.h"
#include "core/ctx.h"
#include "wire/sip/uri.h"

#define TN_HA1_MD5_LEN    32
#define TN_HA1_SHA256_LEN 64

struct tn_user {
    struct tn_map_node node;
    struct tn_list link; /* in location->users, by name */
    struct tn_text name;
    bool has_password;
    char ha1_md5[TN_HA1_MD5_LEN]; /* H(user:realm:password); the password itself is not kept */
    char ha1_sha256[TN_HA1_SHA256_LEN];
    struct tn_list bindings; /* oldest first */
    size_t binding_count;
    struct tn_list gruus; /* temporary ones: gruu.h */
    size_t gruu_count;
    struct tn_list removed; /* removed.h */
    size_t removed_count;
};

struct tn_binding {
    struct tn_location *location;
    struct tn_user *user; /* NULL: not in the table yet */
    struct tn_list link;
    struct tn_map_node node; /* by user, host and port of the contact */
    struct tn_timer expiry;
    tern_time expires_at, made_at;
    struct tn_text contact;
    struct tn_uri uri; /* contact, parsed; points into it */
    struct tn_text call_id, instance, path;
    uint32_t cseq;
    uint32_t reg_id; /* RFC 5626; 0: none */
    bool has_q;
    uint32_t q; /* thousandths */
    /* The flow that the REGISTER came by. */
    uint64_t flow;
    enum tern_transport transport;
    tern_addr local, source;
    bool direct;     /* no proxy in between: the flow leads to the user agent */
    bool use_source; /* UDP: requests go where the REGISTER came from */
};

struct tn_location {
    struct tn_ctx *ctx;
    struct tn_map by_name, by_contact, by_gruu;
    struct tn_list users;
    size_t user_count;
    /* Where a walk stands; forgotten with each change. */
    const struct tn_binding *walk;
    size_t walk_index;
};

TERN_CHECK int tn_location_init(struct tn_location *location, struct tn_ctx *ctx);
void tn_location_fini(struct tn_location *location);

/* NULL when there is none. `name` is unescaped. */
struct tn_user *tn_location_find(const struct tn_location *location, tern_str name);
/* Finds, or makes one without password. @return 0, TERN_ENOMEM, TERN_ELIMIT */
TERN_CHECK int tn_location_add(struct tn_location *location, tern_str name, struct tn_user **out);

/* What a new binding is made of; texts are copied. */
struct tn_binding_facts {
    tern_str contact, call_id, instance, path;
    uint32_t cseq;
};
/* Not in the table yet. @return NULL without memory, or when the contact is no URI */
struct tn_binding *tn_binding_new(struct tn_location *location,
                                  const struct tn_binding_facts *facts);
void tn_binding_free(struct tn_binding *binding);
/* The same for one that is not replaced: what hangs on its instance goes with the last one. */
void tn_binding_remove(struct tn_binding *binding);
/* Puts it in the table, for `expires_s` from now, in front of `before` or (NULL) at the end. */
void tn_binding_insert(struct tn_binding *binding, struct tn_user *user, struct tn_binding *before,
                       uint32_t expires_s);
/* Whole seconds left, rounded up. */
uint32_t tn_binding_left(const struct tn_binding *binding, tern_time now);
/* The same device by RFC 5626 6, else the same URI. */
struct tn_binding *tn_binding_match(const struct tn_user *user, const struct tn_binding *like);
/* RFC 5626 6: the binding of this flow, whatever its address. */
struct tn_binding *tn_binding_by_flow(const struct tn_user *user, tern_str instance,
                                      uint32_t reg_id);
bool tn_binding_same_instance(const struct tn_binding *binding, tern_str instance);
struct tn_binding *tn_binding_by_uri(const struct tn_user *user, const struct tn_uri *uri);
/* The newest binding of any user whose contact has this user, host and port. */
struct tn_binding *tn_location_by_contact(const struct tn_location *location,
                                          const struct tn_uri *uri);
/* The `index`-th binding by user name, then age, or NULL. */
const struct tn_binding *tn_location_at(struct tn_location *location, size_t index);

#endif
