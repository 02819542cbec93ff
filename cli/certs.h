/* SPDX-License-Identifier: MIT */
/*
 * A small authority in a folder, and a server's certificate that it has signed:
 *
 *     ca.pem    the authority: what phones are told to trust (`ca = …/ca.pem`)
 *     ca.key    its key: whoever has it can pretend to be any server to those phones
 *     cert.pem  the server's certificate
 *     key.pem   its key
 *     names     whom it is for, one a line: how we know when it no longer fits
 *
 * Keys can be read by their owner only. A file is replaced whole, or not at all.
 */
#ifndef TERN_CLI_CERTS_H
#define TERN_CLI_CERTS_H

#include <tern/secure.h>
#include <tern/uv.h>

enum {
    CERTS_NAMES_MAX = 64,
    CERTS_NAME_CAP = 256,
    CERTS_PATH_CAP = 512,
    CERTS_WHY_CAP = 1024,
    CERTS_CA_DAYS = 3650,
    CERTS_DAYS = 825, /* some systems refuse what a private authority signs for longer */
};

struct certs_names {
    size_t count;
    char names[CERTS_NAMES_MAX][CERTS_NAME_CAP];
};

/* Once each. @return false: full, or no name that could be in a certificate */
bool certs_add_name(struct certs_names *names, const char *name);
/* The host's name, "localhost", and its addresses. */
void certs_add_host(struct certs_names *names);

/* ~/.local/share/tern/certs, or as XDG_DATA_HOME says; "" where there is no home. @return `out` */
const char *certs_default_folder(char out[CERTS_PATH_CAP]);
/* "FOLDER/FILE". @return false: too long */
bool certs_path(const char *folder, const char *file, char out[CERTS_PATH_CAP]);

enum certs_flags {
    CERTS_FORCE = 1,  /* make the server's certificate anew in any case */
    CERTS_EXTEND = 2, /* ... or where it was made here and lacks a name: for those it had, too */
};

struct certs_made {
    bool authority; /* else it was there */
    bool server;
};

/*
 * Make what is missing. An authority that is there stays: phones know it.
 *
 * @param names  whom the server's certificate is for
 * @param flags  enum certs_flags
 * @param why    on failure a sentence, without full stop
 * @return       0 or TERN_E…; TERN_ESTATE: there is a certificate, and no flag was given
 */
TERN_CHECK int certs_make(const char *folder, const struct certs_names *names, unsigned flags,
                          struct certs_made *made, char why[CERTS_WHY_CAP]);

/* As tern_uv_read_pem(), with a sentence for what went wrong. */
TERN_CHECK int certs_read(const char *path, struct tern_uv_pem *out, char why[CERTS_WHY_CAP]);

#endif
