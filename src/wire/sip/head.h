/* SPDX-License-Identifier: MIT */
/* The head of a message, field by field: RFC 3261 7.3.1. Messages and stream framing share it. */
#ifndef TN_WIRE_SIP_HEAD_H
#define TN_WIRE_SIP_HEAD_H

#include "wire/sip/hdr.h"

struct tn_head_field {
    enum tn_hdr_id id;
    tern_str name;  /* as written */
    tern_str value; /* trimmed; folds are still in it */
    bool is_folded;
};

enum tn_head_step {
    TN_HEAD_FIELD,
    TN_HEAD_BAD, /* a line that is no field, or does not end in CRLF; go on with the next */
    TN_HEAD_END, /* the blank line; `rest` is the body */
    TN_HEAD_CUT, /* the text ended before the blank line */
};

/** Takes the next step from the front of `rest`, which stands at the start of a line. */
enum tn_head_step tn_head_next(tern_str *rest, struct tn_head_field *field);

/** Takes the start line, without its CRLF. @return false: there is no CRLF */
bool tn_head_start_line(tern_str *rest, tern_str *line);

#endif
