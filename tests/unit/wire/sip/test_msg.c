/* SPDX-License-Identifier: MIT */
#include <tern/err.h>

#include "sip_test.h"

#define VIA     "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
#define FROM    "From: <sip:a@h>;tag=1\r\n"
#define TO      "To: <sip:b@h>\r\n"
#define CALL_ID "Call-ID: 1@h\r\n"
#define CSEQ    "CSeq: 1 INVITE\r\n"
#define MUST    VIA FROM TO CALL_ID CSEQ
#define INVITE  "INVITE sip:b@h SIP/2.0\r\n"

static const char ordinary[] = INVITE MUST "Max-Forwards: 70\r\n"
                                           "Contact: <sip:a@192.0.2.1>\r\n"
                                           "Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
                                           "Route: <sip:p3;lr>\r\n"
                                           "Allow: INVITE, ACK , BYE,,\r\n"
                                           "Supported:\r\n"
                                           "X-Mine: one\r\n"
                                           "x-mine: two\r\n"
                                           "Expires: 3600\r\n"
                                           "Session-Expires: 90;refresher=uac\r\n"
                                           "Subject: folded\r\n"
                                           " \t text\r\n"
                                           "c: Application / SDP;charset=x\r\n"
                                           "l: 4\r\n"
                                           "\r\n"
                                           "v=0\n";

static struct tn_msg *parse(const char *z)
{
    tern_str text = tn_str(z);
    static struct tern_allocator alloc; /* outlives the message, as an endpoint's does */
    struct tn_msg *msg = NULL;

    alloc = tn_default_allocator();
    int err = tn_msg_parse(&alloc, text, &msg);
    if (err) {
        fprintf(stderr, "error %d for:\n%.*s\n", err, (int)text.len, text.ptr);
        abort();
    }
    return msg;
}

static void a_request_is_read_with_what_each_must_have(void)
{
    struct tn_msg *msg = parse(ordinary);

    CHECK_EQ(msg->defect_status, 0);
    CHECK(msg->is_request);
    CHECK_EQ(msg->method, TN_METHOD_INVITE);
    CHECK_STR(msg->method_text, "INVITE");
    CHECK_STR(msg->uri.text, "sip:b@h");
    CHECK_STR(msg->via.branch, "z9hG4bK1");
    CHECK_STR(msg->from.uri.user, "a");
    CHECK_STR(msg->from_tag, "1");
    CHECK_EQ(msg->to_tag.len, 0);
    CHECK_STR(msg->call_id, "1@h");
    CHECK_EQ(msg->cseq.number, 1);
    CHECK_EQ(msg->max_forwards, 70);
    CHECK_EQ(msg->header_count, 18);
    CHECK_STR(msg->body, "v=0\n");
    tn_msg_unref(msg);
}

static void header_lines_are_found_by_id_and_by_name(void)
{
    struct tn_msg *msg = parse(ordinary);

    CHECK_STR(tn_msg_header(msg, TN_HDR_ROUTE, 1)->value, "<sip:p3;lr>");
    CHECK(tn_msg_header(msg, TN_HDR_ROUTE, 2) == NULL);
    CHECK_STR(tn_msg_header_named(msg, TERN_STR("X-MINE"), 1)->value, "two");
    CHECK_STR(tn_msg_header_named(msg, TERN_STR("x-mine"), 0)->name, "X-Mine");
    CHECK(tn_msg_header_named(msg, TERN_STR("X-Other"), 0) == NULL);
    CHECK_STR(tn_msg_header_named(msg, TERN_STR("content-length"), 0)->name, "l");
    CHECK_STR(tn_msg_header_named(msg, TERN_STR("S"), 0)->value, "folded   \t text");
    tn_msg_unref(msg);
}

