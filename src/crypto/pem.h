/* SPDX-License-Identifier: MIT */
/* PEM text (RFC 7468) to OpenSSL's objects and back. Private to crypto. */
#ifndef TN_CRYPTO_PEM_H
#define TN_CRYPTO_PEM_H

#include <openssl/ssl.h>
#include <tern/types.h>

#include "base/buf.h"

#define TN_PEM_MAX (8 * 1024 * 1024) /* of text: a system's whole list of authorities is a tenth */

/** All certificates of `pem`, in order; other kinds of blocks are passed over. The caller frees.
 *  @return TERN_EPARSE (none, or one that is damaged), TERN_ENOMEM */
TERN_CHECK int tn_pem_certs(tern_str pem, STACK_OF(X509) * *out);
/** @return TERN_EPARSE (none, damaged, or under a password), TERN_ENOMEM */
TERN_CHECK int tn_pem_key(tern_str pem, EVP_PKEY **out);
/** Gives `ctx` its own chain, leaf first, and the leaf's key.
 *  @return TERN_EPARSE (also a key that does not fit), TERN_ENOMEM */
TERN_CHECK int tn_pem_use(SSL_CTX *ctx, tern_str cert_pem, tern_str key_pem);

/** Appends. @return TERN_ENOMEM, TERN_ENOBUF */
TERN_CHECK int tn_pem_print_cert(X509 *cert, struct tn_buf *out);
/** PKCS #8, not encrypted. */
TERN_CHECK int tn_pem_print_key(const EVP_PKEY *key, struct tn_buf *out);

#endif
