/* SPDX-License-Identifier: MIT */
/*
 * A call goes on in another dialog (RFC 3891, MOBILITY C6 d): the same handle, the same audio, sockets
 * and keys; nothing rings, and the application does nothing. The far end asks for it when it has lost
 * us, or we when we have lost it.
 */
#ifndef TN_UA_CALL_REPLACE_H
#define TN_UA_CALL_REPLACE_H

#include "base/map.h"
#include "dialog/dialog.h"
#include "session/replaces.h"

struct tern_endpoint;
struct tn_call;

struct tn_call_replace {
    struct tn_map_node node; /* in the endpoint's `replaces` */
    /*
     * What INVITEs of ours are to form: each a new try with the same Call-ID and tag, so that the far
     * end knows the newest, and whichever is accepted is known here. Without `alloc`: none was sent.
     */
    struct tn_dialog dialog;
    uint64_t invite; /* the newest; 0: none is under way */
    enum tern_transport transport;
    tern_time sent;        /* when it was made */
    unsigned met;          /* INVITEs of theirs that were refused for ours */
    bool arrived;          /* a proxy has it: if it is not answered, it has gone astray */
    bool bye_heard;        /* in the present dialog: the far end may have got a newer one by now */
    struct tn_timer timer; /* of that BYE */
    uint32_t leg_cseq;     /* of their INVITE that has formed the present dialog */
    tern_time since;       /* when that took the place of another; 0: of none */
};

void tn_call_replace_init(struct tn_call *call);

/* ---- call_replace.c: we ask ---- */

/* Whether the far end may be found by its address of record, and knows Replaces as far as is known. */
bool tn_call_may_replace(const struct tn_call *call);
/* INVITE with Replaces, or once more. tn_mob_replaced() follows. */
void tn_call_replace(struct tn_call *call);
/* What is under way is given up; it may be accepted all the same. */
void tn_call_replace_stop(struct tn_call *call);
/* The same, and a dialog that it yet forms is not wanted. */
void tn_call_replace_drop(struct tn_call *call);
/* An INVITE of theirs for the same call has been refused for ours: ours may have missed them. */
void tn_call_replace_met(struct tn_call *call);
void tn_call_replace_effect(struct tn_call *call, const struct tn_effect *effect);
/* A 2xx that comes late, or a request by who has accepted. @return whether it is about such an INVITE */
bool tn_call_replace_stray(struct tern_endpoint *ep, const struct tn_msg *rsp);
bool tn_call_replace_request(struct tern_endpoint *ep, const struct tn_effect *effect);
/* The call whose INVITE is to form the dialog that is named. */
struct tn_call *tn_call_replacing(const struct tern_endpoint *ep, tern_str call_id, tern_str tag);
/*
 * BYE has come in the present dialog while an INVITE of ours is under way, which the far end may have
 * accepted: then it ends nothing. One of ours says so; by others that is waited for, a while. @return
 * whether the call goes on for now
 */
bool tn_call_replace_outlives(struct tn_call *call, const struct tn_msg *bye);
/* What belongs to the dialog before is dropped. */
void tn_call_in_new_dialog(struct tn_call *call, bool owns_call_id);

/* ---- call_replaced.c: the far end asks ---- */

/* @return false: it has no Replaces, and is an INVITE like any other */
bool tn_call_replaced_invite(struct tern_endpoint *ep, const struct tn_effect *effect);

/*
 * Lines for an INVITE that is to take the place of this dialog, which has to have a remote tag: by
 * nobody but who knows Replaces, so that it never rings.
 */
void tn_put_replaces_lines(struct tn_buf *lines, const struct tn_dialog *dialog);

#endif
