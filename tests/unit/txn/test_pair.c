/* SPDX-License-Identifier: MIT */
/* Client transactions against server transactions over a wire. */
#include "pair.h"

#include <tern/err.h>

#include "txn/limits.h"
#include "txn/timing.h"

static void respond(struct peer *peer, uint64_t id, unsigned status)
{
    const struct tn_response rsp = {.status = status, .to_tag = TERN_STR("b1")};
    CHECK_EQ(tn_server_respond(&peer->txns, id, &rsp), 0);
    pump();
}

static uint64_t incoming(void)
{
    const struct tn_effect *effect = last_record(&bob, TN_EFFECT_REQUEST);
    CHECK(effect);
    return effect->id;
}

static unsigned answer_status(void)
{
    const struct tn_effect *effect = last_record(&alice, TN_EFFECT_TXN_RESPONSE);
    CHECK(effect);
    return effect->msg->status;
}

static void answer_200(struct peer *peer, const struct tn_effect *effect)
{
    const struct tn_response rsp = {.status = 200, .to_tag = TERN_STR("b1")};
    if (effect->kind == TN_EFFECT_REQUEST) {
        CHECK_EQ(tn_server_respond(&peer->txns, effect->id, &rsp), 0);
    }
}

static void a_request_and_its_answer_meet_over_udp_and_tcp(void)
{
    const struct tn_target targets[] = {udp_to("192.0.2.2:5060"), tcp_to("192.0.2.2:5060")};

    for (size_t i = 0; i < 2; i++) {
        pair_open();
        uint64_t id = send_request(TN_METHOD_OPTIONS, targets[i], 0);
        CHECK(id != 0);
        respond(&bob, incoming(), 200);
        CHECK_EQ(answer_status(), 200);
        CHECK_EQ(last_record(&alice, TN_EFFECT_TXN_RESPONSE)->owner.id, 77);
        CHECK_EQ(last_record(&alice, TN_EFFECT_TXN_RESPONSE)->owner.tag, 7);
        CHECK_EQ(bob.last_transport, targets[i].transport);
        CHECK(last_has(&bob, ";received=192.0.2.1;rport="));
        CHECK(last_has(&bob, "To: <sip:bob@192.0.2.2>;tag=b1\r\n"));
        CHECK(last_has(&bob, "Server: Tern/test\r\nContent-Length: 0\r\n\r\n"));
        pass(TERN_SECONDS(40));
        CHECK_EQ(alice.txns.clients.count, 0);
        CHECK_EQ(bob.txns.servers.count, 0);
        CHECK_EQ(count_records(&bob, TN_EFFECT_SERVER_ENDED), 1);
        pair_close();
    }
}

static unsigned loss_state;
static bool lose_most(struct peer *from)
{
    (void)from;
    loss_state = loss_state * 1103515245u + 12345u;
    return (loss_state >> 16) % 10 < 6;
}

/* RFC 3261 17: with 60 % loss each request is still seen once, and nearly all are answered. */
static void loss_repeats_but_never_doubles(void)
{
    int answered = 0;

    for (unsigned seed = 0; seed < 40; seed++) {
        pair_open();
        loss_state = seed;
        wire_drops = lose_most;
        bob.user = answer_200;
        CHECK(send_request(seed % 2 ? TN_METHOD_OPTIONS : TN_METHOD_MESSAGE,
                           udp_to("192.0.2.2:5060"), 10));
        pass(TERN_SECONDS(80));
        CHECK(count_records(&bob, TN_EFFECT_REQUEST) <= 1);
        size_t ends = count_records(&alice, TN_EFFECT_TXN_RESPONSE) +
                      count_records(&alice, TN_EFFECT_TXN_FAILED);
        CHECK_EQ(ends, 1);
        answered += (int)count_records(&alice, TN_EFFECT_TXN_RESPONSE);
        CHECK_EQ(alice.txns.clients.count + bob.txns.servers.count, 0);
        pair_close();
    }
    CHECK(answered > 20);
}

