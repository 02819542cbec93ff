/* SPDX-License-Identifier: MIT */
/*
 * A registration: one binding of an account at its registrar, kept by one flow (RFC 3261 10.2, RFC
 * 5626 4). An account has an array of them; the one that its `first` names is what the application
 * sees.
 *
 *              start    2xx          refused  no answer    offline   timer      remove
 * NONE         >REG     -            -        -            -         -          -
 * WAITING      >REG     -            -        -            stay      >REG       >NONE
 * REGISTERING  again    >REGISTERED  >FAILED  >WAITING     >WAITING  -          >REMOVING
 * REGISTERED   >REFRESH -            -        -            stay      >REFRESH   >REMOVING
 * REFRESHING   again    >REGISTERED  >FAILED  >WAITING     stay      -          >REMOVING
 * REMOVING     >REG     >NONE/>REG   again    again        again     again      -
 * FAILED       >REG     -            -        -            -         -          >NONE
 *
 * registration.c decides, registration_send.c prints, sends and paces, registration_remove.c is the
 * column "remove" and the row REMOVING, bindings.c knows which Contacts are to be where.
 */
#ifndef TN_UA_REGISTRATION_H
#define TN_UA_REGISTRATION_H

#include "ua/endpoint.h"
#include "ua/keep.h"
#include "ua/public.h"

#define TN_REGISTRATION_TAG_LEN 12

struct tn_registration {
    struct tn_account *account;
    uint32_t number; /* its place in the account's array; reg-id (RFC 5626 4.2.1) is one more */

    enum tern_registration_state state;
    struct tn_text call_id;
    char from_tag[TN_REGISTRATION_TAG_LEN];
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
    tern_addr from;          /* a second flow's interface; family 0: as the network says */
    tern_addr local;         /* of the contact in force */
    tern_addr pending_local; /* of the REGISTER under way */
    tern_addr server;        /* where REGISTER goes */
    uint64_t flow;
    struct tn_list by_flow; /* in one of the endpoint's registration_flows */
    bool again;             /* after REMOVING: register anew */
    struct tn_timer refresh, retry;
    struct tn_registration_keep keep;
    struct tn_public outside;
    tern_time give_up;     /* REMOVING: tried until then */
    tern_time sent_at;     /* the REGISTER under way, or the last one */
    tern_time late_until;  /* a REGISTER that was given up may arrive until then */
    tern_time doubt_until; /* the same, and it may name what is to go */
    uint32_t confirms;     /* REGISTERs in a row that only set right what a 2xx has shown */
    bool outbound;         /* the last 2xx said that the registrar keeps flows (RFC 5626 6) */
    uint32_t flow_timer_s; /* how often it wants this one kept alive; 0: not said */
};

/* Registrations by the lowest bits of their flow's number: those of this flow are among them. */
struct tn_list *tn_registrations_of_flow(struct tern_endpoint *ep, uint64_t flow);

void tn_registration_init(struct tn_registration *reg, struct tn_account *account, uint32_t number);
void tn_registration_fini(struct tn_registration *reg);
/* RFC 3261 10.2: one Call-ID and one line of CSeqs for as long as it lives. Before the first start. */
TERN_CHECK int tn_registration_identify(struct tn_registration *reg);
/* Which of an account's a request is for (tn_owner.tag). */
struct tn_registration *tn_registration_of(struct tn_account *account, uint32_t tag);
/* Registers now, from the address that the snapshot gives; drops a REGISTER under way. */
void tn_registration_start(struct tn_registration *reg);
/* As decided by mobility. */
void tn_registration_move(struct tn_registration *reg, uint32_t contact_flags);
void tn_registration_remove(struct tn_registration *reg);
/*
 * What waited for a network or a listener goes on. When the network has `changed`, so does what
 * waits to try again because nobody answered: there may be a way now.
 */
void tn_registration_online(struct tn_registration *reg, bool changed);
/* A call has begun, which needs the way back: nobody answered, and an idle phone may wait for long. */
void tn_registration_hasten(struct tn_registration *reg);
void tn_registration_effect(struct tn_registration *reg, const struct tn_effect *effect);
void tn_registration_flow_down(struct tn_registration *reg, uint64_t flow);

/* ---- bindings.c: which Contacts are to be at the registrar, and which are to go ---- */

/* What one has at the registrar is another's to remove. */
void tn_bindings_hand_over(struct tn_registration *from, struct tn_registration *to);
/* Two Contacts with the same URI, whatever hangs on them. */
bool tn_bindings_same(tern_str a, tern_str b);
/* All of them are to go, also that of a REGISTER which is given up: it may have arrived. */
void tn_bindings_retire(struct tn_registration *reg);
/* This REGISTER is given up, or has failed: if it was sent, it may still arrive. */
void tn_bindings_doubt(struct tn_registration *reg, uint64_t request);
/* Contact with the address that is really used, and the old ones with expires=0 beside it. */
TERN_CHECK int tn_bindings_put(struct tn_registration *reg, const struct tn_request_path *path,
                               bool only_removes, struct tn_buf *buf);
/* Parameters of our Contact as a 2xx lists it; empty when it does not. */
tern_str tn_bindings_params(const struct tn_registration *reg, const struct tn_msg *rsp);
/* The lifetime that the registrar granted: our Contact's expires, else the Expires header. */
uint32_t tn_bindings_granted(const struct tn_registration *reg, const struct tn_msg *rsp);
/* After a 2xx. @return whether the registrar has, or may still get, a binding that is to go */
bool tn_bindings_settle(struct tn_registration *reg, const struct tn_msg *rsp);
void tn_bindings_forget(struct tn_registration *reg);

#endif
