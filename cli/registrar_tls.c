/* SPDX-License-Identifier: MIT */
#include "registrar_tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int load_files(struct registrar_tls *tls, const char *cert, const char *key, char *why)
{
    int err = certs_read(cert, &tls->cert_pem, why);

    return err ? err : certs_read(key, &tls->key_pem, why);
}

static int make(const char *folder, const char *domain, char *why)
{
    struct certs_names *names = calloc(1, sizeof(*names));
    struct certs_made made;

    if (names == NULL) {
        snprintf(why, CERTS_WHY_CAP, "out of memory");
        return TERN_ENOMEM;
    }
    if (!certs_add_name(names, domain)) {
        snprintf(why, CERTS_WHY_CAP, "no certificate can be for '%.100s'", domain);
        free(names);
        return TERN_EINVAL;
    }
    certs_add_host(names);
    int err = certs_make(folder, names, CERTS_EXTEND, &made, why);
    if (!err && made.authority) printf("Made an authority and a certificate in %s.\n", folder);
    if (!err && made.server && !made.authority)
        printf("Made a new certificate in %s: this host has other names or addresses now.\n",
               folder);
    free(names);
    return err;
}

static int load_folder(struct registrar_tls *tls, const char *domain, char *why)
{
    char usual[CERTS_PATH_CAP], cert[CERTS_PATH_CAP], key[CERTS_PATH_CAP];
    const char *folder = tls->folder != NULL ? tls->folder : certs_default_folder(usual);

    if (folder[0] == '\0') {
        snprintf(why, CERTS_WHY_CAP, "HOME is not set; say where with --cert-dir DIR");
        return TERN_EINVAL;
    }
    int err = make(folder, domain, why);
    if (err) return err;
    /* What was just written there fits. */
    if (!certs_path(folder, "cert.pem", cert) || !certs_path(folder, "key.pem", key) ||
        !certs_path(folder, "ca.pem", tls->ca_path)) {
        return TERN_EINVAL;
    }
    err = certs_read(tls->ca_path, &tls->ca_pem, why);
    return err ? err : load_files(tls, cert, key, why);
}

int registrar_tls_load(struct registrar_tls *tls, const char *domain, char why[CERTS_WHY_CAP])
{
    if (!tls->on) return 0;
    return tls->cert != NULL ? load_files(tls, tls->cert, tls->key, why)
                             : load_folder(tls, domain, why);
}

void registrar_tls_opts(const struct registrar_tls *tls, struct tern_endpoint_opts *opts)
{
    opts->tls_cert = (tern_str){tls->cert_pem.text, tls->cert_pem.len};
    opts->tls_key = (tern_str){tls->key_pem.text, tls->key_pem.len};
    opts->tls_ca = (tern_str){tls->ca_pem.text, tls->ca_pem.len};
    opts->tls_port = tls->port;
}

void registrar_tls_free(struct registrar_tls *tls)
{
    tern_uv_pem_free(&tls->cert_pem);
    tern_uv_pem_free(&tls->key_pem);
    tern_uv_pem_free(&tls->ca_pem);
}