/* RFC 3261 17.1.1.3: same branch, the To of the response, CSeq of the INVITE, its Route. */
static void a_refused_invite_is_acknowledged_by_the_transaction(void)
{
    pair_open();
    CHECK(send_request(TN_METHOD_INVITE, udp_to("192.0.2.2:5060"), 0));
    respond(&bob, incoming(), 486);
    CHECK_EQ(answer_status(), 486);
    CHECK(last_has(&alice,
                   "ACK sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch="));
    CHECK(last_has(&alice, "\r\nRoute: <sip:192.0.2.2;lr>\r\n"));
    CHECK(last_has(&alice, "CSeq: 17 ACK\r\n"));
    CHECK(last_has(&alice, ";tag=b1\r\n"));
    CHECK_EQ(count_records(&bob, TN_EFFECT_ACK), 0);
    size_t sent = bob.sent;
    pass(TERN_SECONDS(60));
    CHECK_EQ(bob.sent, sent); /* the ACK stopped timer G */
    CHECK_EQ(count_records(&bob, TN_EFFECT_SERVER_TIMEOUT), 0);
    CHECK_EQ(count_records(&bob, TN_EFFECT_SERVER_ENDED), 1);
    pair_close();
}

/* RFC 6026 7.1 and 7.2: the user repeats the 2xx; each comes up at the other end. */
static void an_accepted_invite_stays_for_repeated_2xx(void)
{
    pair_open();
    CHECK(send_request(TN_METHOD_INVITE, udp_to("192.0.2.2:5060"), 0));
    uint64_t id = incoming();
    respond(&bob, id, 200);
    CHECK_EQ(tn_server_repeat(&bob.txns, id), 0);
    pump();
    CHECK_EQ(count_records(&alice, TN_EFFECT_TXN_RESPONSE), 2);
    const struct tn_response late = {.status = 486};
    CHECK_EQ(tn_server_respond(&bob.txns, id, &late), TERN_ESTATE);
    pass(TN_TIMER_L - 1);
    CHECK_EQ(tn_server_repeat(&bob.txns, id), 0);
    pass(TERN_SECONDS(1));
    CHECK_EQ(tn_server_repeat(&bob.txns, id), TERN_ESTALE);
    CHECK_EQ(alice.txns.clients.count, 0);
    pair_close();
}

static void a_2xx_that_nobody_waits_for_comes_up_as_a_stray(void)
{
    pair_open();
    uint64_t client = send_request(TN_METHOD_INVITE, udp_to("192.0.2.2:5060"), 0);
    uint64_t server = incoming();
    respond(&bob, server, 180);
    tn_client_abandon(&alice.txns, client);
    CHECK_EQ(alice.txns.clients.count, 0);
    respond(&bob, server, 200);
    CHECK_EQ(count_records(&alice, TN_EFFECT_STRAY_RESPONSE), 1);
    CHECK_EQ(count_records(&alice, TN_EFFECT_TXN_RESPONSE), 1);
    pair_close();
}

static void other_strays_are_dropped_and_counted(void)
{
    pair_open();
    uint64_t client = send_request(TN_METHOD_OPTIONS, udp_to("192.0.2.2:5060"), 0);
    tn_client_abandon(&alice.txns, client);
    uint64_t dropped = alice.ctx.stats.messages_dropped;
    respond(&bob, incoming(), 200);
    CHECK_EQ(alice.ctx.stats.messages_dropped, dropped + 1);
    CHECK_EQ(alice.record_count, 0);
    pair_close();
}

/* RFC 3261 17.2.1 */
static void a_slow_user_is_covered_by_100(void)
{
    pair_open();
    CHECK(send_request(TN_METHOD_INVITE, udp_to("192.0.2.2:5060"), 0));
    pass(TERN_MS(199));
    CHECK_EQ(count_records(&alice, TN_EFFECT_TXN_RESPONSE), 0);
    pass(TERN_MS(1));
    CHECK_EQ(answer_status(), 100);
    CHECK(last_has(&bob, "SIP/2.0 100 Trying\r\n"));
    CHECK(last_has(&bob, "To: <sip:bob@192.0.2.2>\r\n"));
    pass(TERN_SECONDS(3));
    CHECK_EQ(alice.sent, 1);
    pair_close();
}

