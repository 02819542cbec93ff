/* SPDX-License-Identifier: MIT */
/* The arithmetic of digest: RFC 7616 3.4.1 to 3.4.3, and RFC 2069 where no qop is offered. */
#ifndef TN_TXN_DIGEST_RESPONSE_H
#define TN_TXN_DIGEST_RESPONSE_H

#include "crypto/hash.h"

enum tn_qop { TN_QOP_NONE, TN_QOP_AUTH, TN_QOP_AUTH_INT };

struct tn_digest {
    enum tn_hash hash;
    bool session; /* the -sess form of the algorithm */
    enum tn_qop qop;
    tern_str user, realm, password;
    tern_str nonce, cnonce;
    tern_str nc; /* eight hex digits */
    tern_str method, uri;
    tern_str body; /* auth-int */
};

/* "auth", "auth-int"; empty for none. */
tern_str tn_qop_name(enum tn_qop qop);
/* @return length of the lower-case hex, or TERN_E… */
TERN_CHECK int tn_digest_response(const struct tn_digest *digest, char hex[TN_HASH_HEX_MAX]);

#endif
