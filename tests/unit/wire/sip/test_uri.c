/* SPDX-License-Identifier: MIT */
#include <tern/err.h>

#include "sip_test.h"
#include "wire/sip/uri.h"

static struct tn_uri parse(const char *text)
{
    struct tn_uri uri;

    if (tn_uri_parse(tn_str(text), &uri) != 0) {
        fprintf(stderr, "not parsed: %s\n", text);
        abort();
    }
    return uri;
}

struct parts {
    const char *text;
    enum tn_scheme scheme;
    uint16_t port;
    const char *user, *password, *host;
    const char *params, *headers;
};

static const struct parts valid[] = {
    {"sip:example.com", TN_SCHEME_SIP, 0, "", "", "example.com", "", ""},
    {"SIP:bob@example.com", TN_SCHEME_SIP, 0, "bob", "", "example.com", "", ""},
    {"sips:bob:pw@example.com:5061", TN_SCHEME_SIPS, 5061, "bob", "pw", "example.com", "", ""},
    {"sip:b@h;transport=tcp;lr?Subject=a&X=", TN_SCHEME_SIP, 0, "b", "", "h", "transport=tcp;lr",
     "Subject=a&X="},
    {"sip:[2001:db8::1]:5070;lr", TN_SCHEME_SIP, 5070, "", "", "2001:db8::1", "lr", ""},
    {"sip:a;b=c?d@h", TN_SCHEME_SIP, 0, "a;b=c?d", "", "h", "", ""},
    {"sip:%61%3b@h;maddr=[::1]", TN_SCHEME_SIP, 0, "%61%3b", "", "h", "maddr=[::1]", ""},
    {"tel:+1-201-555-0123;phone-context=example.com", TN_SCHEME_TEL, 0, "+1-201-555-0123", "", "",
     "phone-context=example.com", ""},
    {"urn:service:sos", TN_SCHEME_OTHER, 0, "", "", "", "", ""},
    {"soap.beep://192.0.2.103:3002", TN_SCHEME_OTHER, 0, "", "", "", "", ""},
};

static void a_uri_is_cut_into_its_parts(void)
{
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
        const struct parts *want = &valid[i];
        struct tn_uri uri = parse(want->text);
        CHECK_STR(uri.text, want->text);
        CHECK_EQ(uri.scheme, want->scheme);
        CHECK_STR(uri.user, want->user);
        CHECK_STR(uri.password, want->password);
        CHECK_STR(uri.host, want->host);
        CHECK_EQ(uri.port, want->port);
        CHECK_STR(uri.params, want->params);
        CHECK_STR(uri.headers, want->headers);
    }
}

static void malformed_uris_are_refused(void)
{
    static const char *const texts[] = {
        "",
        "sip",
        "sip:",
        ":x",
        "1sip:x",
        "s_p:x",
        "sip:@h",
        "sip:a@",
        "sip:a@b@c",
        "sip:a b@c",
        "sip:a@b c",
        " sip:a@b",
        "sip:a@b ",
        "<sip:a@b>",
        "sip:a%@b",
        "sip:a%4@b",
        "sip:a%4g@b",
        "sip:a@b:",
        "sip:a@b:0",
        "sip:a@b:65536",
        "sip:a@b:99999999999999999999",
        "sip:a@b:50x",
        "sip:a@b;",
        "sip:a@b;;lr",
        "sip:a@b;lr;",
        "sip:a@b; lr",
        "sip:a@b;=x",
        "sip:a@b;x=\"q\"",
        "sip:a@b?",
        "sip:a@b?x=1&",
        "sip:[::1",
        "sip:[]",
        "sip:[1.2.3.4]",
        "sip:[fe80::1%eth0]",
        "sip:[::g]",
        "sip:::1",
        "tel:",
        "tel:;x",
        "http://exa mple",
        "x:",
        "x:<y>",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct tn_uri uri = {.port = 1};
        if (tn_uri_parse(tn_str(texts[i]), &uri) != TERN_EPARSE) {
            fprintf(stderr, "accepted: %s\n", texts[i]);
            abort();
        }
        CHECK_EQ(uri.port, 1); /* untouched */
    }
}

static void a_uri_with_too_many_parameters_is_refused(void)
{
    char space[16 + 2 * (TN_URI_PARTS_MAX + 1)];
    struct tn_uri uri;
    struct tn_buf buf;

    tn_buf_fixed(&buf, space, sizeof(space));
    tn_buf_z(&buf, "sip:h");
    for (int i = 0; i < TN_URI_PARTS_MAX; i++)
        tn_buf_z(&buf, ";a");
    CHECK_EQ(tn_uri_parse(tn_buf_view(&buf), &uri), 0);
    tn_buf_z(&buf, ";a");
    CHECK_EQ(tn_uri_parse(tn_buf_view(&buf), &uri), TERN_EPARSE);
}

