/* SPDX-License-Identifier: MIT */
/* Reading a parsed message: header lines, list elements, and the values that many layers want. */
#include "base/str.h"
#include "wire/sip/chars.h"
#include "wire/sip/list.h"
#include "wire/sip/msg.h"

const struct tn_hdr *tn_msg_header(const struct tn_msg *msg, enum tn_hdr_id id, size_t index)
{
    for (size_t i = 0; i < msg->header_count; i++) {
        if (msg->headers[i].id == id && index-- == 0) return &msg->headers[i];
    }
    return NULL;
}

const struct tn_hdr *tn_msg_header_named(const struct tn_msg *msg, tern_str name, size_t index)
{
    enum tn_hdr_id id = tn_hdr_parse_name(name);

    if (id != TN_HDR_OTHER) return tn_msg_header(msg, id, index);
    for (size_t i = 0; i < msg->header_count; i++) {
        const struct tn_hdr *hdr = &msg->headers[i];
        if (hdr->id == TN_HDR_OTHER && tn_str_ieq(hdr->name, name) && index-- == 0) return hdr;
    }
    return NULL;
}

bool tn_msg_list_next(const struct tn_msg *msg, enum tn_hdr_id id, struct tn_list_cursor *cursor,
                      tern_str *element)
{
    for (; cursor->header < msg->header_count; cursor->header++, cursor->offset = 0) {
        const struct tn_hdr *hdr = &msg->headers[cursor->header];
        if (hdr->id != id) continue;
        tern_str rest = tn_str_from(hdr->value, cursor->offset);
        if (tn_list_take(&rest, element)) {
            cursor->offset = hdr->value.len - rest.len;
            return true;
        }
    }
    return false;
}

bool tn_msg_list_has(const struct tn_msg *msg, enum tn_hdr_id id, tern_str token)
{
    struct tn_list_cursor cursor = {0};
    tern_str element;

    while (tn_msg_list_next(msg, id, &cursor, &element)) {
        if (tn_str_ieq(element, token)) return true;
    }
    return false;
}

/* The value before its parameters. */
static tern_str main_value(const struct tn_hdr *hdr)
{
    tern_str params;

    return tn_trim_blank_end(tn_str_cut(hdr->value, ';', &params));
}

bool tn_msg_number(const struct tn_msg *msg, enum tn_hdr_id id, uint32_t *out)
{
    const struct tn_hdr *hdr = tn_msg_header(msg, id, 0);

    return hdr != NULL && tn_str_u32(main_value(hdr), out);
}

bool tn_msg_has_body_type(const struct tn_msg *msg, tern_str type)
{
    const struct tn_hdr *hdr = tn_msg_header(msg, TN_HDR_CONTENT_TYPE, 0);
    tern_str subtype, wanted_subtype;

    if (hdr == NULL) return false;
    tern_str main = tn_str_cut(main_value(hdr), '/', &subtype); /* blanks may stand round it */
    tern_str wanted = tn_str_cut(type, '/', &wanted_subtype);
    return tn_str_ieq(tn_trim_blank(main), wanted) &&
           tn_str_ieq(tn_trim_blank(subtype), wanted_subtype);
}