static void lists_are_walked_over_all_their_lines(void)
{
    struct tn_msg *msg = parse(ordinary);
    struct tn_list_cursor cursor = {0};
    tern_str element;

    CHECK(tn_msg_list_next(msg, TN_HDR_ROUTE, &cursor, &element));
    CHECK_STR(element, "<sip:p1;lr>");
    CHECK(tn_msg_list_next(msg, TN_HDR_ROUTE, &cursor, &element));
    CHECK_STR(element, "<sip:p2;lr>");
    CHECK(tn_msg_list_next(msg, TN_HDR_ROUTE, &cursor, &element));
    CHECK_STR(element, "<sip:p3;lr>");
    CHECK(!tn_msg_list_next(msg, TN_HDR_ROUTE, &cursor, &element));
    CHECK(!tn_msg_list_next(msg, TN_HDR_ROUTE, &cursor, &element));
    CHECK(tn_msg_list_has(msg, TN_HDR_ALLOW, TERN_STR("ack")));
    CHECK(!tn_msg_list_has(msg, TN_HDR_ALLOW, TERN_STR("UPDATE")));
    CHECK(!tn_msg_list_has(msg, TN_HDR_SUPPORTED, TERN_STR("timer")));
    CHECK(!tn_msg_list_has(msg, TN_HDR_REQUIRE, TERN_STR("timer")));
    tn_msg_unref(msg);
}

static void commas_inside_quotes_brackets_and_comments_divide_nothing(void)
{
    struct tn_msg *msg =
        parse(INVITE MUST "Warning: 307 h \"a, \\\", b\" , 301 (x, (y,) \\),) z\r\n"
                          "Refer-To: <sip:a,b@h>\r\n"
                          "Path: <sip:a,b@h>,,\"un, closed\r\n"
                          "Accept: sip:a(b@h, c (d, e\r\n\r\n");
    static const struct {
        enum tn_hdr_id id;
        const char *want;
    } cases[] = {
        {TN_HDR_WARNING, "307 h \"a, \\\", b\""},
        {TN_HDR_WARNING, "301 (x, (y,) \\),) z"},
        {TN_HDR_REFER_TO, "<sip:a,b@h>"},
        {TN_HDR_PATH, "<sip:a,b@h>"},
        {TN_HDR_PATH, "\"un, closed"},
        {TN_HDR_ACCEPT, "sip:a(b@h"},
        {TN_HDR_ACCEPT, "c (d, e"},
    };
    struct tn_list_cursor cursor = {0};
    tern_str element;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (i > 0 && cases[i].id != cases[i - 1].id) {
            CHECK(!tn_msg_list_next(msg, cases[i - 1].id, &cursor, &element));
            cursor = (struct tn_list_cursor){0};
        }
        CHECK(tn_msg_list_next(msg, cases[i].id, &cursor, &element));
        CHECK_STR(element, cases[i].want);
    }
    tn_msg_unref(msg);
}

static void numbers_and_body_types_are_read_before_their_parameters(void)
{
    struct tn_msg *msg = parse(ordinary);
    uint32_t number;

    CHECK(tn_msg_number(msg, TN_HDR_EXPIRES, &number));
    CHECK_EQ(number, 3600);
    CHECK(tn_msg_number(msg, TN_HDR_SESSION_EXPIRES, &number));
    CHECK_EQ(number, 90);
    CHECK(!tn_msg_number(msg, TN_HDR_MIN_EXPIRES, &number));
    CHECK(!tn_msg_number(msg, TN_HDR_SUBJECT, &number));
    CHECK(tn_msg_has_body_type(msg, TERN_STR("application/sdp")));
    CHECK(!tn_msg_has_body_type(msg, TERN_STR("application/sdp2")));
    CHECK(!tn_msg_has_body_type(msg, TERN_STR("text/sdp")));
    tn_msg_unref(msg);
    msg = parse(INVITE MUST "\r\n");
    CHECK(!tn_msg_has_body_type(msg, TERN_STR("application/sdp")));
    tn_msg_unref(msg);
}

static void a_response_has_the_method_of_its_cseq(void)
{
    struct tn_msg *msg = parse("SIP/2.0 183 Session Progress\r\n" MUST "\r\n");

    CHECK(!msg->is_request);
    CHECK_EQ(msg->status, 183);
    CHECK_STR(msg->reason, "Session Progress");
    CHECK_EQ(msg->method, TN_METHOD_INVITE);
    CHECK_EQ(msg->max_forwards, -1);
    tn_msg_unref(msg);
}

