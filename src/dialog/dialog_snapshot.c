/* SPDX-License-Identifier: MIT */
/* What a snapshot keeps of a dialog. */
#include "base/pack.h"
#include "dialog/dialog.h"

enum {
    DIALOG_STATE = 1,
    DIALOG_UAC = 2,
    DIALOG_SECURE = 3,
    DIALOG_CALL_ID = 4,
    DIALOG_LOCAL = 5,
    DIALOG_REMOTE = 6,
    DIALOG_LOCAL_TAG = 7,
    DIALOG_REMOTE_TAG = 8,
    DIALOG_TARGET = 9,
    DIALOG_ROUTES = 10,
    DIALOG_LOCAL_CSEQ = 11,
    DIALOG_TARGET_CSEQ = 12,
    DIALOG_REMOTE_CSEQ = 13,
    DIALOG_REMOTE_CSEQ_KNOWN = 14,
    DIALOG_PEER_UPDATE = 15,
    DIALOG_PEER_LACKS_REPLACES = 16,
};

#define CSEQ_MAX   UINT32_C(0x7fffffff) /* RFC 3261 8.1.1.5 */
#define CSEQ_AHEAD 1000 /* more requests than one dialog sends between two snapshots */

static uint32_t pack_cseq(struct tn_pack *p, uint16_t tag, uint32_t cseq)
{
    return (uint32_t)tn_pack_number(p, tag, cseq, CSEQ_MAX);
}

void tn_dialog_pack(struct tn_dialog *dialog, struct tn_pack *p)
{
    if (tn_pack_reads(p)) dialog->alloc = p->alloc;
    dialog->state =
        (enum tn_dialog_state)tn_pack_number(p, DIALOG_STATE, dialog->state, TN_DIALOG_ENDED);
    dialog->is_uac = tn_pack_bool(p, DIALOG_UAC, dialog->is_uac);
    dialog->secure = tn_pack_bool(p, DIALOG_SECURE, dialog->secure);
    tn_pack_text(p, DIALOG_CALL_ID, &dialog->call_id);
    tn_pack_text(p, DIALOG_LOCAL, &dialog->local);
    tn_pack_text(p, DIALOG_REMOTE, &dialog->remote);
    tn_pack_bytes(p, DIALOG_LOCAL_TAG, dialog->local_tag, sizeof(dialog->local_tag));
    tn_pack_text(p, DIALOG_REMOTE_TAG, &dialog->remote_tag);
    tn_pack_text(p, DIALOG_TARGET, &dialog->remote_target);
    tn_pack_text(p, DIALOG_ROUTES, &dialog->routes);
    dialog->local_cseq = pack_cseq(p, DIALOG_LOCAL_CSEQ, dialog->local_cseq);
    dialog->target_cseq = pack_cseq(p, DIALOG_TARGET_CSEQ, dialog->target_cseq);
    dialog->remote_cseq = pack_cseq(p, DIALOG_REMOTE_CSEQ, dialog->remote_cseq);
    dialog->remote_cseq_known =
        tn_pack_bool(p, DIALOG_REMOTE_CSEQ_KNOWN, dialog->remote_cseq_known);
    dialog->peer_update = tn_pack_bool(p, DIALOG_PEER_UPDATE, dialog->peer_update);
    dialog->peer_lacks_replaces =
        tn_pack_bool(p, DIALOG_PEER_LACKS_REPLACES, dialog->peer_lacks_replaces);
    if (!tn_pack_reads(p) || p->err) return;
    if (dialog->call_id.len == 0 || dialog->remote_target.len == 0) p->err = TERN_EPARSE;
    /* What was sent after the snapshot has used some of them. */
    if (dialog->local_cseq <= CSEQ_MAX - CSEQ_AHEAD) dialog->local_cseq += CSEQ_AHEAD;
    dialog->early_cseq = dialog->local_cseq; /* a late 2xx may be of a dialog that has counted on */
}