/* ---- CANCEL ---- */

static void cancel_before_a_1xx_waits_for_it(void)
{
    pair_open();
    uint64_t client = send_request(TN_METHOD_INVITE, udp_to("192.0.2.2:5060"), 0);
    CHECK_EQ(tn_client_cancel(&alice.txns, client, TERN_STR("SIP;cause=200")), 0);
    CHECK_EQ(tn_client_cancel(&alice.txns, client, TERN_STR("SIP;cause=200")), 0);
    pump();
    CHECK_EQ(alice.sent, 1);
    respond(&bob, incoming(), 180);
    CHECK_EQ(alice.sent, 2);
    CHECK(last_has(&alice, "CANCEL sip:bob@192.0.2.2 SIP/2.0\r\n"));
    CHECK(last_has(&alice, "CSeq: 17 CANCEL\r\nTo: <sip:bob@192.0.2.2>\r\n"));
    CHECK(last_has(&alice, "Reason: SIP;cause=200\r\n"));
    CHECK_EQ(count_records(&bob, TN_EFFECT_CANCELLED), 1);
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 1); /* the INVITE alone */
    CHECK_EQ(last_record(&bob, TN_EFFECT_CANCELLED)->id, incoming());
    respond(&bob, incoming(), 487);
    CHECK_EQ(answer_status(), 487);
    pass(TERN_SECONDS(60));
    CHECK_EQ(alice.txns.clients.count + bob.txns.servers.count, 0);
    CHECK_EQ(count_records(&alice, TN_EFFECT_TXN_FAILED), 0);
    pair_close();
}

static void cancel_that_crosses_a_2xx_changes_nothing(void)
{
    pair_open();
    uint64_t client = send_request(TN_METHOD_INVITE, udp_to("192.0.2.2:5060"), 0);
    uint64_t server = incoming();
    respond(&bob, server, 180);
    const struct tn_response ok = {.status = 200, .to_tag = TERN_STR("b1")};
    CHECK_EQ(tn_server_respond(&bob.txns, server, &ok), 0);
    CHECK_EQ(tn_client_cancel(&alice.txns, client, TERN_STR("")), 0);
    pump();
    CHECK_EQ(count_records(&bob, TN_EFFECT_CANCELLED), 0);
    CHECK_EQ(answer_status(), 200);
    CHECK_EQ(tn_client_cancel(&alice.txns, client, TERN_STR("")), TERN_ESTATE);
    pair_close();
}

static void a_cancel_without_effect_ends_the_invite_after_64_t1(void)
{
    pair_open();
    uint64_t client = send_request(TN_METHOD_INVITE, udp_to("192.0.2.2:5060"), 0);
    respond(&bob, incoming(), 180);
    CHECK_EQ(tn_client_cancel(&alice.txns, client, TERN_STR("")), 0);
    pass(TERN_SECONDS(33));
    CHECK_EQ(last_record(&alice, TN_EFFECT_TXN_FAILED)->code, TN_FAILURE_TIMEOUT);
    pair_close();
}

static void an_abandoned_invite_is_still_cancelled_and_acknowledged(void)
{
    pair_open();
    uint64_t client = send_request(TN_METHOD_INVITE, udp_to("192.0.2.2:5060"), 0);
    CHECK_EQ(tn_client_cancel(&alice.txns, client, TERN_STR("")), 0);
    tn_client_abandon(&alice.txns, client);
    respond(&bob, incoming(), 180);
    CHECK_EQ(count_records(&bob, TN_EFFECT_CANCELLED), 1);
    respond(&bob, incoming(), 487);
    CHECK(last_has(&alice, "ACK "));
    pass(TERN_SECONDS(60));
    CHECK_EQ(alice.record_count, 0);
    CHECK_EQ(alice.txns.clients.count, 0);
    pair_close();
}

