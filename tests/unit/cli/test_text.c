/* SPDX-License-Identifier: MIT */
/* JSON lines and text for people, whatever bytes go in. */
#include <locale.h>

#include "json.h"
#include "tern_test.h"
#include "text.h"

static char written[4096];

static const char *json_of(tern_str value)
{
    FILE *out = fmemopen(written, sizeof(written), "w");
    struct json json = {.out = out};

    CHECK(out != NULL);
    json_open(&json);
    json_str(&json, "s", value);
    json_close(&json);
    fclose(out);
    return written;
}

static void strings_come_out_as_valid_json(void)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", "{\"s\":\"\"}\n"},
        {"plain", "{\"s\":\"plain\"}\n"},
        {"a\"b\\c", "{\"s\":\"a\\\"b\\\\c\"}\n"},
        {"a\r\nb\tc\x01\x7f", "{\"s\":\"a\\r\\nb\\u0009c\\u0001\\u007f\"}\n"},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa6",
         "{\"s\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa6\"}\n"},
        {"\xff", "{\"s\":\"\xef\xbf\xbd\"}\n"},
        {"\xc3", "{\"s\":\"\xef\xbf\xbd\"}\n"},                                   /* cut short */
        {"\xc0\xaf", "{\"s\":\"\xef\xbf\xbd\xef\xbf\xbd\"}\n"},                   /* overlong */
        {"\xed\xa0\x80x", "{\"s\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx\"}\n"}, /* surrogate */
        {"\xf4\x90\x80\x80", "{\"s\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}\n"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK(strcmp(json_of(text_str(cases[i].in)), cases[i].out) == 0);
    }
    CHECK(strcmp(json_of((tern_str){"a\0b", 3}), "{\"s\":\"a\\u0000b\"}\n") == 0);
    CHECK(strcmp(json_of((tern_str){NULL, 0}), "{\"s\":\"\"}\n") == 0);
}

static void members_lists_and_times_are_laid_out_as_json(void)
{
    FILE *out = fmemopen(written, sizeof(written), "w");
    struct json json = {.out = out};

    CHECK(out != NULL);
    json_open(&json);
    json_time(&json, "time", 12003450);
    json_time(&json, "back", -1500000);
    json_time(&json, "never", TERN_TIME_NEVER);
    json_int(&json, "n", -7);
    json_open_list(&json, "list");
    json_open_item(&json);
    json_bool(&json, "a", true);
    json_close_in(&json);
    json_open_item(&json);
    json_close_in(&json);
    json_close_list(&json);
    json_open_in(&json, "in");
    json_text(&json, "b", "c");
    json_close_in(&json);
    json_close(&json);
    fclose(out);
    CHECK(strcmp(written, "{\"time\":12.003450,\"back\":-1.500000,\"never\":null,\"n\":-7,"
                          "\"list\":[{\"a\":true},{}],\"in\":{\"b\":\"c\"}}\n") == 0);
}

static void foreign_text_cannot_move_the_cursor(void)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"Alice", "Alice"},
        {"\x1b[2Jx\a\r\n", "?[2Jx???"},
        {"\xc2\x9b"
         "31m",
         "?31m"}, /* CSI in one character */
        {"a\xe2\x80\xae"
         "b",
         "a?b"}, /* right-to-left override */
        {"caf\xc3\xa9 \xff", "caf\xc3\xa9 ?"},
    };
    char out[64], small[4];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK(strcmp(text_clean(text_str(cases[i].in), out, sizeof(out)), cases[i].out) == 0);
    }
    CHECK(strcmp(text_clean(text_str("ab\xc3\xa9"), small, sizeof(small)), "ab") == 0);
}

static void uris_are_shown_short(void)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"sip:alice@example.com", "alice@example.com"},
        {"sips:alice@example.com;transport=tcp", "alice@example.com"},
        {"sip:alice@example.com?subject=x", "alice@example.com"},
        {"bob", "bob"},
        {"", ""},
    };
    char out[64];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK(strcmp(text_short_uri(text_str(cases[i].in), out, sizeof(out)), cases[i].out) == 0);
    }
}

static void a_reason_comes_without_what_was_said_before_and_without_full_stop(void)
{
    static const struct {
        const char *why, *path, *reason;
    } cases[] = {
        {"cannot play a.wav: No such file.", "a.wav", "No such file"},
        {"cannot play a.wav: no such file", "a.wav", "no such file"},
        {"cannot play a.wav", "a.wav", "cannot play a.wav"},
        {"cannot play b: System error : No such file.", "b", "No such file"},
        {"out of memory", "a.wav", "out of memory"},
        {"no device.. ", "", "no device"},
        {"", "a.wav", ""},
    };
    char out[64];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        text_reason(cases[i].why, cases[i].path, out, sizeof(out));
        CHECK(strcmp(out, cases[i].reason) == 0);
    }
}

