/* SPDX-License-Identifier: MIT */
/* The configuration file: lines, sections, quotes, and messages that name the line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "text.h"

enum { SETTINGS_MAX = 64 };

struct reader {
    struct config *config;
    struct config_account *account; /* of the section, NULL elsewhere */
    enum config_scope scope;
    bool in_section;
    const char *name;
    unsigned line;
    unsigned account_line;
    unsigned given[SETTINGS_MAX]; /* by setting: the line, 0: not yet in this section */
    char *why;
};

static int fail(struct reader *r, unsigned line, const char *what)
{
    snprintf(r->why, CONFIG_WHY_CAP, "%.100s:%u: %.380s", r->name, line, what);
    return TERN_EPARSE;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static char *trim(char *text)
{
    size_t len;

    while (blank(*text))
        text++;
    len = strlen(text);
    while (len > 0 && blank(text[len - 1]))
        text[--len] = '\0';
    return text;
}

/* Quotes off, in place. @return false where a quote is missing or something follows it. */
static bool unquote(char *value)
{
    char *out = value, *in = value + 1;

    if (*value != '"') return true;
    while (*in != '"') {
        if (in[0] == '\\' && (in[1] == '"' || in[1] == '\\')) in++;
        if (*in == '\0') return false;
        *out++ = *in++;
    }
    *out = '\0';
    return in[1] == '\0';
}

static int end_section(struct reader *r)
{
    if (r->account == NULL || r->account->uri[0] != '\0') return 0;
    return fail(r, r->account_line, "expected 'uri = USER@DOMAIN' in this [account]");
}

/* Each [account] is another one, while [phone] goes on where it is opened again. */
static void forget_given(struct reader *r, enum config_scope scope)
{
    for (size_t i = 0; i < config_setting_count && i < SETTINGS_MAX; i++) {
        if (config_settings[i].scope == scope) r->given[i] = 0;
    }
}

static int note_given(struct reader *r, const struct config_setting *setting)
{
    size_t i = (size_t)(setting - config_settings);
    char what[CONFIG_WHY_CAP];

    if (i >= SETTINGS_MAX) return 0;
    if (r->given[i] == 0) {
        r->given[i] = r->line;
        return 0;
    }
    snprintf(what, sizeof(what), "%s: expected once in this section, found in line %u too",
             setting->name, r->given[i]);
    return fail(r, r->line, what);
}

static int begin_section(struct reader *r, const char *text)
{
    char what[CONFIG_WHY_CAP], found[64];
    int err = end_section(r);

    if (err < 0) return err;
    r->in_section = true;
    r->account = NULL;
    if (strcmp(text, "[phone]") == 0) {
        r->scope = CONFIG_PHONE;
        return 0;
    }
    if (strcmp(text, "[account]") == 0) {
        r->scope = CONFIG_ACCOUNT;
        r->account_line = r->line;
        forget_given(r, CONFIG_ACCOUNT);
        r->account = config_add_account(r->config, NULL, what);
        return r->account != NULL ? 0 : fail(r, r->line, what);
    }
    text_clean(text_str(text), found, sizeof(found));
    snprintf(what, sizeof(what), "expected [phone] or [account], found '%s'", found);
    return fail(r, r->line, what);
}

/* The number of single-letter changes between two words, as far as it is small. */
static unsigned distance(const char *a, const char *b)
{
    enum { CAP = 32 };
    unsigned row[CAP + 1];
    size_t n = strlen(b);

    if (n > CAP || strlen(a) > CAP) return CAP;
    for (unsigned j = 0; j <= n; j++)
        row[j] = j;
    for (unsigned i = 1; a[i - 1] != '\0'; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[n];
}

static int unknown_key(struct reader *r, const char *key)
{
    const char *section = r->scope == CONFIG_ACCOUNT ? "account" : "phone";
    char what[CONFIG_WHY_CAP], found[64];
    const struct config_setting *nearest = NULL;
    unsigned least = (unsigned)strlen(key) / 3 + 1; /* a third of it may be mistyped */

    for (size_t i = 0; i < config_setting_count; i++) {
        unsigned far = distance(key, config_settings[i].name);
        if (config_settings[i].scope != r->scope || far >= least) continue;
        least = far;
        nearest = &config_settings[i];
    }
    text_clean(text_str(key), found, sizeof(found));
    if (nearest != NULL) {
        snprintf(what, sizeof(what), "expected a setting of [%s], found '%s'; did you mean '%s'?",
                 section, found, nearest->name);
    } else {
        snprintf(what, sizeof(what), "expected a setting of [%s], found '%s'; see tern.conf(5)",
                 section, found);
    }
    return fail(r, r->line, what);
}

static int read_setting(struct reader *r, char *key, char *value)
{
    const struct config_setting *setting = config_find(key);
    char what[CONFIG_WHY_CAP];

    if (!r->in_section) {
        return fail(r, r->line, "expected [phone] or [account] before the first setting");
    }
    if (setting == NULL || setting->scope == CONFIG_FLAG) return unknown_key(r, key);
    if (setting->scope != r->scope) {
        snprintf(what, sizeof(what), "%s: expected in [%s], found in [%s]", setting->name,
                 setting->scope == CONFIG_ACCOUNT ? "account" : "phone",
                 r->scope == CONFIG_ACCOUNT ? "account" : "phone");
        return fail(r, r->line, what);
    }
    if (!unquote(value)) {
        snprintf(what, sizeof(what), "%s: expected one text between two double quotes",
                 setting->name);
        return fail(r, r->line, what);
    }
    int err = note_given(r, setting);
    if (err < 0) return err;
    err = config_set(r->config, r->account, setting, value, what);
    return err < 0 ? fail(r, r->line, what) : 0;
}

static int read_line(struct reader *r, tern_str raw)
{
    char line[CONFIG_LINE_MAX + 1];
    int err;

    if (raw.len > CONFIG_LINE_MAX) {
        return fail(r, r->line, "expected a line of at most 1024 bytes");
    }
    for (size_t i = 0; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.ptr[i];
        if ((c < 0x20 && !blank((char)c)) || c == 0x7f) {
            return fail(r, r->line, "expected text, found a control character");
        }
    }
    if (raw.len > 0) memcpy(line, raw.ptr, raw.len);
    line[raw.len] = '\0';
    char *text = trim(line);
    if (*text == '\0' || *text == '#' || *text == ';') {
        err = 0;
    } else if (*text == '[') {
        err = begin_section(r, text);
    } else {
        char *equals = strchr(text, '=');
        if (equals == NULL) {
            err = fail(r, r->line, "expected 'NAME = VALUE', '[SECTION]' or '# COMMENT'");
        } else {
            *equals = '\0';
            err = read_setting(r, trim(text), trim(equals + 1));
        }
    }
    explicit_bzero(line, sizeof(line));
    return err;
}

int config_parse(struct config *config, const char *name, tern_str text, char *why)
{
    struct reader r = {.config = config, .name = name, .why = why};
    size_t at = 0;

    if (text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0) at = 3;
    while (at < text.len) {
        const char *start = text.ptr + at;
        const char *end = memchr(start, '\n', text.len - at);
        size_t len = end == NULL ? text.len - at : (size_t)(end - start);

        r.line++;
        int err = read_line(&r, (tern_str){start, len});
        if (err < 0) return err;
        at += len + 1;
    }
    return end_section(&r);
}

/* ---- files ---- */

int config_read(struct config *config, const char *path, char *why)
{
    FILE *file = fopen(path, "re");
    char *text = file != NULL ? malloc(CONFIG_FILE_MAX + 1) : NULL;
    int err = 0;

    if (file == NULL || text == NULL) {
        snprintf(why, CONFIG_WHY_CAP, "%.300s: %s", path, strerror(errno));
        err = file == NULL && errno == ENOENT ? TERN_ENOTFOUND : TERN_EIO;
        if (file != NULL) fclose(file);
        return err;
    }
    size_t len = fread(text, 1, CONFIG_FILE_MAX + 1, file);
    if (ferror(file)) {
        snprintf(why, CONFIG_WHY_CAP, "%.300s: %s", path, strerror(errno));
        err = TERN_EIO;
    } else if (len > CONFIG_FILE_MAX) {
        snprintf(why, CONFIG_WHY_CAP, "%.300s: expected at most 1 MiB", path);
        err = TERN_ELIMIT;
    } else {
        err = config_parse(config, path, (tern_str){text, len}, why);
    }
    fclose(file);
    explicit_bzero(text, CONFIG_FILE_MAX + 1);
    free(text);
    return err;
}

int config_read_line(const char *path, char out[CONFIG_TEXT_CAP], char *why)
{
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        snprintf(why, CONFIG_WHY_CAP, "%.300s: %s", path, strerror(errno));
        return TERN_EIO;
    }
    setvbuf(file, NULL, _IONBF, 0); /* no copy of a password stays in a buffer */
    bool got = fgets(out, CONFIG_TEXT_CAP, file) != NULL;
    fclose(file);
    if (!got || (strchr(out, '\n') == NULL && strlen(out) == CONFIG_TEXT_CAP - 1)) {
        snprintf(why, CONFIG_WHY_CAP, "%.300s: expected one line of at most 254 bytes", path);
        return TERN_EIO;
    }
    out[strcspn(out, "\r\n")] = '\0';
    return 0;
}

const char *config_default_path(char *out, size_t cap)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

    out[0] = '\0';
    if (config != NULL && config[0] == '/') {
        snprintf(out, cap, "%s/tern/tern.conf", config);
    } else if (home != NULL && home[0] != '\0') {
        snprintf(out, cap, "%s/.config/tern/tern.conf", home);
    }
    return out;
}
