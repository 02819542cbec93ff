/* SPDX-License-Identifier: MIT */
/* Certificates as RFC 5280 and RFC 5922 7.1 want them, fingerprints as RFC 8122 5. */
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <tern/secure.h>

#include "base/str.h"
#include "crypto/fingerprint.h"
#include "crypto/pem.h"
#include "rig.h"
#include "tern_test.h"

static const struct tern_allocator libc = {0};

static X509 *parse(const struct rig_identity *identity)
{
    STACK_OF(X509) * certs;

    CHECK_EQ(tn_pem_certs(tn_buf_view(&identity->cert), &certs), 0);
    CHECK_EQ(sk_X509_num(certs), 1);
    X509 *cert = sk_X509_shift(certs);
    sk_X509_free(certs);
    return cert;
}

static void each_kind_of_name_becomes_what_it_is(void)
{
    const struct {
        const char *name;
        int type;
        tern_str value;
    } cases[] = {
        {"example.com", GEN_DNS, TERN_STR("example.com")},
        {"sip:example.com", GEN_URI, TERN_STR("sip:example.com")},
        {"SIP:example.com", GEN_URI, TERN_STR("SIP:example.com")},
        {"192.0.2.1", GEN_IPADD, TERN_STR("\xc0\x00\x02\x01")},
        {"2001:db8::1", GEN_IPADD, TERN_STR("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01")},
        {"192.0.2.1.example.com", GEN_DNS, TERN_STR("192.0.2.1.example.com")},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct rig_identity identity;
        rig_make(&identity, cases[i].name, NULL);
        X509 *cert = parse(&identity);
        GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
        CHECK_EQ(sk_GENERAL_NAME_num(names), 1);
        int type;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, 0), &type);
        CHECK_EQ(type, cases[i].type);
        CHECK_EQ(ASN1_STRING_length(value), cases[i].value.len);
        CHECK(memcmp(ASN1_STRING_get0_data(value), cases[i].value.ptr, cases[i].value.len) == 0);
        GENERAL_NAMES_free(names);
        X509_free(cert);
        rig_free(&identity);
    }
}

static void a_certificate_for_nobody_names_nobody(void)
{
    struct rig_identity identity;

    rig_make(&identity, "", NULL);
    X509 *cert = parse(&identity);
    CHECK(X509_get_ext_by_NID(cert, NID_subject_alt_name, -1) < 0);
    CHECK_EQ(X509_self_signed(cert, 1), 1);
    X509_free(cert);
    rig_free(&identity);
}

static void an_authority_signs_and_others_do_not(void)
{
    struct rig_identity root, leaf;

    rig_make_authority(&root, "authority.example");
    rig_make(&leaf, "a.example b.example", &root);
    X509 *issuer = parse(&root), *cert = parse(&leaf);
    CHECK(X509_check_ca(issuer) > 0);
    CHECK_EQ(X509_check_ca(cert), 0);
    CHECK_EQ(X509_check_issued(issuer, cert), X509_V_OK);
    CHECK_EQ(X509_verify(cert, X509_get0_pubkey(issuer)), 1);
    CHECK_EQ(X509_check_purpose(cert, X509_PURPOSE_SSL_SERVER, 0), 1);
    CHECK_EQ(X509_check_purpose(cert, X509_PURPOSE_SSL_CLIENT, 0), 1);
    X509_free(issuer);
    X509_free(cert);
    rig_free(&root);
    rig_free(&leaf);
}

static void it_is_valid_from_an_hour_ago_for_its_days(void)
{
    struct rig_identity identity;
    time_t begin = RIG_START_S - 3600, end = RIG_START_S + 100 * 86400;

    rig_set_day(0);
    rig_make(&identity, "a.example", NULL);
    X509 *cert = parse(&identity);
    CHECK_EQ(ASN1_TIME_cmp_time_t(X509_get0_notBefore(cert), begin), 0);
    CHECK_EQ(ASN1_TIME_cmp_time_t(X509_get0_notAfter(cert), end), 0);
    X509_free(cert);
    rig_free(&identity);
}

static void one_issuer_never_gives_a_serial_number_twice(void)
{
    struct rig_identity root, one, two;

    rig_make_authority(&root, "authority.example");
    rig_make(&one, "a.example", &root);
    rig_make(&two, "a.example", &root);
    X509 *a = parse(&one), *b = parse(&two);
    CHECK(ASN1_INTEGER_cmp(X509_get0_serialNumber(a), X509_get0_serialNumber(b)) != 0);
    CHECK_EQ(ASN1_STRING_length(X509_get0_serialNumber(a)), 16);
    X509_free(a);
    X509_free(b);
    rig_free(&root);
    rig_free(&one);
    rig_free(&two);
}

