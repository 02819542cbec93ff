/* SPDX-License-Identifier: MIT */
/*
 * What is not promised yet, or never: a call to which one of these has happened may be lost. It must
 * still end in good order, and leave nothing behind. The table shrinks as the core learns.
 *
 * Beside calls: who has no address family in common with the far end is not heard (peace.c); an answer that waits for a TCP connection is sent when that is up, although a change
 * has overtaken it (wire.c, answer_waited()); a request that was
 * challenged is repeated with the SDP that it had, although its address has gone (wire.c, `hasty`); who
 * was hung up on while it moved may not hear of it where the other end has moved, too (peace.c,
 * both_moved()).
 */
#include "life.h"

static const struct excuse_text excuses[EXCUSE_COUNT] = {
    [EXCUSE_EARLY] = {"early", "S1 S3 S13 S14",
                      "nobody could know where the far end was, or a server failed, at first"},
    [EXCUSE_BOTH] = {"both", "S15",
                     "both ends moved while it was set up, or when neither was registered"},
    [EXCUSE_NAT] =
        {"nat", "S20",
         "both ends have been behind NATs, or one, and no proxy stays; and there is no relay"},
    [EXCUSE_DEAD] =
        {"dead", "-",
         "a phone lost its power, its account or its endpoint; or its program died before what "
         "had happened was saved (crash.c)"},
    [EXCUSE_REFUSED] = {"refused", "-",
                        "the server refused for good, forgot who is who, or never knew"},
    [EXCUSE_POLICY] = {"policy", "-", "the account's settings give calls up"},
};

const struct excuse_text *excuse_text(enum excuse excuse)
{
    return &excuses[excuse];
}

unsigned excuse_counts(const struct life *life, unsigned bits)
{
    return bits & ~(unsigned)life->plan->set[SET_strict];
}
