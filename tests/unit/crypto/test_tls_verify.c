/* SPDX-License-Identifier: MIT */
/* Whom a certificate is for, and who is believed: RFC 5922 7, RFC 5280 6. */
#include <openssl/x509v3.h>

#include "pair.h"
#include "tern_test.h"

static const struct tern_allocator libc = {0};

static const struct name_case {
    const char *names, *domain, *reason; /* NULL: accepted */
} name_cases[] = {
    {"example.com", "example.com", NULL},
    {"example.com", "EXAMPLE.com", NULL},
    {"example.com", "example.com.", NULL},
    {"a.example example.com", "example.com", NULL},
    {"sip:example.com", "example.com", NULL},
    {"SIP:Example.com", "example.com", NULL},
    {"sip:example.com:5061", "example.com", NULL},
    {"sip:example.com;transport=tls", "example.com", NULL},
    /* an SRV target that is in another domain has the domain that was asked for as its URI */
    {"sip:example.com sip:other.example sbc.host.example", "example.com", NULL},
    {"sbc.host.example", "example.com", "the certificate is for sbc.host.example, not example.com"},
    {"other.example", "example.com", "the certificate is for other.example, not example.com"},
    {"*.example.com", "a.example.com", "the certificate is for *.example.com, not a.example.com"},
    {"example.com", "a.example.com", "the certificate is for example.com, not a.example.com"},
    {"a.example.com", "example.com", "the certificate is for a.example.com, not example.com"},
    /* DNS names count only where there is no sip URI (RFC 5922 7.1) */
    {"sip:other.example example.com", "example.com",
     "the certificate is for other.example, not example.com"},
    {"sip:alice@example.com", "example.com", "the certificate is for nobody, not example.com"},
    {"sip:alice@example.com example.com", "example.com", NULL},
    {"192.0.2.1", "192.0.2.1", NULL},
    {"2001:db8::1", "2001:DB8::1", NULL},
    {"2001:db8::1", "[2001:db8::1]", NULL},
    {"192.0.2.2 example.com", "192.0.2.1", "the certificate is for example.com, not 192.0.2.1"},
    {"sip:192.0.2.1", "192.0.2.1", "the certificate is for 192.0.2.1, not 192.0.2.1"},
    {"192.0.2.1", "example.com", "the certificate is for nobody, not example.com"},
};

/* RFC 5922 7.1, 7.2, 7.3. */
static void a_certificate_is_good_for_the_sip_domain_that_it_names(void)
{
    for (size_t i = 0; i < sizeof(name_cases) / sizeof(*name_cases); i++) {
        struct rig_identity identity;

        pair_start();
        rig_make(&identity, name_cases[i].names, &pair_root);
        tn_tls_ctx_free(pair_server_ctx);
        pair_server_ctx = pair_make_ctx(&identity, NULL);
        pair_connect_to(name_cases[i].domain, 5061);
        pair_shake_hands();
        pair_check_client(name_cases[i].reason);
        pair_stop();
        rig_free(&identity);
    }
}

/* A certificate that no authority of ours would make. */
static X509 *bare_cert(const char *common_name, size_t len, const char *alt_names)
{
    X509 *cert = X509_new();

    CHECK(X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), NID_commonName, MBSTRING_ASC,
                                     (const unsigned char *)common_name, (int)len, -1, 0) == 1);
    if (alt_names) {
        X509_EXTENSION *extension =
            X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alt_names);
        CHECK(extension && X509_add_ext(cert, extension, -1) == 1);
        X509_EXTENSION_free(extension);
    }
    return cert;
}

