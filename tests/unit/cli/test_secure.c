/* SPDX-License-Identifier: MIT */
/* What the phone's settings mean for TLS and SRTP, what is said of failures, and `tern certs`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs.h"
#include "phone.h"
#include "tern_test.h"

static void srtp_is_optional_by_itself_where_sip_is_secret(void)
{
    static const struct {
        const char *uri, *registrar, *proxy;
        uint32_t transport, srtp;
        bool tls;
        enum tern_srtp want;
    } cases[] = {
        {"sip:a@b", "", "", TERN_TRANSPORT_UDP, CONFIG_SRTP_AUTO, false, TERN_SRTP_OFF},
        {"sip:a@b", "", "", TERN_TRANSPORT_TCP, CONFIG_SRTP_AUTO, false, TERN_SRTP_OFF},
        {"sip:a@b", "", "", TERN_TRANSPORT_TLS, CONFIG_SRTP_AUTO, true, TERN_SRTP_OPTIONAL},
        {"SIPS:a@b", "", "", TERN_TRANSPORT_UDP, CONFIG_SRTP_AUTO, true, TERN_SRTP_OPTIONAL},
        {"sip:a@b", "sips:c", "", TERN_TRANSPORT_UDP, CONFIG_SRTP_AUTO, true, TERN_SRTP_OPTIONAL},
        {"sip:a@b", "", "sip:c;transport=TLS", TERN_TRANSPORT_UDP, CONFIG_SRTP_AUTO, true,
         TERN_SRTP_OPTIONAL},
        {"sip:a@b", "", "", TERN_TRANSPORT_TLS, TERN_SRTP_OFF, true, TERN_SRTP_OFF},
        {"sip:a@b", "", "", TERN_TRANSPORT_UDP, TERN_SRTP_MANDATORY, false, TERN_SRTP_MANDATORY},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_account account = {.transport = cases[i].transport, .srtp = cases[i].srtp};
        snprintf(account.uri, sizeof(account.uri), "%s", cases[i].uri);
        snprintf(account.registrar, sizeof(account.registrar), "%s", cases[i].registrar);
        snprintf(account.proxy, sizeof(account.proxy), "%s", cases[i].proxy);
        CHECK_EQ(phone_wants_tls(&account), cases[i].tls);
        CHECK_EQ(phone_srtp(&account), cases[i].want);
    }
}

static void each_failure_of_tls_comes_with_what_to_do(void)
{
    static const struct {
        const char *reason, *part;
    } cases[] = {
        {"the certificate is for a.example, not b.example", "by a name that its certificate has"},
        {"no trusted authority signed the certificate of b.example", "--ca FILE"},
        {"the certificate is signed by itself only, and not trusted", "--ca FILE"},
        {"the certificate has expired (2020-01-01)", "a new one"},
        {"the certificate of its authority is not valid before 2030-01-01", "clock"},
        {"the handshake was refused: certificate required", "--cert FILE"},
        {"the handshake failed: wrong version number", "5061"},
        {"the TLS handshake was not finished in time", "5061"},
        {"closed by the far end", "5061"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tern_str reason = text_str(cases[i].reason);
        CHECK(strstr(phone_advice(reason, TERN_TRANSPORT_TLS), cases[i].part) != NULL);
        CHECK(phone_advice(reason, TERN_TRANSPORT_TCP)[0] == '\0');
    }
    CHECK(phone_advice(TERN_STR("Forbidden"), TERN_TRANSPORT_TLS)[0] == '\0');
    CHECK(phone_advice((tern_str){NULL, 0}, TERN_TRANSPORT_TLS)[0] == '\0');
}

/* ---- certificates ---- */

static char folder[CERTS_PATH_CAP];
static char why[CERTS_WHY_CAP];

static const char *file(const char *name)
{
    static char path[CERTS_PATH_CAP];

    CHECK(certs_path(folder, name, path));
    return path;
}

static unsigned mode_of(const char *name)
{
    struct stat st;

    CHECK_EQ(stat(file(name), &st), 0);
    return st.st_mode & 0777;
}

static bool same(const char *name, struct tern_uv_pem *before)
{
    struct tern_uv_pem now = {0};

    CHECK_EQ(certs_read(file(name), &now, why), 0);
    bool equal = before->text != NULL && now.len == before->len &&
                 memcmp(now.text, before->text, now.len) == 0;
    tern_uv_pem_free(before);
    *before = now;
    return equal;
}

static void certificates_are_made_once_and_again_only_when_asked(void)
{
    struct tern_uv_pem ca = {0}, cert = {0};
    struct certs_names names = {0}, more = {0};
    struct certs_made made;

    CHECK(certs_add_name(&names, "sip.example.com"));
    CHECK(certs_add_name(&names, "SIP.example.com"));
    CHECK_EQ(names.count, 1);
    CHECK(!certs_add_name(&names, ""));
    CHECK(!certs_add_name(&names, "two words"));
    CHECK_EQ(certs_make(folder, &names, 0, &made, why), 0);
    CHECK(made.authority && made.server);
    CHECK_EQ(mode_of("ca.key"), 0600);
    CHECK_EQ(mode_of("key.pem"), 0600);
    same("ca.pem", &ca);
    same("cert.pem", &cert);

    CHECK_EQ(certs_make(folder, &names, 0, &made, why), TERN_ESTATE);
    CHECK(same("cert.pem", &cert));
    CHECK_EQ(certs_make(folder, &names, CERTS_EXTEND, &made, why), 0);
    CHECK(!made.server && same("cert.pem", &cert));
    CHECK(certs_add_name(&more, "192.0.2.1"));
    CHECK_EQ(certs_make(folder, &more, CERTS_EXTEND, &made, why), 0);
    CHECK(made.server && !made.authority && !same("cert.pem", &cert));
    CHECK_EQ(certs_make(folder, &names, CERTS_EXTEND, &made, why), 0);
    CHECK(!made.server); /* it has both names now */
    CHECK_EQ(certs_make(folder, &names, CERTS_FORCE, &made, why), 0);
    CHECK(!same("cert.pem", &cert));
    CHECK(same("ca.pem", &ca));
    tern_uv_pem_free(&ca);
    tern_uv_pem_free(&cert);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(srtp_is_optional_by_itself_where_sip_is_secret),
        TEST(each_failure_of_tls_comes_with_what_to_do),
        TEST(certificates_are_made_once_and_again_only_when_asked),
    };
    static const char *const files[] = {"ca.pem", "ca.key", "cert.pem", "key.pem", "names", ""};
    char top[] = "/tmp/tern-certs.XXXXXX";

    if (!mkdtemp(top)) return 1;
    snprintf(folder, sizeof(folder), "%s/made", top);
    int status = run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
    for (size_t i = 0; i + 1 < sizeof(files) / sizeof(files[0]); i++)
        unlink(file(files[i]));
    rmdir(folder);
    rmdir(top);
    return status;
}
