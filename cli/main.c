/* SPDX-License-Identifier: MIT */
/* The program `tern`: a table of commands. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"phone", cmd_phone, "a softphone for the terminal, and for scripts"},
    {"init", cmd_init, "write the phone's configuration file"},
    {"registrar", cmd_registrar, "a registrar and proxy, for trying things without a server"},
    {"certs", cmd_certs, "certificates for TLS, of your own making"},
    {"lab", cmd_lab, "a network whose addresses come and go, on this machine"},
    {"demo", cmd_demo, "a call that survives an address change, live"},
};

static int help(FILE *out, int status)
{
    fputs("usage: tern COMMAND [OPTION...]\n\n", out);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    }
    fputs("  version    print the version\n"
          "  help       print this\n\n"
          "tern COMMAND --help says more about one of them; so do man pages.\n",
          out);
    return status;
}

/* Programs in containers often have no locale at all while the terminal speaks UTF-8. */
static void choose_locale(void)
{
    setlocale(LC_CTYPE, "");
    if (getenv("LC_ALL") == NULL && getenv("LC_CTYPE") == NULL && getenv("LANG") == NULL) {
        setlocale(LC_CTYPE, "C.UTF-8");
    }
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    choose_locale();
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(name, commands[i].name) == 0) return commands[i].run(argc - 1, argv + 1);
    }
    if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0) {
        puts("tern " TERN_VERSION);
        return EXIT_DONE;
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        return help(stdout, EXIT_DONE);
    }
    if (argc > 1) fprintf(stderr, "tern: there is no command '%s'\n\n", name);
    return help(stderr, EXIT_USAGE);
}
