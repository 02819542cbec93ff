/* SPDX-License-Identifier: MIT */
#include "crypto/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <tern/err.h>

/* Without it OpenSSL would ask for the password at the terminal. */
static int no_password(char *buf, int size, int writing, void *user)
{
    (void)buf, (void)size, (void)writing, (void)user;
    return -1;
}

static int open_text(tern_str pem, BIO **out)
{
    if (pem.len == 0 || pem.len > TN_PEM_MAX) return TERN_EPARSE;
    *out = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    return *out ? 0 : TERN_ENOMEM;
}

/* What OpenSSL failed for, as far as a caller can act on it. Empties its queue. */
static int take_error(void)
{
    unsigned long error = ERR_peek_last_error();

    ERR_clear_error();
    return ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE ? TERN_ENOMEM : TERN_EPARSE;
}

static bool at_end(void)
{
    unsigned long error = ERR_peek_last_error();

    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

static int read_certs(BIO *text, STACK_OF(X509) * certs)
{
    X509 *cert;

    ERR_clear_error();
    while ((cert = PEM_read_bio_X509(text, NULL, no_password, NULL)) != NULL) {
        if (sk_X509_push(certs, cert) > 0) continue;
        X509_free(cert);
        return TERN_ENOMEM;
    }
    if (!at_end()) return take_error();
    ERR_clear_error();
    return sk_X509_num(certs) > 0 ? 0 : TERN_EPARSE;
}

int tn_pem_certs(tern_str pem, STACK_OF(X509) * *out)
{
    BIO *text;
    int err = open_text(pem, &text);
    if (err) return err;
    STACK_OF(X509) *certs = sk_X509_new_null();
    err = certs ? read_certs(text, certs) : TERN_ENOMEM;
    BIO_free(text);
    if (err)
        sk_X509_pop_free(certs, X509_free);
    else
        *out = certs;
    return err;
}

int tn_pem_key(tern_str pem, EVP_PKEY **out)
{
    BIO *text;
    int err = open_text(pem, &text);
    if (err) return err;
    ERR_clear_error();
    EVP_PKEY *key = PEM_read_bio_PrivateKey(text, NULL, no_password, NULL);
    BIO_free(text);
    if (!key) return take_error();
    *out = key;
    return 0;
}

/* OpenSSL checks that key and leaf belong together. */
int tn_pem_use(SSL_CTX *ctx, tern_str cert_pem, tern_str key_pem)
{
    STACK_OF(X509) * certs;
    EVP_PKEY *key;

    int err = tn_pem_certs(cert_pem, &certs);
    if (err) return err;
    err = tn_pem_key(key_pem, &key);
    if (err) {
        sk_X509_pop_free(certs, X509_free);
        return err;
    }
    X509 *leaf = sk_X509_shift(certs);
    if (SSL_CTX_use_cert_and_key(ctx, leaf, key, certs, 1) != 1) err = take_error();
    X509_free(leaf);
    sk_X509_pop_free(certs, X509_free);
    EVP_PKEY_free(key);
    return err;
}

static int move(BIO *text, struct tn_buf *out)
{
    char *bytes;
    long len = BIO_get_mem_data(text, &bytes);

    tn_buf_bytes(out, bytes, (size_t)len);
    return out->err;
}

int tn_pem_print_cert(X509 *cert, struct tn_buf *out)
{
    BIO *text = BIO_new(BIO_s_mem());
    int err = text && PEM_write_bio_X509(text, cert) == 1 ? move(text, out) : TERN_ENOMEM;
    BIO_free(text);
    return err;
}

int tn_pem_print_key(const EVP_PKEY *key, struct tn_buf *out)
{
    BIO *text = BIO_new(BIO_s_secmem());
    bool ok = text && PEM_write_bio_PKCS8PrivateKey(text, key, NULL, NULL, 0, NULL, NULL) == 1;
    int err = ok ? move(text, out) : TERN_ENOMEM;
    BIO_free(text);
    return err;
}
