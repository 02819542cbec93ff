/* SPDX-License-Identifier: MIT */
/* The public face of certificates (tern/secure.h). Needs no endpoint, so memory is the C library's. */
#include <tern/secure.h>

#include "base/alloc.h"
#include "base/options.h"
#include "crypto/cert.h"

enum { DEFAULT_DAYS = 365 };

void tern_cert_opts_init_sized(struct tern_cert_opts *opts, size_t size)
{
    const struct tern_cert_opts defaults = {.days = DEFAULT_DAYS};

    tn_options_give(opts, size, &defaults, sizeof(defaults));
}

static void wipe(struct tn_buf *pem)
{
    if (pem->ptr) tn_wipe(pem->ptr, pem->cap);
    tn_buf_fini(pem);
}

/* The text of `pem` with a NUL; its memory now is the caller's. */
static int finish(struct tn_buf *pem, size_t *len)
{
    *len = pem->len;
    tn_buf_char(pem, '\0');
    return pem->err;
}

int tern_cert_make(const struct tern_cert_opts *given, struct tern_cert *out)
{
    const struct tern_allocator alloc = tn_default_allocator();
    struct tern_cert_opts opts;
    struct tern_cert made;
    struct tn_buf cert, key;

    tern_cert_opts_init(&opts);
    int err = tn_options_take(given, &opts, sizeof(opts));
    if (err) return err;
    const struct tn_cert_opts ours = {opts.names,     opts.name_count,      opts.days,
                                      opts.authority, opts.issuer_cert_pem, opts.issuer_key_pem};
    tn_buf_init(&cert, &alloc, TN_CERT_PEM_MAX);
    tn_buf_init(&key, &alloc, TN_CERT_PEM_MAX);
    err = tn_cert_make(&ours, &cert, &key);
    if (!err) err = finish(&cert, &made.cert_len);
    if (!err) err = finish(&key, &made.key_len);
    if (err) {
        wipe(&cert);
        wipe(&key);
        return err;
    }
    made.cert_pem = cert.ptr;
    made.key_pem = key.ptr;
    *out = made;
    return 0;
}

void tern_cert_free(struct tern_cert *cert)
{
    const struct tern_allocator alloc = tn_default_allocator();

    if (cert->key_pem) tn_wipe(cert->key_pem, cert->key_len);
    tn_free(&alloc, cert->cert_pem);
    tn_free(&alloc, cert->key_pem);
    *cert = (struct tern_cert){NULL, 0, NULL, 0};
}