static const char stray_cancel[] =
    "CANCEL sip:bob@192.0.2.2 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKnone\r\n"
    "Max-Forwards: 70\r\n"
    "From: <sip:alice@192.0.2.1>;tag=a\r\nTo: <sip:bob@192.0.2.2>\r\n"
    "Call-ID: x\r\nCSeq: 1 CANCEL\r\nContent-Length: 0\r\n\r\n";

static void a_cancel_for_nothing_is_answered_481(void)
{
    pair_open();
    inject(&bob, "192.0.2.1:5060", stray_cancel);
    CHECK(last_has(&bob, "SIP/2.0 481 "));
    char first[300];
    snprintf(first, sizeof(first), "%.299s", bob.last);
    inject(&bob, "192.0.2.1:5060", stray_cancel);
    CHECK(strncmp(bob.last, first, strlen(first)) == 0);
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 0);
    pair_close();
}

/* MOBILITY S2: same branch, from where we are now. */
static void a_cancel_leaves_from_the_new_address(void)
{
    pair_open();
    uint64_t client = send_request(TN_METHOD_INVITE, udp_to("192.0.2.2:5060"), 0);
    respond(&bob, incoming(), 180);
    set_address(&alice, "192.0.2.9");
    CHECK_EQ(tn_client_cancel(&alice.txns, client, TERN_STR("")), 0);
    pump();
    CHECK(tern_addr_same_host(alice.last_local, addr("192.0.2.9")));
    CHECK_EQ(count_records(&bob, TN_EFFECT_CANCELLED), 1);
    pair_close();
}

/* ---- the way back ---- */

static void a_lost_connection_is_made_anew_for_the_response(void)
{
    pair_open();
    CHECK(send_request(TN_METHOD_INVITE, tcp_to("192.0.2.2:5060"), 0));
    uint64_t server = incoming();
    cut_streams();
    pump();
    CHECK_EQ(last_record(&alice, TN_EFFECT_TXN_FAILED)->code, TN_FAILURE_TRANSPORT);
    respond(&bob, server, 200);
    CHECK_EQ(bob.last_transport, TERN_TRANSPORT_TCP);
    CHECK_EQ(count_records(&alice, TN_EFFECT_STRAY_RESPONSE), 1);
    pair_close();
}

static void responses_leave_from_the_new_address_when_ours_is_gone(void)
{
    pair_open();
    CHECK(send_request(TN_METHOD_INVITE, udp_to("192.0.2.2:5060"), 0));
    set_address(&bob, "192.0.2.8");
    respond(&bob, incoming(), 200);
    CHECK(tern_addr_same_host(bob.last_local, addr("192.0.2.8")));
    CHECK_EQ(answer_status(), 200);
    pair_close();
}

