/* SPDX-License-Identifier: MIT */
/*
 * What the invariants remember of one endpoint: rules.c and offers.c of dialogs, pace.c of what a
 * change may cost, sound.c of audio. life.h has one of each for everybody.
 */
#ifndef SIM_EYES_H
#define SIM_EYES_H

#include <tern/event.h>

#include "message.h"

#define ASKED_MAX   128
#define DIALOGS_MAX 64
#define AUDIO_MAX   32

struct life;
struct phone;

/* A request that this endpoint has sent or heard, and what was said to it. */
struct asked {
    uint64_t key; /* of branch and method; 0: free */
    uint64_t call, from, to, vias_below, record_routes;
    uint64_t routes, uri; /* sent: that an ACK of a failure and a CANCEL repeat */
    uint64_t contact;
    uint64_t own_tag; /* heard: the To tag that it was answered with */
    uint32_t cseq;
    int final;                               /* status; 0: none yet */
    uint64_t words;                          /* of the final response */
    bool heard, in_dialog, invite, answered; /* answered: with SDP */
    tern_time at;
    struct description offer; /* lines 0: none. Its text has gone: `formats` is not to be read */
    char formats[64];
};

/* One side of a dialog (12.1), and of its offers and answers (RFC 3264). */
struct dialog {
    uint64_t key; /* of Call-ID and both tags */
    uint64_t routes;
    uint64_t target, target_before;
    uint32_t target_cseq[2]; /* by a request that was heard, by one that was sent */
    tern_time target_changed;
    bool confirmed;
};

struct session { /* by Call-ID and own tag: forks share what is offered */
    uint64_t key;
    uint64_t origin, content, version;
};

struct rules {
    struct asked asked[ASKED_MAX];
    uint32_t asked_next;
    struct dialog dialogs[DIALOGS_MAX];
    uint32_t dialog_next;
    struct session sessions[DIALOGS_MAX];
    uint32_t session_next;
};

/* ---- rules.c: responses, dialogs and their routes (RFC 3261 8.2.6, 12, 16.12, 17.2) ---- */
void rules_sent(struct life *life, uint32_t host, const struct message *m, bool repeated);
void rules_heard(struct life *life, uint32_t host, const struct message *m);
/* The request that `m` answers, or is about; NULL: not known. */
struct asked *rules_asked(struct life *life, uint32_t host, const struct message *m, bool heard);

/* Whether what it writes may wait for a connection while the world goes on. */
bool rules_may_wait(const struct life *life, uint32_t host);

/* ---- offers.c ---- */
void offers_sent(struct life *life, uint32_t host, const struct message *m, struct asked *asked);

#endif
