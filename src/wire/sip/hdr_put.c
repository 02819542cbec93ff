/* SPDX-License-Identifier: MIT */
/*
 * Printing header fields. Values come from applications and from peers: nothing in them can end
 * a line or a quoted-string early and so add a header of its own.
 */
#include <string.h>

#include "wire/sip/hdr.h"

static bool has_line_end(tern_str s)
{
    return s.len > 0 && (memchr(s.ptr, '\r', s.len) != NULL || memchr(s.ptr, '\n', s.len) != NULL);
}

static void put_name(struct tn_buf *buf, enum tn_hdr_id id)
{
    tn_buf_str(buf, tn_hdr_name(id));
    tn_buf_str(buf, TERN_STR(": "));
}

void tn_put_header(struct tn_buf *buf, enum tn_hdr_id id, tern_str value)
{
    put_name(buf, id);
    if (has_line_end(value)) {
        for (size_t i = 0; i < value.len; i++) {
            char c = value.ptr[i];
            tn_buf_char(buf, c == '\r' || c == '\n' ? ' ' : c);
        }
    } else {
        tn_buf_str(buf, value);
    }
    tn_buf_str(buf, TERN_STR("\r\n"));
}

void tn_put_header_number(struct tn_buf *buf, enum tn_hdr_id id, uint32_t value)
{
    put_name(buf, id);
    tn_buf_u64(buf, value);
    tn_buf_str(buf, TERN_STR("\r\n"));
}

void tn_put_quoted(struct tn_buf *buf, tern_str text)
{
    tn_buf_char(buf, '"');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if ((unsigned char)c < 0x20 || c == 0x7f) continue;
        if (c == '"' || c == '\\') tn_buf_char(buf, '\\');
        tn_buf_char(buf, c);
    }
    tn_buf_char(buf, '"');
}