/* RFC 3261 18.3: a datagram's body ends with Content-Length, or else with the datagram. */
static void the_body_is_cut_at_content_length(void)
{
    static const struct {
        const char *text, *body;
        unsigned defect;
    } cases[] = {
        {INVITE MUST "\r\nabc", "abc", 0},
        {INVITE MUST "Content-Length: 2\r\n\r\nabc", "ab", 0},
        {INVITE MUST "Content-Length: 0\r\n\r\nabc", "", 0},
        {INVITE MUST "Content-Length:\r\n 3\r\n\r\nabc", "abc", 0},
        {INVITE MUST "Content-Length: 4\r\n\r\nabc", "abc", 400},
        {INVITE MUST "Content-Length: 2x\r\n\r\nabc", "abc", 400},
        {INVITE MUST "Content-Length: 18446744073709551617\r\n\r\nabc", "abc", 400},
        {INVITE MUST "Content-Length:\r\n\r\nabc", "abc", 400},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_msg *msg = parse(cases[i].text);
        CHECK_STR(msg->body, cases[i].body);
        CHECK_EQ(msg->defect_status, cases[i].defect);
        CHECK(msg->raw.ptr + msg->raw.len == msg->body.ptr + msg->body.len);
        tn_msg_unref(msg);
    }
}

static void what_is_wrong_with_a_request_says_how_to_answer(void)
{
    static const struct {
        const char *text;
        unsigned status;
    } cases[] = {
        {"\r\n\r\n" INVITE MUST "\r\n", 0},
        {"INVITE   sip:b@h  SIP/2.0  \r\n" MUST "\r\n", 0},
        {"INVITE sip:b@h sip/2.0\r\n" MUST "\r\n", 0},
        {"INVITE sip:b@h SIP/3.0\r\n" MUST "\r\n", 505},
        {"INVITE sip:b@h SIP/2.00\r\n" MUST "\r\n", 505},
        {"INVITE sip:b@h SIP/3.0\r\n" VIA "\r\n", 505},
        {"INVITE sip:b@@h SIP/2.0\r\n" MUST "\r\n", 400},
        {"INVITE <sip:b@h> SIP/2.0\r\n" MUST "\r\n", 400},
        {"INVITE sip:b@h; lr SIP/2.0\r\n" MUST "\r\n", 400},
        {"INVITE sip:b@h?a=b SIP/2.0\r\n" MUST "\r\n", 400},
        {"INVITE  SIP/2.0\r\n" MUST "\r\n", 400},
        {INVITE VIA TO CALL_ID CSEQ "\r\n", 400},
        {INVITE VIA FROM CALL_ID CSEQ "\r\n", 400},
        {INVITE VIA FROM TO CSEQ "\r\n", 400},
        {INVITE VIA FROM TO CALL_ID "\r\n", 400},
        {INVITE VIA FROM TO "Call-ID: a b\r\n" CSEQ "\r\n", 400},
        {INVITE VIA FROM TO "Call-ID:\r\n" CSEQ "\r\n", 400},
        {INVITE VIA FROM TO CALL_ID "CSeq: 1 invite\r\n\r\n", 400},
        {INVITE VIA FROM TO CALL_ID "CSeq: 2147483648 INVITE\r\n\r\n", 400},
        {INVITE VIA FROM "To: *\r\n" CALL_ID CSEQ "\r\n", 400},
        {INVITE "Via:\r\n" FROM TO CALL_ID CSEQ "\r\n", 400},
        {INVITE "Via: x\r\n" FROM TO CALL_ID CSEQ "\r\n", 400},
        {INVITE MUST FROM "\r\n", 400},
        {INVITE MUST TO "\r\n", 400},
        {INVITE MUST CALL_ID "\r\n", 400},
        {INVITE MUST CSEQ "\r\n", 400},
        {INVITE MUST VIA "\r\n", 0},
        {INVITE MUST "Max-Forwards: 256\r\n\r\n", 400},
        {INVITE MUST "Max-Forwards: -1\r\n\r\n", 400},
        {INVITE MUST "Max-Forwards: 1\r\nMax-Forwards: 1\r\n\r\n", 400},
        {INVITE MUST "Content-Type: a/b\r\nc: a/b\r\n\r\n", 400},
        {INVITE MUST "Subject: a\r\nSubject: b\r\n\r\n", 0},
        {INVITE MUST "Contact: <sip:a@h>;;\r\n\r\n", 400},
        {INVITE MUST "Contact: <sip:a@h>, x y\r\n\r\n", 400},
        {INVITE MUST "Contact: *\r\n\r\n", 0},
        {INVITE MUST "no colon\r\n\r\n", 400},
        {INVITE MUST ": no name\r\n\r\n", 400},
        {INVITE MUST "two words: x\r\n\r\n", 400},
        {INVITE " folded start line\r\n" MUST "\r\n", 400},
        {INVITE MUST "Subject: a\nVia: b\r\n\r\n", 400},
        {INVITE MUST "Subject: a\rb\r\n\r\n", 400},
        {INVITE MUST "Subject: a\r\n b\rc\r\n\r\n", 400},
        {INVITE MUST, 400},
        {INVITE MUST "Subject: cut", 400},
        {INVITE MUST "Subject: cut\r\n ", 400},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_msg *msg = parse(cases[i].text);
        if (msg->defect_status != cases[i].status) fprintf(stderr, "%s\n", cases[i].text);
        CHECK_EQ(msg->defect_status, cases[i].status);
        CHECK_EQ(msg->defect != NULL, cases[i].status != 0);
        CHECK(msg->is_request);
        tn_msg_unref(msg);
    }
}

