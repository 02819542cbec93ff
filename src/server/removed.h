/* SPDX-License-Identifier: MIT */
/*
 * Bindings that were removed a moment ago. RFC 3261 10.3 step 7 holds the CSeq of a REGISTER against
 * those of bindings that stand; an older REGISTER that comes after the one which removed its binding,
 * by another path or from a queue, would bring it back. It is refused for as long as it can be under
 * way, as it would be if the binding stood.
 */
#ifndef TN_SERVER_REMOVED_H
#define TN_SERVER_REMOVED_H

#include "server/location.h"

/* A Contact of a REGISTER. */
struct tn_removal {
    tern_str contact; /* URI */
    tern_str instance;
    uint32_t reg_id; /* RFC 5626; 0: none */
    tern_str call_id;
    uint32_t cseq;
};

/* This one removes it. Without memory it is as if it had never been there. */
void tn_removed_add(struct tn_location *location, struct tn_user *user,
                    const struct tn_removal *removal);
/* One of the same Call-ID that is not older has removed what this one registers. */
bool tn_removed_later(const struct tn_location *location, const struct tn_user *user,
                      const struct tn_removal *again);
void tn_removed_forget_all(struct tn_location *location, struct tn_user *user);

#endif
