/* SPDX-License-Identifier: MIT */
/* The SDP codec: what is read, what is refused, what survives print and parse. */
#include "wire/sdp/sdp.h"

#include "tern_test.h"

#include "base/alloc.h"
#include "base/str.h"

#define HEAD "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"

static struct tern_allocator libc;
static struct tn_arena arena;

static int parse(const char *text, struct tn_sdp *out)
{
    tn_arena_fini(&arena);
    tn_arena_init(&arena, &libc, TN_SDP_ARENA_MAX, NULL, 0);
    return tn_sdp_parse(&arena, tn_str(text), out);
}

static struct tn_sdp must_parse(const char *text)
{
    struct tn_sdp sdp;
    int err = parse(text, &sdp);
    if (err) fprintf(stderr, "refused: %s\n", text);
    CHECK_EQ(err, 0);
    return sdp;
}

static void check_text(tern_str got, const char *want)
{
    if (!tn_str_eq(got, tn_str(want))) {
        fprintf(stderr, "got \"%.*s\", want \"%s\"\n", (int)got.len, got.ptr, want);
        abort();
    }
}

static void check_addr(tern_addr addr, const char *want)
{
    char text[TERN_ADDR_TEXT_MAX];
    check_text(tn_str(tern_addr_print(addr, text)), want);
}

static void check_printed(const struct tn_sdp *sdp, const char *want)
{
    struct tn_buf buf;
    tern_str text;

    tn_buf_init(&buf, &libc, TN_SDP_BYTES_MAX);
    tn_sdp_print(sdp, &buf);
    CHECK_EQ(tn_buf_end(&buf, &text), 0);
    check_text(text, want);
    tn_buf_fini(&buf);
}

static void an_ordinary_description_is_read_in_full(void)
{
    struct tn_sdp sdp = must_parse("v=0\r\n"
                                   "o=alice 2890844526 2890844527 IN IP4 host.example.com\r\n"
                                   "s=A call\r\n"
                                   "i=about it\r\n"
                                   "u=http://example.com\r\n"
                                   "e=a@example.com\r\n"
                                   "p=+1 617 555 6011\r\n"
                                   "c=IN IP4 192.0.2.101\r\n"
                                   "b=AS:80\r\n"
                                   "t=0 0\r\n"
                                   "r=7d 1h 0 25h\r\n"
                                   "z=0 0\r\n"
                                   "k=clear:x\r\n"
                                   "a=sendonly\r\n"
                                   "a=tool:x y:z\r\n"
                                   "m=audio 49170/2 RTP/AVP 0 97 101\r\n"
                                   "i=voice\r\n"
                                   "c=IN IP6 2001:DB8:0::1\r\n"
                                   "a=rtpmap:97 L16/44100/2\r\n"
                                   "a=fmtp:97 a=1; b=2\r\n"
                                   "a=rtpmap:101 telephone-event/8000\r\n"
                                   "a=ptime:30\r\n"
                                   "a=rtcp:53020 IN IP6 2001:db8::2\r\n"
                                   "a=recvonly\r\n"
                                   "a=rtcp-mux\r\n"
                                   "m=video 0 RTP/SAVPF 31\r\n");

    check_text(sdp.user, "alice");
    check_text(sdp.id, "2890844526");
    check_text(sdp.version, "2890844527");
    check_text(sdp.origin, "IN IP4 host.example.com");
    check_text(sdp.name, "A call");
    check_addr(sdp.connection.addr, "192.0.2.101");
    check_text(sdp.time, "0 0");
    CHECK_EQ(sdp.direction, TN_SDP_SENDONLY);
    check_text(tn_sdp_attr_find(sdp.attrs, TERN_STR("tool"))->value, "x y:z");
    CHECK_EQ(sdp.media_count, 2);

    const struct tn_sdp_media *m = &sdp.media[0];
    check_text(m->type, "audio");
    check_text(m->proto, "RTP/AVP");
    CHECK_EQ(m->port, 49170);
    CHECK_EQ(m->port_count, 2);
    CHECK_EQ(m->format_count, 3);
    CHECK_EQ(m->formats[0].pt, 0);
    CHECK_EQ(m->formats[0].encoding.len, 0);
    CHECK_EQ(m->formats[1].pt, 97);
    check_text(m->formats[1].encoding, "L16");
    CHECK_EQ(m->formats[1].clock_hz, 44100);
    check_text(m->formats[1].channels, "2");
    check_text(m->formats[1].fmtp, "a=1; b=2");
    check_addr(tn_sdp_connection(&sdp, m)->addr, "2001:db8::1");
    CHECK_EQ(m->ptime_ms, 30);
    CHECK_EQ(m->rtcp_port, 53020);
    check_addr(m->rtcp.addr, "2001:db8::2");
    CHECK_EQ(tn_sdp_direction(&sdp, m), TN_SDP_RECVONLY);
    CHECK(!tn_sdp_attr_find(m->attrs, TERN_STR("rtcp-mux"))->has_value);
    CHECK(tn_sdp_attr_find(m->attrs, TERN_STR("rtpmap")) == NULL);

    m = &sdp.media[1];
    CHECK_EQ(m->port, 0);
    CHECK_EQ(tn_sdp_direction(&sdp, m), TN_SDP_SENDONLY);
    check_addr(tn_sdp_connection(&sdp, m)->addr, "192.0.2.101");
}