static void what_cannot_be_answered_is_no_message(void)
{
    static const char *const texts[] = {
        "",
        "\r\n",
        "\r\n\r\n",
        "INVITE",
        "INVITE sip:b@h SIP/2.0",
        "INVITE sip:b@h SIP/2.0\n" MUST "\n",
        "INVITE sip:b@h\r\n" MUST "\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "INVITE sip:b@h SIP/2\r\n" MUST "\r\n",
        " INVITE sip:b@h SIP/2.0\r\n" MUST "\r\n",
        "IN\"VITE sip:b@h SIP/2.0\r\n" MUST "\r\n",
        INVITE "\r\n",
        INVITE FROM TO CALL_ID CSEQ "\r\n",
        "SIP/2.0 99 x\r\n" MUST "\r\n",
        "SIP/2.0 700 x\r\n" MUST "\r\n",
        "SIP/2.0 0200 x\r\n" MUST "\r\n",
        "SIP/2.0 4294967496 x\r\n" MUST "\r\n",
        "SIP/2.0 2x0 x\r\n" MUST "\r\n",
        "SIP/2.0\r\n" MUST "\r\n",
        "SIP/3.0 200 OK\r\n" MUST "\r\n",
        "SIP/2.0 200 OK\r\n" FROM TO CALL_ID CSEQ "\r\n",
    };
    struct counting counting = {0};
    struct tern_allocator alloc = counting_allocator(&counting);

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct tn_msg *msg = NULL;
        int err = tn_msg_parse(&alloc, tn_str(texts[i]), &msg);
        if (err != TERN_EPARSE) fprintf(stderr, "%s\n", texts[i]);
        CHECK_EQ(err, TERN_EPARSE);
        CHECK(msg == NULL);
        CHECK_EQ(counting.live, 0);
    }
}

static size_t put(char *text, size_t at, const char *z)
{
    tern_str s = tn_str(z);

    memcpy(text + at, s.ptr, s.len);
    return at + s.len;
}

static void giant_messages_and_heads_are_refused(void)
{
    static char text[TN_MSG_SIZE_MAX + 1];
    struct tern_allocator alloc = tn_default_allocator();
    struct tn_msg *msg = NULL;

    memset(text, 'x', sizeof(text));
    size_t len = put(text, 0, INVITE MUST);
    size_t head_len = put(text, len, "\r\n");
    CHECK_EQ(tn_msg_parse(&alloc, (tern_str){text, TN_MSG_SIZE_MAX + 1}, &msg), TERN_ELIMIT);
    CHECK_EQ(tn_msg_parse(&alloc, (tern_str){text, TN_MSG_SIZE_MAX}, &msg), 0);
    CHECK_EQ(msg->body.len, TN_MSG_SIZE_MAX - head_len);
    tn_msg_unref(msg);

    for (int i = 5; i < TN_MSG_HEADERS_MAX; i++)
        len = put(text, len, "a:\r\n");
    CHECK_EQ(tn_msg_parse(&alloc, (tern_str){text, put(text, len, "\r\n")}, &msg), 0);
    CHECK_EQ(msg->header_count, TN_MSG_HEADERS_MAX);
    tn_msg_unref(msg);
    len = put(text, len, "a:\r\n\r\n");
    CHECK_EQ(tn_msg_parse(&alloc, (tern_str){text, len}, &msg), TERN_ELIMIT);
}

