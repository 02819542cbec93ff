/* SPDX-License-Identifier: MIT */
/*
 * Lines and fields of a head: RFC 3261 7.3.1. Lines end in CRLF; a lone CR or LF makes a line
 * bad, since two readers who differ on where a line ends can be made to see two messages.
 */
#include "wire/sip/head.h"

#include <string.h>

#include "base/str.h"
#include "wire/sip/chars.h"

/* Takes through the next LF; `line` is without its CRLF. */
static bool take_line(tern_str *rest, tern_str *line, bool *is_clean)
{
    const char *end = memchr(rest->ptr, '\n', rest->len);
    if (end == NULL) return false;

    size_t len = (size_t)(end - rest->ptr);
    const char *cr = memchr(rest->ptr, '\r', len);
    if (cr == NULL || cr + 1 != end) *is_clean = false;
    *line = (tern_str){rest->ptr, cr != NULL && cr + 1 == end ? len - 1 : len};
    tn_skip(rest, len + 1);
    return true;
}

/* Takes a line and those that are folded into it. */
static bool take_folded_line(tern_str *rest, tern_str *line, struct tn_head_field *field,
                             bool *is_clean)
{
    tern_str more;

    if (!take_line(rest, line, is_clean)) return false;
    while (rest->len > 0 && tn_is_blank(rest->ptr[0])) {
        field->is_folded = true;
        if (!take_line(rest, &more, is_clean)) return false;
        line->len = (size_t)(more.ptr - line->ptr) + more.len;
    }
    return true;
}

static bool is_token(tern_str s)
{
    return s.len > 0 && tn_take_class(&s, TN_CH_TOKEN).len > 0 && s.len == 0;
}

/* name *(SP / HTAB) ":" value */
static bool split(tern_str line, struct tn_head_field *field)
{
    const char *colon = line.len > 0 ? memchr(line.ptr, ':', line.len) : NULL;

    if (colon == NULL) return false;
    size_t at = (size_t)(colon - line.ptr);
    field->name = tn_trim_blank_end((tern_str){line.ptr, at});
    field->value = (tern_str){colon + 1, line.len - at - 1};
    field->value = field->is_folded ? tn_str_trim(field->value) : tn_trim_blank(field->value);
    field->id = tn_hdr_parse_name(field->name);
    return field->id != TN_HDR_OTHER || is_token(field->name);
}

enum tn_head_step tn_head_next(tern_str *rest, struct tn_head_field *field)
{
    bool is_clean = true;
    tern_str line;

    if (rest->len >= 2 && rest->ptr[0] == '\r' && rest->ptr[1] == '\n') {
        tn_skip(rest, 2);
        return TN_HEAD_END;
    }
    field->is_folded = false;
    if (rest->len == 0 || !take_folded_line(rest, &line, field, &is_clean)) return TN_HEAD_CUT;
    return split(line, field) && is_clean ? TN_HEAD_FIELD : TN_HEAD_BAD;
}

bool tn_head_start_line(tern_str *rest, tern_str *line)
{
    bool is_clean = true;

    return rest->len > 0 && take_line(rest, line, &is_clean) && is_clean;
}
