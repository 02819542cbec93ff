/* SPDX-License-Identifier: MIT */
/* The authority in a folder: its files. */
#include "certs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

#define WHY(why, ...) snprintf(why, CERTS_WHY_CAP, __VA_ARGS__)

/* What is worth signing: "ca.pem" signs "cert.pem". */
struct pair {
    struct tern_cert cert;
    struct tern_uv_pem ca, ca_key;
};

/* ---- names ---- */

bool certs_add_name(struct certs_names *names, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < names->count; i++)
        if (strcasecmp(names->names[i], name) == 0) return true;
    if (len == 0 || len >= CERTS_NAME_CAP || names->count == CERTS_NAMES_MAX) return false;
    if (strpbrk(name, " \t\r\n/") != NULL) return false;
    memcpy(names->names[names->count++], name, len + 1);
    return true;
}

/* Link-local ones mean nothing without an interface. */
static void add_address(struct certs_names *names, const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN] = "";

    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof(in6));
        if (IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr)) return;
        inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof(text));
    }
    certs_add_name(names, text);
}

void certs_add_host(struct certs_names *names)
{
    struct ifaddrs *all = NULL;
    char host[CERTS_NAME_CAP];

    if (gethostname(host, sizeof(host)) == 0) {
        host[sizeof(host) - 1] = '\0';
        certs_add_name(names, host);
    }
    certs_add_name(names, "localhost");
    certs_add_name(names, "127.0.0.1");
    certs_add_name(names, "::1");
    if (getifaddrs(&all) != 0) return;
    for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
        if (i->ifa_addr != NULL) add_address(names, i->ifa_addr);
    freeifaddrs(all);
}

/* ---- files ---- */

const char *certs_default_folder(char out[CERTS_PATH_CAP])
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

    out[0] = '\0';
    if (data != NULL && data[0] == '/') {
        snprintf(out, CERTS_PATH_CAP, "%s/tern/certs", data);
    } else if (home != NULL && home[0] == '/') {
        snprintf(out, CERTS_PATH_CAP, "%s/.local/share/tern/certs", home);
    }
    return out;
}

bool certs_path(const char *folder, const char *file, char out[CERTS_PATH_CAP])
{
    return snprintf(out, CERTS_PATH_CAP, "%s/%s", folder, file) < CERTS_PATH_CAP;
}

static bool is_there(const char *folder, const char *file)
{
    char path[CERTS_PATH_CAP];
    struct stat st;

    return certs_path(folder, file, path) && lstat(path, &st) == 0;
}

/* The folder, and those above it, for the user alone. */
static int make_folder(const char *folder, char *why)
{
    char path[CERTS_PATH_CAP];
    struct stat st;

    if (!certs_path(folder, "", path)) {
        WHY(why, "the name of the folder is too long");
        return TERN_EINVAL;
    }
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool failed = mkdir(path, 0700) != 0 && errno != EEXIST;
        *slash = '/';
        if (!failed || stat(path, &st) == 0) continue;
        WHY(why, "cannot make the folder %s: %s", path, strerror(errno));
        return TERN_EIO;
    }
    return 0;
}

/* Beside it first, then in its place: it is never half there, and never open to others. */
static int write_file(const char *folder, const char *file, tern_str text, mode_t mode, char *why)
{
    char path[CERTS_PATH_CAP], draft[CERTS_PATH_CAP + 8];
    ssize_t written = -1;

    if (!certs_path(folder, file, path)) {
        WHY(why, "the name of the folder is too long");
        return TERN_EINVAL;
    }
    snprintf(draft, sizeof(draft), "%s.new", path);
    unlink(draft);
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd >= 0) {
        written = write(fd, text.ptr, text.len);
        if (close(fd) != 0) written = -1;
    }
    if (written == (ssize_t)text.len && rename(draft, path) == 0) return 0;
    WHY(why, "cannot write %s: %s", path, strerror(errno));
    unlink(draft);
    return TERN_EIO;
}

int certs_read(const char *path, struct tern_uv_pem *out, char why[CERTS_WHY_CAP])
{
    int err = tern_uv_read_pem(path, out);

    if (err == TERN_ENOTFOUND) WHY(why, "%s: there is no such file", path);
    if (err == TERN_EIO) WHY(why, "%s: cannot be read: %s", path, strerror(errno));
    if (err == TERN_EPARSE) WHY(why, "%s: no PEM file: nothing in it says BEGIN", path);
    if (err == TERN_ELIMIT) WHY(why, "%s: too large for certificates", path);
    if (err == TERN_ENOMEM) WHY(why, "%s: out of memory", path);
    return err;
}

static int read_file(const char *folder, const char *file, struct tern_uv_pem *out, char *why)
{
    char path[CERTS_PATH_CAP];

    if (certs_path(folder, file, path)) return certs_read(path, out, why);
    WHY(why, "the name of the folder is too long");
    return TERN_EINVAL;
}

/* ---- making ---- */

