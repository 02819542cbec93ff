/* SPDX-License-Identifier: MIT */
/* Requests outside any dialog: RFC 3261 8.2, 11.2, and the INVITEs that make no sense. */
#include "peer.h"

#define ALICE "10.0.0.1"

static struct world world;
static struct host *alice, *peer;

static void few_calls(struct tern_endpoint_opts *opts)
{
    opts->max_calls = 2;
}

static void meet(void)
{
    world_start(&world, TERN_MS(10));
    alice = world_host(&world, "alice", ALICE, few_calls);
    peer = peer_new(&world, "10.0.0.7");
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    host_account(alice, "sip:alice@10.0.0.1", NULL, NULL);
    world_run(&world, TERN_MS(1));
}

static void part(void)
{
    host_rests(alice);
    world_end(&world);
}

/* The last response, after what was said has come and been answered. */
static const char *answer(void)
{
    world_run(&world, TERN_MS(50));
    return peer_last(peer, "SIP/2.0 ");
}

static bool is(const char *response, const char *status)
{
    if (response && strncmp(response + 8, status, strlen(status)) == 0) return true;
    fprintf(stderr, "%.40s, want %s\n", response ? response : "nothing", status);
    return false;
}

/* RFC 3261 11.2 */
static void options_says_what_we_can_do(void)
{
    meet();
    peer_outside(peer, ALICE, "OPTIONS", NULL, NULL);
    const char *ok = answer();
    CHECK(is(ok, "200"));
    static const char *const methods[] = {"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "UPDATE"};
    for (size_t i = 0; i < 6; i++)
        CHECK(strstr(peer_header(ok, "Allow"), methods[i]) != NULL);
    CHECK(strstr(peer_header(ok, "Accept"), "application/sdp") != NULL);
    CHECK(strstr(ok, "\r\nSupported:") != NULL);
    CHECK(strstr(ok, "\r\nAccept-Encoding:") != NULL);
    CHECK(strstr(ok, "\r\nAccept-Language:") != NULL);
    CHECK(strstr(peer_header(ok, "To"), ";tag=") != NULL);
    CHECK(strstr(peer_body(ok), "m=audio") != NULL);
    CHECK(strstr(peer_body(ok), "telephone-event") != NULL);
    CHECK_EQ(strtol(peer_header(ok, "Content-Length"), NULL, 10), (long)strlen(peer_body(ok)));
    part();
}

static void what_we_cannot_do_is_refused_by_the_book(void)
{
    static const struct {
        const char *method, *headers, *body, *status;
    } cases[] = {
        {"NONSENSE", NULL, NULL, "405"},
        {"REGISTER", NULL, NULL, "405"},
        {"MESSAGE", NULL, NULL, "405"},
        {"SUBSCRIBE", NULL, NULL, "405"},
        {"REFER", NULL, NULL, "405"},
        {"PUBLISH", NULL, NULL, "405"},
        {"BYE", NULL, NULL, "481"},
        {"UPDATE", NULL, NULL, "481"},
        {"INFO", NULL, NULL, "481"},
        {"PRACK", NULL, NULL, "481"},
        {"NOTIFY", NULL, NULL, "481"},
        {"INVITE", "Require: foo, bar\r\n", NULL, "420"},
        {"OPTIONS", "Require: foo\r\n", NULL, "420"},
        {"OPTIONS", "Proxy-Require: foo\r\n", NULL, "200"}, /* for proxies */
        {"INVITE", "Content-Encoding: gzip\r\n", PEER_SDP, "415"},
        {"INVITE", "Content-Type: text/plain\r\n", "hello", "415"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        meet();
        peer_outside(peer, ALICE, cases[i].method, cases[i].headers, cases[i].body);
        const char *response = answer();
        if (!is(response, cases[i].status)) fprintf(stderr, "case %zu\n", i);
        CHECK(is(response, cases[i].status));
        if (strcmp(cases[i].status, "405") == 0) {
            CHECK(strstr(peer_header(response, "Allow"), "INVITE") != NULL);
        }
        if (strcmp(cases[i].status, "415") == 0) {
            CHECK(strstr(peer_header(response, "Accept"), "application/sdp") != NULL);
        }
        CHECK_EQ(alice->incoming,
                 strcmp(cases[i].method, "INVITE") == 0 && strcmp(cases[i].status, "200") == 0);
        if (i == 11) {
            CHECK(strcmp(peer_header(response, "Unsupported"), "foo, bar") == 0);
        }
        if (alice->incoming) CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
        part();
    }
}

/* RFC 3204 4, 3261 20.11: what may be passed over is passed over, as if there were no body. */
static void a_body_that_is_optional_is_passed_over(void)
{
    static const char *const types[] = {
        "Content-Type: text/plain\r\nContent-Disposition: session;handling=optional\r\n",
        "Content-Type: application/isup;version=x\r\nContent-Disposition: signal; "
        "handling=optional\r\n",
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        meet();
        peer_invite(peer, ALICE, types[i], "hello");
        world_run(&world, TERN_MS(50));
        CHECK_EQ(alice->incoming, 1);
        const char *ok = peer_last(peer, "SIP/2.0 200");
        CHECK(ok != NULL);
        CHECK(strstr(peer_body(ok), "m=audio") != NULL); /* our offer, as for an empty INVITE */
        peer_form(peer, ok);
        peer_ack(peer, PEER_SDP);
        world_run(&world, TERN_MS(50));
        CHECK_EQ(alice->answered, 1);
        peer_request(peer, "INFO", types[i], "hello");
        peer_request(peer, "UPDATE", types[i], "hello");
        world_run(&world, TERN_MS(50));
        CHECK(strstr(peer_header(peer_last(peer, "SIP/2.0 200"), "CSeq"), "UPDATE") != NULL);
        CHECK_EQ(strlen(peer_body(peer_last(peer, "SIP/2.0 200"))), 0);
        peer_request(peer, "BYE", NULL, NULL);
        world_run(&world, TERN_MS(50));
        part();
    }
}

static void say(const char *uri, const char *branch, const char *extra, const char *type,
                const char *body)
{
    static char text[8192];
    tern_addr far;
    CHECK_EQ(tern_addr_parse(TERN_STR("10.0.0.1:5060"), &far), 0);
    peer_of(peer)->far = far;
    snprintf(text, sizeof(text),
             "INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bK%s\r\n"
             "Max-Forwards: 70\r\nFrom: <sip:peer@10.0.0.7>;tag=p\r\nTo: <sip:alice@10.0.0.1>\r\n"
             "Call-ID: one\r\nCSeq: 1 INVITE\r\n%s%s%s%sContent-Length: %zu\r\n\r\n%s",
             uri, branch, extra, type ? "Content-Type: " : "", type ? type : "", type ? "\r\n" : "",
             strlen(body), body);
    peer_say(peer, text);
}

#define CONTACT "Contact: <sip:peer@10.0.0.7>\r\n"
#define HEAD    "v=0\r\no=- 1 1 IN IP4 10.0.0.7\r\ns=-\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\n"

static void an_invite_that_makes_no_sense_is_refused_and_leaves_nothing(void)
{
    static const struct {
        const char *uri, *extra, *type, *body, *status;
    } cases[] = {
        {"sip:alice@10.0.0.1", CONTACT, "application/sdp", "hello", "4"},
        {"sip:alice@10.0.0.1", CONTACT, "application/sdp", "v=0\r\n", "4"},
        {"sip:alice@10.0.0.1", CONTACT, "application/sdp", HEAD, "488"},
        {"sip:alice@10.0.0.1", CONTACT, "application/sdp", HEAD "m=audio 0 RTP/AVP 8\r\n", "488"},
        {"sip:alice@10.0.0.1", CONTACT, "application/sdp", HEAD "m=audio 9999 RTP/AVP 3\r\n",
         "488"},
        {"sip:alice@10.0.0.1", CONTACT, "application/sdp", HEAD "m=video 9999 RTP/AVP 8\r\n",
         "488"},
        {"sip:alice@10.0.0.1", CONTACT, "application/sdp", HEAD "m=audio 99999 RTP/AVP 8\r\n", "4"},
        {"sip:alice@10.0.0.1", CONTACT, "application/sdp", HEAD "m=audio 9999 RTP/SAVP 8\r\n",
         "488"},
        {"sip:alice@10.0.0.1", CONTACT, "application/sdp", "v=1\r\no=\r\nm=\r\na\r\n", "4"},
        {"sip:alice@10.0.0.1", CONTACT, "application/sdp",
         "v=0\r\no=- 1 1 IN IP4 10.0.0.7\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n", "4"},
        {"sip:alice@10.0.0.1", CONTACT, "application/sdp",
         "v=0\r\no=- 1 1 IN IP4 x\r\ns=-\r\nc=IN IP4 host.invalid\r\nt=0 0\r\n"
         "m=audio 4000 RTP/AVP 8\r\n",
         "4"},
        {"sip:alice@10.0.0.1", CONTACT, "text/plain", "hello", "415"},
        {"sip:alice@10.0.0.1", CONTACT, NULL, HEAD, "4"},
        {"sip:alice@10.0.0.1", "", "application/sdp", PEER_SDP, "400"},
        {"tel:+123", CONTACT, "application/sdp", PEER_SDP, "416"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        meet();
        say(cases[i].uri, "x", cases[i].extra, cases[i].type, cases[i].body);
        const char *response = answer();
        if (!is(response, cases[i].status)) fprintf(stderr, "case %zu\n", i);
        CHECK(is(response, cases[i].status));
        CHECK_EQ(alice->incoming, 0);
        struct tern_stats stats;
        tern_get_stats(alice->ep, &stats);
        CHECK_EQ(stats.calls, 0);
        part();
    }
}

/* RFC 3261 8.2.2.2 */
static void the_same_invite_by_two_ways_is_482(void)
{
    meet();
    say("sip:alice@10.0.0.1", "one", CONTACT, "application/sdp", PEER_SDP);
    say("sip:alice@10.0.0.1", "two", CONTACT, "application/sdp", PEER_SDP);
    answer();
    CHECK_EQ(peer_count(peer, "SIP/2.0 482"), 1);
    CHECK(strstr(peer_header(peer_last(peer, "SIP/2.0 482"), "Via"), "two") != NULL);
    CHECK_EQ(alice->incoming, 1);
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    part();
}

static void a_repeated_invite_is_one_call(void)
{
    meet();
    for (int i = 0; i < 5; i++)
        say("sip:alice@10.0.0.1", "one", CONTACT, "application/sdp", PEER_SDP);
    answer();
    CHECK_EQ(alice->incoming, 1);
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    part();
}

static void a_call_too_many_is_486(void)
{
    meet();
    for (int i = 0; i < 3; i++) {
        peer_invite(peer, ALICE, NULL, PEER_SDP);
        answer();
    }
    CHECK_EQ(alice->incoming, 2);
    CHECK_EQ(peer_count(peer, "SIP/2.0 486"), 1);
    peer_outside(peer, ALICE, "OPTIONS", NULL, NULL);
    CHECK(is(answer(), "486")); /* RFC 3261 11.2: as an INVITE would be answered */
    struct tern_call_opts opts;
    tern_call call;
    tern_call_opts_init(&opts);
    opts.account = alice->account;
    opts.target = TERN_STR("sip:x@10.0.0.7");
    CHECK_EQ(tern_call_make(alice->ep, world.now, &opts, &call), TERN_ELIMIT);
    while ((call = tern_call_next(alice->ep, (tern_call){0})).id != 0)
        CHECK_EQ(tern_call_hangup(alice->ep, world.now, call, 0), 0);
    part();
}

static void whose_call_it_is(void)
{
    static const struct {
        const char *uri, *other;
        bool taken;
    } cases[] = {
        {"sip:alice@10.0.0.1", NULL, true},
        {"sip:mallory@10.0.0.1", NULL, true}, /* To has alice, and she is alone */
        {"sip:carol@10.0.0.1", "sip:carol@x.example", true},
        {"sip:10.0.0.1", "sip:carol@x.example", true}, /* by To */
        {"sips:alice@10.0.0.1", NULL, false},          /* 416: there is no TLS on this hop */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        meet();
        if (cases[i].other) {
            tern_account first = alice->account;
            host_account(alice, cases[i].other, NULL, NULL);
            alice->account = first;
        }
        say(cases[i].uri, "x", CONTACT, "application/sdp", PEER_SDP);
        answer();
        CHECK_EQ(alice->incoming, cases[i].taken);
        if (alice->incoming) CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
        part();
    }
}

/* "sips:" means TLS on this hop too: what counts is how it came, not what its Via says. */
static void a_via_that_says_tls_is_not_tls(void)
{
    meet();
    peer_outside(peer, ALICE, "OPTIONS", NULL, NULL); /* so that it knows whom it talks to */
    (void)answer();
    peer_say(peer, "OPTIONS sips:alice@10.0.0.1 SIP/2.0\r\n"
                   "Via: SIP/2.0/TLS 10.0.0.7:5060;branch=z9hG4bKsaid;rport\r\n"
                   "Max-Forwards: 70\r\nFrom: <sip:x@x.example>;tag=1\r\n"
                   "To: <sips:alice@10.0.0.1>\r\nCall-ID: said\r\nCSeq: 1 OPTIONS\r\n"
                   "Content-Length: 0\r\n\r\n");
    CHECK(is(answer(), "416"));
    part();
}

static void rubbish_is_dropped_and_counted(void)
{
    static const char *const rubbish[] = {
        "",
        "\r\n\r\n",
        "x",
        "INVITE",
        "INVITE sip:",
        "SIP/2.0 200 OK\r\n\r\n",
        "\x80\x81",
        "GET / HTTP/1.1\r\n\r\n",
        "INVITE sip:alice@10.0.0.1 SIP/2.0\r\n\r\n",
        "INVITE sip:alice@10.0.0.1 SIP/2.0\r\nVia: \r\nFrom: \r\n\r\n",
        ("ACK sip:alice@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.7;branch=z9hG4bKa\r\n"
         "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 ACK\r\n\r\n"),
    };
    meet();
    tern_addr far;
    CHECK_EQ(tern_addr_parse(TERN_STR("10.0.0.1:5060"), &far), 0);
    for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
        peer_of(peer)->far = far;
        peer_say(peer, rubbish[i]);
        world_run(&world, TERN_MS(30));
    }
    CHECK_EQ(alice->incoming, 0);
    struct tern_stats stats;
    tern_get_stats(alice->ep, &stats);
    CHECK(stats.messages_dropped > 0);
    peer_outside(peer, ALICE, "OPTIONS", NULL, NULL);
    CHECK(is(answer(), "200"));
    part();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(options_says_what_we_can_do),
        TEST(what_we_cannot_do_is_refused_by_the_book),
        TEST(a_body_that_is_optional_is_passed_over),
        TEST(an_invite_that_makes_no_sense_is_refused_and_leaves_nothing),
        TEST(the_same_invite_by_two_ways_is_482),
        TEST(a_repeated_invite_is_one_call),
        TEST(a_call_too_many_is_486),
        TEST(whose_call_it_is),
        TEST(a_via_that_says_tls_is_not_tls),
        TEST(rubbish_is_dropped_and_counted),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
