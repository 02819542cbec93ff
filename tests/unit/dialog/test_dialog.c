/* SPDX-License-Identifier: MIT */
/* Dialogs: RFC 3261 12, with the route sets of 16.12.1. */
#include "dialog/dialog.h"

#include "base/alloc.h"
#include "base/str.h"
#include "dialog/routes.h"
#include "tern_test.h"

static struct tn_ctx ctx;
static struct tn_dialog dialog;
static struct tn_buf scratch;

static void open_ctx(void)
{
    uint8_t seed[32] = {7};
    struct tern_allocator alloc = tn_default_allocator();
    CHECK_EQ(tn_ctx_init(&ctx, &alloc, seed), 0);
    tn_buf_init(&scratch, &ctx.alloc, TN_MSG_SIZE_MAX);
}

static void close_ctx(void)
{
    tn_buf_fini(&scratch);
    tn_dialog_fini(&dialog);
    tn_ctx_fini(&ctx);
}

static tern_str z(const char *text)
{
    return (tern_str){text, strlen(text)};
}

static struct tn_msg *parse(const char *text)
{
    struct tn_msg *msg;
    CHECK_EQ(tn_msg_parse(&ctx.alloc, z(text), &msg), 0);
    CHECK_EQ(msg->defect_status, 0);
    return msg;
}

static void check_str(tern_str got, const char *want)
{
    if (!tn_str_eq(got, z(want))) {
        fprintf(stderr, "got \"%.*s\", want \"%s\"\n", (int)got.len, got.ptr, want);
    }
    CHECK(tn_str_eq(got, z(want)));
}

static bool contains(tern_str text, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.ptr + i, part, len) == 0) return true;
    }
    return false;
}

static struct tn_msg *request_from(const char *method, const char *from, const char *to,
                                   uint32_t cseq, const char *lines)
{
    char text[4096];
    snprintf(text, sizeof(text),
             "%s sip:bob@192.0.2.4 SIP/2.0\r\nVia: SIP/2.0/UDP pc33.example.com;branch=z9hG4bKa\r\n"
             "Max-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: a84b4c76e66710\r\n"
             "CSeq: %u %s\r\n%sContent-Length: 0\r\n\r\n",
             method, from, to, cseq, method, lines);
    return parse(text);
}

#define ALICE "Alice <sip:alice@atlanta.example.com>;tag=1928301774"
#define BOB   "Bob <sip:bob@biloxi.example.com>"

static struct tn_msg *invite(const char *lines)
{
    return request_from("INVITE", ALICE, BOB, 314159, lines);
}

static void be_called(const char *lines)
{
    open_ctx();
    struct tn_msg *msg = invite(lines);
    CHECK_EQ(tn_dialog_init_uas(&dialog, &ctx, msg), 0);
    tn_msg_unref(msg);
}

static struct tn_request_opts next_request(void)
{
    struct tn_request_opts opts = {0};
    tn_buf_reset(&scratch);
    CHECK_EQ(tn_dialog_request(&dialog, &scratch, &opts), 0);
    return opts;
}

/* RFC 3261 12.1.1 */
static void the_called_end_takes_route_set_in_order(void)
{
    be_called("Record-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>\r\n"
              "Record-Route: <sip:p0.example.com;lr>\r\n"
              "Contact: <sip:alice@pc33.atlanta.example.com>\r\nAllow: INVITE, UPDATE\r\n");
    CHECK_EQ(dialog.state, TN_DIALOG_EARLY);
    CHECK_EQ(dialog.remote_cseq, 314159);
    CHECK(dialog.peer_update);
    struct tn_request_opts opts = next_request();
    check_str(opts.uri, "sip:alice@pc33.atlanta.example.com");
    check_str(opts.route,
              "<sip:p2.example.com;lr>, <sip:p1.example.com;lr>, <sip:p0.example.com;lr>");
    check_str(opts.next_hop, "sip:p2.example.com;lr");
    check_str(opts.call_id, "a84b4c76e66710");
    check_str(opts.to, "\"Alice\" <sip:alice@atlanta.example.com>;tag=1928301774");
    char from[128];
    snprintf(from, sizeof(from), "\"Bob\" <sip:bob@biloxi.example.com>;tag=%.*s", TN_TAG_LEN,
             dialog.local_tag);
    check_str(opts.from, from);
    close_ctx();
}

