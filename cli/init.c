/* SPDX-License-Identifier: MIT */
/* `tern init`: writes the phone's configuration file, with every setting and what it is for. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "command.h"
#include "phone.h"

enum { PATH_CAP = 2 * CONFIG_TEXT_CAP, QUESTIONS_MAX = 3 };

static int print_help(void)
{
    puts("usage: tern init [OPTION...]\n\n"
         "Writes the configuration file of 'tern phone', with every setting explained, readable\n"
         "for you alone. At a terminal it asks for the account, its password and what carries SIP\n"
         "where no option gives them.\n\n"
         "  --config FILE    write this file instead of ~/.config/tern/tern.conf\n"
         "  --force          replace a file that is there\n"
         "  --account URI    the account; more of them make more\n"
         "  --password ...   and every other setting that 'tern phone --help' lists for the phone\n"
         "                   and for accounts");
    return EXIT_DONE;
}

/* ---- asking ---- */

static bool ask(const char *question, bool secret, char out[CONFIG_TEXT_CAP])
{
    struct termios before, quiet;
    bool changed = secret && tcgetattr(STDIN_FILENO, &before) == 0;

    printf("%s: ", question);
    fflush(stdout);
    if (changed) {
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    bool got = fgets(out, CONFIG_TEXT_CAP, stdin) != NULL;
    if (changed) {
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
        putchar('\n');
    }
    out[got ? strcspn(out, "\r\n") : 0] = '\0';
    return got && out[0] != '\0';
}

/* @return -1 to go on, with an account or without, else an exit status. */
static int ask_address(struct config *config)
{
    char text[CONFIG_TEXT_CAP], why[CONFIG_WHY_CAP];

    for (unsigned i = 0; i < QUESTIONS_MAX; i++) {
        if (!ask("Your SIP address (user@domain, empty for none yet)", false, text)) return -1;
        if (config_add_account(config, text, why) != NULL) return -1;
        fprintf(stderr, "tern init: %s\n", why);
    }
    return EXIT_USAGE;
}

/* Where no option chose. Three tries, then what was. */
static void ask_setting(struct config *config, struct config_account *account, const char *name,
                        const char *question)
{
    const struct config_setting *setting = config_find(name);
    char text[CONFIG_TEXT_CAP], why[CONFIG_WHY_CAP];

    for (unsigned i = 0; i < QUESTIONS_MAX; i++) {
        if (!ask(question, false, text)) return;
        if (config_set(config, account, setting, text, why) == 0) return;
        fprintf(stderr, "tern init: %s\n", why);
    }
}

/* How the server is reached, and whom to trust for it. */
static void ask_transport(struct config *config, struct config_account *account)
{
    if (account->transport == TERN_TRANSPORT_UDP && !phone_wants_tls(account)) {
        ask_setting(config, account, "transport",
                    "What carries SIP (udp, tcp or tls; empty for udp)");
    }
    if (!phone_wants_tls(account) || config->ca[0] != '\0' || !config->verify) return;
    ask_setting(config, NULL, "ca",
                "File of the authority that vouches for the server (empty: those of the system)");
}

/* An account, where no option gave one. @return -1 to go on, else an exit status. */
static int ask_account(struct config *config)
{
    char text[CONFIG_TEXT_CAP];

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return -1;
    if (config->account_count == 0) {
        int status = ask_address(config);
        if (status >= 0 || config->account_count == 0) return status;
    }
    struct config_account *account = &config->accounts[0];
    if (account->password[0] == '\0' && account->password_file[0] == '\0' &&
        ask("Its password (empty for none)", true, text)) {
        memcpy(account->password, text, sizeof(text));
    }
    explicit_bzero(text, sizeof(text));
    ask_transport(config, account);
    return -1;
}

/* ---- writing ---- */

static void write_value(FILE *out, const char *value)
{
    size_t len = strlen(value);
    bool quote = len > 0 && (value[0] == '"' || value[0] == ' ' || value[len - 1] == ' ' ||
                             value[0] == '\t' || value[len - 1] == '\t');

    if (!quote) {
        fputs(value, out);
        return;
    }
    putc('"', out);
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\') putc('\\', out);
        putc(*value, out);
    }
    putc('"', out);
}

