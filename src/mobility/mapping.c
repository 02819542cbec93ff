/* SPDX-License-Identifier: MIT */
#include "mobility/mapping.h"

#define HYSTERESIS TERN_SECONDS(10)

static bool same_path(const struct tn_path *a, const struct tn_path *b)
{
    return tern_addr_equal(a->local, b->local) && tern_addr_equal(a->remote, b->remote);
}

enum tn_mapping_verdict tn_mapping_see(struct tn_mapping *mapping, tern_time now,
                                       const struct tn_path *path, tern_addr mapped)
{
    bool same_local = tern_addr_equal(mapping->path.local, path->local);

    if (mapping->mapped.family == TERN_FAMILY_NONE || !same_path(&mapping->path, path)) {
        *mapping = (struct tn_mapping){
            .path = *path, .mapped = mapped, .unstable = same_local && mapping->unstable};
        return TN_MAPPING_FIRST;
    }
    if (tern_addr_equal(mapping->mapped, mapped)) return TN_MAPPING_SAME;
    tern_time before = mapping->changed;
    mapping->mapped = mapped;
    mapping->changed = now;
    if (mapping->unstable) return TN_MAPPING_SAME; /* it is not followed */
    if (before == 0 || now - before >= HYSTERESIS) return TN_MAPPING_CHANGED;
    mapping->unstable = true;
    return TN_MAPPING_UNSTABLE;
}
