/* SPDX-License-Identifier: MIT */
/* The commands of the program `tern`, one file each, and the exit statuses that they share. */
#ifndef TERN_CLI_COMMAND_H
#define TERN_CLI_COMMAND_H

enum exit_status {
    EXIT_DONE = 0,
    EXIT_ERROR = 1, /* it was asked for properly and did not work out */
    EXIT_USAGE = 2, /* it was not asked for properly */
};

/* Each gets its own name as argv[0] and returns an exit status. */
int cmd_phone(int argc, char **argv);
int cmd_registrar(int argc, char **argv);
int cmd_lab(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_init(int argc, char **argv);
int cmd_certs(int argc, char **argv);

#endif
