/* SPDX-License-Identifier: MIT */
/* The registrar: RFC 3261 10.3, RFC 8760, RFC 3327, RFC 5626 6. */
#include "rig.h"

#include "base/str.h"

static struct rig rig;
static struct ua alice;

static void start(void)
{
    rig_start(&rig, (struct rig_opts){.no_auth = false});
    alice = (struct ua){.user = "alice", .password = "wonder", .address = ALICE, .branch = "a"};
}

static const char *contact_of(size_t index)
{
    static char text[256];
    const struct tn_binding *b = rig_binding(&rig, index);

    CHECK(b);
    snprintf(text, sizeof(text), "%.*s", (int)b->contact.len, b->contact.ptr);
    return text;
}

static long status_of(const char *answer)
{
    return strtol(answer + strlen("SIP/2.0 "), NULL, 10);
}

static void check_status(const char *answer, int status)
{
    CHECK_EQ(status_of(answer), status);
}

static void a_registration_is_challenged_made_listed_and_expires(void)
{
    start();
    const char *answer = rig_register(&rig, &alice, "Contact: <sip:alice@" ALICE ">;expires=60\n");
    check_status(answer, 200);
    CHECK(rig_has(answer, "Contact: <sip:alice@" ALICE ">;expires=60\r\n"));
    CHECK_EQ(rig_bindings(&rig), 1);
    rig_advance(&rig, TERN_SECONDS(59));
    CHECK_EQ(rig_bindings(&rig), 1);
    answer = rig_register(&rig, &alice, ""); /* a query */
    CHECK(rig_has(answer, ";expires=1\r\n"));
    rig_advance(&rig, TERN_SECONDS(2));
    CHECK_EQ(rig_bindings(&rig), 0);
    rig_stop(&rig);
}

/* RFC 8760 2.3 and 2.4 */
static void both_algorithms_are_offered_the_strongest_first_and_each_is_accepted(void)
{
    for (int line = 0; line < 2; line++) {
        char text[2048];
        start();
        alice.password = "";
        rig_register(&rig, &alice, "Contact: <sip:alice@" ALICE ">\n");
        rig_forget(&rig);
        rig_udp(&rig, ALICE,
                "REGISTER sip:" DOMAIN " SIP/2.0\nVia: SIP/2.0/UDP " ALICE ";branch=z9hG4bKx1\n"
                "From: <sip:alice@" DOMAIN ">;tag=1\nTo: <sip:alice@" DOMAIN ">\nCall-ID: x\n"
                "CSeq: 1 REGISTER\nContent-Length: 0\n\n");
        const char *challenge = rig_expect(&rig, ALICE, "SIP/2.0 401");
        CHECK(rig_has(rig_header(challenge, "WWW-Authenticate", 0), "algorithm=SHA-256"));
        CHECK(rig_has(rig_header(challenge, "WWW-Authenticate", 1), "algorithm=MD5"));
        snprintf(text, sizeof(text),
                 "REGISTER sip:" DOMAIN " SIP/2.0\nVia: SIP/2.0/UDP " ALICE ";branch=z9hG4bKx2\n"
                 "From: <sip:alice@" DOMAIN ">;tag=1\nTo: <sip:alice@" DOMAIN ">\nCall-ID: x\n"
                 "CSeq: 2 REGISTER\n%sContact: <sip:alice@" ALICE ">\nContent-Length: 0\n\n",
                 rig_credentials(challenge, line,
                                 (struct rig_login){"alice", "wonder", "REGISTER", "sip:" DOMAIN}));
        rig_udp(&rig, ALICE, text);
        rig_expect(&rig, ALICE, "SIP/2.0 200");
        rig_stop(&rig);
    }
}

static void put_register(char *text, size_t cap, int cseq, const char *credentials)
{
    snprintf(text, cap,
             "REGISTER sip:" DOMAIN " SIP/2.0\nVia: SIP/2.0/UDP " ALICE ";branch=z9hG4bK%d;rport\n"
             "From: <sip:alice@" DOMAIN ">;tag=1\nTo: <sip:alice@" DOMAIN ">\nCall-ID: x\n"
             "CSeq: %d REGISTER\n%sContact: <sip:alice@" ALICE ">\nContent-Length: 0\n\n",
             cseq, cseq, credentials);
}

