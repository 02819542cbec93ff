/* SPDX-License-Identifier: MIT */
/* Where requests go: the last good server beside the look-up, races, and silence over UDP. */
#include <tern/err.h>

#include "pair.h"
#include "txn/timing.h"

static uint32_t cseq;
static uint64_t request;
static const char *const *servers; /* addresses of example.org, in order; ends with NULL */

static void start_to(enum tn_method method, const char *uri)
{
    const struct tn_request_opts opts = {
        .owner = {TN_OWNER_REGISTRATION, 5, 55},
        .method = method,
        .uri = tn_str(uri),
        .from = TERN_STR("<sip:alice@example.org>;tag=f"),
        .to = TERN_STR("<sip:alice@example.org>"),
        .call_id = TERN_STR("cid"),
        .cseq = &cseq,
    };
    cseq = 100;
    CHECK_EQ(tn_request_start(&alice.txns, &opts, &request), 0);
    pump();
}

static void start(enum tn_method method)
{
    start_to(method, "sip:example.org:5060");
}

/* Answers what alice has asked so far. */
static void resolve(void)
{
    while (alice.lookup_count > 0) {
        struct tern_dns_record records[8];
        size_t last = --alice.lookup_count, count = 0;
        uint16_t type = alice.lookups[last].type;
        for (size_t i = 0; servers[i]; i++) {
            tern_addr a = addr(servers[i]);
            bool fits = type == (a.family == TERN_FAMILY_IPV4 ? TERN_DNS_A : TERN_DNS_AAAA);
            if (!fits) continue;
            records[count++] = (struct tern_dns_record){.type = type, .ttl_s = 60, .addr = a};
        }
        tn_locate_resolved(&alice.net, alice.lookups[last].id, records, count, false);
        pump();
    }
}

static void resolve_as(const char *const *list)
{
    servers = list;
    resolve();
}

static void respond(unsigned status)
{
    const struct tn_effect *effect = last_record(&bob, TN_EFFECT_REQUEST);
    const struct tn_response rsp = {.status = status, .to_tag = TERN_STR("b1")};
    CHECK(effect);
    CHECK_EQ(tn_server_respond(&bob.txns, effect->id, &rsp), 0);
    pump();
}

static const char *const only_bob[] = {"192.0.2.2", NULL};
static const char *const elsewhere[] = {"192.0.2.9", NULL};
static const char *const nobody_then_bob[] = {"192.0.2.9", "192.0.2.2", NULL};
static const char *const five_with_bob[] = {"192.0.2.9", "192.0.2.8", "192.0.2.7",
                                            "192.0.2.6", "192.0.2.2", NULL};
static const char *const nothing[] = {NULL};

/* bob is the last good server, and then the network is another. */
static void open_moved(void)
{
    pair_open();
    start(TN_METHOD_OPTIONS);
    resolve_as(only_bob);
    respond(200);
    CHECK_EQ(final_status(), 200);
    forget_records(&alice);
    forget_records(&bob);
    set_address(&alice, "192.0.2.77");
    tn_locate_flush(&alice.net);
    pump();
}

/* MOBILITY S18 */
static void the_last_good_server_is_tried_beside_the_look_up(void)
{
    open_moved();
    start(TN_METHOD_REGISTER);
    CHECK(alice.lookup_count > 0);
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 1);
    respond(200); /* and the name server has said nothing */
    CHECK_EQ(final_status(), 200);
    pair_close();
}

static void an_answer_that_names_it_changes_nothing(void)
{
    open_moved();
    start(TN_METHOD_REGISTER);
    size_t sent = alice.sent;
    resolve_as(nobody_then_bob);
    CHECK_EQ(alice.sent, sent);
    respond(200);
    CHECK_EQ(final_status(), 200);
    CHECK_EQ(cseq, 101);
    pair_close();
}

static bool alice_is_lost(struct peer *from)
{
    return from == &alice;
}

static void an_answer_that_names_others_leads_there(void)
{
    open_moved();
    wire_drops = alice_is_lost;
    start(TN_METHOD_REGISTER);
    resolve_as(elsewhere);
    CHECK(last_has(&alice, "CSeq: 102 REGISTER"));
    wire_drops = NULL;
    /* nobody is there: the last good one is the last resort */
    pass(TN_TIMER_F);
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 1);
    respond(200);
    CHECK_EQ(final_status(), 200);
    pair_close();
}

