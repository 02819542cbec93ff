/* SPDX-License-Identifier: MIT */
/* What the files of the registration share: registration.c, registration_send.c, registration_remove.c. */
#ifndef TN_UA_REGISTRATION_IMPL_H
#define TN_UA_REGISTRATION_IMPL_H

#include "txn/timing.h"
#include "ua/account.h"

/* As long as any request is tried, and a few times more where that one went to nobody. */
#define TN_REMOVE_TIME  (64 * TN_T1 + TERN_SECONDS(8))
#define TN_CONFIRMS_MAX 3 /* in a row: a registrar that removes nothing is let be */

/* The last bit of a request's tag; the others are the registration's number. */
#define TN_REGISTER_NEW    UINT32_C(0)
#define TN_REGISTER_REMOVE UINT32_C(1) /* only removes the old binding */

static inline bool tn_registration_only_removes(const struct tn_effect *effect)
{
    return (effect->owner.tag & TN_REGISTER_REMOVE) != 0;
}

/* ---- registration.c ---- */

/* The only writer of the state. Tells the application of every move. */
void tn_registration_enter(struct tn_registration *reg, enum tern_registration_state next,
                           tern_str reason);
void tn_registration_drop_request(struct tn_registration *reg);
/* As before its first start, with nothing at the registrar. */
void tn_registration_forget(struct tn_registration *reg);
/* The one that the application sees, and mobility moves. */
static inline bool tn_registration_is_first(const struct tn_registration *reg)
{
    return reg == tn_account_reg_view(reg->account);
}
bool tn_registration_has_network(const struct tern_endpoint *ep);

/* ---- registration_send.c ---- */

TERN_CHECK int tn_registration_send(struct tn_registration *reg, uint32_t what);
/* In answer to TN_EFFECT_PREPARE. */
TERN_CHECK int tn_registration_prepare(struct tn_registration *reg, const struct tn_effect *effect);
/* With a call up soon, since it may depend on the binding; else as RFC 5626 4.5 says. */
tern_time tn_registration_pause(struct tn_registration *reg);
tern_time tn_registration_refresh_delay(struct tn_registration *reg, uint32_t seconds);
void tn_registration_take_service_route(struct tn_registration *reg, const struct tn_msg *rsp);
tern_str tn_registration_failure_text(int failure);

/* ---- registration_remove.c ---- */

/* Nothing of it is at the registrar any more, as far as can be known. */
void tn_registration_removed(struct tn_registration *reg);
void tn_registration_remove_now(struct tn_registration *reg);
/* A REGISTER that removes was not answered (`code` 0), or was refused. */
void tn_registration_removal_failed(struct tn_registration *reg, int code, tern_time retry_after);
void tn_registration_removal_answered(struct tn_registration *reg, const struct tn_msg *rsp);
void tn_registration_removal_online(struct tn_registration *reg);

#endif
