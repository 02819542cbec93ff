/* SPDX-License-Identifier: MIT */
/* The proxy: RFC 3261 16, RFC 3581, RFC 5658, RFC 6026. */
#include "rig.h"

#include "base/str.h"

#define BOB_AOR "sip:bob@" DOMAIN

static struct rig rig;
static struct ua bob;

static void bob_registers(const char *contact)
{
    char lines[256];

    snprintf(lines, sizeof(lines), "Contact: <%s>\n", contact);
    const char *answer = rig_register(&rig, &bob, lines);
    CHECK(rig_has(answer, "SIP/2.0 200"));
    rig_forget(&rig);
}

static void start(struct rig_opts opts)
{
    rig_start(&rig, opts);
    bob = (struct ua){.user = "bob", .password = "builder", .address = BOB, .branch = "b"};
}

static void start_open(void)
{
    start((struct rig_opts){.no_auth = true});
}

static void start_forked(void)
{
    start_open();
    bob_registers("sip:bob@" BOB);
    bob.address = BOB_TOO;
    bob_registers("sip:bob@" BOB_TOO);
}

/* What varies in a request of Alice's; NULL: the usual. */
struct req {
    const char *method, *uri, *from, *to_tag, *lines, *address;
    int cseq;
};

static const char *print(struct req r)
{
    static char text[4096];
    const char *method = r.method ? r.method : "INVITE";
    int cseq = r.cseq ? r.cseq : 1;

    snprintf(text, sizeof(text),
             "%s %s SIP/2.0\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s%d;rport\n"
             "From: <%s>;tag=al\nTo: <" BOB_AOR ">%s%s\nCall-ID: call\nCSeq: %d %s\n"
             "Contact: <sip:alice@" ALICE ">\n%sContent-Length: 4\n\nbody",
             method, r.uri ? r.uri : BOB_AOR, r.address ? r.address : ALICE,
             strcmp(method, "CANCEL") == 0 ? "INVITE" : method, cseq,
             r.from ? r.from : "sip:alice@" DOMAIN, r.to_tag ? ";tag=" : "",
             r.to_tag ? r.to_tag : "", cseq, method, r.lines ? r.lines : "Max-Forwards: 70\n");
    return text;
}

static void send_by_alice(struct req r)
{
    rig_udp(&rig, r.address ? r.address : ALICE, print(r));
}

static int count(const char *message, const char *name)
{
    int n = 0;

    while (*rig_header(message, name, n))
        n++;
    return n;
}

/* ---- one call, from end to end ---- */

static void an_invite_passes_with_via_record_route_and_fewer_hops(void)
{
    start_open();
    bob_registers("sip:bob@" BOB);
    send_by_alice((struct req){.lines = "Max-Forwards: 70\nX-Thing: kept\nSubject: a\n b\n"});
    rig_expect(&rig, ALICE, "SIP/2.0 100 ");
    const char *invite = rig_expect(&rig, BOB, "INVITE sip:bob@" BOB " SIP/2.0\r\n");
    CHECK_EQ(count(invite, "Via"), 2);
    CHECK(rig_has(rig_header(invite, "Via", 0), "SIP/2.0/UDP " SERVER ";branch=z9hG4bK"));
    CHECK(rig_has(rig_header(invite, "Via", 1), "received=192.0.2.10;rport=5070"));
    CHECK(strcmp(rig_header(invite, "Record-Route", 0), "<sip:" SERVER ";lr>") == 0);
    CHECK_EQ(count(invite, "Record-Route"), 1);
    CHECK(strcmp(rig_header(invite, "Max-Forwards", 0), "69") == 0);
    CHECK(strcmp(rig_header(invite, "X-Thing", 0), "kept") == 0);
    CHECK(rig_has(invite, "\r\n\r\nbody"));
    CHECK_EQ(count(invite, "Content-Length"), 1);
    rig_stop(&rig);
}

