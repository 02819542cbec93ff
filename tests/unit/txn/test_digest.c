/* SPDX-License-Identifier: MIT */
#include "txn/digest.h"

#include "base/str.h"
#include "tern_test.h"
#include "txn/digest_response.h"
#include "txn/limits.h"

static struct tn_ctx ctx;
static struct tn_auth auth;
static char answer[4000];

static void open_as(const char *user, const char *password, const char *realm)
{
    static const uint8_t seed[32] = {3};
    const struct tn_credentials credentials = {tn_str(user), tn_str(password), tn_str(realm)};
    CHECK_EQ(tn_ctx_init(&ctx, NULL, seed), 0);
    CHECK_EQ(tn_auth_init(&auth, &ctx, &credentials), 0);
}

static void close_all(void)
{
    tn_auth_fini(&auth);
    tn_ctx_fini(&ctx);
}

/* `headers`: whole lines. */
static struct tn_msg *response(unsigned status, const char *method, const char *headers)
{
    static char text[4000];
    struct tn_msg *msg;
    int len = snprintf(text, sizeof(text),
                       "SIP/2.0 %u X\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
                       "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: 1\r\n"
                       "CSeq: 1 %s\r\n%sContent-Length: 0\r\n\r\n",
                       status, method, headers);
    CHECK_EQ(tn_msg_parse(&ctx.alloc, (tern_str){text, (size_t)len}, &msg), 0);
    CHECK_EQ(msg->defect_status, 0);
    return msg;
}

static enum tn_auth_result challenge(unsigned status, const char *method, const char *headers,
                                     unsigned round)
{
    struct tn_msg *msg = response(status, method, headers);
    enum tn_auth_result result = tn_auth_challenge(&auth, msg, round);
    tn_msg_unref(msg);
    return result;
}

static const char *put(enum tn_method method)
{
    struct tn_buf out;
    tn_buf_fixed(&out, answer, sizeof(answer) - 1);
    CHECK_EQ(tn_auth_put(&auth, method, TERN_STR("sip:example.org"), TERN_STR("body"), &out), 0);
    CHECK_EQ(out.err, 0);
    answer[out.len] = 0;
    return answer;
}

static bool has(const char *part)
{
    return strstr(answer, part) != NULL;
}

static int lines(void)
{
    int n = 0;
    for (const char *p = answer; (p = strstr(p, "\r\n")) != NULL; p += 2)
        n++;
    return n;
}

