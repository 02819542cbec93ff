/* SPDX-License-Identifier: MIT */
/*
 * Request-Line and Status-Line: RFC 3261 7.1, 7.2 and 25.1. More than one space between the parts
 * and spaces at the end are passed over (RFC 4475 3.1.2.9, 3.1.2.10 leave that to the reader);
 * spaces or brackets in the Request-URI are not (3.1.2.7, 3.1.2.8).
 */
#include "wire/sip/start_line.h"

#include <tern/err.h>

#include "base/str.h"
#include "wire/sip/chars.h"
#include "wire/sip/msg_check.h"

/* SIP-Version of this text: 1 is "SIP/2.0", 0 is another version, -1 is none. */
static int read_version(tern_str s)
{
    if (s.len < 4 || !tn_str_ieq((tern_str){s.ptr, 4}, TERN_STR("SIP/"))) return -1;
    if (s.len == 7 && s.ptr[4] == '2' && s.ptr[5] == '.' && s.ptr[6] == '0') return 1;

    tern_str minor, major = tn_str_cut(tn_str_from(s, 4), '.', &minor);
    uint64_t number;
    return tn_str_u64(major, UINT32_MAX, &number) && tn_str_u64(minor, UINT32_MAX, &number) ? 0
                                                                                            : -1;
}

static tern_str take_word(tern_str *rest)
{
    tern_str word = {rest->ptr, 0};

    while (word.len < rest->len && rest->ptr[word.len] != ' ') {
        word.len++;
    }
    tn_skip(rest, word.len);
    return word;
}

/* The last word of the line; what is before it stays in `rest`. */
static tern_str take_last_word(tern_str *rest)
{
    tern_str all = tn_trim_blank_end(*rest);
    size_t at = all.len;

    while (at > 0 && !tn_is_blank(all.ptr[at - 1])) {
        at--;
    }
    *rest = (tern_str){all.ptr, at};
    return (tern_str){all.ptr + at, all.len - at};
}

static int read_request(tern_str line, struct tn_msg *msg)
{
    tern_str rest = line;
    tern_str method = take_word(&rest);
    tern_str word = method;

    if (tn_take_class(&word, TN_CH_TOKEN).len == 0 || word.len > 0) return TERN_EPARSE;
    int version = read_version(take_last_word(&rest));
    if (version < 0) return TERN_EPARSE;

    msg->is_request = true;
    msg->method_text = method;
    msg->method = tn_method_parse(method);
    if (version == 0) tn_msg_set_defect(msg, 505, "SIP version is not 2.0");
    tern_str uri = tn_trim_blank(rest);
    if (tn_uri_parse(uri, &msg->uri) != 0) {
        msg->uri = (struct tn_uri){.text = uri};
        tn_msg_set_defect(msg, 400, "Request-URI is malformed");
    } else if (msg->uri.headers.len > 0) {
        tn_msg_set_defect(msg, 400, "Request-URI has headers"); /* RFC 3261 19.1.1 */
    }
    return 0;
}

static int read_response(tern_str line, struct tn_msg *msg)
{
    tern_str rest = line;

    if (read_version(take_word(&rest)) != 1) return TERN_EPARSE;
    tn_skip_blank(&rest);
    tern_str code = take_word(&rest);
    uint64_t status;
    if (code.len != 3 || !tn_str_u64(code, 699, &status) || status < 100) return TERN_EPARSE;
    msg->status = (unsigned)status;
    msg->reason = tn_trim_blank(rest);
    return 0;
}

int tn_start_line_read(tern_str line, struct tn_msg *msg)
{
    if (line.len >= 4 && tn_str_ieq((tern_str){line.ptr, 4}, TERN_STR("SIP/"))) {
        return read_response(line, msg);
    }
    return read_request(line, msg);
}
