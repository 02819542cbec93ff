/* SPDX-License-Identifier: MIT */
/*
 * The torture tests of RFC 4475, all 49 of them. Where the RFC leaves the choice to the reader, the
 * row says which one this codec makes; where the layer above has to answer, the check behind the
 * row shows that the codec tells it what it needs.
 */
#include <tern/err.h>

#include "sip_test.h"

#define DROP 1 /* stands in `status` for TERN_EPARSE: nobody can or may answer it */

struct row {
    const char *name, *section;
    unsigned status; /* 0: fine; else the answer to it, or DROP */
    void (*check)(const struct tn_msg *msg);
};

static tern_str value_of(const struct tn_msg *msg, enum tn_hdr_id id, size_t index)
{
    const struct tn_hdr *hdr = tn_msg_header(msg, id, index);

    CHECK(hdr != NULL);
    return hdr->value;
}

static tern_str element_of(const struct tn_msg *msg, enum tn_hdr_id id, size_t index)
{
    struct tn_list_cursor cursor = {0};
    tern_str element = {NULL, 0};

    do {
        CHECK(tn_msg_list_next(msg, id, &cursor, &element));
    } while (index-- > 0);
    return element;
}

static struct tn_name_addr address_of(const struct tn_msg *msg, enum tn_hdr_id id, size_t index)
{
    struct tn_name_addr addr;

    CHECK_EQ(tn_name_addr_parse(element_of(msg, id, index), &addr), 0);
    return addr;
}

static struct tn_via via_of(const struct tn_msg *msg, size_t index)
{
    struct tn_via via;

    CHECK_EQ(tn_via_parse(element_of(msg, TN_HDR_VIA, index), &via), 0);
    return via;
}

static void check_unescaped(tern_str text, const char *want, size_t len)
{
    char space[64];
    struct tn_buf buf;

    tn_buf_fixed(&buf, space, sizeof(space));
    CHECK_EQ(tn_uri_unescape(text, &buf), 0);
    CHECK(tn_str_eq(tn_buf_view(&buf), (tern_str){want, len}));
}

static void wsinv(const struct tn_msg *msg)
{
    tern_str value;

    CHECK_EQ(msg->method, TN_METHOD_INVITE);
    CHECK(tn_uri_param(&msg->uri, TERN_STR("unknownparam"), &value));
    CHECK_STR(msg->to.uri.text, "sip:vivekg@chair-dnrc.example.com");
    CHECK_STR(msg->to_tag, "1918181833n");
    CHECK_STR(msg->from.display, "J Rosenberg \\\\\\\"");
    CHECK_STR(msg->from_tag, "98asjd8");
    CHECK_EQ(msg->max_forwards, 68);
    CHECK_STR(msg->call_id, "wsinv.ndaksdj@192.0.2.1");
    CHECK_EQ(msg->cseq.number, 9);
    CHECK_STR(msg->via.transport, "UDP");
    CHECK_STR(msg->via.host, "192.0.2.2");
    CHECK_STR(msg->via.branch, "390skdjuw");
    CHECK_STR(via_of(msg, 1).transport, "TCP");
    CHECK_STR(via_of(msg, 1).branch, "z9hG4bK9ikj8");
    CHECK_STR(via_of(msg, 2).host, "192.168.255.111");
    CHECK_STR(via_of(msg, 2).branch, "z9hG4bK30239");
    CHECK_EQ(value_of(msg, TN_HDR_SUBJECT, 0).len, 0);
    CHECK_STR(tn_msg_header_named(msg, TERN_STR("newfangledheader"), 0)->value,
              "newfangled value   continued newfangled value");
    CHECK_STR(address_of(msg, TN_HDR_ROUTE, 0).uri.params, "lr;unknownwith=value;unknown-no-value");
    struct tn_name_addr contact = address_of(msg, TN_HDR_CONTACT, 0);
    CHECK_STR(contact.display, "Quoted string \\\"\\\"");
    CHECK(tn_params_get(contact.params, TERN_STR("newparam"), &value));
    CHECK_STR(value, "newvalue");
    CHECK(tn_params_get(contact.params, TERN_STR("secondparam"), &value));
    CHECK(tn_params_get(contact.params, TERN_STR("q"), &value));
    CHECK_STR(value, "0.33");
    CHECK_EQ(msg->body.len, 150);
}