static void a_whole_call_goes_both_ways_along_its_routes(void)
{
    const char *route = "Max-Forwards: 70\nRoute: <sip:" SERVER ";lr>\n";

    start_open();
    bob_registers("sip:bob@" BOB);
    send_by_alice((struct req){0});
    rig_expect(&rig, ALICE, "SIP/2.0 100 ");
    const char *invite = rig_expect(&rig, BOB, "INVITE ");
    rig_reply(&rig, BOB, invite, "180 Ringing", "");
    const char *ringing = rig_expect(&rig, ALICE, "SIP/2.0 180 Ringing\r\n");
    CHECK_EQ(count(ringing, "Via"), 1);
    CHECK(rig_has(rig_header(ringing, "Via", 0), "SIP/2.0/UDP " ALICE));
    CHECK_EQ(count(ringing, "Record-Route"), 1);
    rig_reply(&rig, BOB, invite, "200 OK", "Contact: <sip:bob@" BOB ">\n");
    rig_expect(&rig, ALICE, "SIP/2.0 200 OK\r\n");
    rig_reply(&rig, BOB, invite, "200 OK", "Contact: <sip:bob@" BOB ">\n"); /* no ACK yet */
    rig_expect(&rig, ALICE, "SIP/2.0 200 OK\r\n");

    send_by_alice(
        (struct req){.method = "ACK", .uri = "sip:bob@" BOB, .to_tag = "far5080", .lines = route});
    const char *ack = rig_expect(&rig, BOB, "ACK sip:bob@" BOB " SIP/2.0\r\n");
    CHECK_EQ(count(ack, "Route"), 0);
    CHECK_EQ(count(ack, "Via"), 2);
    rig_expect_nothing(&rig, ALICE);

    send_by_alice((struct req){
        .method = "BYE", .uri = "sip:bob@" BOB, .to_tag = "far5080", .lines = route, .cseq = 2});
    const char *bye = rig_expect(&rig, BOB, "BYE sip:bob@" BOB " SIP/2.0\r\n");
    CHECK_EQ(count(bye, "Record-Route"), 0);
    rig_reply(&rig, BOB, bye, "200 OK", "");
    rig_expect(&rig, ALICE, "SIP/2.0 200 OK\r\n");
    rig_expect_nothing(&rig, BOB);
    rig_advance(&rig, TERN_SECONDS(70));
    CHECK_EQ(rig.server->proxied.count, 0);
    rig_stop(&rig);
}

/* The peer's Contact after its address has changed: forwarded as it is. */
static void requests_in_dialogs_go_where_their_request_uri_says(void)
{
    start_open();
    send_by_alice((struct req){.uri = "sip:bob@192.0.2.99:5099",
                               .to_tag = "far",
                               .lines = "Route: <sip:" SERVER ";lr>\n"});
    rig_expect(&rig, "192.0.2.99:5099", "INVITE sip:bob@192.0.2.99:5099 SIP/2.0\r\n");
    send_by_alice((struct req){.method = "UPDATE",
                               .uri = "sip:bob@192.0.2.99:5099",
                               .to_tag = "far",
                               .lines = "Route: <sip:" SERVER ";lr>, <sip:192.0.2.98;lr>\n"});
    const char *update = rig_expect(&rig, "192.0.2.98:5060", "UPDATE sip:bob@192.0.2.99:5099 ");
    CHECK(strcmp(rig_header(update, "Route", 0), "<sip:192.0.2.98;lr>") == 0);
    rig_stop(&rig);
}

/* RFC 3261 16.4 and 16.6 step 6 */
static void strict_routers_before_and_behind_are_minded(void)
{
    start_open();
    send_by_alice((struct req){.uri = "sip:" SERVER ";lr",
                               .to_tag = "far",
                               .lines = "Route: <sip:192.0.2.98>, <sip:bob@192.0.2.99>\n"});
    const char *invite = rig_expect(&rig, "192.0.2.98:5060", "INVITE sip:192.0.2.98 SIP/2.0\r\n");
    CHECK(strcmp(rig_header(invite, "Route", 0), "<sip:bob@192.0.2.99>") == 0);
    rig_stop(&rig);
}

/* RFC 5658: each side can reach the address that it sees. */
static void two_sides_that_see_different_addresses_get_two_record_routes(void)
{
    start((struct rig_opts){.no_auth = true, .other_side = "198.51.100.1"});
    bob_registers("sip:bob@" BOB);
    send_by_alice((struct req){.address = STRANGER, .from = "sip:x@elsewhere.example"});
    const char *invite = rig_expect(&rig, BOB, "INVITE ");
    CHECK(strcmp(rig_header(invite, "Record-Route", 0), "<sip:" SERVER ";lr>") == 0);
    CHECK(strcmp(rig_header(invite, "Record-Route", 1), "<sip:198.51.100.1:5060;lr>") == 0);
    send_by_alice((struct req){.method = "BYE",
                               .uri = "sip:bob@" BOB,
                               .to_tag = "far",
                               .address = STRANGER,
                               .lines = "Route: <sip:198.51.100.1:5060;lr>\n"
                                        "Route: <sip:" SERVER ";lr>\n"});
    CHECK_EQ(count(rig_expect(&rig, BOB, "BYE "), "Route"), 0);
    rig_stop(&rig);
}

static void without_record_routing_nothing_is_added(void)
{
    start((struct rig_opts){.no_auth = true, .no_record_route = true});
    bob_registers("sip:bob@" BOB);
    send_by_alice((struct req){0});
    CHECK_EQ(count(rig_expect(&rig, BOB, "INVITE "), "Record-Route"), 0);
    rig_stop(&rig);
}

