/* SPDX-License-Identifier: MIT */
/* The queue to the driver; its functions are declared in core/ctx.h. */
#ifndef TN_CORE_OUTPUT_H
#define TN_CORE_OUTPUT_H

#include <tern/types.h>

struct tn_ctx;

TERN_CHECK int tn_output_init(struct tn_ctx *ctx); /* TERN_ENOMEM */
void tn_output_fini(struct tn_ctx *ctx);

#endif