static struct tn_msg *response(unsigned status, const char *tag, const char *lines)
{
    char text[4096];
    snprintf(text, sizeof(text),
             "SIP/2.0 %u OK\r\nVia: SIP/2.0/UDP pc33.example.com;branch=z9hG4bKa\r\n"
             "From: %.*s;tag=%.*s\r\nTo: <sip:bob@biloxi.example.com>%s%s\r\n"
             "Call-ID: our-call-id\r\nCSeq: %u INVITE\r\n%sContent-Length: 0\r\n\r\n",
             status, (int)dialog.local.len, dialog.local.ptr, TN_TAG_LEN, dialog.local_tag,
             tag ? ";tag=" : "", tag ? tag : "", dialog.local_cseq, lines);
    return parse(text);
}

static void call_bob(void)
{
    open_ctx();
    struct tn_dialog_uac opts = {.local = TERN_STR("\"A\" <sip:alice@atlanta.example.com>"),
                                 .remote = TERN_STR("<sip:bob@biloxi.example.com>"),
                                 .target = TERN_STR("sip:bob@biloxi.example.com"),
                                 .call_id = TERN_STR("our-call-id"),
                                 .first_cseq = 100};
    CHECK_EQ(tn_dialog_init_uac(&dialog, &ctx, &opts), 0);
    CHECK_EQ(dialog.state, TN_DIALOG_NONE);
}

static int take(unsigned status, const char *tag, const char *lines)
{
    struct tn_msg *msg = response(status, tag, lines);
    int err = tn_dialog_take_response(&dialog, msg);
    tn_msg_unref(msg);
    return err;
}

#define CONTACT "Contact: <sip:bob@192.0.2.4>\r\n"

/* RFC 3261 12.1.2 and 13.2.2.4 */
static void the_caller_turns_the_route_set_round_and_takes_it_anew_from_the_2xx(void)
{
    call_bob();
    check_str(next_request().uri, "sip:bob@biloxi.example.com");
    check_str(next_request().to, "<sip:bob@biloxi.example.com>");
    CHECK_EQ(take(180, "a", "Record-Route: <sip:p9.example.com;lr>\r\n" CONTACT), 0);
    CHECK_EQ(dialog.state, TN_DIALOG_EARLY);
    check_str(next_request().route, "<sip:p9.example.com;lr>");
    CHECK_EQ(take(200, "a",
                  "Record-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>\r\n"
                  "Contact: \"Bob, at his desk\" <sip:bob@192.0.2.9;x=1>;q=0.5\r\n"
                  "Allow: INVITE,UPDATE,BYE\r\n"),
             0);
    CHECK_EQ(dialog.state, TN_DIALOG_CONFIRMED);
    struct tn_request_opts opts = next_request();
    check_str(opts.route, "<sip:p1.example.com;lr>, <sip:p2.example.com;lr>");
    check_str(opts.uri, "sip:bob@192.0.2.9;x=1");
    check_str(opts.next_hop, "sip:p1.example.com;lr");
    check_str(opts.to, "<sip:bob@biloxi.example.com>;tag=a");
    CHECK(dialog.peer_update);
    CHECK(opts.cseq == &dialog.local_cseq);
    CHECK_EQ(*opts.cseq, 100);
    close_ctx();
}