/* ---- forks ---- */

static void each_binding_rings_the_first_answer_wins_and_the_rest_is_cancelled(void)
{
    start_forked();
    send_by_alice((struct req){0});
    const char *one = rig_expect(&rig, BOB, "INVITE sip:bob@" BOB);
    rig_expect_nothing(&rig, BOB);
    const char *two = rig_expect(&rig, BOB_TOO, "INVITE sip:bob@" BOB_TOO);
    rig_forget(&rig);
    rig_reply(&rig, BOB, one, "180 Ringing", "");
    rig_reply(&rig, BOB_TOO, two, "180 Ringing", "");
    rig_reply(&rig, BOB_TOO, two, "200 OK", "");
    rig_expect(&rig, ALICE, "SIP/2.0 180");
    rig_expect(&rig, ALICE, "SIP/2.0 180");
    CHECK(rig_has(rig_expect(&rig, ALICE, "SIP/2.0 200"), ";tag=far5081"));
    const char *cancel = rig_expect(&rig, BOB, "CANCEL sip:bob@" BOB);
    rig_expect_nothing(&rig, BOB_TOO);
    rig_reply(&rig, BOB, cancel, "200 OK", "");
    rig_reply(&rig, BOB, one, "487 Request Terminated", "");
    rig_expect(&rig, BOB, "ACK ");
    rig_expect_nothing(&rig, ALICE);
    rig_stop(&rig);
}

/* RFC 6026 7.1: CANCEL came too late; the caller ends it. */
static void two_answers_are_both_passed_on(void)
{
    start_forked();
    send_by_alice((struct req){0});
    const char *one = rig_expect(&rig, BOB, "INVITE ");
    const char *two = rig_expect(&rig, BOB_TOO, "INVITE ");
    rig_reply(&rig, BOB, one, "200 OK", "");
    rig_reply(&rig, BOB_TOO, two, "200 OK", "");
    rig_expect(&rig, ALICE, "SIP/2.0 100");
    CHECK(rig_has(rig_expect(&rig, ALICE, "SIP/2.0 200"), ";tag=far5080"));
    CHECK(rig_has(rig_expect(&rig, ALICE, "SIP/2.0 200"), ";tag=far5081"));
    rig_stop(&rig);
}

