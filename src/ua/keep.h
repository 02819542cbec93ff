/* SPDX-License-Identifier: MIT */
/* The flow that a registration came by is kept alive as long as it stands. */
#ifndef TN_UA_KEEP_H
#define TN_UA_KEEP_H

#include <stdint.h>
#include <tern/types.h>

struct tern_endpoint;
struct tn_registration;

/* Of a registration: what net has been asked for. */
struct tn_registration_keep {
    uint64_t flow; /* 0: nothing */
    tern_time interval;
};

/* Its flow, or how often it is to be asked, may be another: makes net match. */
void tn_registration_keep(struct tn_registration *reg);
void tn_registration_unkeep(struct tn_registration *reg);

#endif
