/* SPDX-License-Identifier: MIT */
/* The lines that can be typed into the phone, and their completion. */
#include "phone_command.h"
#include "tern_test.h"

static void lines_become_commands(void)
{
    static const struct {
        const char *line;
        enum phone_verb verb;
        unsigned number;
        const char *text;
    } cases[] = {
        {"", VERB_NONE, 0, ""},
        {"  \t\n", VERB_NONE, 0, ""},
        {"# a comment", VERB_NONE, 0, ""},
        {"register", VERB_REGISTER, 0, ""},
        {"REGISTER 2", VERB_REGISTER, 2, ""},
        {"unreg", VERB_UNREGISTER, 0, ""},
        {"call bob", VERB_CALL, 0, "bob"},
        {" dial\tsip:bob@example.com;x=1 \r", VERB_CALL, 0, "sip:bob@example.com;x=1"},
        {"a", VERB_ANSWER, 0, ""},
        {"answer 3", VERB_ANSWER, 3, ""},
        {"reject", VERB_REJECT, 0, ""},
        {"h 2", VERB_HANGUP, 2, ""},
        {"hold", VERB_HOLD, 0, ""},
        {"mute", VERB_MUTE, 0, ""},
        {"dtmf 12*#ad", VERB_DTMF, 0, "12*#AD"},
        {"ls", VERB_LIST, 0, ""},
        {"switch 7", VERB_SWITCH, 7, ""},
        {"play my file.wav ", VERB_PLAY, 0, "my file.wav"},
        {"record", VERB_RECORD, 0, ""},
        {"? wait", VERB_HELP, 0, "wait"},
        {"q", VERB_QUIT, 0, ""},
    };
    struct phone_command command;
    char why[PHONE_WHY_CAP];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_EQ(phone_parse(cases[i].line, &command, why), 0);
        CHECK_EQ(command.verb, cases[i].verb);
        CHECK_EQ(command.number, cases[i].number);
        CHECK(strcmp(command.text, cases[i].text) == 0);
    }
}

static void waits_say_for_what_and_how_long(void)
{
    static const struct {
        const char *line;
        enum phone_wait wait;
        uint32_t ms;
    } cases[] = {
        {"wait 2", WAIT_TIME, 2000},
        {"wait 0.25", WAIT_TIME, 250},
        {"wait registered", WAIT_REGISTERED, 30000},
        {"wait answered 5", WAIT_ANSWERED, 5000},
        {"wait ended 1.5", WAIT_ENDED, 1500},
        {"wait COMPLETED 0", WAIT_COMPLETED, 0},
    };
    struct phone_command command;
    char why[PHONE_WHY_CAP];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_EQ(phone_parse(cases[i].line, &command, why), 0);
        CHECK_EQ(command.verb, VERB_WAIT);
        CHECK_EQ(command.wait, cases[i].wait);
        CHECK_EQ(command.wait_ms, cases[i].ms);
    }
}

static void an_ip_change_by_hand_takes_its_parameters(void)
{
    struct phone_command command;
    char why[PHONE_WHY_CAP];

    CHECK_EQ(phone_parse("ipchange", &command, why), 0);
    CHECK(!command.keep_listeners && !command.keep_transports);
    CHECK_EQ(phone_parse("ipchange keep-listeners delay 20 keep-transports", &command, why), 0);
    CHECK(command.keep_listeners && command.keep_transports);
    CHECK_EQ(command.delay_ms, 20);
    CHECK_EQ(phone_parse("hangup all", &command, why), 0);
    CHECK(command.all);
}

static void mistakes_are_told_with_what_was_expected(void)
{
    static const struct {
        const char *line, *why;
    } cases[] = {
        {"frobnicate", "There is no command 'frobnicate'; 'help' lists them"},
        {"re", "There is no command 're'; 'help' lists them"},
        {"list all", "list: expected nothing after it, found 'all'"},
        {"answer x", "answer: expected the number of a call, found 'x'"},
        {"answer 0", "answer: expected the number of a call, found '0'"},
        {"answer 1 2", "answer: expected nothing more, found '2'"},
        {"register one", "register: expected the number of an account, found 'one'"},
        {"switch", "switch: expected the number of a call"},
        {"call", "call: expected whom to call"},
        {"call a b", "call: expected a URI or a user name without blanks, found 'a b'"},
        {"dtmf", "dtmf: expected digits out of 0-9 * # A-D"},
        {"dtmf 12x", "dtmf: expected digits out of 0-9 * # A-D, found '12x'"},
        {"wait", "wait: expected seconds, or registered, answered, ended or completed with seconds "
                 "after it"},
        {"wait ended x", "wait: expected seconds, found 'x'"},
        {"wait 1 2", "wait: expected nothing more, found '2'"},
        {"links wifi never",
         "links: expected ethernet, wifi, cellular, vpn, other, or interfaces by "
         "name, found 'wifi never'"},
        {"links metered", "links: expected use, avoid or never after 'metered', found 'metered'"},
        {"ipchange now", "ipchange: expected keep-listeners, keep-transports, or delay MS, found "
                         "'now'"},
        {"ipchange delay", "ipchange: expected milliseconds after 'delay'"},
        {"a\x1b[31m", "There is no command 'a?[31m'; 'help' lists them"},
    };
    struct phone_command command;
    char why[PHONE_WHY_CAP];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK(phone_parse(cases[i].line, &command, why) < 0);
        if (strcmp(why, cases[i].why) != 0) fprintf(stderr, "%s\n%s\n", why, cases[i].why);
        CHECK(strcmp(why, cases[i].why) == 0);
    }
}

static void a_line_of_any_length_is_read_or_refused(void)
{
    static char line[PHONE_LINE_CAP + 10];
    struct phone_command command;
    char why[PHONE_WHY_CAP];

    memset(line, 'x', sizeof(line) - 1);
    memcpy(line, "play ", 5);
    CHECK(phone_parse(line, &command, why) < 0);
    line[PHONE_LINE_CAP - 1] = '\0';
    CHECK_EQ(phone_parse(line, &command, why), 0);
    CHECK_EQ(strlen(command.text), PHONE_LINE_CAP - 6);
}

static void tab_offers_what_fits(void)
{
    static const struct {
        const char *line;
        size_t from, count;
        const char *first;
    } cases[] = {
        {"", 0, 23, "account"},
        {"re", 0, 4, "record"},
        {"ho", 0, 1, "hold"},
        {" wait ", 6, 4, "answered"},
        {"wait e", 5, 1, "ended"},
        {"help unm", 5, 1, "unmute"},
        {"ipchange delay k", 15, 2, "keep-listeners"},
        {"hangup a", 7, 1, "all"},
        {"zzz", 0, 0, NULL},
        {"call b", 5, 0, NULL},
    };
    const char *words[32];
    size_t from;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t count = phone_complete(cases[i].line, &from, words, 32);
        if (cases[i].first == NULL) {
            CHECK_EQ(count, 0);
            continue;
        }
        CHECK_EQ(from, cases[i].from);
        CHECK(strcmp(words[0], cases[i].first) == 0);
        CHECK_EQ(count, cases[i].line[0] == '\0' ? phone_verb_count : cases[i].count);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(lines_become_commands),
        TEST(waits_say_for_what_and_how_long),
        TEST(an_ip_change_by_hand_takes_its_parameters),
        TEST(mistakes_are_told_with_what_was_expected),
        TEST(a_line_of_any_length_is_read_or_refused),
        TEST(tab_offers_what_fits),
    };

    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
