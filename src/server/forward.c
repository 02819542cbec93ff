/* SPDX-License-Identifier: MIT */
/* Messages that pass: RFC 3261 16.6 steps 1 to 9, 16.7 step 3. */
#include "base/str.h"
#include "server/auth.h"
#include "server/proxy.h"
#include "wire/sip/list.h"

/* ---- requests ---- */

/* Requests that a dialog can begin with (RFC 3261 12, RFC 6665). */
static bool begins_dialog(const struct tn_msg *request)
{
    if (request->to_tag.len > 0) return false;
    return request->method == TN_METHOD_INVITE || request->method == TN_METHOD_SUBSCRIBE ||
           request->method == TN_METHOD_REFER;
}

static void put_record_route(struct tn_server *server, struct tn_buf *out,
                             enum tern_transport transport, tern_addr addr)
{
    tn_server_recorded(server, addr);
    tn_buf_z(out, "Record-Route: <sip:");
    tn_buf_host(out, addr);
    tn_buf_char(out, ':');
    tn_buf_u64(out, addr.port);
    tn_put_transport(out, transport);
    tn_buf_z(out, ";lr>\r\n");
}

/* RFC 3261 16.6 step 4; RFC 5658 where the two sides see different addresses of ours. */
static void put_record_routes(const struct tn_proxied *proxied, const struct tn_flow *flow,
                              struct tn_buf *out)
{
    struct tn_server *server = proxied->server;
    tern_addr leaving = tn_net_sent_by(server->net, flow);

    if (server->opts.no_record_route || !begins_dialog(proxied->request)) return;
    put_record_route(server, out, flow->key.transport, leaving);
    if (!proxied->has_arrival) return;
    if (proxied->arrival_transport == flow->key.transport &&
        tern_addr_equal(proxied->arrival, leaving)) {
        return;
    }
    put_record_route(server, out, proxied->arrival_transport, proxied->arrival);
}

static bool is_ours_to_write(const struct tn_server *server, const struct tn_hdr *hdr)
{
    switch ((int)hdr->id) {
    case TN_HDR_VIA:
    case TN_HDR_ROUTE:
    case TN_HDR_MAX_FORWARDS:
    case TN_HDR_CONTENT_LENGTH: return true;
    case TN_HDR_PROXY_AUTHORIZATION: return tn_is_our_credential(server, hdr->value);
    default: return false;
    }
}

static void put_line(struct tn_buf *out, const struct tn_hdr *hdr, tern_str value)
{
    tn_buf_str(out, hdr->name);
    tn_buf_z(out, ": ");
    tn_buf_str(out, value);
    tn_buf_z(out, "\r\n");
}

static void put_body(struct tn_buf *out, tern_str body)
{
    tn_put_header_number(out, TN_HDR_CONTENT_LENGTH, (uint32_t)body.len);
    tn_buf_z(out, "\r\n");
    tn_buf_str(out, body);
}

int tn_put_forwarded(const struct tn_branch *branch, const struct tn_flow *flow, struct tn_buf *out)
{
    const struct tn_proxied *proxied = branch->proxied;
    const struct tn_msg *request = proxied->request;
    int hops = request->max_forwards > 0 ? request->max_forwards - 1 : TN_MAX_FORWARDS;
    tern_str text;

    tn_put_vias(out, request, proxied->source);
    if (branch->hop.routes.len > 0) tn_put_header(out, TN_HDR_ROUTE, branch->hop.routes);
    put_record_routes(proxied, flow, out);
    tn_put_header_number(out, TN_HDR_MAX_FORWARDS, (uint32_t)hops);
    for (size_t i = 0; i < request->header_count; i++) {
        const struct tn_hdr *hdr = &request->headers[i];
        if (!is_ours_to_write(proxied->server, hdr)) put_line(out, hdr, hdr->value);
    }
    put_body(out, request->body);
    return tn_buf_end(out, &text);
}

/* ---- responses ---- */

static void put_status_line(struct tn_buf *out, const struct tn_msg *response)
{
    tn_buf_z(out, "SIP/2.0 ");
    tn_buf_u64(out, response->status);
    tn_buf_char(out, ' ');
    tn_buf_str(out, response->reason);
    tn_buf_z(out, "\r\n");
}

int tn_put_returned(const struct tn_msg *response, tern_str more, struct tn_buf *out)
{
    bool below_ours = false;
    tern_str text, first;

    put_status_line(out, response);
    for (size_t i = 0; i < response->header_count; i++) {
        const struct tn_hdr *hdr = &response->headers[i];
        tern_str value = hdr->value;
        if (hdr->id == TN_HDR_CONTENT_LENGTH) continue;
        if (hdr->id == TN_HDR_VIA && !below_ours) {
            below_ours = tn_list_take(&value, &first);
            if (value.len == 0) continue;
        }
        put_line(out, hdr, value);
    }
    tn_buf_str(out, more);
    put_body(out, response->body);
    return tn_buf_end(out, &text);
}
