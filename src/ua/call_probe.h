/* SPDX-License-Identifier: MIT */
/*
 * An outgoing call that nobody has answered yet, and whose path has gone: MOBILITY S1, S2.
 *
 *             moved, UDP     moved, stream           answer to INVITE  200/481 to CANCEL  timer
 * RESTS       probe >ASKED   CANCEL >CANCELLING      -                 -                  -
 * ASKED       probe          -                       >LIVES            -                  CANCEL >CANCELLING
 * LIVES       probe >ASKED   -                       -                 -                  probe >RESTS
 * CANCELLING  -              -                       487: anew >RESTS  anew >RESTS        anew >RESTS
 *
 * But after 487 "anew" begins with an INVITE with Replaces for each early dialog: somebody may have
 * answered by then, whatever the CANCEL's answer, and it takes that call over.
 *
 * The probe is the INVITE itself, word by word, from the new address. Who answers it has the
 * transaction, and sends what follows to where we are: nothing rings twice. The first INVITE may still be
 * on its way then, and arrive after the probe, which would turn that back: hence the second, a little
 * later. Where nothing has rung yet
 * there is nothing to cancel: "CANCEL >CANCELLING" is then "anew" at once. For the caller all of it is
 * one call, that rings on.
 */
#ifndef TN_UA_CALL_PROBE_H
#define TN_UA_CALL_PROBE_H

#include "core/ctx.h"
#include "ua/early.h"

struct tn_call;
struct tn_msg;

enum tn_probe_state {
    TN_PROBE_RESTS,
    TN_PROBE_ASKED,
    TN_PROBE_LIVES, /* for half a second: what was under way by the old path arrives meanwhile */
    TN_PROBE_CANCELLING,
    TN_PROBE_STATES,
};

struct tn_call_probe {
    enum tn_probe_state state;
    struct tn_timer timer;
    bool left; /* an INVITE before has early dialogs that may still ring (fork.h) */
    bool open; /* the INVITE before may have arrived, and nobody has answered it for good */
    /*
     * Somebody may have answered the INVITE before. Whose early dialogs these were is asked, one after
     * another, the most recent 1xx first, by INVITEs with Replaces (S14).
     */
    struct tn_earlies named;
    struct tn_msg *kept; /* a 2xx to that INVITE, in the very dialog that is asked for now */
    bool asks;           /* the INVITE under way does so */
    bool busy_once;      /* its own ring may have been what was busy: tried once more */
};

void tn_call_probe_init(struct tn_call *call);
void tn_call_probe_stop(struct tn_call *call);
void tn_call_probe_fini(struct tn_call *call);
/* Whether the INVITE has lost its path, or waits for one, and there is a way. */
bool tn_call_probe_is_due(const struct tn_call *call);
/* The network has changed, and there is a way to where the INVITE goes. */
void tn_call_probe_moved(struct tn_call *call);
/* Something has come for the INVITE under way. */
void tn_call_probe_heard(struct tn_call *call);
/* @return whether this refusal is but the answer to our CANCEL, or to our own ring: it goes on */
bool tn_call_probe_refused(struct tn_call *call, unsigned status);
/* The answer to the CANCEL. @return whether it was waited for */
bool tn_call_probe_cancelled(struct tn_call *call);
/*
 * The INVITE is made anew, now; the one before, if it is under way, is given up. Who has rung, and is
 * not known to have stopped, is asked first.
 */
void tn_call_probe_anew(struct tn_call *call);
/*
 * A 2xx to an INVITE before, which may have been a question (`asked`). Who is asked for that very dialog
 * leaves it, and the one that an earlier question has formed, as soon as it hears of it: so the newest
 * such 2xx is kept until the question has its answer. @return whether it is
 */
bool tn_call_probe_keeps(struct tn_call *call, const struct tn_msg *rsp, bool asked);

#endif
