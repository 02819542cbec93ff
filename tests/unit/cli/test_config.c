/* SPDX-License-Identifier: MIT */
/* The configuration file: what it may say, and what is said of each mistake in it. */
#include <stdlib.h>

#include "config.h"
#include "tern_test.h"
#include "text.h"

static struct config config;
static char why[CONFIG_WHY_CAP];

static int parse(const char *text)
{
    config_init(&config);
    why[0] = '\0';
    return config_parse(&config, "t.conf", text_str(text), why);
}

static void a_file_sets_what_it_says_and_leaves_the_rest_at_its_default(void)
{
    CHECK_EQ(parse("# comment\n; another\n\n"
                   "[phone]\r\n"
                   "  sip-port = 5070  \n"
                   "rtp_ports=20000-20100\n"
                   "auto-ip-change = no\n"
                   "auto-answer = 250\n"
                   "ca = /etc/ca.pem\n"
                   "verify = no\n"
                   "[account]\n"
                   "uri = alice@example.com\n"
                   "password = \"a # b; \\\" \\\\ \"\n"
                   "transport = TCP\n"
                   "reinvite = media, via\n"
                   "order = after-register\n"
                   "[account]\n"
                   "uri = sips:bob@example.com;x=y\n"
                   "transport = tls\n"
                   "srtp = mandatory\n"
                   "srtp-keys = dtls\n"
                   "reinvite = none"),
             0);
    CHECK_EQ(config.sip_port, 5070);
    CHECK_EQ(config.rtp_port_min, 20000);
    CHECK_EQ(config.rtp_port_max, 20100);
    CHECK_EQ(config.auto_ip_change, false);
    CHECK_EQ(config.auto_answer_ms, 250);
    CHECK_EQ(config.settle_ms, 75);
    CHECK_EQ(config.account_count, 2);
    CHECK(strcmp(config.accounts[0].uri, "sip:alice@example.com") == 0);
    CHECK(strcmp(config.accounts[0].password, "a # b; \" \\ ") == 0);
    CHECK_EQ(config.accounts[0].transport, TERN_TRANSPORT_TCP);
    CHECK_EQ(config.accounts[0].reinvite, TERN_CALL_REINIT_MEDIA | TERN_CALL_UPDATE_VIA);
    CHECK_EQ(config.accounts[0].order, TERN_ORDER_AFTER_REGISTER);
    CHECK(strcmp(config.accounts[1].uri, "sips:bob@example.com;x=y") == 0);
    CHECK_EQ(config.accounts[1].reinvite, 0);
    CHECK_EQ(config.accounts[1].transport, TERN_TRANSPORT_TLS);
    CHECK(strcmp(config.ca, "/etc/ca.pem") == 0);
    CHECK_EQ(config.verify, false);
    CHECK_EQ(config.accounts[0].srtp, CONFIG_SRTP_AUTO);
    CHECK_EQ(config.accounts[1].srtp, TERN_SRTP_MANDATORY);
    CHECK_EQ(config.accounts[1].srtp_keys, TERN_SRTP_DTLS);
    CHECK_EQ(config.accounts[1].expires_s, 600);
}

