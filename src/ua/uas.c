/* SPDX-License-Identifier: MIT */
/*
 * Requests that arrive: RFC 3261 8.2. Inspected, then handed to the call they
 * belong to, or answered here: OPTIONS with what we can do, unknown methods with
 * 405, unknown extensions with 420, unknown dialogs with 481.
 */
#include "base/str.h"
#include "ua/call.h"

#define ALLOW_LINE     "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK, INFO\r\n"
#define SUPPORTED_LINE "Supported: replaces, timer\r\n"
#define RELIABLE_LINE  "Supported: 100rel\r\n" /* in an INVITE where its account says so */
#define ACCEPT_LINE    "Accept: application/sdp\r\n"

tern_str tn_ep_capability_lines(void)
{
    return TERN_STR(ALLOW_LINE SUPPORTED_LINE);
}

void tn_ep_refuse(struct tern_endpoint *ep, uint64_t txn, unsigned status, tern_str headers)
{
    char tag[TN_TAG_LEN];
    tn_random_token(&ep->ctx.random, tag, sizeof(tag));
    struct tn_response rsp = {.status = status, .to_tag = {tag, sizeof(tag)}, .headers = headers};
    /* Stale or without memory: the peer repeats the request, or gives up. */
    (void)!tn_server_respond(&ep->txns, txn, &rsp);
}

/*
 * RFC 3261 8.2.2.3: the extensions that a peer may require. Whether an account wants them is for its
 * calls to say.
 */
static bool is_supported(tern_str tag)
{
    static const char *const tags[] = {"replaces", "timer", "100rel"};
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (tn_str_ieq(tag, tn_str(tags[i]))) return true;
    }
    return false;
}

static bool requires_something(const struct tn_msg *msg, struct tn_buf *headers)
{
    struct tn_list_cursor cursor = {0};
    tern_str token;
    bool any = false;
    while (tn_msg_list_next(msg, TN_HDR_REQUIRE, &cursor, &token)) {
        if (is_supported(token)) continue;
        tn_buf_z(headers, any ? ", " : "Unsupported: ");
        tn_buf_str(headers, token);
        any = true;
    }
    if (any) tn_buf_z(headers, "\r\n");
    return any;
}

static bool body_not_understood(const struct tn_msg *msg)
{
    if (msg->body.len == 0) return false;
    if (tn_msg_header(msg, TN_HDR_CONTENT_ENCODING, 0) != NULL) return true;
    const struct tn_hdr *disposition = tn_msg_header(msg, TN_HDR_CONTENT_DISPOSITION, 0);
    if (disposition != NULL) { /* RFC 3204 4: such a body may be passed over */
        tern_str params, handling;
        tn_str_cut(disposition->value, ';', &params);
        if (tn_params_get(params, TERN_STR("handling"), &handling) &&
            tn_str_ieq(handling, TERN_STR("optional"))) {
            return false;
        }
    }
    bool needs_sdp = msg->method == TN_METHOD_INVITE || msg->method == TN_METHOD_UPDATE;
    return needs_sdp && !tn_msg_has_body_type(msg, TERN_STR("application/sdp"));
}

static bool is_unknown(enum tn_method method)
{
    switch (method) {
    case TN_METHOD_INVITE:
    case TN_METHOD_ACK:
    case TN_METHOD_BYE:
    case TN_METHOD_CANCEL:
    case TN_METHOD_OPTIONS:
    case TN_METHOD_UPDATE:
    case TN_METHOD_INFO:
    case TN_METHOD_PRACK:
    case TN_METHOD_NOTIFY: return false; /* some of these only in a dialog: 481 */
    case TN_METHOD_OTHER:
    case TN_METHOD_REGISTER:
    case TN_METHOD_MESSAGE:
    case TN_METHOD_REFER:
    case TN_METHOD_SUBSCRIBE:
    case TN_METHOD_PUBLISH: return true;
    }
    return true;
}

/* sips: wants TLS on every hop (RFC 3261 26.2.2): ours is what it came by, whatever its Via says. */
static bool is_secure(const struct tern_endpoint *ep, const struct tn_effect *effect)
{
    const struct tn_flow *flow = tn_net_get(&ep->net, effect->flow);

    if (effect->msg->uri.scheme != TN_SCHEME_SIPS) return false;
    return flow && flow->key.transport == TERN_TRANSPORT_TLS;
}

/* 420, 415 … @return the status to refuse it with, with lines for the answer in `headers`; 0: fine. */
static unsigned check_request(const struct tern_endpoint *ep, const struct tn_effect *effect,
                              struct tn_buf *headers)
{
    const struct tn_msg *msg = effect->msg;

