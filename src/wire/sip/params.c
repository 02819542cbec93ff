/* SPDX-License-Identifier: MIT */
/* Header parameters, ";"-separated: generic-param of RFC 3261 25.1. */
#include "base/str.h"
#include "wire/sip/chars.h"
#include "wire/sip/hdr.h"

/* The value after '='; quotes are taken off. */
static bool take_value(tern_str *rest, tern_str *value)
{
    if (tn_starts_with(*rest, '"')) return tn_take_quoted(rest, value);
    *value = tn_take_class(rest, TN_CH_VALUE);
    return value->len > 0;
}

/*
 * A ';' with nothing behind it stays in `*rest`: the next call reports it as malformed, since
 * only a list that was read to its end leaves nothing.
 */
bool tn_params_next(tern_str *rest, tern_str *name, tern_str *value)
{
    tern_str at = *rest, found_value = {NULL, 0};

    tn_skip_blank(&at);
    tern_str found_name = tn_take_class(&at, TN_CH_TOKEN);
    if (found_name.len == 0) {
        if (at.len == 0) *rest = at;
        return false;
    }
    tn_skip_blank(&at);
    if (tn_take_char(&at, '=')) {
        tn_skip_blank(&at);
        if (!take_value(&at, &found_value)) return false;
        tn_skip_blank(&at);
    }
    if (at.len > 0) {
        tern_str separator = at;
        if (!tn_take_char(&at, ';')) return false;
        tn_skip_blank(&at);
        if (at.len == 0) at = separator;
    }
    *rest = at;
    *name = found_name;
    *value = found_value;
    return true;
}

bool tn_params_get(tern_str params, tern_str name, tern_str *value)
{
    tern_str rest = params, found_name, found_value;

    while (tn_params_next(&rest, &found_name, &found_value)) {
        if (tn_str_ieq(found_name, name)) {
            *value = found_value;
            return true;
        }
    }
    return false;
}