/* RFC 3261 18.2.1 and 18.2.2; RFC 3581 4: what the top Via says, and where the answer goes. */
static void the_answer_goes_where_via_and_source_say(void)
{
    static const struct {
        const char *via, *want_via;
        uint16_t want_port;
    } cases[] = {
        {"192.0.2.1:5070;branch=z9hG4bKa", "192.0.2.1:5070;branch=z9hG4bKa\r\n", 5070},
        {"192.0.2.1;branch=z9hG4bKb", "192.0.2.1;branch=z9hG4bKb\r\n", 5060},
        {"192.0.2.1:5070;rport;branch=z9hG4bKc",
         "192.0.2.1:5070;branch=z9hG4bKc;received=192.0.2.1;rport=6000\r\n", 6000},
        {"10.0.0.1:5070;branch=z9hG4bKd", "10.0.0.1:5070;branch=z9hG4bKd;received=192.0.2.1\r\n",
         5070},
        {"host.example;branch=z9hG4bKe;x=\"a;b\"",
         "host.example;branch=z9hG4bKe;x=\"a;b\";received=192.0.2.1\r\n", 5060},
        {"10.0.0.1;received=1.1.1.1;rport=1;branch=z9hG4bKf",
         "10.0.0.1;branch=z9hG4bKf;received=192.0.2.1;rport=6000\r\n", 6000},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[800], want[300];
        pair_open();
        bob.user = answer_200;
        snprintf(text, sizeof(text),
                 "OPTIONS sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP %s, SIP/2.0/TCP "
                 "far.example;branch=z9hG4bKz\r\nv: SIP/2.0/UDP farther.example\r\n"
                 "Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: 1\r\n"
                 "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
                 cases[i].via);
        inject(&bob, "192.0.2.1:6000", text);
        snprintf(want, sizeof(want),
                 "Via: SIP/2.0/UDP %sVia: SIP/2.0/TCP far.example;branch=z9hG4bKz\r\n"
                 "Via: SIP/2.0/UDP farther.example\r\n",
                 cases[i].want_via);
        CHECK(last_has(&bob, want));
        uint32_t cursor = 0;
        bool found = false;
        const struct tn_flow *flow;
        while ((flow = tn_net_each(&bob.net, &cursor)) != NULL)
            found = found || flow->key.remote.port == cases[i].want_port;
        CHECK(found);
        pair_close();
    }
}

/* ---- matching ---- */

/* RFC 3261 17.2.3: without the magic cookie. */
static void a_request_of_rfc_2543_is_matched_by_its_identity(void)
{
    static const char invite[] =
        "INVITE sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n"
        "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: 1\r\n"
        "Max-Forwards: 70\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";
    static const char ack[] = "ACK sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n"
                              "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>;tag=b1\r\nCall-ID: 1\r\n"
                              "Max-Forwards: 70\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n";
    pair_open();
    inject(&bob, "192.0.2.1:5060", invite);
    inject(&bob, "192.0.2.1:5060", invite);
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 1);
    respond(&bob, incoming(), 486);
    inject(&bob, "192.0.2.1:5060", ack);
    size_t sent = bob.sent;
    pass(TERN_SECONDS(60));
    CHECK_EQ(bob.sent, sent);
    CHECK_EQ(count_records(&bob, TN_EFFECT_ACK), 0);
    CHECK_EQ(bob.txns.servers.count, 0);
    pair_close();
}

/* RFC 3261 8.2.2.2: by two ways through two proxies. */
static void a_request_that_came_by_two_ways_is_noticed(void)
{
    static const char text[] = "OPTIONS sip:bob@192.0.2.2 SIP/2.0\r\n"
                               "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%d\r\n"
                               "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>%s\r\nCall-ID: 1\r\n"
                               "Max-Forwards: 70\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    static const char *const to_tags[] = {"", ";tag=x"};

    for (int tagged = 0; tagged < 2; tagged++) {
        char one[500], two[500];
        pair_open();
        snprintf(one, sizeof(one), text, 1, to_tags[tagged]);
        snprintf(two, sizeof(two), text, 2, to_tags[tagged]);
        inject(&bob, "192.0.2.1:5060", one);
        uint64_t first = incoming();
        CHECK_EQ(tn_server_merged(&bob.txns, first), 0);
        inject(&bob, "192.0.2.1:5060", two);
        CHECK(incoming() != first);
        CHECK_EQ(tn_server_merged(&bob.txns, incoming()), tagged ? 0 : first);
        respond(&bob, first, 200);
        respond(&bob, incoming(), 482);
        pair_close();
    }
}

static void an_ack_for_a_2xx_comes_up(void)
{
    static const char ack[] = "ACK sip:bob@192.0.2.2 SIP/2.0\r\n"
                              "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKnew\r\n"
                              "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>;tag=b1\r\nCall-ID: 1\r\n"
                              "Max-Forwards: 70\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n";
    pair_open();
    inject(&bob, "192.0.2.1:5060", ack);
    CHECK_EQ(count_records(&bob, TN_EFFECT_ACK), 1);
    CHECK_EQ(last_record(&bob, TN_EFFECT_ACK)->id, 0);
    pair_close();
}

