/* SPDX-License-Identifier: MIT */
/*
 * What each message must have: RFC 3261 8.1.1, 8.2, 18.3 and 20, and the ways to get it wrong
 * that RFC 4475 3.1.2 and 3.3 collect.
 */
#include "wire/sip/msg_check.h"

#include <tern/err.h>

#include "base/str.h"
#include "wire/sip/chars.h"
#include "wire/sip/list.h"
#include "wire/sip/via.h"

#define MAX_FORWARDS_MAX 255 /* RFC 3261 20.22 */

#define BIT(id) (UINT64_C(1) << TN_HDR_##id)

/* Two of these contradict each other. Names and free text (Subject, Server …) harm nobody. */
static const uint64_t singles = BIT(FROM) | BIT(TO) | BIT(CALL_ID) | BIT(CSEQ) | BIT(MAX_FORWARDS) |
                                BIT(CONTENT_LENGTH) | BIT(CONTENT_TYPE) | BIT(CONTENT_DISPOSITION) |
                                BIT(EXPIRES) | BIT(MIN_EXPIRES) | BIT(RETRY_AFTER) | BIT(REPLACES) |
                                BIT(REFER_TO) | BIT(REFERRED_BY) | BIT(EVENT) |
                                BIT(SUBSCRIPTION_STATE) | BIT(SESSION_EXPIRES) | BIT(MIN_SE) |
                                BIT(RSEQ) | BIT(RACK) | BIT(SIP_ETAG) | BIT(SIP_IF_MATCH);

_Static_assert(TN_HDR_IDS <= 64, "a set of header ids is 64 bits");

/* The first field of each id, by index + 1. */
struct index {
    uint16_t first[TN_HDR_IDS];
};

static void build_index(struct tn_msg *msg, struct index *index)
{
    *index = (struct index){{0}};
    for (size_t i = 0; i < msg->header_count; i++) {
        enum tn_hdr_id id = msg->headers[i].id;
        if (index->first[id] == 0) {
            index->first[id] = (uint16_t)(i + 1);
        } else if (singles >> id & 1) {
            tn_msg_set_defect(msg, 400, "a header field that may stand only once stands twice");
        }
    }
}

/* The value of the first field, or NULL without one. */
static const tern_str *find(const struct tn_msg *msg, const struct index *index, enum tn_hdr_id id)
{
    return index->first[id] == 0 ? NULL : &msg->headers[index->first[id] - 1].value;
}

static int read_via(struct tn_msg *msg, const struct index *index)
{
    const tern_str *value = find(msg, index, TN_HDR_VIA);
    if (value == NULL) return TERN_EPARSE;

    tern_str rest = *value, top = {value->ptr, 0};
    (void)tn_list_take(&rest, &top);
    if (!tn_via_read(top, &msg->via)) tn_msg_set_defect(msg, 400, "Via is malformed");
    return 0;
}

static void read_address(struct tn_msg *msg, const tern_str *value, struct tn_name_addr *out,
                         const char *defect)
{
    if (value == NULL || tn_name_addr_parse(*value, out) != 0 || out->is_star) {
        tn_msg_set_defect(msg, 400, defect);
    }
}

/* Call-ID is compared as it stands: all that matters is that it is one word. */
static void read_call_id(struct tn_msg *msg, const tern_str *value)
{
    bool ok = value != NULL && value->len > 0;

    for (size_t i = 0; ok && i < value->len; i++) {
        unsigned char c = (unsigned char)value->ptr[i];
        ok = c > 0x20 && c < 0x7f && c != ',' && c != ';';
    }
    if (ok) {
        msg->call_id = *value;
    } else {
        tn_msg_set_defect(msg, 400, "Call-ID is missing or malformed");
    }
}

static void read_cseq(struct tn_msg *msg, const tern_str *value)
{
    if (value == NULL || tn_cseq_parse(*value, &msg->cseq) != 0) {
        tn_msg_set_defect(msg, 400, "CSeq is missing or malformed");
    } else if (!msg->is_request) {
        msg->method_text = msg->cseq.method;
        msg->method = tn_method_parse(msg->cseq.method);
    } else if (!tn_str_eq(msg->cseq.method, msg->method_text)) {
        tn_msg_set_defect(msg, 400, "CSeq method does not match");
    }
}

static void read_max_forwards(struct tn_msg *msg, const tern_str *value)
{
    uint64_t number;

    msg->max_forwards = -1;
    if (value == NULL) return;
    if (tn_str_u64(*value, MAX_FORWARDS_MAX, &number)) {
        msg->max_forwards = (int)number;
    } else {
        tn_msg_set_defect(msg, 400, "Max-Forwards is malformed");
    }
}

/* RFC 3261 18.3: what stands behind the body is not part of the message. */
static void read_content_length(struct tn_msg *msg, const tern_str *value)
{
    uint64_t len;

    if (value == NULL) return;
    if (!tn_str_u64(*value, UINT32_MAX, &len)) {
        tn_msg_set_defect(msg, 400, "Content-Length is malformed");
    } else if (len > msg->body.len) {
        tn_msg_set_defect(msg, 400, "body is shorter than Content-Length");
    } else {
        msg->raw.len -= msg->body.len - (size_t)len;
        msg->body.len = (size_t)len;
    }
}

/* A request that asks for bindings or a dialog is refused early: no layer could use it. */
static void check_contacts(struct tn_msg *msg)
{
    struct tn_list_cursor cursor = {0};
    struct tn_name_addr contact;
    tern_str element;

    while (tn_msg_list_next(msg, TN_HDR_CONTACT, &cursor, &element)) {
        if (tn_name_addr_parse(element, &contact) != 0) {
            tn_msg_set_defect(msg, 400, "Contact is malformed");
            return;
        }
    }
}

void tn_msg_set_defect(struct tn_msg *msg, unsigned status, const char *text)
{
    if (msg->defect_status != 0) return;
    msg->defect_status = status;
    msg->defect = text;
}

int tn_msg_check(struct tn_msg *msg)
{
    struct index index;

    build_index(msg, &index);
    int err = read_via(msg, &index);
    if (err) return err;
    read_cseq(msg, find(msg, &index, TN_HDR_CSEQ));
    read_call_id(msg, find(msg, &index, TN_HDR_CALL_ID));
    read_address(msg, find(msg, &index, TN_HDR_FROM), &msg->from, "From is missing or malformed");
    (void)tn_params_get(msg->from.params, TERN_STR("tag"), &msg->from_tag);
    read_address(msg, find(msg, &index, TN_HDR_TO), &msg->to, "To is missing or malformed");
    (void)tn_params_get(msg->to.params, TERN_STR("tag"), &msg->to_tag);
    read_max_forwards(msg, find(msg, &index, TN_HDR_MAX_FORWARDS));
    read_content_length(msg, find(msg, &index, TN_HDR_CONTENT_LENGTH));
    if (msg->is_request && index.first[TN_HDR_CONTACT] != 0) check_contacts(msg);
    return 0;
}