static void printing_is_canonical(void)
{
    static const char *const pairs[][2] = {
        {"SIP:Bob@Example.com", "sip:Bob@Example.com"},
        {"sips:[2001:db8::1]:5061;lr?a=b", "sips:[2001:db8::1]:5061;lr?a=b"},
        {"sip:u:p@h:05060", "sip:u:p@h:5060"},
        {"sip:u:@h", "sip:u@h"},
        {"TEL:+1;ext=2", "tel:+1;ext=2"},
        {"isbn:2983792873", "isbn:2983792873"},
    };
    char space[128];

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct tn_uri uri = parse(pairs[i][0]);
        struct tn_buf buf;
        tn_buf_fixed(&buf, space, sizeof(space));
        tn_uri_print(&uri, &buf);
        CHECK_STR(tn_buf_view(&buf), pairs[i][1]);
    }
}

/* RFC 3261 19.1.2; RFC 4475 3.1.1.3: names may be escaped as well. */
static void parameters_are_found_whatever_their_case_and_escapes(void)
{
    struct tn_uri uri = parse("sip:h;Transport=TCP;%6C%72;n%61me=v%61lue%25%34%31");
    tern_str value;

    CHECK(tn_uri_param(&uri, TERN_STR("transport"), &value));
    CHECK_STR(value, "TCP");
    CHECK(tn_uri_param(&uri, TERN_STR("lr"), &value));
    CHECK_EQ(value.len, 0);
    CHECK(tn_uri_param(&uri, TERN_STR("NAME"), &value));
    CHECK_STR(value, "v%61lue%25%34%31");
    CHECK(!tn_uri_param(&uri, TERN_STR("maddr"), &value));
}

/* The examples of RFC 3261 19.1.4, and what its rules add. */
static void equal_uris_are_equal_and_others_are_not(void)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", true},
        {"sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true},
        {"sip:carol@chicago.com", "sip:carol@chicago.com;security=on", true},
        {"sip:carol@chicago.com;security=off", "sip:carol@chicago.com;security=on", false},
        {"sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
         "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com", true},
        {"sip:alice@atlanta.com?subject=project%20x&priority=urgent",
         "sip:alice@atlanta.com?priority=urgent&subject=project%20x", true},
        {"SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false},
        {"sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false},
        {"sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false},
        {"sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", false},
        {"sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false},
        {"sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false},
        {"sip:bob@h", "sips:bob@h", false},
        {"sip:bob@h;maddr=x", "sip:bob@h", false},
        {"sip:a%2fb@h", "sip:a/b@h", false}, /* a reserved character is not its escape */
        {"sip:a%2fb@h", "sip:a%2Fb@h", true},
        {"sip:a:x@h", "sip:a@h", false},
        {"sip:[2001:db8::1]", "sip:[2001:DB8:0::1]", true},
        {"sip:[2001:db8::1]", "sip:[2001:db8::2]", false},
        {"tel:+1", "tel:+1", true},
        {"tel:+1", "tel:+2", false},
        {"isbn:1", "isbn:1", true},
        {"isbn:1", "isbn:2", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_uri a = parse(cases[i].a), b = parse(cases[i].b);
        CHECK_EQ(tn_uri_equal(&a, &b), cases[i].equal);
        CHECK_EQ(tn_uri_equal(&b, &a), cases[i].equal);
        CHECK(tn_uri_equal(&a, &a));
    }
}

static void escapes_are_decoded_and_made(void)
{
    char space[64];
    struct tn_buf buf;

    tn_buf_fixed(&buf, space, sizeof(space));
    CHECK_EQ(tn_uri_unescape(TERN_STR("null-%00-%4a%4A"), &buf), 0);
    CHECK_EQ(buf.len, 9);
    CHECK(memcmp(space, "null-\0-JJ", 9) == 0);
    CHECK_EQ(tn_uri_unescape(TERN_STR("a%"), &buf), TERN_EPARSE);
    CHECK_EQ(tn_uri_unescape(TERN_STR("a%1"), &buf), TERN_EPARSE);
    CHECK_EQ(tn_uri_unescape(TERN_STR("%gg"), &buf), TERN_EPARSE);

    tn_buf_fixed(&buf, space, sizeof(space));
    tn_uri_escape_user(TERN_STR("a b@c:d%\xc3\xa9;x\r\n"), &buf);
    CHECK_STR(tn_buf_view(&buf), "a%20b%40c%3Ad%25%C3%A9;x%0D%0A");
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_uri_is_cut_into_its_parts),
        TEST(malformed_uris_are_refused),
        TEST(a_uri_with_too_many_parameters_is_refused),
        TEST(printing_is_canonical),
        TEST(parameters_are_found_whatever_their_case_and_escapes),
        TEST(equal_uris_are_equal_and_others_are_not),
        TEST(escapes_are_decoded_and_made),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
