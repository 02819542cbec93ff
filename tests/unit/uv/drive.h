/* SPDX-License-Identifier: MIT */
/* Runs drivers on one loop until something is so, for the tests of the uv driver. */
#ifndef DRIVE_H
#define DRIVE_H

#include <uv.h>

#include "fake_core.h"

struct drive {
    uv_loop_t loop;
    uv_timer_t timer;
};

void drive_init(struct drive *drive);
struct tern_uv *drive_attach(struct drive *drive, struct tern_endpoint *ep);
/* @return whether `count` inputs of `kind` have come within ten seconds. */
bool drive_until(struct drive *drive, const struct tern_endpoint *ep, enum fake_kind kind,
                 size_t count);
/* @return whether the core has been advanced within ten seconds. */
bool drive_until_advanced(struct drive *drive, const struct tern_endpoint *ep);
void drive_for(struct drive *drive, unsigned ms);
/* After the drivers have been freed. */
void drive_fini(struct drive *drive);

tern_addr drive_addr(const char *text);

#endif
