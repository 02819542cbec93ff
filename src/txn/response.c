/* SPDX-License-Identifier: MIT */
/* Printing of responses: RFC 3261 8.2.6, 18.2.1; RFC 3581 4. */
#include "base/str.h"
#include "txn/txn_impl.h"

/* Cuts one parameter off the front of a ';'-separated list; quotes are respected. */
static tern_str cut_param(tern_str *rest)
{
    bool quoted = false;
    size_t i = 0;

    for (; i < rest->len && (quoted || rest->ptr[i] != ';'); i++) {
        if (rest->ptr[i] == '"') quoted = !quoted;
        if (quoted && rest->ptr[i] == '\\') i++;
    }
    if (i > rest->len) i = rest->len;
    tern_str param = tn_str_trim(tn_str_sub(*rest, 0, i));
    *rest = i < rest->len ? tn_str_from(*rest, i + 1) : (tern_str){NULL, 0};
    return param;
}

static bool is_param(tern_str param, tern_str name)
{
    tern_str value;
    return tn_str_ieq(tn_str_trim(tn_str_cut(param, '=', &value)), name);
}

/* Host without brackets, as `received` has it (RFC 3261 20.42: IPv6address). */
static void put_plain_host(struct tn_buf *out, tern_addr addr)
{
    char text[TERN_ADDR_TEXT_MAX];

    addr.port = 0;
    addr.scope = 0;
    tn_buf_z(out, tern_addr_print(addr, text));
}

static bool came_from_elsewhere(const struct tn_via *via, tern_addr source)
{
    tern_addr sent_by;

    if (tern_addr_parse(via->host, &sent_by) != 0) return true;
    sent_by.scope = source.scope;
    return !tern_addr_same_host(sent_by, source);
}

/* The sender's own parameters stay as they were written, but for the two that are ours to set. */
static void put_top_via(struct tn_buf *out, const struct tn_via *via, tern_addr source)
{
    tern_str head = via->text, rest = via->params;
    bool known = source.family != TERN_FAMILY_NONE && via->host.len > 0;

    if (rest.len > 0) head.len = (size_t)(rest.ptr - head.ptr);
    while (head.len > 0 && (head.ptr[head.len - 1] == ';' || head.ptr[head.len - 1] == ' ')) {
        head.len--;
    }
    tn_buf_str(out, head);
    while (rest.len > 0) {
        tern_str param = cut_param(&rest);
        if (param.len == 0) continue;
        if (known && is_param(param, TERN_STR("received"))) continue;
        if (known && is_param(param, TERN_STR("rport"))) continue;
        tn_buf_char(out, ';');
        tn_buf_str(out, param);
    }
    if (!known) return;
    if (via->rport_asked || came_from_elsewhere(via, source)) {
        tn_buf_z(out, ";received=");
        put_plain_host(out, source);
    }
    if (via->rport_asked) {
        tn_buf_z(out, ";rport=");
        tn_buf_u64(out, source.port);
    }
}

void tn_put_vias(struct tn_buf *out, const struct tn_msg *request, tern_addr source)
{
    struct tn_list_cursor cursor = {0, 0};
    tern_str element;
    bool top = true;

    while (tn_msg_list_next(request, TN_HDR_VIA, &cursor, &element)) {
        tn_buf_z(out, "Via: ");
        if (top) {
            put_top_via(out, &request->via, source);
        } else {
            tn_buf_str(out, element);
        }
        tn_buf_z(out, "\r\n");
        top = false;
    }
}

static void copy_header(struct tn_buf *out, const struct tn_msg *request, enum tn_hdr_id id)
{
    const struct tn_hdr *hdr = tn_msg_header(request, id, 0);
    if (hdr) tn_put_header(out, id, hdr->value);
}

static void copy_record_route(struct tn_buf *out, const struct tn_msg *request)
{
    const struct tn_hdr *hdr;

    for (size_t i = 0; (hdr = tn_msg_header(request, TN_HDR_RECORD_ROUTE, i)) != NULL; i++)
        tn_put_header(out, TN_HDR_RECORD_ROUTE, hdr->value);
}

/* RFC 3261 8.2.7: whoever keeps no state gives a repeated request the same tag again. */
static void put_stateless_tag(struct tn_buf *out, const struct tn_txns *txns,
                              const struct tn_msg *request)
{
    const struct tn_map *map = &txns->merge_map;
    uint64_t tag = tn_merge_hash(txns, request);

    tag ^= tn_map_hash(map, request->via.branch.ptr, request->via.branch.len);
    tn_buf_hex32(out, (uint32_t)(tag >> 32));
    tn_buf_hex32(out, (uint32_t)tag);
}

static void put_to(struct tn_buf *out, const struct tn_txns *txns, const struct tn_msg *request,
                   const struct tn_response *rsp)
{
    const struct tn_hdr *to = tn_msg_header(request, TN_HDR_TO, 0);

    if (!to) return;
    tn_buf_z(out, "To: ");
    tn_buf_str(out, to->value);
    if (request->to_tag.len == 0 && (rsp->status > 100 || rsp->to_tag.len > 0)) {
        tn_buf_z(out, ";tag=");
        if (rsp->to_tag.len > 0) {
            tn_buf_str(out, rsp->to_tag);
        } else {
            put_stateless_tag(out, txns, request);
        }
    }
    tn_buf_z(out, "\r\n");
}

/* RFC 3261 8.2.6.1: a 100 carries the Timestamp back. */
static void put_timestamp(struct tn_buf *out, const struct tn_msg *request)
{
    const struct tn_hdr *timestamp = tn_msg_header_named(request, TERN_STR("Timestamp"), 0);

    if (!timestamp) return;
    tn_buf_z(out, "Timestamp: ");
    tn_buf_str(out, timestamp->value);
    tn_buf_z(out, "\r\n");
}

static void put_status_line(struct tn_buf *out, const struct tn_response *rsp)
{
    tn_buf_z(out, "SIP/2.0 ");
    tn_buf_u64(out, rsp->status);
    tn_buf_char(out, ' ');
    tn_buf_str(out, rsp->reason.len > 0 ? rsp->reason : tn_reason_phrase(rsp->status));
    tn_buf_z(out, "\r\n");
}

int tn_put_response(const struct tn_txns *txns, const struct tn_msg *request, tern_addr source,
                    const struct tn_response *rsp, struct tn_buf *out)
{
    tern_str text;

    put_status_line(out, rsp);
    tn_put_vias(out, request, source);
    if (rsp->record_route) copy_record_route(out, request);
    copy_header(out, request, TN_HDR_FROM);
    put_to(out, txns, request, rsp);
    copy_header(out, request, TN_HDR_CALL_ID);
    copy_header(out, request, TN_HDR_CSEQ);
    if (rsp->status == 100) put_timestamp(out, request);
    if (rsp->contact.len > 0) tn_put_header(out, TN_HDR_CONTACT, rsp->contact);
    tn_buf_str(out, rsp->headers);
    if (txns->product.len > 0) tn_put_header(out, TN_HDR_SERVER, txns->product);
    if (rsp->body.len > 0) tn_put_header(out, TN_HDR_CONTENT_TYPE, rsp->content_type);
    tn_put_header_number(out, TN_HDR_CONTENT_LENGTH, (uint32_t)rsp->body.len);
    tn_buf_z(out, "\r\n");
    tn_buf_str(out, rsp->body);
    return tn_buf_end(out, &text);
}