static void what_is_not_said_has_its_default(void)
{
    struct tn_sdp sdp = must_parse("v=0\no=- 0 0 IN IP6 ::1\nm=audio 9 RTP/AVP 0");

    CHECK_EQ(tn_sdp_direction(&sdp, &sdp.media[0]), TN_SDP_SENDRECV);
    CHECK(tn_sdp_connection(&sdp, &sdp.media[0]) == NULL);
    CHECK_EQ(sdp.media[0].port_count, 1);
    CHECK_EQ(sdp.media[0].ptime_ms, 0);
    CHECK_EQ(sdp.media[0].rtcp_port, 0);
}

static void directions_say_who_sends_and_receives(void)
{
    static const struct {
        enum tn_sdp_direction d;
        bool sends, receives;
    } cases[] = {
        {TN_SDP_UNSAID, true, true},     {TN_SDP_SENDRECV, true, true},
        {TN_SDP_SENDONLY, true, false},  {TN_SDP_RECVONLY, false, true},
        {TN_SDP_INACTIVE, false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_EQ(tn_sdp_sends(cases[i].d), cases[i].sends);
        CHECK_EQ(tn_sdp_receives(cases[i].d), cases[i].receives);
    }
}

static void slips_that_harm_nothing_are_forgiven(void)
{
    static const char *const cases[] = {
        HEAD,
        HEAD "\r\n\r\n",
        HEAD "m=audio 9 RTP/AVP 0\r\n\r\n",
        "v=0\no=- 1 2 IN IP4 a\ns=\nt=0 0\n",
        "v=0\no=- 1 2 IN IP4 my_host\n",
        "v=0\r\no=- 1 2 IN IP4 a\r\nt=0 0\r\ns=x\r\na=x\r\nc=IN IP4 192.0.2.1\r\n",
        "v=0\no=-  1  2  IN IP4 a \nc=IN  IP4  192.0.2.1 \nm=audio  9  RTP/AVP  0 ",
        "v=0\no=- 99999999999999999999999 2 IN IP4 a",
        HEAD "a=\r\na=:x\r\na=x:\r\n",
        HEAD "m=audio 9 RTP/AVP 0\r\nc=IN IP4 224.2.1.1/127/3\r\nc=IN IP4 224.2.1.2/127\r\n",
        HEAD "m=audio 9 RTP/AVP 0\r\nc=IN IP6 ff15::101/3\r\n",
        HEAD "m=audio 9 RTP/AVP 0\r\nc=IN IP4 media.example.com\r\n",
        HEAD "m=audio 0 RTP/AVP\r\n",
        HEAD "m=application 5000 UDP/BFCP *\r\n",
        HEAD "m=x-new 9 udp some/format 300\r\n",
        HEAD "t=1 2\r\nt=3 4\r\n",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        (void)must_parse(cases[i]);
}

static void must_refuse(const char *text)
{
    struct tn_sdp sdp;
    int err = parse(text, &sdp);
    if (err != TERN_EPARSE) fprintf(stderr, "accepted: %s\n", text);
    CHECK_EQ(err, TERN_EPARSE);
}

static void nonsense_is_refused(void)
{
    static const char *const cases[] = {
        "",
        "\r\n",
        "v",
        "v=",
        "v=1\r\no=- 1 2 IN IP4 a\r\n",
        "v=0 \r\no=- 1 2 IN IP4 a\r\n",
        "v=0\r\n",
        "v=0\r\ns=-\r\n",
        "o=- 1 2 IN IP4 a\r\nv=0\r\n",
        "v=0\r\no=\r\n",
        "v=0\r\no=- 1 IN IP4 a\r\n",
        "v=0\r\no=- 1 2 IN IP4\r\n",
        "v=0\r\no=- 1 2 IN IP4 a b\r\n",
        "v=0\r\no=- x 2 IN IP4 a\r\n",
        "v=0\r\no=- 1 -2 IN IP4 a\r\n",
        HEAD "v=0\r\n",
        HEAD "o=- 1 2 IN IP4 a\r\n",
        HEAD "s=again\r\n",
        HEAD "c=IN IP4 192.0.2.2\r\n",
        HEAD "t=0\r\n",
        HEAD "t=a b\r\n",
        HEAD "t=0 0 0\r\n",
        HEAD "q=1\r\n",
        HEAD "A=x\r\n",
        HEAD "a\r\n",
        HEAD " a=x\r\n",
        HEAD "a =x\r\n",
        HEAD "garbage\r\n",
        HEAD "a=x\ry\r\n",
        HEAD "m=\r\n",
        HEAD "m=audio\r\n",
        HEAD "m=audio 9\r\n",
        HEAD "m=audio 9 RTP/AVP\r\n",
        HEAD "m=audio x RTP/AVP 0\r\n",
        HEAD "m=audio -1 RTP/AVP 0\r\n",
        HEAD "m=audio 65536 RTP/AVP 0\r\n",
        HEAD "m=audio 99999999999999999999 RTP/AVP 0\r\n",
        HEAD "m=audio 9/ RTP/AVP 0\r\n",
        HEAD "m=audio 9/0 RTP/AVP 0\r\n",
        HEAD "m=audio 9/70000 RTP/AVP 0\r\n",
        HEAD "m=audio /2 RTP/AVP 0\r\n",
        HEAD "m=audio 9 RTP/AVP 0\r\nt=0 0\r\n",
        HEAD "m=audio 9 RTP/AVP 0\r\ns=-\r\n",
        HEAD "m=audio 9 RTP/AVP 0\r\nv=0\r\n",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        must_refuse(cases[i]);
}

static void addresses_that_are_none_are_refused(void)
{
    static const char *const addresses[] = {
        "",
        "IN",
        "IN IP4",
        "IN IP4 ",
        "IN IP5 192.0.2.1",
        "ATM IP4 192.0.2.1",
        "IN IP4 192.0.2.1 x",
        "IN IP4 192.0.2",
        "IN IP4 192.0.2.256",
        "IN IP4 300.1.2.3",
        "IN IP4 192.0.2.1.5",
        "IN IP4 192.0.2.1:5060",
        "IN IP4 1",
        "IN IP4 a..1",
        "IN IP4 a_b",
        "IN IP4 2001:db8::1",
        "IN IP6 192.0.2.1",
        "IN IP6 [2001:db8::1]",
        "IN IP6 fe80::1%2",
        "IN IP6 2001:db8:::1",
        "IN IP6 12345::",
        "IN IP4 224.2.1.1/",
        "IN IP4 224.2.1.1/x",
        "IN IP4 224.2.1.1/1/2/3",
        "IN IP4 224.2.1.1/99999",
        "IN IP4 /127",
    };
    char text[256];

    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        snprintf(text, sizeof(text), "v=0\r\no=- 1 2 IN IP4 a\r\nc=%s\r\n", addresses[i]);
        must_refuse(text);
    }
}

static void a_nul_byte_is_refused(void)
{
    static const char text[] = HEAD "a=x\0y\r\n";
    struct tn_sdp sdp;
    tern_str in = {text, sizeof(text) - 1};

    tn_arena_fini(&arena);
    tn_arena_init(&arena, &libc, TN_SDP_ARENA_MAX, NULL, 0);
    CHECK_EQ(tn_sdp_parse(&arena, in, &sdp), TERN_EPARSE);
}

/* RFC 8866 5.13: what is not understood is ignored; here it is also kept. */
static void attributes_that_make_no_sense_are_kept_and_have_no_effect(void)
{
    static const char *const cases[] = {
        "rtpmap:0",
        "rtpmap:0 PCMU",
        "rtpmap:0 PCMU/",
        "rtpmap:0 PCMU/0",
        "rtpmap:0 PCMU/x",
        "rtpmap:0 PCMU/99999999999",
        "rtpmap:0 /8000",
        "rtpmap:0 PCMU/8000 x",
        "rtpmap:5 DVI4/8000",
        "rtpmap: PCMU/8000",
        "fmtp:0",
        "fmtp:0 ",
        "fmtp:5 x",
        "ptime:",
        "ptime:0",
        "ptime:20.5",
        "ptime:-20",
        "rtcp:",
        "rtcp:0",
        "rtcp:65536",
        "rtcp:9 IN",
        "rtcp:9 IN IP4 1.2.3",
        "rtcp",
        "sendrecv:",
        "SENDONLY",
        "sendonly ",
    };
    char text[512];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(text, sizeof(text), HEAD "m=audio 9 RTP/AVP 0\r\na=%s\r\n", cases[i]);
        struct tn_sdp sdp = must_parse(text);
        const struct tn_sdp_media *m = &sdp.media[0];
        CHECK(m->attrs != NULL);
        CHECK(m->attrs->next == NULL);
        CHECK_EQ(m->formats[0].encoding.len, 0);
        CHECK_EQ(m->formats[0].fmtp.len, 0);
        CHECK_EQ(m->ptime_ms, 0);
        CHECK_EQ(m->rtcp_port, 0);
        CHECK_EQ(m->direction, TN_SDP_UNSAID);
        check_printed(&sdp, text);
    }
}

static void the_first_of_repeated_attributes_counts(void)
{
    struct tn_sdp sdp = must_parse(HEAD "a=inactive\r\na=sendonly\r\n"
                                        "m=audio 9 RTP/AVP 96 96\r\n"
                                        "a=rtpmap:96 PCMA/8000\r\na=rtpmap:96 PCMU/8000\r\n"
                                        "a=ptime:20\r\na=ptime:30\r\na=rtcp:5\r\na=rtcp:6\r\n");
    const struct tn_sdp_media *m = &sdp.media[0];

    CHECK_EQ(sdp.direction, TN_SDP_INACTIVE);
    check_text(m->formats[0].encoding, "PCMA");
    CHECK_EQ(m->formats[1].encoding.len, 0);
    CHECK_EQ(m->ptime_ms, 20);
    CHECK_EQ(m->rtcp_port, 5);
}

static void payload_types_above_127_are_formats_without_number(void)
{
    struct tn_sdp sdp = must_parse(HEAD "m=audio 9 RTP/AVP 127 128 x 0\r\n");
    static const int want[] = {127, -1, -1, 0};

    for (size_t i = 0; i < 4; i++)
        CHECK_EQ(sdp.media[0].formats[i].pt, want[i]);
}

static void print_gives_back_what_was_read(void)
{
    static const char text[] = HEAD "a=sendonly\r\n"
                                    "a=group:BUNDLE a b\r\n"
                                    "m=audio 49170/2 RTP/AVP 0 97 101\r\n"
                                    "c=IN IP6 2001:db8::1\r\n"
                                    "a=rtpmap:0 PCMU/8000\r\n"
                                    "a=rtpmap:97 L16/44100/2\r\n"
                                    "a=fmtp:97 x=y\r\n"
                                    "a=rtpmap:101 telephone-event/8000\r\n"
                                    "a=ptime:20\r\n"
                                    "a=rtcp:53020 IN IP4 media.example.com\r\n"
                                    "a=recvonly\r\n"
                                    "a=mid:a\r\n"
                                    "a=rtcp-mux\r\n"
                                    "a=empty:\r\n"
                                    "m=video 9 RTP/AVP 31\r\n"
                                    "c=IN IP4 224.2.1.1/127/3\r\n"
                                    "a=rtcp:53021\r\n";
    struct tn_sdp sdp = must_parse(text);
    check_printed(&sdp, text);
}

/* Only spaces part words: a tab is text, and must not be lost on the way. */
static void tabs_around_words_are_kept(void)
{
    static const char text[] = "v=0\r\no=a 1 2 \t \t \tx\t\r\ns=\t\r\nt=0 0\r\n"
                               "m=audio 9 RTP/AVP 0\r\na=fmtp:0 \tx\t\r\n";
    struct tn_sdp sdp = must_parse(text);
    check_printed(&sdp, text);
}

static void missing_name_and_time_are_printed(void)
{
    struct tn_sdp sdp = must_parse("v=0\no=a 1 2 IN IP4 h\n");
    check_printed(&sdp, "v=0\r\no=a 1 2 IN IP4 h\r\ns=-\r\nt=0 0\r\n");
}

/* @return bytes written: `head` and then `count` times `line` */
static size_t repeat(char *out, const char *head, const char *line, size_t count)
{
    size_t len = strlen(head);

    memcpy(out, head, len);
    for (size_t i = 0; i < count; i++, len += strlen(line))
        memcpy(out + len, line, strlen(line));
    out[len] = '\0';
    return len;
}

static void each_limit_is_reached_and_not_passed(void)
{
    static const struct {
        const char *head, *line;
        size_t max;
    } cases[] = {
        {HEAD, "m=audio 9 RTP/AVP 0\n", TN_SDP_MEDIA_MAX},
        {HEAD "m=audio 9 RTP/AVP", " 0", TN_SDP_FORMATS_MAX},
        {HEAD, "a=x\n", TN_SDP_ATTRS_MAX},
        {HEAD "a=", "x", TN_SDP_BYTES_MAX - sizeof(HEAD "a=") + 1},
    };
    static char text[2 * TN_SDP_BYTES_MAX];
    struct tn_sdp sdp;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)repeat(text, cases[i].head, cases[i].line, cases[i].max);
        CHECK_EQ(parse(text, &sdp), 0);
        (void)repeat(text, cases[i].head, cases[i].line, cases[i].max + 1);
        CHECK_EQ(parse(text, &sdp), TERN_EPARSE);
    }
}