/* RFC 3261 12.2.1.1 and 16.12.1.2 */
static void a_strict_first_route_is_swapped_in(void)
{
    static const struct {
        const char *record_route, *uri, *route;
    } cases[] = {
        {"Record-Route: <sip:p2.example.com>\r\n", "sip:p2.example.com", "<sip:bob@192.0.2.4>"},
        {"Record-Route: <sip:p1.example.com;lr>, <sip:p2.example.com>\r\n", "sip:p2.example.com",
         "<sip:p1.example.com;lr>, <sip:bob@192.0.2.4>"},
        {"Record-Route: <sip:p1.example.com>, <sip:p2.example.com;lr>\r\n", "sip:bob@192.0.2.4",
         "<sip:p2.example.com;lr>, <sip:p1.example.com>"},
        {"Record-Route: <sip:p2.example.com;lr=on>\r\n", "sip:bob@192.0.2.4",
         "<sip:p2.example.com;lr=on>"},
        {"Record-Route: <sip:p2.example.com;maddr=192.0.2.1>;x=\"a,b\"\r\n",
         "sip:p2.example.com;maddr=192.0.2.1", "<sip:bob@192.0.2.4>"},
        {"", "sip:bob@192.0.2.4", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char lines[512];
        call_bob();
        snprintf(lines, sizeof(lines), "%s" CONTACT, cases[i].record_route);
        CHECK_EQ(take(200, "a", lines), 0);
        struct tn_request_opts opts = next_request();
        check_str(opts.uri, cases[i].uri);
        check_str(opts.route, cases[i].route);
        close_ctx();
    }
}

static void a_refresh_moves_the_target_and_never_the_route(void)
{
    be_called("Record-Route: <sip:p1.example.com;lr>\r\n"
              "Contact: <sip:alice@192.0.2.1>\r\nAllow: UPDATE\r\n");
    struct tn_msg *msg = invite("Record-Route: <sip:evil.example.com;lr>\r\n"
                                "Contact: <sip:alice@192.0.2.99:5070>\r\nAllow: INVITE\r\n");
    CHECK_EQ(tn_dialog_refresh_target(&dialog, msg), 0);
    tn_msg_unref(msg);
    struct tn_request_opts opts = next_request();
    check_str(opts.uri, "sip:alice@192.0.2.99:5070");
    check_str(opts.route, "<sip:p1.example.com;lr>");
    CHECK(!dialog.peer_update);
    msg = invite(""); /* no Contact: stays */
    CHECK_EQ(tn_dialog_refresh_target(&dialog, msg), 0);
    tn_msg_unref(msg);
    check_str(next_request().uri, "sip:alice@192.0.2.99:5070");
    msg = invite("Contact: <tel:+123>\r\n");
    CHECK_EQ(tn_dialog_refresh_target(&dialog, msg), TERN_EINVAL);
    tn_msg_unref(msg);
    check_str(next_request().uri, "sip:alice@192.0.2.99:5070");
    close_ctx();
}

static void a_request_without_a_usable_contact_forms_no_dialog(void)
{
    static const char *const lines[] = {"", "Contact: *\r\n", "Contact: <tel:+1>\r\n",
                                        "Contact: <mailto:a@b>\r\n"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        open_ctx();
        struct tn_msg *msg = invite(lines[i]);
        CHECK_EQ(tn_dialog_init_uas(&dialog, &ctx, msg), TERN_EINVAL);
        tn_msg_unref(msg);
        close_ctx();
    }
}

static void only_the_2xx_must_have_a_contact(void)
{
    call_bob();
    CHECK_EQ(take(180, "a", ""), 0);
    CHECK_EQ(dialog.state, TN_DIALOG_EARLY);
    check_str(next_request().uri, "sip:bob@biloxi.example.com");
    CHECK_EQ(take(200, "a", ""), TERN_EINVAL);
    CHECK_EQ(dialog.state, TN_DIALOG_EARLY);
    close_ctx();
}

/* RFC 3261 12.2.2: gaps are fine, going back is 500. */
static void cseq_only_goes_up(void)
{
    static const struct {
        uint32_t cseq;
        unsigned status;
    } steps[] = {{314160, 0},   {314160, 500},    {314159, 500},      {1, 500},     {400000, 0},
                 {399999, 500}, {2147483647u, 0}, {2147483647u, 500}, {400001, 500}};
    be_called("Contact: <sip:alice@192.0.2.1>\r\n");
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct tn_msg *msg = request_from("OPTIONS", ALICE, BOB, steps[i].cseq, "");
        CHECK_EQ(tn_dialog_take_cseq(&dialog, msg), steps[i].status);
        tn_msg_unref(msg);
    }
    close_ctx();
}

/* 12.2.1.1: the remote number is empty at the caller's end until the first request comes. */
static void the_callers_first_request_from_the_peer_may_have_any_cseq(void)
{
    call_bob();
    struct tn_msg *msg = request_from("BYE", ALICE, BOB, 0, "");
    CHECK_EQ(tn_dialog_take_cseq(&dialog, msg), 0);
    CHECK_EQ(tn_dialog_take_cseq(&dialog, msg), 500);
    tn_msg_unref(msg);
    close_ctx();
}