    if (msg->uri.scheme != TN_SCHEME_SIP && !is_secure(ep, effect)) return 416;
    if (is_unknown(msg->method)) { /* 8.2.1 comes before 8.2.2.3 */
        tn_buf_str(headers, TERN_STR(ALLOW_LINE));
        return 405;
    }
    if (requires_something(msg, headers)) return 420;
    bool invites = msg->method == TN_METHOD_INVITE;
    if (!invites && tn_msg_header(msg, TN_HDR_REPLACES, 0)) return 400; /* RFC 3891 3 */
    if (body_not_understood(msg)) {
        tn_buf_z(headers, ACCEPT_LINE "Accept-Encoding: identity\r\n");
        return 415;
    }
    return 0;
}

/* RFC 3261 11.2: as an INVITE would be answered, with our capabilities. */
static void answer_options(struct tern_endpoint *ep, const struct tn_effect *effect)
{
    if (ep->accounts.count > 0 && effect->msg->uri.user.len > 0 &&
        tn_account_for_request(ep, effect->msg) == NULL) {
        tn_ep_refuse(ep, effect->id, 404, (tern_str){NULL, 0});
        return;
    }
    struct tn_buf body;
    tn_buf_init(&body, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    const struct tn_flow *flow = tn_net_get(&ep->net, effect->flow);
    struct tn_offer_opts opts;
    tn_call_offer_opts(ep, &opts);
    if (flow) tn_offer_capabilities(&opts, flow->key.local, &body);

    char tag[TN_TAG_LEN];
    tn_random_token(&ep->ctx.random, tag, sizeof(tag));
    struct tn_response rsp = {
        .status = ep->calls_visible >= ep->max_calls ? 486 : 200,
        .to_tag = {tag, sizeof(tag)},
        .headers =
            TERN_STR(ALLOW_LINE ACCEPT_LINE "Accept-Encoding: identity\r\n"
                                            "Accept-Language: en\r\n" SUPPORTED_LINE RELIABLE_LINE),
        .content_type = TERN_STR("application/sdp"),
        .body = tn_buf_view(&body),
    };
    if (body.err || body.len == 0) rsp.content_type = rsp.body = (tern_str){NULL, 0};
    (void)!tn_server_respond(&ep->txns, effect->id, &rsp);
    tn_buf_fini(&body);
}

static void outside_dialog(struct tern_endpoint *ep, const struct tn_effect *effect)
{
    uint64_t merged = tn_server_merged(&ep->txns, effect->id);
    if (merged && tn_call_in_merged(ep, effect, merged)) return;
    if (merged) { /* RFC 3261 8.2.2.2 */
        tn_ep_refuse(ep, effect->id, 482, (tern_str){NULL, 0});
        return;
    }
    switch (effect->msg->method) {
    case TN_METHOD_INVITE:
        if (!tn_call_replaced_invite(ep, effect)) tn_call_in_invite(ep, effect);
        return;
    case TN_METHOD_OPTIONS: answer_options(ep, effect); return;
    case TN_METHOD_BYE:
    case TN_METHOD_UPDATE:
    case TN_METHOD_INFO:
    case TN_METHOD_PRACK:
    case TN_METHOD_NOTIFY: tn_ep_refuse(ep, effect->id, 481, (tern_str){NULL, 0}); return;
    case TN_METHOD_OTHER:
    case TN_METHOD_ACK:
    case TN_METHOD_CANCEL:
    case TN_METHOD_REGISTER:
    case TN_METHOD_MESSAGE:
    case TN_METHOD_REFER:
    case TN_METHOD_SUBSCRIBE:
    case TN_METHOD_PUBLISH: tn_ep_refuse(ep, effect->id, 405, TERN_STR(ALLOW_LINE)); return;
    }
}

static void in_lost_dialog(struct tern_endpoint *ep, const struct tn_effect *effect)
{
    if (tn_fork_request(ep, effect) || tn_call_replace_request(ep, effect)) return;
    tn_ep_refuse(ep, effect->id, 481, (tern_str){NULL, 0});
}

void tn_ep_request(struct tern_endpoint *ep, const struct tn_effect *effect)
{
    struct tn_buf headers;
    tn_buf_init(&headers, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    unsigned status = check_request(ep, effect, &headers);
    struct tn_call *call = tn_call_for_request(ep, effect->msg);
    if (status) {
        tn_ep_refuse(ep, effect->id, status, tn_buf_view(&headers));
    } else if (call) {
        tn_call_request(call, effect);
    } else if (effect->msg->to_tag.len > 0) {
        in_lost_dialog(ep, effect);
    } else if (ep->state == TN_ENDPOINT_STOPPING || ep->state == TN_ENDPOINT_STOPPED) {
        tn_ep_refuse(ep, effect->id, 480, (tern_str){NULL, 0});
    } else {
        outside_dialog(ep, effect);
    }
    tn_buf_fini(&headers);
}