/* RFC 3261 16.7 step 6 */
static void the_best_of_the_failures_goes_back(void)
{
    static const struct {
        const char *one, *two, *best;
    } cases[] = {
        {"486 Busy", "404 Not Found", "SIP/2.0 486"},
        {"404 Not Found", "401 Unauthorized", "SIP/2.0 401"},
        {"500 Oops", "486 Busy", "SIP/2.0 486"},
        {"486 Busy", "302 Moved", "SIP/2.0 302"},
        {"486 Busy", "603 Decline", "SIP/2.0 603"},
        {"503 Full", "503 Full", "SIP/2.0 500"},
        {"503 Full", "500 Oops", "SIP/2.0 500 Oops"},
        {"407 Proxy", "415 No", "SIP/2.0 407"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start_forked();
        send_by_alice((struct req){0});
        rig_expect(&rig, ALICE, "SIP/2.0 100");
        const char *one = rig_expect(&rig, BOB, "INVITE ");
        const char *two = rig_expect(&rig, BOB_TOO, "INVITE ");
        rig_reply(&rig, BOB, one, cases[i].one, "");
        rig_expect_nothing(&rig, ALICE);
        rig_reply(&rig, BOB_TOO, two, cases[i].two, "");
        rig_expect(&rig, ALICE, cases[i].best);
        rig_expect(&rig, BOB, "ACK ");
        rig_stop(&rig);
    }
}

/* RFC 3261 16.7 step 7 */
static void challenges_of_all_branches_are_gathered(void)
{
    start_forked();
    send_by_alice((struct req){0});
    rig_expect(&rig, ALICE, "SIP/2.0 100");
    const char *one = rig_expect(&rig, BOB, "INVITE ");
    const char *two = rig_expect(&rig, BOB_TOO, "INVITE ");
    rig_reply(&rig, BOB, one, "401 A", "WWW-Authenticate: Digest realm=\"a\", nonce=\"1\"\n");
    rig_reply(&rig, BOB_TOO, two, "407 B", "Proxy-Authenticate: Digest realm=\"b\", nonce=\"2\"\n");
    const char *answer = rig_expect(&rig, ALICE, "SIP/2.0 401");
    CHECK_EQ(count(answer, "WWW-Authenticate"), 1);
    CHECK_EQ(count(answer, "Proxy-Authenticate"), 1);
    rig_stop(&rig);
}

static void a_decline_everywhere_cancels_the_others_at_once(void)
{
    start_forked();
    send_by_alice((struct req){0});
    const char *one = rig_expect(&rig, BOB, "INVITE ");
    const char *two = rig_expect(&rig, BOB_TOO, "INVITE ");
    rig_reply(&rig, BOB, one, "180 Ringing", "");
    rig_forget(&rig);
    rig_reply(&rig, BOB_TOO, two, "603 Decline", "");
    rig_expect(&rig, BOB, "CANCEL ");
    rig_expect_nothing(&rig, ALICE);
    rig_reply(&rig, BOB, one, "487 Request Terminated", "");
    rig_expect(&rig, ALICE, "SIP/2.0 603");
    rig_stop(&rig);
}

/* ---- CANCEL and time ---- */

static void a_cancel_goes_on_to_every_branch_that_rings(void)
{
    start_forked();
    send_by_alice((struct req){0});
    const char *one = rig_expect(&rig, BOB, "INVITE ");
    const char *two = rig_expect(&rig, BOB_TOO, "INVITE ");
    rig_reply(&rig, BOB, one, "180 Ringing", "");
    rig_forget(&rig);
    send_by_alice((struct req){.method = "CANCEL", .lines = "Reason: SIP;cause=200\n"});
    rig_expect(&rig, ALICE, "SIP/2.0 200"); /* to the CANCEL */
    CHECK(rig_has(rig_expect(&rig, BOB, "CANCEL "), "Reason: SIP;cause=200\r\n"));
    rig_expect_nothing(&rig, BOB_TOO); /* RFC 3261 9.1: has not answered at all */
    rig_reply(&rig, BOB_TOO, two, "100 Trying", "");
    rig_expect(&rig, BOB_TOO, "CANCEL ");
    rig_reply(&rig, BOB, one, "487 Request Terminated", "");
    rig_expect_nothing(&rig, ALICE);
    rig_reply(&rig, BOB_TOO, two, "487 Request Terminated", "");
    rig_expect(&rig, ALICE, "SIP/2.0 487");
    rig_stop(&rig);
}

static void nobody_answers_and_the_caller_gets_408(void)
{
    static const char *const methods[] = {"INVITE", "OPTIONS"};

    for (size_t i = 0; i < 2; i++) {
        start_open();
        bob_registers("sip:bob@" BOB);
        send_by_alice((struct req){.method = methods[i]});
        rig_advance(&rig, TERN_SECONDS(31));
        rig_forget(&rig);
        rig_advance(&rig, TERN_SECONDS(2));
        rig_expect(&rig, ALICE, "SIP/2.0 408");
        rig_advance(&rig, TERN_SECONDS(70));
        CHECK_EQ(rig.server->proxied.count, 0);
        rig_stop(&rig);
    }
}

/* RFC 3261 16.8 */
static void timer_c_ends_what_rings_for_too_long(void)
{
    start_open();
    bob_registers("sip:bob@" BOB);
    send_by_alice((struct req){0});
    const char *invite = rig_expect(&rig, BOB, "INVITE ");
    char copy[2048];
    snprintf(copy, sizeof(copy), "%s", invite);
    rig_reply(&rig, BOB, copy, "180 Ringing", "");
    rig_advance(&rig, TERN_SECONDS(100));
    rig_reply(&rig, BOB, copy, "180 Ringing", "");
    rig_forget(&rig);
    rig_advance(&rig, TERN_SECONDS(180));
    rig_expect_nothing(&rig, BOB);
    rig_advance(&rig, TERN_SECONDS(2));
    rig_expect(&rig, BOB, "CANCEL ");
    rig_advance(&rig, TERN_SECONDS(33));
    rig_expect(&rig, ALICE, "SIP/2.0 408");
    rig_stop(&rig);
}

/* ---- who may, and what is refused ---- */

static void our_users_are_challenged_and_their_credentials_stay_here(void)
{
    char lines[1024];

    start((struct rig_opts){.no_auth = false});
    bob_registers("sip:bob@" BOB);
    send_by_alice((struct req){0});
    const char *challenge = rig_expect(&rig, ALICE, "SIP/2.0 407");
    snprintf(
        lines, sizeof(lines), "%sProxy-Authorization: Digest realm=\"other\", nonce=\"1\"\n",
        rig_credentials(challenge, 0, (struct rig_login){"alice", "wonder", "INVITE", BOB_AOR}));
    send_by_alice((struct req){.cseq = 2, .lines = lines});
    const char *invite = rig_expect(&rig, BOB, "INVITE ");
    CHECK_EQ(count(invite, "Proxy-Authorization"), 1);
    CHECK(rig_has(rig_header(invite, "Proxy-Authorization", 0), "realm=\"other\""));
    rig_stop(&rig);
}

static void requests_are_judged(void)
{
    static const struct {
        struct req req;
        bool no_auth;
        const char *answer;
    } cases[] = {
        {{.method = "INVITE"}, false, "SIP/2.0 407"},
        {{.method = "UPDATE", .to_tag = "x"}, false, "SIP/2.0 407"},
        {{.method = "INVITE", .from = "sip:x@elsewhere.example"}, false, "SIP/2.0 480"},
        {{.method = "INVITE", .from = "sip:x@elsewhere.example", .uri = "sip:y@192.0.2.99"},
         false,
         "SIP/2.0 403"},
        {{.method = "BYE", .to_tag = "x"}, false, "SIP/2.0 480"},
        {{.uri = "sip:carol@" DOMAIN}, true, "SIP/2.0 404"},
        {{.uri = "sip:bob@192.0.2.1:5060"}, true, "SIP/2.0 480"},
        {{.uri = "tel:+15551234"}, true, "SIP/2.0 416"},
        {{.uri = "sips:bob@" DOMAIN}, true, "SIP/2.0 416"},
        {{.lines = "Max-Forwards: 0\n"}, true, "SIP/2.0 483"},
        {{.lines = "Proxy-Require: magic, path\n"}, true, "SIP/2.0 420"},
        {{.method = "OPTIONS", .uri = "sip:" DOMAIN}, true, "SIP/2.0 200"},
        {{.method = "INVITE", .uri = "sip:" DOMAIN}, true, "SIP/2.0 404"},
        {{.method = "INFO", .uri = "sip:" DOMAIN, .to_tag = "x"}, true, "SIP/2.0 481"},
        {{.method = "REGISTER", .uri = "sip:elsewhere.example"}, false, "SIP/2.0 403"},
        {{.lines = "Via: SIP/2.0/UDP " SERVER ";branch=z9hG4bKa\n"
                   "Via: SIP/2.0/UDP " SERVER ";branch=z9hG4bKb\n"},
         true,
         "SIP/2.0 482"},
        {{.lines = "Route: <sip:" SERVER "\n"}, true, "SIP/2.0 400"},
        {{.lines = "Route: <sip:" SERVER ";lr>, nonsense\n"}, true, "SIP/2.0 400"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start((struct rig_opts){.no_auth = cases[i].no_auth});
        send_by_alice(cases[i].req);
        rig_expect(&rig, ALICE, cases[i].answer);
        rig_advance(&rig, TERN_SECONDS(70));
        CHECK_EQ(rig.server->proxied.count, 0);
        rig_stop(&rig);
    }
}

#define FAR      "sip:x@192.0.2.99:5099"
#define STRANGE  "sip:x@elsewhere.example"
#define OUR_LR   "Max-Forwards: 70\nRoute: <sip:" SERVER ";lr>\n"
#define THEIR_LR "Max-Forwards: 70\nRoute: <sip:192.0.2.98;lr>\n"

/* Who has called without us in the path, and cannot reach the far end directly (MOBILITY C6 c). */
static void in_a_dialog_we_pass_what_is_for_a_binding_and_what_comes_by_our_route(void)
{
    static const struct {
        struct req req;
        const char *to, *what;
    } cases[] = {
        {{.method = "UPDATE", .uri = "sip:bob@" BOB, .from = STRANGE}, BOB, "UPDATE "},
        {{.method = "BYE", .uri = "sip:bob@" BOB}, BOB, "BYE "},
        {{.method = "ACK", .uri = "sip:bob@" BOB}, BOB, "ACK "},
        {{.method = "UPDATE", .uri = FAR, .from = STRANGE}, ALICE, "SIP/2.0 403"},
        {{.method = "BYE", .uri = FAR, .from = STRANGE}, ALICE, "SIP/2.0 403"},
        {{.method = "BYE", .uri = FAR}, ALICE, "SIP/2.0 407"},
        {{.method = "ACK", .uri = FAR}, NULL, NULL},
        {{.method = "ACK", .uri = FAR, .lines = OUR_LR}, "192.0.2.99:5099", "ACK "},
        {{.method = "BYE", .uri = FAR, .lines = OUR_LR}, "192.0.2.99:5099", "BYE "},
        {{.method = "UPDATE", .uri = "sip:bob@" BOB, .from = STRANGE, .lines = THEIR_LR},
         ALICE,
         "SIP/2.0 403"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct req req = cases[i].req;
        start((struct rig_opts){.no_auth = false});
        bob_registers("sip:bob@" BOB);
        req.to_tag = "far";
        send_by_alice(req);
        if (cases[i].to) rig_expect(&rig, cases[i].to, cases[i].what);
        rig_expect_nothing(&rig, "192.0.2.99:5099");
        rig_expect_nothing(&rig, "192.0.2.98:5060");
        rig_stop(&rig);
    }
}

/* Its address has gone, and the calls that began by it have not. */
static void a_route_that_names_a_former_address_of_ours_is_ours(void)
{
    start_open();
    bob_registers("sip:bob@" BOB);
    send_by_alice((struct req){0});
    rig_expect(&rig, BOB, "INVITE ");
    struct tn_uri former = {.scheme = TN_SCHEME_SIP, .host = TERN_STR("192.0.2.77"), .port = 5060};
    tern_addr addr;
    CHECK(!tn_server_is_own_route(rig.server, &former));
    CHECK_EQ(tern_addr_parse(TERN_STR("192.0.2.77"), &addr), 0);
    addr.port = 5060;
    tn_server_recorded(rig.server, addr);
    CHECK(tn_server_is_own_route(rig.server, &former));
    CHECK(!tn_server_is_own(rig.server, &former));
    send_by_alice((struct req){.method = "UPDATE",
                               .uri = "sip:bob@" BOB,
                               .to_tag = "far",
                               .lines = "Route: <sip:192.0.2.77:5060;lr>\n"});
    CHECK_EQ(count(rig_expect(&rig, BOB, "UPDATE "), "Route"), 0);
    former.port = 5070;
    CHECK(!tn_server_is_own_route(rig.server, &former));
    rig_stop(&rig);
}

static void a_caller_cannot_borrow_a_name(void)
{
    start((struct rig_opts){.no_auth = false});
    send_by_alice((struct req){0});
    const char *challenge = rig_expect(&rig, ALICE, "SIP/2.0 407");
    send_by_alice(
        (struct req){.cseq = 2,
                     .lines = rig_credentials(
                         challenge, 0, (struct rig_login){"bob", "builder", "INVITE", BOB_AOR})});
    rig_expect(&rig, ALICE, "SIP/2.0 403");
    rig_stop(&rig);
}

static void faults_of_methods_answer_or_say_nothing(void)
{
    start_open();
    bob_registers("sip:bob@" BOB);
    CHECK_EQ(tn_server_set_fault(rig.server, TERN_STR("INVITE"), 488), 0);
    CHECK_EQ(tn_server_set_fault(rig.server, TERN_STR("UPDATE"), 0), 0);
    send_by_alice((struct req){0});
    rig_expect(&rig, ALICE, "SIP/2.0 488");
    send_by_alice((struct req){.method = "UPDATE", .cseq = 2});
    send_by_alice((struct req){.method = "INFO", .cseq = 3});
    rig_expect(&rig, BOB, "INFO ");
    rig_expect_nothing(&rig, ALICE);
    rig_stop(&rig);
}

/* ---- ways ---- */

/* Behind a NAT the Contact leads nowhere; the source address does. */
static void a_binding_behind_a_nat_is_reached_at_its_source(void)
{
    start_open();
    bob_registers("sip:bob@10.0.0.5:5060");
    send_by_alice((struct req){0});
    rig_expect(&rig, BOB, "INVITE sip:bob@10.0.0.5:5060 SIP/2.0\r\n");
    send_by_alice((struct req){.method = "BYE", .uri = "sip:bob@10.0.0.5:5060", .to_tag = "x"});
    rig_expect(&rig, BOB, "BYE sip:bob@10.0.0.5:5060 SIP/2.0\r\n");
    rig_stop(&rig);
}

/* RFC 3327 */
static void a_path_is_the_route_to_its_binding(void)
{
    start_open();
    rig_register(&rig, &bob,
                 "Contact: <sip:bob@10.0.0.5>\nPath: <sip:192.0.2.50;lr>, <sip:192.0.2.51;lr>\n");
    send_by_alice((struct req){0});
    const char *invite = rig_expect(&rig, "192.0.2.50:5060", "INVITE sip:bob@10.0.0.5 ");
    CHECK(strcmp(rig_header(invite, "Route", 0), "<sip:192.0.2.50;lr>, <sip:192.0.2.51;lr>") == 0);
    rig_stop(&rig);
}

static uint32_t register_by_tcp(void)
{
    uint32_t stream = rig_accept(&rig, "192.0.2.20:40000");

    rig_tcp(&rig, stream,
            "REGISTER sip:" DOMAIN " SIP/2.0\nVia: SIP/2.0/TCP 192.0.2.20:5080;branch=z9hG4bKt\n"
            "From: <" BOB_AOR ">;tag=1\nTo: <" BOB_AOR ">\nCall-ID: t\nCSeq: 1 REGISTER\n"
            "Contact: <sip:bob@192.0.2.20:5080;transport=tcp>\nContent-Length: 0\n\n");
    rig_forget(&rig);
    return stream;
}

static void a_binding_by_tcp_is_reached_by_its_connection_while_that_lives(void)
{
    char to[16];

    start_open();
    uint32_t stream = register_by_tcp();
    snprintf(to, sizeof(to), "#%u", stream);
    send_by_alice((struct req){0});
    const char *invite =
        rig_expect(&rig, to, "INVITE sip:bob@192.0.2.20:5080;transport=tcp SIP/2.0\r\n");
    CHECK(rig_has(rig_header(invite, "Via", 0), "SIP/2.0/TCP " SERVER));
    CHECK(strcmp(rig_header(invite, "Record-Route", 0), "<sip:" SERVER ";transport=tcp;lr>") == 0);
    CHECK(strcmp(rig_header(invite, "Record-Route", 1), "<sip:" SERVER ";lr>") == 0);
    send_by_alice(
        (struct req){.method = "INFO",
                     .uri = "sip:bob@192.0.2.20:5080;transport=tcp",
                     .to_tag = "x",
                     .lines = "Route: <sip:" SERVER ";lr>, <sip:" SERVER ";transport=tcp;lr>\n"});
    rig_expect(&rig, to, "INFO ");
    CHECK_EQ(rig.connecting, 0);
    rig_tcp_closed(&rig, stream);
    send_by_alice((struct req){.cseq = 2});
    CHECK(rig.connecting != 0);
    rig_stop(&rig);
}

static void a_name_is_looked_up_and_its_next_address_tried(void)
{
    struct tern_dns_record records[2] = {{.type = TERN_DNS_A, .ttl_s = 60},
                                         {.type = TERN_DNS_A, .ttl_s = 60}};

    start_open();
    CHECK_EQ(tern_addr_parse(TERN_STR("192.0.2.71"), &records[0].addr), 0);
    CHECK_EQ(tern_addr_parse(TERN_STR("192.0.2.72"), &records[1].addr), 0);
    send_by_alice((struct req){.uri = "sip:bob@far.example:5099"});
    rig_expect(&rig, ALICE, "SIP/2.0 100");
    CHECK(rig.query != 0);
    tn_locate_resolved(&rig.net, rig.query, records, 2, false);
    rig_run(&rig);
    const char *invite = rig_expect(&rig, "192.0.2.71:5099", "INVITE sip:bob@far.example:5099 ");
    rig_reply(&rig, "192.0.2.71:5099", invite, "503 Full", "");
    invite = rig_expect(&rig, "192.0.2.72:5099", "INVITE sip:bob@far.example:5099 ");
    rig_reply(&rig, "192.0.2.72:5099", invite, "200 OK", "");
    rig_expect(&rig, ALICE, "SIP/2.0 200");
    rig_stop(&rig);
}

static void a_name_without_address_or_a_cancelled_look_up_ends_the_call(void)
{
    start_open();
    send_by_alice((struct req){.uri = "sip:bob@far.example:5099"});
    rig_expect(&rig, ALICE, "SIP/2.0 100");
    tn_locate_resolved(&rig.net, rig.query, NULL, 0, false);
    rig_run(&rig);
    rig_expect(&rig, ALICE, "SIP/2.0 500 No Way To The Next Hop");
    send_by_alice((struct req){.uri = "sip:bob@else.example:5099", .cseq = 2});
    rig_expect(&rig, ALICE, "SIP/2.0 100");
    send_by_alice((struct req){.method = "CANCEL", .uri = "sip:bob@else.example:5099", .cseq = 2});
    rig_expect(&rig, ALICE, "SIP/2.0 200");
    rig_expect(&rig, ALICE, "SIP/2.0 487");
    rig_stop(&rig);
}

/* An ACK to a name: kept until the look-up is done, and no longer. */
static void an_ack_waits_for_its_look_up(void)
{
    struct tern_dns_record record = {.type = TERN_DNS_A, .ttl_s = 60};

    start_open();
    CHECK_EQ(tern_addr_parse(TERN_STR("192.0.2.71"), &record.addr), 0);
    send_by_alice((struct req){.method = "ACK", .uri = "sip:bob@far.example:5099", .to_tag = "x"});
    CHECK_EQ(rig.server->proxied.count, 1);
    tn_locate_resolved(&rig.net, rig.query, &record, 1, false);
    rig_run(&rig);
    rig_expect(&rig, "192.0.2.71:5099", "ACK ");
    CHECK_EQ(rig.server->proxied.count, 0);
    rig_stop(&rig);
}

/* Both in one segment: the transaction layer sees the CANCEL before we have seen the INVITE. */
static void an_invite_and_its_cancel_in_one_piece_end_in_487(void)
{
    char both[8192], to[16];

    start_open();
    bob_registers("sip:bob@" BOB);
    uint32_t stream = rig_accept(&rig, "192.0.2.10:40001");
    snprintf(to, sizeof(to), "#%u", stream);
    size_t len = (size_t)snprintf(both, sizeof(both), "%s", print((struct req){0}));
    snprintf(both + len, sizeof(both) - len, "%s", print((struct req){.method = "CANCEL"}));
    rig_tcp(&rig, stream, both);
    const char *invite = rig_expect(&rig, BOB, "INVITE ");
    rig_reply(&rig, BOB, invite, "100 Trying", "");
    rig_expect(&rig, BOB, "CANCEL ");
    rig_reply(&rig, BOB, invite, "487 Request Terminated", "");
    rig_expect(&rig, to, "SIP/2.0 200");
    rig_expect(&rig, to, "SIP/2.0 100");
    rig_expect(&rig, to, "SIP/2.0 487");
    rig_stop(&rig);
}

/* Whatever memory fails: nothing leaks, and every request has an end. */
static void a_call_survives_each_allocation_that_fails(void)
{
    for (int n = 1; n < 200; n++) {
        start_forked();
        rig.memory.fail_at = rig.memory.calls + n;
        send_by_alice((struct req){0});
        bool failed = rig.memory.calls >= rig.memory.fail_at;
        rig.memory.fail_at = 0;
        rig_forget(&rig);
        rig_advance(&rig, TERN_SECONDS(120));
        rig_stop(&rig);
        if (!failed) return;
    }
    abort(); /* it never ends */
}

/* Of an INVITE that was overtaken by another one the 2xx is not repeated for ever. */
static void a_success_that_finds_no_memory_is_forwarded_later(void)
{
    for (int n = 1; n < 200; n++) {
        start_open();
        bob_registers("sip:bob@" BOB);
        send_by_alice((struct req){0});
        const char *invite = rig_expect(&rig, BOB, "INVITE ");
        rig.memory.fail_at = rig.memory.calls + n;
        rig_reply(&rig, BOB, invite, "200 OK", "");
        bool failed = rig.memory.calls >= rig.memory.fail_at;
        rig.memory.fail_at = 0;
        rig_forget(&rig);
        rig_advance(&rig, TERN_SECONDS(400));
        CHECK_EQ(rig.server->proxied.count, 0);
        CHECK_EQ(rig.txns.servers.count, 0);
        rig_stop(&rig);
        if (!failed) return;
    }
    abort(); /* it never ends */
}

int main(int argc, char **argv)
{
    const struct test tests[] = {
        TEST(an_invite_passes_with_via_record_route_and_fewer_hops),
        TEST(a_whole_call_goes_both_ways_along_its_routes),
        TEST(requests_in_dialogs_go_where_their_request_uri_says),
        TEST(strict_routers_before_and_behind_are_minded),
        TEST(two_sides_that_see_different_addresses_get_two_record_routes),
        TEST(without_record_routing_nothing_is_added),
        TEST(each_binding_rings_the_first_answer_wins_and_the_rest_is_cancelled),
        TEST(two_answers_are_both_passed_on),
        TEST(the_best_of_the_failures_goes_back),
        TEST(challenges_of_all_branches_are_gathered),
        TEST(a_decline_everywhere_cancels_the_others_at_once),
        TEST(a_cancel_goes_on_to_every_branch_that_rings),
        TEST(nobody_answers_and_the_caller_gets_408),
        TEST(timer_c_ends_what_rings_for_too_long),
        TEST(our_users_are_challenged_and_their_credentials_stay_here),
        TEST(requests_are_judged),
        TEST(in_a_dialog_we_pass_what_is_for_a_binding_and_what_comes_by_our_route),
        TEST(a_route_that_names_a_former_address_of_ours_is_ours),
        TEST(a_caller_cannot_borrow_a_name),
        TEST(faults_of_methods_answer_or_say_nothing),
        TEST(a_binding_behind_a_nat_is_reached_at_its_source),
        TEST(a_path_is_the_route_to_its_binding),
        TEST(a_binding_by_tcp_is_reached_by_its_connection_while_that_lives),
        TEST(a_name_is_looked_up_and_its_next_address_tried),
        TEST(a_name_without_address_or_a_cancelled_look_up_ends_the_call),
        TEST(an_ack_waits_for_its_look_up),
        TEST(an_invite_and_its_cancel_in_one_piece_end_in_487),
        TEST(a_success_that_finds_no_memory_is_forwarded_later),
        TEST(a_call_survives_each_allocation_that_fails),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
