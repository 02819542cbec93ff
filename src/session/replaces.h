/* SPDX-License-Identifier: MIT */
/*
 * Replaces (RFC 3891): one INVITE takes the place of a dialog. Here is what is to be made of one that
 * comes, and who goes first when both ends send one (MOBILITY C6 d, S15). Pure: facts in, status out.
 *
 * Both ends of a call that have lost each other look for each other at the same time. Where their INVITEs
 * cross, the end with the lower tag in the dialog that both name has its way: it refuses the other's
 * with 491, and the other end takes the place of its own INVITE by accepting that one. So at no time do
 * both accept.
 *
 * A 2xx may be lost, and who asked then asks anew. What it names has been replaced by then, in its own
 * name: that is followed. An INVITE that was overtaken looks the same, and is refused: it has a lower
 * CSeq in the same leg, or comes when the far end has confirmed the dialog that took its place.
 */
#ifndef TN_SESSION_REPLACES_H
#define TN_SESSION_REPLACES_H

#include "dialog/dialog.h"
#include "wire/sip/replaces.h"

/* Which dialog of this end is named. */
enum tn_replaces_place {
    TN_REPLACES_NOTHING,
    TN_REPLACES_EARLY, /* not confirmed: whose place can only be taken with the application's help */
    TN_REPLACES_CURRENT, /* a confirmed one */
    TN_REPLACES_PENDING, /* what an INVITE of ours is to form: the far end has accepted it */
    TN_REPLACES_PAST,    /* one that was replaced already, by the same call's dialog */
    TN_REPLACES_ENDED,
};

struct tn_replaces_facts {
    enum tn_replaces_place place;
    bool same_person; /* who calls is the far end of the dialog */
    bool secured;     /* it comes by no weaker a transport than the dialog's */
    bool
        ours_open; /* an INVITE of ours that is to take the same dialog's place may be accepted yet */
    bool we_win;   /* tn_replaces_wins() of the dialog that is named */
    bool in_vain; /* and yet they ask again and again: ours does not find them */
    /* PAST: the dialog that has taken its place */
    bool formed_by_us; /* by an INVITE of ours */
    bool same_leg;     /* by one of theirs with the same Call-ID and tag */
    bool newer;        /* than that one, by CSeq */
    bool confirmed;    /* they have acknowledged it */
};

/* @return 0: it takes the dialog's place; else the status that refuses it (RFC 3891 3) */
unsigned tn_replaces_judge(const struct tn_replaces *replaces,
                           const struct tn_replaces_facts *facts);

/* Whether this is the dialog that is named. A tag of "0" may be none (RFC 3891 3, RFC 2543). */
bool tn_replaces_names(const struct tn_replaces *replaces, const struct tn_dialog *dialog);
/* Whether the far end of the dialog is who this says: user, host and port of From. */
bool tn_replaces_is_person(const struct tn_dialog *dialog, const struct tn_uri *from);
/* Which end goes first, by the tags. At both ends of a dialog the answer is the opposite. */
bool tn_replaces_wins(const struct tn_dialog *dialog);
/* As the far end has to be told which dialog is meant (RFC 3891 6.1). Points into the dialog. */
struct tn_replaces tn_replaces_of(const struct tn_dialog *dialog);

#endif