/* ---- bad requests ---- */

static void defects_are_answered_without_a_transaction(void)
{
    static const struct {
        const char *line, *cseq, *want;
    } cases[] = {
        {"OPTIONS sip:b@192.0.2.2 SIP/2.0", "1 INVITE", "SIP/2.0 400 "},
        {"OPTIONS sip:b@192.0.2.2 SIP/7.0", "1 OPTIONS", "SIP/2.0 505 "},
        {"ACK sip:b@192.0.2.2 SIP/2.0", "1 INVITE", NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[600];
        pair_open();
        snprintf(text, sizeof(text),
                 "%s\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx\r\n"
                 "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: 1\r\nMax-Forwards: 70\r\n"
                 "CSeq: %s\r\nContent-Length: 0\r\n\r\n",
                 cases[i].line, cases[i].cseq);
        inject(&bob, "192.0.2.1:5060", text);
        CHECK_EQ(bob.sent, cases[i].want ? 1 : 0);
        if (cases[i].want) CHECK(strncmp(bob.last, cases[i].want, strlen(cases[i].want)) == 0);
        if (cases[i].want) CHECK(last_has(&bob, "To: <sip:b@b>;tag="));
        CHECK_EQ(bob.txns.servers.count, 0);
        CHECK_EQ(bob.record_count, 0);
        pair_close();
    }
}

/* ---- size: RFC 3261 18.1.1 ---- */

static void a_long_request_goes_over_tcp(void)
{
    pair_open();
    CHECK(send_request(TN_METHOD_MESSAGE, udp_to("192.0.2.2:5060"), 1000));
    CHECK_EQ(alice.last_transport, TERN_TRANSPORT_UDP);
    CHECK(send_request(TN_METHOD_MESSAGE, udp_to("192.0.2.2:5060"), 1400));
    CHECK_EQ(alice.last_transport, TERN_TRANSPORT_TCP);
    CHECK(last_has(&alice, "Via: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK"));
    respond(&bob, incoming(), 200);
    CHECK_EQ(answer_status(), 200);
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 2);
    pair_close();
}

static void a_long_request_goes_back_to_udp_where_tcp_is_refused(void)
{
    pair_open();
    wire_refuses = true;
    CHECK(send_request(TN_METHOD_MESSAGE, udp_to("192.0.2.2:5060"), 1400));
    CHECK_EQ(alice.last_transport, TERN_TRANSPORT_UDP);
    CHECK(last_has(&alice, "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK"));
    CHECK_EQ(count_records(&alice, TN_EFFECT_TXN_FAILED), 0);
    respond(&bob, incoming(), 200);
    CHECK_EQ(answer_status(), 200);
    pair_close();
}

static void a_connection_that_fails_later_ends_a_long_request(void)
{
    pair_open();
    CHECK(send_request(TN_METHOD_MESSAGE, udp_to("192.0.2.2:5060"), 1400));
    cut_streams();
    pump();
    CHECK_EQ(last_record(&alice, TN_EFFECT_TXN_FAILED)->code, TN_FAILURE_TRANSPORT);
    pair_close();
}

static void a_request_over_every_limit_is_refused(void)
{
    pair_open();
    CHECK_EQ(send_request(TN_METHOD_MESSAGE, tcp_to("192.0.2.2:5060"), 65500), 0);
    CHECK_EQ(alice.txns.clients.count, 0);
    pair_close();
}

/* ---- the network goes ---- */

