/* SPDX-License-Identifier: MIT */
/*
 * A second flow to the registrar, on another interface (RFC 5626 4.2, MOBILITY technique 5): a
 * registration of its own, with reg-id and connection, that stands before it is needed. When the
 * first path goes, the two change places, and what is sent next leaves by a flow that is up.
 */
#ifndef TN_UA_SECOND_H
#define TN_UA_SECOND_H

#include "ua/account.h"

static inline struct tn_registration *tn_account_second(struct tn_account *account)
{
    return &account->regs[1 - account->first];
}

/* Whether it is wanted, and where it can stand, may have changed: makes it so. */
void tn_second_check(struct tn_account *account);
void tn_second_init(struct tn_account *account);
void tn_second_fini(struct tn_account *account);
/* The first stands: its old flow is closed before the second is made, which may be where that was. */
void tn_second_settled(struct tn_account *account);
/* The network has changed: what comes must last before it is used (settle_ms). */
void tn_second_network(struct tn_account *account);
/* Its local address, where it is registered and its flow is up; else family 0. */
tern_addr tn_second_stands(const struct tn_account *account);
/* It becomes the first; the application hears of its state. */
void tn_second_promote(struct tn_account *account);
/* The account leaves: what the second has at the registrar is the first one's to remove. */
void tn_second_fold(struct tn_account *account);

#endif
