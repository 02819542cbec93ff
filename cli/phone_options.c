/* SPDX-License-Identifier: MIT */
/* The flags of `tern phone`: the table of settings, and what goes beside it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "phone.h"

/* A flag as it was read; `account` counts the --account before it, 0: for all accounts. */
struct assignment {
    const struct config_setting *setting; /* NULL: --account itself */
    const char *value;
    size_t account;
    bool secret;
};

struct options {
    const char *path; /* of the configuration file */
    bool no_config;
    bool init, force; /* for `tern init` */
    size_t accounts;
    struct assignment *flags; /* one for each argument at most */
    size_t count;
    int argc, at;
    char **argv;
};

static int usage_error(const struct options *o, const char *what)
{
    const char *command = o->init ? "init" : "phone";

    fprintf(stderr, "tern %s: %s\nTry 'tern %s --help'.\n", command, what, command);
    return EXIT_USAGE;
}

static int print_help(void)
{
    static const char *const titles[] = {"The phone:", "Accounts:", "This run:"};
    static const enum config_scope scopes[] = {CONFIG_PHONE, CONFIG_ACCOUNT, CONFIG_FLAG};
    char flag[64];

    puts("usage: tern phone [OPTION...]\n\n"
         "A softphone. Commands come from the terminal, or from standard input.\n"
         "Accounts come from a configuration file, or from --account.\n\n"
         "  --config FILE            read this file instead of ~/.config/tern/tern.conf\n"
         "  --no-config              read none\n"
         "  --account URI            add an account; replaces those of the file. Account options\n"
         "                           before it are for all accounts, those after it for this one");
    for (size_t group = 0; group < 3; group++) {
        printf("\n%s\n", titles[group]);
        for (size_t i = 0; i < config_setting_count; i++) {
            const struct config_setting *s = &config_settings[i];
            if (s->scope != scopes[group] || strcmp(s->name, "uri") == 0) continue;
            if (s->kind == CONFIG_SWITCH) {
                snprintf(flag, sizeof(flag), "--[no-]%s", s->name);
            } else if (s->kind == CONFIG_DELAY) {
                snprintf(flag, sizeof(flag), "--%s [MS]", s->name);
            } else {
                snprintf(flag, sizeof(flag), "--%s %s", s->name, s->value);
            }
            printf("  %-24s%s%s\n", flag, strlen(flag) > 24 ? "\n                           " : " ",
                   s->help);
        }
    }
    return EXIT_DONE;
}

/* The value of a flag: after '=', or the next argument. NULL where there is none. */
static char *take_value(struct options *o, char *after_equals)
{
    if (after_equals != NULL) return after_equals;
    return o->at + 1 < o->argc ? o->argv[++o->at] : NULL;
}

static bool is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static void add_flag(struct options *o, const struct config_setting *setting, const char *value)
{
    o->flags[o->count++] =
        (struct assignment){.setting = setting, .value = value, .account = o->accounts};
}

/* Switches need no value, and --no- turns them off. */
static int read_setting(struct options *o, const struct config_setting *s, bool off, char *value)
{
    char text[128];

    if (off) {
        add_flag(o, s, s->kind == CONFIG_DEVICE ? "none" : "no");
        return -1;
    }
    if (value == NULL && s->kind == CONFIG_SWITCH) {
        add_flag(o, s, "yes");
        return -1;
    }
    if (value == NULL && s->kind == CONFIG_DELAY) {
        bool more = o->at + 1 < o->argc && is_number(o->argv[o->at + 1]);
        add_flag(o, s, more ? take_value(o, NULL) : "yes");
        return -1;
    }
    value = take_value(o, value);
    if (value == NULL) {
        snprintf(text, sizeof(text), "--%s: expected %s", s->name, s->value);
        return usage_error(o, text);
    }
    add_flag(o, s, value);
    o->flags[o->count - 1].secret = strcmp(s->name, "password") == 0;
    return -1;
}

static int read_account(struct options *o, char *value)
{
    value = take_value(o, value);
    if (value == NULL) return usage_error(o, "--account: expected a URI");
    o->accounts++;
    add_flag(o, NULL, value);
    return -1;
}

