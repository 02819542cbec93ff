/* SPDX-License-Identifier: MIT */
/*
 * Secrets out of a message before people see it: the value of each `response` in Authorization and
 * Proxy-Authorization, all that follows a scheme other than Digest, and the keys of SRTP in a body
 * (RFC 4568 9.2). The text only shrinks.
 */
#include <string.h>

#include "base/str.h"
#include "net/news.h"
#include "wire/sip/hdr.h"

static const char dots[] = "...";

/* Copies the text to itself, leaving values out. */
struct editor {
    char *text;
    size_t len, from, to;
};

static tern_str rest_of(const struct editor *e)
{
    return (tern_str){e->text + e->from, e->len - e->from};
}

static void keep(struct editor *e, size_t n)
{
    memmove(e->text + e->to, e->text + e->from, n);
    e->from += n;
    e->to += n;
}

/* Never writes more than it has read: a shorter value becomes as many dots as it had letters. */
static void blank(struct editor *e, size_t n)
{
    size_t shown = n < sizeof(dots) - 1 ? n : sizeof(dots) - 1;

    memcpy(e->text + e->to, dots, shown);
    e->from += n;
    e->to += shown;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t count_spaces(tern_str s)
{
    size_t n = 0;

    while (n < s.len && is_space(s.ptr[n]))
        n++;
    return n;
}

/* A header field with its folded lines, the last line end included. */
static size_t field_length(tern_str s)
{
    size_t at = 0;

    do {
        size_t end = tn_str_find(tn_str_from(s, at), '\n');
        if (end == SIZE_MAX) return s.len;
        at += end + 1;
    } while (at < s.len && (s.ptr[at] == ' ' || s.ptr[at] == '\t'));
    return at;
}

/* Bytes of a parameter's value: a quoted string, or up to a comma, a space or the end. */
static size_t value_length(tern_str s)
{
    size_t n = 0;
    bool quoted = s.len > 0 && s.ptr[0] == '"';

    if (quoted) n++;
    while (n < s.len) {
        char c = s.ptr[n];
        if (quoted ? c == '"' : c == ',' || is_space(c)) break;
        n++;
    }
    return quoted && n < s.len ? n + 1 : n;
}

/* `s` begins with `response =`: the length of that with its spaces, else 0. */
static size_t response_length(tern_str s)
{
    size_t n = 8; /* the name's length */

    if (!tn_str_ieq(tn_str_sub(s, 0, n), TERN_STR("response"))) return 0;
    n += count_spaces(tn_str_from(s, n));
    if (n >= s.len || s.ptr[n] != '=') return 0;
    n++;
    return n + count_spaces(tn_str_from(s, n));
}

static void edit_digest(struct editor *e, size_t end)
{
    while (e->from < end) {
        tern_str field = tn_str_sub(rest_of(e), 0, end - e->from);
        char before = e->to > 0 ? e->text[e->to - 1] : ' ';
        size_t name = before == ',' || is_space(before) ? response_length(field) : 0;
        if (name == 0) {
            keep(e, 1);
            continue;
        }
        keep(e, name);
        blank(e, value_length(tn_str_from(field, name)));
    }
}

static void edit_field(struct editor *e, size_t end)
{
    tern_str field = tn_str_sub(rest_of(e), 0, end - e->from);
    size_t colon = tn_str_find(field, ':');
    enum tn_hdr_id id = TN_HDR_OTHER;

    if (colon != SIZE_MAX) id = tn_hdr_parse_name(tn_str_trim(tn_str_sub(field, 0, colon)));
    if (id != TN_HDR_AUTHORIZATION && id != TN_HDR_PROXY_AUTHORIZATION) {
        keep(e, end - e->from);
        return;
    }
    keep(e, colon + 1);
    keep(e, count_spaces(tn_str_from(field, colon + 1)));
    tern_str value = tn_str_trim(tn_str_sub(rest_of(e), 0, end > e->from ? end - e->from : 0));
    if (tn_str_ieq(tn_str_sub(value, 0, 6), TERN_STR("Digest"))) {
        edit_digest(e, e->from + value.len);
    } else {
        blank(e, value.len);
    }
    if (e->from < end) keep(e, end - e->from);
}

/* In a body of whatever type: what follows "inline:" is a key. */
static void edit_body(struct editor *e)
{
    const tern_str mark = TERN_STR("inline:");

    while (e->from < e->len) {
        tern_str rest = rest_of(e);
        if (!tn_str_ieq(tn_str_sub(rest, 0, mark.len), mark)) {
            keep(e, 1);
            continue;
        }
        keep(e, mark.len);
        tern_str key = rest_of(e);
        size_t n = 0;
        while (n < key.len && !is_space(key.ptr[n]) && key.ptr[n] != ';')
            n++;
        blank(e, n);
    }
}

size_t tn_blank_credentials(char *text, size_t len)
{
    struct editor e = {.text = text, .len = len};

    while (e.from < len) {
        tern_str rest = rest_of(&e);
        if (rest.ptr[0] == '\r' || rest.ptr[0] == '\n') break; /* the body */
        edit_field(&e, e.from + field_length(rest));
    }
    edit_body(&e);
    return e.to;
}