static void credentials_are_judged(void)
{
    static const struct {
        const char *user, *password, *uri;
        int age_s, status;
        bool stale;
    } cases[] = {
        {"alice", "wonder", "sip:" DOMAIN, 0, 200, false},
        {"alice", "wonder", "sip:" DOMAIN, 299, 200, false}, /* ahead of time, nonce still good */
        {"alice", "wonder", "sip:" DOMAIN, 302, 401, true},
        {"alice", "wrong", "sip:" DOMAIN, 0, 401, false},
        {"alice", "wrong", "sip:" DOMAIN, 302, 401, false},
        {"nobody", "wonder", "sip:" DOMAIN, 0, 401, false},
        {"alice", "wonder", "sip:elsewhere.example", 0, 401, false},
        {"bob", "builder", "sip:" DOMAIN, 0, 403, false}, /* not his address of record */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[2048], credentials[1024];
        start();
        put_register(text, sizeof(text), 1, "");
        rig_udp(&rig, ALICE, text);
        const char *challenge = rig_expect(&rig, ALICE, "SIP/2.0 401");
        snprintf(credentials, sizeof(credentials), "%s",
                 rig_credentials(challenge, 0,
                                 (struct rig_login){cases[i].user, cases[i].password, "REGISTER",
                                                    cases[i].uri}));
        rig_advance(&rig, TERN_SECONDS(cases[i].age_s));
        rig_forget(&rig);
        put_register(text, sizeof(text), 2, credentials);
        rig_udp(&rig, ALICE, text);
        const char *answer = rig_expect(&rig, ALICE, "SIP/2.0 ");
        check_status(answer, cases[i].status);
        CHECK_EQ(rig_has(answer, "stale=true"), cases[i].stale);
        CHECK_EQ(rig_bindings(&rig), cases[i].status == 200 ? 1 : 0);
        rig_stop(&rig);
    }
}

/* The secret of a server that was started again is another; the password is still right. */
static void a_nonce_of_another_life_is_stale(void)
{
    char text[2048];

    start();
    snprintf(
        text, sizeof(text),
        "REGISTER sip:" DOMAIN " SIP/2.0\nVia: SIP/2.0/UDP " ALICE ";branch=z9hG4bK1\n"
        "From: <sip:alice@" DOMAIN ">;tag=1\nTo: <sip:alice@" DOMAIN ">\nCall-ID: x\n"
        "CSeq: 1 REGISTER\n%sContent-Length: 0\n\n",
        rig_credentials("SIP/2.0 401 x\r\nWWW-Authenticate: Digest realm=\"" DOMAIN
                        "\", algorithm=MD5, nonce=\"0123456789abcdef0123456789abcdef\"\r\n\r\n",
                        0, (struct rig_login){"alice", "wonder", "REGISTER", "sip:" DOMAIN}));
    rig_udp(&rig, ALICE, text);
    CHECK(rig_has(rig_expect(&rig, ALICE, "SIP/2.0 401"), "stale=true"));
    rig_stop(&rig);
}

