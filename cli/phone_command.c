/* SPDX-License-Identifier: MIT */
/* The phone's commands: see phone_command.h. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <tern/err.h>

#include "links.h"
#include "phone_command.h"
#include "text.h"

enum { WORDS_MAX = 6 };

/* clang-format off */
const struct phone_verb_info phone_verbs[] = {
    {VERB_ACCOUNT, "account", NULL, "[N]", "use account N for new calls, or say which one is used",
     NULL},
    {VERB_ANSWER, "answer", "a", "[N]", "answer the call that rings, or call N",
     "The answered call comes to the foreground."},
    {VERB_CALL, "call", "dial", "URI|USER", "call somebody",
     "A user name without a domain is looked for at the account's own domain."},
    {VERB_DTMF, "dtmf", NULL, "DIGITS", "send digits 0-9 * # A-D in the call in the foreground",
     NULL},
    {VERB_HANGUP, "hangup", "h", "[N|all]", "end the call in the foreground, call N, or all", NULL},
    {VERB_HELP, "help", "?", "[COMMAND]", "list the commands, or say more about one", NULL},
    {VERB_HOLD, "hold", NULL, "[N]", "hold the call in the foreground, or call N", NULL},
    {VERB_IPCHANGE, "ipchange", NULL, "[keep-listeners] [keep-transports] [delay MS]",
     "handle an IP change by hand",
     "Everything is measured against the network as it is, and what does not fit is moved. Where\n"
     "nothing has changed, nothing is sent. keep-listeners does not open listeners anew,\n"
     "keep-transports leaves connections alone whose address still stands, and delay is the pause\n"
     "between closing and opening listeners."},
    {VERB_LINKS, "links", NULL, "[[only] LINK,... | any] [never LINK,...] [metered use|avoid|never]",
     "say which networks are used, in which order",
     "LINK is ethernet, wifi, cellular, vpn, other, or the name of an interface. Calls and\n"
     "registrations move to the best one that is there. 'links only wifi' uses nothing else,\n"
     "'links any' leaves it to routing. It replaces what was said before. Without anything after\n"
     "it, says what is in force."},
    {VERB_LIST, "list", "ls", "", "show calls and accounts", NULL},
    {VERB_MUTE, "mute", NULL, "[N]", "send silence in the call in the foreground, or call N", NULL},
    {VERB_NETWORK, "network", NULL, "", "show the addresses and routes of this host, and which are used", NULL},
    {VERB_PLAY, "play", NULL, "[FILE]", "send a sound file in place of the microphone",
     "It starts anew at its end. Without a file, what was sent before is sent again."},
    {VERB_QUIT, "quit", "q", "", "hang up, unregister and leave", NULL},
    {VERB_RECORD, "record", NULL, "[FILE]", "record what is heard to a WAV file",
     "Without a file, recording ends."},
    {VERB_REGISTER, "register", NULL, "[N]", "register account N, or all", NULL},
    {VERB_REJECT, "reject", NULL, "[N]", "decline the call that rings, or call N", NULL},
    {VERB_RESUME, "resume", NULL, "[N]", "resume the call in the foreground, or call N", NULL},
    {VERB_STATS, "stats", NULL, "", "show numbers about audio and messages", NULL},
    {VERB_SWITCH, "switch", NULL, "N", "bring call N to the foreground",
     "The microphone and the loudspeaker belong to the call in the foreground. The other calls\n"
     "are not put on hold; type 'hold' first if they should be."},
    {VERB_UNMUTE, "unmute", NULL, "[N]", "send sound again", NULL},
    {VERB_UNREGISTER, "unregister", NULL, "[N]", "unregister account N, or all", NULL},
    {VERB_WAIT, "wait", NULL, "SECONDS | registered|answered|ended|completed [SECONDS]",
     "in scripts: wait before the next command",
     "registered: until every account is registered\n"
     "answered: until the call in the foreground, or the first one to come, is answered\n"
     "ended: until there is no call\n"
     "completed: until an IP change has completed, or one has since the last such wait\n"
     "The number says how long at most, 30 seconds if left out. A script ends, with exit status\n"
     "1, where such a wait is in vain."},
};
/* clang-format on */

