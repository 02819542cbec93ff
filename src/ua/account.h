/* SPDX-License-Identifier: MIT */
/*
 * An account: identity, credentials, registration. The registration is a
 * machine (RFC 3261 10.2, RFC 5626 4.5):
 *
 *              start    2xx          refused  no answer    offline   timer      remove
 * NONE         >REG     -            -        -            -         -          -
 * WAITING      >REG     -            -        -            stay      >REG       >NONE
 * REGISTERING  again    >REGISTERED  >FAILED  >WAITING     >WAITING  -          >REMOVING
 * REGISTERED   >REFRESH -            -        -            stay      >REFRESH   >REMOVING
 * REFRESHING   again    >REGISTERED  >FAILED  >WAITING     stay      -          >REMOVING
 * REMOVING     >REG     >NONE/>REG   again    again        again     again      -
 * FAILED       >REG     -            -        -            -         -          >NONE
 */
#ifndef TN_UA_ACCOUNT_H
#define TN_UA_ACCOUNT_H

#include "ua/endpoint.h"

#define TN_ACCOUNT_TAG_LEN 12

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
    uint32_t expires_s, keepalive_s, answer_timeout_s;
    uint32_t session_expires_s, min_se_s;
    enum tern_srtp srtp;
    enum tern_srtp_keys srtp_keys;
    bool wants_registration;
    struct tern_account_ip_change ip_change;
    struct tn_auth auth;
    struct tn_auth old_auth; /* of a binding that goes because tern_account_modify() moved us */

    enum tern_registration_state state;
    struct tn_text call_id;
    char from_tag[TN_ACCOUNT_TAG_LEN];
    uint32_t cseq;
    uint64_t request;
    int last_status;
    bool raised;                 /* asked_expires_s, by a 423 since the last success */
    uint32_t failures;           /* in a row */
    uint32_t asked_expires_s;    /* of the next REGISTER: raised by 423 */
    tern_time bound_until;       /* TERN_TIME_NEVER: no binding */
    struct tn_text contact;      /* name-addr in force */
    struct tn_text old_contacts; /* comma-separated: removed with the next REGISTER; bindings.c */
    struct tn_text pending_contact;
    tern_addr local;         /* of the contact in force */
    tern_addr pending_local; /* of the REGISTER under way */
    tern_addr server;        /* where REGISTER goes */
    uint64_t flow;
    struct tn_list by_flow; /* in one of the endpoint's account_flows */
    bool again;             /* after REMOVING: register anew */
    struct tn_timer refresh, retry, keepalive;
    tern_time give_up;     /* REMOVING: tried until then */
    tern_time sent_at;     /* the REGISTER under way, or the last one */
    tern_time late_until;  /* a REGISTER that was given up may arrive until then */
    tern_time doubt_until; /* the same, and it may name what is to go */
    uint32_t confirms;     /* REGISTERs in a row that only set right what a 2xx has shown */

    struct tn_account_task task;
    uint32_t calls;
    uint32_t forks; /* whose BYE needs the credentials */
};

/* Accounts by the lowest bits of their flow's number: those of this flow are among them. */
struct tn_list *tn_accounts_of_flow(struct tern_endpoint *ep, uint64_t flow);
struct tn_account *tn_account_find(const struct tern_endpoint *ep, tern_account account);
void tn_account_free(struct tn_account *account);
/* No longer registered: freed now, or when the BYE of its last call is through. */
void tn_account_release(struct tn_account *account);
/* A call or fork of it is gone. */
void tn_account_settle(struct tn_account *account);
/* Whose call is it? By user of Request-URI, else of To; a lone account takes all. */
struct tn_account *tn_account_for_request(struct tern_endpoint *ep, const struct tn_msg *request);

/* ---- registration.c ---- */

TERN_CHECK int tn_registration_init(struct tn_account *account);
void tn_registration_fini(struct tn_account *account);
/* Registers now, from the address that the snapshot gives; drops a REGISTER under way. */
void tn_registration_start(struct tn_account *account);
/* As decided by mobility. */
void tn_registration_move(struct tn_account *account, uint32_t contact_flags);
void tn_registration_remove(struct tn_account *account);
/*
 * What waited for a network or a listener goes on. When the network has `changed`, so does what
 * waits to try again because nobody answered: there may be a way now.
 */
void tn_registration_online(struct tn_account *account, bool changed);
void tn_registration_effect(struct tn_account *account, const struct tn_effect *effect);
void tn_registration_flow_down(struct tn_account *account, uint64_t flow);

/* ---- bindings.c: which Contacts are to be at the registrar, and which are to go ---- */

/* All of them are to go, also that of a REGISTER which is given up: it may have arrived. */
void tn_bindings_retire(struct tn_account *account);
/* This REGISTER is given up, or has failed: if it was sent, it may still arrive. */
void tn_bindings_doubt(struct tn_account *account, uint64_t request);
/* Contact with the address that is really used, and the old ones with expires=0 beside it. */
TERN_CHECK int tn_bindings_put(struct tn_account *account, const struct tn_request_path *path,
                               bool only_removes, struct tn_buf *buf);
/* The lifetime that the registrar granted: our Contact's expires, else the Expires header. */
uint32_t tn_bindings_granted(const struct tn_account *account, const struct tn_msg *rsp);
/* After a 2xx. @return whether the registrar has, or may still get, a binding that is to go */
bool tn_bindings_settle(struct tn_account *account, const struct tn_msg *rsp);
void tn_bindings_forget(struct tn_account *account);

#endif