static void messages_match_by_call_id_and_both_tags(void)
{
    char to[128];
    be_called("Contact: <sip:alice@192.0.2.1>\r\n");
    snprintf(to, sizeof(to), "<sip:bob@x>;tag=%.*s", TN_TAG_LEN, dialog.local_tag);
    struct tn_msg *msg = request_from("BYE", "<sip:other@y>;tag=1928301774", to, 1, "");
    CHECK(tn_dialog_matches_request(&dialog, msg)); /* URIs do not count */
    tn_msg_unref(msg);
    msg = request_from("BYE", "<sip:alice@x>;tag=1928301775", to, 1, "");
    CHECK(!tn_dialog_matches_request(&dialog, msg));
    tn_msg_unref(msg);
    msg = request_from("BYE", "<sip:alice@x>", to, 1, "");
    CHECK(!tn_dialog_matches_request(&dialog, msg));
    tn_msg_unref(msg);
    snprintf(to, sizeof(to), "<sip:bob@x>;tag=%.*s", TN_TAG_LEN - 1, dialog.local_tag);
    msg = request_from("BYE", "<sip:alice@x>;tag=1928301774", to, 1, "");
    CHECK(!tn_dialog_matches_request(&dialog, msg));
    tn_msg_unref(msg);
    close_ctx();
}

static void a_fork_shares_all_but_the_far_end(void)
{
    call_bob();
    CHECK_EQ(take(200, "a", "Record-Route: <sip:p1.example.com;lr>\r\n" CONTACT), 0);
    struct tn_msg *msg = response(200, "b", "Contact: <sip:bob@192.0.2.5>\r\n");
    CHECK(!tn_dialog_matches_response(&dialog, msg));
    struct tn_dialog fork, kept = dialog;
    CHECK_EQ(tn_dialog_fork(&fork, &dialog, msg), 0);
    CHECK(tn_dialog_matches_response(&fork, msg));
    tn_msg_unref(msg);
    dialog = fork;
    struct tn_request_opts opts = next_request();
    check_str(opts.uri, "sip:bob@192.0.2.5");
    check_str(opts.route, "");
    check_str(opts.to, "<sip:bob@biloxi.example.com>;tag=b");
    CHECK(contains(opts.from, kept.local_tag) ||
          memcmp(fork.local_tag, kept.local_tag, TN_TAG_LEN) == 0);
    tn_dialog_fini(&fork);
    dialog = kept;
    check_str(next_request().uri, "sip:bob@192.0.2.4");
    close_ctx();
}

/* From and To go back as they came, but for the tag: some peers compare them whole. */
static void from_and_to_survive_odd_names(void)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"<sip:a@x>;tag=1", "<sip:a@x>;tag=1"},
        {"sip:a@x;tag=1", "<sip:a@x>;tag=1"},
        {"\"A \\\"quoted\\\" name, really\" <sip:a@x>;tag=1",
         "\"A \\\"quoted\\\" name, really\" <sip:a@x>;tag=1"},
        {"A B <sip:a@x;u=1?h=2>;tag=1;foo=bar", "\"A B\" <sip:a@x;u=1?h=2>;foo=bar;tag=1"},
        {"<sip:a@x>;foo;tag=1", "<sip:a@x>;foo;tag=1"},
        {"<sip:a@x>;foo=\"a;b, c\";tag=1", "<sip:a@x>;foo=\"a;b, c\";tag=1"},
        {"<sip:a@x>;foo=\"\\\"\";tag=1;x=\"\"", "<sip:a@x>;foo=\"\\\"\";x=\"\";tag=1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        open_ctx();
        struct tn_msg *msg =
            request_from("INVITE", cases[i].from, BOB, 5, "Contact: <sip:a@192.0.2.1>\r\n");
        CHECK_EQ(tn_dialog_init_uas(&dialog, &ctx, msg), 0);
        tn_msg_unref(msg);
        check_str(next_request().to, cases[i].to);
        close_ctx();
    }
}