static void uris_that_stay_on_this_machine_are_known(void)
{
    static const struct {
        const char *uri;
        bool here;
    } cases[] = {
        {"sip:bob@127.0.0.1", true},
        {"sip:bob@127.0.0.1:5070;transport=tcp", true},
        {"127.3.2.1", true},
        {"sip:[::1]:5070", true},
        {"bob@[::1]", true},
        {"sip:bob@LocalHost:5070", true},
        {"sip:bob@example.com", false},
        {"sip:127.0.0.1@192.0.2.1", false},
        {"sip:bob@[2001:db8::1]", false},
        {"sip:bob@localhost.example.com", false},
        {"bob", false},
        {"", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_EQ(text_is_loopback(text_str(cases[i].uri)), cases[i].here);
    }
}

static void times_are_shown_as_people_say_them(void)
{
    char clock[16], span[24];

    CHECK(strcmp(text_clock(TERN_SECONDS(0), clock), "00:00") == 0);
    CHECK(strcmp(text_clock(TERN_SECONDS(42), clock), "00:42") == 0);
    CHECK(strcmp(text_clock(TERN_SECONDS(3723), clock), "1:02:03") == 0);
    CHECK(strcmp(text_span(420, span), "0.4 ms") == 0);
    CHECK(strcmp(text_span(TERN_MS(51), span), "51 ms") == 0);
    CHECK(strcmp(text_span(TERN_SECONDS(12), span), "12.0 s") == 0);
}

static void a_cut_text_fits_and_says_that_it_is_cut(void)
{
    char text[64] = "\x1b[32m\xe2\x97\x8f\x1b[0m alice@example.com";

    CHECK_EQ(text_columns(text), 19);
    text_cut(text, sizeof(text), 19);
    CHECK_EQ(text_columns(text), 19);
    text_cut(text, sizeof(text), 8);
    CHECK_EQ(text_columns(text), 8);
    CHECK(strstr(text, "alice\x1b[0m…") != NULL);
}

static void tables_line_up(void)
{
    static struct table table;
    char line[256];

    table_init(&table, ">N|NAME|STATE");
    table_row(&table, "%d\x1f%s\x1f%s", 1, "Zo\xc3\xab", "up");
    table_row(&table, "%d\x1f%s\x1f%s", 12, "Bob\x1b", "");
    CHECK(strcmp(table_line(&table, 0, line, sizeof(line)), " N  NAME  STATE") == 0);
    CHECK(strcmp(table_line(&table, 1, line, sizeof(line)), " 1  Zo\xc3\xab   up") == 0);
    CHECK(strcmp(table_line(&table, 2, line, sizeof(line)), "12  Bob?") == 0);
}

static void a_column_can_be_left_out(void)
{
    static struct table table;
    char line[256];

    table_init(&table, ">N|NAME|>AGE|STATE");
    table_row(&table, "%d\x1f%s\x1f%d\x1f%s", 12, "Bob", 7, "up");
    CHECK_EQ(table_width(&table), 2 + 2 + 4 + 2 + 3 + 2 + 5);
    table_drop(&table, "NOBODY");
    table_drop(&table, "NAME");
    CHECK_EQ(table_width(&table), 2 + 2 + 3 + 2 + 5);
    CHECK(strcmp(table_line(&table, 0, line, sizeof(line)), " N  AGE  STATE") == 0);
    CHECK(strcmp(table_line(&table, 1, line, sizeof(line)), "12    7  up") == 0);
    table_drop(&table, "STATE");
    CHECK(strcmp(table_line(&table, 1, line, sizeof(line)), "12    7") == 0);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(strings_come_out_as_valid_json),
        TEST(members_lists_and_times_are_laid_out_as_json),
        TEST(foreign_text_cannot_move_the_cursor),
        TEST(uris_are_shown_short),
        TEST(a_reason_comes_without_what_was_said_before_and_without_full_stop),
        TEST(uris_that_stay_on_this_machine_are_known),
        TEST(times_are_shown_as_people_say_them),
        TEST(a_cut_text_fits_and_says_that_it_is_cut),
        TEST(tables_line_up),
        TEST(a_column_can_be_left_out),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
