/* SPDX-License-Identifier: MIT */
/* Time, timers, effects and trace. The outputs are in output.c. */
#include "core/ctx.h"

#include <string.h>

#include "base/assert.h"
#include "core/limits.h"
#include "core/output.h"

int tn_ctx_init(struct tn_ctx *ctx, const struct tern_allocator *alloc, const uint8_t seed[32])
{
    memset(ctx, 0, sizeof(*ctx));
    ctx->alloc = alloc && alloc->resize ? *alloc : tn_default_allocator();
    ctx->effects = tn_alloc(&ctx->alloc, TN_EFFECTS_FIRST * sizeof(*ctx->effects));
    if (!ctx->effects) return TERN_ENOMEM;
    ctx->effect_cap = TN_EFFECTS_FIRST;
    int err = tn_output_init(ctx);
    if (err) {
        tn_free(&ctx->alloc, ctx->effects);
        return err;
    }
    tn_random_init(&ctx->random, seed);
    return 0;
}

void tn_ctx_fini(struct tn_ctx *ctx)
{
    struct tn_effect effect;

    while (tn_next_effect(ctx, &effect))
        if (effect.msg && ctx->unref) ctx->unref(effect.msg);
    tn_output_fini(ctx);
    tn_free(&ctx->alloc, ctx->effects);
    tn_random_fini(&ctx->random);
    memset(ctx, 0, sizeof(*ctx));
}

/* ---- time and timers ---- */

void tn_timer_init(struct tn_timer *timer, int event, void (*fire)(struct tn_timer *timer))
{
    TN_ASSERT(fire);
    memset(timer, 0, sizeof(*timer));
    timer->event = event;
    timer->fire = fire;
}

void tn_timer_arm(struct tn_ctx *ctx, struct tn_timer *timer, tern_time delay)
{
    TN_ASSERT(timer->fire);
    if (delay < 0) delay = 0;
    bool overflows = ctx->now > 0 && delay > TERN_TIME_NEVER - ctx->now;
    tn_heap_remove(&ctx->timers, &timer->node);
    tn_heap_push(&ctx->timers, &timer->node, overflows ? TERN_TIME_NEVER : ctx->now + delay);
}

void tn_timer_cancel(struct tn_ctx *ctx, struct tn_timer *timer)
{
    tn_heap_remove(&ctx->timers, &timer->node);
}

bool tn_timer_armed(const struct tn_timer *timer)
{
    return timer->node.linked;
}

tern_time tn_timer_due(const struct tn_timer *timer)
{
    return timer->node.linked ? timer->node.key : TERN_TIME_NEVER;
}

tern_time tn_ctx_deadline(const struct tn_ctx *ctx)
{
    const struct tn_heap_node *first = tn_heap_min(&ctx->timers);
    return first ? first->key : TERN_TIME_NEVER;
}

void tn_ctx_enter(struct tn_ctx *ctx, tern_time now)
{
    if (now > ctx->now) ctx->now = now;
}

bool tn_ctx_fire(struct tn_ctx *ctx)
{
    struct tn_heap_node *first = tn_heap_min(&ctx->timers);

    if (!first || first->key > ctx->now) return false;
    struct tn_timer *timer = TN_OWNER(first, struct tn_timer, node);
    tn_heap_remove(&ctx->timers, first);
    timer->fire(timer);
    return true;
}

/* ---- effects ---- */

static bool grow(struct tn_ctx *ctx)
{
    size_t cap = ctx->effect_cap * 2;

    if (cap > TN_EFFECTS_LIMIT) return false;
    struct tn_effect *ring = tn_alloc(&ctx->alloc, cap * sizeof(*ring));
    if (!ring) return false;
    for (size_t i = 0; i < ctx->effect_count; i++)
        ring[i] = ctx->effects[(ctx->effect_head + i) % ctx->effect_cap];
    tn_free(&ctx->alloc, ctx->effects);
    ctx->effects = ring;
    ctx->effect_head = 0;
    ctx->effect_cap = cap;
    return true;
}

void tn_emit(struct tn_ctx *ctx, struct tn_effect effect)
{
    TN_ASSERT(ctx->effects);
    if (ctx->effect_count == ctx->effect_cap && !grow(ctx)) {
        ctx->out_of_memory = true;
        if (effect.msg && ctx->unref) ctx->unref(effect.msg);
        return;
    }
    ctx->effects[(ctx->effect_head + ctx->effect_count) % ctx->effect_cap] = effect;
    ctx->effect_count++;
}

bool tn_next_effect(struct tn_ctx *ctx, struct tn_effect *out)
{
    if (ctx->effect_count == 0) return false;
    *out = ctx->effects[ctx->effect_head];
    ctx->effect_head = (ctx->effect_head + 1) % ctx->effect_cap;
    ctx->effect_count--;
    return true;
}

/* ---- trace ---- */

void tn_trace(struct tn_ctx *ctx, const char *machine, uint64_t id, const char *from,
              const char *to)
{
    if (ctx->trace) ctx->trace(ctx->trace_user, machine, id, from, to);
}
