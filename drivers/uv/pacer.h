/* SPDX-License-Identifier: MIT */
/*
 * When which calls' frames are due: an absolute schedule with a period of 20 ms, cut into slots of
 * 1 ms over which the calls are spread, so that many calls do not leave in one burst. Pure: time
 * comes in, slots go out.
 */
#ifndef TN_UV_PACER_H
#define TN_UV_PACER_H

#include <tern/types.h>

#include "limits.h"

#define TN_UV_PACER_SLOTS   20
#define TN_UV_PACER_SLOT_US 1000

struct tn_uv_pacer {
    tern_time origin; /* when slot 0 was first due */
    int64_t done;     /* turns of slots that are behind us, counted from `origin` */
    unsigned load[TN_UV_PACER_SLOTS];
    unsigned total;
};

/* A member joins the emptiest slot, among equals the one that is due soonest. @return the slot. */
unsigned tn_uv_pacer_join(struct tn_uv_pacer *pacer, tern_time now);
void tn_uv_pacer_leave(struct tn_uv_pacer *pacer, unsigned slot);
/* When the next slot with members is due; TERN_TIME_NEVER without members. */
tern_time tn_uv_pacer_due(const struct tn_uv_pacer *pacer);
/*
 * The next slot with members that is due by `now`; the caller serves it and asks again. What is
 * overdue by more than TN_UV_CATCH_UP_FRAMES periods is skipped.
 *
 * @return false when nothing is due
 */
bool tn_uv_pacer_next(struct tn_uv_pacer *pacer, tern_time now, unsigned *slot);

#endif
