/* SPDX-License-Identifier: MIT */
/*
 * Snapshots: what of an endpoint outlives its program (tern/snapshot.h). One function packs each
 * struct, both ways: snapshot_account.c, snapshot_call.c, and those of the rooms below. A new member
 * of an account or call that matters gets a tag there; a tag is never used for anything else again.
 *
 * What is taken up has no path, as if its address had gone: mobility does the rest (handover.c) once
 * the sockets are open, the endpoint runs and has been told what network there is.
 */
#ifndef TN_UA_SNAPSHOT_H
#define TN_UA_SNAPSHOT_H

#include "base/pack.h"
#include "core/ctx.h"

struct tern_endpoint;
struct tn_account;
struct tn_call;

/* The endpoint's part. */
struct tn_snapshots {
    bool on;                  /* one was saved or taken up, and may be taken up again */
    bool told;                /* that it is due */
    bool resuming;            /* taken up; mobility has not seen it yet */
    uint32_t awaited;         /* calls that wait for their media sockets */
    struct tn_timer timer;    /* then it is due */
    struct tn_text cert, key; /* of DTLS-SRTP: the far ends know the certificate */
};

/* An account's part, and a call's. */
struct tn_snapshot_mark {
    uint64_t was; /* its handle in the process before; 0: it was not taken up */
    bool removes; /* account: its binding was being removed */
    bool removed; /* account: and its handle was gone */
    bool awaited; /* call: its media sockets are not open yet */
};

void tn_snapshots_init(struct tern_endpoint *ep);
void tn_snapshots_fini(struct tern_endpoint *ep);
/* Something that belongs into a snapshot has changed. */
void tn_snapshot_changed(struct tern_endpoint *ep);
/* A call's stream has sent: is its reserve nearly used up? */
void tn_snapshot_sent(struct tn_call *call);
/* The endpoint has started, has a network, or listens. @return whether what was taken up waited */
bool tn_snapshot_resume(struct tern_endpoint *ep);
/* The call's sockets are open, or it needs them no more. */
void tn_snapshot_call_ready(struct tn_call *call);

/* ---- between the files ---- */

/* A snapshot's record, opened. All or nothing. @return as tern_snapshot_restore() */
struct tern_snapshot_opts;
TERN_CHECK int tn_snapshot_take(struct tern_endpoint *ep, const struct tern_snapshot_opts *opts,
                                tern_str record);
/* Its media goes on after a restart: what it sends is counted. */
bool tn_snapshot_keeps_stream(const struct tn_call *call);
/* An address that no network has. */
tern_addr tn_snapshot_nowhere(tern_addr remote);
bool tn_snapshot_is_nowhere(tern_addr addr);
/* All of them. Reading: what has been made stays in the endpoint, also after a failure (p->err). */
void tn_snapshot_accounts(struct tern_endpoint *ep, struct tn_pack *p);
void tn_snapshot_calls(struct tern_endpoint *ep, struct tn_pack *p);
struct tn_account *tn_snapshot_account(const struct tern_endpoint *ep, uint64_t was);

#endif