static void contacts_are_judged(void)
{
    static const struct {
        const char *lines;
        int status;
        size_t bindings;
    } cases[] = {
        {"Contact: <sip:a@192.0.2.10>\n", 200, 1},
        {"Contact: <sip:a@192.0.2.10>;expires=29\n", 423, 0},
        {"Contact: <sip:a@192.0.2.10>\nExpires: 29\n", 423, 0},
        {"Contact: <sip:a@192.0.2.10>;expires=30\nExpires: 7\n", 200, 1},
        {"Contact: <sip:a@192.0.2.10>;expires=many\n", 200, 1},
        {"Contact: <sip:a@192.0.2.10>, <sip:a@192.0.2.11>;q=0.5\n", 200, 2},
        {"Contact: <sip:a@192.0.2.10>\nContact: <sip:a@192.0.2.11>;expires=1\n", 423, 0},
        {"Contact: <sip:a@192.0.2.10>, <sip:a@192.0.2.10>;expires=0\n", 200, 0},
        {"Contact: *\nExpires: 0\n", 200, 0},
        {"Contact: *\n", 400, 0},
        {"Contact: *\nExpires: 60\n", 400, 0},
        {"Contact: *, <sip:a@192.0.2.10>\nExpires: 0\n", 400, 0},
        {"Contact: <sip:a@192.0.2.10>, *\nExpires: 0\n", 400, 0},
        {"Contact: <tel:+15551234>\n", 400, 0},
        {"Contact: <sip:a@192.0.2.10\n", 400, 0},
        {"Contact: <sip:a@192.0.2.10>\nRequire: magic\n", 420, 0},
        {"Contact: <sip:a@192.0.2.10>\nRequire: path\n", 200, 1},
        {"Contact: <sip:a@h1>,<sip:a@h2>,<sip:a@h3>,<sip:a@h4>,<sip:a@h5>,<sip:a@h6>,<sip:a@h7>,"
         "<sip:a@h8>,<sip:a@h9>,<sip:a@i1>,<sip:a@i2>,<sip:a@i3>,<sip:a@i4>,<sip:a@i5>,<sip:a@i6>,"
         "<sip:a@i7>,<sip:a@i8>\n",
         403, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start();
        const char *answer = rig_register(&rig, &alice, cases[i].lines);
        if (status_of(answer) != cases[i].status) fprintf(stderr, "%s", cases[i].lines);
        check_status(answer, cases[i].status);
        CHECK_EQ(rig_bindings(&rig), cases[i].bindings);
        if (cases[i].status == 423) CHECK(rig_has(answer, "Min-Expires: 30\r\n"));
        if (cases[i].status == 420) CHECK(rig_has(answer, "Unsupported: magic\r\n"));
        rig_stop(&rig);
    }
}

static void a_long_expiry_is_cut_and_q_is_given_back(void)
{
    start();
    const char *answer =
        rig_register(&rig, &alice, "Contact: <sip:a@192.0.2.10>;q=0.25;expires=99999\n");
    CHECK(rig_has(answer, "Contact: <sip:a@192.0.2.10>;expires=3600;q=0.250\r\n"));
    rig_stop(&rig);
}

/* RFC 3261 10.3 step 7 */
static void what_is_out_of_order_changes_nothing(void)
{
    start();
    rig_register(&rig, &alice, "Contact: <sip:a@192.0.2.10>\n");
    alice.cseq -= 2;
    snprintf(alice.branch, sizeof(alice.branch), "a"); /* same Call-ID */
    rig_advance(&rig, TERN_SECONDS(33));               /* its transaction is gone */
    rig_forget(&rig);
    check_status(rig_register(&rig, &alice, "Contact: *\nExpires: 0\n"), 500);
    CHECK_EQ(rig_bindings(&rig), 1);
    snprintf(alice.branch, sizeof(alice.branch), "b"); /* another one may */
    alice.cseq = 50;
    check_status(rig_register(&rig, &alice, "Contact: *\nExpires: 0\n"), 200);
    CHECK_EQ(rig_bindings(&rig), 0);
    rig_stop(&rig);
}

#define FLOW ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\";reg-id="

/* One that came late would bring back what is gone: server/removed.h. */
static void what_was_removed_is_not_brought_back_by_an_older_register(void)
{
    static const struct {
        const char *first, *removal, *late;
        const char *call_id; /* of the late one */
        int wait_s, status;
    } cases[] = {
        {"<sip:a@192.0.2.10>", "Contact: <sip:a@192.0.2.10>;expires=0", "<sip:a@192.0.2.10>", "a",
         0, 500},
        {"<sip:a@192.0.2.10>", "Contact: *\nExpires: 0", "<sip:a@192.0.2.10>", "a", 0, 500},
        /* It had not even come when it was removed. */
        {"<sip:a@192.0.2.10>",
         "Contact: <sip:a@192.0.2.10>;expires=0, <sip:a@192.0.2.11>;expires=0",
         "<sip:a@192.0.2.11>", "a", 0, 500},
        /* The flow is known by its number, whatever its address. */
        {"<sip:a@192.0.2.10>" FLOW "1", "Contact: <sip:a@192.0.2.10>" FLOW "1;expires=0",
         "<sip:a@192.0.2.11>" FLOW "1", "a", 0, 500},
        {"<sip:a@192.0.2.10>" FLOW "1", "Contact: <sip:a@192.0.2.10>" FLOW "1;expires=0",
         "<sip:a@192.0.2.10>" FLOW "2", "a", 0, 200},
        {"<sip:a@192.0.2.10>" FLOW "1", "Contact: <sip:a@192.0.2.10>;expires=0",
         "<sip:a@192.0.2.10>" FLOW "1", "a", 0, 500},
        {"<sip:a@192.0.2.10>", "Contact: <sip:a@192.0.2.10>;expires=0", "<sip:a@192.0.2.11>", "a",
         0, 200},
        {"<sip:a@192.0.2.10>", "Contact: <sip:a@192.0.2.10>;expires=0", "<sip:a@192.0.2.10>", "b",
         0, 200},
        {"<sip:a@192.0.2.10>", "Contact: <sip:a@192.0.2.10>;expires=0", "<sip:a@192.0.2.10>", "a",
         33, 200},
    };
    char lines[512];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rig_start(&rig, (struct rig_opts){.no_auth = true});
        alice = (struct ua){.user = "alice", .address = ALICE, .branch = "a"};
        snprintf(lines, sizeof(lines), "Supported: outbound\nContact: %s\n", cases[i].first);
        check_status(rig_register(&rig, &alice, lines), 200);
        alice.cseq = 4;
        snprintf(lines, sizeof(lines), "Supported: outbound\n%s\n", cases[i].removal);
        check_status(rig_register(&rig, &alice, lines), 200);
        rig_advance(&rig, TERN_SECONDS(cases[i].wait_s));
        alice.cseq = 2;
        memcpy(alice.branch, cases[i].call_id, 2);
        snprintf(lines, sizeof(lines), "Supported: outbound\nContact: %s\n", cases[i].late);
        check_status(rig_register(&rig, &alice, lines), cases[i].status);
        alice.cseq = 5;
        memcpy(alice.branch, "a", 2);
        check_status(rig_register(&rig, &alice, lines), 200);
        rig_stop(&rig);
    }
}

