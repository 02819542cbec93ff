/* SPDX-License-Identifier: MIT */
/* Requests from one end against a scripted user at the other. */
#include <tern/err.h>

#include "pair.h"
#include "txn/timing.h"

static struct tn_auth auth;
static uint32_t cseq;

static struct tn_request_opts options(enum tn_method method, const char *uri)
{
    return (struct tn_request_opts){
        .owner = {TN_OWNER_REGISTRATION, 5, 55},
        .method = method,
        .uri = tn_str(uri),
        .from = TERN_STR("<sip:alice@example.org>;tag=f"),
        .to = TERN_STR("<sip:alice@example.org>"),
        .call_id = TERN_STR("cid"),
        .cseq = &cseq,
    };
}

static uint64_t start(const struct tn_request_opts *opts)
{
    uint64_t id = 0;
    cseq = 100;
    CHECK_EQ(tn_request_start(&alice.txns, opts, &id), 0);
    pump();
    return id;
}

static uint64_t start_plain(enum tn_method method, const char *uri)
{
    const struct tn_request_opts opts = options(method, uri);
    return start(&opts);
}

static void respond(unsigned status, const char *headers)
{
    const struct tn_effect *request = last_record(&bob, TN_EFFECT_REQUEST);
    CHECK(request);
    const struct tn_response rsp = {
        .status = status, .to_tag = TERN_STR("b1"), .headers = tn_str(headers)};
    CHECK_EQ(tn_server_respond(&bob.txns, request->id, &rsp), 0);
    pump();
}

static void open_auth(const char *password)
{
    const struct tn_credentials credentials = {TERN_STR("alice"), tn_str(password), {NULL, 0}};
    pair_open();
    CHECK_EQ(tn_auth_init(&auth, &alice.ctx, &credentials), 0);
}

static void close_auth(void)
{
    tn_auth_fini(&auth);
    pair_close();
}

static const char challenge1[] =
    "WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256\r\n";
static const char challenge2[] =
    "WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", qop=\"auth\", algorithm=SHA-256\r\n";

static void a_request_is_printed_in_full(void)
{
    pair_open();
    struct tn_request_opts opts = options(TN_METHOD_MESSAGE, "sip:bob@example.org");
    opts.route = TERN_STR("<sip:192.0.2.2;lr>, <sip:far.example;lr>");
    opts.headers = TERN_STR("Expires: 60\r\n");
    opts.content_type = TERN_STR("text/plain");
    opts.body = TERN_STR("hello");
    start(&opts);
    CHECK(strncmp(alice.last,
                  "MESSAGE sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;",
                  67) == 0);
    CHECK(last_has(&alice, ";rport\r\nRoute: <sip:192.0.2.2;lr>, <sip:far.example;lr>\r\n"
                           "Max-Forwards: 70\r\nFrom: <sip:alice@example.org>;tag=f\r\n"
                           "To: <sip:alice@example.org>\r\nCall-ID: cid\r\nCSeq: 101 MESSAGE\r\n"
                           "Expires: 60\r\nUser-Agent: Tern/test\r\nContent-Type: text/plain\r\n"
                           "Content-Length: 5\r\n\r\nhello"));
    respond(202, "");
    CHECK_EQ(final_status(), 202);
    CHECK_EQ(last_record(&alice, TN_EFFECT_RESPONSE)->owner.id, 55);
    CHECK_EQ(last_record(&alice, TN_EFFECT_RESPONSE)->owner.tag, 5);
    pair_close();
}