static int read_flag(struct options *o, char *arg)
{
    char name[48], text[96];
    char *equals = strchr(arg, '=');
    size_t len = (equals == NULL ? strlen(arg) : (size_t)(equals - arg)) - 2;
    char *value = equals == NULL ? NULL : equals + 1;

    snprintf(name, sizeof(name), "%.*s", (int)(len < 40 ? len : 40), arg + 2);
    if (strcmp(name, "account") == 0) return read_account(o, value);
    if (strcmp(name, "no-config") == 0) {
        o->no_config = true;
        return -1;
    }
    if (o->init && strcmp(name, "force") == 0) {
        o->force = true;
        return -1;
    }
    if (strcmp(name, "config") == 0) {
        o->path = take_value(o, value);
        return o->path != NULL ? -1 : usage_error(o, "--config: expected a file");
    }
    const struct config_setting *s = config_find(name);
    if (o->init && s != NULL && s->scope == CONFIG_FLAG) s = NULL;
    bool off = s == NULL && strncmp(name, "no-", 3) == 0;
    if (off) s = config_find(name + 3);
    if (off && s != NULL) {
        bool can = s->kind == CONFIG_SWITCH || s->kind == CONFIG_DELAY || s->kind == CONFIG_DEVICE;
        if (!can || value != NULL) s = NULL;
    }
    if (s != NULL && strcmp(s->name, "uri") != 0) return read_setting(o, s, off, value);
    snprintf(text, sizeof(text), "there is no option '--%s'", name);
    return usage_error(o, text);
}

static int read_flags(struct options *o)
{
    char text[96];

    for (o->at = 1; o->at < o->argc; o->at++) {
        char *arg = o->argv[o->at];
        int status;

        if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) return print_help();
        if (strncmp(arg, "--", 2) == 0 && arg[2] != '\0') {
            status = read_flag(o, arg);
        } else {
            snprintf(text, sizeof(text), "expected an option, found '%.60s'", arg);
            status = usage_error(o, text);
        }
        if (status >= 0) return status;
    }
    return -1;
}

/* ---- from flags to settings ---- */

static int apply(const struct options *o, struct config *config, struct config_account *account,
                 const struct assignment *a)
{
    char why[CONFIG_WHY_CAP], text[CONFIG_WHY_CAP + 2];

    if (config_set(config, account, a->setting, a->value, why) == 0) return -1;
    snprintf(text, sizeof(text), "--%s", why);
    return usage_error(o, text);
}

/* What was said before any --account: for accounts to come, and for those of the file. */
static int apply_common(struct config *config, const struct options *o)
{
    for (size_t i = 0; i < o->count; i++) {
        const struct assignment *a = &o->flags[i];
        if (a->setting == NULL) continue;
        bool for_account = a->setting->scope == CONFIG_ACCOUNT;
        if (for_account && a->account > 0) continue;
        int status = apply(o, config, &config->defaults, a);
        for (size_t n = 0; for_account && n < config->account_count && status < 0; n++) {
            status = apply(o, config, &config->accounts[n], a);
        }
        if (status >= 0) return status;
    }
    return -1;
}

static int apply_accounts(struct config *config, const struct options *o)
{
    struct config_account *account = NULL;
    char why[CONFIG_WHY_CAP], text[CONFIG_WHY_CAP + 16];

    for (size_t i = 0; i < o->count; i++) {
        const struct assignment *a = &o->flags[i];
        if (a->setting == NULL) {
            account = config_add_account(config, a->value, why);
            if (account == NULL) {
                bool prefix = strncmp(why, "uri: ", 5) == 0;
                snprintf(text, sizeof(text), "--account: %s", prefix ? why + 5 : why);
                return usage_error(o, text);
            }
        } else if (account != NULL && a->setting->scope == CONFIG_ACCOUNT) {
            int status = apply(o, config, account, a);
            if (status >= 0) return status;
        }
    }
    return -1;
}

/* @return -1 to go on, else an exit status. The default file may be missing. */
static int read_file(struct config *config, const struct options *o)
{
    char path[CONFIG_TEXT_CAP * 2], why[CONFIG_WHY_CAP];
    bool chosen = o->path != NULL;

    if (o->no_config) return -1;
    snprintf(path, sizeof(path), "%s", chosen ? o->path : "");
    if (!chosen) config_default_path(path, sizeof(path));
    if (path[0] == '\0') return -1;
    int err = config_read(config, path, why);
    if (err == 0 || (err == TERN_ENOTFOUND && !chosen)) return -1;
    fprintf(stderr, "tern phone: %s\n", why);
    return EXIT_ERROR;
}

static int read_passwords(struct config *config)
{
    const char *password = getenv("TERN_PASSWORD");
    char why[CONFIG_WHY_CAP];
    int status = -1;

    for (size_t i = 0; i < config->account_count && status < 0; i++) {
        struct config_account *a = &config->accounts[i];
        if (a->password[0] == '\0' && a->password_file[0] != '\0' &&
            config_read_line(a->password_file, a->password, why) < 0) {
            fprintf(stderr, "tern phone: password of %s: %s\n", a->uri, why);
            status = EXIT_ERROR;
        }
        if (a->password[0] == '\0' && password != NULL) {
            snprintf(a->password, sizeof(a->password), "%s", password);
        }
    }
    unsetenv("TERN_PASSWORD");
    return status;
}