/* All limits at once fit in the arena that the header promises. */
static void the_biggest_description_fits_in_the_arena(void)
{
    static char text[2 * TN_SDP_BYTES_MAX];
    struct tn_sdp sdp;
    size_t len = repeat(text, HEAD, "a=x\n", TN_SDP_ATTRS_MAX);

    len += repeat(text + len, "m=audio 9 RTP/AVP 0", " 0", TN_SDP_FORMATS_MAX - TN_SDP_MEDIA_MAX);
    (void)repeat(text + len, "\n", "m=audio 9 RTP/AVP 0\n", TN_SDP_MEDIA_MAX - 1);
    CHECK_EQ(parse(text, &sdp), 0);
    CHECK_EQ(sdp.media_count, TN_SDP_MEDIA_MAX);
}

static void an_exhausted_arena_is_reported_and_nothing_is_written(void)
{
    static const char text[] = HEAD "a=x\r\nm=audio 9 RTP/AVP 0\r\na=x\r\n";
    struct tn_sdp sdp;
    int failures = 0;

    for (size_t limit = 0;; limit += 8) {
        sdp.media_count = 77;
        tn_arena_fini(&arena);
        tn_arena_init(&arena, &libc, limit, NULL, 0);
        int err = tn_sdp_parse(&arena, tn_str(text), &sdp);
        if (!err) break;
        CHECK_EQ(err, TERN_ENOMEM);
        CHECK_EQ(sdp.media_count, 77);
        failures++;
    }
    CHECK(failures > 4);
}