static void as_many_removals_are_remembered_as_a_user_has_room_for(void)
{
    char lines[128];
    rig_start(&rig, (struct rig_opts){.no_auth = true});
    alice = (struct ua){.user = "alice", .address = ALICE, .branch = "a", .cseq = 100};
    for (int i = 0; i < 40; i++) {
        snprintf(lines, sizeof(lines), "Contact: <sip:a@192.0.2.%d>;expires=0\n", i);
        check_status(rig_register(&rig, &alice, lines), 200);
    }
    const struct tn_user *user = tn_location_find(&rig.server->location, TERN_STR("alice"));
    CHECK_EQ(user->removed_count, 16);
    alice.cseq = 50;
    check_status(rig_register(&rig, &alice, "Contact: <sip:a@192.0.2.39>\n"), 500);
    check_status(rig_register(&rig, &alice, "Contact: <sip:a@192.0.2.3>\n"), 200);
    rig_stop(&rig);
}

/* The main job: the address has changed, and one request says so. */
static void a_new_contact_and_the_end_of_the_old_one_fit_in_one_request(void)
{
    start();
    rig_register(&rig, &alice, "Contact: <sip:alice@192.0.2.10:5070>\n");
    alice.address = "198.51.100.10:5070";
    const char *answer = rig_register(&rig, &alice,
                                      "Contact: <sip:alice@198.51.100.10:5070>;expires=600\n"
                                      "Contact: <sip:alice@192.0.2.10:5070>;expires=0\n");
    check_status(answer, 200);
    CHECK(!rig_has(answer, "192.0.2.10:5070>"));
    CHECK_EQ(rig_bindings(&rig), 1);
    CHECK(strcmp(contact_of(0), "sip:alice@198.51.100.10:5070") == 0);
    rig_stop(&rig);
}

