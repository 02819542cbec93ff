/* SPDX-License-Identifier: MIT */
/* The queue to the driver; its functions are declared in core/ctx.h. */
#ifndef TN_CORE_OUTPUT_H
#define TN_CORE_OUTPUT_H

struct tn_ctx;

void tn_output_fini(struct tn_ctx *ctx);

#endif
