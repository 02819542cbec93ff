/* SPDX-License-Identifier: MIT */
/* Certificates and keys from files: what the endpoint's TLS options are made of. RFC 7468. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tern/uv.h>

#include "limits.h"

static int failure_of(int error)
{
    if (error == ENOENT || error == ENOTDIR) return TERN_ENOTFOUND;
    return error == ENOMEM ? TERN_ENOMEM : TERN_EIO;
}

/* @return bytes, or negative. What is behind `cap` stays unread. */
static ssize_t read_all(int fd, char *out, size_t cap)
{
    size_t len = 0;

    while (len < cap) {
        ssize_t got = read(fd, out + len, cap - len);
        if (got == 0) break;
        if (got < 0 && errno != EINTR) return failure_of(errno);
        if (got > 0) len += (size_t)got;
    }
    return (ssize_t)len;
}

/* The size of what is open at `fd`, or negative. */
static ssize_t size_of(int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0) return failure_of(errno);
    if (!S_ISREG(st.st_mode)) return TERN_EIO;
    return st.st_size <= TN_UV_PEM_MAX ? (ssize_t)st.st_size : TERN_ELIMIT;
}

static int read_text(int fd, struct tern_uv_pem *out)
{
    struct tern_uv_pem pem = {0};
    ssize_t size = size_of(fd);

    if (size < 0) return (int)size;
    pem.text = malloc((size_t)size + 1);
    if (!pem.text) return TERN_ENOMEM;
    ssize_t len = read_all(fd, pem.text, (size_t)size);
    if (len > 0) pem.len = (size_t)len;
    pem.text[pem.len] = '\0';
    int err = len < 0 ? (int)len : strstr(pem.text, "-----BEGIN ") ? 0 : TERN_EPARSE;
    if (err) {
        tern_uv_pem_free(&pem);
        return err;
    }
    *out = pem;
    return 0;
}

int tern_uv_read_pem(const char *path, struct tern_uv_pem *out)
{
    int fd;

    do {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a fifo must not hold us up */
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) return failure_of(errno);
    int err = read_text(fd, out);
    close(fd);
    return err;
}

int tern_uv_system_ca(struct tern_uv_pem *out)
{
    static const char *const paths[] = {
        "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Arch, Alpine */
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora */
        "/etc/pki/tls/certs/ca-bundle.crt",                  /* older Fedora */
        "/etc/ssl/ca-bundle.pem",                            /* openSUSE */
        "/etc/ssl/cert.pem",                                 /* BSD, macOS */
    };
    const char *chosen = getenv("SSL_CERT_FILE");
    int err = TERN_ENOTFOUND;

    if (chosen && chosen[0] != '\0') return tern_uv_read_pem(chosen, out);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && err == TERN_ENOTFOUND; i++)
        err = tern_uv_read_pem(paths[i], out);
    return err;
}

void tern_uv_pem_free(struct tern_uv_pem *pem)
{
    if (pem->text) explicit_bzero(pem->text, pem->len);
    free(pem->text);
    *pem = (struct tern_uv_pem){0};
}
