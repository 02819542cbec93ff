/* SPDX-License-Identifier: MIT */
/* The command `tern certs`. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs.h"
#include "command.h"

static const char help[] =
    "usage: tern certs [OPTION...] [NAME...]\n"
    "\n"
    "Makes a small authority of your own and a server certificate that it signs, for TLS in "
    "closed\n"
    "networks and for trying things. NAME is a host name or an address that clients ask for; by\n"
    "default those of this machine.\n"
    "\n"
    "  --dir DIR   where to (default ~/.local/share/tern/certs)\n"
    "  --force     make another server certificate where there is one; the authority stays, so "
    "that\n"
    "              phones that trust it go on doing so\n"
    "  --help      this text\n"
    "\n"
    "It leaves ca.pem (what phones are told to trust), ca.key (keep it to yourself), cert.pem and\n"
    "key.pem (for the server), keys readable for you alone.\n";

static int complain(const char *what)
{
    fprintf(stderr, "tern certs: %s\n", what);
    return EXIT_ERROR;
}

static void tell(const char *folder, const struct certs_names *names, const struct certs_made *made)
{
    printf("%s: %s, and a certificate for", folder,
           made->authority ? "a new authority" : "the authority that was there");
    for (size_t i = 0; i < names->count; i++)
        printf("%s %s", i > 0 ? "," : "", names->names[i]);
    printf(".\n\n"
           "  ca.pem             copy it to each phone; in tern.conf:  ca = FILE\n"
           "  cert.pem, key.pem  for the server:  tern registrar --tls --cert-dir %s\n"
           "  ca.key             stays here: whoever has it can pretend to be your server\n",
           folder);
}

static int make(const char *folder, const struct certs_names *names, bool force)
{
    struct certs_made made;
    char why[CERTS_WHY_CAP];

    if (certs_make(folder, names, force ? CERTS_FORCE : 0, &made, why) != 0) return complain(why);
    tell(folder, names, &made);
    return EXIT_DONE;
}

/* -1 to go on, else the exit status. */
static int read_names(int argc, char **argv, struct certs_names *names)
{
    for (int i = optind; i < argc; i++) {
        if (certs_add_name(names, argv[i])) continue;
        fprintf(stderr, "tern certs: '%s' is no name, or one too many\n", argv[i]);
        return EXIT_USAGE;
    }
    if (names->count == 0) certs_add_host(names);
    return -1;
}

static int read_options(int argc, char **argv, const char **folder, bool *force)
{
    static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
                                            {"force", no_argument, NULL, 'f'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;

    optind = 0; /* glibc: start over, whoever has used getopt before */
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        switch (option) {
        case 'd': *folder = optarg; break;
        case 'f': *force = true; break;
        case 'h': fputs(help, stdout); return EXIT_DONE;
        default:
            fprintf(stderr, "tern certs: %s%s\nTry 'tern certs --help'.\n",
                    option == ':' ? "a value is missing after " : "no option ", argv[optind - 1]);
            return EXIT_USAGE;
        }
    }
    return -1;
}

int cmd_certs(int argc, char **argv)
{
    struct certs_names *names = calloc(1, sizeof(*names));
    char usual[CERTS_PATH_CAP];
    const char *folder = certs_default_folder(usual);
    bool force = false;

    if (names == NULL) return complain("out of memory");
    int status = read_options(argc, argv, &folder, &force);
    if (status < 0) status = read_names(argc, argv, names);
    if (status < 0 && folder[0] == '\0') {
        status = complain("HOME is not set; say where with --dir DIR");
    }
    if (status < 0) status = make(folder, names, force);
    free(names);
    return status;
}
