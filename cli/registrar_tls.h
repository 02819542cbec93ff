/* SPDX-License-Identifier: MIT */
/* `tern registrar --tls`: its certificate, made on first start, and what phones are told to trust. */
#ifndef TERN_CLI_REGISTRAR_TLS_H
#define TERN_CLI_REGISTRAR_TLS_H

#include <tern/endpoint.h>

#include "certs.h"

struct registrar_tls {
    bool on;
    const char *cert, *key; /* files of the user's own; NULL: those in `folder` */
    const char *folder;     /* NULL: the usual one */
    uint16_t port;          /* 0: the one after that of UDP */
    struct tern_uv_pem cert_pem, key_pem, ca_pem;
    char ca_path[CERTS_PATH_CAP]; /* "": the certificate is the user's own */
};

/**
 * Read the certificate, or make one for this host and `domain`, and say so.
 *
 * @return 0, or TERN_E… with `why`
 */
TERN_CHECK int registrar_tls_load(struct registrar_tls *tls, const char *domain,
                                  char why[CERTS_WHY_CAP]);
/** They point into `tls`. */
void registrar_tls_opts(const struct registrar_tls *tls, struct tern_endpoint_opts *opts);
void registrar_tls_free(struct registrar_tls *tls);

#endif
