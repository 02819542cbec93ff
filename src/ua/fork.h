/* SPDX-License-Identifier: MIT */
/*
 * Late answers to an INVITE of ours: RFC 3261 13.2.2.4, MOBILITY C8. A 2xx may
 * come from another fork, or for an INVITE that was given up, when its call has
 * been answered elsewhere, or is gone. Each forms a dialog, which is
 * acknowledged as often as the 2xx comes, and ended by a BYE, which is sent anew when it found no way.
 *
 * A *trace* is what a call leaves behind: as much as a dialog is formed from. A
 * *fork* is such a dialog. A trace goes after 64*T1, when no 2xx is repeated any
 * more, and a fork after the same and the time of its BYE. So does a dialog that
 * another has replaced (RFC 3891): meanwhile the far end may ask for it still.
 */
#ifndef TN_UA_FORK_H
#define TN_UA_FORK_H

#include "dialog/dialog.h"
#include "session/replaces.h"
#include "ua/account.h"

#define TN_FORKS_MAX    8192 /* traces and forks of an endpoint; one beyond is not ended */
/* Reason of the BYE for a dialog that another has replaced: the call goes on. */
#define TN_REPLACED     "SIP;cause=200;text=\"Replaced\""
#define TN_FORKS_OF_ONE 8 /* of one INVITE: nobody rings in more places for long */

struct tn_call;
struct tn_offer;

struct tn_fork {
    struct tern_endpoint *ep;
    struct tn_map_node node; /* by Call-ID and our tag */
    uint64_t id;
    uint64_t account_id;
    struct tn_account *account; /* as long as its credentials are in use; else NULL */
    enum tern_transport transport;
    struct tn_dialog dialog; /* without a remote tag: no 2xx has formed it */
    uint64_t bye, ack;
    bool ended; /* its BYE was answered */
    uint32_t ack_cseq;
    uint64_t heir;   /* the call whose dialog this was, until another took its place; 0: of none */
    uint64_t leg_of; /* the call whose INVITE it was, until another took its place; 0: of none */
    bool asked;      /* that INVITE named another by Replaces */
    bool rings;      /* an early dialog of that INVITE, which may have been answered since */
    struct tn_offer *offer; /* that went with that INVITE */
    tern_addr contact;      /* which it named */
    tern_addr media_told;   /* and for audio */
    bool by_server;         /* where its BYE has no other way: way.h */
    unsigned acks;
    unsigned tries; /* BYEs that took the place of one that found no way */
    struct tn_timer timer, again;
};

/*
 * The call is about to be freed, and its INVITE may still be answered. Takes over the texts of its
 * dialog. Without memory no trace is left.
 */
void tn_fork_leave_trace(struct tn_account *account, enum tern_transport transport,
                         struct tn_dialog *dialog);
/* The same for a call that goes on with another INVITE: what is answered here may be adopted. */
void tn_fork_leave_leg(struct tn_call *call);
/*
 * One of the early dialogs of that INVITE; takes over its texts. Nobody may ever hear of a 2xx to it, nor of
 * the CANCEL: so it gets a BYE (RFC 3261 15) as soon as that 2xx would not be adopted any more.
 */
void tn_fork_leave_early(struct tn_call *call, struct tn_dialog *dialog);
/* What `call` has left ringing is over, but for what `adopted` forms (NULL: all). */
void tn_forks_settle(struct tn_call *call, const struct tn_msg *adopted);
/* What is known of a call that still stands, and a 2xx to its INVITE that it does not want. */
void tn_fork_decline(struct tn_account *account, enum tern_transport transport,
                     const struct tn_dialog *dialog, const struct tn_msg *rsp);
/*
 * Another dialog has taken this one's place in `heir`; 0: none has, and it is over. Takes over its texts,
 * or ends it. With `bye` the far end hears of it; not before it has acknowledged our 2xx (RFC 3261 15).
 */
void tn_fork_replaced(struct tn_account *account, enum tern_transport transport,
                      struct tn_dialog *dialog, uint64_t heir, bool bye);
/* The call ends the dialog of this answer itself. @return the CSeq of the last BYE in it; 0: none */
uint32_t tn_fork_forget(struct tern_endpoint *ep, const struct tn_msg *rsp);
/* Whether it ends a dialog that another has replaced, and not the call. */
bool tn_fork_is_over(const struct tn_msg *bye);
/* The one that is named, of those that were replaced; NULL: none. */
const struct tn_fork *tn_fork_named(const struct tern_endpoint *ep,
                                    const struct tn_replaces *replaces);
/* A request inside one of these dialogs: BYE is answered 200. @return false: it is in none */
bool tn_fork_request(struct tern_endpoint *ep, const struct tn_effect *effect);
/* A 2xx to INVITE that belongs to no call. */
void tn_fork_stray(struct tern_endpoint *ep, const struct tn_msg *rsp);
/* Effects of TN_OWNER_ENDPOINT. */
void tn_fork_effect(struct tern_endpoint *ep, const struct tn_effect *effect);
void tn_forks_forget(struct tern_endpoint *ep); /* all of them */
void tn_forks_fini(struct tern_endpoint *ep);

#endif