const size_t phone_verb_count = sizeof(phone_verbs) / sizeof(phone_verbs[0]);

static const char *const waits[] = {"answered", "completed", "ended", "registered"};
static const enum phone_wait wait_values[] = {WAIT_ANSWERED, WAIT_COMPLETED, WAIT_ENDED,
                                              WAIT_REGISTERED};
static const char *const ipchange_words[] = {"delay", "keep-listeners", "keep-transports"};
static const char *const links_words[] = {"any",   "avoid", "cellular", "ethernet", "metered",
                                          "never", "only",  "use",      "vpn",      "wifi"};

const struct phone_verb_info *phone_find_verb(const char *name)
{
    const struct phone_verb_info *found = NULL;
    size_t len = strlen(name);

    for (size_t i = 0; i < phone_verb_count; i++) {
        const struct phone_verb_info *v = &phone_verbs[i];
        if (strcasecmp(v->name, name) == 0) return v;
        if (v->alias != NULL && strcasecmp(v->alias, name) == 0) return v;
    }
    for (size_t i = 0; i < phone_verb_count; i++) {
        if (len == 0 || strncasecmp(phone_verbs[i].name, name, len) != 0) continue;
        if (found != NULL) return NULL;
        found = &phone_verbs[i];
    }
    return found;
}

/* ---- arguments ---- */

struct words {
    size_t count;
    const char *word[WORDS_MAX];
    const char *rest; /* everything after the first word, blanks at both ends cut */
};

static int expect(const struct phone_verb_info *v, const char *expected, const char *found,
                  char *why)
{
    char text[64];

    if (found == NULL) {
        snprintf(why, PHONE_WHY_CAP, "%s: expected %s", v->name, expected);
    } else {
        text_clean(text_str(found), text, sizeof(text));
        snprintf(why, PHONE_WHY_CAP, "%s: expected %s, found '%s'", v->name, expected, text);
    }
    return TERN_EINVAL;
}

/* Digits with at most three after a point, times 1000. @return -1 for anything else. */
static int64_t read_thousandths(const char *text)
{
    int64_t value = 0;
    int after = -1;

    if (*text < '0' || *text > '9') return -1;
    for (; *text != '\0'; text++) {
        if (*text == '.' && after < 0) {
            after = 0;
            continue;
        }
        if (*text < '0' || *text > '9' || after == 3 || value > 100000000) return -1;
        value = value * 10 + (*text - '0');
        if (after >= 0) after++;
    }
    for (int i = after < 0 ? 0 : after; i < 3; i++)
        value *= 10;
    return value;
}

static int read_count(const char *text, unsigned *out)
{
    int64_t value = read_thousandths(text);

    if (value < 1000 || value > 999000 || strchr(text, '.') != NULL) return TERN_EINVAL;
    *out = (unsigned)(value / 1000);
    return 0;
}

static int no_more(const struct phone_verb_info *v, const struct words *words, size_t most,
                   char *why)
{
    if (words->count <= most + 1) return 0;
    return expect(v, most == 0 ? "nothing after it" : "nothing more", words->word[most + 1], why);
}

static int parse_number(const struct phone_verb_info *v, const struct words *words, char *why,
                        struct phone_command *out)
{
    bool account =
        v->verb == VERB_ACCOUNT || v->verb == VERB_REGISTER || v->verb == VERB_UNREGISTER;
    const char *expected = account ? "the number of an account" : "the number of a call";

    if (words->count < 2) return v->verb == VERB_SWITCH ? expect(v, expected, NULL, why) : 0;
    if (v->verb == VERB_HANGUP && strcasecmp(words->word[1], "all") == 0) {
        out->all = true;
    } else if (read_count(words->word[1], &out->number) < 0) {
        return expect(v, expected, words->word[1], why);
    }
    return no_more(v, words, 1, why);
}