/* A setting that is at its default stands there as a comment. */
static void write_setting(FILE *out, const struct config *config,
                          const struct config_account *account, const struct config *initial,
                          const struct config_setting *setting)
{
    char value[CONFIG_TEXT_CAP], usual[CONFIG_TEXT_CAP];

    config_print(config, account, setting, value);
    config_print(initial, &initial->defaults, setting, usual);
    fprintf(out, "\n# %s (%s)\n", setting->help, setting->value);
    fprintf(out, "%s%s =%s", strcmp(value, usual) == 0 ? "#" : "", setting->name,
            value[0] != '\0' ? " " : "");
    write_value(out, value);
    putc('\n', out);
    explicit_bzero(value, sizeof(value));
}

static void write_section(FILE *out, const struct config *config,
                          const struct config_account *account, const struct config *initial)
{
    fprintf(out, "\n[%s]\n", account != NULL ? "account" : "phone");
    for (size_t i = 0; i < config_setting_count; i++) {
        const struct config_setting *setting = &config_settings[i];
        if (setting->scope != (account != NULL ? CONFIG_ACCOUNT : CONFIG_PHONE)) continue;
        write_setting(out, config, account, initial, setting);
    }
}

static void write_config(FILE *out, const struct config *config, const struct config *initial)
{
    fputs("# Configuration of 'tern phone'; see tern.conf(5).\n"
          "# What stands behind '#' is the default. Each flag of 'tern phone' has the same name.\n",
          out);
    write_section(out, config, NULL, initial);
    for (size_t i = 0; i < config->account_count; i++) {
        write_section(out, config, &config->accounts[i], initial);
    }
    if (config->account_count > 0) return;
    fputs("\n# Each [account] section is another account.\n"
          "#[account]\n#uri = sip:alice@example.com\n#password = \n",
          out);
}

/* ---- the file ---- */

/* The folders above the file, for the user alone. */
static void make_folders(const char *path)
{
    char folder[PATH_CAP];

    snprintf(folder, sizeof(folder), "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(folder, 0700); /* if it cannot be made, opening the file says why */
        *slash = '/';
    }
}

static int refuse(const char *path)
{
    if (errno == EEXIST) {
        fprintf(stderr, "tern init: %s is there already; --force replaces it\n", path);
    } else {
        fprintf(stderr, "tern init: %s: %s\n", path, strerror(errno));
    }
    return EXIT_ERROR;
}

/* Written beside it and put in place whole: a failure leaves the old file as it was. */
static int write_file(const char *path, bool force, const struct config *config,
                      const struct config *initial)
{
    char temporary[PATH_CAP + 16];
    bool put;

    make_folders(path);
    snprintf(temporary, sizeof(temporary), "%s.new.%ld", path, (long)getpid());
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (out == NULL) return refuse(temporary);
    write_config(out, config, initial);
    bool bad = ferror(out) != 0;
    bad = fclose(out) != 0 || bad;
    /* link() refuses where a file is; rename() replaces it. */
    put = !bad && (force ? rename(temporary, path) : link(temporary, path)) == 0;
    int status = put ? EXIT_DONE : refuse(path);
    if (!put || !force) unlink(temporary);
    if (put) printf("Wrote %s.\n", path);
    return status;
}

int cmd_init(int argc, char **argv)
{
    struct config *configs = calloc(2, sizeof(*configs)); /* what is wanted, and the defaults */
    char path[PATH_CAP];
    const char *chosen;
    bool force;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") != 0 && strcmp(argv[i], "-h") != 0) continue;
        free(configs);
        return print_help();
    }
    if (configs == NULL) return EXIT_ERROR;
    config_init(&configs[1]);
    int status = phone_init_options(&configs[0], argc, argv, &chosen, &force);
    if (status < 0) status = ask_account(&configs[0]);
    if (status < 0) {
        snprintf(path, sizeof(path), "%s", chosen != NULL ? chosen : "");
        if (chosen == NULL) config_default_path(path, sizeof(path));
        if (path[0] == '\0') {
            fputs("tern init: HOME is not set; say where with --config FILE\n", stderr);
            status = EXIT_USAGE;
        } else {
            status = write_file(path, force, &configs[0], &configs[1]);
        }
    }
    config_fini(&configs[0]);
    free(configs);
    return status;
}