static void every_truncation_is_read_or_refused(void)
{
    static const char text[] = HEAD "m=audio 49170/2 RTP/AVP 0 97\r\nc=IN IP6 2001:db8::1\r\n"
                                    "a=rtpmap:97 x/8000/2\r\na=rtcp:1 IN IP4 192.0.2.1\r\n";
    struct tn_sdp sdp;

    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        char *copy = malloc(len ? len : 1); /* exact, for the address sanitizer */
        CHECK(copy != NULL);
        memcpy(copy, text, len);
        tern_str in = {copy, len};
        tn_arena_fini(&arena);
        tn_arena_init(&arena, &libc, TN_SDP_ARENA_MAX, NULL, 0);
        int err = tn_sdp_parse(&arena, in, &sdp);
        CHECK(err == 0 || err == TERN_EPARSE);
        free(copy);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(an_ordinary_description_is_read_in_full),
        TEST(what_is_not_said_has_its_default),
        TEST(directions_say_who_sends_and_receives),
        TEST(slips_that_harm_nothing_are_forgiven),
        TEST(nonsense_is_refused),
        TEST(addresses_that_are_none_are_refused),
        TEST(a_nul_byte_is_refused),
        TEST(attributes_that_make_no_sense_are_kept_and_have_no_effect),
        TEST(the_first_of_repeated_attributes_counts),
        TEST(payload_types_above_127_are_formats_without_number),
        TEST(print_gives_back_what_was_read),
        TEST(tabs_around_words_are_kept),
        TEST(missing_name_and_time_are_printed),
        TEST(each_limit_is_reached_and_not_passed),
        TEST(the_biggest_description_fits_in_the_arena),
        TEST(an_exhausted_arena_is_reported_and_nothing_is_written),
        TEST(every_truncation_is_read_or_refused),
    };
    libc = tn_default_allocator();
    tn_arena_init(&arena, &libc, TN_SDP_ARENA_MAX, NULL, 0);
    int result = run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
    tn_arena_fini(&arena);
    return result;
}
