/* SPDX-License-Identifier: MIT */
/* What a look-up seeks, and the targets that follow from the answers that are known. */
#ifndef TN_NET_LOCATE_FIND_H
#define TN_NET_LOCATE_FIND_H

#include "net/locate.h"

struct tn_sought {
    tern_str name;
    uint16_t port; /* 0: NAPTR and SRV */
    enum tern_transport transport;
    bool transport_fixed;
    bool named;       /* by the URI itself: NAPTR has no say */
    unsigned allowed; /* NAPTR: a sum of 1 << enum tern_transport */
    uint64_t domain;  /* TLS: whose certificate counts */
    uint64_t key;     /* of all this */
    tern_time since;  /* answers from then on count, however old they are */
};

/*
 * Asks for what is missing.
 *
 * @param again  receives when to come again though no answer has come; TERN_TIME_NEVER
 *
 * @return 0 with `*out` (perhaps empty), 1: answers are missing, TERN_ENOMEM
 */
TERN_CHECK int tn_locate_find(struct tn_net *net, const struct tn_sought *sought,
                              struct tn_targets *out, tern_time *again);
uint16_t tn_locate_port(enum tern_transport transport);
/* Appends, unless it is there already or there is no room. */
void tn_locate_add(struct tn_targets *out, struct tn_target target);

#endif
