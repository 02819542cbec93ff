/* SPDX-License-Identifier: MIT */
/* Flows and GRUUs, the server's side: RFC 5626 5 to 7, RFC 5627 5. */
#include "rig.h"

#include "base/str.h"

#define INSTANCE "\"<urn:uuid:00000000-0000-1000-8000-000a95a0e128>\""
#define PUBLIC   "sip:bob@" DOMAIN ";gr=urn:uuid:00000000-0000-1000-8000-000a95a0e128"

static struct rig rig;
static struct ua bob;

static void start(void)
{
    rig_start(&rig, (struct rig_opts){.no_auth = true});
    bob = (struct ua){.user = "bob", .address = BOB, .branch = "b"};
}

/* One flow of bob's phone. */
static const char *flow(const char *address, int reg_id, const char *more)
{
    static int calls;
    static char branch[16];
    char lines[512];
    snprintf(branch, sizeof(branch), "f%d", ++calls);
    struct ua ua = {.user = "bob", .address = address, .cseq = (unsigned)calls};
    memcpy(ua.branch, branch, sizeof(branch));
    snprintf(lines, sizeof(lines),
             "Supported: path, outbound, gruu\n"
             "Contact: <sip:bob@%s>;+sip.instance=" INSTANCE ";reg-id=%d%s\n",
             address, reg_id, more);
    return rig_register(&rig, &ua, lines);
}

static void invite(const char *uri)
{
    char text[1024];
    static int number;
    snprintf(text, sizeof(text),
             "INVITE %s SIP/2.0\nVia: SIP/2.0/UDP " ALICE ";branch=z9hG4bKo%d;rport\n"
             "From: <sip:alice@" DOMAIN ">;tag=al\nTo: <sip:bob@" DOMAIN ">\nCall-ID: call\n"
             "CSeq: 1 INVITE\nMax-Forwards: 70\nContact: <sip:alice@" ALICE ">\n"
             "Content-Length: 0\n\n",
             uri, ++number);
    rig_forget(&rig);
    rig_udp(&rig, ALICE, text);
}

static const char *param_of(const char *answer, const char *name)
{
    static char value[256];
    const char *at = strstr(answer, name);
    CHECK(at);
    at += strlen(name) + 2;
    snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\""), at);
    return value;
}

/* RFC 5626 7: never both flows of one instance at once; the newest first. */
static void a_call_goes_to_one_flow_of_a_phone_and_by_the_other_when_that_has_failed(void)
{
    start();
    CHECK(rig_has(flow(BOB, 1, ""), "Require: outbound\r\n"));
    rig_advance(&rig, TERN_SECONDS(1));
    flow(BOB_TOO, 2, "");
    CHECK_EQ(rig_bindings(&rig), 2);
    invite("sip:bob@" DOMAIN);
    const char *first = rig_expect(&rig, BOB_TOO, "INVITE ");
    rig_expect_nothing(&rig, BOB);
    rig_reply(&rig, BOB_TOO, first, "430 Flow Failed", "");
    const char *second = rig_expect(&rig, BOB, "INVITE ");
    rig_reply(&rig, BOB, second, "486 Busy Here", "");
    rig_expect(&rig, ALICE, "SIP/2.0 100");
    rig_expect(&rig, ALICE, "SIP/2.0 486");
    rig_stop(&rig);
}

/* The phone has lost the address that the INVITE went to, and says where it is. */
static void a_call_that_nobody_has_answered_follows_a_flow_that_is_recovered(void)
{
    start();
    flow(BOB, 1, "");
    invite("sip:bob@" DOMAIN);
    rig_expect(&rig, BOB, "INVITE ");
    flow(BOB_TOO, 1, "");
    const char *second = rig_expect(&rig, BOB_TOO, "INVITE ");
    rig_reply(&rig, BOB_TOO, second, "180 Ringing", "");
    flow(BOB, 1, ""); /* it rings: nothing follows any more */
    rig_expect_nothing(&rig, BOB_TOO);
    rig_stop(&rig);
}

static void a_call_that_a_phone_has_answered_by_its_old_way_is_not_a_loop_to_its_caller(void)
{
    static const struct {
        const char *older, *caller; /* what is said by the old way, and what the caller hears */
    } cases[] = {
        {"200 OK", "SIP/2.0 200"},
        {"486 Busy Here", "SIP/2.0 486"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int loop_first = 0; loop_first < 2; loop_first++) {
            start();
            flow(BOB, 1, "");
            invite("sip:bob@" DOMAIN);
            rig_expect(&rig, ALICE, "SIP/2.0 100");
            const char *first = rig_expect(&rig, BOB, "INVITE ");
            flow(BOB_TOO, 1, "");
            const char *second = rig_expect(&rig, BOB_TOO, "INVITE ");
            if (loop_first) rig_reply(&rig, BOB_TOO, second, "482 Loop Detected", "");
            rig_expect_nothing(&rig, ALICE);
            rig_reply(&rig, BOB_TOO, first, cases[i].older, "Contact: <sip:bob@" BOB_TOO ">\n");
            if (!loop_first && cases[i].older[0] != '2') {
                /* Both have said no: what the newer one says counts. */
                rig_reply(&rig, BOB_TOO, second, "486 Busy Here", "");
            }
            rig_expect(&rig, ALICE, cases[i].caller);
            rig_expect_nothing(&rig, ALICE);
            rig_stop(&rig);
        }
    }
}