static int make(const struct tern_cert_opts *opts, const char *what, struct tern_cert *out,
                char *why)
{
    int err = tern_cert_make(opts, out);

    if (err == TERN_EINVAL) {
        WHY(why, "%s cannot be made: a name is neither a host's nor an address", what);
    } else if (err == TERN_EPARSE) {
        WHY(why, "%s cannot be made: ca.pem and ca.key are damaged, or do not fit", what);
    } else if (err) {
        WHY(why, "%s cannot be made: %s", what, tern_strerror(err));
    }
    return err;
}

static int write_pair(const char *folder, const char *cert_file, const char *key_file,
                      const struct tern_cert *cert, char *why)
{
    int err = write_file(folder, key_file, (tern_str){cert->key_pem, cert->key_len}, 0600, why);

    if (!err)
        err = write_file(folder, cert_file, (tern_str){cert->cert_pem, cert->cert_len}, 0644, why);
    return err;
}

static int make_authority(const char *folder, char *why)
{
    const tern_str name = TERN_STR("tern-authority");
    struct tern_cert_opts opts;
    struct tern_cert cert = {0};

    tern_cert_opts_init(&opts);
    opts.authority = true;
    opts.days = CERTS_CA_DAYS;
    opts.names = &name;
    opts.name_count = 1;
    int err = make(&opts, "the authority", &cert, why);
    if (!err) err = write_pair(folder, "ca.pem", "ca.key", &cert, why);
    tern_cert_free(&cert);
    return err;
}

static int sign(const struct certs_names *names, struct pair *pair, char *why)
{
    tern_str views[CERTS_NAMES_MAX];
    struct tern_cert_opts opts;

    for (size_t i = 0; i < names->count; i++)
        views[i] = text_str(names->names[i]);
    tern_cert_opts_init(&opts);
    opts.names = views;
    opts.name_count = names->count;
    opts.days = CERTS_DAYS;
    opts.issuer_cert_pem = (tern_str){pair->ca.text, pair->ca.len};
    opts.issuer_key_pem = (tern_str){pair->ca_key.text, pair->ca_key.len};
    return make(&opts, "the certificate", &pair->cert, why);
}

static int write_names(const char *folder, const struct certs_names *names, char *why)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL) {
        WHY(why, "out of memory");
        return TERN_ENOMEM;
    }
    for (size_t i = 0; i < names->count; i++)
        fprintf(out, "%s\n", names->names[i]);
    int err = TERN_ENOMEM;
    if (fclose(out) == 0) err = write_file(folder, "names", (tern_str){text, len}, 0644, why);
    free(text);
    return err;
}

static int make_server(const char *folder, const struct certs_names *names, char *why)
{
    struct pair pair = {0};
    int err = read_file(folder, "ca.pem", &pair.ca, why);

    if (!err) err = read_file(folder, "ca.key", &pair.ca_key, why);
    if (!err) err = sign(names, &pair, why);
    if (!err) err = write_pair(folder, "cert.pem", "key.pem", &pair.cert, why);
    if (!err) err = write_names(folder, names, why);
    tern_cert_free(&pair.cert);
    tern_uv_pem_free(&pair.ca);
    tern_uv_pem_free(&pair.ca_key);
    return err;
}

/* Adds those of the certificate to `names`. @return false: not made here */
static bool read_names(const char *folder, struct certs_names *names)
{
    char path[CERTS_PATH_CAP], line[CERTS_NAME_CAP];
    FILE *in = certs_path(folder, "names", path) ? fopen(path, "re") : NULL;

    if (in == NULL) return false;
    while (fgets(line, sizeof(line), in) != NULL && names->count < CERTS_NAMES_MAX) {
        line[strcspn(line, "\r\n")] = '\0';
        certs_add_name(names, line);
    }
    fclose(in);
    return true;
}

/* `all` becomes those of the certificate and those in `wanted`. @return it lacks one of them */
static bool lacks(const char *folder, const struct certs_names *wanted, struct certs_names *all)
{
    *all = (struct certs_names){0};
    if (!read_names(folder, all)) return false;
    size_t had = all->count;
    for (size_t i = 0; i < wanted->count; i++)
        certs_add_name(all, wanted->names[i]);
    return all->count > had;
}

int certs_make(const char *folder, const struct certs_names *names, unsigned flags,
               struct certs_made *made, char why[CERTS_WHY_CAP])
{
    bool there = is_there(folder, "cert.pem") || is_there(folder, "key.pem");
    struct certs_names *all = calloc(1, sizeof(*all));
    int err = all != NULL ? make_folder(folder, why) : TERN_ENOMEM;
    bool again = !err && there && (flags & CERTS_EXTEND) && lacks(folder, names, all);

    *made = (struct certs_made){0};
    if (!err && there && flags == 0) {
        WHY(why, "there is a certificate in %s already; --force makes another", folder);
        err = TERN_ESTATE;
    }
    bool wanted = !there || (flags & CERTS_FORCE) || again;
    if (!err && wanted && !is_there(folder, "ca.pem") && !is_there(folder, "ca.key")) {
        err = make_authority(folder, why);
        made->authority = !err;
    }
    if (!err && wanted) {
        err = make_server(folder, again ? all : names, why);
        made->server = !err;
    }
    free(all);
    return err;
}