/* RFC 5922 7.1, last paragraph of step 2; and names that are made to deceive. */
static void a_common_name_counts_where_there_is_no_other(void)
{
    static const struct {
        tern_str common_name;
        const char *alt_names;
        bool good;
    } cases[] = {
        {{"example.com", 11}, NULL, true},
        {{"EXAMPLE.COM", 11}, NULL, true},
        {{"*.com", 5}, NULL, false},
        {{"other.example", 13}, NULL, false},
        {{"example.com", 11}, "email:alice@example.com", false},
        {{"example.com", 11}, "URI:sips:example.com", false},
        {{"other.example", 13}, "URI:sips:example.com", false},
        {{"other.example", 13}, "URI:https://example.com", false},
        {{"other.example", 13}, "DNS:example.com", true},
        {{"other.example", 13}, "URI:https://other.example,DNS:example.com", true},
        {{"example.com\0.other.example", 26}, NULL, false},
    };

    pair_start();
    pair_connect_to("example.com", 5061);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        X509 *cert =
            bare_cert(cases[i].common_name.ptr, cases[i].common_name.len, cases[i].alt_names);
        memset(&pair_client->reason, 0, sizeof(pair_client->reason));
        CHECK_EQ(tn_tls_verify_name(pair_client, cert), cases[i].good);
        CHECK_EQ(pair_client->reason.text[0] != '\0', !cases[i].good);
        for (const char *p = pair_client->reason.text; *p; p++)
            CHECK(*p >= ' ' && *p <= '~');
        X509_free(cert);
    }
    pair_stop();
}

static void time_and_trust_decide(void)
{
    struct rig_identity middle_leaf, alone;
    rig_set_day(0);
    rig_make(&middle_leaf, "example.com", &pair_own); /* its issuer is no authority */
    rig_make(&alone, "example.com", NULL);
    const struct {
        const struct rig_identity *own, *ca;
        int day;
        const char *reason;
    } cases[] = {
        {&pair_own, &pair_root, 99, NULL},
        {&pair_own, &pair_root, 101, "the certificate has expired (2026-04-11)"},
        {&pair_own, &pair_root, -1, "the certificate is not valid before 2025-12-31"},
        {&pair_own, &pair_stranger, 1,
         "no trusted authority signed the certificate of example.com"},
        {&pair_own, NULL, 1, "no trusted authority signed the certificate of example.com"},
        {&alone, &pair_root, 1, "the certificate is signed by itself only, and not trusted"},
        {&alone, &alone, 1, NULL},
        {&pair_own, &pair_own, 1, NULL}, /* trusted by name, whoever signed it */
        {&middle_leaf, &pair_root, 1, "no trusted authority signed the certificate of example.com"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        rig_set_day(cases[i].day);
        pair_client_ctx = pair_make_ctx(NULL, cases[i].ca);
        pair_server_ctx = pair_make_ctx(cases[i].own, NULL);
        pair_connect_to("example.com", 5061);
        pair_shake_hands();
        pair_check_client(cases[i].reason);
        pair_stop();
    }
    rig_free(&middle_leaf);
    rig_free(&alone);
}

static void without_verification_any_server_will_do(void)
{
    struct tn_tls_opts opts = {.no_verify = true};

    pair_start();
    tn_tls_ctx_free(pair_client_ctx);
    CHECK_EQ(tn_tls_ctx_new(&libc, &opts, &pair_client_ctx), 0);
    pair_connect_to("other.example", 5061);
    pair_shake_hands();
    CHECK(pair_is_open());
    pair_stop();
}

static void a_server_that_demands_it_has_a_valid_client_certificate(void)
{
    struct rig_identity good, bad;
    rig_set_day(0);
    rig_make(&good, "alice.example", &pair_root);
    rig_make(&bad, "mallory.example", &pair_stranger);
    const struct {
        const struct rig_identity *own;
        const char *reason, *refused;
    } cases[] = {
        {&good, NULL, NULL},
        {NULL, "the handshake failed: peer did not return a certificate", "certificate required"},
        {&bad, "no trusted authority signed the certificate", "unknown CA"},
    };

    for (size_t v = 0; v < 2; v++) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
            struct tn_tls_opts opts = {.ca_pem = rig_cert(&pair_root),
                                       .cert_pem = rig_cert(&pair_own),
                                       .key_pem = rig_key(&pair_own),
                                       .client_certs = true};
            rig_set_day(1);
            pair_client_ctx = pair_make_ctx(cases[i].own, &pair_root);
            CHECK_EQ(tn_tls_ctx_new(&libc, &opts, &pair_server_ctx), 0);
            pair_set_version(pair_server_ctx, pair_versions[v]);
            pair_connect_to("example.com", 5061);
            pair_shake_hands();
            CHECK_EQ(pair_is_open(), cases[i].reason == NULL);
            if (cases[i].reason) {
                CHECK(strcmp(tn_tls_reason(pair_server), cases[i].reason) == 0);
                CHECK_EQ(tn_tls_state(pair_client), TN_TLS_FAILED);
                /* TLS 1.2 has no alert of its own for "required" */
                if (v == 1) CHECK(strstr(tn_tls_reason(pair_client), cases[i].refused) != NULL);
            }
            pair_stop();
        }
    }
    rig_free(&good);
    rig_free(&bad);
}

