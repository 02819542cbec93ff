/* SPDX-License-Identifier: MIT */
/*
 * How many of something each remote host holds, so that one cannot take the share of all. An IPv6
 * host is its /64: whoever has one address of it has them all (RFC 7421 2).
 */
#ifndef TN_BASE_TALLY_H
#define TN_BASE_TALLY_H

#include <tern/network.h>

#include "base/map.h"

struct tn_tally {
    struct tn_map hosts;
    uint32_t most; /* of one host */
};

TERN_CHECK int tn_tally_init(struct tn_tally *tally, const struct tern_allocator *alloc,
                             const uint8_t key[16], uint32_t most);
void tn_tally_fini(struct tn_tally *tally);
/** One more for this host. @return 0; TERN_ELIMIT: it has `most`; TERN_ENOMEM */
TERN_CHECK int tn_tally_take(struct tn_tally *tally, tern_addr addr);
/** One less; each successful take is given back once. */
void tn_tally_give(struct tn_tally *tally, tern_addr addr);
uint32_t tn_tally_count(const struct tn_tally *tally, tern_addr addr);

#endif