/* RFC 3261 8.1.2: the first loose route, next_hop before it, else the Request-URI. */
static void the_next_hop_is_chosen_as_the_rfc_says(void)
{
    static const struct {
        const char *uri, *route, *next_hop;
        bool arrives;
    } cases[] = {
        {"sip:bob@192.0.2.2", "", "", true},
        {"sip:bob@192.0.2.9", "", "", false},
        {"sip:bob@192.0.2.9", "\"a,b\" <sip:192.0.2.2;lr>,<sip:192.0.2.9;lr>", "", true},
        {"sip:bob@192.0.2.2", "<sip:192.0.2.9>", "", true},
        {"sip:bob@192.0.2.9", "<sip:192.0.2.9;lr>", "sip:192.0.2.2;transport=udp", true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        pair_open();
        struct tn_request_opts opts = options(TN_METHOD_OPTIONS, cases[i].uri);
        opts.route = tn_str(cases[i].route);
        opts.next_hop = tn_str(cases[i].next_hop);
        start(&opts);
        CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), cases[i].arrives);
        pair_close();
    }
}

/* The main job's first half: one challenge, then each refresh in a single round trip. */
static void a_challenge_is_answered_and_remembered(void)
{
    open_auth("secret");
    struct tn_request_opts opts = options(TN_METHOD_REGISTER, "sip:192.0.2.2");
    opts.auth = &auth;
    uint64_t id = start(&opts);
    CHECK(!last_has(&alice, "Authorization"));
    respond(401, challenge1);
    CHECK(last_has(&alice, "CSeq: 102 REGISTER\r\nAuthorization: Digest username=\"alice\""));
    CHECK_EQ(count_records(&alice, TN_EFFECT_RESPONSE), 0);
    respond(200, "Authentication-Info: nextnonce=\"n7\"\r\n");
    CHECK_EQ(final_status(), 200);
    struct tn_request_path path;
    CHECK(tn_request_path(&alice.txns, id, &path));
    CHECK_EQ(path.rounds, 2);
    CHECK_EQ(path.cseq, 102);
    CHECK(tern_addr_equal(path.local, addr("192.0.2.1:5060")));
    CHECK(tern_addr_equal(path.remote, addr("192.0.2.2:5060")));
    pass(1);
    CHECK(!tn_request_path(&alice.txns, id, &path));
    start(&opts);
    CHECK(last_has(&alice, "nonce=\"n7\"") && last_has(&alice, "nc=00000001"));
    respond(200, "");
    close_auth();
}

static void a_wrong_password_ends_after_one_try(void)
{
    open_auth("wrong");
    struct tn_request_opts opts = options(TN_METHOD_REGISTER, "sip:192.0.2.2");
    opts.auth = &auth;
    start(&opts);
    respond(401, challenge1);
    respond(401, challenge2);
    CHECK_EQ(final_status(), 401);
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 2);
    close_auth();
}

static void without_credentials_the_challenge_is_the_answer(void)
{
    pair_open();
    start_plain(TN_METHOD_REGISTER, "sip:192.0.2.2");
    respond(401, challenge1);
    CHECK_EQ(final_status(), 401);
    pair_close();
}

/* ---- preparing ---- */

static void the_owner_sets_contact_and_body_once_the_flow_is_known(void)
{
    pair_open();
    struct tn_request_opts opts = options(TN_METHOD_INVITE, "sip:192.0.2.2");
    opts.prepare = true;
    uint64_t id = start(&opts);
    CHECK_EQ(alice.sent, 0);
    CHECK_EQ(last_record(&alice, TN_EFFECT_PREPARE)->id, id);
    struct tn_request_path path;
    CHECK(tn_request_path(&alice.txns, id, &path));
    CHECK(tern_addr_equal(path.local, addr("192.0.2.1:5060")));
    CHECK_EQ(path.cseq, 0);
    const struct tn_request_parts parts = {.contact = TERN_STR("<sip:alice@192.0.2.1:5060>"),
                                           .headers = TERN_STR("Supported: replaces\r\n"),
                                           .content_type = TERN_STR("application/sdp"),
                                           .body = TERN_STR("v=0\r\n")};
    CHECK_EQ(tn_request_send(&alice.txns, id, &parts), 0);
    CHECK_EQ(tn_request_send(&alice.txns, id, &parts), TERN_ESTATE);
    pump();
    CHECK(last_has(&alice, "Contact: <sip:alice@192.0.2.1:5060>\r\nSupported: replaces\r\n"));
    CHECK(last_has(&alice, "Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n"));
    pair_close();
}

