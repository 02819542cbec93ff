/* SPDX-License-Identifier: MIT */
/* Values of settings, and the configuration file. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config.h"
#include "links.h"
#include "text.h"

#define WHY(why, ...) snprintf(why, CONFIG_WHY_CAP, __VA_ARGS__)

/* ---- values ---- */

static void *member(struct config *config, struct config_account *account,
                    const struct config_setting *setting)
{
    char *base = setting->scope == CONFIG_ACCOUNT ? (char *)account : (char *)config;

    return base + setting->offset;
}

/* A secret is not repeated in a message that may end in a log. */
static int refuse(const struct config_setting *setting, const char *value, char *why,
                  const char *expected)
{
    char found[64];

    text_clean(text_str(value), found, sizeof(found));
    if (strncmp(setting->name, "password", 8) == 0) snprintf(found, sizeof(found), "…");
    if (value[0] == '\0') {
        WHY(why, "%s: expected %s, found nothing", setting->name, expected);
    } else {
        WHY(why, "%s: expected %s, found '%s'", setting->name, expected, found);
    }
    return TERN_EINVAL;
}

/* @return the number, or -1. At most nine digits. */
static int64_t read_number(const char *text, size_t len)
{
    int64_t number = 0;

    if (len == 0 || len > 9) return -1;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

/* @return 1 yes, 0 no, -1 neither. */
static int read_switch(const char *value)
{
    static const char *const yes[] = {"yes", "on", "true", "1"};
    static const char *const no[] = {"no", "off", "false", "0"};

    for (size_t i = 0; i < 4; i++) {
        if (strcasecmp(value, yes[i]) == 0) return 1;
        if (strcasecmp(value, no[i]) == 0) return 0;
    }
    return -1;
}

static int set_text(const struct config_setting *setting, char *out, const char *value, char *why)
{
    bool scheme = setting->kind == CONFIG_URI && value[0] != '\0' && strcmp(value, "none") != 0 &&
                  strncasecmp(value, "sip:", 4) != 0 && strncasecmp(value, "sips:", 5) != 0;

    if (strlen(value) + 4 >= CONFIG_TEXT_CAP) {
        return refuse(setting, "…", why, "at most 251 bytes");
    }
    for (const char *c = value; *c != '\0'; c++) {
        if ((unsigned char)*c >= 0x20 && *c != 0x7f) continue;
        return refuse(setting, value, why, "text without control characters");
    }
    if (setting->kind == CONFIG_URI && strpbrk(value, " \t<>\"") != NULL) {
        return refuse(setting, value, why, "a SIP URI without blanks, quotes and angle brackets");
    }
    if (strcmp(setting->name, "uri") == 0 && strchr(value, '@') == NULL) {
        return refuse(setting, value, why, "user@domain, as in sip:alice@example.com");
    }
    snprintf(out, CONFIG_TEXT_CAP, "%s%s", scheme ? "sip:" : "", value);
    return 0;
}

static int set_number(const struct config_setting *setting, uint32_t *out, const char *value,
                      char *why)
{
    int64_t number = read_number(value, strlen(value));
    char expected[64];

    if (number < setting->min || number > setting->max) {
        snprintf(expected, sizeof(expected), "a number from %u to %u", setting->min, setting->max);
        return refuse(setting, value, why, expected);
    }
    *out = (uint32_t)number;
    return 0;
}

static int set_switch(const struct config_setting *setting, bool *out, const char *value, char *why)
{
    int on = read_switch(value);

    if (on < 0) return refuse(setting, value, why, "yes or no");
    *out = on == 1;
    return 0;
}

static const struct config_word *find_word(const struct config_word *words, const char *text,
                                           size_t len)
{
    for (; words->word != NULL; words++) {
        if (strlen(words->word) == len && strncasecmp(words->word, text, len) == 0) return words;
    }
    return NULL;
}

static int set_choice(const struct config_setting *setting, uint32_t *out, const char *value,
                      char *why)
{
    const struct config_word *word = find_word(setting->words, value, strlen(value));

    if (word == NULL) return refuse(setting, value, why, setting->value);
    *out = word->value;
    return 0;
}

static int set_set(const struct config_setting *setting, uint32_t *out, const char *value,
                   char *why)
{
    uint32_t bits = 0;
    const char *at = value;

    if (strcasecmp(value, "none") == 0) {
        *out = 0;
        return 0;
    }
    for (;;) {
        at += strspn(at, " ");
        size_t len = strcspn(at, ", ");
        const struct config_word *word = find_word(setting->words, at, len);
        if (word == NULL) return refuse(setting, value, why, setting->value);
        bits |= word->value;
        at += len;
        at += strspn(at, " ");
        if (*at == '\0') break;
        if (*at++ != ',') return refuse(setting, value, why, setting->value);
    }
    *out = bits;
    return 0;
}

static int set_ports(const struct config_setting *setting, uint32_t out[2], const char *value,
                     char *why)
{
    size_t len = strcspn(value, "-");
    int64_t low = read_number(value, len);
    int64_t high = value[len] == '-' ? read_number(value + len + 1, strlen(value + len + 1)) : -1;

    if (low < setting->min || high > setting->max || high < low + 3) {
        return refuse(setting, value, why,
                      "two ports from 1024 to 65535 with room for two calls, as in 16384-16484");
    }
    out[0] = (uint32_t)low;
    out[1] = (uint32_t)high;
    return 0;
}

static int set_delay(const struct config_setting *setting, int32_t *out, const char *value,
                     char *why)
{
    int64_t number = read_number(value, strlen(value));
    int on = number >= 0 ? -1 : read_switch(value);

    if (number > setting->max || (number < 0 && on < 0)) {
        return refuse(setting, value, why, "yes, no, or milliseconds up to 600000");
    }
    *out = number >= 0 ? (int32_t)number : on == 1 ? 0 : -1;
    return 0;
}

static int set_links(const struct config_setting *setting, char *out, const char *value, char *why)
{
    struct tern_link_policy policy;

    tern_link_policy_init(&policy);
    const char *expected = links_read(value, (enum links_part)setting->min, &policy);
    return expected ? refuse(setting, value, why, expected) : set_text(setting, out, value, why);
}

int config_set(struct config *config, struct config_account *account,
               const struct config_setting *setting, const char *value, char *why)
{
    void *out = member(config, account, setting);

    switch (setting->kind) {
    case CONFIG_TEXT:
    case CONFIG_DEVICE:
    case CONFIG_URI: return set_text(setting, out, value, why);
    case CONFIG_NUMBER: return set_number(setting, out, value, why);
    case CONFIG_SWITCH: return set_switch(setting, out, value, why);
    case CONFIG_CHOICE: return set_choice(setting, out, value, why);
    case CONFIG_SET: return set_set(setting, out, value, why);
    case CONFIG_PORTS: return set_ports(setting, out, value, why);
    case CONFIG_DELAY: return set_delay(setting, out, value, why);
    case CONFIG_LINKS: return set_links(setting, out, value, why);
    }
    return TERN_EINVAL;
}

struct config_account *config_add_account(struct config *config, const char *uri, char *why)
{
    struct config_account *account = &config->accounts[config->account_count];

    if (config->account_count == CONFIG_ACCOUNTS_MAX) {
        WHY(why, "expected at most %d accounts", CONFIG_ACCOUNTS_MAX);
        return NULL;
    }
    *account = config->defaults;
    if (uri != NULL && config_set(config, account, config_find("uri"), uri, why) < 0) return NULL;
    config->account_count++;
    return account;
}

const struct config_setting *config_find(const char *name)
{
    for (size_t i = 0; i < config_setting_count; i++) {
        const char *a = config_settings[i].name, *b = name;

        while (*a != '\0' && (*a == *b || (*a == '-' && *b == '_'))) {
            a++;
            b++;
        }
        if (*a == '\0' && *b == '\0') return &config_settings[i];
    }
    return NULL;
}

static const char *print_words(const struct config_setting *setting, uint32_t value, char *out)
{
    size_t at = 0;

    out[0] = '\0';
    for (const struct config_word *w = setting->words; w->word != NULL; w++) {
        bool match = setting->kind == CONFIG_SET ? (value & w->value) != 0 : value == w->value;
        if (!match) continue;
        at += (size_t)snprintf(out + at, CONFIG_TEXT_CAP - at, "%s%s", at > 0 ? "," : "", w->word);
    }
    if (at == 0) snprintf(out, CONFIG_TEXT_CAP, "none");
    return out;
}

const char *config_print(const struct config *config, const struct config_account *account,
                         const struct config_setting *setting, char out[CONFIG_TEXT_CAP])
{
    const char *base =
        setting->scope == CONFIG_ACCOUNT ? (const char *)account : (const char *)config;
    uint32_t number[2];
    int32_t delay;
    bool on;

    memcpy(number, base + setting->offset, sizeof(number[0]));
    memcpy(&delay, base + setting->offset, sizeof(delay));
    memcpy(&on, base + setting->offset, sizeof(on));
    switch (setting->kind) {
    case CONFIG_TEXT:
    case CONFIG_URI:
    case CONFIG_LINKS:
    case CONFIG_DEVICE: snprintf(out, CONFIG_TEXT_CAP, "%s", base + setting->offset); break;
    case CONFIG_NUMBER: snprintf(out, CONFIG_TEXT_CAP, "%u", number[0]); break;
    case CONFIG_SWITCH: snprintf(out, CONFIG_TEXT_CAP, "%s", on ? "yes" : "no"); break;
    case CONFIG_CHOICE:
    case CONFIG_SET: print_words(setting, number[0], out); break;
    case CONFIG_PORTS:
        memcpy(number, base + setting->offset, sizeof(number));
        snprintf(out, CONFIG_TEXT_CAP, "%u-%u", number[0], number[1]);
        break;
    case CONFIG_DELAY: snprintf(out, CONFIG_TEXT_CAP, delay < 0 ? "no" : "%d", delay); break;
    }
    return out;
}
