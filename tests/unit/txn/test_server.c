/* SPDX-License-Identifier: MIT */
/* Server transactions as a user agent and a proxy use them. */
#include <tern/err.h>

#include "pair.h"
#include "txn/limits.h"
#include "txn/timing.h"

static const char invite[] =
    "INVITE sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKi\r\n"
    "Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\nRecord-Route: <sip:p3;lr>\r\nTimestamp: 54.2\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: 1\r\n"
    "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";

static const char cancel[] =
    "CANCEL sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKi\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: 1\r\n"
    "CSeq: 1 CANCEL\r\nContent-Length: 0\r\n\r\n";

static const char ack[] =
    "ACK sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKi\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>;tag=x\r\nCall-ID: 1\r\n"
    "CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n";

static const char forwarded[] =
    "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKi\r\n"
    "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>;tag=far\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
    "Content-Length: 0\r\n\r\n";

static uint64_t take(const char *text)
{
    inject(&bob, "192.0.2.1:5060", text);
    const struct tn_effect *effect = last_record(&bob, TN_EFFECT_REQUEST);
    return effect ? effect->id : 0;
}

static void an_answer_that_forms_a_dialog_has_the_route_contact_and_body(void)
{
    pair_open();
    uint64_t id = take(invite);
    const struct tn_response rsp = {.status = 200,
                                    .reason = TERN_STR("Fine"),
                                    .to_tag = TERN_STR("b1"),
                                    .contact = TERN_STR("<sip:bob@192.0.2.2>"),
                                    .headers = TERN_STR("Supported: timer\r\n"),
                                    .content_type = TERN_STR("application/sdp"),
                                    .body = TERN_STR("v=0\r\n"),
                                    .record_route = true};
    CHECK_EQ(tn_server_respond(&bob.txns, id, &rsp), 0);
    pump();
    CHECK(strcmp(bob.last,
                 "SIP/2.0 200 Fine\r\n"
                 "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKi\r\n"
                 "Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\nRecord-Route: <sip:p3;lr>\r\n"
                 "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>;tag=b1\r\nCall-ID: 1\r\n"
                 "CSeq: 1 INVITE\r\nContact: <sip:bob@192.0.2.2>\r\n"
                 "Supported: timer\r\nServer: Tern/test\r\n"
                 "Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n") == 0);
    pair_close();
}

/* RFC 3261 8.2.6.1 */
static void the_100_carries_the_timestamp_back(void)
{
    pair_open();
    take(invite);
    pass(TERN_MS(200));
    CHECK(last_has(&bob, "SIP/2.0 100 Trying\r\n"));
    CHECK(last_has(&bob, "Timestamp: 54.2\r\n"));
    CHECK(last_has(&bob, "To: <sip:b@b>\r\n"));
    pair_close();
}

static void what_a_transaction_tells_goes_to_its_owner(void)
{
    const struct tn_owner owner = {TN_OWNER_CALL, 3, 33};
    const struct tn_response ringing = {.status = 180}, busy = {.status = 486};
    pair_open();
    uint64_t id = take(invite);
    tn_server_set_owner(&bob.txns, id, owner);
    CHECK_EQ(tn_server_request(&bob.txns, id)->cseq.number, 1);
    CHECK(tn_net_get(&bob.net, tn_server_flow(&bob.txns, id)));
    CHECK_EQ(tn_server_respond(&bob.txns, id, &ringing), 0);
    inject(&bob, "192.0.2.1:5060", cancel);
    CHECK_EQ(last_record(&bob, TN_EFFECT_CANCELLED)->owner.id, 33);
    CHECK_EQ(last_record(&bob, TN_EFFECT_CANCELLED)->id, id);
    CHECK_EQ(tn_server_find_invite(&bob.txns, last_record(&bob, TN_EFFECT_CANCELLED)->msg), id);
    CHECK_EQ(tn_server_respond(&bob.txns, id, &busy), 0);
    pass(TERN_SECONDS(33));
    CHECK_EQ(last_record(&bob, TN_EFFECT_SERVER_TIMEOUT)->owner.tag, 3);
    CHECK_EQ(count_records(&bob, TN_EFFECT_SERVER_ENDED), 2); /* the CANCEL's too */
    CHECK(!tn_server_request(&bob.txns, id));
    CHECK_EQ(tn_server_flow(&bob.txns, id), 0);
    CHECK_EQ(tn_server_respond(&bob.txns, id, &busy), TERN_ESTALE);
    CHECK_EQ(tn_server_forward(&bob.txns, id, 200, tn_str(forwarded)), TERN_ESTALE);
    pair_close();
}