/* ---- fail-over ---- */

static void srv(uint16_t priority, const char *target, struct tern_dns_record *out)
{
    *out = (struct tern_dns_record){.type = TERN_DNS_SRV,
                                    .priority = priority,
                                    .weight = 1,
                                    .port = 5060,
                                    .ttl_s = 60,
                                    .target = tn_str(target)};
}

static bool bob_is_first;

/* Answers every look-up of alice's: two servers, 192.0.2.9 (nobody is there) and bob. */
static void resolve_all(bool exists)
{
    while (alice.lookup_count > 0) {
        size_t last = --alice.lookup_count, count = 0;
        struct tern_dns_record records[2] = {{0}};
        if (exists && alice.lookups[last].type == TERN_DNS_SRV) {
            srv(1, "one.example.org", &records[count++]);
            srv(2, "two.example.org", &records[count++]);
        }
        if (exists && alice.lookups[last].type == TERN_DNS_A) {
            bool first = (alice.lookups[last].name[0] == 'o') != bob_is_first;
            records[count].type = TERN_DNS_A;
            records[count].ttl_s = 60;
            records[count++].addr = addr(first ? "192.0.2.9" : "192.0.2.2");
        }
        tn_locate_resolved(&alice.net, alice.lookups[last].id, records, count, false);
        pump();
    }
}

static void the_next_server_is_asked_when_one_is_silent(void)
{
    pair_open();
    start_plain(TN_METHOD_REGISTER, "sip:example.org;transport=udp");
    resolve_all(true);
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 0);
    pass(TN_TIMER_F);
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 1);
    CHECK(last_has(&alice, "CSeq: 102 REGISTER"));
    respond(200, "");
    CHECK_EQ(final_status(), 200);
    CHECK_EQ(failure(), -1);
    pair_close();
}

static void in_a_dialog_silence_ends_the_request(void)
{
    pair_open();
    struct tn_request_opts opts = options(TN_METHOD_UPDATE, "sip:example.org;transport=udp");
    opts.no_failover = true;
    start(&opts);
    resolve_all(true);
    pass(TN_TIMER_F);
    CHECK_EQ(failure(), TN_FAILURE_TIMEOUT);
    pair_close();
}

static void a_503_from_the_last_server_is_the_answer(void)
{
    pair_open();
    start_plain(TN_METHOD_REGISTER, "sip:192.0.2.2");
    respond(503, "");
    CHECK_EQ(final_status(), 503);
    pair_close();
}

/* RFC 3263 4.3; a challenge is no reason, and a body goes along. */
static void a_503_means_that_the_next_server_is_asked(void)
{
    pair_open();
    bob_is_first = true;
    struct tn_request_opts opts = options(TN_METHOD_REGISTER, "sip:example.org;transport=udp");
    opts.no_failover = true; /* concerns silence only */
    uint64_t id = start(&opts);
    resolve_all(true);
    bob_is_first = false;
    respond(503, "");
    CHECK(last_has(&alice, "CSeq: 102 REGISTER"));
    struct tn_request_path path;
    CHECK(tn_request_path(&alice.txns, id, &path));
    CHECK(tern_addr_equal(path.remote, addr("192.0.2.9:5060")));
    CHECK_EQ(path.rounds, 1);
    CHECK_EQ(count_records(&alice, TN_EFFECT_RESPONSE), 0);
    pass(TN_TIMER_F);
    CHECK_EQ(failure(), TN_FAILURE_TIMEOUT);
    pair_close();
}