static void unusable_pem_is_refused(void)
{
    tern_str cert = rig_cert(&pair_own), key = rig_key(&pair_own), junk = TERN_STR("junk");
    tern_str half = {cert.ptr, cert.len / 2}, none = {NULL, 0};
    const struct {
        struct tn_tls_opts opts;
        int want;
        bool can_accept;
    } cases[] = {
        {{none, cert, key, false, false}, 0, true},
        {{none, none, none, false, false}, 0, false},
        {{cert, none, none, false, false}, 0, false},
        {{junk, none, none, false, false}, TERN_EPARSE, false},
        {{half, none, none, false, false}, TERN_EPARSE, false},
        {{none, cert, none, false, false}, TERN_EPARSE, false},
        {{none, none, key, false, false}, TERN_EPARSE, false},
        {{none, cert, junk, false, false}, TERN_EPARSE, false},
        {{none, half, key, false, false}, TERN_EPARSE, false},
        {{none, cert, rig_key(&pair_root), false, false}, TERN_EPARSE, false},
        {{none, key, cert, false, false}, TERN_EPARSE, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct tn_tls_ctx *ctx = NULL;
        CHECK_EQ(tn_tls_ctx_new(&libc, &cases[i].opts, &ctx), cases[i].want);
        CHECK_EQ(ctx != NULL, cases[i].want == 0);
        if (ctx) CHECK_EQ(tn_tls_ctx_can_accept(ctx), cases[i].can_accept);
        if (ctx && !cases[i].can_accept) CHECK_EQ(tn_tls_accept(ctx, &pair_server), TERN_ESTATE);
        tn_tls_ctx_free(ctx);
    }
}

static void only_a_host_can_be_connected_to(void)
{
    static char long_name[TN_TLS_DOMAIN_MAX + 1];
    const tern_str cases[] = {
        TERN_STR(""),
        TERN_STR("a b"),
        TERN_STR("a@b"),
        TERN_STR("[::1"),
        TERN_STR("192.0.2.1:1"),
        TERN_STR("a\0b"),
        {long_name, sizeof(long_name)},
    };

    memset(long_name, 'a', sizeof(long_name));
    pair_start();
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        CHECK_EQ(tn_tls_connect(pair_client_ctx, cases[i], 5061, &pair_client), TERN_EINVAL);
    CHECK(pair_client == NULL);
    pair_stop();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_certificate_is_good_for_the_sip_domain_that_it_names),
        TEST(a_common_name_counts_where_there_is_no_other),
        TEST(time_and_trust_decide),
        TEST(without_verification_any_server_will_do),
        TEST(a_server_that_demands_it_has_a_valid_client_certificate),
        TEST(unusable_pem_is_refused),
        TEST(only_a_host_can_be_connected_to),
    };
    return pair_run(tests, sizeof(tests) / sizeof(*tests), argc, argv);
}
