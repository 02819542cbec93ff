/* SPDX-License-Identifier: MIT */
/* A call over TLS is not led away from it: RFC 3261 8.1.3.4, RFC 5630 4. The server is a TLS engine. */
#include "base/alloc.h"
#include "base/str.h"
#include "crypto/cert.h"
#include "crypto/tls.h"
#include "tern_test.h"

#include <tern/tern.h>

static struct tern_endpoint *ep;
static tern_time now;
static struct tern_allocator memory;
static struct tn_tls_ctx *server_ctx;
static struct tn_tls *server;
static uint32_t stream;        /* to 10.0.0.7 */
static unsigned left;          /* messages and connections that went anywhere else */
static tern_addr led_to;       /* where the last of them went */
static unsigned ended, status; /* of the call */
static char inbox[8192];

static tern_addr addr(const char *text)
{
    tern_addr a;
    CHECK_EQ(tern_addr_parse(tn_str(text), &a), 0);
    return a;
}

static void make_server(void)
{
    struct tn_buf cert, key;
    const struct tn_cert_opts opts = {.days = 1};
    memory = tn_default_allocator();
    tn_buf_init(&cert, &memory, TN_CERT_PEM_MAX);
    tn_buf_init(&key, &memory, TN_CERT_PEM_MAX);
    CHECK_EQ(tn_cert_make(&opts, &cert, &key), 0);
    const struct tn_tls_opts tls = {.cert_pem = tn_buf_view(&cert), .key_pem = tn_buf_view(&key)};
    CHECK_EQ(tn_tls_ctx_new(&memory, &tls, &server_ctx), 0);
    CHECK_EQ(tn_tls_accept(server_ctx, &server), 0);
    tn_buf_fini(&cert);
    tn_buf_fini(&key);
}

static void go_elsewhere(tern_addr where)
{
    left++;
    led_to = where;
}

static void carry_out(const struct tern_output *out)
{
    switch (out->type) {
    case TERN_OUT_UDP_OPEN:
    case TERN_OUT_LISTEN:
        tern_socket_opened(ep, now, out->id, out->port ? out->port : 5060);
        return;
    case TERN_OUT_CONNECT:
        if (!tern_addr_same_host(out->remote, addr("10.0.0.7"))) {
            go_elsewhere(out->remote);
            return;
        }
        stream = out->id;
        tern_stream_opened(ep, now, out->id, out->local, out->remote);
        return;
    case TERN_OUT_WRITE: CHECK_EQ(tn_tls_receive(server, out->data.ptr, out->data.len), 0); return;
    case TERN_OUT_DATAGRAM: go_elsewhere(out->remote); return;
    case TERN_OUT_UDP_CLOSE:
    case TERN_OUT_UNLISTEN:
    case TERN_OUT_DISCONNECT:
    case TERN_OUT_RESOLVE: return;
    }
}

static void exchange(void)
{
    struct tern_output out;
    struct tern_event event;
    tern_str bytes;
    for (int i = 0; i < 20; i++) {
        while (tern_next_output(ep, &out))
            carry_out(&out);
        while (tern_next_event(ep, &event)) {
            if (event.type != TERN_EV_CALL_ENDED) continue;
            ended++;
            status = (unsigned)event.u.ended.status;
        }
        if (stream && tn_tls_take(server, &bytes)) {
            char copy[8192];
            CHECK(bytes.len <= sizeof(copy));
            memcpy(copy, bytes.ptr, bytes.len);
            CHECK_EQ(tern_stream_received(ep, now, stream, copy, bytes.len), 0);
        }
        now += TERN_MS(1);
        tern_advance(ep, now);
    }
    size_t len = strlen(inbox);
    len += tn_tls_read(server, inbox + len, sizeof(inbox) - 1 - len);
    inbox[len] = '\0';
}

static const char *line(const char *name)
{
    static char lines[8][512];
    static unsigned next;
    char *out = lines[next++ % 8];
    const char *at = strstr(inbox, name);
    CHECK(at != NULL);
    snprintf(out, sizeof(lines[0]), "%.*s", (int)strcspn(at, "\r"), at);
    return out;
}

static void begin(void)
{
    static struct tern_network network;
    struct tern_endpoint_opts opts;
    struct tern_account_opts account;
    struct tern_call_opts call;
    tern_account alice;
    tern_call made;
    now = TERN_SECONDS(1000);
    stream = left = ended = status = 0;
    inbox[0] = '\0';
    make_server();
    tern_endpoint_opts_init(&opts);
    opts.seed[0] = 1;
    opts.sip_port = 5060;
    opts.tls_no_verify = true;
    CHECK_EQ(tern_endpoint_new(&opts, &ep), 0);
    network.address_count = 1;
    network.addresses[0].addr = addr("10.0.1.1");
    network.addresses[0].prefix_len = 8;
    network.addresses[0].interface = 1;
    CHECK_EQ(tern_set_network(ep, now, &network), 0);
    CHECK_EQ(tern_endpoint_start(ep, now), 0);
    tern_account_opts_init(&account);
    account.uri = TERN_STR("sips:alice@10.0.1.1");
    CHECK_EQ(tern_account_add(ep, now, &account, &alice), 0);
    exchange();
    tern_call_opts_init(&call);
    call.account = alice;
    call.target = TERN_STR("sips:bob@10.0.0.7");
    CHECK_EQ(tern_call_make(ep, now, &call, &made), 0);
    exchange();
    CHECK(strncmp(inbox, "INVITE sips:bob@10.0.0.7 ", 25) == 0);
}

static void redirect(const char *contact)
{
    char text[2048];
    int len = snprintf(text, sizeof(text),
                       "SIP/2.0 302 Moved\r\n%s\r\n%s\r\n%s;tag=x\r\n%s\r\n%s\r\nContact: %s\r\n"
                       "Content-Length: 0\r\n\r\n",
                       line("Via: "), line("From: "), line("To: "), line("Call-ID: "),
                       line("CSeq: "), contact);
    CHECK_EQ(tn_tls_write(server, (tern_str){text, (size_t)len}), 0);
    exchange();
}

static void finish(void)
{
    tern_endpoint_free(ep);
    tn_tls_free(server);
    tn_tls_ctx_free(server_ctx);
}

static void a_call_over_tls_is_not_redirected_to_the_clear(void)
{
    static const char *const contacts[] = {"<sip:bob@10.0.0.8>", "<sip:bob@10.0.0.8;transport=tcp>",
                                           "<sip:bob@10.0.0.8>;q=1, <tel:123>"};
    for (size_t i = 0; i < sizeof(contacts) / sizeof(contacts[0]); i++) {
        begin();
        redirect(contacts[i]);
        CHECK_EQ(left, 0);
        CHECK_EQ(ended, 1);
        CHECK_EQ(status, 302);
        finish();
    }
}

static void it_is_redirected_to_another_place_with_tls(void)
{
    begin();
    redirect("<sip:bob@10.0.0.8>;q=1, <sips:bob@10.0.0.9>;q=0.1");
    CHECK_EQ(ended, 0);
    CHECK_EQ(left, 1);
    CHECK_EQ(led_to.ip[3], 9);
    CHECK_EQ(led_to.port, 5061);
    finish();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_call_over_tls_is_not_redirected_to_the_clear),
        TEST(it_is_redirected_to_another_place_with_tls),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