static void each_kind_of_failure_has_its_name(void)
{
    pair_open();
    start_plain(TN_METHOD_OPTIONS, "sip:nowhere.example;transport=udp");
    resolve_all(false);
    CHECK_EQ(failure(), TN_FAILURE_UNRESOLVABLE);
    start_plain(TN_METHOD_OPTIONS, "tel:+1");
    CHECK_EQ(failure(), TN_FAILURE_UNRESOLVABLE);
    start_plain(TN_METHOD_OPTIONS, "sip:[2001:db8::1]");
    CHECK_EQ(failure(), TN_FAILURE_NO_ROUTE);
    wire_refuses = true;
    start_plain(TN_METHOD_OPTIONS, "sip:192.0.2.2;transport=tcp");
    CHECK_EQ(failure(), TN_FAILURE_TRANSPORT);
    set_address(&bob, "192.0.2.77");
    start_plain(TN_METHOD_OPTIONS, "sip:192.0.2.2");
    pass(TN_TIMER_F);
    CHECK_EQ(failure(), TN_FAILURE_TIMEOUT);
    CHECK_EQ(count_records(&alice, TN_EFFECT_FAILED), 5);
    pair_close();
}

/* ---- INVITE ---- */

static void provisional_answers_and_each_2xx_come_up_until_the_transaction_ends(void)
{
    pair_open();
    uint64_t id = start_plain(TN_METHOD_INVITE, "sip:192.0.2.2");
    respond(100, "");
    respond(180, "");
    respond(200, "");
    CHECK_EQ(tn_server_repeat(&bob.txns, last_record(&bob, TN_EFFECT_REQUEST)->id), 0);
    pump();
    CHECK_EQ(count_records(&alice, TN_EFFECT_RESPONSE), 4);
    CHECK_EQ(tn_request_cancel(&alice.txns, id), TERN_ESTATE);
    CHECK_EQ(tn_request_restart(&alice.txns, id), TERN_ESTATE);
    pass(TERN_SECONDS(33));
    CHECK_EQ(failure(), -1);
    CHECK_EQ(alice.txns.requests.count, 0);
    pair_close();
}

static void a_cancelled_invite_still_brings_its_final_answer(void)
{
    pair_open();
    uint64_t id = start_plain(TN_METHOD_INVITE, "sip:192.0.2.2");
    CHECK_EQ(tn_request_cancel(&alice.txns, id), 0);
    respond(180, "");
    CHECK_EQ(count_records(&bob, TN_EFFECT_CANCELLED), 1);
    respond(487, "");
    CHECK_EQ(final_status(), 487);
    pair_close();
}

static void an_invite_cancelled_before_it_was_sent_just_ends(void)
{
    pair_open();
    uint64_t id = start_plain(TN_METHOD_INVITE, "sip:example.org");
    CHECK_EQ(tn_request_cancel(&alice.txns, id), 0);
    pump();
    CHECK_EQ(failure(), TN_FAILURE_NONE);
    CHECK_EQ(tn_request_cancel(&alice.txns, id), TERN_ESTALE);
    resolve_all(true);
    CHECK_EQ(alice.sent, 0);
    pair_close();
}

static void a_challenge_after_cancel_is_not_taken_up(void)
{
    open_auth("secret");
    struct tn_request_opts opts = options(TN_METHOD_INVITE, "sip:192.0.2.2");
    opts.auth = &auth;
    uint64_t id = start(&opts);
    CHECK_EQ(tn_request_cancel(&alice.txns, id), 0);
    respond(401, challenge1);
    CHECK_EQ(final_status(), 401);
    CHECK_EQ(count_records(&bob, TN_EFFECT_REQUEST), 1);
    close_auth();
}

/* RFC 3261 13.2.2.4: no transaction, the CSeq of the INVITE, its credentials. */
static void an_ack_is_sent_and_forgotten(void)
{
    pair_open();
    start_plain(TN_METHOD_ACK, "sip:192.0.2.2");
    CHECK(last_has(&alice, "CSeq: 100 ACK\r\n"));
    CHECK_EQ(count_records(&bob, TN_EFFECT_ACK), 1);
    pass(TERN_SECONDS(60));
    CHECK_EQ(alice.sent, 1);
    CHECK_EQ(alice.record_count, 0);
    CHECK_EQ(alice.txns.requests.count + alice.txns.clients.count, 0);
    pair_close();
}