static void a_pause_holds_both_sides_and_the_rest_goes_on_after_it(void)
{
    pair_open();
    set_address(&bob, "192.0.2.77"); /* nobody answers */
    CHECK(send_request(TN_METHOD_INVITE, udp_to("192.0.2.2:5060"), 0));
    CHECK(send_request(TN_METHOD_OPTIONS, udp_to("192.0.2.2:5060"), 0));
    pass(TERN_SECONDS(10));
    size_t sent = alice.sent;
    tn_txns_pause(&alice.txns, true);
    pass(TERN_SECONDS(3600));
    CHECK_EQ(alice.sent, sent);
    CHECK_EQ(alice.record_count, 0);
    tn_txns_pause(&alice.txns, false);
    pump();
    CHECK_EQ(alice.sent, sent);
    pass(TERN_SECONDS(21));
    CHECK_EQ(alice.record_count, 0);
    pass(TERN_SECONDS(1));
    CHECK_EQ(count_records(&alice, TN_EFFECT_TXN_FAILED), 2);
    pair_close();
}

static void a_retransmission_never_leaves_from_an_address_that_is_gone(void)
{
    pair_open();
    set_address(&bob, "192.0.2.77");
    CHECK(send_request(TN_METHOD_OPTIONS, udp_to("192.0.2.2:5060"), 0));
    set_address(&alice, "192.0.2.9");
    pass(TERN_SECONDS(1));
    CHECK_EQ(alice.sent, 1);
    CHECK_EQ(last_record(&alice, TN_EFFECT_TXN_FAILED)->code, TN_FAILURE_TRANSPORT);
    pair_close();
}

/* ---- memory ---- */

static void exchange(void)
{
    pair_open();
    uint64_t client = send_request(TN_METHOD_INVITE, udp_to("192.0.2.2:5060"), 0);
    pass(TERN_SECONDS(1)); /* a request that was lost for want of memory comes again */
    const struct tn_effect *request = last_record(&bob, TN_EFFECT_REQUEST);
    const struct tn_response ringing = {.status = 180}, gone = {.status = 487};
    if (request) {
        uint64_t id = request->id;
        (void)!tn_server_respond(&bob.txns, id, &ringing);
        pump();
        (void)!tn_client_cancel(&alice.txns, client, TERN_STR("SIP;cause=200"));
        pump();
        (void)!tn_server_respond(&bob.txns, id, &gone);
        pump();
    }
    pass(TERN_SECONDS(200));
    CHECK_EQ(alice.txns.clients.count, 0);
    pair_close();
}

static void every_allocation_may_fail_in_an_exchange(void)
{
    with_each_failure(exchange);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_request_and_its_answer_meet_over_udp_and_tcp),
        TEST(loss_repeats_but_never_doubles),
        TEST(a_refused_invite_is_acknowledged_by_the_transaction),
        TEST(an_accepted_invite_stays_for_repeated_2xx),
        TEST(a_2xx_that_nobody_waits_for_comes_up_as_a_stray),
        TEST(other_strays_are_dropped_and_counted),
        TEST(a_slow_user_is_covered_by_100),
        TEST(cancel_before_a_1xx_waits_for_it),
        TEST(cancel_that_crosses_a_2xx_changes_nothing),
        TEST(a_cancel_without_effect_ends_the_invite_after_64_t1),
        TEST(an_abandoned_invite_is_still_cancelled_and_acknowledged),
        TEST(a_cancel_for_nothing_is_answered_481),
        TEST(a_cancel_leaves_from_the_new_address),
        TEST(a_lost_connection_is_made_anew_for_the_response),
        TEST(responses_leave_from_the_new_address_when_ours_is_gone),
        TEST(the_answer_goes_where_via_and_source_say),
        TEST(a_request_of_rfc_2543_is_matched_by_its_identity),
        TEST(a_request_that_came_by_two_ways_is_noticed),
        TEST(an_ack_for_a_2xx_comes_up),
        TEST(defects_are_answered_without_a_transaction),
        TEST(a_long_request_goes_over_tcp),
        TEST(a_long_request_goes_back_to_udp_where_tcp_is_refused),
        TEST(a_connection_that_fails_later_ends_a_long_request),
        TEST(a_request_over_every_limit_is_refused),
        TEST(a_pause_holds_both_sides_and_the_rest_goes_on_after_it),
        TEST(a_retransmission_never_leaves_from_an_address_that_is_gone),
        TEST(every_allocation_may_fail_in_an_exchange),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
