/* SPDX-License-Identifier: MIT */
/*
 * A SIP message, parsed: RFC 3261 7 and 25. Everything lives in the message's
 * arena and dies with its last reference; nothing outside may point in.
 *
 * The parser is lenient where the RFC lets a reader be (folding, compact forms,
 * spaces, unknown methods and headers) and says precisely what is wrong
 * otherwise, so that a request can be answered 400 with a reason (RFC 4475).
 * Parts that each layer needs are parsed at once; the rest when asked.
 */
#ifndef TN_WIRE_SIP_MSG_H
#define TN_WIRE_SIP_MSG_H

#include "base/arena.h"
#include "wire/sip/hdr.h"
#include "wire/sip/uri.h"

#define TN_MSG_SIZE_MAX    65535 /* a UDP datagram's most; streams are held to the same */
#define TN_MSG_HEADERS_MAX 256 /* header fields; a comma list counts as one, bounded by the size */

/* X(id, wire name) */
#define TN_METHOD_MAP(X)                                                                           \
    X(INVITE, "INVITE")                                                                            \
    X(ACK, "ACK")                                                                                  \
    X(BYE, "BYE")                                                                                  \
    X(CANCEL, "CANCEL")                                                                            \
    X(REGISTER, "REGISTER")                                                                        \
    X(OPTIONS, "OPTIONS")                                                                          \
    X(UPDATE, "UPDATE")                                                                            \
    X(PRACK, "PRACK")                                                                              \
    X(INFO, "INFO")                                                                                \
    X(MESSAGE, "MESSAGE")                                                                          \
    X(REFER, "REFER")                                                                              \
    X(NOTIFY, "NOTIFY")                                                                            \
    X(SUBSCRIBE, "SUBSCRIBE")                                                                      \
    X(PUBLISH, "PUBLISH")

enum tn_method {
    TN_METHOD_OTHER, /* see the text */
#define TN_METHOD_ENUM(id, name) TN_METHOD_##id,
    TN_METHOD_MAP(TN_METHOD_ENUM)
#undef TN_METHOD_ENUM
};

/** Method names compare with case (RFC 3261 7.1). */
enum tn_method tn_method_parse(tern_str name);
/** Not for TN_METHOD_OTHER. */
tern_str tn_method_name(enum tn_method method);

struct tn_hdr {
    enum tn_hdr_id id;
    tern_str name;  /* as written */
    tern_str value; /* unfolded and trimmed; a comma list stays one value */
};

struct tn_msg {
    unsigned refs;
    const struct tern_allocator *alloc;
    struct tn_arena arena;
    tern_str raw; /* the whole message, unfolded in place */

    bool is_request;
    enum tn_method method; /* request line; in a response the method of CSeq */
    tern_str method_text;
    struct tn_uri uri; /* request line */
    unsigned status;   /* response: 100..699 */
    tern_str reason;   /* response: may be empty */

    struct tn_hdr *headers; /* in order */
    size_t header_count;
    tern_str body;

    /* What each message must have, parsed. */
    struct tn_via via; /* topmost */
    struct tn_name_addr from, to;
    tern_str from_tag, to_tag; /* empty: none */
    tern_str call_id;
    struct tn_cseq cseq;
    int max_forwards; /* -1: absent */

    /*
     * 0, or what is wrong with a message whose first line and identity could still be read:
     * a request gets this response (400, 416, 505 …), a response is dropped.
     */
    unsigned defect_status;
    const char *defect; /* static text, e.g. "CSeq method does not match" */

    void *flow; /* set by net: where it came from; not owned */
};

/**
 * Parse one message of exactly `in` (a datagram, or what the stream framing cut out).
 * Copies the bytes. A body longer than Content-Length is cut; a shorter one is a defect.
 *
 * @return             0 with one reference in `*out`; look at `defect_status`
 * @retval TERN_EPARSE not SIP at all, or without Via: nobody to answer; nothing to free
 * @retval TERN_ENOMEM, TERN_ELIMIT (size or number of headers)
 */
TERN_CHECK int tn_msg_parse(const struct tern_allocator *alloc, tern_str in, struct tn_msg **out);

struct tn_msg *tn_msg_ref(struct tn_msg *msg);
void tn_msg_unref(struct tn_msg *msg); /* NULL is allowed */

/** The `index`-th header field line with this id, or NULL. Lines, not list elements. */
const struct tn_hdr *tn_msg_header(const struct tn_msg *msg, enum tn_hdr_id id, size_t index);
/** By name, ignoring case and knowing compact forms; for headers without an id. */
const struct tn_hdr *tn_msg_header_named(const struct tn_msg *msg, tern_str name, size_t index);

/**
 * Walks the elements of a comma list over all its lines (Via, Route, Contact, Allow, Supported …).
 * Start from {0}. Quotes, angle brackets and comments are respected.
 */
struct tn_list_cursor {
    size_t header; /* index of the line */
    size_t offset; /* into its value */
};
bool tn_msg_list_next(const struct tn_msg *msg, enum tn_hdr_id id, struct tn_list_cursor *cursor,
                      tern_str *element);

/** Whether a comma list of tokens (Supported, Allow, Require …) has this token; case ignored. */
bool tn_msg_list_has(const struct tn_msg *msg, enum tn_hdr_id id, tern_str token);

/** Header as a number, such as Expires or Min-Expires. @return false when absent or malformed. */
bool tn_msg_number(const struct tn_msg *msg, enum tn_hdr_id id, uint32_t *out);

/** The Content-Type without parameters equals `type` ("application/sdp"); absent: false. */
bool tn_msg_has_body_type(const struct tn_msg *msg, tern_str type);

/** The usual reason phrase for a status; "Unknown" for others. */
tern_str tn_reason_phrase(unsigned status);

#endif
