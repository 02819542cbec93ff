/* SPDX-License-Identifier: MIT */
/* What secures the stream: every pair of policies, keys that go on and keys that are new, roles. */
#include "test_offer.h"

static struct tn_random random_source;
static const char print_a[] = "sha-256 "
                              "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
                              "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF";
static const char print_b[] = "sha-256 "
                              "FF:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
                              "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF";

struct end {
    struct tn_offer offer;
    struct tn_media_plan plan;
    const char *address;
};

struct taste {
    enum tn_offer_policy policy;
    bool dtls;
};

static void begin(struct end *end, struct taste taste, const char *address, const char *print)
{
    static const uint8_t seed[32] = {5};
    struct tn_offer_opts opts = both_codecs();

    tn_random_init(&random_source, seed);
    opts.policy = taste.policy;
    opts.prefer_dtls = taste.dtls;
    opts.fingerprint = tn_str(print);
    opts.random = &random_source;
    memset(end, 0, sizeof(*end));
    end->address = address;
    start_with(&end->offer, &opts);
}

/* One offers, the other answers. @return what the first failure was, and which body it had */
static int exchange(struct end *from, struct end *to, char offer[3000], char answer[3000])
{
    struct tn_offer_local here_from = here(from->address), here_to = here(to->address);
    struct tn_buf buf;

    memset(offer, 0, 3000);
    memset(answer, 0, 3000);
    tn_buf_fixed(&buf, offer, 2999);
    CHECK_EQ(tn_offer_make(&from->offer, &here_from, &buf), 0);
    int err = tn_offer_take(&to->offer, tn_buf_view(&buf));
    if (err) {
        tn_offer_rollback(&from->offer);
        return err;
    }
    tn_buf_fixed(&buf, answer, 2999);
    CHECK_EQ(tn_offer_answer(&to->offer, &here_to, &buf, &to->plan), 0);
    return tn_offer_take_answer(&from->offer, tn_buf_view(&buf), &from->plan);
}

static void finish(struct end *a, struct end *b)
{
    tn_offer_fini(&a->offer);
    tn_offer_fini(&b->offer);
    CHECK_EQ(budget.live, 0);
}

static bool same_keys(const struct end *a, const struct end *b)
{
    size_t len = tn_srtp_key_len(a->plan.keys.suite);

    return a->plan.keys.suite != TN_SRTP_NONE && a->plan.keys.suite == b->plan.keys.suite &&
           memcmp(a->plan.keys.send, b->plan.keys.receive, len) == 0 &&
           memcmp(a->plan.keys.receive, b->plan.keys.send, len) == 0;
}

static void each_pair_of_policies_agrees_or_refuses(void)
{
    enum { SDES = TN_PLAN_SDES, DTLS = TN_PLAN_DTLS, CLEAR = TN_PLAN_PLAIN, REFUSED = -1 };
    static const struct {
        struct taste a, b;
        int want;
        const char *proto;
    } cases[] = {
        {{TN_OFFER_PLAIN, false}, {TN_OFFER_PLAIN, false}, CLEAR, " RTP/AVP "},
        {{TN_OFFER_PLAIN, false}, {TN_OFFER_OPPORTUNISTIC, false}, CLEAR, " RTP/AVP "},
        {{TN_OFFER_PLAIN, false}, {TN_OFFER_SECURE, false}, REFUSED, " RTP/AVP "},
        {{TN_OFFER_OPPORTUNISTIC, false}, {TN_OFFER_PLAIN, false}, CLEAR, " RTP/AVP "},
        {{TN_OFFER_OPPORTUNISTIC, false}, {TN_OFFER_OPPORTUNISTIC, true}, SDES, " RTP/AVP "},
        {{TN_OFFER_OPPORTUNISTIC, false}, {TN_OFFER_SECURE, true}, SDES, " RTP/AVP "},
        {{TN_OFFER_OPPORTUNISTIC, true}, {TN_OFFER_PLAIN, false}, CLEAR, " RTP/AVP "},
        {{TN_OFFER_OPPORTUNISTIC, true}, {TN_OFFER_OPPORTUNISTIC, false}, DTLS, " RTP/AVP "},
        {{TN_OFFER_OPPORTUNISTIC, true}, {TN_OFFER_SECURE, false}, DTLS, " RTP/AVP "},
        {{TN_OFFER_SECURE, false}, {TN_OFFER_PLAIN, false}, REFUSED, " RTP/SAVP "},
        {{TN_OFFER_SECURE, false}, {TN_OFFER_OPPORTUNISTIC, false}, SDES, " RTP/SAVP "},
        {{TN_OFFER_SECURE, false}, {TN_OFFER_SECURE, true}, SDES, " RTP/SAVP "},
        {{TN_OFFER_SECURE, true}, {TN_OFFER_PLAIN, true}, REFUSED, " UDP/TLS/RTP/SAVP "},
        {{TN_OFFER_SECURE, true}, {TN_OFFER_OPPORTUNISTIC, true}, DTLS, " UDP/TLS/RTP/SAVP "},
        {{TN_OFFER_SECURE, true}, {TN_OFFER_SECURE, false}, DTLS, " UDP/TLS/RTP/SAVP "},
    };
    char offer[3000], answer[3000];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct end a, b;
        begin(&a, cases[i].a, "10.0.0.1:5000", print_a);
        begin(&b, cases[i].b, "10.0.0.2:6000", print_b);
        int err = exchange(&a, &b, offer, answer);
        CHECK(strstr(offer, cases[i].proto) != NULL);
        CHECK_EQ(err, cases[i].want == REFUSED ? TERN_EUNSUPPORTED : 0);
        if (err == 0) {
            CHECK_EQ(a.plan.security, cases[i].want);
            CHECK_EQ(b.plan.security, cases[i].want);
            CHECK_EQ(a.plan.rtcp_mux, cases[i].a.policy != TN_OFFER_PLAIN);
            CHECK_EQ(b.plan.rtcp_mux, cases[i].a.policy != TN_OFFER_PLAIN);
            if (cases[i].want == SDES) CHECK(same_keys(&a, &b));
        }
        finish(&a, &b);
    }
}

