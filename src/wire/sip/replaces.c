/* SPDX-License-Identifier: MIT */
/* Replaces: RFC 3891 6.1. Read strictly: who names a call in a doubtful way does not get it. */
#include "wire/sip/replaces.h"

#include <tern/err.h>

#include "base/str.h"
#include "wire/sip/chars.h"

/* RFC 3261 25.1: a word is a token with a few signs more. */
static bool is_word(tern_str s)
{
    if (s.len == 0) return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool is_sign = tn_str_find(TERN_STR("()<>:\\\"/[]?{}"), c) != SIZE_MAX;
        if (!is_sign && !tn_is_class(c, TN_CH_TOKEN)) return false;
    }
    return true;
}

static bool is_call_id(tern_str s)
{
    size_t at = tn_str_find(s, '@');

    if (at == SIZE_MAX) return is_word(s);
    return is_word(tn_str_sub(s, 0, at)) && is_word(tn_str_from(s, at + 1));
}

static bool is_token(tern_str s)
{
    return tn_take_class(&s, TN_CH_TOKEN).len > 0 && s.len == 0;
}

/* A parameter that may stand once. */
static bool take_tag(tern_str *tag, tern_str value)
{
    if (tag->len > 0 || !is_token(value)) return false;
    *tag = value;
    return true;
}

static bool take_param(struct tn_replaces *replaces, tern_str name, tern_str value)
{
    if (tn_str_ieq(name, TERN_STR("to-tag"))) return take_tag(&replaces->to_tag, value);
    if (tn_str_ieq(name, TERN_STR("from-tag"))) return take_tag(&replaces->from_tag, value);
    if (!tn_str_ieq(name, TERN_STR("early-only"))) return true;
    if (replaces->early_only || value.ptr != NULL) return false;
    replaces->early_only = true;
    return true;
}

int tn_replaces_parse(tern_str in, struct tn_replaces *out)
{
    struct tn_replaces replaces = {.early_only = false};
    tern_str rest, name, value;

    replaces.call_id = tn_trim_blank(tn_str_cut(in, ';', &rest));
    if (!is_call_id(replaces.call_id)) return TERN_EPARSE;
    while (tn_params_next(&rest, &name, &value)) {
        if (!take_param(&replaces, name, value)) return TERN_EPARSE;
    }
    if (rest.len > 0 || replaces.to_tag.len == 0 || replaces.from_tag.len == 0) return TERN_EPARSE;
    *out = replaces;
    return 0;
}

void tn_put_replaces(struct tn_buf *buf, const struct tn_replaces *replaces)
{
    tn_buf_str(buf, replaces->call_id);
    tn_buf_z(buf, ";to-tag=");
    tn_buf_str(buf, replaces->to_tag);
    tn_buf_z(buf, ";from-tag=");
    tn_buf_str(buf, replaces->from_tag);
    if (replaces->early_only) tn_buf_z(buf, ";early-only");
}