static void parsing_an_ordinary_invite_makes_one_allocation(void)
{
    struct counting counting = {0};
    struct tern_allocator alloc = counting_allocator(&counting);
    struct tn_msg *msg;

    CHECK_EQ(tn_msg_parse(&alloc, tn_str(ordinary), &msg), 0);
    CHECK_EQ(counting.calls, 1);
    tn_msg_unref(msg);
    CHECK_EQ(counting.calls, 1);
    CHECK_EQ(counting.live, 0);
}

static void a_failed_allocation_is_told_and_leaves_nothing(void)
{
    for (unsigned n = 1;; n++) {
        struct counting counting = {.fail_at = n};
        struct tern_allocator alloc = counting_allocator(&counting);
        struct tn_msg *msg = NULL;
        int err = tn_msg_parse(&alloc, tn_str(ordinary), &msg);
        if (counting.calls < n) {
            CHECK_EQ(err, 0);
            tn_msg_unref(msg);
            break;
        }
        CHECK_EQ(err, TERN_ENOMEM);
        CHECK(msg == NULL);
        CHECK_EQ(counting.live, 0);
    }
}

static void a_message_dies_with_its_last_reference_and_its_arena_with_it(void)
{
    struct counting counting = {0};
    struct tern_allocator alloc = counting_allocator(&counting);
    struct tn_msg *msg;
    tern_str copy;

    tn_msg_unref(NULL);
    CHECK_EQ(tn_msg_parse(&alloc, tn_str(ordinary), &msg), 0);
    CHECK_EQ(tn_arena_dup(&msg->arena, TERN_STR("kept"), &copy), 0);
    CHECK(tn_msg_ref(msg) == msg);
    tn_msg_unref(msg);
    CHECK_STR(copy, "kept");
    tn_msg_unref(msg);
    CHECK_EQ(counting.live, 0);
}

static void methods_compare_with_case(void)
{
#define ROW(id, name)                                                                              \
    CHECK_EQ(tn_method_parse(tn_str(name)), TN_METHOD_##id);                                       \
    CHECK_STR(tn_method_name(TN_METHOD_##id), name);
    TN_METHOD_MAP(ROW)
#undef ROW
    CHECK_EQ(tn_method_parse(TERN_STR("Invite")), TN_METHOD_OTHER);
    CHECK_EQ(tn_method_parse(TERN_STR("NEWMETHOD")), TN_METHOD_OTHER);
    CHECK_EQ(tn_method_parse((tern_str){"", 0}), TN_METHOD_OTHER);
}

static void reason_phrases_are_those_of_the_rfc(void)
{
    CHECK_STR(tn_reason_phrase(100), "Trying");
    CHECK_STR(tn_reason_phrase(481), "Call/Transaction Does Not Exist");
    CHECK_STR(tn_reason_phrase(606), "Not Acceptable");
    CHECK_STR(tn_reason_phrase(299), "Unknown");
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_request_is_read_with_what_each_must_have),
        TEST(header_lines_are_found_by_id_and_by_name),
        TEST(lists_are_walked_over_all_their_lines),
        TEST(commas_inside_quotes_brackets_and_comments_divide_nothing),
        TEST(numbers_and_body_types_are_read_before_their_parameters),
        TEST(a_response_has_the_method_of_its_cseq),
        TEST(the_body_is_cut_at_content_length),
        TEST(what_is_wrong_with_a_request_says_how_to_answer),
        TEST(what_cannot_be_answered_is_no_message),
        TEST(giant_messages_and_heads_are_refused),
        TEST(parsing_an_ordinary_invite_makes_one_allocation),
        TEST(a_failed_allocation_is_told_and_leaves_nothing),
        TEST(a_message_dies_with_its_last_reference_and_its_arena_with_it),
        TEST(methods_compare_with_case),
        TEST(reason_phrases_are_those_of_the_rfc),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
