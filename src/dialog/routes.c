/* SPDX-License-Identifier: MIT */
#include "dialog/routes.h"

#include "base/mutant.h"
#include "base/str.h"

#define ROUTES_MAX 32 /* a route set longer than this is no honest one */

bool tn_routes_next(tern_str *rest, tern_str *element)
{
    tern_str s = tn_str_trim(*rest);
    bool quoted = false, bracketed = false;
    size_t i = 0;
    if (s.len == 0) return false;
    for (; i < s.len; i++) {
        char c = s.ptr[i];
        if (quoted) {
            if (c == '\\' && i + 1 < s.len) {
                i++;
            } else if (c == '"') {
                quoted = false;
            }
            continue;
        }
        if (c == '"') quoted = true;
        if (c == '<') bracketed = true;
        if (c == '>') bracketed = false;
        if (c == ',' && !bracketed) break;
    }
    *element = tn_str_trim(tn_str_sub(s, 0, i));
    *rest = i < s.len ? tn_str_from(s, i + 1) : (tern_str){NULL, 0};
    return element->len > 0;
}

int tn_routes_take(const struct tern_allocator *alloc, const struct tn_msg *msg, bool reverse,
                   struct tn_text *out)
{
    tern_str list[ROUTES_MAX];
    size_t count = 0;
    struct tn_list_cursor cursor = {0};
    while (count < ROUTES_MAX &&
           tn_msg_list_next(msg, TN_HDR_RECORD_ROUTE, &cursor, &list[count])) {
        count++;
    }
    struct tn_buf buf;
    tn_buf_init(&buf, alloc, TN_MSG_SIZE_MAX);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) tn_buf_z(&buf, ", ");
        tn_buf_str(&buf, list[reverse && !TN_MUTANT(ROUTES_ASTRAY) ? count - 1 - i : i]);
    }
    tern_str text;
    int err = tn_buf_end(&buf, &text);
    if (!err) err = tn_text_set(alloc, out, text);
    tn_buf_fini(&buf);
    return err;
}

bool tn_routes_first(tern_str routes, tern_str *uri)
{
    tern_str element;
    struct tn_name_addr route;
    if (!tn_routes_next(&routes, &element)) return false;
    if (tn_name_addr_parse(element, &route) != 0) return false;
    *uri = route.uri.text;
    return true;
}

bool tn_routes_swap_strict(tern_str routes, tern_str target, struct tn_buf *out, tern_str *uri)
{
    tern_str element, value;
    struct tn_name_addr route;
    if (!tn_routes_next(&routes, &element)) return false;
    if (tn_name_addr_parse(element, &route) != 0) return false;
    if (tn_uri_param(&route.uri, TERN_STR("lr"), &value)) return false;
    *uri = route.uri.text;
    while (tn_routes_next(&routes, &element)) {
        tn_buf_str(out, element);
        tn_buf_z(out, ", ");
    }
    tn_buf_char(out, '<');
    tn_buf_str(out, target);
    tn_buf_char(out, '>');
    return true;
}
