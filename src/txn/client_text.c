/* SPDX-License-Identifier: MIT */
/* Requests as they are sent: our Via in front (RFC 3261 8.1.1.7), ACK (17.1.1.3), CANCEL (9.1). */
#include <string.h>

#include <tern/err.h>

#include "base/mutant.h"
#include "base/str.h"
#include "txn/limits.h"
#include "txn/txn_impl.h"

static void put_branch(struct tn_txns *txns, tern_str branch, struct tn_buf *out)
{
    char token[TN_BRANCH_LEN];

    if (branch.len > 0) {
        tn_buf_str(out, branch);
        return;
    }
    tn_random_token(&txns->ctx->random, token, sizeof(token));
    if (TN_MUTANT(BRANCH_AGAIN)) memset(token + 1, 'x', sizeof(token) - 1);
    tn_buf_str(out, TN_BRANCH_COOKIE);
    tn_buf_bytes(out, token, sizeof(token));
}

static void put_via(struct tn_txns *txns, const struct tn_flow *flow, tern_str branch,
                    struct tn_buf *out)
{
    tern_addr sent_by = tn_net_sent_by(txns->net, flow);

    tn_buf_z(out, "Via: SIP/2.0/");
    tn_buf_z(out, tern_transport_name(flow->key.transport));
    tn_buf_char(out, ' ');
    tn_buf_host(out, sent_by);
    if (sent_by.port) {
        tn_buf_char(out, ':');
        tn_buf_u64(out, sent_by.port);
    }
    tn_buf_str(out, TERN_STR(";branch="));
    put_branch(txns, branch, out);
    tn_buf_str(out, TERN_STR(";rport\r\n"));
}

int tn_put_request(struct tn_txns *txns, const struct tn_flow *flow,
                   const struct tn_request_text *text, struct tn_buf *out)
{
    tern_str whole;

    tn_buf_str(out, text->start_line);
    tn_buf_str(out, TERN_STR("\r\n"));
    put_via(txns, flow, text->branch, out);
    tn_buf_str(out, text->rest);
    return tn_buf_end(out, &whole);
}

/* ---- made from the INVITE ---- */

static void put_raw(struct tn_buf *out, const struct tn_msg *msg, enum tn_hdr_id id, size_t index)
{
    const struct tn_hdr *hdr = tn_msg_header(msg, id, index);
    if (hdr) tn_put_header(out, id, hdr->value);
}

/* The parts that ACK and CANCEL share: all but To, CSeq and what is their own. */
static void put_common(struct tn_buf *out, const struct tn_msg *invite, tern_str method)
{
    tn_buf_str(out, method);
    tn_buf_char(out, ' ');
    tn_buf_str(out, invite->uri.text);
    tn_buf_z(out, " SIP/2.0\r\n");
    tn_put_header(out, TN_HDR_VIA, invite->via.text);
    for (size_t i = 0; tn_msg_header(invite, TN_HDR_ROUTE, i); i++)
        put_raw(out, invite, TN_HDR_ROUTE, i);
    tn_put_header_number(out, TN_HDR_MAX_FORWARDS, 70);
    put_raw(out, invite, TN_HDR_FROM, 0);
    put_raw(out, invite, TN_HDR_CALL_ID, 0);
    tn_buf_z(out, "CSeq: ");
    tn_buf_u64(out, invite->cseq.number);
    tn_buf_char(out, ' ');
    tn_buf_str(out, method);
    tn_buf_z(out, "\r\n");
}

static int parse_invite(const struct tn_client *client, struct tn_msg **out)
{
    const tern_str text = {client->text, client->text_len};
    int err = tn_msg_parse(&client->txns->ctx->alloc, text, out);

    if (err || (*out)->is_request) return err;
    tn_msg_unref(*out);
    return TERN_EPARSE;
}

static int finish(struct tn_buf *out)
{
    tern_str whole;

    tn_put_header_number(out, TN_HDR_CONTENT_LENGTH, 0);
    tn_buf_z(out, "\r\n");
    return tn_buf_end(out, &whole);
}

int tn_put_ack(const struct tn_client *client, const struct tn_msg *response, struct tn_buf *out)
{
    struct tn_msg *invite;
    int err = parse_invite(client, &invite);

    if (err) return err;
    put_common(out, invite, TERN_STR("ACK"));
    put_raw(out, response, TN_HDR_TO, 0);
    tn_msg_unref(invite);
    return finish(out);
}

int tn_put_cancel(const struct tn_client *client, struct tn_buf *out)
{
    struct tn_msg *invite;
    int err = parse_invite(client, &invite);

    if (err) return err;
    put_common(out, invite, TERN_STR("CANCEL"));
    put_raw(out, invite, TN_HDR_TO, 0);
    tn_msg_unref(invite);
    if (client->cancel_reason_len > 0) {
        const tern_str reason = {client->cancel_reason, client->cancel_reason_len};
        tn_put_header(out, TN_HDR_REASON, reason);
    }
    return finish(out);
}