static int parse_wait(const struct phone_verb_info *v, const struct words *words, char *why,
                      struct phone_command *out)
{
    static const char expected[] =
        "seconds, or registered, answered, ended or completed with seconds after it";
    int64_t ms = words->count > 1 ? read_thousandths(words->word[1]) : -1;
    size_t most = 1;

    if (words->count < 2) return expect(v, expected, NULL, why);
    out->wait = WAIT_TIME;
    if (ms < 0) {
        for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
            if (strcasecmp(words->word[1], waits[i]) == 0) out->wait = wait_values[i];
        }
        if (out->wait == WAIT_TIME) return expect(v, expected, words->word[1], why);
        ms = words->count > 2 ? read_thousandths(words->word[2]) : PHONE_WAIT_MS;
        most = 2;
    }
    if (ms < 0 || ms > 100000000) return expect(v, "seconds", words->word[most], why);
    out->wait_ms = (uint32_t)ms;
    return no_more(v, words, most, why);
}

static int parse_digits(const struct phone_verb_info *v, const struct words *words, char *why,
                        struct phone_command *out)
{
    static const char expected[] = "digits out of 0-9 * # A-D";

    if (words->count < 2) return expect(v, expected, NULL, why);
    if (words->rest[strspn(words->rest, "0123456789*#ABCDabcd")] != '\0') {
        return expect(v, expected, words->rest, why);
    }
    for (size_t i = 0; words->rest[i] != '\0'; i++) {
        char c = words->rest[i];
        out->text[i] = c >= 'a' && c <= 'd' ? (char)(c - 'a' + 'A') : c;
    }
    return 0;
}

static int parse_ipchange(const struct phone_verb_info *v, const struct words *words, char *why,
                          struct phone_command *out)
{
    static const char expected[] = "keep-listeners, keep-transports, or delay MS";

    for (size_t i = 1; i < words->count; i++) {
        if (strcasecmp(words->word[i], "keep-listeners") == 0) {
            out->keep_listeners = true;
        } else if (strcasecmp(words->word[i], "keep-transports") == 0) {
            out->keep_transports = true;
        } else if (strcasecmp(words->word[i], "delay") == 0) {
            int64_t ms = ++i < words->count ? read_thousandths(words->word[i]) : -1;
            if (ms < 0 || ms > 60000000) return expect(v, "milliseconds after 'delay'", NULL, why);
            out->delay_ms = (uint32_t)(ms / 1000);
        } else {
            return expect(v, expected, words->word[i], why);
        }
    }
    return 0;
}

static int parse_links(const struct phone_verb_info *v, const struct words *words, char *why,
                       struct phone_command *out)
{
    struct tern_link_policy policy;

    tern_link_policy_init(&policy);
    const char *expected = links_read(words->rest, LINKS_ALL, &policy);
    if (expected) return expect(v, expected, words->rest, why);
    snprintf(out->text, sizeof(out->text), "%s", words->rest);
    return 0;
}

static int parse_text(const struct phone_verb_info *v, const struct words *words, char *why,
                      struct phone_command *out)
{
    if (v->verb == VERB_CALL && words->count < 2) return expect(v, "whom to call", NULL, why);
    if (v->verb == VERB_CALL && words->count > 2) {
        return expect(v, "a URI or a user name without blanks", words->rest, why);
    }
    snprintf(out->text, sizeof(out->text), "%s", words->rest);
    return 0;
}

/* ---- lines ---- */

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Cuts `text` into words, in place; `rest` is a copy made before. */
static void split(char *text, char *rest, struct words *words)
{
    size_t len = strcspn(text, " \t"), end;

    snprintf(rest, PHONE_LINE_CAP, "%s", text + len);
    end = strlen(rest);
    while (end > 0 && blank(rest[end - 1]))
        rest[--end] = '\0';
    words->rest = rest + strspn(rest, " \t");
    while (words->count < WORDS_MAX) {
        while (blank(*text))
            text++;
        if (*text == '\0') return;
        words->word[words->count++] = text;
        while (*text != '\0' && !blank(*text))
            text++;
        if (*text != '\0') *text++ = '\0';
    }
}