static void each_mistake_is_told_with_its_line_and_what_was_expected(void)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"sip-port = 1\n", "t.conf:1: expected [phone] or [account] before the first setting"},
        {"\n[phones]\n", "t.conf:2: expected [phone] or [account], found '[phones]'"},
        {"[phone]\nhello\n", "t.conf:2: expected 'NAME = VALUE', '[SECTION]' or '# COMMENT'"},
        {"[phone]\nsip-prt = 1\n",
         "t.conf:2: expected a setting of [phone], found 'sip-prt'; did you mean 'sip-port'?"},
        {"[phone]\nblue = 1\n",
         "t.conf:2: expected a setting of [phone], found 'blue'; see tern.conf(5)"},
        {"[phone]\npassword = x\n", "t.conf:2: password: expected in [account], found in [phone]"},
        {"[account]\nsip-port = 1\n",
         "t.conf:2: sip-port: expected in [phone], found in [account]"},
        {"[phone]\njson = yes\n",
         "t.conf:2: expected a setting of [phone], found 'json'; see tern.conf(5)"},
        {"[phone]\nsip-port = 65536\n",
         "t.conf:2: sip-port: expected a number from 0 to 65535, found '65536'"},
        {"[phone]\nsip-port = 12x\n",
         "t.conf:2: sip-port: expected a number from 0 to 65535, found '12x'"},
        {"[phone]\nsip-port =\n",
         "t.conf:2: sip-port: expected a number from 0 to 65535, found nothing"},
        {"[phone]\ndscp = perhaps\n", "t.conf:2: dscp: expected yes or no, found 'perhaps'"},
        {"[phone]\nauto-answer = soon\n",
         "t.conf:2: auto-answer: expected yes, no, or milliseconds up to 600000, found 'soon'"},
        {"[phone]\nrtp-ports = 20000\n",
         "t.conf:2: rtp-ports: expected two ports from 1024 to 65535 with room for two calls, as "
         "in 16384-16484, found '20000'"},
        {"[phone]\nrtp-ports = 20000-19000\n",
         "t.conf:2: rtp-ports: expected two ports from 1024 to 65535 with room for two calls, as "
         "in 16384-16484, found '20000-19000'"},
        {"[account]\nuri = alice\n",
         "t.conf:2: uri: expected user@domain, as in sip:alice@example.com, found 'alice'"},
        {"[account]\nuri = <sip:a@b>\n",
         "t.conf:2: uri: expected a SIP URI without blanks, quotes and angle brackets, found "
         "'<sip:a@b>'"},
        {"[account]\nuri = a@b\ntransport = sctp\n",
         "t.conf:3: transport: expected udp|tcp|tls, found 'sctp'"},
        {"[account]\nuri = a@b\nreinvite = media,\n",
         "t.conf:3: reinvite: expected media,contact,via|none, found 'media,'"},
        {"[account]\nuri = a@b\npassword = \"x\n",
         "t.conf:3: password: expected one text between two double quotes"},
        {"[account]\nuri = a@b\npassword = \"x\" y\n",
         "t.conf:3: password: expected one text between two double quotes"},
        {"[phone]\n[account]\npassword = x\n[phone]\n",
         "t.conf:2: expected 'uri = USER@DOMAIN' in this [account]"},
        {"[account]\n", "t.conf:1: expected 'uri = USER@DOMAIN' in this [account]"},
        {"[phone]\nsip-port = 1\n\nsip-port = 2\n",
         "t.conf:4: sip-port: expected once in this section, found in line 2 too"},
        {"[phone]\nsip-port = 1\n[phone]\nsip_port = 1\n",
         "t.conf:4: sip-port: expected once in this section, found in line 2 too"},
        {"[account]\nuri = a@b\nrealm = x\n[account]\nuri = b@b\nrealm = x\nrealm = x\n",
         "t.conf:7: realm: expected once in this section, found in line 6 too"},
        {"[phone]\nplay = a\x1b[31m\n", "t.conf:2: expected text, found a control character"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_EQ(parse(cases[i].text), TERN_EPARSE);
        if (strcmp(why, cases[i].why) != 0) fprintf(stderr, "%s\n%s\n", why, cases[i].why);
        CHECK(strcmp(why, cases[i].why) == 0);
    }
}

static void lines_texts_and_accounts_beyond_their_limits_are_refused(void)
{
    static char text[4096];
    size_t at = (size_t)snprintf(text, sizeof(text), "[phone]\nplay = ");

    memset(text + at, 'x', 300);
    CHECK_EQ(parse(text), TERN_EPARSE);
    CHECK(strcmp(why, "t.conf:2: play: expected at most 251 bytes, found '…'") == 0);
    memset(text + at, 'x', 1100);
    CHECK_EQ(parse(text), TERN_EPARSE);
    CHECK(strcmp(why, "t.conf:2: expected a line of at most 1024 bytes") == 0);
    at = 0;
    for (int i = 0; i <= CONFIG_ACCOUNTS_MAX; i++) {
        at += (size_t)snprintf(text + at, sizeof(text) - at, "[account]\nuri = a@b\n");
    }
    CHECK_EQ(parse(text), TERN_EPARSE);
    CHECK(strcmp(why, "t.conf:33: expected at most 16 accounts") == 0);
}

static void a_password_is_in_no_message(void)
{
    static char text[512];
    size_t at = (size_t)snprintf(text, sizeof(text), "[account]\nuri = a@b\npassword = ");

    memset(text + at, 's', 300);
    CHECK_EQ(parse(text), TERN_EPARSE);
    CHECK(strstr(why, "ss") == NULL || strstr(why, "sss") == NULL);
    CHECK(strstr(why, "password: expected at most 251 bytes") != NULL);
}

static void every_setting_is_printed_as_it_is_read(void)
{
    char first[CONFIG_TEXT_CAP], again[CONFIG_TEXT_CAP];

    CHECK_EQ(parse("[account]\nuri = a@b\n"), 0);
    for (size_t i = 0; i < config_setting_count; i++) {
        const struct config_setting *s = &config_settings[i];
        config_print(&config, &config.accounts[0], s, first);
        CHECK_EQ(config_set(&config, &config.accounts[0], s, first, why), 0);
        CHECK(strcmp(config_print(&config, &config.accounts[0], s, again), first) == 0);
        CHECK(config_find(s->name) == s);
    }
}

static void a_missing_file_is_told_from_one_that_cannot_be_read(void)
{
    config_init(&config);
    CHECK_EQ(config_read(&config, "/nonexistent/tern.conf", why), TERN_ENOTFOUND);
    CHECK(strcmp(why, "/nonexistent/tern.conf: No such file or directory") == 0);
    CHECK_EQ(config_read(&config, "/", why), TERN_EIO);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_file_sets_what_it_says_and_leaves_the_rest_at_its_default),
        TEST(each_mistake_is_told_with_its_line_and_what_was_expected),
        TEST(lines_texts_and_accounts_beyond_their_limits_are_refused),
        TEST(a_password_is_in_no_message),
        TEST(every_setting_is_printed_as_it_is_read),
        TEST(a_missing_file_is_told_from_one_that_cannot_be_read),
    };

    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
