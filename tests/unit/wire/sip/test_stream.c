/* SPDX-License-Identifier: MIT */
#include "sip_test.h"
#include "wire/sip/stream.h"

#define HEAD "INVITE sip:b@h SIP/2.0\r\nVia: x\r\n"

static struct tn_frame next(const char *text)
{
    size_t scanned = 0;

    return tn_stream_next(tn_str(text), &scanned);
}

static void the_front_of_a_stream_is_told(void)
{
    static const struct {
        const char *text;
        size_t len;
        enum tn_frame_kind kind;
        unsigned status;
    } cases[] = {
        {"", 0, TN_FRAME_MORE, 0},
        {HEAD, 0, TN_FRAME_MORE, 0},
        {HEAD "l: 0\r\n\r", 0, TN_FRAME_MORE, 0},
        {HEAD "l: 0\r\n\r\n", sizeof(HEAD) - 1 + 8, TN_FRAME_MESSAGE, 0},
        {HEAD "l: 0\r\n\r\nBYE", sizeof(HEAD) - 1 + 8, TN_FRAME_MESSAGE, 0},
        {HEAD "l: 3\r\n\r\nab", 0, TN_FRAME_MORE, 0},
        {HEAD "l: 3\r\n\r\nabcd", sizeof(HEAD) - 1 + 11, TN_FRAME_MESSAGE, 0},
        {HEAD "Content-LENGTH :\r\n 3\r\n\r\nabc", sizeof(HEAD) - 1 + 27, TN_FRAME_MESSAGE, 0},
        {"\r", 0, TN_FRAME_MORE, 0},
        {"\r\n", 2, TN_FRAME_PONG, 0},
        {"\r\n\r", 0, TN_FRAME_MORE, 0},
        {"\r\n\r\n", 4, TN_FRAME_PING, 0},
        {"\r\nINVITE", 2, TN_FRAME_PONG, 0},
        {"\r\n\r\n\r\n", 4, TN_FRAME_PING, 0},
        {"\rx", 0, TN_FRAME_ERROR, 0},
        {"\n", 0, TN_FRAME_ERROR, 0},
        {"\x16\x03\x01", 0, TN_FRAME_ERROR, 0}, /* a TLS greeting */
        {HEAD "\r\n", sizeof(HEAD) - 1 + 2, TN_FRAME_ERROR, 400},
        {HEAD "l: x\r\n\r\n", sizeof(HEAD) - 1 + 8, TN_FRAME_ERROR, 400},
        {HEAD "l: -1\r\n\r\n", sizeof(HEAD) - 1 + 9, TN_FRAME_ERROR, 400},
        {HEAD "l: 1\r\nl: 1\r\n\r\n", sizeof(HEAD) - 1 + 14, TN_FRAME_ERROR, 400},
        {HEAD "l: 65535\r\n\r\n", sizeof(HEAD) - 1 + 12, TN_FRAME_ERROR, 413},
        {HEAD "l: 18446744073709551615\r\n\r\n", sizeof(HEAD) - 1 + 27, TN_FRAME_ERROR, 413},
        {HEAD "l: 18446744073709551616\r\n\r\n", sizeof(HEAD) - 1 + 27, TN_FRAME_ERROR, 400},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_frame frame = next(cases[i].text);
        if (frame.kind != cases[i].kind) fprintf(stderr, "%s\n", cases[i].text);
        CHECK_EQ(frame.kind, cases[i].kind);
        CHECK_EQ(frame.len, cases[i].len);
        CHECK_EQ(frame.status, cases[i].status);
        CHECK_EQ(frame.skip, 0);
    }
}

static void a_head_without_end_is_refused(void)
{
    static char text[TN_STREAM_HEAD_MAX + 16];
    size_t scanned = 0;

    memset(text, 'a', sizeof(text));
    CHECK_EQ(tn_stream_next((tern_str){text, TN_STREAM_HEAD_MAX - 1}, &scanned).kind,
             TN_FRAME_MORE);
    struct tn_frame frame = tn_stream_next((tern_str){text, TN_STREAM_HEAD_MAX}, &scanned);
    CHECK_EQ(frame.kind, TN_FRAME_ERROR);
    CHECK_EQ(frame.status, 513);
}

/* Byte by byte the frames are the same, and what was scanned is not scanned again. */
static void a_message_that_comes_byte_by_byte_is_found_once(void)
{
    static const char text[] = HEAD "l: 10\r\n\r\n0123456789" HEAD "l: 0\r\n\r\n";
    size_t scanned = 0, start = 0, messages = 0;

    for (size_t end = 1; end < sizeof(text); end++) {
        struct tn_frame frame = tn_stream_next((tern_str){text + start, end - start}, &scanned);
        if (frame.kind == TN_FRAME_MORE) continue;
        CHECK_EQ(frame.kind, TN_FRAME_MESSAGE);
        CHECK_EQ(frame.len, end - start);
        CHECK_EQ(scanned, 0);
        start = end;
        messages++;
    }
    CHECK_EQ(messages, 2);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_front_of_a_stream_is_told),
        TEST(a_head_without_end_is_refused),
        TEST(a_message_that_comes_byte_by_byte_is_found_once),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