/* RFC 6026 7.1: further 2xx pass, nothing else does. */
static void a_proxy_forwards_answers_byte_for_byte(void)
{
    pair_open();
    uint64_t id = take(invite);
    CHECK_EQ(tn_server_repeat(&bob.txns, id), TERN_ESTATE);
    CHECK_EQ(tn_server_forward(&bob.txns, id, 99, tn_str(forwarded)), TERN_EINVAL);
    CHECK_EQ(tn_server_forward(&bob.txns, id, 200, tn_str("")), TERN_EINVAL);
    CHECK_EQ(tn_server_forward(&bob.txns, id, 200, tn_str(forwarded)), 0);
    CHECK_EQ(tn_server_forward(&bob.txns, id, 200, tn_str(forwarded)), 0);
    pump();
    CHECK(strcmp(bob.last, forwarded) == 0);
    CHECK_EQ(bob.sent, 2);
    CHECK_EQ(count_records(&alice, TN_EFFECT_STRAY_RESPONSE), 2);
    CHECK_EQ(tn_server_forward(&bob.txns, id, 486, tn_str(forwarded)), TERN_ESTATE);
    pair_close();
}

static void unknown_methods_are_told_apart(void)
{
    static const char text[] =
        "%s sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKi\r\n"
        "Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: 1\r\n"
        "CSeq: 1 %s\r\nContent-Length: 0\r\n\r\n";
    char one[500], two[500];

    snprintf(one, sizeof(one), text, "ONE", "ONE");
    snprintf(two, sizeof(two), text, "TWO", "TWO");
    pair_open();
    uint64_t first = take(one);
    CHECK(take(two) != first);
    take(one);
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 2);
    pair_close();
}

/* Over the limit: 503 from the request alone; a CANCEL is still answered and still counts. */
static void an_overload_is_answered_without_memory(void)
{
    pair_open();
    uint64_t id = take(invite);
    bob.txns.servers.limit = bob.txns.servers.cap;
    for (uint32_t i = 1; i <= bob.txns.servers.cap; i++) {
        char text[600];
        snprintf(text, sizeof(text),
                 "OPTIONS sip:b@192.0.2.2 SIP/2.0\r\n"
                 "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK%u\r\nMax-Forwards: 70\r\n"
                 "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: %u\r\n"
                 "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
                 (unsigned)i, (unsigned)i);
        take(text);
    }
    CHECK_EQ(bob.txns.servers.count, bob.txns.servers.limit);
    CHECK_EQ(bob.sent, 1);
    CHECK(last_has(&bob, "SIP/2.0 503 "));
    inject(&bob, "192.0.2.1:5060", cancel);
    CHECK(last_has(&bob, "SIP/2.0 200 OK"));
    CHECK_EQ(last_record(&bob, TN_EFFECT_CANCELLED)->id, id);
    pair_close();
}

/* The connection went right behind its message: the Via names where to answer. */
static void a_request_whose_flow_is_gone_is_answered_by_its_via(void)
{
    const struct tn_response ok = {.status = 200};
    struct tn_msg *msg;
    char text[sizeof(invite)];

    memcpy(text, invite, sizeof(invite));
    char *transport = strstr(text, "/UDP ");
    CHECK(transport != NULL);
    memcpy(transport, (const char[]){'/', 'T', 'C', 'P'}, 4);
    pair_open();
    CHECK_EQ(tn_msg_parse(&bob.ctx.alloc, tn_str(text), &msg), 0);
    tn_txns_message(&bob.txns, msg, 12345);
    tn_msg_unref(msg);
    pump();
    CHECK_EQ(tn_server_respond(&bob.txns, last_record(&bob, TN_EFFECT_REQUEST)->id, &ok), 0);
    pump();
    CHECK_EQ(bob.last_transport, TERN_TRANSPORT_TCP);
    CHECK_EQ(count_records(&alice, TN_EFFECT_STRAY_RESPONSE), 1);
    pair_close();
}

static void a_pause_holds_the_repeats_of_a_refusal(void)
{
    const struct tn_response busy = {.status = 486};
    pair_open();
    CHECK_EQ(tn_server_respond(&bob.txns, take(invite), &busy), 0);
    pass(TERN_SECONDS(2));
    size_t sent = bob.sent;
    tn_txns_pause(&bob.txns, true);
    pass(TERN_SECONDS(100));
    CHECK_EQ(bob.sent, sent);
    tn_txns_pause(&bob.txns, false);
    pass(TERN_SECONDS(31));
    CHECK(bob.sent > sent);
    CHECK_EQ(count_records(&bob, TN_EFFECT_SERVER_TIMEOUT), 1);
    pair_close();
}

static void the_answer_that_does_not_fit_leaves_the_transaction_as_it_was(void)
{
    static char body[TN_MSG_SIZE_MAX];
    const struct tn_response huge = {.status = 200, .body = {body, sizeof(body)}};
    const struct tn_response nonsense = {.status = 700}, ok = {.status = 200};
    pair_open();
    uint64_t id = take(invite);
    CHECK_EQ(tn_server_respond(&bob.txns, id, &huge), TERN_ENOBUF);
    CHECK_EQ(tn_server_respond(&bob.txns, id, &nonsense), TERN_EINVAL);
    CHECK_EQ(tn_server_respond(&bob.txns, id, &ok), 0);
    pair_close();
}