/* ---- the network changes ---- */

static void a_restarted_request_leaves_by_the_new_address(void)
{
    pair_open();
    struct tn_request_opts opts = options(TN_METHOD_REGISTER, "sip:192.0.2.2");
    opts.from_addr = addr("192.0.2.1");
    uint64_t id = start(&opts);
    set_address(&alice, "192.0.2.9");
    CHECK_EQ(tn_request_restart(&alice.txns, id), 0);
    pump();
    CHECK(tern_addr_same_host(alice.last_local, addr("192.0.2.9")));
    CHECK(last_has(&alice, "Via: SIP/2.0/UDP 192.0.2.9:5060;"));
    CHECK(last_has(&alice, "CSeq: 102 REGISTER"));
    CHECK_EQ(alice.txns.clients.count, 1);
    respond(200, "");
    CHECK_EQ(final_status(), 200);
    CHECK_EQ(count_records(&alice, TN_EFFECT_RESPONSE), 1);
    pair_close();
}

static void a_restart_in_each_state_asks_the_owner_again(void)
{
    pair_open();
    struct tn_request_opts opts = options(TN_METHOD_REGISTER, "sip:example.org;transport=udp");
    opts.prepare = true;
    uint64_t id = start(&opts);
    const struct tn_request_parts none = {.body = {NULL, 0}};
    CHECK_EQ(tn_request_send(&alice.txns, id, &none), TERN_ESTATE);
    CHECK_EQ(tn_request_restart(&alice.txns, id), 0); /* LOCATING */
    pump();
    resolve_all(true);
    CHECK_EQ(count_records(&alice, TN_EFFECT_PREPARE), 1);
    CHECK_EQ(tn_request_restart(&alice.txns, id), 0); /* PREPARING */
    pump();
    resolve_all(true);
    CHECK_EQ(count_records(&alice, TN_EFFECT_PREPARE), 2);
    CHECK_EQ(tn_request_send(&alice.txns, id, &none), 0);
    CHECK_EQ(tn_request_restart(&alice.txns, id), 0); /* PENDING */
    pump();
    resolve_all(true);
    CHECK_EQ(count_records(&alice, TN_EFFECT_PREPARE), 3);
    CHECK_EQ(cseq, 101);
    tn_request_abandon(&alice.txns, id);
    CHECK_EQ(tn_request_restart(&alice.txns, id), TERN_ESTALE);
    CHECK_EQ(alice.txns.requests.count + alice.txns.clients.count, 0);
    tn_request_abandon(&alice.txns, 0);
    pair_close();
}

static void an_invite_that_rings_does_not_fail_over(void)
{
    pair_open();
    start_plain(TN_METHOD_INVITE, "sip:192.0.2.2;transport=tcp");
    respond(180, "");
    cut_streams();
    pump();
    CHECK_EQ(failure(), TN_FAILURE_TRANSPORT);
    pair_close();
}

static void nonsense_is_refused_at_once(void)
{
    uint64_t id;
    pair_open();
    struct tn_request_opts opts = options(TN_METHOD_OTHER, "sip:192.0.2.2");
    CHECK_EQ(tn_request_start(&alice.txns, &opts, &id), TERN_EINVAL);
    opts = options(TN_METHOD_BYE, "");
    CHECK_EQ(tn_request_start(&alice.txns, &opts, &id), TERN_EINVAL);
    opts = options(TN_METHOD_BYE, "sip:192.0.2.2");
    opts.cseq = NULL;
    CHECK_EQ(tn_request_start(&alice.txns, &opts, &id), TERN_EINVAL);
    CHECK_EQ(tn_request_cancel(&alice.txns, start_plain(TN_METHOD_BYE, "sip:192.0.2.2")),
             TERN_EINVAL);
    pair_close();
}

