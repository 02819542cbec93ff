/* SPDX-License-Identifier: MIT */
/* User-Agent, Server and Reason, as an application may set them: RFC 3261 25.1, RFC 3326 2. */
#include <tern/err.h>

#include "base/str.h"
#include "wire/sip/chars.h"
#include "wire/sip/hdr.h"

/* What can stand outside a comment: tokens, '/' and spaces. */
static bool is_plain(char c)
{
    return tn_is_class(c, TN_CH_TOKEN) || c == '/' || c == ' ';
}

bool tn_is_product_line(tern_str s)
{
    unsigned depth = 0;

    if (!tn_str_is_line(s) || tn_trim_blank(s).len == 0) return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '(') {
            depth++;
        } else if (c == ')') {
            if (depth-- == 0) return false;
        } else if (c == '\\' && depth > 0) {
            if (++i == s.len || (unsigned char)s.ptr[i] >= 0x80) return false;
        } else if (depth == 0 && !is_plain(c)) {
            return false;
        }
    }
    return depth == 0;
}

int tn_reason_parse(tern_str in, struct tn_reason *out)
{
    struct tn_reason reason = {.cause = 0};
    tern_str params, cause;

    reason.protocol = tn_trim_blank(tn_str_cut(in, ';', &params));
    tern_str rest = reason.protocol;
    if (tn_take_class(&rest, TN_CH_TOKEN).len == 0 || rest.len > 0) return TERN_EPARSE;
    if (tn_params_get(params, TERN_STR("cause"), &cause) && !tn_str_u32(cause, &reason.cause)) {
        return TERN_EPARSE;
    }
    (void)tn_params_get(params, TERN_STR("text"), &reason.text);
    *out = reason;
    return 0;
}

void tn_put_reason(struct tn_buf *buf, const struct tn_reason *reason)
{
    tn_buf_str(buf, reason->protocol);
    if (reason->cause > 0) {
        tn_buf_z(buf, ";cause=");
        tn_buf_u64(buf, reason->cause);
    }
    if (reason->text.len == 0) return;
    tn_buf_z(buf, ";text=");
    tn_put_quoted(buf, reason->text);
}