/* MOBILITY S10: until it is answered, from wherever we are. */
static void an_unanswered_cancel_is_repeated_from_the_new_address(void)
{
    pair_open();
    uint64_t client = send_request(TN_METHOD_INVITE, udp_to("192.0.2.2:5060"), 0);
    const struct tn_response ringing = {.status = 180}, ok = {.status = 200};
    uint64_t server = last_record(&bob, TN_EFFECT_REQUEST)->id;
    CHECK_EQ(tn_server_respond(&bob.txns, server, &ringing), 0);
    pump();
    set_address(&bob, "192.0.2.77");
    CHECK_EQ(tn_client_cancel(&alice.txns, client, TERN_STR("")), 0);
    CHECK_EQ(tn_client_cancel(&alice.txns, client, TERN_STR("")), 0);
    pump();
    CHECK_EQ(alice.sent, 2);
    set_address(&bob, "192.0.2.2");
    set_address(&alice, "192.0.2.9");
    CHECK_EQ(tn_client_cancel(&alice.txns, client, TERN_STR("")), 0);
    pump();
    CHECK_EQ(alice.sent, 3);
    CHECK(last_has(&alice, "CANCEL "));
    tern_str branch = tn_client_branch(&alice.txns, client);
    char text[64];
    snprintf(text, sizeof(text), "branch=%.*s;", (int)branch.len, branch.ptr);
    CHECK(last_has(&alice, text));
    CHECK_EQ(count_records(&bob, TN_EFFECT_CANCELLED), 1);
    tn_client_abandon(&alice.txns, client);
    CHECK_EQ(tn_client_branch(&alice.txns, 0).len, 0);
    set_address(&alice, "192.0.2.1");
    CHECK_EQ(tn_server_respond(&bob.txns, server, &ok), 0);
    pump();
    CHECK_EQ(count_records(&alice, TN_EFFECT_STRAY_RESPONSE), 1);
    pair_close();
}

/* Whoever refuses does not look back, and no timer of RFC 3261 17.2.1 ends what was not answered. */
static void a_refusal_that_finds_no_memory_is_sent_later(void)
{
    static const struct {
        const char *headers, *line;
    } cases[] = {{"", "SIP/2.0 486 Busy Here\r\n"},
                 {"Warning: 399 here \"no\"\r\n", "SIP/2.0 500 Server Internal Error\r\n"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        pair_open();
        uint64_t id = take(invite);
        const struct tn_response rsp = {.status = 486,
                                        .to_tag = TERN_STR("0123456789abcdef"),
                                        .headers = tn_str(cases[i].headers)};
        allocations_left = 0;
        CHECK_EQ(tn_server_respond(&bob.txns, id, &rsp), TERN_ENOMEM);
        pass(TN_OWED_AGAIN - TERN_MS(1));
        size_t sent = bob.sent;
        allocations_left = 0;
        pass(TERN_MS(2)); /* there is none yet */
        CHECK_EQ(bob.sent, sent);
        pass(TN_OWED_AGAIN);
        CHECK(strncmp(bob.last, cases[i].line, strlen(cases[i].line)) == 0);
        CHECK(last_has(&bob, "To: <sip:b@b>;tag=0123456789abcdef\r\n"));
        inject(&bob, "192.0.2.1:5060", ack);
        pass(TERN_SECONDS(40));
        CHECK(tn_server_request(&bob.txns, id) == NULL);
        pair_close();
    }
}

static void what_is_owed_is_not_sent_beside_another_answer(void)
{
    pair_open();
    uint64_t id = take(invite);
    const struct tn_response refusal = {.status = 500}, ok = {.status = 200};
    allocations_left = 0;
    CHECK_EQ(tn_server_respond(&bob.txns, id, &refusal), TERN_ENOMEM);
    CHECK_EQ(tn_server_respond(&bob.txns, id, &ok), 0);
    pump();
    size_t sent = bob.sent;
    pass(2 * TN_OWED_AGAIN);
    CHECK_EQ(bob.sent, sent);
    pass(TERN_SECONDS(40));
    CHECK(tn_server_request(&bob.txns, id) == NULL);
    pair_close();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(an_answer_that_forms_a_dialog_has_the_route_contact_and_body),
        TEST(the_100_carries_the_timestamp_back),
        TEST(what_a_transaction_tells_goes_to_its_owner),
        TEST(a_proxy_forwards_answers_byte_for_byte),
        TEST(unknown_methods_are_told_apart),
        TEST(an_overload_is_answered_without_memory),
        TEST(a_request_whose_flow_is_gone_is_answered_by_its_via),
        TEST(a_pause_holds_the_repeats_of_a_refusal),
        TEST(the_answer_that_does_not_fit_leaves_the_transaction_as_it_was),
        TEST(a_refusal_that_finds_no_memory_is_sent_later),
        TEST(what_is_owed_is_not_sent_beside_another_answer),
        TEST(an_unanswered_cancel_is_repeated_from_the_new_address),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