static void whoever_has_answered_already_keeps_the_request(void)
{
    open_moved();
    start(TN_METHOD_REGISTER);
    respond(100);
    resolve_as(elsewhere);
    respond(200);
    CHECK_EQ(final_status(), 200);
    CHECK_EQ(cseq, 101);
    pair_close();
}

/* Half a second is enough for who is there; one that rings later is cancelled. */
static void an_invite_leaves_the_last_good_server_when_it_is_silent(void)
{
    open_moved();
    wire_drops = alice_is_lost;
    start(TN_METHOD_INVITE);
    resolve_as(elsewhere);
    CHECK(last_has(&alice, "CSeq: 101 INVITE"));
    pass(TERN_MS(499));
    CHECK(last_has(&alice, "CSeq: 101 INVITE"));
    wire_drops = NULL;
    pass(TERN_MS(2)); /* the repeat at 500 ms does arrive */
    CHECK(last_has(&alice, "CSeq: 102 INVITE"));
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 1);
    respond(180);
    CHECK(last_has(&alice, "CANCEL "));
    pair_close();
}

static void a_name_server_that_refuses_leaves_the_last_good_server(void)
{
    open_moved();
    wire_drops = alice_is_lost;
    start(TN_METHOD_REGISTER);
    resolve_as(nothing);
    wire_drops = NULL;
    pass(TERN_MS(500));
    respond(200);
    CHECK_EQ(final_status(), 200);
    pair_close();
}

static void without_any_server_a_request_fails_once(void)
{
    open_moved();
    wire_refuses = true;
    start_to(TN_METHOD_REGISTER, "sip:example.org:5060"); /* to bob, by UDP */
    wire_drops = alice_is_lost;
    resolve_as(elsewhere);
    pass(TN_TIMER_F * 2 + TERN_SECONDS(1));
    CHECK_EQ(failure(), TN_FAILURE_TIMEOUT);
    CHECK_EQ(count_records(&alice, TN_EFFECT_FAILED), 1);
    pair_close();
}

static void in_the_same_network_the_name_server_has_a_moment(void)
{
    pair_open();
    start(TN_METHOD_OPTIONS);
    resolve_as(only_bob);
    respond(200);
    forget_records(&bob);
    pass(TERN_SECONDS(61)); /* the TTL is over */
    start(TN_METHOD_REGISTER);
    pass(TERN_MS(299));
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 0);
    pass(TERN_MS(1));
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 1);
    pair_close();
}

/* ---- connections ---- */

static bool ignores_all_but_bob(tern_addr remote)
{
    return remote.ip[3] != 2;
}

/* RFC 8305 5 */
static void the_next_address_is_connected_to_after_250_ms(void)
{
    pair_open();
    wire_ignores = ignores_all_but_bob;
    start_to(TN_METHOD_REGISTER, "sip:example.org:5060;transport=tcp");
    resolve_as(nobody_then_bob);
    pass(TERN_MS(249));
    CHECK_EQ(alice.connects, 1);
    pass(TERN_MS(1));
    CHECK_EQ(alice.connects, 2);
    CHECK_EQ(alice.disconnects, 1); /* the one that was not up */
    respond(200);
    CHECK_EQ(final_status(), 200);
    pair_close();
}

static void a_refused_connection_begins_the_next_at_once(void)
{
    pair_open();
    start_to(TN_METHOD_REGISTER, "sip:example.org:5060;transport=tcp");
    resolve_as(nobody_then_bob);
    CHECK_EQ(alice.connects, 2);
    respond(200);
    CHECK_EQ(final_status(), 200);
    pair_close();
}

static void so_many_are_raced_and_the_others_have_their_turn(void)
{
    pair_open();
    wire_ignores = ignores_all_but_bob;
    start_to(TN_METHOD_REGISTER, "sip:example.org:5060;transport=tcp");
    resolve_as(five_with_bob);
    pass(TERN_SECONDS(2));
    CHECK_EQ(alice.connects, 4);
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 0);
    pass(TERN_SECONDS(7)); /* the first has run out of patience */
    CHECK_EQ(alice.connects, 5);
    CHECK_EQ(alice.disconnects, 4);
    respond(200);
    CHECK_EQ(final_status(), 200);
    pair_close();
}