static void a_peer_of_rfc_2543_has_no_tag(void)
{
    open_ctx();
    struct tn_msg *msg = request_from("INVITE", "<sip:old@x>", BOB, 5, CONTACT);
    CHECK_EQ(tn_dialog_init_uas(&dialog, &ctx, msg), 0);
    tn_msg_unref(msg);
    check_str(next_request().to, "<sip:old@x>");
    char to[64];
    snprintf(to, sizeof(to), "<sip:bob@x>;tag=%.*s", TN_TAG_LEN, dialog.local_tag);
    msg = request_from("BYE", "<sip:old@x>", to, 6, "");
    CHECK(tn_dialog_matches_request(&dialog, msg));
    tn_msg_unref(msg);
    close_ctx();
}

static void routes_are_cut_at_commas_outside_quotes_and_brackets(void)
{
    tern_str rest =
        TERN_STR(" \"a, b\\\" <\" <sip:p1;x=1,2;lr> ;y=\"q,r\" ,<sip:p2,z>,, <sip:p3> ");
    tern_str element;
    CHECK(tn_routes_next(&rest, &element));
    check_str(element, "\"a, b\\\" <\" <sip:p1;x=1,2;lr> ;y=\"q,r\"");
    CHECK(tn_routes_next(&rest, &element));
    check_str(element, "<sip:p2,z>");
    rest = (tern_str){NULL, 0};
    CHECK(!tn_routes_next(&rest, &element));
    rest = TERN_STR("<sip:p");
    CHECK(tn_routes_next(&rest, &element));
    CHECK(!tn_routes_first(TERN_STR("<sip:"), &element));
    CHECK(!tn_routes_first(TERN_STR(""), &element));
}

/* RFC 3261 12.1.1, 12.2.1.1: "sips:" was asked for, and a Contact or a route cannot end that. */
static void a_secure_dialog_stays_secure_whatever_contact_it_gets(void)
{
    static const char *const contacts[] = {"<sip:bob@192.0.2.4;transport=udp>",
                                           "<sips:bob@192.0.2.4>"};

    for (size_t i = 0; i < 4; i++) {
        char lines[100];
        const struct tn_dialog_uac opts = {
            .local = z("<sip:alice@example.com>"),
            .remote = z("<sips:bob@example.com>"),
            .target = z(i < 2 ? "sips:bob@example.com" : "sip:bob@example.com"),
            .call_id = z("a84b4c76e66710"),
        };
        struct tn_dialog fork;
        open_ctx();
        CHECK_EQ(tn_dialog_init_uac(&dialog, &ctx, &opts), 0);
        CHECK_EQ(next_request().secure, i < 2);
        snprintf(lines, sizeof(lines), "Contact: %s\r\n", contacts[i % 2]);
        CHECK_EQ(take(200, "b", lines), 0);
        CHECK_EQ(next_request().secure, i < 2);
        struct tn_msg *other = response(200, "c", lines);
        CHECK_EQ(tn_dialog_fork(&fork, &dialog, other), 0);
        CHECK_EQ(fork.secure, i < 2);
        tn_dialog_fini(&fork);
        tn_msg_unref(other);
        close_ctx();
    }
}

static void states_end(void)
{
    be_called("Contact: <sip:alice@192.0.2.1>\r\n");
    tn_dialog_confirm(&dialog);
    CHECK_EQ(dialog.state, TN_DIALOG_CONFIRMED);
    tn_dialog_end(&dialog);
    CHECK_EQ(dialog.state, TN_DIALOG_ENDED);
    close_ctx();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_called_end_takes_route_set_in_order),
        TEST(the_caller_turns_the_route_set_round_and_takes_it_anew_from_the_2xx),
        TEST(a_strict_first_route_is_swapped_in),
        TEST(a_refresh_moves_the_target_and_never_the_route),
        TEST(a_request_without_a_usable_contact_forms_no_dialog),
        TEST(only_the_2xx_must_have_a_contact),
        TEST(cseq_only_goes_up),
        TEST(the_callers_first_request_from_the_peer_may_have_any_cseq),
        TEST(messages_match_by_call_id_and_both_tags),
        TEST(a_fork_shares_all_but_the_far_end),
        TEST(from_and_to_survive_odd_names),
        TEST(a_peer_of_rfc_2543_has_no_tag),
        TEST(routes_are_cut_at_commas_outside_quotes_and_brackets),
        TEST(a_secure_dialog_stays_secure_whatever_contact_it_gets),
        TEST(states_end),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