static void a_key_goes_on_while_its_address_does(void)
{
    static const struct taste secure = {TN_OFFER_SECURE, false};
    char offer[3000], answer[3000];
    struct end a, b;

    begin(&a, secure, "10.0.0.1:5000", print_a);
    begin(&b, secure, "10.0.0.2:6000", print_b);
    CHECK_EQ(exchange(&a, &b, offer, answer), 0);
    struct tn_srtp_keys first = a.plan.keys;

    CHECK_EQ(exchange(&a, &b, offer, answer), 0); /* a refresh */
    CHECK(memcmp(&first, &a.plan.keys, sizeof(first)) == 0);
    CHECK(strstr(strstr(offer, "a=crypto:") + 1, "a=crypto:") == NULL); /* the suite in use only */
    CHECK_EQ(exchange(&b, &a, offer, answer), 0);                       /* and the other way */
    CHECK(memcmp(&first, &a.plan.keys, sizeof(first)) == 0);
    CHECK(same_keys(&a, &b));

    a.address = "10.0.9.1:5000"; /* RFC 4568 7.1.4: who moves takes another key, and nobody else */
    CHECK_EQ(exchange(&a, &b, offer, answer), 0);
    CHECK(memcmp(first.send, a.plan.keys.send, sizeof(first.send)) != 0);
    CHECK(memcmp(first.receive, a.plan.keys.receive, sizeof(first.receive)) == 0);
    CHECK_EQ(first.suite, a.plan.keys.suite);
    CHECK(same_keys(&a, &b));

    struct tn_srtp_keys second = a.plan.keys;
    a.address = "10.0.0.1:5000"; /* back again: never the old key, whose packets are counted */
    CHECK_EQ(exchange(&b, &a, offer, answer), 0);
    CHECK(memcmp(first.send, a.plan.keys.send, sizeof(first.send)) != 0);
    CHECK(memcmp(second.send, a.plan.keys.send, sizeof(first.send)) != 0);
    CHECK(same_keys(&a, &b));
    finish(&a, &b);
}

static void an_offer_that_is_refused_and_made_again_has_its_keys_still(void)
{
    static const struct taste secure = {TN_OFFER_SECURE, false};
    struct tn_offer_local local = here("10.0.0.1:5000");
    char first[3000] = "", second[3000] = "";
    struct tn_buf buf;
    struct end a, b;

    begin(&a, secure, "10.0.0.1:5000", print_a);
    begin(&b, secure, "10.0.0.2:6000", print_b);
    tn_buf_fixed(&buf, first, 2999);
    CHECK_EQ(tn_offer_make(&a.offer, &local, &buf), 0);
    tn_offer_rollback(&a.offer);
    tn_buf_fixed(&buf, second, 2999);
    CHECK_EQ(tn_offer_make(&a.offer, &local, &buf), 0);
    CHECK(strcmp(first, second) == 0);
    finish(&a, &b);
}

