/* SPDX-License-Identifier: MIT */
/*
 * The servers that have answered, by what was looked for: who they were in the last network is tried
 * beside the look-up in the next one, and of several that are as good as each other the same one is
 * asked again.
 */
#ifndef TN_NET_KEPT_H
#define TN_NET_KEPT_H

#include "net/locate.h"

/* Accounts' servers and those of calls; the one unused for longest goes. */
#define TN_KEPT_MAX 64

struct tn_kept {
    uint64_t key; /* 0: free */
    struct tn_target target;
    struct tn_target before; /* the one before it, at another address; family 0: none */
    uint32_t era;            /* of the answers that led there */
    tern_time used;
};

/* Puts the one that answered last first, among those of the first rank, while the network is the same. */
void tn_kept_first(const struct tn_net *net, struct tn_targets *targets);

#endif
