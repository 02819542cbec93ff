/* SPDX-License-Identifier: MIT */
/*
 * How far ends see us, and when that is a change of address: MOBILITY S20. A NAT that starts anew, or
 * has forgotten a binding, gives another public address while nothing changes here. Two changes within
 * ten seconds are a NAT that has a new mapping for everything: it is not followed any more, and who
 * relays for us is relied on, for as long as this local address is in use.
 */
#ifndef TN_MOBILITY_MAPPING_H
#define TN_MOBILITY_MAPPING_H

#include "mobility/mobility.h"

struct tn_mapping {
    struct tn_path path; /* that it belongs to */
    tern_addr mapped;    /* family 0: not known */
    tern_time changed;   /* 0: not since the path is in use */
    bool unstable;
};

enum tn_mapping_verdict {
    TN_MAPPING_SAME,
    TN_MAPPING_FIRST,    /* of this path */
    TN_MAPPING_CHANGED,  /* act as for an IP change */
    TN_MAPPING_UNSTABLE, /* the same, a last time, and name the public address no more */
};

/* Ports count where they are given: those of a connection are its own, and say nothing. */
enum tn_mapping_verdict tn_mapping_see(struct tn_mapping *mapping, tern_time now,
                                       const struct tn_path *path, tern_addr mapped);

#endif