/* The next request finds the server that was up. */
static void the_winner_is_asked_first_by_the_next(void)
{
    pair_open();
    wire_ignores = ignores_all_but_bob;
    start_to(TN_METHOD_REGISTER, "sip:example.org:5060;transport=tcp");
    resolve_as(nobody_then_bob);
    pass(TERN_MS(250));
    respond(200);
    start_to(TN_METHOD_OPTIONS, "sip:example.org:5060;transport=tcp");
    CHECK_EQ(alice.connects, 2);
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 2);
    pair_close();
}

static void an_abandoned_race_leaves_one_connection(void)
{
    pair_open();
    wire_ignores = ignores_all_but_bob;
    start_to(TN_METHOD_REGISTER, "sip:example.org:5060;transport=tcp");
    resolve_as(five_with_bob);
    pass(TERN_SECONDS(1));
    CHECK_EQ(alice.connects, 4);
    tn_request_abandon(&alice.txns, request);
    pump();
    CHECK_EQ(alice.disconnects, 3);
    pass(TERN_SECONDS(8));
    CHECK_EQ(alice.disconnects, 4);
    pair_close();
}

/* ---- UDP ---- */

static void one_that_is_silent_goes_round_the_addresses(void)
{
    pair_open();
    start(TN_METHOD_REGISTER);
    resolve_as(nobody_then_bob);
    pass(TERN_MS(2499));
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 0);
    pass(TERN_MS(1));
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 1);
    CHECK(last_has(&alice, "CSeq: 102 REGISTER"));
    respond(200);
    CHECK_EQ(final_status(), 200);
    pair_close();
}

static int to_lose;

static bool loses_some(struct peer *from)
{
    return from == &alice && to_lose-- > 0;
}

/* Three losses in a row do not mean that a server is dead for good. */
static void a_good_server_has_a_second_turn(void)
{
    pair_open();
    to_lose = 3 + 3; /* of which three go to nobody */
    wire_drops = loses_some;
    servers = nobody_then_bob;
    start(TN_METHOD_REGISTER);
    resolve();
    pass(TERN_MS(2500) * 3);
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 1);
    respond(200);
    CHECK_EQ(final_status(), 200);
    pair_close();
}

static void an_invite_rings_in_one_place_at_a_time(void)
{
    pair_open();
    start(TN_METHOD_INVITE);
    resolve_as(nobody_then_bob);
    pass(TN_TIMER_B - TERN_MS(1));
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 0);
    pass(TERN_MS(1));
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 1);
    pair_close();
}

/* ---- memory ---- */

static void race_and_move(void)
{
    pair_open();
    wire_ignores = ignores_all_but_bob;
    servers = nobody_then_bob;
    const struct tn_request_opts opts = {
        .owner = {TN_OWNER_REGISTRATION, 5, 55},
        .method = TN_METHOD_REGISTER,
        .uri = TERN_STR("sip:example.org:5060;transport=tcp"),
        .from = TERN_STR("<sip:alice@example.org>;tag=f"),
        .to = TERN_STR("<sip:alice@example.org>"),
        .call_id = TERN_STR("cid"),
        .cseq = &cseq,
    };
    if (tn_request_start(&alice.txns, &opts, &request) == 0) {
        pump();
        resolve();
        pass(TERN_MS(600));
        resolve();
        tn_locate_flush(&alice.net);
        (void)!tn_request_restart(&alice.txns, request);
        pass(TERN_SECONDS(1));
        resolve();
        pass(TERN_SECONDS(40));
    }
    pair_close();
}

static void every_allocation_may_fail(void)
{
    with_each_failure(race_and_move);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_last_good_server_is_tried_beside_the_look_up),
        TEST(an_answer_that_names_it_changes_nothing),
        TEST(an_answer_that_names_others_leads_there),
        TEST(whoever_has_answered_already_keeps_the_request),
        TEST(an_invite_leaves_the_last_good_server_when_it_is_silent),
        TEST(a_name_server_that_refuses_leaves_the_last_good_server),
        TEST(without_any_server_a_request_fails_once),
        TEST(in_the_same_network_the_name_server_has_a_moment),
        TEST(the_next_address_is_connected_to_after_250_ms),
        TEST(a_refused_connection_begins_the_next_at_once),
        TEST(so_many_are_raced_and_the_others_have_their_turn),
        TEST(the_winner_is_asked_first_by_the_next),
        TEST(an_abandoned_race_leaves_one_connection),
        TEST(one_that_is_silent_goes_round_the_addresses),
        TEST(a_good_server_has_a_second_turn),
        TEST(an_invite_rings_in_one_place_at_a_time),
        TEST(every_allocation_may_fail),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
