/* SPDX-License-Identifier: MIT */
/*
 * Parsing a message: RFC 3261 7 and 18.3. One pass over the bytes notes where each header field
 * lies, in offsets; then the number of fields is known, and the struct, the fields and the copy
 * of the bytes come as one block of memory. What the fields mean is read in msg_check.c.
 */
#include "wire/sip/msg.h"

#include <string.h>
#include <tern/err.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "wire/sip/chars.h"
#include "wire/sip/head.h"
#include "wire/sip/msg_check.h"
#include "wire/sip/start_line.h"

/* A field found, as offsets into the input: TN_MSG_SIZE_MAX keeps them in 16 bits. */
struct mark {
    uint16_t id, name, name_len, value, value_len;
};

struct draft {
    tern_str in;
    tern_str start_line;
    tern_str body; /* to the end of the input */
    size_t count;
    bool has_folds;
    const char *defect; /* of the head as such */
    struct mark marks[TN_MSG_HEADERS_MAX];
};

struct block {
    struct tn_msg msg;
    struct tn_hdr headers[]; /* and the bytes behind them */
};

_Static_assert(TN_MSG_SIZE_MAX <= UINT16_MAX, "struct mark");

static int add_mark(struct draft *draft, const struct tn_head_field *field)
{
    if (draft->count == TN_MSG_HEADERS_MAX) return TERN_ELIMIT;
    draft->marks[draft->count++] = (struct mark){
        .id = (uint16_t)field->id,
        .name = (uint16_t)(field->name.ptr - draft->in.ptr),
        .name_len = (uint16_t)field->name.len,
        .value = (uint16_t)(field->value.ptr - draft->in.ptr),
        .value_len = (uint16_t)field->value.len,
    };
    if (field->is_folded) draft->has_folds = true;
    return 0;
}

static int scan_fields(struct draft *draft, tern_str rest)
{
    struct tn_head_field field;

    for (;;) {
        enum tn_head_step step = tn_head_next(&rest, &field);
        int err = step == TN_HEAD_FIELD ? add_mark(draft, &field) : 0;
        if (err) return err;
        if (step == TN_HEAD_BAD) draft->defect = "a line is not a header field";
        if (step == TN_HEAD_CUT) draft->defect = "no blank line after the headers";
        if (step == TN_HEAD_CUT) rest = (tern_str){draft->in.ptr + draft->in.len, 0};
        if (step == TN_HEAD_END || step == TN_HEAD_CUT) break;
    }
    draft->body = rest;
    return 0;
}

/* RFC 3261 7.5: CRLF before the start line means nothing. */
static int scan(tern_str in, struct draft *draft)
{
    while (in.len > 0 && (in.ptr[0] == '\r' || in.ptr[0] == '\n')) {
        tn_skip(&in, 1);
    }
    if (in.len > TN_MSG_SIZE_MAX) return TERN_ELIMIT;

    draft->in = in;
    draft->count = 0;
    draft->has_folds = false;
    draft->defect = NULL;
    if (!tn_head_start_line(&in, &draft->start_line)) return TERN_EPARSE;
    return scan_fields(draft, in);
}

/* The same text in the message's own copy. */
static tern_str moved(const struct draft *draft, const struct tn_msg *msg, tern_str s)
{
    return (tern_str){msg->raw.ptr + (s.ptr - draft->in.ptr), s.len};
}

/* RFC 3261 7.3.1: a fold reads as blanks. Only values are walked; a body keeps its line ends. */
static void unfold(char *value, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (value[i] == '\r' || value[i] == '\n') value[i] = ' ';
    }
}

static struct tn_msg *build(const struct tern_allocator *alloc, const struct draft *draft)
{
    size_t fields_size = draft->count * sizeof(struct tn_hdr);
    struct block *block = tn_resize(alloc, NULL, sizeof(*block) + fields_size + draft->in.len);
    if (block == NULL) return NULL;

    char *bytes = (char *)(block->headers + draft->count);
    struct tn_msg *msg = &block->msg;
    memset(msg, 0, sizeof(*msg));
    memcpy(bytes, draft->in.ptr, draft->in.len);
    msg->refs = 1;
    msg->alloc = alloc;
    tn_arena_init(&msg->arena, alloc, TN_MSG_SIZE_MAX, NULL, 0);
    msg->raw = (tern_str){bytes, draft->in.len};
    msg->body = moved(draft, msg, draft->body);
    msg->headers = block->headers;
    msg->header_count = draft->count;
    for (size_t i = 0; i < draft->count; i++) {
        const struct mark *mark = &draft->marks[i];
        if (draft->has_folds) unfold(bytes + mark->value, mark->value_len);
        msg->headers[i] = (struct tn_hdr){
            .id = (enum tn_hdr_id)mark->id,
            .name = {bytes + mark->name, mark->name_len},
            .value = {bytes + mark->value, mark->value_len},
        };
    }
    return msg;
}

int tn_msg_parse(const struct tern_allocator *alloc, tern_str in, struct tn_msg **out)
{
    struct draft draft;
    int err = scan(in, &draft);
    if (err) return err;

    struct tn_msg *msg = build(alloc, &draft);
    if (msg == NULL) return TERN_ENOMEM;
    err = tn_start_line_read(moved(&draft, msg, draft.start_line), msg);
    if (err) goto fail;
    if (draft.defect != NULL) tn_msg_set_defect(msg, 400, draft.defect);
    err = tn_msg_check(msg);
    if (err) goto fail;
    *out = msg;
    return 0;
fail:
    tn_msg_unref(msg);
    return err;
}

struct tn_msg *tn_msg_ref(struct tn_msg *msg)
{
    TN_ASSERT(msg->refs > 0);
    msg->refs++;
    return msg;
}

void tn_msg_unref(struct tn_msg *msg)
{
    if (msg == NULL) return;
    TN_ASSERT(msg->refs > 0);
    if (--msg->refs > 0) return;
    tn_arena_fini(&msg->arena);
    tn_free(msg->alloc, msg); /* the head of its block */
}