static void a_secure_stream_is_never_agreed_away(void)
{
    static const char *const bodies[] = {
        THEIRS("m=audio 4000 RTP/AVP 0\r\n"),
        THEIRS("m=audio 4000 RTP/SAVP 0\r\n"),
        THEIRS("m=audio 4000 RTP/SAVP 0\r\na=crypto:1 F8_128_HMAC_SHA1_80 "
               "inline:MTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5QUJjZGVm\r\n"),
        THEIRS("m=audio 4000 RTP/SAVP 0\r\na=crypto:9 AES_CM_128_HMAC_SHA1_80 "
               "inline:MTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5QUJjZGVm\r\n"),
        THEIRS("m=audio 4000 RTP/SAVP 0\r\na=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:MTIz\r\n"),
        THEIRS("m=audio 4000 UDP/TLS/RTP/SAVP 0\r\na=setup:active\r\n"),
    };
    static const struct taste tastes[] = {{TN_OFFER_SECURE, false}, {TN_OFFER_SECURE, true}};

    for (size_t i = 0; i < 2 * sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct tn_media_plan plan;
        struct end a, b;
        begin(&a, tastes[i % 2], "10.0.0.1:5000", print_a);
        begin(&b, tastes[0], "10.0.0.2:6000", print_b);
        make(&a.offer, here("10.0.0.1:5000"));
        CHECK_EQ(take_answer(&a.offer, bodies[i / 2], &plan), TERN_EUNSUPPORTED);
        CHECK(!plan.active);
        if (i / 2 != 3) CHECK_EQ(take(&b.offer, bodies[i / 2]), TERN_EUNSUPPORTED);
        finish(&a, &b);
    }
}

static void one_end_is_active_and_an_association_goes_on_until_somebody_moves(void)
{
    static const struct taste secure = {TN_OFFER_SECURE, true};
    char offer[3000], answer[3000];
    struct end a, b;

    begin(&a, secure, "10.0.0.1:5000", print_a);
    begin(&b, secure, "10.0.0.2:6000", print_b);
    CHECK_EQ(exchange(&a, &b, offer, answer), 0);
    CHECK(strstr(offer, "a=setup:actpass\r\n") && strstr(answer, "a=setup:active\r\n"));
    CHECK(!a.plan.dtls_active && b.plan.dtls_active);
    CHECK(strcmp(a.plan.peer_fingerprint, print_b) == 0);
    CHECK(strcmp(b.plan.peer_fingerprint, print_a) == 0);
    uint32_t at_a = a.plan.association, at_b = b.plan.association;

    CHECK_EQ(exchange(&a, &b, offer, answer), 0);
    CHECK_EQ(exchange(&b, &a, offer, answer), 0); /* the roles stay, whoever asks */
    CHECK(!a.plan.dtls_active && b.plan.dtls_active);
    CHECK_EQ(a.plan.association, at_a);
    CHECK_EQ(b.plan.association, at_b);

    a.address = "10.0.9.1:5000"; /* RFC 8842 3.1, without ICE */
    CHECK_EQ(exchange(&a, &b, offer, answer), 0);
    CHECK(a.plan.association != at_a && b.plan.association != at_b);
    CHECK(a.plan.dtls_active != b.plan.dtls_active);
    at_a = a.plan.association;
    CHECK_EQ(exchange(&a, &b, offer, answer), 0);
    CHECK_EQ(a.plan.association, at_a);
    finish(&a, &b);
}

static void without_memory_nothing_changes_and_nothing_leaks(void)
{
    static const struct taste secure = {TN_OFFER_SECURE, false};

    for (long n = 0; n < 40; n++) {
        struct tn_offer_local local = here("10.0.0.1:5000");
        char room[3000];
        struct tn_buf buf;
        struct end a, b;
        begin(&a, secure, "10.0.0.1:5000", print_a);
        begin(&b, secure, "10.0.0.2:6000", print_b);
        tn_buf_fixed(&buf, room, sizeof(room));
        budget.left = n;
        int err = tn_offer_make(&a.offer, &local, &buf);
        if (!err) err = tn_offer_take(&b.offer, tn_buf_view(&buf));
        tn_buf_fixed(&buf, room, sizeof(room));
        if (!err) err = tn_offer_answer(&b.offer, &local, &buf, NULL);
        if (!err) err = tn_offer_take_answer(&a.offer, tn_buf_view(&buf), NULL);
        budget.left = -1;
        CHECK(err == 0 || err == TERN_ENOMEM);
        finish(&a, &b);
        if (err == 0) return;
    }
    CHECK(!"forty allocations are too many");
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(each_pair_of_policies_agrees_or_refuses),
        TEST(a_key_goes_on_while_its_address_does),
        TEST(an_offer_that_is_refused_and_made_again_has_its_keys_still),
        TEST(a_secure_stream_is_never_agreed_away),
        TEST(one_end_is_active_and_an_association_goes_on_until_somebody_moves),
        TEST(without_memory_nothing_changes_and_nothing_leaks),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
