/* SPDX-License-Identifier: MIT */
/*
 * An account: identity, credentials, and its registrations (registration.h).
 */
#ifndef TN_UA_ACCOUNT_H
#define TN_UA_ACCOUNT_H

#include "ua/registration.h"

#define TN_REGISTRATIONS 2

struct tn_account {
    struct tern_endpoint *ep;
    uint64_t id;
    bool removed;  /* the handle is gone; REGISTER with expires=0 is still under way */
    bool released; /* that is over, too: it goes with the last of its calls */

    struct tn_text uri, user, domain; /* address of record, and its parts */
    struct tn_text display, registrar, proxy;
    struct tn_text service_route; /* RFC 3608, from the registrar: Route values */
    enum tern_transport transport;
    bool sips; /* the address of record is "sips:" */
    uint32_t expires_s, keepalive_s, stream_keepalive_s, answer_timeout_s;
    uint32_t session_expires_s, min_se_s, media_timeout_s, doubled_send_ms;
    enum tern_srtp srtp;
    enum tern_srtp_keys srtp_keys;
    enum tern_reliable reliable; /* provisional answers: RFC 3262 */
    bool wants_registration;
    bool contact_rewrite;
    struct tern_account_ip_change ip_change;
    struct tn_auth auth;
    struct tn_auth old_auth; /* of a binding that goes because tern_account_modify() moved us */

    struct tn_registration regs[TN_REGISTRATIONS];
    uint32_t first; /* which of them the application sees, and mobility moves */

    tern_time round_trip; /* to the registrar, as last measured; 0: not yet */
    struct tn_outbound outbound;
    enum tern_second_flow second_flow;
    struct tn_timer second_timer; /* the network is new: it must last */
    struct tn_account_task task;
    struct tn_snapshot_mark snapshot;
    uint32_t calls;
    uint32_t forks; /* whose BYE needs the credentials */
};

static inline struct tn_registration *tn_account_reg(struct tn_account *account)
{
    return &account->regs[account->first];
}

static inline const struct tn_registration *tn_account_reg_view(const struct tn_account *account)
{
    return &account->regs[account->first];
}

struct tn_account *tn_account_find(const struct tern_endpoint *ep, tern_account account);
void tn_account_free(struct tn_account *account);
/* No longer registered: freed now, or when the BYE of its last call is through. */
void tn_account_release(struct tn_account *account);
/* As From has it, without a tag. */
void tn_account_put_name(const struct tn_account *account, struct tn_buf *out);
/* Its bindings are removed; the account itself may go with that. */
void tn_account_leave(struct tn_account *account);
/* A call or fork of it is gone. */
void tn_account_settle(struct tn_account *account);
/* Whose call is it? By user of Request-URI, else of To; a lone account takes all. */
struct tn_account *tn_account_for_request(struct tern_endpoint *ep, const struct tn_msg *request);

#endif
