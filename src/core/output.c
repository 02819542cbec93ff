/* SPDX-License-Identifier: MIT */
/*
 * Outputs to the driver: a list of chunks, each filled from the front with records (the output,
 * then its bytes). Chunks never move, so what the driver holds stays valid; a chunk that has been
 * read becomes a spare, so that a steady state allocates nothing. An output that is larger than a
 * chunk gets one of its own size.
 *
 * A datagram that finds no memory is lost, as on its way. What opens or closes something must not be: a
 * listener that nobody closes stays for ever. A small chunk is in reserve for that.
 */
#include "core/output.h"

#include <stdalign.h>
#include <string.h>

#include <tern/err.h>

#include "base/alloc.h"
#include "core/ctx.h"
#include "core/limits.h"

enum { ALIGN = alignof(max_align_t) };

struct tn_out_chunk {
    struct tn_out_chunk *next;
    size_t cap, written, read; /* bytes of `records` */
    alignas(max_align_t) char records[];
};

static size_t record_size(const struct tern_output *out)
{
    return (sizeof(*out) + out->data.len + ALIGN - 1) / ALIGN * ALIGN;
}

static bool is_reserve(const struct tn_out_chunk *chunk)
{
    return chunk->cap == TN_OUT_RESERVE_BYTES;
}

/* Everything in it has been read, and the driver has come back for more. */
static void retire_first(struct tn_ctx *ctx)
{
    struct tn_out_chunk *chunk = ctx->out_first;

    ctx->out_first = chunk->next;
    if (!ctx->out_first) ctx->out_last = NULL;
    if (is_reserve(chunk)) {
        ctx->out_reserve = chunk;
        return;
    }
    if (chunk->cap != TN_OUT_CHUNK_BYTES || ctx->out_spare_count == TN_OUT_SPARES_MAX) {
        tn_free(&ctx->alloc, chunk);
        return;
    }
    chunk->next = ctx->out_spare;
    ctx->out_spare = chunk;
    ctx->out_spare_count++;
}

static struct tn_out_chunk *take_chunk(struct tn_ctx *ctx, size_t need)
{
    struct tn_out_chunk *chunk = ctx->out_spare;
    size_t cap = need > TN_OUT_CHUNK_BYTES ? need : TN_OUT_CHUNK_BYTES;

    if (chunk && cap == TN_OUT_CHUNK_BYTES) {
        ctx->out_spare = chunk->next;
        ctx->out_spare_count--;
    } else {
        chunk = tn_resize(&ctx->alloc, NULL, sizeof(*chunk) + cap);
        if (!chunk) return NULL;
    }
    chunk->cap = cap;
    return chunk;
}

static void append(struct tn_ctx *ctx, struct tn_out_chunk *chunk)
{
    chunk->next = NULL;
    chunk->written = chunk->read = 0;
    if (ctx->out_last) {
        ctx->out_last->next = chunk;
    } else {
        ctx->out_first = chunk;
    }
    ctx->out_last = chunk;
}

static char *use(struct tn_out_chunk *chunk, size_t need)
{
    chunk->written += need;
    return chunk->records + chunk->written - need;
}

static char *reserve(struct tn_ctx *ctx, size_t need)
{
    struct tn_out_chunk *last = ctx->out_last;

    if (!last || is_reserve(last) || last->cap - last->written < need) {
        last = take_chunk(ctx, need);
        if (!last) return NULL;
        append(ctx, last);
    }
    return use(last, need);
}

static bool is_command(const struct tern_output *out)
{
    return out->type != TERN_OUT_DATAGRAM && out->type != TERN_OUT_WRITE;
}

static char *reserve_command(struct tn_ctx *ctx, size_t need)
{
    if (ctx->out_reserve) {
        append(ctx, ctx->out_reserve);
        ctx->out_reserve = NULL;
    }
    struct tn_out_chunk *last = ctx->out_last;
    bool fits = last && is_reserve(last) && last->cap - last->written >= need;
    return fits ? use(last, need) : NULL;
}

void tn_output(struct tn_ctx *ctx, const struct tern_output *out)
{
    size_t len = out->data.len;
    char *record = NULL;

    if (len <= TN_OUT_BYTES_LIMIT && ctx->out_bytes <= TN_OUT_BYTES_LIMIT - len) {
        record = reserve(ctx, record_size(out));
    }
    if (!record && is_command(out)) record = reserve_command(ctx, record_size(out));
    if (!record) {
        ctx->out_of_memory = true;
        return;
    }
    struct tern_output copy = *out;
    char *bytes = record + sizeof(copy);
    if (len > 0) memcpy(bytes, out->data.ptr, len);
    copy.data.ptr = bytes;
    memcpy(record, &copy, sizeof(copy));
    ctx->out_count++;
    ctx->out_bytes += record_size(out);
}

bool tn_next_output(struct tn_ctx *ctx, struct tern_output *out)
{
    struct tn_out_chunk *first = ctx->out_first;

    while (first && first->read == first->written) {
        retire_first(ctx);
        first = ctx->out_first;
    }
    if (!first) return false;
    memcpy(out, first->records + first->read, sizeof(*out));
    first->read += record_size(out);
    ctx->out_count--;
    ctx->out_bytes -= record_size(out);
    return true;
}

bool tn_ctx_busy(const struct tn_ctx *ctx)
{
    return ctx->out_bytes >= TN_OUT_BYTES_MAX;
}

int tn_output_init(struct tn_ctx *ctx)
{
    ctx->out_reserve = tn_alloc(&ctx->alloc, sizeof(*ctx->out_reserve) + TN_OUT_RESERVE_BYTES);
    if (!ctx->out_reserve) return TERN_ENOMEM;
    ctx->out_reserve->cap = TN_OUT_RESERVE_BYTES;
    return 0;
}

void tn_output_fini(struct tn_ctx *ctx)
{
    while (ctx->out_first)
        retire_first(ctx);
    while (ctx->out_spare) {
        struct tn_out_chunk *chunk = ctx->out_spare;
        ctx->out_spare = chunk->next;
        tn_free(&ctx->alloc, chunk);
    }
    tn_free(&ctx->alloc, ctx->out_reserve);
}
