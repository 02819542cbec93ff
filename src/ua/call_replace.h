/* SPDX-License-Identifier: MIT */
/*
 * A call goes on in another dialog (RFC 3891, MOBILITY C6 d): the same handle, the same audio, sockets
 * and keys; nothing rings, and the application does nothing. The far end asks for it when it has lost
 * us, or we when we have lost it.
 */
#ifndef TN_UA_CALL_REPLACE_H
#define TN_UA_CALL_REPLACE_H

#include "dialog/dialog.h"
#include "session/replaces.h"

struct tern_endpoint;
struct tn_call;

struct tn_call_replace {
    uint32_t leg_cseq; /* of their INVITE that has formed the present dialog */
    tern_time since;   /* when that took the place of another; 0: of none */
};

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
