/* SPDX-License-Identifier: MIT */
/*
 * Who we are to the registrar, whatever our address: instance-id and reg-id (RFC 5626 4), and the
 * GRUUs that it gives for them (RFC 5627 4).
 */
#ifndef TN_UA_OUTBOUND_H
#define TN_UA_OUTBOUND_H

#include <tern/account.h>
#include <tern/endpoint.h>

#include "base/buf.h"
#include "base/text.h"

struct tn_msg;
struct tn_account;
struct tn_registration;
struct tn_call;

#define TN_INSTANCE_MAX 96 /* "urn:uuid:" and a UUID are 45 */

/* The endpoint's: a URN. */
struct tn_instance {
    char text[TN_INSTANCE_MAX];
    size_t len;
};
/* As given, else made of the seed. @return 0, TERN_EINVAL (no URN), or what the hash says */
TERN_CHECK int tn_instance_init(struct tn_instance *instance,
                                const struct tern_endpoint_opts *opts);

/* An account's. */
struct tn_outbound {
    bool off;     /* as the application wants it */
    bool refused; /* 439: the first hop keeps no flows */
    enum tern_gruu wanted;
    struct tn_text public_gruu, temporary_gruu; /* URIs, from the last 2xx */
};

/* What follows our Contact in a REGISTER: instance-id, and reg-id where flows are asked for. */
void tn_outbound_put(const struct tn_registration *reg, struct tn_buf *buf);
/* What Supported says in a REGISTER. */
tern_str tn_outbound_supported(const struct tn_account *account);
/* It bears the reg-id of this registration. */
bool tn_outbound_names(const struct tn_registration *reg, tern_str contact);
/* Another binding of this registration stands in its place: RFC 5626 6. */
bool tn_outbound_replaces(const struct tn_registration *reg, tern_str contact);
/* A 2xx: whether the registrar keeps flows, and its GRUUs. `contact`: ours, as it lists it. */
void tn_outbound_take(struct tn_registration *reg, const struct tn_msg *rsp, tern_str params);
void tn_outbound_forget(struct tn_account *account);

/* The one in force, as a URI; empty: none, or we are not registered. */
tern_str tn_account_gruu(const struct tn_account *account);
/* It does not lead to us any more: the far ends of calls hear our address. */
void tn_calls_lose_gruu(struct tn_account *account);
/*
 * A Contact that names the port of a connection that is gone, as over TLS without a listener, leads nowhere,
 * although its address stands: as behind a NAT that has forgotten (S20), once there is another connection.
 */
bool tn_call_left_its_flow(const struct tn_call *call);
/* Any of the account's of which the far end is not just being told. */
bool tn_calls_left_flow(const struct tn_account *account);
struct tn_request_opts;
/*
 * A far end with a GRUU of our own domain, and no route set: the way there is our registrar, which is
 * that domain's proxy, and no look-up. `opts` has been filled by tn_dialog_request().
 */
void tn_call_aim(const struct tn_call *call, struct tn_request_opts *opts);
/* Our Contact in this call's dialog as a URI, where we have a GRUU; else empty. */
tern_str tn_call_gruu(const struct tn_call *call);

#endif