static int parse_arguments(const struct phone_verb_info *v, const struct words *words, char *why,
                           struct phone_command *out)
{
    switch (v->verb) {
    case VERB_NONE:
    case VERB_LIST:
    case VERB_NETWORK:
    case VERB_STATS:
    case VERB_QUIT: return no_more(v, words, 0, why);
    case VERB_ACCOUNT:
    case VERB_ANSWER:
    case VERB_HANGUP:
    case VERB_HOLD:
    case VERB_MUTE:
    case VERB_REGISTER:
    case VERB_REJECT:
    case VERB_RESUME:
    case VERB_SWITCH:
    case VERB_UNMUTE:
    case VERB_UNREGISTER: return parse_number(v, words, why, out);
    case VERB_CALL:
    case VERB_HELP:
    case VERB_PLAY:
    case VERB_RECORD: return parse_text(v, words, why, out);
    case VERB_DTMF: return parse_digits(v, words, why, out);
    case VERB_IPCHANGE: return parse_ipchange(v, words, why, out);
    case VERB_LINKS: return parse_links(v, words, why, out);
    case VERB_WAIT: return parse_wait(v, words, why, out);
    }
    return TERN_EINVAL;
}

int phone_parse(const char *line, struct phone_command *out, char *why)
{
    char text[PHONE_LINE_CAP], rest[PHONE_LINE_CAP], name[32];
    struct words words = {0};

    memset(out, 0, sizeof(*out));
    line += strspn(line, " \t\r\n");
    if (*line == '\0' || *line == '#') return 0;
    if (strlen(line) >= sizeof(text)) {
        snprintf(why, PHONE_WHY_CAP, "Expected a line of at most %d bytes", PHONE_LINE_CAP - 1);
        return TERN_EINVAL;
    }
    snprintf(text, sizeof(text), "%s", line);
    split(text, rest, &words);
    if (words.count == 0) return 0;
    const struct phone_verb_info *v = phone_find_verb(words.word[0]);
    if (v == NULL) {
        text_clean(text_str(words.word[0]), name, sizeof(name));
        snprintf(why, PHONE_WHY_CAP, "There is no command '%s'; 'help' lists them", name);
        return TERN_EINVAL;
    }
    out->verb = v->verb;
    return parse_arguments(v, &words, why, out);
}

/* ---- completion ---- */

static size_t match(const char *const *all, size_t count, const char *word, const char **out,
                    size_t cap)
{
    size_t found = 0;

    for (size_t i = 0; i < count && found < cap; i++) {
        if (strncasecmp(all[i], word, strlen(word)) == 0) out[found++] = all[i];
    }
    return found;
}

size_t phone_complete(const char *line, size_t *from, const char **out, size_t cap)
{
    static const char *const all[] = {"all"};
    const char *names[sizeof(phone_verbs) / sizeof(phone_verbs[0])];
    char first[32];
    const char *start = line + strspn(line, " \t"), *word = start;
    size_t len = strcspn(start, " \t"), count = 0;

    for (const char *p = start; *p != '\0'; p++) {
        if (blank(*p)) word = p + 1;
    }
    *from = (size_t)(word - line);
    for (size_t i = 0; i < phone_verb_count; i++)
        names[i] = phone_verbs[i].name;
    if (word == start) return match(names, phone_verb_count, word, out, cap);
    if (len >= sizeof(first)) return 0;
    memcpy(first, start, len);
    first[len] = '\0';
    const struct phone_verb_info *v = phone_find_verb(first);
    if (v == NULL) return 0;
    if (v->verb == VERB_HELP) count = match(names, phone_verb_count, word, out, cap);
    if (v->verb == VERB_WAIT) count = match(waits, 4, word, out, cap);
    if (v->verb == VERB_IPCHANGE) count = match(ipchange_words, 3, word, out, cap);
    if (v->verb == VERB_LINKS) count = match(links_words, 10, word, out, cap);
    if (v->verb == VERB_HANGUP) count = match(all, 1, word, out, cap);
    return count;
}
