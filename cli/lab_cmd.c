/* SPDX-License-Identifier: MIT */
/* The command `tern lab`: its options. The script is read by lab_script.c. */
#define _GNU_SOURCE
#include "lab_script.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: tern lab [OPTION...] SCRIPT|-\n"
    "\n"
    "A network of namespaces on this machine, whose links delay, jitter and drop, and whose\n"
    "addresses come and go as the script says. It vanishes when the script ends.\n"
    "\n"
    "  --seed N         losses and jitter follow this number (default 1)\n"
    "  --source-check   drop packets whose source address is not their link's\n"
    "  --capture FILE   write a pcapng capture, one interface per link\n"
    "  --check          say whether this machine permits a lab, and why not\n"
    "  --self-test      try a lab of two nodes\n"
    "  --help           this text\n"
    "\n"
    "Commands of a script, one a line; '#' starts a comment:\n"
    "\n"
    "  node NAME...\n"
    "  link NODE IFNAME [delay MS] [jitter MS] [loss PERCENT] [rate KBPS] [mtu BYTES]\n"
    "                   [reorder on|off]            (default: delay 25, mtu 1500)\n"
    "  set NODE IFNAME delay|jitter|loss|rate|reorder VALUE ...\n"
    "  address add|del NODE IFNAME ADDRESS/LENGTH\n"
    "  up NODE IFNAME          down NODE IFNAME\n"
    "  route add NODE default dev IFNAME [metric NUMBER]\n"
    "  route del NODE default dev IFNAME\n"
    "  run NODE COMMAND...             wait for it; its output has the node's name in front\n"
    "  start NODE NAME COMMAND...      in the background\n"
    "  wait NAME               stop NAME\n"
    "  expect-exit CODE|failure|any    what the next run or wait must give (default 0)\n"
    "  shell NODE              $SHELL in the node\n"
    "  sleep MS                echo TEXT...            stats [NODE IFNAME]\n"
    "\n"
    "Exit status: 0, 1 when a command failed, 2 when the script is wrong, 77 when this machine\n"
    "does not permit a lab.\n";

enum { IMPOSSIBLE = 77 };

struct choice {
    struct lab_opts lab;
    bool check, self_test;
};

static bool parse_seed(const char *text, uint64_t *seed)
{
    char *end;

    if (*text < '0' || *text > '9') return false;
    errno = 0;
    *seed = strtoull(text, &end, 0);
    return errno == 0 && *end == '\0';
}

/* -1 to go on, else the exit status. */
static int read_options(int argc, char **argv, struct choice *choice)
{
    static const struct option options[] = {{"seed", required_argument, NULL, 's'},
                                            {"source-check", no_argument, NULL, 'S'},
                                            {"capture", required_argument, NULL, 'w'},
                                            {"check", no_argument, NULL, 'c'},
                                            {"self-test", no_argument, NULL, 't'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;

    optind = 0; /* glibc: start over, whoever has used getopt before */
    while ((option = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
        switch (option) {
        case 's':
            if (parse_seed(optarg, &choice->lab.seed)) break;
            fprintf(stderr, "tern lab: --seed: want a number, not '%s'\n", optarg);
            return 2;
        case 'S': choice->lab.source_check = true; break;
        case 'w': choice->lab.capture_path = optarg; break;
        case 'c': choice->check = true; break;
        case 't': choice->self_test = true; break;
        case 'h': fputs(help, stdout); return 0;
        default:
            fprintf(stderr, "tern lab: %s '%s'\nTry 'tern lab --help'.\n",
                    option == ':' ? "a value is missing after" : "no option", argv[optind - 1]);
            return 2;
        }
    }
    return -1;
}

static int check(void)
{
    struct lab *lab;
    char why[LAB_WHY_CAP];

    if (lab_open(NULL, &lab, why, sizeof(why)) < 0) {
        printf("no: %s\n", why);
        return IMPOSSIBLE;
    }
    lab_close(lab);
    printf("yes: this machine permits a lab\n");
    return 0;
}

static int run(const struct lab_opts *opts, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *script = is_stdin ? stdin : fopen(path, "re");
    struct lab *lab;
    char why[LAB_WHY_CAP];

    if (script == NULL) {
        fprintf(stderr, "tern lab: %s: %s\n", path, strerror(errno));
        return 2;
    }
    int status = lab_open(opts, &lab, why, sizeof(why));
    if (status < 0) {
        bool refused = status == TERN_EUNSUPPORTED;
        fprintf(stderr, "tern lab: %s%s\n", refused ? "not possible here: " : "", why);
        status = refused ? IMPOSSIBLE : 1;
    } else {
        status = lab_script_run(lab, script, is_stdin ? "standard input" : path);
        lab_close(lab);
    }
    if (!is_stdin) fclose(script);
    return status;
}

int cmd_lab(int argc, char **argv)
{
    struct choice choice = {.lab.seed = 1};
    int status = read_options(argc, argv, &choice);

    if (status >= 0) return status;
    if (choice.check) return check();
    if (choice.self_test) return lab_self_test(choice.lab.seed);
    if (optind != argc - 1) {
        fputs("tern lab: want one script, or - for standard input\nTry 'tern lab --help'.\n",
              stderr);
        return 2;
    }
    return run(&choice.lab, argv[optind]);
}
