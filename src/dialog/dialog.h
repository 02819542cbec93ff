/* SPDX-License-Identifier: MIT */
/*
 * A dialog: RFC 3261 12. What both ends agreed on, and how a request inside it
 * is addressed. It sends nothing itself: tn_dialog_request() fills in the
 * options of a request.
 *
 *   NONE --> EARLY --> CONFIRMED --> ENDED
 */
#ifndef TN_DIALOG_DIALOG_H
#define TN_DIALOG_DIALOG_H

#include "base/map.h"
#include "base/text.h"
#include "txn/request.h"

enum tn_dialog_state { TN_DIALOG_NONE, TN_DIALOG_EARLY, TN_DIALOG_CONFIRMED, TN_DIALOG_ENDED };

#define TN_TAG_LEN 16

struct tn_dialog {
    const struct tern_allocator *alloc;
    enum tn_dialog_state state;
    bool is_uac;
    bool secure; /* it began with "sips:" (RFC 3261 12.1.1): a Contact of theirs cannot end that */
    uint64_t came_by; /* flow of their last request; for its owner to set */
    struct tn_text call_id;
    struct tn_text local, remote; /* From and To values without tag, as we write them */
    char local_tag[TN_TAG_LEN];
    struct tn_text remote_tag;    /* empty: none yet, or an RFC 2543 peer */
    struct tn_text remote_target; /* URI */
    struct tn_text left_target; /* before the answer: the one that they have left since; or empty */
    struct tn_text routes;      /* comma-separated Route values in order; empty: none */
    uint32_t local_cseq;        /* of the last request that we sent */
    uint32_t early_cseq;        /* of the last request in an early dialog that is gone; 0: none */
    uint32_t target_cseq;       /* of the last one whose 2xx has named the target */
    uint32_t remote_cseq;       /* of the last request that they sent */
    bool remote_cseq_known;
    bool peer_update;         /* Allow has UPDATE */
    bool peer_lacks_replaces; /* Supported is there, and has no "replaces" */
};

/* The caller's end, before any answer. `local` and `remote` as From and To will have them, no tag. */
struct tn_dialog_uac {
    tern_str local, remote, target, call_id;
    uint32_t first_cseq;
};
TERN_CHECK int tn_dialog_init_uac(struct tn_dialog *dialog, struct tn_ctx *ctx,
                                  const struct tn_dialog_uac *opts);
/* The called end, from a request that forms a dialog. @return TERN_EINVAL: no usable Contact (400) */
TERN_CHECK int tn_dialog_init_uas(struct tn_dialog *dialog, struct tn_ctx *ctx,
                                  const struct tn_msg *request);
void tn_dialog_fini(struct tn_dialog *dialog);

/*
 * A response with a To tag forms the dialog at the caller's end, or confirms it: route set and
 * target are computed anew by the 2xx (13.2.2.4). DEVIATION: not the target where the 2xx names the
 * one that an UPDATE has replaced: it was sent before, and is repeated word for word. @return 0, TERN_EINVAL (no usable Contact), TERN_ENOMEM
 */
TERN_CHECK int tn_dialog_take_response(struct tn_dialog *dialog, const struct tn_msg *response);
/* Copies what a fork shares with the dialog, with another remote tag. For ACK and BYE of a late 2xx. */
TERN_CHECK int tn_dialog_fork(struct tn_dialog *fork, const struct tn_dialog *dialog,
                              const struct tn_msg *response);
/* A 2xx is about to be taken that belongs to `early`: what that knows of their address counts. */
void tn_dialog_swap_left(struct tn_dialog *dialog, struct tn_dialog *early);
/* The called end has answered with 2xx. */
void tn_dialog_confirm(struct tn_dialog *dialog);
void tn_dialog_end(struct tn_dialog *dialog);

/*
 * A target refresh request or response: the new Contact counts (12.2.1.2, 12.2.2). That of a 2xx which
 * comes once more, or after the 2xx to a later request of ours, is out of date.
 */
TERN_CHECK int tn_dialog_refresh_target(struct tn_dialog *dialog, const struct tn_msg *msg);

/* Whether its Contact is another than that which counts. */
bool tn_dialog_target_moves(const struct tn_dialog *dialog, const struct tn_msg *msg);

/* Whether a message is inside this dialog, from its sender's point of view. */
bool tn_dialog_matches_request(const struct tn_dialog *dialog, const struct tn_msg *request);
bool tn_dialog_matches_response(const struct tn_dialog *dialog, const struct tn_msg *response);
/* Checks and takes the CSeq of a request inside: 12.2.2. @return 0, or 500 for one out of order. */
unsigned tn_dialog_take_cseq(struct tn_dialog *dialog, const struct tn_msg *request);

/*
 * Fills uri, from, to, call_id, cseq and route of `opts`; a strict first route is swapped in
 * (12.2.1.1). Texts live in `scratch`, which the caller keeps until tn_request_start() has returned.
 */
TERN_CHECK int tn_dialog_request(struct tn_dialog *dialog, struct tn_buf *scratch,
                                 struct tn_request_opts *opts);
struct tn_pack;
/*
 * Writes it for a snapshot, or takes it up, into zeroed memory. Its CSeq then is ahead of all that may
 * have been sent since. tn_dialog_fini() in any case.
 */
void tn_dialog_pack(struct tn_dialog *dialog, struct tn_pack *p);
/* The URI of the next hop: first route, else the target. */
tern_str tn_dialog_next_hop(const struct tn_dialog *dialog);
tern_str tn_dialog_local_tag(const struct tn_dialog *dialog);

#endif