/* RFC 5626 6 */
static void the_same_instance_and_reg_id_replace_the_old_contact(void)
{
    static const char who[] = "\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"";
    char lines[512];

    start();
    snprintf(lines, sizeof(lines),
             "Supported: path, outbound\nContact: <sip:a@192.0.2.10>;+sip.instance=%s;reg-id=1\n",
             who);
    const char *answer = rig_register(&rig, &alice, lines);
    CHECK(rig_has(answer, "Require: outbound\r\n"));
    CHECK(rig_has(answer, who));
    CHECK(rig_has(answer, ";reg-id=1"));
    snprintf(lines, sizeof(lines),
             "Contact: <sip:a@192.0.2.77>;+sip.instance=%s;reg-id=1\n"
             "Contact: <sip:a@192.0.2.10>;expires=0\n",
             who);
    check_status(rig_register(&rig, &alice, lines), 200);
    CHECK_EQ(rig_bindings(&rig), 1);
    CHECK(strcmp(contact_of(0), "sip:a@192.0.2.77") == 0);
    snprintf(lines, sizeof(lines), "Contact: <sip:a@192.0.2.78>;+sip.instance=%s;reg-id=2\n", who);
    rig_register(&rig, &alice, lines);
    CHECK_EQ(rig_bindings(&rig), 2);
    rig_stop(&rig);
}

static void bindings_are_walked_by_user_then_age_and_a_refresh_keeps_the_place(void)
{
    struct ua bob = {.user = "bob", .password = "builder", .address = BOB, .branch = "b"};

    start();
    rig_register(&rig, &bob, "Contact: <sip:b@192.0.2.20>\n");
    rig_register(&rig, &alice, "Contact: <sip:a@192.0.2.10>\n");
    rig_register(&rig, &alice, "Contact: <sip:a@192.0.2.11>\n");
    rig_register(&rig, &alice, "Contact: <sip:a@192.0.2.10>\n");
    CHECK_EQ(rig_bindings(&rig), 3);
    CHECK(strcmp(contact_of(0), "sip:a@192.0.2.10") == 0);
    CHECK(strcmp(contact_of(1), "sip:a@192.0.2.11") == 0);
    CHECK(strcmp(contact_of(2), "sip:b@192.0.2.20") == 0);
    CHECK(strcmp(contact_of(0), "sip:a@192.0.2.10") == 0);
    rig_stop(&rig);
}

static void addresses_of_record_are_judged(void)
{
    static const struct {
        const char *to;
        int status;
    } cases[] = {
        {"sip:carol@" DOMAIN, 200}, {"sip:carol@192.0.2.1", 200},     {"sip:ca%72ol@" DOMAIN, 200},
        {"sip:" DOMAIN, 404},       {"sip:carol@other.example", 404}, {"sip:%zz@" DOMAIN, 400},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[1024];
        rig_start(&rig, (struct rig_opts){.no_auth = true});
        snprintf(text, sizeof(text),
                 "REGISTER sip:" DOMAIN " SIP/2.0\nVia: SIP/2.0/UDP " ALICE ";branch=z9hG4bK1\n"
                 "From: <sip:x@y>;tag=1\nTo: <%s>\nCall-ID: x\nCSeq: 1 REGISTER\n"
                 "Contact: <sip:c@192.0.2.10>\nContent-Length: 0\n\n",
                 cases[i].to);
        rig_udp(&rig, ALICE, text);
        const char *answer = rig_expect(&rig, ALICE, "SIP/2.0 ");
        check_status(answer, cases[i].status);
        if (cases[i].status == 200)
            CHECK(tn_location_find(&rig.server->location, TERN_STR("carol")));
        rig_stop(&rig);
    }
}