/* Out of sight of ps(1). */
static void hide_passwords(struct options *o)
{
    for (int i = 1; i < o->argc; i++) {
        for (size_t n = 0; n < o->count; n++) {
            const char *value = o->flags[n].value;
            size_t len = strlen(o->argv[i]);
            if (!o->flags[n].secret || value < o->argv[i] || value > o->argv[i] + len) continue;
            memset(o->argv[i] + (value - o->argv[i]), '*', strlen(value));
        }
    }
}

static int combine(struct config *config, struct options *o)
{
    int status = read_file(config, o);

    if (status < 0 && o->accounts > 0) config->account_count = 0;
    if (status < 0) status = apply_common(config, o);
    if (status < 0) status = apply_accounts(config, o);
    if (status < 0 && config->account_count == 0) {
        status = usage_error(o, "no account: give --account URI, or write a file with 'tern init'");
    }
    return status < 0 ? read_passwords(config) : status;
}

int phone_read_options(struct config *config, int argc, char **argv)
{
    struct options o = {.argc = argc, .argv = argv};
    int status;

    config_init(config);
    o.flags = calloc((size_t)argc + 1, sizeof(*o.flags));
    if (o.flags == NULL) return EXIT_ERROR;
    status = read_flags(&o);
    if (status < 0) status = combine(config, &o);
    hide_passwords(&o);
    free(o.flags);
    return status;
}

int phone_init_options(struct config *config, int argc, char **argv, const char **path, bool *force)
{
    struct options o = {.argc = argc, .argv = argv, .init = true};
    int status;

    config_init(config);
    o.flags = calloc((size_t)argc + 1, sizeof(*o.flags));
    if (o.flags == NULL) return EXIT_ERROR;
    status = read_flags(&o);
    if (status < 0) status = apply_common(config, &o);
    if (status < 0) status = apply_accounts(config, &o);
    hide_passwords(&o);
    free(o.flags);
    *path = o.path;
    *force = o.force;
    return status;
}

/* "sip:example.com:5070" from "sip:alice:x@example.com:5070;transport=tcp". */
static void registrar_of(const char *uri, char out[CONFIG_TEXT_CAP])
{
    const char *at = strchr(uri, '@');

    snprintf(out, CONFIG_TEXT_CAP, "%s%.240s",
             strncmp(uri, "sips:", 5) == 0 ? "sips:" : "sip:", at == NULL ? uri : at + 1);
}

void phone_account_opts(const struct config_account *from, char registrar[CONFIG_TEXT_CAP],
                        struct tern_account_opts *out)
{
    snprintf(registrar, CONFIG_TEXT_CAP, "%s", from->registrar);
    if (registrar[0] == '\0') registrar_of(from->uri, registrar);
    if (strcmp(registrar, "none") == 0) registrar[0] = '\0';

    tern_account_opts_init(out);
    out->uri = text_str(from->uri);
    out->display_name = text_str(from->display_name);
    out->registrar = text_str(registrar);
    out->proxy = text_str(from->proxy);
    out->auth_user = text_str(from->auth_user);
    out->password = text_str(from->password);
    out->realm = text_str(from->realm);
    out->transport = (enum tern_transport)from->transport;
    out->srtp = (uint8_t)phone_srtp(from);
    out->srtp_keys = (uint8_t)from->srtp_keys;
    out->reliable = (uint8_t)from->reliable;
    out->no_outbound = !from->outbound;
    out->gruu = (uint8_t)from->gruu;
    out->second_flow = (uint8_t)from->second_flow;
    out->expires_s = from->expires_s;
    out->keepalive_s = from->keepalive_s;
    out->stream_keepalive_s = from->stream_keepalive_s;
    out->contact_rewrite = from->contact_rewrite;
    out->no_register = !from->register_at_start;
    out->answer_timeout_s = from->answer_timeout_s;
    out->session_expires_s = from->session_expires_s;
    out->min_se_s = from->min_se_s;
    out->doubled_send_ms = from->doubled_send_ms;
    out->media_timeout_s = from->media_timeout_s;
    out->ip_change = (struct tern_account_ip_change){
        .update_contact = from->update_contact,
        .contact_flags = (uint8_t)from->contact,
        .shutdown_transport = from->shutdown_transport,
        .hangup_calls = from->hangup_calls,
        .reinvite_flags = from->reinvite,
        .use_update = from->update,
        .order = (uint8_t)from->order,
        .rescue_window_ms = from->rescue_window_ms,
        .offline_window_ms = from->offline_window_ms,
    };
}