/* By a connection of its own. */
static uint32_t connect_bob(const char *from)
{
    static int calls;
    char text[1024];
    uint32_t stream = rig_accept(&rig, from);
    calls++;
    snprintf(text, sizeof(text),
             "REGISTER sip:" DOMAIN " SIP/2.0\nVia: SIP/2.0/TCP %s;branch=z9hG4bKc%d\n"
             "From: <sip:bob@" DOMAIN ">;tag=1\nTo: <sip:bob@" DOMAIN ">\nCall-ID: c\n"
             "CSeq: %d REGISTER\nSupported: path, outbound\n"
             "Contact: <sip:bob@%s;transport=tcp>;+sip.instance=" INSTANCE ";reg-id=1\n"
             "Content-Length: 0\n\n",
             from, calls, calls, from);
    rig_tcp(&rig, stream, text);
    return stream;
}

/* RFC 5626 4.2, 5.3: its connection broke, and it registers anew. RFC 3261 16.9 else. */
static void a_call_waits_for_a_phone_whose_connection_broke(void)
{
    char to[32];
    for (int back = 0; back < 2; back++) {
        start();
        uint32_t stream = connect_bob("192.0.2.20:40000");
        snprintf(to, sizeof(to), "#%u", stream);
        invite("sip:bob@" DOMAIN);
        rig_expect(&rig, to, "INVITE ");
        rig_expect(&rig, ALICE, "SIP/2.0 100");
        rig_tcp_closed(&rig, stream);
        rig_advance(&rig, TERN_SECONDS(1));
        rig_expect_nothing(&rig, ALICE);
        if (back) {
            stream = connect_bob("192.0.2.20:40001");
            snprintf(to, sizeof(to), "#%u", stream);
            rig_expect(&rig, to, "SIP/2.0 200"); /* to its REGISTER */
            const char *again = rig_expect(&rig, to, "INVITE ");
            CHECK(rig_has(again, "sip:bob@192.0.2.20:40001;transport=tcp"));
        } else {
            rig_advance(&rig, TERN_SECONDS(4));
            rig_expect(&rig, ALICE, "SIP/2.0 500 No Way To The Next Hop");
        }
        rig_stop(&rig);
    }
}

static void a_first_hop_that_keeps_no_flows_is_refused(void)
{
    start();
    struct ua ua = {.user = "bob", .address = BOB, .branch = "x"};
    const char *answer =
        rig_register(&rig, &ua,
                     "Supported: path, outbound\nPath: <sip:edge.example.net;lr>\n"
                     "Contact: <sip:bob@" BOB ">;+sip.instance=" INSTANCE ";reg-id=1\n");
    CHECK(rig_has(answer, "SIP/2.0 439 "));
    answer = rig_register(&rig, &ua,
                          "Supported: path, outbound\nPath: <sip:edge.example.net;lr;ob>\n"
                          "Contact: <sip:bob@" BOB ">;+sip.instance=" INSTANCE ";reg-id=1\n");
    CHECK(rig_has(answer, "SIP/2.0 200 "));
    rig_stop(&rig);
}

static void a_public_gruu_leads_to_its_instance_alone(void)
{
    start();
    const char *answer = flow(BOB, 1, "");
    CHECK(strcmp(param_of(answer, ";pub-gruu"), PUBLIC) == 0);
    rig_register(&rig, &bob, "Contact: <sip:bob@192.0.2.99:5060>\n"); /* another phone */
    invite(PUBLIC);
    rig_expect(&rig, BOB, "INVITE sip:bob@" BOB " SIP/2.0");
    rig_expect_nothing(&rig, "192.0.2.99:5060");
    rig_stop(&rig);
}

static void a_gruu_of_who_is_not_registered_is_not_available(void)
{
    start();
    flow(BOB, 1, "");
    invite("sip:bob@" DOMAIN ";gr=urn:uuid:of-nobody");
    rig_expect(&rig, ALICE, "SIP/2.0 480");
    rig_stop(&rig);
}

/* RFC 5627 5.4: all of them hold, until the instance is gone. */
static void temporary_gruus_last_as_long_as_their_instance_is_registered(void)
{
    char first[256], second[256];
    start();
    snprintf(first, sizeof(first), "%s", param_of(flow(BOB, 1, ""), ";temp-gruu"));
    snprintf(second, sizeof(second), "%s", param_of(flow(BOB, 1, ""), ";temp-gruu"));
    CHECK(strcmp(first, second) != 0);
    CHECK(!rig_has(first, "bob"));
    invite(first);
    rig_expect(&rig, BOB, "INVITE ");
    invite(second);
    rig_expect(&rig, BOB, "INVITE ");
    flow(BOB, 1, ";expires=0");
    CHECK_EQ(rig_bindings(&rig), 0);
    invite(first);
    rig_expect(&rig, ALICE, "SIP/2.0 404");
    rig_stop(&rig);
}

int main(int argc, char **argv)
{
    const struct test tests[] = {
        TEST(a_call_goes_to_one_flow_of_a_phone_and_by_the_other_when_that_has_failed),
        TEST(a_call_that_nobody_has_answered_follows_a_flow_that_is_recovered),
        TEST(a_call_that_a_phone_has_answered_by_its_old_way_is_not_a_loop_to_its_caller),
        TEST(a_call_waits_for_a_phone_whose_connection_broke),
        TEST(a_first_hop_that_keeps_no_flows_is_refused),
        TEST(a_public_gruu_leads_to_its_instance_alone),
        TEST(a_gruu_of_who_is_not_registered_is_not_available),
        TEST(temporary_gruus_last_as_long_as_their_instance_is_registered),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