/* RFC 7616 3.9.1, RFC 2617 3.5; the others by the same rules. */
static void the_examples_of_the_rfcs_come_out(void)
{
    static const struct {
        const char *user, *realm, *password, *nonce, *cnonce, *uri;
        enum tn_hash hash;
        const char *want;
    } cases[] = {
        {"Mufasa", "http-auth@example.org", "Circle of Life",
         "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
         "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "/dir/index.html", TN_HASH_MD5,
         "8ca523f5e9506fed4657c9700eebdbec"},
        {"Mufasa", "http-auth@example.org", "Circle of Life",
         "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
         "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "/dir/index.html", TN_HASH_SHA256,
         "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
        {"Mufasa", "testrealm@host.com", "Circle Of Life", "dcd98b7102dd2f0e8b11d0f600bfb0c093",
         "0a4f113b", "/dir/index.html", TN_HASH_MD5, "6629fae49393a05397450978507c4ef1"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char hex[TN_HASH_HEX_MAX];
        const struct tn_digest d = {.hash = cases[i].hash,
                                    .qop = TN_QOP_AUTH,
                                    .user = tn_str(cases[i].user),
                                    .realm = tn_str(cases[i].realm),
                                    .password = tn_str(cases[i].password),
                                    .nonce = tn_str(cases[i].nonce),
                                    .cnonce = tn_str(cases[i].cnonce),
                                    .nc = TERN_STR("00000001"),
                                    .method = TERN_STR("GET"),
                                    .uri = tn_str(cases[i].uri)};
        int len = tn_digest_response(&d, hex);
        CHECK(tn_str_eq((tern_str){hex, (size_t)len}, tn_str(cases[i].want)));
    }
}

/* RFC 7616 3.4; user, realm and nonce of the example in RFC 3261 22.4. */
static void every_algorithm_and_qop_has_its_own_arithmetic(void)
{
    static const struct {
        enum tn_hash hash;
        bool session;
        enum tn_qop qop;
        const char *want;
    } cases[] = {
        {TN_HASH_MD5, false, TN_QOP_NONE, "bf57e4e0d0bffc0fbaedce64d59add5e"},
        {TN_HASH_MD5, false, TN_QOP_AUTH, "89eb0059246c02b2f6ee02c7961d5ea3"},
        {TN_HASH_MD5, false, TN_QOP_AUTH_INT, "77226bb823dc077c1ad3537415667bae"},
        {TN_HASH_MD5, true, TN_QOP_NONE, "fff17611bcbbf00c9116a2c922dea8e1"},
        {TN_HASH_MD5, true, TN_QOP_AUTH, "e4e4ea61d186d07a92c9e1f6919902e9"},
        {TN_HASH_MD5, true, TN_QOP_AUTH_INT, "8527c9ab1b4eed3fd75491f811944e26"},
        {TN_HASH_SHA256, false, TN_QOP_NONE,
         "38aad98c50c33abe72c5f88dd17246ffcfa6b1f68852c855719ff0659386c0ca"},
        {TN_HASH_SHA256, false, TN_QOP_AUTH,
         "b3b5a6c69453abafaab9ae4dccdac90a076b6c80615d5f3498e7433b6e93bf4f"},
        {TN_HASH_SHA256, false, TN_QOP_AUTH_INT,
         "554a9ffe79ce71c3cb6c9630deddd2787d8033f895e5cdef6a73c8e84ed4c979"},
        {TN_HASH_SHA256, true, TN_QOP_NONE,
         "2ceb74b5bf787a27f00a80b94f397228de1a9bab1c3c56b7c6f984cf9f3ffdf7"},
        {TN_HASH_SHA256, true, TN_QOP_AUTH,
         "5da59c9ca40954be9d5063a15a174066c8251be2c10cf47c144c366dc7daf792"},
        {TN_HASH_SHA256, true, TN_QOP_AUTH_INT,
         "0b4a1efc19e1b701ec5775b6b16dde0fc416102e34a6c5bd6f957b20b5d79170"},
        {TN_HASH_SHA512_256, false, TN_QOP_NONE,
         "9e960b3a01beb63f1ea5d45d43bd8a2178879d3c9ddbbdb0624187ca823c6eca"},
        {TN_HASH_SHA512_256, false, TN_QOP_AUTH,
         "7f1a09de0f19af0a1eac2b28d33e3f2fb89cca1ad8fb01bba5e1883b288bac14"},
        {TN_HASH_SHA512_256, false, TN_QOP_AUTH_INT,
         "e9a7fbc1c80a10421c59a0c982f28d40e0ddc7b62ef3dc4faf68f179c6e05922"},
        {TN_HASH_SHA512_256, true, TN_QOP_NONE,
         "10f52db7e2818a98871fd94294a2593a22eeaf07e23dad0b2bb52694442db5dd"},
        {TN_HASH_SHA512_256, true, TN_QOP_AUTH,
         "077d9677be83f41f162d1a4453dc163389919f81e5927391d972f477da767633"},
        {TN_HASH_SHA512_256, true, TN_QOP_AUTH_INT,
         "0220683d8c9faccc1d05bd2ef0e7ccdff87eacd5f06fb6bfd9cd7d3acf66a00b"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char hex[TN_HASH_HEX_MAX];
        const struct tn_digest d = {.hash = cases[i].hash,
                                    .session = cases[i].session,
                                    .qop = cases[i].qop,
                                    .user = TERN_STR("bob"),
                                    .realm = TERN_STR("biloxi.com"),
                                    .password = TERN_STR("zanzibar"),
                                    .nonce = TERN_STR("dcd98b7102dd2f0e8b11d0f600bfb0c093"),
                                    .cnonce = TERN_STR("0a4f113b"),
                                    .nc = TERN_STR("00000001"),
                                    .method = TERN_STR("INVITE"),
                                    .uri = TERN_STR("sip:bob@biloxi.com"),
                                    .body = TERN_STR("v=0\r\n")};
        int len = tn_digest_response(&d, hex);
        CHECK(tn_str_eq((tern_str){hex, (size_t)len}, tn_str(cases[i].want)));
    }
}

static void an_answer_has_quotes_where_the_rfc_has_them(void)
{
    open_as("al\"ice", "secret", "");
    CHECK_EQ(challenge(401, "REGISTER",
                       "WWW-Authenticate: Digest realm=\"the \\\"realm\\\"\", nonce=\"n1\", "
                       "opaque=\"op\", algorithm=SHA-256, qop=\"auth-int,auth\"\r\n",
                       0),
             TN_AUTH_RETRY);
    put(TN_METHOD_REGISTER);
    CHECK(strncmp(answer, "Authorization: Digest username=\"al\\\"ice\"", 40) == 0);
    CHECK(has(", realm=\"the \\\"realm\\\"\", nonce=\"n1\", uri=\"sip:example.org\", response=\""));
    CHECK(has(", algorithm=SHA-256, cnonce=\""));
    CHECK(has("\", opaque=\"op\", qop=auth, nc=00000001\r\n"));
    put(TN_METHOD_REGISTER);
    CHECK(has("nc=00000002\r\n"));
    close_all();
}

/* RFC 2069: no qop, no cnonce, no count. */
static void a_challenge_without_qop_is_answered_the_old_way(void)
{
    open_as("alice", "secret", "");
    CHECK_EQ(challenge(407, "INVITE", "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n", 0),
             TN_AUTH_RETRY);
    put(TN_METHOD_INVITE);
    CHECK(strncmp(answer, "Proxy-Authorization: Digest ", 28) == 0);
    CHECK(!has("qop") && !has("nc=") && !has("cnonce") && !has("algorithm"));
    close_all();
}

/* RFC 8760 2.3 and 2.4 */
static void the_strongest_algorithm_is_used_and_no_weaker_one_afterwards(void)
{
    open_as("alice", "secret", "");
    CHECK_EQ(challenge(401, "REGISTER",
                       "WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", algorithm=MD5\r\n"
                       "WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", "
                       "algorithm=SHA-512-256-sess, qop=\"auth\"\r\n"
                       "WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", algorithm=SHA-256\r\n"
                       "WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", algorithm=SHA3\r\n",
                       0),
             TN_AUTH_RETRY);
    put(TN_METHOD_REGISTER);
    CHECK_EQ(lines(), 1);
    CHECK(has("algorithm=SHA-512-256-sess,"));
    CHECK_EQ(challenge(401, "REGISTER",
                       "WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", algorithm=MD5\r\n", 0),
             TN_AUTH_DOWNGRADE);
    close_all();
}

/* One line: `kind` is "WWW" or "Proxy"; the rest are its parameters. */
static enum tn_auth_result asks(const char *method, const char *kind, const char *realm,
                                const char *rest, unsigned round)
{
    static unsigned nonces;
    char line[300];
    snprintf(line, sizeof(line), "%s-Authenticate: Digest realm=\"%s\", nonce=\"n%u\"%s\r\n", kind,
             realm, nonces++, rest);
    return challenge(kind[0] == 'P' ? 407 : 401, method, line, round);
}

#define SHA256 ", algorithm=SHA-256"
#define AUTH   ", qop=\"auth\""

/* RFC 8760 5: on the left what a realm asks for, on the right what it asks for later. */
static void no_realm_gets_a_weaker_login_later(void)
{
    static const struct {
        const char *first, *later;
        enum tn_auth_result want;
    } cases[] = {
        {"", "", TN_AUTH_RETRY},
        {"", AUTH, TN_AUTH_RETRY},
        {AUTH, "", TN_AUTH_DOWNGRADE},
        {AUTH, ", qop=\"auth-int\"", TN_AUTH_RETRY},
        {AUTH, SHA256, TN_AUTH_DOWNGRADE},
        {AUTH, SHA256 AUTH, TN_AUTH_RETRY},
        {SHA256, "", TN_AUTH_DOWNGRADE},
        {SHA256, AUTH, TN_AUTH_DOWNGRADE},
        {SHA256, ", algorithm=MD5-sess" AUTH, TN_AUTH_DOWNGRADE},
        {SHA256 AUTH, SHA256, TN_AUTH_DOWNGRADE},
        {SHA256 AUTH, ", algorithm=SHA-512-256" AUTH, TN_AUTH_RETRY},
        {", algorithm=SHA-512-256" AUTH, SHA256 AUTH, TN_AUTH_DOWNGRADE},
        {SHA256 AUTH, ", algorithm=SHA3" AUTH, TN_AUTH_UNSUPPORTED},
    };
    static const struct {
        const char *method, *kind;
    } ways[] = {{"REGISTER", "WWW"}, {"REGISTER", "Proxy"}, {"INVITE", "WWW"}, {"INVITE", "Proxy"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t k = 0; k < 16; k++) {
            const char *first = ways[k / 4].method, *later = ways[k % 4].method;
            bool binds = strcmp(first, "REGISTER") == 0 || strcmp(later, "REGISTER") != 0;
            bool known = cases[i].want != TN_AUTH_DOWNGRADE || binds;
            open_as("alice", "secret", "");
            CHECK_EQ(asks(first, ways[k / 4].kind, "r", cases[i].first, 0), TN_AUTH_RETRY);
            CHECK_EQ(asks(later, ways[k % 4].kind, "r", cases[i].later, 0),
                     known ? cases[i].want : TN_AUTH_RETRY);
            CHECK_EQ(asks(later, ways[k % 4].kind, "other", cases[i].later, 0),
                     cases[i].want == TN_AUTH_UNSUPPORTED ? TN_AUTH_UNSUPPORTED : TN_AUTH_RETRY);
            close_all();
        }
    }
}

/* Whoever is called answers with what he likes; the registrar is none of his business. */
static void a_far_end_cannot_spoil_the_registration(void)
{
    open_as("alice", "secret", "");
    CHECK_EQ(asks("REGISTER", "WWW", "r", AUTH, 0), TN_AUTH_RETRY);
    CHECK(strstr(put(TN_METHOD_REGISTER), "nc=00000001"));
    CHECK_EQ(asks("INVITE", "WWW", "r", SHA256 AUTH, 0), TN_AUTH_RETRY);
    CHECK_EQ(asks("INVITE", "WWW", "r", SHA256 AUTH ", stale=true", 1), TN_AUTH_RETRY);
    CHECK(strstr(put(TN_METHOD_REGISTER), "nc=00000002"));
    CHECK(!has("SHA-256"));
    CHECK_EQ(asks("REGISTER", "WWW", "r", AUTH, 0), TN_AUTH_RETRY);
    close_all();
}

static void a_strange_realm_that_calls_a_nonce_stale_changes_nothing(void)
{
    open_as("alice", "wrong", "");
    CHECK_EQ(challenge(401, "REGISTER", "WWW-Authenticate: Digest realm=\"r\", nonce=\"a\"\r\n", 0),
             TN_AUTH_RETRY);
    put(TN_METHOD_REGISTER);
    CHECK_EQ(challenge(401, "REGISTER",
                       "WWW-Authenticate: Digest realm=\"s\", nonce=\"x\", stale=true\r\n"
                       "WWW-Authenticate: Digest realm=\"r\", nonce=\"b\"\r\n",
                       1),
             TN_AUTH_REJECTED);
    close_all();
}

/* However many strangers come in between. */
static void what_a_realm_has_asked_for_is_not_crowded_out(void)
{
    char realm[16];
    open_as("alice", "secret", "");
    CHECK_EQ(asks("REGISTER", "WWW", "home", SHA256 AUTH, 0), TN_AUTH_RETRY);
    CHECK_EQ(asks("INVITE", "Proxy", "proxy", SHA256 AUTH, 0), TN_AUTH_RETRY);
    for (int i = 0; i < 3 * TN_FLOORS_MAX; i++) {
        snprintf(realm, sizeof(realm), "r%d", i);
        CHECK_EQ(asks("INVITE", "WWW", realm, SHA256 AUTH, 0), TN_AUTH_RETRY);
    }
    CHECK_EQ(asks("REGISTER", "WWW", "home", AUTH, 0), TN_AUTH_DOWNGRADE);
    CHECK_EQ(asks("INVITE", "WWW", "home", AUTH, 0), TN_AUTH_DOWNGRADE);
    CHECK_EQ(asks("INVITE", "Proxy", "proxy", AUTH, 0), TN_AUTH_DOWNGRADE);
    CHECK_EQ(asks("REGISTER", "WWW", "second", AUTH, 0), TN_AUTH_RETRY);
    tn_auth_forget(&auth);
    CHECK_EQ(asks("REGISTER", "WWW", "home", AUTH, 0), TN_AUTH_DOWNGRADE);
    close_all();
}

/* RFC 7616 3.7: of equal algorithms the one with qop; the floor before all. */
static void of_several_challenges_the_strongest_is_taken(void)
{
#define LINE(rest) "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"" rest "\r\n"
    static const struct {
        const char *floor, *lines, *want;
    } cases[] = {
        {"", LINE("") LINE(AUTH), "qop=auth"},
        {"", LINE(AUTH) LINE(""), "qop=auth"},
        {"", LINE(AUTH) LINE(SHA256) LINE(""), "SHA-256"},
        {AUTH, LINE(SHA256) LINE(AUTH), "qop=auth"},
        {AUTH, LINE(AUTH) LINE(SHA256), "qop=auth"},
        {"", LINE(SHA256 AUTH) LINE(", algorithm=SHA-512-256") LINE(SHA256), "SHA-512-256"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        open_as("alice", "secret", "");
        CHECK_EQ(asks("REGISTER", "WWW", "r", cases[i].floor, 0), TN_AUTH_RETRY);
        CHECK_EQ(challenge(401, "REGISTER", cases[i].lines, 0), TN_AUTH_RETRY);
        put(TN_METHOD_REGISTER);
        CHECK_EQ(lines(), 1);
        CHECK(has(cases[i].want));
        close_all();
    }
}

static void what_cannot_be_answered_says_why(void)
{
    static const struct {
        const char *user, *realm, *headers;
        enum tn_auth_result want;
    } cases[] = {
        {"alice", "", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n", TN_AUTH_RETRY},
        {"", "", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n", TN_AUTH_NO_CREDENTIALS},
        {"alice", "q", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n",
         TN_AUTH_NO_CREDENTIALS},
        {"alice", "r", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n", TN_AUTH_RETRY},
        {"alice", "", "WWW-Authenticate: Basic realm=\"r\"\r\n", TN_AUTH_UNSUPPORTED},
        {"alice", "", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=X\r\n",
         TN_AUTH_UNSUPPORTED},
        {"alice", "", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"x,y\"\r\n",
         TN_AUTH_UNSUPPORTED},
        {"alice", "", "WWW-Authenticate: Digest realm=\"r\"\r\n", TN_AUTH_UNSUPPORTED},
        {"alice", "", "", TN_AUTH_UNSUPPORTED},
        {"alice", "r",
         "WWW-Authenticate: Digest realm=\"q\", nonce=\"n\"\r\n"
         "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n",
         TN_AUTH_RETRY},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        open_as(cases[i].user, "secret", cases[i].realm);
        CHECK_EQ(challenge(401, "REGISTER", cases[i].headers, 0), cases[i].want);
        close_all();
    }
}

#define REALM(nonce) "WWW-Authenticate: Digest realm=\"r\", nonce=\"" nonce "\", qop=\"auth\"\r\n"
#define STALE(nonce)                                                                               \
    "WWW-Authenticate: Digest realm=\"r\", nonce=\"" nonce "\", qop=\"auth\", stale=true\r\n"

/* One retry at most for a fresh challenge, as many as the limit for stale nonces. */
static void a_wrong_password_is_noticed_after_one_try(void)
{
    open_as("alice", "wrong", "");
    CHECK_EQ(challenge(401, "REGISTER", REALM("n1"), 0), TN_AUTH_RETRY);
    put(TN_METHOD_REGISTER);
    CHECK_EQ(challenge(401, "REGISTER", REALM("n2"), 1), TN_AUTH_REJECTED);
    CHECK(!tn_auth_ready(&auth, TN_METHOD_REGISTER));
    tn_auth_forget(&auth);
    CHECK_EQ(challenge(401, "REGISTER", REALM("n1"), 0), TN_AUTH_RETRY);
    put(TN_METHOD_REGISTER);
    CHECK_EQ(challenge(401, "REGISTER", REALM("n1"), 1), TN_AUTH_REJECTED);
    close_all();
}

static void a_stale_nonce_is_replaced_but_not_for_ever(void)
{
    open_as("alice", "secret", "");
    CHECK_EQ(challenge(401, "REGISTER", REALM("n0"), 0), TN_AUTH_RETRY);
    put(TN_METHOD_REGISTER);
    for (unsigned round = 1; round < TN_AUTH_ROUNDS_MAX; round++) {
        CHECK_EQ(challenge(401, "REGISTER", round % 2 ? STALE("n1") : STALE("n2"), round),
                 TN_AUTH_RETRY);
        CHECK(strstr(put(TN_METHOD_REGISTER), round % 2 ? "\"n1\"" : "\"n2\""));
        CHECK(has("nc=00000001"));
    }
    CHECK_EQ(challenge(401, "REGISTER", STALE("n9"), TN_AUTH_ROUNDS_MAX), TN_AUTH_REJECTED);
    close_all();
}

/* A server that has been restarted knows the old nonce no more, and need not say "stale". */
static void an_old_nonce_that_is_refused_costs_one_more_round(void)
{
    open_as("alice", "secret", "");
    CHECK_EQ(challenge(401, "REGISTER", REALM("n1"), 0), TN_AUTH_RETRY);
    put(TN_METHOD_REGISTER);
    put(TN_METHOD_REGISTER); /* the next refresh, ahead of time */
    CHECK_EQ(challenge(401, "REGISTER", REALM("n2"), 0), TN_AUTH_RETRY);
    CHECK(strstr(put(TN_METHOD_REGISTER), "nonce=\"n2\""));
    close_all();
}

/* RFC 3261 22.3: several proxies and the far end, one after another and together. */
static void credentials_for_several_realms_go_together(void)
{
    open_as("alice", "secret", "");
    CHECK_EQ(challenge(407, "INVITE",
                       "Proxy-Authenticate: Digest realm=\"p1\", nonce=\"x\"\r\n"
                       "Proxy-Authenticate: Digest realm=\"p2\", nonce=\"y\"\r\n",
                       0),
             TN_AUTH_RETRY);
    put(TN_METHOD_INVITE);
    CHECK_EQ(lines(), 2);
    CHECK_EQ(challenge(401, "INVITE", "WWW-Authenticate: Digest realm=\"far\", nonce=\"z\"\r\n", 1),
             TN_AUTH_RETRY);
    put(TN_METHOD_INVITE);
    CHECK_EQ(lines(), 3);
    CHECK(has("Authorization: Digest username=\"alice\", realm=\"far\""));
    put(TN_METHOD_BYE);
    CHECK_EQ(lines(), 3);
    put(TN_METHOD_REGISTER);
    CHECK_EQ(lines(), 0);
    close_all();
}

static void a_registrar_that_asks_with_401_is_not_answered_elsewhere(void)
{
    open_as("alice", "secret", "");
    CHECK_EQ(challenge(401, "REGISTER", REALM("n1"), 0), TN_AUTH_RETRY);
    CHECK(tn_auth_ready(&auth, TN_METHOD_REGISTER));
    CHECK(!tn_auth_ready(&auth, TN_METHOD_INVITE));
    put(TN_METHOD_INVITE);
    CHECK_EQ(lines(), 0);
    close_all();
}

/* A server that hands out one nonce by both ways counts its uses once. */
static void one_nonce_has_one_count(void)
{
    open_as("alice", "secret", "");
    CHECK_EQ(challenge(401, "REGISTER", REALM("same"), 0), TN_AUTH_RETRY);
    CHECK(strstr(put(TN_METHOD_REGISTER), "nc=00000001"));
    CHECK_EQ(challenge(407, "INVITE",
                       "Proxy-Authenticate: Digest realm=\"r\", nonce=\"same\", qop=\"auth\"\r\n",
                       0),
             TN_AUTH_RETRY);
    CHECK(strstr(put(TN_METHOD_INVITE), "nc=00000002"));
    CHECK(strstr(put(TN_METHOD_REGISTER), "nc=00000003"));
    close_all();
}

/* RFC 7616 3.5 */
static void nextnonce_replaces_the_nonce(void)
{
    open_as("alice", "secret", "");
    CHECK_EQ(challenge(401, "REGISTER", REALM("n1"), 0), TN_AUTH_RETRY);
    put(TN_METHOD_REGISTER);
    struct tn_msg *ok =
        response(200, "REGISTER", "Authentication-Info: nextnonce=\"n2\", qop=auth\r\n");
    tn_auth_info(&auth, ok);
    tn_msg_unref(ok);
    put(TN_METHOD_REGISTER);
    CHECK(has("nonce=\"n2\"") && has("nc=00000001") && has("qop=auth"));
    close_all();
}

static void the_memory_of_realms_is_bounded(void)
{
    open_as("alice", "secret", "");
    for (int i = 0; i < 3 * TN_CHALLENGES_MAX; i++) {
        char line[200];
        snprintf(line, sizeof(line), "WWW-Authenticate: Digest realm=\"r%d\", nonce=\"n\"\r\n", i);
        CHECK_EQ(challenge(401, "REGISTER", line, 0), TN_AUTH_RETRY);
    }
    put(TN_METHOD_REGISTER);
    CHECK_EQ(lines(), TN_CHALLENGES_MAX);
    close_all();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_examples_of_the_rfcs_come_out),
        TEST(every_algorithm_and_qop_has_its_own_arithmetic),
        TEST(an_answer_has_quotes_where_the_rfc_has_them),
        TEST(a_challenge_without_qop_is_answered_the_old_way),
        TEST(the_strongest_algorithm_is_used_and_no_weaker_one_afterwards),
        TEST(what_cannot_be_answered_says_why),
        TEST(a_wrong_password_is_noticed_after_one_try),
        TEST(a_stale_nonce_is_replaced_but_not_for_ever),
        TEST(an_old_nonce_that_is_refused_costs_one_more_round),
        TEST(credentials_for_several_realms_go_together),
        TEST(a_registrar_that_asks_with_401_is_not_answered_elsewhere),
        TEST(one_nonce_has_one_count),
        TEST(nextnonce_replaces_the_nonce),
        TEST(the_memory_of_realms_is_bounded),
        TEST(no_realm_gets_a_weaker_login_later),
        TEST(a_far_end_cannot_spoil_the_registration),
        TEST(a_strange_realm_that_calls_a_nonce_stale_changes_nothing),
        TEST(what_a_realm_has_asked_for_is_not_crowded_out),
        TEST(of_several_challenges_the_strongest_is_taken),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
