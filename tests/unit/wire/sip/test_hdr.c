/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <tern/err.h>

#include "sip_test.h"
#include "wire/sip/hdr.h"

static tern_str upper(tern_str s, char *space)
{
    for (size_t i = 0; i < s.len; i++)
        space[i] = (char)toupper((unsigned char)s.ptr[i]);
    return (tern_str){space, s.len};
}

static void every_header_name_is_known_in_any_case_and_in_its_compact_form(void)
{
    char space[64];

#define ROW(id, name, compact)                                                                     \
    CHECK_EQ(tn_hdr_parse_name(tn_str(name)), TN_HDR_##id);                                        \
    CHECK_EQ(tn_hdr_parse_name(upper(tn_str(name), space)), TN_HDR_##id);                          \
    CHECK_STR(tn_hdr_name(TN_HDR_##id), name);                                                     \
    if (compact) {                                                                                 \
        space[0] = (char)(compact);                                                                \
        CHECK_EQ(tn_hdr_parse_name((tern_str){space, 1}), TN_HDR_##id);                            \
        space[0] = (char)toupper(compact);                                                         \
        CHECK_EQ(tn_hdr_parse_name((tern_str){space, 1}), TN_HDR_##id);                            \
    }
    TN_HDR_MAP(ROW)
#undef ROW
}

/* Each name with one letter changed, and each single byte, is another name. */
static void near_misses_are_not_known(void)
{
    char space[64];
    static const char compact_forms[] = "vftimlceksurboxVFTIMLCEKSURBOX";

#define ROW(id, name, compact)                                                                     \
    for (size_t i = 0; i < sizeof(name) - 1; i++) {                                                \
        memcpy(space, name, sizeof(name));                                                         \
        space[i] = '%';                                                                            \
        CHECK_EQ(tn_hdr_parse_name((tern_str){space, sizeof(name) - 1}), TN_HDR_OTHER);            \
    }
    TN_HDR_MAP(ROW)
#undef ROW
    for (int c = 0; c < 256; c++) {
        space[0] = (char)c;
        bool known = c != 0 && strchr(compact_forms, c) != NULL;
        CHECK_EQ(tn_hdr_parse_name((tern_str){space, 1}) != TN_HDR_OTHER, known);
    }
    CHECK_EQ(tn_hdr_parse_name((tern_str){NULL, 0}), TN_HDR_OTHER);
}

static void a_name_addr_is_cut_into_its_parts(void)
{
    static const struct {
        const char *text, *display, *uri, *params;
    } cases[] = {
        {"sip:a@b", "", "sip:a@b", ""},
        {"sip:a@b;tag=1;x", "", "sip:a@b", "tag=1;x"},
        {"<sip:a@b;lr>;tag=1", "", "sip:a@b;lr", "tag=1"},
        {"Bob <sip:a@b>", "Bob", "sip:a@b", ""},
        {"Bob Smith  <sip:a@b> ; x = y", "Bob Smith", "sip:a@b", "x = y"},
        {"caller<sip:a@b>", "caller", "sip:a@b", ""},
        {"\"Bob, <x>;\\\"\" <sip:a@b>", "Bob, <x>;\\\"", "sip:a@b", ""},
        {"\"\"<sip:a@b>", "", "sip:a@b", ""},
        {"J\xc3\xb6rg <sip:a@b>", "J\xc3\xb6rg", "sip:a@b", ""},
        {"<sip:a@b?Route=%3Csip:x%3E>", "", "sip:a@b?Route=%3Csip:x%3E", ""},
        {"sip:a@b;x=\"<\"", "", "sip:a@b", "x=\"<\""},
        {"isbn:2983792873", "", "isbn:2983792873", ""},
        {"  <sip:[::1]>  ", "", "sip:[::1]", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_name_addr addr;
        CHECK_EQ(tn_name_addr_parse(tn_str(cases[i].text), &addr), 0);
        CHECK_STR(addr.display, cases[i].display);
        CHECK_STR(addr.uri.text, cases[i].uri);
        CHECK_STR(addr.params, cases[i].params);
        CHECK(!addr.is_star);
    }
}

static void malformed_name_addrs_are_refused(void)
{
    static const char *const texts[] = {
        "",
        "<>",
        "<sip:a@b",
        "sip:a@b>",
        "\"Bob <sip:a@b>",
        "\"Bob\" sip:a@b",
        "\"Bob\"",
        "Bell, Alexander <sip:a@b>",
        "< sip:a@b >",
        "<sip:a@b> x",
        "<sip:a@b>;",
        "<sip:a@b>;;",
        "<sip:a@b>;x;",
        "<sip:a@b>;x=",
        "<sip:a@b>;x=\"y",
        "<sip:a@b>;x y",
        "<sip:a@b>,<sip:c@d>",
        "sip:a@b?x=y",
        "sip:a,b@c",
        "**",
        "bob",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct tn_name_addr addr;
        if (tn_name_addr_parse(tn_str(texts[i]), &addr) == TERN_EPARSE) continue;
        fprintf(stderr, "accepted: %s\n", texts[i]);
        abort();
    }
}

static void a_star_is_a_contact_of_its_own(void)
{
    struct tn_name_addr addr;

    CHECK_EQ(tn_name_addr_parse(TERN_STR(" * "), &addr), 0);
    CHECK(addr.is_star);
    CHECK_EQ(addr.uri.text.len, 0);
}

static void parameters_are_walked_and_a_malformed_rest_is_left(void)
{
    static const struct {
        const char *text;
        int count;
        const char *rest;
    } cases[] = {
        {"", 0, ""},
        {"  ", 0, ""},
        {"a", 1, ""},
        {"a;b=1; c = 2 ", 3, ""},
        {"a=\"x;y\\\"\";b", 2, ""},
        {"a;", 1, ";"},
        {"a;;b", 1, ";b"},
        {"a=", 0, "a="},
        {"a=1 2", 0, "a=1 2"},
        {";", 0, ";"},
        {"a;b=\"x", 1, "b=\"x"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tern_str rest = tn_str(cases[i].text), name, value;
        int count = 0;
        while (tn_params_next(&rest, &name, &value))
            count++;
        CHECK_EQ(count, cases[i].count);
        CHECK_STR(rest, cases[i].rest);
    }
}

static void a_parameter_is_found_without_its_quotes(void)
{
    tern_str params = TERN_STR("q=0.5;+sip.instance=\"<urn:uuid:1>\";reg-id=1;ob"), value;

    CHECK(tn_params_get(params, TERN_STR("+SIP.instance"), &value));
    CHECK_STR(value, "<urn:uuid:1>");
    CHECK(tn_params_get(params, TERN_STR("ob"), &value));
    CHECK_EQ(value.len, 0);
    CHECK(!tn_params_get(params, TERN_STR("expires"), &value));
}

static void a_via_is_cut_into_its_parts(void)
{
    static const struct {
        const char *text, *transport, *host, *branch, *received;
        uint16_t port, rport;
        bool rport_asked;
    } cases[] = {
        {"SIP/2.0/UDP h:5070;branch=z9;rport", "UDP", "h", "z9", "", 5070, 0, true},
        {"SIP / 2.0 / TCP  h : 99 ; branch = z9", "TCP", "h", "z9", "", 99, 0, false},
        {"SIP/2.0/UDP h;received=192.0.2.1;rport=77", "UDP", "h", "", "192.0.2.1", 0, 77, true},
        {"SIP/2.0/TLS [2001:db8::1]:5061;received=[2001:db8::2]", "TLS", "2001:db8::1", "",
         "2001:db8::2", 5061, 0, false},
        {"sip/2.0/udp [::1];received=2001:db8::2", "udp", "::1", "", "2001:db8::2", 0, 0, false},
        {"SIP/2.0/UNKNOWN t4.example.com", "UNKNOWN", "t4.example.com", "", "", 0, 0, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_via via;
        CHECK_EQ(tn_via_parse(tn_str(cases[i].text), &via), 0);
        CHECK_STR(via.transport, cases[i].transport);
        CHECK_STR(via.host, cases[i].host);
        CHECK_STR(via.branch, cases[i].branch);
        CHECK_STR(via.received, cases[i].received);
        CHECK_EQ(via.port, cases[i].port);
        CHECK_EQ(via.rport, cases[i].rport);
        CHECK_EQ(via.rport_asked, cases[i].rport_asked);
    }
}

static void malformed_vias_are_refused(void)
{
    static const char *const texts[] = {
        "",
        "SIP/2.0",
        "SIP/2.0/",
        "SIP/2.0/UDP",
        "SIP/7.0/UDP h",
        "HTTP/2.0/UDP h",
        "SIP/2.0/UDP h;",
        "SIP/2.0/UDP h;;",
        "SIP/2.0/UDP h:0",
        "SIP/2.0/UDP h:x",
        "SIP/2.0/UDP h x",
        "SIP/2.0/UDP h;rport=0",
        "SIP/2.0/UDP h;rport=5060x",
        "SIP/2.0/UDP [::1",
        "SIP/2.0/UDP ::1",
        "SIP/2.0/UDP h;branch=",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct tn_via via;
        if (tn_via_parse(tn_str(texts[i]), &via) == TERN_EPARSE) continue;
        fprintf(stderr, "accepted: %s\n", texts[i]);
        abort();
    }
}

/* RFC 3261 8.1.1.5: below 2**31. */
static void cseq_is_a_number_below_two_to_the_31_and_a_method(void)
{
    struct tn_cseq cseq;

    CHECK_EQ(tn_cseq_parse(TERN_STR("0009    INVITE"), &cseq), 0);
    CHECK_EQ(cseq.number, 9);
    CHECK_STR(cseq.method, "INVITE");
    CHECK_EQ(tn_cseq_parse(TERN_STR("2147483647 X"), &cseq), 0);
    CHECK_EQ(cseq.number, 2147483647);
    CHECK_EQ(tn_cseq_parse(TERN_STR("2147483648 X"), &cseq), TERN_EPARSE);
    CHECK_EQ(tn_cseq_parse(TERN_STR("36893488147419103232 X"), &cseq), TERN_EPARSE);
    CHECK_EQ(tn_cseq_parse(TERN_STR("1"), &cseq), TERN_EPARSE);
    CHECK_EQ(tn_cseq_parse(TERN_STR("INVITE"), &cseq), TERN_EPARSE);
    CHECK_EQ(tn_cseq_parse(TERN_STR("1INVITE"), &cseq), TERN_EPARSE);
    CHECK_EQ(tn_cseq_parse(TERN_STR("-1 INVITE"), &cseq), TERN_EPARSE);
    CHECK_EQ(tn_cseq_parse(TERN_STR("1 INVITE x"), &cseq), TERN_EPARSE);
    CHECK_EQ(tn_cseq_parse(TERN_STR("1 IN<VITE"), &cseq), TERN_EPARSE);
}

static void rack_is_two_numbers_and_a_method(void)
{
    struct tn_rack rack;

    CHECK_EQ(tn_rack_parse(TERN_STR("776656 1 INVITE"), &rack), 0);
    CHECK_EQ(rack.rseq, 776656);
    CHECK_EQ(rack.cseq.number, 1);
    CHECK_STR(rack.cseq.method, "INVITE");
    CHECK_EQ(tn_rack_parse(TERN_STR("1 INVITE"), &rack), TERN_EPARSE);
    CHECK_EQ(tn_rack_parse(TERN_STR("1"), &rack), TERN_EPARSE);
}

/* RFC 4028 4: the compact form is "x"; parameters that nobody knows are passed over. */
static void session_expires_has_seconds_and_a_refresher(void)
{
    static const struct {
        const char *text;
        int err;
        uint32_t seconds;
        enum tn_refresher refresher;
    } cases[] = {{"1800", 0, 1800, TN_REFRESHER_NONE},
                 {"1800;refresher=uac", 0, 1800, TN_REFRESHER_UAC},
                 {" 90 ; foo=1 ; REFRESHER = UAS ", 0, 90, TN_REFRESHER_UAS},
                 {"90;refresher=proxy", 0, 90, TN_REFRESHER_NONE},
                 {"4294967296", TERN_EPARSE, 0, 0},
                 {"90 seconds", TERN_EPARSE, 0, 0},
                 {"", TERN_EPARSE, 0, 0},
                 {"soon;refresher=uac", TERN_EPARSE, 0, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_session_expires out;
        tern_str in = {cases[i].text, strlen(cases[i].text)};
        CHECK_EQ(tn_session_expires_parse(in, &out), cases[i].err);
        if (cases[i].err) continue;
        CHECK_EQ(out.seconds, cases[i].seconds);
        CHECK_EQ(out.refresher, cases[i].refresher);
    }
    CHECK_EQ(tn_hdr_parse_name(TERN_STR("x")), TN_HDR_SESSION_EXPIRES);
}

static void retry_after_is_seconds_whatever_follows(void)
{
    uint32_t seconds;

    CHECK_EQ(tn_retry_after_parse(TERN_STR("120"), &seconds), 0);
    CHECK_EQ(seconds, 120);
    CHECK_EQ(tn_retry_after_parse(TERN_STR("18000;duration=3600"), &seconds), 0);
    CHECK_EQ(seconds, 18000);
    CHECK_EQ(tn_retry_after_parse(TERN_STR("5 (I'm in a meeting)"), &seconds), 0);
    CHECK_EQ(seconds, 5);
    CHECK_EQ(tn_retry_after_parse(TERN_STR("949302838503028349304023988"), &seconds), TERN_EPARSE);
    CHECK_EQ(tn_retry_after_parse(TERN_STR("soon"), &seconds), TERN_EPARSE);
    CHECK_EQ(tn_retry_after_parse(TERN_STR("5 x"), &seconds), TERN_EPARSE);
}

static void challenges_and_credentials_are_read(void)
{
    struct tn_auth_params auth;

    CHECK_EQ(tn_auth_parse(TERN_STR("Digest realm=\"a, b\", nonce = \"n\\\"1\",stale=TRUE, "
                                    "algorithm=SHA-256,qop=\"auth,auth-int\", opaque=\"\", x=y"),
                           &auth),
             0);
    CHECK_STR(auth.scheme, "Digest");
    CHECK_STR(auth.realm, "a, b");
    CHECK_STR(auth.nonce, "n\\\"1");
    CHECK_STR(auth.algorithm, "SHA-256");
    CHECK_STR(auth.qop, "auth,auth-int");
    CHECK_EQ(auth.opaque.len, 0);
    CHECK(auth.stale);
    CHECK(!auth.userhash);

    CHECK_EQ(tn_auth_parse(TERN_STR("digest username=\"u\",uri=\"sip:h\",response=\"r\","
                                    "cnonce=\"c\",nc=00000001,userhash=true,"),
                           &auth),
             0);
    CHECK_STR(auth.username, "u");
    CHECK_STR(auth.uri, "sip:h");
    CHECK_STR(auth.response, "r");
    CHECK_STR(auth.cnonce, "c");
    CHECK_STR(auth.nc, "00000001");
    CHECK(auth.userhash);

    CHECK_EQ(tn_auth_parse(TERN_STR("Basic QWxhZGRpbg=="), &auth), 0);
    CHECK_STR(auth.scheme, "Basic");

    CHECK_EQ(tn_auth_info_parse(TERN_STR("nextnonce=\"n\", rspauth=\"r\""), &auth), 0);
    CHECK_STR(auth.nextnonce, "n");
    CHECK_STR(auth.rspauth, "r");
}

static void malformed_challenges_are_refused(void)
{
    static const char *const texts[] = {
        "",
        "\"Digest\" realm=\"x\"",
        "Digest realm",
        "Digest realm=",
        "Digest realm=\"x",
        "Digest realm=\"x\" nonce=\"y\"",
        "Digest =\"x\"",
        "Digest,realm=\"x\"",
        "Digest realm=\"x\", nonce=y\\",
        "Digest realm=x\\\", nonce=\"y\"",
    };
    struct tn_auth_params auth;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        CHECK_EQ(tn_auth_parse(tn_str(texts[i]), &auth), TERN_EPARSE);
    CHECK_EQ(tn_auth_info_parse(TERN_STR("nextnonce"), &auth), TERN_EPARSE);
}

static void printed_values_cannot_add_a_header(void)
{
    char space[128];
    struct tn_buf buf;

    tn_buf_fixed(&buf, space, sizeof(space));
    tn_put_header(&buf, TN_HDR_SUBJECT, TERN_STR("x\r\nVia: evil\n"));
    CHECK_STR(tn_buf_view(&buf), "Subject: x  Via: evil \r\n");

    tn_buf_fixed(&buf, space, sizeof(space));
    tn_put_header_number(&buf, TN_HDR_MAX_FORWARDS, 4294967295);
    CHECK_STR(tn_buf_view(&buf), "Max-Forwards: 4294967295\r\n");

    tn_buf_fixed(&buf, space, sizeof(space));
    tn_put_quoted(&buf, TERN_STR("a\"b\\c\r\nd\x7f\xc3\xa9"));
    CHECK_STR(tn_buf_view(&buf), "\"a\\\"b\\\\cd\xc3\xa9\"");
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(every_header_name_is_known_in_any_case_and_in_its_compact_form),
        TEST(near_misses_are_not_known),
        TEST(a_name_addr_is_cut_into_its_parts),
        TEST(malformed_name_addrs_are_refused),
        TEST(a_star_is_a_contact_of_its_own),
        TEST(parameters_are_walked_and_a_malformed_rest_is_left),
        TEST(a_parameter_is_found_without_its_quotes),
        TEST(a_via_is_cut_into_its_parts),
        TEST(malformed_vias_are_refused),
        TEST(cseq_is_a_number_below_two_to_the_31_and_a_method),
        TEST(rack_is_two_numbers_and_a_method),
        TEST(session_expires_has_seconds_and_a_refresher),
        TEST(retry_after_is_seconds_whatever_follows),
        TEST(challenges_and_credentials_are_read),
        TEST(malformed_challenges_are_refused),
        TEST(printed_values_cannot_add_a_header),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
