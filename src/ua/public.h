/* SPDX-License-Identifier: MIT */
/*
 * Public addresses: how registrars see us, what our Contacts make of it, and a change of it as an IP
 * change of what is affected (MOBILITY S20; RFC 3581, RFC 5626 4.2).
 */
#ifndef TN_UA_PUBLIC_H
#define TN_UA_PUBLIC_H

#include "mobility/mapping.h"

struct tern_endpoint;
struct tn_account;
struct tn_call;
struct tn_reach;
struct tn_registration;

/* Of a registration. */
struct tn_public {
    struct tn_mapping mapping;
    tern_time bound_at; /* of the last 2xx */
    bool moves;         /* the generation that begins now is about this */
};

/* Of a call: what its last Contact was to say, and what it said. */
struct tn_call_public {
    tern_addr local, told;
};

/* TN_EFFECT_FLOW_MAPPED */
void tn_public_flow_mapped(struct tern_endpoint *ep, uint64_t flow);
/* A 2xx has come: its flow may have shown something. */
void tn_public_registered(struct tn_registration *reg);
/*
 * Names the public address in place of the local one, where the account wants that and the far end of
 * this flow has said what it is.
 */
void tn_public_rewrite(const struct tn_registration *reg, uint64_t flow, struct tn_reach *reach);
/* The same for a request or answer in a call, as its account's registration has it. It is noted. */
void tn_public_rewrite_call(struct tn_call *call, struct tn_reach *reach);
/* The public address that the far end of this call has been told is not ours any more. */
bool tn_public_is_stale(const struct tn_call *call);

#endif
