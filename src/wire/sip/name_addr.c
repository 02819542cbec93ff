/* SPDX-License-Identifier: MIT */
/* name-addr and addr-spec with header parameters: RFC 3261 20.10 and 25.1. */
#include <string.h>
#include <tern/err.h>

#include "wire/sip/chars.h"
#include "wire/sip/hdr.h"

/* Tokens and blanks. INTEROP: many phones send a name in UTF-8 without quotes. */
static tern_str take_words(tern_str *rest)
{
    tern_str words = {rest->ptr, 0};

    while (words.len < rest->len) {
        char c = rest->ptr[words.len];
        if (!tn_is_class(c, TN_CH_TOKEN) && !tn_is_blank(c) && (unsigned char)c < 0x80) break;
        words.len++;
    }
    tn_skip(rest, words.len);
    return tn_trim_blank_end(words);
}

/* "<" URI ">" */
static bool take_bracketed(tern_str *rest, struct tn_uri *uri)
{
    if (!tn_take_char(rest, '<')) return false;
    const char *close = rest->len > 0 ? memchr(rest->ptr, '>', rest->len) : NULL;
    if (close == NULL) return false;
    tern_str inside = {rest->ptr, (size_t)(close - rest->ptr)};
    if (tn_uri_parse(inside, uri) != 0) return false;
    tn_skip(rest, inside.len + 1);
    return true;
}

/* A URI without brackets ends at the first ';': what follows belongs to the header. */
static bool take_bare(tern_str *rest, struct tn_uri *uri)
{
    tern_str text = {rest->ptr, 0};

    while (text.len < rest->len && rest->ptr[text.len] != ';') {
        char c = rest->ptr[text.len++];
        if (c == ',' || c == '?') return false;
    }
    tn_skip(rest, text.len);
    return tn_uri_parse(tn_trim_blank_end(text), uri) == 0;
}

static bool take_address(tern_str *rest, struct tn_name_addr *out)
{
    if (tn_starts_with(*rest, '"')) {
        if (!tn_take_quoted(rest, &out->display)) return false;
        tn_skip_blank(rest);
        return take_bracketed(rest, &out->uri);
    }
    tern_str all = *rest, words = take_words(rest);
    if (tn_starts_with(*rest, '<')) {
        out->display = words;
        return take_bracketed(rest, &out->uri);
    }
    *rest = all;
    return take_bare(rest, &out->uri);
}

/* The parameters must be well formed to their end. */
static bool check_params(tern_str params)
{
    tern_str name, value;

    if (params.len == 0) return false;
    while (tn_params_next(&params, &name, &value)) {
    }
    return params.len == 0;
}

int tn_name_addr_parse(tern_str in, struct tn_name_addr *out)
{
    struct tn_name_addr addr = {.text = tn_trim_blank(in)};
    tern_str rest = addr.text;

    if (rest.len == 1 && rest.ptr[0] == '*') {
        addr.is_star = true;
        *out = addr;
        return 0;
    }
    if (!take_address(&rest, &addr)) return TERN_EPARSE;
    tn_skip_blank(&rest);
    if (tn_take_char(&rest, ';')) {
        tn_skip_blank(&rest);
        if (!check_params(rest)) return TERN_EPARSE;
        addr.params = rest;
    } else if (rest.len > 0) {
        return TERN_EPARSE;
    }
    *out = addr;
    return 0;
}