/* ---- memory ---- */

static void registrar(struct peer *peer, const struct tn_effect *effect)
{
    if (effect->kind != TN_EFFECT_REQUEST) return;
    bool authorised = tn_msg_header(effect->msg, TN_HDR_AUTHORIZATION, 0) != NULL;
    const struct tn_response rsp = {.status = authorised ? 200 : 401,
                                    .headers = tn_str(authorised ? "" : challenge1)};
    (void)!tn_server_respond(&peer->txns, effect->id, &rsp);
}

static void registration(void)
{
    const struct tn_credentials credentials = {TERN_STR("alice"), TERN_STR("x"), {NULL, 0}};
    struct tn_request_opts opts = options(TN_METHOD_REGISTER, "sip:192.0.2.2");
    uint64_t id;

    pair_open();
    bob.user = registrar;
    memset(&auth, 0, sizeof(auth));
    opts.auth = &auth;
    int err = tn_auth_init(&auth, &alice.ctx, &credentials);
    if (!err) err = tn_request_start(&alice.txns, &opts, &id);
    if (err) CHECK_EQ(err, TERN_ENOMEM);
    pass(TERN_SECONDS(100));
    if (!err) {
        size_t ends =
            count_records(&alice, TN_EFFECT_FAILED) + count_records(&alice, TN_EFFECT_RESPONSE);
        CHECK_EQ(ends, 1);
    }
    CHECK_EQ(alice.txns.requests.count + alice.txns.clients.count, 0);
    tn_auth_fini(&auth);
    pair_close();
}

static void every_allocation_may_fail_in_a_registration(void)
{
    with_each_failure(registration);
}

static void what_has_to_be_secure_never_leaves_in_the_clear(void)
{
    static const char *const uris[] = {"sip:bob@192.0.2.2", "sip:bob@192.0.2.2;transport=udp",
                                       "sip:bob@192.0.2.2;transport=tcp", "sips:bob@192.0.2.2"};

    for (size_t i = 0; i < 2 * sizeof(uris) / sizeof(uris[0]); i++) {
        pair_open(); /* there is no TLS */
        struct tn_request_opts opts = options(TN_METHOD_OPTIONS, uris[i / 2]);
        opts.secure = true;
        if (i % 2) opts.next_hop = TERN_STR("sip:192.0.2.2;transport=udp");
        start(&opts);
        CHECK(failure() > 0);
        CHECK(last_record(&bob, TN_EFFECT_REQUEST) == NULL);
        pair_close();
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_request_is_printed_in_full),
        TEST(the_next_hop_is_chosen_as_the_rfc_says),
        TEST(a_challenge_is_answered_and_remembered),
        TEST(a_wrong_password_ends_after_one_try),
        TEST(without_credentials_the_challenge_is_the_answer),
        TEST(the_owner_sets_contact_and_body_once_the_flow_is_known),
        TEST(the_next_server_is_asked_when_one_is_silent),
        TEST(in_a_dialog_silence_ends_the_request),
        TEST(a_503_from_the_last_server_is_the_answer),
        TEST(a_503_means_that_the_next_server_is_asked),
        TEST(each_kind_of_failure_has_its_name),
        TEST(provisional_answers_and_each_2xx_come_up_until_the_transaction_ends),
        TEST(a_cancelled_invite_still_brings_its_final_answer),
        TEST(an_invite_cancelled_before_it_was_sent_just_ends),
        TEST(a_challenge_after_cancel_is_not_taken_up),
        TEST(an_ack_is_sent_and_forgotten),
        TEST(a_restarted_request_leaves_by_the_new_address),
        TEST(a_restart_in_each_state_asks_the_owner_again),
        TEST(an_invite_that_rings_does_not_fail_over),
        TEST(nonsense_is_refused_at_once),
        TEST(every_allocation_may_fail_in_a_registration),
        TEST(what_has_to_be_secure_never_leaves_in_the_clear),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
