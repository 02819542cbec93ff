/* SPDX-License-Identifier: MIT */
/*
 * How fast messages are written: an INVITE with its description and credentials, its answers, and
 * the description alone. Prints rates and the machine, judges nothing.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "measure.h"
#include "txn/request_impl.h"
#include "txn/txn_impl.h"
#include "wire/sdp/sdp.h"

#define SAMPLES 5
#define SECONDS 0.2

static const char description[] = "v=0\r\n"
                                  "o=- 2890844526 2890844526 IN IP4 192.0.2.101\r\n"
                                  "s=-\r\n"
                                  "c=IN IP4 192.0.2.101\r\n"
                                  "t=0 0\r\n"
                                  "m=audio 49172 RTP/AVP 8 0 101\r\n"
                                  "a=rtpmap:8 PCMA/8000\r\n"
                                  "a=rtpmap:0 PCMU/8000\r\n"
                                  "a=rtpmap:101 telephone-event/8000\r\n"
                                  "a=fmtp:101 0-15\r\n"
                                  "a=ptime:20\r\n"
                                  "a=sendrecv\r\n";

static const char invite[] =
    "INVITE sip:alice@192.0.2.101:5060 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP proxy.example.com:5060;branch=z9hG4bK2d4790.1;rport\r\n"
    "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK74bf9;rport=5060;received=198.51.100.7\r\n"
    "Record-Route: <sip:proxy.example.com;lr>\r\n"
    "Max-Forwards: 69\r\n"
    "From: \"Bob\" <sip:bob@biloxi.example.com>;tag=9fxced76sl\r\n"
    "To: \"Alice\" <sip:alice@atlanta.example.com>\r\n"
    "Call-ID: 3848276298220188511@biloxi.example.com\r\n"
    "CSeq: 2 INVITE\r\n"
    "Contact: <sip:bob@198.51.100.7:5060>\r\n"
    "Content-Length: 0\r\n\r\n";

static struct {
    struct tn_ctx ctx;
    struct tn_net net;
    struct tn_txns txns;
    struct tn_auth auth;
    struct tn_request request;
    struct tn_flow flow;
    struct tn_msg *msg;
    struct tn_arena arena;
    struct tn_sdp sdp;
    tern_addr remote;
} bench;

static void start(void)
{
    static const uint8_t seed[32] = {1};
    static const char challenge[] = "SIP/2.0 407 Proxy Authentication Required\r\n"
                                    "Via: SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bK74bf9\r\n"
                                    "From: <sip:alice@atlanta.example.com>;tag=1\r\n"
                                    "To: <sip:bob@biloxi.example.com>;tag=2\r\n"
                                    "Call-ID: 1\r\n"
                                    "CSeq: 1 INVITE\r\n"
                                    "Proxy-Authenticate: Digest realm=\"atlanta.example.com\", "
                                    "qop=\"auth\", nonce=\"f84f1cec41e6cbe5aea9c8e88d359\", "
                                    "algorithm=SHA-256\r\n"
                                    "Content-Length: 0\r\n\r\n";
    const struct tn_net_opts opts = {.port = 5060, .no_tcp = true};
    const struct tn_credentials credentials = {TERN_STR("alice"), TERN_STR("secret"), {NULL, 0}};
    struct tn_msg *msg;

    require(tn_ctx_init(&bench.ctx, NULL, seed) == 0, "context");
    require(tn_net_init(&bench.net, &bench.ctx, &opts) == 0, "net");
    require(tn_txns_init(&bench.txns, &bench.ctx, &bench.net, TERN_STR("Tern")) == 0, "txns");
    require(tn_auth_init(&bench.auth, &bench.ctx, &credentials) == 0, "credentials");
    require(tern_addr_parse(TERN_STR("192.0.2.101"), &bench.flow.key.local) == 0, "address");
    require(tern_addr_parse(TERN_STR("198.51.100.7:5060"), &bench.remote) == 0, "address");
    bench.flow.key.transport = TERN_TRANSPORT_UDP;
    bench.net.udp_port = 5060;

    tern_str text = {challenge, sizeof(challenge) - 1};
    require(tn_msg_parse(&bench.ctx.alloc, text, &msg) == 0, "challenge");
    require(tn_auth_challenge(&bench.auth, msg, 0) == TN_AUTH_RETRY, "challenge");
    tn_msg_unref(msg);
    text = (tern_str){invite, sizeof(invite) - 1};
    require(tn_msg_parse(&bench.ctx.alloc, text, &bench.msg) == 0, "request");
    text = (tern_str){description, sizeof(description) - 1};
    tn_arena_init(&bench.arena, &bench.ctx.alloc, 65536, NULL, 0);
    require(tn_sdp_parse(&bench.arena, text, &bench.sdp) == 0, "description");

    bench.request.txns = &bench.txns;
    bench.request.opts = (struct tn_request_opts){
        .method = TN_METHOD_INVITE,
        .uri = TERN_STR("sip:bob@biloxi.example.com"),
        .from = TERN_STR("\"Alice\" <sip:alice@atlanta.example.com>;tag=9fxced76sl"),
        .to = TERN_STR("<sip:bob@biloxi.example.com>"),
        .call_id = TERN_STR("3848276298220188511"),
        .route = TERN_STR("<sip:proxy.atlanta.example.com;lr>"),
        .headers = TERN_STR("Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, UPDATE\r\n"
                            "Supported: replaces\r\n"),
        .content_type = TERN_STR("application/sdp"),
        .body = {description, sizeof(description) - 1},
    };
    bench.request.parts.contact = TERN_STR("<sip:alice@192.0.2.101:5060>");
}

static void end(void)
{
    tn_arena_fini(&bench.arena);
    tn_msg_unref(bench.msg);
    tn_auth_fini(&bench.auth);
    tn_txns_fini(&bench.txns);
    tn_net_fini(&bench.net);
    tn_ctx_fini(&bench.ctx);
}

static int put_invite(struct tn_buf *out)
{
    char rest[4096];
    struct tn_buf buf;
    struct tn_request_text text = {.start_line =
                                       TERN_STR("INVITE sip:bob@biloxi.example.com SIP/2.0")};

    tn_buf_fixed(&buf, rest, sizeof(rest));
    int err = tn_put_request_rest(&bench.request, 2, &buf);
    text.rest = tn_buf_view(&buf);
    return err ? err : tn_put_request(&bench.txns, &bench.flow, &text, out);
}

static int put_plain(struct tn_buf *out)
{
    bench.request.opts.auth = NULL;
    return put_invite(out);
}

static int put_authorised(struct tn_buf *out)
{
    bench.request.opts.auth = &bench.auth;
    return put_invite(out);
}

static int put_ringing(struct tn_buf *out)
{
    const struct tn_response rsp = {.status = 180,
                                    .to_tag = TERN_STR("8321234356"),
                                    .contact = TERN_STR("<sip:alice@192.0.2.101:5060>"),
                                    .record_route = true};
    return tn_put_response(&bench.txns, bench.msg, bench.remote, &rsp, out);
}

static int put_ok(struct tn_buf *out)
{
    const struct tn_response rsp = {.status = 200,
                                    .to_tag = TERN_STR("8321234356"),
                                    .contact = TERN_STR("<sip:alice@192.0.2.101:5060>"),
                                    .headers = TERN_STR("Allow: INVITE, ACK, CANCEL, BYE\r\n"),
                                    .content_type = TERN_STR("application/sdp"),
                                    .body = {description, sizeof(description) - 1},
                                    .record_route = true};
    return tn_put_response(&bench.txns, bench.msg, bench.remote, &rsp, out);
}

static int put_description(struct tn_buf *out)
{
    tern_str text;
    tn_sdp_print(&bench.sdp, out);
    return tn_buf_end(out, &text);
}

static void measure(const char *name, int (*put)(struct tn_buf *out))
{
    char bytes[8192];
    struct samples each = {0};
    struct tn_buf buf;

    for (int i = 0; i < SAMPLES; i++) {
        unsigned long count = 0;
        double began = cpu_now(), spent;
        do {
            for (int k = 0; k < 1000; k++, count++) {
                tn_buf_fixed(&buf, bytes, sizeof(bytes));
                require(put(&buf) == 0, name);
            }
            spent = cpu_now() - began;
        } while (spent < SECONDS);
        samples_add(&each, spent / (double)count);
    }
    printf("%-28s %5zu bytes ", name, buf.len);
    samples_print(&each, 1e6, 3);
    printf(" us each  %5.2f million/s\n", 1e-6 / samples_median(&each));
}

int main(void)
{
    print_machine();
    printf("median of %d samples (least to most)\n", SAMPLES);
    start();
    measure("INVITE", put_plain);
    measure("INVITE, digest with SHA-256", put_authorised);
    measure("180", put_ringing);
    measure("200 with description", put_ok);
    measure("description", put_description);
    end();
    return 0;
}
