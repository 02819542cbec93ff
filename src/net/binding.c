/* SPDX-License-Identifier: MIT */
/* The limited STUN server of RFC 5626 8; processing as in RFC 8489 6.3.1. Answers: keepalive.h. */
#include "net/binding.h"

#include "net/admit.h"
#include "net/impl.h"
#include "wire/stun/stun.h"

enum { ANSWER_MAX = 128, UNKNOWN_ATTRIBUTE = 420 };

/* Asks or tells us something that this usage knows. */
static bool concerns_us(struct tn_flow_impl *f, const struct tn_stun *msg)
{
    if (msg->kind == TN_STUN_SUCCESS || msg->kind == TN_STUN_ERROR)
        return f && tn_keep_response(f, msg);
    return msg->method == TN_STUN_BINDING;
}

static void print_answer(struct tn_buf *buf, const struct tn_stun *req, tern_addr remote)
{
    uint16_t unknown[TN_STUN_UNKNOWN_MAX];
    struct tn_stun answer = *req;
    size_t count = tn_stun_unknown(req, unknown, TN_STUN_UNKNOWN_MAX);

    answer.kind = count > 0 ? TN_STUN_ERROR : TN_STUN_SUCCESS;
    tn_stun_print_header(buf, &answer);
    if (count > 0) {
        tn_stun_print_error(buf, UNKNOWN_ATTRIBUTE, (tern_str){NULL, 0});
        tn_stun_print_unknown(buf, unknown, count);
    } else {
        tn_stun_print_address(buf, TN_STUN_XOR_MAPPED_ADDRESS, remote);
    }
    /* Who tells STUN from other things by it throws away what has none (RFC 8489 7). */
    if (req->fingerprint) tn_stun_print_fingerprint(buf);
}

static void answer(struct tn_net *net, const struct tn_flow_key *key, const struct tn_stun *req)
{
    char space[ANSWER_MAX];
    struct tn_buf buf;
    tern_str text;

    tn_buf_fixed(&buf, space, sizeof(space));
    print_answer(&buf, req, key->remote);
    if (tn_buf_end(&buf, &text) == 0) tn_udp_reply(net, key, text);
}

/* Before it is read: a fingerprint costs nanoseconds a byte, and strangers are to cost little. */
static bool may_be_read(struct tn_net *net, bool known, tern_str datagram)
{
    if (datagram.len > TN_BINDING_MAX) return false;
    return known ||
           tn_pace(net->ctx->now, &net->impl->bindings_due, TN_BINDING_INTERVAL, TN_BINDING_BURST);
}

void tn_binding_receive(struct tn_net *net, const struct tn_flow_key *key, tern_str datagram)
{
    struct tn_flow_impl *f = tn_flow_find(net, key);
    struct tn_stun msg;

    if (!may_be_read(net, f != NULL, datagram) || tn_stun_parse(datagram, &msg) != 0 ||
        !concerns_us(f, &msg)) {
        net->ctx->stats.messages_dropped++;
        return;
    }
    if (f) tn_udp_heard(net, key);
    if (msg.kind == TN_STUN_REQUEST) answer(net, key, &msg);
}