static void what_cannot_be_is_refused_and_nothing_is_written(void)
{
    static const char long_name[300] = {'a'};
    struct rig_identity root, other;
    rig_make_authority(&root, "authority.example");
    rig_make(&other, "other.example", NULL);
    tern_str good = TERN_STR("a.example"), root_cert = tn_buf_view(&root.cert);
    tern_str root_key = tn_buf_view(&root.key), other_key = tn_buf_view(&other.key);
    tern_str empty = {NULL, 0}, space = TERN_STR("a b"), line = TERN_STR("a\nb");
    tern_str overlong = {long_name, sizeof(long_name)}, junk = TERN_STR("junk");
    tern_str half = {root_cert.ptr, root_cert.len / 2};
    const struct {
        struct tn_cert_opts opts;
        int want;
    } cases[] = {
        {{&good, 1, 0, false, empty, empty}, TERN_EINVAL},
        {{&good, 1, TN_CERT_DAYS_MAX + 1, false, empty, empty}, TERN_EINVAL},
        {{&good, TN_CERT_NAMES_MAX + 1, 1, false, empty, empty}, TERN_EINVAL},
        {{&empty, 1, 1, false, empty, empty}, TERN_EINVAL},
        {{&space, 1, 1, false, empty, empty}, TERN_EINVAL},
        {{&line, 1, 1, false, empty, empty}, TERN_EINVAL},
        {{&overlong, 1, 1, false, empty, empty}, TERN_EINVAL},
        {{&good, 1, 1, false, root_cert, empty}, TERN_EINVAL},
        {{&good, 1, 1, false, empty, root_key}, TERN_EINVAL},
        {{&good, 1, 1, false, junk, root_key}, TERN_EPARSE},
        {{&good, 1, 1, false, half, root_key}, TERN_EPARSE},
        {{&good, 1, 1, false, root_cert, junk}, TERN_EPARSE},
        {{&good, 1, 1, false, root_cert, other_key}, TERN_EPARSE},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct tn_buf cert, key;
        tn_buf_init(&cert, &libc, TN_CERT_PEM_MAX);
        tn_buf_init(&key, &libc, TN_CERT_PEM_MAX);
        CHECK_EQ(tn_cert_make(&cases[i].opts, &cert, &key), cases[i].want);
        CHECK_EQ(cert.len + key.len, 0);
    }
    rig_free(&root);
    rig_free(&other);
}

static void without_memory_nothing_is_written(void)
{
    tern_str name = TERN_STR("a.example");
    struct tn_cert_opts opts = {.names = &name, .name_count = 1, .days = 1};

    for (long n = 1;; n++) {
        struct rig_memory memory = {.fail_at = n};
        struct tern_allocator alloc = rig_allocator(&memory);
        struct tn_buf cert, key;
        tn_buf_init(&cert, &alloc, TN_CERT_PEM_MAX);
        tn_buf_init(&key, &alloc, TN_CERT_PEM_MAX);
        int err = tn_cert_make(&opts, &cert, &key);
        CHECK(err == 0 || (err == TERN_ENOMEM && cert.len == 0 && key.len == 0));
        tn_buf_fini(&cert);
        tn_buf_fini(&key);
        CHECK_EQ(memory.live, 0);
        if (err == 0) break;
    }
}

/* The password callback must not ask at the terminal. */
static void a_key_under_a_password_is_refused_at_once(void)
{
    struct rig_identity identity;
    EVP_PKEY *key;
    char *text;

    rig_make(&identity, "", NULL);
    CHECK_EQ(tn_pem_key(tn_buf_view(&identity.key), &key), 0);
    BIO *out = BIO_new(BIO_s_mem());
    char password[] = "secret";
    CHECK_EQ(PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_128_cbc(), password, 6, NULL, NULL),
             1);
    EVP_PKEY_free(key);
    long len = BIO_get_mem_data(out, &text);
    CHECK_EQ(tn_pem_key((tern_str){text, (size_t)len}, &key), TERN_EPARSE);
    BIO_free(out);
    rig_free(&identity);
}

static void a_fingerprint_is_read_back_and_fits_its_certificate_only(void)
{
    struct rig_identity one, two;
    char text[TN_FINGERPRINT_MAX];
    struct tn_fingerprint fingerprint;

    rig_make(&one, "", NULL);
    rig_make(&two, "", NULL);
    CHECK_EQ(tn_cert_fingerprint(tn_buf_view(&one.cert), text), 0);
    CHECK_EQ(strlen(text), 8 + 32 * 3 - 1);
    CHECK(strncmp(text, "sha-256 ", 8) == 0);
    CHECK_EQ(tn_fingerprint_parse(tern_cstr(text), &fingerprint), 0);
    X509 *a = parse(&one), *b = parse(&two);
    CHECK(tn_fingerprint_matches(&fingerprint, a));
    CHECK(!tn_fingerprint_matches(&fingerprint, b));
    CHECK_EQ(tn_cert_fingerprint(TERN_STR("junk"), text), TERN_EPARSE);
    CHECK_EQ(tn_cert_fingerprint(TERN_STR(""), text), TERN_EPARSE);
    X509_free(a);
    X509_free(b);
    rig_free(&one);
    rig_free(&two);
}