static void intmeth(const struct tn_msg *msg)
{
    tern_str value;

    CHECK_EQ(msg->method, TN_METHOD_OTHER);
    CHECK_STR(msg->method_text, "!interesting-Method0123456789_*+`.%indeed'~");
    CHECK_STR(msg->uri.user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
    CHECK_STR(msg->uri.password, "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
    CHECK_STR(msg->uri.host, "example.com");
    CHECK_STR(msg->via.branch, "z9hG4bK-.!%66*_+`'~");
    CHECK(tn_str_eq(msg->to.display, TERN_STR("BEL:\\\x07 NUL:\\\0 DEL:\\\x7f")));
    CHECK_STR(msg->from.display, "token1~` token2'+_ token3*%!.-");
    CHECK(tn_params_get(msg->from.params, TERN_STR("fromParam''~+*_!.-%"), &value));
    CHECK_EQ(value.len, 20);
    CHECK_STR(msg->from_tag, "_token~1'+`*%!-.");
    CHECK_STR(msg->call_id, "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{");
    CHECK_EQ(msg->cseq.number, 139122385);
    CHECK_EQ(msg->max_forwards, 255);
    CHECK_EQ(tn_msg_header_named(msg, TERN_STR("EXTENSIONHEADER-!.%*+_`'~"), 0)->value.len, 12);
}

static void esc01(const struct tn_msg *msg)
{
    tern_str value;

    check_unescaped(msg->uri.user, "sips:user@example.com", 21);
    CHECK_STR(msg->uri.host, "example.net");
    check_unescaped(msg->to.uri.user, "user", 4);
    check_unescaped(msg->from.uri.user, "I have spaces", 13);
    struct tn_name_addr contact = address_of(msg, TN_HDR_CONTACT, 0);
    check_unescaped(contact.uri.user, "caller", 6);
    CHECK(tn_uri_param(&contact.uri, TERN_STR("lr"), &value));
    CHECK(tn_uri_param(&contact.uri, TERN_STR("name"), &value));
    check_unescaped(value, "value%41", 8);
    CHECK(tn_msg_has_body_type(msg, TERN_STR("application/sdp")));
}

static void escnull(const struct tn_msg *msg)
{
    check_unescaped(msg->to.uri.user, "null-\0-null", 11);
    check_unescaped(address_of(msg, TN_HDR_CONTACT, 0).uri.user, "\0", 1);
    check_unescaped(address_of(msg, TN_HDR_CONTACT, 1).uri.user, "\0\0", 2);
}

/* An escape is none in a method, a header name or a display name. */
static void esc02(const struct tn_msg *msg)
{
    CHECK_EQ(msg->method, TN_METHOD_OTHER);
    CHECK_STR(msg->method_text, "RE%47IST%45R");
    CHECK_STR(msg->to.display, "%Z%45");
    CHECK_STR(msg->via.branch, "z9hG4bK209%fzsnel234");
    CHECK(tn_msg_header(msg, TN_HDR_CONTACT, 1) != NULL);
    CHECK(tn_msg_header(msg, TN_HDR_CONTACT, 2) == NULL);
    CHECK_STR(tn_msg_header_named(msg, TERN_STR("C%6Fntact"), 0)->value,
              "<sip:alias2@host2.example.com>");
}

static void lwsdisp(const struct tn_msg *msg)
{
    CHECK_STR(msg->from.display, "caller");
    CHECK_STR(msg->from.uri.text, "sip:caller@example.com");
    CHECK_STR(msg->from_tag, "323");
}

static void longreq(const struct tn_msg *msg)
{
    CHECK_EQ(msg->to.display.len, 103);
    CHECK_EQ(msg->to.uri.port, 6000);
    CHECK_STR(via_of(msg, 0).host, "sip33.example.com");
    CHECK_STR(via_of(msg, 33).host, "host.example.com");
    CHECK_STR(via_of(msg, 33).received, "192.0.2.5");
    CHECK(via_of(msg, 33).branch.len > 200);
    CHECK_EQ(msg->cseq.number, 3882340);
    CHECK_EQ(msg->body.len, 150);
}

/* The octets behind the body are not a second request. */
static void dblreq(const struct tn_msg *msg)
{
    CHECK_EQ(msg->method, TN_METHOD_REGISTER);
    CHECK_STR(msg->call_id, "dblreq.0ha0isndaksdj99sdfafnl3lk233412");
    CHECK_EQ(msg->body.len, 0);
    CHECK(msg->raw.len < 320);
}

static void semiuri(const struct tn_msg *msg)
{
    CHECK_STR(msg->uri.user, "user;par=u%40example.net");
    check_unescaped(msg->uri.user, "user;par=u@example.net", 22);
    CHECK_EQ(msg->uri.params.len, 0);
    CHECK_STR(element_of(msg, TN_HDR_ACCEPT, 5), "message/sipfrag");
}

static void transports(const struct tn_msg *msg)
{
    static const char *const names[] = {"UDP", "SCTP", "TLS", "UNKNOWN", "TCP"};

    for (size_t i = 0; i < 5; i++)
        CHECK_STR(via_of(msg, i).transport, names[i]);
}

static void mpart01(const struct tn_msg *msg)
{
    CHECK_EQ(msg->method, TN_METHOD_MESSAGE);
    CHECK(tn_msg_has_body_type(msg, TERN_STR("multipart/mixed")));
    CHECK_EQ(msg->body.len, 553);
    CHECK(msg->via.rport_asked);
    CHECK_EQ(msg->via.rport, 0);
}

static void unreason(const struct tn_msg *msg)
{
    CHECK_EQ(msg->status, 200);
    CHECK_EQ(msg->method, TN_METHOD_INVITE);
    CHECK(tn_str_starts(msg->reason, TERN_STR("= 2**3 * 5**2 \xd0\xbd\xd0\xbe ")));
}

static void noreason(const struct tn_msg *msg)
{
    CHECK_EQ(msg->status, 100);
    CHECK_EQ(msg->reason.len, 0);
}

/* The answer finds its way though the Via is malformed. */
static void badinv01(const struct tn_msg *msg)
{
    CHECK_STR(msg->via.host, "192.0.2.15");
    CHECK_STR(msg->via.transport, "UDP");
}

static void scalar02(const struct tn_msg *msg)
{
    uint32_t expires;
    tern_str text;

    CHECK(!tn_msg_number(msg, TN_HDR_EXPIRES, &expires));
    CHECK(tn_params_get(address_of(msg, TN_HDR_CONTACT, 0).params, TERN_STR("expires"), &text));
    CHECK(!tn_str_u32(text, &expires));
}

static void scalarlg(const struct tn_msg *msg)
{
    uint32_t seconds;

    CHECK(!msg->is_request);
    CHECK_EQ(tn_retry_after_parse(value_of(msg, TN_HDR_RETRY_AFTER, 0), &seconds), TERN_EPARSE);
}

static void badvers(const struct tn_msg *msg)
{
    CHECK_STR(msg->via.host, "c.example.com");
    CHECK_STR(msg->via.branch, "z9hG4bKkdjuw");
    CHECK_STR(msg->call_id, "badvers.31417@c.example.com");
}

static void baddate(const struct tn_msg *msg)
{
    CHECK_STR(value_of(msg, TN_HDR_DATE, 0), "Fri, 01 Jan 2010 16:00:00 EST");
}

/* What the 400 needs stands although the mismatch was found. */
static void mismatch(const struct tn_msg *msg)
{
    CHECK_STR(msg->cseq.method, "INVITE");
    CHECK_EQ(msg->cseq.number, 8);
    CHECK_STR(msg->via.branch, "z9hG4bKkdjuw");
}

/* A branch that is nothing but the magic cookie: the transaction layer compares as in RFC 2543. */
static void badbranch(const struct tn_msg *msg)
{
    CHECK_STR(msg->via.branch, "z9hG4bK");
}

static void insuf(const struct tn_msg *msg)
{
    CHECK_STR(msg->via.branch, "z9hG4bKkdj.insuf");
    CHECK_EQ(msg->cseq.number, 193942);
    CHECK_EQ(msg->call_id.len, 0);
}

static void unkscm(const struct tn_msg *msg)
{
    CHECK_EQ(msg->uri.scheme, TN_SCHEME_OTHER); /* hence 416 */
    CHECK_STR(msg->uri.text, "nobodyKnowsThisScheme:totallyopaquecontent");
}

static void novelsc(const struct tn_msg *msg)
{
    CHECK_EQ(msg->uri.scheme, TN_SCHEME_OTHER);
    CHECK_STR(msg->uri.text, "soap.beep://192.0.2.103:3002");
}

static void unksm2(const struct tn_msg *msg)
{
    CHECK_EQ(msg->to.uri.scheme, TN_SCHEME_OTHER); /* hence a registrar's 400 */
    CHECK_STR(msg->to.uri.text, "isbn:2983792873");
    CHECK_STR(msg->from.uri.text, "http://www.example.com");
    CHECK_STR(address_of(msg, TN_HDR_CONTACT, 0).uri.text, "name:John_Smith");
}

static void bext01(const struct tn_msg *msg)
{
    CHECK_STR(element_of(msg, TN_HDR_REQUIRE, 0), "nothingSupportsThis");
    CHECK_STR(element_of(msg, TN_HDR_REQUIRE, 1), "nothingSupportsThisEither");
    CHECK_STR(element_of(msg, TN_HDR_PROXY_REQUIRE, 1), "norDoAnyProxiesSupportThis");
}

static void invut(const struct tn_msg *msg)
{
    CHECK(!tn_msg_has_body_type(msg, TERN_STR("application/sdp"))); /* hence 415 */
    CHECK(tn_msg_has_body_type(msg, TERN_STR("application/unknownformat")));
}

static void regaut01(const struct tn_msg *msg)
{
    struct tn_auth_params auth;

    CHECK_EQ(tn_auth_parse(value_of(msg, TN_HDR_AUTHORIZATION, 0), &auth), 0);
    CHECK_STR(auth.scheme, "NoOneKnowsThisScheme");
}

static void bcast(const struct tn_msg *msg)
{
    CHECK_EQ(msg->status, 200); /* the second Via says that it was not meant for us */
    CHECK_STR(via_of(msg, 1).host, "255.255.255.255");
    CHECK_STR(via_of(msg, 1).branch, "z9hG4bK1saber23");
}

static void zeromf(const struct tn_msg *msg)
{
    CHECK_EQ(msg->max_forwards, 0); /* OPTIONS to ourselves is answered, else 483 */
}

static void cparam01(const struct tn_msg *msg)
{
    struct tn_name_addr contact = address_of(msg, TN_HDR_CONTACT, 0);

    CHECK_STR(contact.params, "unknownparam");
    CHECK_EQ(contact.uri.params.len, 0);
    CHECK_STR(contact.uri.text, "sip:+19725552222@gw1.example.net");
}

static void cparam02(const struct tn_msg *msg)
{
    struct tn_name_addr contact = address_of(msg, TN_HDR_CONTACT, 0);

    CHECK_EQ(contact.params.len, 0);
    CHECK_STR(contact.uri.params, "unknownparam");
}

static void regescrt(const struct tn_msg *msg)
{
    struct tn_name_addr contact = address_of(msg, TN_HDR_CONTACT, 0);

    CHECK_STR(contact.uri.headers, "Route=%3Csip:sip.example.com%3E");
}

static void sdp01(const struct tn_msg *msg)
{
    CHECK(!tn_msg_list_has(msg, TN_HDR_ACCEPT, TERN_STR("application/sdp"))); /* hence 406 */
    CHECK_STR(element_of(msg, TN_HDR_ACCEPT, 0), "text/nobodyKnowsThis");
}

/* Neither a branch, nor a From tag, nor Max-Forwards, nor Content-Length. */
static void inv2543(const struct tn_msg *msg)
{
    CHECK_EQ(msg->via.branch.len, 0);
    CHECK_EQ(msg->from_tag.len, 0);
    CHECK_EQ(msg->max_forwards, -1);
    CHECK_STR(msg->to.params, "user=phone");
    CHECK_EQ(tn_msg_header(msg, TN_HDR_RECORD_ROUTE, 0) != NULL, 1);
    CHECK(tn_str_starts(msg->body, TERN_STR("v=0\r\n")));
}

static const struct row rows[] = {
    {"wsinv", "3.1.1.1", 0, wsinv},
    {"intmeth", "3.1.1.2", 0, intmeth},
    {"esc01", "3.1.1.3", 0, esc01},
    {"escnull", "3.1.1.4", 0, escnull},
    {"esc02", "3.1.1.5", 0, esc02},
    {"lwsdisp", "3.1.1.6", 0, lwsdisp},
    {"longreq", "3.1.1.7", 0, longreq},
    {"dblreq", "3.1.1.8", 0, dblreq},
    {"semiuri", "3.1.1.9", 0, semiuri},
    {"transports", "3.1.1.10", 0, transports},
    {"mpart01", "3.1.1.11", 0, mpart01},
    {"unreason", "3.1.1.12", 0, unreason},
    {"noreason", "3.1.1.13", 0, noreason},
    {"badinv01", "3.1.2.1", 400, badinv01},
    {"clerr", "3.1.2.2", 400, NULL},
    {"ncl", "3.1.2.3", 400, NULL},
    {"scalar02", "3.1.2.4", 400, scalar02},
    {"scalarlg", "3.1.2.5", 400, scalarlg}, /* a response with a defect is dropped */
    {"quotbal", "3.1.2.6", 400, NULL},
    {"ltgtruri", "3.1.2.7", 400, NULL},
    {"lwsruri", "3.1.2.8", 400, NULL},
    {"lwsstart", "3.1.2.9", 0, NULL}, /* choice: more than one space is passed over */
    {"trws", "3.1.2.10", 0, NULL},    /* choice: so are spaces at the end */
    {"escruri", "3.1.2.11", 400, NULL},
    {"baddate", "3.1.2.12", 0, baddate}, /* choice: nobody here reads Date */
    {"regbadct", "3.1.2.13", 400, NULL},
    {"badaspec", "3.1.2.14", 400, NULL},
    {"baddn", "3.1.2.15", 400, NULL},
    {"badvers", "3.1.2.16", 505, badvers},
    {"mismatch01", "3.1.2.17", 400, mismatch},
    {"mismatch02", "3.1.2.18", 400, mismatch},
    {"bigcode", "3.1.2.19", DROP, NULL},
    {"badbranch", "3.2.1", 0, badbranch},
    {"insuf", "3.3.1", 400, insuf},
    {"unkscm", "3.3.2", 0, unkscm},
    {"novelsc", "3.3.3", 0, novelsc},
    {"unksm2", "3.3.4", 0, unksm2},
    {"bext01", "3.3.5", 0, bext01},
    {"invut", "3.3.6", 0, invut},
    {"regaut01", "3.3.7", 0, regaut01},
    {"multi01", "3.3.8", 400, NULL},
    {"mcl01", "3.3.9", 400, NULL},
    {"bcast", "3.3.10", 0, bcast},
    {"zeromf", "3.3.11", 0, zeromf},
    {"cparam01", "3.3.12", 0, cparam01},
    {"cparam02", "3.3.13", 0, cparam02},
    {"regescrt", "3.3.14", 0, regescrt},
    {"sdp01", "3.3.15", 0, sdp01},
    {"inv2543", "3.4.1", 0, inv2543},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static tern_str load(const char *name)
{
    static char space[TN_MSG_SIZE_MAX];
    char path[1024];

    (void)snprintf(path, sizeof(path), TERN_VECTORS "/rfc4475/%s.dat", name);
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    size_t len = fread(space, 1, sizeof(space), file);
    CHECK(len > 0);
    CHECK_EQ(fclose(file), 0);
    return (tern_str){space, len};
}

static void each_message_gets_the_result_that_the_rfc_asks_for(void)
{
    struct tern_allocator alloc = tn_default_allocator();

    CHECK_EQ(ROWS, 49);
    for (size_t i = 0; i < ROWS; i++) {
        struct tn_msg *msg = NULL;
        int err = tn_msg_parse(&alloc, load(rows[i].name), &msg);
        unsigned status = msg != NULL ? msg->defect_status : DROP;
        printf("  %-10s %-8s %3u %s\n", rows[i].name, rows[i].section, status,
               msg != NULL && msg->defect != NULL ? msg->defect : "");
        CHECK_EQ(err, rows[i].status == DROP ? TERN_EPARSE : 0);
        CHECK_EQ(status, rows[i].status);
        if (rows[i].check != NULL) rows[i].check(msg);
        tn_msg_unref(msg);
    }
}

/* No prefix of any of them, as a cut datagram would be, does harm. */
static void a_message_cut_anywhere_is_refused_or_marked(void)
{
    struct tern_allocator alloc = tn_default_allocator();

    for (size_t i = 0; i < ROWS; i++) {
        tern_str whole = load(rows[i].name);
        for (size_t len = 0; len < whole.len; len += 3) {
            struct tn_msg *msg = NULL;
            char *copy = malloc(len + 1); /* of this size: a sanitizer sees a read past it */
            CHECK(copy != NULL);
            memcpy(copy, whole.ptr, len);
            int err = tn_msg_parse(&alloc, (tern_str){copy, len}, &msg);
            CHECK(err == 0 || err == TERN_EPARSE);
            free(copy);
            tn_msg_unref(msg);
        }
    }
}

static void the_nth_failed_allocation_is_told_for_each_message(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        struct counting counting = {.fail_at = 1};
        struct tern_allocator alloc = counting_allocator(&counting);
        struct tn_msg *msg = NULL;
        CHECK_EQ(tn_msg_parse(&alloc, load(rows[i].name), &msg), TERN_ENOMEM);
        counting = (struct counting){.fail_at = 2};
        int err = tn_msg_parse(&alloc, load(rows[i].name), &msg);
        CHECK(err == 0 || err == TERN_EPARSE);
        CHECK_EQ(counting.calls, 1);
        tn_msg_unref(msg);
        CHECK_EQ(counting.live, 0);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(each_message_gets_the_result_that_the_rfc_asks_for),
        TEST(a_message_cut_anywhere_is_refused_or_marked),
        TEST(the_nth_failed_allocation_is_told_for_each_message),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