static void faults_answer_or_say_nothing(void)
{
    start();
    CHECK_EQ(tn_server_set_fault(rig.server, TERN_STR("REGISTER"), 503), 0);
    check_status(rig_register(&rig, &alice, "Contact: <sip:a@192.0.2.10>\n"), 503);
    CHECK_EQ(tn_server_set_fault(rig.server, TERN_STR("REGISTER"), 0), 0);
    rig_udp(&rig, ALICE,
            "REGISTER sip:" DOMAIN " SIP/2.0\nVia: SIP/2.0/UDP " ALICE ";branch=z9hG4bKq\n"
            "From: <sip:a@b>;tag=1\nTo: <sip:a@b>\nCall-ID: q\nCSeq: 1 REGISTER\n"
            "Content-Length: 0\n\n");
    rig_expect_nothing(&rig, ALICE);
    CHECK_EQ(tn_server_set_fault(rig.server, TERN_STR("REGISTER"), -1), 0);
    check_status(rig_register(&rig, &alice, "Contact: <sip:a@192.0.2.10>\n"), 200);
    CHECK_EQ(tn_server_set_fault(rig.server, TERN_STR("REGISTER"), 200), TERN_EINVAL);
    CHECK_EQ(tn_server_set_fault(rig.server, TERN_STR(""), 503), TERN_EINVAL);
    rig_stop(&rig);
}

/* Whatever memory fails: nothing leaks, and a later try succeeds. */
static void a_registration_survives_each_allocation_that_fails(void)
{
    for (int n = 1; n < 200; n++) {
        start();
        rig_register(&rig, &alice, "Contact: <sip:a@192.0.2.10>\n");
        alice.cseq += 10;
        int before = rig.memory.calls;
        char text[2048];
        snprintf(text, sizeof(text),
                 "REGISTER sip:" DOMAIN " SIP/2.0\nVia: SIP/2.0/UDP " ALICE ";branch=z9hG4bKn\n"
                 "From: <sip:alice@" DOMAIN ">;tag=1\nTo: <sip:alice@" DOMAIN ">\nCall-ID: n\n"
                 "CSeq: 9 REGISTER\nPath: <sip:p.example;lr>\n"
                 "Contact: <sip:a@192.0.2.11>, <sip:a@192.0.2.10>;expires=0\n"
                 "%sContent-Length: 0\n\n",
                 rig_credentials(rig.packets[0].text, 0,
                                 (struct rig_login){"alice", "wonder", "REGISTER", "sip:" DOMAIN}));
        rig_forget(&rig);
        rig.memory.fail_at = before + n;
        rig_udp(&rig, ALICE, text);
        bool failed = rig.memory.calls >= rig.memory.fail_at;
        rig.memory.fail_at = 0;
        rig_forget(&rig);
        CHECK_EQ(rig_bindings(&rig), 1); /* the one or the other */
        check_status(rig_register(&rig, &alice, "Contact: <sip:a@192.0.2.12>\n"), 200);
        rig_stop(&rig);
        if (!failed) return;
    }
    abort(); /* it never ends */
}

int main(int argc, char **argv)
{
    const struct test tests[] = {
        TEST(a_registration_is_challenged_made_listed_and_expires),
        TEST(both_algorithms_are_offered_the_strongest_first_and_each_is_accepted),
        TEST(credentials_are_judged),
        TEST(a_nonce_of_another_life_is_stale),
        TEST(contacts_are_judged),
        TEST(a_long_expiry_is_cut_and_q_is_given_back),
        TEST(what_is_out_of_order_changes_nothing),
        TEST(what_was_removed_is_not_brought_back_by_an_older_register),
        TEST(as_many_removals_are_remembered_as_a_user_has_room_for),
        TEST(a_new_contact_and_the_end_of_the_old_one_fit_in_one_request),
        TEST(the_same_instance_and_reg_id_replace_the_old_contact),
        TEST(bindings_are_walked_by_user_then_age_and_a_refresh_keeps_the_place),
        TEST(addresses_of_record_are_judged),
        TEST(faults_answer_or_say_nothing),
        TEST(a_registration_survives_each_allocation_that_fails),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
