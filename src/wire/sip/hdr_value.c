/* SPDX-License-Identifier: MIT */
/*
 * Small header values: CSeq (RFC 3261 20.16), Retry-After (20.33), RAck (RFC 3262 7.2), Session-Expires
 * (RFC 4028 4).
 */
#include <tern/err.h>

#include "base/str.h"
#include "wire/sip/chars.h"
#include "wire/sip/hdr.h"

#define CSEQ_MAX INT32_MAX /* RFC 3261 8.1.1.5; RFC 3262 3 asks the same of RSeq */

static bool take_number(tern_str *rest, uint32_t max, uint32_t *out)
{
    uint64_t number = 0;
    size_t digits = 0;

    while (digits < rest->len && tn_is_digit(rest->ptr[digits])) {
        number = number * 10 + (uint64_t)(rest->ptr[digits++] - '0');
        if (number > max) return false;
    }
    if (digits == 0) return false;
    tn_skip(rest, digits);
    *out = (uint32_t)number;
    return true;
}

/* At least one blank, as between two numbers. */
static bool take_gap(tern_str *rest)
{
    if (rest->len == 0 || !tn_is_blank(rest->ptr[0])) return false;
    tn_skip_blank(rest);
    return true;
}

int tn_cseq_parse(tern_str in, struct tn_cseq *out)
{
    tern_str rest = tn_trim_blank(in);
    uint32_t number;

    if (!take_number(&rest, CSEQ_MAX, &number) || !take_gap(&rest)) return TERN_EPARSE;
    tern_str method = tn_take_class(&rest, TN_CH_TOKEN);
    if (method.len == 0 || rest.len > 0) return TERN_EPARSE;
    *out = (struct tn_cseq){number, method};
    return 0;
}

int tn_retry_after_parse(tern_str in, uint32_t *seconds)
{
    tern_str rest = tn_trim_blank(in);
    uint32_t number;

    if (!take_number(&rest, UINT32_MAX, &number)) return TERN_EPARSE;
    tn_skip_blank(&rest);
    if (rest.len > 0 && rest.ptr[0] != '(' && rest.ptr[0] != ';') return TERN_EPARSE;
    *seconds = number;
    return 0;
}

int tn_session_expires_parse(tern_str in, struct tn_session_expires *out)
{
    tern_str rest = tn_trim_blank(in), refresher;
    uint32_t seconds;

    if (!take_number(&rest, UINT32_MAX, &seconds)) return TERN_EPARSE;
    tn_skip_blank(&rest);
    if (rest.len > 0 && rest.ptr[0] != ';') return TERN_EPARSE;
    *out = (struct tn_session_expires){seconds, TN_REFRESHER_NONE};
    tn_skip(&rest, rest.len > 0 ? 1 : 0);
    if (!tn_params_get(rest, TERN_STR("refresher"), &refresher)) return 0;
    if (tn_str_ieq(refresher, TERN_STR("uac"))) out->refresher = TN_REFRESHER_UAC;
    if (tn_str_ieq(refresher, TERN_STR("uas"))) out->refresher = TN_REFRESHER_UAS;
    return 0;
}

int tn_rack_parse(tern_str in, struct tn_rack *out)
{
    tern_str rest = tn_trim_blank(in);
    uint32_t rseq;

    if (!take_number(&rest, CSEQ_MAX, &rseq) || !take_gap(&rest)) return TERN_EPARSE;
    int err = tn_cseq_parse(rest, &out->cseq);
    if (err) return err;
    out->rseq = rseq;
    return 0;
}