#define HEX_20 "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13"
#define HEX_32 HEX_20 ":14:15:16:17:18:19:1A:1B:1C:1D:1E:1F"

/* RFC 8122 5 and its registry of hash functions. */
static void fingerprints_are_read_as_they_are_written(void)
{
    static const struct {
        const char *text;
        size_t len; /* 0: refused */
    } cases[] = {
        {"sha-1 " HEX_20, 20},
        {"SHA-1 " HEX_20, 20},
        {"sha-256 " HEX_32, 32},
        {"sha-256  " HEX_32 " ", 32},
        {"sha-384 " HEX_32 ":20:21:22:23:24:25:26:27:28:29:2a:2b:2c:2d:2e:2f", 48},
        {"sha-512 " HEX_32 ":" HEX_32, 64},
        {"sha-256 " HEX_20, 0},
        {"sha-256 " HEX_32 ":20", 0},
        {"sha-256 " HEX_32 ":", 0},
        {"sha-1 00-01-02-03-04-05-06-07-08-09-0A-0B-0C-0D-0E-0F-10-11-12-13", 0},
        {"sha-1 0G" HEX_20, 0},
        {"sha-1", 0},
        {"", 0},
        {"md5 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F", 0},
        {"sha-3 " HEX_32, 0},
        {HEX_32, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct tn_fingerprint fingerprint = {0};
        int err = tn_fingerprint_parse(tern_cstr(cases[i].text), &fingerprint);
        CHECK_EQ(err, cases[i].len ? 0 : TERN_EPARSE);
        CHECK_EQ(fingerprint.len, cases[i].len);
        for (size_t at = 0; at < fingerprint.len; at++)
            CHECK_EQ(fingerprint.bytes[at], cases[i].len == 64 ? at % 32 : at);
    }
}

/* tern/secure.h: as an application makes an authority, and a server's certificate with it. */
static void an_application_makes_certificates(void)
{
    struct tern_cert_opts opts;
    struct tern_cert authority, server, none = {NULL, 0, NULL, 0};
    tern_str names[] = {TERN_STR("example.com"), TERN_STR("192.0.2.1")};

    tern_cert_opts_init(&opts);
    CHECK_EQ(opts.days, 365);
    opts.authority = true;
    CHECK_EQ(tern_cert_make(&opts, &authority), 0);
    CHECK_EQ(strlen(authority.cert_pem), authority.cert_len);
    CHECK_EQ(strlen(authority.key_pem), authority.key_len);
    tern_cert_opts_init(&opts);
    opts.names = names;
    opts.name_count = 2;
    opts.issuer_cert_pem = tern_cstr(authority.cert_pem);
    opts.issuer_key_pem = tern_cstr(authority.key_pem);
    CHECK_EQ(tern_cert_make(&opts, &server), 0);
    CHECK(strstr(server.key_pem, "-----BEGIN PRIVATE KEY-----\n") == server.key_pem);
    tern_cert_free(&authority);
    tern_cert_free(&server);
    tern_cert_free(&server);
    CHECK(memcmp(&server, &none, sizeof(none)) == 0);
    opts.days = 0;
    CHECK_EQ(tern_cert_make(&opts, &server), TERN_EINVAL);
    opts.size = 3;
    CHECK_EQ(tern_cert_make(&opts, &server), TERN_EVERSION);
    CHECK(server.cert_pem == NULL);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(each_kind_of_name_becomes_what_it_is),
        TEST(a_certificate_for_nobody_names_nobody),
        TEST(an_authority_signs_and_others_do_not),
        TEST(it_is_valid_from_an_hour_ago_for_its_days),
        TEST(one_issuer_never_gives_a_serial_number_twice),
        TEST(what_cannot_be_is_refused_and_nothing_is_written),
        TEST(without_memory_nothing_is_written),
        TEST(a_key_under_a_password_is_refused_at_once),
        TEST(a_fingerprint_is_read_back_and_fits_its_certificate_only),
        TEST(an_application_makes_certificates),
        TEST(fingerprints_are_read_as_they_are_written),
    };
    return run_tests(tests, sizeof(tests) / sizeof(*tests), argc, argv);
}
