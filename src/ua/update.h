/* SPDX-License-Identifier: MIT */
/*
 * UPDATE that says where we are: RFC 3311 5.1, MOBILITY C7, S2 to S5, S13. With the Contact alone it may
 * be sent at any time that a dialog exists, so it goes where an offer has to wait: before the answer,
 * while a re-INVITE or a 2xx of ours is pending, in the pause after a 491. Before the answer it is
 * an offer as well, where the session has been described reliably. One at a time for each dialog.
 */
#ifndef TN_UA_UPDATE_H
#define TN_UA_UPDATE_H

#include "core/ctx.h"

struct tn_buf;
struct tn_call;
struct tn_dialog;
struct tn_early;
struct tn_effect;
struct tn_msg;
struct tn_offer;

struct tn_update {
    uint64_t request;  /* 0: none */
    tern_addr contact; /* in it */
    tern_addr told;    /* what the far end has accepted last; family 0: nothing yet */
    bool open;         /* it may have heard of another since, or not */
    bool offers;       /* ours that is out is in it */
    tern_addr audio;   /* the address in that */
    bool audio_open;   /* as `open`, of the address for audio */
};

struct tn_call_update {
    struct tn_update own;  /* in the call's dialog */
    struct tn_timer timer; /* until the next try */
    unsigned tries;        /* in a row that came to nothing */
    struct tn_timer pause; /* until the next one with an offer: they have one of their own */
    bool refused;          /* the offer was, in this network: the answer's refresh brings it */
    bool offered;          /* one was accepted, in this network */
    unsigned met;          /* 491 that the far end got for the offer under way */
    /* Calling: what the INVITE has offered, for a fork that has not had our UPDATE. */
    struct tn_offer *first;
    tern_addr first_told;
};

void tn_call_update_init(struct tn_call *call);
void tn_call_update_fini(struct tn_call *call);
/* The call's dialog is another: what is under way was in the one before. */
void tn_call_update_new_dialog(struct tn_call *call);
/* The early dialogs are about to go: nothing waits to be said in them. */
void tn_call_update_stop(struct tn_call *call);
/* The early dialog is about to go. */
void tn_call_update_leave(struct tn_call *call, struct tn_early *early);
/*
 * It becomes the call's dialog: what has been accepted in it counts, and its UPDATE may have been heard
 * already, and is answered there.
 */
void tn_call_update_stays(struct tn_call *call, struct tn_early *early);
/* A refresh that was sent later has been accepted: what an UPDATE says, or has said, is old. */
void tn_call_update_overtaken(struct tn_call *call);
/* Says where we are, where the far end may not know and allows UPDATE, and no refresh is saying it. */
void tn_call_tell_target(struct tn_call *call);
/* The same where an offer is what is to be said, and had to wait. */
void tn_call_tell_audio(struct tn_call *call);
/* Whether it would, for a call that nobody has answered, or is at it. */
bool tn_call_update_is_due(struct tn_call *call);
/* One is under way, or waits to be sent again. */
bool tn_call_update_is_under_way(const struct tn_call *call);
/* The network has changed, and the call is not up yet. */
void tn_call_update_moved(struct tn_call *call);
/* The far end of this dialog is elsewhere now: one that is challenged goes there. */
void tn_call_update_retarget(struct tn_call *call, struct tn_dialog *dialog);
/* A 2xx to an UPDATE that was given up, for another since: it says where the far end is. */
void tn_call_update_late(struct tn_call *call, const struct tn_msg *rsp);
void tn_call_update_effect(struct tn_call *call, const struct tn_effect *effect);

/* ---- update_offer.c: the offer in it, before the answer ---- */

/* The session of this early dialog has been described for certain (RFC 3311 5.1). */
bool tn_call_update_is_settled(const struct tn_call *call, const struct tn_dialog *dialog);
/* Whether the far end of this dialog should have one, and may (RFC 3311 5.1). `local`: our Contact. */
bool tn_call_update_wants_offer(struct tn_call *call, const struct tn_dialog *dialog,
                                const struct tn_update *update, tern_addr local);
/* Whether what is under way names the address that audio has now. */
bool tn_call_update_is_right(struct tn_call *call, const struct tn_update *update);
/* Appends it. @return 0, TERN_ENOMEM, TERN_ENOBUF */
TERN_CHECK int tn_call_update_offer(struct tn_call *call, struct tn_update *update, tern_addr local,
                                    struct tn_buf *body);
/* It was accepted. */
void tn_call_update_take_answer(struct tn_call *call, struct tn_update *update,
                                const struct tn_msg *rsp);
/* It is given up, or was not accepted; nothing if it has no offer. */
void tn_call_update_withdraw(struct tn_call *call, struct tn_update *update);
/*
 * The answer refuses the offer that was withdrawn, for good or for now. @return whether nothing else
 * was wrong with the request: the Contact alone may go at once
 */
bool tn_call_update_refused(struct tn_call *call, const struct tn_msg *rsp);
/* The far end's has been accepted: ours that had given way may follow. */
void tn_call_update_settled(struct tn_call *call);
/* Whether audio may wait for it where its old path stands. */
bool tn_call_update_may_offer(const struct tn_call *call);
/* Ours that is out, and not answered, does not count any more: the call is up, or about to be asked anew. */
void tn_call_update_yield(struct tn_call *call);
/* The far end got 491 for ours. The second time, or when it has moved, ours is not heard: it gives way. */
void tn_call_update_meet(struct tn_call *call, bool moved);
/* Before the session of one early dialog becomes another than what the INVITE says. */
TERN_CHECK int tn_call_update_keep_first(struct tn_call *call);
/* Another fork has answered: the session is that of the INVITE again. */
void tn_call_update_restore_first(struct tn_call *call);
void tn_call_update_forget_first(struct tn_call *call);

#endif
